//! A job as a stream of events: its state now, then each change, until it has ended.

use std::convert::Infallible;
use std::time::Duration;

use axum::response::sse::Event;
use futures_util::stream::{self, Stream};
use tokio::sync::broadcast::Receiver;
use tokio::sync::broadcast::error::RecvError;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::announce::Announcement;
use super::{JobId, JobView, Jobs, State};
use crate::auth::WorkspaceId;
use crate::data::DataError;
use crate::i18n::{Catalogue, Language};

/// How often the row is looked at, for what another process changed.
const LOOK_EVERY: Duration = Duration::from_millis(500);
/// A stream ends after this time; the caller comes back with `Last-Event-ID`.
const LONGEST: Duration = Duration::from_mins(15);
/// Streams of this process.
const MOST_STREAMS: usize = 500;

static PLACES: std::sync::LazyLock<std::sync::Arc<Semaphore>> =
    std::sync::LazyLock::new(|| std::sync::Arc::new(Semaphore::new(MOST_STREAMS)));

/// A place for a stream; none where there are too many.
pub(super) fn place() -> Option<OwnedSemaphorePermit> {
    PLACES.clone().try_acquire_owned().ok()
}

/// Who follows what.
pub(super) struct Follower {
    pub(super) jobs: Jobs,
    pub(super) workspace: WorkspaceId,
    pub(super) id: JobId,
    pub(super) catalogue: std::sync::Arc<Catalogue>,
    pub(super) language: Language,
    /// The last revision that the caller has seen.
    pub(super) seen: Option<i64>,
    pub(super) place: OwnedSemaphorePermit,
}

impl Follower {
    pub(super) fn events(self) -> impl Stream<Item = Result<Event, Infallible>> {
        let changes = self.jobs.inner.announcer.listen();
        let end = tokio::time::Instant::now() + LONGEST;
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
                if !follower.wait(&mut changes, end).await {
                    return None;
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

    /// Waits for a reason to look again. False at the end of the stream.
    async fn wait(&self, changes: &mut Receiver<Announcement>, end: tokio::time::Instant) -> bool {
        let _ = &self.place;
        let id = self.id.to_string();
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
            () = told => true,
            () = tokio::time::sleep(LOOK_EVERY) => true,
            () = tokio::time::sleep_until(end) => false,
            () = self.jobs.inner.pause.cancelled() => false,
        }
    }
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
