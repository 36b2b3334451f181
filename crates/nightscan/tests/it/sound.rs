//! Pictures, outlines and clips of what was kept.

use crate::server::{API, Server, wave};

#[tokio::test(flavor = "multi_thread")]
async fn a_picture_is_kept_by_its_tag_and_follows_its_parameters() {
    let server = Server::start().await;
    let key = server.key("nightscan:write").await;
    let recording = server.analysed(&key, "a.wav", wave(5, 20.0)).await;
    let base = format!("{API}/recordings/{}", recording["id"].as_str().unwrap());
    let path = format!("{base}/spectrogram.png?from=2&to=12&width=400&height=128");
    let first = server.fetch(&key, &path).await;
    assert_eq!(first.status(), 200);
    let tag = first.headers()["etag"].clone();
    let bytes = first.bytes().await.unwrap();
    let size = |at: usize| u32::from_be_bytes(bytes[at..at + 4].try_into().unwrap());
    assert_eq!((size(16), size(20)), (400, 128));
    let again = server
        .client
        .get(server.url(&path))
        .bearer_auth(&key)
        .header("If-None-Match", &tag);
    assert_eq!(again.send().await.unwrap().status(), 304);
    let other = server
        .fetch(
            &key,
            &format!("{base}/spectrogram.png?from=3&to=12&width=400&height=128"),
        )
        .await;
    assert_ne!(other.headers()["etag"], tag);
    for wrong in [
        "from=12&to=2",
        "from=-1",
        "to=99",
        "width=5",
        "height=9999",
        "colour=red",
        "from=NaN",
    ] {
        let refused = server
            .fetch(&key, &format!("{base}/spectrogram.png?{wrong}"))
            .await;
        assert_eq!(refused.status(), 422, "{wrong}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_outline_has_as_many_points_as_are_asked_for() {
    let server = Server::start().await;
    let key = server.key("nightscan:write").await;
    let recording = server.analysed(&key, "a.wav", wave(5, 20.0)).await;
    let base = format!("{API}/recordings/{}", recording["id"].as_str().unwrap());
    let outline = server
        .read(&key, &format!("{base}/waveform?points=100"))
        .await;
    let points = outline["points"].as_array().unwrap();
    assert_eq!((points.len(), &outline["whole"]), (100, &true.into()));
    let value = |point: &serde_json::Value, at: usize| point[at].as_f64().unwrap();
    assert!(
        points
            .iter()
            .all(|point| value(point, 0) <= value(point, 1))
    );
    // The loudest sample of a night of ours is 0.7.
    let loudest = points
        .iter()
        .map(|point| value(point, 1).max(-value(point, 0)))
        .fold(0.0, f64::max);
    assert!((0.65..=0.75).contains(&loudest), "{loudest}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_clip_is_the_same_whole_and_by_ranges() {
    let server = Server::start().await;
    let key = server.key("nightscan:write").await;
    let sent = wave(5, 30.0);
    let recording = server.analysed(&key, "a.wav", sent.clone()).await;
    assert_eq!(
        recording["result"]["human"],
        serde_json::json!([]),
        "a night without voices"
    );
    let path = format!(
        "{API}/recordings/{}/clip.wav?from=4&to=18.5",
        recording["id"].as_str().unwrap()
    );
    let whole = server.fetch(&key, &path).await;
    assert_eq!(whole.headers()["content-type"], "audio/wav");
    let whole = whole.bytes().await.unwrap();
    assert_eq!(whole.len(), 44 + 232_000 * 2);
    // The header is ours, the samples are those that were sent, within a rounding.
    let sample = |bytes: &[u8], at: usize| {
        i32::from(i16::from_le_bytes(bytes[at..at + 2].try_into().unwrap()))
    };
    for at in (0..464_000).step_by(2) {
        let difference = sample(&whole, 44 + at) - sample(&sent, 44 + 128_000 + at);
        assert!(difference.abs() <= 1, "{difference} at {at}");
    }
    for (first, last) in [
        (0, 43),
        (10, 60),
        (44, 45),
        (45, 320_101),
        (463_999, 464_043),
    ] {
        let range = format!("bytes={first}-{last}");
        let request = server
            .client
            .get(server.url(&path))
            .bearer_auth(&key)
            .header("Range", &range);
        let part = request.send().await.unwrap();
        assert_eq!(part.status(), 206, "{range}");
        assert_eq!(
            part.headers()["content-range"],
            format!("bytes {first}-{last}/464044")
        );
        assert!(
            part.bytes().await.unwrap() == whole[first..=last],
            "{range}"
        );
    }
    let request = server
        .client
        .get(server.url(&path))
        .bearer_auth(&key)
        .header("Range", "bytes=464044-");
    assert_eq!(request.send().await.unwrap().status(), 416);
}
