//! Instances with a common Redis count together, and go on without it.

use std::time::{Duration, Instant};

use chassis::check::ground::Wishes;
use chassis::check::{About, Area, Check, Finding, Method, Need, Said, Subject, Trouble, Words};
use futures_util::FutureExt;
use futures_util::future::BoxFuture;

use super::{Limit, burst, configured, plain_path};
use crate::access::ask;
use crate::rig::redis;

/// Beyond the limit.
const BEYOND: u32 = 40;
/// An instance that does not see Redis by then will not.
const PATIENCE: Duration = Duration::from_secs(15);
/// Requests after Redis was killed.
const AFTERWARDS: usize = 20;
/// No answer takes longer without Redis: its own time limit is 100 ms, and the machine may be busy.
const LONGEST: Duration = Duration::from_secs(5);

/// `limits.shared`.
pub(crate) struct Shared;

impl Check for Shared {
    fn about(&self) -> About {
        About {
            id: "limits.shared",
            area: Area::Limits,
            service: None,
            title: Words::new(
                "Two instances with Redis share one limit, and answer without it",
                "Deux instances avec Redis partagent une limite, et répondent sans lui",
            ),
            what: Words::new(
                "Starts a private Redis and two instances that use it, asks both in turn from one address, and counts those that are let in by the two together; then kills Redis and asks both again.",
                "Démarre un Redis privé et deux instances qui s’en servent, demande à tour de rôle aux deux depuis une adresse et compte celles qui passent en tout ; puis tue Redis et redemande aux deux.",
            ),
            passes: Words::new(
                "both together let in the configured number and what the minute refills; without Redis each answers",
                "les deux ensemble admettent le nombre configuré et ce que la minute rend ; sans Redis chacune répond",
            ),
            by_hand: Words::new(
                "redis-server --port 6390 --save '' & APLOMB_REDIS__URL=redis://127.0.0.1:6390 aplomb serve --data a --listen 8081 & APLOMB_REDIS__URL=redis://127.0.0.1:6390 aplomb serve --data b --listen 8082 & sleep 2; for i in $(seq 60); do for p in 8081 8082; do curl -so /dev/null -w '%{http_code}\\n' http://127.0.0.1:$p/api/v1/luna/variants; done; done | sort | uniq -c",
                "redis-server --port 6390 --save '' & APLOMB_REDIS__URL=redis://127.0.0.1:6390 aplomb serve --data a --listen 8081 & APLOMB_REDIS__URL=redis://127.0.0.1:6390 aplomb serve --data b --listen 8082 & sleep 2; for i in $(seq 60); do for p in 8081 8082; do curl -so /dev/null -w '%{http_code}\\n' http://127.0.0.1:$p/api/v1/luna/variants; done; done | sort | uniq -c",
            ),
            when_it_fails: Words::new(
                "Twice the number let in: `redis.prefix` or `redis.url` differs between the instances, or Redis does not answer within `redis.timeout_ms`: see `redis_up` and `redis_failures_total`. Errors without Redis: something in front waits for it; the server itself counts in memory then.",
                "Deux fois le nombre admis : `redis.prefix` ou `redis.url` diffère entre les instances, ou Redis ne répond pas en `redis.timeout_ms` : voyez `redis_up` et `redis_failures_total`. Des erreurs sans Redis : quelque chose placé devant l’attend ; le serveur, lui, compte alors en mémoire.",
            ),
            weight: 4,
            is_required: false,
            disturbs: true,
            needs: &[Need::Ground],
            fresh_days: 30,
        }
    }

    fn run<'a>(&'a self, subject: &'a Subject) -> BoxFuture<'a, Result<Finding, Trouble>> {
        measure(subject).boxed()
    }
}

async fn measure(subject: &Subject) -> Result<Finding, Trouble> {
    let folder = tempfile::Builder::new()
        .prefix("aplomb-prove-redis-")
        .tempdir()?;
    let redis = redis::start(folder.path()).await?;
    let wishes = || Wishes::none().set("redis.url", redis.url());
    let (one, other) = tokio::try_join!(subject.start(wishes()), subject.start(wishes()))?;
    let both = [subject.at(&one.base()), subject.at(&other.base())];
    let path = plain_path(&both[0]);
    let requests = configured(one.as_ref(), "limits.anonymous_per_minute").await?;
    let mut faults = Vec::new();
    for (at, number) in both.iter().zip(1..) {
        if !sees_redis(at).await? {
            faults.push(format!(
                "instance {number} does not find Redis on port {}",
                redis.port()
            ));
        }
    }
    let limit = Limit {
        requests: requests.max(1),
        window: Duration::from_mins(1),
    };
    let in_turn = |n: u32| both[n as usize % 2].request(Method::GET, &path);
    let sent = burst(limit.requests + BEYOND, in_turn).await?;
    sent.judge(limit, "two instances together", &mut faults);

    redis.kill().await?;
    let mut longest = Duration::ZERO;
    for n in 0..AFTERWARDS {
        let started = Instant::now();
        let answer = ask(both[n % 2].request(Method::GET, &path)).await?;
        longest = longest.max(started.elapsed());
        let status = answer.status.as_u16();
        if status != 200 && status != 429 {
            faults.push(format!("without Redis a request gets {status}"));
        }
    }
    if longest > LONGEST {
        faults.push(format!(
            "without Redis a request took {:.1} s",
            longest.as_secs_f64()
        ));
    }
    let (passed, took) = (sent.passed, sent.took.as_secs_f64());
    let slowest = longest.as_millis();
    Ok(Finding::new(
        faults.is_empty(),
        Said::new(
            format!("{passed} let in by both within {took:.2} s; without Redis each answered, the slowest in {slowest} ms"),
            format!("{passed} admises par les deux en {took:.2} s ; sans Redis chacune a répondu, au plus lent en {slowest} ms"),
        ),
        Said::new(
            format!("{requests} a minute for both together, and answers without Redis"),
            format!("{requests} par minute pour les deux ensemble, et des réponses sans Redis"),
        ),
    )
    .faults(faults))
}

/// Whether an instance says that Redis is up. `/readyz` names it, and is not limited.
async fn sees_redis(at: &Subject) -> Result<bool, Trouble> {
    let started = Instant::now();
    while started.elapsed() < PATIENCE {
        let said = at.get("/readyz").await?.json()?;
        let mut parts = said["dependencies"].as_array().into_iter().flatten();
        if parts.any(|part| part["name"] == "redis" && part["up"] == true) {
            return Ok(true);
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    Ok(false)
}
