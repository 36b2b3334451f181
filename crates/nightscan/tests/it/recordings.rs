//! Uploads: taken, analysed in the background, kept, removed.

use reqwest::multipart::Form;
use serde_json::{Value, json};

use crate::server::{API, Server, file, wave};

async fn the_whole_way(server: &Server) {
    let key = server.key("nightscan:write jobs:read").await;
    let bytes = wave(5, 40.0);
    let taken = server
        .upload(&key, "20260512_213000.WAV", bytes.clone())
        .await;
    assert_eq!(
        (&taken["is_new"], &taken["source"]),
        (&json!(true), &json!("upload"))
    );
    let recording = server.ended(&key, &taken["id"]).await;
    assert_eq!(recording["state"], "analysed", "{recording}");
    assert_eq!(recording["size_bytes"], bytes.len());
    assert_eq!(recording["duration_s"], 40.0);
    assert_eq!(recording["started_from"], "recorder", "{recording}");
    assert_eq!(recording["started_at"], "2026-05-12T21:30:00.000Z");
    assert!(
        recording["result"]["model"]
            .as_str()
            .is_some_and(|model| !model.is_empty())
    );

    let id = recording["id"].as_str().unwrap();
    let list = server
        .read(&key, &format!("{API}/detections?recording={id}&limit=200"))
        .await;
    let found = list["items"].as_array().unwrap();
    assert_eq!(recording["detections"], found.len());
    assert!(!found.is_empty(), "{list}");
    for one in found {
        assert_eq!(one["night"], "2026-05-12", "{one}");
        assert_eq!(one["hour"], 21);
        let heard = one["heard_at"].as_str().unwrap();
        assert!(("2026-05-12T21:30:00.000Z".."2026-05-12T21:30:40.000Z").contains(&heard));
    }
    let ids: Vec<_> = found
        .iter()
        .map(|one| one["id"].as_str().unwrap())
        .collect();
    assert!(
        ids.is_sorted_by(|one, next| one > next),
        "the latest first: {ids:?}"
    );

    let picture = server
        .fetch(&key, &format!("{API}/recordings/{id}/spectrogram.png"))
        .await;
    assert_eq!(picture.status(), 200);
    assert_eq!(picture.headers()["content-type"], "image/png");
    assert!(picture.bytes().await.unwrap().starts_with(b"\x89PNG"));

    let job = format!("/api/v1/jobs/{}", taken["job"].as_str().unwrap());
    let events = server.fetch(&key, &format!("{job}/events")).await;
    events.text().await.unwrap();
    let job = server.read(&key, &job).await;
    assert_eq!(
        (&job["state"], &job["attempt"]),
        (&json!("done"), &json!(1)),
        "{job}"
    );

    // Nothing of it stays.
    assert_eq!(
        server.delete(&key, &format!("{API}/recordings/{id}")).await,
        204
    );
    assert_eq!(
        server.delete(&key, &format!("{API}/recordings/{id}")).await,
        404
    );
    let list = server.read(&key, &format!("{API}/detections")).await;
    assert_eq!(list["items"], json!([]));
    let objects = server.key("objects:read").await;
    assert_eq!(
        server.read(&objects, "/api/v1/objects").await["items"],
        json!([])
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_recording_goes_from_upload_to_detections_and_its_picture() {
    the_whole_way(&Server::start().await).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn on_postgresql_too_a_recording_goes_the_whole_way() {
    if let Some(server) = Server::on_postgres().await {
        the_whole_way(&server).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_bytes_are_the_same_recording() {
    let server = Server::start().await;
    let key = server.key("nightscan:write").await;
    let bytes = wave(1, 5.0);
    let first = server.analysed(&key, "a.wav", bytes.clone()).await;
    let again = server.upload(&key, "b.wav", bytes).await;
    assert_eq!(
        (&again["id"], &again["is_new"]),
        (&first["id"], &json!(false))
    );
    let quota = server.read(&key, &format!("{API}/quota")).await;
    assert_eq!(
        quota["used"], 1,
        "what is not analysed again does not count: {quota}"
    );
    let list = server.read(&key, &format!("{API}/recordings")).await;
    assert_eq!(list["items"].as_array().unwrap().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn several_files_come_in_one_form_and_what_is_no_sound_says_so() {
    let server = Server::start().await;
    let key = server.key("nightscan:write").await;
    let form = Form::new()
        .text("started_at", "2026-05-12T19:00:00Z")
        .part("file", file("one.wav", wave(1, 5.0)))
        .part("file", file("two.wav", wave(2, 5.0)))
        .part(
            "file",
            file("notes.wav", b"these are notes and no sound at all".to_vec()),
        )
        .part("file", file("empty.wav", Vec::new()));
    let (status, brought) = server.send(&key, &format!("{API}/recordings"), form).await;
    assert_eq!(status, 202, "{brought}");
    let items = brought["items"].as_array().unwrap();
    assert_eq!(items.len(), 3);
    assert_eq!(brought["refused"][0]["code"], "nightscan.fault.empty");
    // What was said of one file does not hold for the next.
    let one = server.ended(&key, &items[0]["id"]).await;
    assert_eq!(
        (&one["started_at"], &one["started_from"]),
        (&json!("2026-05-12T19:00:00.000Z"), &json!("caller"))
    );
    let two = server.ended(&key, &items[1]["id"]).await;
    assert_eq!(two["started_from"], "arrival");
    let notes = server.ended(&key, &items[2]["id"]).await;
    assert_eq!(notes["state"], "failed");
    assert_eq!(
        notes["error"]["code"], "nightscan.fault.not_sound",
        "{notes}"
    );
    let quota = server.read(&key, &format!("{API}/quota")).await;
    assert_eq!(quota["used"], 2, "what is no sound is given back");
    let failed = server
        .read(&key, &format!("{API}/recordings?state=failed"))
        .await;
    assert_eq!(failed["items"].as_array().unwrap().len(), 1);
    // It may come again, and is a recording of its own.
    let again = server
        .upload(
            &key,
            "notes.wav",
            b"these are notes and no sound at all".to_vec(),
        )
        .await;
    assert_eq!(again["is_new"], true);
}

#[tokio::test(flavor = "multi_thread")]
async fn wrong_forms_are_refused_and_named() {
    let server = Server::start().await;
    let key = server.key("nightscan:write").await;
    let path = format!("{API}/recordings");
    let field = |(status, problem): (u16, Value)| {
        (
            status,
            problem["errors"][0]["field"]
                .as_str()
                .unwrap_or_default()
                .to_owned(),
        )
    };
    let sent = async |form| field(server.send(&key, &path, form).await);
    assert_eq!(
        sent(Form::new().text("colour", "blue")).await,
        (422, "colour".into())
    );
    assert_eq!(
        sent(Form::new().text("site", "nowhere")).await,
        (422, "site".into())
    );
    assert_eq!(
        sent(Form::new().text("started_at", "noon")).await,
        (422, "started_at".into())
    );
    let settings = json!({ "overlap": 2 }).to_string();
    assert_eq!(
        sent(Form::new().text("settings", settings)).await,
        (422, "settings.overlap".into())
    );
    assert_eq!(
        sent(Form::new().text("settings", "{\"volume\":1}")).await,
        (422, "settings".into())
    );
    assert_eq!(
        sent(Form::new().text("offset_min", "9999")).await,
        (422, "offset_min".into())
    );
    assert_eq!(
        sent(Form::new().text("offset_min", "60")).await,
        (422, "file".into()),
        "no file came"
    );
    let others = json!({ "objects": ["01KAH8W7Q2M4ZB6T9X3F5R0VCD"] });
    let (status, _) = server.post(&key, &path, others).await;
    assert_eq!(status, 404, "what lies in /objects is another room");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_object_of_the_resumable_uploads_is_taken_over() {
    let server = Server::start().await;
    let key = server.key("nightscan:write objects:write").await;
    let bytes = wave(3, 5.0);
    let request = server
        .client
        .post(server.url("/api/v1/objects?name=20260601_220000.wav"))
        .bearer_auth(&key)
        .header("Content-Type", "audio/wav")
        .body(bytes.clone());
    let object: Value = request.send().await.unwrap().json().await.unwrap();
    let path = format!("{API}/recordings");
    let body = json!({ "objects": [object["id"]], "offset_min": 120 });
    let (status, brought) = server.post(&key, &path, body.clone()).await;
    assert_eq!(status, 202, "{brought}");
    let recording = server.ended(&key, &brought["items"][0]["id"]).await;
    assert_eq!(recording["name"], "20260601_220000.wav");
    assert_eq!(
        recording["started_at"], "2026-06-01T20:00:00.000Z",
        "two hours ahead of UTC"
    );
    let address = format!("/api/v1/objects/{}", object["id"].as_str().unwrap());
    assert_eq!(
        server.fetch(&key, &address).await.status(),
        404,
        "it is taken, not copied"
    );
    let (status, _) = server.post(&key, &path, body).await;
    assert_eq!(status, 404);
}

#[tokio::test(flavor = "multi_thread")]
async fn another_workspace_sees_nothing_of_it() {
    let server = Server::start().await;
    let key = server.key("nightscan:write").await;
    let recording = server.analysed(&key, "a.wav", wave(5, 30.0)).await;
    let id = recording["id"].as_str().unwrap();
    let list = server.read(&key, &format!("{API}/detections")).await;
    let detection = list["items"][0]["id"].as_str().unwrap();
    let database = server.database().await;
    let other = chassis::auth::create_workspace(&database, "Other")
        .await
        .unwrap();
    let stranger = Server::key_in(&database, other, "*").await;
    for path in [
        format!("{API}/recordings/{id}"),
        format!("{API}/recordings/{id}/spectrogram.png"),
        format!("{API}/recordings/{id}/waveform"),
        format!("{API}/recordings/{id}/clip.wav"),
        format!("{API}/detections/{detection}"),
        format!("{API}/detections/{detection}/reviews"),
    ] {
        assert_eq!(server.fetch(&stranger, &path).await.status(), 404, "{path}");
    }
    let review = json!({ "verdict": "false" });
    let (status, _) = server
        .post(
            &stranger,
            &format!("{API}/detections/{detection}/review"),
            review,
        )
        .await;
    assert_eq!(status, 404);
    assert_eq!(
        server
            .delete(&stranger, &format!("{API}/recordings/{id}"))
            .await,
        404
    );
    for list in ["recordings", "detections", "sites", "sensors", "rules"] {
        let list = server.read(&stranger, &format!("{API}/{list}")).await;
        assert_eq!(list["items"], json!([]));
    }
    let export = server
        .fetch(&stranger, &format!("{API}/exports/audacity"))
        .await;
    assert_eq!(export.text().await.unwrap(), "");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_installation_has_recordings_to_look_at_once() {
    let server = Server::with(&[("nightscan.samples", "true")]).await;
    let key = server.key("nightscan:read jobs:read").await;
    let began = std::time::Instant::now();
    loop {
        let list = server
            .read(&key, &format!("{API}/recordings?state=analysed"))
            .await;
        let items = list["items"].as_array().unwrap();
        if items.len() == 3 {
            assert!(items.iter().all(|item| item["source"] == "sample"));
            break;
        }
        let is_late = began.elapsed() > std::time::Duration::from_mins(1);
        assert!(
            !is_late,
            "{list} {}",
            server.read(&key, "/api/v1/jobs").await
        );
        tokio::time::sleep(std::time::Duration::from_millis(200)).await;
    }
}
