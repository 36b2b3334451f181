//! The console's files over real sockets: which address gives what, in which coding, kept for how long.

use chassis::http::console::{Asset, Console};
use reqwest::header::{
    ACCEPT, ACCEPT_ENCODING, CACHE_CONTROL, CONTENT_ENCODING, CONTENT_SECURITY_POLICY,
    CONTENT_TYPE, ETAG, IF_NONE_MATCH, LINK, VARY,
};
use reqwest::{Method, Response};
use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::house::{Running, house};

const SHELL: &[u8] = b"<!doctype html><title>Console</title>";
const BROWSER: &str = "text/html,application/xhtml+xml,*/*;q=0.8";

const fn asset(path: &'static str, bytes: &'static [u8]) -> Asset {
    Asset { path, bytes }
}

const FILES: [Asset; 11] = [
    asset("index.html", SHELL),
    asset("index.html.br", b"shell by brotli"),
    asset("index.html.gz", b"shell by gzip"),
    asset("assets/index-x7f3.js", b"console.log(1)"),
    asset("assets/index-x7f3.js.br", b"script by brotli"),
    asset("assets/index-x7f3.js.gz", b"script by gzip"),
    asset("assets/sans-a1b2.woff2", b"a font"),
    asset("icons/icon.svg", b"<svg/>"),
    asset("sw.js", b"self"),
    asset("manifest.webmanifest", b"{}"),
    // No file is beside it, so it is one of its own.
    asset("assets/data-9.gz", b"packed"),
];

async fn with_console() -> Running {
    house().console(Console::new(&FILES)).start().await
}

async fn ask(house: &Running, path: &str, accept: &str, coding: &str) -> Response {
    let request = house.client.get(house.url(path));
    let request = request
        .header(ACCEPT, accept)
        .header(ACCEPT_ENCODING, coding);
    request.send().await.unwrap()
}

fn header(answer: &Response, name: reqwest::header::HeaderName) -> &str {
    answer
        .headers()
        .get(name)
        .map_or("", |value| value.to_str().unwrap())
}

