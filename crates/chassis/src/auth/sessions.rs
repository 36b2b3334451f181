//! Sign-ins that last: a browser with a cookie, or a client with a family of tokens. Both are a row in `session`, so
//! listing, expiry and ending are the same, and ending one ends its access tokens too.

mod refresh;
pub(super) mod seen;

use std::time::Duration;

use http::HeaderValue;
use sea_orm::sea_query::Expr;
use sea_orm::{
    ActiveValue::Set, ColumnTrait, DatabaseTransaction, EntityTrait, QueryFilter, QueryOrder,
    QuerySelect,
};
use serde_json::json;

use super::audit::{self, Actor, Entry};
use super::tables::sign_in::session;
use super::tables::{member, user};
use super::{Auth, Role, SessionId, UserId, WorkspaceId, credentials, keys};
use crate::clock::Timestamp;
use crate::config::{self, Secret};
use crate::data::{DataError, Database};
use crate::http::page::Page;

pub(super) use refresh::{Refreshed, of_refresh_token, refresh};

/// Who is signed in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A browser, by a cookie.
    Browser,
    /// A client, by access and refresh tokens.
    Api,
}

impl Kind {
    /// Its word.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Browser => "browser",
            Self::Api => "api",
        }
    }

    fn of(word: &str) -> Option<Self> {
        [Self::Browser, Self::Api]
            .into_iter()
            .find(|kind| kind.word() == word)
    }

    /// How long it lasts without use, and at most.
    fn lives(self, config: &config::Auth) -> (Duration, Duration) {
        let days = |days: u32| Duration::from_hours(u64::from(days) * 24);
        match self {
            Self::Browser => (
                Duration::from_mins(u64::from(config.session_idle_minutes)),
                days(config.session_days),
            ),
            Self::Api => (days(config.client_idle_days), days(config.client_days)),
        }
    }
}

/// A sign-in to be opened.
#[derive(Clone, Debug)]
pub struct NewSession {
    /// Who; the caller has checked his password.
    pub user: UserId,
    /// The workspace that he starts in; he is a member.
    pub workspace: WorkspaceId,
    /// How.
    pub kind: Kind,
    /// What the client calls itself (`User-Agent`), for the list of one's own sessions.
    pub client: String,
}

/// An open sign-in. The secret is given here once; only its hash is kept.
#[derive(Clone, Debug)]
pub struct Opened {
    /// Its id.
    pub id: SessionId,
    /// The cookie's value, or the refresh token.
    pub secret: Secret,
    /// When it ends whatever happens.
    pub expires_at: Timestamp,
    /// The access token of a client.
    pub access_token: Option<Secret>,
}

/// Opens a sign-in.
pub async fn open(auth: &Auth, new: NewSession) -> Result<Opened, DataError> {
    let database = auth.database();
    let now = database.clock().now();
    let id = SessionId::generate(database.clock());
    let secret = keys::generate(prefix(new.kind));
    let (_, most) = new.kind.lives(auth.settings());
    let expires_at = after(now, most);
    let entry = Entry {
        workspace: new.workspace,
        actor: Actor::User(new.user),
        action: "auth.sign_in",
        subject: format!("session:{id}"),
        detail: json!({"kind": new.kind.word(), "client": shown(&new.client)}),
        at: now,
    };
    let row = session::ActiveModel {
        id: Set(id.to_string()),
        user_id: Set(new.user.to_string()),
        workspace_id: Set(new.workspace.to_string()),
        kind: Set(new.kind.word().to_owned()),
        secret_hash: Set(hash(&secret)),
        client: Set(shown(&new.client)),
        created_at: Set(now.to_string()),
        last_used_at: Set(now.to_string()),
        expires_at: Set(expires_at.to_string()),
        ended_at: Set(None),
    };
    database
        .write(move |tx| {
            Box::pin(async move {
                session::Entity::insert(row)
                    .exec_without_returning(tx)
                    .await?;
                audit::record(tx, entry).await
            })
        })
        .await?;
    let access_token =
        (new.kind == Kind::Api).then(|| auth.access_token(new.user, id, new.workspace));
    Ok(Opened {
        id,
        secret: Secret::new(secret),
        expires_at,
        access_token,
    })
}

impl Opened {
    /// The `Set-Cookie` of a browser's session.
    pub fn cookie(&self, name: &str, now: Timestamp) -> HeaderValue {
        let seconds = (self.expires_at.unix_ms() - now.unix_ms()).max(0) / 1000;
        cookie(name, self.secret.expose(), seconds)
    }
}

