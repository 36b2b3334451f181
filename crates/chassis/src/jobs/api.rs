//! Routes, all under `/api/v1/jobs`.

use std::sync::Arc;
use std::time::Duration;

use axum::Extension;
use axum::extract::{FromRequestParts, Path, State as Shared};
use axum::response::sse::{KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use http::request::Parts;
use http::{HeaderMap, HeaderValue, StatusCode, header};
use serde_json::json;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::drill::{self, Drill};
use super::live::{self, Follower};
use super::tables::job;
use super::view::JobView;
use super::{JobId, NewJob, State, store};
use crate::auth::Caller;
use crate::events::Grant;
use crate::http::json::Json;
use crate::http::page::{Listed, Page};
use crate::http::problem::{FieldProblem, Problem, ProblemBody};
use crate::http::query::{Query, RawQuery};
use crate::http::{RequestContext, idempotency};
use crate::service::Context;

/// A silent stream says something this often, so that proxies keep it open.
const KEEP_ALIVE: Duration = Duration::from_secs(15);

/// The routes of the room.
pub(crate) fn routes() -> OpenApiRouter<Arc<Context>> {
    OpenApiRouter::new()
        .routes(routes!(list))
        .routes(routes!(drilled))
        .routes(routes!(one))
        .routes(routes!(cancel))
        .routes(routes!(retry))
        .routes(routes!(events))
}

/// The workspace's jobs, newest first.
#[utoipa::path(get, path = "/jobs", tag = "jobs", extensions(("x-access" = json!("jobs:read")), ("x-limit-per-minute" = json!(240))),
    params(
        ("state" = Option<String>, Query, description = "Only jobs in this state: `waiting`, `running`, `done`, `failed` or `cancelled`"),
        ("kind" = Option<String>, Query, description = "Only jobs of this kind"),
        ("limit" = Option<u64>, Query, minimum = 1, maximum = 200, description = "At most this many; 50 by default"),
        ("cursor" = Option<String>, Query, description = "`next` of the page before"),
    ),
    responses(
        (status = 200, description = "A page of jobs", body = Listed<JobView>),
        (status = 422, description = "A parameter is wrong", body = ProblemBody, content_type = "application/problem+json"),
    ))]
async fn list(
    Shared(context): Shared<Arc<Context>>,
    caller: Caller,
    Extension(request): Extension<RequestContext>,
    RawQuery(query): RawQuery,
) -> Result<Response, Problem> {
    let query = Query::parse(&query, &["state", "kind", "limit", "cursor"])?;
    let page = Page::of(&query)?;
    let state = match query.get("state").map(State::of_word) {
        None => None,
        Some(Some(state)) => Some(state),
        Some(None) => {
            let allowed: Vec<_> = State::ALL.iter().map(|state| state.word()).collect();
            let allowed = vec![("allowed", allowed.join(", "))];
            let fault = FieldProblem::new("state", "field.one_of", allowed);
            return Err(Problem::invalid(vec![fault]));
        }
    };
    let workspace = caller.workspace.to_string();
    // PostgreSQL has no text with this character, so no kind holds it either.
    let kind = query.get("kind").map(|kind| kind.replace('\0', "\u{fffd}"));
    let rows = store::list(&context.database, &workspace, state, kind.as_deref(), &page).await?;
    let views = rows
        .into_iter()
        .map(|row| JobView::of(row, &context.catalogue, request.language))
        .collect();
    Ok(answer(
        StatusCode::OK,
        page.list(views, |view: &JobView| view.id.clone()),
    ))
}

/// A job.
#[utoipa::path(get, path = "/jobs/{id}", tag = "jobs", extensions(("x-access" = json!("jobs:read"))),
    params(("id" = inline(JobId), Path, description = "The job")),
    responses(
        (status = 200, description = "The job", body = JobView),
        (status = 404, description = "No such job in this workspace", body = ProblemBody, content_type = "application/problem+json"),
    ))]
async fn one(
    Shared(context): Shared<Arc<Context>>,
    caller: Caller,
    Extension(request): Extension<RequestContext>,
    Wanted(id): Wanted,
) -> Result<Response, Problem> {
    let row = found(&context, &caller, id).await?;
    let view = JobView::of(row, &context.catalogue, request.language);
    Ok(answer(StatusCode::OK, view))
}

