//! The shared Redis: what two instances share, and life without it. With the server that `APLOMB_TEST_REDIS` names, or with
//! one of the test's own that it may kill; without either the tests say that they were skipped.

#![expect(clippy::disallowed_methods, reason = "a test spawns and kills its own")]

use std::io::Write;
use std::net::TcpListener;
use std::process::{Child, Command, Stdio};
use std::sync::Once;
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::house::{Builder, Running, house};

/// The address of a Redis for tests; says once if there is none.
pub(crate) fn server() -> Option<String> {
    let url = std::env::var("APLOMB_TEST_REDIS").ok();
    if url.is_none() {
        say_skipped("skipped: the tests with a Redis (APLOMB_TEST_REDIS is not set)\n");
    }
    url
}

fn say_skipped(line: &str) {
    static SAID: Once = Once::new();
    // Not `println`, which the test harness swallows.
    SAID.call_once(|| std::io::stderr().write_all(line.as_bytes()).unwrap());
}

/// A prefix that no other test has.
pub(crate) fn prefix() -> String {
    format!("aplomb-test-{}", ulid::Ulid::generate())
}

/// A house on that Redis. A busy machine must not look like a Redis that went away.
pub(crate) fn house_on(url: &str, prefix: &str) -> Builder {
    house()
        .set("redis.url", url)
        .set("redis.prefix", prefix)
        .set("redis.timeout_ms", 5000)
}

/// A Redis of the test's own.
pub(crate) struct OwnRedis {
    port: u16,
    child: Child,
}

impl OwnRedis {
    pub(crate) fn start() -> Option<Self> {
        let port = TcpListener::bind("127.0.0.1:0")
            .unwrap()
            .local_addr()
            .unwrap()
            .port();
        let child = spawn(port)?;
        Some(Self { port, child })
    }

    pub(crate) fn url(&self) -> String {
        format!("redis://127.0.0.1:{}", self.port)
    }

    pub(crate) fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    pub(crate) fn start_again(&mut self) {
        self.child = spawn(self.port).unwrap();
    }
}

