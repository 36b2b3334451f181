//! Every SQL statement of the service, and its migrations.

mod kits;

use chassis::auth::{Caller, WorkspaceId};
use chassis::clock::Timestamp;
use chassis::data::{DataError, Database};
use chassis::http::page::Page;
use sea_orm::sea_query::{ColumnDef, Expr, ExprTrait, Index, Table};
use sea_orm::{
    ActiveValue::Set, ColumnTrait, ConnectionTrait, DbErr, EntityTrait, FromQueryResult,
    QueryFilter, QueryOrder, QuerySelect,
};
use sea_orm_migration::{MigrationName, MigrationTrait, SchemaManager, async_trait};

pub(crate) use kits::{
    KitId, delete_kit, find_kit, finish_kit, insert_kit, kit, kit_of_job, kit_totals, kits,
    kits_before,
};

pub(crate) mod generation {
    //! A mark that was generated: not its bytes, but everything that decides them.
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "luna_generation")]
    pub(crate) struct Model {
        #[sea_orm(primary_key, auto_increment = false, column_type = "Text")]
        pub id: String,
        #[sea_orm(column_type = "Text")]
        pub workspace_id: String,
        #[sea_orm(column_type = "Text", nullable)]
        pub user_id: Option<String>,
        #[sea_orm(column_type = "Text", nullable)]
        pub key_id: Option<String>,
        /// The family, not its alias.
        #[sea_orm(column_type = "Text")]
        pub generator: String,
        #[sea_orm(column_type = "Text")]
        pub variant: String,
        #[sea_orm(column_type = "Text")]
        pub format: String,
        /// The recipe as JSON, seed and version pinned.
        #[sea_orm(column_type = "Text")]
        pub recipe: String,
        #[sea_orm(column_type = "Text")]
        pub filename: String,
        pub size_bytes: i64,
        /// BLAKE3 of the bytes, hexadecimal.
        #[sea_orm(column_type = "Text")]
        pub hash: String,
        pub duration_us: i64,
        #[sea_orm(column_type = "Text")]
        pub created_at: String,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub(crate) enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

chassis::id_type! {
    /// A generated mark.
    GenerationId
}

/// Keeps what was generated, in one transaction.
pub(crate) async fn insert(
    database: &Database,
    rows: Vec<generation::Model>,
) -> Result<(), DataError> {
    let rows: Vec<generation::ActiveModel> = rows.into_iter().map(active).collect();
    database
        .write(move |tx| {
            Box::pin(async move {
                generation::Entity::insert_many(rows)
                    .exec_without_returning(tx)
                    .await?;
                Ok::<_, DataError>(())
            })
        })
        .await
}

fn active(row: generation::Model) -> generation::ActiveModel {
    generation::ActiveModel {
        id: Set(row.id),
        workspace_id: Set(row.workspace_id),
        user_id: Set(row.user_id),
        key_id: Set(row.key_id),
        generator: Set(row.generator),
        variant: Set(row.variant),
        format: Set(row.format),
        recipe: Set(row.recipe),
        filename: Set(row.filename),
        size_bytes: Set(row.size_bytes),
        hash: Set(row.hash),
        duration_us: Set(row.duration_us),
        created_at: Set(row.created_at),
    }
}

/// One page of a workspace's history, newest first.
pub(crate) async fn list(
    database: &Database,
    caller: &Caller,
    page: Page,
) -> Result<Vec<generation::Model>, DataError> {
    let mut query = generation::Entity::find()
        .filter(generation::Column::WorkspaceId.eq(caller.workspace.to_string()))
        .order_by_desc(generation::Column::Id)
        .limit(page.rows());
    if let Some(cursor) = page.cursor {
        query = query.filter(generation::Column::Id.lt(cursor.to_string()));
    }
    Ok(query.all(database.read()).await?)
}

/// One of a workspace's marks.
pub(crate) async fn find(
    database: &Database,
    workspace: WorkspaceId,
    id: GenerationId,
) -> Result<Option<generation::Model>, DataError> {
    let found = generation::Entity::find_by_id(id.to_string())
        .filter(generation::Column::WorkspaceId.eq(workspace.to_string()))
        .one(database.read())
        .await?;
    Ok(found)
}

/// How often each value of a column occurs.
#[derive(Debug, FromQueryResult)]
pub(crate) struct Count {
    pub(crate) value: String,
    pub(crate) count: i64,
}

/// Counts by one column.
pub(crate) async fn count_by(
    database: &Database,
    workspace: WorkspaceId,
    column: generation::Column,
) -> Result<Vec<Count>, DataError> {
    let counts = generation::Entity::find()
        .select_only()
        .column_as(column, "value")
        .column_as(generation::Column::Id.count(), "count")
        .filter(generation::Column::WorkspaceId.eq(workspace.to_string()))
        .group_by(column)
        .order_by_asc(column)
        .into_model::<Count>()
        .all(database.read())
        .await?;
    Ok(counts)
}

/// Sums over a workspace's marks.
#[derive(Debug, Default, FromQueryResult)]
pub(crate) struct Totals {
    pub(crate) count: i64,
    pub(crate) size_bytes: Option<i64>,
    pub(crate) duration_us: Option<i64>,
    pub(crate) first_at: Option<String>,
    pub(crate) last_at: Option<String>,
}

/// Counts and sums, of those made since a moment or of all.
pub(crate) async fn totals(
    database: &Database,
    workspace: WorkspaceId,
    since: Option<Timestamp>,
) -> Result<Totals, DataError> {
    use generation::Column;
    // PostgreSQL sums bigints to a numeric; the cast gives both databases one type.
    let sum = |column: Column| Expr::col(column).sum().cast_as("bigint");
    let mut query = generation::Entity::find()
        .select_only()
        .column_as(Column::Id.count(), "count")
        .column_as(sum(Column::SizeBytes), "size_bytes")
        .column_as(sum(Column::DurationUs), "duration_us")
        .column_as(Column::CreatedAt.min(), "first_at")
        .column_as(Column::CreatedAt.max(), "last_at")
        .filter(Column::WorkspaceId.eq(workspace.to_string()));
    if let Some(since) = since {
        query = query.filter(Column::CreatedAt.gte(since.to_string()));
    }
    let totals = query.into_model::<Totals>().one(database.read()).await?;
    Ok(totals.unwrap_or_default())
}

/// Rows that one transaction removes at most: other writes wait meanwhile.
const REMOVED_AT_ONCE: u64 = 1_000;

/// Which marks are old enough to go.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Old {
    /// Those from before a moment.
    Before(Timestamp),
    /// This one and those that came before it.
    UpTo(GenerationId),
}

