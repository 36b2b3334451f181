//! One client for all outside calls: nothing outside can make this server wait, pile up or answer 500 for long.
//!
//! * [`Upstreams`]: all that this server calls, for metrics and `/health`; [`Upstreams::open`] makes one
//! * [`Upstream`]: [`Upstream::send`] calls by HTTP with everything that its [`Policy`] says; [`Upstream::attempt`] puts the
//!   same breaker and bulkhead around another protocol
//! * [`guard`]: addresses that people name must not lead into our own network

mod breaker;
mod fault;
pub mod guard;
mod policy;
mod request;
mod send;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use metrics::{Counter, Gauge};
use serde::Serialize;
use tokio::sync::Semaphore;
use utoipa::ToSchema;

use crate::clock::{Clock, Timestamp};
use breaker::Breaker;

pub use breaker::BreakerState;
pub use fault::{Outcome, UpstreamFault};
pub use policy::{Backoff, BreakerPolicy, Bulkhead, CachePolicy, Policy, Reach};
pub use request::{Answer, Request, Source};

/// All that this server calls. Clones share it.
#[derive(Clone)]
pub struct Upstreams {
    clock: Arc<dyn Clock>,
    known: Arc<Mutex<BTreeMap<&'static str, Arc<Inner>>>>,
}

/// One named upstream. Clones share its state.
#[derive(Clone)]
pub struct Upstream {
    inner: Arc<Inner>,
}

/// What is answered in place of an upstream that fails.
type Degrade = Box<dyn Fn(&Request, &UpstreamFault) -> Option<Answer> + Send + Sync>;

struct Inner {
    name: &'static str,
    policy: Policy,
    clock: Arc<dyn Clock>,
    client: reqwest::Client,
    breaker: Option<Arc<Breaker>>,
    places: Semaphore,
    /// Callers in the bulkhead and at its door.
    inside: Semaphore,
    cache: Option<moka::future::Cache<[u8; 32], Arc<send::Kept>>>,
    degrade: Option<Degrade>,
    last_failure: Mutex<Option<(Outcome, Timestamp)>>,
    outcomes: Vec<(Outcome, Counter)>,
    state_gauge: Gauge,
}

/// An upstream as `/health` shows it.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct UpstreamState {
    /// Its name.
    pub name: &'static str,
    /// `closed`: calls go out; `open`: refused at once; `half-open`: probing.
    pub state: &'static str,
    /// When the breaker came into this state (RFC 3339, UTC); null where it never moved.
    pub since: Option<String>,
    /// The class of the last failure; null where none happened.
    pub last_failure: Option<&'static str>,
    /// When that was (RFC 3339, UTC).
    pub last_failure_at: Option<String>,
}

impl Upstreams {
    /// None yet.
    pub fn new(clock: Arc<dyn Clock>) -> Self {
        Self {
            clock,
            known: Arc::default(),
        }
    }

    /// Makes an upstream. The name is a metric's label and stands in `/health`: one for each counterpart, not for each address.
    pub fn open(&self, name: &'static str, policy: Policy) -> Upstream {
        self.make(name, policy, None)
    }

    /// As [`Upstreams::open`], with an answer for when all else fails (no cached answer either).
    pub fn open_degradable(
        &self,
        name: &'static str,
        policy: Policy,
        degrade: impl Fn(&Request, &UpstreamFault) -> Option<Answer> + Send + Sync + 'static,
    ) -> Upstream {
        self.make(name, policy, Some(Box::new(degrade)))
    }

    fn make(&self, name: &'static str, policy: Policy, degrade: Option<Degrade>) -> Upstream {
        let outcomes = Outcome::ALL
            .into_iter()
            .map(|outcome| {
                let counter = metrics::counter!("upstream_requests_total", "upstream" => name, "outcome" => outcome.word());
                (outcome, counter)
            })
            .collect();
        let state_gauge = metrics::gauge!("upstream_breaker_state", "upstream" => name);
        state_gauge.set(0.0);
        let bulkhead = &policy.bulkhead;
        let inner = Arc::new(Inner {
            name,
            clock: self.clock.clone(),
            client: send::client(&policy),
            breaker: policy
                .breaker
                .clone()
                .map(|policy| Arc::new(Breaker::new(policy))),
            places: Semaphore::new(bulkhead.concurrent),
            inside: Semaphore::new(bulkhead.concurrent.saturating_add(bulkhead.waiting)),
            cache: policy.cache.as_ref().map(send::cache),
            degrade,
            last_failure: Mutex::new(None),
            outcomes,
            state_gauge,
            policy,
        });
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        known.insert(name, inner.clone());
        Upstream { inner }
    }

