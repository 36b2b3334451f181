//! Whether writes last. Reading does not tell: on a full disk reads go on while every write fails.
//!
//! A write that fails for want of storage casts doubt, and whoever asks for the server's health then has a real write
//! tried, once a second at most, until one succeeds: so the server becomes ready again by itself. Without doubt one is
//! tried every half minute, for a disk that fills while nobody writes.

use std::cell::RefCell;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use super::{DataError, Database};
use crate::probe::Probe;
use crate::telemetry::burst::Burst;

/// How long a write that was tried counts, in doubt and without.
const DOUBTED: Duration = Duration::from_secs(1);
const TRUSTED: Duration = Duration::from_secs(30);
/// A write that takes longer is no write.
const PATIENCE: Duration = Duration::from_secs(2);

/// What is known of the storage under one database.
pub(super) struct Trust {
    is_doubted: AtomicBool,
    said: Burst,
    tried: Probe<Result<(), DataError>>,
}

impl Trust {
    pub(super) fn new() -> Self {
        let late = DataError::Down("a write does not come to its end".to_owned());
        Self {
            is_doubted: AtomicBool::new(false),
            said: Burst::new(),
            // Whoever opens a database writes to it right away.
            tried: Probe::new(PATIENCE, Some(Ok(())), Err(late)),
        }
    }

    /// A write failed: whether that says something of the storage is seen here.
    pub(super) fn doubt(&self, fault: &DataError) {
        let of_storage =
            fault.is_outage() || matches!(fault, DataError::TimedOut { .. } | DataError::Lost(_));
        if !of_storage {
            return;
        }
        self.is_doubted.store(true, Ordering::Relaxed);
        if fault.is_outage()
            && let Some(hidden) = self.said.turn()
        {
            tracing::error!(error = %fault, log.hidden = hidden, "the database takes no writes; `/readyz` says so until it does");
        }
    }

    /// Whether the last write that was tried lasted; tries one where that was too long ago.
    pub(super) async fn proven(&self, database: &Database) -> Result<(), DataError> {
        let keep = if self.is_doubted.load(Ordering::Relaxed) {
            DOUBTED
        } else {
            TRUSTED
        };
        let database = database.clone();
        let look = || async move {
            let tried = database.try_a_write().await;
            database.inner.trust.settle(tried.is_ok());
            tried
        };
        self.tried.ask(keep, look).await
    }

    fn settle(&self, lasted: bool) {
        let was_doubted = self.is_doubted.swap(!lasted, Ordering::Relaxed);
        if was_doubted && lasted {
            tracing::info!("the database takes writes");
        }
    }
}

tokio::task_local! {
    /// What the database said of its storage to the write that runs here. The error that a write ends with is of its
    /// caller's type and does not tell.
    static HEARD: RefCell<Option<DataError>>;
}

/// Notes an error that a statement made.
pub(super) fn hear(fault: &DataError) {
    if fault.is_outage() {
        // Outside of a write there is nobody to tell.
        let _ = HEARD.try_with(|heard| *heard.borrow_mut() = Some(fault.clone()));
    }
}

/// Runs a write; gives besides its end what the database said of its storage meanwhile.
pub(super) async fn listening<T>(write: impl Future<Output = T>) -> (T, Option<DataError>) {
    let with_heard = async {
        let ended = write.await;
        (ended, HEARD.with(RefCell::take))
    };
    HEARD.scope(RefCell::new(None), with_heard).await
}
