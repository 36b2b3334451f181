//! A house with NightScan alone, on port 0.

use std::sync::Arc;
use std::time::{Duration, Instant};

use chassis::auth::keys::{self, NewKey};
use chassis::auth::{self, WorkspaceId};
use chassis::clock::SystemClock;
use chassis::config::{self, ConfigFile, Override, Sources};
use chassis::data::Database;
use chassis::house::{House, Services, sections};
use nightscan::NightScan;
use nightscan_sound::synth::{Bed, Scene, Voice, night};
use nightscan_sound::wav;
use reqwest::multipart::{Form, Part};
use serde_json::Value;
use sqlx::{Connection, PgConnection};
use tempfile::TempDir;
use tokio::net::TcpListener;

pub(crate) const API: &str = "/api/v1/nightscan";

pub(crate) struct Server {
    pub(crate) client: reqwest::Client,
    pub(crate) folder: TempDir,
    base: String,
    data: config::Data,
}

impl Server {
    pub(crate) async fn start() -> Self {
        Self::with(&[]).await
    }

    /// The same on PostgreSQL; none where `APLOMB_TEST_POSTGRES` names no server.
    pub(crate) async fn on_postgres() -> Option<Self> {
        let Ok(server) = std::env::var("APLOMB_TEST_POSTGRES") else {
            eprintln!("skipped: PostgreSQL (APLOMB_TEST_POSTGRES is not set)");
            return None;
        };
        let made = chassis::id::generate(&SystemClock)
            .to_string()
            .to_lowercase();
        let name = format!("nightscan_{made}");
        let mut connection = PgConnection::connect(&server).await.unwrap();
        let sql = sqlx::AssertSqlSafe(format!("CREATE DATABASE {name}"));
        sqlx::raw_sql(sql).execute(&mut connection).await.unwrap();
        let url = format!("{}/{name}", &server[..server.rfind('/').unwrap()]);
        Some(Self::with(&[("data.url", &url)]).await)
    }

    /// With settings of its own beside the usual ones.
    pub(crate) async fn with(settings: &[(&str, &str)]) -> Self {
        let folder = TempDir::new().unwrap();
        let services: Services = vec![Arc::new(NightScan)];
        let data = folder.path().join("data");
        let mut flags = vec![
            Override::new("--data", "data.folder", data.to_str().unwrap()),
            Override::new("test", "limits.anonymous_per_minute", "0"),
            Override::new("test", "objects.minimum_free_bytes", "0"),
        ];
        if !settings.iter().any(|(key, _)| *key == "nightscan.samples") {
            flags.push(Override::new("test", "nightscan.samples", "false"));
        }
        let own = settings.iter();
        flags.extend(own.map(|(key, value)| Override::new("test", *key, *value)));
        let sources = Sources {
            file: ConfigFile::None,
            environment: Vec::new(),
            flags,
            sections: sections(&services),
            services: vec!["nightscan"],
        };
        let config = config::load(&sources).unwrap_or_else(|faults| panic!("{faults}"));
        let data = config.data.clone();
        let house = House::open(&services, config, Arc::new(SystemClock), std::io::sink())
            .await
            .unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base = format!("http://{}", listener.local_addr().unwrap());
        chassis::task::spawn(house.serve(listener, std::future::pending()));
        chassis::tls::install();
        Self {
            // A refusal that comes before a form was read ends its connection.
            client: reqwest::Client::builder()
                .pool_max_idle_per_host(0)
                .build()
                .unwrap(),
            base,
            folder,
            data,
        }
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("{}{path}", self.base)
    }

    /// A key of the home workspace, made as the command line makes one: beside the running server.
    pub(crate) async fn key(&self, scopes: &str) -> String {
        let database = self.database().await;
        let home = auth::home_workspace(&database).await.unwrap();
        Self::key_in(&database, home, scopes).await
    }

    pub(crate) async fn key_in(
        database: &Database,
        workspace: WorkspaceId,
        scopes: &str,
    ) -> String {
        let new = NewKey {
            workspace,
            user: None,
            name: "test".to_owned(),
            scopes: scopes.parse().unwrap(),
            expires_at: None,
        };
        let (_, secret) = keys::create(database, new).await.unwrap();
        secret.expose().to_owned()
    }