/// What a path gets, sent as it is: clients put `..` right before they send.
async fn raw(house: &Running, path: &str) -> String {
    let mut stream = TcpStream::connect(house.address).await.unwrap();
    let head =
        format!("GET {path} HTTP/1.1\r\nHost: x\r\nAccept: {BROWSER}\r\nConnection: close\r\n\r\n");
    stream.write_all(head.as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await.unwrap();
    String::from_utf8_lossy(&answer).into_owned()
}

#[tokio::test]
async fn pages_of_the_console_are_its_shell_under_a_strict_policy() {
    let house = with_console().await;
    for path in [
        "/",
        "/trouble",
        "/trouble/",
        "/trouble/a/b?c=d",
        "/admin/jobs",
        "/account",
    ] {
        let answer = ask(&house, path, "*/*", "identity").await;
        assert_eq!(answer.status(), 200, "{path}");
        assert_eq!(header(&answer, CONTENT_TYPE), "text/html; charset=utf-8");
        assert_eq!(header(&answer, CACHE_CONTROL), "no-cache");
        assert_eq!(header(&answer, VARY), "accept-encoding");
        let policy = header(&answer, CONTENT_SECURITY_POLICY).to_owned();
        assert!(
            policy.starts_with("default-src 'none'; script-src 'self'; "),
            "{policy}"
        );
        assert!(!policy.contains("unsafe"), "{policy}");
        assert_eq!(header(&answer, LINK).is_empty(), path != "/", "{path}");
        assert_eq!(answer.bytes().await.unwrap(), SHELL, "{path}");
    }
}

#[tokio::test]
async fn the_coding_that_the_caller_wants_most_is_sent() {
    let house = with_console().await;
    for (path, coding, sent, bytes) in [
        (
            "/assets/index-x7f3.js",
            "gzip, deflate, br",
            "br",
            "script by brotli",
        ),
        (
            "/assets/index-x7f3.js",
            "gzip, br;q=0.1",
            "gzip",
            "script by gzip",
        ),
        (
            "/assets/index-x7f3.js",
            "br;q=0, gzip;q=0",
            "",
            "console.log(1)",
        ),
        ("/assets/index-x7f3.js", "identity", "", "console.log(1)"),
        ("/", "br", "br", "shell by brotli"),
        ("/assets/sans-a1b2.woff2", "br, gzip", "", "a font"),
        ("/assets/data-9.gz", "br, gzip", "", "packed"),
    ] {
        let answer = ask(&house, path, "*/*", coding).await;
        assert_eq!(header(&answer, CONTENT_ENCODING), sent, "{path} {coding}");
        assert_eq!(answer.bytes().await.unwrap(), bytes, "{path} {coding}");
    }
    // The forms are no addresses of their own.
    for path in ["/assets/index-x7f3.js.br", "/index.html.gz", "/index.html"] {
        assert_eq!(ask(&house, path, "*/*", "br").await.status(), 404, "{path}");
    }
}

#[tokio::test]
async fn files_with_a_hash_are_kept_for_ever_and_others_asked_about_again() {
    let house = with_console().await;
    for (path, cache, kind) in [
        (
            "/assets/index-x7f3.js",
            "public, max-age=31536000, immutable",
            "text/javascript; charset=utf-8",
        ),
        (
            "/assets/sans-a1b2.woff2",
            "public, max-age=31536000, immutable",
            "font/woff2",
        ),
        ("/icons/icon.svg", "no-cache", "image/svg+xml"),
        ("/sw.js", "no-cache", "text/javascript; charset=utf-8"),
        (
            "/manifest.webmanifest",
            "no-cache",
            "application/manifest+json",
        ),
    ] {
        let answer = ask(&house, path, "*/*", "br").await;
        assert_eq!(answer.status(), 200, "{path}");
        assert_eq!(
            (
                header(&answer, CACHE_CONTROL),
                header(&answer, CONTENT_TYPE)
            ),
            (cache, kind)
        );
        let tag = header(&answer, ETAG).to_owned();
        assert!(tag.starts_with('"') && tag.len() == 34, "{tag}");
        let request = house
            .client
            .get(house.url(path))
            .header(ACCEPT_ENCODING, "br");
        let again = request.header(IF_NONE_MATCH, &tag).send().await.unwrap();
        assert_eq!(
            (again.status().as_u16(), header(&again, ETAG)),
            (304, tag.as_str()),
            "{path}"
        );
        assert_eq!(header(&again, CACHE_CONTROL), cache);
        assert!(again.bytes().await.unwrap().is_empty());
    }
    // Each form has a tag of its own.
    let tag = |answer: &Response| header(answer, ETAG).to_owned();
    let brotli = tag(&ask(&house, "/", "*/*", "br").await);
    let gzip = tag(&ask(&house, "/", "*/*", "gzip").await);
    assert_ne!(brotli, gzip);
    let request = house
        .client
        .get(house.url("/"))
        .header(ACCEPT_ENCODING, "gzip");
    let other = request.header(IF_NONE_MATCH, &brotli).send().await.unwrap();
    assert_eq!(other.status(), 200);
}

#[tokio::test]
async fn a_browser_that_went_astray_sees_the_console_and_a_program_a_problem() {
    let house = with_console().await;
    let browser = ask(&house, "/nowhere", BROWSER, "identity").await;
    assert_eq!(browser.status(), 404);
    assert_eq!(header(&browser, CACHE_CONTROL), "no-cache");
    assert!(header(&browser, CONTENT_SECURITY_POLICY).contains("script-src 'self'"));
    assert_eq!(browser.bytes().await.unwrap(), SHELL);
    for (path, accept) in [
        ("/nowhere", "*/*"),
        ("/nowhere", "application/json"),
        ("/nowhere", "text/html;q=0, */*"),
        ("/api/v1/nowhere", BROWSER),
        ("/api", BROWSER),
        ("/assets/gone-1.js", BROWSER),
    ] {
        let answer = ask(&house, path, accept, "identity").await;
        assert_eq!(answer.status(), 404, "{path} {accept}");
        assert_eq!(
            header(&answer, CONTENT_TYPE),
            "application/problem+json",
            "{path} {accept}"
        );
        let problem: Value = answer.json().await.unwrap();
        assert_eq!(problem["code"], "http.not_found");
    }
}

#[tokio::test]
async fn without_a_console_a_browser_gets_a_plain_page_in_its_language() {
    let house = house().start().await;
    for (language, title) in [("fr", "Aucune page ici"), ("en", "No such page")] {
        let request = house
            .client
            .get(house.url("/nowhere"))
            .header(ACCEPT, BROWSER);
        let answer = request
            .header("accept-language", language)
            .send()
            .await
            .unwrap();
        assert_eq!(answer.status(), 404);
        assert_eq!(header(&answer, CONTENT_TYPE), "text/html; charset=utf-8");
        assert_eq!(answer.headers()["content-language"], language);
        let page = answer.text().await.unwrap();
        assert!(
            page.contains(title) && page.contains("href=\"/\""),
            "{page}"
        );
    }
    assert_eq!(
        house.get("/trouble").await.status(),
        404,
        "no page of a console"
    );
    let start = house.get("/").await.text().await.unwrap();
    assert!(start.contains("make run"), "{start}");
}

#[tokio::test]
async fn no_written_way_leads_out_of_the_files_and_no_hidden_name_is_a_page() {
    let house = with_console().await;
    for path in [
        "/assets/../index.html",
        "/assets/%2e%2e/index.html",
        "/assets/..%2fsw.js",
        "/assets/%2e%2e%5csw.js",
        "/assets//index-x7f3.js",
        "/assets/index-x7f3.js%00",
        "/assets/",
        "/assets/.",
    ] {
        let answer = raw(&house, path).await;
        assert!(answer.starts_with("HTTP/1.1 404"), "{path}: {answer}");
        assert!(
            answer.contains("application/problem+json"),
            "{path}: {answer}"
        );
    }
    for path in [
        "/trouble/.git/config",
        "/trouble/.env",
        "/trouble/%2e%2e/secret",
        "/trouble/%2E/x",
        "/trouble/a%2f.ssh",
        "/trouble/a%5c.ssh",
        "/admin/..",
    ] {
        let answer = raw(&house, path).await;
        assert!(answer.starts_with("HTTP/1.1 404"), "{path}: {answer}");
    }
}

#[tokio::test]
async fn files_take_get_and_head_alone_whoever_asks() {
    let house = with_console().await;
    let head = house.client.head(house.url("/assets/index-x7f3.js"));
    let head = head
        .header(ACCEPT_ENCODING, "identity")
        .send()
        .await
        .unwrap();
    assert_eq!(
        (
            head.status().as_u16(),
            header(&head, "content-length".parse().unwrap())
        ),
        (200, "14")
    );
    for path in ["/", "/sw.js", "/trouble"] {
        let answer = house
            .client
            .request(Method::POST, house.url(path))
            .send()
            .await
            .unwrap();
        assert_eq!(answer.status(), 405, "{path}");
        assert_eq!(answer.headers()["allow"], "GET, HEAD");
        assert_eq!(
            answer.json::<Value>().await.unwrap()["code"],
            "http.method_not_allowed"
        );
    }
    // A page must open where credentials have ended, too: there one signs in again.
    let request = house
        .client
        .get(house.url("/trouble"))
        .bearer_auth("ak_live_wrong");
    assert_eq!(request.send().await.unwrap().status(), 200);
}

#[tokio::test]
async fn addresses_of_the_console_are_few_in_the_metrics() {
    let house = with_console().await;
    for path in [
        "/assets/index-x7f3.js",
        "/assets/gone.js",
        "/trouble/a/b/c",
        "/nowhere",
    ] {
        ask(&house, path, BROWSER, "br").await;
    }
    let metrics = house.get("/metrics").await.text().await.unwrap();
    for route in ["/assets/{*path}", "/trouble/{*path}", "/sw.js"] {
        assert!(metrics.contains(&format!("route=\"{route}\"")), "{route}");
    }
    for path in ["gone.js", "/trouble/a/b", "/nowhere"] {
        assert!(!metrics.contains(path), "{path}");
    }
}
