//! Every SQL statement about uploads.

use sea_orm::{ColumnTrait, EntityTrait, PaginatorTrait, QueryFilter, QuerySelect};

use super::UploadId;
use crate::auth::WorkspaceId;
use crate::data::{DataError, Database};
use crate::objects::tables::upload;

pub(super) use upload::Model as Row;

/// Notes a new upload.
pub(super) async fn insert(database: &Database, row: Row) -> Result<(), DataError> {
    database
        .write(move |tx| {
            Box::pin(async move {
                upload::Entity::insert(upload::ActiveModel::from(row))
                    .exec_without_returning(tx)
                    .await?;
                Ok::<_, DataError>(())
            })
        })
        .await
}

/// One upload of a workspace.
pub(super) async fn get(
    database: &Database,
    workspace: WorkspaceId,
    id: UploadId,
) -> Result<Option<Row>, DataError> {
    let found = upload::Entity::find_by_id(id.to_string())
        .filter(upload::Column::WorkspaceId.eq(workspace.to_string()));
    Ok(found.one(database.read()).await?)
}

/// How many uploads of a workspace are open.
pub(super) async fn count_open(
    database: &Database,
    workspace: WorkspaceId,
) -> Result<u64, DataError> {
    let open = upload::Entity::find()
        .filter(upload::Column::WorkspaceId.eq(workspace.to_string()))
        .filter(upload::Column::ObjectId.is_null())
        .filter(upload::Column::ExpiresAt.gt(database.clock().now().to_string()));
    Ok(open.count(database.read()).await?)
}

/// Notes that bytes up to `to` are on disk. False where somebody else moved it meanwhile.
pub(super) async fn advance(
    database: &Database,
    id: UploadId,
    from: u64,
    to: u64,
    expires_at: String,
) -> Result<bool, DataError> {
    database
        .write(move |tx| {
            Box::pin(async move {
                let moved = upload::Entity::update_many()
                    .col_expr(upload::Column::OffsetBytes, to.cast_signed().into())
                    .col_expr(upload::Column::ExpiresAt, expires_at.into())
                    .filter(upload::Column::Id.eq(id.to_string()))
                    .filter(upload::Column::OffsetBytes.eq(from.cast_signed()))
                    .exec(tx)
                    .await?;
                Ok::<_, DataError>(moved.rows_affected == 1)
            })
        })
        .await
}

/// Notes a length that was deferred.
pub(super) async fn set_length(
    database: &Database,
    id: UploadId,
    length: u64,
) -> Result<(), DataError> {
    database
        .write(move |tx| {
            Box::pin(async move {
                upload::Entity::update_many()
                    .col_expr(upload::Column::LengthBytes, length.cast_signed().into())
                    .filter(upload::Column::Id.eq(id.to_string()))
                    .exec(tx)
                    .await?;
                Ok::<_, DataError>(())
            })
        })
        .await
}

/// Removes an upload; false where it was gone.
pub(super) async fn delete(database: &Database, id: String) -> Result<bool, DataError> {
    database
        .write(move |tx| {
            Box::pin(async move {
                let gone = upload::Entity::delete_by_id(id).exec(tx).await?;
                Ok::<_, DataError>(gone.rows_affected > 0)
            })
        })
        .await
}

/// Uploads whose time was over at `moment`, of this instance.
pub(super) async fn expired(
    database: &Database,
    instance: &str,
    moment: String,
    most: u64,
) -> Result<Vec<Row>, DataError> {
    let over = upload::Entity::find()
        .filter(upload::Column::Instance.eq(instance))
        .filter(upload::Column::ExpiresAt.lt(moment))
        .limit(most);
    Ok(over.all(database.read()).await?)
}

/// Which of these uploads have a row.
pub(super) async fn known(database: &Database, ids: Vec<String>) -> Result<Vec<String>, DataError> {
    let known = upload::Entity::find()
        .select_only()
        .column(upload::Column::Id)
        .filter(upload::Column::Id.is_in(ids))
        .into_tuple()
        .all(database.read())
        .await?;
    Ok(known)
}

/// A row to be inserted as it is.
impl From<Row> for super::Progress {
    fn from(row: Row) -> Self {
        Self {
            offset: row.offset_bytes.max(0) as u64,
            length: row.length_bytes.map(|length| length.max(0) as u64),
            metadata: row.metadata,
            concat: row.concat,
            expires_at: row.expires_at,
            object: row.object_id.and_then(|id| id.parse().ok()),
        }
    }
}

/// A row for a new upload.
pub(super) fn row(
    id: UploadId,
    workspace: WorkspaceId,
    instance: &str,
    creation: &super::protocol::Creation,
    concat: String,
    times: (String, String),
) -> Row {
    Row {
        id: id.to_string(),
        workspace_id: workspace.to_string(),
        instance: instance.to_owned(),
        length_bytes: creation.length.map(u64::cast_signed),
        offset_bytes: 0,
        metadata: creation.metadata.clone(),
        concat,
        created_at: times.0,
        expires_at: times.1,
        object_id: None,
    }
}
