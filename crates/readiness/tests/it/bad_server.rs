//! The checks that need HTTP alone find what is wrong with a server of somebody else, and nothing in a good one.

use std::sync::Arc;

use chassis::check::{Evidence, Origin, Pace, Subject, Verdict};
use readiness::runner::{self, Silent, Watch};
use readiness::target;
use tokio::net::TcpListener;

use crate::bad::faults::{ALL, Fault};
use crate::bad::{Server, TOKEN};

/// Checks that look at faults below and are not in the list of checks, or need more than HTTP: empty when all areas are there.
const NOT_YET: [&str; 0] = [];

/// Fault, the check that finds it, a part of what it says.
const FOUND: [(Fault, &str, &str); 20] = [
    (
        "header-missing",
        "surface.headers",
        "200: x-frame-options is None",
    ),
    (
        "header-wrong",
        "surface.headers",
        "referrer-policy is Some(\"unsafe-url\")",
    ),
    (
        "header-on-errors",
        "surface.headers",
        "404: content-security-policy is None",
    ),
    (
        "stack-trace",
        "surface.error_bodies",
        "GET /items/{id} (500): it holds a",
    ),
    (
        "server-version",
        "surface.error_bodies",
        "the header server names \"BadServer/2.4.41",
    ),
    (
        "reflected-html",
        "surface.injection",
        "GET /hello name: markup comes back as markup",
    ),
    (
        "header-injection",
        "surface.injection",
        "GET /go to: a line break brings about a header",
    ),
    (
        "quote-breaks",
        "surface.injection",
        "GET /search q: a quote is answered 500",
    ),
    (
        "sql-told",
        "surface.error_bodies",
        "a message of the database",
    ),
    (
        "traversal",
        "surface.traversal",
        "GET /files/../../../../../../../../etc/passwd shows etc/passwd",
    ),
    (
        "cookie-without-flags",
        "surface.cookies",
        "/visit: the cookie \"visit\" lacks HttpOnly",
    ),
    (
        "no-body-limit",
        "surface.body_limit",
        "POST /items: 32 MiB of JSON were read to the end",
    ),
    (
        "hsts-in-plain",
        "surface.hsts",
        "200 / without TLS says \"max-age=60\"",
    ),
    ("open-debug", "access.undocumented", "GET /debug"),
    ("open-admin", "access.undocumented", "GET /admin"),
    ("open-operation", "access.matrix", "/report"),
    ("alg-none", "access.matrix", "alg=none"),
    ("cors-for-all", "access.cors", "access-control-allow-origin"),
    ("no-limit", "limits.per_address", "429"),
    ("wrong-metrics", "observability.metrics", ""),
];

#[tokio::test(flavor = "multi_thread")]
async fn every_fault_of_a_bad_server_is_found() {
    let all = ALL.iter().map(|(name, _)| *name);
    let (evidence, _subject) = proved(all).await;
    let mut wrong = Vec::new();
    let mut not_yet = Vec::new();
    for (fault, check, says) in FOUND {
        let found = evidence.iter().find(|own| own.id == check);
        let Some(found) = found.filter(|own| own.verdict != Verdict::NotVerifiable) else {
            not_yet.push(check);
            continue;
        };
        let said = found.faults.join("\n");
        if found.verdict != Verdict::Fail || !said.contains(says) {
            wrong.push(format!(
                "{fault}: {check} does not say `{says}`: {} {said}",
                found.measured
            ));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
    not_yet.sort_unstable();
    not_yet.dedup();
    assert_eq!(
        not_yet, NOT_YET,
        "checks that cannot look at it yet; take those that can from NOT_YET"
    );
}

#[test]
fn every_fault_that_can_be_planted_has_its_finder() {
    let without: Vec<_> = ALL
        .iter()
        .filter(|(name, _)| FOUND.iter().all(|(fault, ..)| fault != name))
        .collect();
    assert!(without.is_empty(), "{without:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_found_in_a_good_server() {
    let (evidence, _subject) = proved([]).await;
    let wrong: Vec<_> = evidence
        .iter()
        .filter(|own| own.verdict == Verdict::Fail)
        .map(|own| format!("{}: {} {:?}", own.id, own.measured, own.faults))
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
    let passed = evidence.iter().filter(|own| own.verdict == Verdict::Pass);
    assert!(passed.count() >= 6, "hardly anything could be verified");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_system_whose_owner_gave_no_leave_is_not_probed() {
    let base = started([], |_| None).await;
    let folder = tempfile::tempdir().unwrap();
    let mut subject = target::open(&base, None, Some(TOKEN), Pace::Quick)
        .await
        .unwrap();
    let token = target::challenge(&base, &folder.path().join("proof.key")).unwrap();
    assert!(!target::look_for_proof(&mut subject, &token).await.unwrap());
    let evidence = run(&subject).await;
    for probing in [
        "surface.injection",
        "surface.traversal",
        "surface.body_limit",
    ] {
        let found = evidence.iter().find(|own| own.id == probing).unwrap();
        assert_eq!(found.verdict, Verdict::NotVerifiable, "{probing}");
        assert!(
            found.measured.contains("proof of ownership"),
            "{}",
            found.measured
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_document_is_found_where_it_is_said_to_be_or_usually_lies() {
    let base = started([], |_| None).await;
    let found = target::open(&base, None, None, Pace::Quick).await.unwrap();
    assert_eq!(found.document.unwrap()["info"]["title"], "Shop");
    let named = format!("{base}/openapi.json");
    for place in ["/openapi.json", named.as_str()] {
        let found = target::open(&base, Some(place), None, Pace::Quick)
            .await
            .unwrap();
        assert!(found.document.is_some(), "{place}");
    }
    let wrong = target::open(&base, Some("/livez"), None, Pace::Quick).await;
    let why = wrong.err().unwrap().to_string();
    assert!(why.contains("/livez shows no OpenAPI document"), "{why}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_system_that_asks_for_patience_gets_it() {
    let base = started([], |_| None).await;
    let subject = target::open(&base, None, None, Pace::Quick).await.unwrap();
    // Its whole burst, by somebody without manners; then one of ours is refused once and waits.
    let rude = reqwest::Client::new();
    loop {
        let answer = rude.get(format!("{base}/hello")).send().await.unwrap();
        if answer.status() == 429 {
            break;
        }
    }
    assert_eq!(subject.get("/hello").await.unwrap().status, 200);
}

/// All checks on a server with these faults, whose owner gave leave.
async fn proved(faults: impl IntoIterator<Item = Fault>) -> (Vec<Evidence>, Subject) {
    let folder = tempfile::tempdir().unwrap();
    let secret = folder.path().join("proof.key");
    let proof = |base: &str| Some(target::challenge(base, &secret).unwrap());
    let base = started(faults, proof).await;
    let mut subject = target::open(&base, None, Some(TOKEN), Pace::Quick)
        .await
        .unwrap();
    let token = target::challenge(&base, &secret).unwrap();
    assert!(target::look_for_proof(&mut subject, &token).await.unwrap());
    (run(&subject).await, subject)
}

async fn run(subject: &Subject) -> Vec<Evidence> {
    let watch: Arc<dyn Watch> = Arc::new(Silent);
    let checks = readiness::checks::all();
    runner::run(&checks, subject, &Origin::default(), &watch).await
}

async fn started(
    faults: impl IntoIterator<Item = Fault>,
    proof: impl FnOnce(&str) -> Option<String>,
) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = format!("http://{}", listener.local_addr().unwrap());
    let server = Server::new(faults, proof(&base));
    chassis::task::spawn(server.serve(listener));
    base
}
