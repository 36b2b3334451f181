//! A house with all services and two workspaces, A with a person of each role, and B with an owner.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use chassis::auth::keys::{self, NewKey};
use chassis::auth::sessions::{self, Kind, NewSession};
use chassis::auth::{Auth, Role, UserId, WorkspaceId, create_workspace, home_workspace};
use chassis::clock::SystemClock;
use chassis::config::{self, ConfigFile, Override, Sources};
use chassis::data::Database;
use chassis::house::{House, Services, sections};
use serde_json::Value;
use sqlx::{AssertSqlSafe, Connection, PgConnection, Row, SqliteConnection};
use tokio::net::TcpListener;

use crate::kill::place::Place as Ground;

/// What a stranger must never read: the name of everything that is made in A.
pub(crate) const MARKER: &str = "zebrafish";

/// Tables whose rows change by themselves: they are counted, not compared.
const RESTLESS: [&str; 6] = [
    "session",
    "api_key",
    "job",
    "job_step",
    "delivery",
    "idempotency",
];

/// Those of the binary's `services()`; the test compares with the kept document.
pub(crate) fn services() -> Services {
    let mut services: Services = vec![Arc::new(luna::Luna), Arc::new(nightscan::NightScan)];
    let proof = Arc::new(readiness::Proof::of(&services));
    services.push(proof);
    services
}

pub(crate) struct Place {
    pub(crate) client: reqwest::Client,
    pub(crate) document: Value,
    pub(crate) a: WorkspaceId,
    pub(crate) b: WorkspaceId,
    /// A's people, one of each role.
    pub(crate) people: Vec<(Role, UserId)>,
    /// A member of A whom requests may change or remove.
    pub(crate) spare: UserId,
    /// B's owner.
    pub(crate) stranger: UserId,
    base: String,
    auth: Auth,
    database: Database,
    keys: tokio::sync::Mutex<HashMap<String, String>>,
    ground: Ground,
}

impl Place {
    pub(crate) async fn start(ground: Ground) -> Self {
        let services = services();
        let data = ground.data();
        let url = ground.url();
        let mut settings = vec![
            ("data.folder", data.to_str().unwrap()),
            ("limits.anonymous_per_minute", "0"),
            ("jobs.drill", "true"),
            ("objects.minimum_free_bytes", "0"),
            ("notify.webhook_allow_http", "true"),
            ("notify.webhook_networks", "127.0.0.0/8"),
        ];
        settings.extend(url.as_deref().map(|url| ("data.url", url)));
        let sources = Sources {
            file: ConfigFile::None,
            environment: Vec::new(),
            flags: settings
                .into_iter()
                .map(|(key, value)| Override::new("test", key, value))
                .collect(),
            sections: sections(&services),
            services: services.iter().map(|service| service.name()).collect(),
        };
        let config = config::load(&sources).unwrap_or_else(|faults| panic!("{faults}"));
        let settings = config.data.clone();
        let house = House::open(&services, config, Arc::new(SystemClock), std::io::sink())
            .await
            .unwrap();
        let document = serde_json::to_value(house.document()).unwrap();
        let auth = house.auth().clone();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base = format!("http://{}", listener.local_addr().unwrap());
        chassis::task::spawn(house.serve(listener, std::future::pending()));
        let database = Database::open(&settings, Arc::new(SystemClock))
            .await
            .unwrap();
        home_workspace(&database).await.unwrap();
        let a = create_workspace(&database, MARKER).await.unwrap();
        let b = create_workspace(&database, "B").await.unwrap();
        chassis::tls::install();
        let client = reqwest::Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .build()
            .unwrap();
        let mut place = Self {
            client,
            document,
            a,
            b,
            people: Vec::new(),
            spare: UserId::generate(&SystemClock),
            stranger: UserId::generate(&SystemClock),
            base,
            auth,
            database,
            keys: tokio::sync::Mutex::default(),
            ground,
        };
        for role in Role::ALL {
            let user = UserId::generate(&SystemClock);
            place
                .join(user, &format!("{role}@{MARKER}.example"), a, role)
                .await;
            place.people.push((role, user));
        }
        place
            .join(
                place.spare,
                &format!("spare@{MARKER}.example"),
                a,
                Role::Viewer,
            )
            .await;
        place
            .join(place.stranger, "stranger@b.example", b, Role::Owner)
            .await;
        place
    }

    async fn join(&self, user: UserId, email: &str, workspace: WorkspaceId, role: Role) {
        let now = "2026-11-20T15:44:05.123Z";
        self.execute(&format!(
            "INSERT INTO \"user\" (id, email, name, language, created_at) VALUES ('{user}', '{email}', 'N', 'en', '{now}')"
        ))
        .await;
        self.execute(&format!(
            "INSERT INTO member (workspace_id, user_id, role, created_at) VALUES ('{workspace}', '{user}', '{role}', '{now}')"
        ))
        .await;
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("{}{path}", self.base)
    }

