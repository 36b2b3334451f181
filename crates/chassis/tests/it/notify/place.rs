//! The room over a test's own database, and the mail server that the test run started.

use std::path::PathBuf;
use std::sync::Arc;

use chassis::auth::{self, UserId, WorkspaceId};
use chassis::config::{self, Config, ConfigFile, Override, Sources};
use chassis::data::{DataError, Database};
use chassis::i18n::{CHASSIS, Catalogue};
use chassis::notify::{Announcement, Channel, Delivered, Notify};
use chassis::upstream::Upstreams;
use sea_orm::ConnectionTrait;
use sea_orm::sea_query::{Expr, ExprTrait, InsertStatement, OnConflict, Order, Query};
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

    /// A webhook, as the API would have stored it.
    pub(crate) async fn webhook(&self, shape: &str, url: &str, owner: Option<UserId>) -> String {
        let id = ulid::Ulid::generate().to_string();
        let owner = owner.map(|owner| owner.to_string());
        let insert = Query::insert()
            .into_table("webhook")
            .columns([
                "id",
                "workspace_id",
                "user_id",
                "shape",
                "url",
                "events",
                "language",
                "secret",
                "failures",
                "created_at",
            ])
            .values_panic([
                id.clone().into(),
                self.workspace.to_string().into(),
                owner.into(),
                shape.into(),
                url.into(),
                "*".into(),
                "en".into(),
                SECRET.into(),
                0.into(),
                "2026-11-20T15:44:05.123Z".into(),
            ])
            .take();
        write(&self.database, vec![insert]).await;
        id
    }

    /// Changes a webhook's columns.
    pub(crate) async fn set_webhook(&self, id: &str, columns: &[(&'static str, &str)]) {
        let id = id.to_owned();
        let mut update = Query::update()
            .table("webhook")
            .and_where(Expr::col("id").eq(id))
            .take();
        for (name, value) in columns {
            update.value(*name, *value);
        }
        self.database
            .write(move |tx| {
                Box::pin(async move {
                    tx.execute(&update).await?;
                    Ok::<_, DataError>(())
                })
            })
            .await
            .unwrap();
    }

    pub(crate) async fn person(&self, email: &str, language: &str) -> UserId {
        person(&self.database, self.workspace, email, language).await
    }

    /// What a person chose, as the API would have stored it.
    pub(crate) async fn prefer(
        &self,
        user: UserId,
        kind: &str,
        channels: &str,
        chat: Option<&str>,
        quiet: Option<&str>,
    ) {
        let user = user.to_string();
        let preference = Query::insert()
            .into_table("preference")
            .columns(["user_id", "kind", "channels"])
            .values_panic([user.clone().into(), kind.into(), channels.into()])
            .on_conflict(
                OnConflict::columns(["user_id", "kind"])
                    .update_column("channels")
                    .to_owned(),
            )
            .take();
        let chat = chat.map(str::to_owned);
        let quiet = quiet.map(str::to_owned);
        let reach = Query::insert()
            .into_table("reach")
            .columns(["user_id", "telegram_chat", "quiet"])
            .values_panic([user.into(), chat.into(), quiet.into()])
            .take();
        write(&self.database, vec![preference, reach]).await;
    }

    /// A column of all deliveries, the oldest first.
    pub(crate) async fn column(&self, name: &'static str) -> Vec<Option<String>> {
        let query = Query::select()
            .column(name)
            .from("delivery")
            .order_by("id", Order::Asc)
            .take();
        let rows = self.database.read().query_all(&query).await.unwrap();
        rows.iter()
            .map(|row| row.try_get("", name).unwrap())
            .collect()
    }

    pub(crate) async fn announce(&self, kind: &str) -> usize {
        let data = serde_json::json!({"subject": "a <b> & @everyone", "n": 7});
        let announcement = Announcement {
            workspace: self.workspace,
            kind: kind.to_owned(),
            data: data.as_object().unwrap().clone(),
            idempotency_key: None,
        };
        self.notify.announce(announcement).await.unwrap()
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

/// The secret of the webhooks.
pub(crate) const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

/// Settings that let webhooks go to this machine.
pub(crate) fn local() -> Vec<(&'static str, String)> {
    vec![
        ("notify.webhook_allow_http", "true".to_owned()),
        ("notify.webhook_networks", "127.0.0.1".to_owned()),
    ]
}

async fn write(database: &Database, inserts: Vec<InsertStatement>) {
    database
        .write(move |tx| {
            Box::pin(async move {
                for insert in inserts {
                    tx.execute(&insert).await?;
                }
                Ok::<_, DataError>(())
            })
        })
        .await
        .unwrap();
}

/// A person who owns the workspace.
pub(crate) async fn person(
    database: &Database,
    workspace: WorkspaceId,
    email: &str,
    language: &str,
) -> UserId {
    let id = UserId::generate(database.clock());
    let now = database.clock().now().to_string();
    let user = Query::insert()
        .into_table("user")
        .columns(["id", "email", "name", "language", "created_at"])
        .values_panic([
            id.to_string().into(),
            email.into(),
            "A person".into(),
            language.into(),
            now.clone().into(),
        ])
        .take();
    let member = Query::insert()
        .into_table("member")
        .columns(["workspace_id", "user_id", "role", "created_at"])
        .values_panic([
            workspace.to_string().into(),
            id.to_string().into(),
            "owner".into(),
            now.into(),
        ])
        .take();
    write(database, vec![user, member]).await;
    id
}

/// The class of an attempt's fault.
pub(crate) fn class(delivered: &Delivered) -> &'static str {
    match delivered {
        Delivered::Later(fault) | Delivered::No(fault) => fault.class,
        Delivered::Yes => "delivered",
        Delivered::NotOurs => "not ours",
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
