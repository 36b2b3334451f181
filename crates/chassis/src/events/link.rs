//! Events across instances: one Redis stream, which every instance appends to and reads from.
//!
//! An event of ours reaches our own listeners by way of the stream too, so that all instances see one order. While the
//! stream cannot be used, events go to our own listeners directly; those that were on their way then may come twice and are
//! told once, by their ids. Once it can be used again, our listeners are told to read the state anew, because what others
//! told meanwhile did not reach them; and where we told something meanwhile, a mark in the stream has the others say so too.
//!
//! Credentials that end on one instance are a mark in the same stream; a mark that could not be sent is owed like an event.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use metrics::{Counter, Gauge};
use redis::RedisError;
use redis::aio::MultiplexedConnection;
use tokio::sync::Notify;
use tokio::sync::broadcast::Receiver;
use tokio::sync::broadcast::error::RecvError;

use super::ring::Entry;
use super::{Event, Events, Form, Inner, is_kind};
use crate::auth::{Revocation, WorkspaceId};
use crate::redis::Redis;
use crate::{id, task};

/// Events that the stream keeps for instances that start, all workspaces together; Redis may keep a few more.
const KEPT: usize = 10_000;
/// Events on their way; those beyond are told on this instance alone.
const MOST_PENDING: usize = 10_000;
/// Events sent or read at once.
const BATCH: usize = 256;
/// How long a read waits for news.
const WAIT_MS: usize = 1_000;
/// A read that takes longer than its wait by this much has failed.
const PATIENCE: Duration = Duration::from_secs(3);
/// An event takes a millisecond to come back.
const LOST_AFTER_MS: i64 = 5_000;
const TRY_AGAIN_AFTER: Duration = Duration::from_millis(500);

pub(super) struct Link {
    redis: Redis,
    key: String,
    /// Who we are in the stream's marks.
    instance: String,
    state: Mutex<State>,
    work: Arc<Notify>,
    linked: Gauge,
    unshared: Counter,
}

#[derive(Default)]
struct State {
    up: bool,
    /// Sent and not yet read back, then not yet sent.
    pending: VecDeque<Arc<Entry>>,
    unsent: usize,
    /// Marks of credentials that ended here, not yet sent.
    ended: Vec<String>,
    /// Whether others have missed something of ours and do not know it yet.
    owed: bool,
}

/// Where reading goes on.
struct Reader {
    connection: MultiplexedConnection,
    last: String,
}

/// A reply of `XREAD`: streams, their entries, each with its fields.
type Read = Option<Vec<(String, Vec<(String, Vec<(String, Vec<u8>)>)>)>>;

impl Link {
    pub(super) fn new(redis: Redis) -> Self {
        Self {
            key: redis.key("events"),
            redis,
            instance: ulid::Ulid::generate().to_string(),
            state: Mutex::default(),
            work: Arc::new(Notify::new()),
            linked: metrics::gauge!("events_linked"),
            unshared: metrics::counter!("events_unshared_total"),
        }
    }

    /// Attaches where Redis answers, and keeps sending and reading in the background.
    pub(super) async fn start(&self, events: &Events) {
        let first = if self.redis.is_up() {
            self.attach(events, None).await.ok()
        } else {
            None
        };
        let inner = Arc::downgrade(&events.0);
        task::spawn(read_on(inner.clone(), first));
        task::spawn(send_on(inner, self.work.clone()));
    }

    /// Takes an event to send. False where it cannot, and it is to be told here.
    pub(super) fn send(&self, entry: &Arc<Entry>) -> bool {
        let mut state = self.state();
        if !state.up || state.pending.len() >= MOST_PENDING {
            state.owed = true;
            drop(state);
            self.unshared.increment(1);
            return false;
        }
        state.pending.push_back(entry.clone());
        state.unsent += 1;
        drop(state);
        self.work.notify_one();
        true
    }

    /// Takes a mark to send: credentials ended here. Where it cannot, the others look at all of them once it can.
    fn send_ended(&self, revocation: &Revocation) {
        let mut mark = self.instance.clone();
        if let Revocation::Sessions(sessions) = revocation
            && sessions.len() <= MOST_SESSIONS
        {
            for session in sessions.iter() {
                mark.push(' ');
                mark.push_str(&session.to_string());
            }
        }
        let mut state = self.state();
        if state.up && state.ended.len() < MOST_PENDING {
            state.ended.push(mark);
        } else {
            state.owed = true;
        }
        drop(state);
        self.work.notify_one();
    }

