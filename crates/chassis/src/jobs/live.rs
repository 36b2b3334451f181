//! A job as a stream of events: its state now, then each change, until it has ended.

use std::convert::Infallible;
use std::time::Duration;

use axum::response::sse::Event;
use futures_util::stream::{self, Stream};
use serde_json::json;
use tokio::sync::broadcast::Receiver;
use tokio::sync::broadcast::error::RecvError;
use tokio::time::Instant;

use super::announce::Announcement;
use super::{JobId, JobView, Jobs, State};
use crate::auth::{Scope, Verb, WorkspaceId};
use crate::data::DataError;
use crate::events::{self, Grant, Place};
use crate::i18n::{Catalogue, Language};

/// How often the row is looked at, for what another process changed.
const LOOK_EVERY: Duration = Duration::from_millis(500);
/// A stream ends after this time; the caller comes back with `Last-Event-ID`.
const LONGEST: Duration = Duration::from_mins(15);
/// What following a job asks for.
pub(super) const SCOPE: Scope<'static> = Scope::new("jobs", Verb::Read);

/// Who follows what.
pub(super) struct Follower {
    pub(super) jobs: Jobs,
    pub(super) workspace: WorkspaceId,
    pub(super) id: JobId,
    pub(super) catalogue: std::sync::Arc<Catalogue>,
    pub(super) language: Language,
    /// The last revision that the caller has seen.
    pub(super) seen: Option<i64>,
    /// The credentials that he follows it with.
    pub(super) grant: Grant,
    /// Held for as long as the stream is open.
    pub(super) place: Place,
}

/// What to do next.
enum Next {
    Look,
    /// The server ends the stream, for this reason.
    End(&'static str),
    /// It has been open for long enough.
    Over,
}

impl Follower {
    pub(super) fn events(self) -> impl Stream<Item = Result<Event, Infallible>> {
        let changes = self.jobs.inner.announcer.listen();
        let end = Instant::now() + LONGEST;
        stream::unfold(Some((self, changes, end)), |state| async move {
            let (mut follower, mut changes, end) = state?;
            loop {
                match follower.change().await {
                    Ok(Some(view)) => {
                        let is_over = State::of_word(&view.state).is_none_or(State::is_final);
                        let event = event(&view);
                        let next = (!is_over).then_some((follower, changes, end));
                        return Some((Ok(event), next));
                    }
                    Ok(None) => {}
                    // Deleted, or the database is away: the caller comes back.
                    Err(_) => return None,
                }
                match follower.wait(&mut changes, end).await {
                    Next::Look => {}
                    Next::End(reason) => return Some((Ok(last(reason)), None)),
                    Next::Over => return None,
                }
            }
        })
    }

    /// The job, if the caller has not seen it so.
    async fn change(&mut self) -> Result<Option<JobView>, DataError> {
        let row = self.jobs.find(self.workspace, self.id).await?;
        let row = row.ok_or(DataError::Closed)?;
        let is_over = State::of_word(&row.state).is_none_or(State::is_final);
        if self.seen == Some(row.revision) && !is_over {
            return Ok(None);
        }
        self.seen = Some(row.revision);
        Ok(Some(JobView::of(row, &self.catalogue, self.language)))
    }

    /// Waits for a reason to look again, or to end.
    async fn wait(&mut self, changes: &mut Receiver<Announcement>, end: Instant) -> Next {
        let _ = &self.place;
        let id = self.id.to_string();
        loop {
            let told = async {
                loop {
                    match changes.recv().await {
                        Ok(change) if change.id != id => {}
                        Ok(_) | Err(RecvError::Lagged(_)) => return,
                        Err(RecvError::Closed) => std::future::pending().await,
                    }
                }
            };
            tokio::select! {
                // In this order: nothing more is told once the credentials are in doubt.
                biased;
                () = self.grant.doubt() => if !self.grant.holds().await {
                    return Next::End("signed_out");
                },
                () = self.jobs.inner.pause.cancelled() => return Next::End("stopping"),
                () = tokio::time::sleep_until(end) => return Next::Over,
                () = told => return Next::Look,
                () = tokio::time::sleep(LOOK_EVERY) => return Next::Look,
            }
        }
    }
}

/// The last event of a stream that the server ends, as those of `/events` have it.
fn last(reason: &'static str) -> Event {
    events::ended(reason);
    let data = json!({ "reason": reason }).to_string();
    Event::default().event("end").data(data)
}

fn event(view: &JobView) -> Event {
    let data = serde_json::to_string(view).expect("a job is plain data");
    Event::default()
        .id(view.revision.to_string())
        .event(name(&view.state))
        .data(data)
}

/// `jobs.progress` until the end, then `jobs.done`, `jobs.failed` or `jobs.cancelled`.
fn name(state: &str) -> &'static str {
    match State::of_word(state) {
        Some(State::Done) => "jobs.done",
        Some(State::Failed) => "jobs.failed",
        Some(State::Cancelled) => "jobs.cancelled",
        _ => "jobs.progress",
    }
}
