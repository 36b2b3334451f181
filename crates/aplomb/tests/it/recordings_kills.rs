//! Recordings under SIGKILL: each that was taken is analysed once, whoever dies meanwhile, and nothing of the quarantine stays.
//!
//! `KILLS=100 cargo test -p aplomb --test it recordings_kills:: -- --nocapture` is the long drill; `SEED=…` repeats its moments.

use std::time::{Duration, Instant};

use crate::kill::{Drill, Place, key, kills};

/// A form with four seconds of a tone; no two numbers give the same bytes.
fn form(number: usize) -> Vec<u8> {
    let mut file = b"RIFF\0\0\0\0WAVEfmt \x10\0\0\0\x01\0\x01\0".to_vec();
    file.extend_from_slice(&16_000_u32.to_le_bytes());
    file.extend_from_slice(&32_000_u32.to_le_bytes());
    file.extend_from_slice(b"\x02\0\x10\0data");
    file.extend_from_slice(&128_000_u32.to_le_bytes());
    for at in 0..64_000_u32 {
        let hertz = 900.0 + 10.0 * number as f64;
        let value = (f64::from(at) / 16_000.0 * hertz * std::f64::consts::TAU).sin() * 8_000.0;
        file.extend_from_slice(&(value as i16).to_le_bytes());
    }
    let head = format!(
        "--night\r\nContent-Disposition: form-data; name=\"settings\"\r\n\r\n{{\"min_confidence\":0,\"background\":true}}\r\n--night\r\n\
         Content-Disposition: form-data; name=\"file\"; filename=\"{number}.wav\"\r\nContent-Type: audio/wav\r\n\r\n"
    );
    [head.as_bytes(), &file, b"\r\n--night--\r\n"].concat()
}

/// Brings a recording; its id, or nothing where no answer came. It may be brought again and again.
async fn bring(client: &reqwest::Client, url: &str, secret: &str, number: usize) -> Option<String> {
    let request = client
        .post(format!("{url}/api/v1/nightscan/recordings"))
        .bearer_auth(secret)
        .header("Content-Type", "multipart/form-data; boundary=night")
        .timeout(Duration::from_secs(10))
        .body(form(number));
    let answer = request.send().await.ok()?;
    if answer.status() != 202 {
        return None;
    }
    let brought: serde_json::Value = answer.json().await.ok()?;
    Some(brought["items"][0]["id"].as_str()?.to_owned())
}

async fn drill(mut place: Place, processes: usize) {
    for (name, value) in [
        ("APLOMB_JOBS__LEASE_MS", "1000"),
        ("APLOMB_NIGHTSCAN__SAMPLES", "false"),
        ("APLOMB_OBJECTS__MINIMUM_FREE_BYTES", "0"),
    ] {
        place.settings.push((name, value.to_owned()));
    }
    let secret = key(&place, "nightscan:*");
    chassis::tls::install();
    let client = reqwest::Client::new();
    let mut drill = Drill::start(place, processes);
    drill.ready().await;
    let mut sent: Vec<Option<String>> = Vec::new();
    for _ in 0..kills() {
        let (sent, client, secret) = (&mut sent, &client, &secret);
        drill
            .round(async move |urls, until| {
                while Instant::now() < until {
                    for url in &urls {
                        let left = until.saturating_duration_since(Instant::now());
                        let answer = bring(client, url, secret, sent.len());
                        let answer = tokio::time::timeout(left, answer).await.ok().flatten();
                        sent.push(answer);
                    }
                    tokio::time::sleep(Duration::from_millis(120)).await;
                }
            })
            .await;
    }
    let url = drill.ready().await;
    let acknowledged = sent.iter().flatten().count();
    for (number, known) in sent.iter_mut().enumerate() {
        let deadline = Instant::now() + Duration::from_secs(90);
        loop {
            if let Some(id) = bring(&client, &url, &secret, number).await {
                let promised = known.get_or_insert_with(|| id.clone());
                assert_eq!(*promised, id, "the same bytes, one recording");
                break;
            }
            assert!(Instant::now() < deadline, "{number} is not taken");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }
    let place = &drill.place;
    let began = Instant::now();
    while place
        .count("SELECT count(*) FROM job WHERE state <> 'done' AND kind = 'nightscan.analyse'")
        .await
        > 0
    {
        assert!(
            began.elapsed() < Duration::from_mins(3),
            "not all are analysed"
        );
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    let wanted = i64::try_from(sent.len()).unwrap();
    let count = async |sql: &str| place.count(sql).await;
    assert_eq!(
        count("SELECT count(*) FROM nightscan_recording").await,
        wanted
    );
    assert_eq!(
        count("SELECT count(*) FROM nightscan_recording WHERE state = 'analysed'").await,
        wanted
    );
    assert_eq!(
        count("SELECT count(*) FROM nightscan_recording WHERE quarantine_salt IS NOT NULL").await,
        0
    );
    // Each has its detections, once, and the count that its row tells.
    let said = count("SELECT CAST(sum(detections) AS bigint) FROM nightscan_recording").await;
    assert_eq!(
        count("SELECT count(*) FROM nightscan_detection").await,
        said
    );
    assert!(said >= wanted, "{said} detections of {wanted} recordings");
    assert_eq!(
        count("SELECT CAST(sum(identifications) AS bigint) FROM nightscan_usage").await,
        wanted
    );
    let kept = "SELECT count(*) FROM object o JOIN nightscan_recording r ON o.id = r.object_id";
    assert_eq!(count(kept).await, wanted);
    // A sealed copy whose request was cut off has no row; it goes by itself, and nobody can read it.
    let sealed =
        "SELECT count(*) FROM object o JOIN nightscan_recording r ON o.id = r.quarantine_id";
    assert_eq!(count(sealed).await, 0);
    eprintln!(
        "{} kills of {processes} process(es): {wanted} recordings brought, {acknowledged} acknowledged at once, all analysed once; \
         {said} detections, 0 doubled, 0 lost; most attempts at one job {}",
        drill.kills,
        count("SELECT max(attempt) + 0 FROM job").await
    );
    drill.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn no_recording_is_lost_or_doubled_by_kills_on_sqlite() {
    drill(Place::sqlite(), 1).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn no_recording_is_lost_or_doubled_by_kills_of_two_processes_on_postgresql() {
    if let Some(place) = Place::postgres().await {
        drill(place, 2).await;
    }
}
