//! What is done beside the jobs: schedules, figures, and sweeping.

use std::sync::Arc;
use std::time::Duration;

use serde_json::json;

use super::kind::Pattern;
use super::{EnqueueFault, Jobs, NewJob, State, measure, store};
use crate::auth;
use crate::clock::Timestamp;
use crate::data::DataError;
use crate::http::idempotency;
use crate::service::Context;
use crate::telemetry::burst::Burst;

const SCHEDULE_EVERY: Duration = Duration::from_secs(1);
const MEASURE_EVERY: Duration = Duration::from_secs(5);
const SWEEP_EVERY: Duration = Duration::from_hours(1);
/// Rows of one delete: each is a turn of the writer that others wait for.
const SWEPT_ROWS: u64 = 500;
const DAY_MS: i64 = 86_400_000;

static SAID: Burst = Burst::new();

/// Runs until it is dropped.
pub(super) async fn run(context: Arc<Context>) {
    let jobs = &context.jobs;
    let mut schedule = tokio::time::interval(SCHEDULE_EVERY);
    let mut measure = tokio::time::interval(MEASURE_EVERY);
    let soon = tokio::time::Instant::now() + Duration::from_mins(1);
    let mut sweep = tokio::time::interval_at(soon, SWEEP_EVERY);
    for interval in [&mut schedule, &mut measure, &mut sweep] {
        interval.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    }
    loop {
        let done = tokio::select! {
            _ = schedule.tick(), if jobs.inner.settings.concurrency > 0 => self::schedule(jobs).await,
            _ = measure.tick() => measure::sample(jobs).await.map_err(EnqueueFault::from),
            _ = sweep.tick() => self::sweep(jobs).await.map_err(EnqueueFault::from),
        };
        if let Err(fault) = done
            && let Some(hidden) = SAID.turn()
        {
            tracing::warn!(error = %fault, log.hidden = hidden, "a chore of the jobs failed; it is done at its next time");
        }
    }
}

/// Makes the jobs whose moment has come. However many processes look, one of them makes it.
pub(super) async fn schedule(jobs: &Jobs) -> Result<(), EnqueueFault> {
    for (kind, pattern) in &jobs.inner.patterns {
        due(jobs, kind, pattern).await?;
    }
    Ok(())
}

async fn due(jobs: &Jobs, kind: &'static str, pattern: &Pattern) -> Result<(), EnqueueFault> {
    let database = &jobs.inner.database;
    let Some(moment) = pattern.last_before(database.clock().now()) else {
        return Ok(());
    };
    let stands_at = store::scheduled(database, kind).await?;
    if stands_at.is_some_and(|last| last >= moment.to_string()) {
        return Ok(());
    }
    let workspace = auth::home_workspace(database).await?;
    let queue = jobs.clone();
    let made = database
        .write(move |tx| {
            Box::pin(async move {
                if !store::advance_schedule(tx, kind, moment).await? {
                    return Ok(false);
                }
                let input = json!({ "moment": moment.to_string() });
                let new = NewJob {
                    idempotency_key: Some(format!("schedule:{moment}")),
                    ..NewJob::new(workspace, kind, input)
                };
                queue.enqueue_in(tx, new).await?;
                Ok::<_, EnqueueFault>(true)
            })
        })
        .await?;
    if made {
        jobs.wake();
    }
    Ok(())
}

/// Deletes what has been kept long enough.
pub(super) async fn sweep(jobs: &Jobs) -> Result<(), DataError> {
    let settings = &jobs.inner.settings;
    let ended: &[State] = &[State::Done, State::Cancelled];
    sweep_states(jobs, ended, settings.keep_finished_days).await?;
    sweep_states(jobs, &[State::Failed], settings.keep_failed_days).await?;
    idempotency::sweep(&jobs.inner.database).await
}

async fn sweep_states(jobs: &Jobs, states: &'static [State], days: u32) -> Result<(), DataError> {
    let database = &jobs.inner.database;
    let before = database.clock().now().unix_ms() - i64::from(days) * DAY_MS;
    let Some(before) = Timestamp::from_unix_ms(before) else {
        return Ok(());
    };
    loop {
        let ids = store::ended_before(database, states, before, SWEPT_ROWS).await?;
        let is_last = (ids.len() as u64) < SWEPT_ROWS;
        if !ids.is_empty() {
            let deleted = database
                .write(move |tx| Box::pin(async move { store::delete(tx, ids, states).await }))
                .await?;
            tracing::info!(jobs = deleted, "old jobs were deleted");
        }
        if is_last {
            return Ok(());
        }
    }
}
