//! Stops calling what fails, and finds out carefully when it works again.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::BreakerPolicy;
use crate::clock::Timestamp;

/// What a breaker does with calls.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BreakerState {
    /// Lets them through.
    Closed,
    /// Lets one at a time through, to see.
    HalfOpen,
    /// Refuses them.
    Open,
}

impl BreakerState {
    /// Its word.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Closed => "closed",
            Self::HalfOpen => "half-open",
            Self::Open => "open",
        }
    }
}

/// Parts that the window is counted in.
const SLOTS: i64 = 10;

pub(super) struct Breaker {
    policy: BreakerPolicy,
    inner: Mutex<Inner>,
}

struct Inner {
    phase: Phase,
    since: Option<Timestamp>,
    /// The slots of the window, oldest first.
    counts: VecDeque<Slot>,
}

enum Phase {
    Closed,
    Open { until_ms: i64 },
    HalfOpen { probing: bool, successes: u32 },
}

struct Slot {
    number: i64,
    calls: u32,
    failures: u32,
}

/// Leave for one call. Dropped without a verdict (the caller went away) it counts for nothing.
pub(super) struct Pass {
    breaker: Arc<Breaker>,
    is_probe: bool,
}

impl Breaker {
    pub(super) fn new(policy: BreakerPolicy) -> Self {
        Self {
            policy,
            inner: Mutex::new(Inner {
                phase: Phase::Closed,
                since: None,
                counts: VecDeque::new(),
            }),
        }
    }

    /// Leave for a call, or how long there is none.
    pub(super) fn admit(self: &Arc<Self>, now: Timestamp) -> Result<Pass, Duration> {
        let mut inner = self.lock();
        if let Phase::Open { until_ms } = inner.phase {
            let left_ms = until_ms - now.unix_ms();
            if left_ms > 0 {
                return Err(Duration::from_millis(left_ms.unsigned_abs()));
            }
            inner.phase = Phase::HalfOpen {
                probing: false,
                successes: 0,
            };
            inner.since = Some(now);
        }
        let is_probe = match &mut inner.phase {
            Phase::Closed => false,
            Phase::HalfOpen { probing, .. } if !*probing => {
                *probing = true;
                true
            }
            // A probe is out; what it finds is known within one call's time.
            _ => return Err(Duration::from_secs(1)),
        };
        Ok(Pass {
            breaker: self.clone(),
            is_probe,
        })
    }

    /// The state, and when it came into it.
    pub(super) fn state(&self, now: Timestamp) -> (BreakerState, Option<Timestamp>) {
        let inner = self.lock();
        let state = match inner.phase {
            Phase::Closed => BreakerState::Closed,
            Phase::HalfOpen { .. } => BreakerState::HalfOpen,
            Phase::Open { until_ms } if until_ms <= now.unix_ms() => BreakerState::HalfOpen,
            Phase::Open { .. } => BreakerState::Open,
        };
        (state, inner.since)
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn open(&self, inner: &mut Inner, now: Timestamp) {
        let open_ms = i64::try_from(self.policy.open_for.as_millis()).unwrap_or(i64::MAX);
        inner.phase = Phase::Open {
            until_ms: now.unix_ms().saturating_add(open_ms),
        };
        inner.since = Some(now);
        inner.counts.clear();
    }

    /// Counts a call, and says whether the window now asks to open.
    fn is_too_much(&self, inner: &mut Inner, failed: bool, now: Timestamp) -> bool {
        let slot_ms =
            (i64::try_from(self.policy.window.as_millis()).unwrap_or(i64::MAX) / SLOTS).max(1);
        let number = now.unix_ms().div_euclid(slot_ms);
        // A clock set back leaves slots of the future behind: they count for nothing.
        inner
            .counts
            .retain(|slot| slot.number > number - SLOTS && slot.number <= number);
        match inner.counts.back_mut() {
            Some(slot) if slot.number == number => {
                slot.calls += 1;
                slot.failures += u32::from(failed);
            }
            _ => inner.counts.push_back(Slot {
                number,
                calls: 1,
                failures: u32::from(failed),
            }),
        }
        let calls: u32 = inner.counts.iter().map(|slot| slot.calls).sum();
        let failures: u32 = inner.counts.iter().map(|slot| slot.failures).sum();
        failed
            && calls >= self.policy.minimum_calls
            && f64::from(failures) >= f64::from(calls) * self.policy.failure_share
    }
}

impl Pass {
    /// Says how the call went; whether the breaker moved.
    pub(super) fn settle(mut self, failed: bool, now: Timestamp) -> bool {
        let breaker = self.breaker.clone();
        let mut inner = breaker.lock();
        match (&mut inner.phase, self.is_probe) {
            (Phase::Closed, _) => {
                let opens = breaker.is_too_much(&mut inner, failed, now);
                if opens {
                    breaker.open(&mut inner, now);
                }
                opens
            }
            (Phase::HalfOpen { probing, successes }, true) => {
                self.is_probe = false;
                *probing = false;
                *successes += 1;
                let proven = *successes >= breaker.policy.probes;
                if failed {
                    breaker.open(&mut inner, now);
                } else if proven {
                    inner.phase = Phase::Closed;
                    inner.since = Some(now);
                }
                failed || proven
            }
            // Begun before the breaker opened: it told what is known by now.
            _ => false,
        }
    }
}

impl Drop for Pass {
    fn drop(&mut self) {
        if self.is_probe
            && let Phase::HalfOpen { probing, .. } = &mut self.breaker.lock().phase
        {
            *probing = false;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(ms: i64) -> Timestamp {
        Timestamp::from_unix_ms(1_795_189_445_000 + ms).unwrap()
    }

    fn breaker() -> Arc<Breaker> {
        Arc::new(Breaker::new(BreakerPolicy {
            window: Duration::from_secs(10),
            minimum_calls: 4,
            failure_share: 0.5,
            open_for: Duration::from_secs(5),
            probes: 2,
        }))
    }

    #[test]
    fn it_opens_by_share_probes_one_at_a_time_and_closes() {
        let breaker = breaker();
        for failed in [false, false, true] {
            assert!(!breaker.admit(at(0)).unwrap().settle(failed, at(0)));
        }
        assert!(breaker.admit(at(1)).unwrap().settle(true, at(1)));
        assert_eq!(breaker.state(at(2)).0, BreakerState::Open);
        assert_eq!(breaker.admit(at(1)).err(), Some(Duration::from_secs(5)));

        let probe = breaker.admit(at(5_001)).unwrap();
        assert!(breaker.admit(at(5_001)).is_err(), "one probe at a time");
        assert!(!probe.settle(false, at(5_002)));
        drop(breaker.admit(at(5_003)).unwrap());
        assert!(breaker.admit(at(5_004)).unwrap().settle(false, at(5_004)));
        assert_eq!(breaker.state(at(5_005)).0, BreakerState::Closed);
    }

    #[test]
    fn a_failed_probe_opens_again_and_old_failures_are_forgotten() {
        let breaker = breaker();
        for second in 0..3 {
            breaker.admit(at(second)).unwrap().settle(true, at(second));
        }
        assert!(
            !breaker.admit(at(20_000)).unwrap().settle(true, at(20_000)),
            "the window is over"
        );
        for _ in 0..3 {
            breaker.admit(at(20_001)).unwrap().settle(true, at(20_001));
        }
        let late = at(30_000);
        assert!(breaker.admit(late).unwrap().settle(true, late));
        assert_eq!(breaker.state(late).0, BreakerState::Open);
    }
}
