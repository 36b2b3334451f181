//! Marks that are kept: generating, the history, downloads, figures, clearing up, batches.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::server::Server;

const GENERATE: &str = "/api/v1/luna/generate";

async fn generated(server: &Server, key: &str, body: &Value) -> Value {
    let answer = server.post(key, GENERATE, &body.to_string()).await;
    assert_eq!(answer.status(), 200, "{body}");
    answer.json().await.unwrap()
}

#[tokio::test]
async fn a_generated_mark_can_be_downloaded_seen_and_found_again() {
    let server = Server::start().await;
    let key = server.key("luna:write").await;
    for format in ["svg", "png", "webp", "ico", "pdf"] {
        let body = json!({ "generator": "crescent", "variant": "serenity", "name": "Zoé & Co", "size": 64, "format": format });
        let made = generated(&server, &key, &body).await;
        assert!(made["generation_time_ms"].as_f64().unwrap() > 0.0);
        let download = server
            .fetch(&key, made["download_url"].as_str().unwrap())
            .await;
        assert_eq!(download.status(), 200);
        let disposition = download.headers()["content-disposition"]
            .to_str()
            .unwrap()
            .to_owned();
        assert_eq!(
            disposition,
            format!(
                "attachment; filename=\"{}\"",
                made["filename"].as_str().unwrap()
            )
        );
        let bytes = download.bytes().await.unwrap();
        assert_eq!(bytes.len() as u64, made["size_bytes"].as_u64().unwrap());
        assert_eq!(chassis::id::blake3_hex(&bytes), made["hash"]);
        // Anybody sees the same picture, without a key.
        let seen = server.get(made["picture_url"].as_str().unwrap()).await;
        assert_eq!(seen.status(), 200);
        assert_eq!(seen.bytes().await.unwrap(), bytes);
    }
    let list: Value = server.read(&key, "/api/v1/luna/generations?limit=2").await;
    assert_eq!(list["items"].as_array().unwrap().len(), 2);
    assert_eq!(list["items"][0]["format"], "pdf");
    let next = format!(
        "/api/v1/luna/generations?limit=200&cursor={}",
        list["next"].as_str().unwrap()
    );
    let rest: Value = server.read(&key, &next).await;
    assert_eq!(rest["items"].as_array().unwrap().len(), 3);
    assert_eq!(rest["next"], Value::Null);
    // A recipe of the history, sent again, gives the same picture.
    let again = generated(&server, &key, &rest["items"][2]["recipe"]).await;
    assert_eq!(again["hash"], rest["items"][2]["hash"]);
}

#[tokio::test]
async fn the_svg_comes_with_the_answer_where_it_is_asked_for() {
    let server = Server::start().await;
    let key = server.key("luna:write").await;
    let body = json!({ "generator": "orbit", "variant": "power", "seed": u64::MAX, "inline": true, "theme": "dark" });
    let made = generated(&server, &key, &body).await;
    assert_eq!(made["seed"], u64::MAX.to_string());
    assert!(made["svg"].as_str().unwrap().starts_with("<svg"));
    let plain = generated(
        &server,
        &key,
        &json!({ "generator": "orbit", "variant": "power" }),
    )
    .await;
    assert_eq!(plain["svg"], Value::Null);
}