    /// Reads such a mark; nothing in one of ours.
    fn ended_elsewhere(&self, bytes: &[u8]) -> Option<Revocation> {
        let text = std::str::from_utf8(bytes).ok()?;
        let mut words = text.split(' ');
        if words.next() == Some(&self.instance) {
            return None;
        }
        let sessions: Option<Vec<_>> = words.map(|word| word.parse().ok()).collect();
        Some(match sessions {
            Some(sessions) if !sessions.is_empty() => Revocation::Sessions(sessions.into()),
            _ => Revocation::Any,
        })
    }

    /// Connects and reads what there is, from `last` or from as long ago as events are kept.
    async fn attach(&self, events: &Events, last: Option<String>) -> Result<Reader, RedisError> {
        let mut connection = self.redis.own_connection(PATIENCE).await?;
        let last = if let Some(last) = last {
            last
        } else {
            let (seconds, _): (i64, i64) = redis::cmd("TIME").query_async(&mut connection).await?;
            let kept_since_ms = seconds * 1_000 - events.0.bounds.age_ms;
            format!("{}-0", kept_since_ms.max(0))
        };
        let mut reader = Reader { connection, last };
        while self.read(events, &mut reader, None).await? > 0 {}
        // A Redis that was away for less than the keeper's second leaves a dead connection: sending would find it too late.
        if let Some(mut connection) = self.redis.connection() {
            let whole: Result<(), RedisError> =
                redis::cmd("PING").query_async(&mut connection).await;
            whole.inspect_err(|fault| self.redis.failed(fault))?;
        }
        self.open();
        Ok(reader)
    }

    fn open(&self) {
        self.state().up = true;
        self.linked.set(1.0);
        self.work.notify_one();
    }

    /// Reads a batch into the rings; how many.
    async fn read(
        &self,
        events: &Events,
        reader: &mut Reader,
        wait_ms: Option<usize>,
    ) -> Result<usize, RedisError> {
        let mut command = redis::cmd("XREAD");
        command.arg("COUNT").arg(BATCH);
        if let Some(wait_ms) = wait_ms {
            command.arg("BLOCK").arg(wait_ms);
        }
        command.arg("STREAMS").arg(&self.key).arg(&reader.last);
        let read: Read = command.query_async(&mut reader.connection).await?;
        let mut count = 0;
        for (place, fields) in read.into_iter().flatten().flat_map(|(_, entries)| entries) {
            count += 1;
            reader.last = place;
            for (name, bytes) in fields {
                match (name.as_str(), decode(&bytes)) {
                    (FIELD, Some(event)) => {
                        self.arrived(&event);
                        events.add(Arc::new(Entry::new(event)));
                    }
                    (GAP, _) if bytes != self.instance.as_bytes() => events.gap(),
                    (ENDED, _) => {
                        if let Some(revocation) = self.ended_elsewhere(&bytes) {
                            events.heard(&revocation);
                        }
                    }
                    _ => {}
                }
            }
        }
        Ok(count)
    }

    fn arrived(&self, event: &Event) {
        let mut state = self.state();
        let sent = state.pending.len() - state.unsent;
        let place = state
            .pending
            .iter()
            .take(sent)
            .position(|entry| entry.event.id == event.id);
        if let Some(place) = place {
            state.pending.remove(place);
        }
    }

    /// Whether an event that was sent long ago never came back: the stream was emptied, or Redis lost its last writes.
    fn has_lost(&self, now_ms: i64) -> bool {
        let state = self.state();
        let first = state.pending.front();
        let sent = state.pending.len() > state.unsent;
        sent && first.is_some_and(|entry| now_ms - entry.event.at.unix_ms() > LOST_AFTER_MS)
    }

    /// Tells here what was on its way.
    fn detach(&self, events: &Events) {
        let mut state = self.state();
        state.up = false;
        state.unsent = 0;
        let pending = std::mem::take(&mut state.pending);
        state.owed |= !pending.is_empty() || !state.ended.is_empty();
        state.ended.clear();
        drop(state);
        self.linked.set(0.0);
        self.unshared.increment(pending.len() as u64);
        for entry in pending {
            events.add(entry);
        }
    }

