//! Reading chains: batch by batch from the first entry, or the newest first.

use futures_util::Stream;
use futures_util::stream::try_unfold;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};

use super::chain::Chained;
use super::tables::{audit, audit_head};
use crate::auth::{WorkspaceId, sessions};
use crate::clock::Timestamp;
use crate::data::{DataError, Database};
use crate::http::page::Page;

/// Entries that are read at once.
const BATCH: u64 = 500;

/// All workspaces that have a chain.
pub async fn workspaces(database: &Database) -> Result<Vec<WorkspaceId>, DataError> {
    let of_heads: Vec<String> = audit_head::Entity::find()
        .select_only()
        .column(audit_head::Column::WorkspaceId)
        .into_tuple()
        .all(database.read())
        .await?;
    let of_entries: Vec<String> = audit::Entity::find()
        .select_only()
        .column(audit::Column::WorkspaceId)
        .distinct()
        .into_tuple()
        .all(database.read())
        .await?;
    let mut all: Vec<String> = of_heads.into_iter().chain(of_entries).collect();
    all.sort_unstable();
    all.dedup();
    all.iter()
        .map(|id| sessions::parsed(id, "audit.workspace_id"))
        .collect()
}

/// The entries that follow number `after`, in the chain's order.
pub(super) async fn batch(
    database: &Database,
    workspace: WorkspaceId,
    after: i64,
) -> Result<Vec<audit::Model>, DataError> {
    let rows = audit::Entity::find()
        .filter(audit::Column::WorkspaceId.eq(workspace.to_string()))
        .filter(audit::Column::Seq.gt(after))
        .order_by_asc(audit::Column::Seq)
        .limit(BATCH)
        .all(database.read())
        .await?;
    Ok(rows)
}

/// Some lines of an export.
pub type Lines = String;

/// A workspace's chain as lines of JSON, some hundred at a time, from the first entry to the last.
pub fn lines(
    database: Database,
    workspace: WorkspaceId,
) -> impl Stream<Item = Result<Lines, DataError>> + Send {
    try_unfold((database, 0), move |(database, after)| async move {
        let rows = batch(&database, workspace, after).await?;
        let Some(last) = rows.last().map(|row| row.seq) else {
            return Ok(None);
        };
        let mut text = String::new();
        for row in rows {
            let chained = Chained::of(row)?;
            text.push_str(&serde_json::to_string(&chained).expect("an entry is plain data"));
            text.push('\n');
        }
        Ok(Some((text, (database, last))))
    })
}

/// Which entries are asked for.
#[derive(Clone, Debug, Default)]
pub(super) struct Wanted {
    pub(super) action: Option<String>,
    pub(super) actor: Option<String>,
    pub(super) since: Option<Timestamp>,
    pub(super) until: Option<Timestamp>,
}

/// A page, the newest first.
pub(super) async fn list(
    database: &Database,
    workspace: WorkspaceId,
    wanted: Wanted,
    page: &Page,
) -> Result<Vec<Chained>, DataError> {
    let of_workspace =
        || audit::Entity::find().filter(audit::Column::WorkspaceId.eq(workspace.to_string()));
    let mut rows = of_workspace();
    if let Some(cursor) = page.cursor {
        // Ids are made by the writers' clocks; the order of the chain is that of its numbers.
        let at = of_workspace()
            .filter(audit::Column::Id.eq(cursor.to_string()))
            .one(database.read())
            .await?;
        rows = rows.filter(audit::Column::Seq.lt(at.map_or(0, |row| row.seq)));
    }
    if let Some(action) = wanted.action {
        rows = match action.strip_suffix('*') {
            Some(room) => rows.filter(audit::Column::Action.starts_with(room)),
            None => rows.filter(audit::Column::Action.eq(action)),
        };
    }
    if let Some(actor) = wanted.actor {
        rows = rows.filter(audit::Column::Actor.eq(actor));
    }
    if let Some(since) = wanted.since {
        rows = rows.filter(audit::Column::At.gte(since.to_string()));
    }
    if let Some(until) = wanted.until {
        rows = rows.filter(audit::Column::At.lt(until.to_string()));
    }
    let rows = rows
        .order_by_desc(audit::Column::Seq)
        .limit(page.rows())
        .all(database.read())
        .await?;
    rows.into_iter().map(Chained::of).collect()
}
