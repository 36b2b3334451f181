//! Recordings for a new installation to look at, made by the program itself: once, in the first workspace.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use chassis::auth::{self, WorkspaceId};
use chassis::jobs::{EnqueueFault, JobFault, NewJob, Run};
use chassis::service::Context;
use serde_json::{Value, json};

use crate::analysis::Settings;
use crate::arrival::{self, About, Bringer};
use crate::store;
use crate::{NightscanConfig, samples};

/// Its name among the marks.
const NAME: &str = "samples";

/// Lets them be made where somebody looks at the first workspace's recordings and there are none. Nobody waits for it: the
/// list that follows will show them.
pub(crate) fn offer(context: &Arc<Context>, workspace: WorkspaceId) {
    static OFFERED: Mutex<BTreeSet<WorkspaceId>> = Mutex::new(BTreeSet::new());
    if !NightscanConfig::of(&context.config).samples {
        return;
    }
    let mut offered = OFFERED.lock().unwrap_or_else(PoisonError::into_inner);
    if !offered.insert(workspace) {
        return;
    }
    drop(offered);
    let context = context.clone();
    chassis::task::spawn(async move {
        if let Err(fault) = ask(&context, workspace).await {
            tracing::warn!(error = %fault, "NightScan's samples are not made");
        }
    });
}

async fn ask(context: &Context, workspace: WorkspaceId) -> Result<(), EnqueueFault> {
    let home = auth::home_workspace(&context.database).await?;
    if workspace != home || store::mark(&context.database, NAME).await?.is_some() {
        return Ok(());
    }
    let job = NewJob {
        idempotency_key: Some(NAME.to_owned()),
        ..NewJob::new(home, super::SAMPLE, json!({}))
    };
    context.jobs.enqueue(job).await?;
    Ok(())
}

/// Brings them as anybody would. A kill between two of them leaves both: the same bytes are the same recording.
pub(super) async fn run(run: Run) -> Result<Value, JobFault> {
    let context = &run.context;
    let config = NightscanConfig::of(&context.config);
    if !config.samples || store::mark(&context.database, NAME).await?.is_some() {
        return Ok(json!({ "recordings": 0 }));
    }
    let bringer = Bringer {
        workspace: run.workspace,
        user: None,
        key: None,
        sensor: None,
        source: "sample",
    };
    let settings = Settings {
        privacy: config.privacy,
        ..Settings::default()
    };
    let mut brought = 0;
    for sample in samples::ALL {
        run.check()?;
        let bytes = chassis::task::heavy(move || samples::make(sample))
            .await
            .map_err(|fault| JobFault::internal(&fault))?;
        let about = About {
            name: sample.name.to_owned(),
            site: None,
            started_at: None,
            offset_min: Some(0),
            settings: settings.clone(),
            heard: None,
        };
        let parts = futures_util::stream::iter([Ok::<_, std::io::Error>(Bytes::from(bytes))]);
        let taken = arrival::take(context, &bringer, about, parts).await;
        taken.map_err(|problem| {
            let cause = problem.cause.unwrap_or_else(|| problem.code.to_owned());
            JobFault::internal(&cause)
        })?;
        brought += 1;
    }
    store::make_mark(&context.database, NAME, brought.to_string()).await?;
    Ok(json!({ "recordings": brought }))
}
