//! The built binary, as a person runs it.

use std::collections::BTreeSet;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;
use tempfile::TempDir;

fn aplomb(folder: &Path) -> Command {
    #[expect(
        clippy::disallowed_methods,
        reason = "the test runs the program under test"
    )]
    let mut command = Command::new(env!("CARGO_BIN_EXE_aplomb"));
    command.current_dir(folder).env_clear().env("LC_ALL", "C");
    command
}

pub(crate) fn run(folder: &Path, arguments: &[&str]) -> Output {
    aplomb(folder).args(arguments).output().unwrap()
}

pub(crate) fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).unwrap()
}

/// A server that is killed when the test ends.
pub(crate) struct Served {
    child: Child,
    pub(crate) url: String,
}

impl Served {
    pub(crate) fn start(folder: &Path, more: &[&str]) -> Self {
        // Taken and given back: free at this moment, and nobody else here asks for fixed ports.
        let port = TcpListener::bind("127.0.0.1:0")
            .unwrap()
            .local_addr()
            .unwrap()
            .port();
        let listen = format!("127.0.0.1:{port}");
        let mut command = aplomb(folder);
        command
            .args(["serve", "--listen", &port.to_string()])
            .args(more)
            .stdout(Stdio::null());
        let child = command
            .stderr(std::fs::File::create(folder.join("log")).unwrap())
            .spawn()
            .unwrap();
        let url = format!("http://{listen}");
        let deadline = Instant::now() + Duration::from_secs(30);
        while !answers(&listen) {
            assert!(Instant::now() < deadline, "no server on {listen}");
            std::thread::yield_now();
        }
        Self { child, url }
    }
}

/// Whether a server answers: an accepted connection alone may still wait for the database.
fn answers(listen: &str) -> bool {
    let Ok(mut stream) = TcpStream::connect(listen) else {
        return false;
    };
    let mut answer = String::new();
    let request = b"GET /livez HTTP/1.1\r\nHost: test\r\nConnection: close\r\n\r\n";
    stream.write_all(request).is_ok()
        && stream.read_to_string(&mut answer).is_ok()
        && answer.ends_with("ok")
}

impl Drop for Served {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[tokio::test]
async fn serving_with_nothing_configured_works_and_stays_in_its_folder() {
    let folder = TempDir::new().unwrap();
    let mut server = Served::start(folder.path(), &[]);
    let page = get(&server.url).await.unwrap().text().await.unwrap();
    // The console where it was built, else the plain page with a first picture.
    let starts = ["id=\"console\"", "/api/v1/luna/mark/crescent/serenity.svg"];
    assert!(starts.iter().any(|part| page.contains(part)), "{page}");
    let ready = get(format!("{}/readyz", server.url)).await.unwrap();
    assert_eq!(ready.status(), 200);

    terminate(&server.child);
    assert!(server.child.wait().unwrap().success());
    let mut left: Vec<_> = std::fs::read_dir(folder.path())
        .unwrap()
        .map(|e| e.unwrap().file_name())
        .collect();
    left.sort();
    assert_eq!(left, ["aplomb-data", "log"], "`log` is the test's own");

    let server = Served::start(folder.path(), &[]);
    let health: serde_json::Value = get(format!("{}/health", server.url))
        .await
        .unwrap()
        .json()
        .await
        .unwrap();
    assert_eq!(health["last_stop_was_clean"], true);
}

#[tokio::test]
async fn a_kill_is_remembered() {
    let folder = TempDir::new().unwrap();
    drop(Served::start(folder.path(), &[]));
    let server = Served::start(folder.path(), &[]);
    let health: serde_json::Value = get(format!("{}/health", server.url))
        .await
        .unwrap()
        .json()
        .await
        .unwrap();
    assert_eq!(health["last_stop_was_clean"], false, "{health}");
}

#[tokio::test]
async fn reading_writes_nothing_to_the_database() {
    let folder = TempDir::new().unwrap();
    // What runs by its own schedule writes that it did.
    std::fs::write(
        folder.path().join("aplomb.toml"),
        "[jobs]\nconcurrency = 0\n",
    )
    .unwrap();
    let server = Served::start(folder.path(), &[]);
    let state = || {
        let entries = std::fs::read_dir(folder.path().join("aplomb-data")).unwrap();
        let mut files: Vec<_> = entries
            .map(Result::unwrap)
            .filter(|entry| {
                let name = entry.file_name();
                let name = name.to_string_lossy();
                name.starts_with("aplomb.db") && !name.ends_with("-shm")
            })
            .map(|entry| {
                (
                    entry.file_name(),
                    entry.metadata().unwrap().len(),
                    entry.metadata().unwrap().modified().unwrap(),
                )
            })
            .collect();
        files.sort();
        files
    };
    let before = state();
    for path in [
        "/",
        "/health",
        "/readyz",
        "/metrics",
        "/api/v1/luna/variants",
        "/api/v1/luna/mark/orbit/power.png?size=64",
    ] {
        for _ in 0..5 {
            let response = get(format!("{}{path}", server.url)).await.unwrap();
            assert_eq!(response.status(), 200, "{path}");
        }
    }
    assert!(!before.is_empty());
    assert_eq!(state(), before);
}

fn terminate(child: &Child) {
    #[expect(
        clippy::disallowed_methods,
        reason = "the operator's way to stop a server"
    )]
    let killed = Command::new("kill")
        .arg(child.id().to_string())
        .status()
        .unwrap();
    assert!(killed.success());
}

