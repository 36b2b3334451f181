//! Whether a chain holds: each entry has the number after the one before, its hash, and the content that its own hash was
//! made of; and the chain ends where its head says.

use sea_orm::EntityTrait;

use super::chain::{Chained, canonical, genesis};
use super::read::batch;
use super::tables::{audit, audit_head};
use crate::auth::WorkspaceId;
use crate::data::{DataError, Database};

/// What became of a look at a chain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Every link holds.
    Intact(Intact),
    /// The first that does not.
    Broken {
        /// The number at which the chain breaks.
        seq: i64,
        /// The entry that stands there, if one does.
        id: Option<String>,
        /// How.
        fault: Break,
    },
}

/// A chain that holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Intact {
    /// Entries.
    pub entries: i64,
    /// The hash of the last: noted elsewhere, it shows later that nothing before it was changed.
    pub head: String,
}

/// How a link breaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Break {
    /// A number is left out, or stands where another should.
    Missing,
    /// It does not hold the hash of the entry before.
    Previous,
    /// Its content is not what was hashed.
    Content,
    /// Entries at the end are gone: the head names a later one.
    Cut,
    /// The head names another entry than the last, or there is none.
    Head,
}

impl Break {
    /// The key of the message that says it.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Missing => "audit.break_missing",
            Self::Previous => "audit.break_previous",
            Self::Content => "audit.break_content",
            Self::Cut => "audit.break_cut",
            Self::Head => "audit.break_head",
        }
    }
}

/// Looks at a workspace's chain from its first entry to its last; entries may be added meanwhile.
pub async fn verify(database: &Database, workspace: WorkspaceId) -> Result<Verdict, DataError> {
    let (mut seq, mut hash, mut id) = (0, genesis(&workspace.to_string()), None);
    loop {
        let rows = batch(database, workspace, seq).await?;
        let is_last = rows.is_empty();
        for row in rows {
            let (next, own) = (seq + 1, row.id.clone());
            match follow(row, next, &hash) {
                Ok(followed) => (seq, hash, id) = (next, followed, Some(own)),
                Err(fault) => {
                    return Ok(Verdict::Broken {
                        seq: next,
                        id: Some(own),
                        fault,
                    });
                }
            }
        }
        if !is_last {
            continue;
        }
        // Entry and head become visible together: what was read before the head is not beyond it.
        let head = audit_head::Entity::find_by_id(workspace.to_string())
            .one(database.read())
            .await?;
        let (named, expected) = head.map_or((0, None), |head| (head.seq, Some(head.hash)));
        if named > seq {
            // Added since the last look at the entries, or the end was cut off.
            if batch(database, workspace, seq).await?.is_empty() {
                return Ok(Verdict::Broken {
                    seq: seq + 1,
                    id: None,
                    fault: Break::Cut,
                });
            }
            continue;
        }
        let is_head = named == seq && expected.is_none_or(|expected| expected == hash);
        return Ok(if is_head {
            Verdict::Intact(Intact {
                entries: seq,
                head: hash,
            })
        } else {
            Verdict::Broken {
                seq,
                id,
                fault: Break::Head,
            }
        });
    }
}

/// The hash of a row that follows one with the hash `previous`.
fn follow(row: audit::Model, seq: i64, previous: &str) -> Result<String, Break> {
    if row.seq != seq {
        return Err(Break::Missing);
    }
    if row.previous_hash != previous {
        return Err(Break::Previous);
    }
    let stored = row.detail.clone();
    let chained = Chained::of(row).map_err(|_| Break::Content)?;
    let is_canonical = canonical(&chained.link.detail) == stored;
    if is_canonical && chained.link.hash(previous) == chained.hash {
        Ok(chained.hash)
    } else {
        Err(Break::Content)
    }
}
