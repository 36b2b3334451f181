//! What is stored of deliveries, webhooks and preferences.

use sea_orm::DbErr;
use sea_orm::sea_query::{ColumnDef, ForeignKey, ForeignKeyAction, Index, Table};
use sea_orm_migration::{MigrationName, MigrationTrait, SchemaManager, async_trait};

pub(super) mod delivery {
    //! The outbox: something to be said to one target, and how that went.
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "delivery")]
    pub(crate) struct Model {
        #[sea_orm(primary_key, auto_increment = false, column_type = "Text")]
        pub id: String,
        #[sea_orm(column_type = "Text", nullable)]
        pub workspace_id: Option<String>,
        #[sea_orm(column_type = "Text", nullable)]
        pub user_id: Option<String>,
        #[sea_orm(column_type = "Text", nullable)]
        pub webhook_id: Option<String>,
        /// `mail`, `telegram` or `webhook`.
        #[sea_orm(column_type = "Text")]
        pub channel: String,
        /// An address, a chat; of webhooks where it went last.
        #[sea_orm(column_type = "Text")]
        pub target: String,
        #[sea_orm(column_type = "Text")]
        pub template: String,
        #[sea_orm(column_type = "Text")]
        pub language: String,
        /// JSON. Emptied once a message to a person is delivered: links in it open accounts.
        #[sea_orm(column_type = "Text")]
        pub arguments: String,
        #[sea_orm(column_type = "Text", unique)]
        pub idempotency_key: String,
        /// `waiting`, `sending`, `delivered` or `failed`.
        #[sea_orm(column_type = "Text")]
        pub state: String,
        pub attempts: i32,
        #[sea_orm(column_type = "Text")]
        pub next_at: String,
        /// While `sending`: whoever sends it has until then; after that it is anybody's.
        #[sea_orm(column_type = "Text", nullable)]
        pub lease_until: Option<String>,
        #[sea_orm(column_type = "Text", nullable)]
        pub last_error: Option<String>,
        #[sea_orm(column_type = "Text")]
        pub created_at: String,
        #[sea_orm(column_type = "Text", nullable)]
        pub delivered_at: Option<String>,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub(crate) enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

pub(super) mod webhook {
    //! An address of a workspace that wants to be told.
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "webhook")]
    pub(crate) struct Model {
        #[sea_orm(primary_key, auto_increment = false, column_type = "Text")]
        pub id: String,
        #[sea_orm(column_type = "Text")]
        pub workspace_id: String,
        /// Who made it: told when it is disabled.
        #[sea_orm(column_type = "Text", nullable)]
        pub user_id: Option<String>,
        /// `standard`, `slack`, `discord` or `ntfy`.
        #[sea_orm(column_type = "Text")]
        pub shape: String,
        #[sea_orm(column_type = "Text")]
        pub url: String,
        /// Separated by spaces; `*` is all.
        #[sea_orm(column_type = "Text")]
        pub events: String,
        #[sea_orm(column_type = "Text")]
        pub language: String,
        /// `whsec_…`.
        #[sea_orm(column_type = "Text")]
        pub secret: String,
        /// The one before, which signs too until the time beside it.
        #[sea_orm(column_type = "Text", nullable)]
        pub old_secret: Option<String>,
        #[sea_orm(column_type = "Text", nullable)]
        pub old_secret_until: Option<String>,
        /// Failed attempts since the last success.
        pub failures: i32,
        #[sea_orm(column_type = "Text", nullable)]
        pub disabled_at: Option<String>,
        #[sea_orm(column_type = "Text")]
        pub created_at: String,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub(crate) enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

pub(super) mod preference {
    //! Which channels a person wants for a kind of event.
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "preference")]
    pub(crate) struct Model {
        #[sea_orm(primary_key, auto_increment = false, column_type = "Text")]
        pub user_id: String,
        #[sea_orm(primary_key, auto_increment = false, column_type = "Text")]
        pub kind: String,
        /// Separated by spaces; empty is none.
        #[sea_orm(column_type = "Text")]
        pub channels: String,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub(crate) enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

pub(super) mod reach {
    //! Where a person can be reached, and when not.
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "reach")]
    pub(crate) struct Model {
        #[sea_orm(primary_key, auto_increment = false, column_type = "Text")]
        pub user_id: String,
        #[sea_orm(column_type = "Text", nullable)]
        pub telegram_chat: Option<String>,
        /// `22:00-07:00+02:00`.
        #[sea_orm(column_type = "Text", nullable)]
        pub quiet: Option<String>,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub(crate) enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

pub(super) mod pause {
    //! Something that is not said again for a while.
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "notice_pause")]
    pub(crate) struct Model {
        /// What is said, where, to whom, and about what.
        #[sea_orm(primary_key, auto_increment = false, column_type = "Text")]
        pub key: String,
        #[sea_orm(column_type = "Text")]
        pub until: String,
        /// How often it was to be said meanwhile.
        pub held_back: i32,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub(crate) enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

/// In order. Applied ones are never changed; a new one goes to the end.
pub(super) fn migrations() -> Vec<Box<dyn MigrationTrait>> {
    vec![
        Box::new(CreateOutbox),
        Box::new(CreatePreferences),
        Box::new(CreatePauses),
    ]
}

fn text(name: &'static str) -> ColumnDef {
    ColumnDef::new(name).text().not_null().take()
}

fn optional(name: &'static str) -> ColumnDef {
    ColumnDef::new(name).text().take()
}

fn count(name: &'static str) -> ColumnDef {
    ColumnDef::new(name).integer().not_null().take()
}

fn key(
    table: &'static str,
    column: &'static str,
    other: &'static str,
    on_delete: ForeignKeyAction,
) -> sea_orm::sea_query::ForeignKeyCreateStatement {
    ForeignKey::create()
        .from(table, column)
        .to(other, "id")
        .on_delete(on_delete)
        .take()
}

struct CreateOutbox;

impl MigrationName for CreateOutbox {
    fn name(&self) -> &'static str {
        "chassis_0050_outbox"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for CreateOutbox {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        use ForeignKeyAction::{Cascade, SetNull};
        let webhook = Table::create()
            .table("webhook")
            .col(text("id").primary_key())
            .col(text("workspace_id"))
            .col(optional("user_id"))
            .col(text("shape"))
            .col(text("url"))
            .col(text("events"))
            .col(text("language"))
            .col(text("secret"))
            .col(optional("old_secret"))
            .col(optional("old_secret_until"))
            .col(count("failures"))
            .col(optional("disabled_at"))
            .col(text("created_at"))
            .foreign_key(&mut key("webhook", "workspace_id", "workspace", Cascade))
            .foreign_key(&mut key("webhook", "user_id", "user", SetNull))
            .take();
        manager.create_table(webhook).await?;
        let delivery = Table::create()
            .table("delivery")
            .col(text("id").primary_key())
            .col(optional("workspace_id"))
            .col(optional("user_id"))
            .col(optional("webhook_id"))
            .col(text("channel"))
            .col(text("target"))
            .col(text("template"))
            .col(text("language"))
            .col(text("arguments"))
            .col(text("idempotency_key").unique_key())
            .col(text("state"))
            .col(count("attempts"))
            .col(text("next_at"))
            .col(optional("lease_until"))
            .col(optional("last_error"))
            .col(text("created_at"))
            .col(optional("delivered_at"))
            .foreign_key(&mut key("delivery", "workspace_id", "workspace", Cascade))
            .foreign_key(&mut key("delivery", "user_id", "user", Cascade))
            .foreign_key(&mut key("delivery", "webhook_id", "webhook", Cascade))
            .take();
        manager.create_table(delivery).await?;
        for (name, table, columns) in [
            ("webhook_workspace_id_idx", "webhook", &["workspace_id"][..]),
            (
                "delivery_due_idx",
                "delivery",
                &["channel", "state", "next_at"],
            ),
            ("delivery_webhook_id_idx", "delivery", &["webhook_id", "id"]),
        ] {
            let mut index = Index::create().name(name).table(table).take();
            for column in columns {
                index.col(*column);
            }
            manager.create_index(index).await?;
        }
        Ok(())
    }
}

struct CreatePreferences;

impl MigrationName for CreatePreferences {
    fn name(&self) -> &'static str {
        "chassis_0051_preferences"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for CreatePreferences {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        use ForeignKeyAction::Cascade;
        let preference = Table::create()
            .table("preference")
            .col(text("user_id"))
            .col(text("kind"))
            .col(text("channels"))
            .primary_key(Index::create().col("user_id").col("kind"))
            .foreign_key(&mut key("preference", "user_id", "user", Cascade))
            .take();
        manager.create_table(preference).await?;
        let reach = Table::create()
            .table("reach")
            .col(text("user_id").primary_key())
            .col(optional("telegram_chat"))
            .col(optional("quiet"))
            .foreign_key(&mut key("reach", "user_id", "user", Cascade))
            .take();
        manager.create_table(reach).await
    }
}

struct CreatePauses;

impl MigrationName for CreatePauses {
    fn name(&self) -> &'static str {
        "chassis_0052_notice_pauses"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for CreatePauses {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let pause = Table::create()
            .table("notice_pause")
            .col(text("key").primary_key())
            .col(text("until"))
            .col(count("held_back"))
            .take();
        manager.create_table(pause).await
    }
}
