//! What is wrong, and where it was written.

use std::fmt;

/// Where a value was given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    /// Nobody set it.
    Default,
    /// A line of the configuration file, counted from 1.
    File {
        /// The file as named at the start.
        path: String,
        /// Line, from 1; 0 is the file as a whole.
        line: usize,
    },
    /// A variable of the environment.
    Environment(String),
    /// A flag of the command line, as typed (`--listen`).
    Flag(String),
}

impl fmt::Display for Origin {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => formatter.write_str("default"),
            Self::File { path, line: 0 } => formatter.write_str(path),
            Self::File { path, line } => write!(formatter, "{path}:{line}"),
            Self::Environment(name) | Self::Flag(name) => formatter.write_str(name),
        }
    }
}

/// One thing that is wrong with the configuration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// The key, sections joined by dots (`http.listen`); empty where the file as a whole is at fault.
    pub key: String,
    /// What is wrong, in words for the operator. Never repeats a secret.
    pub reason: String,
    /// Where it was written.
    pub origin: Origin,
}

impl fmt::Display for Fault {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.origin {
            Origin::Default => formatter.write_str("not set")?,
            origin => origin.fmt(formatter)?,
        }
        if !self.key.is_empty() {
            write!(formatter, ": {}", self.key)?;
        }
        write!(formatter, ": {}", self.reason)
    }
}

/// Everything that is wrong, in the order file, environment, command line. Displays one fault a line.
#[derive(Debug, Clone, Default, PartialEq, Eq, thiserror::Error)]
pub struct Faults(Vec<Fault>);

impl Faults {
    /// The faults.
    pub fn iter(&self) -> impl Iterator<Item = &Fault> {
        self.0.iter()
    }

    /// Whether nothing is wrong.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// How many faults there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    pub(super) fn add(
        &mut self,
        key: impl Into<String>,
        origin: Origin,
        reason: impl Into<String>,
    ) {
        self.0.push(Fault {
            key: key.into(),
            reason: reason.into(),
            origin,
        });
    }

    /// Adds the faults of keys that have none yet: a value that could not be read is not also missing.
    pub(super) fn append_new(&mut self, other: Self) {
        let known: Vec<String> = self.0.iter().map(|fault| fault.key.clone()).collect();
        let new = other
            .0
            .into_iter()
            .filter(|fault| !known.contains(&fault.key));
        self.0.extend(new);
    }

    /// In the order file by line, environment, command line, what nobody set.
    pub(super) fn sorted(mut self) -> Self {
        self.0.sort_by_key(|fault| match fault.origin {
            Origin::File { line, .. } => (0, line),
            Origin::Environment(_) => (1, 0),
            Origin::Flag(_) => (2, 0),
            Origin::Default => (3, 0),
        });
        self
    }
}

impl fmt::Display for Faults {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, fault) in self.0.iter().enumerate() {
            if index > 0 {
                formatter.write_str("\n")?;
            }
            fault.fmt(formatter)?;
        }
        Ok(())
    }
}