    /// Sends what waits; false once nothing does.
    async fn send_some(&self, events: &Events) -> bool {
        let mut mark = false;
        let mut ended = Vec::new();
        let batch: Vec<Arc<Entry>> = {
            let mut state = self.state();
            if state.up {
                mark = std::mem::take(&mut state.owed);
                ended = std::mem::take(&mut state.ended);
            }
            let sent = state.pending.len() - state.unsent;
            let batch: Vec<_> = state
                .pending
                .iter()
                .skip(sent)
                .take(BATCH)
                .cloned()
                .collect();
            state.unsent -= batch.len();
            batch
        };
        if batch.is_empty() && ended.is_empty() && !mark {
            return false;
        }
        let owed = mark || !ended.is_empty();
        let Some(mut connection) = self.redis.connection() else {
            self.state().owed |= owed;
            self.detach(events);
            return false;
        };
        let mut pipe = redis::pipe();
        let mut append = |field: &str, value: &str| {
            let command = pipe.cmd("XADD").arg(&self.key);
            command.arg("MAXLEN").arg("~").arg(KEPT).arg("*");
            command.arg(field).arg(value).ignore();
        };
        if mark {
            append(GAP, &self.instance);
        }
        for mark in &ended {
            append(ENDED, mark);
        }
        for entry in &batch {
            append(FIELD, &encode(&entry.event));
        }
        pipe.cmd("PEXPIRE")
            .arg(&self.key)
            .arg(events.0.bounds.age_ms)
            .ignore();
        let sent: Result<(), RedisError> = pipe.query_async(&mut connection).await;
        if let Err(fault) = sent {
            self.redis.failed(&fault);
            self.state().owed |= owed;
            self.detach(events);
            return false;
        }
        true
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The one field of an entry: an event, or a mark of who told something alone, or of where credentials ended (the
/// instance, and the sign-ins; none of them where it may concern anybody).
const FIELD: &str = "event";
const GAP: &str = "gap";
const ENDED: &str = "ended";
/// Sign-ins that one mark names; where more end at once, all are looked at.
const MOST_SESSIONS: usize = 100;

fn encode(event: &Event) -> String {
    let mut form = Form::of(event);
    form.workspace = Some(event.workspace.to_string());
    form.text()
}

/// What another version or another program wrote there is passed over.
fn decode(bytes: &[u8]) -> Option<Event> {
    let form: Form = serde_json::from_slice(bytes).ok()?;
    let workspace: WorkspaceId = form.workspace?.parse().ok()?;
    is_kind(&form.kind).then_some(())?;
    Some(Event {
        id: id::parse(&form.id).ok()?,
        workspace,
        kind: form.kind,
        subject: form.subject,
        data: form.data,
        at: form.at.parse().ok()?,
    })
}

/// Reads for as long as somebody holds the events.
async fn read_on(inner: Weak<Inner>, first: Option<Reader>) {
    let mut broken = first.is_none();
    let mut last = None;
    let mut reader = first;
    loop {
        let Some(events) = inner.upgrade().map(Events) else {
            return;
        };
        let link = events.0.link.as_ref().expect("a link started this");
        let attached = reader.is_some();
        let outcome = match reader.as_mut() {
            Some(reader) => {
                let read = link.read(&events, reader, Some(WAIT_MS)).await;
                // A sender that failed closed the link, and reading went on.
                if read.is_ok() && link.has_lost(events.now_ms()) {
                    link.detach(&events);
                }
                if read.is_ok() && !link.state().up && link.redis.is_up() {
                    link.open();
                }
                read.map(|_| None)
            }
            // What sends must be whole too.
            None if !link.redis.is_up() => Ok(None),
            None => link.attach(&events, last.clone()).await.map(Some),
        };
        match outcome {
            Ok(None) if !attached => {
                drop(events);
                tokio::time::sleep(TRY_AGAIN_AFTER).await;
            }
            Ok(None) => {}
            Ok(Some(attached)) => {
                reader = Some(attached);
                if std::mem::take(&mut broken) {
                    tracing::info!("events cross instances again");
                    events.gap();
                }
            }
            Err(fault) => {
                if let Some(lost) = reader.take() {
                    tracing::warn!(error = %fault, "events cannot cross instances for now");
                    last = Some(lost.last);
                    broken = true;
                    link.detach(&events);
                }
                drop(events);
                tokio::time::sleep(TRY_AGAIN_AFTER).await;
            }
        }
    }
}

/// Sends for as long as somebody holds the events.
async fn send_on(inner: Weak<Inner>, work: Arc<Notify>) {
    loop {
        // Looks up now and then, to end with the house.
        let _ = tokio::time::timeout(Duration::from_secs(5), work.notified()).await;
        let Some(events) = inner.upgrade().map(Events) else {
            return;
        };
        let link = events.0.link.as_ref().expect("a link started this");
        while link.send_some(&events).await {}
    }
}

/// Sends on what ends here, for as long as somebody holds the events.
pub(super) async fn pass_on(inner: Weak<Inner>, mut ours: Receiver<Revocation>) {
    loop {
        let revocation = match ours.recv().await {
            Ok(revocation) => revocation,
            Err(RecvError::Lagged(_)) => Revocation::Any,
            Err(RecvError::Closed) => return,
        };
        let Some(inner) = inner.upgrade() else { return };
        let link = inner.link.as_ref().expect("a link started this");
        link.send_ended(&revocation);
    }
}
