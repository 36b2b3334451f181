//! What an operator sees of jobs.

use std::time::Duration;

use metrics::{counter, gauge, histogram};

use super::{Jobs, store};
use crate::data::DataError;

/// An attempt ended. Kinds and outcomes are few, and attempts far rarer than requests: looking the handle up is cheap enough.
pub(super) fn finished(kind: &'static str, outcome: &'static str, took: Duration) {
    counter!("jobs_finished_total", "kind" => kind, "outcome" => outcome).increment(1);
    histogram!("job_duration_seconds", "kind" => kind).record(took.as_secs_f64());
}

pub(super) fn taken_over() {
    counter!("jobs_taken_over_total").increment(1);
}

/// Counts what waits.
pub(super) async fn sample(jobs: &Jobs) -> Result<(), DataError> {
    let database = &jobs.inner.database;
    let now = database.clock().now();
    let backlog = store::backlog(database, now).await?;
    for name in jobs.inner.kinds.keys() {
        let count = backlog
            .iter()
            .find(|(kind, _, _)| kind == name)
            .map_or(0, |(_, count, _)| *count);
        gauge!("jobs_waiting", "kind" => *name).set(count as f64);
    }
    let first = backlog
        .iter()
        .filter_map(|(_, _, first)| first.as_deref())
        .min();
    let waited_ms = first
        .and_then(|first| first.parse::<crate::clock::Timestamp>().ok())
        .map_or(0, |first| now.unix_ms() - first.unix_ms());
    gauge!("jobs_oldest_waiting_seconds").set(waited_ms as f64 / 1000.0);
    gauge!("jobs_running").set(jobs.running().len() as f64);
    Ok(())
}
