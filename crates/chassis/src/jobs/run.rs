//! What a handler has in its hands: its input, its steps, its progress, and whether it should end.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use futures_util::future::BoxFuture;
use sea_orm::DatabaseTransaction;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use tokio_util::sync::CancellationToken;

use super::store::{self, Progress};
use super::{JobFault, JobId, State};
use crate::auth::{UserId, WorkspaceId};
use crate::service::Context;

/// Bytes of a step's result, or a job's, as JSON.
pub(super) const MOST_RESULT_BYTES: usize = 256 * 1024;
/// Bytes of a step's name.
const MOST_NAME_BYTES: usize = 200;
/// Characters of a progress note.
const MOST_NOTE_CHARACTERS: usize = 200;

/// One attempt at a job. Clones share it.
#[derive(Clone)]
pub struct Run {
    /// The house.
    pub context: Arc<Context>,
    /// The job.
    pub id: JobId,
    /// Whose it is: the handler reads and writes this workspace's rows only.
    pub workspace: WorkspaceId,
    /// Who asked for it, if a person did.
    pub user: Option<UserId>,
    /// What it was given.
    pub input: Value,
    /// How often it was begun, this time included.
    pub attempt: u32,
    pub(super) lease: Arc<Lease>,
}

/// The right to work on a job, for one attempt.
pub(super) struct Lease {
    pub(super) id: String,
    pub(super) token: String,
    pub(super) kind: &'static str,
    /// The owner cancelled it.
    pub(super) cancel: CancellationToken,
    /// Somebody else has it.
    pub(super) lost: CancellationToken,
    /// The server stops.
    pub(super) pause: CancellationToken,
    recorded: Mutex<HashMap<String, String>>,
    progress: Mutex<Option<Progress>>,
}

impl Lease {
    pub(super) fn new(
        id: String,
        token: String,
        kind: &'static str,
        recorded: Vec<(String, String)>,
        pause: CancellationToken,
    ) -> Self {
        Self {
            id,
            token,
            kind,
            cancel: CancellationToken::new(),
            lost: CancellationToken::new(),
            pause,
            recorded: Mutex::new(recorded.into_iter().collect()),
            progress: Mutex::new(None),
        }
    }

    /// The progress that is not stored yet.
    pub(super) fn take_progress(&self) -> Option<Progress> {
        self.progress
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take()
    }

    fn recorded(&self, name: &str) -> Option<String> {
        let recorded = self.recorded.lock().unwrap_or_else(PoisonError::into_inner);
        recorded.get(name).cloned()
    }
}

impl Run {
    /// The input as the kind's own type. An input that is not of this form fails for good.
    pub fn input<T: DeserializeOwned>(&self) -> Result<T, JobFault> {
        serde_json::from_value(self.input.clone())
            .map_err(|fault| JobFault::fatal("jobs.invalid_input").with("reason", fault))
    }

    /// Ready once the owner has cancelled the job: for handlers that wait for something long. Others call [`Run::check`]
    /// now and then, or have steps, which do.
    pub async fn cancelled(&self) {
        self.lease.cancel.cancelled().await;
    }

    /// Whether the owner has cancelled the job.
    pub fn is_cancelled(&self) -> bool {
        self.lease.cancel.is_cancelled()
    }

    /// An error where this attempt should end now: cancelled, lost, or the server stops. To be passed on with `?`.
    pub fn check(&self) -> Result<(), JobFault> {
        if self.lease.lost.is_cancelled() {
            Err(JobFault::Lost)
        } else if self.lease.cancel.is_cancelled() {
            Err(JobFault::Cancelled)
        } else if self.lease.pause.is_cancelled() {
            Err(JobFault::Released)
        } else {
            Ok(())
        }
    }

    /// Says how far the job is. May be called as often as one likes: it is stored a few times a second.
    pub fn progress(&self, done: u64, total: Option<u64>, note: &str) {
        let count = |number| i64::try_from(number).unwrap_or(i64::MAX);
        let note: String = note.chars().take(MOST_NOTE_CHARACTERS).collect();
        let progress = Progress {
            done: count(done),
            total: total.map(count),
            note: Some(note).filter(|note| !note.is_empty()),
        };
        *self
            .lease
            .progress
            .lock()
            .unwrap_or_else(PoisonError::into_inner) = Some(progress);
    }