#[tokio::test]
async fn what_cannot_be_drawn_is_refused_and_the_field_named() {
    let server = Server::start().await;
    let key = server.key("luna:write").await;
    let fits = r#""generator":"orbit","variant":"power""#;
    for (body, status, field) in [
        (String::new(), 400, ""),
        ("{".to_owned(), 400, ""),
        ("null".to_owned(), 422, "body"),
        (format!("{{{fits}}} x"), 400, ""),
        ("[[[[".repeat(5_000), 422, "body"),
        (
            r#"{"generator":"moon","variant":"power"}"#.to_owned(),
            422,
            "generator",
        ),
        (
            r#"{"generator":"orbit","variant":"joy"}"#.to_owned(),
            422,
            "variant",
        ),
        (r#"{"variant":"power"}"#.to_owned(), 422, "generator"),
        (format!(r#"{{{fits},"size":0}}"#), 422, "size"),
        (format!(r#"{{{fits},"size":-1}}"#), 422, "size"),
        (format!(r#"{{{fits},"size":1000000000}}"#), 422, "size"),
        (
            format!(r#"{{{fits},"size":2000,"format":"png"}}"#),
            422,
            "size",
        ),
        (format!(r#"{{{fits},"size":"64"}}"#), 422, "size"),
        (format!(r#"{{{fits},"seed":-1}}"#), 422, "seed"),
        (format!(r#"{{{fits},"seed":1.5}}"#), 422, "seed"),
        (
            format!(r#"{{{fits},"seed":18446744073709551616}}"#),
            422,
            "seed",
        ),
        (format!(r#"{{{fits},"name":""}}"#), 422, "name"),
        (
            format!(r#"{{{fits},"name":"{}"}}"#, "x".repeat(41)),
            422,
            "name",
        ),
        (format!(r#"{{{fits},"lockup":"stacked"}}"#), 422, "name"),
        (
            format!(r#"{{{fits},"lockup":"stacked","name":"🌙"}}"#),
            422,
            "name",
        ),
        (format!(r#"{{{fits},"format":"exe"}}"#), 422, "format"),
        (
            format!(r#"{{{fits},"palette":{{"primary":"red"}}}}"#),
            422,
            "primary",
        ),
        (
            format!(r##"{{{fits},"palette":{{"accent":"#fff"}}}}"##),
            422,
            "palette.primary",
        ),
        (format!(r#"{{{fits},"colour":"red"}}"#), 422, "colour"),
        (
            format!(r#"{{{fits},"generator":"halo"}}"#),
            422,
            "generator",
        ),
        (format!(r#"{{{fits},"v":2}}"#), 422, "v"),
    ] {
        let answer = server.post(&key, GENERATE, &body).await;
        let shown: String = body.chars().take(80).collect();
        assert_eq!(answer.status(), status, "{shown}");
        let problem: Value = answer.json().await.unwrap();
        assert_eq!(
            problem["errors"][0]["field"].as_str().unwrap_or_default(),
            field,
            "{shown}"
        );
    }
    let stats: Value = server.read(&key, "/api/v1/luna/stats").await;
    assert_eq!(stats["total"], 0, "what is refused is not kept");
}

#[tokio::test]
async fn names_of_all_kinds_are_escaped_or_refused_never_a_fault() {
    let server = Server::start().await;
    let key = server.key("luna:write").await;
    for name in [
        "<&\"'>",
        "🌙✨",
        "שלום",
        "مرحبا",
        "İstanbul",
        "日本",
        "a\u{301}",
        "../../etc",
        "x\u{202e}y",
        "%00",
        "${7*7}",
        "'; DROP TABLE luna_generation;--",
    ] {
        let body =
            json!({ "generator": "crescent", "variant": "mystery", "name": name, "inline": true });
        let answer = server.post(&key, GENERATE, &body.to_string()).await;
        let status = answer.status().as_u16();
        assert!(status == 200 || status == 422, "{name}: {status}");
        if status == 200 {
            let made: Value = answer.json().await.unwrap();
            let filename = made["filename"].as_str().unwrap();
            assert!(
                filename
                    .bytes()
                    .all(|byte| byte.is_ascii_alphanumeric() || b"-.".contains(&byte)),
                "{filename}"
            );
            assert_eq!(
                server
                    .fetch(&key, made["download_url"].as_str().unwrap())
                    .await
                    .status(),
                200
            );
        }
    }
}

#[tokio::test]
async fn stats_count_and_cleanup_removes_what_is_old_and_own() {
    let server = Server::start().await;
    let database = server.database().await;
    let home = chassis::auth::home_workspace(&database).await.unwrap();
    let (writer, admin) = (
        Server::key_in(&database, home, "luna:write").await,
        Server::key_in(&database, home, "luna:admin").await,
    );
    for (generator, variant) in [("halo", "power"), ("halo", "serenity"), ("petal", "power")] {
        generated(
            &server,
            &writer,
            &json!({ "generator": generator, "variant": variant }),
        )
        .await;
    }
    let stats: Value = server.read(&writer, "/api/v1/luna/stats").await;
    assert_eq!(
        (&stats["total"], &stats["last_24_hours"]),
        (&json!(3), &json!(3))
    );
    assert_eq!(stats["by_generator"], json!({ "halo": 2, "petal": 1 }));
    assert_eq!(stats["by_variant"], json!({ "power": 2, "serenity": 1 }));
    assert_eq!(stats["by_format"], json!({ "svg": 3 }));
    assert!(
        stats["size_bytes"].as_i64().unwrap() > 300
            && stats["mean_generation_time_ms"].as_f64().unwrap() > 0.0
    );

    let clear = async |key: &str, query: &str| {
        let url = server.url(&format!("/api/v1/luna/cleanup{query}"));
        let answer = server
            .client
            .delete(url)
            .bearer_auth(key)
            .send()
            .await
            .unwrap();
        (
            answer.status().as_u16(),
            answer.json::<Value>().await.unwrap(),
        )
    };
    assert_eq!(clear(&writer, "?older_than=1d").await.0, 403);
    assert_eq!(clear(&admin, "?older_than=").await.0, 422);
    assert_eq!(clear(&admin, "?older_than=soon").await.0, 422);
    assert_eq!(clear(&admin, "?older_than=1m").await.1["deleted"], 0);
    let (status, cleared) = clear(&admin, "?older_than=9999-01-01T00:00:00Z").await;
    assert_eq!((status, &cleared["deleted"]), (200, &json!(3)));
    assert_eq!(cleared["freed_bytes"], 0, "marks take no room");
    let stats: Value = server.read(&writer, "/api/v1/luna/stats").await;
    assert_eq!(stats["total"], 0);
}

#[tokio::test]
async fn a_batch_streams_a_line_for_each_seed_and_keeps_them() {
    let server = Server::start().await;
    let key = server.key("luna:write").await;
    let path = "/api/v1/luna/generate/batch";
    let body = json!({ "generator": "tessera", "variant": "creative", "count": 1000, "seed": 5, "inline": true });
    let answer = server.post(&key, path, &body.to_string()).await;
    assert_eq!(answer.status(), 200);
    assert_eq!(answer.headers()["content-type"], "application/x-ndjson");
    let text = answer.text().await.unwrap();
    let lines: Vec<Value> = text
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(lines.len(), 1000);
    assert_eq!(
        (&lines[0]["seed"], &lines[999]["seed"]),
        (&json!("5"), &json!("1004"))
    );
    let pictures: BTreeSet<&str> = lines
        .iter()
        .map(|line| line["hash"].as_str().unwrap())
        .collect();
    assert!(pictures.len() > 990, "{} different", pictures.len());
    let download = server
        .fetch(&key, lines[777]["download_url"].as_str().unwrap())
        .await;
    assert_eq!(
        download.text().await.unwrap(),
        lines[777]["svg"].as_str().unwrap()
    );
    let stats: Value = server.read(&key, "/api/v1/luna/stats").await;
    assert_eq!(stats["total"], 1000);

    let mixed = json!({ "generator": "orbit", "variant": "power", "seeds": [7, "seven"], "format": "png", "size": 32 });
    let text = server
        .post(&key, path, &mixed.to_string())
        .await
        .text()
        .await
        .unwrap();
    assert_eq!(text.lines().count(), 2);
    let last =
        json!({ "generator": "orbit", "variant": "power", "count": 2, "seed": u64::MAX - 1 });
    let text = server.post(&key, path, &last.to_string()).await.text();
    let last: Value = serde_json::from_str(text.await.unwrap().lines().last().unwrap()).unwrap();
    assert_eq!(
        last["seed"],
        u64::MAX.to_string(),
        "up to the last seed there is"
    );
    for wrong in [
        json!({ "generator": "orbit", "variant": "power" }),
        json!({ "generator": "orbit", "variant": "power", "seeds": [] }),
        json!({ "generator": "orbit", "variant": "power", "seeds": [1], "count": 1 }),
        json!({ "generator": "orbit", "variant": "power", "seeds": vec![1; 1001] }),
        json!({ "generator": "orbit", "variant": "power", "count": 0 }),
        json!({ "generator": "orbit", "variant": "power", "count": 1001 }),
        json!({ "generator": "orbit", "variant": "power", "seeds": [1, -1] }),
        json!({ "generator": "orbit", "variant": "power", "seeds": [1], "lockup": "stacked" }),
        // The third seed would be 2^64.
        json!({ "generator": "orbit", "variant": "power", "count": 3, "seed": u64::MAX - 1 }),
    ] {
        assert_eq!(
            server.post(&key, path, &wrong.to_string()).await.status(),
            422,
            "{wrong}"
        );
    }
}

#[tokio::test]
async fn the_originals_dashboards_find_their_metrics() {
    let server = Server::start().await;
    let key = server.key("luna:write").await;
    generated(
        &server,
        &key,
        &json!({ "generator": "lambda", "variant": "awakening" }),
    )
    .await;
    assert_eq!(server.post(&key, GENERATE, "{").await.status(), 400);
    let text = server.get("/metrics").await.text().await.unwrap();
    let value = |name: &str| {
        let line = text
            .lines()
            .find(|line| line.starts_with(name))
            .unwrap_or_else(|| panic!("no {name} in\n{text}"));
        line.rsplit(' ').next().unwrap().parse::<f64>().unwrap()
    };
    assert!(value("arkalia_luna_uptime_seconds") > 0.0);
    assert!(value("arkalia_luna_health_status") > 0.5);
    assert!(value(r#"arkalia_luna_requests_total{route="/api/v1/luna/generate"}"#) >= 2.0);
    assert!(
        value(r#"arkalia_luna_responses_total{route="/api/v1/luna/generate",status_code="200"}"#)
            >= 1.0
    );
    assert!(
        value(r#"arkalia_luna_logo_generations_total{variant="awakening",generator="lambda"}"#)
            >= 1.0
    );
    assert!(value("arkalia_luna_generation_duration_seconds_count") >= 1.0);
    assert!(value("arkalia_luna_errors_total") >= 1.0);
    for name in ["requests_total", "logo_generations_total"] {
        assert!(
            text.contains(&format!("# TYPE arkalia_luna_{name} counter")),
            "{name}"
        );
    }
    assert!(text.contains("# TYPE arkalia_luna_generation_duration_seconds histogram"));
}

#[tokio::test]
async fn another_workspace_sees_nothing_of_it() {
    let server = Server::start().await;
    let own = server.key("luna:write").await;
    let made = generated(
        &server,
        &own,
        &json!({ "generator": "halo", "variant": "power", "name": "Secret plan" }),
    )
    .await;
    let database = server.database().await;
    let other = chassis::auth::create_workspace(&database, "Other")
        .await
        .unwrap();
    let stranger = Server::key_in(&database, other, "*").await;
    assert_eq!(
        server
            .fetch(&stranger, made["download_url"].as_str().unwrap())
            .await
            .status(),
        404
    );
    let list: Value = server.read(&stranger, "/api/v1/luna/generations").await;
    assert_eq!(list["items"], json!([]));
    let stats: Value = server.read(&stranger, "/api/v1/luna/stats").await;
    assert_eq!(stats["total"], 0);
    let url = server.url("/api/v1/luna/cleanup?older_than=9999-01-01T00:00:00Z");
    let cleared: Value = server
        .client
        .delete(url)
        .bearer_auth(&stranger)
        .send()
        .await
        .unwrap()
        .json()
        .await
        .unwrap();
    assert_eq!(cleared["deleted"], 0);
    assert_eq!(
        server
            .fetch(&own, made["download_url"].as_str().unwrap())
            .await
            .status(),
        200
    );
    assert_eq!(
        server
            .get(made["download_url"].as_str().unwrap())
            .await
            .status(),
        401
    );
}
