//! Every SQL statement about objects.

use sea_orm::sea_query::{Expr, ExprTrait, OnConflict};
use sea_orm::{
    ActiveValue::Set, ColumnTrait, DatabaseTransaction, EntityTrait, QueryFilter, QueryOrder,
    QuerySelect,
};

use super::tables::{blob, object, signing_key, upload, usage};
use super::{Object, ObjectFault, ObjectId};
use crate::auth::WorkspaceId;
use crate::data::{DataError, Database};
use crate::http::page::Page;

/// An object to be noted, and the bytes that were kept for it.
#[derive(Clone)]
pub(super) struct NewRow {
    pub(super) id: ObjectId,
    pub(super) workspace: WorkspaceId,
    pub(super) blob: String,
    pub(super) hash: String,
    pub(super) size_bytes: u64,
    pub(super) kind: String,
    pub(super) name: Option<String>,
    pub(super) keep_until: Option<String>,
    pub(super) held_by: Option<String>,
    pub(super) now: String,
    pub(super) limit_bytes: u64,
    /// The upload that it comes from: noted as complete with it.
    pub(super) upload: Option<String>,
}

/// The row of a workspace's bytes with this hash.
pub(super) async fn blob_of(
    database: &Database,
    workspace: WorkspaceId,
    hash: &str,
) -> Result<Option<blob::Model>, DataError> {
    let found = blob::Entity::find()
        .filter(blob::Column::WorkspaceId.eq(workspace.to_string()))
        .filter(blob::Column::Hash.eq(hash));
    Ok(found.one(database.read()).await?)
}

/// Notes an object over the bytes `new.blob`, or over those of equal content that are noted already: the answer's
/// `blob_id` says which. Refuses what the workspace has no room for.
pub(super) async fn insert(
    tx: &DatabaseTransaction,
    new: NewRow,
) -> Result<object::Model, ObjectFault> {
    let workspace = new.workspace.to_string();
    let own = blob::ActiveModel {
        id: Set(new.blob.clone()),
        workspace_id: Set(workspace.clone()),
        hash: Set(new.hash.clone()),
        size_bytes: Set(new.size_bytes.cast_signed()),
        created_at: Set(new.now.clone()),
    };
    let fresh = blob::Entity::insert(own)
        .on_conflict(
            OnConflict::columns([blob::Column::WorkspaceId, blob::Column::Hash])
                .do_nothing()
                .to_owned(),
        )
        .exec_without_returning(tx)
        .await?;
    let noted = blob::Entity::find()
        .filter(blob::Column::WorkspaceId.eq(&workspace))
        .filter(blob::Column::Hash.eq(&new.hash))
        .one(tx)
        .await?
        .ok_or_else(|| DataError::Lost("the row of an object's bytes".to_owned()))?;
    if fresh > 0 {
        add_usage(tx, &workspace, new.size_bytes.cast_signed()).await?;
        if used(tx, &workspace).await? > new.limit_bytes {
            return Err(ObjectFault::OverQuota {
                limit_bytes: new.limit_bytes,
            });
        }
    }
    insert_object(tx, new, noted.id).await
}

/// Notes an object over the bytes `new.blob`, which were noted when they were looked for. Where they have gone since, the
/// foreign key refuses it: nothing here may bring their row back, for the bytes behind it are being removed.
pub(super) async fn insert_over(
    tx: &DatabaseTransaction,
    new: NewRow,
) -> Result<object::Model, ObjectFault> {
    let blob = new.blob.clone();
    insert_object(tx, new, blob).await
}

async fn insert_object(
    tx: &DatabaseTransaction,
    new: NewRow,
    blob: String,
) -> Result<object::Model, ObjectFault> {
    let row = object::Model {
        id: new.id.to_string(),
        workspace_id: new.workspace.to_string(),
        blob_id: blob,
        hash: new.hash,
        size_bytes: new.size_bytes.cast_signed(),
        kind: new.kind,
        name: new.name,
        created_at: new.now,
        keep_until: new.keep_until,
        held_by: new.held_by,
    };
    object::Entity::insert(object::ActiveModel::from(row.clone()))
        .exec_without_returning(tx)
        .await?;
    if let Some(upload) = new.upload {
        upload::Entity::update_many()
            .col_expr(upload::Column::ObjectId, row.id.clone().into())
            .filter(upload::Column::Id.eq(upload))
            .exec(tx)
            .await?;
    }
    Ok(row)
}

async fn add_usage(tx: &DatabaseTransaction, workspace: &str, bytes: i64) -> Result<(), DataError> {
    let row = usage::ActiveModel {
        workspace_id: Set(workspace.to_owned()),
        size_bytes: Set(bytes),
    };
    usage::Entity::insert(row)
        .on_conflict(
            OnConflict::column(usage::Column::WorkspaceId)
                .value(
                    usage::Column::SizeBytes,
                    Expr::col((usage::Entity, usage::Column::SizeBytes)).add(bytes),
                )
                .to_owned(),
        )
        .exec_without_returning(tx)
        .await?;
    Ok(())
}

