//! What changes is told to those who listen: `jobs.progress`, `jobs.done`, `jobs.failed`, `jobs.cancelled`.
//!
//! This is the one seam to the events of the house. A listener that misses an announcement, or sits in another process,
//! still finds the change in the row: its revision has grown.

use std::sync::OnceLock;

use serde_json::{Value, json};
use tokio::sync::broadcast;

use super::State;
use super::store::Progress;
use super::tables::job;
use crate::auth::WorkspaceId;
use crate::events::Events;
use crate::notify::{self, Notify};
use crate::task;

/// Announcements kept for a listener that is slow; one that falls behind looks at the row.
const BACKLOG: usize = 256;

pub(super) struct Announcer {
    changed: broadcast::Sender<Announcement>,
    /// The events of the house, once it is open.
    events: OnceLock<Events>,
    /// The webhooks of the house, once it is open.
    notify: OnceLock<Notify>,
}

/// A change of a job.
#[derive(Clone, Debug)]
pub(super) struct Announcement {
    /// The job.
    pub(super) id: String,
}

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

    /// The state that a row has reached.
    pub(super) fn announce(&self, row: &job::Model) {
        let state = State::of_word(&row.state).unwrap_or(State::Waiting);
        self.ended(&row.workspace_id, &row.id, &row.kind, state);
    }

    /// A new state.
    pub(super) fn ended(&self, workspace: &str, id: &str, kind: &str, state: State) {
        let event = match state {
            State::Done => "jobs.done",
            State::Failed => "jobs.failed",
            State::Cancelled => "jobs.cancelled",
            State::Waiting | State::Running => "jobs.progress",
        };
        let data = json!({ "kind": kind, "state": state.word() });
        self.publish(workspace, id, event, data);
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

    /// From now on ends are told to the workspace's webhooks.
    pub(super) fn notify_by(&self, notify: Notify) {
        let _ = self.notify.set(notify);
    }

    /// Puts the end of a job into the outbox of each webhook that asks for it. The job has ended already: a crash right here
    /// loses the word of it, never the result.
    fn announce_outside(
        &self,
        workspace: WorkspaceId,
        id: &str,
        event: &'static str,
        data: &Value,
    ) {
        let Some(notify) = self.notify.get().cloned() else {
            return;
        };
        let mut said = data.as_object().cloned().unwrap_or_default();
        said.insert("job".to_owned(), id.into());
        let announcement = notify::Announcement {
            workspace,
            kind: event.to_owned(),
            data: said,
            idempotency_key: Some(format!("{id}:{event}")),
        };
        task::spawn(async move {
            if let Err(fault) = notify.announce(announcement).await {
                tracing::warn!(error = %fault, "webhooks were not told of a job's end");
            }
        });
    }

    fn publish(&self, workspace: &str, id: &str, event: &'static str, data: Value) {
        if let Ok(workspace) = workspace.parse() {
            if event != "jobs.progress" {
                self.announce_outside(workspace, id, event, &data);
            }
            if let Some(events) = self.events.get() {
                events.publish(workspace, event, id, data);
            }
        }
        // An error says that nobody listens.
        let _ = self.changed.send(Announcement { id: id.to_owned() });
    }
}
