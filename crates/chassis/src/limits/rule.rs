//! What is limited, how it is told, and whom it counts.

use std::net::IpAddr;

use http::HeaderValue;
use metrics::Counter;

use super::gcra::Rate;
use crate::auth::Caller;

/// A limit with a name.
pub struct Rule {
    pub(super) id: u32,
    pub(super) name: String,
    pub(super) rate: Rate,
    /// The problem's code where it refuses.
    pub(super) code: &'static str,
    pub(super) policy: HeaderValue,
    pub(super) refused: Counter,
}

/// Ids below are the house's own rules.
const FIRST_ROUTE: u32 = 8;

impl Rule {
    /// The own limit of a route: `index` differs for each, `name` is the same on every instance.
    pub fn of_route(index: usize, name: String, per_minute: u32) -> Self {
        let rate = Rate::per_minute(per_minute);
        Self {
            name,
            ..Self::new(FIRST_ROUTE + index as u32, "route", rate, "limits.exceeded")
        }
    }

    pub(super) fn new(id: u32, name: &'static str, rate: Rate, code: &'static str) -> Self {
        Self {
            id,
            name: name.to_owned(),
            rate,
            code,
            policy: policy(name, rate),
            refused: metrics::counter!("limits_refused_total", "limit" => name),
        }
    }

    /// Requests over which time.
    pub fn rate(&self) -> Rate {
        self.rate
    }
}

/// `RateLimit-Policy`, as in draft-ietf-httpapi-ratelimit-headers-10.
pub(super) fn policy(name: &str, rate: Rate) -> HeaderValue {
    let text = format!("\"{name}\";q={};w={}", rate.limit, rate.window_s);
    HeaderValue::try_from(text).expect("names are plain words")
}

/// Whom a bucket counts.
#[derive(Clone, Copy)]
pub(super) struct Subject {
    pub(super) kind: char,
    pub(super) id: u128,
}

impl Subject {
    pub(super) fn address(address: IpAddr) -> Self {
        let id = match address {
            IpAddr::V4(v4) => v4.to_ipv6_mapped().to_bits(),
            IpAddr::V6(v6) => v6.to_bits(),
        };
        Self { kind: 'a', id }
    }

    /// The key where one is used: a person's keys are counted apart from him and from each other.
    pub(super) fn caller(caller: &Caller) -> Self {
        let (kind, id) = match (caller.key, caller.user) {
            (Some(key), _) => ('k', key.0.0),
            (None, Some(user)) => ('u', user.0.0),
            (None, None) => ('w', caller.workspace.0.0),
        };
        Self { kind, id }
    }

    pub(super) fn workspace(caller: &Caller) -> Self {
        Self {
            kind: 'w',
            id: caller.workspace.0.0,
        }
    }
}
