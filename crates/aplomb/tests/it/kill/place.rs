//! Where a drill keeps its data: a folder, and with PostgreSQL a database.

use std::path::Path;

use sqlx::{Connection, PgConnection, Row, SqliteConnection};
use tempfile::TempDir;

/// Where a drill keeps its data. The database of PostgreSQL is dropped by [`Place::close`]; a failed drill leaves it to be
/// looked at.
pub(crate) struct Place {
    folder: TempDir,
    /// Address of the server, and the name of the database.
    postgres: Option<(String, String)>,
    /// More settings, as environment variables.
    pub(crate) settings: Vec<(&'static str, String)>,
}

impl Place {
    pub(crate) fn sqlite() -> Self {
        Self {
            folder: TempDir::new().unwrap(),
            postgres: None,
            settings: Vec::new(),
        }
    }

    /// None where `APLOMB_TEST_POSTGRES` names no server.
    pub(crate) async fn postgres() -> Option<Self> {
        let Ok(server) = std::env::var("APLOMB_TEST_POSTGRES") else {
            eprintln!("skipped: the drill on PostgreSQL (APLOMB_TEST_POSTGRES is not set)");
            return None;
        };
        let folder = TempDir::new().unwrap();
        let random = folder.path().file_name().unwrap().to_string_lossy();
        let letters: String = random.chars().filter(char::is_ascii_alphanumeric).collect();
        let name = format!(
            "aplomb_kill_{}_{}",
            std::process::id(),
            letters.to_lowercase()
        );
        administer(&server, &format!("CREATE DATABASE {name}")).await;
        Some(Self {
            folder,
            postgres: Some((server, name)),
            settings: Vec::new(),
        })
    }

    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// The data folder of a server that runs in this folder.
    pub(crate) fn data(&self) -> std::path::PathBuf {
        self.folder().join("aplomb-data")
    }

    /// The address of its database of PostgreSQL.
    pub(crate) fn url(&self) -> Option<String> {
        let (server, name) = self.postgres.as_ref()?;
        let start = server.rfind('/').unwrap();
        Some(format!("{}/{name}", &server[..start]))
    }

    /// The one number that a query gives.
    pub(crate) async fn count(&self, sql: &str) -> i64 {
        let sql = sqlx::AssertSqlSafe(sql.to_owned());
        if let Some(url) = self.url() {
            let mut connection = PgConnection::connect(&url).await.unwrap();
            let row = sqlx::query(sql).fetch_one(&mut connection).await.unwrap();
            // A plain number literal is an int4 there.
            row.try_get(0)
                .unwrap_or_else(|_| i64::from(row.get::<i32, _>(0)))
        } else {
            let file = self.data().join("aplomb.db");
            let address = format!("sqlite://{}", file.display());
            let mut connection = SqliteConnection::connect(&address).await.unwrap();
            let row = sqlx::query(sql).fetch_one(&mut connection).await.unwrap();
            row.get(0)
        }
    }

    /// Ends it. Stop the servers first.
    pub(crate) async fn close(self) {
        if let Some((server, name)) = &self.postgres {
            administer(server, &format!("DROP DATABASE {name} WITH (FORCE)")).await;
        }
    }
}

async fn administer(server: &str, sql: &str) {
    let mut connection = PgConnection::connect(server)
        .await
        .expect("APLOMB_TEST_POSTGRES names a running server");
    sqlx::raw_sql(sqlx::AssertSqlSafe(sql.to_owned()))
        .execute(&mut connection)
        .await
        .unwrap();
}
