//! How often somebody may ask.
//!
//! * anonymous requests count by address, requests with credentials by key or user, and by workspace where a plan says so
//! * wrong credentials count by address, and are counted before any credential is looked at: guessing is bounded
//! * a route's own limit counts in place of the general one where it is wider, beside it where it is tighter
//! * buckets stand in Redis where there is one, so that instances share them, and in memory otherwise; one formula (GCRA)

mod gcra;
mod memory;
mod rule;
mod shared;

use std::net::IpAddr;
use std::time::{Duration, Instant};

use http::{HeaderValue, StatusCode};
use smallvec::SmallVec;

pub use gcra::{Answer, Rate};
pub use rule::Rule;

use crate::auth::Caller;
use crate::config;
use crate::http::problem::Problem;
use crate::redis::Redis;
use memory::{Key, Memory};
use rule::Subject;
use shared::{Shared, SharedBucket};

/// The limiters of one server.
pub struct Limits {
    started: Instant,
    on: bool,
    anonymous: Rule,
    guesses: Rule,
    user: Rule,
    key: Rule,
    workspace: Rule,
    memory: Memory,
    /// Buckets that Redis is known to refuse, until when: a flood of refused requests does not reach it.
    closed: Memory,
    shared: Option<Shared>,
}

/// What the caller may still do, by the tightest limit that applies.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Allowance {
    /// Requests over the limit's window.
    pub limit: u32,
    /// Requests left now.
    pub remaining: u32,
    /// Seconds until the next request is allowed; 0 where one is allowed now.
    pub wait_s: u64,
    /// The limit's name, number and window.
    pub policy: HeaderValue,
}

/// A request that is over a limit.
#[derive(Debug)]
pub struct Refusal {
    /// Which limit.
    pub allowance: Allowance,
    code: &'static str,
}

impl Refusal {
    /// 429 with the time to come back.
    pub fn problem(&self) -> Problem {
        let over = &self.allowance;
        Problem::new(StatusCode::TOO_MANY_REQUESTS, self.code)
            .with("limit", over.limit)
            .with("seconds", over.wait_s)
            .retry_after(over.wait_s)
    }
}

/// The buckets of one request: the route's, the caller's and his workspace's.
type Buckets<'a> = SmallVec<[Bucket<'a>; 3]>;

/// One bucket of one request.
struct Bucket<'a> {
    rule: &'a Rule,
    rate: Rate,
    subject: Subject,
}

impl Bucket<'_> {
    fn key(&self) -> Key {
        // Kinds are letters: a user and an address of the same bits are apart.
        let rule = self.rule.id << 8 | u32::from(self.subject.kind) & 0xff;
        let subject = self.subject.id;
        Key { rule, subject }
    }
}

impl Limits {
    /// Limiters by configuration, shared where there is a Redis.
    pub fn new(settings: &config::Limits, redis: Option<Redis>) -> Self {
        let anonymous = Rate::per_minute(settings.anonymous_per_minute);
        let user = Rate::per_hour(settings.user_per_hour);
        Self {
            started: Instant::now(),
            on: settings.anonymous_per_minute > 0,
            anonymous: Rule::new(0, "anonymous", anonymous, "limits.exceeded"),
            guesses: Rule::new(1, "credentials", anonymous, "limits.guesses"),
            user: Rule::new(2, "user", user, "limits.user_exceeded"),
            key: Rule::new(3, "key", user, "limits.user_exceeded"),
            workspace: Rule::new(4, "workspace", user, "limits.workspace_exceeded"),
            memory: Memory::new(),
            closed: Memory::new(),
            shared: redis.map(Shared::new),
        }
    }

    /// Whether an address may still present credentials. Looks at memory alone, and counts nothing.
    pub fn may_identify(&self, address: IpAddr) -> Result<(), Refusal> {
        if !self.on {
            return Ok(());
        }
        let bucket = self.guesses_of(address);
        match self.memory.peek(&bucket.key(), &bucket.rate, self.now_us()) {
            Answer::Passes { .. } => Ok(()),
            Answer::Refused { wait_us } => Err(refusal(&bucket, wait_us)),
        }
    }

    /// Counts wrong credentials of an address.
    pub fn count_wrong_credentials(&self, address: IpAddr) -> Option<Allowance> {
        if !self.on {
            return None;
        }
        let bucket = [self.guesses_of(address)];
        Some(match self.count_here(&bucket) {
            Ok(allowance) => allowance,
            Err(refusal) => refusal.allowance,
        })
    }

    /// Counts an anonymous request. Nothing where limits are off.
    pub async fn count_anonymous(
        &self,
        address: IpAddr,
        own: Option<&Rule>,
    ) -> Result<Option<Allowance>, Refusal> {
        if !self.on {
            return Ok(None);
        }
        let mut buckets = Buckets::new();
        general(
            &mut buckets,
            &self.anonymous,
            own,
            Subject::address(address),
        );
        self.count(&buckets).await.map(Some)
    }

