//! Work in the background, safe to run twice: drawing brand kits, and keeping the history within its bounds.

use std::time::Duration;

use chassis::auth::WorkspaceId;
use chassis::jobs::{JobFault, Kind, Run};
use chassis::objects::{self, NewObject, ObjectId};
use luna_drawing::kit::KitRequest;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::kit::{self, KitFault};
use crate::recipe::Recipe;
use crate::store::{self, KitId};
use crate::{api, tidy};

/// The kind that draws a kit.
pub(crate) const KIT: &str = "luna.kit";

/// The kind that keeps the history within its bounds, every night.
const TIDY: &str = "luna.tidy";

/// What a kit's job is given.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct KitInput {
    kit: KitId,
}

impl KitInput {
    /// As a job's input.
    pub(crate) fn of(kit: KitId) -> Value {
        serde_json::to_value(Self { kit }).expect("an id is plain data")
    }
}

/// All kinds of the service.
pub(crate) fn kinds() -> Vec<Kind> {
    vec![
        Kind::new(KIT, draw_kit)
            .timeout(Duration::from_mins(2))
            .concurrency(2),
        Kind::new(TIDY, tidy::all)
            .schedule("20 3 * * *")
            .attempts(3)
            .concurrency(1),
    ]
}

/// Draws the kit, keeps the zip file, and notes in the kit's row where it is. The file's id is chosen and recorded first, so that
/// an attempt that was killed after keeping it does not leave a second one.
async fn draw_kit(run: Run) -> Result<Value, JobFault> {
    let KitInput { kit } = run.input()?;
    let (workspace, database) = (run.workspace, &run.context.database);
    let Some(row) = store::find_kit(database, workspace, kit).await? else {
        return Err(JobFault::Cancelled);
    };
    let unreadable = || JobFault::fatal("luna.kit_unreadable");
    let recipe: Recipe = serde_json::from_str(&row.recipe).map_err(|_| unreadable())?;
    let checked = recipe.check().map_err(|_| unreadable())?;
    let request = KitRequest::new(checked.request).map_err(|_| unreadable())?;

    let clock = run.context.clock.clone();
    let object = run
        .step("object", async || Ok(ObjectId::generate(clock.as_ref())))
        .await?;
    let watch = run.clone();
    let drawn = chassis::task::heavy(move || {
        kit::zip(&request, |done, total| {
            watch.progress(done as u64, Some(total as u64), "");
            watch.check().is_ok()
        })
    })
    .await
    .map_err(|fault| JobFault::retry("luna.kit_failed").with("reason", fault))?;
    let bytes = match drawn {
        Ok(bytes) => bytes,
        Err(KitFault::Stopped) => {
            run.check()?;
            return Err(JobFault::Cancelled);
        }
        Err(fault) => return Err(JobFault::retry("luna.kit_failed").with("reason", fault)),
    };
    let size_bytes = i64::try_from(bytes.len()).unwrap_or(i64::MAX);
    let kind = objects::Kind::parse("application/zip").expect("a media type");
    let mut new = NewObject::new(workspace, kind).with_id(object);
    new.name = Some(row.filename);
    // Deleted with its kit, not under it.
    new.held_by = Some(api::kit_address(kit));
    run.context
        .objects
        .put(new, bytes.into())
        .await
        .map_err(of_store)?;

    let done_at = run.context.clock.now().to_string();
    let noted = run
        .step_in("note", move |tx| {
            Box::pin(async move {
                Ok(store::finish_kit(tx, workspace, kit, object, size_bytes, done_at).await?)
            })
        })
        .await?;
    if !noted {
        // Removed meanwhile: the file is nobody's.
        forget(&run, workspace, object).await?;
        return Err(JobFault::Cancelled);
    }
    Ok(
        serde_json::json!({ "kit": kit, "size_bytes": size_bytes, "download_url": format!("/api/v1/luna/kits/{kit}.zip") }),
    )
}

async fn forget(run: &Run, workspace: WorkspaceId, object: ObjectId) -> Result<(), JobFault> {
    match run.context.objects.delete(workspace, object).await {
        Ok(()) | Err(objects::ObjectFault::NotFound) => Ok(()),
        Err(fault) => Err(of_store(fault)),
    }
}

/// A full store is the owner's to mend; anything else may pass.
fn of_store(fault: objects::ObjectFault) -> JobFault {
    match fault {
        objects::ObjectFault::OverQuota { limit_bytes } => {
            JobFault::fatal("objects.over_quota").with("limit", limit_bytes)
        }
        fault => JobFault::internal(&fault),
    }
}
