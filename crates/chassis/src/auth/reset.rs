//! A forgotten password: a link by mail, good once and for half an hour.

use std::time::Duration;

use sea_orm::sea_query::Expr;
use sea_orm::{ActiveValue::Set, ColumnTrait, EntityTrait, QueryFilter};
use serde_json::json;

use super::audit::{self, Actor};
use super::tables::sign_in::password_reset;
use super::tables::user;
use super::{Auth, Letter, SessionId, UserId, keys, lockout, sessions};
use crate::data::DataError;
use crate::http::problem::Problem;
use crate::i18n::Language;

/// How long a link is good.
const LIFE: Duration = Duration::from_mins(30);
/// One mail in this time for one person, however often it is asked for.
const PAUSE: Duration = Duration::from_mins(1);

const PREFIX: &str = "reset_";

/// Sends a link to the address, where somebody with an account has it.
pub(super) async fn send(auth: &Auth, email: &str) -> Result<(), DataError> {
    let person = user::Entity::find()
        .filter(user::Column::Email.eq(email))
        .filter(user::Column::DisabledAt.is_null())
        .one(auth.database().read())
        .await?;
    let Some(person) = person else { return Ok(()) };
    let now = auth.clock().now();
    let secret = keys::generate(PREFIX);
    let row = password_reset::ActiveModel {
        secret_hash: Set(keys::hex(&keys::hash(&secret))),
        user_id: Set(person.id.clone()),
        created_at: Set(now.to_string()),
        expires_at: Set(sessions::after(now, LIFE).to_string()),
    };
    let user = person.id.clone();
    let is_new = auth
        .database()
        .write(move |tx| {
            Box::pin(async move {
                let of_user = password_reset::Column::UserId.eq(user);
                let sent = password_reset::Entity::find()
                    .filter(of_user.clone())
                    .all(tx)
                    .await?;
                let is_recent = sent.iter().any(|row| {
                    let at = row.created_at.parse();
                    at.is_ok_and(|at| now < sessions::after(at, PAUSE))
                });
                if is_recent {
                    return Ok(false);
                }
                // The newest link alone is good.
                password_reset::Entity::delete_many()
                    .filter(of_user)
                    .exec(tx)
                    .await?;
                password_reset::Entity::insert(row)
                    .exec_without_returning(tx)
                    .await?;
                Ok::<_, DataError>(true)
            })
        })
        .await?;
    if !is_new {
        return Ok(());
    }
    let letter = Letter {
        to: person.email,
        language: Language::from_tag(&person.language).unwrap_or_default(),
        template: "auth.reset",
        arguments: vec![
            ("name", person.name),
            // Behind `#`: browsers send that part to no server, so it stands in no log.
            ("link", format!("{}/reset#{secret}", auth.address())),
            ("minutes", (LIFE.as_secs() / 60).to_string()),
        ],
    };
    mail(auth, letter).await;
    Ok(())
}

async fn mail(auth: &Auth, letter: Letter) {
    if let Err(cause) = auth.post().send(letter).await {
        tracing::error!(error = %cause, "a mail about a password was not sent");
    }
}

/// The person whom a link belongs to, while it is good.
pub(super) async fn person_of(auth: &Auth, token: &str) -> Result<Option<user::Model>, DataError> {
    let row = password_reset::Entity::find_by_id(keys::hex(&keys::hash(token)))
        .filter(password_reset::Column::ExpiresAt.gt(auth.clock().now().to_string()))
        .one(auth.database().read())
        .await?;
    let Some(row) = row else { return Ok(None) };
    let person = user::Entity::find_by_id(row.user_id)
        .filter(user::Column::DisabledAt.is_null())
        .one(auth.database().read())
        .await?;
    Ok(person)
}

/// How a password comes to be replaced.
pub(super) enum By<'a> {
    /// By a link, which is good for this alone.
    Link(&'a str),
    /// By the person himself, whose own sign-in stays.
    Session(SessionId),
}

/// Replaces a password, ends the sign-ins that the old one opened, and strikes failures and links out; the person is told by mail. False where the link
/// has been used meanwhile.
pub(super) async fn replace(
    auth: &Auth,
    person: &user::Model,
    hash: String,
    by: By<'_>,
) -> Result<bool, Problem> {
    let user: UserId = sessions::parsed(&person.id, "user.id")?;
    let account = lockout::account(&person.email);
    let now = auth.clock().now();
    let (link, stays) = match by {
        By::Link(token) => (Some(keys::hex(&keys::hash(token))), None),
        By::Session(session) => (None, Some(session)),
    };
    let action = if link.is_some() {
        "auth.password_reset"
    } else {
        "auth.password_change"
    };
    let ended = auth
        .database()
        .write(move |tx| {
            Box::pin(async move {
                if let Some(link) = link {
                    let used = password_reset::Entity::delete_by_id(link).exec(tx).await?;
                    if used.rows_affected == 0 {
                        return Ok(None);
                    }
                }
                password_reset::Entity::delete_many()
                    .filter(password_reset::Column::UserId.eq(user.to_string()))
                    .exec(tx)
                    .await?;
                user::Entity::update_many()
                    .col_expr(user::Column::PasswordHash, Expr::value(hash))
                    .filter(user::Column::Id.eq(user.to_string()))
                    .exec(tx)
                    .await?;
                lockout::forget_in(tx, account).await?;
                let ended = sessions::end_in(tx, user, stays, now).await?;
                let detail = json!({"sessions": ended.len()});
                audit::record_for(tx, user, Actor::User(user), action, detail, now).await?;
                Ok::<_, DataError>(Some(ended))
            })
        })
        .await?;
    let is_replaced = ended.is_some();
    auth.revoke(ended.into_iter().flatten());
    if is_replaced {
        let letter = Letter {
            to: person.email.clone(),
            language: Language::from_tag(&person.language).unwrap_or_default(),
            template: "auth.password_changed",
            arguments: Vec::new(),
        };
        mail(auth, letter).await;
    }
    Ok(is_replaced)
}
