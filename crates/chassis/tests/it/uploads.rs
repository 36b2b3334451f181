//! Resumable uploads over HTTP: the conformance list of tus 1.0, and what lies behind it.

mod connections;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::Method;
use reqwest::{RequestBuilder, Response};
use serde_json::Value;

use crate::house::{Running, house};

const PIECE: &str = "application/offset+octet-stream";

/// A client with a key, at a running house.
struct Tus {
    house: Running,
    key: String,
}

impl Tus {
    async fn start() -> Self {
        Self::of(house().set("objects.minimum_free_bytes", 0).start().await).await
    }

    async fn of(house: Running) -> Self {
        let key = house.key("objects:write").await;
        Self { house, key }
    }

    fn ask(&self, method: Method, address: &str) -> RequestBuilder {
        self.house
            .client
            .request(method, self.house.url(address))
            .bearer_auth(&self.key)
            .header("Tus-Resumable", "1.0.0")
    }

    async fn create(&self, headers: &[(&str, &str)]) -> Response {
        let mut request = self.ask(Method::POST, "/api/v1/uploads");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        request.send().await.unwrap()
    }

    /// A new upload of this length; its address.
    async fn begin(&self, length: usize) -> String {
        let answer = self.create(&[("Upload-Length", &length.to_string())]).await;
        assert_eq!(answer.status(), 201);
        location(&answer)
    }

    fn patch(
        &self,
        address: &str,
        offset: usize,
        bytes: impl Into<reqwest::Body>,
    ) -> RequestBuilder {
        self.ask(Method::PATCH, address)
            .header("Upload-Offset", offset)
            .header("Content-Type", PIECE)
            .body(bytes)
    }

    async fn send(
        &self,
        address: &str,
        offset: usize,
        bytes: impl Into<reqwest::Body>,
    ) -> Response {
        self.patch(address, offset, bytes).send().await.unwrap()
    }

    async fn offset(&self, address: &str) -> usize {
        let answer = self.ask(Method::HEAD, address).send().await.unwrap();
        assert_eq!(answer.status(), 200);
        header(&answer, "upload-offset").parse().unwrap()
    }

    /// The bytes of a file.
    async fn bytes(&self, object: &str) -> Vec<u8> {
        let key = self.house.key("objects:read").await;
        let answer = self
            .house
            .client
            .get(self.house.url(&format!("/api/v1/objects/{object}")))
            .bearer_auth(key)
            .send()
            .await
            .unwrap();
        assert_eq!(answer.status(), 200);
        answer.bytes().await.unwrap().to_vec()
    }
}

fn header(answer: &Response, name: &str) -> String {
    answer
        .headers()
        .get(name)
        .unwrap_or_else(|| panic!("no {name} in {answer:?}"))
        .to_str()
        .unwrap()
        .to_owned()
}

fn location(answer: &Response) -> String {
    header(answer, "location")
}

async fn code(answer: Response) -> (u16, String) {
    let status = answer.status().as_u16();
    let body: Value = answer.json().await.unwrap();
    (status, body["code"].as_str().unwrap().to_owned())
}

fn noise(length: usize) -> Vec<u8> {
    let mut bytes = vec![0; length];
    blake3::Hasher::new()
        .update(&length.to_le_bytes())
        .finalize_xof()
        .fill(&mut bytes);
    bytes
}

#[tokio::test]
async fn options_needs_no_version_and_tells_what_there_is() {
    let tus = Tus::start().await;
    for address in [
        "/api/v1/uploads",
        "/api/v1/uploads/01KAH8W7Q2M4ZB6T9X3F5R0VCD",
    ] {
        let answer = tus
            .house
            .client
            .request(Method::OPTIONS, tus.house.url(address))
            .send()
            .await
            .unwrap();
        assert_eq!(answer.status(), 204);
        assert_eq!(header(&answer, "tus-version"), "1.0.0");
        assert_eq!(header(&answer, "tus-resumable"), "1.0.0");
        assert_eq!(header(&answer, "tus-max-size"), (10_u64 << 30).to_string());
        let extensions = header(&answer, "tus-extension");
        for extension in [
            "creation",
            "creation-with-upload",
            "creation-defer-length",
            "checksum",
            "termination",
            "expiration",
            "concatenation",
        ] {
            assert!(
                extensions.split(',').any(|own| own == extension),
                "{extension}"
            );
        }
        for sum in ["sha1", "sha256"] {
            assert!(header(&answer, "tus-checksum-algorithm").contains(sum));
        }
    }
}

