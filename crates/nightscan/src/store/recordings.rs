//! Recordings: kept, found, analysed, removed.

use chassis::auth::WorkspaceId;
use chassis::data::{DataError, Database};
use chassis::http::page::Page;
use sea_orm::sea_query::Expr;
use sea_orm::{
    ColumnTrait, ConnectionTrait, EntityTrait, FromQueryResult, IntoActiveModel, QueryFilter,
    QueryOrder, QuerySelect,
};

use super::detection;
use super::recording::{self, Column, Entity, Model};

chassis::id_type! {
    /// A recording.
    RecordingId
}

/// Waits for its analysis.
pub(crate) const WAITING: &str = "waiting";
/// Its analysis is there.
pub(crate) const ANALYSED: &str = "analysed";
/// It has none and will have none.
pub(crate) const FAILED: &str = "failed";

/// Keeps a new recording.
pub(crate) async fn insert(tx: &impl ConnectionTrait, row: Model) -> Result<(), DataError> {
    Entity::insert(row.into_active_model())
        .exec_without_returning(tx)
        .await?;
    Ok(())
}

/// What a list of recordings is narrowed to.
#[derive(Clone, Debug, Default)]
pub(crate) struct Wanted {
    pub(crate) site: Option<String>,
    pub(crate) state: Option<String>,
}

/// One page of a workspace's recordings, newest first.
pub(crate) async fn page(
    database: &Database,
    workspace: WorkspaceId,
    wanted: Wanted,
    page: Page,
) -> Result<Vec<Model>, DataError> {
    let mut query = Entity::find()
        .filter(Column::WorkspaceId.eq(workspace.to_string()))
        .order_by_desc(Column::Id)
        .limit(page.rows());
    if let Some(cursor) = page.cursor {
        query = query.filter(Column::Id.lt(cursor.to_string()));
    }
    if let Some(site) = wanted.site {
        query = query.filter(Column::SiteId.eq(site));
    }
    if let Some(state) = wanted.state {
        query = query.filter(Column::State.eq(state));
    }
    Ok(query.all(database.read()).await?)
}

/// One of a workspace's recordings.
pub(crate) async fn find(
    database: &Database,
    workspace: WorkspaceId,
    id: RecordingId,
) -> Result<Option<Model>, DataError> {
    let query =
        Entity::find_by_id(id.to_string()).filter(Column::WorkspaceId.eq(workspace.to_string()));
    Ok(query.one(database.read()).await?)
}

/// The workspace's recording of these bytes.
pub(crate) async fn of_content(
    connection: &impl ConnectionTrait,
    workspace: &str,
    hash: &str,
) -> Result<Option<Model>, DataError> {
    let query = Entity::find()
        .filter(Column::WorkspaceId.eq(workspace))
        .filter(Column::ContentHash.eq(hash));
    Ok(query.one(connection).await?)
}

/// What an analysis found, apart from its detections.
#[derive(Clone, Debug)]
pub(crate) struct Outcome {
    pub(crate) started_at: String,
    pub(crate) started_from: &'static str,
    pub(crate) offset_min: Option<i32>,
    pub(crate) lat: Option<f64>,
    pub(crate) lon: Option<f64>,
    pub(crate) duration_ms: i64,
    pub(crate) result: String,
    pub(crate) kept_bytes: i64,
    pub(crate) now: String,
}

/// Rows of one statement: their values stay under the 32,766 that SQLite takes.
const ROWS_AT_ONCE: usize = 1_000;

/// Notes an analysis, its detections with it, and forgets what the sealed copy is read with. False where the recording was
/// removed meanwhile, or is analysed already.
pub(crate) async fn finish(
    tx: &impl ConnectionTrait,
    workspace: WorkspaceId,
    id: RecordingId,
    outcome: Outcome,
    detections: Vec<detection::Model>,
) -> Result<bool, DataError> {
    let count = i64::try_from(detections.len()).unwrap_or(i64::MAX);
    let noted = Entity::update_many()
        .col_expr(Column::State, Expr::value(ANALYSED))
        .col_expr(Column::StartedAt, Expr::value(outcome.started_at))
        .col_expr(Column::StartedFrom, Expr::value(outcome.started_from))
        .col_expr(Column::OffsetMin, Expr::value(outcome.offset_min))
        .col_expr(Column::Lat, Expr::value(outcome.lat))
        .col_expr(Column::Lon, Expr::value(outcome.lon))
        .col_expr(Column::DurationMs, Expr::value(outcome.duration_ms))
        .col_expr(Column::Result, Expr::value(outcome.result))
        .col_expr(Column::KeptBytes, Expr::value(outcome.kept_bytes))
        .col_expr(Column::AnalysedAt, Expr::value(outcome.now))
        .col_expr(Column::Detections, Expr::value(count))
        .col_expr(Column::QuarantineSalt, Expr::value(None::<String>))
        .filter(Column::Id.eq(id.to_string()))
        .filter(Column::WorkspaceId.eq(workspace.to_string()))
        .filter(Column::State.eq(WAITING))
        .exec(tx)
        .await?;
    if noted.rows_affected != 1 {
        return Ok(false);
    }
    let mut rest = detections
        .into_iter()
        .map(IntoActiveModel::into_active_model);
    loop {
        let some: Vec<detection::ActiveModel> = rest.by_ref().take(ROWS_AT_ONCE).collect();
        if some.is_empty() {
            return Ok(true);
        }
        detection::Entity::insert_many(some)
            .exec_without_returning(tx)
            .await?;
    }
}

