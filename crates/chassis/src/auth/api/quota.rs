//! `GET /quota` and `/usage`: what the workspace may use, and does.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::extract::State;
use serde::Serialize;
use utoipa::ToSchema;

use crate::auth::{Caller, WorkspaceId};
use crate::http::problem::Problem;
use crate::service::Context;

/// The limits of a plan.
#[derive(Serialize, ToSchema)]
pub(super) struct Quota {
    workspace: WorkspaceId,
    /// The plan's name.
    #[schema(example = "standard")]
    plan: String,
    limits: Limits,
}

/// What the workspace may use.
#[derive(Serialize, ToSchema)]
#[schema(as = PlanLimits)]
struct Limits {
    /// Requests in an hour, of all people and keys together.
    requests_per_hour: u64,
    /// Bytes of all that is kept.
    storage_bytes: u64,
    /// Jobs that may wait or run.
    jobs_waiting: u32,
    /// People, open invitations included.
    members: u32,
    /// Keys in force.
    keys: u32,
}

/// What this workspace may use.
#[utoipa::path(
    get,
    path = "/quota",
    tag = "workspaces",
    extensions(("x-access" = json!("signed-in"))),
    responses((status = 200, description = "Its plan's limits", body = Quota)),
)]
pub(super) async fn quota(
    State(context): State<Arc<Context>>,
    caller: Caller,
) -> Result<axum::Json<Quota>, Problem> {
    let (plan, limits) = context.auth.named_plan_of(caller.workspace).await?;
    Ok(axum::Json(Quota {
        workspace: caller.workspace,
        plan,
        limits: Limits {
            requests_per_hour: limits.requests_per_hour,
            storage_bytes: limits.storage_bytes,
            jobs_waiting: limits.jobs_waiting,
            members: limits.members,
            keys: limits.keys,
        },
    }))
}

/// What a workspace uses.
#[derive(Serialize, ToSchema)]
pub(super) struct Usage {
    workspace: WorkspaceId,
    /// Counts by name; those that a plan limits have the limit's name.
    #[schema(example = json!({"invitations": 1, "keys": 2, "members": 3}))]
    counts: BTreeMap<&'static str, u64>,
}

/// What this workspace uses now.
#[utoipa::path(
    get,
    path = "/usage",
    tag = "workspaces",
    extensions(("x-access" = json!("signed-in"))),
    responses((status = 200, description = "Its counts", body = Usage)),
)]
pub(super) async fn usage(
    State(context): State<Arc<Context>>,
    caller: Caller,
) -> Result<axum::Json<Usage>, Problem> {
    let counts = context.auth.usage_of(caller.workspace).await?;
    Ok(axum::Json(Usage {
        workspace: caller.workspace,
        counts,
    }))
}
