//! Recordings: listed, shown, removed.

use std::sync::Arc;

use axum::extract::{Extension, Path, State};
use axum::response::Json as Answer;
use chassis::auth::Caller;
use chassis::data::DataError;
use chassis::http::RequestContext;
use chassis::http::page::{Listed, Page};
use chassis::http::problem::{FieldProblem, Problem, ProblemBody};
use chassis::http::query::{Query, RawQuery};
use chassis::jobs::{JobError, JobId, JobProgress};
use chassis::service::Context;
use http::StatusCode;
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use crate::jobs;
use crate::store::recordings::{ANALYSED, FAILED, WAITING, Wanted};
use crate::store::{RecordingId, recording, recordings};

/// A recording and how far it is.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Recording {
    /// Its id.
    #[schema(example = "01KAH8W7Q2M4ZB6T9X3F5R0VCD")]
    id: String,
    /// Its file's name.
    #[schema(example = "20260512_213000.WAV")]
    name: String,
    /// `waiting`, `running`, `analysed`, `failed` or `cancelled`.
    #[schema(pattern = "^(waiting|running|analysed|failed|cancelled)$")]
    state: String,
    /// How far its analysis is, in seconds of the recording; null before and after.
    progress: Option<JobProgress>,
    /// Why it has no analysis.
    error: Option<JobError>,
    /// The job that analyses it: `/api/v1/jobs/{id}`, and its events.
    job: Option<String>,
    /// False where the same bytes had come before and this is that recording.
    is_new: bool,
    /// Who brought it: `upload`, `sensor` or `sample`.
    source: String,
    /// The site where it was recorded.
    site: Option<String>,
    /// The sensor that sent it.
    sensor: Option<String>,
    /// When it began, in UTC.
    started_at: Option<String>,
    /// Who says so: `caller`, `recorder`, or `arrival` where nobody did.
    started_from: Option<String>,
    /// Minutes by which the recorder's own time is ahead of UTC; null where nobody said.
    offset_min: Option<i32>,
    /// Degrees north.
    lat: Option<f64>,
    /// Degrees east.
    lon: Option<f64>,
    /// Its length in seconds.
    duration_s: Option<f64>,
    /// Bytes that came.
    size_bytes: i64,
    /// Bytes that are kept, voices silenced.
    kept_bytes: i64,
    /// How many detections there are.
    detections: i64,
    /// What the file says of itself, quality, indices, silenced stretches, notes, and the model that listened.
    #[schema(value_type = Option<Object>)]
    result: Option<Value>,
    /// When it came.
    created_at: String,
    /// When it was analysed.
    analysed_at: Option<String>,
}

impl Recording {
    pub(crate) fn id(&self) -> &str {
        &self.id
    }

    /// A row, with what its job says where that is not over.
    pub(crate) async fn of(
        context: &Context,
        asked: &RequestContext,
        row: recording::Model,
        is_new: bool,
    ) -> Result<Self, Problem> {
        let malformed = |column| Problem::from(DataError::Malformed { column });
        let workspace = row
            .workspace_id
            .parse()
            .map_err(|_| malformed("nightscan_recording.workspace_id"))?;
        let job: Option<JobId> = row.job_id.as_deref().and_then(|id| id.parse().ok());
        let (mut state, mut progress, mut error) = (row.state.clone(), None, None);
        if row.state == WAITING {
            let seen = match job {
                Some(job) => {
                    context
                        .jobs
                        .view(workspace, job, &context.catalogue, asked.language)
                        .await?
                }
                None => None,
            };
            match seen {
                Some(job) => {
                    // Between the commit of the results and the end of its job there is no other state to tell.
                    state = if job.state == "done" {
                        ANALYSED.to_owned()
                    } else {
                        job.state
                    };
                    (progress, error) = (job.progress, job.error);
                }
                // A job that ended without a word was swept since.
                None => FAILED.clone_into(&mut state),
            }
        } else if let Some(code) = row.fault.as_deref().and_then(crate::outcome::known) {
            let arguments = vec![("reason", row.fault_reason.clone().unwrap_or_default())];
            error = Some(JobError {
                code: code.to_owned(),
                detail: context.catalogue.text(asked.language, code, &arguments),
            });
        }
        let result = row.result.as_deref().map(serde_json::from_str).transpose();
        Ok(Self {
            id: row.id,
            name: row.name,
            state,
            progress,
            error,
            job: row.job_id,
            is_new,
            source: row.source,
            site: row.site_id,
            sensor: row.sensor_id,
            started_at: row.started_at,
            started_from: row.started_from,
            offset_min: row.offset_min,
            lat: row.lat,
            lon: row.lon,
            duration_s: row.duration_ms.map(|ms| ms as f64 / 1_000.0),
            size_bytes: row.size_bytes,
            kept_bytes: row.kept_bytes,
            detections: row.detections,
            result: result.map_err(|_| malformed("nightscan_recording.result"))?,
            created_at: row.created_at,
            analysed_at: row.analysed_at,
        })
    }
}

