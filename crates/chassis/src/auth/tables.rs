//! What is stored of workspaces, people and keys.

pub(crate) mod sign_in;

use sea_orm::sea_query::{ColumnDef, ForeignKey, ForeignKeyAction, Index, Table};
use sea_orm::{ActiveValue::Set, DbErr, EntityTrait, QueryOrder};
use sea_orm_migration::{MigrationName, MigrationTrait, SchemaManager, async_trait};

use super::WorkspaceId;
use crate::data::{DataError, Database};

pub(crate) mod workspace {
    //! A team and everything that it owns.
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "workspace")]
    pub(crate) struct Model {
        #[sea_orm(primary_key, auto_increment = false, column_type = "Text")]
        pub id: String,
        #[sea_orm(column_type = "Text")]
        pub name: String,
        /// The name of its plan: what it may use.
        #[sea_orm(column_type = "Text")]
        pub plan: String,
        #[sea_orm(column_type = "Text")]
        pub created_at: String,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub(crate) enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

pub(crate) mod user {
    //! A person with an account.
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "user")]
    pub(crate) struct Model {
        #[sea_orm(primary_key, auto_increment = false, column_type = "Text")]
        pub id: String,
        /// As it is compared: lower case.
        #[sea_orm(column_type = "Text", unique)]
        pub email: String,
        #[sea_orm(column_type = "Text")]
        pub name: String,
        /// `en` or `fr`.
        #[sea_orm(column_type = "Text")]
        pub language: String,
        /// Argon2id in the PHC string format; none until the invitation is accepted.
        #[sea_orm(column_type = "Text", nullable)]
        pub password_hash: Option<String>,
        #[sea_orm(column_type = "Text")]
        pub created_at: String,
        /// Set where the account may not be used any more.
        #[sea_orm(column_type = "Text", nullable)]
        pub disabled_at: Option<String>,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub(crate) enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

pub(crate) mod member {
    //! A person in a workspace.
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "member")]
    pub(crate) struct Model {
        #[sea_orm(primary_key, auto_increment = false, column_type = "Text")]
        pub workspace_id: String,
        #[sea_orm(primary_key, auto_increment = false, column_type = "Text")]
        pub user_id: String,
        #[sea_orm(column_type = "Text")]
        pub role: String,
        #[sea_orm(column_type = "Text")]
        pub created_at: String,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub(crate) enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

pub(crate) mod api_key {
    //! A key for programs.
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "api_key")]
    pub(crate) struct Model {
        #[sea_orm(primary_key, auto_increment = false, column_type = "Text")]
        pub id: String,
        #[sea_orm(column_type = "Text")]
        pub workspace_id: String,
        /// Who made it; its power ends with his. None for keys of the command line.
        #[sea_orm(column_type = "Text", nullable)]
        pub user_id: Option<String>,
        #[sea_orm(column_type = "Text")]
        pub name: String,
        /// The first characters, by which a person knows it again.
        #[sea_orm(column_type = "Text")]
        pub prefix: String,
        /// BLAKE3 of the secret, in hexadecimal.
        #[sea_orm(column_type = "Text", unique)]
        pub secret_hash: String,
        /// Separated by spaces.
        #[sea_orm(column_type = "Text")]
        pub scopes: String,
        #[sea_orm(column_type = "Text")]
        pub created_at: String,
        #[sea_orm(column_type = "Text", nullable)]
        pub expires_at: Option<String>,
        #[sea_orm(column_type = "Text", nullable)]
        pub revoked_at: Option<String>,
        #[sea_orm(column_type = "Text", nullable)]
        pub last_used_at: Option<String>,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub(crate) enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

/// In order. Applied ones are never changed; a new one goes to the end.
pub(super) fn migrations() -> Vec<Box<dyn MigrationTrait>> {
    let mut all: Vec<Box<dyn MigrationTrait>> = vec![Box::new(CreateAccounts)];
    all.extend(sign_in::migrations());
    all.extend(super::people::tables::migrations());
    all
}

/// The oldest workspace, made where there is none: everything of a single team is in it.
pub(super) async fn home_workspace(database: &Database) -> Result<WorkspaceId, DataError> {
    let oldest = || {
        workspace::Entity::find()
            .order_by_asc(workspace::Column::CreatedAt)
            .order_by_asc(workspace::Column::Id)
    };
    let id_of = |row: workspace::Model| {
        row.id.parse().map_err(|_| DataError::Malformed {
            column: "workspace.id",
        })
    };
    if let Some(row) = oldest().one(database.read()).await? {
        return id_of(row);
    }
    let now = database.clock().now().to_string();
    database
        .write(move |tx| {
            Box::pin(async move {
                // Instances that start together on one database make one: the fixed id lets the second find the first's.
                let row = workspace::ActiveModel {
                    id: Set(HOME.to_owned()),
                    name: Set("Home".to_owned()),
                    plan: Set("standard".to_owned()),
                    created_at: Set(now),
                };
                workspace::Entity::insert(row)
                    .on_conflict_do_nothing_on([workspace::Column::Id])
                    .exec_without_returning(tx)
                    .await?;
                Ok::<_, DataError>(())
            })
        })
        .await?;
    match oldest().one(database.read()).await? {
        Some(row) => id_of(row),
        None => Err(DataError::Lost("the first workspace".to_owned())),
    }
}

/// Makes a workspace with the usual plan.
pub(super) async fn create_workspace(
    database: &Database,
    name: &str,
) -> Result<WorkspaceId, DataError> {
    let id = WorkspaceId::generate(database.clock());
    let row = workspace::ActiveModel {
        id: Set(id.to_string()),
        name: Set(name.to_owned()),
        plan: Set("standard".to_owned()),
        created_at: Set(database.clock().now().to_string()),
    };
    database
        .write(move |tx| {
            Box::pin(async move {
                workspace::Entity::insert(row)
                    .exec_without_returning(tx)
                    .await?;
                Ok::<_, DataError>(())
            })
        })
        .await?;
    Ok(id)
}

/// The first workspace's id, the least that there is.
const HOME: &str = "00000000000000000000000000";

struct CreateAccounts;

impl MigrationName for CreateAccounts {
    fn name(&self) -> &'static str {
        "chassis_0002_accounts"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for CreateAccounts {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let text = |name: &'static str| ColumnDef::new(name).text().not_null().take();
        let optional = |name: &'static str| ColumnDef::new(name).text().take();
        let workspace = Table::create()
            .table("workspace")
            .col(text("id").primary_key())
            .col(text("name"))
            .col(text("plan"))
            .col(text("created_at"))
            .take();
        manager.create_table(workspace).await?;
        let user = Table::create()
            .table("user")
            .col(text("id").primary_key())
            .col(text("email").unique_key())
            .col(text("name"))
            .col(text("language"))
            .col(optional("password_hash"))
            .col(text("created_at"))
            .col(optional("disabled_at"))
            .take();
        manager.create_table(user).await?;
        let of = |table: &'static str, column: &'static str, other: &'static str| {
            ForeignKey::create()
                .from(table, column)
                .to(other, "id")
                .on_delete(ForeignKeyAction::Cascade)
                .take()
        };
        let member = Table::create()
            .table("member")
            .col(text("workspace_id"))
            .col(text("user_id"))
            .col(text("role"))
            .col(text("created_at"))
            .primary_key(Index::create().col("workspace_id").col("user_id"))
            .foreign_key(&mut of("member", "workspace_id", "workspace"))
            .foreign_key(&mut of("member", "user_id", "user"))
            .take();
        manager.create_table(member).await?;
        let api_key = Table::create()
            .table("api_key")
            .col(text("id").primary_key())
            .col(text("workspace_id"))
            .col(optional("user_id"))
            .col(text("name"))
            .col(text("prefix"))
            .col(text("secret_hash").unique_key())
            .col(text("scopes"))
            .col(text("created_at"))
            .col(optional("expires_at"))
            .col(optional("revoked_at"))
            .col(optional("last_used_at"))
            .foreign_key(&mut of("api_key", "workspace_id", "workspace"))
            .foreign_key(&mut of("api_key", "user_id", "user"))
            .take();
        manager.create_table(api_key).await?;
        for (name, table, column) in [
            ("member_user_id_idx", "member", "user_id"),
            ("api_key_workspace_id_idx", "api_key", "workspace_id"),
        ] {
            let index = Index::create().name(name).table(table).col(column).take();
            manager.create_index(index).await?;
        }
        Ok(())
    }
}
