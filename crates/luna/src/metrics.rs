//! What the original's dashboards ask for, under its names: `arkalia_luna_…`.

use std::sync::OnceLock;

use chassis::telemetry::catalogue::{Kind, Metric, Since};
use chassis::telemetry::metrics::recorder;
use luna_drawing::emotion::Emotion;
use luna_drawing::family::Family;
use metrics::{Counter, Histogram};

/// The prefix of every metric of the service.
pub(crate) const PREFIX: &str = "arkalia_luna";

/// What it counts beside what the chassis counts under that prefix.
#[rustfmt::skip]
pub(crate) const METRICS: &[Metric] = &[
    Metric::counter("arkalia_luna_logo_generations_total", &["variant", "generator"], "pictures", Since::Start, "Pictures drawn, by emotion and family"),
    Metric::counter("arkalia_luna_generation_duration_seconds", &[], "seconds", Since::Start, "Time to draw one picture, from the checked request to its bytes")
        .as_kind(Kind::Histogram),
];

struct Handles {
    generations: Vec<Vec<Counter>>,
    seconds: Histogram,
}

fn handles() -> &'static Handles {
    static HANDLES: OnceLock<Handles> = OnceLock::new();
    HANDLES.get_or_init(|| {
        // Handles taken before there is a recorder would count nowhere.
        recorder();
        let counter = |family: Family, emotion: Emotion| {
            metrics::counter!("arkalia_luna_logo_generations_total", "variant" => emotion.key(), "generator" => family.key())
        };
        Handles {
            generations: Family::ALL
                .into_iter()
                .map(|family| Emotion::ALL.into_iter().map(|emotion| counter(family, emotion)).collect())
                .collect(),
            seconds: metrics::histogram!("arkalia_luna_generation_duration_seconds"),
        }
    })
}

/// Makes every counter known, at 0: a dashboard need not tell "none yet" from "no such metric".
pub(crate) fn register() {
    handles();
}

/// Counts one drawn picture.
pub(crate) fn drawn(family: Family, emotion: Emotion, seconds: f64) {
    let handles = handles();
    if let Some(counter) = handles
        .generations
        .get(family as usize)
        .and_then(|row| row.get(emotion as usize))
    {
        counter.increment(1);
    }
    handles.seconds.record(seconds);
}
