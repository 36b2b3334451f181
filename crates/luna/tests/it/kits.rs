//! Brand kits: asked for, drawn as a job, fetched, removed.

use std::io::{Cursor, Read};

use luna_drawing::kit::{KitRequest, kit};
use luna_drawing::request::{Draft, Request};
use serde_json::{Value, json};

use crate::server::Server;

const KITS: &str = "/api/v1/luna/kits";

async fn ask(server: &Server, key: &str, body: &Value) -> Value {
    let answer = server.post(key, KITS, &body.to_string()).await;
    assert_eq!(answer.status(), 202, "{body}");
    let location = answer.headers()["location"].to_str().unwrap().to_owned();
    let kit: Value = answer.json().await.unwrap();
    assert_eq!(location, format!("{KITS}/{}", kit["id"].as_str().unwrap()));
    kit
}

/// Follows the job's events to their end.
async fn drawn(server: &Server, key: &str, kit: &Value) -> String {
    let path = format!("/api/v1/jobs/{}/events", kit["job"].as_str().unwrap());
    let answer = server.fetch(key, &path).await;
    assert_eq!(answer.status(), 200);
    answer.text().await.unwrap()
}

#[tokio::test]
async fn a_kit_is_drawn_in_the_background_and_holds_the_librarys_files() {
    let server = Server::start().await;
    let key = server.key("luna:write jobs:read").await;
    let asked = ask(
        &server,
        &key,
        &json!({ "generator": "petal", "variant": "awakening", "name": "Café Zoé", "lang": "fr" }),
    )
    .await;
    let events = drawn(&server, &key, &asked).await;
    assert!(events.contains("\"state\":\"done\""), "{events}");

    let address = format!("{KITS}/{}", asked["id"].as_str().unwrap());
    let done: Value = server.read(&key, &address).await;
    assert_eq!(
        (&done["state"], &done["error"]),
        (&json!("done"), &Value::Null)
    );
    let file = server
        .fetch(&key, done["download_url"].as_str().unwrap())
        .await;
    assert_eq!(file.status(), 200);
    assert_eq!(file.headers()["content-type"], "application/zip");
    assert!(
        file.headers()["content-disposition"]
            .to_str()
            .unwrap()
            .contains("cafe-zoe-kit.zip")
    );
    let tag = file.headers()["etag"].clone();
    let bytes = file.bytes().await.unwrap();
    assert_eq!(done["size_bytes"], bytes.len());

    let draft = Draft {
        generator: "petal",
        variant: "awakening",
        name: Some("Café Zoé"),
        language: Some("fr"),
        ..Draft::default()
    };
    let expected = KitRequest::new(Request::parse(&draft).unwrap()).unwrap();
    assert!(
        bytes == luna::kit::zip(&expected, |_, _| true).unwrap(),
        "other bytes than the command line's"
    );
    let mut archive = zip::ZipArchive::new(Cursor::new(bytes.to_vec())).unwrap();
    for file in kit(&expected) {
        let mut held = Vec::new();
        archive
            .by_name(&file.path)
            .unwrap()
            .read_to_end(&mut held)
            .unwrap();
        assert!(held == file.bytes, "{}", file.path);
    }

    let url = server.url(done["download_url"].as_str().unwrap());
    let again = server
        .client
        .get(&url)
        .bearer_auth(&key)
        .header("If-None-Match", tag)
        .send()
        .await
        .unwrap();
    assert_eq!(again.status(), 304);
    let part = server
        .client
        .get(&url)
        .bearer_auth(&key)
        .header("Range", "bytes=0-3")
        .send()
        .await
        .unwrap();
    assert_eq!(
        (part.status().as_u16(), part.bytes().await.unwrap().as_ref()),
        (206, b"PK\x03\x04".as_slice())
    );
}

#[tokio::test]
async fn a_kit_that_cannot_be_drawn_is_refused_at_once() {
    let server = Server::start().await;
    let key = server.key("luna:write").await;
    for (body, field) in [
        (
            json!({ "generator": "petal", "variant": "awakening", "name": "🌙" }),
            "name",
        ),
        (
            json!({ "generator": "moon", "variant": "awakening" }),
            "generator",
        ),
        (
            json!({ "generator": "petal", "variant": "awakening", "size": 64 }),
            "size",
        ),
        (
            json!({ "generator": "petal", "variant": "awakening", "lang": "de" }),
            "lang",
        ),
    ] {
        let answer = server.post(&key, KITS, &body.to_string()).await;
        assert_eq!(answer.status(), 422, "{body}");
        let problem: Value = answer.json().await.unwrap();
        assert_eq!(problem["errors"][0]["field"], field, "{body}");
    }
    let list: Value = server.read(&key, KITS).await;
    assert_eq!(list["items"], json!([]));
}

