//! What is stored: entries, and where each chain ends. The database itself refuses to change an entry.

use sea_orm::sea_query::{ColumnDef, Index, Table};
use sea_orm::{ConnectionTrait, DbBackend, DbErr};
use sea_orm_migration::{MigrationName, MigrationTrait, SchemaManager, async_trait};

pub(crate) mod audit {
    //! An entry.
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "audit")]
    pub(crate) struct Model {
        #[sea_orm(primary_key, auto_increment = false, column_type = "Text")]
        pub id: String,
        #[sea_orm(column_type = "Text")]
        pub workspace_id: String,
        /// From 1, without a gap.
        pub seq: i64,
        #[sea_orm(column_type = "Text")]
        pub at: String,
        #[sea_orm(column_type = "Text")]
        pub actor: String,
        #[sea_orm(column_type = "Text")]
        pub action: String,
        #[sea_orm(column_type = "Text")]
        pub subject: String,
        /// Canonical JSON.
        #[sea_orm(column_type = "Text")]
        pub detail: String,
        #[sea_orm(column_type = "Text")]
        pub previous_hash: String,
        #[sea_orm(column_type = "Text")]
        pub hash: String,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub(crate) enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

pub(crate) mod audit_head {
    //! The last entry of a workspace; who adds one holds this row.
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "audit_head")]
    pub(crate) struct Model {
        #[sea_orm(primary_key, auto_increment = false, column_type = "Text")]
        pub workspace_id: String,
        pub seq: i64,
        #[sea_orm(column_type = "Text")]
        pub hash: String,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub(crate) enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

/// In order. Applied ones are never changed; a new one goes to the end.
pub(crate) fn migrations() -> Vec<Box<dyn MigrationTrait>> {
    vec![Box::new(CreateAudit), Box::new(IndexAction)]
}

struct CreateAudit;

impl MigrationName for CreateAudit {
    fn name(&self) -> &'static str {
        "chassis_0018_audit"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for CreateAudit {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let text = |name: &'static str| ColumnDef::new(name).text().not_null().take();
        let number = |name: &'static str| ColumnDef::new(name).big_integer().not_null().take();
        // No foreign key to the workspace: what was done there outlives it.
        let audit = Table::create()
            .table("audit")
            .col(text("id").primary_key())
            .col(text("workspace_id"))
            .col(number("seq"))
            .col(text("at"))
            .col(text("actor"))
            .col(text("action"))
            .col(text("subject"))
            .col(text("detail"))
            .col(text("previous_hash"))
            .col(text("hash"))
            .take();
        manager.create_table(audit).await?;
        let head = Table::create()
            .table("audit_head")
            .col(text("workspace_id").primary_key())
            .col(number("seq"))
            .col(text("hash"))
            .take();
        manager.create_table(head).await?;
        let order = Index::create()
            .name("audit_workspace_id_seq_key")
            .table("audit")
            .col("workspace_id")
            .col("seq")
            .unique()
            .take();
        manager.create_index(order).await?;
        let connection = manager.get_connection();
        let statements: &[&str] = match connection.get_database_backend() {
            DbBackend::Postgres => &POSTGRES,
            _ => &SQLITE,
        };
        for statement in statements {
            connection.execute_unprepared(statement).await?;
        }
        Ok(())
    }
}

/// What was done of one kind, among all that was done.
struct IndexAction;

impl MigrationName for IndexAction {
    fn name(&self) -> &'static str {
        "chassis_0020_audit_action"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for IndexAction {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let index = Index::create()
            .name("audit_workspace_id_action_seq_idx")
            .table("audit")
            .col("workspace_id")
            .col("action")
            .col("seq")
            .take();
        manager.create_index(index).await
    }
}

const SQLITE: [&str; 2] = [
    "CREATE TRIGGER audit_no_update BEFORE UPDATE ON audit BEGIN SELECT RAISE(ABORT, 'audit entries are never changed'); END",
    "CREATE TRIGGER audit_no_delete BEFORE DELETE ON audit BEGIN SELECT RAISE(ABORT, 'audit entries are never removed'); END",
];

const POSTGRES: [&str; 3] = [
    "CREATE FUNCTION audit_is_kept() RETURNS trigger LANGUAGE plpgsql AS \
     $$ BEGIN RAISE EXCEPTION 'audit entries are never changed or removed'; END $$",
    "CREATE TRIGGER audit_no_change BEFORE UPDATE OR DELETE ON audit FOR EACH ROW EXECUTE FUNCTION audit_is_kept()",
    "CREATE TRIGGER audit_no_truncate BEFORE TRUNCATE ON audit FOR EACH STATEMENT EXECUTE FUNCTION audit_is_kept()",
];
