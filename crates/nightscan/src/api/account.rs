//! What a workspace may use and keeps, and which model listens.

use std::sync::Arc;

use axum::extract::State;
use axum::response::Json as Answer;
use chassis::auth::Caller;
use chassis::http::problem::{Problem, ProblemBody};
use chassis::service::Context;
use serde::Serialize;
use utoipa::ToSchema;

use crate::jobs::retain;
use crate::store::{self, recordings};
use crate::{NightscanConfig, arrival, quota as months};

/// Identifications of this month.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct IdentificationQuota {
    /// The workspace's plan.
    #[schema(example = "free")]
    plan: String,
    /// The month, in UTC.
    #[schema(example = "2026-11")]
    month: String,
    /// Identifications so far: each recording that was taken is one.
    #[schema(example = 42)]
    used: u64,
    /// Identifications that the plan has.
    #[schema(example = 600)]
    limit: u64,
    /// What is left of them.
    #[schema(example = 558)]
    left: u64,
    /// When the next month begins.
    resets_at: String,
}

/// How many identifications the workspace has left this month.
#[utoipa::path(
    get,
    path = "/quota",
    tag = "nightscan",
    extensions(("x-access" = json!("nightscan:read"))),
    responses((status = 200, description = "The figures", body = IdentificationQuota)),
)]
pub(crate) async fn quota(
    State(context): State<Arc<Context>>,
    caller: Caller,
) -> Result<Answer<IdentificationQuota>, Problem> {
    let config = NightscanConfig::of(&context.config);
    let now = context.clock.now();
    let month = store::month(now);
    let (plan, _) = context.auth.named_plan_of(caller.workspace).await?;
    let limit = arrival::identifications(&context, caller.workspace, &config).await?;
    let used = store::used(context.database.read(), caller.workspace, &month).await?;
    Ok(Answer(IdentificationQuota {
        plan,
        month,
        used,
        limit,
        left: limit.saturating_sub(used),
        resets_at: months::next_month(now).unwrap_or(now).to_string(),
    }))
}

/// What the next night removes.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Retention {
    /// Days that the plan keeps recordings; null: until somebody removes them.
    #[schema(example = 7)]
    days: Option<u32>,
    /// What came before this moment goes.
    before: Option<String>,
    /// Recordings that go.
    recordings: i64,
    /// Detections that go with them.
    detections: i64,
    /// Bytes of their files.
    bytes: i64,
}

/// What of the workspace would be removed now, as every night at 03:40 UTC: recordings beyond the plan's days, with their
/// detections and reviews.
#[utoipa::path(
    get,
    path = "/retention",
    tag = "nightscan",
    extensions(("x-access" = json!("nightscan:read"))),
    responses((status = 200, description = "The figures", body = Retention)),
)]
pub(crate) async fn retention(
    State(context): State<Arc<Context>>,
    caller: Caller,
) -> Result<Answer<Retention>, Problem> {
    let limit = retain::limit(&context, caller.workspace).await?;
    let Some((days, before)) = limit else {
        return Ok(Answer(Retention {
            days: None,
            before: None,
            recordings: 0,
            detections: 0,
            bytes: 0,
        }));
    };
    let before = before.to_string();
    let totals =
        recordings::totals(&context.database, caller.workspace, Some(before.clone())).await?;
    Ok(Answer(Retention {
        days: Some(days),
        before: Some(before),
        recordings: totals.recordings,
        detections: totals.detections.unwrap_or(0),
        bytes: totals.bytes.unwrap_or(0),
    }))
}

/// The model that listens.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Model {
    /// Its name with the first characters of its hash.
    id: String,
    /// What it can tell apart.
    #[schema(example = json!(["birds", "mammals", "insects", "amphibians", "environment", "human"]))]
    classes: Vec<String>,
    /// What it was taught with, and what the licence of that asks of those who use it.
    licence: Option<String>,
}

/// The model that listens here, and what it can tell apart.
#[utoipa::path(
    get,
    path = "/model",
    tag = "nightscan",
    extensions(("x-access" = json!("nightscan:read"))),
    responses(
        (status = 200, description = "The model", body = Model),
        (status = 409, description = "The model that the configuration names cannot be read", body = ProblemBody, content_type = "application/problem+json"),
    ),
)]
pub(crate) async fn model(
    State(context): State<Arc<Context>>,
    _caller: Caller,
) -> Result<Answer<Model>, Problem> {
    let path = NightscanConfig::of(&context.config).model;
    let loaded = chassis::task::heavy(move || crate::model::load(path.as_deref())).await?;
    let model = loaded.map_err(|fault| {
        tracing::error!(error = %fault, "NightScan's model cannot be read");
        Problem::new(http::StatusCode::CONFLICT, "nightscan.no_model").with("reason", fault)
    })?;
    Ok(Answer(Model {
        id: model.id().to_owned(),
        classes: model.classes().to_vec(),
        licence: model.licence().map(str::to_owned),
    }))
}
