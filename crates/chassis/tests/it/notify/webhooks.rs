#![expect(
    clippy::disallowed_methods,
    reason = "a test asks the reference library"
)]

use std::io::Write;
use std::process::{Command, Stdio};

use axum::response::IntoResponse;
use chassis::clock::{Clock, SystemClock};
use chassis::notify::{Channel, Delivered};
use http::{StatusCode, header};
use serde_json::{Value, json};

use super::place::{MailServer, Room, SECRET, class, local};
use crate::data::place::{Place, on_each};
use crate::outside::{Arrived, Outside, status};

/// Whether the reference library of Standard Webhooks takes the request for genuine.
fn reference_accepts(server: &MailServer, secret: &str, request: &Arrived) -> bool {
    const PROGRAM: &str = "import json, sys; from standardwebhooks import Webhook; \
        a = json.load(sys.stdin); Webhook(a['secret']).verify(a['body'], a['headers'])";
    let headers: serde_json::Map<String, Value> = request
        .headers
        .iter()
        .map(|(name, value)| (name.to_string(), value.to_str().unwrap().into()))
        .collect();
    let asked = json!({"secret": secret, "body": std::str::from_utf8(&request.body).unwrap(), "headers": headers});
    let mut child = Command::new(server.text("python"))
        .args(["-c", PROGRAM])
        .stdin(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    child
        .stdin
        .take()
        .unwrap()
        .write_all(asked.to_string().as_bytes())
        .unwrap();
    child.wait().unwrap().success()
}

#[tokio::test(flavor = "multi_thread")]
async fn signatures_are_those_of_the_reference_also_while_a_secret_changes() {
    const NEWER: &str = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD";
    let Some(server) = MailServer::of_run() else {
        return;
    };
    let outside = Outside::start(|_, _| async { status(204) }).await;
    let place = Place::sqlite();
    // The library refuses what is older than five minutes.
    place
        .clock
        .advance_ms(SystemClock.now().unix_ms() - place.clock.now().unix_ms());
    let room = Room::open(&place, &local()).await;
    let hook = room.webhook("standard", &outside.url("/hook"), None).await;
    room.announce("jobs.failed").await;
    assert_eq!(room.deliver(Channel::Webhook).await, [Delivered::Yes]);
    let request = outside.arrived().pop().unwrap();
    assert!(reference_accepts(&server, SECRET, &request));
    assert!(!reference_accepts(&server, NEWER, &request));
    let mut altered = request.clone();
    altered.body = [&request.body[..], b" "].concat().into();
    assert!(!reference_accepts(&server, SECRET, &altered));
    let body: Value = serde_json::from_slice(&request.body).unwrap();
    assert_eq!(
        (&body["type"], &body["data"]["n"]),
        (&json!("jobs.failed"), &json!(7))
    );
    assert_eq!(request.headers["content-type"], "application/json");

    let later = "9999-01-01T00:00:00.000Z";
    room.set_webhook(
        &hook,
        &[
            ("secret", NEWER),
            ("old_secret", SECRET),
            ("old_secret_until", later),
        ],
    )
    .await;
    room.announce("jobs.failed").await;
    room.deliver(Channel::Webhook).await;
    let request = outside.arrived().pop().unwrap();
    assert!(
        reference_accepts(&server, SECRET, &request) && reference_accepts(&server, NEWER, &request)
    );

    room.set_webhook(&hook, &[("old_secret_until", "2026-01-01T00:00:00.000Z")])
        .await;
    room.announce("jobs.failed").await;
    room.deliver(Channel::Webhook).await;
    let request = outside.arrived().pop().unwrap();
    assert!(
        !reference_accepts(&server, SECRET, &request)
            && reference_accepts(&server, NEWER, &request)
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_webhook_that_fails_all_day_is_disabled_and_its_owner_told() {
    on_each(async |place: &Place| {
        let outside = Outside::start(|_, _| async { status(500) }).await;
        let mut settings = local();
        settings.push(("notify.smtp.host", "localhost".to_owned()));
        settings.push(("notify.smtp.from", "aplomb@example.org".to_owned()));
        let room = Room::open(place, &settings).await;
        let owner = room.person("owner@example.org", "fr").await;
        room.webhook("standard", &outside.url("/"), Some(owner))
            .await;
        room.announce("jobs.failed").await;
        let mut ways = Vec::new();
        for _ in 0..20 {
            ways.extend(room.deliver(Channel::Webhook).await);
            place.clock.advance_ms(11 * 3_600_000);
        }
        assert_eq!(ways.len(), 11);
        assert!(matches!(ways.last(), Some(Delivered::No(_))), "{ways:?}");
        assert_eq!(
            room.column("template").await[1].as_deref(),
            Some("notify.webhook_disabled")
        );
        assert_eq!(
            room.column("target").await[1].as_deref(),
            Some("owner@example.org")
        );
        assert_eq!(room.announce("jobs.failed").await, 0, "it is out of use");
        room.database.close().await.unwrap();
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_webhook_that_is_gone_is_disabled_at_once_and_a_wish_to_wait_is_heard() {
    on_each(async |place: &Place| {
        let outside = Outside::start(|request, before| async move {
            match (request.path.as_str(), before) {
                ("/gone", _) => status(410),
                (_, 0) => (
                    StatusCode::SERVICE_UNAVAILABLE,
                    [(header::RETRY_AFTER, "900")],
                )
                    .into_response(),
                _ => status(200),
            }
        })
        .await;
        let room = Room::open(place, &local()).await;
        let hook = room.webhook("standard", &outside.url("/"), None).await;
        room.announce("jobs.failed").await;
        assert_eq!(class(&room.deliver(Channel::Webhook).await[0]), "status");
        place.clock.advance_ms(899_000);
        assert!(room.deliver(Channel::Webhook).await.is_empty());
        place.clock.advance_ms(1_000);
        assert_eq!(room.deliver(Channel::Webhook).await, [Delivered::Yes]);

        room.set_webhook(&hook, &[("url", &outside.url("/gone"))])
            .await;
        room.announce("jobs.failed").await;
        assert_eq!(class(&room.deliver(Channel::Webhook).await[0]), "gone");
        assert_eq!(room.announce("jobs.failed").await, 0);
        room.database.close().await.unwrap();
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_webhook_leads_nowhere_private() {
    let outside = Outside::start(|_, _| async {
        (
            StatusCode::FOUND,
            [(header::LOCATION, "http://169.254.169.254/")],
        )
            .into_response()
    })
    .await;
    let place = Place::sqlite();
    let room = Room::open(&place, &local()).await;
    for (url, expected) in [
        ("http://127.0.0.2/".to_owned(), "refused"),
        ("http://169.254.169.254/latest".to_owned(), "refused"),
        (outside.url("/"), "redirect"),
    ] {
        let hook = room.webhook("standard", &url, None).await;
        room.announce("jobs.failed").await;
        let tried = room.deliver(Channel::Webhook).await;
        assert_eq!(class(&tried[0]), expected, "{url}");
        room.set_webhook(&hook, &[("disabled_at", "2026-11-20T15:44:05.123Z")])
            .await;
    }
    let strict = Room::open(&place, &[]).await;
    strict.webhook("standard", &outside.url("/"), None).await;
    let before = outside.arrived().len();
    strict.announce("jobs.failed").await;
    let tried = strict.deliver(Channel::Webhook).await;
    assert_eq!(class(&tried[0]), "refused", "http is not https");
    assert_eq!(outside.arrived().len(), before);
}
