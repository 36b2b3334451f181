//! What callers and operators are told while storage fails: 503 and when to come back, `/readyz` and `/health` with the
//! truth, and all of it over without a restart.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use reqwest::{Method, Response};
use serde_json::{Value, json};

use crate::house::{Running, house};
use crate::own_postgres::OwnPostgres;

/// A caller with a key, and the way to that key.
struct Caller {
    secret: String,
    path: String,
}

impl Caller {
    async fn of(house: &Running) -> Self {
        let secret = house.key("keys:*").await;
        let listed = house.by_key(&secret, Method::GET, "/keys", Value::Null);
        let listed: Value = listed.await.json().await.unwrap();
        let id = listed["items"][0]["id"].as_str().unwrap();
        let path = format!("/keys/{id}");
        Self { secret, path }
    }

    async fn read(&self, house: &Running) -> Response {
        house
            .by_key(&self.secret, Method::GET, "/keys", Value::Null)
            .await
    }

    async fn write(&self, house: &Running) -> Response {
        let name = json!({"name": format!("at {}", ulid::Ulid::generate())});
        house
            .by_key(&self.secret, Method::PATCH, &self.path, name)
            .await
    }
}

/// Refused for now, with a code and the time after which to come back.
async fn assert_down(answer: Response) {
    let status = answer.status();
    let later = answer.headers().get("retry-after").cloned();
    let body: Value = answer.json().await.unwrap();
    assert_eq!(status, 503, "{body}");
    assert_eq!(body["code"], "data.down");
    assert!(later.is_some(), "{body}");
}

/// The status of `/readyz`, whether a dependency is up there, and the word of `/health`.
async fn state(house: &Running, dependency: &str) -> (u16, bool, String) {
    let ready = house.get("/readyz").await;
    let status = ready.status().as_u16();
    let ready: Value = ready.json().await.unwrap();
    let health: Value = house.get("/health").await.json().await.unwrap();
    let up = |answer: &Value| {
        let all = answer["dependencies"].as_array().unwrap();
        let one = all.iter().find(|one| one["name"] == dependency).unwrap();
        one["up"].as_bool().unwrap()
    };
    let is_up = up(&ready) && up(&health);
    (status, is_up, health["status"].as_str().unwrap().to_owned())
}

async fn until_state_is(house: &Running, dependency: &str, wanted: (u16, bool, &str)) {
    let wanted = (wanted.0, wanted.1, wanted.2.to_owned());
    let wait = async { while state(house, dependency).await != wanted {} };
    let waited = tokio::time::timeout(Duration::from_secs(30), wait).await;
    assert!(
        waited.is_ok(),
        "{:?}, not {wanted:?}",
        state(house, dependency).await
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_postgresql_that_crashes_is_said_to_be_down_and_taken_up_again() {
    let Some(postgres) = tokio::task::block_in_place(OwnPostgres::start) else {
        return;
    };
    let house = house()
        .set("data.url", postgres.url())
        .set("data.connect_timeout_ms", 300)
        .set("objects.minimum_free_bytes", 0)
        .start()
        .await;
    let caller = Arc::new(Caller::of(&house).await);
    let house = Arc::new(house);
    assert_eq!(caller.read(&house).await.status(), 200);
    assert_eq!(caller.write(&house).await.status(), 200);
    until_state_is(&house, "database", (200, true, "ok")).await;

    // These ask on through all of it, so that sessions are cut off in their midst.
    let is_over = Arc::new(AtomicBool::new(false));
    let asking: Vec<_> = (0..4)
        .map(|number| {
            let (house, caller, is_over) = (house.clone(), caller.clone(), is_over.clone());
            chassis::task::spawn(async move {
                let mut answers = BTreeMap::new();
                while !is_over.load(Ordering::SeqCst) {
                    let answer = if number % 2 == 0 {
                        caller.read(&house).await
                    } else {
                        caller.write(&house).await
                    };
                    let status = answer.status().as_u16();
                    let body: Value = answer.json().await.unwrap();
                    let code = body["code"].as_str().unwrap_or_default().to_owned();
                    *answers.entry((status, code)).or_insert(0_u32) += 1;
                }
                answers
            })
        })
        .collect();
    for _ in 0..3 {
        tokio::task::block_in_place(|| postgres.stop());
        assert_down(caller.read(&house).await).await;
        assert_down(caller.write(&house).await).await;
        until_state_is(&house, "database", (503, false, "degraded")).await;
        tokio::task::block_in_place(|| postgres.start_again());
        until_state_is(&house, "database", (200, true, "ok")).await;
        assert_eq!(caller.read(&house).await.status(), 200);
        assert_eq!(caller.write(&house).await.status(), 200);
    }
    is_over.store(true, Ordering::SeqCst);
    let down = (503, "data.down".to_owned());
    for answers in asking {
        let answers = answers.await.unwrap();
        assert!(answers.contains_key(&down), "{answers:?}");
        let fine = (200, String::new());
        assert!(
            answers
                .keys()
                .all(|answer| *answer == fine || *answer == down),
            "{answers:?}"
        );
    }
    let house = Arc::into_inner(house).unwrap();
    house.stopped().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_data_folder_that_went_away_is_not_ready_until_it_is_back() {
    let house = house().set("objects.minimum_free_bytes", 0).start().await;
    let caller = Caller::of(&house).await;
    until_state_is(&house, "database", (200, true, "ok")).await;
    let (folder, away) = (house.folder(), house.folder().with_extension("away"));
    std::fs::rename(&folder, &away).unwrap();
    until_state_is(&house, "database", (503, false, "degraded")).await;
    assert_down(caller.write(&house).await).await;
    assert_eq!(house.get("/api/v1/trouble/text").await.status(), 200);
    std::fs::rename(&away, &folder).unwrap();
    until_state_is(&house, "database", (200, true, "ok")).await;
    assert_eq!(caller.write(&house).await.status(), 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn without_its_folder_of_objects_a_house_is_ready_and_degraded() {
    let house = house().set("objects.minimum_free_bytes", 0).start().await;
    for name in ["objects", "uploads"] {
        until_state_is(&house, "objects", (200, true, "ok")).await;
        let (folder, away) = (house.folder().join(name), house.folder().join("away"));
        std::fs::rename(&folder, &away).unwrap();
        until_state_is(&house, "objects", (200, false, "degraded")).await;
        std::fs::rename(&away, &folder).unwrap();
    }
    until_state_is(&house, "objects", (200, true, "ok")).await;
    let left = std::fs::read_dir(house.folder().join("objects")).unwrap();
    assert_eq!(left.count(), 0, "what was tried was taken away");
}
