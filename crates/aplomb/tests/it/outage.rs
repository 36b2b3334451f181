//! A disk that takes nothing more, under the running binary. Without root no disk can be filled; a bound on the size of
//! files is met by the same calls: the kernel refuses to write, and to read it does not.

#![cfg(target_os = "linux")]
#![expect(
    clippy::disallowed_methods,
    reason = "the test runs and bounds the program under test"
)]

use std::io::Read;
use std::net::TcpListener;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use reqwest::{Client, Response};
use serde_json::{Value, json};

use crate::kill::{Place, key};

struct Bounded {
    child: Child,
    url: String,
}

impl Bounded {
    /// The signal that would end the process at the bound is ignored, as it is on a disk that is full: none comes there.
    fn start(place: &Place) -> Self {
        let port = TcpListener::bind("127.0.0.1:0")
            .unwrap()
            .local_addr()
            .unwrap()
            .port();
        let child = Command::new("/bin/sh")
            .args(["-c", r#"trap '' XFSZ; exec "$0" "$@""#])
            .args([env!("CARGO_BIN_EXE_aplomb"), "serve", "--listen"])
            .arg(port.to_string())
            .current_dir(place.folder())
            .env_clear()
            .env("LC_ALL", "C")
            .env("APLOMB_LIMITS__ANONYMOUS_PER_MINUTE", "0")
            .env("APLOMB_TELEMETRY__ACCESS_LOG", "false")
            .env("APLOMB_OBJECTS__MINIMUM_FREE_BYTES", "0")
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        Self {
            child,
            url: format!("http://127.0.0.1:{port}"),
        }
    }

    /// `0:` for files that do not grow, `unlimited:` for the end of that; false where there is no such program.
    fn bound(&self, size: &str) -> bool {
        let done = Command::new("prlimit")
            .args(["--pid", &self.child.id().to_string()])
            .arg(format!("--fsize={size}"))
            .status();
        done.is_ok_and(|status| status.success())
    }

    /// Ends it and gives what it wrote to its log.
    fn log(mut self) -> String {
        let _ = self.child.kill();
        let mut log = String::new();
        let mut error = self.child.stderr.take().unwrap();
        error.read_to_string(&mut log).unwrap();
        log
    }
}

impl Drop for Bounded {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Asks until `/readyz` answers with this status, and with this of database and objects.
async fn until_ready_is(client: &Client, url: &str, status: u16, up: bool) {
    let deadline = Instant::now() + Duration::from_mins(1);
    loop {
        let answer = client.get(format!("{url}/readyz")).send().await;
        if let Ok(answer) = answer
            && answer.status() == status
        {
            let body: Value = answer.json().await.unwrap();
            let all = body["dependencies"].as_array().unwrap();
            if all.iter().all(|one| one["up"] == up) {
                assert_eq!(all.len(), 2, "{body}");
                return;
            }
        }
        assert!(Instant::now() < deadline, "/readyz is never {status}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_disk_that_takes_no_more_is_told_and_taken_up_again() {
    let place = Place::sqlite();
    let secret = key(&place, "keys:*");
    chassis::tls::install();
    let client = Client::new();
    let server = Bounded::start(&place);
    let url = server.url.clone();
    until_ready_is(&client, &url, 200, true).await;

    let read = async || -> Response {
        let asked = client.get(format!("{url}/api/v1/keys"));
        asked.bearer_auth(&secret).send().await.unwrap()
    };
    let listed: Value = read().await.json().await.unwrap();
    let id = listed["items"][0]["id"].as_str().unwrap().to_owned();
    let write = async |name: &str| -> Response {
        let asked = client.patch(format!("{url}/api/v1/keys/{id}"));
        let asked = asked.bearer_auth(&secret).json(&json!({ "name": name }));
        asked.send().await.unwrap()
    };
    assert_eq!(write("before").await.status(), 200);

    if !server.bound("0:") {
        eprintln!("skipped: the disk that takes no more (prlimit is not installed)");
        return;
    }
    for number in 0..30 {
        let answer = write(&format!("lost {number}")).await;
        assert_eq!(answer.status(), 503);
        assert!(answer.headers().contains_key("retry-after"));
        let body: Value = answer.json().await.unwrap();
        // The system says "too large", not "no room", so SQLite tells a failing device.
        assert_eq!(body["code"], "data.down", "{body}");
    }
    until_ready_is(&client, &url, 503, false).await;
    let health = client.get(format!("{url}/health")).send().await.unwrap();
    let health: Value = health.json().await.unwrap();
    assert_eq!(health["status"], "degraded");
    let listed: Value = read().await.json().await.unwrap();
    assert_eq!(listed["items"][0]["name"], "before");
    let mark = format!("{url}/api/v1/luna/mark/orbit/power.svg");
    assert_eq!(client.get(mark).send().await.unwrap().status(), 200);

    assert!(server.bound("unlimited:"));
    until_ready_is(&client, &url, 200, true).await;
    assert_eq!(write("after").await.status(), 200);
    let listed: Value = read().await.json().await.unwrap();
    assert_eq!(listed["items"][0]["name"], "after");

    let log = server.log();
    let errors = log.lines().filter(|line| line.contains(r#""ERROR""#));
    assert!((1..=4).contains(&errors.count()), "once a burst:\n{log}");
    assert!(log.contains("the database takes no writes"), "{log}");
    assert!(log.contains("the database takes writes"), "{log}");
    place.close().await;
}
