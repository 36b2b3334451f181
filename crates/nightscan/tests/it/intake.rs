//! Sensors: a key that can send recordings and nothing else.

use reqwest::multipart::Form;
use serde_json::{Value, json};

use crate::server::{API, Server, file, wave};

async fn sensor(server: &Server, admin: &str) -> Value {
    let (_, site) = server
        .post(
            admin,
            &format!("{API}/sites"),
            json!({ "name": "Oak", "lat": 46.0, "lon": 6.0, "offset_min": 60 }),
        )
        .await;
    let body = json!({ "name": "Moth 7", "site": site["id"] });
    let (status, sensor) = server.post(admin, &format!("{API}/sensors"), body).await;
    assert_eq!(status, 201, "{sensor}");
    sensor
}

/// What a sensor writes of a file.
fn analysis(detections: &Value) -> String {
    json!({
        "recorded": { "rate_hz": 16_000, "channels": 1, "format": "wav" },
        "duration_s": 10.0,
        "detections": detections,
        "human": [],
        "quality": { "level_dbfs": -30.0, "peak_dbfs": -3.0, "noise_dbfs": -50.0, "clipped": 0.0, "silent": 0.0, "dc": 0.0 },
        "indices": null,
        "model": "edge-1",
        "notes": [],
    })
    .to_string()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sensor_sends_what_it_heard_and_can_do_nothing_else() {
    let server = Server::start().await;
    let admin = server.key("nightscan:admin").await;
    let sensor = sensor(&server, &admin).await;
    let key = sensor["secret"].as_str().unwrap();
    let heard = json!([{
        "start_s": 2.0, "end_s": 4.5, "low_hz": 500.0, "high_hz": 3000.0, "class": "Strix aluco", "confidence": 0.91,
        "top": [{ "class": "Strix aluco", "confidence": 0.91 }],
    }]);
    let form = Form::new()
        .text("analysis", analysis(&heard))
        .part("file", file("20260512_213000.wav", wave(4, 10.0)));
    let (status, brought) = server.send(key, &format!("{API}/intake"), form).await;
    assert_eq!(status, 202, "{brought}");
    let recording = server.ended(&admin, &brought["items"][0]["id"]).await;
    assert_eq!(recording["state"], "analysed", "{recording}");
    assert_eq!(
        (&recording["sensor"], &recording["source"]),
        (&sensor["id"], &json!("sensor"))
    );
    assert_eq!(
        (&recording["site"], &recording["lat"]),
        (&sensor["site"], &json!(46.0))
    );
    assert_eq!(recording["result"]["heard_by"], "sensor");
    let list = server.read(&admin, &format!("{API}/detections")).await;
    let found = list["items"].as_array().unwrap();
    assert_eq!(found.len(), 1, "the sensor's own count: {list}");
    assert_eq!(
        (&found[0]["class"], &found[0]["heard_at"]),
        (&json!("Strix aluco"), &json!("2026-05-12T20:30:02.000Z"))
    );
    let seen = server
        .read(
            &admin,
            &format!("{API}/sensors/{}", sensor["id"].as_str().unwrap()),
        )
        .await;
    assert!(
        seen["last_seen_at"].is_string() && seen.get("secret").is_none(),
        "{seen}"
    );

    for path in [
        "recordings",
        "detections",
        "quota",
        "sites",
        "sensors",
        "live",
    ] {
        let refused = server.fetch(key, &format!("{API}/{path}")).await;
        assert_eq!(refused.status(), 403, "{path}");
    }
    let form = Form::new().part("file", file("b.wav", wave(5, 5.0)));
    let (status, _) = server.send(key, &format!("{API}/recordings"), form).await;
    assert_eq!(status, 403);
    assert_eq!(server.fetch(key, "/api/v1/objects").await.status(), 403);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_removed_sensor_and_other_keys_send_nothing() {
    let server = Server::start().await;
    let admin = server.key("nightscan:admin").await;
    let sensor = sensor(&server, &admin).await;
    let key = sensor["secret"].as_str().unwrap();
    let send = async |key: &str| {
        let form = Form::new().part("file", file("b.wav", wave(5, 5.0)));
        server.send(key, &format!("{API}/intake"), form).await
    };
    let all = server.key("*").await;
    let (status, problem) = send(&all).await;
    assert_eq!(
        (status, &problem["code"]),
        (409, &json!("nightscan.no_sensor"))
    );
    let path = format!("{API}/sensors/{}", sensor["id"].as_str().unwrap());
    assert_eq!(server.delete(&admin, &path).await, 204);
    let (status, problem) = send(key).await;
    assert_eq!(
        (status, &problem["code"]),
        (409, &json!("nightscan.no_sensor"))
    );
    let writer = server.key("nightscan:write").await;
    let (status, _) = server
        .post(&writer, &format!("{API}/sensors"), json!({ "name": "x" }))
        .await;
    assert_eq!(status, 403, "only who runs the service makes sensors");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_analysis_out_of_its_bounds_is_refused() {
    let server = Server::start().await;
    let admin = server.key("nightscan:admin").await;
    let sensor = sensor(&server, &admin).await;
    let key = sensor["secret"].as_str().unwrap();
    let one = |start: f64, confidence: f64, class: &str| json!([{ "start_s": start, "end_s": 4.5, "low_hz": 0.0, "high_hz": 1.0, "class": class, "confidence": confidence, "top": [] }]);
    for wrong in [
        one(-1.0, 0.5, "x"),
        one(5.0, 0.5, "x"),
        one(1.0, 1.5, "x"),
        one(1.0, 0.5, ""),
        one(1.0, 0.5, &"x".repeat(61)),
    ] {
        let form = Form::new()
            .text("analysis", analysis(&wrong))
            .part("file", file("b.wav", wave(5, 5.0)));
        let (status, problem) = server.send(key, &format!("{API}/intake"), form).await;
        assert_eq!(
            (status, &problem["errors"][0]["field"]),
            (422, &json!("analysis")),
            "{wrong}"
        );
    }
}
