//! What an operator sees of jobs.

use std::time::Duration;

use metrics::{counter, gauge, histogram};

use serde::Serialize;
use utoipa::ToSchema;

use super::{Jobs, State, store};
use crate::clock::Timestamp;
use crate::data::{DataError, Database};

const DAY_MS: i64 = 86_400_000;

/// An attempt ended. Kinds and outcomes are few, and attempts far rarer than requests: looking the handle up is cheap enough.
pub(super) fn finished(kind: &'static str, outcome: &'static str, took: Duration) {
    counter!("jobs_finished_total", "kind" => kind, "outcome" => outcome).increment(1);
    histogram!("job_duration_seconds", "kind" => kind).record(took.as_secs_f64());
}

pub(super) fn taken_over() {
    counter!("jobs_taken_over_total").increment(1);
}

/// Jobs of all workspaces, by state.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, ToSchema)]
pub struct JobCounts {
    /// Those that will begin when it is their turn and their time.
    pub waiting: u64,
    /// Those that a worker has.
    pub running: u64,
    /// Those that have their result, until they are swept away.
    pub done: u64,
    /// Those of which all attempts failed.
    pub failed: u64,
    /// Those that were cancelled.
    pub cancelled: u64,
    /// Those that failed within the last day.
    pub failed_last_day: u64,
}

/// Counts the jobs of all workspaces.
pub(crate) async fn counts(database: &Database) -> Result<JobCounts, DataError> {
    let mut counts = JobCounts::default();
    for (state, count) in store::states(database).await? {
        let place = match State::of_word(&state) {
            Some(State::Waiting) => &mut counts.waiting,
            Some(State::Running) => &mut counts.running,
            Some(State::Done) => &mut counts.done,
            Some(State::Failed) => &mut counts.failed,
            Some(State::Cancelled) => &mut counts.cancelled,
            None => continue,
        };
        *place = u64::try_from(count).unwrap_or(0);
    }
    let since = database.clock().now().unix_ms() - DAY_MS;
    if let Some(since) = Timestamp::from_unix_ms(since) {
        counts.failed_last_day = store::failed_since(database, since).await?;
    }
    Ok(counts)
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
