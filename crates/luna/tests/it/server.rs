//! A house with Luna alone, on port 0.

use std::sync::Arc;

use chassis::auth::keys::{self, NewKey};
use chassis::auth::{self, WorkspaceId};
use chassis::clock::SystemClock;
use chassis::config::{self, ConfigFile, Override, Sources};
use chassis::data::Database;
use chassis::house::{House, Services, sections};
use luna::Luna;
use tempfile::TempDir;
use tokio::net::TcpListener;

pub(crate) struct Server {
    pub(crate) client: reqwest::Client,
    base: String,
    folder: TempDir,
}

impl Server {
    pub(crate) async fn start() -> Self {
        Self::with(&[]).await
    }

    /// With settings of its own beside the usual ones.
    pub(crate) async fn with(settings: &[(&str, &str)]) -> Self {
        let folder = TempDir::new().unwrap();
        let services: Services = vec![Arc::new(Luna)];
        let data = folder.path().join("data");
        let mut flags = vec![
            Override::new("--data", "data.folder", data.to_str().unwrap()),
            Override::new("test", "limits.anonymous_per_minute", "0"),
            Override::new("test", "luna.maximum_raster_px", "1024"),
        ];
        let own = settings.iter();
        flags.extend(own.map(|(key, value)| Override::new("test", *key, *value)));
        let sources = Sources {
            file: ConfigFile::None,
            environment: Vec::new(),
            flags,
            sections: sections(&services),
            services: vec!["luna"],
        };
        let config = config::load(&sources).unwrap_or_else(|faults| panic!("{faults}"));
        let house = House::open(&services, config, Arc::new(SystemClock), std::io::sink())
            .await
            .unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base = format!("http://{}", listener.local_addr().unwrap());
        chassis::task::spawn(house.serve(listener, std::future::pending()));
        Self {
            client: {
                chassis::tls::install();
                reqwest::Client::new()
            },
            base,
            folder,
        }
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("{}{path}", self.base)
    }

    pub(crate) async fn get(&self, path: &str) -> reqwest::Response {
        self.client.get(self.url(path)).send().await.unwrap()
    }

    pub(crate) async fn json(&self, path: &str) -> serde_json::Value {
        self.get(path).await.json().await.unwrap()
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
        let data = config::Data {
            folder: self.folder.path().join("data"),
            ..config::Data::default()
        };
        Database::open(&data, Arc::new(SystemClock)).await.unwrap()
    }

    /// Sends JSON with a key.
    pub(crate) async fn post(&self, key: &str, path: &str, body: &str) -> reqwest::Response {
        self.client
            .post(self.url(path))
            .bearer_auth(key)
            .header("Content-Type", "application/json")
            .body(body.to_owned())
            .send()
            .await
            .unwrap()
    }

    /// The same with an `Idempotency-Key`.
    pub(crate) async fn post_once(
        &self,
        key: &str,
        path: &str,
        body: &str,
        once: &str,
    ) -> reqwest::Response {
        self.client
            .post(self.url(path))
            .bearer_auth(key)
            .header("Content-Type", "application/json")
            .header("Idempotency-Key", once)
            .body(body.to_owned())
            .send()
            .await
            .unwrap()
    }

    /// Asks with a key.
    pub(crate) async fn fetch(&self, key: &str, path: &str) -> reqwest::Response {
        self.client
            .get(self.url(path))
            .bearer_auth(key)
            .send()
            .await
            .unwrap()
    }

    /// The JSON of an answer to [`Server::fetch`].
    pub(crate) async fn read(&self, key: &str, path: &str) -> serde_json::Value {
        self.fetch(key, path).await.json().await.unwrap()
    }
}
