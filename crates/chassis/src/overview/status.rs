//! How the house does, as the console's first page draws it.

use std::time::Duration;

use serde::Serialize;
use utoipa::ToSchema;

use super::attention::{self, AttentionView};
use super::sampler::{Point, Points, STEP_S, Window};
use super::{Look, Overview};
use crate::i18n::Language;
use crate::jobs::JobCounts;
use crate::telemetry::metrics;
use crate::telemetry::objectives::{Objective, objectives};

/// What "now" is measured over.
const RECENT: Duration = Duration::from_mins(5);
const HOUR: Duration = Duration::from_hours(1);

/// How the house does.
#[derive(Debug, Serialize, ToSchema)]
pub struct Status {
    /// Now, and over the last five minutes.
    pub now: Now,
    /// Seconds from point to point.
    pub step_s: i64,
    /// The beginning of the first point (RFC 3339, UTC).
    pub from: String,
    /// The last hour, 720 points each; null where nobody looked, or where there was nothing to measure.
    pub series: Series,
    /// What is promised, and whether it holds.
    pub objectives: Vec<ObjectiveView>,
    /// The services that run.
    pub services: Vec<ServiceView>,
    /// Jobs of all workspaces by state; null where the database does not answer.
    pub jobs: Option<JobCounts>,
    /// What needs a person, what matters most first.
    pub attention: Vec<AttentionView>,
}

/// The house now.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = StatusNow)]
pub struct Now {
    /// The version that runs.
    pub version: &'static str,
    /// When it started (RFC 3339, UTC).
    pub started_at: String,
    /// Seconds since then.
    pub uptime_s: u64,
    /// Requests a second over the last five minutes, health and metrics apart.
    pub requests_per_s: f64,
    /// Of these, answered with 500 and above.
    pub failed_per_s: f64,
    /// The latency that 95 of 100 stayed below, milliseconds; null without a request.
    pub p95_ms: Option<f64>,
    /// Processor time over the last five minutes; 2 is two cores all the time.
    pub cpu_cores: f64,
    /// Cores of this machine.
    pub cores: usize,
    /// Memory in use, bytes, where the system tells.
    pub resident_bytes: Option<u64>,
    /// Requests that are worked on.
    pub open_requests: u32,
    /// Free room on the disk of the data folder, bytes; null where the system does not tell.
    pub disk_free_bytes: Option<u64>,
    /// All room there.
    pub disk_total_bytes: Option<u64>,
}

/// The last hour.
#[derive(Debug, Default, Serialize, ToSchema)]
#[schema(as = StatusSeries)]
pub struct Series {
    /// Requests a second, health and metrics apart.
    pub requests_per_s: Vec<Option<f64>>,
    /// Answers of 500 and above a second.
    pub failed_per_s: Vec<Option<f64>>,
    /// Share of answers of 400 to 499, 0 to 1.
    pub refused_share: Vec<Option<f64>>,
    /// The latency that half of the requests stayed below, milliseconds.
    pub p50_ms: Vec<Option<f64>>,
    /// The same for 95 of 100.
    pub p95_ms: Vec<Option<f64>>,
    /// The same for 99 of 100.
    pub p99_ms: Vec<Option<f64>>,
    /// Processor time; 2 is two cores all the time.
    pub cpu_cores: Vec<Option<f64>>,
    /// Memory in use, bytes.
    pub resident_bytes: Vec<Option<u64>>,
    /// Requests that were worked on.
    pub open_requests: Vec<Option<u32>>,
}

/// An objective, and what was reached.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = StatusObjective)]
pub struct ObjectiveView {
    /// `latency_p95_ms`, `latency_p99_ms`, `errors_percent` or `cpu_percent` (of all cores).
    pub name: &'static str,
    /// It shall be below this.
    pub target_below: f64,
    /// Over the last five minutes.
    pub last_5_min: Reached,
    /// Over the last hour.
    pub last_hour: Reached,
}

/// What was reached of an objective.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = StatusReached)]
pub struct Reached {
    /// The value; null where there was nothing to measure.
    pub value: Option<f64>,
    /// Whether it is what is promised; null where there was nothing to measure.
    pub holds: Option<bool>,
    /// Seconds that it was measured over: less than asked for where the server has not run that long.
    pub measured_s: u64,
}

/// A service over the last five minutes.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = StatusService)]
pub struct ServiceView {
    /// Its name.
    pub name: &'static str,
    /// Requests a second.
    pub requests_per_s: f64,
    /// Of these, answered with 500 and above.
    pub failed_per_s: f64,
    /// The latency that 95 of 100 stayed below, milliseconds; null without a request.
    pub p95_ms: Option<f64>,
}

