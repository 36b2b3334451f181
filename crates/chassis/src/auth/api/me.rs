//! `GET /auth/me` and one's own sessions.

use std::sync::Arc;

use axum::extract::{Path, State};
use http::StatusCode;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder};
use serde::Serialize;
use utoipa::ToSchema;

use super::{person, signed_in};
use crate::auth::tables::sign_in::session;
use crate::auth::tables::{member, workspace};
use crate::auth::{
    Auth, Caller, KeyId, Role, Scope, SessionId, UserId, Verb, WorkspaceId, sessions, totp,
};
use crate::data::DataError;
use crate::http::page::{Listed, Page};
use crate::http::problem::{Problem, ProblemBody};
use crate::http::query::{Query, RawQuery};
use crate::service::Context;

/// Who asks.
#[derive(Serialize, ToSchema)]
pub(super) struct Me {
    /// The person; null for a key that no person made.
    user: Option<Person>,
    /// The key, where one was used.
    key: Option<KeyId>,
    /// The sign-in, where there is one.
    session: Option<SessionId>,
    /// The workspace that this request acts in.
    workspace: WorkspaceId,
    /// The role there.
    role: Role,
    /// What may be done there: for each room the farthest verb, which includes those before it (read, write, admin).
    #[schema(example = json!(["jobs:write", "luna:write"]))]
    scopes: Vec<String>,
    /// All workspaces that the person may name in `X-Workspace`. A key has its own alone.
    workspaces: Vec<Membership>,
}

/// A person, as he sees himself.
#[derive(Serialize, ToSchema)]
pub(super) struct Person {
    id: UserId,
    email: String,
    name: String,
    /// `en` or `fr`.
    language: String,
    /// Whether signing in asks for a code.
    totp: bool,
    /// Recovery codes that are left.
    recovery_codes: u64,
}

/// A workspace and what one is in it.
#[derive(Serialize, ToSchema)]
pub(super) struct Membership {
    id: WorkspaceId,
    name: String,
    role: Role,
}

/// Who am I, and what may I do?
#[utoipa::path(
    get,
    path = "/auth/me",
    tag = "auth",
    extensions(("x-access" = json!("signed-in"))),
    params(("X-Workspace" = Option<WorkspaceId>, Header, description = "Another workspace of yours to act in, here and at every other route")),
    responses((status = 200, description = "The caller", body = Me)),
)]
pub(super) async fn me(
    State(context): State<Arc<Context>>,
    caller: Caller,
) -> Result<axum::Json<Me>, Problem> {
    let auth = &context.auth;
    // A key shows nothing of the person who made it but what it needs.
    let user = match (caller.user, caller.session) {
        (Some(id), Some(_)) => {
            let row = person(auth, id).await?;
            let (totp, recovery_codes) = totp::state(auth, id).await?;
            Some(Person {
                id,
                email: row.email,
                name: row.name,
                language: row.language,
                totp,
                recovery_codes,
            })
        }
        _ => None,
    };
    Ok(axum::Json(Me {
        user,
        key: caller.key,
        session: caller.session,
        workspace: caller.workspace,
        role: caller.role,
        scopes: scopes(auth, &caller),
        workspaces: memberships(auth, &caller).await?,
    }))
}

fn scopes(auth: &Auth, caller: &Caller) -> Vec<String> {
    let farthest = |room: &&'static str| {
        let verbs = [Verb::Admin, Verb::Write, Verb::Read];
        let verb = verbs
            .into_iter()
            .find(|verb| caller.may(Scope::new(room, *verb)))?;
        Some(format!("{room}:{}", verb.word()))
    };
    let mut scopes: Vec<String> = auth.rooms().iter().filter_map(farthest).collect();
    scopes.sort_unstable();
    scopes
}

