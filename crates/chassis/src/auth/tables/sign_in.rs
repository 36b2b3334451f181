//! What is stored of sessions, where they came from, second factors, resets and failed attempts.

use sea_orm::DbErr;
use sea_orm::sea_query::{
    ColumnDef, ForeignKey, ForeignKeyAction, Index, Table, TableCreateStatement,
};
use sea_orm_migration::{MigrationName, MigrationTrait, SchemaManager, async_trait};

pub(crate) mod session {
    //! A signed-in browser, or a client with its family of tokens.
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "session")]
    pub(crate) struct Model {
        #[sea_orm(primary_key, auto_increment = false, column_type = "Text")]
        pub id: String,
        #[sea_orm(column_type = "Text")]
        pub user_id: String,
        /// The workspace that was chosen at sign-in.
        #[sea_orm(column_type = "Text")]
        pub workspace_id: String,
        /// `browser` or `api`.
        #[sea_orm(column_type = "Text")]
        pub kind: String,
        /// BLAKE3 of the cookie, or of the newest refresh token.
        #[sea_orm(column_type = "Text", unique)]
        pub secret_hash: String,
        /// What the client called itself.
        #[sea_orm(column_type = "Text")]
        pub client: String,
        #[sea_orm(column_type = "Text")]
        pub created_at: String,
        #[sea_orm(column_type = "Text")]
        pub last_used_at: String,
        #[sea_orm(column_type = "Text")]
        pub expires_at: String,
        #[sea_orm(column_type = "Text", nullable)]
        pub ended_at: Option<String>,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub(crate) enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

pub(crate) mod refresh_use {
    //! A refresh token that was exchanged.
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "refresh_use")]
    pub(crate) struct Model {
        #[sea_orm(primary_key, auto_increment = false, column_type = "Text")]
        pub secret_hash: String,
        #[sea_orm(column_type = "Text")]
        pub session_id: String,
        #[sea_orm(column_type = "Text")]
        pub used_at: String,
        /// The hash of the token that was given for it; none where it was replaced unused.
        #[sea_orm(column_type = "Text", nullable)]
        pub successor_hash: Option<String>,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub(crate) enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

pub(crate) mod second_factor {
    //! A person's one-time codes.
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "second_factor")]
    pub(crate) struct Model {
        #[sea_orm(primary_key, auto_increment = false, column_type = "Text")]
        pub user_id: String,
        /// Base 32.
        #[sea_orm(column_type = "Text")]
        pub secret: String,
        #[sea_orm(column_type = "Text")]
        pub created_at: String,
        /// Asked for at sign-in from then on.
        #[sea_orm(column_type = "Text", nullable)]
        pub confirmed_at: Option<String>,
        /// The step of the newest code that was taken: none of it or before is taken again.
        pub last_step: i64,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub(crate) enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

pub(crate) mod recovery_code {
    //! A code for the day when the telephone is lost.
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "recovery_code")]
    pub(crate) struct Model {
        #[sea_orm(primary_key, auto_increment = false, column_type = "Text")]
        pub code_hash: String,
        #[sea_orm(column_type = "Text")]
        pub user_id: String,
        #[sea_orm(column_type = "Text", nullable)]
        pub used_at: Option<String>,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub(crate) enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

pub(crate) mod password_reset {
    //! A link that was mailed.
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "password_reset")]
    pub(crate) struct Model {
        #[sea_orm(primary_key, auto_increment = false, column_type = "Text")]
        pub secret_hash: String,
        #[sea_orm(column_type = "Text")]
        pub user_id: String,
        #[sea_orm(column_type = "Text")]
        pub created_at: String,
        #[sea_orm(column_type = "Text")]
        pub expires_at: String,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub(crate) enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

pub(crate) mod sign_in_attempt {
    //! Failures to sign in with an address, whether or not somebody has it.
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "sign_in_attempt")]
    pub(crate) struct Model {
        /// BLAKE3 of the address in lower case.
        #[sea_orm(primary_key, auto_increment = false, column_type = "Text")]
        pub account_hash: String,
        pub failures: i32,
        #[sea_orm(column_type = "Text")]
        pub last_at: String,
        #[sea_orm(column_type = "Text", nullable)]
        pub locked_until: Option<String>,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub(crate) enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

pub(crate) mod seen {
    //! A device or a network that a person signed in from.
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "sign_in_seen")]
    pub(crate) struct Model {
        #[sea_orm(primary_key, auto_increment = false, column_type = "Text")]
        pub user_id: String,
        /// BLAKE3 of which of the two it is, the person, and it.
        #[sea_orm(primary_key, auto_increment = false, column_type = "Text")]
        pub mark: String,
        #[sea_orm(column_type = "Text")]
        pub last_at: String,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub(crate) enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

pub(crate) mod signing_key {
    //! The secret that signs access tokens, where the configuration names none.
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "signing_key")]
    pub(crate) struct Model {
        #[sea_orm(primary_key, auto_increment = false, column_type = "Text")]
        pub id: String,
        #[sea_orm(column_type = "Text")]
        pub secret: String,
        #[sea_orm(column_type = "Text")]
        pub created_at: String,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub(crate) enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

/// In order. Applied ones are never changed; a new one goes to the end.
pub(crate) fn migrations() -> Vec<Box<dyn MigrationTrait>> {
    vec![
        Box::new(Step("chassis_0010_sessions", sessions)),
        Box::new(Step("chassis_0011_second_factors", second_factors)),
        Box::new(Step("chassis_0012_password_resets", password_resets)),
        Box::new(Step("chassis_0013_sign_in_attempts", sign_in_attempts)),
        Box::new(Step("chassis_0014_signing_keys", signing_keys)),
        Box::new(Step("chassis_0016_sign_ins_seen", sign_ins_seen)),
    ]
}

/// A migration that makes tables, each with the columns to index.
struct Step(&'static str, fn() -> Made);

impl MigrationName for Step {
    fn name(&self) -> &'static str {
        self.0
    }
}

#[async_trait::async_trait]
impl MigrationTrait for Step {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for (table, indexes) in (self.1)() {
            manager.create_table(table).await?;
            for (table, column) in indexes {
                let index = Index::create()
                    .name(format!("{table}_{column}_idx"))
                    .table(*table)
                    .col(*column)
                    .take();
                manager.create_index(index).await?;
            }
        }
        Ok(())
    }
}