/// What a workspace keeps, in bytes.
pub(super) async fn used(
    connection: &impl sea_orm::ConnectionTrait,
    workspace: &str,
) -> Result<u64, DataError> {
    let row = usage::Entity::find_by_id(workspace).one(connection).await?;
    Ok(row.map_or(0, |row| count(row.size_bytes)))
}

/// One object of a workspace.
pub(super) async fn get(
    database: &Database,
    workspace: WorkspaceId,
    id: ObjectId,
) -> Result<Option<Object>, DataError> {
    let row = object::Entity::find_by_id(id.to_string())
        .filter(object::Column::WorkspaceId.eq(workspace.to_string()))
        .one(database.read())
        .await?;
    row.map(read).transpose()
}

/// One object whosever it is: for addresses whose signature was checked.
pub(super) async fn get_signed(
    database: &Database,
    id: ObjectId,
) -> Result<Option<Object>, DataError> {
    let row = object::Entity::find_by_id(id.to_string())
        .one(database.read())
        .await?;
    row.map(read).transpose()
}

/// A page of a workspace's objects, newest first.
pub(super) async fn list(
    database: &Database,
    workspace: WorkspaceId,
    page: Page,
) -> Result<Vec<Object>, DataError> {
    let mut query = object::Entity::find()
        .filter(object::Column::WorkspaceId.eq(workspace.to_string()))
        .order_by_desc(object::Column::Id)
        .limit(page.rows());
    if let Some(cursor) = page.cursor {
        query = query.filter(object::Column::Id.lt(cursor.to_string()));
    }
    let rows = query.all(database.read()).await?;
    rows.into_iter().map(read).collect()
}

/// Objects whose time is over.
pub(super) async fn overdue(
    database: &Database,
    now: String,
    most: u64,
) -> Result<Vec<Object>, DataError> {
    let rows = object::Entity::find()
        .filter(object::Column::KeepUntil.lte(now))
        .limit(most)
        .all(database.read())
        .await?;
    rows.into_iter().map(read).collect()
}

/// Removes an object; gives the row of its bytes where it was the last that had them. None where there is no such object.
pub(super) async fn delete(
    tx: &DatabaseTransaction,
    workspace: String,
    id: String,
) -> Result<Option<Option<blob::Model>>, DataError> {
    let row = object::Entity::find_by_id(&id)
        .filter(object::Column::WorkspaceId.eq(&workspace))
        .one(tx)
        .await?;
    let Some(row) = row else { return Ok(None) };
    let gone = object::Entity::delete_by_id(&id).exec(tx).await?;
    if gone.rows_affected == 0 {
        return Ok(None);
    }
    let others = object::Entity::find()
        .filter(object::Column::BlobId.eq(&row.blob_id))
        .limit(1)
        .one(tx)
        .await?;
    if others.is_some() {
        return Ok(Some(None));
    }
    let bytes = blob::Entity::find_by_id(&row.blob_id).one(tx).await?;
    blob::Entity::delete_by_id(&row.blob_id).exec(tx).await?;
    add_usage(tx, &workspace, -row.size_bytes).await?;
    Ok(Some(bytes))
}

/// Which of these blobs have a row.
pub(super) async fn known(
    database: &Database,
    blobs: Vec<String>,
) -> Result<Vec<String>, DataError> {
    let rows: Vec<String> = blob::Entity::find()
        .select_only()
        .column(blob::Column::Id)
        .filter(blob::Column::Id.is_in(blobs))
        .into_tuple()
        .all(database.read())
        .await?;
    Ok(rows)
}

/// The signing keys, newest first.
pub(super) async fn signing_keys(
    database: &Database,
) -> Result<Vec<signing_key::Model>, DataError> {
    let keys = signing_key::Entity::find().order_by_desc(signing_key::Column::Id);
    Ok(keys.all(database.read()).await?)
}

/// Adds a signing key and removes those made before a moment.
pub(super) async fn rotate(
    database: &Database,
    new: signing_key::Model,
    before: String,
) -> Result<(), DataError> {
    database
        .write(move |tx| {
            Box::pin(async move {
                signing_key::Entity::insert(signing_key::ActiveModel::from(new))
                    .exec_without_returning(tx)
                    .await?;
                signing_key::Entity::delete_many()
                    .filter(signing_key::Column::CreatedAt.lt(before))
                    .exec(tx)
                    .await?;
                Ok::<_, DataError>(())
            })
        })
        .await
}

/// The database counts in signed numbers; ours are none below zero.
fn count(number: i64) -> u64 {
    u64::try_from(number).unwrap_or(0)
}

pub(super) fn read(row: object::Model) -> Result<Object, DataError> {
    let malformed = |column| DataError::Malformed { column };
    Ok(Object {
        id: row.id.parse().map_err(|_| malformed("object.id"))?,
        workspace: row
            .workspace_id
            .parse()
            .map_err(|_| malformed("object.workspace_id"))?,
        blob: row.blob_id,
        hash: row.hash,
        size_bytes: count(row.size_bytes),
        kind: row.kind,
        name: row.name,
        created_at: row
            .created_at
            .parse()
            .map_err(|_| malformed("object.created_at"))?,
        keep_until: row
            .keep_until
            .map(|text| text.parse().map_err(|_| malformed("object.keep_until")))
            .transpose()?,
        held_by: row.held_by,
    })
}