/// Cancels a job: a waiting one at once; a running one is asked to end, and stopped after some seconds.
#[utoipa::path(post, path = "/jobs/{id}/cancel", tag = "jobs", extensions(("x-access" = json!("jobs:write"))),
    params(("id" = inline(JobId), Path, description = "The job")),
    responses(
        (status = 200, description = "It is cancelled", body = JobView),
        (status = 202, description = "It is running and was asked to end", body = JobView),
        (status = 404, description = "No such job in this workspace", body = ProblemBody, content_type = "application/problem+json"),
        (status = 409, description = "It has ended already", body = ProblemBody, content_type = "application/problem+json"),
    ))]
async fn cancel(
    Shared(context): Shared<Arc<Context>>,
    caller: Caller,
    Extension(request): Extension<RequestContext>,
    Wanted(id): Wanted,
) -> Result<Response, Problem> {
    found(&context, &caller, id).await?;
    context.jobs.cancel(caller.workspace, id).await?;
    let row = found(&context, &caller, id).await?;
    let status = match State::of_word(&row.state) {
        Some(State::Cancelled) => StatusCode::OK,
        Some(State::Running | State::Waiting) => StatusCode::ACCEPTED,
        _ => {
            return Err(
                Problem::new(StatusCode::CONFLICT, "jobs.already_ended").with("state", &row.state)
            );
        }
    };
    let view = JobView::of(row, &context.catalogue, request.language);
    Ok(answer(status, view))
}

/// Lets a failed job wait again; the steps that it recorded are not repeated.
#[utoipa::path(post, path = "/jobs/{id}/retry", tag = "jobs", extensions(("x-access" = json!("jobs:write"))),
    params(("id" = inline(JobId), Path, description = "The job")),
    responses(
        (status = 202, description = "It waits again", body = JobView),
        (status = 404, description = "No such job in this workspace", body = ProblemBody, content_type = "application/problem+json"),
        (status = 409, description = "It has not failed", body = ProblemBody, content_type = "application/problem+json"),
    ))]
async fn retry(
    Shared(context): Shared<Arc<Context>>,
    caller: Caller,
    Extension(request): Extension<RequestContext>,
    Wanted(id): Wanted,
) -> Result<Response, Problem> {
    found(&context, &caller, id).await?;
    let retried = context.jobs.retry(caller.workspace, id).await?;
    let row = found(&context, &caller, id).await?;
    if !retried {
        return Err(Problem::new(StatusCode::CONFLICT, "jobs.not_failed").with("state", &row.state));
    }
    let view = JobView::of(row, &context.catalogue, request.language);
    Ok(answer(StatusCode::ACCEPTED, view))
}

/// A job as server-sent events: its state, then each change, until it has ended. The events are named `jobs.progress`,
/// `jobs.done`, `jobs.failed` and `jobs.cancelled`; their data is the job, their id its revision. A last event `end` says why
/// the server ends the stream before the job has (`stopping`, `signed_out`).
#[utoipa::path(get, path = "/jobs/{id}/events", tag = "jobs", extensions(("x-access" = json!("jobs:read"))),
    params(
        ("id" = inline(JobId), Path, description = "The job"),
        ("Last-Event-ID" = Option<String>, Header, description = "The last revision seen: what has not changed since is not sent again"),
    ),
    responses(
        (status = 200, description = "A stream of events, each with the job as its data", body = String, content_type = "text/event-stream"),
        (status = 404, description = "No such job in this workspace", body = ProblemBody, content_type = "application/problem+json"),
        (status = 429, description = "Too many requests, or too many streams of this caller or workspace", body = ProblemBody, content_type = "application/problem+json"),
        (status = 503, description = "Too many streams, or shutting down", body = ProblemBody, content_type = "application/problem+json"),
    ))]