    /// Whether anything is counted.
    pub fn is_on(&self) -> bool {
        self.on
    }

    /// Counts a request of somebody known. `quota`: requests an hour of all in his workspace, by its plan.
    pub async fn count_caller(
        &self,
        caller: &Caller,
        own: Option<&Rule>,
        quota: Option<u32>,
    ) -> Result<Option<Allowance>, Refusal> {
        if !self.on {
            return Ok(None);
        }
        let rule = if caller.key.is_some() {
            &self.key
        } else {
            &self.user
        };
        let mut buckets = Buckets::new();
        general(&mut buckets, rule, own, Subject::caller(caller));
        if let Some(quota) = quota {
            buckets.push(Bucket {
                rule: &self.workspace,
                rate: Rate::per_hour(quota),
                subject: Subject::workspace(caller),
            });
        }
        self.count(&buckets).await.map(Some)
    }

    /// Forgets idle buckets. Called now and then by the server.
    pub fn forget_idle(&self) {
        let now = self.now_us();
        self.memory.forget_idle(now);
        self.closed.forget_idle(now);
    }

    /// How often to call [`Limits::forget_idle`].
    pub const FORGET_EVERY: Duration = Duration::from_mins(1);

    async fn count(&self, buckets: &[Bucket<'_>]) -> Result<Allowance, Refusal> {
        if let Some(shared) = &self.shared
            && shared.is_up()
            && let Some(verdict) = self.count_there(shared, buckets).await
        {
            return verdict;
        }
        self.count_here(buckets)
    }

    async fn count_there(
        &self,
        shared: &Shared,
        buckets: &[Bucket<'_>],
    ) -> Option<Result<Allowance, Refusal>> {
        let now = self.now_us();
        for bucket in buckets {
            if let Some(until) = self.closed.closed_until(&bucket.key())
                && until > now
            {
                return Some(Err(refusal(bucket, until - now)));
            }
        }
        let asked: Vec<SharedBucket> = buckets
            .iter()
            .map(|bucket| SharedBucket {
                key: shared.key(&bucket.rule.name, bucket.subject.kind, bucket.subject.id),
                rate: bucket.rate,
            })
            .collect();
        let answers = shared.take(&asked, None).await?;
        // The bucket will refuse for exactly this long, so nobody need ask Redis again before.
        if let Some(Answer::Refused { wait_us }) = answers.last() {
            let key = buckets.get(answers.len() - 1)?.key();
            self.closed.close(key, self.now_us() + wait_us, now);
        }
        Some(verdict(buckets, &answers))
    }

    fn count_here(&self, buckets: &[Bucket<'_>]) -> Result<Allowance, Refusal> {
        let keyed: SmallVec<[_; 3]> = buckets
            .iter()
            .map(|bucket| (bucket.key(), bucket.rate))
            .collect();
        verdict(buckets, &self.memory.take(&keyed, self.now_us()))
    }

    fn guesses_of(&self, address: IpAddr) -> Bucket<'_> {
        Bucket {
            rule: &self.guesses,
            rate: self.guesses.rate,
            subject: Subject::address(address),
        }
    }

    fn now_us(&self) -> u64 {
        self.started.elapsed().as_micros() as u64
    }
}

/// The general limit, and the route's own: in its place where it is wider, beside it where it is tighter.
fn general<'a>(buckets: &mut Buckets<'a>, rule: &'a Rule, own: Option<&'a Rule>, subject: Subject) {
    let mut push = |rule: &'a Rule| {
        buckets.push(Bucket {
            rule,
            rate: rule.rate,
            subject,
        });
    };
    if let Some(own) = own {
        push(own);
    }
    if own.is_none_or(|own| own.rate.is_tighter_than(&rule.rate)) {
        push(rule);
    }
}

