//! `/workspaces/{id}/members`: who is in a workspace, and as what.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::response::Response;
use http::StatusCode;
use serde::Deserialize;
use utoipa::ToSchema;

use super::BodyRefusals;
use super::invitations::{self, Invitation, Invite};
use super::shared::{Conflict, NotFound, Paging, QueryRefusals, page};
use super::users::{Person, READ, WRITE, is_oneself, shown, shown_one};
use crate::auth::people::members;
use crate::auth::people::rights::within;
use crate::auth::{Caller, Role, UserId, WorkspaceId};
use crate::http::json::Json;
use crate::http::page::Listed;
use crate::http::problem::Problem;
use crate::http::query::RawQuery;
use crate::service::Context;

/// The people of a workspace of mine, the newest account first.
#[utoipa::path(
    get,
    path = "/workspaces/{id}/members",
    tag = "workspaces",
    extensions(("x-access" = json!("signed-in")), ("x-access-there" = json!("users:read"))),
    params(("id" = WorkspaceId, Path, description = "A workspace of yours"), Paging),
    responses((status = 200, description = "A page of them", body = Listed<Person>), NotFound, QueryRefusals),
)]
pub(super) async fn list(
    State(context): State<Arc<Context>>,
    caller: Caller,
    Path(id): Path<String>,
    RawQuery(query): RawQuery,
) -> Result<axum::Json<Listed<Person>>, Problem> {
    let auth = &context.auth;
    let caller = within(auth, &caller, &id, Some(READ)).await?;
    let page = page(&query)?;
    let rows = members::page(auth, caller.workspace, &page).await?;
    let people = shown(auth, rows).await?;
    Ok(axum::Json(
        page.list(people, |person| person.id.to_string()),
    ))
}

/// Invite somebody by his address.
///
/// Also who has an account here comes in by his own word alone, and the answer does not tell whether he has one.
#[utoipa::path(
    post,
    path = "/workspaces/{id}/members",
    tag = "workspaces",
    extensions(
        ("x-access" = json!("signed-in")),
        ("x-access-there" = json!("users:write")),
        ("x-limit-per-minute" = json!(10)),
    ),
    params(("id" = WorkspaceId, Path, description = "A workspace of yours")),
    request_body = Invite,
    responses((status = 201, description = "Invited", body = Invitation), NotFound, Conflict, BodyRefusals),
)]
pub(super) async fn add(
    context: State<Arc<Context>>,
    caller: Caller,
    id: Path<String>,
    body: Json<Invite>,
) -> Result<Response, Problem> {
    invitations::create(context, caller, id, body).await
}

/// A member's role.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct RoleChange {
    /// What he is to be.
    role: Role,
}

/// Give a member another role.
///
/// Nobody grants a role above his own, nor touches somebody whose role is above his own. The last owner stays one.
#[utoipa::path(
    patch,
    path = "/workspaces/{id}/members/{user}",
    tag = "workspaces",
    extensions(("x-access" = json!("signed-in")), ("x-access-there" = json!("users:write"))),
    params(
        ("id" = WorkspaceId, Path, description = "A workspace of yours"),
        ("user" = UserId, Path, description = "As in the list"),
    ),
    request_body = RoleChange,
    responses((status = 200, description = "The member, changed", body = Person), NotFound, Conflict, BodyRefusals),
)]
pub(super) async fn change(
    State(context): State<Arc<Context>>,
    caller: Caller,
    Path((id, user)): Path<(String, String)>,
    Json(body): Json<RoleChange>,
) -> Result<axum::Json<Person>, Problem> {
    let auth = &context.auth;
    let caller = within(auth, &caller, &id, Some(WRITE)).await?;
    let member = members::set_role(auth, &caller, &user, body.role).await?;
    shown_one(auth, member).await
}

/// Take a member out, or leave.
///
/// The last owner stays. A member's keys in the workspace end with it; an account that is in no workspace any more is
/// disabled.
#[utoipa::path(
    delete,
    path = "/workspaces/{id}/members/{user}",
    tag = "workspaces",
    extensions(("x-access" = json!("signed-in")), ("x-access-there" = json!("users:write"))),
    params(
        ("id" = WorkspaceId, Path, description = "A workspace of yours"),
        ("user" = UserId, Path, description = "As in the list"),
    ),
    responses((status = 204, description = "He is out"), NotFound, Conflict),
)]
pub(super) async fn remove(
    State(context): State<Arc<Context>>,
    caller: Caller,
    Path((id, user)): Path<(String, String)>,
) -> Result<StatusCode, Problem> {
    let auth = &context.auth;
    // Leaving needs no permission.
    let needed = (!is_oneself(&caller, &user)).then_some(WRITE);
    let caller = within(auth, &caller, &id, needed).await?;
    members::remove(auth, &caller, &user).await?;
    Ok(StatusCode::NO_CONTENT)
}