/// The `Set-Cookie` that takes a session's cookie away.
pub(super) fn no_cookie(name: &str) -> HeaderValue {
    cookie(name, "", 0)
}

fn cookie(name: &str, value: &str, seconds: i64) -> HeaderValue {
    let secure = if name == credentials::SECURE_COOKIE {
        "; Secure"
    } else {
        ""
    };
    let text = format!("{name}={value}; Path=/; Max-Age={seconds}; HttpOnly; SameSite=Lax{secure}");
    HeaderValue::from_str(&text).expect("letters and digits")
}

/// Ends every sign-in of a person, browsers and clients: after a change of his password, or when his account is closed.
pub async fn end_all_of(auth: &Auth, user: UserId) -> Result<(), DataError> {
    end_others(auth, user, None).await
}

/// Ends all but the one that asks.
pub(super) async fn end_others(
    auth: &Auth,
    user: UserId,
    but: Option<SessionId>,
) -> Result<(), DataError> {
    let now = auth.clock().now();
    let ended = auth
        .database()
        .write(move |tx| {
            Box::pin(async move {
                let ended = end_in(tx, user, but, now).await?;
                let detail = json!({"sessions": ended.len()});
                audit::record_for(
                    tx,
                    user,
                    Actor::User(user),
                    "auth.sign_out_everywhere",
                    detail,
                    now,
                )
                .await?;
                Ok::<_, DataError>(ended)
            })
        })
        .await?;
    auth.revoke(ended);
    Ok(())
}

/// As [`end_all_of`] inside a transaction: hand what it gives to [`Auth::revoke`] once that is committed.
pub(super) async fn end_in(
    tx: &DatabaseTransaction,
    user: UserId,
    but: Option<SessionId>,
    now: Timestamp,
) -> Result<Vec<SessionId>, DataError> {
    let mut open = session::Entity::find()
        .filter(session::Column::UserId.eq(user.to_string()))
        .filter(session::Column::EndedAt.is_null());
    if let Some(but) = but {
        open = open.filter(session::Column::Id.ne(but.to_string()));
    }
    let ids: Vec<String> = open
        .select_only()
        .column(session::Column::Id)
        .into_tuple()
        .all(tx)
        .await?;
    session::Entity::update_many()
        .col_expr(session::Column::EndedAt, Expr::value(now.to_string()))
        .filter(session::Column::Id.is_in(ids.iter().cloned()))
        .exec(tx)
        .await?;
    ids.iter().map(|id| parsed(id, "session.id")).collect()
}

/// Ends one sign-in of a person. False where he has none of this id.
pub(super) async fn end(auth: &Auth, user: UserId, id: SessionId) -> Result<bool, DataError> {
    let now = auth.clock().now().to_string();
    let ended = auth
        .database()
        .write(move |tx| {
            Box::pin(async move {
                let done = session::Entity::update_many()
                    .col_expr(session::Column::EndedAt, Expr::value(now))
                    .filter(session::Column::Id.eq(id.to_string()))
                    .filter(session::Column::UserId.eq(user.to_string()))
                    .filter(session::Column::EndedAt.is_null())
                    .exec(tx)
                    .await?;
                Ok::<_, DataError>(done.rows_affected > 0)
            })
        })
        .await?;
    if ended {
        auth.revoke([id]);
    }
    Ok(ended)
}

/// A person's open sign-ins, a page of them, the newest first.
pub(super) async fn list(
    auth: &Auth,
    user: UserId,
    page: &Page,
) -> Result<Vec<session::Model>, DataError> {
    let mut rows = session::Entity::find()
        .filter(session::Column::UserId.eq(user.to_string()))
        .filter(session::Column::EndedAt.is_null())
        .filter(session::Column::ExpiresAt.gt(auth.clock().now().to_string()));
    if let Some(cursor) = page.cursor {
        rows = rows.filter(session::Column::Id.lt(cursor.to_string()));
    }
    let rows = rows
        .order_by_desc(session::Column::Id)
        .limit(page.rows())
        .all(auth.database().read())
        .await?;
    Ok(rows)
}

/// A sign-in that is in force, with what the person may do.
#[derive(Clone, Debug)]
pub(super) struct Live {
    pub(super) id: SessionId,
    pub(super) user: UserId,
    pub(super) workspace: WorkspaceId,
    pub(super) role: Role,
    pub(super) expires_at: Timestamp,
    pub(super) idle: Duration,
}

/// Why a sign-in opens nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Closed {
    /// It is unknown, ended or expired, or its person's account is.
    Ended,
    /// The person is no member of the workspace that was asked for by name.
    NotMember,
}

