//! The family of a client's tokens: each refresh token is good once, and one that comes again ends the family.

use std::time::Duration;

use sea_orm::sea_query::Expr;
use sea_orm::{ActiveValue::Set, ColumnTrait, DatabaseTransaction, EntityTrait, QueryFilter};

use super::{Kind, Opened, Standing, after, hash, in_force, parsed, role_of};
use crate::auth::tables::sign_in::{refresh_use, session};
use crate::auth::{Auth, SessionId, UserId, credentials, keys};
use crate::clock::Timestamp;
use crate::config::Secret;
use crate::data::DataError;

/// How long after its exchange a refresh token may come once more: the answer may have been lost on the way.
const LOST_ANSWER: Duration = Duration::from_secs(10);

/// What became of a refresh token.
pub(in crate::auth) enum Refreshed {
    /// Exchanged.
    Opened(Opened),
    /// It opens nothing.
    Ended,
    /// It had been exchanged before: somebody else has it, so the family has ended.
    Reused,
}

/// Exchanges a refresh token for a new one and an access token.
///
/// A token that was exchanged a moment ago is taken once more, as long as its successor has not been used: the successor is
/// replaced, and using it later counts as reuse. So a thief who is quick gains nothing: the next refresh of the rightful
/// client ends the family.
pub(in crate::auth) async fn refresh(auth: &Auth, token: &str) -> Result<Refreshed, DataError> {
    let given = hash(token);
    let now = auth.clock().now();
    let read = auth.database().read();
    let by_current = session::Entity::find()
        .filter(session::Column::SecretHash.eq(&*given))
        .filter(session::Column::Kind.eq(Kind::Api.word()));
    let row = match by_current.one(read).await? {
        Some(row) => Some(row),
        None => match refresh_use::Entity::find_by_id(&*given).one(read).await? {
            Some(used) => {
                session::Entity::find_by_id(used.session_id)
                    .one(read)
                    .await?
            }
            None => None,
        },
    };
    let Some(row) = row else {
        return Ok(Refreshed::Ended);
    };
    let Some((id, user, expires_at)) = in_force(auth, &row)? else {
        return Ok(Refreshed::Ended);
    };
    let workspace = parsed(&row.workspace_id, "session.workspace_id")?;
    if !matches!(
        role_of(auth.database(), &row.workspace_id, &row.user_id).await?,
        Standing::Member(_)
    ) {
        return Ok(Refreshed::Ended);
    }
    let secret = keys::generate(credentials::REFRESH_PREFIX);
    let next = hash(&secret);
    let exchanged = auth
        .database()
        .write(move |tx| Box::pin(async move { exchange(tx, &row.id, given, next, now).await }))
        .await?;
    if !exchanged {
        auth.figures().reused.increment(1);
        tracing::warn!(session.id = %id, user.id = %user, "a refresh token came twice; its family has ended");
        auth.revoke([id]);
        return Ok(Refreshed::Reused);
    }
    let access_token = Some(auth.access_token(user, id, workspace));
    Ok(Refreshed::Opened(Opened {
        id,
        secret: Secret::new(secret),
        expires_at,
        access_token,
    }))
}

/// Replaces the newest hash of a family. False where the token had been exchanged: the family has ended then.
async fn exchange(
    tx: &DatabaseTransaction,
    id: &str,
    given: String,
    next: String,
    now: Timestamp,
) -> Result<bool, DataError> {
    if replace(tx, id, &given, &next, now).await? {
        note_use(tx, id, given, Some(next), now).await?;
        return Ok(true);
    }
    let used = refresh_use::Entity::find_by_id(&*given).one(tx).await?;
    if let Some(refresh_use::Model {
        used_at,
        successor_hash: Some(successor),
        ..
    }) = used
    {
        let used_at: Timestamp = parsed(&used_at, "refresh_use.used_at")?;
        let is_lost_answer = now <= after(used_at, LOST_ANSWER);
        if is_lost_answer && replace(tx, id, &successor, &next, now).await? {
            // Without a successor: whoever shows it has kept what the rightful client did not get.
            note_use(tx, id, successor, None, now).await?;
            return Ok(true);
        }
    }
    session::Entity::update_many()
        .col_expr(session::Column::EndedAt, Expr::value(now.to_string()))
        .filter(session::Column::Id.eq(id))
        .filter(session::Column::EndedAt.is_null())
        .exec(tx)
        .await?;
    Ok(false)
}

/// Replaces `from` by `to` where it still is the newest: of two that try at once, one does.
async fn replace(
    tx: &DatabaseTransaction,
    id: &str,
    from: &str,
    to: &str,
    now: Timestamp,
) -> Result<bool, DataError> {
    let done = session::Entity::update_many()
        .col_expr(session::Column::SecretHash, Expr::value(to))
        .col_expr(session::Column::LastUsedAt, Expr::value(now.to_string()))
        .filter(session::Column::Id.eq(id))
        .filter(session::Column::SecretHash.eq(from))
        .filter(session::Column::EndedAt.is_null())
        .exec(tx)
        .await?;
    Ok(done.rows_affected > 0)
}

async fn note_use(
    tx: &DatabaseTransaction,
    id: &str,
    secret_hash: String,
    successor_hash: Option<String>,
    now: Timestamp,
) -> Result<(), DataError> {
    let row = refresh_use::ActiveModel {
        secret_hash: Set(secret_hash),
        session_id: Set(id.to_owned()),
        used_at: Set(now.to_string()),
        successor_hash: Set(successor_hash),
    };
    refresh_use::Entity::insert(row)
        .exec_without_returning(tx)
        .await?;
    Ok(())
}

/// The sign-in that a refresh token belongs to, for ending it.
pub(in crate::auth) async fn of_refresh_token(
    auth: &Auth,
    token: &str,
) -> Result<Option<(UserId, SessionId)>, DataError> {
    let row = session::Entity::find()
        .filter(session::Column::SecretHash.eq(hash(token)))
        .filter(session::Column::Kind.eq(Kind::Api.word()))
        .one(auth.database().read())
        .await?;
    row.map(|row| {
        Ok((
            parsed(&row.user_id, "session.user_id")?,
            parsed(&row.id, "session.id")?,
        ))
    })
    .transpose()
}
