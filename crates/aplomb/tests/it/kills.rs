//! Jobs under SIGKILL: what was accepted is done, and what a step wrote with its record is there once.
//!
//! `KILLS=100 cargo test -p aplomb --test it kills:: -- --nocapture` is the long drill; `SEED=…` repeats its moments.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use crate::kill::{Drill, Place, key, kills};

const STEPS: u32 = 6;

/// Requests that were sent, by their key, with the job that each one was promised.
type Asked = BTreeMap<String, Option<String>>;

/// Asks for a job; nothing where no answer came. The same key may be sent again and again.
async fn ask(client: &reqwest::Client, url: &str, secret: &str, key: &str) -> Option<String> {
    let answer = client
        .post(format!("{url}/api/v1/jobs/drill"))
        .bearer_auth(secret)
        .header("Idempotency-Key", key)
        .json(&serde_json::json!({ "steps": STEPS, "pause_ms": 15 }))
        .timeout(Duration::from_secs(10))
        .send()
        .await
        .ok()?;
    if answer.status() != 202 {
        return None;
    }
    let job: serde_json::Value = answer.json().await.ok()?;
    Some(job["id"].as_str()?.to_owned())
}

async fn drill(mut place: Place, processes: usize) {
    place
        .settings
        .push(("APLOMB_JOBS__DRILL", "true".to_owned()));
    place
        .settings
        .push(("APLOMB_JOBS__LEASE_MS", "1000".to_owned()));
    let secret = key(&place, "jobs:*");
    chassis::tls::install();
    let client = reqwest::Client::new();
    let mut drill = Drill::start(place, processes);
    drill.ready().await;
    let mut asked = Asked::new();
    for _ in 0..kills() {
        let (asked, client, secret) = (&mut asked, &client, &secret);
        drill
            .round(async move |urls, until| {
                while Instant::now() < until {
                    for url in &urls {
                        let key = format!("request-{}", asked.len());
                        let left = until.saturating_duration_since(Instant::now());
                        let answer = ask(client, url, secret, &key);
                        // The kill comes in the midst of a request, too.
                        let answer = tokio::time::timeout(left, answer).await.ok().flatten();
                        asked.insert(key, answer);
                    }
                    tokio::time::sleep(Duration::from_millis(40)).await;
                }
            })
            .await;
    }
    let url = drill.ready().await;
    let began = Instant::now();
    let acknowledged = asked.values().flatten().count();
    // What had no answer is sent again with its key: it may have been accepted, or not.
    for (key, job) in &mut asked {
        let deadline = Instant::now() + Duration::from_secs(90);
        loop {
            if let Some(id) = ask(&client, &url, &secret, key).await {
                let promised = job.get_or_insert_with(|| id.clone());
                assert_eq!(*promised, id, "one key, one job");
                break;
            }
            assert!(Instant::now() < deadline, "{key} is not accepted");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }
    let place = &drill.place;
    let open = "SELECT count(*) FROM job WHERE state <> 'done'";
    while place.count(open).await > 0 {
        assert!(
            began.elapsed() < Duration::from_mins(2),
            "{} jobs are not done",
            place.count(open).await
        );
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    let took = began.elapsed();
    let wanted = i64::try_from(asked.len()).unwrap();
    let effects = wanted * i64::from(STEPS);
    let attempts = place.count("SELECT max(attempt) + 0 FROM job").await;
    assert_eq!(place.count("SELECT count(*) FROM job").await, wanted);
    assert_eq!(place.count("SELECT count(*) FROM job_drill").await, effects);
    let different = "SELECT count(*) FROM (SELECT DISTINCT job_id, step FROM job_drill) AS one";
    assert_eq!(place.count(different).await, effects);
    let lines = std::fs::read_to_string(place.folder().join("aplomb-data/drill.log")).unwrap();
    let written = lines.lines().count();
    let mut keys: Vec<_> = lines.lines().collect();
    keys.sort_unstable();
    keys.dedup();
    assert_eq!(keys.len(), usize::try_from(effects).unwrap());
    eprintln!(
        "{} kills of {processes} process(es): {wanted} jobs asked for, {acknowledged} acknowledged at once, all done once; \
         {effects} effects in transactions, 0 doubled, 0 lost; outside {written} lines, {} of them repeated with their key; \
         most attempts at one job {attempts}; done {:.1} s after the last kill",
        drill.kills,
        written - keys.len(),
        took.as_secs_f64()
    );
    drill.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn no_job_and_no_effect_is_lost_or_doubled_by_kills_on_sqlite() {
    drill(Place::sqlite(), 1).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn no_job_and_no_effect_is_lost_or_doubled_by_kills_of_two_processes_on_postgresql() {
    if let Some(place) = Place::postgres().await {
        drill(place, 2).await;
    }
}
