//! One request is found again by its id, wherever it left a trace.

use std::time::{Duration, Instant};

use chassis::check::ground::{Instance, Wishes};
use chassis::check::{
    About, Answer, Area, Check, Finding, Method, Need, Said, Subject, Trouble, Words,
};
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use serde_json::Value;

use super::scrape;

/// The access log is written out several times a second.
const PATIENCE: Duration = Duration::from_secs(10);

/// `observability.request_id`.
pub(crate) struct RequestId;

/// A path that nobody else asks for on a fresh instance, and its status without credentials.
const REQUESTS: [(&str, u16); 3] = [
    ("/health", 200),
    ("/api/v1/auth/me", 401),
    ("/api/v1/audit", 401),
];

impl Check for RequestId {
    fn about(&self) -> About {
        About {
            id: "observability.request_id",
            area: Area::Observability,
            service: None,
            title: Words::new(
                "A request is followed by its id through answer, error and log, and counted once",
                "Une requête se suit par son identifiant dans la réponse, l’erreur et le journal, et compte une fois",
            ),
            what: Words::new(
                "Sends requests with an `X-Request-Id` of its own and looks for it in the answer’s header, in the body of a problem, and in the access log, in one line with route, status and duration. Between two scrapes the counter and the histogram of the route rise by one.",
                "Envoie des requêtes munies de leur propre `X-Request-Id` et le cherche dans l’en-tête de la réponse, dans le corps d’une erreur et dans le journal d’accès, sur une ligne avec route, statut et durée. Entre deux relevés, le compteur et l’histogramme de la route augmentent d’un.",
            ),
            passes: Words::new(
                "the same id everywhere, one line and one count for each request",
                "le même identifiant partout, une ligne et un décompte par requête",
            ),
            by_hand: Words::new(
                "curl -si -H 'X-Request-Id: here-i-am' http://localhost:8080/api/v1/auth/me; journalctl -u aplomb | grep here-i-am",
                "curl -si -H 'X-Request-Id: me-voici' http://localhost:8080/api/v1/auth/me; journalctl -u aplomb | grep me-voici",
            ),
            when_it_fails: Words::new(
                "A proxy replaces or drops `X-Request-Id`: let it pass on what it was given and make one only where there is none. Lines are missing: look at `telemetry.access_log` and `telemetry.access_log_sample`. A route counts twice: a proxy repeats requests that were answered.",
                "Un mandataire remplace ou retire `X-Request-Id` : faites-le transmettre celui qu’il reçoit et n’en créer un qu’à défaut. Il manque des lignes : voyez `telemetry.access_log` et `telemetry.access_log_sample`. Une route compte double : un mandataire répète des requêtes déjà servies.",
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
    let wishes = Wishes::none()
        .set("telemetry.log_format", "json")
        .set("telemetry.access_log", true)
        .set("telemetry.access_log_sample", 1.0);
    let instance = subject.start(wishes).await?;
    let at = subject.at(&instance.base());
    let mut faults = Vec::new();
    for (number, (path, status)) in REQUESTS.into_iter().enumerate() {
        let id = format!("prove-{number}-follow-me");
        let before = scrape(&at).await?;
        let request = at.request(Method::GET, path).header("x-request-id", &id);
        let answer = Answer::to(request).await?;
        let after = scrape(&at).await?;
        in_the_answer(&answer, (path, status), &id, &mut faults);
        let code = status.to_string();
        for (name, labels) in [
            (
                "http_requests_total",
                &[("route", path), ("status_code", &code)][..],
            ),
            (
                "http_request_duration_seconds_count",
                &[("route", path)][..],
            ),
        ] {
            let [before, after] =
                [&before, &after].map(|read| read.value(name, labels).unwrap_or(0.0));
            let rise = after - before;
            if (rise - 1.0).abs() > 0.1 {
                faults.push(format!("{name} of {path} rose by {rise} with one request"));
            }
        }
        in_the_log(instance.as_ref(), (path, status), &id, &mut faults).await;
    }
    let n = REQUESTS.len();
    let counted = Said::new(
        format!("{n} requests, followed through answer, log and metrics"),
        format!("{n} requêtes, suivies dans réponse, journal et métriques"),
    );
    let required = Said::new(
        "one id everywhere, one line, one count",
        "un seul identifiant partout, une ligne, un décompte",
    );
    Ok(Finding::of_faults(faults, counted, required))
}

fn in_the_answer(answer: &Answer, (path, status): (&str, u16), id: &str, faults: &mut Vec<String>) {
    let came = answer.status.as_u16();
    if came != status {
        faults.push(format!("{path} answers {came}, not {status}"));
    }
    let header = answer.header("x-request-id");
    if header != Some(id) {
        faults.push(format!(
            "{path}: the answer’s x-request-id is {header:?}, not {id}"
        ));
    }
    if status >= 400 {
        let body = answer.json().unwrap_or_default();
        let told = body["request_id"].as_str();
        if told != Some(id) {
            faults.push(format!(
                "{path}: the problem’s request_id is {told:?}, not {id}"
            ));
        }
    }
}

async fn in_the_log(
    instance: &dyn Instance,
    (path, status): (&str, u16),
    id: &str,
    faults: &mut Vec<String>,
) {
    let started = Instant::now();
    let lines = loop {
        let log = instance.log();
        let named = log.lines().filter(|line| line.contains(id));
        let lines: Vec<Value> = named
            .filter_map(|line| serde_json::from_str(line).ok())
            .collect();
        if !lines.is_empty() || started.elapsed() > PATIENCE {
            break lines;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    };
    let [line] = &lines[..] else {
        faults.push(format!(
            "{path}: {} lines of the log have the id, not 1",
            lines.len()
        ));
        return;
    };
    for (field, wanted) in [
        ("request.id", Value::from(id)),
        ("http.method", Value::from("GET")),
        ("http.route", Value::from(path)),
        ("http.status_code", Value::from(status)),
    ] {
        if line[field] != wanted {
            faults.push(format!(
                "{path}: the line’s {field} is {}, not {wanted}",
                line[field]
            ));
        }
    }
    if !line["duration_us"].is_u64() {
        faults.push(format!("{path}: the line has no duration_us"));
    }
}
