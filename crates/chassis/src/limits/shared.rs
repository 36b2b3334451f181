//! Buckets in Redis, shared by all instances.

use redis::{RedisError, Script};

use super::gcra::{Answer, Rate};
use crate::redis::Redis;

/// All buckets of one request at once, in one round trip, by Redis' own clock: see `gcra.lua`.
pub(super) struct Shared {
    redis: Redis,
    script: Script,
}

/// A bucket as Redis keeps it.
pub(super) struct SharedBucket {
    pub(super) key: String,
    pub(super) rate: Rate,
}

impl Shared {
    pub(super) fn new(redis: Redis) -> Self {
        Self {
            redis,
            script: Script::new(include_str!("gcra.lua")),
        }
    }

    /// Whether Redis can be asked now.
    pub(super) fn is_up(&self) -> bool {
        self.redis.is_up()
    }

    /// The key of a bucket.
    pub(super) fn key(&self, rule: &str, kind: char, subject: u128) -> String {
        self.redis.key(&format!("limit:{rule}:{kind}:{subject:x}"))
    }

    /// Counts one request in all of these buckets, or in none, like [`super::memory::Memory::take`]. None where Redis does
    /// not answer in time; nobody is then kept waiting until it is back. `now_us` stands in for Redis' clock in tests.
    pub(super) async fn take(
        &self,
        buckets: &[SharedBucket],
        now_us: Option<u64>,
    ) -> Option<Vec<Answer>> {
        let mut connection = self.redis.connection()?;
        let mut call = self.script.prepare_invoke();
        call.arg(now_us.map_or_else(String::new, |now| now.to_string()));
        for SharedBucket { key, rate } in buckets {
            call.key(key).arg(rate.interval_us).arg(rate.limit);
        }
        let told: Result<Vec<i64>, RedisError> = call.invoke_async(&mut connection).await;
        match told {
            Ok(told) => Some(told.into_iter().map(answer).collect()),
            Err(fault) => {
                self.redis.failed(&fault);
                None
            }
        }
    }
}

fn answer(told: i64) -> Answer {
    if told < 0 {
        let wait_us = told.unsigned_abs();
        Answer::Refused { wait_us }
    } else {
        let remaining = told as u32;
        Answer::Passes { remaining }
    }
}

#[cfg(test)]
mod tests {
    use super::super::memory::{Key, Memory};
    use super::*;
    use crate::config;
    use proptest::prelude::*;

    /// A step: time that goes by, and which of the buckets are asked together.
    fn steps() -> impl Strategy<Value = Vec<(u64, Vec<usize>)>> {
        let buckets = proptest::collection::vec(0_usize..3, 1..4);
        let waits = prop_oneof![
            Just(0_u64),
            0_u64..20_000_000,
            Just(6_000_000),
            Just(59_999_999)
        ];
        proptest::collection::vec((waits, buckets), 1..60)
    }

    #[test]
    fn memory_and_redis_agree_on_every_sequence() {
        let Ok(url) = std::env::var("APLOMB_TEST_REDIS") else {
            return;
        };
        let runtime = tokio::runtime::Runtime::new().unwrap();
        let settings = config::Redis {
            url: Some(config::Secret::new(url)),
            prefix: format!("aplomb-test-{}", ulid::Ulid::generate()),
            timeout_ms: 5_000,
        };
        let shared = Shared::new(runtime.block_on(Redis::open(&settings)).unwrap());
        // Buckets in Redis are forgotten by its own clock, so they grow back slowly here.
        let rates = [Rate::per_minute(3), Rate::per_minute(7), Rate::per_hour(11)];
        let cases = ProptestConfig::with_cases(40);
        let run = std::cell::Cell::new(0_u32);
        let mut runner = proptest::test_runner::TestRunner::new(cases);
        let outcome = runner.run(&steps(), |steps| {
            run.set(run.get() + 1);
            let memory = Memory::new();
            let mut now = 1_795_189_445_123_456;
            for (wait, chosen) in steps {
                now += wait;
                let here: Vec<_> = chosen
                    .iter()
                    .map(|&i| {
                        (
                            Key {
                                rule: i as u32,
                                subject: 1,
                            },
                            rates[i],
                        )
                    })
                    .collect();
                let there: Vec<_> = chosen
                    .iter()
                    .map(|&i| SharedBucket {
                        key: shared.key(&format!("{}-{i}", run.get()), 'a', 1),
                        rate: rates[i],
                    })
                    .collect();
                let told = memory.take(&here, now).to_vec();
                let shared = runtime.block_on(shared.take(&there, Some(now))).unwrap();
                prop_assert_eq!(told, shared);
            }
            Ok(())
        });
        outcome.unwrap();
    }
}