#[tokio::test]
async fn another_version_is_412_everywhere() {
    let tus = Tus::start().await;
    let address = tus.begin(3).await;
    for (method, address) in [
        (Method::POST, "/api/v1/uploads"),
        (Method::HEAD, &address),
        (Method::PATCH, &address),
        (Method::DELETE, &address),
    ] {
        for version in [None, Some("0.2.2")] {
            let mut request = tus
                .house
                .client
                .request(method.clone(), tus.house.url(address))
                .bearer_auth(&tus.key);
            if let Some(version) = version {
                request = request.header("Tus-Resumable", version);
            }
            let answer = request.send().await.unwrap();
            assert_eq!(answer.status(), 412, "{method} {version:?}");
            assert_eq!(header(&answer, "tus-version"), "1.0.0");
        }
    }
}

#[tokio::test]
async fn a_file_goes_up_in_pieces_and_becomes_an_object() {
    let tus = Tus::start().await;
    let file = noise(3_000_000);
    // `clip é.mp4`, `video/mp4`
    let metadata = "filename Y2xpcCDDqS5tcDQ=,filetype dmlkZW8vbXA0";
    let answer = tus
        .create(&[("Upload-Length", "3000000"), ("Upload-Metadata", metadata)])
        .await;
    assert_eq!(answer.status(), 201);
    assert_eq!(header(&answer, "tus-resumable"), "1.0.0");
    assert!(header(&answer, "upload-expires").ends_with(" GMT"));
    let address = location(&answer);
    assert_eq!(tus.offset(&address).await, 0);

    let answer = tus.send(&address, 0, file[..1_000_000].to_vec()).await;
    assert_eq!(answer.status(), 204);
    assert_eq!(header(&answer, "upload-offset"), "1000000");
    assert!(answer.headers().get("object-id").is_none());
    let answer = tus.ask(Method::HEAD, &address).send().await.unwrap();
    assert_eq!(header(&answer, "upload-length"), "3000000");
    assert_eq!(header(&answer, "upload-metadata"), metadata);
    assert_eq!(header(&answer, "cache-control"), "no-store");

    let answer = tus
        .send(&address, 1_000_000, file[1_000_000..].to_vec())
        .await;
    assert_eq!(answer.status(), 204);
    let object = header(&answer, "object-id");
    assert_eq!(tus.bytes(&object).await, file);
    assert_eq!(tus.offset(&address).await, 3_000_000);
    let shown: Value = tus
        .ask(Method::GET, &address)
        .send()
        .await
        .unwrap()
        .json()
        .await
        .unwrap();
    assert_eq!(shown["object_id"], object.as_str());
}

#[tokio::test]
async fn what_does_not_fit_is_refused() {
    let tus = Tus::start().await;
    let address = tus.begin(10).await;
    let big = (11_u64 << 30).to_string();
    assert_eq!(
        code(tus.create(&[("Upload-Length", &big)]).await).await,
        (413, "uploads.too_large".into())
    );
    assert_eq!(
        code(tus.create(&[]).await).await,
        (400, "uploads.bad_header".into())
    );
    let answer = tus.send(&address, 3, "abc").await;
    assert_eq!(code(answer).await, (409, "uploads.wrong_offset".into()));
    let wrong_kind = tus
        .ask(Method::PATCH, &address)
        .header("Upload-Offset", "0")
        .header("Content-Type", "application/octet-stream")
        .body("abc");
    let answer = wrong_kind.send().await.unwrap();
    assert_eq!(code(answer).await, (415, "uploads.not_a_piece".into()));
    let answer = tus.send(&address, 0, "elevenbytes").await;
    assert_eq!(code(answer).await, (413, "uploads.too_much".into()));
    assert_eq!(tus.offset(&address).await, 0);
    for nowhere in [
        "/api/v1/uploads/01KAH8W7Q2M4ZB6T9X3F5R0VCD",
        "/api/v1/uploads/..%2f..%2fetc",
        "/api/v1/uploads/%00",
    ] {
        let answer = tus.ask(Method::HEAD, nowhere).send().await.unwrap();
        assert_eq!(answer.status(), 404, "{nowhere}");
        assert_eq!(tus.send(nowhere, 0, "x").await.status(), 404, "{nowhere}");
    }
}

