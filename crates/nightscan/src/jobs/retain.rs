//! The end of recordings that a plan keeps no longer: files, detections, reviews.

use chassis::auth::WorkspaceId;
use chassis::clock::Timestamp;
use chassis::http::problem::Problem;
use chassis::jobs::{JobFault, Run};
use chassis::service::Context;
use serde_json::{Value, json};

use crate::NightscanConfig;
use crate::arrival::forget_files;
use crate::store::{recording, recordings};

const DAY_MS: i64 = 86_400_000;
/// Recordings that are looked at together.
const AT_ONCE: u64 = 100;

/// What is kept no longer: recordings that came before this moment. None where a plan keeps everything.
pub(crate) async fn limit(
    context: &Context,
    workspace: WorkspaceId,
) -> Result<Option<(u32, Timestamp)>, Problem> {
    let (plan, _) = context.auth.named_plan_of(workspace).await?;
    let days = NightscanConfig::of(&context.config).retention_of(&plan);
    let now_ms = context.clock.now().unix_ms();
    Ok(days.and_then(|days| {
        let before = Timestamp::from_unix_ms(now_ms - i64::from(days) * DAY_MS)?;
        Some((days, before))
    }))
}

/// Removes a recording: the row first, so that its job finds nothing to finish; what is left of its files is nobody's.
pub(crate) async fn remove(
    context: &Context,
    workspace: WorkspaceId,
    row: &recording::Model,
) -> Result<bool, Problem> {
    if let Some(Ok(job)) = row.job_id.as_deref().map(str::parse) {
        context.jobs.cancel(workspace, job).await?;
    }
    let (owner, id) = (row.workspace_id.clone(), row.id.clone());
    let gone = context
        .database
        .write(move |tx| Box::pin(async move { recordings::delete(tx, &owner, &id).await }))
        .await?;
    forget_files(context, workspace, row).await?;
    Ok(gone)
}

/// The nightly job. Run twice it finds nothing more to remove.
pub(super) async fn all(run: Run) -> Result<Value, JobFault> {
    let context = &run.context;
    let internal = |problem: Problem| {
        let cause = problem.cause.unwrap_or_else(|| problem.code.to_owned());
        JobFault::internal(&cause)
    };
    let mut removed = 0_u64;
    for workspace in recordings::workspaces(&context.database).await? {
        let Some((_, before)) = limit(context, workspace).await.map_err(internal)? else {
            continue;
        };
        loop {
            let some =
                recordings::before(&context.database, workspace, before.to_string(), AT_ONCE)
                    .await?;
            for row in &some {
                run.check()?;
                removed += u64::from(remove(context, workspace, row).await.map_err(internal)?);
            }
            if (some.len() as u64) < AT_ONCE {
                break;
            }
        }
    }
    if removed > 0 {
        tracing::info!(
            recordings = removed,
            "recordings beyond their time were removed"
        );
    }
    Ok(json!({ "recordings": removed }))
}
