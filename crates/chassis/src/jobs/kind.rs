//! Kinds of jobs: what runs, how often it is tried, how many at once, and when by itself.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use croner::Cron;
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use serde_json::Value;

use super::{JobFault, Run};
use crate::clock::Timestamp;

type Handler = Arc<dyn Fn(Run) -> BoxFuture<'static, Result<Value, JobFault>> + Send + Sync>;

/// A kind of job. A service lists its own in `Service::jobs`.
#[derive(Clone)]
pub struct Kind {
    pub(super) name: &'static str,
    pub(super) handler: Handler,
    pub(super) attempts: u32,
    pub(super) concurrency: usize,
    pub(super) timeout: Duration,
    pub(super) first_delay: Duration,
    pub(super) longest_delay: Duration,
    pub(super) schedule: Option<&'static str>,
}

impl Kind {
    /// A kind named `service.what`. `handler` may run more than once for one job: what must happen once goes into
    /// steps ([`Run::step`], [`Run::step_in`]).
    pub fn new<F, Fut>(name: &'static str, handler: F) -> Self
    where
        F: Fn(Run) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<Value, JobFault>> + Send + 'static,
    {
        Self {
            name,
            handler: Arc::new(move |run| handler(run).boxed()),
            attempts: 5,
            concurrency: 4,
            timeout: Duration::from_hours(1),
            first_delay: Duration::from_secs(2),
            longest_delay: Duration::from_mins(10),
            schedule: None,
        }
    }

    /// Tries a failing job this often in all (5); 1 means never again.
    #[must_use]
    pub fn attempts(mut self, attempts: u32) -> Self {
        self.attempts = attempts.max(1);
        self
    }

    /// Works on this many at once in one process (4).
    #[must_use]
    pub fn concurrency(mut self, concurrency: usize) -> Self {
        self.concurrency = concurrency.max(1);
        self
    }

    /// Stops an attempt after this time (one hour); it counts as failed.
    #[must_use]
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// Waits before trying again: a random part of `first` (2 s), doubled at each failure up to `longest` (10 min).
    #[must_use]
    pub fn backoff(mut self, first: Duration, longest: Duration) -> Self {
        self.first_delay = first;
        self.longest_delay = longest;
        self
    }

    /// Runs by itself in the home workspace, by a cron pattern in UTC (`30 3 * * *`), once however many servers share
    /// the database. Moments missed while no server ran become one job.
    #[must_use]
    pub fn schedule(mut self, pattern: &'static str) -> Self {
        self.schedule = Some(pattern);
        self
    }

    /// Its name.
    pub fn name(&self) -> &'static str {
        self.name
    }

    /// How long to wait after this many failures: "full jitter" of Brooker, "Exponential Backoff And Jitter": jobs that
    /// failed together do not come back together.
    pub(super) fn delay(&self, failures: u32) -> Duration {
        let doubled = self
            .first_delay
            .saturating_mul(1 << failures.saturating_sub(1).min(20));
        let ceiling = doubled.min(self.longest_delay).as_millis() as u64;
        Duration::from_millis(random_below(ceiling + 1))
    }
}

impl fmt::Debug for Kind {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_tuple("Kind").field(&self.name).finish()
    }
}

fn random_below(limit: u64) -> u64 {
    let mut bytes = [0; 8];
    getrandom::fill(&mut bytes).expect("the system has randomness");
    u64::from_le_bytes(bytes) % limit.max(1)
}

/// A cron pattern: five fields, in UTC.
#[derive(Clone, Debug)]
pub(super) struct Pattern(Cron);

impl Pattern {
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        Cron::from_str(text)
            .map(Self)
            .map_err(|fault| fault.to_string())
    }

    /// The last moment of the schedule that is not after `now`.
    pub(super) fn last_before(&self, now: Timestamp) -> Option<Timestamp> {
        let now: DateTime<Utc> = DateTime::from_timestamp_millis(now.unix_ms())?;
        let moment = self.0.find_previous_occurrence(&now, true).ok()?;
        Timestamp::from_unix_ms(moment.timestamp_millis())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn last(pattern: &str, now: &str) -> String {
        let now = now.parse().unwrap();
        let pattern = Pattern::parse(pattern).unwrap();
        pattern.last_before(now).unwrap().to_string()
    }

    #[test]
    fn a_pattern_gives_the_last_moment_that_has_come() {
        let now = "2026-11-20T18:57:53.120Z";
        assert_eq!(last("* * * * *", now), "2026-11-20T18:57:00.000Z");
        assert_eq!(last("30 3 * * *", now), "2026-11-20T03:30:00.000Z");
        assert_eq!(last("0 0 1 * *", now), "2026-11-01T00:00:00.000Z");
        assert_eq!(
            last("0 3 * * *", "2026-11-20T03:00:00.000Z"),
            "2026-11-20T03:00:00.000Z"
        );
        assert!(Pattern::parse("nonsense").is_err());
    }

    #[test]
    fn the_wait_grows_and_is_spread() {
        let kind = Kind::new("test.kind", |_| async { Ok(Value::Null) })
            .backoff(Duration::from_secs(1), Duration::from_secs(8));
        for (failures, most) in [(1, 1), (2, 2), (3, 4), (4, 8), (5, 8), (4_000_000_000, 8)] {
            let waits: Vec<_> = (0..200).map(|_| kind.delay(failures)).collect();
            let most = Duration::from_secs(most);
            assert!(waits.iter().all(|wait| *wait <= most), "{failures}");
            assert!(waits.iter().any(|wait| *wait > most / 2), "{failures}");
            assert!(waits.iter().any(|wait| *wait < most / 2), "{failures}");
        }
    }
}
