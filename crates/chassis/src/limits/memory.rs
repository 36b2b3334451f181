//! Buckets in memory, in shards of a lock each.

use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};
use std::sync::{Mutex, MutexGuard, PoisonError};

use smallvec::SmallVec;

use super::gcra::{Answer, Rate};

/// Which bucket: a rule, and whom it counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Key {
    pub(super) rule: u32,
    pub(super) subject: u128,
}

/// What the buckets of one request say.
pub(super) type Answers = SmallVec<[Answer; 3]>;

/// Enough that two cores seldom meet.
const SHARDS: usize = 64;
/// Buckets of one shard. A flood from more addresses than all shards hold makes room by forgetting those that are nearest
/// to full, which are the callers that asked least.
const MOST_IN_SHARD: usize = 4_096;

/// All buckets of one server.
pub(super) struct Memory {
    hasher: RandomState,
    shards: Vec<Mutex<HashMap<Key, u64>>>,
}

impl Memory {
    pub(super) fn new() -> Self {
        Self {
            hasher: RandomState::new(),
            shards: std::iter::repeat_with(Mutex::default)
                .take(SHARDS)
                .collect(),
        }
    }

    /// Counts one request in all of these buckets, or in none. What each says, up to the first that refuses.
    pub(super) fn take(&self, buckets: &[(Key, Rate)], now_us: u64) -> Answers {
        let mut answers = Answers::new();
        for (index, (key, rate)) in buckets.iter().enumerate() {
            let mut shard = self.shard(key);
            let full_at = shard.get(key).copied().unwrap_or(0);
            let (answer, next) = rate.take(full_at, now_us);
            answers.push(answer);
            match answer {
                Answer::Passes { .. } => put(&mut shard, *key, next, now_us),
                Answer::Refused { .. } => {
                    drop(shard);
                    for (key, rate) in &buckets[..index] {
                        self.give_back(key, rate);
                    }
                    break;
                }
            }
        }
        answers
    }

    /// What a bucket would say, without counting.
    pub(super) fn peek(&self, key: &Key, rate: &Rate, now_us: u64) -> Answer {
        let full_at = self.shard(key).get(key).copied().unwrap_or(0);
        rate.take(full_at, now_us).0
    }

    /// Until when a bucket is known to refuse.
    pub(super) fn closed_until(&self, key: &Key) -> Option<u64> {
        self.shard(key).get(key).copied()
    }

    /// Notes that a bucket refuses until then.
    pub(super) fn close(&self, key: Key, until_us: u64, now_us: u64) {
        put(&mut self.shard(&key), key, until_us, now_us);
    }

    /// Forgets buckets that are full again.
    pub(super) fn forget_idle(&self, now_us: u64) {
        for shard in &self.shards {
            let mut shard = shard.lock().unwrap_or_else(PoisonError::into_inner);
            shard.retain(|_, full_at| *full_at > now_us);
            if shard.capacity() > 64 && shard.len() * 4 < shard.capacity() {
                shard.shrink_to_fit();
            }
        }
    }

    fn give_back(&self, key: &Key, rate: &Rate) {
        if let Some(full_at) = self.shard(key).get_mut(key) {
            *full_at = full_at.saturating_sub(rate.interval_us);
        }
    }

    fn shard(&self, key: &Key) -> MutexGuard<'_, HashMap<Key, u64>> {
        let index = self.hasher.hash_one(key) as usize % SHARDS;
        self.shards[index]
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    #[cfg(test)]
    fn len(&self) -> usize {
        let lengths = self.shards.iter().map(|shard| shard.lock().unwrap().len());
        lengths.sum()
    }
}

fn put(shard: &mut HashMap<Key, u64>, key: Key, full_at: u64, now_us: u64) {
    if shard.len() >= MOST_IN_SHARD && !shard.contains_key(&key) {
        shard.retain(|_, full_at| *full_at > now_us);
        if shard.len() >= MOST_IN_SHARD {
            let sum: u128 = shard.values().map(|full_at| u128::from(*full_at)).sum();
            let mean = (sum / shard.len() as u128) as u64;
            shard.retain(|_, full_at| *full_at > mean);
        }
    }
    shard.insert(key, full_at);
}

#[cfg(test)]
mod tests {
    use super::*;

    const RATE: Rate = Rate::per_minute(3);

    fn key(rule: u32, subject: u128) -> Key {
        Key { rule, subject }
    }

    fn take(memory: &Memory, buckets: &[(Key, Rate)], now_us: u64) -> Vec<Answer> {
        memory.take(buckets, now_us).to_vec()
    }

    #[test]
    fn a_bucket_holds_its_window_and_refills_evenly() {
        let memory = Memory::new();
        let one = [(key(0, 1), RATE)];
        for remaining in [2, 1, 0] {
            assert_eq!(take(&memory, &one, 5), [Answer::Passes { remaining }]);
        }
        let wait_us = 20_000_000;
        assert_eq!(take(&memory, &one, 5), [Answer::Refused { wait_us }]);
        assert_eq!(
            take(&memory, &[(key(0, 2), RATE)], 5),
            [Answer::Passes { remaining: 2 }]
        );
        let (before, after) = (5 + wait_us - 1, 5 + wait_us);
        assert_eq!(
            take(&memory, &one, before),
            [Answer::Refused { wait_us: 1 }]
        );
        assert_eq!(
            take(&memory, &one, after),
            [Answer::Passes { remaining: 0 }]
        );
    }

    #[test]
    fn what_one_bucket_refuses_is_counted_in_none() {
        let memory = Memory::new();
        let wide = (key(0, 1), Rate::per_minute(10));
        let both = [wide, (key(1, 1), Rate::per_minute(1))];
        assert_eq!(
            take(&memory, &both, 0),
            [
                Answer::Passes { remaining: 9 },
                Answer::Passes { remaining: 0 }
            ]
        );
        for _ in 0..5 {
            assert!(matches!(take(&memory, &both, 0)[1], Answer::Refused { .. }));
        }
        assert_eq!(take(&memory, &[wide], 0), [Answer::Passes { remaining: 8 }]);
    }

    #[test]
    fn a_flood_of_addresses_is_bounded_and_the_busiest_are_remembered() {
        let memory = Memory::new();
        let busy = [(key(0, u128::MAX), RATE)];
        for _ in 0..3 {
            take(&memory, &busy, 0);
        }
        for subject in 0..(SHARDS * MOST_IN_SHARD * 2) as u128 {
            take(&memory, &[(key(0, subject), RATE)], 0);
        }
        assert!(memory.len() <= SHARDS * MOST_IN_SHARD);
        assert!(matches!(take(&memory, &busy, 0)[0], Answer::Refused { .. }));
        memory.forget_idle(60_000_001);
        assert_eq!(memory.len(), 0);
    }
}
