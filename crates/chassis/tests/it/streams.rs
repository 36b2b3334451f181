//! Live streams and what opened them: they end at once with the credentials, and take places that are counted together.

use reqwest::Method;
use serde_json::{Value, json};

use crate::data::place::{Place, on_each, on_postgres};
use crate::events::Reader;
use crate::house::{Builder, Running, house};
use crate::people::{Somebody, answered};
use crate::redis::{OwnRedis, prefix, server, until_redis_is};

/// A house that looks at credentials so seldom that only being told can end a stream in time.
fn seldom() -> Builder {
    house()
        .set("events.recheck_ms", 600_000)
        .set("jobs.drill", "true")
        .set("jobs.drain_timeout_ms", 100)
}

/// A key of somebody's: its address and its secret.
async fn key(house: &Running, who: &Somebody) -> (String, String) {
    let new = json!({"name": "reader", "scopes": ["events:read", "jobs:*"]});
    let made = house.by(who, Method::POST, "/keys", new).await;
    let made = answered(made, 201).await;
    let path = format!("/keys/{}", made["id"].as_str().unwrap());
    (path, made["secret"].as_str().unwrap().to_owned())
}

/// Streams opened with a key: of the events, and of a job that goes on.
async fn both(house: &Running, secret: &str) -> [Reader; 2] {
    let job = json!({"steps": 1, "pause_ms": 60_000});
    let job = house.by_key(secret, Method::POST, "/jobs/drill", job).await;
    let job = answered(job, 202).await;
    let job = format!("/jobs/{}/events", job["id"].as_str().unwrap());
    let open = async |path: &str| {
        let request = house.send(Method::GET, path).bearer_auth(secret);
        let mut reader = Reader::of(request).await;
        reader.block().await.expect("it begins");
        reader
    };
    [open("/events").await, open(&job).await]
}

/// Streams opened with a person's cookie.
async fn by_cookie(house: &Running, who: &Somebody) -> Reader {
    let request = house
        .send(Method::GET, "/events?subject=nothing")
        .header("cookie", &who.cookie);
    let mut reader = Reader::of(request).await;
    reader.block().await.expect("it begins");
    reader
}

