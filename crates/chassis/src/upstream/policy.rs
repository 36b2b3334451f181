//! What may be expected of an upstream, and what is done when it disappoints.

use std::time::Duration;

use super::guard;

/// How one upstream is called.
#[derive(Clone, Debug)]
pub struct Policy {
    /// Time to connect, TLS included.
    pub connect_timeout: Duration,
    /// Time without a byte.
    pub read_timeout: Duration,
    /// Time of one attempt, from asking to the last byte.
    pub timeout: Duration,
    /// Attempts after the first, for requests that may be repeated.
    pub retries: u32,
    /// The waits between attempts.
    pub backoff: Backoff,
    /// When to stop calling; none where each address behind this name fails on its own.
    pub breaker: Option<BreakerPolicy>,
    /// How many calls at once.
    pub bulkhead: Bulkhead,
    /// Keeps answers to requests that say so; none without.
    pub cache: Option<CachePolicy>,
    /// The largest answer that is read.
    pub answer_limit_bytes: usize,
    /// Redirects that are followed, each checked as the first address was; 0 gives the 3xx to the caller.
    pub redirects: u8,
    /// Which addresses may be called.
    pub reach: Reach,
}

/// Waits that double, each cut to a random share of itself.
#[derive(Clone, Debug)]
pub struct Backoff {
    /// The first.
    pub first: Duration,
    /// The longest, also for a `Retry-After`: one that asks for more ends the attempts.
    pub most: Duration,
}

/// When calling stops and how it begins again.
#[derive(Clone, Debug)]
pub struct BreakerPolicy {
    /// The time that is looked back.
    pub window: Duration,
    /// Calls in the window below which nothing is concluded.
    pub minimum_calls: u32,
    /// Share of failures from which the breaker opens, 0 to 1.
    pub failure_share: f64,
    /// Time before it is tried again.
    pub open_for: Duration,
    /// Successes in a row, one call at a time, that close it.
    pub probes: u32,
}

/// How many calls at once, so that a slow upstream does not take all of the server.
#[derive(Clone, Debug)]
pub struct Bulkhead {
    /// Calls at once.
    pub concurrent: usize,
    /// Callers that may wait for a place.
    pub waiting: usize,
    /// How long they may.
    pub wait: Duration,
}

/// How long answers are kept.
#[derive(Clone, Debug)]
pub struct CachePolicy {
    /// Served without asking.
    pub fresh: Duration,
    /// After that, served only where asking fails.
    pub stale: Duration,
    /// All kept answers together.
    pub most_bytes: u64,
}

/// Which addresses may be called.
#[derive(Clone, Debug)]
pub enum Reach {
    /// Any: the operator named the address.
    Named,
    /// Only what the guard lets through: a person named the address.
    Guarded(guard::Rules),
}

impl Default for Policy {
    fn default() -> Self {
        Self {
            connect_timeout: Duration::from_secs(3),
            read_timeout: Duration::from_secs(10),
            timeout: Duration::from_secs(15),
            retries: 2,
            backoff: Backoff::default(),
            breaker: Some(BreakerPolicy::default()),
            bulkhead: Bulkhead::default(),
            cache: None,
            answer_limit_bytes: 1 << 20,
            redirects: 0,
            reach: Reach::Named,
        }
    }
}

impl Default for Backoff {
    fn default() -> Self {
        Self {
            first: Duration::from_millis(200),
            most: Duration::from_secs(5),
        }
    }
}

impl Default for BreakerPolicy {
    fn default() -> Self {
        Self {
            window: Duration::from_secs(30),
            minimum_calls: 10,
            failure_share: 0.5,
            open_for: Duration::from_secs(15),
            probes: 2,
        }
    }
}

impl Default for Bulkhead {
    fn default() -> Self {
        Self {
            concurrent: 16,
            waiting: 64,
            wait: Duration::from_secs(1),
        }
    }
}
