//! Faults that show when something else breaks: outages that are hidden, refusals that say nothing, limits that are gone.

use std::time::Duration;

use super::sabotage::{Answered, Fault};
use super::{Planted, every_fault_is_found};

pub(super) fn planted() -> Vec<Planted> {
    let mut all = storage();
    all.extend(upstream());
    all
}

fn storage() -> Vec<Planted> {
    vec![
        Planted::new(
            "degradation.cache",
            "no limits at all",
            || Fault::new().set("limits.anonymous_per_minute", "0"),
            "30 of 30 requests of an address are let in, the limit is 20",
        ),
        Planted::new(
            "degradation.cache",
            "too much patience with Redis",
            || Fault::new().set("redis.timeout_ms", "5000"),
            "answers took more than 1 s",
        ),
        Planted::new(
            "degradation.cache",
            "a health answer that hides the outage",
            || {
                Fault::new().change(|asked, answer| {
                    if asked.path() == "/health" {
                        answer.body = answer.text().replace("\"degraded\"", "\"ok\"").into();
                    }
                })
            },
            "Redis slow: /health never says degraded",
        ),
        Planted::new(
            "degradation.object_store",
            "errors in place of refusals",
            || refusals_become(Answered::new(500, "{}")),
            "503 with a code objects.… was expected, 500",
        ),
        Planted::new(
            "degradation.object_store",
            "files are taken and thrown away",
            || refusals_become(Answered::new(201, r#"{"id":"01ARZ3NDEKTSV4RRFFQ69G5FAV"}"#)),
            "503 with a code objects.… was expected, 201",
        ),
        Planted::new(
            "degradation.database",
            "a proxy drops Retry-After",
            || {
                Fault::new().change(|_, answer| {
                    answer.headers.remove("retry-after");
                })
            },
            "PostgreSQL cut off: 503 without Retry-After",
        ),
        Planted::new(
            "degradation.database",
            "a readiness answer that hides the outage",
            || {
                Fault::new().change(|asked, answer| {
                    if asked.path() == "/readyz" {
                        answer.status = axum::http::StatusCode::OK;
                    }
                })
            },
            "PostgreSQL cut off: /readyz never says 503",
        ),
    ]
}

fn upstream() -> Vec<Planted> {
    vec![
        Planted::new(
            "degradation.upstream",
            "what waits is called delivered",
            || {
                Fault::new().change(|asked, answer| {
                    if asked.path().ends_with("/deliveries") {
                        answer.body = answer.text().replace("\"waiting\"", "\"delivered\"").into();
                    }
                })
            },
            "is called delivered",
        ),
        Planted::new(
            "degradation.upstream",
            "the breaker is hidden",
            || {
                Fault::new().change(|asked, answer| {
                    if asked.path() == "/health" {
                        answer.body = answer.text().replace("\"open\"", "\"closed\"").into();
                    }
                })
            },
            "/health never says that its breaker is open",
        ),
        Planted::new(
            "degradation.upstream",
            "requests wait for the receivers",
            || {
                Fault::new().ask(|asked| {
                    if asked.path().ends_with("/jobs/drill") {
                        std::thread::sleep(Duration::from_millis(1200));
                    }
                    None
                })
            },
            "answers took more than 1 s",
        ),
    ]
}

/// What the server refuses for a while is answered otherwise.
fn refusals_become(other: Answered) -> Fault {
    Fault::new().change(move |asked, answer| {
        if answer.status == 503 && asked.path() == "/api/v1/objects" {
            *answer = other.clone();
        }
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn faults_of_storage_are_found() {
    every_fault_is_found(storage()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn faults_of_upstreams_are_found() {
    every_fault_is_found(upstream()).await;
}