/// How a sign-in is named.
pub(super) enum Named<'a> {
    /// By a cookie.
    Cookie(&'a str),
    /// By an access token's claims.
    Id(SessionId),
}

/// Looks a sign-in up for use in `workspace`, or in the one it was opened for.
pub(super) async fn find(
    auth: &Auth,
    named: Named<'_>,
    workspace: Option<WorkspaceId>,
) -> Result<Result<Live, Closed>, DataError> {
    let (kind, by) = match named {
        Named::Cookie(secret) => (Kind::Browser, session::Column::SecretHash.eq(hash(secret))),
        Named::Id(id) => (Kind::Api, session::Column::Id.eq(id.to_string())),
    };
    let row = session::Entity::find()
        .filter(by)
        .filter(session::Column::Kind.eq(kind.word()))
        .one(auth.database().read())
        .await?;
    let Some(row) = row else {
        return Ok(Err(Closed::Ended));
    };
    let Some((id, user, expires_at)) = in_force(auth, &row)? else {
        return Ok(Err(Closed::Ended));
    };
    let asked = workspace.map_or_else(|| row.workspace_id.clone(), |id| id.to_string());
    match role_of(auth.database(), &asked, &row.user_id).await? {
        Standing::Member(role) => Ok(Ok(Live {
            id,
            user,
            workspace: parsed(&asked, "session.workspace_id")?,
            role,
            expires_at,
            idle: kind.lives(auth.settings()).0,
        })),
        // Who named no workspace has lost the one he signed in to: he signs in again.
        Standing::NotMember if workspace.is_some() => Ok(Err(Closed::NotMember)),
        Standing::NotMember | Standing::Disabled => Ok(Err(Closed::Ended)),
    }
}

/// Who and until when, where the row has neither ended nor expired.
fn in_force(
    auth: &Auth,
    row: &session::Model,
) -> Result<Option<(SessionId, UserId, Timestamp)>, DataError> {
    let kind = Kind::of(&row.kind).ok_or(DataError::Malformed {
        column: "session.kind",
    })?;
    let id: SessionId = parsed(&row.id, "session.id")?;
    let written: Timestamp = parsed(&row.last_used_at, "session.last_used_at")?;
    let expires_at: Timestamp = parsed(&row.expires_at, "session.expires_at")?;
    let used_at = auth
        .used_session(id)
        .map_or(written, |noted| noted.max(written));
    let now = auth.clock().now();
    let (idle, _) = kind.lives(auth.settings());
    let is_open = row.ended_at.is_none() && now < expires_at && now < after(used_at, idle);
    let user = parsed(&row.user_id, "session.user_id")?;
    Ok((is_open && !auth.is_revoked(id)).then_some((id, user, expires_at)))
}

/// What a person is to a workspace.
pub(super) enum Standing {
    Member(Role),
    NotMember,
    Disabled,
}

/// Reads what a person is to a workspace now.
pub(super) async fn role_of(
    database: &Database,
    workspace: &str,
    person: &str,
) -> Result<Standing, DataError> {
    let enabled = user::Entity::find_by_id(person)
        .filter(user::Column::DisabledAt.is_null())
        .one(database.read())
        .await?;
    if enabled.is_none() {
        return Ok(Standing::Disabled);
    }
    let row = member::Entity::find_by_id((workspace.to_owned(), person.to_owned()))
        .one(database.read())
        .await?;
    match row {
        None => Ok(Standing::NotMember),
        Some(row) => {
            let role = row.role.parse();
            Ok(Standing::Member(role.map_err(|()| {
                DataError::Malformed {
                    column: "member.role",
                }
            })?))
        }
    }
}

fn prefix(kind: Kind) -> &'static str {
    match kind {
        Kind::Browser => "",
        Kind::Api => credentials::REFRESH_PREFIX,
    }
}

fn hash(secret: &str) -> String {
    keys::hex(&keys::hash(secret))
}

/// What a client calls itself, without what would spoil a list.
fn shown(client: &str) -> String {
    client
        .chars()
        .filter(|c| !c.is_control())
        .take(200)
        .collect()
}

pub(super) fn after(moment: Timestamp, duration: Duration) -> Timestamp {
    let ms = moment.unix_ms().saturating_add(duration.as_millis() as i64);
    // Beyond the year 9999 nothing follows.
    Timestamp::from_unix_ms(ms).unwrap_or(moment)
}

pub(super) fn parsed<T: std::str::FromStr>(
    text: &str,
    column: &'static str,
) -> Result<T, DataError> {
    text.parse().map_err(|_| DataError::Malformed { column })
}