    /// A key for an outside effect of this step: the same at each attempt, so that the other side can tell a repetition.
    pub fn effect_key(&self, step: &str) -> String {
        format!("{}:{step}", self.id)
    }

    /// Does a step and records its result, before going on; a step that was recorded, in this attempt or one before, is
    /// not done again but gives the recorded result.
    ///
    /// `work` runs **at least once**: a crash after its effect and before the record repeats it. What it does outside must
    /// bear that, for example by [`Run::effect_key`]. What it does in our database belongs in [`Run::step_in`].
    pub async fn step<T, F, Fut>(&self, name: &str, work: F) -> Result<T, JobFault>
    where
        T: Serialize + DeserializeOwned + Send + 'static,
        F: FnOnce() -> Fut,
        Fut: Future<Output = Result<T, JobFault>>,
    {
        if let Some(result) = self.known(name)? {
            return Ok(result);
        }
        self.check()?;
        let value = work().await?;
        self.record(name, move |_| Box::pin(std::future::ready(Ok(value))))
            .await
    }

    /// Does a step inside the transaction that records it: what it writes there happens **exactly once**, or, where the
    /// job is cancelled or fails before, not at all. As in every write, `work` holds statements only.
    ///
    /// A worker that was taken for dead and comes back late changes nothing: the transaction first makes sure that the
    /// attempt still holds the job.
    pub async fn step_in<T, F>(&self, name: &str, work: F) -> Result<T, JobFault>
    where
        T: Serialize + DeserializeOwned + Send + 'static,
        F: for<'c> FnOnce(&'c DatabaseTransaction) -> BoxFuture<'c, Result<T, JobFault>>
            + Send
            + 'static,
    {
        if let Some(result) = self.known(name)? {
            return Ok(result);
        }
        self.check()?;
        self.record(name, work).await
    }

    fn known<T: DeserializeOwned>(&self, name: &str) -> Result<Option<T>, JobFault> {
        let Some(text) = self.lease.recorded(name) else {
            return Ok(None);
        };
        // A newer version may have changed the type: that is an error of ours, and no attempt can mend it.
        let value = serde_json::from_str(&text)
            .map_err(|fault| JobFault::fatal("jobs.invalid_step").with("reason", fault))?;
        Ok(Some(value))
    }

    async fn record<T, F>(&self, name: &str, work: F) -> Result<T, JobFault>
    where
        T: Serialize + Send + 'static,
        F: for<'c> FnOnce(&'c DatabaseTransaction) -> BoxFuture<'c, Result<T, JobFault>>
            + Send
            + 'static,
    {
        if name.is_empty() || name.len() > MOST_NAME_BYTES {
            return Err(JobFault::fatal("jobs.invalid_step").with("reason", "its name"));
        }
        let (lease, now) = (self.lease.clone(), self.context.clock.now());
        let step = name.to_owned();
        let (value, text) = self
            .context
            .database
            .write(move |tx| {
                Box::pin(async move {
                    if !store::hold(tx, &lease.id, &lease.token).await? {
                        return Err(JobFault::Lost);
                    }
                    let value = work(tx).await?;
                    let text = serialised(&value)?;
                    store::record_step(tx, &lease.id, &step, text.clone(), now).await?;
                    Ok((value, text))
                })
            })
            .await
            .inspect_err(|fault| {
                if matches!(fault, JobFault::Lost) {
                    self.lease.lost.cancel();
                }
            })?;
        let mut recorded = self
            .lease
            .recorded
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        recorded.insert(name.to_owned(), text);
        Ok(value)
    }
}

/// JSON of a bounded size.
pub(super) fn serialised(value: &impl Serialize) -> Result<String, JobFault> {
    let text = serde_json::to_string(value)
        .map_err(|fault| JobFault::fatal("jobs.invalid_step").with("reason", fault))?;
    if text.len() > MOST_RESULT_BYTES {
        return Err(JobFault::fatal("jobs.result_too_large").with("limit", MOST_RESULT_BYTES));
    }
    Ok(text)
}

impl State {
    /// Whether nothing happens to the job any more by itself.
    pub fn is_final(self) -> bool {
        matches!(self, Self::Done | Self::Failed | Self::Cancelled)
    }
}
