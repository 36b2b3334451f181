//! How often an address may ask: GCRA buckets in memory.
//!
//! One limiter for the default and one for each route that states its own limit. A bucket holds a
//! minute's worth and refills evenly. (Users, keys and a store shared by several instances come
//! with accounts.)

use std::net::IpAddr;
use std::num::NonZeroU32;
use std::time::Duration;

use governor::clock::{Clock as _, QuantaClock};
use governor::middleware::StateInformationMiddleware;
use governor::state::keyed::DashMapStateStore;
use governor::{Quota, RateLimiter};

type Buckets =
    RateLimiter<IpAddr, DashMapStateStore<IpAddr>, QuantaClock, StateInformationMiddleware>;

/// More addresses than this in one limiter, and the idle ones are forgotten at once.
const MOST_ADDRESSES: usize = 100_000;

/// The limiters of one server.
pub struct Limits {
    clock: QuantaClock,
    default: Option<Limiter>,
    own: Vec<Limiter>,
}

struct Limiter {
    per_minute: NonZeroU32,
    buckets: Buckets,
}

/// What the caller may still do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Allowance {
    /// Requests a minute.
    pub limit: u32,
    /// Requests left now.
    pub remaining: u32,
    /// Seconds until the next request is allowed; 0 where one is allowed now.
    pub wait_s: u64,
}

impl Limits {
    /// Limiters for a default (0 switches all limits off) and for each route's own limit.
    pub fn new(anonymous_per_minute: u32, own: impl Iterator<Item = u32>) -> Self {
        let clock = QuantaClock::default();
        let limiter =
            |per_minute: u32| NonZeroU32::new(per_minute).map(|n| Limiter::new(n, &clock));
        let default = limiter(anonymous_per_minute);
        let mut limits: Vec<u32> = if default.is_some() {
            own.collect()
        } else {
            Vec::new()
        };
        limits.sort_unstable();
        limits.dedup();
        let own = limits.into_iter().filter_map(limiter).collect();
        Self {
            clock,
            default,
            own,
        }
    }

    /// Counts one request of `address`. Nothing where no limit applies; an error where it is over.
    pub fn check(
        &self,
        address: IpAddr,
        own_limit: Option<u32>,
    ) -> Result<Option<Allowance>, Allowance> {
        let Some(default) = &self.default else {
            return Ok(None);
        };
        let limiter = own_limit
            .and_then(|limit| {
                self.own
                    .iter()
                    .find(|limiter| limiter.per_minute.get() == limit)
            })
            .unwrap_or(default);
        let limit = limiter.per_minute.get();
        match limiter.buckets.check_key(&address) {
            Ok(state) => Ok(Some(Allowance {
                limit,
                remaining: state.remaining_burst_capacity(),
                wait_s: 0,
            })),
            Err(until) => {
                let wait = until.wait_time_from(self.clock.now());
                Err(Allowance {
                    limit,
                    remaining: 0,
                    wait_s: (wait.as_millis() as u64).div_ceil(1000).max(1),
                })
            }
        }
    }

    /// Forgets idle addresses. Called now and then by the server.
    pub fn forget_idle(&self) {
        for limiter in self.default.iter().chain(&self.own) {
            limiter.buckets.retain_recent();
            if limiter.buckets.len() > MOST_ADDRESSES {
                limiter.buckets.shrink_to_fit();
            }
        }
    }

    /// How often to call [`Limits::forget_idle`]: a bucket is full again after a minute.
    pub const FORGET_EVERY: Duration = Duration::from_mins(1);
}

impl Limiter {
    fn new(per_minute: NonZeroU32, clock: &QuantaClock) -> Self {
        let quota = Quota::per_minute(per_minute);
        let buckets = Buckets::new(quota, DashMapStateStore::default(), clock.clone());
        Self {
            per_minute,
            buckets,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_has_its_minute_and_others_have_theirs() {
        let limits = Limits::new(3, [10].into_iter());
        let (one, two) = (IpAddr::from([1, 1, 1, 1]), IpAddr::from([2, 2, 2, 2]));
        for left in (0..3).rev() {
            assert_eq!(limits.check(one, None).unwrap().unwrap().remaining, left);
        }
        let refused = limits.check(one, None).unwrap_err();
        assert_eq!((refused.limit, refused.remaining), (3, 0));
        assert!((1..=20).contains(&refused.wait_s), "{refused:?}");
        assert!(limits.check(two, None).is_ok());
        assert_eq!(limits.check(one, Some(10)).unwrap().unwrap().remaining, 9);
    }

    #[test]
    fn zero_switches_limits_off() {
        let limits = Limits::new(0, [1].into_iter());
        for _ in 0..50 {
            assert_eq!(limits.check(IpAddr::from([1, 1, 1, 1]), Some(1)), Ok(None));
        }
    }
}
