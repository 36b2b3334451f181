//! The Prometheus text format, version 0.0.4, read strictly.
//!
//! * [`parse`]: a text to its families, or every fault with its line
//! * [`Exposition::unconventional`]: what the format allows and an operator regrets
//!
//! A scraper drops the whole scrape at the first faulty line, so nothing is forgiven here.

mod judge;
mod line;
#[cfg(test)]
mod tests;

use std::collections::HashMap;
use std::fmt;

use self::line::Line;

/// A longer text is refused: the servers that are scraped give some hundred kilobytes.
pub const MOST_BYTES: usize = 16 * 1024 * 1024;
/// Further faults are not looked for.
const MOST_FAULTS: usize = 100;

/// What a metric is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// It only rises.
    Counter,
    /// It rises and falls.
    Gauge,
    /// Counts by upper bound.
    Histogram,
    /// Quantiles.
    Summary,
    /// It was not said.
    Untyped,
}

impl Kind {
    fn from_name(name: &str) -> Option<Self> {
        Some(match name {
            "counter" => Self::Counter,
            "gauge" => Self::Gauge,
            "histogram" => Self::Histogram,
            "summary" => Self::Summary,
            "untyped" => Self::Untyped,
            _ => return None,
        })
    }

    /// Its name in a `TYPE` line.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Counter => "counter",
            Self::Gauge => "gauge",
            Self::Histogram => "histogram",
            Self::Summary => "summary",
            Self::Untyped => "untyped",
        }
    }

    /// What follows a family's name in its samples.
    fn suffixes(self) -> &'static [&'static str] {
        match self {
            Self::Histogram => &["_bucket", "_sum", "_count"],
            Self::Summary => &["", "_sum", "_count"],
            _ => &[""],
        }
    }
}

/// One line with a value.
#[derive(Clone, Debug, PartialEq)]
pub struct Sample {
    /// The name as it stands: with `_bucket`, `_sum`, `_count` where it has one.
    pub name: String,
    /// Labels in the order in which they stand.
    pub labels: Vec<(String, String)>,
    /// The value.
    pub value: f64,
    /// Milliseconds since 1970, where the line has them.
    pub timestamp_ms: Option<i64>,
    /// The line, from 1.
    pub line: usize,
}

impl Sample {
    /// A label's value.
    pub fn label(&self, name: &str) -> Option<&str> {
        let found = self.labels.iter().find(|(own, _)| own == name);
        found.map(|(_, value)| value.as_str())
    }
}

/// A metric with all its series.
#[derive(Clone, Debug, PartialEq)]
pub struct Family {
    /// Its name.
    pub name: String,
    /// What it is.
    pub kind: Kind,
    /// Whether a `TYPE` line says so.
    pub is_typed: bool,
    /// What it means, where it is told.
    pub help: Option<String>,
    /// Its series.
    pub samples: Vec<Sample>,
    /// The first line that names it.
    pub line: usize,
}

/// A text that was read.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Exposition {
    /// All families, in the order of the text.
    pub families: Vec<Family>,
}

/// What is wrong, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// The line, from 1.
    pub line: usize,
    /// What is wrong with it.
    pub what: String,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}: {}", self.line, self.what)
    }
}

/// Reads a text. Where anything is wrong, all of it is told.
pub fn parse(text: &str) -> Result<Exposition, Vec<Fault>> {
    if text.len() > MOST_BYTES {
        return Err(vec![Fault {
            line: 1,
            what: format!("{} bytes are more than is read", text.len()),
        }]);
    }
    let mut reader = Reader::default();
    for (index, content) in text.split('\n').enumerate() {
        if reader.faults.len() >= MOST_FAULTS {
            break;
        }
        reader.line = index + 1;
        match line::read(content) {
            Ok(line) => reader.take(line),
            Err(what) => reader.fault(what),
        }
    }
    if !text.is_empty() && !text.ends_with('\n') {
        reader.fault("the last line does not end".to_owned());
    }
    judge::exposition(&reader.read, &mut reader.faults);
    if reader.faults.is_empty() {
        Ok(reader.read)
    } else {
        reader.faults.sort_by_key(|fault| fault.line);
        reader.faults.truncate(MOST_FAULTS);
        Err(reader.faults)
    }
}

