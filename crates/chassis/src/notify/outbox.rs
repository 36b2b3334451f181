//! Delivering what was written down: again and again over a day, by one instance at a time.

use std::collections::HashSet;
use std::time::Duration;

use serde_json::{Map, Value};
use tokio::sync::watch;
use tokio::task::{JoinHandle, JoinSet};

use super::channel::{Fault, Message};
use super::store::{self, Settled};
use super::tables::{delivery, webhook};
use super::{Channel, DeliveryId, Notify, hooks, template};
use crate::data::DataError;
use crate::i18n::Language;
use crate::task;
use crate::telemetry::burst::Burst;
use crate::upstream::full_jitter;

/// Waits after the first, second, … failed attempt: together a little more than a day.
const WAITS_S: [u64; 10] = [5, 30, 120, 600, 1_800, 3_600, 7_200, 14_400, 28_800, 36_000];
/// The longest that the other side may ask us to wait.
const LONGEST_WAIT: Duration = Duration::from_hours(24);
/// How often the table is looked at.
const POLL: Duration = Duration::from_secs(1);
/// Deliveries of one channel at once.
const AT_ONCE: usize = 16;
/// Time that open attempts have to end once the server stops; what is cut off is made again after its lease.
const LAST_CHANCE: Duration = Duration::from_secs(5);
/// Looks between two removals of old deliveries.
const FORGET_EVERY: u32 = 3_600;
/// How long deliveries are kept.
const KEEP: Duration = Duration::from_hours(30 * 24);

static UNREAD: Burst = Burst::new();
static UNWRITTEN: Burst = Burst::new();

/// How one attempt at a delivery ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Delivered {
    /// It was taken.
    Yes,
    /// It was not; the delivery waits for its next attempt.
    Later(Fault),
    /// It was not, and there is no next attempt.
    No(Fault),
    /// It is not due, or another has it.
    NotOurs,
}

/// The loop, which ends with the server.
pub struct Deliveries {
    stop: watch::Sender<bool>,
    lanes: Vec<JoinHandle<()>>,
}

impl Deliveries {
    /// Takes nothing more, gives open attempts a moment to end, and ends.
    pub async fn stop(self) {
        let _ = self.stop.send(true);
        for lane in self.lanes {
            let _ = lane.await;
        }
    }
}

impl Notify {
    /// The deliveries of a channel that are due, the longest due first.
    pub async fn due(&self, channel: Channel) -> Result<Vec<DeliveryId>, DataError> {
        store::due(&self.inner.database, channel, AT_ONCE as u64 * 2).await
    }

    /// One attempt at a delivery, if it is due and no other has it.
    pub async fn deliver(&self, id: DeliveryId) -> Result<Delivered, DataError> {
        let database = &self.inner.database;
        let lease = self.inner.channels.patience + Duration::from_mins(1);
        let Some(row) = store::claim(database, id, lease).await? else {
            return Ok(Delivered::NotOurs);
        };
        let hook = match &row.webhook_id {
            Some(id) => store::webhook_of(database, id).await?,
            None => None,
        };
        let sent = self.attempt(&row, hook.as_ref()).await;
        self.settle(row, hook, sent).await
    }

    /// Writes a delivery down as being sent and sends it, once: for the test button, which shows what came of it.
    pub(super) async fn try_now(
        &self,
        new: store::New,
        patience: Duration,
    ) -> Result<Delivered, DataError> {
        let database = &self.inner.database;
        let own = self.clone();
        let lease = self.inner.channels.patience + Duration::from_mins(1);
        let id = database
            .write(move |tx| {
                Box::pin(async move {
                    let id = store::insert(tx, own.clock(), new).await?;
                    store::take(tx, own.clock().now(), id, lease).await?;
                    Ok::<_, DataError>(id)
                })
            })
            .await?;
        let Some(row) = store::by_id(database, id).await? else {
            return Ok(Delivered::NotOurs);
        };
        let hook = match &row.webhook_id {
            Some(id) => store::webhook_of(database, id).await?,
            None => None,
        };
        let sent = tokio::time::timeout(patience, self.attempt(&row, hook.as_ref()))
            .await
            .unwrap_or(Err(Fault::passing("timeout")))
            .map_err(|fault| Fault {
                again: false,
                ..fault
            });
        self.settle(row, hook, sent).await
    }

