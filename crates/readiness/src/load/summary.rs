//! What a run under load amounts to.

use std::collections::BTreeMap;

use chassis::check::{Series, Shape};
use hdrhistogram::{Counter, Histogram};

/// The quantiles of a plot: close together where it matters.
const QUANTILES: [f64; 19] = [
    0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.75, 0.8, 0.85, 0.9, 0.925, 0.95, 0.975, 0.99, 0.995,
    0.999, 1.0,
];

/// The figures of a run. What was due in its warm-up is in none of them.
#[derive(Clone, Debug)]
pub struct Summary {
    /// Requests a second that were wanted; none in a closed loop.
    pub wanted_per_s: Option<f64>,
    /// Answers as expected, a second.
    pub achieved_per_s: f64,
    /// Time from the end of the warm-up to the last answer.
    pub measured_s: f64,
    /// Requests that were due.
    pub due: u64,
    /// Answered as expected.
    pub answered: u64,
    /// Sent, and answered otherwise or not at all.
    pub failed: u64,
    /// Never sent: the queue was full, or the end was there.
    pub unsent: u64,
    /// From the moment at which a request was due.
    pub latency: Latency,
    /// From the moment at which it was sent: what a generator measures that waits for answers.
    pub service: Latency,
    /// All latencies, in microseconds.
    pub latency_us: Histogram<u64>,
    /// All service times, in microseconds.
    pub service_us: Histogram<u64>,
    /// What was wrong, and how often.
    pub faults: BTreeMap<String, u64>,
    /// By kind of request, in the order of the mixture.
    pub kinds: Vec<Kind>,
    /// By status of the answer.
    pub statuses: Vec<Status>,
    /// By time.
    pub windows: Vec<Window>,
    /// How late the generator itself was: a great figure says that the machine had no time for it.
    pub late: Latency,
}

/// A distribution's figures, in milliseconds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Latency {
    /// The median.
    pub p50_ms: f64,
    /// 95 of 100.
    pub p95_ms: f64,
    /// 99 of 100.
    pub p99_ms: f64,
    /// The greatest.
    pub max_ms: f64,
}

/// One kind of request.
#[derive(Clone, Debug, PartialEq)]
pub struct Kind {
    /// Its name.
    pub name: &'static str,
    /// How many were sent.
    pub sent: u64,
    /// How many of those failed.
    pub failed: u64,
    /// Their latency.
    pub latency: Latency,
}

/// One status.
#[derive(Clone, Debug, PartialEq)]
pub struct Status {
    /// The status.
    pub status: u16,
    /// Answers that had it.
    pub answers: u64,
    /// Their latency.
    pub latency: Latency,
}

/// A stretch of time.
#[derive(Clone, Debug, PartialEq)]
pub struct Window {
    /// When it began, from the end of the warm-up on.
    pub at_s: f64,
    /// Of the requests that were due in it.
    pub p95_ms: Option<f64>,
    /// Answers that came in it, a second.
    pub answered_per_s: f64,
    /// Requests that were due in it.
    pub due: u64,
    /// Those of them that failed or were not sent.
    pub failed: u64,
}

impl Latency {
    /// Of a histogram in microseconds.
    pub fn of<T: Counter>(histogram: &Histogram<T>) -> Self {
        let at = |quantile| histogram.value_at_quantile(quantile) as f64 / 1000.0;
        Self {
            p50_ms: at(0.5),
            p95_ms: at(0.95),
            p99_ms: at(0.99),
            max_ms: histogram.max() as f64 / 1000.0,
        }
    }
}

impl Window {
    /// Failures, in percent.
    pub fn errors_percent(&self) -> f64 {
        self.failed as f64 * 100.0 / self.due.max(1) as f64
    }
}

impl Summary {
    /// Requests that failed or were not sent, in percent.
    pub fn errors_percent(&self) -> f64 {
        (self.failed + self.unsent) as f64 * 100.0 / self.due.max(1) as f64
    }

    /// Answers with a status.
    pub fn answers_of(&self, status: u16) -> Option<&Status> {
        self.statuses.iter().find(|own| own.status == status)
    }

    /// The kind whose p95 is the greatest.
    pub fn slowest(&self) -> Option<&Kind> {
        let sent = self.kinds.iter().filter(|kind| kind.sent > 0);
        sent.max_by(|a, b| a.latency.p95_ms.total_cmp(&b.latency.p95_ms))
    }

    /// One line for each thing that was wrong, the most frequent first.
    pub fn fault_lines(&self) -> Vec<String> {
        let mut faults: Vec<_> = self.faults.iter().collect();
        faults.sort_by_key(|(_, times)| std::cmp::Reverse(**times));
        faults
            .into_iter()
            .map(|(fault, times)| format!("{fault}: {times} of {} requests", self.due))
            .collect()
    }

    /// The raw samples: both distributions, and p95 and rate over time.
    pub fn series(&self) -> Vec<Series> {
        let over_time =
            |name: &str, french: &str, unit: &str, value: &dyn Fn(&Window) -> Option<f64>| {
                let points = self.windows.iter();
                Series {
                    name: name.to_owned(),
                    name_fr: french.to_owned(),
                    unit_x: "s".to_owned(),
                    unit_y: unit.to_owned(),
                    shape: Shape::Line,
                    points: points
                        .filter_map(|window| Some((window.at_s, value(window)?)))
                        .collect(),
                }
            };
        vec![
            distribution(
                "latency, from the moment a request is due",
                "latence, depuis l’instant où la requête est due",
                &self.latency_us,
            ),
            distribution(
                "service time, from the moment it is sent",
                "temps de service, depuis l’envoi",
                &self.service_us,
            ),
            over_time("p95 over time", "p95 au fil du temps", "ms", &|window| {
                window.p95_ms
            }),
            over_time(
                "answers a second",
                "réponses par seconde",
                "1/s",
                &|window| Some(window.answered_per_s),
            ),
        ]
    }
}

fn distribution(name: &str, french: &str, histogram: &Histogram<u64>) -> Series {
    let at = |quantile: &f64| {
        let value = histogram.value_at_quantile(*quantile);
        (*quantile, value as f64 / 1000.0)
    };
    Series {
        name: name.to_owned(),
        name_fr: french.to_owned(),
        unit_x: "quantile".to_owned(),
        unit_y: "ms".to_owned(),
        shape: Shape::Quantiles,
        points: QUANTILES.iter().map(at).collect(),
    }
}
