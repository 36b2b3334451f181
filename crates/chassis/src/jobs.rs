//! Work in the background: durable, on the same database, safe to be killed at any moment.
//!
//! * [`Kind`]: what can be done, registered by `Service::jobs` and by rooms; [`NewJob`] and [`Jobs::enqueue`] ask for it,
//!   [`Jobs::enqueue_in`] as part of a transaction
//! * [`Run`]: what a handler works with; [`JobFault`]: how it fails
//! * [`start`]: the loops that work, give signs of life, recover what died, schedule, measure and sweep
//! * the routes under `/jobs` stand in [`api`]
//!
//! # What is guaranteed
//!
//! A job that was accepted runs to its end, whoever dies meanwhile. Effects written in
//! [`Run::step_in`] happen exactly once; those of [`Run::step`] at least once, so they carry an idempotency key. Each
//! attempt has a token, and a worker that lost its lease can record nothing (decision 0028).

mod announce;
pub mod api;
mod chores;
mod drill;
mod drive;
mod fault;
mod kind;
mod live;
mod measure;
mod run;
mod store;
mod tables;
mod view;
mod worker;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, OnceLock};

use futures_util::future::BoxFuture;
use sea_orm::ActiveValue::Set;
use sea_orm::{ConnectionTrait, DatabaseTransaction};
use sea_orm_migration::MigrationTrait;
use serde_json::Value;
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

use crate::auth::usage::Source;
use crate::auth::{Auth, UserId, WorkspaceId};
use crate::clock::Timestamp;
use crate::config;
use crate::data::{DataError, Database};
use crate::events::Events;
use crate::i18n::{Catalogue, Language};
use crate::notify;

pub use fault::{EnqueueFault, JobFault};
pub use kind::Kind;
pub use measure::JobCounts;
pub(crate) use measure::counts;
pub use run::Run;
pub use view::{JobError, JobProgress, JobView};
pub use worker::{Worker, start};

use announce::Announcer;
use kind::Pattern;
use run::Lease;
use tables::job;

crate::id_type! {
    /// A job.
    JobId
}

/// Bytes of a job's input as JSON: larger things are objects, and the input names them.
pub const MOST_INPUT_BYTES: usize = 256 * 1024;
/// Bytes of an idempotency key.
const MOST_KEY_BYTES: usize = 255;

/// Where a job is on its way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// Will begin when it is its turn and its time, also after a failed attempt.
    Waiting,
    /// A worker has it.
    Running,
    /// It has its result.
    Done,
    /// All attempts failed: the dead letters. [`Jobs::retry`] lets it wait again.
    Failed,
    /// Its owner cancelled it.
    Cancelled,
}

impl State {
    /// All of them.
    pub const ALL: [Self; 5] = [
        Self::Waiting,
        Self::Running,
        Self::Done,
        Self::Failed,
        Self::Cancelled,
    ];

    /// Its word in the database and in answers.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Running => "running",
            Self::Done => "done",
            Self::Failed => "failed",
            Self::Cancelled => "cancelled",
        }
    }

    /// Reads its word.
    pub fn of_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.word() == word)
    }
}

/// A job to be done.
#[derive(Clone, Debug)]
pub struct NewJob {
    /// Whose it is.
    pub workspace: WorkspaceId,
    /// Who asks for it; none where no person did.
    pub user: Option<UserId>,
    /// The name of its kind.
    pub kind: &'static str,
    /// What the handler is given.
    pub input: Value,
    /// Asking twice with one key, for one workspace and kind, gives one job as long as that is kept.
    pub idempotency_key: Option<String>,
    /// Higher ones begin first; 0 is usual.
    pub priority: i16,
    /// Not before this moment.
    pub run_at: Option<Timestamp>,
}

impl NewJob {
    /// A job of usual priority, as soon as possible.
    pub fn new(workspace: WorkspaceId, kind: &'static str, input: Value) -> Self {
        Self {
            workspace,
            user: None,
            kind,
            input,
            idempotency_key: None,
            priority: 0,
            run_at: None,
        }
    }
}

/// A job that was taken on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Enqueued {
    /// The job.
    pub id: JobId,
    /// False where one with this idempotency key was there.
    pub is_new: bool,
}

