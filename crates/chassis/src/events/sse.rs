//! A live stream as server-sent events (WHATWG HTML, 9.2).

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use http::{HeaderMap, HeaderValue, header};
use tokio::time::{Instant, Interval, MissedTickBehavior};
use ulid::Ulid;

use super::{Event, Grant, Place, Signal, Subscription};
use crate::auth::{Caller, Scope, Verb};
use crate::http::problem::Problem;
use crate::service::Context;

/// Which events of the workspace are told; an empty one lets all through.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Filter {
    /// Kinds: `jobs.progress`, or all of a room: `jobs.*`.
    pub kinds: Vec<String>,
    /// What they are about.
    pub subject: Option<String>,
}

impl Filter {
    /// Whether an event is told.
    pub fn fits(&self, event: &Event) -> bool {
        let of_kind = |kind: &String| match kind.strip_suffix('*') {
            Some(room) => event.kind.starts_with(room),
            None => event.kind == *kind,
        };
        (self.kinds.is_empty() || self.kinds.iter().any(of_kind))
            && self
                .subject
                .as_ref()
                .is_none_or(|subject| event.subject == *subject)
    }
}

/// Answers with the live events of the caller's workspace, from now or from after an event. `headers` are the request's:
/// the stream ends once its credentials no longer grant `scope`.
pub fn stream(
    context: &Arc<Context>,
    caller: &Caller,
    scope: Scope<'static>,
    headers: &HeaderMap,
    filter: Filter,
    after: After,
) -> Result<Response, Problem> {
    let events = &context.events;
    let place = events.admit(caller)?;
    let mut listener = events.listen(caller.workspace, after.id());
    listener.missed |= after == After::Unreadable;
    let settings = &context.config.events;
    let told = Stream {
        first: Some(greeting(&listener)),
        position: listener.position,
        told: listener.position,
        listener,
        filter,
        beat: every(settings.heartbeat_ms),
        grant: Grant::new(context, caller, scope, headers),
        over: false,
        _place: place,
    };
    let body = Body::from_stream(futures_util::stream::unfold(told, |mut told| async move {
        let chunk = told.next().await?;
        Some((Ok::<_, Infallible>(chunk), told))
    }));
    let headers = [
        (
            header::CONTENT_TYPE,
            HeaderValue::from_static("text/event-stream"),
        ),
        (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
        // nginx holds answers back otherwise.
        (
            header::HeaderName::from_static("x-accel-buffering"),
            HeaderValue::from_static("no"),
        ),
    ];
    Ok((headers, body).into_response())
}

/// Where a stream begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum After {
    /// Now.
    Now,
    /// After this event.
    Event(Ulid),
    /// After something that is no id: a browser that comes back with it could not mend it, so it is told to begin anew.
    Unreadable,
}

impl After {
    fn id(self) -> Option<Ulid> {
        match self {
            Self::Event(id) => Some(id),
            Self::Now | Self::Unreadable => None,
        }
    }
}

struct Stream {
    first: Option<Bytes>,
    listener: Subscription,
    filter: Filter,
    /// The last event seen, told or not.
    position: Ulid,
    /// The last id that the client has.
    told: Ulid,
    beat: Interval,
    grant: Grant,
    over: bool,
    _place: Place,
}

impl Stream {
    async fn next(&mut self) -> Option<Bytes> {
        if let Some(first) = self.first.take() {
            return Some(first);
        }
        if self.over {
            return None;
        }
        loop {
            tokio::select! {
                // In this order: nothing more is told once the credentials are in doubt.
                biased;
                () = self.grant.doubt() => if !self.grant.holds().await {
                    return Some(self.end("signed_out"));
                },
                signal = self.listener.next() => match signal? {
                    Signal::Event(told) => {
                        self.position = told.event().id;
                        if self.filter.fits(told.event()) {
                            self.told = self.position;
                            self.beat.reset();
                            return Some(told.0.text.clone());
                        }
                    }
                    Signal::Reset => return Some(reset(self.position)),
                    Signal::Slow => return Some(self.end("slow")),
                    Signal::Stopping => return Some(self.end("stopping")),
                },
                _ = self.beat.tick() => return Some(self.sign_of_life()),
            }
        }
    }

    /// A comment; with it the position, where events were passed over: else a client whose filter lets little through
    /// would come back with an id that is long forgotten.
    fn sign_of_life(&mut self) -> Bytes {
        if self.told == self.position {
            return Bytes::from_static(b": alive\n\n");
        }
        self.told = self.position;
        format!(": alive\nid: {}\n\n", self.position).into()
    }

    fn end(&mut self, reason: &'static str) -> Bytes {
        self.over = true;
        ended(reason);
        format!(
            "retry: {}\nid: {}\nevent: end\ndata: {{\"reason\":\"{reason}\"}}\n\n",
            retry_ms(),
            self.position
        )
        .into()
    }
}

/// Counts a live stream that this instance ends.
pub(crate) fn ended(reason: &'static str) {
    metrics::counter!("events_streams_ended_total", "reason" => reason).increment(1);
}

/// What a room's events ask for.
pub(super) const SCOPE: Scope<'static> = Scope::new("events", Verb::Read);

fn greeting(listener: &Subscription) -> Bytes {
    let mut text = format!("retry: {}\nid: {}\n\n", retry_ms(), listener.position).into_bytes();
    if listener.missed {
        text.extend_from_slice(&reset(listener.position));
    }
    text.into()
}

fn reset(position: Ulid) -> Bytes {
    metrics::counter!("events_resets_total").increment(1);
    format!("id: {position}\nevent: reset\ndata: {{\"reason\":\"missed\"}}\n\n").into()
}

/// Between one and four seconds, so that the clients of an instance that stops do not all come back at once.
fn retry_ms() -> u128 {
    1_000 + Ulid::generate().random() % 3_000
}

fn every(ms: u64) -> Interval {
    let period = Duration::from_millis(ms);
    let mut interval = tokio::time::interval_at(Instant::now() + period, period);
    interval.set_missed_tick_behavior(MissedTickBehavior::Delay);
    interval
}
