//! The word of a job that ended, from the real binary to a receiver that checks its signature as the Standard Webhooks
//! specification says.

use std::net::SocketAddr;
use std::time::{Duration, Instant, UNIX_EPOCH};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use serde_json::{Value, json};
use sha2::Sha256;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::sync::mpsc;

use crate::kill::{Drill, Place, Server, key, kills};

/// A request that arrived.
struct Arrived {
    head: String,
    body: Vec<u8>,
}

impl Arrived {
    fn header(&self, name: &str) -> &str {
        let line = self.head.lines().find_map(|line| line.strip_prefix(name));
        let value = line.and_then(|rest| rest.strip_prefix(':'));
        value.unwrap_or_else(|| panic!("no {name}")).trim()
    }

    /// Whether this secret signed it, by the specification's own words: HMAC-SHA256 of `id.timestamp.body`.
    fn is_signed_with(&self, secret: &str) -> bool {
        let key = STANDARD.decode(secret.strip_prefix("whsec_").unwrap());
        let (id, time) = (self.header("webhook-id"), self.header("webhook-timestamp"));
        let mut hmac = Hmac::<Sha256>::new_from_slice(&key.unwrap()).unwrap();
        hmac.update(format!("{id}.{time}.").as_bytes());
        hmac.update(&self.body);
        let expected = format!("v1,{}", STANDARD.encode(hmac.finalize().into_bytes()));
        let signatures = self.header("webhook-signature");
        signatures.split(' ').any(|signature| signature == expected)
    }
}

/// A receiver that refuses the first request and takes all others.
async fn receiver() -> (SocketAddr, mpsc::UnboundedReceiver<Arrived>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (sender, arrived) = mpsc::unbounded_channel();
    chassis::task::spawn(async move {
        let mut answers = ["503 Service Unavailable"].into_iter();
        while let Ok((mut stream, _)) = listener.accept().await {
            let Some(request) = read(&mut stream).await else {
                continue;
            };
            let status = answers.next().unwrap_or("204 No Content");
            let answer =
                format!("HTTP/1.1 {status}\r\ncontent-length: 0\r\nconnection: close\r\n\r\n");
            let _ = stream.write_all(answer.as_bytes()).await;
            let _ = sender.send(request);
        }
    });
    (address, arrived)
}

async fn read(stream: &mut tokio::net::TcpStream) -> Option<Arrived> {
    let mut bytes = Vec::new();
    let end = loop {
        if let Some(end) = bytes.windows(4).position(|four| four == b"\r\n\r\n") {
            break end;
        }
        if stream.read_buf(&mut bytes).await.ok()? == 0 {
            return None;
        }
    };
    let head = String::from_utf8(bytes[..end].to_vec()).ok()?;
    let body = bytes.split_off(end + 4);
    let mut request = Arrived { head, body };
    let length: usize = request.header("content-length").parse().ok()?;
    while request.body.len() < length {
        if stream.read_buf(&mut request.body).await.ok()? == 0 {
            return None;
        }
    }
    Some(request)
}

async fn post(url: &str, path: &str, key: &str, body: Value) -> Value {
    let answer = reqwest::Client::new()
        .post(format!("{url}/api/v1{path}"))
        .bearer_auth(key)
        .json(&body)
        .send()
        .await
        .unwrap();
    assert!(answer.status().is_success(), "{}", answer.status());
    answer.json().await.unwrap()
}

/// What one job's end brings to the receiver, after it was refused once.
async fn told(arrived: &mut mpsc::UnboundedReceiver<Arrived>) -> [Arrived; 2] {
    let mut next = async || {
        tokio::time::timeout(Duration::from_secs(30), arrived.recv())
            .await
            .expect("the webhook is called")
            .unwrap()
    };
    [next().await, next().await]
}