    pub(crate) fn person(&self, role: Role) -> UserId {
        self.people.iter().find(|(own, _)| *own == role).unwrap().1
    }

    /// A fresh sign-in: what a request does to it harms no other.
    pub(crate) async fn token(&self, user: UserId, workspace: WorkspaceId) -> String {
        let new = NewSession {
            user,
            workspace,
            kind: Kind::Api,
            client: "matrix".to_owned(),
        };
        let opened = sessions::open(&self.auth, new).await.unwrap();
        opened.access_token.unwrap().expose().to_owned()
    }

    /// A key of A with these scopes.
    pub(crate) async fn key(&self, scopes: &str) -> String {
        let mut keys = self.keys.lock().await;
        if let Some(key) = keys.get(scopes) {
            return key.clone();
        }
        let key = self.new_key(scopes).await.1;
        keys.insert(scopes.to_owned(), key.clone());
        key
    }

    /// Another key of A: id and secret.
    pub(crate) async fn new_key(&self, scopes: &str) -> (String, String) {
        let new = NewKey {
            workspace: self.a,
            user: None,
            name: MARKER.to_owned(),
            scopes: scopes.parse().unwrap(),
            expires_at: None,
        };
        let (id, secret) = keys::create(&self.database, new).await.unwrap();
        (id.to_string(), secret.expose().to_owned())
    }

    pub(crate) async fn execute(&self, sql: &str) {
        let sql = sqlx::raw_sql(AssertSqlSafe(sql.to_owned()));
        if let Some(url) = self.ground.url() {
            let mut connection = PgConnection::connect(&url).await.unwrap();
            sql.execute(&mut connection).await.unwrap();
        } else {
            let mut connection = self.sqlite().await;
            sql.execute(&mut connection).await.unwrap();
        }
    }

    /// Everything of A that is stored, table by table.
    pub(crate) async fn snapshot(&self) -> BTreeMap<String, Vec<String>> {
        // Each table, an expression that shows a row of it, and whether the row says whose it is.
        let tables = if self.ground.url().is_some() {
            "SELECT table_name::text, 'CAST(t.* AS text)', CAST(max(CASE WHEN column_name = 'workspace_id' THEN 1 ELSE 0 END) AS text) \
             FROM information_schema.columns WHERE table_schema = 'public' GROUP BY table_name"
        } else {
            "SELECT m.name, group_concat('quote(\"' || p.name || '\")', ' || ''|'' || '), CAST(max(p.name = 'workspace_id') AS text) \
             FROM sqlite_master m JOIN pragma_table_info(m.name) p WHERE m.type = 'table' GROUP BY m.name"
        };
        let mut all: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for row in self.rows(tables).await {
            let [table, columns, owned] = row.try_into().unwrap();
            let of_a = match table.as_str() {
                "workspace" => format!("id = '{}'", self.a),
                "user" => format!(
                    "id IN (SELECT user_id FROM member WHERE workspace_id = '{}')",
                    self.a
                ),
                _ if owned == "1" => format!("workspace_id = '{}'", self.a),
                _ => continue,
            };
            let shown = if RESTLESS.contains(&table.as_str()) {
                "'row'"
            } else {
                &columns
            };
            let sql = format!("SELECT {shown} FROM \"{table}\" t WHERE {of_a} ORDER BY 1");
            let rows = self.rows(&sql).await;
            all.insert(table, rows.into_iter().flatten().collect());
        }
        assert!(
            all.len() > 8 && !all["audit_head"].is_empty(),
            "the tables were found: {:?}",
            all.keys()
        );
        all
    }

    /// What a query of texts gives.
    async fn rows(&self, sql: &str) -> Vec<Vec<String>> {
        let sql = sqlx::AssertSqlSafe(sql.to_owned());
        if let Some(url) = self.ground.url() {
            let mut connection = PgConnection::connect(&url).await.unwrap();
            let rows = sqlx::query(sql).fetch_all(&mut connection).await.unwrap();
            rows.iter()
                .map(|row| (0..row.len()).map(|at| row.get(at)).collect())
                .collect()
        } else {
            let mut connection = self.sqlite().await;
            let rows = sqlx::query(sql).fetch_all(&mut connection).await.unwrap();
            rows.iter()
                .map(|row| (0..row.len()).map(|at| row.get(at)).collect())
                .collect()
        }
    }

    async fn sqlite(&self) -> SqliteConnection {
        let address = format!(
            "sqlite://{}",
            self.ground.data().join("aplomb.db").display()
        );
        SqliteConnection::connect(&address).await.unwrap()
    }

    /// Ends it.
    pub(crate) async fn close(self) {
        drop(self.database);
        self.ground.close().await;
    }
}