#[tokio::test]
async fn only_keys_that_may_write_and_only_the_own_workspace() {
    let tus = Tus::start().await;
    let address = tus.begin(10).await;
    let reader = tus.house.key("objects:read").await;
    for method in [Method::HEAD, Method::PATCH, Method::DELETE] {
        let send = |request: RequestBuilder| async { request.send().await.unwrap().status() };
        let bare = || {
            tus.house
                .client
                .request(method.clone(), tus.house.url(&address))
                .header("Tus-Resumable", "1.0.0")
        };
        assert_eq!(send(bare()).await, 401, "{method}");
        assert_eq!(send(bare().bearer_auth(&reader)).await, 403, "{method}");
        let stranger = tus.house.key_of_another_workspace("objects:write").await;
        let asked = bare()
            .bearer_auth(&stranger)
            .header("Upload-Offset", "0")
            .header("Content-Type", PIECE);
        assert_eq!(send(asked).await, 404, "{method}");
    }
}

#[tokio::test]
async fn a_wrong_checksum_is_460_and_nothing_is_kept() {
    let tus = Tus::start().await;
    let address = tus.begin(11).await;
    let sums = |name: &str, text: &[u8]| {
        use ring::digest;
        let sum = match name {
            "sha1" => digest::digest(&digest::SHA1_FOR_LEGACY_USE_ONLY, text)
                .as_ref()
                .to_vec(),
            "sha256" => digest::digest(&digest::SHA256, text).as_ref().to_vec(),
            _ => blake3::hash(text).as_bytes().to_vec(),
        };
        format!("{name} {}", STANDARD.encode(sum))
    };
    let mut at = 0;
    for (name, piece) in [("sha1", "hello "), ("sha256", "wor"), ("blake3", "ld")] {
        let wrong = tus
            .patch(&address, at, piece)
            .header("Upload-Checksum", sums(name, b"else"));
        let answer = wrong.send().await.unwrap();
        assert_eq!(
            code(answer).await,
            (460, "uploads.checksum_mismatch".into()),
            "{name}"
        );
        assert_eq!(tus.offset(&address).await, at);
        let right = tus
            .patch(&address, at, piece)
            .header("Upload-Checksum", sums(name, piece.as_bytes()));
        let answer = right.send().await.unwrap();
        assert_eq!(answer.status(), 204);
        at += piece.len();
        if at == 11 {
            assert_eq!(
                tus.bytes(&header(&answer, "object-id")).await,
                b"hello world"
            );
        }
    }
    let unknown = tus
        .patch(&address, at, "")
        .header("Upload-Checksum", "crc32 AAAA");
    let answer = unknown.send().await.unwrap();
    assert_eq!(code(answer).await, (400, "uploads.unknown_checksum".into()));
}

