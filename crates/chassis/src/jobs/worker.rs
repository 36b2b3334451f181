//! The loops: take jobs, give signs of life, take over from the dead, and stop in order.

use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::task::{JoinHandle, JoinSet};
use tokio_util::sync::CancellationToken;

use super::drive::{Attempt, plain};
use super::run::{Lease, Run};
use super::store::{self, Claim, Ending};
use super::tables::job;
use super::{Jobs, State, chores, measure};
use crate::clock::Timestamp;
use crate::data::DataError;
use crate::id;
use crate::service::Context;
use crate::task;

/// Signs of life in the time of a lease.
const SIGNS: u32 = 3;
/// Jobs that are stopped at the end of the drain have this long to be put back.
const PUT_BACK_TIME: Duration = Duration::from_secs(5);
/// A job whose worker died this often since its last recorded step is taken for the cause.
const MOST_LOSSES: i32 = 10;

/// The loops of this process.
pub struct Worker {
    jobs: Jobs,
    put_back: CancellationToken,
    work: JoinHandle<()>,
    others: Vec<JoinHandle<()>>,
}

/// Starts working on what `context.jobs` holds, as this process may (`jobs.concurrency`).
pub fn start(context: Arc<Context>) -> Worker {
    let jobs = context.jobs.clone();
    let put_back = CancellationToken::new();
    let me: Arc<str> = id::generate(context.clock.as_ref()).to_string().into();
    let mut others = vec![task::spawn(chores::run(context.clone()))];
    let work = if jobs.inner.settings.concurrency == 0 || jobs.inner.kinds.is_empty() {
        let pause = jobs.inner.pause.clone();
        task::spawn(async move { pause.cancelled().await })
    } else {
        others.push(task::spawn(live(jobs.clone(), me.clone())));
        task::spawn(work(context, me, put_back.clone()))
    };
    Worker {
        jobs,
        put_back,
        work,
        others,
    }
}

impl Worker {
    /// `stop`, and at that moment the jobs are asked to pause: the drain of both goes on at once.
    pub fn heeding(&self, stop: impl Future<Output = ()>) -> impl Future<Output = ()> {
        let pause = self.jobs.inner.pause.clone();
        async move {
            stop.await;
            pause.cancel();
        }
    }

    /// Takes no more jobs, waits until the running ones reached the end of a step or their time is over, and puts back
    /// what is not done.
    pub async fn drained(mut self) {
        let settings = &self.jobs.inner.settings;
        self.jobs.inner.pause.cancel();
        let patience = Duration::from_millis(settings.drain_timeout_ms);
        if tokio::time::timeout(patience, &mut self.work)
            .await
            .is_err()
        {
            let left = self.jobs.running().len();
            tracing::warn!(
                jobs.left = left,
                "jobs reached no end of a step in time; they are put back"
            );
            self.put_back.cancel();
            if tokio::time::timeout(PUT_BACK_TIME, &mut self.work)
                .await
                .is_err()
            {
                self.work.abort();
            }
        }
        for other in self.others {
            other.abort();
        }
    }
}

async fn work(context: Arc<Context>, me: Arc<str>, put_back: CancellationToken) {
    let jobs = context.jobs.clone();
    let poll = Duration::from_millis(jobs.inner.settings.poll_ms);
    if context.database.kind() == "SQLite" {
        // The folder's lock says that no other process works here: whoever else holds a job is dead.
        take_over(&jobs, Some(&me)).await;
    }
    let mut attempts = JoinSet::new();
    let mut failures = 0;
    while !jobs.inner.pause.is_cancelled() {
        while attempts.try_join_next().is_some() {}
        match take(&context, &me).await {
            Ok(taken) => {
                if failures > 0 {
                    tracing::info!("jobs are taken again");
                    failures = 0;
                }
                let took_some = !taken.is_empty();
                for row in taken {
                    match attempt(&context, row, &put_back).await {
                        Ok(attempt) => drop(attempts.spawn(attempt.make())),
                        // Nobody gives signs of life for it: it comes back when its lease is over.
                        Err(fault) => tracing::error!(error = %fault, "a job could not be begun"),
                    }
                }
                if took_some {
                    // The first in line were perhaps all of one kind, and others have places left.
                    continue;
                }
            }
            Err(fault) => {
                failures += 1;
                if failures == 1 {
                    tracing::warn!(error = %fault, "no jobs could be taken; trying again");
                }
            }
        }
        let wait = task::pause_after(failures, poll);
        tokio::select! {
            () = jobs.inner.wake.notified() => {}
            () = tokio::time::sleep(wait) => {}
            Some(_) = attempts.join_next() => {}
            () = jobs.inner.pause.cancelled() => {}
        }
    }
    while attempts.join_next().await.is_some() {}
}

