//! What the house says of itself to those who run it.

use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::house::{Running, house};

async fn get(house: &Running, key: &str, path: &str) -> (u16, Value) {
    let request = house.client.get(house.url(path)).bearer_auth(key);
    let answer = request.send().await.unwrap();
    (answer.status().as_u16(), answer.json().await.unwrap())
}

#[tokio::test]
async fn anybody_learns_what_runs_and_whether_it_is_set_up() {
    let house = house().start().await;
    let answer: Value = house.get("/api/v1/console").await.json().await.unwrap();
    let version = env!("CARGO_PKG_VERSION");
    let wanted = serde_json::json!({
        "is_set_up": false, "version": version, "services": ["trouble"], "mail": false, "profile": "development",
    });
    assert_eq!(answer, wanted);
}

#[tokio::test]
async fn other_workspaces_learn_nothing_of_the_house() {
    let house = house().start().await;
    let theirs = house.key_of_another_workspace("*").await;
    for path in ["/api/v1/status", "/api/v1/config", "/api/v1/logs"] {
        let (status, problem) = get(&house, &theirs, path).await;
        assert_eq!(
            (status, problem["code"].as_str().unwrap()),
            (403, "auth.home_only"),
            "{path}"
        );
        assert_eq!(house.get(path).await.status(), 401, "{path}");
    }
    let weak = house.key("luna:admin trouble:admin").await;
    for path in ["/api/v1/config", "/api/v1/logs"] {
        let (status, problem) = get(&house, &weak, path).await;
        assert_eq!(
            (status, problem["code"].as_str().unwrap()),
            (403, "auth.forbidden"),
            "{path}"
        );
    }
}

#[tokio::test]
async fn the_configuration_is_shown_with_its_origins_and_without_its_secrets() {
    let house = house()
        .set("auth.secret", "correct-horse-battery-staple-0123456789")
        .start()
        .await;
    let key = house.key("config:read").await;
    let (status, shown) = get(&house, &key, "/api/v1/config").await;
    assert_eq!(status, 200);
    assert!(!shown.to_string().contains("correct-horse"));
    let find = |name: &str| -> Value {
        let sections = shown["sections"].as_array().unwrap().iter();
        let mut all = sections.flat_map(|section| section["settings"].as_array().unwrap());
        all.find(|one| one["key"] == name).unwrap().clone()
    };
    let secret = find("auth.secret");
    assert_eq!(
        (&secret["value"], &secret["secret"]),
        (&"***".into(), &true.into())
    );
    assert_eq!(
        (&secret["origin"], &secret["default"]),
        (&"flag".into(), &Value::Null)
    );
    let limit = find("limits.anonymous_per_minute");
    assert_eq!(
        (&limit["value"], &limit["default"]),
        (&0.into(), &100.into())
    );
    assert_eq!(limit["variable"], "APLOMB_LIMITS__ANONYMOUS_PER_MINUTE");
    let untouched = find("http.body_limit_bytes");
    assert_eq!(
        (&untouched["origin"], &untouched["place"]),
        (&"default".into(), &Value::Null)
    );
    assert!(untouched["about"].as_str().unwrap().contains("body"));
    let unset = find("telemetry.metrics_token");
    assert_eq!(
        (&unset["value"], &unset["secret"]),
        (&Value::Null, &true.into())
    );
}