/// The workspace's recordings, the last that came first.
#[utoipa::path(
    get,
    path = "/recordings",
    tag = "nightscan",
    extensions(("x-access" = json!("nightscan:read"))),
    params(
        ("limit" = Option<u64>, Query, description = "At most this many, 50 where left out", minimum = 1, maximum = 200),
        ("cursor" = Option<String>, Query, description = "The `next` of the page before", pattern = "^[0-7][0-9A-HJKMNP-TV-Z]{25}$"),
        ("site" = Option<String>, Query, description = "Only those of this site", pattern = "^[0-7][0-9A-HJKMNP-TV-Z]{25}$"),
        ("state" = Option<String>, Query, description = "Only `waiting` (running ones too), `analysed` or `failed` ones", pattern = "^(waiting|analysed|failed)$"),
    ),
    responses(
        (status = 200, description = "One page of them", body = Listed<Recording>),
        (status = 422, description = "A field is wrong", body = ProblemBody, content_type = "application/problem+json"),
    ),
)]
pub(crate) async fn list(
    State(context): State<Arc<Context>>,
    Extension(asked): Extension<RequestContext>,
    caller: Caller,
    RawQuery(query): RawQuery,
) -> Result<Answer<Listed<Recording>>, Problem> {
    let query = Query::parse(&query, &["limit", "cursor", "site", "state"])?;
    let page = Page::of(&query)?;
    let state = query.get("state").map(str::to_owned);
    if state
        .as_deref()
        .is_some_and(|state| ![WAITING, ANALYSED, FAILED].contains(&state))
    {
        let allowed = vec![("allowed", [WAITING, ANALYSED, FAILED].join(", "))];
        let field = FieldProblem::new("state", "field.one_of", allowed);
        return Err(Problem::invalid(vec![field]));
    }
    let wanted = Wanted {
        site: super::wanted::site(&query)?,
        state,
    };
    let rows = recordings::page(&context.database, caller.workspace, wanted, page).await?;
    if rows.is_empty() {
        jobs::offer(&context, caller.workspace);
    }
    let mut items = Vec::with_capacity(rows.len());
    for row in rows {
        items.push(Recording::of(&context, &asked, row, true).await?);
    }
    Ok(Answer(page.list(items, |row: &Recording| row.id.clone())))
}

/// One recording.
#[utoipa::path(
    get,
    path = "/recordings/{recording}",
    tag = "nightscan",
    extensions(("x-access" = json!("nightscan:read"))),
    params(("recording" = String, Path, description = "Its id", example = "01KAH8W7Q2M4ZB6T9X3F5R0VCD")),
    responses(
        (status = 200, description = "The recording", body = Recording),
        (status = 400, description = "The address is not valid UTF-8", body = ProblemBody, content_type = "application/problem+json"),
        (status = 404, description = "The workspace has no such recording", body = ProblemBody, content_type = "application/problem+json"),
    ),
)]
pub(crate) async fn one(
    State(context): State<Arc<Context>>,
    Extension(asked): Extension<RequestContext>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Answer<Recording>, Problem> {
    let row = find(&context, &caller, &id).await?;
    Ok(Answer(Recording::of(&context, &asked, row, true).await?))
}

/// The caller's recording of that id.
pub(super) async fn find(
    context: &Context,
    caller: &Caller,
    id: &str,
) -> Result<recording::Model, Problem> {
    let id: RecordingId = id.parse().map_err(|_| Problem::not_found())?;
    recordings::find(&context.database, caller.workspace, id)
        .await?
        .ok_or_else(Problem::not_found)
}

/// Removes a recording: its files, its detections and their reviews. A job that still works on it is cancelled.
#[utoipa::path(
    delete,
    path = "/recordings/{recording}",
    tag = "nightscan",
    extensions(("x-access" = json!("nightscan:write"))),
    params(("recording" = String, Path, description = "Its id", example = "01KAH8W7Q2M4ZB6T9X3F5R0VCD")),
    responses(
        (status = 204, description = "It is gone"),
        (status = 400, description = "The address is not valid UTF-8", body = ProblemBody, content_type = "application/problem+json"),
        (status = 404, description = "The workspace has no such recording", body = ProblemBody, content_type = "application/problem+json"),
    ),
)]
pub(crate) async fn remove(
    State(context): State<Arc<Context>>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<StatusCode, Problem> {
    let row = find(&context, &caller, &id).await?;
    jobs::remove(&context, caller.workspace, &row).await?;
    Ok(StatusCode::NO_CONTENT)
}
