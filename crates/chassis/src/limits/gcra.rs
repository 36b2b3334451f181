//! The rate algorithm, once: the same integers in memory and in Redis.
//!
//! GCRA (the "virtual scheduling" of ITU-T I.371, annex A): a bucket is one number, the moment at which it will be full
//! again. It holds `limit` requests and refills evenly over its window.

/// How often: a number of requests over a window.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rate {
    /// Requests.
    pub limit: u32,
    /// Over this time.
    pub window_s: u32,
    /// Time in which one request grows back. Rounded down to a microsecond, so a caller gets what is promised or a trifle more.
    pub(super) interval_us: u64,
}

/// What a bucket says to one request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    /// It passes.
    Passes {
        /// Requests left now.
        remaining: u32,
    },
    /// It does not.
    Refused {
        /// Time until the next one passes.
        wait_us: u64,
    },
}

impl Rate {
    /// `limit` requests a minute. At least one.
    pub const fn per_minute(limit: u32) -> Self {
        Self::over(limit, 60)
    }

    /// `limit` requests an hour. At least one.
    pub const fn per_hour(limit: u32) -> Self {
        Self::over(limit, 3_600)
    }

    const fn over(limit: u32, window_s: u32) -> Self {
        let limit = if limit == 0 { 1 } else { limit };
        let interval_us = window_s as u64 * 1_000_000 / limit as u64;
        Self {
            limit,
            window_s,
            interval_us: if interval_us == 0 { 1 } else { interval_us },
        }
    }

    /// Whether it lets fewer requests through in the long run.
    pub const fn is_tighter_than(&self, other: &Self) -> bool {
        self.interval_us > other.interval_us
    }

    /// One request at `now_us` against a bucket that is full at `full_at_us`: the answer, and when the bucket is full next.
    pub(super) fn take(&self, full_at_us: u64, now_us: u64) -> (Answer, u64) {
        let holds = self.interval_us * u64::from(self.limit);
        // Never more than empty: a clock set back, or a limit just lowered, costs one window at most.
        let next = full_at_us.clamp(now_us, now_us + holds) + self.interval_us;
        let debt = next - now_us;
        if debt > holds {
            let wait_us = debt - holds;
            return (Answer::Refused { wait_us }, full_at_us);
        }
        let remaining = ((holds - debt) / self.interval_us) as u32;
        (Answer::Passes { remaining }, next)
    }
}
