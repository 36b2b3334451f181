//! When requests are due.

use std::time::Duration;

/// How requests come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Arrivals {
    /// At equal distances.
    Constant,
    /// As independent visitors come: at random distances, the same for the same seed.
    Poisson {
        /// The seed.
        seed: u64,
    },
}

/// The moments at which requests are due, from the start on, without an end.
#[derive(Clone, Debug)]
pub struct Schedule {
    rate_per_s: f64,
    arrivals: Arrivals,
    number: u64,
    at_s: f64,
}

impl Schedule {
    /// So many a second on average. A rate that is no positive number is taken for one a second.
    pub fn new(rate_per_s: f64, arrivals: Arrivals) -> Self {
        let is_rate = rate_per_s.is_finite() && rate_per_s > 0.0;
        Self {
            rate_per_s: if is_rate { rate_per_s } else { 1.0 },
            arrivals,
            number: 0,
            at_s: 0.0,
        }
    }
}

impl Iterator for Schedule {
    type Item = Duration;

    fn next(&mut self) -> Option<Duration> {
        let at_s = match self.arrivals {
            // Each from the start, so that no rounding adds up.
            Arrivals::Constant => self.number as f64 / self.rate_per_s,
            Arrivals::Poisson { seed } => {
                // 53 bits, in (0, 1].
                let bits = scattered(seed ^ scattered(self.number)) >> 11;
                let chance = (bits + 1) as f64 / (1_u64 << 53) as f64;
                self.at_s -= chance.ln() / self.rate_per_s;
                self.at_s
            }
        };
        self.number += 1;
        Some(Duration::from_secs_f64(at_s))
    }
}

/// A number that looks like chance and is always the same for the same number (the finaliser of `SplitMix64`).
pub(crate) fn scattered(number: u64) -> u64 {
    let mut z = number.wrapping_add(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn constant_arrivals_keep_their_distance_without_drift() {
        let mut due = Schedule::new(300.0, Arrivals::Constant);
        let far = due.nth(299_999).unwrap();
        assert!((far.as_secs_f64() - 299_999.0 / 300.0).abs() < 1e-6);
    }

    #[test]
    fn random_arrivals_keep_the_rate_and_repeat_with_their_seed() {
        let due = |seed| Schedule::new(100.0, Arrivals::Poisson { seed });
        let last = due(7).nth(99_999).unwrap().as_secs_f64();
        assert!((last - 1000.0).abs() < 20.0, "{last}");
        let first = |seed| due(seed).take(5).collect::<Vec<_>>();
        assert_eq!(first(7), first(7));
        assert_ne!(first(7), first(8));
        // Distances of visitors vary as much as they are long on average.
        let moments: Vec<_> = due(7).take(10_000).map(|at| at.as_secs_f64()).collect();
        let shares = moments
            .windows(2)
            .filter(|pair| pair[1] - pair[0] < 0.01)
            .count();
        let shorter = shares as f64 / 9_999.0;
        assert!((shorter - 0.632).abs() < 0.03, "{shorter}");
    }
}
