//! The database: SQLite for one machine, PostgreSQL for several, one set of entities and migrations for both.
//!
//! - [`Database::open`] makes the pools; [`Database::migrate`] brings the tables up to date
//! - [`Database::read`] is a connection for queries; on SQLite it cannot write
//! - [`Database::write`] runs a closure in a transaction and answers once it is on disk. On SQLite all writes pass
//!   through one task that lets waiting ones share a sync (group commit); on PostgreSQL each has its own transaction
//! - [`DataError`] names broken constraints, so that a service can answer 409 instead of 500
//! - [`Starts`]: when this server was started and whether it stopped cleanly

mod connect;
mod error;
pub mod lock;
mod migrate;
mod start;
mod trust;
mod writer;

use std::sync::Arc;
use std::time::Duration;

use futures_util::future::BoxFuture;
use sea_orm::{ConnectionTrait, DatabaseConnection, DatabaseTransaction, DbErr, TransactionTrait};
use sea_orm_migration::MigrationTrait;

use crate::auth;
use crate::clock::Clock;
use crate::config::{Data, DatabaseUrl};
use crate::http::idempotency;
use crate::jobs;
use crate::notify;
use crate::objects;

pub use error::DataError;
pub use start::{Start, Starts};

use connect::DatabaseFile;
use trust::Trust;
use writer::{Verdict, Writer};

/// The open database. Clones share it.
#[derive(Clone)]
pub struct Database {
    inner: Arc<Inner>,
}

struct Inner {
    read: DatabaseConnection,
    /// SQLite only: the task that all writes pass through.
    writer: Option<Writer>,
    /// SQLite only.
    file: Option<DatabaseFile>,
    trust: Arc<Trust>,
    write_timeout: Duration,
    clock: Arc<dyn Clock>,
}

impl Database {
    /// Opens the database that the configuration names; creates a SQLite file and its folder where they are missing
    /// (readable by their owner alone). Install the metrics recorder first: the handles are taken here.
    pub async fn open(config: &Data, clock: Arc<dyn Clock>) -> Result<Self, DataError> {
        let trust = Arc::new(Trust::new());
        let (read, writer, file) = match config.database() {
            DatabaseUrl::Sqlite(path) => {
                connect::prepare_file(&path)?;
                let file = DatabaseFile::of(&path)?;
                let place = connect::WriterPlace::new(file.clone(), config);
                let connection = place.connect().await?;
                let read = connect::sqlite_readers(&path, config).await?;
                let rows = config.group_commit_rows;
                let writer = Writer::start(place, connection, rows, trust.clone());
                (read, Some(writer), Some(file))
            }
            DatabaseUrl::Postgres(url) => (connect::postgres(&url, config).await?, None, None),
        };
        let write_timeout = Duration::from_millis(config.write_timeout_ms);
        Ok(Self {
            inner: Arc::new(Inner {
                read,
                writer,
                file,
                trust,
                write_timeout,
                clock,
            }),
        })
    }

    /// A connection for queries. On SQLite it is opened read-only: a write through it fails.
    pub fn read(&self) -> &DatabaseConnection {
        &self.inner.read
    }

