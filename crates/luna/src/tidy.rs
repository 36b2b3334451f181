//! Keeping the history within what the configuration says: at night for every workspace, and for one when it is asked for.

use chassis::auth::WorkspaceId;
use chassis::clock::Timestamp;
use chassis::data::DataError;
use chassis::jobs::{JobFault, Run};
use chassis::service::Context;
use serde_json::{Value, json};

use crate::LunaConfig;
use crate::store::{self, Old};

const DAY_MS: i64 = 86_400_000;

/// Removes marks that a workspace keeps no longer; gives how many.
pub(crate) async fn workspace(context: &Context, workspace: WorkspaceId) -> Result<u64, DataError> {
    let rules = LunaConfig::of(&context.config);
    let database = &context.database;
    let mut removed = 0;
    if let Some(moment) = begin(&rules, context.clock.now()) {
        removed += store::remove(database, workspace, Old::Before(moment)).await?;
    }
    let most = u64::from(rules.history_marks);
    if most > 0
        && let Some(id) = store::newest_beyond(database, workspace, most).await?
    {
        removed += store::remove(database, workspace, Old::UpTo(id)).await?;
    }
    Ok(removed)
}

/// What is older goes; none where age does not count.
pub(crate) fn begin(rules: &LunaConfig, now: Timestamp) -> Option<Timestamp> {
    let days = i64::from(rules.history_days);
    let moment = Timestamp::from_unix_ms(now.unix_ms() - days * DAY_MS);
    moment.filter(|_| days > 0)
}

/// The nightly job. Run twice it finds nothing more to remove.
pub(crate) async fn all(run: Run) -> Result<Value, JobFault> {
    let mut removed = 0;
    for id in store::workspaces(&run.context.database).await? {
        run.check()?;
        removed += workspace(&run.context, id).await?;
    }
    if removed > 0 {
        tracing::info!(
            deleted = removed,
            "marks beyond their time or number were removed"
        );
    }
    Ok(json!({ "deleted": removed }))
}
