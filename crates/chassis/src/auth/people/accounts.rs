//! The accounts behind members: name, language, whether they may be used.

use sea_orm::sea_query::Expr;
use sea_orm::{ActiveValue::Set, ColumnTrait, EntityTrait, QueryFilter, QuerySelect};
use serde_json::json;

use super::super::sessions::{self, parsed};
use super::super::tables::user;
use super::super::{Auth, Caller, Role, UserId};
use super::members::{self, Member};
use super::{Tx, conflict, hold, record, rights};
use crate::clock::Timestamp;
use crate::data::DataError;
use crate::http::problem::Problem;
use crate::i18n::Language;

/// What is to change.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Change {
    pub(crate) name: Option<String>,
    pub(crate) language: Option<Language>,
    pub(crate) disabled: Option<bool>,
}

/// An account to be made.
pub(crate) struct NewAccount {
    pub(crate) email: String,
    pub(crate) name: String,
    pub(crate) language: Language,
    pub(crate) password_hash: Option<String>,
}

/// Makes an account.
pub(crate) async fn create(
    tx: &Tx,
    id: UserId,
    new: NewAccount,
    now: Timestamp,
) -> Result<(), DataError> {
    let row = user::ActiveModel {
        id: Set(id.to_string()),
        email: Set(new.email),
        name: Set(new.name),
        language: Set(new.language.code().to_owned()),
        password_hash: Set(new.password_hash),
        created_at: Set(now.to_string()),
        disabled_at: Set(None),
    };
    user::Entity::insert(row).exec_without_returning(tx).await?;
    Ok(())
}

/// The account with this address.
pub(crate) async fn by_email<C: sea_orm::ConnectionTrait>(
    connection: &C,
    email: &str,
) -> Result<Option<user::Model>, DataError> {
    let row = user::Entity::find().filter(user::Column::Email.eq(email));
    Ok(row.one(connection).await?)
}

/// Changes an account of the caller's workspace. `by_self`: its own person asks, who may not switch himself off.
pub(crate) async fn change(
    auth: &Auth,
    caller: &Caller,
    user: &str,
    change: Change,
    by_self: bool,
) -> Result<Member, Problem> {
    if by_self && change.disabled.is_some() {
        return Err(conflict("people.not_oneself"));
    }
    let (caller, user) = (caller.clone(), user.to_owned());
    let now = auth.clock().now();
    let (changed, ended) = auth
        .database()
        .write(move |tx| {
            Box::pin(async move {
                hold(tx, caller.workspace).await?;
                let before = members::named(tx, caller.workspace, &user).await?;
                if !by_self {
                    may_change(tx, &caller, &before, &change).await?;
                }
                let after = applied(&before, &change, now);
                write(tx, &after.person).await?;
                let id: UserId = parsed(&user, "user.id")?;
                let is_closed = change.disabled == Some(true);
                let ended = if is_closed {
                    sessions::end_in(tx, id, None, now).await?
                } else {
                    Vec::new()
                };
                let detail = json!({
                    "name": change.name.is_some(),
                    "language": change.language.is_some(),
                    "disabled": change.disabled,
                });
                let subject = format!("user:{user}");
                record(tx, &caller, "user.change", subject, detail, now).await?;
                Ok::<_, Problem>((after, ended))
            })
        })
        .await?;
    auth.revoke(ended);
    auth.forget();
    Ok(changed)
}

/// Somebody who is in other workspaces too is changed by himself alone: anybody may make a workspace and add him there.
async fn may_change(
    tx: &Tx,
    caller: &Caller,
    before: &Member,
    change: &Change,
) -> Result<(), Problem> {
    rights::may_touch(caller, before.role)?;
    // Held, so that nobody adds him elsewhere meanwhile.
    user::Entity::find_by_id(&*before.person.id)
        .lock_exclusive()
        .one(tx)
        .await
        .map_err(DataError::from)?;
    if members::workspaces_of(tx, &before.person.id).await? > 1 {
        return Err(conflict("people.elsewhere_too"));
    }
    if change.disabled == Some(true) && before.role == Role::Owner {
        members::other_owner(tx, caller.workspace, &before.person.id).await?;
    }
    Ok(())
}

fn applied(before: &Member, change: &Change, now: Timestamp) -> Member {
    let mut after = before.clone();
    if let Some(name) = &change.name {
        after.person.name.clone_from(name);
    }
    if let Some(language) = change.language {
        language.code().clone_into(&mut after.person.language);
    }
    match change.disabled {
        Some(true) if after.person.disabled_at.is_none() => {
            after.person.disabled_at = Some(now.to_string());
        }
        Some(false) => after.person.disabled_at = None,
        _ => {}
    }
    after
}

async fn write(tx: &Tx, person: &user::Model) -> Result<(), DataError> {
    user::Entity::update_many()
        .col_expr(user::Column::Name, Expr::value(&*person.name))
        .col_expr(user::Column::Language, Expr::value(&*person.language))
        .col_expr(
            user::Column::DisabledAt,
            Expr::value(person.disabled_at.clone()),
        )
        .filter(user::Column::Id.eq(&*person.id))
        .exec(tx)
        .await?;
    Ok(())
}

/// Lets an account be used again that was disabled because it was in no workspace. One that somebody disabled while it was
/// in one stays so.
pub(super) async fn enable_homeless(tx: &Tx, user: &str) -> Result<(), Problem> {
    let person = user::Entity::find_by_id(user)
        .lock_exclusive()
        .one(tx)
        .await
        .map_err(DataError::from)?;
    let is_disabled = person.is_some_and(|person| person.disabled_at.is_some());
    if !is_disabled {
        return Ok(());
    }
    if members::workspaces_of(tx, user).await? > 0 {
        return Err(conflict("people.account_disabled"));
    }
    user::Entity::update_many()
        .col_expr(user::Column::DisabledAt, Expr::value(None::<String>))
        .filter(user::Column::Id.eq(user))
        .exec(tx)
        .await
        .map_err(DataError::from)?;
    Ok(())
}