#[tokio::test(flavor = "multi_thread")]
async fn streams_end_at_once_with_their_key_sign_in_or_membership() {
    on_each(async |place: &Place| {
        let mut house = seldom().at(place).start().await;
        let owner = house.somebody("olga", "owner").await;
        let member = house.somebody("mia", "member").await;
        let (path, secret) = key(&house, &owner).await;
        let [mut events, mut job] = both(&house, &secret).await;
        let mut of_owner = by_cookie(&house, &owner).await;
        let mut of_member = by_cookie(&house, &member).await;
        let mut again = by_cookie(&house, &member).await;

        let revoked = house.by(&owner, Method::DELETE, &path, Value::Null).await;
        answered(revoked, 204).await;
        assert_eq!(events.ended().await, "signed_out");
        assert_eq!(job.ended().await, "signed_out");

        let other = house.signed_in(&member.email).await;
        let other = Somebody {
            cookie: other,
            ..member
        };
        let mut elsewhere = by_cookie(&house, &other).await;
        let out = house
            .page(Method::POST, "/auth/logout", &other.cookie, None)
            .await;
        answered(out, 204).await;
        assert_eq!(elsewhere.ended().await, "signed_out");

        let path = format!("/workspaces/{}/members/{}", house.home().await, other.id);
        let removed = house.by(&owner, Method::DELETE, &path, Value::Null).await;
        answered(removed, 204).await;
        assert_eq!(of_member.ended().await, "signed_out");
        assert_eq!(again.ended().await, "signed_out");

        // Whom nothing of this concerns hears on.
        let (_, secret) = key(&house, &owner).await;
        let job = json!({"steps": 1});
        let request = house
            .send(Method::GET, "/events")
            .header("cookie", &owner.cookie);
        let mut hears = Reader::of(request).await;
        answered(
            house
                .by_key(&secret, Method::POST, "/jobs/drill", job)
                .await,
            202,
        )
        .await;
        assert_ne!(hears.event().await.event.as_deref(), Some("end"));
        house.ask_to_stop();
        assert_eq!(of_owner.ended().await, "stopping");
        drop((of_owner, hears));
        house.stopped().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn streams_end_with_what_is_revoked_on_another_instance() {
    let Some(redis) = server() else { return };
    on_postgres(async |place: &Place| {
        let prefix = prefix();
        let one = || {
            let house = seldom().at(place).set("redis.url", &redis);
            house.set("redis.prefix", &prefix)
        };
        let (here, there) = (one().start().await, one().start().await);
        let owner = here.somebody("olga", "owner").await;
        let (path, secret) = key(&here, &owner).await;
        let [mut events, mut job] = both(&here, &secret).await;
        let mut of_owner = by_cookie(&here, &owner).await;
        // The key, and then the sign-in, which an instance hears of by name.
        let revoked = there.by(&owner, Method::DELETE, &path, Value::Null).await;
        answered(revoked, 204).await;
        assert_eq!(events.ended().await, "signed_out");
        assert_eq!(job.ended().await, "signed_out");
        let out = there
            .page(Method::POST, "/auth/logout", &owner.cookie, None)
            .await;
        answered(out, 204).await;
        assert_eq!(of_owner.ended().await, "signed_out");
        assert_eq!(here.me_by_cookie(&owner.cookie).await, 401);
        here.stopped().await;
        there.stopped().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn streams_end_with_what_was_revoked_elsewhere_while_redis_was_away() {
    on_postgres(async |place: &Place| {
        let Some(mut redis) = OwnRedis::start() else {
            return;
        };
        let prefix = prefix();
        let one = || {
            let house = seldom().at(place).set("redis.url", redis.url());
            house.set("redis.prefix", &prefix)
        };
        let (here, there) = (one().start().await, one().start().await);
        let owner = here.somebody("olga", "owner").await;
        let (path, secret) = key(&here, &owner).await;
        let [mut events, mut job] = both(&here, &secret).await;
        let cookie = there.signed_in(&owner.email).await;
        redis.kill();
        until_redis_is(&there, false).await;
        let revoked = there.page(Method::DELETE, &path, &cookie, None).await;
        answered(revoked, 204).await;
        redis.start_again();
        assert_eq!(events.ended().await, "signed_out");
        assert_eq!(job.ended().await, "signed_out");
        here.stopped().await;
        there.stopped().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn streams_of_jobs_and_of_events_take_places_that_are_counted_together() {
    let refused = async |house: &Running, secret: &str, path: &str| {
        let request = house.send(Method::GET, path).bearer_auth(secret);
        let answer = request.send().await.unwrap();
        let status = answer.status().as_u16();
        let body: Value = answer.json().await.unwrap();
        (status, body["code"].as_str().unwrap().to_owned())
    };
    for (setting, most, status, code) in [
        (
            "events.streams_per_caller",
            2,
            429,
            "events.too_many_of_caller",
        ),
        ("events.streams_per_workspace", 2, 429, "events.too_many"),
        ("events.streams", 2, 503, "events.full"),
    ] {
        let house = seldom().set(setting, most).start().await;
        let secret = house.key("events:read jobs:*").await;
        let job = json!({"steps": 1, "pause_ms": 60_000});
        let job = house
            .by_key(&secret, Method::POST, "/jobs/drill", job)
            .await;
        let job = answered(job, 202).await;
        let job = format!("/jobs/{}/events", job["id"].as_str().unwrap());
        let open =
            async |path: &str| Reader::of(house.send(Method::GET, path).bearer_auth(&secret)).await;
        let _first = open("/events").await;
        let _second = open(&job).await;
        for path in ["/events", &job] {
            let found = refused(&house, &secret, path).await;
            assert_eq!(found, (status, code.to_owned()), "{setting} {path}");
        }
        if setting == "events.streams_per_caller" {
            let other = house.key("events:read").await;
            Reader::of(house.send(Method::GET, "/events").bearer_auth(&other)).await;
        }
    }
}
