//! What every request may rely on, over real sockets.

use std::time::Duration;

use chassis::http::server::Drain;
use reqwest::header::{ACCEPT_ENCODING, ACCEPT_LANGUAGE, CONNECTION, CONTENT_TYPE, ORIGIN};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::house::{Running, house};

async fn problem(response: reqwest::Response) -> (u16, Value) {
    assert_eq!(response.headers()[CONTENT_TYPE], "application/problem+json");
    let status = response.status().as_u16();
    let id = response.headers()["x-request-id"]
        .to_str()
        .unwrap()
        .to_owned();
    let body: Value = response.json().await.unwrap();
    assert_eq!(body["status"], status);
    assert_eq!(body["request_id"], id);
    (status, body)
}

#[tokio::test]
async fn every_error_is_a_problem_with_an_id_and_security_headers() {
    let house = house().start().await;
    for (path, status, code) in [
        ("/nowhere", 404, "http.not_found"),
        ("/api/v1/trouble/panic", 500, "http.internal"),
        ("/api/v1/trouble/teapot", 418, "http.error"),
        ("/api/v1/trouble/conflict", 409, "data.unique"),
        ("/api/v1/trouble/echo", 405, "http.method_not_allowed"),
    ] {
        let response = house.get(path).await;
        for name in [
            "x-content-type-options",
            "content-security-policy",
            "referrer-policy",
            "x-frame-options",
        ] {
            assert!(response.headers().contains_key(name), "{path} lacks {name}");
        }
        let (seen, body) = problem(response).await;
        assert_eq!(
            (seen, body["code"].as_str().unwrap()),
            (status, code),
            "{path}"
        );
    }
    // The panic took nothing with it.
    assert_eq!(house.get("/livez").await.status(), 200);
}

#[tokio::test]
async fn problems_speak_the_callers_language() {
    let house = house().start().await;
    let ask = |language: &'static str| {
        house
            .client
            .get(house.url("/nowhere"))
            .header(ACCEPT_LANGUAGE, language)
            .send()
    };
    let french = ask("fr-FR,fr;q=0.9").await.unwrap();
    assert_eq!(french.headers()["content-language"], "fr");
    let (_, body) = problem(french).await;
    assert_eq!(body["detail"], "Rien ne se trouve à cette adresse.");
    let (_, body) = problem(ask("de").await.unwrap()).await;
    assert_eq!(body["detail"], "Nothing is found at this address.");
}

#[tokio::test]
async fn a_callers_request_id_is_kept_and_a_bad_one_replaced() {
    let house = house().start().await;
    let ask = |id: &'static str| {
        house
            .client
            .get(house.url("/livez"))
            .header("x-request-id", id)
            .send()
    };
    assert_eq!(
        ask("order-7").await.unwrap().headers()["x-request-id"],
        "order-7"
    );
    let replaced = ask("two words {}").await.unwrap().headers()["x-request-id"].clone();
    assert_eq!(replaced.len(), 26, "{replaced:?}");
}

#[tokio::test]
async fn large_bodies_are_refused_with_and_without_a_stated_length() {
    let house = house().set("http.body_limit_bytes", 2000).start().await;
    let echo = house.url("/api/v1/trouble/echo");
    let fits = house
        .client
        .post(&echo)
        .json(&json!({"a": 1}))
        .send()
        .await
        .unwrap();
    assert_eq!(fits.json::<Value>().await.unwrap(), json!({"a": 1}));
    let stated = house
        .client
        .post(&echo)
        .json(&json!({"a": "x".repeat(3000)}))
        .send()
        .await
        .unwrap();
    let (status, body) = problem(stated).await;
    assert_eq!(
        (status, body["code"].as_str().unwrap()),
        (413, "http.payload_too_large")
    );

    let mut stream = TcpStream::connect(house.address).await.unwrap();
    let head = "POST /api/v1/trouble/echo HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n\
                Transfer-Encoding: chunked\r\n\r\n";
    let chunk = format!("BB8\r\n{}\r\n0\r\n\r\n", "1".repeat(3000));
    stream
        .write_all(format!("{head}{chunk}").as_bytes())
        .await
        .unwrap();
    let mut answer = [0; 2048];
    let read = stream.read(&mut answer).await.unwrap();
    let answer = String::from_utf8_lossy(&answer[..read]);
    assert!(answer.starts_with("HTTP/1.1 413"), "{answer}");
}