    pub(crate) async fn database(&self) -> Database {
        Database::open(&self.data, Arc::new(SystemClock))
            .await
            .unwrap()
    }

    pub(crate) async fn fetch(&self, key: &str, path: &str) -> reqwest::Response {
        let request = self.client.get(self.url(path)).bearer_auth(key);
        request.send().await.unwrap()
    }

    /// The JSON of a page that must be there.
    pub(crate) async fn read(&self, key: &str, path: &str) -> Value {
        let answer = self.fetch(key, path).await;
        let status = answer.status();
        let text = answer.text().await.unwrap();
        assert_eq!(status, 200, "{path}: {text}");
        serde_json::from_str(&text).unwrap()
    }

    pub(crate) async fn post(&self, key: &str, path: &str, body: Value) -> (u16, Value) {
        let request = self
            .client
            .post(self.url(path))
            .bearer_auth(key)
            .json(&body);
        answered(request).await
    }

    pub(crate) async fn put(&self, key: &str, path: &str, body: Value) -> (u16, Value) {
        let request = self.client.put(self.url(path)).bearer_auth(key).json(&body);
        answered(request).await
    }

    pub(crate) async fn delete(&self, key: &str, path: &str) -> u16 {
        let request = self.client.delete(self.url(path)).bearer_auth(key);
        request.send().await.unwrap().status().as_u16()
    }

    /// Sends a form.
    pub(crate) async fn send(&self, key: &str, path: &str, form: Form) -> (u16, Value) {
        let request = self
            .client
            .post(self.url(path))
            .bearer_auth(key)
            .multipart(form);
        answered(request).await
    }

    /// Uploads one file; the recording.
    pub(crate) async fn upload(&self, key: &str, name: &str, bytes: Vec<u8>) -> Value {
        let form = Form::new().part("file", file(name, bytes));
        let (status, brought) = self.send(key, &format!("{API}/recordings"), form).await;
        assert_eq!(status, 202, "{brought}");
        brought["items"][0].clone()
    }

    /// Waits until a recording has ended its way, in whatever state.
    pub(crate) async fn ended(&self, key: &str, id: &Value) -> Value {
        let path = format!("{API}/recordings/{}", id.as_str().unwrap());
        let began = Instant::now();
        loop {
            let recording = self.read(key, &path).await;
            let state = recording["state"].as_str().unwrap();
            if !["waiting", "running"].contains(&state) {
                return recording;
            }
            assert!(began.elapsed() < Duration::from_mins(2), "{recording}");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    /// Uploads a night and waits for its analysis.
    pub(crate) async fn analysed(&self, key: &str, name: &str, bytes: Vec<u8>) -> Value {
        let taken = self.upload(key, name, bytes).await;
        let recording = self.ended(key, &taken["id"]).await;
        assert_eq!(recording["state"], "analysed", "{recording}");
        recording
    }

    /// Everything that lies in the object store.
    pub(crate) fn stored(&self) -> Vec<Vec<u8>> {
        let mut all = Vec::new();
        let mut folders = vec![self.folder.path().join("data")];
        while let Some(folder) = folders.pop() {
            for entry in std::fs::read_dir(folder).into_iter().flatten() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    folders.push(path);
                } else if !path
                    .file_name()
                    .unwrap()
                    .to_string_lossy()
                    .contains("aplomb.db")
                {
                    all.extend(std::fs::read(path));
                }
            }
        }
        all
    }
}

async fn answered(request: reqwest::RequestBuilder) -> (u16, Value) {
    let answer = request.send().await.unwrap();
    let status = answer.status().as_u16();
    let text = answer.text().await.unwrap();
    (
        status,
        serde_json::from_str(&text).unwrap_or(Value::String(text)),
    )
}

pub(crate) fn file(name: &str, bytes: Vec<u8>) -> Part {
    let part = Part::bytes(bytes).file_name(name.to_owned());
    part.mime_str("audio/wav").unwrap()
}

/// A night of this length; the seed decides what calls.
pub(crate) fn wave(seed: u64, seconds: f64) -> Vec<u8> {
    let scene = Scene {
        voices: vec![Voice::Songbird, Voice::Frog, Voice::Cricket],
        ..Scene::new(seed, seconds, Bed::Still)
    };
    wav::clip(&night(&scene).samples, scene.rate_hz)
}