/// Takes as many jobs as there are places.
async fn take(context: &Context, me: &str) -> Result<Vec<job::Model>, DataError> {
    let jobs = &context.jobs;
    let (free, most) = places(jobs);
    if free.is_empty() || most == 0 {
        return Ok(Vec::new());
    }
    let now = context.clock.now();
    let names: Vec<_> = free.iter().map(|(name, _)| *name).collect();
    if !store::is_ready(&context.database, &names, now).await? {
        return Ok(Vec::new());
    }
    let claim = Claim {
        worker: me.to_owned(),
        token: id::generate(context.clock.as_ref()).to_string(),
        now,
        lease_until: lease_until(jobs, now),
    };
    context
        .database
        .write(move |tx| Box::pin(async move { store::claim(tx, &claim, &free, most).await }))
        .await
}

/// The free places of each kind, and of the process.
fn places(jobs: &Jobs) -> (Vec<(&'static str, usize)>, usize) {
    let running = jobs.running();
    let most = (jobs.inner.settings.concurrency as usize).saturating_sub(running.len());
    let free = jobs
        .inner
        .kinds
        .values()
        .map(|kind| {
            let busy = running
                .iter()
                .filter(|lease| lease.kind == kind.name)
                .count();
            (kind.name, kind.concurrency.saturating_sub(busy))
        })
        .filter(|(_, free)| *free > 0)
        .collect();
    (free, most)
}

fn lease_until(jobs: &Jobs, now: Timestamp) -> Timestamp {
    let until = now
        .unix_ms()
        .saturating_add(jobs.inner.settings.lease_ms.cast_signed());
    Timestamp::from_unix_ms(until).unwrap_or(now)
}

/// What an attempt at this row needs; the lease is registered, so that signs of life cover it.
async fn attempt(
    context: &Arc<Context>,
    row: job::Model,
    put_back: &CancellationToken,
) -> Result<Attempt, DataError> {
    let jobs = context.jobs.clone();
    let malformed = |column| move |_| DataError::Malformed { column };
    let recorded = if row.attempt > 1 {
        store::steps(&context.database, &row.id).await?
    } else {
        Vec::new()
    };
    let kind = jobs
        .inner
        .kinds
        .get(row.kind.as_str())
        .cloned()
        .ok_or(DataError::Malformed { column: "job.kind" })?;
    let token = row.token.ok_or(DataError::Malformed {
        column: "job.token",
    })?;
    let pause = jobs.inner.pause.clone();
    let lease = Arc::new(Lease::new(
        row.id.clone(),
        token,
        kind.name,
        recorded,
        pause,
    ));
    let run = Run {
        context: context.clone(),
        id: row.id.parse().map_err(malformed("job.id"))?,
        workspace: row
            .workspace_id
            .parse()
            .map_err(malformed("job.workspace_id"))?,
        user: row
            .user_id
            .map(|id| id.parse())
            .transpose()
            .map_err(malformed("job.user_id"))?,
        input: serde_json::from_str(&row.input).map_err(|_| DataError::Malformed {
            column: "job.input",
        })?,
        attempt: row.attempt.unsigned_abs(),
        lease: lease.clone(),
    };
    if row.cancel_requested_at.is_some() {
        lease.cancel.cancel();
    }
    jobs.running().push(lease);
    Ok(Attempt {
        jobs,
        kind,
        run,
        failures: row.failures.unsigned_abs(),
        put_back: put_back.clone(),
    })
}

/// Gives signs of life for what this process holds, hears of cancellations and losses, and takes over from the dead.
async fn live(jobs: Jobs, me: Arc<str>) {
    let lease = Duration::from_millis(jobs.inner.settings.lease_ms);
    let mut tick = tokio::time::interval(lease / SIGNS);
    tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    let mut last_sign = Instant::now();
    loop {
        tick.tick().await;
        let held: Vec<Arc<Lease>> = jobs.running().clone();
        if held.is_empty() {
            last_sign = Instant::now();
        } else {
            match sign(&jobs, &me, &held).await {
                Ok(()) => last_sign = Instant::now(),
                Err(fault) => {
                    tracing::warn!(error = %fault, "no sign of life could be given");
                    if last_sign.elapsed() > lease {
                        // Others take these over now. What they do outside must not be done twice at once.
                        for lease in &held {
                            lease.lost.cancel();
                        }
                    }
                }
            }
        }
        take_over(&jobs, None).await;
    }
}

async fn sign(jobs: &Jobs, me: &Arc<str>, held: &[Arc<Lease>]) -> Result<(), DataError> {
    let database = &jobs.inner.database;
    let until = lease_until(jobs, database.clock().now());
    let worker = me.clone();
    database
        .write(move |tx| Box::pin(async move { store::renew(tx, &worker, until).await }))
        .await?;
    let ours = store::held(database, me).await?;
    for lease in held {
        let found = ours
            .iter()
            .find(|(id, token, _)| *id == lease.id && token.as_ref() == Some(&lease.token));
        match found {
            Some((_, _, true)) => lease.cancel.cancel(),
            Some(_) => {}
            None => lease.lost.cancel(),
        }
    }
    Ok(())
}

/// Puts back what the dead held. `except`: all that are not of this worker, whatever their lease says.
async fn take_over(jobs: &Jobs, except: Option<&str>) {
    let database = &jobs.inner.database;
    let now = database.clock().now();
    let found = match store::orphans(database.read(), now, except).await {
        Ok(found) => found,
        Err(fault) => {
            return tracing::warn!(error = %fault, "the jobs of dead workers could not be looked for");
        }
    };
    for row in found {
        let ending = after_loss(&row, now);
        let state = ending.state;
        let mut ended = end_lost(jobs, &row, ending.clone(), state.is_final()).await;
        if ended.is_err() && state.is_final() {
            // Should it be the word of it that cannot be written, the job ends without.
            ended = end_lost(jobs, &row, ending, false).await;
        }
        match ended {
            Ok(true) => {
                tracing::info!(
                    job.id = row.id,
                    job.kind = row.kind,
                    job.state = state.word(),
                    "the worker of a job died; it goes on"
                );
                measure::taken_over();
                jobs.inner
                    .announcer
                    .ended(&row.workspace_id, &row.id, &row.kind, state);
                jobs.wake();
            }
            // Another process was first.
            Ok(false) => {}
            Err(fault) => {
                tracing::warn!(error = %fault, "a job of a dead worker could not be put back");
            }
        }
    }
}

/// Writes the end of an attempt whose worker died; false where another process was first.
async fn end_lost(
    jobs: &Jobs,
    row: &job::Model,
    ending: Ending,
    is_told: bool,
) -> Result<bool, DataError> {
    let database = &jobs.inner.database;
    let now = database.clock().now();
    let (own, row) = (jobs.clone(), row.clone());
    database
        .write(move |tx| {
            Box::pin(async move {
                let token = row.token.as_deref().unwrap_or_default();
                let seen = row.lease_until.as_deref();
                let ended = store::end(tx, &row.id, token, now, ending, seen).await?;
                if ended && is_told {
                    own.inner.announcer.put_in(tx, &row.id).await?;
                }
                Ok(ended)
            })
        })
        .await
}

/// A job that lost its worker goes on. One that loses it again and again without getting further may be the cause: it
/// waits longer each time, and fails in the end.
fn after_loss(row: &job::Model, now: Timestamp) -> Ending {
    let losses = row.losses + 1;
    if row.cancel_requested_at.is_some() {
        return plain(State::Cancelled);
    }
    if losses >= MOST_LOSSES {
        let error = Some((
            "jobs.workers_died".to_owned(),
            format!(r#"{{"count":"{losses}"}}"#),
        ));
        return Ending {
            error,
            losses: 1,
            ..plain(State::Failed)
        };
    }
    let delay_ms = if losses <= 3 {
        0
    } else {
        1_000 << (losses - 4)
    };
    let run_at = Timestamp::from_unix_ms(now.unix_ms().saturating_add(delay_ms));
    Ending {
        run_at,
        losses: 1,
        ..plain(State::Waiting)
    }
}
