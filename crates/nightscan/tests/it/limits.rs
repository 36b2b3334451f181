//! What a plan has: identifications of a month, days that recordings stay.

use serde_json::json;

use crate::server::{API, Server, file, wave};

#[tokio::test(flavor = "multi_thread")]
async fn a_month_has_so_many_identifications_and_no_more() {
    let server = Server::with(&[("nightscan.identifications", r#"{"standard":2}"#)]).await;
    let key = server.key("nightscan:write").await;
    let form = reqwest::multipart::Form::new()
        .part("file", file("1.wav", wave(1, 2.0)))
        .part("file", file("2.wav", wave(2, 2.0)))
        .part("file", file("3.wav", wave(3, 2.0)));
    let (status, brought) = server.send(&key, &format!("{API}/recordings"), form).await;
    assert_eq!(
        (status, brought["items"].as_array().unwrap().len()),
        (202, 2),
        "{brought}"
    );
    assert_eq!(brought["refused"][0]["code"], "nightscan.quota_spent");
    let quota = server.read(&key, &format!("{API}/quota")).await;
    assert_eq!(
        (&quota["used"], &quota["limit"], &quota["left"]),
        (&json!(2), &json!(2), &json!(0))
    );
    let form = reqwest::multipart::Form::new().part("file", file("4.wav", wave(4, 2.0)));
    let request = server
        .client
        .post(server.url(&format!("{API}/recordings")))
        .bearer_auth(&key)
        .multipart(form);
    let refused = request.send().await.unwrap();
    assert_eq!(refused.status(), 429);
    let wait: u64 = refused.headers()["retry-after"]
        .to_str()
        .unwrap()
        .parse()
        .unwrap();
    assert!((1..=31 * 86_400).contains(&wait), "{wait}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_beyond_its_days_is_shown_before_it_goes() {
    let server = Server::with(&[("nightscan.retention_days", r#"{"standard":30}"#)]).await;
    let key = server.key("nightscan:write jobs:admin objects:read").await;
    let old = server.analysed(&key, "old.wav", wave(5, 30.0)).await;
    let new = server.analysed(&key, "new.wav", wave(6, 5.0)).await;
    let preview = server.read(&key, &format!("{API}/retention")).await;
    assert_eq!(
        (&preview["days"], &preview["recordings"]),
        (&json!(30), &json!(0)),
        "{preview}"
    );
    let database = server.database().await;
    let id = old["id"].as_str().unwrap().to_owned();
    let aged = database.write(move |tx| {
        Box::pin(async move {
            use sea_orm::ConnectionTrait;
            let sql = format!("UPDATE nightscan_recording SET created_at = '2020-01-01T00:00:00.000Z' WHERE id = '{id}'");
            tx.execute_unprepared(&sql).await?;
            Ok::<_, chassis::data::DataError>(())
        })
    });
    aged.await.unwrap();
    let preview = server.read(&key, &format!("{API}/retention")).await;
    assert_eq!(preview["recordings"], 1);
    assert_eq!(
        (&preview["detections"], &preview["bytes"]),
        (&old["detections"], &old["kept_bytes"])
    );
    assert_eq!(
        server.read(&key, &format!("{API}/recordings")).await["items"]
            .as_array()
            .unwrap()
            .len(),
        2,
        "a preview removes nothing"
    );
    drop(new);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_recording_that_is_too_large_is_refused() {
    let server = Server::with(&[("nightscan.upload_limit_bytes", "50000")]).await;
    let key = server.key("nightscan:write objects:read").await;
    let form = reqwest::multipart::Form::new().part("file", file("1.wav", wave(1, 5.0)));
    let (status, problem) = server.send(&key, &format!("{API}/recordings"), form).await;
    assert_eq!(status, 413, "{problem}");
    assert_eq!(
        server.read(&key, "/api/v1/objects").await["items"],
        json!([])
    );
    assert_eq!(server.read(&key, &format!("{API}/quota")).await["used"], 0);
}