#[tokio::test]
async fn malformed_json_is_a_4xx() {
    let house = house().start().await;
    for (kind, body) in [
        ("application/json", "{"),
        ("application/json", "\u{feff}{}"),
        ("text/plain", "{}"),
    ] {
        let response = house
            .client
            .post(house.url("/api/v1/trouble/echo"))
            .header(CONTENT_TYPE, kind)
            .body(body)
            .send()
            .await
            .unwrap();
        let (status, _) = problem(response).await;
        assert!((400..500).contains(&status), "{body}: {status}");
    }
}

#[tokio::test]
async fn a_slow_handler_is_given_up() {
    let house = house().set("http.request_timeout_ms", 200).start().await;
    let response = house.get("/api/v1/trouble/slow").await;
    assert_eq!(response.headers()["retry-after"], "1");
    let (status, body) = problem(response).await;
    assert_eq!(
        (status, body["code"].as_str().unwrap()),
        (503, "http.timeout")
    );
}

#[tokio::test]
async fn whoever_still_sends_a_body_reads_why_it_was_refused() {
    let house = house().set("http.body_limit_bytes", 2048).start().await;
    for path in ["/api/v1/trouble/echo", "/api/v1/nowhere"] {
        let mut stream = TcpStream::connect(house.address).await.unwrap();
        let head = format!(
            "POST {path} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 6000000\r\n\r\n"
        );
        stream.write_all(head.as_bytes()).await.unwrap();
        // More than all buffers between the two hold: a reset would break it off.
        for _ in 0..6 {
            stream.write_all(&vec![b' '; 1_000_000]).await.unwrap();
        }
        let mut answer = [0; 12];
        stream.read_exact(&mut answer).await.unwrap();
        assert!(answer.starts_with(b"HTTP/1.1 4"), "{path}");
    }
}

#[tokio::test]
async fn a_body_that_does_not_arrive_is_the_senders_fault() {
    let house = house().set("http.request_timeout_ms", 200).start().await;
    let mut stream = TcpStream::connect(house.address).await.unwrap();
    let request = "POST /api/v1/trouble/echo HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n\
                   Content-Length: 1000\r\n\r\n{\"a\":";
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    let whole = stream.read_to_end(&mut answer);
    tokio::time::timeout(Duration::from_secs(5), whole)
        .await
        .expect("the connection ends with the answer")
        .unwrap();
    let answer = String::from_utf8_lossy(&answer);
    assert!(answer.starts_with("HTTP/1.1 408"), "{answer}");
    assert!(answer.contains("http.body_timeout"), "{answer}");
}

#[tokio::test]
async fn slow_headers_are_cut_off() {
    let house = house().set("http.header_timeout_ms", 200).start().await;
    let mut stream = TcpStream::connect(house.address).await.unwrap();
    stream
        .write_all(b"GET /livez HTTP/1.1\r\nHost:")
        .await
        .unwrap();
    let mut rest = Vec::new();
    tokio::time::timeout(Duration::from_secs(5), stream.read_to_end(&mut rest))
        .await
        .expect("the server closes the connection")
        .unwrap();
}

#[tokio::test]
async fn silent_connections_give_up_their_places() {
    let house = house()
        .set("http.header_timeout_ms", 200)
        .set("http.maximum_connections", 2)
        .start()
        .await;
    for said in [&b""[..], b"P", b"PRI * HTTP"] {
        let mut silent = Vec::new();
        for _ in 0..2 {
            let mut stream = TcpStream::connect(house.address).await.unwrap();
            stream.write_all(said).await.unwrap();
            silent.push(stream);
        }
        let answer = tokio::time::timeout(Duration::from_secs(5), house.get("/livez")).await;
        assert_eq!(answer.expect("a place is free again").status(), 200);
    }
}

#[tokio::test]
async fn readiness_says_no_before_the_doors_close() {
    let mut house = house().set("http.drain_delay_ms", 60_000).start().await;
    assert_eq!(house.get("/readyz").await.status(), 200);
    house.ask_to_stop();
    let turned_away = async {
        while house.get("/readyz").await.status() != 503 {}
        house.get("/livez").await.status()
    };
    let still_answers = tokio::time::timeout(Duration::from_secs(5), turned_away).await;
    assert_eq!(still_answers.expect("readiness turns"), 200);
}

