//! A database of its own for each test, on each kind of server.

use std::future::Future;
use std::io::Write;
use std::panic::AssertUnwindSafe;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Once};

use chassis::clock::{Clock, Timestamp};
use chassis::config::{Data, DatabaseUrl};
use chassis::data::{DataError, Database};
use futures_util::FutureExt;
use sea_orm::sea_query::{Expr, Order, Query};
use sea_orm::{ConnectionTrait, DatabaseTransaction, DbErr};
use sea_orm_migration::{MigrationName, MigrationTrait, SchemaManager, async_trait};
use sqlx::{Connection, PgConnection};

/// A clock that stands still until it is moved.
pub(crate) struct StoppedClock(AtomicI64);

impl StoppedClock {
    pub(crate) fn advance_ms(&self, ms: i64) {
        self.0.fetch_add(ms, Ordering::SeqCst);
    }
}

impl Clock for StoppedClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_unix_ms(self.0.load(Ordering::SeqCst)).unwrap()
    }
}

/// Where one test keeps its data.
pub(crate) struct Place {
    pub(crate) config: Data,
    pub(crate) clock: Arc<StoppedClock>,
    _folder: tempfile::TempDir,
}

impl Place {
    pub(crate) fn sqlite() -> Self {
        Self::new(None)
    }

    fn new(url: Option<DatabaseUrl>) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let config = Data {
            folder: folder.path().join("data"),
            url,
            ..Data::default()
        };
        let clock = Arc::new(StoppedClock(AtomicI64::new(1_795_189_445_123)));
        Self {
            config,
            clock,
            _folder: folder,
        }
    }

    /// The same place, as another process sees it.
    pub(crate) fn at(config: Data, clock: Arc<StoppedClock>) -> Self {
        let folder = tempfile::tempdir().unwrap();
        Self {
            config,
            clock,
            _folder: folder,
        }
    }

    /// Opens without migrating.
    pub(crate) async fn open_bare(&self) -> Database {
        Database::open(&self.config, self.clock.clone())
            .await
            .unwrap()
    }

    /// Opens with the table `note`.
    pub(crate) async fn open(&self) -> Database {
        let database = self.open_bare().await;
        database.migrate(note_migrations()).await.unwrap();
        database
    }
}

/// Runs a test on SQLite, then on PostgreSQL if there is one. The PostgreSQL database is dropped even if the test fails.
pub(crate) async fn on_each(test: impl AsyncFn(&Place)) {
    test(&Place::sqlite()).await;
    on_postgres(test).await;
}

/// Runs a test on PostgreSQL, if there is one.
pub(crate) async fn on_postgres(test: impl AsyncFn(&Place)) {
    let Ok(server) = std::env::var("APLOMB_TEST_POSTGRES") else {
        static SAID: Once = Once::new();
        SAID.call_once(|| {
            // Not `println`, which the test harness swallows.
            let line = b"skipped: the PostgreSQL half of the store tests (APLOMB_TEST_POSTGRES is not set)\n";
            std::io::stderr().write_all(line).unwrap();
        });
        return;
    };
    let name = format!(
        "aplomb_test_{}",
        ulid::Ulid::generate().to_string().to_lowercase()
    );
    administer(&server, &format!("CREATE DATABASE {name}")).await;
    let url = DatabaseUrl::try_from(with_database(&server, &name)).unwrap();
    let place = Place::new(Some(url));
    let outcome = AssertUnwindSafe(test(&place)).catch_unwind().await;
    administer(&server, &format!("DROP DATABASE {name} WITH (FORCE)")).await;
    if let Err(panic) = outcome {
        std::panic::resume_unwind(panic);
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
    connection.close().await.unwrap();
}

/// The server's address with another database.
fn with_database(server: &str, name: &str) -> String {
    let (address, options) = server
        .split_once('?')
        .map_or((server, None), |(address, options)| {
            (address, Some(options))
        });
    let host_end = address[13..]
        .find('/')
        .map_or(address.len(), |offset| 13 + offset);
    let options = options.map_or_else(String::new, |options| format!("?{options}"));
    format!("{}/{name}{options}", &address[..host_end])
}

/// A migration made of statements that both databases understand.
pub(crate) struct Step {
    pub(crate) name: &'static str,
    pub(crate) sql: &'static [&'static str],
}

impl MigrationName for Step {
    fn name(&self) -> &str {
        self.name
    }
}

#[async_trait::async_trait]
impl MigrationTrait for Step {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for sql in self.sql {
            manager.get_connection().execute_unprepared(sql).await?;
        }
        Ok(())
    }
}

pub(crate) fn step(name: &'static str, sql: &'static [&'static str]) -> Box<dyn MigrationTrait> {
    Box::new(Step { name, sql })
}

pub(crate) fn note_migrations() -> Vec<Box<dyn MigrationTrait>> {
    vec![step(
        "note_0001",
        &[
            "CREATE TABLE folder (id TEXT NOT NULL PRIMARY KEY)",
            "CREATE TABLE note (
                id TEXT NOT NULL PRIMARY KEY,
                body TEXT NOT NULL,
                folder_id TEXT CONSTRAINT note_folder_id_fkey REFERENCES folder (id),
                pages INTEGER NOT NULL DEFAULT 1 CONSTRAINT note_pages_check CHECK (pages > 0),
                UNIQUE (folder_id, body)
            )",
        ],
    )]
}

/// Adds a note.
pub(crate) async fn add(transaction: &DatabaseTransaction, id: String) -> Result<(), DataError> {
    let insert = Query::insert()
        .into_table("note")
        .columns(["id", "body"])
        .values_panic([Expr::val(id.clone()), Expr::val(format!("body of {id}"))])
        .take();
    transaction.execute(&insert).await?;
    Ok(())
}

/// Adds a note in a write of its own.
pub(crate) fn write_note(
    database: &Database,
    id: &str,
) -> impl Future<Output = Result<(), DataError>> + use<> {
    let (database, id) = (database.clone(), id.to_owned());
    async move {
        database
            .write(|tx| Box::pin(async move { add(tx, id).await }))
            .await
    }
}

/// The ids of all notes, sorted.
pub(crate) async fn notes(database: &Database) -> Vec<String> {
    let query = Query::select()
        .column("id")
        .from("note")
        .order_by("id", Order::Asc)
        .take();
    let rows = database.read().query_all(&query).await.unwrap();
    rows.iter()
        .map(|row| row.try_get("", "id").unwrap())
        .collect()
}
