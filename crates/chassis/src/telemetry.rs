//! What the house says of itself: log lines, the access log, metrics.
//!
//! * [`access`]: a line a request; [`lines`]: the last lines of the log, to be read over the API
//! * [`metrics`] and their [`catalogue`]; [`traffic`]: the same requests for the server's own page; [`objectives`]: what is promised
//!
//! Everything goes to standard error; standard output belongs to what a command was asked for.

pub mod access;
pub(crate) mod burst;
pub mod catalogue;
pub mod lines;
pub mod metrics;
pub mod objectives;
pub mod traffic;

use std::io::IsTerminal;

use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt::format::Writer;
use tracing_subscriber::fmt::time::FormatTime;
use tracing_subscriber::prelude::*;

use self::lines::Keeper;
use crate::clock::{Clock, SystemClock};
use crate::config::{LogFormat, Telemetry};

/// Whether lines are JSON: as configured, and where that is `auto`, whenever nobody is watching.
pub fn speaks_json(format: LogFormat) -> bool {
    match format {
        LogFormat::Json => true,
        LogFormat::Text => false,
        LogFormat::Auto => !std::io::stderr().is_terminal(),
    }
}

/// Sets up logging for this process; later calls do nothing.
pub fn start(settings: &Telemetry) {
    let filter =
        EnvFilter::try_new(settings.log_level.as_str()).unwrap_or_else(|_| EnvFilter::new("info"));
    let lines = tracing_subscriber::fmt::layer()
        .with_writer(std::io::stderr)
        .with_timer(Wall)
        .with_target(true);
    let subscriber = tracing_subscriber::registry().with(filter).with(Keeper);
    let started = if speaks_json(settings.log_format) {
        subscriber
            .with(lines.json().flatten_event(true).with_current_span(false))
            .try_init()
    } else {
        subscriber
            .with(lines.compact().with_ansi(std::io::stderr().is_terminal()))
            .try_init()
    };
    if started.is_ok() {
        std::panic::set_hook(Box::new(
            |panic| tracing::error!(panic = %panic, "a task panicked"),
        ));
    }
}

struct Wall;

impl FormatTime for Wall {
    fn format_time(&self, writer: &mut Writer<'_>) -> std::fmt::Result {
        write!(writer, "{}", SystemClock.now())
    }
}