#[test]
fn a_taken_port_is_named_with_a_way_out() {
    let folder = TempDir::new().unwrap();
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let output = run(folder.path(), &["serve", "--listen", &address]);
    assert_eq!(output.status.code(), Some(1));
    assert!(
        text(&output.stderr).contains("--listen"),
        "{}",
        text(&output.stderr)
    );
}

#[tokio::test]
async fn command_line_and_api_give_the_same_bytes() {
    let folder = TempDir::new().unwrap();
    let server = Served::start(folder.path(), &[]);
    for (extension, query, arguments) in [
        (
            "svg",
            "name=Caf%C3%A9+Zo%C3%A9&lockup=horizontal",
            vec!["--name", "Café Zoé", "--lockup", "horizontal"],
        ),
        (
            "png",
            "seed=42&size=128&theme=dark&ground=painted",
            vec![
                "--seed", "42", "--size", "128", "--theme", "dark", "--ground", "painted",
            ],
        ),
        (
            "webp",
            "seed=42&primary=ff8800",
            vec!["--seed", "42", "--primary", "#ff8800"],
        ),
        ("ico", "name=Umbra", vec!["--name", "Umbra"]),
        (
            "pdf",
            "name=Umbra&lang=fr",
            vec!["--name", "Umbra", "--lang", "fr"],
        ),
    ] {
        let url = format!(
            "{}/api/v1/luna/mark/tessera/creative.{extension}?{query}",
            server.url
        );
        let api = get(url).await.unwrap().bytes().await.unwrap();
        let file = format!("mark.{extension}");
        let mut line = vec![
            "luna",
            "mark",
            "--generator",
            "tessera",
            "--variant",
            "creative",
            "-o",
            &file,
        ];
        line.extend(&arguments);
        let output = run(folder.path(), &line);
        assert!(output.status.success(), "{}", text(&output.stderr));
        assert!(output.stdout.is_empty());
        assert!(
            std::fs::read(folder.path().join(&file)).unwrap() == api,
            "{extension}: other bytes"
        );
        let piped = run(
            folder.path(),
            &[&line[..6], &["--format", extension, "-o", "-"], &arguments].concat(),
        );
        assert!(
            piped.stdout == api,
            "{extension}: other bytes on standard output"
        );
    }
}

#[test]
fn wrong_words_end_with_2_and_say_what_is_allowed_in_the_persons_language() {
    let folder = TempDir::new().unwrap();
    let english = run(folder.path(), &["luna", "mark", "--generator", "banana"]);
    assert_eq!(english.status.code(), Some(2));
    assert!(text(&english.stderr).contains("crescent"));
    let mut french = aplomb(folder.path());
    let french = french
        .env("LC_ALL", "fr_FR.UTF-8")
        .args(["luna", "mark", "--size", "0"])
        .output()
        .unwrap();
    assert_eq!(french.status.code(), Some(2));
    assert!(
        text(&french.stderr).contains("nombre entier"),
        "{}",
        text(&french.stderr)
    );
}

#[test]
fn all_faults_of_a_configuration_come_at_once_with_file_and_line() {
    let folder = TempDir::new().unwrap();
    std::fs::write(
        folder.path().join("aplomb.toml"),
        "[http]\nlisten = \"nowhere\"\nlistne = 1\n\n[luna]\nmaximum_raster_px = 7\n",
    )
    .unwrap();
    let output = run(folder.path(), &["config", "check"]);
    assert_eq!(output.status.code(), Some(2));
    let said = text(&output.stderr);
    for part in [
        "aplomb.toml:2",
        "aplomb.toml:3",
        "aplomb.toml:6",
        "http.listen",
    ] {
        assert!(said.contains(part), "{part} is missing in:\n{said}");
    }
    let served = run(folder.path(), &["serve"]);
    assert_eq!(served.status.code(), Some(2), "serve refuses the same file");
}

