//! What was found: narrowed, paged, reviewed, counted, told.

use serde_json::{Value, json};

use crate::server::{API, Server, file, wave};

async fn night(server: &Server, key: &str) -> Vec<Value> {
    let form = reqwest::multipart::Form::new()
        .text("settings", json!({ "min_confidence": 0.3 }).to_string())
        .part("file", file("20260512_213000.wav", wave(5, 60.0)));
    let (status, brought) = server.send(key, &format!("{API}/recordings"), form).await;
    assert_eq!(status, 202, "{brought}");
    server.ended(key, &brought["items"][0]["id"]).await;
    let list = server
        .read(key, &format!("{API}/detections?limit=200"))
        .await;
    let found = list["items"].as_array().unwrap().clone();
    assert!(found.len() >= 3, "{list}");
    found
}

async fn narrowed(server: &Server) {
    let key = server.key("nightscan:write").await;
    let found = night(server, &key).await;
    let count = async |filter: &str| {
        let list = server
            .read(&key, &format!("{API}/detections?limit=200&{filter}"))
            .await;
        list["items"].as_array().unwrap().len()
    };
    let class = found[0]["class"].as_str().unwrap();
    let of_class = found.iter().filter(|one| one["class"] == class).count();
    assert_eq!(count(&format!("class={class}")).await, of_class);
    assert_eq!(count("class=dragons").await, 0);
    let sure = found
        .iter()
        .filter(|one| one["confidence"].as_f64().unwrap() >= 0.8)
        .count();
    assert_eq!(count("min_confidence=0.8").await, sure);
    // From the second on, and before the second: the two parts are the whole.
    let moment = found[1]["heard_at"].as_str().unwrap();
    let (after, before) = (
        count(&format!("from={moment}")).await,
        count(&format!("to={moment}")).await,
    );
    assert_eq!(after + before, found.len());
    assert!(after >= 2);
    assert_eq!(count("from=2027-01-01T00:00:00Z").await, 0);
    assert_eq!(
        count("bbox=-180,-90,180,90").await,
        0,
        "nobody said where it was"
    );
    assert_eq!(count("reviewed=false").await, found.len());

    // Pages give each once.
    let (mut seen, mut cursor) = (Vec::new(), String::new());
    loop {
        let page = server
            .read(&key, &format!("{API}/detections?limit=2{cursor}"))
            .await;
        seen.extend(
            page["items"]
                .as_array()
                .unwrap()
                .iter()
                .map(|one| one["id"].clone()),
        );
        let Some(next) = page["next"].as_str() else {
            break;
        };
        cursor = format!("&cursor={next}");
    }
    let all: Vec<Value> = found.iter().map(|one| one["id"].clone()).collect();
    assert_eq!(seen, all);

    for by in ["class", "hour", "night", "site"] {
        let figures = server
            .read(&key, &format!("{API}/statistics?by={by}"))
            .await;
        assert_eq!(figures["total"], found.len(), "{figures}");
    }
    let nights = server
        .read(&key, &format!("{API}/statistics?by=night"))
        .await;
    assert!(
        nights["items"]
            .as_array()
            .unwrap()
            .iter()
            .all(|item| item["value"] == "2026-05-12")
    );
    let hours = server
        .read(&key, &format!("{API}/statistics?by=hour"))
        .await;
    assert!(
        hours["items"]
            .as_array()
            .unwrap()
            .iter()
            .all(|item| item["value"] == "21")
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn filters_and_pages_give_each_detection_once() {
    narrowed(&Server::start().await).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn on_postgresql_too_filters_and_pages_give_each_once() {
    if let Some(server) = Server::on_postgres().await {
        narrowed(&server).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_last_review_counts_and_all_of_them_stay() {
    let server = Server::start().await;
    let key = server.key("nightscan:write").await;
    let found = night(&server, &key).await;
    let path = format!("{API}/detections/{}", found[0]["id"].as_str().unwrap());
    let said = async |body: Value| server.post(&key, &format!("{path}/review"), body).await;
    let (status, one) =
        said(json!({ "verdict": "relabel", "class": "Strix aluco", "note": "two notes" })).await;
    assert_eq!(status, 200, "{one}");
    assert_eq!(
        (&one["class"], &one["model_class"]),
        (&json!("Strix aluco"), &found[0]["class"])
    );
    let owls = server
        .read(&key, &format!("{API}/detections?class=Strix%20aluco"))
        .await;
    assert_eq!(owls["items"].as_array().unwrap().len(), 1);
    let (_, one) = said(json!({ "verdict": "false" })).await;
    assert_eq!(
        (&one["class"], &one["verdict"]),
        (&found[0]["class"], &json!("false"))
    );
    let figures = server.read(&key, &format!("{API}/statistics")).await;
    assert_eq!(
        figures["total"],
        found.len() - 1,
        "what is wrong does not count"
    );
    let reviews = server.read(&key, &format!("{path}/reviews")).await;
    let verdicts: Vec<_> = reviews["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|review| review["verdict"].clone())
        .collect();
    assert_eq!(verdicts, ["false", "relabel"]);
    let reviewed = server
        .read(&key, &format!("{API}/detections?reviewed=true"))
        .await;
    assert_eq!(reviewed["items"].as_array().unwrap().len(), 1);
    for (body, field) in [
        (json!({ "verdict": "maybe" }), "verdict"),
        (json!({ "verdict": "relabel" }), "class"),
        (json!({ "verdict": "correct", "class": "birds" }), "class"),
        (
            json!({ "verdict": "correct", "note": "x".repeat(2_001) }),
            "note",
        ),
    ] {
        let (status, problem) = said(body).await;
        assert_eq!(
            (status, &problem["errors"][0]["field"]),
            (422, &json!(field)),
            "{problem}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_heard_is_told_live() {
    let server = Server::start().await;
    let key = server.key("nightscan:write").await;
    let mut live = server.fetch(&key, &format!("{API}/live")).await;
    assert_eq!(live.headers()["content-type"], "text/event-stream");
    let found = night(&server, &key).await;
    let mut text = String::new();
    while !text.contains("event: nightscan.recording") {
        let chunk = tokio::time::timeout(std::time::Duration::from_secs(20), live.chunk()).await;
        text += &String::from_utf8_lossy(&chunk.unwrap().unwrap().unwrap());
    }
    assert!(text.contains("event: nightscan.detection"), "{text}");
    for one in found.iter().take(50) {
        assert!(text.contains(one["id"].as_str().unwrap()), "{text}");
    }
}
