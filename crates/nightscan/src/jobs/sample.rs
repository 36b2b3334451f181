//! Recordings for a new installation to look at, made by the program itself: once, in the first workspace.

use bytes::Bytes;
use chassis::jobs::{JobFault, Run};
use serde_json::{Value, json};

use crate::analysis::Settings;
use crate::arrival::{self, About, Bringer};
use crate::{NightscanConfig, samples};
use crate::store;

/// Its name among the marks.
const NAME: &str = "samples";

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
