//! Nobody's voice is kept: uploads wait sealed, and what is kept is silenced.

use serde_json::json;

use crate::server::{API, Server, file, wave};

/// Whether some bytes lie anywhere in the data folder.
fn lies(server: &Server, part: &[u8]) -> bool {
    let all = server.stored();
    all.iter()
        .any(|bytes| bytes.windows(part.len()).any(|window| window == part))
}

#[tokio::test(flavor = "multi_thread")]
async fn an_upload_waits_sealed_until_it_is_analysed() {
    // No worker: it waits.
    let server = Server::with(&[("jobs.concurrency", "0")]).await;
    let key = server.key("nightscan:write objects:read").await;
    let bytes = wave(7, 5.0);
    let taken = server.upload(&key, "a.wav", bytes.clone()).await;
    assert_eq!(taken["state"], "waiting");
    let stored: usize = server.stored().iter().map(Vec::len).sum();
    assert!(stored > bytes.len(), "it lies there");
    // Any stretch of the recording that is not silence.
    assert!(
        !lies(&server, &bytes[40_000..40_032]),
        "the sound is not readable on the disk"
    );
    assert!(!lies(&server, &bytes[..16]), "nor its header");
    let objects = server.read(&key, "/api/v1/objects").await;
    let object = &objects["items"][0];
    assert_eq!(
        object["held_by"],
        format!("{API}/recordings/{}", taken["id"].as_str().unwrap())
    );
    assert!(
        object["keep_until"].is_string(),
        "the sealed copy goes by itself"
    );
    let id = taken["id"].as_str().unwrap();
    for path in ["spectrogram.png", "waveform", "clip.wav"] {
        let refused = server
            .fetch(&key, &format!("{API}/recordings/{id}/{path}"))
            .await;
        assert_eq!(refused.status(), 409, "{path}");
    }
    assert_eq!(
        server.delete(&key, &format!("{API}/recordings/{id}")).await,
        204
    );
    assert_eq!(
        server.read(&key, "/api/v1/objects").await["items"],
        json!([])
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn the_sealed_copy_is_gone_once_the_recording_is_kept() {
    let server = Server::start().await;
    let key = server.key("nightscan:write objects:read jobs:read").await;
    let recording = server.analysed(&key, "a.wav", wave(7, 5.0)).await;
    let job = recording["job"].as_str().unwrap();
    let events = server
        .fetch(&key, &format!("/api/v1/jobs/{job}/events"))
        .await;
    events.text().await.unwrap();
    let objects = server.read(&key, "/api/v1/objects").await;
    let objects = objects["items"].as_array().unwrap();
    assert_eq!(objects.len(), 1, "{objects:?}");
    assert_eq!(objects[0]["size_bytes"], recording["kept_bytes"]);
    assert_eq!(objects[0]["keep_until"], json!(null));
    let database = server.database().await;
    let salts = {
        use sea_orm::{ConnectionTrait, Statement};
        let sql = "SELECT count(*) AS n FROM nightscan_recording WHERE quarantine_salt IS NOT NULL";
        let statement = Statement::from_string(database.read().get_database_backend(), sql);
        let row = database
            .read()
            .query_one_raw(statement)
            .await
            .unwrap()
            .unwrap();
        row.try_get::<i64>("", "n").unwrap()
    };
    assert_eq!(salts, 0, "what the copy was read with is forgotten");
}

#[tokio::test(flavor = "multi_thread")]
async fn stretches_that_a_sensor_heard_as_human_do_not_come_back_as_sound() {
    let server = Server::start().await;
    let key = server.key("nightscan:admin").await;
    let form = reqwest::multipart::Form::new().part("file", file("a.wav", wave(9, 20.0)));
    let (status, brought) = server.send(&key, &format!("{API}/recordings"), form).await;
    assert_eq!(status, 202);
    let recording = server.ended(&key, &brought["items"][0]["id"]).await;
    let id = recording["id"].as_str().unwrap();
    for span in recording["result"]["human"].as_array().unwrap() {
        let (from, to) = (
            span["start_s"].as_f64().unwrap(),
            span["end_s"].as_f64().unwrap(),
        );
        let path = format!(
            "{API}/recordings/{id}/clip.wav?from={from}&to={}",
            to.min(20.0)
        );
        let clip = server.fetch(&key, &path).await.bytes().await.unwrap();
        assert!(clip[44..].iter().all(|byte| *byte == 0), "{from} to {to}");
    }
}
