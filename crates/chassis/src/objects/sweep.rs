//! What nobody refers to any more: files past their time, bytes without a row, parts without an upload.

use std::time::Duration;
use std::{fs, io};

use futures_util::TryStreamExt;

use super::depot::{Found, blocking};
use super::{Inner, ObjectFault, store, uploads};
use crate::clock::Timestamp;
use crate::data::DataError;

/// How often to look.
pub(super) const EVERY: Duration = Duration::from_hours(1);

/// Keys that are looked up together.
const AT_ONCE: usize = 500;

/// Sweeps once; gives how many files went.
pub(super) async fn run(inner: &Inner) -> Result<usize, ObjectFault> {
    inner.signer.refresh(&inner.database).await?;
    let overdue = overdue(inner).await?;
    let expired = uploads::sweep(inner).await?;
    let orphans = orphans(inner).await?;
    let spools = spools(inner).await?;
    let gone = overdue + expired + orphans + spools;
    if gone > 0 {
        tracing::info!(
            objects.overdue = overdue,
            uploads.expired = expired,
            objects.orphans = orphans,
            uploads.spools = spools,
            "the sweep removed what nobody refers to"
        );
    }
    Ok(gone)
}

/// The moment before which something without a row is an orphan and not on its way.
fn horizon_ms(inner: &Inner) -> i64 {
    let grace_ms = inner
        .settings
        .orphan_grace_s
        .saturating_mul(1000)
        .cast_signed();
    inner.database.clock().now().unix_ms() - grace_ms
}

/// Objects whose time is over. Their bytes go with them or with the next sweep.
async fn overdue(inner: &Inner) -> Result<usize, ObjectFault> {
    let now = inner.database.clock().now().to_string();
    let mut gone = 0;
    loop {
        let some = store::overdue(&inner.database, now.clone(), AT_ONCE as u64).await?;
        let all = some.len() < AT_ONCE;
        for object in some {
            let (workspace, id) = (object.workspace.to_string(), object.id.to_string());
            let deleted = inner
                .database
                .write(|tx| Box::pin(async move { store::delete(tx, workspace, id).await }))
                .await;
            match deleted {
                Ok(Some(Some(blob))) => {
                    let key = inner.depot.key(&blob.workspace_id, &blob.hash, &blob.id);
                    inner.depot.remove(&key).await?;
                }
                // Somebody else was quicker, or keeps the same bytes.
                Ok(_) => {}
                // Equal bytes came at this moment: next time.
                Err(DataError::ForeignKey { .. }) => return Ok(gone),
                Err(fault) => return Err(fault.into()),
            }
            gone += 1;
        }
        if all {
            return Ok(gone);
        }
    }
}

/// Bytes in the store that no row points to: a crash between the two, or a deletion whose second half failed.
async fn orphans(inner: &Inner) -> Result<usize, ObjectFault> {
    let horizon_ms = horizon_ms(inner);
    let mut gone = 0;
    let old = inner
        .depot
        .all()
        .try_filter(|found| std::future::ready(found.modified_ms < horizon_ms));
    let mut groups = std::pin::pin!(old.try_chunks(AT_ONCE));
    while let Some(group) = groups.try_next().await.map_err(|fault| fault.1)? {
        gone += remove_unknown(inner, group).await?;
    }
    Ok(gone)
}

async fn remove_unknown(inner: &Inner, group: Vec<Found>) -> Result<usize, ObjectFault> {
    let blobs = group.iter().map(|found| found.blob.clone()).collect();
    let known = store::known(&inner.database, blobs).await?;
    let mut gone = 0;
    for found in group.iter().filter(|found| !known.contains(&found.blob)) {
        inner.depot.remove(&found.key).await?;
        gone += 1;
    }
    Ok(gone)
}

/// Drafts that a killed process left.
async fn spools(inner: &Inner) -> Result<usize, ObjectFault> {
    let folder = inner.staging.folder().to_owned();
    let horizon_ms = horizon_ms(inner);
    let removed = blocking(move || {
        let mut gone = 0;
        for entry in fs::read_dir(folder)? {
            let entry = entry?;
            let is_spool = entry.path().extension().is_some_and(|e| e == "spool");
            if is_spool && modified_ms(&entry)?.is_some_and(|ms| ms < horizon_ms) {
                fs::remove_file(entry.path())?;
                gone += 1;
            }
        }
        Ok(gone)
    });
    Ok(removed.await?)
}

/// When a file was last written; none where it went meanwhile.
pub(super) fn modified_ms(entry: &fs::DirEntry) -> io::Result<Option<i64>> {
    let modified = match entry.metadata() {
        Ok(about) => about.modified()?,
        Err(fault) if fault.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(fault) => return Err(fault),
    };
    let since = modified.duration_since(std::time::UNIX_EPOCH);
    let ms = since.map_or(0, |since| i64::try_from(since.as_millis()).unwrap_or(0));
    Ok(Timestamp::from_unix_ms(ms).map(Timestamp::unix_ms))
}