    async fn attempt(
        &self,
        row: &delivery::Model,
        hook: Option<&webhook::Model>,
    ) -> Result<(), Fault> {
        let channel = Channel::of(&row.channel).ok_or(Fault::lasting("malformed"))?;
        if hook.is_some_and(|hook| hook.disabled_at.is_some()) {
            return Err(Fault::lasting("disabled"));
        }
        let data: Map<String, Value> =
            serde_json::from_str(&row.arguments).map_err(|_| Fault::lasting("malformed"))?;
        let language = Language::from_tag(&row.language).unwrap_or_default();
        let now = self.clock().now();
        let message = Message {
            id: &row.id,
            kind: &row.template,
            target: &row.target,
            language,
            words: template::words(&self.inner.catalogue, language, &row.template, &data),
            data: &data,
            created_at: row.created_at.parse().unwrap_or(now),
            now,
            webhook: hook,
        };
        self.inner.channels.send(channel, &message).await
    }

    async fn settle(
        &self,
        row: delivery::Model,
        hook: Option<webhook::Model>,
        sent: Result<(), Fault>,
    ) -> Result<Delivered, DataError> {
        let now = self.clock().now();
        let (settled, delivered) = match sent {
            Ok(()) => (Settled::Delivered, Delivered::Yes),
            Err(fault) => match wait_after(row.attempts, &fault) {
                Some(wait) => {
                    let at = store::after(now, wait);
                    let error = fault.class;
                    (Settled::Again { at, error }, Delivered::Later(fault))
                }
                None => (Settled::Failed { error: fault.class }, Delivered::No(fault)),
            },
        };
        metrics::counter!("notify_deliveries_total", "channel" => row.channel.clone(), "outcome" => delivered.word())
            .increment(1);
        if let Delivered::No(fault) = &delivered {
            tracing::warn!(
                delivery.id = row.id,
                delivery.channel = row.channel,
                delivery.template = row.template,
                delivery.fault = fault.class,
                "a delivery failed for good"
            );
        }
        let own = self.clone();
        let answer = delivered.clone();
        self.inner
            .database
            .write(move |tx| {
                Box::pin(async move {
                    if !store::settle(tx, now, &row, &settled).await? {
                        return Ok::<_, DataError>(());
                    }
                    match hook {
                        Some(hook) => hooks::after_attempt(&own, tx, &hook, &row, &answer).await,
                        None => Ok(()),
                    }
                })
            })
            .await?;
        Ok(delivered)
    }

    /// Starts the loop: a lane for each channel, so that a mail server that hangs does not hold up webhooks.
    pub fn start(&self) -> Deliveries {
        for channel in Channel::ALL {
            for outcome in Delivered::COUNTED {
                metrics::counter!("notify_deliveries_total", "channel" => channel.word(), "outcome" => outcome).increment(0);
            }
        }
        let (stop, stopped) = watch::channel(false);
        let lanes = Channel::ALL
            .into_iter()
            .map(|channel| task::spawn(self.clone().lane(channel, stopped.clone())))
            .collect();
        Deliveries { stop, lanes }
    }

