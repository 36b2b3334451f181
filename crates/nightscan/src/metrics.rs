//! What is counted beside the requests: `nightscan_…`.

use std::sync::OnceLock;

use chassis::telemetry::catalogue::{Kind, Metric, Since};
use chassis::telemetry::metrics::recorder;
use metrics::{Counter, Histogram};

/// The prefix of every metric of the service.
pub(crate) const PREFIX: &str = "nightscan";

/// The list for the page of metrics.
#[rustfmt::skip]
pub(crate) const METRICS: &[Metric] = &[
    Metric::counter("nightscan_recordings_analysed_total", &[], "recordings", Since::Start, "Recordings that were analysed"),
    Metric::counter("nightscan_recordings_refused_total", &[], "recordings", Since::Start, "Recordings that are no sound, or none that can be read"),
    Metric::counter("nightscan_audio_seconds_total", &[], "seconds", Since::Start, "Length of all recordings that were analysed"),
    Metric::counter("nightscan_analysis_seconds", &[], "seconds", Since::Start, "Time to analyse one recording, reading it included")
        .as_kind(Kind::Histogram),
    Metric::counter("nightscan_detections_total", &["class"], "detections", Since::Start, "Detections by class"),
    Metric::counter("nightscan_alerts_total", &[], "alerts", Since::Start, "Alerts that rules gave"),
];

struct Handles {
    analysed: Counter,
    refused: Counter,
    audio_s: Counter,
    analysis_s: Histogram,
    alerts: Counter,
}

fn handles() -> &'static Handles {
    static HANDLES: OnceLock<Handles> = OnceLock::new();
    HANDLES.get_or_init(|| {
        // Handles taken before there is a recorder would count nowhere.
        recorder();
        Handles {
            analysed: metrics::counter!("nightscan_recordings_analysed_total"),
            refused: metrics::counter!("nightscan_recordings_refused_total"),
            audio_s: metrics::counter!("nightscan_audio_seconds_total"),
            analysis_s: metrics::histogram!("nightscan_analysis_seconds"),
            alerts: metrics::counter!("nightscan_alerts_total"),
        }
    })
}

/// Classes that the model which comes with the program may find. Those of another are known with their first detection.
const CLASSES: [&str; 6] = [
    "amphibians",
    "birds",
    "environment",
    "human",
    "insects",
    "mammals",
];

/// Makes every counter known, at 0: a dashboard need not tell "none yet" from "no such metric".
pub(crate) fn register() {
    handles();
    for class in CLASSES {
        drop(metrics::counter!("nightscan_detections_total", "class" => class));
    }
}

/// Counts an analysis.
pub(crate) fn analysed(audio_s: f64, took_s: f64) {
    let handles = handles();
    handles.analysed.increment(1);
    handles.audio_s.increment(audio_s.max(0.0) as u64);
    handles.analysis_s.record(took_s);
}

/// Counts a recording that cannot be analysed.
pub(crate) fn refused() {
    handles().refused.increment(1);
}

/// Counts detections. The classes are the model's: a few.
pub(crate) fn found<'a>(classes: impl Iterator<Item = &'a str>) {
    for class in classes {
        metrics::counter!("nightscan_detections_total", "class" => class.to_owned()).increment(1);
    }
}

/// Counts alerts.
pub(crate) fn alerted() {
    handles().alerts.increment(1);
}
