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
use crate::events::Events;

/// Announcements kept for a listener that is slow; one that falls behind looks at the row.
const BACKLOG: usize = 256;

pub(super) struct Announcer {
    changed: broadcast::Sender<Announcement>,
    /// The events of the house, once it is open.
    events: OnceLock<Events>,
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

    fn publish(&self, workspace: &str, id: &str, event: &'static str, data: Value) {
        if let (Some(events), Ok(workspace)) = (self.events.get(), workspace.parse()) {
            events.publish(workspace, event, id, data);
        }
        // An error says that nobody listens.
        let _ = self.changed.send(Announcement { id: id.to_owned() });
    }
}
