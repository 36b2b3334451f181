//! The objectives of the house: one file, read by the drills under load and by the page that says how the server does.

use std::sync::LazyLock;
use std::time::Duration;

use serde::Deserialize;

/// What is promised.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Objectives {
    /// The latency that 95 of 100 requests stay below, in milliseconds.
    pub latency_p95_ms: Objective,
    /// The latency that 99 of 100 requests stay below, in milliseconds.
    pub latency_p99_ms: Objective,
    /// Requests that fail, in percent.
    pub errors_percent: Objective,
    /// Processor time, in percent of all cores.
    pub cpu_percent: Objective,
}

/// One quantity: what is wanted, and when somebody is called.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Objective {
    /// It shall be below this.
    pub target_below: f64,
    /// When somebody is called.
    pub alert: Alert,
}

/// A threshold that must be exceeded without a break for some time.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Alert {
    /// Above this …
    pub above: f64,
    /// … for so long, in seconds.
    pub for_s: u32,
}

impl Objective {
    /// Whether a value is what is wanted.
    pub fn is_met_by(&self, value: f64) -> bool {
        value < self.target_below
    }
}

impl Alert {
    /// Whether it would have called somebody, over values that were each taken for `every`.
    pub fn fires(&self, values: impl IntoIterator<Item = f64>, every: Duration) -> bool {
        let needed = f64::from(self.for_s) / every.as_secs_f64().max(1e-3);
        let mut run = 0_u32;
        values.into_iter().any(|value| {
            run = if value > self.above { run + 1 } else { 0 };
            f64::from(run) >= needed
        })
    }
}

/// The objectives in force.
pub fn objectives() -> &'static Objectives {
    static PARSED: LazyLock<Objectives> = LazyLock::new(|| {
        toml_edit::de::from_str(include_str!("../../objectives.toml"))
            .expect("the file is part of the program, and a test parses it")
    });
    &PARSED
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_alert_is_later_than_the_target() {
        let all = objectives();
        for objective in [
            all.latency_p95_ms,
            all.latency_p99_ms,
            all.errors_percent,
            all.cpu_percent,
        ] {
            assert!(
                objective.alert.above > objective.target_below,
                "{objective:?}"
            );
            assert!(objective.alert.for_s >= 60, "{objective:?}");
        }
        assert!(!all.latency_p95_ms.is_met_by(200.0));
    }

    #[test]
    fn an_alert_needs_its_time_without_a_break() {
        let alert = Alert {
            above: 5.0,
            for_s: 30,
        };
        let every = Duration::from_secs(10);
        assert!(alert.fires([1.0, 6.0, 7.0, 8.0], every));
        assert!(!alert.fires([6.0, 7.0, 5.0, 8.0, 9.0], every));
        assert!(!alert.fires([9.0, 9.0], every));
    }
}
