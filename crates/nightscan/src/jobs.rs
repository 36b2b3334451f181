//! Work in the background, safe to run twice: analysing recordings, telling of what was heard, ending what has had its time.
//!
//! * [`analyse`]: a sealed upload to detections and a kept copy
//! * `alert`: what a rule holds back until its quiet hours end; `retain`: the nightly end of old recordings; `sample`: recordings for
//!   a new installation

mod alert;
mod analyse;
pub(crate) mod retain;
mod sample;

use std::time::Duration;

use chassis::jobs::Kind;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

pub(crate) use alert::HELD as ALERT;
pub(crate) use alert::input as alert_input;
pub(crate) use retain::remove;
pub(crate) use sample::offer;

/// The kind that analyses a recording.
pub(crate) const ANALYSE: &str = "nightscan.analyse";
/// The kind that ends old recordings, every night.
const RETAIN: &str = "nightscan.retain";
/// The kind that makes samples, once.
const SAMPLE: &str = "nightscan.sample";

/// What an analysis is given.
#[derive(Debug, Serialize, Deserialize)]
struct Input {
    recording: crate::store::RecordingId,
}

/// As a job's input.
pub(crate) fn input(recording: &str) -> Value {
    json!({ "recording": recording })
}

/// All kinds of the service.
pub(crate) fn kinds() -> Vec<Kind> {
    vec![
        Kind::new(ANALYSE, analyse::run)
            // Fifteen hours of sound that must be decoded, on one slow core.
            .timeout(Duration::from_hours(2))
            .concurrency(at_once()),
        Kind::new(ALERT, alert::run).concurrency(2),
        Kind::new(RETAIN, retain::all)
            .schedule("40 3 * * *")
            .attempts(3)
            .concurrency(1),
        Kind::new(SAMPLE, sample::run).attempts(3).concurrency(1),
    ]
}

/// One core stays for those who wait for an answer.
fn at_once() -> usize {
    let cores = std::thread::available_parallelism().map_or(2, std::num::NonZero::get);
    cores.saturating_sub(1).max(1)
}
