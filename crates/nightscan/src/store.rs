//! Every SQL statement of the service, and its migrations.
//!
//! * `tables`: the rows; `migrations`: how they came to be
//! * [`recordings`], [`detections`], `places` (sites, sensors and rules)

pub(crate) mod detections;
mod migrations;
mod places;
pub(crate) mod recordings;
mod tables;

use chassis::auth::WorkspaceId;
use chassis::clock::Timestamp;
use chassis::data::{DataError, Database};
use sea_orm::sea_query::{Expr, ExprTrait, OnConflict};
use sea_orm::{ActiveValue::Set, ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter};

pub(crate) use detections::{DetectionId, ReviewId};
pub(crate) use migrations::migrations;
pub(crate) use places::*;
pub(crate) use recordings::RecordingId;
pub(crate) use tables::{detection, mark, recording, review, rule, sensor, site, usage};

/// The month of a moment, as identifications are counted: `2026-11`.
pub(crate) fn month(moment: Timestamp) -> String {
    moment.to_string().chars().take(7).collect()
}

/// Identifications that a workspace had in a month.
pub(crate) async fn used(
    connection: &impl ConnectionTrait,
    workspace: WorkspaceId,
    month: &str,
) -> Result<u64, DataError> {
    let key = (workspace.to_string(), month.to_owned());
    let row = usage::Entity::find_by_id(key).one(connection).await?;
    Ok(row.map_or(0, |row| u64::try_from(row.identifications).unwrap_or(0)))
}

/// Counts one identification; false where the month has `most` already.
pub(crate) async fn use_one(
    tx: &impl ConnectionTrait,
    workspace: WorkspaceId,
    month: &str,
    most: u64,
) -> Result<bool, DataError> {
    use usage::Column;
    let row = usage::ActiveModel {
        workspace_id: Set(workspace.to_string()),
        month: Set(month.to_owned()),
        identifications: Set(0),
    };
    usage::Entity::insert(row)
        .on_conflict(
            OnConflict::columns([Column::WorkspaceId, Column::Month])
                .do_nothing()
                .to_owned(),
        )
        .exec_without_returning(tx)
        .await?;
    let most = i64::try_from(most).unwrap_or(i64::MAX);
    let counted = usage::Entity::update_many()
        .col_expr(
            Column::Identifications,
            Expr::col(Column::Identifications).add(1),
        )
        .filter(Column::WorkspaceId.eq(workspace.to_string()))
        .filter(Column::Month.eq(month))
        .filter(Column::Identifications.lt(most))
        .exec(tx)
        .await?;
    Ok(counted.rows_affected == 1)
}

/// Gives an identification back: what was sent turned out to be no sound.
pub(crate) async fn give_back(
    tx: &impl ConnectionTrait,
    workspace: WorkspaceId,
    month: &str,
) -> Result<(), DataError> {
    use usage::Column;
    usage::Entity::update_many()
        .col_expr(
            Column::Identifications,
            Expr::col(Column::Identifications).sub(1),
        )
        .filter(Column::WorkspaceId.eq(workspace.to_string()))
        .filter(Column::Month.eq(month))
        .filter(Column::Identifications.gt(0))
        .exec(tx)
        .await?;
    Ok(())
}

/// What this installation noted under a name.
pub(crate) async fn mark(database: &Database, name: &str) -> Result<Option<String>, DataError> {
    let row = mark::Entity::find_by_id(name).one(database.read()).await?;
    Ok(row.map(|row| row.value))
}

/// Notes a value under a name, unless something stands there; what stands there then.
pub(crate) async fn make_mark(
    database: &Database,
    name: &'static str,
    value: String,
) -> Result<String, DataError> {
    let created_at = database.clock().now().to_string();
    database
        .write(move |tx| {
            Box::pin(async move {
                let row = mark::ActiveModel {
                    name: Set(name.to_owned()),
                    value: Set(value),
                    created_at: Set(created_at),
                };
                mark::Entity::insert(row)
                    .on_conflict(
                        OnConflict::column(mark::Column::Name)
                            .do_nothing()
                            .to_owned(),
                    )
                    .exec_without_returning(tx)
                    .await?;
                let kept = mark::Entity::find_by_id(name).one(tx).await?;
                let lost = || DataError::Lost("a mark of nightscan".to_owned());
                Ok(kept.ok_or_else(lost)?.value)
            })
        })
        .await
}
