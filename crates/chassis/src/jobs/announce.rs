//! What changes is told to those who listen: `jobs.progress`, `jobs.done`, `jobs.failed`, `jobs.cancelled`.
//!
//! This is the one seam to the events of the house, and to its outbox. A listener that misses an announcement, or sits in
//! another process, still finds the change in the row: its revision has grown. The word of an end goes into the outbox in
//! the transaction that ends the job, so no kill loses it; what keeps it from being written never keeps the job from ending.

use std::sync::OnceLock;

use sea_orm::{ColumnTrait, DatabaseTransaction, EntityTrait, QueryFilter, QuerySelect};
use serde_json::{Map, Value, json};
use tokio::sync::broadcast;

use super::store::Progress;
use super::tables::job;
use super::{State, view};
use crate::auth::{UserId, WorkspaceId};
use crate::data::{DataError, Database};
use crate::events::Events;
use crate::notify::{self, FailedJob, Notify};
use crate::task;

/// Announcements kept for a listener that is slow; one that falls behind looks at the row.
const BACKLOG: usize = 256;

pub(super) struct Announcer {
    changed: broadcast::Sender<Announcement>,
    /// The events of the house, once it is open.
    events: OnceLock<Events>,
    /// The outbox of the house, once it is open.
    notify: OnceLock<Notify>,
}

/// A change of a job.
#[derive(Clone, Debug)]
pub(super) struct Announcement {
    /// The job.
    pub(super) id: String,
}

/// How a job ended, as far as others are told: workspace, person, kind, state, attempt, and why it failed.
type End = (
    String,
    Option<String>,
    String,
    String,
    i32,
    Option<String>,
    Option<String>,
);

impl Announcer {
    pub(super) fn new() -> Self {
        Self {
            changed: broadcast::channel(BACKLOG).0,
            events: OnceLock::new(),
            notify: OnceLock::new(),
        }
    }

    pub(super) fn listen(&self) -> broadcast::Receiver<Announcement> {
        self.changed.subscribe()
    }

    /// A job that its owner cancelled, or asked to end. The word of it is written beside his request, which neither waits
    /// for it nor fails by it.
    pub(super) fn cancelled(&self, database: &Database, row: &job::Model) {
        let state = State::of_word(&row.state).unwrap_or(State::Waiting);
        self.ended(&row.workspace_id, &row.id, &row.kind, state);
        let Some(notify) = self.notify.get().cloned() else {
            return;
        };
        if state != State::Cancelled {
            return;
        }
        let (database, id) = (database.clone(), row.id.clone());
        task::spawn(async move {
            let outbox = notify.clone();
            let written = database
                .write(move |tx| Box::pin(async move { put_in(&outbox, tx, &id).await }))
                .await;
            match written {
                Ok(()) => notify.wake(),
                Err(fault) => {
                    tracing::warn!(error = %fault, "webhooks were not told of a job's end");
                }
            }
        });
    }

    /// Writes the word of a job's end down, inside the transaction that ends it: for webhooks that ask for it, and where it
    /// failed for people.
    pub(super) async fn put_in(&self, tx: &DatabaseTransaction, id: &str) -> Result<(), DataError> {
        match self.notify.get() {
            Some(notify) => put_in(notify, tx, id).await,
            None => Ok(()),
        }
    }

    /// A new state.
    pub(super) fn ended(&self, workspace: &str, id: &str, kind: &str, state: State) {
        if state.is_final()
            && let Some(notify) = self.notify.get()
        {
            notify.wake();
        }
        let data = json!({ "kind": kind, "state": state.word() });
        self.publish(workspace, id, event(state), data);
    }

    /// How far it is.
    pub(super) fn progress(&self, workspace: &str, id: &str, kind: &str, progress: &Progress) {
        let data = json!({
            "kind": kind,
            "state": State::Running.word(),
            "progress": { "done": progress.done, "total": progress.total, "note": progress.note },
        });
        self.publish(workspace, id, "jobs.progress", data);
    }

    /// From now on changes are told there too.
    pub(super) fn tell_by(&self, events: Events) {
        // A second house over one queue does not exist; the first one's events stay.
        let _ = self.events.set(events);
    }

    /// From now on ends are told to webhooks, and failures to people.
    pub(super) fn notify_by(&self, notify: Notify) {
        let _ = self.notify.set(notify);
    }

    fn publish(&self, workspace: &str, id: &str, event: &'static str, data: Value) {
        if let (Ok(workspace), Some(events)) = (workspace.parse(), self.events.get()) {
            events.publish(workspace, event, id, data);
        }
        // An error says that nobody listens.
        let _ = self.changed.send(Announcement { id: id.to_owned() });
    }
}

fn event(state: State) -> &'static str {
    match state {
        State::Done => "jobs.done",
        State::Failed => "jobs.failed",
        State::Cancelled => "jobs.cancelled",
        State::Waiting | State::Running => "jobs.progress",
    }
}

async fn put_in(notify: &Notify, tx: &DatabaseTransaction, id: &str) -> Result<(), DataError> {
    use job::Column;
    let found: Option<End> = job::Entity::find()
        .select_only()
        .columns([
            Column::WorkspaceId,
            Column::UserId,
            Column::Kind,
            Column::State,
            Column::Attempt,
            Column::ErrorCode,
            Column::ErrorArguments,
        ])
        .filter(Column::Id.eq(id))
        .into_tuple()
        .one(tx)
        .await?;
    let Some((workspace, user, kind, state, attempt, code, arguments)) = found else {
        return Ok(());
    };
    let state = State::of_word(&state).filter(|state| state.is_final());
    let Some(state) = state else { return Ok(()) };
    let workspace: WorkspaceId = workspace.parse().map_err(|_| DataError::Malformed {
        column: "job.workspace_id",
    })?;
    let mut data = Map::new();
    data.insert("job".to_owned(), id.into());
    data.insert("kind".to_owned(), kind.as_str().into());
    data.insert("state".to_owned(), state.word().into());
    if let Some(code) = code.as_deref().filter(|_| state == State::Failed) {
        data.insert("code".to_owned(), code.into());
    }
    let event = event(state);
    let announcement = notify::Announcement {
        workspace,
        kind: event.to_owned(),
        data,
        // A job that is tried again may end again.
        idempotency_key: Some(format!("{id}:{event}:{attempt}")),
    };
    notify.announce_in(tx, announcement).await?;
    if state == State::Failed {
        let user: Option<UserId> = user.and_then(|user| user.parse().ok());
        let code = code.unwrap_or_default();
        let failed = FailedJob {
            workspace,
            user,
            kind: &kind,
            id,
            attempt,
            reason: &|catalogue, language| {
                view::detail(&code, arguments.as_deref(), catalogue, language)
            },
        };
        notify.job_failed_in(tx, &failed).await?;
    }
    Ok(())
}