async fn memberships(auth: &Auth, caller: &Caller) -> Result<Vec<Membership>, Problem> {
    let read = auth.database().read();
    let own = caller.workspace.to_string();
    let roles: Vec<(String, Role)> = match (caller.user, caller.session) {
        (Some(user), Some(_)) => {
            let rows = member::Entity::find()
                .filter(member::Column::UserId.eq(user.to_string()))
                .order_by_asc(member::Column::CreatedAt)
                .all(read)
                .await
                .map_err(DataError::from)?;
            let with_role = |row: member::Model| {
                let role = row.role.parse().map_err(|()| DataError::Malformed {
                    column: "member.role",
                })?;
                Ok((row.workspace_id, role))
            };
            rows.into_iter()
                .map(with_role)
                .collect::<Result<_, DataError>>()?
        }
        _ => vec![(own, caller.role)],
    };
    let ids = roles.iter().map(|(id, _)| id.clone());
    let names = workspace::Entity::find()
        .filter(workspace::Column::Id.is_in(ids))
        .all(read)
        .await
        .map_err(DataError::from)?;
    let mut all = Vec::with_capacity(roles.len());
    for (id, role) in roles {
        if let Some(row) = names.iter().find(|row| row.id == id) {
            all.push(Membership {
                id: sessions::parsed(&id, "workspace.id")?,
                name: row.name.clone(),
                role,
            });
        }
    }
    Ok(all)
}

/// One of one's own sign-ins.
#[derive(Serialize, ToSchema)]
pub(super) struct Session {
    id: SessionId,
    /// `browser` or `api`.
    kind: String,
    /// What the client called itself.
    client: String,
    #[schema(format = DateTime)]
    created_at: String,
    /// Up to a minute behind.
    #[schema(format = DateTime)]
    last_used_at: String,
    #[schema(format = DateTime)]
    expires_at: String,
    /// Whether it is the one that asks.
    current: bool,
}

/// One's own open sign-ins, the newest first.
#[utoipa::path(
    get,
    path = "/auth/sessions",
    tag = "auth",
    extensions(("x-access" = json!("signed-in"))),
    params(
        ("limit" = Option<u64>, Query, description = "At most so many", minimum = 1, maximum = 200),
        ("cursor" = Option<String>, Query, description = "The `next` of the page before", pattern = "^[0-7][0-9A-HJKMNP-TV-Z]{25}$"),
    ),
    responses(
        (status = 200, description = "A page of them", body = Listed<Session>),
        (status = 400, description = "The query is not valid UTF-8", body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, description = "A field is wrong; `errors` names it", body = ProblemBody, content_type = "application/problem+json"),
    ),
)]
pub(super) async fn sessions(
    State(context): State<Arc<Context>>,
    caller: Caller,
    RawQuery(query): RawQuery,
) -> Result<axum::Json<Listed<Session>>, Problem> {
    let (user, current) = signed_in(&caller)?;
    let page = Page::of(&Query::parse(&query, &["limit", "cursor"])?)?;
    let auth = &context.auth;
    let rows = sessions::list(auth, user, &page).await?;
    let shown = |row: session::Model| {
        let id: SessionId = sessions::parsed(&row.id, "session.id")?;
        let noted = auth.used_session(id).map(|at| at.to_string());
        Ok(Session {
            current: id == current,
            id,
            kind: row.kind,
            client: row.client,
            created_at: row.created_at,
            last_used_at: noted
                .into_iter()
                .chain([row.last_used_at])
                .max()
                .unwrap_or_default(),
            expires_at: row.expires_at,
        })
    };
    let rows = rows
        .into_iter()
        .map(shown)
        .collect::<Result<Vec<_>, DataError>>()?;
    Ok(axum::Json(page.list(rows, |row| row.id.to_string())))
}

/// End one of one's own sign-ins.
#[utoipa::path(
    delete,
    path = "/auth/sessions/{id}",
    tag = "auth",
    extensions(("x-access" = json!("signed-in"))),
    params(("id" = SessionId, Path, description = "As in the list")),
    responses(
        (status = 204, description = "It has ended, and its tokens with it"),
        (status = 404, description = "None of yours is open under this id", body = ProblemBody, content_type = "application/problem+json"),
    ),
)]
pub(super) async fn end_session(
    State(context): State<Arc<Context>>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<StatusCode, Problem> {
    let (user, _) = signed_in(&caller)?;
    let id = id.parse().map_err(|_| Problem::not_found())?;
    if sessions::end(&context.auth, user, id).await? {
        Ok(StatusCode::NO_CONTENT)
    } else {
        Err(Problem::not_found())
    }
}