#[tokio::test]
async fn huge_heads_and_targets_are_refused() {
    let house = house().start().await;
    let long = house
        .client
        .get(house.url(&format!("/livez?{}", "x".repeat(9000))))
        .send()
        .await
        .unwrap();
    assert_eq!(problem(long).await.0, 414);
    let head = house
        .client
        .get(house.url("/livez"))
        .header("x-big", "y".repeat(40_000))
        .send()
        .await
        .unwrap();
    assert_eq!(head.status(), 431);
}

#[tokio::test]
async fn a_request_names_exactly_one_host() {
    let house = house().start().await;
    for (hosts, status) in [
        ("", "400"),
        ("Host: a\r\nHost: b\r\n", "400"),
        ("Host: a\r\n", "200"),
    ] {
        let mut stream = TcpStream::connect(house.address).await.unwrap();
        let request = format!("GET /livez HTTP/1.1\r\n{hosts}Connection: close\r\n\r\n");
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.unwrap();
        assert!(
            answer.starts_with(&format!("HTTP/1.1 {status}")),
            "{hosts:?}: {answer}"
        );
    }
}

#[tokio::test]
async fn over_the_limit_of_concurrent_requests_health_still_answers() {
    let house = house().set("http.maximum_in_flight", 1).start().await;
    let slow = house.client.get(house.url("/api/v1/trouble/slow")).send();
    let slow = chassis::task::spawn(slow);
    let refused = loop {
        let response = house.get("/api/v1/trouble/text").await;
        if response.status() == 503 {
            break response;
        }
    };
    assert_eq!(refused.headers()["retry-after"], "1");
    assert_eq!(problem(refused).await.1["code"], "http.overloaded");
    assert_eq!(house.get("/livez").await.status(), 200);
    assert_eq!(slow.await.unwrap().unwrap().status(), 200);
}

#[tokio::test]
async fn an_address_over_its_limit_is_told_when_to_come_back() {
    let house = house().set("limits.anonymous_per_minute", 3).start().await;
    for left in ["2", "1", "0"] {
        let response = house.get("/api/v1/trouble/text").await;
        assert_eq!(response.status(), 200);
        assert_eq!(response.headers()["ratelimit-remaining"], left);
    }
    let response = house.get("/api/v1/trouble/text").await;
    let wait: u64 = response.headers()["retry-after"]
        .to_str()
        .unwrap()
        .parse()
        .unwrap();
    assert!((1..=20).contains(&wait));
    assert_eq!(problem(response).await.1["code"], "limits.exceeded");
    assert_eq!(house.get("/readyz").await.status(), 200);
}

#[tokio::test]
async fn only_a_trusted_proxy_speaks_for_another_address() {
    let ask = async |house: &Running, client: &str| {
        let request = house
            .client
            .get(house.url("/api/v1/trouble/text"))
            .header("x-forwarded-for", client);
        request.send().await.unwrap().status().as_u16()
    };
    let direct = house().set("limits.anonymous_per_minute", 1).start().await;
    assert_eq!(
        [ask(&direct, "9.9.9.1").await, ask(&direct, "9.9.9.2").await],
        [200, 429]
    );
    let behind = house()
        .set("limits.anonymous_per_minute", 1)
        .set("http.trusted_proxies", "127.0.0.0/8")
        .start()
        .await;
    assert_eq!(
        [ask(&behind, "9.9.9.1").await, ask(&behind, "9.9.9.2").await],
        [200, 200]
    );
    assert_eq!(
        ask(&behind, "8.8.8.8, 9.9.9.2").await,
        429,
        "the nearest untrusted address counts"
    );
}

#[tokio::test]
async fn text_is_compressed_where_it_pays() {
    let house = house().start().await;
    let ask = |path: &str, encoding: &'static str| {
        house
            .client
            .get(house.url(path))
            .header(ACCEPT_ENCODING, encoding)
            .send()
    };
    let packed = ask("/api/v1/trouble/text", "br, gzip").await.unwrap();
    assert_eq!(packed.headers()["content-encoding"], "gzip");
    assert!(
        packed
            .headers()
            .get_all("vary")
            .iter()
            .any(|v| v == "accept-encoding")
    );
    assert!(packed.bytes().await.unwrap().len() < 1000);
    assert!(
        !ask("/livez", "gzip")
            .await
            .unwrap()
            .headers()
            .contains_key("content-encoding")
    );
    assert!(
        !ask("/api/v1/trouble/text", "gzip;q=0")
            .await
            .unwrap()
            .headers()
            .contains_key("content-encoding")
    );
}

