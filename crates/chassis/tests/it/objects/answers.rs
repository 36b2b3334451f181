//! Files over HTTP: how they come, how they are given, and to whom.

use std::time::Duration;

use chassis::objects::ObjectId;
use reqwest::Response;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

use crate::house::{Running, house};

async fn keep(house: &Running, kind: &str, bytes: &'static [u8]) -> ObjectId {
    let key = house.key("objects:write").await;
    let answer = house
        .client
        .post(house.url("/api/v1/objects?name=caf%C3%A9.txt"))
        .bearer_auth(key)
        .header("Content-Type", kind)
        .body(bytes)
        .send()
        .await
        .unwrap();
    assert_eq!(answer.status(), 201);
    let body: Value = answer.json().await.unwrap();
    body["id"].as_str().unwrap().parse().unwrap()
}

fn header<'a>(answer: &'a Response, name: &str) -> &'a str {
    let value = answer.headers().get(name);
    value.map_or("", |value| value.to_str().unwrap())
}

#[tokio::test]
async fn ranges_and_conditions_are_answered_as_the_standard_says() {
    let house = house().set("objects.minimum_free_bytes", 0).start().await;
    let id = keep(&house, "video/mp4", b"0123456789").await;
    let key = house.key("objects:read").await;
    let url = house.url(&format!("/api/v1/objects/{id}"));
    let ask = |headers: &[(&'static str, String)]| {
        let request = house.client.get(&url).bearer_auth(&key);
        headers
            .iter()
            .fold(request, |request, (name, value)| {
                request.header(*name, value)
            })
            .send()
    };
    let whole = ask(&[]).await.unwrap();
    let tag = header(&whole, "etag").to_owned();
    assert_eq!(header(&whole, "accept-ranges"), "bytes");
    assert_eq!(header(&whole, "content-length"), "10");
    assert_eq!(header(&whole, "content-type"), "video/mp4");
    assert_eq!(
        header(&whole, "content-disposition"),
        "inline; filename=\"caf_.txt\"; filename*=UTF-8''caf%C3%A9.txt"
    );
    assert_eq!(whole.text().await.unwrap(), "0123456789");

    let part = ask(&[("Range", "bytes=2-4".into())]).await.unwrap();
    assert_eq!(part.status(), 206);
    assert_eq!(header(&part, "content-range"), "bytes 2-4/10");
    assert_eq!(part.text().await.unwrap(), "234");
    let part = ask(&[("Range", "bytes=-3".into()), ("If-Range", tag.clone())]);
    assert_eq!(part.await.unwrap().text().await.unwrap(), "789");
    let other = ask(&[("Range", "bytes=-3".into()), ("If-Range", "\"x\"".into())]);
    assert_eq!(other.await.unwrap().status(), 200);
    let outside = ask(&[("Range", "bytes=10-".into())]).await.unwrap();
    assert_eq!(outside.status(), 416);
    assert_eq!(header(&outside, "content-range"), "bytes */10");
    let known = ask(&[("If-None-Match", tag)]).await.unwrap();
    assert_eq!(known.status(), 304);
    let head = house
        .client
        .head(&url)
        .bearer_auth(&key)
        .send()
        .await
        .unwrap();
    assert_eq!(head.status(), 200);
    assert_eq!(header(&head, "content-length"), "10");
}

#[tokio::test]
async fn what_could_run_is_saved_and_not_shown() {
    let house = house().set("objects.minimum_free_bytes", 0).start().await;
    let key = house.key("objects:read").await;
    for kind in ["text/html", "image/svg+xml", "application/pdf"] {
        let id = keep(&house, kind, b"<script>alert(1)</script>").await;
        let url = house.url(&format!("/api/v1/objects/{id}"));
        let answer = house
            .client
            .get(url)
            .bearer_auth(&key)
            .send()
            .await
            .unwrap();
        assert!(
            header(&answer, "content-disposition").starts_with("attachment"),
            "{kind}"
        );
        assert!(
            header(&answer, "content-security-policy").contains("sandbox"),
            "{kind}"
        );
        assert_eq!(header(&answer, "x-content-type-options"), "nosniff");
    }
}

#[tokio::test]
async fn a_signed_address_opens_one_file_for_its_time() {
    let house = house().set("objects.minimum_free_bytes", 0).start().await;
    let id = keep(&house, "text/plain", b"for you").await;
    let key = house.key("objects:read").await;
    let sign = async |wish: Value| {
        let url = house.url(&format!("/api/v1/objects/{id}/address"));
        let request = house.client.post(url).bearer_auth(&key).json(&wish);
        request.send().await.unwrap()
    };
    for wrong in [
        json!({"valid_for_s": 0}),
        json!({"valid_for_s": 604_801}),
        json!({"valid_for_s": 1, "name": "a\u{0}"}),
    ] {
        assert_eq!(sign(wrong.clone()).await.status(), 422, "{wrong}");
    }
    let signed: Value = sign(json!({"valid_for_s": 600, "name": "dé à.txt"}))
        .await
        .json()
        .await
        .unwrap();
    let address = signed["address"].as_str().unwrap();
    let answer = house.get(address).await;
    assert_eq!(answer.status(), 200);
    assert!(header(&answer, "content-disposition").contains("d%C3%A9%20%C3%A0.txt"));
    assert_eq!(answer.text().await.unwrap(), "for you");

    let other = keep(&house, "text/plain", b"not for you").await;
    for forged in [
        address.replace("name=d", "name=e"),
        address.replace("until=1", "until=2"),
        address.replace(&id.to_string(), &other.to_string()),
        address.replace("key=0", "key=1"),
        address.rsplit_once("signature=").unwrap().0.to_owned() + "signature=AAAA",
    ] {
        assert_eq!(house.get(&forged).await.status(), 403, "{forged}");
    }
    let signed: Value = sign(json!({"valid_for_s": 1})).await.json().await.unwrap();
    let address = signed["address"].as_str().unwrap();
    let over = async {
        while house.get(address).await.status() != 410 {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(20), over)
        .await
        .unwrap();
}

#[tokio::test]
async fn small_files_come_as_a_body_or_a_form_and_nothing_hostile_gets_far() {
    let house = house()
        .set("objects.minimum_free_bytes", 0)
        .set("http.body_limit_bytes", 2000)
        .start()
        .await;
    let key = house.key("objects:write").await;
    let post = |path: &str| house.client.post(house.url(path)).bearer_auth(&key);
    let form = |boundary: &str, name: &str| {
        let body = format!(
            "--{boundary}\r\nContent-Disposition: form-data; name=\"file\"; filename=\"{name}\"\r\n\
             Content-Type: image/png\r\n\r\npixels\r\n--{boundary}--\r\n"
        );
        post("/api/v1/objects")
            .header(
                "Content-Type",
                format!("multipart/form-data; boundary={boundary}"),
            )
            .body(body)
            .send()
    };
    let kept: Value = form("xx", "../../a.png")
        .await
        .unwrap()
        .json()
        .await
        .unwrap();
    assert_eq!(kept["name"], "a.png");
    assert_eq!(kept["kind"], "image/png");
    assert_eq!(form("xx", "..").await.unwrap().status(), 422);
    let large = vec![0; 2001];
    assert_eq!(
        post("/api/v1/objects")
            .body(large)
            .send()
            .await
            .unwrap()
            .status(),
        413
    );
    let pieces = (0..30).map(|_| Ok::<_, std::io::Error>(vec![0_u8; 100]));
    let unknown = reqwest::Body::wrap_stream(futures_util::stream::iter(pieces));
    assert_eq!(
        post("/api/v1/objects")
            .body(unknown)
            .send()
            .await
            .unwrap()
            .status(),
        413
    );
    for path in ["?name=a%00b", "?name=..", "?name=%0d%0aSet-Cookie:x"] {
        let answer = post(&format!("/api/v1/objects{path}"))
            .body("x")
            .send()
            .await;
        assert_eq!(answer.unwrap().status(), 422, "{path}");
    }
    let bad = post("/api/v1/objects")
        .header("Content-Type", "x")
        .body("x")
        .send()
        .await;
    assert_eq!(bad.unwrap().status(), 400);
    let reader = house.key("objects:read").await;
    for path in ["..%2f..%2faplomb.db", "%00", &"x".repeat(5000)] {
        let url = house.url(&format!("/api/v1/objects/{path}"));
        let answer = house
            .client
            .get(url)
            .bearer_auth(&reader)
            .send()
            .await
            .unwrap();
        assert_eq!(answer.status(), 404);
    }
    let left = std::fs::read_dir(house.folder().join("uploads")).unwrap();
    assert_eq!(left.count(), 1, "only the folder's own name");
}

/// A server that answers each request with one of these; its address.
async fn other_server(answers: &'static [&'static str]) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    chassis::task::spawn(async move {
        for answer in answers {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut head = [0; 2000];
            let _ = stream.read(&mut head).await;
            stream.write_all(answer.as_bytes()).await.unwrap();
        }
    });
    address.to_string()
}

