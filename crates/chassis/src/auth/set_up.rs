//! The first account: a link that the start prints while nobody has one, good once and until the next start.

use std::sync::atomic::{AtomicBool, Ordering};

use sea_orm::sea_query::{ColumnDef, Table};
use sea_orm::{
    ActiveValue::Set, DatabaseTransaction, DbErr, EntityTrait, PaginatorTrait, QuerySelect,
};
use sea_orm_migration::{MigrationName, MigrationTrait, SchemaManager, async_trait};
use serde_json::Value;

use super::audit::{self, Actor, Entry};
use super::tables::{member, user};
use super::{Auth, Role, UserId, WorkspaceId, keys};
use crate::clock::Timestamp;
use crate::config::Secret;
use crate::data::{DataError, Database};
use crate::i18n::Language;

mod set_up_link {
    //! The link that is good now; at most one row.
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "set_up_link")]
    pub(super) struct Model {
        #[sea_orm(primary_key, auto_increment = false, column_type = "Text")]
        pub secret_hash: String,
        #[sea_orm(column_type = "Text")]
        pub created_at: String,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub(super) enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

const PREFIX: &str = "setup_";

/// Makes a link's token where nobody has an account, and voids the one before. `None` where somebody has.
pub async fn token(database: &Database) -> Result<Option<Secret>, DataError> {
    let secret = keys::generate(PREFIX);
    let row = set_up_link::ActiveModel {
        secret_hash: Set(keys::hex(&keys::hash(&secret))),
        created_at: Set(database.clock().now().to_string()),
    };
    let made = database
        .write(move |tx| {
            Box::pin(async move {
                set_up_link::Entity::delete_many().exec(tx).await?;
                if user::Entity::find().count(tx).await? > 0 {
                    return Ok(false);
                }
                set_up_link::Entity::insert(row)
                    .exec_without_returning(tx)
                    .await?;
                Ok::<_, DataError>(true)
            })
        })
        .await?;
    Ok(made.then(|| Secret::new(secret)))
}

async fn is_done(database: &Database) -> Result<bool, DataError> {
    let one = user::Entity::find().limit(1).one(database.read());
    Ok(one.await?.is_some())
}

/// Whether somebody has an account, remembered once it is so.
pub(crate) struct Watch {
    database: Database,
    /// Once somebody has an account, somebody always has one.
    is_done: AtomicBool,
}

impl Watch {
    /// Over a database that is up to date.
    pub(crate) fn new(database: &Database) -> Self {
        Self {
            database: database.clone(),
            is_done: AtomicBool::new(false),
        }
    }

    /// Whether somebody has one. Where the database does not answer: whoever asks then most likely has an account.
    pub(crate) async fn is_done(&self) -> bool {
        if self.is_done.load(Ordering::Relaxed) {
            return true;
        }
        let answer = is_done(&self.database).await;
        if let Ok(true) = answer {
            self.is_done.store(true, Ordering::Relaxed);
        }
        answer.unwrap_or(true)
    }
}

/// Who is to own the house.
pub(super) struct Owner {
    pub(super) name: String,
    pub(super) email: String,
    pub(super) language: Language,
    pub(super) password_hash: String,
}

/// What became of a link.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    /// The account is made.
    Made(UserId),
    /// Somebody has an account already.
    Done,
    /// The link is not the newest.
    Over,
}

/// Whether a link is good, before its password is hashed.
pub(super) async fn look(auth: &Auth, token: &str) -> Result<Outcome, DataError> {
    let read = auth.database().read();
    if user::Entity::find().count(read).await? > 0 {
        return Ok(Outcome::Done);
    }
    let id = UserId::generate(auth.clock());
    let row = set_up_link::Entity::find_by_id(keys::hex(&keys::hash(token)))
        .one(read)
        .await?;
    Ok(row.map_or(Outcome::Over, |_| Outcome::Made(id)))
}

/// Makes the first account, owner of the home workspace, and uses the link up.
pub(super) async fn make(
    auth: &Auth,
    token: &str,
    owner: Owner,
    home: WorkspaceId,
) -> Result<Outcome, DataError> {
    let (now, id) = (auth.clock().now(), UserId::generate(auth.clock()));
    let link = keys::hex(&keys::hash(token));
    auth.database()
        .write(move |tx| {
            Box::pin(async move {
                // Of two at once, one finds the link.
                let used = set_up_link::Entity::delete_by_id(link).exec(tx).await?;
                if user::Entity::find().count(tx).await? > 0 {
                    return Ok(Outcome::Done);
                }
                if used.rows_affected == 0 {
                    return Ok(Outcome::Over);
                }
                insert(tx, id, owner, home, now).await?;
                Ok::<_, DataError>(Outcome::Made(id))
            })
        })
        .await
}

async fn insert(
    tx: &DatabaseTransaction,
    id: UserId,
    owner: Owner,
    home: WorkspaceId,
    now: Timestamp,
) -> Result<(), DataError> {
    let person = user::ActiveModel {
        id: Set(id.to_string()),
        email: Set(owner.email),
        name: Set(owner.name),
        language: Set(owner.language.code().to_owned()),
        password_hash: Set(Some(owner.password_hash)),
        created_at: Set(now.to_string()),
        disabled_at: Set(None),
    };
    user::Entity::insert(person)
        .exec_without_returning(tx)
        .await?;
    let membership = member::ActiveModel {
        workspace_id: Set(home.to_string()),
        user_id: Set(id.to_string()),
        role: Set(Role::Owner.word().to_owned()),
        created_at: Set(now.to_string()),
    };
    member::Entity::insert(membership)
        .exec_without_returning(tx)
        .await?;
    let entry = Entry {
        workspace: home,
        actor: Actor::User(id),
        action: "auth.set_up",
        subject: format!("user:{id}"),
        detail: Value::Null,
        at: now,
    };
    audit::record(tx, entry).await
}

pub(super) fn migrations() -> Vec<Box<dyn MigrationTrait>> {
    vec![Box::new(CreateLink)]
}

struct CreateLink;

impl MigrationName for CreateLink {
    fn name(&self) -> &'static str {
        "chassis_0019_set_up_link"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for CreateLink {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let table = Table::create()
            .table("set_up_link")
            .col(
                ColumnDef::new("secret_hash")
                    .text()
                    .not_null()
                    .primary_key(),
            )
            .col(ColumnDef::new("created_at").text().not_null())
            .take();
        manager.create_table(table).await
    }
}
