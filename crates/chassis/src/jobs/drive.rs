//! One attempt: the handler runs beside a watch over its time, its cancellation and its lease.

use std::sync::Arc;
use std::time::{Duration, Instant};

use serde_json::Value;
use tokio::task::{JoinError, JoinHandle};
use tokio_util::sync::CancellationToken;

use super::run::{Lease, serialised};
use super::store::{self, Ending};
use super::{JobFault, Jobs, Kind, Run, State, measure};
use crate::data::DataError;
use crate::i18n::Arguments;
use crate::task;

/// How often progress is stored.
const PROGRESS_EVERY: Duration = Duration::from_millis(300);
/// What a stopped handler may take to be gone; one that computes without a pause is left to itself, and its lease is over.
const STOP_TIME: Duration = Duration::from_secs(1);
/// An end that cannot be written is tried again this often; after that the lease runs out and the job is done again.
const END_TRIES: u32 = 8;
/// So many of them put the word of it into the outbox too; the others leave it out, should it be that which fails.
const TOLD_TRIES: u32 = 4;

/// An attempt to be made.
pub(super) struct Attempt {
    pub(super) jobs: Jobs,
    pub(super) kind: Kind,
    pub(super) run: Run,
    /// How often it failed before.
    pub(super) failures: u32,
    /// The drain's time is over.
    pub(super) put_back: CancellationToken,
}

/// How an attempt went.
enum Outcome {
    Returned(Result<Value, JobFault>),
    Panicked,
    TimedOut,
    /// Did not end by itself when it was cancelled.
    Cancelled,
    PutBack,
    Lost,
}

impl Attempt {
    pub(super) async fn make(self) {
        let began = Instant::now();
        let handler = task::spawn((self.kind.handler)(self.run.clone()));
        let outcome = self.watch(handler).await;
        let what = self.conclude(outcome).await;
        measure::finished(self.kind.name, what, began.elapsed());
        let id = &self.run.lease.id;
        // By identity: after a loss, another attempt at the same job may run beside this one.
        let ended = |lease: &Arc<Lease>| Arc::ptr_eq(lease, &self.run.lease);
        self.jobs.running().retain(|lease| !ended(lease));
        tracing::debug!(job.id = %id, job.kind = self.kind.name, job.attempt = self.run.attempt, outcome = what, "an attempt ended");
    }

    async fn watch(&self, mut handler: JoinHandle<Result<Value, JobFault>>) -> Outcome {
        let lease = &self.run.lease;
        let grace = Duration::from_millis(self.jobs.inner.settings.cancel_grace_ms);
        let mut tick = tokio::time::interval(PROGRESS_EVERY);
        tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        let time_over = tokio::time::sleep(self.kind.timeout);
        let grace_over = async {
            lease.cancel.cancelled().await;
            tokio::time::sleep(grace).await;
        };
        let (mut time_over, mut grace_over) =
            (std::pin::pin!(time_over), std::pin::pin!(grace_over));
        let outcome = loop {
            tokio::select! {
                joined = &mut handler => return returned(joined),
                _ = tick.tick() => self.store_progress().await,
                () = lease.lost.cancelled() => break Outcome::Lost,
                () = self.put_back.cancelled() => break Outcome::PutBack,
                () = &mut grace_over => break Outcome::Cancelled,
                () = &mut time_over => break Outcome::TimedOut,
            }
        };
        handler.abort();
        let _ = tokio::time::timeout(STOP_TIME, handler).await;
        outcome
    }

    async fn store_progress(&self) {
        let Some(progress) = self.run.lease.take_progress() else {
            return;
        };
        let (lease, stored) = (self.run.lease.clone(), progress.clone());
        let written = self
            .jobs
            .inner
            .database
            .write(move |tx| {
                Box::pin(async move { store::progress(tx, &lease.id, &lease.token, stored).await })
            })
            .await;
        match written {
            Ok(true) => {
                let workspace = self.run.workspace.to_string();
                let announcer = &self.jobs.inner.announcer;
                announcer.progress(&workspace, &self.run.lease.id, self.kind.name, &progress);
            }
            Ok(false) => self.run.lease.lost.cancel(),
            Err(fault) => tracing::debug!(error = %fault, "progress was not stored"),
        }
    }

