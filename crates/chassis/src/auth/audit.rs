//! What was done, by whom and when: entries that are only ever added, each holding the hash of the one before.
//!
//! * [`record`] adds an [`Entry`] in the transaction of the change that it tells of: both last, or neither
//! * `chain`: the canonical text of an entry and its hash; [`verify`]: the first link that does not hold
//! * `tables`: what is stored, and the triggers that refuse to change it; `api`: the routes

pub(super) mod api;
mod chain;
mod read;
pub(super) mod tables;
mod verify;

use sea_orm::sea_query::{Expr, ExprTrait as _};
use sea_orm::{
    ActiveValue::Set, ColumnTrait, DatabaseTransaction, EntityTrait, QueryFilter, QuerySelect,
};
use serde_json::{Value, json};

use super::tables::member;
use super::{Caller, KeyId, UserId, WorkspaceId, sessions};
use crate::clock::Timestamp;
use crate::data::DataError;
use crate::id::{self, Ulid};
pub use chain::{Chained, Link};
pub use read::{Lines, lines, workspaces};
use tables::{audit, audit_head};
pub use verify::{Break, Intact, Verdict, verify};

/// The longest subject that is kept whole.
const MOST_SUBJECT_BYTES: usize = 300;
/// The longest detail that is kept.
const MOST_DETAIL_BYTES: usize = 8 * 1024;

/// Something that was done.
#[derive(Clone, Debug)]
pub struct Entry {
    /// Whose chain it goes to.
    pub workspace: WorkspaceId,
    /// Who did it.
    pub actor: Actor,
    /// What: `room.verb` with a past in mind, such as `key.create`.
    pub action: &'static str,
    /// To what: `kind:id`, such as `key:01KAH8W7Q2M4ZB6T9X3F5R0VCD`.
    pub subject: String,
    /// More about it. No secret, no password, no address of a person.
    pub detail: Value,
    /// When, by the database's clock.
    pub at: Timestamp,
}

/// Who did it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Actor {
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
    pub fn of(caller: &Caller) -> Self {
        match (caller.key, caller.user) {
            (Some(key), _) => Self::Key(key),
            (None, Some(user)) => Self::User(user),
            (None, None) => Self::System,
        }
    }
}

impl std::fmt::Display for Actor {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::User(id) => write!(formatter, "user:{id}"),
            Self::Key(id) => write!(formatter, "key:{id}"),
            Self::System => formatter.write_str("system"),
            Self::Console(name) => write!(formatter, "console:{name}"),
        }
    }
}

/// Adds an entry to its workspace's chain.
///
/// The chain's head is held until the transaction ends, so that all who write to one workspace do it one after the other:
/// record at the end of a transaction, and where it concerns several workspaces, in the order of their ids.
pub async fn record(tx: &DatabaseTransaction, entry: Entry) -> Result<(), DataError> {
    let workspace = entry.workspace.to_string();
    let (seq, previous) = next(tx, &workspace).await?;
    let moment = u64::try_from(entry.at.unix_ms()).unwrap_or(0);
    let link = Link {
        id: Ulid::from_parts(moment, Ulid::generate().random()).to_string(),
        workspace,
        seq,
        at: entry.at.to_string(),
        actor: entry.actor.to_string(),
        action: entry.action.to_owned(),
        subject: shortened(entry.subject),
        detail: bounded(entry.detail),
    };
    let hash = link.hash(&previous);
    audit_head::Entity::update_many()
        .col_expr(audit_head::Column::Hash, Expr::value(hash.clone()))
        .filter(audit_head::Column::WorkspaceId.eq(&*link.workspace))
        .exec(tx)
        .await?;
    let row = audit::ActiveModel {
        detail: Set(chain::canonical(&link.detail)),
        id: Set(link.id),
        workspace_id: Set(link.workspace),
        seq: Set(link.seq),
        at: Set(link.at),
        actor: Set(link.actor),
        action: Set(link.action),
        subject: Set(link.subject),
        previous_hash: Set(previous),
        hash: Set(hash),
    };
    audit::Entity::insert(row)
        .exec_without_returning(tx)
        .await?;
    Ok(())
}

/// As [`record`], in every workspace that a person is a member of: what befalls his account concerns all of them.
pub(super) async fn record_for(
    tx: &DatabaseTransaction,
    user: UserId,
    actor: Actor,
    action: &'static str,
    detail: Value,
    at: Timestamp,
) -> Result<(), DataError> {
    let mut workspaces: Vec<String> = member::Entity::find()
        .filter(member::Column::UserId.eq(user.to_string()))
        .select_only()
        .column(member::Column::WorkspaceId)
        .into_tuple()
        .all(tx)
        .await?;
    workspaces.sort_unstable();
    for workspace in workspaces {
        let workspace = sessions::parsed(&workspace, "member.workspace_id")?;
        let subject = format!("user:{user}");
        let entry = Entry {
            workspace,
            actor,
            action,
            subject,
            detail: detail.clone(),
            at,
        };
        record(tx, entry).await?;
    }
    Ok(())
}

/// The number of the next entry and the hash of the last one. From here on the head is held.
async fn next(tx: &DatabaseTransaction, workspace: &str) -> Result<(i64, String), DataError> {
    use audit_head::{ActiveModel, Column, Entity};
    let advance = || {
        Entity::update_many()
            .col_expr(Column::Seq, Expr::col(Column::Seq).add(1))
            .filter(Column::WorkspaceId.eq(workspace))
    };
    if advance().exec(tx).await?.rows_affected == 0 {
        let first = ActiveModel {
            workspace_id: Set(workspace.to_owned()),
            seq: Set(0),
            hash: Set(chain::genesis(workspace)),
        };
        // Of two first writers one inserts, and the other waits for it and then finds the row.
        Entity::insert(first)
            .on_conflict_do_nothing_on([Column::WorkspaceId])
            .exec_without_returning(tx)
            .await?;
        advance().exec(tx).await?;
    }
    let head = Entity::find_by_id(workspace).one(tx).await?;
    let head = head.ok_or_else(|| DataError::Lost("the head of an audit chain".to_owned()))?;
    Ok((head.seq, head.hash))
}

fn shortened(mut text: String) -> String {
    text.truncate(text.floor_char_boundary(MOST_SUBJECT_BYTES));
    text
}

/// A log that is kept for ever takes no attachments.
fn bounded(detail: Value) -> Value {
    let size = detail.to_string().len();
    if size <= MOST_DETAIL_BYTES {
        return detail;
    }
    json!({"left_out_bytes": size, "blake3": id::blake3_hex(chain::canonical(&detail).as_bytes())})
}
