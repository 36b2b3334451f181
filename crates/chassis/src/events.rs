//! What happens in a workspace, told live.
//!
//! [`Events::publish`] never waits and never fails: an event is news, and the state it speaks of is in the database. Each
//! workspace has a ring of its last events in memory, from which [`Events::subscribe`] reads, so that a slow listener costs
//! no memory. Where there is a Redis, one stream carries all events to all instances in one order, and each fills its rings
//! from there (`link`); a listener may then come back to another instance and miss nothing.
//!
//! Every live stream of the server, of events or of a job, takes one of the `places`, and lasts as long as its `grant`.

pub(crate) mod api;
mod grant;
mod link;
mod places;
mod ring;
mod sse;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError, Weak};
use std::time::Duration;

use futures_util::Stream;
use http::StatusCode;
use metrics::Counter;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tokio::sync::watch;
use ulid::Ulid;

use crate::auth::{Auth, Caller, Revocation, WorkspaceId};
use crate::clock::{Clock, Timestamp};
use crate::config::Config;
use crate::http::problem::Problem;
use crate::redis::Redis;
use crate::{id, task};
use link::Link;
use places::Places;
use ring::{Bounds, Entry, Found, Item, Ring};

pub(crate) use grant::Grant;
pub(crate) use places::Place;
pub(crate) use sse::ended;
pub use sse::{After, Filter, stream};

/// Larger data is left out of its event: an event points at state, it does not carry it.
const MOST_DATA_BYTES: usize = 16 * 1024;

/// Something that happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// Its id; events of one instance sort by it.
    pub id: Ulid,
    /// Where it happened.
    pub workspace: WorkspaceId,
    /// What: `jobs.progress`.
    pub kind: String,
    /// To what: an id.
    pub subject: String,
    /// More about it.
    pub data: Value,
    /// When.
    pub at: Timestamp,
}

/// What happens, told to whoever listens. Clones are the same.
#[derive(Clone)]
pub struct Events(Arc<Inner>);

struct Inner {
    clock: Arc<dyn Clock>,
    bounds: Bounds,
    places: Places,
    rings: Mutex<HashMap<WorkspaceId, Arc<Ring>>>,
    last_id: Mutex<Ulid>,
    link: Option<Link>,
    ended: watch::Sender<bool>,
    /// Where to say that credentials ended on another instance.
    auth: OnceLock<Auth>,
    published: Counter,
}

/// What a listener is told.
#[derive(Clone, Debug)]
pub enum Signal {
    /// Something happened.
    Event(Arc<Told>),
    /// Something may have been missed: the state is to be read anew.
    Reset,
    /// The listener is so far behind that what it has not read yet is gone. Nothing follows.
    Slow,
    /// This instance is shutting down. Nothing follows.
    Stopping,
}

/// An event, and how it is written on a stream.
#[derive(Debug)]
pub struct Told(Arc<Entry>);

impl Told {
    /// The event.
    pub fn event(&self) -> &Event {
        &self.0.event
    }
}

/// A place in the events of one workspace.
pub struct Subscription {
    ring: Arc<Ring>,
    next: u64,
    grown: watch::Receiver<u64>,
    ended: watch::Receiver<bool>,
    /// Where it begins: the id of the last event before it.
    pub position: Ulid,
    /// Whether it was to begin after an event that is no longer kept.
    pub missed: bool,
    over: bool,
}

impl Events {
    /// An empty house's events; with a Redis, those of the last minutes on all instances.
    pub async fn open(config: &Config, clock: Arc<dyn Clock>, redis: Option<Redis>) -> Self {
        if redis.is_none() && config.data.database().file().is_none() {
            tracing::warn!(
                "no `redis.url` is set: should several instances share this PostgreSQL database, each will count limits alone, \
                 and live streams will tell only what happens on their own instance"
            );
        }
        let settings = &config.events;
        let bounds = Bounds {
            events: settings.kept,
            age_ms: i64::from(settings.kept_s) * 1_000,
        };
        let events = Self(Arc::new(Inner {
            clock,
            bounds,
            places: Places::new(settings),
            rings: Mutex::default(),
            last_id: Mutex::new(Ulid::nil()),
            link: redis.map(Link::new),
            ended: watch::Sender::new(false),
            auth: OnceLock::new(),
            published: metrics::counter!("events_published_total"),
        }));
        for reason in ["stopping", "slow", "signed_out"] {
            metrics::counter!("events_streams_ended_total", "reason" => reason).increment(0);
        }
        if let Some(link) = &events.0.link {
            link.start(&events).await;
        }
        task::spawn(tidy(Arc::downgrade(&events.0)));
        events
    }