async fn events(
    Shared(context): Shared<Arc<Context>>,
    caller: Caller,
    Extension(request): Extension<RequestContext>,
    Wanted(id): Wanted,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    found(&context, &caller, id).await?;
    let place = context.events.admit(&caller)?;
    let grant = Grant::new(&context, &caller, live::SCOPE, &headers);
    let seen = headers
        .get("last-event-id")
        .and_then(|value| value.to_str().ok())
        .and_then(|text| text.parse().ok());
    let follower = Follower {
        jobs: context.jobs.clone(),
        workspace: caller.workspace,
        id,
        catalogue: context.catalogue.clone(),
        language: request.language,
        seen,
        grant,
        place,
    };
    let keep_alive = KeepAlive::new().interval(KEEP_ALIVE);
    let mut response = Sse::new(follower.events())
        .keep_alive(keep_alive)
        .into_response();
    // A proxy that gathers the answer would hold the events back.
    response
        .headers_mut()
        .insert("x-accel-buffering", HeaderValue::from_static("no"));
    Ok(response)
}

/// Makes a job that does nothing but count its steps, for drills. Switched on by `jobs.drill`.
#[utoipa::path(post, path = "/jobs/drill", tag = "jobs", extensions(("x-access" = json!("jobs:write"))),
    params(("Idempotency-Key" = Option<String>, Header, description = "Sent again with the same key, the request is answered again and not carried out again")),
    request_body = Drill,
    responses(
        (status = 202, description = "The job waits", body = JobView),
        (status = 400, description = "The body is no JSON", body = ProblemBody, content_type = "application/problem+json"),
        (status = 404, description = "Drills are switched off here", body = ProblemBody, content_type = "application/problem+json"),
        (status = 409, description = "The first request with this key is still worked on", body = ProblemBody, content_type = "application/problem+json"),
        (status = 415, description = "The body is not JSON", body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, description = "A field is wrong, or the key was used with another body", body = ProblemBody, content_type = "application/problem+json"),
    ))]
async fn drilled(
    Shared(context): Shared<Arc<Context>>,
    caller: Caller,
    Extension(request): Extension<RequestContext>,
    headers: HeaderMap,
    Json(drill): Json<Drill>,
) -> Result<Response, Problem> {
    if !context.config.jobs.drill {
        return Err(Problem::new(StatusCode::NOT_FOUND, "jobs.drill_off"));
    }
    drill.check()?;
    let (queue, asked, by) = (context.clone(), drill.clone(), caller.clone());
    let key = headers
        .get(idempotency::KEY)
        .and_then(|key| key.to_str().ok())
        .map(str::to_owned);
    let work = async move {
        let new = NewJob {
            user: by.user,
            // Also where the server dies between the job and the answer, the request sent again finds the job.
            idempotency_key: key,
            ..NewJob::new(by.workspace, drill::NAME, json!(asked))
        };
        let enqueued = queue.jobs.enqueue(new).await?;
        let row = queue.jobs.find(by.workspace, enqueued.id).await?;
        let row = row.ok_or_else(not_found)?;
        let view = JobView::of(row, &queue.catalogue, request.language);
        Ok(answer(StatusCode::ACCEPTED, view))
    };
    idempotency::once(
        &context,
        &caller,
        "POST /jobs/drill",
        &headers,
        &drill,
        work,
    )
    .await
}

async fn found(context: &Context, caller: &Caller, id: JobId) -> Result<job::Model, Problem> {
    let row = context.jobs.find(caller.workspace, id).await?;
    row.ok_or_else(not_found)
}

/// The job that the address names. What is no id names none.
struct Wanted(JobId);

impl<S: Send + Sync> FromRequestParts<S> for Wanted {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let text = Path::<String>::from_request_parts(parts, state).await;
        let Path(text) = text.map_err(|_| not_found())?;
        text.parse().map(Self).map_err(|_| not_found())
    }
}

fn not_found() -> Problem {
    Problem::new(StatusCode::NOT_FOUND, "jobs.not_found")
}

/// JSON that nobody keeps.
fn answer(status: StatusCode, body: impl serde::Serialize) -> Response {
    let no_store = [(header::CACHE_CONTROL, HeaderValue::from_static("no-store"))];
    (status, no_store, axum::Json(body)).into_response()
}
