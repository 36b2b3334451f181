//! More than the server can do: what is too much is refused quickly, and it comes back by itself.

use std::sync::Arc;
use std::time::{Duration, Instant};

use chassis::check::ground::Wishes;
use chassis::check::scenario::LoadRequest;
use chassis::check::{About, Area, Check, Finding, Method, Need, Said, Subject, Trouble, Words};
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use http::response::Parts;

use super::{comma, shortened};
use crate::load::generator::{self, Plan, address};
use crate::load::mix::Mix;
use chassis::telemetry::objectives::objectives;

/// Requests that the instance may work on at once.
const IN_FLIGHT: u32 = 2;
/// Hashing a password takes at least 10 ms on any machine, so two at once are at most 200 a second: this is twice as many.
const RATE_PER_S: f64 = 400.0;
/// Somebody who looks whether the server lives.
const PROBES_PER_S: f64 = 20.0;
/// After the flood it must serve again within this.
const RECOVERY: Duration = Duration::from_secs(10);

/// `load.overload`.
pub(crate) struct Overload;

impl Check for Overload {
    fn about(&self) -> About {
        About {
            id: "load.overload",
            area: Area::Load,
            service: None,
            title: Words::new(
                "What is too much is refused quickly, and the server comes back by itself",
                "Ce qui est de trop est refusé vite, et le serveur se rétablit seul",
            ),
            what: Words::new(
                "Starts an instance with `http.maximum_in_flight = 2` and sends it 400 sign-ins a second, each of which costs it the hashing of a password. Meanwhile asks /livez 20 times a second. Afterwards looks how soon requests are served again.",
                "Démarre une instance avec `http.maximum_in_flight = 2` et lui envoie 400 connexions par seconde, dont chacune lui coûte le hachage d’un mot de passe. Interroge pendant ce temps /livez 20 fois par seconde. Regarde ensuite quand les requêtes sont servies à nouveau.",
            ),
            passes: Words::new(
                "the surplus is answered 503 with Retry-After, p99 below 1 s; /livez always answers 200; requests are served again within 10 s",
                "le surplus reçoit 503 avec Retry-After, p99 sous 1 s ; /livez répond toujours 200 ; les requêtes sont servies à nouveau en 10 s",
            ),
            by_hand: Words::new(
                "APLOMB_HTTP__MAXIMUM_IN_FLIGHT=2 APLOMB_LIMITS__ANONYMOUS_PER_MINUTE=0 aplomb serve & sleep 2; for i in $(seq 200); do curl -s -o /dev/null -w '%{http_code} %{time_total}\\n' http://localhost:8080/api/v1/auth/login -d \"{\\\"email\\\":\\\"x$i@x.example\\\",\\\"password\\\":\\\"wrong wrong wrong\\\"}\" -H 'content-type: application/json' & done | sort | uniq -c; curl -i http://localhost:8080/livez",
                "APLOMB_HTTP__MAXIMUM_IN_FLIGHT=2 APLOMB_LIMITS__ANONYMOUS_PER_MINUTE=0 aplomb serve & sleep 2; for i in $(seq 200); do curl -s -o /dev/null -w '%{http_code} %{time_total}\\n' http://localhost:8080/api/v1/auth/login -d \"{\\\"email\\\":\\\"x$i@x.example\\\",\\\"password\\\":\\\"faux faux faux\\\"}\" -H 'content-type: application/json' & done | sort | uniq -c; curl -i http://localhost:8080/livez",
            ),
            when_it_fails: Words::new(
                "No 503 at all: something in front queues requests, such as a proxy with fewer connections than the server has places; give it more, and let it pass 503 on. Without Retry-After: a proxy takes it away. Slow refusals or a silent /livez: the machine has no time left for the refusals; lower `http.maximum_in_flight` or put a balancer in front. No recovery: look into the log for what still runs, and restart.",
                "Aucun 503 : quelque chose devant met les requêtes en file, tel un mandataire qui a moins de connexions que le serveur n’a de places ; donnez-lui-en plus, et qu’il transmette les 503. Sans Retry-After : un mandataire le retire. Refus lents ou /livez muet : la machine n’a plus de temps pour refuser ; baissez `http.maximum_in_flight` ou placez un répartiteur devant. Pas de rétablissement : cherchez dans le journal ce qui tourne encore, et redémarrez.",
            ),
            weight: 6,
            is_required: true,
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
    let length = subject.by_pace(Duration::from_secs(3), Duration::from_secs(30));
    let wishes = Wishes::none().set("http.maximum_in_flight", IN_FLIGHT);
    let (instance, key) = super::stage(subject, wishes).await?;
    let base = instance.base();
    let host = address(&base)?;

    let body = r#"{"email":"nobody-{number}@prove.example","password":"not the right one {number}","client":"api"}"#;
    let sign_in = LoadRequest::post("sign-in", 1, "/api/v1/auth/login", body).without_key();
    let mut flood = Plan::new(&base, Mix::new(&[sign_in], host, None)?, RATE_PER_S, length)?;
    flood.connections = 64;
    flood.judge = Arc::new(refused_in_order);
    let mut probe = Plan::new(&base, Mix::one("/livez", host)?, PROBES_PER_S, length)?;
    probe.connections = 4;
    let (flooded, probed) = tokio::join!(generator::run(flood), generator::run(probe));
    let (flooded, probed) = (flooded?, probed?);
    let recovery = recovery(&subject.at(&base), &key).await?;

    let mut faults = flooded.fault_lines();
    let limit = objectives().latency_p99_ms;
    let (refused, refused_p99_ms) = flooded
        .answers_of(503)
        .map_or((0, 0.0), |own| (own.answers, own.latency.p99_ms));
    if refused == 0 {
        faults.push(format!(
            "no request was refused at {RATE_PER_S} sign-ins a second with {IN_FLIGHT} places"
        ));
    } else if !limit.is_met_by(refused_p99_ms) {
        faults.push(format!(
            "a refusal takes {refused_p99_ms:.0} ms (p99), not below {} ms",
            limit.target_below
        ));
    }
    let in_probes = probed.fault_lines();
    faults.extend(
        in_probes
            .iter()
            .map(|line| format!("/livez meanwhile: {line}")),
    );
    let probed_p99_ms = probed.latency.p99_ms;
    if !limit.is_met_by(probed_p99_ms) {
        faults.push(format!(
            "/livez took {probed_p99_ms:.0} ms (p99) meanwhile, not below {} ms",
            limit.target_below
        ));
    }
    let recovered = if let Some(took) = recovery {
        format!("{:.1} s", took.as_secs_f64())
    } else {
        faults.push(format!(
            "the server does not recover: no request was served within {} s after the flood",
            RECOVERY.as_secs()
        ));
        "–".to_owned()
    };

    let due = flooded.due;
    let figures = format!("p99 {refused_p99_ms:.1} ms");
    let probe = format!("p99 {probed_p99_ms:.1} ms");
    let measured = Said::new(
        format!(
            "{refused} of {due} refused, {figures}; /livez {probe}; served again after {recovered}"
        ),
        format!(
            "{refused} sur {due} refusées, {} ; /livez {} ; service rétabli après {}",
            comma(&figures),
            comma(&probe),
            comma(&recovered)
        ),
    );
    let required = Said::new(
        "503 with Retry-After, p99 < 1 s; /livez 200; served again within 10 s",
        "503 avec Retry-After, p99 < 1 s ; /livez 200 ; service rétabli en 10 s",
    );
    let mut finding = Finding::new(faults.is_empty(), measured, required).faults(faults);
    for series in flooded.series() {
        finding = finding.series(series);
    }
    Ok(shortened(subject, finding, || {
        Said::new("3 s of flood in place of 30", "3 s d’afflux au lieu de 30")
    }))
}

/// An attempt to sign in is answered, or refused as too much with a time to come again.
fn refused_in_order(_request: &LoadRequest, answer: &Parts) -> Result<(), String> {
    match answer.status.as_u16() {
        401 => Ok(()),
        503 if answer.headers.contains_key("retry-after") => Ok(()),
        503 => Err("503 without Retry-After".to_owned()),
        other => Err(format!("{other} in place of 401 or 503")),
    }
}

/// How soon ten requests in a row are served again; nothing if not in time.
async fn recovery(at: &Subject, key: &str) -> Result<Option<Duration>, Trouble> {
    let started = Instant::now();
    let mut served = 0;
    while started.elapsed() < RECOVERY {
        let request = at.request(Method::GET, "/api/v1/auth/me").bearer_auth(key);
        let answer = request.timeout(RECOVERY).send().await;
        served = match answer {
            Ok(answer) if answer.status() == 200 => served + 1,
            _ => 0,
        };
        if served == 10 {
            return Ok(Some(started.elapsed()));
        }
        if served == 0 {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }
    Ok(None)
}
