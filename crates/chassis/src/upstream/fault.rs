//! What came of a call.

use std::time::Duration;

use http::StatusCode;

use super::guard::GuardFault;
use crate::http::problem::Problem;

/// What came of a call, as metrics and `/health` name it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Outcome {
    /// Answered.
    Ok,
    /// Answered 5xx or 429, or the like of another protocol.
    Status,
    /// Not in time.
    Timeout,
    /// No connection: name, address, TLS.
    Connect,
    /// The connection broke, or what came was no answer.
    Interrupted,
    /// The answer was too large.
    TooLarge,
    /// The guard refused the address.
    Refused,
    /// The request could not be made, or led from redirect to redirect.
    Invalid,
    /// The bulkhead was full.
    Busy,
    /// The breaker is open.
    Open,
    /// Served from the cache.
    Cached,
    /// Served from the cache though old, because asking failed.
    Stale,
    /// Served the answer for when all else fails.
    Degraded,
}

impl Outcome {
    /// All.
    pub const ALL: [Self; 13] = [
        Self::Ok,
        Self::Status,
        Self::Timeout,
        Self::Connect,
        Self::Interrupted,
        Self::TooLarge,
        Self::Refused,
        Self::Invalid,
        Self::Busy,
        Self::Open,
        Self::Cached,
        Self::Stale,
        Self::Degraded,
    ];

    /// Its word.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Status => "status",
            Self::Timeout => "timeout",
            Self::Connect => "connect",
            Self::Interrupted => "interrupted",
            Self::TooLarge => "too_large",
            Self::Refused => "refused",
            Self::Invalid => "invalid",
            Self::Busy => "busy",
            Self::Open => "open",
            Self::Cached => "cached",
            Self::Stale => "stale",
            Self::Degraded => "degraded",
        }
    }
}

/// Why a call failed. Holds no address and no body, so it may be logged.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum UpstreamFault {
    /// The breaker is open.
    #[error("the upstream failed too often and is not called for {} ms", wait.as_millis())]
    Open {
        /// Until it is tried again.
        wait: Duration,
    },
    /// The bulkhead is full.
    #[error("too many calls to the upstream are open")]
    Busy,
    /// Not in time.
    #[error("the upstream did not answer in time")]
    Timeout,
    /// No connection.
    #[error("no connection to the upstream")]
    Connect,
    /// The connection broke.
    #[error("the connection to the upstream broke")]
    Interrupted,
    /// It answered that it cannot.
    #[error("the upstream answered {status}")]
    Status {
        /// 429 or 500 to 599; of another protocol what it has.
        status: u16,
        /// Its `Retry-After`.
        retry_after: Option<Duration>,
    },
    /// Too much.
    #[error("the upstream's answer is larger than {limit_bytes} bytes")]
    TooLarge {
        /// The bound.
        limit_bytes: usize,
    },
    /// The guard refused the address.
    #[error(transparent)]
    Refused(#[from] GuardFault),
    /// More redirects than are followed.
    #[error("the upstream redirects too often")]
    Redirects,
    /// No request can be made of it.
    #[error("the request is malformed")]
    Invalid,
}

impl UpstreamFault {
    /// Its class.
    pub fn outcome(&self) -> Outcome {
        match self {
            Self::Open { .. } => Outcome::Open,
            Self::Busy => Outcome::Busy,
            Self::Timeout => Outcome::Timeout,
            Self::Connect => Outcome::Connect,
            Self::Interrupted => Outcome::Interrupted,
            Self::Status { .. } => Outcome::Status,
            Self::TooLarge { .. } => Outcome::TooLarge,
            Self::Refused(_) => Outcome::Refused,
            Self::Redirects | Self::Invalid => Outcome::Invalid,
        }
    }

    /// Whether the upstream is to blame, and not the request or our own bounds.
    pub(super) fn is_upstreams_own(&self) -> bool {
        matches!(
            self,
            Self::Timeout
                | Self::Connect
                | Self::Interrupted
                | Self::Status { .. }
                | Self::TooLarge { .. }
        )
    }

    /// Whether the same request may do better later.
    pub fn is_transient(&self) -> bool {
        matches!(
            self,
            Self::Timeout
                | Self::Connect
                | Self::Interrupted
                | Self::Status { .. }
                | Self::Busy
                | Self::Open { .. }
        )
    }
}

impl From<UpstreamFault> for Problem {
    fn from(fault: UpstreamFault) -> Self {
        tracing::warn!(error = %fault, "an outside call failed");
        match fault {
            UpstreamFault::Open { wait } => {
                Self::new(StatusCode::SERVICE_UNAVAILABLE, "upstream.unavailable")
                    .retry_after(wait.as_secs() + 1)
            }
            UpstreamFault::Busy => {
                Self::new(StatusCode::SERVICE_UNAVAILABLE, "upstream.unavailable").retry_after(1)
            }
            UpstreamFault::Timeout => Self::new(StatusCode::GATEWAY_TIMEOUT, "upstream.late"),
            UpstreamFault::Refused(fault) => fault.into(),
            _ => Self::new(StatusCode::BAD_GATEWAY, "upstream.failed"),
        }
    }
}