/// Removes a workspace's old marks, some at a time; gives how many.
pub(crate) async fn remove(
    database: &Database,
    workspace: WorkspaceId,
    old: Old,
) -> Result<u64, DataError> {
    let mut removed = 0;
    loop {
        let some = database
            .write(move |tx| Box::pin(async move { remove_some(tx, workspace, old).await }))
            .await?;
        removed += some;
        if some < REMOVED_AT_ONCE {
            return Ok(removed);
        }
    }
}

async fn remove_some(
    tx: &impl ConnectionTrait,
    workspace: WorkspaceId,
    old: Old,
) -> Result<u64, DataError> {
    use generation::Column;
    let is_old = match old {
        Old::Before(moment) => Column::CreatedAt.lt(moment.to_string()),
        Old::UpTo(id) => Column::Id.lte(id.to_string()),
    };
    let ids: Vec<String> = generation::Entity::find()
        .select_only()
        .column(Column::Id)
        .filter(Column::WorkspaceId.eq(workspace.to_string()))
        .filter(is_old)
        .order_by_asc(Column::Id)
        .limit(REMOVED_AT_ONCE)
        .into_tuple()
        .all(tx)
        .await?;
    Ok(generation::Entity::delete_many()
        .filter(Column::Id.is_in(ids))
        .exec(tx)
        .await?
        .rows_affected)
}

/// The newest mark of a workspace that is beyond its `most` newest ones.
pub(crate) async fn newest_beyond(
    database: &Database,
    workspace: WorkspaceId,
    most: u64,
) -> Result<Option<GenerationId>, DataError> {
    use generation::Column;
    let id: Option<String> = generation::Entity::find()
        .select_only()
        .column(Column::Id)
        .filter(Column::WorkspaceId.eq(workspace.to_string()))
        .order_by_desc(Column::Id)
        .offset(most)
        .limit(1)
        .into_tuple()
        .one(database.read())
        .await?;
    let malformed = |_| DataError::Malformed {
        column: "luna_generation.id",
    };
    id.map(|id| id.parse().map_err(malformed)).transpose()
}

/// The workspaces that have a history.
pub(crate) async fn workspaces(database: &Database) -> Result<Vec<WorkspaceId>, DataError> {
    let ids: Vec<String> = generation::Entity::find()
        .select_only()
        .column(generation::Column::WorkspaceId)
        .distinct()
        .into_tuple()
        .all(database.read())
        .await?;
    let malformed = |_| DataError::Malformed {
        column: "luna_generation.workspace_id",
    };
    let ids = ids.into_iter();
    ids.map(|id| id.parse().map_err(malformed)).collect()
}

/// In order. Applied ones are never changed; a new one goes to the end.
pub(crate) fn migrations() -> Vec<Box<dyn MigrationTrait>> {
    vec![Box::new(CreateGeneration), Box::new(kits::CreateKit)]
}

struct CreateGeneration;

impl MigrationName for CreateGeneration {
    fn name(&self) -> &'static str {
        "luna_0001_generation"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for CreateGeneration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let text = |name: &'static str| ColumnDef::new(name).text().not_null().take();
        let table = Table::create()
            .table("luna_generation")
            .col(text("id").primary_key())
            .col(text("workspace_id"))
            .col(ColumnDef::new("user_id").text())
            .col(ColumnDef::new("key_id").text())
            .col(text("generator"))
            .col(text("variant"))
            .col(text("format"))
            .col(text("recipe"))
            .col(text("filename"))
            .col(ColumnDef::new("size_bytes").big_integer().not_null())
            .col(text("hash"))
            .col(ColumnDef::new("duration_us").big_integer().not_null())
            .col(text("created_at"))
            .foreign_key(
                sea_orm::sea_query::ForeignKey::create()
                    .from("luna_generation", "workspace_id")
                    .to("workspace", "id")
                    .on_delete(sea_orm::sea_query::ForeignKeyAction::Cascade),
            )
            .take();
        manager.create_table(table).await?;
        let index = Index::create()
            .name("luna_generation_workspace_id_id_idx")
            .table("luna_generation")
            .col("workspace_id")
            .col("id")
            .take();
        manager.create_index(index).await
    }
}