#[tokio::test]
async fn creation_may_bring_bytes_and_the_length_may_come_later() {
    let tus = Tus::start().await;
    let whole = tus
        .ask(Method::POST, "/api/v1/uploads")
        .header("Upload-Length", "5")
        .header("Content-Type", PIECE)
        .body("12345")
        .send()
        .await
        .unwrap();
    assert_eq!(whole.status(), 201);
    assert_eq!(header(&whole, "upload-offset"), "5");
    assert_eq!(tus.bytes(&header(&whole, "object-id")).await, b"12345");

    let answer = tus.create(&[("Upload-Defer-Length", "1")]).await;
    assert_eq!(answer.status(), 201);
    let address = location(&answer);
    assert_eq!(tus.send(&address, 0, "abc").await.status(), 204);
    let answer = tus.ask(Method::HEAD, &address).send().await.unwrap();
    assert_eq!(header(&answer, "upload-defer-length"), "1");
    let settled = tus.patch(&address, 3, "de").header("Upload-Length", "5");
    let answer = settled.send().await.unwrap();
    assert_eq!(answer.status(), 204);
    assert_eq!(tus.bytes(&header(&answer, "object-id")).await, b"abcde");

    let empty = tus.create(&[("Upload-Length", "0")]).await;
    assert_eq!(tus.bytes(&header(&empty, "object-id")).await, b"");
}

#[tokio::test]
async fn parts_are_joined_in_their_order() {
    let tus = Tus::start().await;
    let mut parts = Vec::new();
    for piece in ["one ", "two ", "three"] {
        let length = piece.len().to_string();
        let answer = tus
            .create(&[("Upload-Concat", "partial"), ("Upload-Length", &length)])
            .await;
        let address = location(&answer);
        parts.push(address.clone());
        if parts.len() == 3 {
            let early = format!("final;{}", parts.join(" "));
            let answer = tus.create(&[("Upload-Concat", &early)]).await;
            assert_eq!(code(answer).await, (409, "uploads.unfinished_part".into()));
        }
        let answer = tus.send(&address, 0, piece).await;
        assert_eq!(answer.status(), 204);
        assert!(answer.headers().get("object-id").is_none());
    }
    let joined = format!("final;{}", parts.join(" "));
    let answer = tus.create(&[("Upload-Concat", &joined)]).await;
    assert_eq!(answer.status(), 201);
    assert_eq!(
        tus.bytes(&header(&answer, "object-id")).await,
        b"one two three"
    );
    let address = location(&answer);
    let told = tus.ask(Method::HEAD, &address).send().await.unwrap();
    assert_eq!(header(&told, "upload-concat"), joined);
    assert_eq!(header(&told, "upload-length"), "13");
    assert_eq!(tus.send(&address, 13, "").await.status(), 403);
}

#[tokio::test]
async fn what_is_given_up_is_gone() {
    let tus = Tus::start().await;
    let address = tus.begin(10).await;
    assert_eq!(tus.send(&address, 0, "abc").await.status(), 204);
    let answer = tus.ask(Method::DELETE, &address).send().await.unwrap();
    assert_eq!(answer.status(), 204);
    for method in [Method::DELETE, Method::HEAD] {
        assert_eq!(
            tus.ask(method, &address).send().await.unwrap().status(),
            404
        );
    }
    assert_eq!(tus.send(&address, 3, "d").await.status(), 404);
    let left = std::fs::read_dir(tus.house.folder().join("uploads")).unwrap();
    let left: Vec<_> = left.map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(left, ["instance"]);
}

#[tokio::test]
async fn a_post_may_mean_another_method() {
    let tus = Tus::start().await;
    let address = tus.begin(3).await;
    let answer = tus
        .ask(Method::POST, &address)
        .header("X-HTTP-Method-Override", "PATCH")
        .header("Upload-Offset", "0")
        .header("Content-Type", PIECE)
        .body("abc")
        .send()
        .await
        .unwrap();
    assert_eq!(answer.status(), 204);
    assert_eq!(header(&answer, "upload-offset"), "3");
    // Not where the route does not know it, and never past the rights that the real method asks for.
    let reader = tus.house.key("objects:read").await;
    let sneaking = |address: String, key: String| {
        tus.house
            .client
            .post(tus.house.url(&address))
            .bearer_auth(key)
            .header("Tus-Resumable", "1.0.0")
            .header("X-HTTP-Method-Override", "DELETE")
            .send()
    };
    let answer = sneaking(address.clone(), reader).await.unwrap();
    assert_eq!(answer.status(), 403);
    let answer = sneaking("/livez".into(), tus.key.clone()).await.unwrap();
    assert_eq!(answer.status(), 405);
}
