//! What a workspace uses now. Rooms that hold something of a workspace add their count.

use std::collections::BTreeMap;
use std::sync::{Arc, RwLock};

use futures_util::future::BoxFuture;

use super::people::{invitations, keyring, members};
use super::{Auth, WorkspaceId};
use crate::data::DataError;

/// Counts one thing of a workspace.
pub trait Source: Send + Sync {
    /// The count's name; that of the plan's limit where there is one (`storage_bytes`).
    fn name(&self) -> &'static str;

    /// How much there is now.
    fn count(&self, workspace: WorkspaceId) -> BoxFuture<'_, Result<u64, DataError>>;
}

/// The sources that rooms have added.
#[derive(Default)]
pub(super) struct Sources(RwLock<Vec<Arc<dyn Source>>>);

impl Auth {
    /// Adds a count to `GET /usage`.
    pub fn count_by(&self, source: Arc<dyn Source>) {
        let mut sources = self.sources().0.write();
        let sources = sources
            .as_mut()
            .expect("no code panics while it holds this");
        sources.push(source);
    }

    /// What a workspace uses now, by the names of the limits in its plan.
    pub async fn usage_of(
        &self,
        workspace: WorkspaceId,
    ) -> Result<BTreeMap<&'static str, u64>, DataError> {
        let read = self.database().read();
        let now = self.clock().now();
        let mut counts = BTreeMap::from([
            ("members", members::count(read, workspace).await?),
            (
                "invitations",
                invitations::count(read, workspace, now).await?,
            ),
            ("keys", keyring::count(read, workspace, now).await?),
        ]);
        let sources = self.sources().0.read();
        let sources = sources.expect("no code panics while it holds this").clone();
        for source in sources {
            counts.insert(source.name(), source.count(workspace).await?);
        }
        Ok(counts)
    }
}
