//! Group commit on SQLite: one task runs all writes, and those that wait share one sync to disk.
//!
//! A sync costs far more than a row, and SQLite has one writer anyway. The task takes the first waiting write, begins a
//! transaction, runs it and every further write that has arrived meanwhile, commits once, and only then answers.
//! Each write stands in a savepoint of its own, so one that fails is undone alone.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::{Duration, Instant};

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use metrics::{Counter, Histogram, counter, histogram};
use sea_orm::{
    ConnectionTrait, DatabaseConnection, DatabaseTransaction, DbErr, SqliteTransactionMode,
    Statement, TransactionOptions, TransactionTrait,
};
use tokio::sync::{Mutex, mpsc, oneshot};
use tokio::task::JoinHandle;

use super::DataError;
use super::connect::WriterPlace;
use super::trust::{self, Trust};

/// Writes that may wait before callers are held back.
const QUEUE_WRITES: usize = 1_024;

/// A group is committed after this time even while more writes arrive, so that the first does not wait for all.
const GROUP_TIME: Duration = Duration::from_millis(15);

/// The task that writes.
pub(super) struct Writer {
    queue: mpsc::Sender<Box<dyn Write>>,
    task: Mutex<Option<(oneshot::Sender<()>, JoinHandle<DatabaseConnection>)>>,
}

impl Writer {
    pub(super) fn start(
        place: WriterPlace,
        connection: DatabaseConnection,
        group_rows: u32,
        trust: Arc<Trust>,
    ) -> Self {
        let (queue, waiting) = mpsc::channel(QUEUE_WRITES);
        let (stop, stopped) = oneshot::channel();
        let task = Task {
            place,
            connection,
            waiting,
            stopped: Some(stopped),
            group_rows: group_rows as usize,
            trust,
            of_storage: None,
            metrics: Metrics::new(),
        };
        #[expect(
            clippy::disallowed_methods,
            reason = "`drain` awaits the task; a panic inside it is caught per write"
        )]
        let handle = tokio::spawn(task.run());
        Self {
            queue,
            task: Mutex::new(Some((stop, handle))),
        }
    }

    pub(super) fn is_closed(&self) -> bool {
        self.queue.is_closed()
    }

    /// Queues `work` and waits for its commit.
    pub(super) async fn write<T, E, F>(&self, limit: Option<Duration>, work: F) -> Result<T, E>
    where
        F: for<'c> FnOnce(&'c DatabaseTransaction) -> BoxFuture<'c, Result<T, E>> + Send + 'static,
        T: Send + 'static,
        E: From<DataError> + Send + 'static,
    {
        let (reply, answer) = oneshot::channel();
        let write = Waiting {
            work: Some(work),
            limit,
            result: None,
            reply,
        };
        self.queue
            .send(Box::new(write))
            .await
            .map_err(|_| DataError::Closed)?;
        answer
            .await
            .unwrap_or_else(|_| Err(DataError::Closed.into()))
    }

    /// Refuses further writes, waits until the queued ones are done and hands the connection over; `None` if that has
    /// happened before.
    pub(super) async fn drain(&self) -> Option<DatabaseConnection> {
        let (stop, handle) = self.task.lock().await.take()?;
        // The task may have ended by itself already; then there is nobody to tell.
        let _ = stop.send(());
        handle.await.ok()
    }
}

/// What becomes of a write in its transaction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verdict {
    Keep,
    Discard,
    /// Its time is over, and its last statement may still run.
    Abandon,
}

/// How a write ended in its transaction.
pub(super) struct Ended<T, E> {
    pub(super) verdict: Verdict,
    pub(super) result: Result<T, E>,
    /// What speaks against the storage, whatever the caller's error is.
    pub(super) of_storage: Option<DataError>,
}

/// Runs `work` with its panic caught and its time bounded.
pub(super) async fn guarded<T, E, F>(
    work: F,
    transaction: &DatabaseTransaction,
    limit: Option<Duration>,
) -> Ended<T, E>
where
    F: for<'c> FnOnce(&'c DatabaseTransaction) -> BoxFuture<'c, Result<T, E>>,
    E: From<DataError>,
{
    // What a panic leaves half done is in the transaction, which is rolled back: nothing broken is seen afterwards.
    let caught = AssertUnwindSafe(async move { work(transaction).await }).catch_unwind();
    let bounded = async {
        match limit {
            None => Ok(caught.await),
            Some(limit) => tokio::time::timeout(limit, caught).await.map_err(|_| limit),
        }
    };
    let (outcome, heard) = trust::listening(bounded).await;
    let end = |verdict, result| Ended {
        verdict,
        result,
        of_storage: heard,
    };
    match outcome {
        Ok(Ok(Ok(value))) => end(Verdict::Keep, Ok(value)),
        Ok(Ok(Err(error))) => end(Verdict::Discard, Err(error)),
        Ok(Err(_panic)) => end(Verdict::Discard, Err(DataError::Panicked.into())),
        Err(limit) => {
            let limit_ms = limit.as_millis() as u64;
            let fault = DataError::TimedOut { limit_ms };
            Ended {
                verdict: Verdict::Abandon,
                result: Err(fault.clone().into()),
                of_storage: Some(fault),
            }
        }
    }
}