impl Exposition {
    /// A family by its name.
    pub fn family(&self, name: &str) -> Option<&Family> {
        self.families.iter().find(|family| family.name == name)
    }

    /// The value of the series with this name and these labels, whatever others it has.
    pub fn value(&self, name: &str, labels: &[(&str, &str)]) -> Option<f64> {
        let mut samples = self.families.iter().flat_map(|family| &family.samples);
        let found = samples.find(|sample| {
            let has = |(label, value): &(&str, &str)| sample.label(label) == Some(value);
            sample.name == name && labels.iter().all(has)
        });
        found.map(|sample| sample.value)
    }

    /// Number of series.
    pub fn series(&self) -> usize {
        self.families
            .iter()
            .map(|family| family.samples.len())
            .sum()
    }

    /// What the format allows, and what makes rules and dashboards hard to write: a family without a type or a meaning, a counter
    /// whose name does not end in `_total`.
    pub fn unconventional(&self) -> Vec<Fault> {
        let mut faults = Vec::new();
        for family in &self.families {
            let mut say = |what: String| {
                faults.push(Fault {
                    line: family.line,
                    what,
                });
            };
            let name = &family.name;
            if !family.is_typed {
                say(format!("{name} has no TYPE line"));
            }
            if family.help.as_deref().is_none_or(str::is_empty) {
                say(format!("{name} has no HELP text"));
            }
            if family.kind == Kind::Counter && !name.ends_with("_total") {
                say(format!(
                    "{name} is a counter whose name does not end in _total"
                ));
            }
        }
        faults
    }
}

#[derive(Default)]
struct Reader {
    read: Exposition,
    /// Where each family stands.
    known: HashMap<String, usize>,
    /// The one that the last line belonged to: a family's lines stand together.
    current: Option<usize>,
    line: usize,
    faults: Vec<Fault>,
}

impl Reader {
    fn fault(&mut self, what: String) {
        let line = self.line;
        self.faults.push(Fault { line, what });
    }

    fn take(&mut self, line: Line) {
        match line {
            Line::Nothing => {}
            Line::Help(name, text) => {
                let at = self.enter(&name);
                let family = &mut self.read.families[at];
                if family.help.is_some() {
                    self.fault(format!("a second HELP line for {name}"));
                } else {
                    family.help = Some(text);
                }
            }
            Line::Type(name, kind) => {
                let at = self.enter(&name);
                let family = &mut self.read.families[at];
                if family.is_typed {
                    self.fault(format!("a second TYPE line for {name}"));
                } else if family.samples.is_empty() {
                    family.is_typed = true;
                    family.kind = kind;
                } else {
                    self.fault(format!("the TYPE line of {name} comes after its samples"));
                }
            }
            Line::Sample(mut sample) => {
                sample.line = self.line;
                let at = self.family_of(&sample.name);
                self.read.families[at].samples.push(sample);
            }
        }
    }

    /// The family of a sample: the one whose type allows this suffix, else one of the very name.
    fn family_of(&mut self, name: &str) -> usize {
        for suffix in ["", "_bucket", "_sum", "_count"] {
            let Some(stem) = name.strip_suffix(suffix) else {
                continue;
            };
            let typed = self.known.get(stem).map(|at| &self.read.families[*at]);
            if typed.is_some_and(|family| family.kind.suffixes().contains(&suffix)) {
                return self.enter(stem);
            }
        }
        self.enter(name)
    }

    /// The family of this name, which is made where it is new; a fault where another stood in between.
    fn enter(&mut self, name: &str) -> usize {
        let at = if let Some(at) = self.known.get(name) {
            if self.current != Some(*at) {
                self.faults.push(Fault {
                    line: self.line,
                    what: format!("the lines of {name} do not stand together"),
                });
            }
            *at
        } else {
            self.read.families.push(Family {
                name: name.to_owned(),
                kind: Kind::Untyped,
                is_typed: false,
                help: None,
                samples: Vec::new(),
                line: self.line,
            });
            let at = self.read.families.len() - 1;
            self.known.insert(name.to_owned(), at);
            at
        };
        self.current = Some(at);
        at
    }
}
