//! What a rule held back until its quiet hours end.

use chassis::jobs::{JobFault, Run};
use chassis::notify::Announcement;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use crate::rules::ALERT;

/// The kind.
pub(crate) const HELD: &str = "nightscan.alert";

#[derive(Debug, Serialize, Deserialize)]
struct Input {
    key: String,
    data: Map<String, Value>,
}

/// As a job's input.
pub(crate) fn input(key: &str, data: &Map<String, Value>) -> Value {
    json!({ "key": key, "data": data })
}

/// Tells it. Told twice it is said once: the announcement has a key.
pub(super) async fn run(run: Run) -> Result<Value, JobFault> {
    let Input { key, data } = run.input()?;
    let announcement = Announcement {
        workspace: run.workspace,
        kind: ALERT.to_owned(),
        data,
        idempotency_key: Some(key),
    };
    let told = run.context.notify.announce(announcement).await;
    let told = told.map_err(|fault| JobFault::internal(&fault))?;
    Ok(json!({ "webhooks": told }))
}
