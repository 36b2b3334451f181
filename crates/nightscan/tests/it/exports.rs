//! Detections as files for other programs.

use serde_json::json;

use crate::server::{API, Server, wave};

#[tokio::test(flavor = "multi_thread")]
async fn every_format_holds_every_detection() {
    let server = Server::start().await;
    let key = server.key("nightscan:write").await;
    let recording = server
        .analysed(&key, "20260512_213000.wav", wave(5, 60.0))
        .await;
    let count = usize::try_from(recording["detections"].as_i64().unwrap()).unwrap();
    assert!(count >= 2);
    let fetch = async |format: &str| {
        let answer = server.fetch(&key, &format!("{API}/exports/{format}")).await;
        assert_eq!(answer.status(), 200, "{format}");
        assert!(
            answer.headers()["content-disposition"]
                .to_str()
                .unwrap()
                .starts_with("attachment")
        );
        answer.text().await.unwrap()
    };
    for (format, head) in [
        ("csv", 1),
        ("raven", 1),
        ("audacity", 0),
        ("kaleidoscope", 1),
    ] {
        let text = fetch(format).await;
        assert_eq!(text.lines().count(), count + head, "{format}: {text}");
    }
    let csv = fetch("csv").await;
    assert!(
        csv.starts_with("file,start_s,end_s,class,confidence"),
        "{csv}"
    );
    assert!(csv.contains("20260512_213000.wav"));
    let document: serde_json::Value = serde_json::from_str(&fetch("json").await).unwrap();
    assert!(document.is_object(), "{document}");
    assert!(fetch("kml").await.contains("<kml"));
    assert!(fetch("gpx").await.contains("<gpx"));
    assert!(fetch("darwin-core").await.contains("occurrenceID"));
    let narrowed = server
        .fetch(&key, &format!("{API}/exports/audacity?class=dragons"))
        .await;
    assert_eq!(narrowed.text().await.unwrap(), "");
    assert_eq!(
        server
            .fetch(&key, &format!("{API}/exports/xls"))
            .await
            .status(),
        404
    );
    assert_eq!(
        server
            .fetch(&key, &format!("{API}/exports/csv?colour=red"))
            .await
            .status(),
        422
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_site_gives_its_place_to_what_is_heard_there() {
    let server = Server::start().await;
    let key = server.key("nightscan:write").await;
    let site = json!({ "name": "Old oak", "lat": 46.77, "lon": 6.64, "offset_min": 120 });
    let (status, site) = server.post(&key, &format!("{API}/sites"), site).await;
    assert_eq!(status, 201);
    let id = site["id"].as_str().unwrap();
    let form = reqwest::multipart::Form::new()
        .text("site", id.to_owned())
        .part(
            "file",
            crate::server::file("20260512_213000.wav", wave(5, 60.0)),
        );
    let (_, brought) = server.send(&key, &format!("{API}/recordings"), form).await;
    let recording = server.ended(&key, &brought["items"][0]["id"]).await;
    assert_eq!(
        (&recording["lat"], &recording["offset_min"]),
        (&json!(46.77), &json!(120))
    );
    assert_eq!(recording["started_at"], "2026-05-12T19:30:00.000Z");
    let count = recording["detections"].as_u64().unwrap() as usize;
    for (filter, expected) in [
        (format!("site={id}"), count),
        ("bbox=6,46,7,47".to_owned(), count),
        ("bbox=7,46,8,47".to_owned(), 0),
        ("bbox=170,-90,7,90".to_owned(), count),
    ] {
        let list = server
            .read(&key, &format!("{API}/detections?limit=200&{filter}"))
            .await;
        assert_eq!(
            list["items"].as_array().unwrap().len(),
            expected,
            "{filter}"
        );
    }
    let list = server
        .read(&key, &format!("{API}/detections?limit=1"))
        .await;
    assert_eq!(list["items"][0]["hour"], 21, "the hour is the recorder's");
    let csv = server
        .fetch(&key, &format!("{API}/exports/csv"))
        .await
        .text()
        .await
        .unwrap();
    assert!(csv.contains("Old oak") && csv.contains("46.77"), "{csv}");
    let kml = server
        .fetch(&key, &format!("{API}/exports/kml"))
        .await
        .text()
        .await
        .unwrap();
    assert!(kml.contains("46.77"), "{kml}");
    assert_eq!(server.delete(&key, &format!("{API}/sites/{id}")).await, 409);
}