#[tokio::test]
async fn files_are_fetched_only_from_where_the_operator_allows() {
    let fetch = async |house: &Running, url: &str| {
        let key = house.key("objects:write").await;
        let request = house.client.post(house.url("/api/v1/objects/import"));
        let answer = request
            .bearer_auth(key)
            .json(&json!({"url": url}))
            .send()
            .await
            .unwrap();
        let status = answer.status().as_u16();
        let body: Value = answer.json().await.unwrap();
        let code = &body["errors"][0]["code"];
        (
            status,
            code.as_str()
                .or(body["name"].as_str())
                .unwrap_or_default()
                .to_owned(),
        )
    };
    let off = house().start().await;
    let refused = fetch(&off, "https://media.example.org/a.png").await;
    assert_eq!(refused, (422, "objects.import_off".into()));

    let closed = house()
        .set(
            "objects.import_hosts",
            "localhost, 127.0.0.1, 169.254.169.254",
        )
        .set("objects.import_plain_http", true)
        .start()
        .await;
    for (url, code) in [
        ("http://elsewhere.example/a", "objects.import_host"),
        ("http://127.0.0.1/a", "objects.import_private"),
        ("http://localhost/a", "objects.import_private"),
        ("http://0x7f.1/a", "objects.import_private"),
        ("http://169.254.169.254/latest", "objects.import_private"),
        ("http://user:pw@localhost/a", "objects.import_address"),
        ("file:///etc/passwd", "objects.import_address"),
        ("nonsense", "objects.import_address"),
    ] {
        assert_eq!(fetch(&closed, url).await, (422, code.into()), "{url}");
    }

    let open = house()
        .set("objects.import_hosts", "127.0.0.1")
        .set("objects.import_networks", "127.0.0.0/8")
        .set("objects.import_plain_http", true)
        .set("objects.minimum_free_bytes", 0)
        .start()
        .await;
    let other = other_server(&[
        "HTTP/1.1 302 Found\r\nLocation: /b%20c.png\r\nContent-Length: 0\r\nConnection: close\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Type: image/png\r\nContent-Length: 3\r\nConnection: close\r\n\r\npng",
        "HTTP/1.1 302 Found\r\nLocation: http://10.0.0.1/x\r\nContent-Length: 0\r\nConnection: close\r\n\r\n",
        "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n",
    ])
    .await;
    assert_eq!(
        fetch(&open, &format!("http://{other}/a")).await,
        (201, "b c.png".into())
    );
    let led_away = fetch(&open, &format!("http://{other}/a")).await;
    assert_eq!(led_away, (422, "objects.import_host".into()));
    assert_eq!(fetch(&open, &format!("http://{other}/a")).await.0, 409);
}
