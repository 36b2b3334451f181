//! What the server's own page says of its traffic: answers and their latencies, counted beside the metrics in steps fine enough to
//! judge an objective of 200 ms. The histograms at `/metrics` have 100 and 250 ms as neighbours, and are summed up by whoever scrapes.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use http::StatusCode;

/// Steps within a doubling: a quantile is off by a sixteenth at most.
const STEPS: usize = 8;
/// Below 16 µs each microsecond is a step of its own; above, each doubling has [`STEPS`], up to some 19 hours.
const BUCKETS: usize = 16 + STEPS * 32;

/// Answers of one part of the house since its start.
pub struct Tally {
    answers: AtomicU64,
    refused: AtomicU64,
    failed: AtomicU64,
    buckets: Box<[AtomicU64]>,
}

/// The tallies of a house: one for each service, and one for everything else.
pub struct Traffic {
    rest: Arc<Tally>,
    services: Vec<(&'static str, Arc<Tally>)>,
}

/// What a [`Tally`] had counted at one moment, or between two.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Counts {
    /// All answers.
    pub answers: u64,
    /// Answers of 400 to 499.
    pub refused: u64,
    /// Answers of 500 and above.
    pub failed: u64,
    buckets: Vec<u64>,
}

impl Default for Tally {
    fn default() -> Self {
        Self {
            answers: AtomicU64::new(0),
            refused: AtomicU64::new(0),
            failed: AtomicU64::new(0),
            buckets: (0..BUCKETS).map(|_| AtomicU64::new(0)).collect(),
        }
    }
}

impl Traffic {
    /// Tallies for these services.
    pub fn new(services: impl IntoIterator<Item = &'static str>) -> Self {
        let services = services.into_iter();
        Self {
            rest: Arc::default(),
            services: services.map(|name| (name, Arc::default())).collect(),
        }
    }

    /// The tally that a route counts in.
    pub fn of(&self, template: &str) -> Arc<Tally> {
        let service = template
            .strip_prefix("/api/v1/")
            .and_then(|rest| rest.split('/').next());
        let own = self
            .services
            .iter()
            .find(|(name, _)| Some(*name) == service);
        own.map_or(&self.rest, |(_, tally)| tally).clone()
    }

    /// The services, in their order.
    pub fn services(&self) -> impl Iterator<Item = &'static str> {
        self.services.iter().map(|(name, _)| *name)
    }

    /// What is counted so far: the services in their order, and the rest last.
    pub fn read(&self) -> Vec<Counts> {
        let services = self.services.iter().map(|(_, tally)| tally.read());
        services.chain([self.rest.read()]).collect()
    }
}

impl Tally {
    /// Counts one answer: two or three additions, no lock.
    pub fn count(&self, status: StatusCode, seconds: f64) {
        self.answers.fetch_add(1, Ordering::Relaxed);
        if status.is_server_error() {
            self.failed.fetch_add(1, Ordering::Relaxed);
        } else if status.is_client_error() {
            self.refused.fetch_add(1, Ordering::Relaxed);
        }
        self.buckets[place(seconds)].fetch_add(1, Ordering::Relaxed);
    }

    /// What is counted so far.
    pub fn read(&self) -> Counts {
        let of = |count: &AtomicU64| count.load(Ordering::Relaxed);
        Counts {
            answers: of(&self.answers),
            refused: of(&self.refused),
            failed: of(&self.failed),
            buckets: self.buckets.iter().map(of).collect(),
        }
    }
}

impl Counts {
    /// Nothing.
    pub fn none() -> Self {
        Self {
            answers: 0,
            refused: 0,
            failed: 0,
            buckets: vec![0; BUCKETS],
        }
    }

    /// What was counted since `earlier`.
    #[must_use]
    pub fn since(&self, earlier: &Self) -> Self {
        let pairs = self.buckets.iter().zip(&earlier.buckets);
        Self {
            answers: self.answers.saturating_sub(earlier.answers),
            refused: self.refused.saturating_sub(earlier.refused),
            failed: self.failed.saturating_sub(earlier.failed),
            buckets: pairs.map(|(now, then)| now.saturating_sub(*then)).collect(),
        }
    }

