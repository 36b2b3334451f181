//! Connections that break, stall or meet at one upload; and what one workspace may take.

use std::time::Duration;

use http::Method;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::{PIECE, Tus, code, header, noise};
use crate::house::house;

/// A PATCH whose head and first bytes are sent, and whose connection stays open.
async fn stale(tus: &Tus, address: &str, promised: usize, bytes: &[u8]) -> TcpStream {
    let mut stream = TcpStream::connect(tus.house.address).await.unwrap();
    let head = format!(
        "PATCH {address} HTTP/1.1\r\nHost: test\r\nAuthorization: Bearer {}\r\nTus-Resumable: 1.0.0\r\n\
         Upload-Offset: 0\r\nContent-Type: {PIECE}\r\nContent-Length: {promised}\r\n\r\n",
        tus.key
    );
    stream.write_all(head.as_bytes()).await.unwrap();
    stream.write_all(bytes).await.unwrap();
    stream
}

/// Waits until the part on disk is there (its request holds the turn by then) and has as many bytes.
async fn until_begun(tus: &Tus, address: &str, bytes: u64) {
    let id = address.rsplit('/').next().unwrap();
    let part = tus.house.folder().join(format!("uploads/{id}.part"));
    let begun = async {
        while !part.metadata().is_ok_and(|about| about.len() >= bytes) {
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    };
    let waited = tokio::time::timeout(Duration::from_secs(20), begun).await;
    waited.expect("the part grows");
}

#[tokio::test]
async fn a_stale_connection_yields_to_a_newer_one_and_keeps_what_came() {
    let tus = Tus::start().await;
    let file = noise(1_000_000);
    let address = tus.begin(file.len()).await;
    let mut old = stale(&tus, &address, file.len(), &file[..300_000]).await;
    until_begun(&tus, &address, 0).await;
    let reached = tus.offset(&address).await;
    assert!(reached <= 300_000);
    let answer = tus.send(&address, reached, file[reached..].to_vec()).await;
    assert_eq!(answer.status(), 204);
    assert_eq!(tus.bytes(&header(&answer, "object-id")).await, file);
    let mut told = String::new();
    let _ = old.read_to_string(&mut told).await;
    assert!(told.starts_with("HTTP/1.1 409"), "{told}");
}

#[tokio::test]
async fn a_broken_connection_keeps_what_came() {
    let tus = Tus::start().await;
    let file = noise(200_000);
    let address = tus.begin(file.len()).await;
    drop(stale(&tus, &address, file.len(), &file[..150_000]).await);
    // Nobody asks before the server has learnt of the end by itself.
    until_begun(&tus, &address, 1).await;
    let reached = tus.offset(&address).await;
    assert!((1..=150_000).contains(&reached), "{reached}");
    let answer = tus.send(&address, reached, file[reached..].to_vec()).await;
    assert_eq!(tus.bytes(&header(&answer, "object-id")).await, file);
}

#[tokio::test]
async fn parallel_patches_never_interleave() {
    let tus = Tus::start().await;
    let (a, b) = (vec![b'a'; 400_000], vec![b'b'; 400_000]);
    for _ in 0..5 {
        let address = tus.begin(400_000).await;
        let (one, two) = tokio::join!(
            tus.send(&address, 0, a.clone()),
            tus.send(&address, 0, b.clone())
        );
        let statuses = [one.status().as_u16(), two.status().as_u16()];
        assert!(
            statuses.iter().all(|s| matches!(s, 204 | 409)),
            "{statuses:?}"
        );
        // Whoever was cut left a clean beginning; the rest goes on from there.
        let reached = tus.offset(&address).await;
        let id = address.rsplit('/').next().unwrap();
        let part = tus.house.folder().join(format!("uploads/{id}.part"));
        if reached < 400_000 {
            let begun = std::fs::read(part).unwrap();
            assert_eq!(begun.len(), reached);
            assert!(
                begun.windows(2).all(|pair| pair[0] == pair[1]),
                "two writers in one part"
            );
            let answer = tus.send(&address, reached, a[reached..].to_vec()).await;
            assert_eq!(answer.status(), 204);
        }
        let told = tus.ask(Method::HEAD, &address).send().await.unwrap();
        let bytes = tus.bytes(&header(&told, "object-id")).await;
        let changes = bytes.windows(2).filter(|pair| pair[0] != pair[1]).count();
        assert!(changes <= 1, "{changes}");
    }
}

#[tokio::test]
async fn a_body_that_stands_still_is_cut_and_kept() {
    let house = house()
        .set("objects.minimum_free_bytes", 0)
        .set("objects.upload_idle_ms", 100)
        .set("http.request_timeout_ms", 100)
        .start()
        .await;
    let tus = Tus::of(house).await;
    let address = tus.begin(100).await;
    let mut slow = stale(&tus, &address, 100, b"0123456789").await;
    let mut told = String::new();
    let _ = slow.read_to_string(&mut told).await;
    assert!(told.starts_with("HTTP/1.1 408"), "{told}");
    assert_eq!(tus.offset(&address).await, 10);
}

#[tokio::test]
async fn a_slow_body_has_longer_than_other_requests_have() {
    let house = house()
        .set("objects.minimum_free_bytes", 0)
        .set("http.request_timeout_ms", 100)
        .set("http.body_limit_bytes", 1024)
        .start()
        .await;
    let tus = Tus::of(house).await;
    let address = tus.begin(30_000).await;
    let pieces = futures_util::stream::unfold(0, |n| async move {
        // Time is what is tested here.
        tokio::time::sleep(Duration::from_millis(60)).await;
        (n < 3).then(|| (Ok::<_, std::io::Error>(vec![b'x'; 10_000]), n + 1))
    });
    let answer = tus
        .send(&address, 0, reqwest::Body::wrap_stream(pieces))
        .await;
    assert_eq!(answer.status(), 204);
    assert_eq!(header(&answer, "upload-offset"), "30000");
}

#[tokio::test]
async fn a_workspace_has_so_many_open_uploads_and_so_much_room() {
    let house = house()
        .set("objects.minimum_free_bytes", 0)
        .set("objects.open_uploads", 2)
        .set("objects.workspace_limit_bytes", 1000)
        .start()
        .await;
    let tus = Tus::of(house).await;
    let answer = tus.create(&[("Upload-Length", "1001")]).await;
    assert_eq!(code(answer).await, (413, "objects.over_quota".into()));
    let first = tus.begin(600).await;
    let second = tus.begin(600).await;
    let answer = tus.create(&[("Upload-Length", "1")]).await;
    assert_eq!(code(answer).await, (429, "uploads.too_many_open".into()));
    // Each fits alone; once the first is there, the second finds no room any more.
    assert_eq!(tus.send(&first, 0, vec![1; 600]).await.status(), 204);
    let answer = tus.send(&second, 0, vec![2; 600]).await;
    assert_eq!(code(answer).await, (413, "objects.over_quota".into()));
}

#[tokio::test]
async fn a_full_disk_refuses_before_it_is_full() {
    let all = house()
        .set("objects.minimum_free_bytes", 1_u64 << 40)
        .start()
        .await;
    let tus = Tus::of(all).await;
    let answer = tus.create(&[("Upload-Length", "1")]).await;
    assert_eq!(code(answer).await, (503, "objects.disk_full".into()));
}

#[tokio::test]
async fn stopping_cuts_uploads_and_keeps_what_came() {
    let mut tus = Tus::start().await;
    let address = tus.begin(1_000_000).await;
    let mut open = stale(&tus, &address, 1_000_000, &[7; 1000]).await;
    until_begun(&tus, &address, 0).await;
    tus.house.ask_to_stop();
    let mut told = String::new();
    let _ = open.read_to_string(&mut told).await;
    assert!(
        told.starts_with("HTTP/1.1 503") && told.contains("retry-after"),
        "{told}"
    );
}
