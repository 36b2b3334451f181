//! Faults in what operators watch.

use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

use super::sabotage::{Answered, Asked, Fault};
use super::{Planted, every_fault_is_found};

pub(super) fn planted() -> Vec<Planted> {
    [metrics(), documented(), request_id(), logs(), health()]
        .into_iter()
        .flatten()
        .collect()
}

/// The text of `/metrics` is another.
fn scraped(change: impl Fn(&str) -> String + Send + Sync + 'static) -> Fault {
    Fault::new().change(move |asked: &Asked, answer: &mut Answered| {
        if asked.path() == "/metrics" && answer.status == 200 {
            answer.body = change(&answer.text()).into();
        }
    })
}

fn metrics() -> Vec<Planted> {
    let check = "observability.metrics";
    vec![
        Planted::new(
            check,
            "two buckets change places",
            || {
                scraped(|text| {
                    let (a, b) = (
                        "data_commit_seconds_bucket{le=\"0.5\"}",
                        "data_commit_seconds_bucket{le=\"1\"}",
                    );
                    text.replace(a, "?").replace(b, a).replace('?', b)
                })
            },
            "the buckets of the histogram data_commit_seconds are not in order at le=0.5",
        ),
        Planted::new(
            check,
            "a TYPE line is missing",
            || scraped(|text| without(text, "# TYPE limits_refused_total ")),
            "limits_refused_total has no TYPE line",
        ),
        Planted::new(
            check,
            "a HELP text has a line break",
            || scraped(|text| text.replace("Requests over a limit", "Requests\nover a limit")),
            "`a` is no value",
        ),
        Planted::new(
            check,
            "a series stands twice",
            || scraped(|text| text.replace("jobs_running 0\n", "jobs_running 0\njobs_running 0\n")),
            "the series jobs_running stands twice",
        ),
        Planted::new(
            check,
            "it is called HTML",
            || {
                Fault::new().change(|asked, answer| {
                    if asked.path() == "/metrics" {
                        answer.set("content-type", "text/html");
                    }
                })
            },
            "the media type is `text/html`",
        ),
        Planted::new(
            check,
            "a proxy adds the token",
            || {
                Fault::new().ask(|asked| {
                    let token = "Bearer prove-scrape-7c1d0b52e4f94a6e";
                    if asked.path() == "/metrics" {
                        asked
                            .headers
                            .insert("authorization", token.parse().unwrap());
                    }
                    None
                })
            },
            "without the token /metrics answers 200",
        ),
    ]
}

fn without(text: &str, start: &str) -> String {
    let kept = text.lines().filter(|line| !line.starts_with(start));
    kept.flat_map(|line| [line, "\n"]).collect()
}

fn documented() -> Vec<Planted> {
    let check = "observability.documented_metrics";
    vec![
        Planted::new(
            check,
            "a metric has another name",
            || scraped(|text| text.replace("events_published_total", "events_told_total")),
            "events_published_total is documented and missing",
        ),
        Planted::new(
            check,
            "a metric that nobody wrote of",
            || {
                scraped(|text| {
                    format!(
                        "{text}\n# HELP spare_total Secret\n# TYPE spare_total counter\nspare_total 1\n"
                    )
                })
            },
            "spare_total is shown and not documented",
        ),
        Planted::new(
            check,
            "a label is lost",
            || scraped(|text| text.replace("{version=\"", "{release=\"")),
            "aplomb_build_info is documented with labels {\"version\"}",
        ),
        Planted::new(
            check,
            "a gauge is called a counter",
            || {
                scraped(|text| {
                    text.replace("# TYPE jobs_running gauge", "# TYPE jobs_running counter")
                })
            },
            "jobs_running is documented as gauge and shown as counter",
        ),
    ]
}

