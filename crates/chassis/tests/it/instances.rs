//! Two houses on one PostgreSQL and one Redis: what happens at one is so at the other.

use reqwest::Method;
use serde_json::{Value, json};

use crate::data::place::{Place, on_postgres};
use crate::events::Reader;
use crate::house::house;
use crate::redis::{prefix, server};

#[tokio::test(flavor = "multi_thread")]
async fn two_instances_share_keys_jobs_events_and_limits() {
    let Some(redis) = server() else { return };
    on_postgres(async |place: &Place| {
        let prefix = prefix();
        let one = || {
            let house = house().at(place).set("redis.url", &redis);
            let house = house.set("redis.prefix", &prefix).set("jobs.drill", "true");
            house
                .set("limits.anonymous_per_minute", "1000")
                .set("limits.user_per_hour", "40")
        };
        let (here, there) = (one().start().await, one().start().await);
        let key = here.key("events:read jobs:write").await;
        let mut told = Reader::open(&here, &key, "?kinds=jobs.done", None).await;

        // Asked for at one, told at the other, whichever of the two does it.
        let asked = there
            .send(Method::POST, "/jobs/drill")
            .bearer_auth(&key)
            .json(&json!({"steps": 3}))
            .send()
            .await
            .unwrap();
        assert_eq!(asked.status(), 202);
        let job: Value = asked.json().await.unwrap();
        let event = told.event().await;
        assert_eq!(event.event.as_deref(), Some("jobs.done"));
        let path = format!("/jobs/{}", job["id"].as_str().unwrap());
        let seen = here
            .send(Method::GET, &path)
            .bearer_auth(&key)
            .send()
            .await
            .unwrap();
        assert_eq!(seen.json::<Value>().await.unwrap()["state"], "done");

        // Forty requests an hour, wherever they are sent: three are spent.
        let mut passed = 3;
        for turn in 0..60 {
            let house = if turn % 2 == 0 { &here } else { &there };
            let answer = house
                .send(Method::GET, &path)
                .bearer_auth(&key)
                .send()
                .await
                .unwrap();
            match answer.status().as_u16() {
                200 => passed += 1,
                429 => {}
                other => panic!("{other}"),
            }
        }
        assert_eq!(passed, 40);
        drop(told);
        here.stopped().await;
        there.stopped().await;
    })
    .await;
}
