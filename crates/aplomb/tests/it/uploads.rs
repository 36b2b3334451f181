//! Uploads to the real binary, killed at random moments: nothing that was acknowledged is lost, nothing comes twice.

use std::io::{Read, Write};
use std::net::TcpStream;

use reqwest::Method;
use tempfile::TempDir;

use crate::commands::{Served, run, text};

const FILE_BYTES: usize = 24_000_000;

/// Numbers that look random and are the same in each run (splitmix64).
struct Chance(u64);

impl Chance {
    fn below(&mut self, limit: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        usize::try_from((z ^ (z >> 31)) % limit as u64).unwrap()
    }
}

struct Client {
    key: String,
    client: reqwest::Client,
}

impl Client {
    async fn send(
        &self,
        method: Method,
        url: String,
        headers: &[(&str, String)],
        body: &[u8],
    ) -> reqwest::Response {
        let request = self.client.request(method, url).bearer_auth(&self.key);
        let request = headers.iter().fold(
            request.header("Tus-Resumable", "1.0.0"),
            |request, (name, value)| request.header(*name, value),
        );
        request.body(body.to_vec()).send().await.unwrap()
    }

    async fn patch(&self, url: String, offset: usize, bytes: &[u8]) -> reqwest::Response {
        let headers = [
            ("Upload-Offset", offset.to_string()),
            ("Content-Type", "application/offset+octet-stream".to_owned()),
        ];
        self.send(Method::PATCH, url, &headers, bytes).await
    }

    /// Where an upload stands, and the file that came of it.
    async fn head(&self, url: String) -> (usize, Option<String>) {
        let answer = self.send(Method::HEAD, url, &[], b"").await;
        assert_eq!(answer.status(), 200);
        let object = answer.headers().get("object-id");
        (
            answer.headers()["upload-offset"]
                .to_str()
                .unwrap()
                .parse()
                .unwrap(),
            object.map(|id| id.to_str().unwrap().to_owned()),
        )
    }

    /// Begins a PATCH and sends so many of its bytes, without waiting for an answer.
    fn begin(&self, url: &str, offset: usize, rest: &[u8], now: usize) -> TcpStream {
        let (host, path) = url
            .strip_prefix("http://")
            .unwrap()
            .split_once('/')
            .unwrap();
        let mut stream = TcpStream::connect(host).unwrap();
        let head = format!(
            "PATCH /{path} HTTP/1.1\r\nHost: {host}\r\nAuthorization: Bearer {}\r\nTus-Resumable: 1.0.0\r\nUpload-Offset: {offset}\r\n\
             Content-Type: application/offset+octet-stream\r\nContent-Length: {}\r\n\r\n",
            self.key,
            rest.len()
        );
        stream.write_all(head.as_bytes()).unwrap();
        stream.write_all(&rest[..now]).unwrap();
        stream
    }
}

/// `KILLS=100` for the drill.
#[tokio::test]
async fn a_killed_server_has_every_byte_that_it_acknowledged() {
    let kills: usize = std::env::var("KILLS").map_or(10, |text| text.parse().unwrap());
    let mut chance = Chance(20_261_120);
    let mut file = vec![0; FILE_BYTES];
    file.chunks_mut(8)
        .for_each(|word| word[0] = chance.below(256) as u8);
    let folder = TempDir::new().unwrap();
    run(folder.path(), &["migrate"]);
    let made = run(
        folder.path(),
        &["key", "create", "--name", "t", "--scopes", "objects:*"],
    );
    chassis::tls::install();
    let client = Client {
        key: text(&made.stdout).trim().to_owned(),
        client: reqwest::Client::builder()
            .pool_max_idle_per_host(0)
            .build()
            .unwrap(),
    };
    let mut server = Served::start(folder.path(), &[]);
    let mut objects = 0;
    let mut address = String::new();
    let (mut acknowledged, mut kept) = (0, 0);
    for _ in 0..kills {
        if address.is_empty() {
            let length = [("Upload-Length", FILE_BYTES.to_string())];
            let url = format!("{}/api/v1/uploads", server.url);
            let answer = client.send(Method::POST, url, &length, b"").await;
            address = answer.headers()["location"].to_str().unwrap().to_owned();
            kept = 0;
        }
        // A small piece that is acknowledged, then a long one that the kill meets anywhere, also right at its end.
        let piece = (1 + chance.below(3_000_000)).min(FILE_BYTES - kept);
        let url = format!("{}{address}", server.url);
        let answer = client
            .patch(url.clone(), kept, &file[kept..kept + piece])
            .await;
        assert_eq!(answer.status(), 204);
        acknowledged = kept + piece;
        let rest = &file[acknowledged..];
        let now = chance.below(rest.len() * 5 / 4 + 1).min(rest.len());
        let mut open = client.begin(&url, acknowledged, rest, now);
        if now == rest.len() && chance.below(2) == 0 {
            // Sometimes the answer is awaited, and the kill comes right after it.
            let mut answer = [0; 12];
            open.read_exact(&mut answer).unwrap();
            assert_eq!(&answer, b"HTTP/1.1 204");
            acknowledged = FILE_BYTES;
        }
        drop(server);
        server = Served::start(folder.path(), &[]);
        let (reached, object) = client.head(format!("{}{address}", server.url)).await;
        assert!(
            reached >= acknowledged,
            "{reached} of {acknowledged} acknowledged bytes"
        );
        assert!(reached <= acknowledged + now);
        kept = reached;
        if let Some(object) = object {
            check(&client, &server, &object, &file).await;
            objects += 1;
            address.clear();
        }
    }
    if !address.is_empty() {
        let answer = client
            .patch(format!("{}{address}", server.url), kept, &file[kept..])
            .await;
        let object = answer.headers()["object-id"].to_str().unwrap().to_owned();
        check(&client, &server, &object, &file).await;
        objects += 1;
    }
    assert!(acknowledged > 0);
    let url = format!("{}/api/v1/objects?limit=200", server.url);
    let list: serde_json::Value = client
        .send(Method::GET, url, &[], b"")
        .await
        .json()
        .await
        .unwrap();
    let listed = list["items"].as_array().unwrap();
    assert_eq!(listed.len(), objects, "each upload is one file");
    let hashes: std::collections::BTreeSet<_> =
        listed.iter().map(|row| row["hash"].to_string()).collect();
    assert_eq!(hashes.len(), 1);
}

async fn check(client: &Client, server: &Served, object: &str, file: &[u8]) {
    let url = format!("{}/api/v1/objects/{object}", server.url);
    let bytes = client
        .send(Method::GET, url, &[], b"")
        .await
        .bytes()
        .await
        .unwrap();
    assert!(
        bytes == file,
        "the file that was kept is not the one that was sent"
    );
}