#[tokio::test]
async fn the_file_of_a_kit_goes_with_the_kit_and_not_by_itself() {
    let server = Server::start().await;
    let key = server.key("luna:write jobs:read objects:write").await;
    let kit = ask(
        &server,
        &key,
        &json!({ "generator": "halo", "variant": "mystery" }),
    )
    .await;
    drawn(&server, &key, &kit).await;
    let address = format!("{KITS}/{}", kit["id"].as_str().unwrap());
    let files: Value = server.read(&key, "/api/v1/objects").await;
    let file = &files["items"][0];
    assert_eq!(file["held_by"], address);
    let file = format!("/api/v1/objects/{}", file["id"].as_str().unwrap());
    let delete = async |path: &str| {
        let request = server.client.delete(server.url(path)).bearer_auth(&key);
        request.send().await.unwrap()
    };
    let refused = delete(&file).await;
    assert_eq!(refused.status(), 409);
    let refused: Value = refused.json().await.unwrap();
    assert_eq!(refused["code"], "objects.held");
    let way_out = format!("DELETE {address}");
    assert!(
        refused["detail"].as_str().unwrap().contains(&way_out),
        "{refused}"
    );
    let zip = kit["download_url"].as_str().unwrap();
    assert_eq!(
        server.fetch(&key, zip).await.status(),
        200,
        "the kit still has its file"
    );
    let stats: Value = server.read(&key, "/api/v1/luna/stats").await;
    assert_eq!(stats["kits"], 1);
    assert!(
        stats["kits_size_bytes"].as_i64().unwrap() > 10_000,
        "{stats}"
    );
    assert_eq!(delete(&address).await.status(), 204);
    assert_eq!(server.fetch(&key, &file).await.status(), 404);
}

#[tokio::test]
async fn kits_are_listed_removed_and_cleared() {
    let server = Server::start().await;
    let key = server.key("luna:admin jobs:read objects:read").await;
    let mut kits = Vec::new();
    for seed in 0..3 {
        kits.push(
            ask(
                &server,
                &key,
                &json!({ "generator": "halo", "variant": "mystery", "seed": seed }),
            )
            .await,
        );
    }
    for kit in &kits {
        drawn(&server, &key, kit).await;
    }
    let list: Value = server.read(&key, &format!("{KITS}?limit=2")).await;
    assert_eq!(list["items"].as_array().unwrap().len(), 2);
    assert_eq!(list["items"][0]["id"], kits[2]["id"]);
    let files: Value = server.read(&key, "/api/v1/objects").await;
    assert_eq!(files["items"].as_array().unwrap().len(), 3);

    let first = server.url(&format!("{KITS}/{}", kits[0]["id"].as_str().unwrap()));
    let gone = async || {
        server
            .client
            .delete(&first)
            .bearer_auth(&key)
            .send()
            .await
            .unwrap()
            .status()
            .as_u16()
    };
    assert_eq!(gone().await, 204);
    assert_eq!(gone().await, 404);
    let cleanup = server.url("/api/v1/luna/cleanup?older_than=9999-01-01T00:00:00Z");
    let cleared: Value = server
        .client
        .delete(cleanup)
        .bearer_auth(&key)
        .send()
        .await
        .unwrap()
        .json()
        .await
        .unwrap();
    assert_eq!(cleared["deleted_kits"], 2);
    assert!(
        cleared["freed_bytes"].as_i64().unwrap() > 10_000,
        "{cleared}"
    );
    let files: Value = server.read(&key, "/api/v1/objects").await;
    assert_eq!(files["items"], json!([]), "their files go with them");
}

#[tokio::test]
async fn another_workspace_has_no_such_kit() {
    let server = Server::start().await;
    let own = server.key("luna:write jobs:read").await;
    let kit = ask(
        &server,
        &own,
        &json!({ "generator": "halo", "variant": "mystery" }),
    )
    .await;
    drawn(&server, &own, &kit).await;
    let database = server.database().await;
    let other = chassis::auth::create_workspace(&database, "Other")
        .await
        .unwrap();
    let stranger = Server::key_in(&database, other, "*").await;
    for path in [
        format!("{KITS}/{}", kit["id"].as_str().unwrap()),
        kit["download_url"].as_str().unwrap().to_owned(),
        format!("/api/v1/jobs/{}", kit["job"].as_str().unwrap()),
        format!("{KITS}/..%2f..%2fetc"),
        format!("{KITS}/.zip"),
    ] {
        assert_eq!(server.fetch(&stranger, &path).await.status(), 404, "{path}");
    }
}
