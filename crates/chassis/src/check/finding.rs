//! What a check found.

use std::fmt;

use super::Series;
use crate::i18n::Language;

/// At most so many single faults are named; the rest is counted.
const MOST_FAULTS: usize = 40;
const MOST_FAULT_CHARACTERS: usize = 400;

/// A sentence of a run, in both languages.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Said {
    /// English.
    pub english: String,
    /// French.
    pub french: String,
}

impl Said {
    /// English, then French.
    pub fn new(english: impl Into<String>, french: impl Into<String>) -> Self {
        Self {
            english: english.into(),
            french: french.into(),
        }
    }

    /// A text that is the same in both, such as a figure with its unit.
    pub fn same(text: impl Into<String>) -> Self {
        let text = text.into();
        Self {
            french: text.clone(),
            english: text,
        }
    }

    /// In one of them.
    pub fn of(&self, language: Language) -> &str {
        match language {
            Language::English => &self.english,
            Language::French => &self.french,
        }
    }
}

/// What was measured, and whether it is what was required.
#[derive(Clone, Debug)]
pub struct Finding {
    pub(crate) passes: bool,
    pub(crate) measured: Said,
    pub(crate) required: Said,
    pub(crate) faults: Vec<String>,
    pub(crate) faults_left_out: usize,
    pub(crate) series: Vec<Series>,
    pub(crate) again: Option<String>,
    pub(crate) shortened: Option<Said>,
}

impl Finding {
    /// A measurement that passes or does not.
    pub fn new(passes: bool, measured: Said, required: Said) -> Self {
        Self {
            passes,
            measured,
            required,
            faults: Vec::new(),
            faults_left_out: 0,
            series: Vec::new(),
            again: None,
            shortened: None,
        }
    }

    /// A measurement that passes where nothing was found wrong. `counted` says what was tried ("412 combinations").
    pub fn of_faults(faults: Vec<String>, counted: Said, required: Said) -> Self {
        let n = faults.len();
        let measured = Said::new(
            format!("{n} faults in {}", counted.english),
            format!("{n} défauts sur {}", counted.french),
        );
        Self::new(n == 0, measured, required).faults(faults)
    }

    /// Names single faults, for those who mend them. Cut to what a reader bears.
    #[must_use]
    pub fn faults(mut self, faults: Vec<String>) -> Self {
        self.faults_left_out = faults.len().saturating_sub(MOST_FAULTS);
        let cut = |fault: String| fault.chars().take(MOST_FAULT_CHARACTERS).collect();
        self.faults = faults.into_iter().take(MOST_FAULTS).map(cut).collect();
        self
    }

    /// Adds raw samples.
    #[must_use]
    pub fn series(mut self, series: Series) -> Self {
        self.series.push(series);
        self
    }

    /// The command or request that shows it again.
    #[must_use]
    pub fn again(mut self, command: impl Into<String>) -> Self {
        self.again = Some(command.into());
        self
    }

    /// Says what a quick run left out or shortened.
    #[must_use]
    pub fn shortened(mut self, how: Said) -> Self {
        self.shortened = Some(how);
        self
    }

    /// Whether it passes.
    pub fn passes(&self) -> bool {
        self.passes
    }
}

/// Why there is no measurement.
#[derive(Clone, Debug)]
pub enum Trouble {
    /// It cannot be measured here; the reason.
    NotVerifiable(Said),
    /// The system broke under the drill, or did not do what the drill stands on: a failure.
    Broke(String),
}

impl Trouble {
    /// It cannot be measured here: the reason in English, then in French.
    pub fn not_verifiable(english: impl Into<String>, french: impl Into<String>) -> Self {
        Self::NotVerifiable(Said::new(english, french))
    }

    /// The system broke under the drill.
    pub fn broke(what: impl Into<String>) -> Self {
        Self::Broke(what.into())
    }
}

impl fmt::Display for Trouble {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotVerifiable(reason) => f.write_str(&reason.english),
            Self::Broke(what) => f.write_str(what),
        }
    }
}

impl std::error::Error for Trouble {}

impl From<reqwest::Error> for Trouble {
    fn from(fault: reqwest::Error) -> Self {
        // The source says why, where the error alone says "error sending request".
        let mut text = fault.to_string();
        let mut source = std::error::Error::source(&fault);
        while let Some(inner) = source {
            text = format!("{text}: {inner}");
            source = inner.source();
        }
        Self::Broke(text)
    }
}

impl From<std::io::Error> for Trouble {
    fn from(fault: std::io::Error) -> Self {
        Self::Broke(fault.to_string())
    }
}

impl From<serde_json::Error> for Trouble {
    fn from(fault: serde_json::Error) -> Self {
        Self::Broke(format!(
            "an answer is not the JSON that was promised: {fault}"
        ))
    }
}
