//! Redis slow, talking nonsense, cut off and killed.

use std::time::{Duration, Instant};

use chassis::check::{
    About, Answer, Area, Check, Finding, Method, Need, Said, Subject, Trouble, Words,
};
use futures_util::FutureExt;
use futures_util::future::BoxFuture;

use super::{ANSWER_WITHIN, TURNS_WITHIN, Times};
use crate::rig::redis::Redis;
use crate::rig::wire::{Mode, Wire};
use crate::rig::{Caller, is_up, redis, seconds, until, wishes};

/// Requests a minute from an address.
const LIMIT: u32 = 20;
/// Requests that an address sends at once.
const ASKED: u32 = 30;

/// `degradation.cache`.
pub(crate) struct Cache;

impl Check for Cache {
    fn about(&self) -> About {
        About {
            id: "degradation.cache",
            area: Area::Degradation,
            service: None,
            title: Words::new(
                "Without Redis the server answers as before and keeps its limits",
                "Sans Redis, le serveur répond comme avant et tient ses limites",
            ),
            what: Words::new(
                "Puts a connection of its own between the server and a private Redis, and makes it slow, cuts it, lets it talk nonsense, and kills Redis. Each time: requests with a key, 30 requests of one address where 20 a minute are allowed, and what /health and /readyz say, until Redis is back.",
                "Place sa propre connexion entre le serveur et un Redis privé, la ralentit, la coupe, lui fait dire n’importe quoi, et tue Redis. À chaque fois : des requêtes avec une clé, 30 requêtes d’une adresse qui en a 20 par minute, et ce que disent /health et /readyz, jusqu’au retour de Redis.",
            ),
            passes: Words::new(
                "right answers within 1 s, limits that hold, /health that says degraded, and Redis taken up again by itself",
                "des réponses justes en moins de 1 s, des limites tenues, /health qui dit degraded, et Redis repris tout seul",
            ),
            by_hand: Words::new(
                "redis-server --port 7777 & APLOMB_REDIS__URL=redis://127.0.0.1:7777 aplomb serve & kill -STOP %1; curl -s http://localhost:8080/health; kill -CONT %1; curl -s http://localhost:8080/health",
                "redis-server --port 7777 & APLOMB_REDIS__URL=redis://127.0.0.1:7777 aplomb serve & kill -STOP %1; curl -s http://localhost:8080/health; kill -CONT %1; curl -s http://localhost:8080/health",
            ),
            when_it_fails: Words::new(
                "Slow answers: `redis.timeout_ms` is too long; 100 ms is usual. No limit without Redis, or refusals of 5xx: a proxy in front adds them, or a fault of the program. If /health says ok, something answers for the server or keeps its answer.",
                "Réponses lentes : `redis.timeout_ms` est trop long ; 100 ms est usuel. Pas de limite sans Redis, ou des refus 5xx : un mandataire les ajoute, ou c’est une faute du programme. Si /health dit ok, quelque chose répond à la place du serveur ou garde sa réponse en cache.",
            ),
            weight: 5,
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

/// How Redis is bad.
enum Ill {
    Wire(Mode),
    Killed,
}

async fn measure(subject: &Subject) -> Result<Finding, Trouble> {
    let folder = tempfile::Builder::new().prefix("aplomb-redis-").tempdir()?;
    let redis = redis::start(folder.path()).await?;
    let wire = Wire::to(redis.port()).await?;
    let ports = [redis.port(), wire.port()].map(|port| port.to_string());
    let through = redis.url().replace(&ports[0], &ports[1]);
    let wishes = wishes()
        .set("limits.anonymous_per_minute", LIMIT)
        .set("limits.user_per_hour", 1_000_000)
        .set("http.trusted_proxies", "127.0.0.1")
        .set("redis.url", through);
    let instance = subject.start(wishes).await?;
    let key = crate::actors::key(instance.as_ref(), "*").await?;
    let at = subject.at(&instance.base());
    let caller = Caller { at: &at, key: &key };
    let mut times = Times::default();
    let mut faults = Vec::new();
    let ills = [
        ("slow", Ill::Wire(Mode::Slow(Duration::from_secs(2)))),
        ("cut off", Ill::Wire(Mode::Cut)),
        ("silent", Ill::Wire(Mode::Silent)),
        ("talking nonsense", Ill::Wire(Mode::Garbage)),
        ("killed", Ill::Killed),
    ];
    faults.extend(asked(caller, "well", &mut times).await);
    let is_up = |answer: &Answer| answer.status == 200 && is_up(answer, "redis") == Some(true);
    let is_down = |answer: &Answer| {
        let body = answer.json().unwrap_or_default();
        body["status"] == "degraded" && crate::rig::is_up(answer, "redis") == Some(false)
    };
    for (number, (name, ill)) in ills.iter().enumerate() {
        turn(ill, &wire, &redis, true).await?;
        faults.extend(asked(caller, name, &mut times).await);
        if until(&at, "/health", TURNS_WITHIN, is_down).await.is_none() {
            faults.push(format!(
                "Redis {name}: /health never says degraded with redis down"
            ));
            break;
        }
        let ready = at.get("/readyz").await?;
        if ready.status != 200 {
            let status = ready.status.as_u16();
            faults.push(format!(
                "Redis {name}: /readyz says {status}, though all is served"
            ));
        }
        faults.extend(asked(caller, name, &mut times).await);
        faults.extend(limited(&at, number, name).await?);
        turn(ill, &wire, &redis, false).await?;
        if until(&at, "/health", TURNS_WITHIN, is_up).await.is_none() {
            faults.push(format!(
                "Redis {name}: /health never says that redis is back"
            ));
        }
    }
    faults.extend(asked(caller, "back", &mut times).await);
    faults.extend(times.slow(ANSWER_WITHIN));
    let longest = seconds(times.longest());
    let counted = Said::new(
        format!(
            "{} requests through five kinds of outage, {longest} at most",
            times.count()
        ),
        format!(
            "{} requêtes à travers cinq sortes de panne, {longest} au plus",
            times.count()
        ),
    );
    let required = Said::new(
        "right answers within 1 s, limits kept, the outage told and over by itself",
        "des réponses justes en moins de 1 s, des limites tenues, la panne dite et finie d’elle-même",
    );
    Ok(Finding::of_faults(faults, counted, required).series(times.series()))
}

async fn turn(ill: &Ill, wire: &Wire, redis: &Redis, on: bool) -> Result<(), Trouble> {
    match ill {
        Ill::Wire(mode) => wire.is(if on { *mode } else { Mode::Pass }),
        Ill::Killed if on => redis.kill().await?,
        Ill::Killed => redis.start().await?,
    }
    Ok(())
}

/// Requests with a key: right, and in time.
async fn asked(caller: Caller<'_>, when: &str, times: &mut Times) -> Vec<String> {
    let mut faults = Vec::new();
    for _ in 0..8 {
        let began = Instant::now();
        let answer = caller.get("/api/v1/keys").await;
        times.note(began);
        match answer {
            Ok(answer) if answer.status == 200 => {}
            Ok(answer) => faults.push(format!(
                "Redis {when}: a request is answered {}",
                answer.status.as_u16()
            )),
            Err(trouble) => faults.push(format!("Redis {when}: a request fails: {trouble}")),
        }
    }
    faults.dedup();
    faults
}

/// Whether an address of its own is let in as often as the limit says, counted in memory.
async fn limited(at: &Subject, number: usize, when: &str) -> Result<Option<String>, Trouble> {
    let began = Instant::now();
    let address = format!("203.0.113.{}", number + 1);
    let mut let_in = 0;
    for _ in 0..ASKED {
        let request = at.request(Method::GET, "/api/v1/auth/me");
        let answer = Answer::to(request.header("x-forwarded-for", &address)).await?;
        match answer.status.as_u16() {
            429 => {}
            401 => let_in += 1,
            other => {
                return Ok(Some(format!(
                    "Redis {when}: 401 or 429 was expected, {other} came"
                )));
            }
        }
    }
    // The bucket refills meanwhile; one more for the moment of the count.
    let refilled = began.elapsed().as_secs() * u64::from(LIMIT) / 60 + 1;
    let most = u64::from(LIMIT) + refilled;
    let is_right = u64::from(LIMIT) <= let_in && let_in <= most;
    Ok((!is_right).then(|| {
        format!("Redis {when}: {let_in} of {ASKED} requests of an address are let in, the limit is {LIMIT}")
    }))
}
