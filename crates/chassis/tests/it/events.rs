//! Live events: told in order, resumed without loss or doubles, bounded, ended with a reason.

use std::sync::Arc;
use std::time::Duration;

use chassis::auth::WorkspaceId;
use chassis::clock::SystemClock;
use chassis::config::{self, Override, Sources};
use chassis::events::{Event, Events, Signal};
use chassis::redis::Redis;
use futures_util::StreamExt;
use reqwest::Response;
use serde_json::{Value, json};
use ulid::Ulid;

use crate::house::{Running, house};
use crate::redis::{OwnRedis, prefix, server};

/// A block of a stream.
#[derive(Debug, Default)]
pub(crate) struct Block {
    id: Option<String>,
    pub(crate) event: Option<String>,
    pub(crate) data: Option<Value>,
    retry: Option<u64>,
    comment: Option<String>,
}

/// A stream as a client reads it.
pub(crate) struct Reader {
    response: Response,
    buffer: String,
}

impl Reader {
    pub(crate) async fn open(house: &Running, key: &str, query: &str, last: Option<&str>) -> Self {
        let mut request = house
            .client
            .get(house.url(&format!("/api/v1/events{query}")))
            .bearer_auth(key);
        if let Some(last) = last {
            request = request.header("last-event-id", last);
        }
        Self::of(request).await
    }

    /// The stream that answers a request.
    pub(crate) async fn of(request: reqwest::RequestBuilder) -> Self {
        let response = request.send().await.unwrap();
        assert_eq!(response.status(), 200);
        assert_eq!(response.headers()["content-type"], "text/event-stream");
        let buffer = String::new();
        Self { response, buffer }
    }

    /// The next block, none at the end.
    pub(crate) async fn block(&mut self) -> Option<Block> {
        let read = async {
            loop {
                if let Some((block, rest)) = self.buffer.split_once("\n\n") {
                    let block = parse(block);
                    self.buffer = rest.to_owned();
                    return Some(block);
                }
                let chunk = self.response.chunk().await.unwrap()?;
                self.buffer.push_str(std::str::from_utf8(&chunk).unwrap());
            }
        };
        let patience = Duration::from_secs(20);
        tokio::time::timeout(patience, read)
            .await
            .expect("a block comes")
    }

    /// The next block with an event.
    pub(crate) async fn event(&mut self) -> Block {
        loop {
            let block = self.block().await.expect("the stream goes on");
            if block.event.is_some() {
                return block;
            }
        }
    }

    /// Reads to the end, which the server gives a reason for.
    pub(crate) async fn ended(&mut self) -> Value {
        // Signs of life do not count.
        let end = async {
            loop {
                let block = self.event().await;
                if block.event.as_deref() == Some("end") {
                    assert!(self.block().await.is_none(), "nothing follows");
                    return block.data.unwrap()["reason"].clone();
                }
            }
        };
        let patience = Duration::from_secs(20);
        tokio::time::timeout(patience, end)
            .await
            .expect("the stream ends")
    }
}

fn parse(text: &str) -> Block {
    let mut block = Block::default();
    for line in text.lines() {
        // A comment without words, of the other kind of stream.
        match line.split_once(": ").unwrap_or(("", "")) {
            ("id", id) => block.id = Some(id.to_owned()),
            ("event", event) => block.event = Some(event.to_owned()),
            ("data", data) => block.data = Some(serde_json::from_str(data).unwrap()),
            ("retry", ms) => block.retry = Some(ms.parse().unwrap()),
            ("", comment) => block.comment = Some(comment.to_owned()),
            other => panic!("{other:?}"),
        }
    }
    block
}

const SCOPES: &str = "events:read trouble:write";

async fn tell(house: &Running, key: &str, subject: &str, data: Value) {
    let answer = house
        .client
        .post(house.url("/api/v1/trouble/tell"))
        .bearer_auth(key)
        .json(&json!([subject, data]))
        .send()
        .await
        .unwrap();
    assert_eq!(answer.status(), 200);
}