type Made = Vec<(
    TableCreateStatement,
    &'static [(&'static str, &'static str)],
)>;

fn sessions() -> Made {
    let session = Table::create()
        .table("session")
        .col(text("id").primary_key())
        .col(text("user_id"))
        .col(text("workspace_id"))
        .col(text("kind"))
        .col(text("secret_hash").unique_key())
        .col(text("client"))
        .col(text("created_at"))
        .col(text("last_used_at"))
        .col(text("expires_at"))
        .col(optional("ended_at"))
        .foreign_key(&mut of("session", "user_id", "user"))
        .foreign_key(&mut of("session", "workspace_id", "workspace"))
        .take();
    let refresh_use = Table::create()
        .table("refresh_use")
        .col(text("secret_hash").primary_key())
        .col(text("session_id"))
        .col(text("used_at"))
        .col(optional("successor_hash"))
        .foreign_key(&mut of("refresh_use", "session_id", "session"))
        .take();
    vec![
        (
            session,
            &[("session", "user_id"), ("session", "expires_at")],
        ),
        (refresh_use, &[("refresh_use", "session_id")]),
    ]
}

fn second_factors() -> Made {
    let second_factor = Table::create()
        .table("second_factor")
        .col(text("user_id").primary_key())
        .col(text("secret"))
        .col(text("created_at"))
        .col(optional("confirmed_at"))
        .col(ColumnDef::new("last_step").big_integer().not_null())
        .foreign_key(&mut of("second_factor", "user_id", "user"))
        .take();
    let recovery_code = Table::create()
        .table("recovery_code")
        .col(text("code_hash").primary_key())
        .col(text("user_id"))
        .col(optional("used_at"))
        .foreign_key(&mut of("recovery_code", "user_id", "user"))
        .take();
    vec![
        (second_factor, &[]),
        (recovery_code, &[("recovery_code", "user_id")]),
    ]
}

fn password_resets() -> Made {
    let password_reset = Table::create()
        .table("password_reset")
        .col(text("secret_hash").primary_key())
        .col(text("user_id"))
        .col(text("created_at"))
        .col(text("expires_at"))
        .foreign_key(&mut of("password_reset", "user_id", "user"))
        .take();
    vec![(password_reset, &[("password_reset", "user_id")])]
}

fn sign_in_attempts() -> Made {
    let sign_in_attempt = Table::create()
        .table("sign_in_attempt")
        .col(text("account_hash").primary_key())
        .col(ColumnDef::new("failures").integer().not_null())
        .col(text("last_at"))
        .col(optional("locked_until"))
        .take();
    vec![(sign_in_attempt, &[("sign_in_attempt", "last_at")])]
}

fn signing_keys() -> Made {
    let signing_key = Table::create()
        .table("signing_key")
        .col(text("id").primary_key())
        .col(text("secret"))
        .col(text("created_at"))
        .take();
    vec![(signing_key, &[])]
}

fn sign_ins_seen() -> Made {
    let seen = Table::create()
        .table("sign_in_seen")
        .col(text("user_id"))
        .col(text("mark"))
        .col(text("last_at"))
        .primary_key(Index::create().col("user_id").col("mark"))
        .foreign_key(&mut of("sign_in_seen", "user_id", "user"))
        .take();
    vec![(seen, &[("sign_in_seen", "last_at")])]
}

fn text(name: &'static str) -> ColumnDef {
    ColumnDef::new(name).text().not_null().take()
}

fn optional(name: &'static str) -> ColumnDef {
    ColumnDef::new(name).text().take()
}

fn of(
    table: &'static str,
    column: &'static str,
    other: &'static str,
) -> sea_orm::sea_query::ForeignKeyCreateStatement {
    ForeignKey::create()
        .from(table, column)
        .to(other, "id")
        .on_delete(ForeignKeyAction::Cascade)
        .take()
}