impl Drop for OwnRedis {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn spawn(port: u16) -> Option<Child> {
    let child = Command::new("redis-server")
        .args(["--port", &port.to_string(), "--bind", "127.0.0.1"])
        .args(["--save", "", "--appendonly", "no"])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn();
    let Ok(child) = child else {
        say_skipped("skipped: the tests that kill a Redis (redis-server is not installed)\n");
        return None;
    };
    let began = Instant::now();
    while std::net::TcpStream::connect(("127.0.0.1", port)).is_err() {
        assert!(began.elapsed() < Duration::from_secs(20), "no redis-server");
        std::thread::yield_now();
    }
    Some(child)
}

/// What `/readyz` says of Redis, and its status.
async fn readiness(house: &Running) -> (u16, bool) {
    let answer = house.get("/readyz").await;
    let status = answer.status().as_u16();
    let body: Value = answer.json().await.unwrap();
    let dependencies = body["dependencies"].as_array().unwrap();
    let redis = dependencies.iter().find(|d| d["name"] == "redis").unwrap();
    (status, redis["up"].as_bool().unwrap())
}

pub(crate) async fn until_redis_is(house: &Running, up: bool) {
    let wait = async { while readiness(house).await != (200, up) {} };
    tokio::time::timeout(Duration::from_secs(20), wait)
        .await
        .expect("the keeper sees it");
}

#[tokio::test(flavor = "multi_thread")]
async fn two_instances_share_a_limit_exactly() {
    let Some(url) = server() else { return };
    let prefix = prefix();
    let limited = || house_on(&url, &prefix).set("limits.routes", "GET / 40");
    let limited = || limited().set("limits.anonymous_per_minute", 1);
    let (one, two) = (limited().start().await, limited().start().await);
    let asks = (0..120).map(|i| {
        let house = if i % 2 == 0 { &one } else { &two };
        async { house.get("/").await.status().as_u16() }
    });
    let began = Instant::now();
    let statuses = futures_util::future::join_all(asks).await;
    let passed = statuses.iter().filter(|status| **status == 200).count();
    // One more grows back each 1.5 s, should the machine be that slow.
    let grown = began.elapsed().as_millis() / 1_500;
    assert!(
        (40..=40 + grown as usize).contains(&passed),
        "{passed} passed, {grown} grew back"
    );
    assert!(statuses.iter().all(|status| [200, 429].contains(status)));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_redis_that_dies_is_missed_by_nobody_and_taken_up_again() {
    let Some(mut redis) = OwnRedis::start() else {
        return;
    };
    let prefix = prefix();
    let limited = || house_on(&redis.url(), &prefix).set("limits.anonymous_per_minute", 3);
    let (one, two) = (limited().start().await, limited().start().await);
    let ask = async |house: &Running| {
        let answer = house.get("/api/v1/trouble/text").await;
        let left = answer.headers()["ratelimit-remaining"].clone();
        (answer.status().as_u16(), left.to_str().unwrap().to_owned())
    };
    assert_eq!(ask(&one).await, (200, "2".into()));
    assert_eq!(ask(&two).await, (200, "1".into()), "the bucket is shared");
    assert_eq!(readiness(&one).await, (200, true));

    redis.kill();
    assert_eq!(
        ask(&one).await,
        (200, "2".into()),
        "each has its own bucket now"
    );
    assert_eq!(ask(&two).await, (200, "2".into()));
    until_redis_is(&one, false).await;
    let health: Value = one.get("/health").await.json().await.unwrap();
    assert_eq!(health["status"], "degraded");
    assert!(metrics(&one).await.contains("redis_up 0"));

    redis.start_again();
    until_redis_is(&one, true).await;
    until_redis_is(&two, true).await;
    assert_eq!(ask(&two).await, (200, "2".into()), "Redis came back empty");
    assert_eq!(ask(&one).await, (200, "1".into()), "and is shared again");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_house_opens_without_its_redis() {
    let nobody = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("redis://{}", nobody.local_addr().unwrap());
    drop(nobody);
    let house = house_on(&url, "aplomb")
        .set("limits.anonymous_per_minute", 1)
        .start()
        .await;
    assert_eq!(readiness(&house).await, (200, false));
    assert_eq!(house.get("/nowhere").await.status(), 404);
    assert_eq!(house.get("/nowhere").await.status(), 429);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_redis_that_hangs_holds_one_request_for_its_timeout_and_no_other() {
    // Accepts, and says nothing ever.
    let silent = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let Some(redis) = OwnRedis::start() else {
        return;
    };
    let url = format!("redis://{}", silent.local_addr().unwrap());
    let door = Door::before(silent, redis.port);
    let house = house_on(&url, &prefix())
        .set("redis.timeout_ms", 200)
        .set("limits.anonymous_per_minute", 1000)
        .start()
        .await;
    until_redis_is(&house, true).await;
    door.shut();
    let began = Instant::now();
    for _ in 0..50 {
        assert_eq!(house.get("/nowhere").await.status(), 404);
    }
    assert!(
        began.elapsed() < Duration::from_secs(5),
        "50 requests took {:?}",
        began.elapsed()
    );
    until_redis_is(&house, false).await;
}

/// A relay that can stop relaying without closing.
struct Door(tokio::sync::watch::Sender<bool>);

impl Door {
    fn before(listener: tokio::net::TcpListener, port: u16) -> Self {
        let (open, opened) = tokio::sync::watch::channel(true);
        chassis::task::spawn(async move {
            loop {
                let (mut outer, _) = listener.accept().await.unwrap();
                let mut opened = opened.clone();
                chassis::task::spawn(async move {
                    if *opened.borrow() {
                        let inner = tokio::net::TcpStream::connect(("127.0.0.1", port)).await;
                        let mut inner = inner.unwrap();
                        let relay = tokio::io::copy_bidirectional(&mut outer, &mut inner);
                        tokio::select! {
                            _ = relay => return,
                            _ = opened.wait_for(|open| !open) => {}
                        }
                    }
                    // Held open, unanswered.
                    std::future::pending::<()>().await;
                });
            }
        });
        Self(open)
    }

    fn shut(&self) {
        self.0.send_replace(false);
    }
}

async fn metrics(house: &Running) -> String {
    house.get("/metrics").await.text().await.unwrap()
}