#[tokio::test]
async fn events_are_told_in_order_and_resumed_without_loss_or_doubles() {
    let house = house().start().await;
    let key = house.key(SCOPES).await;
    let mut reader = Reader::open(&house, &key, "", None).await;
    let greeting = reader.block().await.unwrap();
    assert!(greeting.retry.is_some());
    let start = greeting.id.unwrap();
    for n in 0..5 {
        tell(&house, &key, "thing", json!(n)).await;
    }
    let mut ids = Vec::new();
    for n in 0..5 {
        let block = reader.event().await;
        let data = block.data.unwrap();
        assert_eq!(block.event.as_deref(), Some("trouble.told"));
        assert_eq!(data["data"], n);
        assert_eq!(data["subject"], "thing");
        assert_eq!(data["id"], block.id.as_deref().unwrap());
        assert!(data.get("workspace").is_none());
        ids.push(block.id.unwrap());
    }
    drop(reader);
    for (query, last) in [
        (String::new(), Some(ids[1].as_str())),
        (format!("?after={}", ids[1]), None),
        (format!("?after={start}"), Some(ids[1].as_str())),
    ] {
        let mut again = Reader::open(&house, &key, &query, last).await;
        for n in 2..5 {
            assert_eq!(again.event().await.data.unwrap()["data"], n);
        }
    }
    let mut again = Reader::open(&house, &key, &format!("?after={start}"), None).await;
    assert_eq!(again.event().await.data.unwrap()["data"], 0);
}

#[tokio::test]
async fn what_is_no_longer_kept_is_a_reset() {
    let house = house().set("events.kept", 10).start().await;
    let key = house.key(SCOPES).await;
    let mut reader = Reader::open(&house, &key, "", None).await;
    tell(&house, &key, "thing", json!(0)).await;
    let first = reader.event().await.id.unwrap();
    for n in 1..=11 {
        tell(&house, &key, "thing", json!(n)).await;
    }
    for last in [first.as_str(), &Ulid::generate().to_string(), "no id"] {
        let mut again = Reader::open(&house, &key, "", Some(last)).await;
        let block = again.event().await;
        assert_eq!(block.event.as_deref(), Some("reset"), "{last}");
        let position = block.id.unwrap();
        tell(&house, &key, "thing", json!("news")).await;
        assert_eq!(again.event().await.data.unwrap()["data"], "news");
        let mut third = Reader::open(&house, &key, "", Some(&position)).await;
        assert_eq!(third.event().await.data.unwrap()["data"], "news");
    }
}

#[tokio::test]
async fn filters_let_through_what_fits_and_keep_the_position() {
    let house = house().set("events.heartbeat_ms", 100).start().await;
    let key = house.key(SCOPES).await;
    let mut jobs = Reader::open(&house, &key, "?kinds=jobs.*", None).await;
    let mut one = Reader::open(&house, &key, "?kinds=trouble.told,x&subject=b", None).await;
    for subject in ["a", "job1", "b", "job2"] {
        tell(&house, &key, subject, json!(subject)).await;
    }
    for subject in ["job1", "job2"] {
        assert_eq!(jobs.event().await.data.unwrap()["subject"], subject);
    }
    let block = one.event().await;
    assert_eq!(block.data.unwrap()["subject"], "b");
    let alive = loop {
        let block = one.block().await.unwrap();
        if block.comment.is_some() && block.id.is_some() {
            break block;
        }
    };
    assert!(
        alive.id > block.id,
        "what was passed over moves the position"
    );
    let wrong = [
        "kinds=a%20b",
        "kinds=",
        "subject=",
        "after=x",
        "kinds=*",
        "more=1",
    ];
    for query in wrong {
        let address = house.url(&format!("/api/v1/events?{query}"));
        let answer = house.client.get(address).bearer_auth(&key).send().await;
        assert_eq!(answer.unwrap().status(), 422, "{query}");
    }
}

