//! Brand kits: what was asked for, and where the file is.

use chassis::auth::WorkspaceId;
use chassis::data::{DataError, Database};
use chassis::http::page::Page;
use chassis::jobs::JobId;
use chassis::objects::ObjectId;
use sea_orm::sea_query::{ColumnDef, Expr, ExprTrait, ForeignKey, ForeignKeyAction, Index, Table};
use sea_orm::{
    ColumnTrait, ConnectionTrait, DbErr, EntityTrait, FromQueryResult, IntoActiveModel,
    QueryFilter, QueryOrder, QuerySelect,
};
use sea_orm_migration::{MigrationName, MigrationTrait, SchemaManager, async_trait};

pub(crate) mod kit {
    //! A brand kit.
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "luna_kit")]
    pub(crate) struct Model {
        #[sea_orm(primary_key, auto_increment = false, column_type = "Text")]
        pub id: String,
        #[sea_orm(column_type = "Text")]
        pub workspace_id: String,
        #[sea_orm(column_type = "Text", nullable)]
        pub user_id: Option<String>,
        #[sea_orm(column_type = "Text", nullable)]
        pub key_id: Option<String>,
        /// The recipe as JSON, seed and version pinned.
        #[sea_orm(column_type = "Text")]
        pub recipe: String,
        #[sea_orm(column_type = "Text")]
        pub filename: String,
        /// The job that draws it.
        #[sea_orm(column_type = "Text")]
        pub job_id: String,
        /// The zip file; none before it is drawn.
        #[sea_orm(column_type = "Text", nullable)]
        pub object_id: Option<String>,
        #[sea_orm(nullable)]
        pub size_bytes: Option<i64>,
        #[sea_orm(column_type = "Text")]
        pub created_at: String,
        #[sea_orm(column_type = "Text", nullable)]
        pub done_at: Option<String>,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub(crate) enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

use kit::Column;

chassis::id_type! {
    /// A brand kit.
    KitId
}

/// Keeps what was asked for.
pub(crate) async fn insert_kit(
    tx: &impl ConnectionTrait,
    row: kit::Model,
) -> Result<(), DataError> {
    kit::Entity::insert(row.into_active_model())
        .exec_without_returning(tx)
        .await?;
    Ok(())
}

/// One page of a workspace's kits, newest first.
pub(crate) async fn kits(
    database: &Database,
    workspace: WorkspaceId,
    page: Page,
) -> Result<Vec<kit::Model>, DataError> {
    let mut query = kit::Entity::find()
        .filter(Column::WorkspaceId.eq(workspace.to_string()))
        .order_by_desc(Column::Id)
        .limit(page.rows());
    if let Some(cursor) = page.cursor {
        query = query.filter(Column::Id.lt(cursor.to_string()));
    }
    Ok(query.all(database.read()).await?)
}

/// A workspace's kits from before a moment, some of them.
pub(crate) async fn kits_before(
    database: &Database,
    workspace: WorkspaceId,
    moment: String,
) -> Result<Vec<kit::Model>, DataError> {
    let query = kit::Entity::find()
        .filter(Column::WorkspaceId.eq(workspace.to_string()))
        .filter(Column::CreatedAt.lt(moment))
        .limit(100);
    Ok(query.all(database.read()).await?)
}

/// One of a workspace's kits.
pub(crate) async fn find_kit(
    database: &Database,
    workspace: WorkspaceId,
    id: KitId,
) -> Result<Option<kit::Model>, DataError> {
    let query = kit::Entity::find_by_id(id.to_string())
        .filter(Column::WorkspaceId.eq(workspace.to_string()));
    Ok(query.one(database.read()).await?)
}

/// A workspace's kits and the bytes of their files.
#[derive(Debug, Default, FromQueryResult)]
pub(crate) struct KitTotals {
    pub(crate) count: i64,
    pub(crate) size_bytes: Option<i64>,
}

/// Counts a workspace's kits.
pub(crate) async fn kit_totals(
    database: &Database,
    workspace: WorkspaceId,
) -> Result<KitTotals, DataError> {
    // PostgreSQL sums bigints to a numeric; the cast gives both databases one type.
    let sum = Expr::col(Column::SizeBytes).sum().cast_as("bigint");
    let totals = kit::Entity::find()
        .select_only()
        .column_as(Column::Id.count(), "count")
        .column_as(sum, "size_bytes")
        .filter(Column::WorkspaceId.eq(workspace.to_string()))
        .into_model::<KitTotals>()
        .one(database.read())
        .await?;
    Ok(totals.unwrap_or_default())
}

/// The kit that a job draws.
pub(crate) async fn kit_of_job(
    tx: &impl ConnectionTrait,
    workspace: &str,
    job: &JobId,
) -> Result<Option<kit::Model>, DataError> {
    let query = kit::Entity::find()
        .filter(Column::WorkspaceId.eq(workspace))
        .filter(Column::JobId.eq(job.to_string()));
    Ok(query.one(tx).await?)
}

/// Notes where the file is. False where the kit was removed meanwhile.
pub(crate) async fn finish_kit(
    tx: &impl ConnectionTrait,
    workspace: WorkspaceId,
    id: KitId,
    object: ObjectId,
    size_bytes: i64,
    done_at: String,
) -> Result<bool, DataError> {
    let noted = kit::Entity::update_many()
        .col_expr(Column::ObjectId, Expr::value(object.to_string()))
        .col_expr(Column::SizeBytes, Expr::value(size_bytes))
        .col_expr(Column::DoneAt, Expr::value(done_at))
        .filter(Column::Id.eq(id.to_string()))
        .filter(Column::WorkspaceId.eq(workspace.to_string()))
        .exec(tx)
        .await?;
    Ok(noted.rows_affected == 1)
}

/// Removes a kit; gives its file's id.
pub(crate) async fn delete_kit(
    tx: &impl ConnectionTrait,
    workspace: &str,
    id: &str,
) -> Result<Option<String>, DataError> {
    let own = kit::Entity::find_by_id(id).filter(Column::WorkspaceId.eq(workspace));
    let Some(row) = own.one(tx).await? else {
        return Ok(None);
    };
    kit::Entity::delete_by_id(id).exec(tx).await?;
    Ok(row.object_id)
}

pub(super) struct CreateKit;

impl MigrationName for CreateKit {
    fn name(&self) -> &'static str {
        "luna_0002_kit"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for CreateKit {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let text = |name: &'static str| ColumnDef::new(name).text().not_null().take();
        let optional = |name: &'static str| ColumnDef::new(name).text().take();
        let table = Table::create()
            .table("luna_kit")
            .col(text("id").primary_key())
            .col(text("workspace_id"))
            .col(optional("user_id"))
            .col(optional("key_id"))
            .col(text("recipe"))
            .col(text("filename"))
            .col(text("job_id"))
            .col(optional("object_id"))
            .col(ColumnDef::new("size_bytes").big_integer())
            .col(text("created_at"))
            .col(optional("done_at"))
            .foreign_key(
                ForeignKey::create()
                    .from("luna_kit", "workspace_id")
                    .to("workspace", "id")
                    .on_delete(ForeignKeyAction::Cascade),
            )
            .take();
        manager.create_table(table).await?;
        let index = Index::create()
            .name("luna_kit_workspace_id_id_idx")
            .table("luna_kit")
            .col("workspace_id")
            .col("id")
            .take();
        manager.create_index(index).await
    }
}