    /// Writes what became of it, and says so in one word.
    async fn conclude(&self, outcome: Outcome) -> &'static str {
        self.store_progress().await;
        let (ending, word) = match outcome {
            Outcome::Lost | Outcome::Returned(Err(JobFault::Lost)) => {
                tracing::warn!(job.id = %self.run.id, job.kind = self.kind.name, "the lease was lost; another worker has the job");
                return "lost";
            }
            Outcome::PutBack | Outcome::Returned(Err(JobFault::Released)) => {
                (self.waiting(Duration::ZERO), "released")
            }
            Outcome::Cancelled | Outcome::Returned(Err(JobFault::Cancelled)) => {
                (plain(State::Cancelled), "cancelled")
            }
            // What a handler makes of being asked to end is not a failure.
            Outcome::Returned(Err(_)) if self.run.is_cancelled() => {
                (plain(State::Cancelled), "cancelled")
            }
            Outcome::Returned(Ok(value)) => match serialised(&value) {
                Ok(text) => {
                    let result = Some(text);
                    (
                        Ending {
                            result,
                            ..plain(State::Done)
                        },
                        "done",
                    )
                }
                Err(fault) => self.failed(fault),
            },
            Outcome::Returned(Err(fault)) => self.failed(fault),
            Outcome::Panicked => self.failed(JobFault::retry("jobs.panicked")),
            Outcome::TimedOut => {
                let limit = self.kind.timeout.as_secs_f64();
                self.failed(JobFault::retry("jobs.timed_out").with("seconds", limit))
            }
        };
        let state = ending.state;
        if !self.write_end(ending).await {
            return "lost";
        }
        let announcer = &self.jobs.inner.announcer;
        announcer.ended(
            &self.run.workspace.to_string(),
            &self.run.lease.id,
            self.kind.name,
            state,
        );
        if state == State::Waiting {
            self.jobs.wake();
        }
        word
    }

    fn waiting(&self, delay: Duration) -> Ending {
        let now = self.run.context.clock.now();
        let later = now.unix_ms().saturating_add(delay.as_millis() as i64);
        Ending {
            run_at: crate::clock::Timestamp::from_unix_ms(later),
            ..plain(State::Waiting)
        }
    }

    fn failed(&self, fault: JobFault) -> (Ending, &'static str) {
        let JobFault::Failed {
            code,
            arguments,
            again,
        } = fault
        else {
            return (self.waiting(Duration::ZERO), "released");
        };
        let failures = self.failures + 1;
        let error = Some((code.to_owned(), arguments_json(&arguments)));
        if again && failures < self.kind.attempts {
            let waiting = self.waiting(self.kind.delay(failures));
            return (
                Ending {
                    error,
                    failures: 1,
                    ..waiting
                },
                "retried",
            );
        }
        tracing::warn!(job.id = %self.run.id, job.kind = self.kind.name, job.attempt = self.run.attempt, job.error = code, "a job failed for good");
        (
            Ending {
                error,
                failures: 1,
                ..plain(State::Failed)
            },
            "failed",
        )
    }

    /// False where it could not be: the lease was lost, or the database took no write for long.
    async fn write_end(&self, ending: Ending) -> bool {
        let now = self.run.context.clock.now();
        for attempt in 1..=END_TRIES {
            let (lease, ending) = (self.run.lease.clone(), ending.clone());
            let is_told = ending.state.is_final() && attempt <= TOLD_TRIES;
            let jobs = self.jobs.clone();
            let written = self
                .jobs
                .inner
                .database
                .write(move |tx| {
                    Box::pin(async move {
                        let held =
                            store::end(tx, &lease.id, &lease.token, now, ending, None).await?;
                        if held && is_told {
                            jobs.inner.announcer.put_in(tx, &lease.id).await?;
                        }
                        Ok(held)
                    })
                })
                .await;
            match written {
                Ok(held) => return held,
                Err(DataError::Closed) => return false,
                Err(fault) => {
                    tracing::warn!(error = %fault, job.id = %self.run.id, "the end of a job was not written; trying again");
                    tokio::time::sleep(Duration::from_millis(100 << attempt)).await;
                }
            }
        }
        false
    }
}

fn returned(joined: Result<Result<Value, JobFault>, JoinError>) -> Outcome {
    match joined {
        Ok(result) => Outcome::Returned(result),
        Err(fault) if fault.is_panic() => Outcome::Panicked,
        Err(_aborted) => Outcome::PutBack,
    }
}

pub(super) fn plain(state: State) -> Ending {
    Ending {
        state,
        run_at: None,
        result: None,
        error: None,
        failures: 0,
        losses: 0,
    }
}

/// A message's arguments as a JSON object.
pub(super) fn arguments_json(arguments: &Arguments) -> String {
    let object: serde_json::Map<String, Value> = arguments
        .iter()
        .map(|(name, value)| {
            let value: String = value.chars().take(500).collect();
            ((*name).to_owned(), Value::String(value))
        })
        .collect();
    Value::Object(object).to_string()
}