/// Why kinds cannot be registered.
#[derive(Debug, thiserror::Error)]
pub enum KindFault {
    /// Two have one name.
    #[error("two kinds of job are named `{0}`")]
    Twice(&'static str),
    /// A schedule that is no cron pattern.
    #[error("the schedule of `{0}` is no cron pattern: {1}")]
    Schedule(&'static str, String),
}

/// The queue. Clones share it.
#[derive(Clone)]
pub struct Jobs {
    inner: Arc<Inner>,
}

struct Inner {
    database: Database,
    settings: config::Jobs,
    kinds: BTreeMap<&'static str, Kind>,
    patterns: Vec<(&'static str, Pattern)>,
    /// Something was brought: look at once.
    wake: Notify,
    /// The server stops.
    pause: CancellationToken,
    /// What this process works on.
    running: Mutex<Vec<Arc<Lease>>>,
    announcer: Announcer,
    /// The accounts, whose plans bound what may wait.
    auth: OnceLock<Auth>,
}

impl Jobs {
    /// A queue for these kinds.
    pub fn new(
        database: &Database,
        settings: &config::Jobs,
        kinds: impl IntoIterator<Item = Kind>,
    ) -> Result<Self, KindFault> {
        let own = settings.drill.then(drill::kind);
        let mut known = BTreeMap::new();
        let mut patterns = Vec::new();
        for kind in kinds.into_iter().chain(own) {
            let name = kind.name;
            if let Some(pattern) = kind.schedule {
                let pattern =
                    Pattern::parse(pattern).map_err(|fault| KindFault::Schedule(name, fault))?;
                patterns.push((name, pattern));
            }
            if known.insert(name, kind).is_some() {
                return Err(KindFault::Twice(name));
            }
        }
        Ok(Self {
            inner: Arc::new(Inner {
                database: database.clone(),
                settings: settings.clone(),
                kinds: known,
                patterns,
                wake: Notify::new(),
                pause: CancellationToken::new(),
                running: Mutex::new(Vec::new()),
                announcer: Announcer::new(),
                auth: OnceLock::new(),
            }),
        })
    }

    /// Tells the ends of jobs to webhooks, and failures to people.
    pub fn notify_by(&self, notify: notify::Notify) {
        self.inner.announcer.notify_by(notify);
    }

    /// Lets plans bound what may wait, and counts it for them.
    pub fn bounded_by(&self, auth: &Auth) {
        // A queue belongs to one house; its first accounts stay.
        let _ = self.inner.auth.set(auth.clone());
        auth.count_by(Arc::new(self.clone()));
    }

    /// How many jobs of one workspace may wait: the configuration's bound, or the plan's where that is less.
    async fn most_waiting(
        &self,
        connection: &impl ConnectionTrait,
        workspace: WorkspaceId,
    ) -> Result<u64, DataError> {
        let most = self.inner.settings.most_waiting;
        let Some(auth) = self.inner.auth.get() else {
            return Ok(most);
        };
        let (_, plan) = auth.plan_in(connection, workspace).await?;
        Ok(most.min(plan.jobs_waiting.into()))
    }

    /// Tells changes to those who listen to the house's events.
    pub fn tell_by(&self, events: Events) {
        self.inner.announcer.tell_by(events);
    }

    /// Takes a job on; once this answers, it will be done.
    pub async fn enqueue(&self, new: NewJob) -> Result<Enqueued, EnqueueFault> {
        let jobs = self.clone();
        let enqueued = self
            .inner
            .database
            .write(move |tx| Box::pin(async move { jobs.enqueue_in(tx, new).await }))
            .await?;
        self.wake();
        Ok(enqueued)
    }

    /// Takes a job on as part of a transaction: it is there if and only if that commits. The worker finds it at its next
    /// look (`jobs.poll_ms`), or at once if [`Jobs::wake`] is called after the commit.
    pub async fn enqueue_in(
        &self,
        tx: &DatabaseTransaction,
        new: NewJob,
    ) -> Result<Enqueued, EnqueueFault> {
        let inner = &self.inner;
        if !inner.kinds.contains_key(new.kind) {
            return Err(EnqueueFault::UnknownKind(new.kind.to_owned()));
        }
        let input = new.input.to_string();
        let too_large = |what, limit| EnqueueFault::TooLarge { what, limit };
        if input.len() > MOST_INPUT_BYTES {
            return Err(too_large("input", MOST_INPUT_BYTES));
        }
        if new
            .idempotency_key
            .as_ref()
            .is_some_and(|key| key.len() > MOST_KEY_BYTES)
        {
            return Err(too_large("idempotency key", MOST_KEY_BYTES));
        }
        let clock = inner.database.clock();
        let (id, now) = (JobId::generate(clock), clock.now().to_string());
        let workspace = new.workspace.to_string();
        let row = job::ActiveModel {
            id: Set(id.to_string()),
            workspace_id: Set(workspace.clone()),
            user_id: Set(new.user.map(|user| user.to_string())),
            kind: Set(new.kind.to_owned()),
            state: Set(State::Waiting.word().to_owned()),
            priority: Set(new.priority.into()),
            input: Set(input),
            idempotency_key: Set(new.idempotency_key.clone()),
            run_at: Set(new.run_at.map_or_else(|| now.clone(), |at| at.to_string())),
            created_at: Set(now),
            ..Default::default()
        };
        // Before the quota: who repeats himself adds nothing.
        if let Some(key) = &new.idempotency_key
            && let Some(earlier) = store::by_key(tx, &workspace, new.kind, key).await?
        {
            return repeated(&earlier);
        }
        let limit = self.most_waiting(tx, new.workspace).await?;
        if store::has_waiting(tx, &workspace, limit).await? {
            return Err(EnqueueFault::TooManyWaiting { limit });
        }
        if store::insert(tx, row).await? {
            return Ok(Enqueued { id, is_new: true });
        }
        let key = new.idempotency_key.unwrap_or_default();
        let earlier = store::by_key(tx, &workspace, new.kind, &key).await?;
        repeated(&earlier.unwrap_or_default())
    }

    /// Lets the worker look for jobs at once.
    pub fn wake(&self) {
        self.inner.wake.notify_one();
    }

    /// A job of a workspace, as its owner sees it.
    pub async fn view(
        &self,
        workspace: WorkspaceId,
        id: JobId,
        catalogue: &Catalogue,
        language: Language,
    ) -> Result<Option<JobView>, DataError> {
        let row = self.find(workspace, id).await?;
        Ok(row.map(|row| JobView::of(row, catalogue, language)))
    }

    pub(crate) async fn find(
        &self,
        workspace: WorkspaceId,
        id: JobId,
    ) -> Result<Option<job::Model>, DataError> {
        store::find(
            &self.inner.database,
            &workspace.to_string(),
            &id.to_string(),
        )
        .await
    }

    /// Cancels a waiting job at once and asks a running one to end. One that has ended stays as it is.
    pub async fn cancel(&self, workspace: WorkspaceId, id: JobId) -> Result<(), DataError> {
        let now = self.inner.database.clock().now();
        let (workspace_id, job) = (workspace.to_string(), id.to_string());
        self.inner
            .database
            .write(move |tx| {
                Box::pin(async move { store::cancel(tx, &workspace_id, &job, now).await })
            })
            .await?;
        if let Some(row) = self.find(workspace, id).await? {
            if row.cancel_requested_at.is_some() {
                let held = self.running();
                let of_job = held.iter().filter(|lease| lease.id == row.id);
                of_job.for_each(|lease| lease.cancel.cancel());
            }
            self.inner.announcer.cancelled(&self.inner.database, &row);
        }
        Ok(())
    }

    /// Lets a failed job wait again; its recorded steps are not repeated. False where it has not failed.
    pub async fn retry(&self, workspace: WorkspaceId, id: JobId) -> Result<bool, EnqueueFault> {
        let now = self.inner.database.clock().now();
        let of = workspace;
        let (workspace, id) = (workspace.to_string(), id.to_string());
        let limit = self.most_waiting(self.inner.database.read(), of).await?;
        let retried = self
            .inner
            .database
            .write(move |tx| {
                Box::pin(async move {
                    if store::has_waiting(tx, &workspace, limit).await? {
                        return Err(EnqueueFault::TooManyWaiting { limit });
                    }
                    Ok(store::retry(tx, &workspace, &id, now).await?)
                })
            })
            .await?;
        self.wake();
        Ok(retried)
    }

    fn running(&self) -> std::sync::MutexGuard<'_, Vec<Arc<Lease>>> {
        self.inner
            .running
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

impl Source for Jobs {
    fn name(&self) -> &'static str {
        "jobs_waiting"
    }

    fn count(&self, workspace: WorkspaceId) -> BoxFuture<'_, Result<u64, DataError>> {
        Box::pin(async move { store::waiting(&self.inner.database, workspace).await })
    }
}

fn repeated(id: &str) -> Result<Enqueued, EnqueueFault> {
    let id = id
        .parse()
        .map_err(|_| DataError::Malformed { column: "job.id" })?;
    Ok(Enqueued { id, is_new: false })
}

/// The room's tables.
pub(crate) fn migrations() -> Vec<Box<dyn MigrationTrait>> {
    tables::migrations()
}