/// Notes that a recording will have no analysis: its bytes are forgotten, so that they may be sent again. False where it was
/// removed or analysed meanwhile.
pub(crate) async fn fail(
    tx: &impl ConnectionTrait,
    workspace: WorkspaceId,
    id: RecordingId,
    fault: &str,
    reason: &str,
) -> Result<bool, DataError> {
    let noted = Entity::update_many()
        .col_expr(Column::State, Expr::value(FAILED))
        .col_expr(Column::Fault, Expr::value(fault))
        .col_expr(Column::FaultReason, Expr::value(reason))
        .col_expr(Column::ContentHash, Expr::value(None::<String>))
        .col_expr(Column::QuarantineSalt, Expr::value(None::<String>))
        .filter(Column::Id.eq(id.to_string()))
        .filter(Column::WorkspaceId.eq(workspace.to_string()))
        .filter(Column::State.eq(WAITING))
        .exec(tx)
        .await?;
    Ok(noted.rows_affected == 1)
}

/// Removes a recording with its detections and their reviews. False where there is none.
pub(crate) async fn delete(
    tx: &impl ConnectionTrait,
    workspace: &str,
    id: &str,
) -> Result<bool, DataError> {
    let gone = Entity::delete_many()
        .filter(Column::Id.eq(id))
        .filter(Column::WorkspaceId.eq(workspace))
        .exec(tx)
        .await?;
    Ok(gone.rows_affected == 1)
}

/// Recordings and what they hold.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, FromQueryResult)]
pub(crate) struct Totals {
    pub(crate) recordings: i64,
    pub(crate) detections: Option<i64>,
    pub(crate) bytes: Option<i64>,
}

/// Counts a workspace's recordings, those from before a moment or all.
pub(crate) async fn totals(
    database: &Database,
    workspace: WorkspaceId,
    before: Option<String>,
) -> Result<Totals, DataError> {
    // PostgreSQL sums bigints to a numeric; the cast gives both databases one type.
    use sea_orm::sea_query::ExprTrait;
    let sum = |column: Column| Expr::col(column).sum().cast_as("bigint");
    let mut query = Entity::find()
        .select_only()
        .column_as(Column::Id.count(), "recordings")
        .column_as(sum(Column::Detections), "detections")
        .column_as(sum(Column::KeptBytes), "bytes")
        .filter(Column::WorkspaceId.eq(workspace.to_string()));
    if let Some(before) = before {
        query = query.filter(Column::CreatedAt.lt(before));
    }
    let totals = query.into_model::<Totals>().one(database.read()).await?;
    Ok(totals.unwrap_or_default())
}

/// A workspace's oldest recordings from before a moment, some of them.
pub(crate) async fn before(
    database: &Database,
    workspace: WorkspaceId,
    moment: String,
    most: u64,
) -> Result<Vec<Model>, DataError> {
    let query = Entity::find()
        .filter(Column::WorkspaceId.eq(workspace.to_string()))
        .filter(Column::CreatedAt.lt(moment))
        .order_by_asc(Column::CreatedAt)
        .limit(most);
    Ok(query.all(database.read()).await?)
}

/// The workspaces that have recordings.
pub(crate) async fn workspaces(database: &Database) -> Result<Vec<WorkspaceId>, DataError> {
    let ids: Vec<String> = Entity::find()
        .select_only()
        .column(recording::Column::WorkspaceId)
        .distinct()
        .into_tuple()
        .all(database.read())
        .await?;
    let malformed = |_| DataError::Malformed {
        column: "nightscan_recording.workspace_id",
    };
    let ids = ids.into_iter();
    ids.map(|id| id.parse().map_err(malformed)).collect()
}

/// Some of a workspace's recordings that have detections, with the names of their sites, in the order in which they came.
pub(crate) async fn with_detections(
    database: &Database,
    workspace: WorkspaceId,
    recording: Option<String>,
    site: Option<String>,
    last: Option<String>,
    most: u64,
) -> Result<Vec<(Model, Option<String>)>, DataError> {
    let mut query = Entity::find()
        .filter(Column::WorkspaceId.eq(workspace.to_string()))
        .filter(Column::Detections.gt(0))
        .order_by_asc(Column::Id)
        .limit(most);
    for (column, value) in [(Column::Id, recording), (Column::SiteId, site)] {
        if let Some(value) = value {
            query = query.filter(column.eq(value));
        }
    }
    if let Some(last) = last {
        query = query.filter(Column::Id.gt(last));
    }
    let rows = query.all(database.read()).await?;
    let sites: Vec<String> = rows.iter().filter_map(|row| row.site_id.clone()).collect();
    let sites = super::site::Entity::find()
        .filter(super::site::Column::Id.is_in(sites))
        .all(database.read())
        .await?;
    let named = |row: &Model| {
        let site = sites
            .iter()
            .find(|site| row.site_id.as_ref() == Some(&site.id));
        site.map(|site| site.name.clone())
    };
    Ok(rows
        .into_iter()
        .map(|row| {
            let name = named(&row);
            (row, name)
        })
        .collect())
}
