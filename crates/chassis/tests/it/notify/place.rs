//! The room over a test's own database, and the mail server that the test run started.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use chassis::auth::{self, WorkspaceId};
use chassis::config::{self, Config, ConfigFile, Override, Sources};
use chassis::data::Database;
use chassis::i18n::{CHASSIS, Catalogue};
use chassis::notify::{Channel, Delivered, Notify};
use chassis::upstream::Upstreams;
use serde_json::Value;

use crate::data::place::Place;

/// The room, without its loop: a test delivers by hand and moves the clock.
pub(crate) struct Room {
    pub(crate) notify: Notify,
    pub(crate) database: Database,
    pub(crate) workspace: WorkspaceId,
}

pub(crate) fn config(settings: &[(&str, String)]) -> Config {
    let flag = |(key, value): &(&str, String)| Override::new("test", *key, value.clone());
    let sources = Sources {
        file: ConfigFile::None,
        flags: settings.iter().map(flag).collect(),
        ..Sources::default()
    };
    config::load(&sources).unwrap_or_else(|faults| panic!("{faults}"))
}

impl Room {
    pub(crate) async fn open(place: &Place, settings: &[(&str, String)]) -> Self {
        let database = place.open_bare().await;
        database.migrate(Vec::new()).await.unwrap();
        let workspace = auth::home_workspace(&database).await.unwrap();
        let catalogue = Arc::new(Catalogue::load(CHASSIS).unwrap());
        let upstreams = Upstreams::new(place.clock.clone());
        let notify = Notify::new(&config(settings), &database, &upstreams, &catalogue);
        Self {
            notify,
            database,
            workspace,
        }
    }

    /// One attempt at each due delivery of a channel.
    pub(crate) async fn deliver(&self, channel: Channel) -> Vec<Delivered> {
        let mut all = Vec::new();
        for id in self.notify.due(channel).await.unwrap() {
            all.push(self.notify.deliver(id).await.unwrap());
        }
        all
    }
}

/// The mail server of `scripts/smtp.sh`.
pub(crate) struct MailServer {
    folder: PathBuf,
    told: Value,
}

impl MailServer {
    /// None, with a line that says so, where the run has none.
    pub(crate) fn of_run() -> Option<Self> {
        use std::io::Write;
        static SAID: std::sync::Once = std::sync::Once::new();
        let Some(folder) = std::env::var_os("APLOMB_TEST_SMTP").map(PathBuf::from) else {
            SAID.call_once(|| {
                let line = b"skipped: mails by a real server, webhook signatures by the reference (APLOMB_TEST_SMTP is not set)\n";
                std::io::stderr().write_all(line).unwrap();
            });
            return None;
        };
        let told = std::fs::read_to_string(folder.join("server.json")).unwrap();
        let told = serde_json::from_str(&told).unwrap();
        Some(Self { folder, told })
    }

    pub(crate) fn text(&self, name: &str) -> String {
        self.told[name].as_str().unwrap().to_owned()
    }

    /// Settings that lead to one of its ports.
    pub(crate) fn settings(&self, way: &str) -> Vec<(&'static str, String)> {
        let port = &self.told["ports"][way];
        let mut settings = vec![
            ("notify.smtp.host", "localhost".to_owned()),
            ("notify.smtp.port", port.to_string()),
            ("notify.smtp.from", "Aplomb <aplomb@example.org>".to_owned()),
            ("notify.smtp.timeout_ms", "2000".to_owned()),
        ];
        if way == "starttls" || way == "implicit" {
            settings.push(("notify.smtp.tls", way.to_owned()));
            settings.push(("notify.smtp.user", self.text("user")));
            settings.push(("notify.smtp.password", self.text("password")));
            settings.push(("notify.smtp.ca_file", self.text("ca")));
        } else {
            settings.push(("notify.smtp.tls", "none".to_owned()));
        }
        settings
    }

    /// The mails that arrived for an address.
    pub(crate) fn mails(&self, address: &str) -> Vec<Value> {
        let Ok(entries) = std::fs::read_dir(self.folder.join("mails").join(address)) else {
            return Vec::new();
        };
        let mut files: Vec<_> = entries.map(|entry| entry.unwrap().path()).collect();
        files.sort();
        let read = |path| serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
        files.into_iter().map(read).collect()
    }

    /// Waits for mails to an address.
    pub(crate) async fn wait_for(&self, address: &str, count: usize) -> Vec<Value> {
        for _ in 0..200 {
            let mails = self.mails(address);
            if mails.len() >= count {
                return mails;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        panic!("{count} mails did not arrive");
    }
}

/// An address that no other test uses.
pub(crate) fn address(treatment: &str) -> String {
    let unique = ulid::Ulid::generate().to_string().to_lowercase();
    format!("{treatment}-{unique}@example.org")
}

/// A header of a mail.
pub(crate) fn header<'a>(mail: &'a Value, name: &str) -> &'a str {
    let headers = mail["headers"].as_array().unwrap();
    let found = headers
        .iter()
        .find(|header| header[0].as_str().unwrap().eq_ignore_ascii_case(name));
    found.unwrap_or_else(|| panic!("no header {name}"))[1]
        .as_str()
        .unwrap()
}