#[tokio::test]
async fn the_openapi_document_is_valid_and_answers_304() {
    let house = house().start().await;
    let response = house.get("/api/openapi.json").await;
    let tag = response.headers()["etag"].clone();
    let document: Value = response.json().await.unwrap();
    assert!(document["openapi"].as_str().unwrap().starts_with("3.1"));
    let again = house
        .client
        .get(house.url("/api/openapi.json"))
        .header("if-none-match", tag)
        .send()
        .await
        .unwrap();
    assert_eq!(again.status(), 304);
    let page = house.get("/docs/").await;
    assert!(
        page.headers()["content-security-policy"]
            .to_str()
            .unwrap()
            .contains("script-src 'self'")
    );
    assert!(page.text().await.unwrap().contains("swagger"));
}

#[tokio::test]
async fn only_listed_origins_may_read_answers() {
    let house = house()
        .set("http.allowed_origins", "https://app.example")
        .start()
        .await;
    let ask = |origin: &'static str| {
        house
            .client
            .get(house.url("/livez"))
            .header(ORIGIN, origin)
            .send()
    };
    assert_eq!(
        ask("https://app.example").await.unwrap().headers()["access-control-allow-origin"],
        "https://app.example"
    );
    assert!(
        !ask("https://evil.example")
            .await
            .unwrap()
            .headers()
            .contains_key("access-control-allow-origin")
    );
    let preflight = house
        .client
        .request(reqwest::Method::OPTIONS, house.url("/api/v1/trouble/echo"))
        .header(ORIGIN, "https://app.example")
        .header("access-control-request-method", "POST");
    let preflight = preflight.send().await.unwrap();
    assert_eq!(preflight.status(), 204);
    assert!(
        preflight.headers()["access-control-allow-methods"]
            .to_str()
            .unwrap()
            .contains("POST")
    );
}

#[tokio::test]
async fn metrics_need_their_token_and_count_by_route() {
    let house = house()
        .set("telemetry.metrics_token", "a-long-enough-token-0123456789")
        .start()
        .await;
    for i in 0..3 {
        house.get(&format!("/scan/{i}")).await;
    }
    assert_eq!(problem(house.get("/metrics").await).await.0, 401);
    let scrape = house
        .client
        .get(house.url("/metrics"))
        .bearer_auth("a-long-enough-token-0123456789");
    let text = scrape.send().await.unwrap().text().await.unwrap();
    assert!(
        text.contains("http_requests_total{route=\"unknown\",status_code=\"404\"}"),
        "{text}"
    );
    assert!(
        !text.contains("/scan/"),
        "paths of strangers must not become series"
    );
}

#[tokio::test]
async fn each_request_leaves_one_line_without_query_or_address() {
    let house = house().start().await;
    house.get("/nowhere?secret=1").await;
    let log = house.log.clone();
    assert_eq!(house.stopped().await, Drain::Complete);
    let lines = log.lines();
    assert_eq!(lines.len(), 1);
    assert_eq!(lines[0]["http.path"], "/nowhere");
    assert_eq!(lines[0]["http.status_code"], 404);
    assert!(
        !lines[0].to_string().contains("secret") && !lines[0].to_string().contains("127.0.0.1")
    );
}

#[tokio::test]
async fn a_stop_lets_open_requests_finish() {
    let mut house = house().start().await;
    let slow = chassis::task::spawn(house.client.get(house.url("/api/v1/trouble/slow")).send());
    // The slow request is in the handler once another one on a new connection was answered.
    house.get("/livez").await;
    tokio::time::sleep(Duration::from_millis(100)).await;
    house.ask_to_stop();
    let late = slow.await.unwrap().unwrap();
    assert_eq!(late.headers()[CONNECTION], "close");
    assert_eq!(late.text().await.unwrap(), "late");
    assert!(
        TcpStream::connect(house.address).await.is_err(),
        "no new connection is accepted"
    );
    assert_eq!(house.stopped().await, Drain::Complete);
}

#[tokio::test]
async fn a_stop_gives_up_after_its_time() {
    let mut house = house().set("http.drain_timeout_ms", 100).start().await;
    let slow = chassis::task::spawn(house.client.get(house.url("/api/v1/trouble/slow")).send());
    house.get("/livez").await;
    tokio::time::sleep(Duration::from_millis(100)).await;
    house.ask_to_stop();
    assert_eq!(house.stopped().await, Drain::TimedOut);
    slow.abort();
}
