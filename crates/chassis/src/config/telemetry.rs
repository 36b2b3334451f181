//! `[telemetry]`

use std::fmt;
use std::str::FromStr;

use garde::Validate;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use tracing_subscriber::EnvFilter;

use super::Secret;

/// Logs and metrics.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema, Validate)]
#[serde(default, deny_unknown_fields)]
pub struct Telemetry {
    /// What is logged: a level (`error`, `warn`, `info`, `debug`, `trace`) or a filter such as `info,chassis=debug`.
    #[garde(skip)]
    pub log_level: LogFilter,
    /// How a log line looks.
    #[garde(skip)]
    pub log_format: LogFormat,
    /// Whether each request leaves a log line.
    #[garde(skip)]
    pub access_log: bool,
    /// Share of requests that leave a log line, from 0 to 1; an answer of 500 or more always does.
    #[garde(range(min = 0.0, max = 1.0))]
    pub access_log_sample: f64,
    /// Bearer token that `/metrics` asks for; without one `/metrics` is open, which production refuses where others can
    /// reach the server.
    #[garde(skip)]
    pub metrics_token: Option<Secret>,
}

impl Default for Telemetry {
    fn default() -> Self {
        Self {
            log_level: LogFilter("info".to_owned()),
            log_format: LogFormat::Auto,
            access_log: true,
            access_log_sample: 1.0,
            metrics_token: None,
        }
    }
}

/// How a log line looks: `auto` writes text on a terminal and JSON elsewhere.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    /// Text on a terminal, JSON elsewhere.
    #[default]
    Auto,
    /// One JSON object a line.
    Json,
    /// Lines for people.
    Text,
}

/// A log filter that `tracing` understands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "String", into = "String")]
#[schemars(with = "String")]
pub struct LogFilter(String);

impl LogFilter {
    /// The filter as written.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for LogFilter {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        // `tracing` takes any single word for the name of a crate, so that `warning` would silently log nothing.
        let is_word = text
            .chars()
            .all(|character| character.is_ascii_alphanumeric() || character == '_');
        if is_word && text.parse::<tracing::level_filters::LevelFilter>().is_err() {
            return Err(format!(
                "`{text}` is not a level: off, error, warn, info, debug or trace"
            ));
        }
        EnvFilter::builder()
            .parse(text)
            .map_err(|error| format!("`{text}` is not a log filter: {error}"))?;
        Ok(Self(text.to_owned()))
    }
}

impl TryFrom<String> for LogFilter {
    type Error = String;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<LogFilter> for String {
    fn from(filter: LogFilter) -> Self {
        filter.0
    }
}

impl fmt::Display for LogFilter {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}
