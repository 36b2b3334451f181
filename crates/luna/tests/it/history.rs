//! What the history keeps, and what goes by itself.

use chassis::config;
use chassis::jobs::{Jobs, NewJob};
use chassis::service::Service;
use luna::Luna;
use serde_json::{Value, json};

use crate::server::Server;

async fn generate(server: &Server, key: &str, count: u32) {
    let body = json!({ "generator": "halo", "variant": "power", "count": count });
    let answer = server
        .post(key, "/api/v1/luna/generate/batch", &body.to_string())
        .await;
    assert_eq!(answer.text().await.unwrap().lines().count(), count as usize);
}

async fn stats(server: &Server, key: &str) -> Value {
    server
        .fetch(key, "/api/v1/luna/stats")
        .await
        .json()
        .await
        .unwrap()
}

async fn cleanup(server: &Server, key: &str) -> Value {
    let address = server.url("/api/v1/luna/cleanup");
    let answer = server
        .client
        .delete(address)
        .bearer_auth(key)
        .send()
        .await
        .unwrap();
    assert_eq!(answer.status(), 200);
    answer.json().await.unwrap()
}

/// Moves all marks of a workspace into the past.
async fn age(server: &Server, days: i64) {
    let database = server.database().await;
    let then = database.clock().now().unix_ms() - days * 86_400_000;
    let then = chassis::clock::Timestamp::from_unix_ms(then).unwrap();
    let aged = database.write(move |tx| {
        Box::pin(async move {
            use sea_orm::ConnectionTrait;
            let sql = format!("UPDATE luna_generation SET created_at = '{then}'");
            tx.execute_unprepared(&sql).await?;
            Ok::<_, chassis::data::DataError>(())
        })
    });
    aged.await.unwrap();
}

#[tokio::test]
async fn marks_beyond_the_number_or_the_age_that_is_kept_go_and_others_stay() {
    let rules = [
        ("luna.history_days", "30"),
        ("luna.history_marks", "1200"),
        // The nightly job stays out of it.
        ("jobs.concurrency", "0"),
    ];
    let server = Server::with(&rules).await;
    let database = server.database().await;
    let other = chassis::auth::create_workspace(&database, "Other")
        .await
        .unwrap();
    let home = chassis::auth::home_workspace(&database).await.unwrap();
    let key = Server::key_in(&database, home, "luna:admin").await;
    let stranger = Server::key_in(&database, other, "luna:admin").await;
    generate(&server, &stranger, 3).await;
    age(&server, 29).await;
    for _ in 0..3 {
        generate(&server, &key, 1000).await;
    }
    let before = stats(&server, &key).await;
    assert_eq!(
        (&before["kept_days"], &before["kept_marks"]),
        (&json!(30), &json!(1200))
    );
    let cleared = cleanup(&server, &key).await;
    assert_eq!(
        (&cleared["deleted"], &cleared["deleted_kits"]),
        (&json!(1800), &json!(0))
    );
    let newest: Value = server.read(&key, "/api/v1/luna/generations?limit=1").await;
    let seed: u32 = newest["items"][0]["recipe"]["seed"]
        .as_str()
        .unwrap()
        .parse()
        .unwrap();
    assert!(seed >= 950, "the newest stay: {seed}");
    assert_eq!(stats(&server, &key).await["total"], 1200);
    assert_eq!(
        stats(&server, &stranger).await["total"],
        3,
        "each workspace has its own"
    );

    age(&server, 31).await;
    assert_eq!(cleanup(&server, &key).await["deleted"], 1200);
    assert_eq!(stats(&server, &stranger).await["total"], 3);
}

#[tokio::test]
async fn without_rules_nothing_goes() {
    let server = Server::with(&[("luna.history_days", "0"), ("luna.history_marks", "0")]).await;
    let key = server.key("luna:admin").await;
    generate(&server, &key, 5).await;
    age(&server, 10_000).await;
    let cleared = cleanup(&server, &key).await;
    assert_eq!(
        (&cleared["deleted"], &cleared["before"]),
        (&json!(0), &Value::Null)
    );
    let stats = stats(&server, &key).await;
    assert_eq!(
        (&stats["total"], &stats["kept_days"], &stats["kept_marks"]),
        (&json!(5), &Value::Null, &Value::Null)
    );
}

#[tokio::test]
async fn the_nightly_job_tidies_every_workspace() {
    let server = Server::with(&[("luna.history_marks", "10")]).await;
    let database = server.database().await;
    let home = chassis::auth::home_workspace(&database).await.unwrap();
    let other = chassis::auth::create_workspace(&database, "Other")
        .await
        .unwrap();
    let mut keys = Vec::new();
    for workspace in [home, other] {
        let key = Server::key_in(&database, workspace, "luna:write jobs:read").await;
        generate(&server, &key, 25).await;
        keys.push(key);
    }
    let queue = Jobs::new(&database, &config::Jobs::default(), Luna.jobs()).unwrap();
    let job = NewJob::new(home, "luna.tidy", Value::Null);
    let job = queue.enqueue(job).await.unwrap().id;
    let events = server
        .fetch(&keys[0], &format!("/api/v1/jobs/{job}/events"))
        .await;
    let events = events.text().await.unwrap();
    assert!(events.contains("\"state\":\"done\""), "{events}");
    for key in keys {
        assert_eq!(stats(&server, &key).await["total"], 10);
    }
}
