//! `/api/v1/jobs`, with drills as the jobs.

use chassis::auth::WorkspaceId;
use chassis::auth::keys::{self, NewKey};
use chassis::data::DataError;
use sea_orm::ConnectionTrait;
use serde_json::{Value, json};

use crate::house::{Running, house};

/// A caller.
pub(super) struct Client<'a> {
    pub(super) house: &'a Running,
    pub(super) key: String,
}

impl<'a> Client<'a> {
    pub(super) async fn of(house: &'a Running, scopes: &str) -> Self {
        let key = house.key(scopes).await;
        Self { house, key }
    }

    pub(super) async fn get(&self, path: &str) -> (u16, Value) {
        let request = self.house.client.get(self.url(path)).bearer_auth(&self.key);
        let answer = request.send().await.unwrap();
        (answer.status().as_u16(), answer.json().await.unwrap())
    }

    pub(super) async fn post(&self, path: &str, body: Option<Value>) -> (u16, Value) {
        let request = self
            .house
            .client
            .post(self.url(path))
            .bearer_auth(&self.key);
        let request = match body {
            Some(body) => request.json(&body),
            None => request,
        };
        let answer = request.send().await.unwrap();
        (answer.status().as_u16(), answer.json().await.unwrap())
    }

    pub(super) fn url(&self, path: &str) -> String {
        self.house.url(&format!("/api/v1/jobs{path}"))
    }

    pub(super) async fn drill(&self, body: Value) -> String {
        let (status, view) = self.post("/drill", Some(body)).await;
        assert_eq!(status, 202, "{view}");
        view["id"].as_str().unwrap().to_owned()
    }

    async fn until(&self, id: &str, state: &str) -> Value {
        let mut last = Value::Null;
        super::shop::until(state, async || {
            last = self.get(&format!("/{id}")).await.1;
            last["state"] == state
        })
        .await;
        last
    }
}

pub(super) async fn drilled() -> Running {
    house().set("jobs.drill", "true").start().await
}

