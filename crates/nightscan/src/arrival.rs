//! An upload on its way in: sealed as it comes, then a row, an identification and a job in one commit.

use axum::body::Bytes;
use chassis::auth::{Caller, WorkspaceId};
use chassis::clock::Timestamp;
use chassis::http::problem::Problem;
use chassis::jobs::NewJob;
use chassis::objects::{Kind, NewObject, ObjectFault, ObjectId};
use chassis::service::Context;
use futures_util::Stream;
use http::StatusCode;

use crate::NightscanConfig;
use crate::analysis::{Analysis, Settings};
use crate::jobs;
use crate::quarantine::{self, Secret, Seen};
use crate::store::recordings::{self, WAITING};
use crate::store::{self, RecordingId, recording};

/// Days that a sealed copy lies at most, whatever becomes of its job.
pub(crate) const QUARANTINE_DAYS: i64 = 7;
const DAY_MS: i64 = 86_400_000;

/// What is said of a file that comes.
#[derive(Clone, Debug)]
pub(crate) struct About {
    pub(crate) name: String,
    pub(crate) site: Option<String>,
    pub(crate) started_at: Option<Timestamp>,
    pub(crate) offset_min: Option<i32>,
    pub(crate) settings: Settings,
    /// What a sensor heard in it.
    pub(crate) heard: Option<Analysis>,
}

/// Who brings it.
#[derive(Clone, Debug)]
pub(crate) struct Bringer {
    pub(crate) workspace: WorkspaceId,
    pub(crate) user: Option<chassis::auth::UserId>,
    pub(crate) key: Option<String>,
    pub(crate) sensor: Option<String>,
    /// `upload`, `sensor` or `sample`.
    pub(crate) source: &'static str,
}

impl Bringer {
    /// A person, or a program of his.
    pub(crate) fn of(caller: &Caller) -> Self {
        Self {
            workspace: caller.workspace,
            user: caller.user,
            key: caller.key.map(|key| key.to_string()),
            sensor: None,
            source: "upload",
        }
    }
}

/// A recording that was taken.
#[derive(Debug)]
pub(crate) struct Taken {
    pub(crate) row: recording::Model,
    /// False where the workspace has had these bytes already.
    pub(crate) is_new: bool,
}

/// Takes a file. The plain bytes are nowhere but in memory.
pub(crate) async fn take<S, E>(
    context: &Context,
    bringer: &Bringer,
    about: About,
    bytes: S,
) -> Result<Taken, Problem>
where
    S: Stream<Item = Result<Bytes, E>> + Send,
    E: std::error::Error + Send + 'static,
{
    let config = NightscanConfig::of(&context.config);
    // Refused before it is sent, where it would be refused after.
    let most = identifications(context, bringer.workspace, &config).await?;
    let clock = context.clock.as_ref();
    let now = clock.now();
    let used = store::used(
        context.database.read(),
        bringer.workspace,
        &store::month(now),
    )
    .await?;
    if used >= most {
        return Err(spent(most, now));
    }
    let id = RecordingId::generate(clock);
    let secret = Secret::open(&context.database).await?;
    let salt = quarantine::salt();
    let key = secret.key(id, &salt).expect("a salt of ours is one");
    let keep_until = Timestamp::from_unix_ms(now.unix_ms() + QUARANTINE_DAYS * DAY_MS);
    let new = NewObject {
        keep_until,
        held_by: Some(address(id)),
        ..NewObject::new(bringer.workspace, Kind::unknown())
    };
    let mut seen = Seen::default();
    let sealed = quarantine::seal(bytes, &key, &mut seen);
    let object = context
        .objects
        .put_stream(new, sealed, config.upload_limit_bytes)
        .await?;
    if seen.bytes == 0 {
        forget(context, bringer.workspace, object.id).await?;
        return Err(Problem::new(
            StatusCode::UNPROCESSABLE_ENTITY,
            "nightscan.fault.empty",
        ));
    }
    let fresh = clear_the_way(context, bringer.workspace, &seen.hash()).await;
    if let Err(problem) = fresh {
        forget(context, bringer.workspace, object.id).await?;
        return Err(problem);
    }
    let heard = about.heard.as_ref();
    let heard = heard.map(|heard| serde_json::to_string(heard).expect("an analysis is plain data"));
    let row = recording::Model {
        id: id.to_string(),
        workspace_id: bringer.workspace.to_string(),
        user_id: bringer.user.map(|user| user.to_string()),
        key_id: bringer.key.clone(),
        sensor_id: bringer.sensor.clone(),
        site_id: about.site,
        name: about.name,
        source: bringer.source.to_owned(),
        state: WAITING.to_owned(),
        job_id: None,
        content_hash: Some(seen.hash()),
        size_bytes: i64::try_from(seen.bytes).unwrap_or(i64::MAX),
        quarantine_id: Some(object.id.to_string()),
        quarantine_salt: Some(salt),
        object_id: Some(ObjectId::generate(clock).to_string()),
        kept_bytes: 0,
        settings: serde_json::to_string(&about.settings).expect("settings are plain data"),
        heard,
        started_from: about.started_at.map(|_| "caller".to_owned()),
        started_at: about.started_at.map(|at| at.to_string()),
        offset_min: about.offset_min,
        lat: None,
        lon: None,
        duration_ms: None,
        result: None,
        detections: 0,
        fault: None,
        fault_reason: None,
        created_at: now.to_string(),
        analysed_at: None,
    };
    let taken = note(context, bringer, row, most, now).await;
    if !matches!(&taken, Ok(taken) if taken.is_new) {
        forget(context, bringer.workspace, object.id).await?;
    }
    if taken.is_ok() {
        context.jobs.wake();
    }
    taken
}