    /// Which database system this is, by its name.
    pub fn kind(&self) -> &'static str {
        if self.inner.writer.is_some() {
            "SQLite"
        } else {
            "PostgreSQL"
        }
    }

    /// The clock that stored times are taken from.
    pub fn clock(&self) -> &dyn Clock {
        self.inner.clock.as_ref()
    }

    /// Runs `work` in a transaction and answers after it is durable: committed and synced. An `Err` from `work`, a
    /// panic in it or more time than `data.write_timeout_ms` rolls it back and disturbs no other write.
    ///
    /// On SQLite the writes of the whole process run one after the other, so `work` must hold statements only: no
    /// outside call, no waiting. Where many writes wait, the caller waits too (bounded queue). A caller that goes away
    /// before its write has begun takes the write with it; after that the write may have happened.
    ///
    /// ```ignore
    /// database.write(|tx| Box::pin(async move { Ok::<_, DataError>(row.insert(tx).await?) })).await
    /// ```
    pub async fn write<T, E, F>(&self, work: F) -> Result<T, E>
    where
        F: for<'c> FnOnce(&'c DatabaseTransaction) -> BoxFuture<'c, Result<T, E>> + Send + 'static,
        T: Send + 'static,
        E: From<DataError> + Send + 'static,
    {
        self.write_within(Some(self.inner.write_timeout), work)
            .await
    }

    /// Brings the tables up to date: the chassis' own migrations, then `services`, each once, all in one transaction.
    /// Pass the migrations of every service that the binary knows, also of those that do not run: a migration in the
    /// database that is not in the list is taken for the work of a newer version, and refused.
    ///
    /// Instances that start together wait for one another.
    pub async fn migrate(&self, services: Vec<Box<dyn MigrationTrait>>) -> Result<(), DataError> {
        let migrations = start::migrations()
            .into_iter()
            .chain(auth::migrations())
            .chain(jobs::migrations())
            .chain(idempotency::migrations())
            .chain(notify::migrations())
            .chain(objects::migrations())
            .chain(services)
            .collect();
        migrate::run(self, migrations).await
    }

    /// Whether the database answers and takes writes. Writes nothing itself, unless the last write failed or none was
    /// tried for half a minute: then it tries one, for all who ask in the same second.
    pub async fn ping(&self) -> Result<(), DataError> {
        if self.inner.writer.as_ref().is_some_and(Writer::is_closed) {
            return Err(DataError::Closed);
        }
        if let Some(file) = &self.inner.file {
            file.is_there()?;
        }
        self.inner.read.execute_unprepared("SELECT 1").await?;
        self.inner.trust.proven(self).await
    }

    async fn try_a_write(&self) -> Result<(), DataError> {
        let now = self.clock().now();
        self.write(move |tx| Box::pin(start::try_a_write(tx, now)))
            .await
    }

    /// Refuses further writes, finishes those that wait, moves the write-ahead log into the file and closes.
    pub async fn close(&self) -> Result<(), DataError> {
        let last = match &self.inner.writer {
            Some(writer) => writer.drain().await,
            None => None,
        };
        self.inner.read.close_by_ref().await?;
        if let Some(connection) = last {
            // The readers are gone, so nothing keeps the log from being emptied.
            connection
                .execute_unprepared("PRAGMA wal_checkpoint(TRUNCATE)")
                .await?;
            connection.close_by_ref().await?;
        }
        Ok(())
    }

    /// As [`Database::write`]; without a limit for what may take long (migrations).
    async fn write_within<T, E, F>(&self, limit: Option<Duration>, work: F) -> Result<T, E>
    where
        F: for<'c> FnOnce(&'c DatabaseTransaction) -> BoxFuture<'c, Result<T, E>> + Send + 'static,
        T: Send + 'static,
        E: From<DataError> + Send + 'static,
    {
        if let Some(writer) = &self.inner.writer {
            return writer.write(limit, work).await;
        }
        let trust = &self.inner.trust;
        let failed = |error: DbErr| {
            let fault = DataError::from(error);
            trust.doubt(&fault);
            E::from(fault)
        };
        let transaction = self.inner.read.begin().await.map_err(failed)?;
        let ended = writer::guarded(work, &transaction, limit).await;
        if let Some(fault) = &ended.of_storage {
            trust.doubt(fault);
        }
        match ended.verdict {
            Verdict::Keep => transaction.commit().await.map_err(failed)?,
            // The first error is the one to report; the server rolls back a broken connection by itself.
            Verdict::Discard => drop(transaction.rollback().await),
            // Rolled back when the connection goes back to the pool: awaiting it here would await the statement.
            Verdict::Abandon => drop(transaction),
        }
        ended.result
    }
}