    /// Tells an event. Never waits, never fails.
    pub fn publish(&self, workspace: WorkspaceId, kind: &'static str, subject: &str, data: Value) {
        if !is_kind(kind) {
            tracing::error!(
                event.kind = kind,
                "an event's kind is malformed; it is not told"
            );
            return;
        }
        let event = Event {
            id: self.next_id(),
            workspace,
            kind: kind.to_owned(),
            subject: subject.to_owned(),
            data,
            at: self.0.clock.now(),
        };
        self.0.published.increment(1);
        let entry = Arc::new(Entry::new(event));
        match &self.0.link {
            Some(link) if link.send(&entry) => {}
            _ => self.add(entry),
        }
    }

    /// Listens to a workspace, from now or from after an event.
    pub fn listen(&self, workspace: WorkspaceId, after: Option<Ulid>) -> Subscription {
        let ring = self.ring(workspace);
        let (end, last) = ring.end(self.now_ms());
        let found = after.map(|id| (ring.after(id, self.now_ms()), id));
        let (next, position, missed) = match found {
            Some((Some(place), id)) => (place, id, false),
            Some((None, _)) => (end, last, true),
            None => (end, last, false),
        };
        Subscription {
            grown: ring.watch(),
            ended: self.0.ended.subscribe(),
            ring,
            next,
            position,
            missed,
            over: false,
        }
    }

    /// The events of a workspace as a plain stream, from now or from after an event where it is still kept. It ends when
    /// its reader falls too far behind, or this instance stops.
    pub fn subscribe(
        &self,
        workspace: WorkspaceId,
        after: Option<Ulid>,
    ) -> impl Stream<Item = Event> + Send + use<> {
        let listener = self.listen(workspace, after);
        futures_util::stream::unfold(listener, |mut listener| async move {
            loop {
                match listener.next().await? {
                    Signal::Event(told) => return Some((told.event().clone(), listener)),
                    Signal::Reset => {}
                    Signal::Slow | Signal::Stopping => return None,
                }
            }
        })
    }

    /// Ends all streams once `stop` is ready, and gives it on.
    pub fn end_with<F: Future<Output = ()>>(&self, stop: F) -> impl Future<Output = ()> + use<F> {
        let events = self.clone();
        async move {
            stop.await;
            events.0.ended.send_replace(true);
        }
    }

    /// Says to the other instances, where a Redis leads to them, which credentials end here, and hears theirs.
    pub(crate) fn share_revocations(&self, auth: &Auth) {
        // Events belong to one house; its first accounts stay.
        if self.0.link.is_some() && self.0.auth.set(auth.clone()).is_ok() {
            let ours = auth.revocations();
            task::spawn(link::pass_on(Arc::downgrade(&self.0), ours));
        }
    }

    /// A place for a live stream of this caller, or why there is none.
    pub(crate) fn admit(&self, caller: &Caller) -> Result<Place, Problem> {
        if *self.0.ended.borrow() {
            let draining = Problem::new(StatusCode::SERVICE_UNAVAILABLE, "http.draining");
            return Err(draining.retry_after(1));
        }
        Ok(self.0.places.take(caller)?)
    }

    fn add(&self, entry: Arc<Entry>) {
        let ring = self.ring(entry.event.workspace);
        ring.push(entry, self.now_ms());
    }

    /// Credentials ended on another instance.
    fn heard(&self, revocation: &Revocation) {
        if let Some(auth) = self.0.auth.get() {
            auth.heard(revocation);
        }
    }

