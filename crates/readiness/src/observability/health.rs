//! Three answers to "how are you?", and one truth.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use chassis::check::ground::Wishes;
use chassis::check::{About, Answer, Area, Check, Finding, Need, Said, Subject, Trouble, Words};
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use serde_json::Value;

use super::scrape;

/// How long the server goes on answering once it is asked to stop.
const DELAY_MS: u64 = 4_000;

/// `observability.health`.
pub(crate) struct Health;

impl Check for Health {
    fn about(&self) -> About {
        About {
            id: "observability.health",
            area: Area::Observability,
            service: None,
            title: Words::new(
                "The health pages tell one truth, and readiness ends before the server does",
                "Les pages d’état disent une même vérité, et la disponibilité cesse avant le serveur",
            ),
            what: Words::new(
                "Asks `/livez`, `/readyz` and `/health` of an instance: they agree on each dependency, the version is that of `/metrics` and of the API’s document. Then asks the instance to stop with `http.drain_delay_ms`: while it still answers, `/readyz` says 503 and `draining`, `/livez` 200, `/health` `draining`.",
                "Interroge `/livez`, `/readyz` et `/health` d’une instance : elles s’accordent sur chaque dépendance, et la version est celle de `/metrics` et du document de l’API. Puis demande l’arrêt avec `http.drain_delay_ms` : tant que l’instance répond, `/readyz` dit 503 et `draining`, `/livez` 200, `/health` `draining`.",
            ),
            passes: Words::new(
                "no contradiction; 503 at /readyz before the server stops to answer",
                "aucune contradiction ; 503 sur /readyz avant que le serveur cesse de répondre",
            ),
            by_hand: Words::new(
                "APLOMB_HTTP__DRAIN_DELAY_MS=5000 aplomb serve & pid=$!\nsleep 2; curl -s http://localhost:8080/health; kill $pid; sleep 1; curl -si http://localhost:8080/readyz",
                "APLOMB_HTTP__DRAIN_DELAY_MS=5000 aplomb serve & pid=$!\nsleep 2; curl -s http://localhost:8080/health; kill $pid; sleep 1; curl -si http://localhost:8080/readyz",
            ),
            when_it_fails: Words::new(
                "A proxy or a cache answers for `/readyz`: exempt the three pages from caching and from retries. The version differs: two versions run behind one address. The server stops without a 503: a second signal cut the delay short, or `http.drain_delay_ms` is 0 there.",
                "Un mandataire ou un cache répond pour `/readyz` : exemptez ces trois pages de cache et de nouvelles tentatives. La version diffère : deux versions tournent derrière une même adresse. Le serveur s’arrête sans 503 : un second signal a écourté le délai, ou `http.drain_delay_ms` y vaut 0.",
            ),
            weight: 4,
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
    let wishes = Wishes::none().set("http.drain_delay_ms", DELAY_MS);
    let instance = subject.start(wishes).await?;
    let at = subject.at(&instance.base());
    let mut faults = Vec::new();
    let dependencies = one_truth(&at, &mut faults).await?;
    let (stopped, drained) = tokio::join!(instance.stop(), while_it_stops(&at));
    let took = stopped?;
    faults.extend(drained.faults());
    let shown = took.as_millis();
    let counted = Said::new(
        format!("3 pages, {dependencies} dependencies and a stop of {shown} ms"),
        format!("3 pages, {dependencies} dépendances et un arrêt de {shown} ms"),
    );
    let required = Said::new(
        "no contradiction; 503 at /readyz while the server still answers",
        "aucune contradiction ; 503 sur /readyz tant que le serveur répond",
    );
    Ok(Finding::of_faults(faults, counted, required))
}

/// Compares the pages; the number of dependencies that they name.
async fn one_truth(at: &Subject, faults: &mut Vec<String>) -> Result<usize, Trouble> {
    let live = at.get("/livez").await?;
    if live.status != 200 || live.text().trim() != "ok" {
        faults.push(format!(
            "/livez answers {} `{}`",
            live.status.as_u16(),
            live.text()
        ));
    }
    let ready = at.get("/readyz").await?.expect(200)?;
    if ready["ready"] != true || ready["draining"] != false {
        let (ready, draining) = (&ready["ready"], &ready["draining"]);
        faults.push(format!(
            "/readyz answers 200 and says ready {ready}, draining {draining}"
        ));
    }
    let health = at.get("/health").await?.expect(200)?;
    let [of_ready, of_health] = [&ready, &health].map(dependencies);
    if of_ready != of_health {
        faults.push(format!(
            "/readyz and /health disagree on dependencies: {of_ready:?} and {of_health:?}"
        ));
    }
    if !of_ready.contains_key("database") {
        faults.push("no page tells of the database".to_owned());
    }
    let all_up = of_ready.values().all(|up| *up);
    let status = health["status"].as_str().unwrap_or_default();
    if (status == "ok") != all_up {
        faults.push(format!(
            "/health says `{status}` with the dependencies {of_health:?}"
        ));
    }
    let version = health["version"].as_str().unwrap_or_default();
    let labels = [("version", version)];
    if scrape(at)
        .await?
        .value("aplomb_build_info", &labels)
        .is_none()
    {
        faults.push(format!(
            "/health says version `{version}`, /metrics another"
        ));
    }
    let document = at.get("/api/openapi.json").await?.json()?;
    let documented = document.pointer("/info/version").and_then(Value::as_str);
    if documented != Some(version) {
        faults.push(format!(
            "/health says version `{version}`, the API’s document {documented:?}"
        ));
    }
    Ok(of_ready.len())
}

/// Each dependency and whether it is up.
fn dependencies(page: &Value) -> BTreeMap<String, bool> {
    let all = page["dependencies"].as_array().into_iter().flatten();
    let named =
        all.filter_map(|one| Some((one["name"].as_str()?.to_owned(), one["up"].as_bool()?)));
    named.collect()
}

/// What the pages said while the server stopped.
#[derive(Default)]
struct Drained {
    ready: Vec<(u16, bool)>,
    live: Vec<u16>,
    health: Vec<String>,
}

impl Drained {
    fn faults(&self) -> Vec<String> {
        let mut faults = Vec::new();
        let turned = self.ready.iter().position(|(status, _)| *status == 503);
        match turned {
            None => faults.push("/readyz never said 503 while the server stopped".to_owned()),
            Some(turned) => {
                let later = &self.ready[turned..];
                if later.iter().any(|(status, _)| *status == 200) {
                    faults.push("/readyz said 200 again while the server stopped".to_owned());
                }
                if later
                    .iter()
                    .any(|(status, draining)| *status == 503 && !draining)
                {
                    faults.push(
                        "/readyz said 503 without `draining` while the server stopped".to_owned(),
                    );
                }
            }
        }
        if let Some(other) = self.live.iter().find(|status| **status != 200) {
            faults.push(format!("/livez said {other} while the server stopped"));
        }
        if turned.is_some() && !self.health.iter().any(|status| status == "draining") {
            let last = self.health.last();
            faults.push(format!(
                "/health never said `draining` while the server stopped, but {last:?}"
            ));
        }
        faults
    }
}

/// Asks until nobody answers, or a proxy does in the server's stead.
async fn while_it_stops(at: &Subject) -> Drained {
    let mut seen = Drained::default();
    let started = Instant::now();
    while started.elapsed() < Duration::from_millis(DELAY_MS * 3) {
        let (Ok(ready), Ok(live), Ok(health)) = (
            at.get("/readyz").await,
            at.get("/livez").await,
            at.get("/health").await,
        ) else {
            break;
        };
        let pages: [&Answer; 3] = [&ready, &live, &health];
        if pages
            .iter()
            .any(|page| matches!(page.status.as_u16(), 502 | 504))
        {
            break;
        }
        let is_draining = ready.json().is_ok_and(|body| body["draining"] == true);
        seen.ready.push((ready.status.as_u16(), is_draining));
        seen.live.push(live.status.as_u16());
        let health = health.json().unwrap_or_default();
        seen.health
            .push(health["status"].as_str().unwrap_or_default().to_owned());
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    seen
}