async fn a_job_ends(mut place: Place) {
    for (name, value) in [
        ("APLOMB_JOBS__DRILL", "true"),
        ("APLOMB_NOTIFY__WEBHOOK_ALLOW_HTTP", "true"),
        ("APLOMB_NOTIFY__WEBHOOK_NETWORKS", "127.0.0.0/8"),
    ] {
        place.settings.push((name, value.to_owned()));
    }
    let (address, mut arrived) = receiver().await;
    let key = key(&place, "jobs:* notify:*");
    let server = Server::start(&place);
    server.ready().await;
    let hook = json!({"url": format!("http://{address}/hook"), "events": ["jobs.done"]});
    let hook = post(&server.url, "/webhooks", &key, hook).await;
    let secret = hook["secret"].as_str().unwrap();

    // It does not ask for this one's end.
    let failing = json!({"steps": 1, "fail_at": 0});
    post(&server.url, "/jobs/drill", &key, failing).await;
    let job = post(&server.url, "/jobs/drill", &key, json!({"steps": 2})).await;

    let [refused, taken] = told(&mut arrived).await;
    for request in [&refused, &taken] {
        assert!(request.is_signed_with(secret), "{}", request.head);
        assert!(!request.is_signed_with("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"));
        let sent: u64 = request.header("webhook-timestamp").parse().unwrap();
        let now = UNIX_EPOCH.elapsed().unwrap().as_secs();
        assert!(now.abs_diff(sent) < 60, "{sent} is not now");
        let body: Value = serde_json::from_slice(&request.body).unwrap();
        assert_eq!(body["type"], "jobs.done");
        let data = json!({"job": job["id"], "kind": "chassis.drill", "state": "done"});
        assert_eq!(body["data"], data);
    }
    assert_eq!(
        refused.header("webhook-id"),
        taken.header("webhook-id"),
        "one event, sent again"
    );
    drop(server);
    place.close().await;
}

/// Jobs under SIGKILL: each one that is done has its word in the outbox, once.
async fn no_word_is_lost(mut place: Place, processes: usize) {
    for (name, value) in [
        ("APLOMB_JOBS__DRILL", "true"),
        ("APLOMB_JOBS__LEASE_MS", "1000"),
        ("APLOMB_NOTIFY__WEBHOOK_ALLOW_HTTP", "true"),
        ("APLOMB_NOTIFY__WEBHOOK_NETWORKS", "127.0.0.0/8"),
    ] {
        place.settings.push((name, value.to_owned()));
    }
    let (address, _arrived) = receiver().await;
    let key = key(&place, "jobs:* notify:*");
    let mut drill = Drill::start(place, processes);
    let url = drill.ready().await;
    let hook = json!({"url": format!("http://{address}/hook"), "events": ["*"]});
    post(&url, "/webhooks", &key, hook).await;
    let client = reqwest::Client::new();
    for _ in 0..kills() {
        drill
            .round(async |urls, until| {
                while Instant::now() < until {
                    for url in &urls {
                        let asked = client
                            .post(format!("{url}/api/v1/jobs/drill"))
                            .bearer_auth(&key)
                            .json(&json!({"steps": 1, "pause_ms": 5}))
                            .send();
                        // The kill comes in the midst of a request, too.
                        let _ = tokio::time::timeout_at(until.into(), asked).await;
                    }
                }
            })
            .await;
    }
    drill.ready().await;
    let place = &drill.place;
    let deadline = Instant::now() + Duration::from_mins(2);
    while place
        .count("SELECT count(*) FROM job WHERE state <> 'done'")
        .await
        > 0
    {
        assert!(Instant::now() < deadline, "jobs are not done");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    let jobs = place.count("SELECT count(*) FROM job").await;
    let told = "SELECT count(*) FROM delivery WHERE template = 'jobs.done'";
    let different = "SELECT count(DISTINCT arguments) FROM delivery WHERE template = 'jobs.done'";
    assert!(jobs > 0);
    assert_eq!(place.count(told).await, jobs);
    assert_eq!(place.count(different).await, jobs);
    eprintln!(
        "{} kills of {processes} process(es): {jobs} jobs done, {jobs} in the outbox",
        drill.kills
    );
    drill.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn no_word_of_a_jobs_end_is_lost_or_doubled_by_kills_on_sqlite() {
    no_word_is_lost(Place::sqlite(), 1).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn no_word_of_a_jobs_end_is_lost_or_doubled_by_kills_of_two_processes_on_postgresql() {
    if let Some(place) = Place::postgres().await {
        no_word_is_lost(place, 2).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_receiver_hears_of_a_job_that_ended_by_a_signed_webhook_on_sqlite() {
    a_job_ends(Place::sqlite()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_receiver_hears_of_a_job_that_ended_by_a_signed_webhook_on_postgresql() {
    if let Some(place) = Place::postgres().await {
        a_job_ends(place).await;
    }
}
