//! `/workspaces`: the caller's own.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::shared::{Conflict, NotFound, Paging, QueryRefusals, name, page};
use super::{BodyRefusals, bounded, signed_in, sound};
use crate::auth::people::rights::within;
use crate::auth::people::workspaces::{self, Mine};
use crate::auth::{Caller, Role, Scope, Verb, WorkspaceId, sessions};
use crate::data::DataError;
use crate::http::json::Json;
use crate::http::page::Listed;
use crate::http::problem::Problem;
use crate::http::query::RawQuery;
use crate::service::Context;

const WRITE: Scope<'static> = Scope::new("workspaces", Verb::Write);
const ADMIN: Scope<'static> = Scope::new("workspaces", Verb::Admin);

/// A workspace of the caller's.
#[derive(Serialize, ToSchema)]
pub(super) struct Workspace {
    id: WorkspaceId,
    name: String,
    /// What the caller is there.
    role: Role,
    /// The name of its plan; `GET /quota` there tells its limits.
    plan: String,
    #[schema(format = DateTime)]
    created_at: String,
}

impl Workspace {
    fn of(mine: Mine) -> Result<Self, DataError> {
        Ok(Self {
            id: sessions::parsed(&mine.row.id, "workspace.id")?,
            name: mine.row.name,
            role: mine.role,
            plan: mine.row.plan,
            created_at: mine.row.created_at,
        })
    }
}

/// The workspaces that I am in, the newest first. A key has its own alone.
#[utoipa::path(
    get,
    path = "/workspaces",
    tag = "workspaces",
    extensions(("x-access" = json!("signed-in"))),
    params(Paging),
    responses((status = 200, description = "A page of them", body = Listed<Workspace>), QueryRefusals),
)]
pub(super) async fn list(
    State(context): State<Arc<Context>>,
    caller: Caller,
    RawQuery(query): RawQuery,
) -> Result<axum::Json<Listed<Workspace>>, Problem> {
    let page = page(&query)?;
    let auth = &context.auth;
    let mine = match (caller.user, caller.session) {
        (Some(user), Some(_)) => workspaces::of_person(auth, user, &page).await?,
        _ if page.cursor.is_some() => Vec::new(),
        _ => vec![workspaces::of_caller(auth.database().read(), &caller).await?],
    };
    let rows = mine.into_iter().map(Workspace::of);
    let rows = rows.collect::<Result<Vec<_>, _>>()?;
    Ok(axum::Json(page.list(rows, |row| row.id.to_string())))
}

/// One of my workspaces.
#[utoipa::path(
    get,
    path = "/workspaces/{id}",
    tag = "workspaces",
    extensions(("x-access" = json!("signed-in"))),
    params(("id" = WorkspaceId, Path, description = "As in the list")),
    responses((status = 200, description = "The workspace", body = Workspace), NotFound),
)]
pub(super) async fn one(
    State(context): State<Arc<Context>>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<axum::Json<Workspace>, Problem> {
    let auth = &context.auth;
    let caller = within(auth, &caller, &id, None).await?;
    let mine = workspaces::of_caller(auth.database().read(), &caller).await?;
    Ok(axum::Json(Workspace::of(mine)?))
}

/// A workspace's name.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct WorkspaceName {
    /// The name that its people see.
    #[schema(min_length = 1, max_length = 80, example = "Northwind")]
    name: String,
}

impl WorkspaceName {
    fn checked(&self) -> Result<String, Problem> {
        let mut faults = Vec::new();
        let name = name(&self.name, &mut faults);
        sound(faults)?;
        Ok(name)
    }
}

/// Make a workspace. Who makes it owns it: a person, not a key.
#[utoipa::path(
    post,
    path = "/workspaces",
    tag = "workspaces",
    extensions(("x-access" = json!("signed-in")), ("x-limit-per-minute" = json!(20))),
    request_body = WorkspaceName,
    responses((status = 201, description = "Made", body = Workspace), Conflict, BodyRefusals),
)]
pub(super) async fn create(
    State(context): State<Arc<Context>>,
    caller: Caller,
    Json(body): Json<WorkspaceName>,
) -> Result<Response, Problem> {
    let (user, _) = signed_in(&caller)?;
    let name = body.checked()?;
    let mine = workspaces::create(&context.auth, &caller, user, name).await?;
    let body = axum::Json(Workspace::of(mine)?);
    Ok((StatusCode::CREATED, body).into_response())
}

/// Rename a workspace.
#[utoipa::path(
    patch,
    path = "/workspaces/{id}",
    tag = "workspaces",
    extensions(("x-access" = json!("signed-in")), ("x-access-there" = json!("workspaces:write"))),
    params(("id" = WorkspaceId, Path, description = "As in the list")),
    request_body = WorkspaceName,
    responses((status = 200, description = "Renamed", body = Workspace), NotFound, BodyRefusals),
)]
pub(super) async fn rename(
    State(context): State<Arc<Context>>,
    caller: Caller,
    Path(id): Path<String>,
    Json(body): Json<WorkspaceName>,
) -> Result<axum::Json<Workspace>, Problem> {
    let auth = &context.auth;
    let caller = within(auth, &caller, &id, Some(WRITE)).await?;
    let mine = workspaces::rename(auth, &caller, body.checked()?).await?;
    Ok(axum::Json(Workspace::of(mine)?))
}

/// End a workspace and everything in it.
///
/// For good: its objects, jobs, keys and people's places in it. The body confirms it by the workspace's name. The first
/// workspace of the server stays.
#[utoipa::path(
    delete,
    path = "/workspaces/{id}",
    tag = "workspaces",
    extensions(("x-access" = json!("signed-in")), ("x-access-there" = json!("workspaces:admin"))),
    params(("id" = WorkspaceId, Path, description = "As in the list")),
    request_body = WorkspaceName,
    responses((status = 204, description = "It is gone"), NotFound, Conflict, BodyRefusals),
)]
pub(super) async fn delete(
    State(context): State<Arc<Context>>,
    caller: Caller,
    Path(id): Path<String>,
    Json(body): Json<WorkspaceName>,
) -> Result<StatusCode, Problem> {
    let auth = &context.auth;
    let caller = within(auth, &caller, &id, Some(ADMIN)).await?;
    let mut faults = Vec::new();
    bounded("name", &body.name, 400, &mut faults);
    sound(faults)?;
    workspaces::delete(auth, &caller, body.name).await?;
    Ok(StatusCode::NO_CONTENT)
}
