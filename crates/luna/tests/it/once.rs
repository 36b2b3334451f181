//! `Idempotency-Key`: a request that is sent again is answered again and not carried out again.

use serde_json::{Value, json};

use crate::server::Server;

const GENERATE: &str = "/api/v1/luna/generate";
const KITS: &str = "/api/v1/luna/kits";
const REPLAYED: &str = "idempotency-replayed";

#[tokio::test]
async fn a_mark_that_is_asked_for_twice_with_one_key_is_kept_once() {
    let server = Server::start().await;
    let key = server.key("luna:write").await;
    let body = json!({ "generator": "halo", "variant": "power", "inline": true }).to_string();
    let first = server.post_once(&key, GENERATE, &body, "one").await;
    assert_eq!(first.status(), 200);
    assert!(!first.headers().contains_key(REPLAYED));
    let first: Value = first.json().await.unwrap();
    let again = server.post_once(&key, GENERATE, &body, "one").await;
    assert_eq!(
        (again.status().as_u16(), &again.headers()[REPLAYED]),
        (200, &"true".parse().unwrap())
    );
    assert_eq!(again.json::<Value>().await.unwrap(), first);

    let other = json!({ "generator": "petal", "variant": "power" }).to_string();
    let refused = server.post_once(&key, GENERATE, &other, "one").await;
    assert_eq!(refused.status(), 422);
    let refused: Value = refused.json().await.unwrap();
    assert_eq!(refused["code"], "http.idempotency_key_reused");

    let stats: Value = server.read(&key, "/api/v1/luna/stats").await;
    assert_eq!(stats["total"], 1, "{stats}");
    // Without a key, and with another one, each request is one of its own.
    server.post(&key, GENERATE, &body).await;
    server.post_once(&key, GENERATE, &body, "two").await;
    let stats: Value = server.read(&key, "/api/v1/luna/stats").await;
    assert_eq!(stats["total"], 3);
}

#[tokio::test]
async fn a_refused_mark_leaves_its_key_free() {
    let server = Server::start().await;
    let key = server.key("luna:write").await;
    let wrong = json!({ "generator": "moon", "variant": "power" }).to_string();
    assert_eq!(
        server
            .post_once(&key, GENERATE, &wrong, "one")
            .await
            .status(),
        422
    );
    let right = json!({ "generator": "halo", "variant": "power" }).to_string();
    assert_eq!(
        server
            .post_once(&key, GENERATE, &right, "one")
            .await
            .status(),
        200
    );
}

#[tokio::test]
async fn a_kit_that_is_asked_for_twice_with_one_key_is_one_job() {
    let server = Server::start().await;
    let key = server.key("luna:write jobs:read").await;
    let body = json!({ "generator": "halo", "variant": "mystery" }).to_string();
    let first = server.post_once(&key, KITS, &body, "one").await;
    assert_eq!(first.status(), 202);
    let address = first.headers()["location"].clone();
    let first: Value = first.json().await.unwrap();
    let again = server.post_once(&key, KITS, &body, "one").await;
    assert_eq!(
        (again.status().as_u16(), &again.headers()[REPLAYED]),
        (202, &"true".parse().unwrap())
    );
    assert_eq!(
        again.headers()["location"],
        address,
        "a replay says where it is, too"
    );
    assert_eq!(again.json::<Value>().await.unwrap()["id"], first["id"]);
    let other = json!({ "generator": "petal", "variant": "mystery" }).to_string();
    assert_eq!(
        server.post_once(&key, KITS, &other, "one").await.status(),
        422
    );

    let kits: Value = server.read(&key, KITS).await;
    assert_eq!(kits["items"].as_array().unwrap().len(), 1);
    let jobs: Value = server.read(&key, "/api/v1/jobs?kind=luna.kit").await;
    assert_eq!(jobs["items"].as_array().unwrap().len(), 1);
}

/// A server that dies after it kept the job and before it kept the answer: the kept answer is gone, the job is not.
#[tokio::test]
async fn a_kit_whose_answer_was_lost_is_found_again_by_its_key() {
    let server = Server::start().await;
    let key = server.key("luna:write jobs:read").await;
    let body = json!({ "generator": "halo", "variant": "mystery" }).to_string();
    let forget = async || {
        let database = server.database().await;
        let forgotten = database.write(|tx| {
            Box::pin(async move {
                use sea_orm::ConnectionTrait;
                tx.execute_unprepared("DELETE FROM idempotency").await?;
                Ok::<_, chassis::data::DataError>(())
            })
        });
        forgotten.await.unwrap();
    };
    let ask = async |body: &str| -> Value {
        let answer = server.post_once(&key, KITS, body, "one").await;
        assert_eq!(answer.status(), 202);
        assert!(!answer.headers().contains_key(REPLAYED));
        answer.json().await.unwrap()
    };
    let first = ask(&body).await;
    forget().await;
    assert_eq!(ask(&body).await["id"], first["id"]);
    // The key alone is not the wish.
    forget().await;
    let other = json!({ "generator": "petal", "variant": "mystery" }).to_string();
    assert_ne!(ask(&other).await["id"], first["id"]);
    // What was removed is drawn anew.
    let address = server.url(&format!("{KITS}/{}", first["id"].as_str().unwrap()));
    let gone = server
        .client
        .delete(address)
        .bearer_auth(&key)
        .send()
        .await
        .unwrap();
    assert_eq!(gone.status(), 204);
    forget().await;
    assert_ne!(ask(&body).await["id"], first["id"]);
}

#[tokio::test]
async fn a_batch_with_a_key_is_refused_and_nothing_is_kept() {
    let server = Server::start().await;
    let key = server.key("luna:write").await;
    let body = json!({ "generator": "halo", "variant": "power", "count": 2 }).to_string();
    let refused = server
        .post_once(&key, "/api/v1/luna/generate/batch", &body, "one")
        .await;
    assert_eq!(refused.status(), 422);
    let refused: Value = refused.json().await.unwrap();
    assert_eq!(refused["errors"][0]["code"], "luna.batch_key", "{refused}");
    let stats: Value = server.read(&key, "/api/v1/luna/stats").await;
    assert_eq!(stats["total"], 0);
}