/// Removes an earlier recording of these bytes whose job ended without a word: failed each time, cancelled, or swept. Who sends it
/// again wants it analysed.
async fn clear_the_way(
    context: &Context,
    workspace: WorkspaceId,
    hash: &str,
) -> Result<(), Problem> {
    let owner = workspace.to_string();
    let earlier = recordings::of_content(context.database.read(), &owner, hash).await?;
    let Some(row) = earlier.filter(|row| row.state == WAITING) else {
        return Ok(());
    };
    let job = match row.job_id.as_deref().map(str::parse) {
        Some(Ok(job)) => {
            let language = chassis::i18n::Language::default();
            context
                .jobs
                .view(workspace, job, &context.catalogue, language)
                .await?
        }
        _ => None,
    };
    if job.is_none_or(|job| matches!(job.state.as_str(), "failed" | "cancelled")) {
        jobs::remove(context, workspace, &row).await?;
    }
    Ok(())
}

/// The row, its identification and its job: all or none.
async fn note(
    context: &Context,
    bringer: &Bringer,
    row: recording::Model,
    most: u64,
    now: Timestamp,
) -> Result<Taken, Problem> {
    let (workspace, user, queue) = (bringer.workspace, bringer.user, context.jobs.clone());
    context
        .database
        .write(move |tx| {
            Box::pin(async move {
                let mut row = row;
                let hash = row.content_hash.clone().unwrap_or_default();
                let earlier = recordings::of_content(tx, &row.workspace_id, &hash).await?;
                if let Some(row) = earlier {
                    return Ok(Taken { row, is_new: false });
                }
                if !store::use_one(tx, workspace, &store::month(now), most).await? {
                    return Err(spent(most, now));
                }
                let mut job = NewJob::new(workspace, jobs::ANALYSE, jobs::input(&row.id));
                job.user = user;
                let made = queue.enqueue_in(tx, job).await?;
                row.job_id = Some(made.id.to_string());
                if let Some(sensor) = &row.sensor_id {
                    store::sensor_seen(tx, sensor, &row.created_at).await?;
                }
                recordings::insert(tx, row.clone()).await?;
                Ok(Taken { row, is_new: true })
            })
        })
        .await
}

/// Identifications that a workspace may have in a month.
pub(crate) async fn identifications(
    context: &Context,
    workspace: WorkspaceId,
    config: &NightscanConfig,
) -> Result<u64, Problem> {
    let (plan, _) = context.auth.named_plan_of(workspace).await?;
    Ok(config.identifications_of(&plan))
}

/// The month has no more: come back in the next one.
fn spent(most: u64, now: Timestamp) -> Problem {
    let left_s =
        crate::quota::next_month(now).map_or(DAY_MS, |next| next.unix_ms() - now.unix_ms()) / 1_000;
    Problem::new(StatusCode::TOO_MANY_REQUESTS, "nightscan.quota_spent")
        .with("limit", most)
        .retry_after(u64::try_from(left_s).unwrap_or(1).max(1))
}

/// Where a recording stands.
pub(crate) fn address(id: impl std::fmt::Display) -> String {
    format!("/api/v1/nightscan/recordings/{id}")
}

/// Deletes a file of a recording; none there is as good.
pub(crate) async fn forget(
    context: &Context,
    workspace: WorkspaceId,
    object: ObjectId,
) -> Result<(), ObjectFault> {
    match context.objects.delete(workspace, object).await {
        Ok(()) | Err(ObjectFault::NotFound) => Ok(()),
        Err(fault) => Err(fault),
    }
}

/// Deletes both files of a recording, the sealed one and the kept one.
pub(crate) async fn forget_files(
    context: &Context,
    workspace: WorkspaceId,
    row: &recording::Model,
) -> Result<(), ObjectFault> {
    for id in [&row.quarantine_id, &row.object_id].into_iter().flatten() {
        if let Ok(id) = id.parse() {
            forget(context, workspace, id).await?;
        }
    }
    Ok(())
}
