//! Jobs that do nothing but leave traces that can be counted, for kill drills (`jobs.drill`).
//!
//! Each step writes a row in the transaction that records it, which must be there once, and then appends a line with its
//! key to `drill.log` in the data folder, which may be there again after a kill, but with the same key.

use std::io::Write;
use std::path::PathBuf;
use std::time::Duration;

use sea_orm::{ActiveValue::Set, EntityTrait};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use utoipa::ToSchema;

use super::tables::drill;
use super::{JobFault, Kind, Run};
use crate::data::DataError;
use crate::http::problem::{FieldProblem, Problem};
use crate::id;

pub(super) const NAME: &str = "chassis.drill";
const MOST_STEPS: u32 = 1_000;
const LONGEST_PAUSE_MS: u64 = 60_000;

/// What a drill does.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Drill {
    /// How many steps.
    #[schema(minimum = 1, maximum = 1000)]
    steps: u32,
    /// What each of them waits, milliseconds.
    #[serde(default)]
    #[schema(maximum = 60000)]
    pause_ms: u64,
    /// Fails for good before this step.
    #[serde(default)]
    #[schema(minimum = 0)]
    fail_at: Option<u32>,
}

impl Drill {
    pub(super) fn check(&self) -> Result<(), Problem> {
        let range = |field: &'static str, minimum: u64, maximum: u64| {
            let limits = vec![
                ("minimum", minimum.to_string()),
                ("maximum", maximum.to_string()),
            ];
            FieldProblem::new(field, "field.range", limits)
        };
        let mut faults = Vec::new();
        if !(1..=MOST_STEPS).contains(&self.steps) {
            faults.push(range("steps", 1, MOST_STEPS.into()));
        }
        if self.pause_ms > LONGEST_PAUSE_MS {
            faults.push(range("pause_ms", 0, LONGEST_PAUSE_MS));
        }
        if faults.is_empty() {
            Ok(())
        } else {
            Err(Problem::invalid(faults))
        }
    }
}

pub(super) fn kind() -> Kind {
    Kind::new(NAME, work).attempts(3).concurrency(4)
}

async fn work(run: Run) -> Result<Value, JobFault> {
    let drill: Drill = run.input()?;
    for step in 0..drill.steps {
        if drill.fail_at == Some(step) {
            return Err(JobFault::fatal("jobs.drill_failed").with("step", step));
        }
        tokio::time::sleep(Duration::from_millis(drill.pause_ms)).await;
        let (job, row) = (run.id.to_string(), id::generate(run.context.clock.as_ref()));
        run.step_in(&format!("row {step}"), move |tx| {
            Box::pin(async move {
                let row = drill::ActiveModel {
                    id: Set(row.to_string()),
                    job_id: Set(job),
                    step: Set(i32::try_from(step).unwrap_or(i32::MAX)),
                };
                drill::Entity::insert(row)
                    .exec_without_returning(tx)
                    .await
                    .map_err(DataError::from)?;
                Ok(())
            })
        })
        .await?;
        let name = format!("line {step}");
        let line = format!("{}\n", run.effect_key(&name));
        let file = run.context.config.data.folder.join("drill.log");
        run.step(&name, || append(file, line)).await?;
        run.progress(u64::from(step) + 1, Some(drill.steps.into()), "");
    }
    Ok(json!({ "steps": drill.steps }))
}

async fn append(file: PathBuf, line: String) -> Result<(), JobFault> {
    let appended = tokio::task::spawn_blocking(move || {
        let mut options = std::fs::OpenOptions::new();
        let mut file = options.create(true).append(true).open(file)?;
        // One write: lines of several processes do not mix.
        file.write_all(line.as_bytes())?;
        file.sync_data()
    });
    let written = appended.await.map_err(|fault| JobFault::internal(&fault))?;
    written.map_err(|fault| JobFault::internal(&fault))
}