#[tokio::test]
async fn jobs_are_listed_newest_first_by_state_and_kind() {
    let house = drilled().await;
    let client = Client::of(&house, "jobs:*").await;
    let mut ids = Vec::new();
    for n in 0..5 {
        let body = json!({"steps": 1, "fail_at": (n == 2).then_some(0)});
        ids.push(client.drill(body).await);
    }
    for (n, id) in ids.iter().enumerate() {
        let state = if n == 2 { "failed" } else { "done" };
        client.until(id, state).await;
    }
    ids.sort();
    ids.reverse();
    let (_, first) = client.get("?limit=2").await;
    let (_, second) = client
        .get(&format!(
            "?limit=3&cursor={}",
            first["next"].as_str().unwrap()
        ))
        .await;
    let listed: Vec<_> = [&first, &second]
        .iter()
        .flat_map(|page| page["items"].as_array().unwrap())
        .map(|item| item["id"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!((listed, &second["next"]), (ids, &Value::Null));
    let count = async |query: &str| client.get(query).await.1["items"].as_array().unwrap().len();
    assert_eq!(count("?state=failed").await, 1);
    assert_eq!(count("?state=done&kind=chassis.drill").await, 4);
    assert_eq!(count("?kind=luna.kit").await, 0);
    for wrong in [
        "?state=dead",
        "?state=",
        "?limit=0",
        "?cursor=1",
        "?order=up",
    ] {
        assert_eq!(client.get(wrong).await.0, 422, "{wrong}");
    }
    house.stopped().await;
}

#[tokio::test]
async fn a_job_is_cancelled_and_a_failed_one_tried_again() {
    let house = drilled().await;
    let client = Client::of(&house, "jobs:*").await;
    let id = client.drill(json!({"steps": 1, "pause_ms": 60_000})).await;
    client.until(&id, "running").await;
    assert_eq!(client.post(&format!("/{id}/retry"), None).await.0, 409);
    let (status, view) = client.post(&format!("/{id}/cancel"), None).await;
    assert_eq!(status, 202, "{view}");
    assert!(view["cancel_requested_at"].is_string());

    let id = client.drill(json!({"steps": 3, "fail_at": 2})).await;
    let view = client.until(&id, "failed").await;
    assert_eq!(view["error"]["code"], "jobs.drill_failed");
    assert_eq!(
        view["error"]["detail"],
        "The drill was told to fail at step 2."
    );
    assert_eq!(client.post(&format!("/{id}/cancel"), None).await.0, 409);
    assert_eq!(client.post(&format!("/{id}/retry"), None).await.0, 202);
    let again = client.until(&id, "failed").await;
    assert_eq!(again["attempt"], 2);
    house.stopped().await;
}

#[tokio::test]
async fn jobs_of_others_are_not_there() {
    let house = drilled().await;
    let client = Client::of(&house, "jobs:*").await;
    let id = client.drill(json!({"steps": 1})).await;
    let database = house.database().await;
    let workspace: WorkspaceId = "01KAH8W7Q2M4ZB6T9X3F5R0VCD".parse().unwrap();
    let sql = format!(
        "INSERT INTO workspace (id, name, plan, created_at) VALUES ('{workspace}', 'Other', 'standard', '2026-11-20T00:00:00.000Z')"
    );
    database
        .write(move |tx| {
            Box::pin(async move {
                tx.execute_unprepared(&sql)
                    .await
                    .map(drop)
                    .map_err(DataError::from)
            })
        })
        .await
        .unwrap();
    let new = NewKey {
        workspace,
        user: None,
        name: "other".to_owned(),
        scopes: "jobs:*".parse().unwrap(),
        expires_at: None,
    };
    let (_, key) = keys::create(&database, new).await.unwrap();
    let other = Client {
        house: &house,
        key: key.expose().to_owned(),
    };
    assert_eq!(other.get("").await.1["items"], json!([]));
    for path in [format!("/{id}"), format!("/{id}/events")] {
        let (status, problem) = other.get(&path).await;
        assert_eq!((status, &problem["code"]), (404, &json!("jobs.not_found")));
    }
    for verb in ["cancel", "retry"] {
        assert_eq!(other.post(&format!("/{id}/{verb}"), None).await.0, 404);
    }
    for nonsense in ["/x", "/%ff", "/01kah8w7q2m4zb6t9x3f5r0vcd"] {
        assert_eq!(client.get(nonsense).await.0, 404, "{nonsense}");
    }
    house.stopped().await;
}

#[tokio::test]
async fn reading_does_not_let_one_cancel_and_drills_are_off_unless_asked_for() {
    let house = house().start().await;
    let reader = Client::of(&house, "jobs:read").await;
    let id = "01KAH8W7Q2M4ZB6T9X3F5R0VCD";
    assert_eq!(reader.post(&format!("/{id}/cancel"), None).await.0, 403);
    assert_eq!(reader.get(&format!("/{id}")).await.0, 404);
    let writer = Client::of(&house, "jobs:write").await;
    let (status, problem) = writer.post("/drill", Some(json!({"steps": 1}))).await;
    assert_eq!((status, &problem["code"]), (404, &json!("jobs.drill_off")));
    house.stopped().await;
}

/// Id, name and data of each event of a stream, which is read to its end.
async fn events(client: &Client<'_>, id: &str, seen: Option<i64>) -> Vec<(i64, String, Value)> {
    let mut request = client
        .house
        .client
        .get(client.url(&format!("/{id}/events")))
        .bearer_auth(&client.key);
    if let Some(seen) = seen {
        request = request.header("Last-Event-ID", seen.to_string());
    }
    let answer = request.send().await.unwrap();
    assert_eq!(answer.headers()["content-type"], "text/event-stream");
    let text = answer.text().await.unwrap();
    let field = |block: &str, name: &str| {
        let line = block.lines().find_map(|line| line.strip_prefix(name));
        line.unwrap().trim().to_owned()
    };
    text.split("\n\n")
        .filter(|block| block.contains("data:"))
        .map(|block| {
            let data = serde_json::from_str(&field(block, "data:")).unwrap();
            (
                field(block, "id:").parse().unwrap(),
                field(block, "event:"),
                data,
            )
        })
        .collect()
}

#[tokio::test]
async fn a_job_is_followed_to_its_end() {
    let house = drilled().await;
    let client = Client::of(&house, "jobs:*").await;
    let id = client.drill(json!({"steps": 4, "pause_ms": 200})).await;
    let seen = events(&client, &id, None).await;
    assert!(seen.len() >= 3, "{seen:?}");
    assert!(seen.is_sorted_by(|one, next| one.0 < next.0), "{seen:?}");
    let (last, before) = seen.split_last().unwrap();
    assert_eq!(
        (last.1.as_str(), &last.2["state"]),
        ("jobs.done", &json!("done"))
    );
    assert!(before.iter().all(|(_, name, _)| name == "jobs.progress"));
    assert!(
        before
            .iter()
            .any(|(_, _, job)| job["progress"]["done"].as_i64() > Some(0))
    );
    // Who comes back hears only what is new, and the end always.
    assert_eq!(events(&client, &id, Some(last.0)).await.len(), 1);
    house.stopped().await;
}

#[tokio::test]
async fn a_stopping_server_ends_the_streams_and_keeps_the_job() {
    let mut house = drilled().await;
    let id = {
        let client = Client::of(&house, "jobs:*").await;
        client.drill(json!({"steps": 50, "pause_ms": 100})).await
    };
    let key = house.key("jobs:read").await;
    let url = house.url(&format!("/api/v1/jobs/{id}/events"));
    let stream = house.client.get(url).bearer_auth(key).send().await.unwrap();
    house.ask_to_stop();
    let text = stream.text().await.unwrap();
    assert!(!text.contains("jobs.done"));
    assert_eq!(
        house.stopped().await,
        chassis::http::server::Drain::Complete
    );
}