fn request_id() -> Vec<Planted> {
    let check = "observability.request_id";
    vec![
        Planted::new(
            check,
            "a proxy drops the id of answers",
            || {
                Fault::new().change(|_, answer| {
                    answer.headers.remove("x-request-id");
                })
            },
            "the answer’s x-request-id is None",
        ),
        Planted::new(
            check,
            "a proxy makes an id of its own",
            || {
                Fault::new().ask(|asked| {
                    asked
                        .headers
                        .insert("x-request-id", "of-the-proxy".parse().unwrap());
                    None
                })
            },
            "the problem’s request_id is Some(\"of-the-proxy\")",
        ),
        Planted::new(
            check,
            "the log has no access lines",
            || Fault::new().set("telemetry.access_log", "false"),
            "0 lines of the log have the id",
        ),
        Planted::new(
            check,
            "log lines have no route",
            || Fault::new().log(|log| log.replace("\"http.route\"", "\"route\"")),
            "the line’s http.route is null",
        ),
        Planted::new(
            check,
            "a counter does not rise",
            || {
                let first = Mutex::new(None::<String>);
                scraped(move |text| {
                    first
                        .lock()
                        .unwrap()
                        .get_or_insert_with(|| text.to_owned())
                        .clone()
                })
            },
            "http_requests_total of /health rose by 0 with one request",
        ),
    ]
}

fn logs() -> Vec<Planted> {
    let check = "observability.logs";
    vec![
        Planted::new(
            check,
            "a line holds the address of who asked",
            || {
                Fault::new().log(|log| {
                    log.replacen(
                        "\"target\":\"access\"",
                        "\"peer\":\"203.0.113.77\",\"target\":\"access\"",
                        1,
                    )
                })
            },
            "holds the network address 203.0.113.77",
        ),
        Planted::new(
            check,
            "a line holds an e-mail address",
            || {
                Fault::new().log(|log| {
                    log.replacen(
                        "\"message\":\"request\"",
                        "\"message\":\"owner@prove.example\"",
                        1,
                    )
                })
            },
            "holds the e-mail address owner@prove.example",
        ),
        Planted::new(
            check,
            "a line holds credentials",
            || {
                Fault::new().log(|log| {
                    log.replacen(
                        "\"message\":\"request\"",
                        "\"message\":\"ak_live_prove7c1d0b52e4f94a6e\"",
                        1,
                    )
                })
            },
            "holds credentials",
        ),
        Planted::new(
            check,
            "one request in ten leaves a line",
            || Fault::new().set("telemetry.access_log_sample", "0.1"),
            "450 of 500 requests have no line",
        ),
        Planted::new(
            check,
            "lines are text",
            || Fault::new().set("telemetry.log_format", "text"),
            "is no JSON object",
        ),
        Planted::new(
            check,
            "lines have no level",
            || Fault::new().log(|log| log.replace("\"level\":", "\"severity\":")),
            "no level",
        ),
    ]
}

fn health() -> Vec<Planted> {
    let check = "observability.health";
    vec![
        Planted::new(
            check,
            "readiness stays 200 to the end",
            || {
                Fault::new().change(|asked, answer| {
                    if asked.path() == "/readyz" && answer.status == 503 {
                        *answer = Answered::new(
                            200,
                            r#"{"ready":true,"draining":false,"dependencies":[]}"#,
                        );
                    }
                })
            },
            "/readyz never said 503 while the server stopped",
        ),
        Planted::new(
            check,
            "health comes out of a cache",
            || {
                Fault::new().change(|asked, answer| {
                    if asked.path() == "/health" {
                        answer.body = answer.text().replace("\"draining\"", "\"ok\"").into();
                    }
                })
            },
            "/health never said `draining`",
        ),
        Planted::new(
            check,
            "the pages disagree on the database",
            || {
                Fault::new().change(|asked, answer| {
                    if asked.path() == "/health" {
                        answer.body = answer
                            .text()
                            .replacen("\"up\":true", "\"up\":false", 1)
                            .into();
                    }
                })
            },
            "/readyz and /health disagree on dependencies",
        ),
        Planted::new(
            check,
            "another version answers now and then",
            || {
                let asked_for = AtomicU64::new(0);
                Fault::new().change(move |asked, answer| {
                    if asked.path() == "/health"
                        && asked_for.fetch_add(1, Ordering::Relaxed).is_multiple_of(2)
                    {
                        answer.body = answer
                            .text()
                            .replace("\"version\":\"", "\"version\":\"9.")
                            .into();
                    }
                })
            },
            "/health says version `9.",
        ),
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn faults_of_metrics_are_found() {
    every_fault_is_found(metrics().into_iter().chain(documented()).collect()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn faults_of_request_ids_and_logs_are_found() {
    every_fault_is_found(request_id().into_iter().chain(logs()).collect()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn faults_of_health_pages_are_found() {
    every_fault_is_found(health()).await;
}
