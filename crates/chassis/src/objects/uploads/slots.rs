//! Whose turn it is at an upload. The newest request has it: a client that asks again has lost the connection before, whether
//! or not we have noticed.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::OwnedMutexGuard;
use tokio_util::sync::CancellationToken;

use super::UploadId;

/// What is kept of an upload between two of its requests.
#[derive(Default)]
pub(super) struct Kept {
    /// The hash of its bytes up to an offset; without it the part is read again at the end.
    pub(super) hasher: Option<(u64, blake3::Hasher)>,
}

#[derive(Default)]
struct Slot {
    newest: Mutex<CancellationToken>,
    kept: Arc<tokio::sync::Mutex<Kept>>,
}

/// All uploads that somebody has asked for lately.
#[derive(Default)]
pub(in crate::objects) struct Slots(Mutex<HashMap<UploadId, Arc<Slot>>>);

/// A turn: nobody else reads or writes the upload until it is dropped.
pub(super) struct Turn {
    pub(super) kept: OwnedMutexGuard<Kept>,
    /// Cancelled as soon as somebody newer asks.
    pub(super) newer: CancellationToken,
}

impl Slots {
    /// Asks whoever has the turn to yield it, and waits for it. None where that takes longer than `patience`.
    pub(super) async fn take(&self, id: UploadId, patience: Duration) -> Option<Turn> {
        let slot = {
            let mut slots = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            slots.entry(id).or_default().clone()
        };
        let newer = CancellationToken::new();
        {
            let mut newest = slot.newest.lock().unwrap_or_else(PoisonError::into_inner);
            std::mem::replace(&mut *newest, newer.clone()).cancel();
        }
        let kept = tokio::time::timeout(patience, slot.kept.clone().lock_owned());
        Some(Turn {
            kept: kept.await.ok()?,
            newer,
        })
    }

    /// Forgets what nobody holds.
    pub(super) fn tidy(&self) {
        let mut slots = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        slots.retain(|_, slot| Arc::strong_count(slot) > 1 || Arc::strong_count(&slot.kept) > 1);
    }
}