/// Joins what the buckets said: the first refusal, or the one with the least left.
fn verdict(buckets: &[Bucket<'_>], answers: &[Answer]) -> Result<Allowance, Refusal> {
    let mut tightest = None;
    for (bucket, answer) in buckets.iter().zip(answers) {
        match *answer {
            Answer::Refused { wait_us } => return Err(refusal(bucket, wait_us)),
            Answer::Passes { remaining } => {
                if tightest.is_none_or(|(_, least)| remaining < least) {
                    tightest = Some((bucket, remaining));
                }
            }
        }
    }
    let (bucket, remaining) = tightest.expect("each request has a bucket");
    Ok(allowance(bucket, remaining, 0))
}

fn refusal(bucket: &Bucket<'_>, wait_us: u64) -> Refusal {
    bucket.rule.refused.increment(1);
    Refusal {
        allowance: allowance(bucket, 0, wait_us.div_ceil(1_000_000).max(1)),
        code: bucket.rule.code,
    }
}

fn allowance(bucket: &Bucket<'_>, remaining: u32, wait_s: u64) -> Allowance {
    let policy = if bucket.rate == bucket.rule.rate {
        bucket.rule.policy.clone()
    } else {
        rule::policy("workspace", bucket.rate)
    };
    Allowance {
        limit: bucket.rate.limit,
        remaining,
        wait_s,
        policy,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::auth::{KeyId, Role, UserId, WorkspaceId};

    fn limits(anonymous_per_minute: u32, user_per_hour: u32) -> Limits {
        let settings = config::Limits {
            anonymous_per_minute,
            user_per_hour,
            routes: Vec::new(),
        };
        Limits::new(&settings, None)
    }

    fn caller(workspace: u128, user: Option<u128>, key: Option<u128>) -> Caller {
        Caller {
            workspace: WorkspaceId(ulid::Ulid(workspace)),
            user: user.map(|id| UserId(ulid::Ulid(id))),
            key: key.map(|id| KeyId(ulid::Ulid(id))),
            role: Role::Owner,
            session: None,
            scopes: "events:read".parse().unwrap(),
        }
    }

    const HERE: IpAddr = IpAddr::V4(std::net::Ipv4Addr::LOCALHOST);

    #[tokio::test]
    async fn zero_switches_all_limits_off() {
        let limits = limits(0, 1);
        let caller = caller(1, Some(2), None);
        for _ in 0..50 {
            assert_eq!(limits.count_anonymous(HERE, None).await.unwrap(), None);
            assert_eq!(
                limits.count_caller(&caller, None, None).await.unwrap(),
                None
            );
            assert_eq!(limits.count_wrong_credentials(HERE), None);
            assert!(limits.may_identify(HERE).is_ok());
        }
    }

    #[tokio::test]
    async fn a_person_and_each_of_his_keys_count_apart() {
        let limits = limits(1, 2);
        for caller in [
            caller(1, Some(2), None),
            caller(1, Some(2), Some(3)),
            caller(1, Some(2), Some(4)),
        ] {
            for left in [1, 0] {
                let allowance = limits
                    .count_caller(&caller, None, None)
                    .await
                    .unwrap()
                    .unwrap();
                assert_eq!(allowance.remaining, left);
            }
            let refused = limits.count_caller(&caller, None, None).await.unwrap_err();
            assert_eq!(refused.code, "limits.user_exceeded");
            assert!(refused.allowance.wait_s > 1_700);
        }
        assert!(limits.count_anonymous(HERE, None).await.is_ok());
    }

    #[tokio::test]
    async fn a_tighter_route_counts_beside_the_general_limit_and_a_wider_one_in_its_place() {
        let limits = limits(5, 10);
        let tight = Rule::of_route(0, "POST /a".into(), 1);
        let wide = Rule::of_route(1, "GET /b".into(), 100);
        let first = limits
            .count_anonymous(HERE, Some(&tight))
            .await
            .unwrap()
            .unwrap();
        assert_eq!((first.limit, first.remaining), (1, 0));
        assert!(limits.count_anonymous(HERE, Some(&tight)).await.is_err());
        let general = limits.count_anonymous(HERE, None).await.unwrap().unwrap();
        assert_eq!(general.remaining, 3, "the tight route counted here once");
        for left in [99, 98] {
            let allowance = limits
                .count_anonymous(HERE, Some(&wide))
                .await
                .unwrap()
                .unwrap();
            assert_eq!((allowance.limit, allowance.remaining), (100, left));
        }
        let general = limits.count_anonymous(HERE, None).await.unwrap().unwrap();
        assert_eq!(general.remaining, 2);
    }

    #[tokio::test]
    async fn a_workspaces_quota_binds_all_its_callers_together() {
        let limits = limits(100, 100);
        let (one, two) = (caller(1, Some(2), None), caller(1, Some(3), None));
        for caller in [&one, &two, &one] {
            let allowance = limits
                .count_caller(caller, None, Some(3))
                .await
                .unwrap()
                .unwrap();
            assert_eq!(allowance.limit, 3, "the tightest is told");
            assert_eq!(allowance.policy, "\"workspace\";q=3;w=3600");
        }
        let refused = limits.count_caller(&two, None, Some(3)).await.unwrap_err();
        assert_eq!(refused.code, "limits.workspace_exceeded");
        assert!(
            limits
                .count_caller(&caller(9, Some(2), None), None, Some(3))
                .await
                .is_ok()
        );
    }

    #[test]
    fn guessing_ends_after_as_many_wrong_credentials() {
        let limits = limits(3, 10);
        for left in [2, 1, 0] {
            assert!(limits.may_identify(HERE).is_ok());
            assert_eq!(
                limits.count_wrong_credentials(HERE).unwrap().remaining,
                left
            );
        }
        assert_eq!(
            limits.may_identify(HERE).unwrap_err().code,
            "limits.guesses"
        );
        assert!(limits.may_identify(IpAddr::from([9, 9, 9, 9])).is_ok());
    }
}