#[tokio::test]
async fn the_log_is_found_page_by_page_and_followed() {
    let house = house().start().await;
    let key = house.key("logs:read").await;
    let ask = |number: usize| {
        let request = house.client.get(house.url("/livez"));
        request
            .header("x-request-id", format!("overview-log-{number}"))
            .send()
    };
    for number in 0..5 {
        ask(number).await.unwrap();
    }
    // The access log hands its lines over a few times a second.
    let mut found = Value::Null;
    for _ in 0..100 {
        found = get(&house, &key, "/api/v1/logs?q=OVERVIEW-log-&limit=2")
            .await
            .1;
        if found["items"][0]["fields"]["request.id"] == "overview-log-4" {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    let ids = |found: &Value| -> Vec<String> {
        let items = found["items"].as_array().unwrap().iter();
        items
            .map(|one| one["fields"]["request.id"].as_str().unwrap().to_owned())
            .collect()
    };
    assert_eq!(ids(&found), ["overview-log-4", "overview-log-3"]);
    let line = &found["items"][0];
    assert_eq!(
        (&line["level"], &line["target"]),
        (&"INFO".into(), &"access".into())
    );
    assert_eq!(line["fields"]["http.status_code"], 200);
    let next = found["next"].as_str().unwrap();
    let older = get(
        &house,
        &key,
        &format!("/api/v1/logs?q=overview-log-&limit=9&cursor={next}"),
    )
    .await
    .1;
    assert_eq!(
        ids(&older),
        ["overview-log-2", "overview-log-1", "overview-log-0"]
    );
    assert_eq!(older["next"], Value::Null);

    let after = found["after"].as_str().unwrap();
    ask(5).await.unwrap();
    ask(6).await.unwrap();
    let path = format!("/api/v1/logs?q=overview-log-&after={after}");
    let mut later = Value::Null;
    for _ in 0..100 {
        later = get(&house, &key, &path).await.1;
        if ids(&later).len() == 2 {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    assert_eq!(
        ids(&later),
        ["overview-log-5", "overview-log-6"],
        "oldest first"
    );
    assert_eq!(later["has_gap"], false);
    let errors = get(&house, &key, "/api/v1/logs?q=overview-log-&level=error")
        .await
        .1;
    assert_eq!(errors["items"].as_array().unwrap().len(), 0);
}

#[tokio::test]
async fn wrong_questions_to_the_log_are_refused_by_field() {
    let house = house().start().await;
    let key = house.key("logs:read").await;
    for (query, field) in [
        ("level=loud", "level"),
        ("limit=0", "limit"),
        ("limit=501", "limit"),
        ("cursor=01J", "cursor"),
        ("cursor=-1", "cursor"),
        ("after=99999999999999999999999", "after"),
        ("after=%00", "after"),
        ("cursor=1795286329594029&after=1795286329594029", "after"),
        ("cursor=1", "cursor"),
        ("page=2", "page"),
        (&format!("q={}", "x".repeat(201)), "q"),
    ] {
        let (status, problem) = get(&house, &key, &format!("/api/v1/logs?{query}")).await;
        assert_eq!(status, 422, "{query}");
        assert_eq!(problem["errors"][0]["field"], field, "{query}");
    }
    let (status, _) = get(
        &house,
        &key,
        &format!("/api/v1/logs?q={}", "x".repeat(9_000)),
    )
    .await;
    assert_eq!(status, 414);
    // A client would refuse to send this one; the server may answer or hang up, and goes on.
    let mut stream = TcpStream::connect(house.address).await.unwrap();
    let head = format!(
        "GET /api/v1/logs?q={} HTTP/1.1\r\nHost: x\r\n\r\n",
        "x".repeat(1 << 20)
    );
    let _ = stream.write_all(head.as_bytes()).await;
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer).await;
    let answer = String::from_utf8_lossy(&answer);
    assert!(
        answer.is_empty() || answer.starts_with("HTTP/1.1 4"),
        "{answer}"
    );
    let (status, none) = get(&house, &key, "/api/v1/logs?after=18446744073709551615").await;
    assert_eq!((status, none["items"].as_array().unwrap().len()), (200, 0));
}

#[tokio::test]
async fn the_state_has_an_hour_of_points_objectives_and_what_needs_a_person() {
    let house = house().start().await;
    let key = house.key("trouble:read").await;
    for _ in 0..3 {
        house.get("/api/v1/trouble/text").await;
    }
    house.get("/api/v1/trouble/panic").await;
    let (status, state) = get(&house, &key, "/api/v1/status").await;
    assert_eq!(status, 200);
    for (name, points) in state["series"].as_object().unwrap() {
        assert_eq!(points.as_array().unwrap().len(), 720, "{name}");
    }
    assert_eq!(state["step_s"], 5);
    let names: Vec<_> = state["objectives"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| &one["name"])
        .collect();
    assert_eq!(
        names,
        [
            "latency_p95_ms",
            "latency_p99_ms",
            "errors_percent",
            "cpu_percent"
        ]
    );
    let errors = &state["objectives"][2]["last_5_min"];
    assert_eq!(
        (&errors["value"], &errors["holds"]),
        (&25.0.into(), &false.into())
    );
    assert!(state["services"][0]["p95_ms"].as_f64().unwrap() > 0.0);
    assert_eq!(state["services"][0]["name"], "trouble");
    assert_eq!(state["jobs"]["failed_last_day"], 0);
    assert!(state["now"]["disk_free_bytes"].as_u64().unwrap() > 0);
    assert_eq!(state["now"]["open_requests"], 1, "this one");
    let attention = state["attention"].as_array().unwrap();
    let codes: Vec<_> = attention
        .iter()
        .map(|one| one["code"].as_str().unwrap())
        .collect();
    assert!(codes.contains(&"overview.no_mail"), "{codes:?}");
    // Four answers say nothing of an objective.
    assert!(!codes.contains(&"overview.errors_missed"), "{codes:?}");

    let request = house
        .client
        .get(house.url("/api/v1/status"))
        .bearer_auth(&key);
    let french: Value = request
        .header("accept-language", "fr")
        .send()
        .await
        .unwrap()
        .json()
        .await
        .unwrap();
    let texts: Vec<_> = french["attention"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| one["text"].as_str().unwrap())
        .collect();
    assert!(
        texts
            .iter()
            .any(|text| text.starts_with("Aucun serveur de courriel")),
        "{texts:?}"
    );
}

#[tokio::test]
async fn a_hundred_failures_are_said_to_miss_what_is_promised() {
    let house = house().start().await;
    let key = house.key("trouble:read").await;
    for _ in 0..100 {
        house.get("/api/v1/trouble/panic").await;
    }
    let (_, state) = get(&house, &key, "/api/v1/status").await;
    let attention = state["attention"].as_array().unwrap();
    let missed = attention
        .iter()
        .find(|one| one["code"] == "overview.errors_missed");
    assert_eq!(missed.unwrap()["severity"], "warning");
    // What matters most stands first.
    let severities: Vec<_> = attention
        .iter()
        .map(|one| one["severity"].as_str().unwrap())
        .collect();
    let rank = |word: &str| {
        ["critical", "warning", "info"]
            .iter()
            .position(|own| *own == word)
    };
    assert!(
        severities.is_sorted_by_key(|word| rank(word)),
        "{severities:?}"
    );
}
