//! The pools, made by hand: each setting here is a promise of the data layer.

use std::fs::{DirBuilder, OpenOptions, Permissions};
use std::io;
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::time::Duration;

use sea_orm::{DatabaseConnection, SqlxPostgresConnector, SqlxSqliteConnector};
use sqlx::ConnectOptions;
use sqlx::Connection as _;
use sqlx::postgres::{PgConnectOptions, PgConnection, PgPoolOptions};
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};

use super::DataError;
use crate::config::{Data, DatabaseUrl, Secret};

/// The write-ahead log is cut back to this after a checkpoint, so that one large import does not leave its size behind.
const LOG_KEPT_BYTES: &str = "67108864";

/// Creates the file and its folder where they are missing, and lets only their owner read the file. SQLite gives the
/// log files beside it the same permissions.
pub(super) fn prepare_file(path: &Path) -> Result<(), DataError> {
    let prepare = || -> io::Result<()> {
        if let Some(folder) = path
            .parent()
            .filter(|folder| !folder.as_os_str().is_empty() && !folder.exists())
        {
            DirBuilder::new()
                .recursive(true)
                .mode(0o700)
                .create(folder)?;
        }
        let file = OpenOptions::new()
            .read(true)
            .append(true)
            .create(true)
            .mode(0o600)
            .open(path)?;
        if file.metadata()?.permissions().mode() & 0o077 != 0 {
            file.set_permissions(Permissions::from_mode(0o600))?;
        }
        Ok(())
    };
    prepare().map_err(|error| DataError::Open {
        place: path.display().to_string(),
        reason: error.to_string(),
    })
}

/// The file that was opened. What is open can still be written after its folder was deleted, and is lost with the process.
#[derive(Clone)]
pub(super) struct DatabaseFile {
    path: PathBuf,
    device: u64,
    number: u64,
}

impl DatabaseFile {
    pub(super) fn of(path: &Path) -> Result<Self, DataError> {
        let about = std::fs::metadata(path).map_err(|error| DataError::Open {
            place: path.display().to_string(),
            reason: error.to_string(),
        })?;
        Ok(Self {
            path: path.to_owned(),
            device: about.dev(),
            number: about.ino(),
        })
    }

    /// Refuses where another file, or none, is at its place now.
    pub(super) fn is_there(&self) -> Result<(), DataError> {
        let reason = match std::fs::metadata(&self.path) {
            Ok(about) if (about.dev(), about.ino()) == (self.device, self.number) => return Ok(()),
            Ok(_) => {
                "another file was put in its place; start the server anew to use that".to_owned()
            }
            Err(error) => error.to_string(),
        };
        let place = self.path.display();
        Err(DataError::Down(format!("{place}: {reason}")))
    }
}

/// How to connect the one connection that writes; kept, because the writer connects anew after a lost transaction.
pub(super) struct WriterPlace {
    pub(super) file: DatabaseFile,
    connect_timeout: Duration,
}

impl WriterPlace {
    pub(super) fn new(file: DatabaseFile, config: &Data) -> Self {
        Self {
            file,
            connect_timeout: Duration::from_millis(config.connect_timeout_ms),
        }
    }

    /// A pool of one. `synchronous=FULL` syncs the log at each commit: an acknowledged write survives a power cut.
    pub(super) async fn connect(&self) -> Result<DatabaseConnection, DataError> {
        let path = &self.file.path;
        let options = sqlite_options(path, self.connect_timeout)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Full)
            .pragma("journal_size_limit", LOG_KEPT_BYTES);
        sqlite_pool(options, 1, self.connect_timeout, path).await
    }
}

/// The connections that read. They are opened read-only: a write that strays past the writer fails.
pub(super) async fn sqlite_readers(
    path: &Path,
    config: &Data,
) -> Result<DatabaseConnection, DataError> {
    let timeout = Duration::from_millis(config.connect_timeout_ms);
    let options = sqlite_options(path, timeout).read_only(true);
    sqlite_pool(options, config.readers, timeout, path).await
}

fn sqlite_options(path: &Path, busy_timeout: Duration) -> SqliteConnectOptions {
    SqliteConnectOptions::new()
        .filename(path)
        .busy_timeout(busy_timeout)
        .foreign_keys(true)
        .disable_statement_logging()
}

async fn sqlite_pool(
    options: SqliteConnectOptions,
    connections: u32,
    timeout: Duration,
    path: &Path,
) -> Result<DatabaseConnection, DataError> {
    let pool = SqlitePoolOptions::new()
        .max_connections(connections)
        .acquire_timeout(timeout)
        // A connection to a file does not go stale; asking it before each use costs a thread switch.
        .test_before_acquire(false)
        .idle_timeout(None)
        .max_lifetime(None)
        .connect_with(options)
        .await
        .map_err(|error| DataError::Open { place: path.display().to_string(), reason: error.to_string() })?;
    Ok(SqlxSqliteConnector::from_sqlx_sqlite_pool(pool))
}

/// The pool of a PostgreSQL server, for reads and writes.
pub(super) async fn postgres(url: &Secret, config: &Data) -> Result<DatabaseConnection, DataError> {
    let open = |reason: String| DataError::Open {
        place: DatabaseUrl::Postgres(url.clone()).to_string(),
        reason,
    };
    let options: PgConnectOptions = url
        .expose()
        .parse()
        .map_err(|_| open("is not a postgres:// address".to_owned()))?;
    let options = options
        .application_name("aplomb")
        .disable_statement_logging();
    let patience = Duration::from_millis(config.connect_timeout_ms);
    let pool = PgPoolOptions::new()
        .max_connections(config.readers)
        .acquire_timeout(patience)
        .connect_with(options.clone())
        .await;
    match pool {
        Ok(pool) => Ok(SqlxPostgresConnector::from_sqlx_postgres_pool(pool)),
        Err(sqlx::Error::PoolTimedOut) => Err(open(cause(&options, patience).await)),
        Err(error) => Err(open(error.to_string())),
    }
}

/// The pool tries again until its time is up and then says only that. One more attempt without it
/// tells why.
async fn cause(options: &PgConnectOptions, patience: Duration) -> String {
    match tokio::time::timeout(patience, PgConnection::connect_with(options)).await {
        Ok(Err(error)) => error.to_string(),
        Ok(Ok(_)) | Err(_) => format!("no answer within {} ms", patience.as_millis()),
    }
}