#[tokio::test]
async fn streams_need_the_scope_and_are_bounded() {
    let house = house().set("events.streams_per_workspace", 2).start().await;
    let get = async |key: &str| {
        let request = house.client.get(house.url("/api/v1/events"));
        request.bearer_auth(key).send().await.unwrap()
    };
    assert_eq!(house.get("/api/v1/events").await.status(), 401);
    assert_eq!(get(&house.key("jobs:read").await).await.status(), 403);
    let key = house.key(SCOPES).await;
    let first = Reader::open(&house, &key, "", None).await;
    let _second = Reader::open(&house, &key, "", None).await;
    let refused = get(&key).await;
    assert_eq!(refused.status(), 429);
    let body: Value = refused.json().await.unwrap();
    assert_eq!(body["code"], "events.too_many");
    drop(first);
    let again = async { while get(&key).await.status() != 200 {} };
    tokio::time::timeout(Duration::from_secs(20), again)
        .await
        .expect("a place is given back");
}

#[tokio::test]
async fn a_stream_outlives_the_request_timeout_and_ends_when_the_house_does() {
    let mut house = house()
        .set("http.request_timeout_ms", 100)
        .set("events.heartbeat_ms", 150)
        .start()
        .await;
    let key = house.key(SCOPES).await;
    let mut reader = Reader::open(&house, &key, "", None).await;
    for _ in 0..3 {
        while reader.block().await.unwrap().comment.is_none() {}
    }
    house.ask_to_stop();
    let last = reader.event().await;
    assert_eq!(last.event.as_deref(), Some("end"));
    assert_eq!(last.data.unwrap()["reason"], "stopping");
    assert!(last.retry.is_some());
    assert!(reader.block().await.is_none());
    drop(reader);
    assert_eq!(
        house.stopped().await,
        chassis::http::server::Drain::Complete
    );
}

#[tokio::test]
async fn a_stream_ends_with_its_credentials() {
    use sea_orm::ConnectionTrait;
    let house = house().set("events.recheck_ms", 100).start().await;
    let key = house.key(SCOPES).await;
    let mut reader = Reader::open(&house, &key, "", None).await;
    let database = house.database().await;
    database
        .write(|tx| {
            Box::pin(async move {
                tx.execute_unprepared("UPDATE api_key SET revoked_at = created_at")
                    .await?;
                Ok::<_, chassis::data::DataError>(())
            })
        })
        .await
        .unwrap();
    let last = reader.event().await;
    assert_eq!(last.data.unwrap()["reason"], "signed_out");
    assert!(reader.block().await.is_none());
}

/// One instance's events, without a house around them.
async fn instance(url: Option<&str>, prefix: &str, kept: usize) -> Events {
    let mut flags = vec![
        Override::new("test", "redis.prefix", prefix),
        Override::new("test", "redis.timeout_ms", "5000"),
        Override::new("test", "events.kept", kept.to_string()),
    ];
    flags.extend(url.map(|url| Override::new("test", "redis.url", url)));
    let sources = Sources {
        flags,
        ..Sources::default()
    };
    let config = config::load(&sources).unwrap_or_else(|faults| panic!("{faults}"));
    let redis = Redis::open(&config.redis).await;
    Events::open(&config, Arc::new(SystemClock), redis).await
}

async fn collect(stream: impl futures_util::Stream<Item = Event>, number: usize) -> Vec<Event> {
    let all = stream.take(number).collect();
    tokio::time::timeout(Duration::from_secs(20), all)
        .await
        .expect("all events come")
}

#[tokio::test]
async fn a_reader_that_falls_behind_is_told_so() {
    let events = instance(None, "x", 10).await;
    let home = WorkspaceId(Ulid::generate());
    let mut listener = events.listen(home, None);
    for n in 0..12 {
        events.publish(home, "a.b", "", json!(n));
    }
    assert!(matches!(listener.next().await, Some(Signal::Slow)));
    assert!(listener.next().await.is_none());
}

