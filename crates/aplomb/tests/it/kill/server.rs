//! One process of the real binary.

use std::net::TcpListener;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use super::Place;

/// A running server; killed when dropped.
pub(crate) struct Server {
    child: Child,
    pub(crate) url: String,
}

/// The binary with the settings of a place.
pub(crate) fn aplomb(place: &Place) -> Command {
    #[expect(
        clippy::disallowed_methods,
        reason = "the drill kills the program under test"
    )]
    let mut command = Command::new(env!("CARGO_BIN_EXE_aplomb"));
    command
        .current_dir(place.folder())
        .env_clear()
        .env("LC_ALL", "C")
        .env("APLOMB_LIMITS__ANONYMOUS_PER_MINUTE", "0")
        .env("APLOMB_TELEMETRY__ACCESS_LOG", "false")
        .envs(
            place
                .settings
                .iter()
                .map(|(name, value)| (*name, value.as_str())),
        );
    if let Some(url) = place.url() {
        command.env("APLOMB_DATA__URL", url);
    }
    command
}

impl Server {
    /// Starts it without waiting: it may be killed before it answers.
    pub(crate) fn start(place: &Place) -> Self {
        // Taken and given back: free at this moment, and nobody else here asks for fixed ports.
        let port = TcpListener::bind("127.0.0.1:0")
            .unwrap()
            .local_addr()
            .unwrap()
            .port();
        let mut log = std::fs::OpenOptions::new();
        let log = log
            .create(true)
            .append(true)
            .open(place.folder().join("log"))
            .unwrap();
        let child = aplomb(place)
            .args(["serve", "--listen", &port.to_string()])
            .stdout(Stdio::null())
            .stderr(log)
            .spawn()
            .unwrap();
        Self {
            child,
            url: format!("http://127.0.0.1:{port}"),
        }
    }

    /// SIGKILL: nothing is said, flushed or closed.
    pub(crate) fn kill(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }

    /// Waits until it answers.
    pub(crate) async fn ready(&self) {
        chassis::tls::install();
        let deadline = Instant::now() + Duration::from_mins(1);
        let client = reqwest::Client::new();
        let url = format!("{}/readyz", self.url);
        while !matches!(client.get(&url).send().await, Ok(answer) if answer.status() == 200) {
            assert!(Instant::now() < deadline, "no server at {}", self.url);
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.kill();
    }
}

/// A key of the home workspace.
pub(crate) fn key(place: &Place, scopes: &str) -> String {
    let made = aplomb(place).arg("migrate").output().unwrap();
    assert!(made.status.success(), "{made:?}");
    let arguments = ["key", "create", "--name", "drill", "--scopes", scopes];
    let output = aplomb(place).args(arguments).output().unwrap();
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}