    /// Both together.
    pub fn add(&mut self, other: &Self) {
        self.answers += other.answers;
        self.refused += other.refused;
        self.failed += other.failed;
        for (own, more) in self.buckets.iter_mut().zip(&other.buckets) {
            *own += more;
        }
    }

    /// The latency that `share` (0 to 1) of the answers stayed below, in milliseconds; none where there was no answer.
    pub fn quantile_ms(&self, share: f64) -> Option<f64> {
        let all: u64 = self.buckets.iter().sum();
        if all == 0 {
            return None;
        }
        let wanted = (share * all as f64).ceil().max(1.0);
        let mut seen = 0.0;
        for (index, count) in self.buckets.iter().enumerate() {
            let count = *count as f64;
            if count > 0.0 && seen + count >= wanted {
                let (from, to) = bounds_us(index);
                let inside = (wanted - seen) / count;
                return Some((from + (to - from) * inside) / 1_000.0);
            }
            seen += count;
        }
        None
    }

    /// Answers of 500 and above, in percent of all.
    pub fn failed_percent(&self) -> Option<f64> {
        (self.answers > 0).then(|| self.failed as f64 / self.answers as f64 * 100.0)
    }
}

/// The bucket of a duration.
fn place(seconds: f64) -> usize {
    // Negative and not-a-number become 0, what is beyond all bounds the last bucket.
    let us = (seconds * 1e6) as u64;
    if us < 16 {
        return us as usize;
    }
    let doubling = us.ilog2() as usize;
    let step = (us >> (doubling - 3)) as usize - STEPS;
    (16 + (doubling - 4) * STEPS + step).min(BUCKETS - 1)
}

/// From where to where a bucket reaches, in microseconds.
fn bounds_us(index: usize) -> (f64, f64) {
    if index < 16 {
        return (index as f64, index as f64 + 1.0);
    }
    let (doubling, step) = ((index - 16) / STEPS + 4, (index - 16) % STEPS);
    let width = (1_u64 << (doubling - 3)) as f64;
    let from = (STEPS + step) as f64 * width;
    (from, from + width)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_duration_lies_in_its_bucket() {
        for us in (0..4_000_u64).chain([100_000, 199_999, 200_001, 5_000_000, 7_200_000_000]) {
            let (from, to) = bounds_us(place((us as f64 + 0.5) / 1e6));
            assert!(
                from <= us as f64 && us as f64 + 0.5 < to,
                "{us}: {from} to {to}"
            );
        }
        assert_eq!(place(f64::NAN), 0);
        assert_eq!(place(-1.0), 0);
        assert_eq!(place(f64::INFINITY), BUCKETS - 1);
    }

    #[test]
    fn a_quantile_is_near_what_was_counted() {
        let tally = Tally::default();
        for ms in 1..=1_000 {
            tally.count(StatusCode::OK, f64::from(ms) / 1e3);
        }
        let counts = tally.read();
        for (share, wanted) in [(0.5, 500.0), (0.95, 950.0), (0.99, 990.0)] {
            let found = counts.quantile_ms(share).unwrap();
            assert!((found / wanted - 1.0).abs() < 0.07, "{share}: {found}");
        }
        assert_eq!(Counts::none().quantile_ms(0.5), None);
    }

    #[test]
    fn what_lies_between_two_looks_is_told_apart() {
        let tally = Tally::default();
        tally.count(StatusCode::OK, 0.001);
        let before = tally.read();
        tally.count(StatusCode::NOT_FOUND, 1.0);
        tally.count(StatusCode::BAD_GATEWAY, 1.0);
        let between = tally.read().since(&before);
        assert_eq!(
            (between.answers, between.refused, between.failed),
            (2, 1, 1)
        );
        assert_eq!(between.failed_percent(), Some(50.0));
        assert!(between.quantile_ms(0.01).unwrap() > 900.0);
        let mut both = before.clone();
        both.add(&between);
        assert_eq!(both, tally.read());
    }
}