#[tokio::test]
async fn workspaces_hear_only_their_own() {
    let events = instance(None, "x", 10).await;
    let (one, two) = (WorkspaceId(Ulid::generate()), WorkspaceId(Ulid::generate()));
    let (first, second) = (events.subscribe(one, None), events.subscribe(two, None));
    events.publish(one, "a.b", "", json!(1));
    events.publish(two, "a.b", "", json!(2));
    assert_eq!(collect(first, 1).await[0].data, 1);
    assert_eq!(collect(second, 1).await[0].data, 2);
}

#[tokio::test]
async fn large_data_is_left_out_and_the_event_told() {
    let events = instance(None, "x", 10).await;
    let home = WorkspaceId(Ulid::generate());
    let stream = events.subscribe(home, None);
    events.publish(home, "a.b", "s", json!("x".repeat(100_000)));
    assert_eq!(collect(stream, 1).await[0].data, json!({"omitted": true}));
}

#[tokio::test(flavor = "multi_thread")]
async fn instances_on_one_redis_tell_the_same_in_one_order_and_resume_for_each_other() {
    let Some(url) = server() else { return };
    let prefix = prefix();
    let one = instance(Some(&url), &prefix, 1000).await;
    let two = instance(Some(&url), &prefix, 1000).await;
    let home = WorkspaceId(Ulid::generate());
    let (here, there) = (one.subscribe(home, None), two.subscribe(home, None));
    for n in 0..200 {
        let instance = if n % 2 == 0 { &one } else { &two };
        instance.publish(home, "a.b", "", json!(n));
    }
    let (here, there) = (collect(here, 200).await, collect(there, 200).await);
    assert_eq!(here, there);
    let mut numbers: Vec<_> = here
        .iter()
        .map(|event| event.data.as_u64().unwrap())
        .collect();
    numbers.sort_unstable();
    assert_eq!(numbers, (0..200).collect::<Vec<_>>());
    // An instance that starts now knows what the others told.
    let three = instance(Some(&url), &prefix, 1000).await;
    let after = three.listen(home, Some(here[49].id));
    assert!(!after.missed);
    let rest = collect(three.subscribe(home, Some(here[49].id)), 150).await;
    assert_eq!(rest, here[50..]);
}

#[tokio::test(flavor = "multi_thread")]
async fn while_redis_is_away_each_instance_tells_its_own_and_a_reset_follows() {
    let Some(mut redis) = OwnRedis::start() else {
        return;
    };
    let prefix = prefix();
    let one = instance(Some(&redis.url()), &prefix, 1000).await;
    let two = instance(Some(&redis.url()), &prefix, 1000).await;
    let home = WorkspaceId(Ulid::generate());
    let (mut here, mut there) = (one.listen(home, None), two.listen(home, None));
    one.publish(home, "a.b", "", json!("before"));
    assert_eq!(told(&mut here).await, Some(json!("before")));
    assert_eq!(told(&mut there).await, Some(json!("before")));
    redis.kill();
    one.publish(home, "a.b", "", json!("meanwhile"));
    assert_eq!(told(&mut here).await, Some(json!("meanwhile")));
    redis.start_again();
    assert_eq!(told(&mut here).await, None, "a reset");
    assert_eq!(told(&mut there).await, None, "a reset");
    one.publish(home, "a.b", "", json!("after"));
    for listener in [&mut here, &mut there] {
        // A second reset may say that the other instance told something alone.
        let mut next = told(listener).await;
        while next.is_none() {
            next = told(listener).await;
        }
        assert_eq!(next, Some(json!("after")));
    }
}

/// The data of the next event, nothing for a reset.
async fn told(listener: &mut chassis::events::Subscription) -> Option<Value> {
    let signal = tokio::time::timeout(Duration::from_secs(20), listener.next()).await;
    match signal.expect("something is told").unwrap() {
        Signal::Event(told) => Some(told.event().data.clone()),
        Signal::Reset => None,
        other => panic!("{other:?}"),
    }
}
