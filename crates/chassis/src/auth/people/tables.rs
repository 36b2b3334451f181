//! What is stored of invitations.

use sea_orm::DbErr;
use sea_orm::sea_query::{ColumnDef, ForeignKey, ForeignKeyAction, Index, Table};
use sea_orm_migration::{MigrationName, MigrationTrait, SchemaManager, async_trait};

pub(crate) mod invitation {
    //! A way in that waits for somebody.
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "invitation")]
    pub(crate) struct Model {
        #[sea_orm(primary_key, auto_increment = false, column_type = "Text")]
        pub id: String,
        #[sea_orm(column_type = "Text")]
        pub workspace_id: String,
        /// As it is compared: lower case.
        #[sea_orm(column_type = "Text")]
        pub email: String,
        /// As the inviting person wrote it; empty where he did not.
        #[sea_orm(column_type = "Text")]
        pub name: String,
        #[sea_orm(column_type = "Text")]
        pub language: String,
        #[sea_orm(column_type = "Text")]
        pub role: String,
        /// BLAKE3 of the token, in hexadecimal.
        #[sea_orm(column_type = "Text", unique)]
        pub secret_hash: String,
        /// Who invites; none for a key that no person made.
        #[sea_orm(column_type = "Text", nullable)]
        pub user_id: Option<String>,
        #[sea_orm(column_type = "Text")]
        pub created_at: String,
        #[sea_orm(column_type = "Text")]
        pub expires_at: String,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub(crate) enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

/// In order. Applied ones are never changed; a new one goes to the end.
pub(crate) fn migrations() -> Vec<Box<dyn MigrationTrait>> {
    vec![Box::new(CreateInvitations)]
}

struct CreateInvitations;

impl MigrationName for CreateInvitations {
    fn name(&self) -> &'static str {
        "chassis_0015_invitations"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for CreateInvitations {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let text = |name: &'static str| ColumnDef::new(name).text().not_null().take();
        let of = |column: &'static str, other: &'static str, action: ForeignKeyAction| {
            ForeignKey::create()
                .from("invitation", column)
                .to(other, "id")
                .on_delete(action)
                .take()
        };
        let invitation = Table::create()
            .table("invitation")
            .col(text("id").primary_key())
            .col(text("workspace_id"))
            .col(text("email"))
            .col(text("name"))
            .col(text("language"))
            .col(text("role"))
            .col(text("secret_hash").unique_key())
            .col(ColumnDef::new("user_id").text())
            .col(text("created_at"))
            .col(text("expires_at"))
            .foreign_key(&mut of("workspace_id", "workspace", ForeignKeyAction::Cascade))
            // Who invited may go; whom he invited still may come.
            .foreign_key(&mut of("user_id", "user", ForeignKeyAction::SetNull))
            .take();
        manager.create_table(invitation).await?;
        for column in ["workspace_id", "expires_at"] {
            let index = Index::create()
                .name(format!("invitation_{column}_idx"))
                .table("invitation")
                .col(column)
                .take();
            manager.create_index(index).await?;
        }
        Ok(())
    }
}