    async fn lane(self, channel: Channel, mut stopped: watch::Receiver<bool>) {
        let mut open = JoinSet::new();
        let mut ids = HashSet::new();
        let mut looks = 0_u32;
        let mut failures = 0;
        while !*stopped.borrow() {
            looks = looks.wrapping_add(1);
            let mut failed = false;
            if channel == Channel::Mail && looks % FORGET_EVERY == 1 {
                self.forget().await;
            }
            match self.due(channel).await {
                Ok(due) => {
                    for id in due {
                        if ids.len() < AT_ONCE && ids.insert(id) {
                            let own = self.clone();
                            open.spawn(async move { (id, own.deliver(id).await) });
                        }
                    }
                }
                Err(fault) => {
                    failed = true;
                    if let Some(hidden) = UNREAD.turn() {
                        tracing::warn!(error = %fault, log.hidden = hidden, "the outbox cannot be read");
                    }
                }
            }
            tokio::select! {
                Some(ended) = open.join_next() => failed |= note(&mut ids, ended),
                () = self.inner.wake.notified() => {}
                () = tokio::time::sleep(POLL) => {}
                _ = stopped.changed() => {}
            }
            while let Some(ended) = open.try_join_next() {
                failed |= note(&mut ids, ended);
            }
            // A database that takes no writes leaves what is due where it is: it would be tried again at once.
            failures = if failed { failures + 1 } else { 0 };
            if failed {
                tokio::select! {
                    () = tokio::time::sleep(task::pause_after(failures, POLL)) => {}
                    _ = stopped.changed() => {}
                }
            }
        }
        let rest = async { while open.join_next().await.is_some() {} };
        let _ = tokio::time::timeout(LAST_CHANCE, rest).await;
    }

    async fn forget(&self) {
        let before_ms = self.clock().now().unix_ms() - KEEP.as_millis() as i64;
        let Some(before) = crate::clock::Timestamp::from_unix_ms(before_ms) else {
            return;
        };
        if let Err(fault) = store::forget_before(&self.inner.database, before).await {
            tracing::warn!(error = %fault, "old deliveries cannot be removed");
        }
    }
}

type Ended = Result<(DeliveryId, Result<Delivered, DataError>), tokio::task::JoinError>;

/// Whether what came of it could not be written down.
fn note(ids: &mut HashSet<DeliveryId>, ended: Ended) -> bool {
    let Ok((id, result)) = ended else {
        // A panic: its id is not known, so all are forgotten; the claim keeps out what is still open.
        ids.clear();
        return false;
    };
    ids.remove(&id);
    if let Err(fault) = &result
        && let Some(hidden) = UNWRITTEN.turn()
    {
        tracing::warn!(error = %fault, delivery.id = %id, log.hidden = hidden, "a delivery could not be written down");
    }
    result.is_err()
}

impl Delivered {
    /// The words that a count is kept of.
    const COUNTED: [&str; 3] = ["delivered", "later", "failed"];

    /// Its word.
    pub const fn word(&self) -> &'static str {
        match self {
            Self::Yes => "delivered",
            Self::Later(_) => "later",
            Self::No(_) => "failed",
            Self::NotOurs => "not_ours",
        }
    }
}

/// The wait after a failed attempt, a fifth of it random; none where there is no next one.
fn wait_after(attempts: i32, fault: &Fault) -> Option<Duration> {
    if !fault.again {
        return None;
    }
    let place = usize::try_from(attempts).ok()?.checked_sub(1)?;
    let wait = Duration::from_secs(*WAITS_S.get(place)?);
    let wait = wait.mul_f64(0.9) + full_jitter(wait.mul_f64(0.2));
    Some(wait.max(fault.wait.unwrap_or_default().min(LONGEST_WAIT)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn attempts_are_spread_over_a_day_and_end() {
        let fault = Fault::passing("timeout");
        let mut all = Duration::ZERO;
        let mut attempts = 1;
        while let Some(wait) = wait_after(attempts, &fault) {
            all += wait;
            attempts += 1;
        }
        assert_eq!(attempts, 11);
        let hours = all.as_secs() / 3_600;
        assert!((22..=30).contains(&hours), "{hours} h");
        assert_eq!(wait_after(1, &Fault::lasting("rejected")), None);
        let asked = Fault {
            wait: Some(Duration::from_secs(7_777)),
            ..fault
        };
        assert_eq!(wait_after(1, &asked), Some(Duration::from_secs(7_777)));
    }
}