    /// Says to all listeners that something may be missing, which may be the end of credentials too.
    fn gap(&self) {
        self.heard(&Revocation::Any);
        for ring in self.rings().values() {
            ring.gap();
        }
    }

    fn ring(&self, workspace: WorkspaceId) -> Arc<Ring> {
        let mut rings = self.rings();
        let ring = rings.entry(workspace).or_insert_with(|| {
            let floor = id::generate(self.0.clock.as_ref());
            Arc::new(Ring::new(self.0.bounds, floor))
        });
        ring.clone()
    }

    fn rings(&self) -> MutexGuard<'_, HashMap<WorkspaceId, Arc<Ring>>> {
        self.0.rings.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Ids of this instance rise, also within a millisecond.
    fn next_id(&self) -> Ulid {
        let fresh = id::generate(self.0.clock.as_ref());
        let mut last = self
            .0
            .last_id
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        *last = if fresh > *last {
            fresh
        } else {
            last.increment().unwrap_or(fresh)
        };
        *last
    }

    fn now_ms(&self) -> i64 {
        self.0.clock.now().unix_ms()
    }
}

impl Subscription {
    /// What comes next; nothing after the last signal.
    pub async fn next(&mut self) -> Option<Signal> {
        if self.over {
            return None;
        }
        loop {
            if *self.ended.borrow_and_update() {
                self.over = true;
                return Some(Signal::Stopping);
            }
            self.grown.borrow_and_update();
            match self.ring.at(self.next) {
                Found::Item(item) => {
                    self.next += 1;
                    return Some(match item {
                        Item::Event(entry) => Signal::Event(Arc::new(Told(entry))),
                        Item::Gap => Signal::Reset,
                    });
                }
                Found::Lost => {
                    self.over = true;
                    return Some(Signal::Slow);
                }
                Found::Nothing => {}
            }
            tokio::select! {
                grown = self.grown.changed() => grown.ok()?,
                ended = self.ended.changed() => ended.ok()?,
            }
        }
    }
}

/// An event as it travels and as listeners get it; they are not told the workspace, which they know.
#[derive(Serialize, Deserialize)]
struct Form {
    id: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    workspace: Option<String>,
    kind: String,
    subject: String,
    at: String,
    data: Value,
}

impl Form {
    fn of(event: &Event) -> Self {
        Self {
            id: event.id.to_string(),
            workspace: None,
            kind: event.kind.clone(),
            subject: event.subject.clone(),
            at: event.at.to_string(),
            data: event.data.clone(),
        }
    }

    fn text(&self) -> String {
        serde_json::to_string(self).expect("an event is plain data")
    }
}

impl Entry {
    fn new(event: Event) -> Self {
        let mut form = Form::of(&event);
        let mut json = form.text();
        if json.len() > MOST_DATA_BYTES {
            tracing::warn!(
                event.kind = event.kind,
                "an event's data is larger than {MOST_DATA_BYTES} bytes and is left out"
            );
            form.data = json!({ "omitted": true });
            form.subject
                .truncate(form.subject.floor_char_boundary(1024));
            json = form.text();
        }
        let text = format!("id: {}\nevent: {}\ndata: {json}\n\n", event.id, event.kind);
        let event = Event {
            data: form.data,
            subject: form.subject,
            ..event
        };
        Self {
            event,
            text: text.into(),
        }
    }
}

/// Letters, digits, `.`, `_` and `-`: what stands on a line of its own in a stream.
fn is_kind(text: &str) -> bool {
    (1..=64).contains(&text.len())
        && text
            .bytes()
            .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b"._-".contains(&b))
}

/// Forgets old events and rings that nobody needs.
async fn tidy(inner: Weak<Inner>) {
    loop {
        tokio::time::sleep(Duration::from_secs(30)).await;
        let Some(inner) = inner.upgrade() else { return };
        let events = Events(inner);
        let now_ms = events.now_ms();
        events
            .rings()
            .retain(|_, ring| ring.tidy(now_ms) || Arc::strong_count(ring) > 1);
    }
}