impl Overview {
    /// How the house does, said in a language.
    pub(crate) async fn status(&self, language: Language) -> Status {
        let look = self.look().await;
        let look = look.as_deref();
        let (recent, hour) = (self.sampler.window(RECENT), self.sampler.window(HOUR));
        let Points { from, points } = self.sampler.points(self.context.clock.now());
        Status {
            now: self.now(look, &recent),
            step_s: STEP_S,
            from: from.to_string(),
            series: Series::of(&points),
            objectives: reached(&recent, &hour),
            services: self.services_seen(&recent),
            jobs: look.and_then(|look| look.jobs),
            attention: attention::list(self, look, &recent, language),
        }
    }

    fn now(&self, look: Option<&Look>, recent: &Window) -> Now {
        let disk = look.and_then(|look| look.disk);
        Now {
            version: env!("CARGO_PKG_VERSION"),
            started_at: self.vitals.started_at.to_string(),
            uptime_s: self.vitals.started.elapsed().as_secs(),
            requests_per_s: rounded(recent.all.answers as f64 / recent.seconds),
            failed_per_s: rounded(recent.all.failed as f64 / recent.seconds),
            p95_ms: recent.all.quantile_ms(0.95).map(rounded),
            cpu_cores: rounded(recent.cpu_cores),
            cores: cores(),
            resident_bytes: metrics::resident_bytes(),
            open_requests: self.sampler.open_requests(),
            disk_free_bytes: disk.map(|disk| disk.free_bytes),
            disk_total_bytes: disk.map(|disk| disk.total_bytes),
        }
    }

    fn services_seen(&self, recent: &Window) -> Vec<ServiceView> {
        let parts = self.sampler.services().zip(&recent.parts);
        parts
            .map(|(name, counts)| ServiceView {
                name,
                requests_per_s: rounded(counts.answers as f64 / recent.seconds),
                failed_per_s: rounded(counts.failed as f64 / recent.seconds),
                p95_ms: counts.quantile_ms(0.95).map(rounded),
            })
            .collect()
    }
}

impl Series {
    fn of(points: &[Option<Point>]) -> Self {
        fn each<T>(points: &[Option<Point>], of: impl Fn(&Point) -> Option<T>) -> Vec<Option<T>> {
            let of = |point: &Option<Point>| point.as_ref().and_then(&of);
            points.iter().map(of).collect()
        }
        let numbers = |of: fn(&Point) -> Option<f64>| each(points, |one| of(one).map(rounded));
        Self {
            requests_per_s: numbers(|one| Some(one.requests_per_s)),
            failed_per_s: numbers(|one| Some(one.failed_per_s)),
            refused_share: numbers(|one| one.refused_share),
            p50_ms: numbers(|one| one.p50_ms),
            p95_ms: numbers(|one| one.p95_ms),
            p99_ms: numbers(|one| one.p99_ms),
            cpu_cores: numbers(|one| Some(one.cpu_cores)),
            resident_bytes: each(points, |one| one.resident_bytes),
            open_requests: each(points, |one| Some(one.open_requests)),
        }
    }
}

fn reached(recent: &Window, hour: &Window) -> Vec<ObjectiveView> {
    let wanted = objectives();
    let one = |name, objective: Objective, of: fn(&Window) -> Option<f64>| {
        let over = |window: &Window| {
            let value = of(window);
            Reached {
                value: value.map(rounded),
                holds: value.map(|value| objective.is_met_by(value)),
                measured_s: window.seconds.round() as u64,
            }
        };
        ObjectiveView {
            name,
            target_below: objective.target_below,
            last_5_min: over(recent),
            last_hour: over(hour),
        }
    };
    vec![
        one("latency_p95_ms", wanted.latency_p95_ms, |all| {
            all.all.quantile_ms(0.95)
        }),
        one("latency_p99_ms", wanted.latency_p99_ms, |all| {
            all.all.quantile_ms(0.99)
        }),
        one("errors_percent", wanted.errors_percent, |all| {
            all.all.failed_percent()
        }),
        one("cpu_percent", wanted.cpu_percent, |all| {
            Some(all.cpu_cores / cores() as f64 * 100.0)
        }),
    ]
}

fn cores() -> usize {
    std::thread::available_parallelism().map_or(1, std::num::NonZero::get)
}

/// Three digits behind the point: more of them would be noise.
fn rounded(value: f64) -> f64 {
    (value * 1_000.0).round() / 1_000.0
}