#[test]
fn shown_configuration_hides_secrets() {
    let folder = TempDir::new().unwrap();
    let mut command = aplomb(folder.path());
    command
        .env(
            "APLOMB_TELEMETRY__METRICS_TOKEN",
            "hush-hush-hush-hush-hush",
        )
        .args(["config", "show"]);
    let output = command.output().unwrap();
    let shown = text(&output.stdout);
    assert!(
        output.status.success() && shown.contains("metrics_token") && !shown.contains("hush"),
        "{shown}"
    );
}

#[test]
fn every_operation_of_the_document_has_a_name_of_its_own() {
    let kept: Value = serde_json::from_str(include_str!("../golden/openapi.json")).unwrap();
    let mut names = BTreeSet::new();
    for (path, item) in kept["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            let Some(name) = operation["operationId"].as_str() else {
                continue;
            };
            // Generated clients make one function of each name: the second one would be called in place of the first.
            assert!(names.insert(name), "{method} {path} is the second `{name}`");
        }
    }
    assert!(names.contains("post_auth_totp_confirm"), "{names:?}");
}

#[test]
fn the_document_prints_without_a_server_and_is_the_one_kept() {
    let folder = TempDir::new().unwrap();
    let output = run(folder.path(), &["openapi"]);
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/openapi.json");
    if std::env::var_os("UPDATE").is_some() {
        std::fs::write(&path, &output.stdout).unwrap();
    }
    // Whatever changes for a caller is a visible line in review.
    let kept = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        kept == text(&output.stdout),
        "run `UPDATE=1 cargo test -p aplomb` and read the difference"
    );
    assert_eq!(
        std::fs::read_dir(folder.path()).unwrap().count(),
        0,
        "nothing is written"
    );
}

#[test]
fn the_reference_page_is_current() {
    let folder = TempDir::new().unwrap();
    let output = run(folder.path(), &["config", "reference"]);
    let page = text(&output.stdout);
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/operate/configuration.md");
    if std::env::var_os("UPDATE").is_some() {
        std::fs::write(&path, page).unwrap();
    }
    assert!(
        std::fs::read_to_string(&path).unwrap() == page,
        "run `UPDATE=1 cargo test -p aplomb`"
    );
}

#[test]
fn two_servers_do_not_share_a_folder() {
    let folder = TempDir::new().unwrap();
    let _first = Served::start(folder.path(), &[]);
    let second = run(folder.path(), &["serve", "--listen", "127.0.0.1:0"]);
    assert_eq!(second.status.code(), Some(1));
    assert!(
        text(&second.stderr).contains("--data"),
        "{}",
        text(&second.stderr)
    );
}

#[test]
fn short_forms_of_an_address_are_taken_and_a_wrong_one_is_explained() {
    let folder = TempDir::new().unwrap();
    // A port alone is how every server of these tests is started.
    for given in [":81", "localhost:9", "[::1]:80"] {
        let mut command = aplomb(folder.path());
        let checked = command
            .env("APLOMB_HTTP__LISTEN", given)
            .args(["config", "check"])
            .output()
            .unwrap();
        assert!(
            checked.status.success(),
            "{given}: {}",
            text(&checked.stderr)
        );
    }
    let output = run(folder.path(), &["serve", "--listen", "nowhere"]);
    assert!(
        text(&output.stderr).contains("127.0.0.1:8080"),
        "{}",
        text(&output.stderr)
    );
}

#[test]
fn a_file_that_cannot_be_written_leaves_the_old_one() {
    let folder = TempDir::new().unwrap();
    let missing = run(folder.path(), &["luna", "mark", "-o", "nowhere/mark.svg"]);
    assert_eq!(missing.status.code(), Some(1));
    let device = run(
        folder.path(),
        &["luna", "mark", "--format", "svg", "-o", "/dev/null"],
    );
    assert!(device.status.success() && !Path::new("/dev/null").is_file());
    std::fs::write(folder.path().join("mark.svg"), "old").unwrap();
    assert!(
        run(folder.path(), &["luna", "mark", "-o", "mark.svg"])
            .status
            .success()
    );
    let names: Vec<_> = std::fs::read_dir(folder.path())
        .unwrap()
        .map(|e| e.unwrap().file_name())
        .collect();
    assert_eq!(names, ["mark.svg"], "nothing is left beside it");
    assert!(
        std::fs::read_to_string(folder.path().join("mark.svg"))
            .unwrap()
            .starts_with("<svg")
    );
}

pub(crate) async fn get(url: impl reqwest::IntoUrl) -> reqwest::Result<reqwest::Response> {
    chassis::tls::install();
    reqwest::get(url).await
}
