//! Sites and rules.

use serde_json::{Value, json};

use crate::server::{API, Server, wave};

#[tokio::test(flavor = "multi_thread")]
async fn a_site_is_made_changed_and_removed() {
    let server = Server::start().await;
    let key = server.key("nightscan:write").await;
    let sites = format!("{API}/sites");
    let (_, site) = server
        .post(
            &key,
            &sites,
            json!({ "name": " Oak ", "lat": 1.5, "lon": -2.0 }),
        )
        .await;
    assert_eq!((&site["name"], &site["lon"]), (&json!("Oak"), &json!(-2.0)));
    let path = format!("{sites}/{}", site["id"].as_str().unwrap());
    let (status, changed) = server
        .put(
            &key,
            &path,
            json!({ "name": "Elm", "lat": 1.0, "lon": 2.0, "note": "by the pond" }),
        )
        .await;
    assert_eq!((status, &changed["note"]), (200, &json!("by the pond")));
    assert_eq!(server.read(&key, &path).await, changed);
    assert_eq!(server.delete(&key, &path).await, 204);
    assert_eq!(server.delete(&key, &path).await, 404);
    let (status, problem) = server
        .post(
            &key,
            &sites,
            json!({ "name": "", "lat": 91, "lon": 181, "offset_min": 901 }),
        )
        .await;
    let fields: Vec<&str> = problem["errors"]
        .as_array()
        .unwrap()
        .iter()
        .map(|fault| fault["field"].as_str().unwrap())
        .collect();
    assert_eq!(
        (status, fields),
        (422, vec!["name", "lat", "lon", "offset_min"])
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rule_tells_the_first_of_a_night_to_the_webhooks() {
    let server = Server::with(&[
        ("notify.webhook_allow_http", "true"),
        ("notify.webhook_networks", "127.0.0.0/8"),
    ])
    .await;
    let key = server.key("nightscan:write notify:admin").await;
    let (status, hook) = server
        .post(
            &key,
            "/api/v1/webhooks",
            json!({ "url": "http://127.0.0.1:9/", "events": ["*"] }),
        )
        .await;
    assert_eq!(status, 201, "{hook}");
    let rules = format!("{API}/rules");
    let (status, rule) = server
        .post(
            &key,
            &rules,
            json!({ "name": "Anything", "min_confidence": 0.5, "first_of_night": true }),
        )
        .await;
    assert_eq!(status, 201, "{rule}");
    let (_, never) = server
        .post(
            &key,
            &rules,
            json!({ "name": "Dragons", "class": "dragons" }),
        )
        .await;
    server
        .analysed(&key, "20260512_213000.wav", wave(5, 60.0))
        .await;
    server
        .analysed(&key, "20260512_223000.wav", wave(6, 60.0))
        .await;
    let alerts = async || {
        let path = format!(
            "/api/v1/webhooks/{}/deliveries",
            hook["id"].as_str().unwrap()
        );
        let list: Value = server.read(&key, &path).await;
        let items = list["items"].as_array().unwrap().clone();
        let alerts = items
            .into_iter()
            .filter(|item| item["event"] == "nightscan.alert" || item["kind"] == "nightscan.alert");
        alerts.count()
    };
    assert_eq!(
        alerts().await,
        1,
        "of two recordings of one night the first is told"
    );
    let told = server
        .read(&key, &format!("{rules}/{}", rule["id"].as_str().unwrap()))
        .await;
    assert_eq!(told["last_night"], "2026-05-12");
    server
        .analysed(&key, "20260513_213000.wav", wave(5, 61.0))
        .await;
    assert_eq!(alerts().await, 2, "another night");
    let path = format!("{rules}/{}", never["id"].as_str().unwrap());
    assert_eq!(server.read(&key, &path).await["last_night"], json!(null));
    assert_eq!(server.delete(&key, &path).await, 204);
    let (status, problem) = server
        .post(&key, &rules, json!({ "name": "x", "quiet_hours": "22-7" }))
        .await;
    assert_eq!(
        (status, &problem["errors"][0]["field"]),
        (422, &json!("quiet_hours"))
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn quiet_hours_hold_an_alert_back_as_a_job() {
    let server = Server::with(&[
        ("notify.webhook_allow_http", "true"),
        ("notify.webhook_networks", "127.0.0.0/8"),
    ])
    .await;
    let key = server.key("nightscan:write jobs:read").await;
    // Quiet but for the minute two hours ago: whatever the clock says, it is quiet now.
    let now = chassis::clock::Clock::now(&chassis::clock::SystemClock).unix_ms() / 60_000;
    let (from, until) = ((now - 119).rem_euclid(1_440), (now - 120).rem_euclid(1_440));
    let time = |minutes: i64| format!("{:02}:{:02}", minutes / 60, minutes % 60);
    let quiet = format!("{}-{}+00:00", time(from), time(until));
    let rule = json!({ "name": "Anything", "min_confidence": 0.3, "quiet_hours": quiet });
    let (status, rule) = server.post(&key, &format!("{API}/rules"), rule).await;
    assert_eq!(status, 201, "{rule}");
    server
        .analysed(&key, "20260512_213000.wav", wave(5, 60.0))
        .await;
    let jobs = server.read(&key, "/api/v1/jobs?kind=nightscan.alert").await;
    let held = &jobs["items"][0];
    assert_eq!(held["state"], "waiting", "{jobs}");
    assert!(
        held["run_at"].as_str() > held["created_at"].as_str(),
        "{held}"
    );
}