    /// The state of each, by name.
    pub fn states(&self) -> Vec<UpstreamState> {
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        known.values().map(|inner| inner.state()).collect()
    }
}

impl Upstream {
    /// Its name.
    pub fn name(&self) -> &'static str {
        self.inner.name
    }

    /// Its state now.
    pub fn state(&self) -> UpstreamState {
        self.inner.state()
    }

    /// Runs one attempt of any protocol inside the bulkhead, the breaker and the time limit. The fault's own
    /// [`UpstreamFault::outcome`] says whether it counts against the upstream.
    pub async fn attempt<T>(
        &self,
        work: impl Future<Output = Result<T, UpstreamFault>>,
    ) -> Result<T, UpstreamFault> {
        self.inner.attempt(work).await
    }

    /// Calls by HTTP: cached answer, attempts with waits between them, stale answer, degraded answer, in this order.
    pub async fn send(&self, request: Request) -> Result<Answer, UpstreamFault> {
        send::send(&self.inner, request).await
    }
}

impl Inner {
    async fn attempt<T>(
        &self,
        work: impl Future<Output = Result<T, UpstreamFault>>,
    ) -> Result<T, UpstreamFault> {
        let result = self.attempt_uncounted(work).await;
        match &result {
            Ok(_) => self.count(Outcome::Ok),
            Err(fault) => {
                let outcome = fault.outcome();
                self.count(outcome);
                if outcome != Outcome::Open {
                    self.note_failure(outcome);
                }
            }
        }
        result
    }

    async fn attempt_uncounted<T>(
        &self,
        work: impl Future<Output = Result<T, UpstreamFault>>,
    ) -> Result<T, UpstreamFault> {
        let _inside = self.inside.try_acquire().map_err(|_| UpstreamFault::Busy)?;
        let place = tokio::time::timeout(self.policy.bulkhead.wait, self.places.acquire());
        let Ok(Ok(_place)) = place.await else {
            return Err(UpstreamFault::Busy);
        };
        let pass = match &self.breaker {
            None => None,
            Some(breaker) => {
                let admitted = breaker.admit(self.clock.now());
                self.show_breaker();
                Some(admitted.map_err(|wait| UpstreamFault::Open { wait })?)
            }
        };
        let result = tokio::time::timeout(self.policy.timeout, work)
            .await
            .unwrap_or(Err(UpstreamFault::Timeout));
        if let Some(pass) = pass {
            let failed = result.as_ref().is_err_and(UpstreamFault::is_upstreams_own);
            if pass.settle(failed, self.clock.now()) {
                tracing::warn!(
                    upstream.name = self.name,
                    upstream.state = self.state().state,
                    "a breaker moved"
                );
            }
            self.show_breaker();
        }
        result
    }

    fn count(&self, outcome: Outcome) {
        if let Some((_, counter)) = self.outcomes.iter().find(|(own, _)| *own == outcome) {
            counter.increment(1);
        }
    }

    fn note_failure(&self, outcome: Outcome) {
        let mut last = self
            .last_failure
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        *last = Some((outcome, self.clock.now()));
    }

    fn show_breaker(&self) {
        if let Some(breaker) = &self.breaker {
            self.state_gauge
                .set(match breaker.state(self.clock.now()).0 {
                    BreakerState::Closed => 0.0,
                    BreakerState::HalfOpen => 1.0,
                    BreakerState::Open => 2.0,
                });
        }
    }

    fn state(&self) -> UpstreamState {
        let (state, since) = match &self.breaker {
            Some(breaker) => breaker.state(self.clock.now()),
            None => (BreakerState::Closed, None),
        };
        let last = *self
            .last_failure
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        UpstreamState {
            name: self.name,
            state: state.word(),
            since: since.map(|time| time.to_string()),
            last_failure: last.map(|(outcome, _)| outcome.word()),
            last_failure_at: last.map(|(_, at)| at.to_string()),
        }
    }
}

/// A random share of `longest`, from nothing to all of it ("full jitter": callers that failed together come back apart).
pub(crate) fn full_jitter(longest: Duration) -> Duration {
    let mut random = [0_u8; 4];
    getrandom::fill(&mut random).expect("the system has randomness");
    longest.mul_f64(f64::from(u32::from_le_bytes(random)) / f64::from(u32::MAX))
}