/// A queued write, its types erased.
trait Write: Send {
    /// Whether nobody waits for the answer any more.
    fn is_abandoned(&self) -> bool;
    /// Runs it, and gives what is to become of it and what speaks against the storage.
    fn run<'c>(
        &'c mut self,
        transaction: &'c DatabaseTransaction,
    ) -> BoxFuture<'c, (Verdict, Option<DataError>)>;
    /// Answers with the result of `run`, or with `lost` where that did not last.
    fn answer(self: Box<Self>, lost: Option<DataError>);
}

struct Waiting<T, E, F> {
    work: Option<F>,
    limit: Option<Duration>,
    result: Option<Result<T, E>>,
    reply: oneshot::Sender<Result<T, E>>,
}

impl<T, E, F> Write for Waiting<T, E, F>
where
    F: for<'c> FnOnce(&'c DatabaseTransaction) -> BoxFuture<'c, Result<T, E>> + Send,
    T: Send,
    E: From<DataError> + Send,
{
    fn is_abandoned(&self) -> bool {
        self.reply.is_closed()
    }

    fn run<'c>(
        &'c mut self,
        transaction: &'c DatabaseTransaction,
    ) -> BoxFuture<'c, (Verdict, Option<DataError>)> {
        Box::pin(async move {
            let work = self.work.take().expect("a write is run once");
            let ended = guarded(work, transaction, self.limit).await;
            self.result = Some(ended.result);
            (ended.verdict, ended.of_storage)
        })
    }

    fn answer(self: Box<Self>, lost: Option<DataError>) {
        let result = match (lost, self.result) {
            (Some(lost), _) => Err(lost.into()),
            (None, Some(result)) => result,
            (None, None) => Err(DataError::Closed.into()),
        };
        // The caller may have gone.
        let _ = self.reply.send(result);
    }
}

struct Task {
    place: WriterPlace,
    connection: DatabaseConnection,
    waiting: mpsc::Receiver<Box<dyn Write>>,
    stopped: Option<oneshot::Receiver<()>>,
    group_rows: usize,
    trust: Arc<Trust>,
    /// What the database said of its storage to the writes of this group.
    of_storage: Option<DataError>,
    metrics: Metrics,
}

impl Task {
    async fn run(mut self) -> DatabaseConnection {
        while let Some(first) = self.next().await {
            if let Err(gone) = self.place.file.is_there() {
                // What was written now would be lost with the process. The connection stays: the file may come back.
                self.trust.doubt(&gone);
                first.answer(Some(gone));
                continue;
            }
            let ended = self.group(first).await;
            if let Some(fault) = self.of_storage.take() {
                self.trust.doubt(&fault);
            }
            if let Err(lost) = ended {
                self.metrics.lost.increment(1);
                self.trust.doubt(&lost);
                if !lost.is_outage() {
                    tracing::error!(error = %lost, "a group of writes was lost; connecting anew");
                }
                self.reconnect().await;
            }
        }
        self.connection
    }

    /// The next write; once told to stop, what is queued and then nothing.
    async fn next(&mut self) -> Option<Box<dyn Write>> {
        if let Some(stopped) = &mut self.stopped {
            tokio::select! {
                write = self.waiting.recv() => return write,
                _ = stopped => {
                    self.stopped = None;
                    self.waiting.close();
                }
            }
        }
        self.waiting.recv().await
    }

    /// One transaction: `first` and what else waits. The error says that none of it lasted; the callers know by then.
    async fn group(&mut self, first: Box<dyn Write>) -> Result<(), DataError> {
        let began = Instant::now();
        let immediate = TransactionOptions {
            // Takes the write lock at once. A deferred transaction could find the file locked in its midst.
            sqlite_transaction_mode: Some(SqliteTransactionMode::Immediate),
            ..TransactionOptions::default()
        };
        let transaction = match self.connection.begin_with_options(immediate).await {
            Ok(transaction) => transaction,
            Err(error) => {
                let error = DataError::from(error);
                first.answer(Some(error.clone()));
                return Err(error);
            }
        };
        let mut kept = Vec::new();
        let ran = self
            .run_waiting(first, &transaction, &mut kept, began)
            .await;
        let syncing = Instant::now();
        let ended = match ran {
            Ok(()) => transaction.commit().await,
            Err(error) => Err(error),
        };
        match ended {
            Ok(()) => {
                self.metrics.commit_seconds.record(syncing.elapsed());
                self.metrics.group_rows.record(kept.len() as f64);
                for write in kept {
                    write.answer(None);
                }
                Ok(())
            }
            Err(error) => {
                let lost = self.lost(error);
                for write in kept {
                    write.answer(Some(lost.clone()));
                }
                Err(lost)
            }
        }
    }

