//! `Idempotency-Key`, at the route for drills.

use serde_json::{Value, json};

use super::api::{Client, drilled};

async fn post(client: &Client<'_>, key: &str, body: Value) -> (u16, bool, Value) {
    let answer = client
        .house
        .client
        .post(client.url("/drill"))
        .bearer_auth(&client.key)
        .header("Idempotency-Key", key)
        .json(&body)
        .send()
        .await
        .unwrap();
    let replayed = answer.headers().contains_key("idempotency-replayed");
    (
        answer.status().as_u16(),
        replayed,
        answer.json().await.unwrap(),
    )
}

#[tokio::test]
async fn a_request_that_is_sent_again_is_answered_again_and_done_once() {
    let house = drilled().await;
    let client = Client::of(&house, "jobs:*").await;
    let body = json!({"steps": 1});
    let asked = (0..10).map(|_| post(&client, "one", body.clone()));
    let answers = futures_util::future::join_all(asked).await;
    for (status, _, answer) in &answers {
        assert_eq!((*status, &answer["id"]), (202, &answers[0].2["id"]));
    }
    assert_eq!(
        answers.iter().filter(|(_, replayed, _)| !replayed).count(),
        1
    );
    let (_, listed) = client.get("").await;
    assert_eq!(listed["items"].as_array().unwrap().len(), 1);
    let other = post(&client, "two", body).await;
    assert_ne!(other.2["id"], answers[0].2["id"]);
    house.stopped().await;
}

#[tokio::test]
async fn one_key_is_for_one_body() {
    let house = drilled().await;
    let client = Client::of(&house, "jobs:*").await;
    assert_eq!(post(&client, "k", json!({"steps": 1})).await.0, 202);
    let (status, _, problem) = post(&client, "k", json!({"steps": 2})).await;
    assert_eq!(
        (status, &problem["code"]),
        (422, &json!("http.idempotency_key_reused"))
    );
    // A refusal is not kept: the same key serves for the mended request.
    assert_eq!(post(&client, "m", json!({"steps": 0})).await.0, 422);
    assert_eq!(post(&client, "m", json!({"steps": 1})).await.0, 202);
    for wrong in ["", "a b", "é", &"k".repeat(256)] {
        let (status, _, problem) = post(&client, wrong, json!({"steps": 1})).await;
        assert_eq!(status, 422, "{wrong}");
        assert_eq!(problem["errors"][0]["field"], "idempotency-key");
    }
    house.stopped().await;
}