    /// Runs the writes of one group, each in its savepoint. An error is one of the savepoints themselves: the
    /// transaction is gone (full disk, failing device), and with it every write before.
    async fn run_waiting(
        &mut self,
        first: Box<dyn Write>,
        transaction: &DatabaseTransaction,
        kept: &mut Vec<Box<dyn Write>>,
        began: Instant,
    ) -> Result<(), DbErr> {
        let mut savepoint = Savepoint::new(transaction);
        let mut next = Some(first);
        while let Some(mut write) = next.take() {
            if !write.is_abandoned() {
                if let Err(error) = savepoint.open().await {
                    write.answer(Some(self.lost(error.clone())));
                    return Err(error);
                }
                let (verdict, of_storage) = write.run(transaction).await;
                self.of_storage = of_storage.or(self.of_storage.take());
                match verdict {
                    Verdict::Keep => {
                        savepoint.is_fresh = false;
                        kept.push(write);
                    }
                    Verdict::Discard | Verdict::Abandon => {
                        self.metrics.rolled_back.increment(1);
                        write.answer(None);
                        savepoint.undo().await?;
                    }
                }
            }
            if kept.len() < self.group_rows && began.elapsed() < GROUP_TIME {
                next = self.arrived().await;
            }
        }
        Ok(())
    }

    /// Why a transaction did not last. SQLite ends it by itself where the storage fails amid a statement; what comes after
    /// then only says that there is none.
    fn lost(&self, error: DbErr) -> DataError {
        let text = error.to_string();
        match (DataError::from(error), &self.of_storage) {
            (fault, _) if fault.is_outage() => fault,
            (_, Some(fault)) if fault.is_outage() => fault.clone(),
            _ => DataError::Lost(text),
        }
    }

    /// A write that waits already. Callers that were just answered get one turn to come back before the sync begins.
    async fn arrived(&mut self) -> Option<Box<dyn Write>> {
        if let Ok(write) = self.waiting.try_recv() {
            return Some(write);
        }
        tokio::task::yield_now().await;
        self.waiting.try_recv().ok()
    }

    /// After a lost transaction the driver's count of open transactions cannot be trusted, so the connection is
    /// replaced. Where that fails the old one stays, and the next write tries again.
    async fn reconnect(&mut self) {
        match self.place.connect().await {
            Ok(connection) => {
                let old = std::mem::replace(&mut self.connection, connection);
                if let Err(error) = old.close_by_ref().await {
                    tracing::warn!(%error, "the old connection did not close");
                }
            }
            Err(error) => {
                self.trust.doubt(&DataError::Down(error.to_string()));
            }
        }
    }
}

/// The savepoint around the current write. Kept as one name: each statement is a switch to the driver's thread and
/// back, so closing one savepoint and opening the next travel together, and after an undo the same one serves again.
struct Savepoint<'a> {
    transaction: &'a DatabaseTransaction,
    is_open: bool,
    is_fresh: bool,
}

impl<'a> Savepoint<'a> {
    fn new(transaction: &'a DatabaseTransaction) -> Self {
        Self {
            transaction,
            is_open: false,
            is_fresh: false,
        }
    }

    async fn open(&mut self) -> Result<(), DbErr> {
        if self.is_open && self.is_fresh {
            return Ok(());
        }
        let sql = if self.is_open {
            "RELEASE one_write; SAVEPOINT one_write"
        } else {
            "SAVEPOINT one_write"
        };
        self.execute(sql).await?;
        self.is_open = true;
        self.is_fresh = true;
        Ok(())
    }

    async fn undo(&mut self) -> Result<(), DbErr> {
        self.execute("ROLLBACK TO one_write").await?;
        self.is_fresh = true;
        Ok(())
    }

    async fn execute(&self, sql: &str) -> Result<(), DbErr> {
        let statement = Statement::from_string(sea_orm::DbBackend::Sqlite, sql);
        self.transaction.execute_raw(statement).await.map(drop)
    }
}

/// Handles, taken once: looking a metric up by name costs more than counting.
struct Metrics {
    group_rows: Histogram,
    commit_seconds: Histogram,
    rolled_back: Counter,
    lost: Counter,
}

impl Metrics {
    fn new() -> Self {
        Self {
            group_rows: histogram!("data_group_rows"),
            commit_seconds: histogram!("data_commit_seconds"),
            rolled_back: counter!("data_writes_rolled_back_total"),
            lost: counter!("data_groups_lost_total"),
        }
    }
}
