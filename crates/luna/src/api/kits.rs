//! Brand kits: asked for here, drawn as a job, fetched as a zip file.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::{Extension, Path, State};
use axum::response::{IntoResponse, Json as Answer, Response};
use chassis::auth::Caller;
use chassis::http::json::Json;
use chassis::http::page::{Listed, Page};
use chassis::http::problem::{Problem, ProblemBody};
use chassis::http::query::{Query, RawQuery};
use chassis::http::{RequestContext, idempotency};
use chassis::jobs::{JobError, JobId, JobProgress, NewJob};
use chassis::service::Context;
use http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use luna_drawing::kit::KitRequest;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::fault::worded;
use crate::jobs::{KIT, KitInput};
use crate::recipe::{Colours, Recipe, SeedText, slug};
use crate::store::{self, KitId, kit};

/// A brand kit to be drawn.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewKit {
    /// A family, or one of the original's eight keys.
    #[schema(example = "crescent")]
    generator: String,
    /// An emotion.
    #[schema(example = "serenity")]
    variant: String,
    /// A whole number below 2^64, or a text of 1 to 256 characters. Without it the name decides, without either it is 0.
    #[serde(default)]
    seed: Option<SeedText>,
    /// The name, 1 to 40 characters of the font. Without it the kit has no lockups.
    #[serde(default)]
    #[schema(min_length = 1, max_length = 40, example = "Northwind")]
    name: Option<String>,
    /// Your colours; repaired in lightness until their contrast holds.
    #[serde(default)]
    palette: Option<Colours>,
    /// Language of the style guide: `en` or `fr`; that of the request where left out.
    #[serde(default)]
    #[schema(example = "en")]
    lang: Option<String>,
    /// Version of the algorithm; the newest where left out.
    #[serde(default)]
    #[schema(minimum = 1, maximum = 1)]
    v: Option<u32>,
}

/// A brand kit and how far it is.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Kit {
    /// Its id.
    id: String,
    /// `waiting`, `running`, `done`, `failed` or `cancelled`.
    #[schema(pattern = "^(waiting|running|done|failed|cancelled)$")]
    state: String,
    /// How far it is; null before it begins and when it is done.
    progress: Option<JobProgress>,
    /// What went wrong.
    error: Option<JobError>,
    /// The job that draws it: `/api/v1/jobs/{id}`, and its events.
    job: String,
    /// What was asked for, seed and version pinned.
    recipe: Recipe,
    /// The zip file's name.
    filename: String,
    /// Where it is fetched once it is done.
    download_url: String,
    /// The zip file's size; null before it is done.
    size_bytes: Option<i64>,
    /// When it was asked for.
    created_at: String,
    /// When it was done.
    done_at: Option<String>,
}

/// Asks for a brand kit. It is drawn as a job; follow it at `/jobs/{job}/events` or ask here again.
#[utoipa::path(
    post,
    path = "/kits",
    tag = "luna",
    extensions(("x-access" = json!("luna:write"))),
    params(("Idempotency-Key" = Option<String>, Header, description = "Sent again with the same key, the request is answered again and not carried out again")),
    request_body = NewKit,
    responses(
        (status = 202, description = "It will be drawn; `location` is its address", body = Kit, headers(("location" = String, description = "The kit"))),
        (status = 400, description = "The body is no JSON", body = ProblemBody, content_type = "application/problem+json"),
        (status = 409, description = "The first request with this key is still worked on", body = ProblemBody, content_type = "application/problem+json"),
        (status = 415, description = "The body is not sent as JSON", body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, description = "A field is wrong; `errors` names it and what is allowed. Or the key was used with another body", body = ProblemBody, content_type = "application/problem+json"),
    ),
)]
pub(crate) async fn ask(
    State(context): State<Arc<Context>>,
    Extension(request): Extension<RequestContext>,
    caller: Caller,
    headers: HeaderMap,
    Json(body): Json<NewKit>,
) -> Result<Response, Problem> {
    let asked = body.clone();
    let checked = Recipe {
        generator: asked.generator,
        variant: asked.variant,
        seed: asked.seed,
        name: asked.name,
        palette: asked.palette,
        lang: Some(
            asked
                .lang
                .unwrap_or_else(|| request.language.code().to_owned()),
        ),
        v: asked.v,
        ..Recipe::default()
    }
    .check()?;
    // What the font lacks is refused now, not by the job.
    KitRequest::new(checked.request.clone()).map_err(|fault| worded(&fault.into()).problem())?;

    let key = job_key(&headers, &body);
    let (house, by) = (context.clone(), caller.clone());
    let work = async move {
        let row = enqueue(&house, &by, &checked.recipe, key).await?;
        let kit = view(&house, &request, row).await?;
        Ok((StatusCode::ACCEPTED, Answer(kit)).into_response())
    };
    let answer = idempotency::once(&context, &caller, "POST /luna/kits", &headers, &body, work);
    located(Box::pin(answer).await?).await
}

/// The key of the job, so that a server that dies between the job and its answer makes no second one. It holds the body too:
/// a job is kept for longer than an answer, and the caller may use his key for another kit by then.
fn job_key(headers: &HeaderMap, body: &NewKit) -> Option<String> {
    let key = headers.get(idempotency::KEY)?;
    let body = serde_json::to_vec(body).expect("a wish is plain data");
    let text = [key.as_bytes(), b"\n", &body].concat();
    Some(chassis::id::blake3_hex(&text))
}

/// Keeps the wish and its job, in one transaction. Gives the earlier one of the same key.
async fn enqueue(
    context: &Context,
    caller: &Caller,
    recipe: &Recipe,
    key: Option<String>,
) -> Result<kit::Model, Problem> {
    let id = KitId::generate(context.clock.as_ref());
    let slug = slug(recipe.name.as_deref().unwrap_or_default());
    let slug = if slug.is_empty() { "brand" } else { &slug };
    let mut row = kit::Model {
        id: id.to_string(),
        workspace_id: caller.workspace.to_string(),
        user_id: caller.user.map(|user| user.to_string()),
        key_id: caller.key.map(|key| key.to_string()),
        recipe: serde_json::to_string(recipe).expect("a recipe is plain data"),
        filename: format!("{slug}-kit.zip"),
        job_id: String::new(),
        object_id: None,
        size_bytes: None,
        created_at: context.clock.now().to_string(),
        done_at: None,
    };
    let mut job = NewJob::new(caller.workspace, KIT, KitInput::of(id));
    job.user = caller.user;
    job.idempotency_key = key;
    let jobs = context.jobs.clone();
    let row = context
        .database
        .write(move |tx| {
            Box::pin(async move {
                let mut made = jobs.enqueue_in(tx, job.clone()).await?;
                if !made.is_new {
                    let earlier = store::kit_of_job(tx, &row.workspace_id, &made.id).await?;
                    if let Some(earlier) = earlier {
                        return Ok(earlier);
                    }
                    // That kit was removed since.
                    job.idempotency_key = None;
                    made = jobs.enqueue_in(tx, job).await?;
                }
                row.job_id = made.id.to_string();
                store::insert_kit(tx, row.clone()).await?;
                Ok::<_, Problem>(row)
            })
        })
        .await?;
    context.jobs.wake();
    Ok(row)
}

/// Adds the kit's address, which a replayed answer has in its body alone.
async fn located(answer: Response) -> Result<Response, Problem> {
    let (mut parts, body) = answer.into_parts();
    let bytes = axum::body::to_bytes(body, MOST_KIT_BYTES).await;
    let bytes = bytes.map_err(|fault| Problem::internal(&fault))?;
    let kit: Located = serde_json::from_slice(&bytes).map_err(|fault| Problem::internal(&fault))?;
    let address = HeaderValue::try_from(address(kit.id)).expect("an id is plain text");
    parts.headers.insert(header::LOCATION, address);
    Ok(Response::from_parts(parts, Body::from(bytes)))
}

/// More than a kit's description has.
const MOST_KIT_BYTES: usize = 256 * 1024;

#[derive(Deserialize)]
struct Located {
    id: KitId,
}

/// Where a kit stands.
pub(crate) fn address(id: KitId) -> String {
    format!("/api/v1/luna/kits/{id}")
}

/// The workspace's brand kits, newest first.
#[utoipa::path(
    get,
    path = "/kits",
    tag = "luna",
    extensions(("x-access" = json!("luna:read"))),
    params(
        ("limit" = Option<u64>, Query, description = "At most this many, 50 where left out", minimum = 1, maximum = 200),
        ("cursor" = Option<String>, Query, description = "The `next` of the page before", pattern = "^[0-7][0-9A-HJKMNP-TV-Z]{25}$"),
    ),
    responses(
        (status = 200, description = "One page of them", body = Listed<Kit>),
        (status = 422, description = "A field is wrong", body = ProblemBody, content_type = "application/problem+json"),
    ),
)]
pub(crate) async fn list(
    State(context): State<Arc<Context>>,
    Extension(request): Extension<RequestContext>,
    caller: Caller,
    RawQuery(query): RawQuery,
) -> Result<Answer<Listed<Kit>>, Problem> {
    let page = Page::of(&Query::parse(&query, &["limit", "cursor"])?)?;
    let rows = store::kits(&context.database, caller.workspace, page).await?;
    let mut items = Vec::with_capacity(rows.len());
    for row in rows {
        items.push(view(&context, &request, row).await?);
    }
    Ok(Answer(page.list(items, |kit: &Kit| kit.id.clone())))
}

/// A brand kit: how far it is, or, with `.zip`, the file itself.
#[utoipa::path(
    get,
    path = "/kits/{kit}",
    tag = "luna",
    extensions(("x-access" = json!("luna:read"))),
    params(("kit" = String, Path, description = "Its id; with `.zip` after it, its file", example = "01KAH8W7Q2M4ZB6T9X3F5R0VCD.zip")),
    responses(
        (status = 200, description = "How far it is, or the file", content((Kit = "application/json"), (Vec<u8> = "application/zip"))),
        (status = 206, description = "A range of the file", body = Vec<u8>, content_type = "application/zip"),
        (status = 304, description = "The caller has the file already"),
        (status = 400, description = "The address is not valid UTF-8", body = ProblemBody, content_type = "application/problem+json"),
        (status = 404, description = "The workspace has no such kit", body = ProblemBody, content_type = "application/problem+json"),
        (status = 409, description = "It is not drawn yet, or failed", body = ProblemBody, content_type = "application/problem+json"),
        (status = 416, description = "The file has no such range", body = ProblemBody, content_type = "application/problem+json"),
    ),
)]
pub(crate) async fn one(
    State(context): State<Arc<Context>>,
    Extension(request): Extension<RequestContext>,
    caller: Caller,
    Path(name): Path<String>,
    method: Method,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let (id, file) = match name.strip_suffix(".zip") {
        Some(id) => (id, true),
        None => (name.as_str(), false),
    };
    let id: KitId = id.parse().map_err(|_| Problem::not_found())?;
    let row = store::find_kit(&context.database, caller.workspace, id)
        .await?
        .ok_or_else(Problem::not_found)?;
    if !file {
        return Ok(Answer(view(&context, &request, row).await?).into_response());
    }
    let Some(object) = row.object_id.as_deref() else {
        let state = view(&context, &request, row).await?.state;
        return Err(Problem::new(StatusCode::CONFLICT, "luna.kit_not_ready")
            .with("state", state)
            .retry_after(1));
    };
    let object = object.parse().map_err(|_| Problem::not_found())?;
    let object = context.objects.get(caller.workspace, object).await?;
    context
        .objects
        .respond(&object, &method, &headers, &row.filename)
        .await
}

/// Removes a brand kit and its file. A job that still draws it is cancelled.
#[utoipa::path(
    delete,
    path = "/kits/{kit}",
    tag = "luna",
    extensions(("x-access" = json!("luna:write"))),
    params(("kit" = String, Path, description = "Its id", example = "01KAH8W7Q2M4ZB6T9X3F5R0VCD")),
    responses(
        (status = 204, description = "It is gone"),
        (status = 400, description = "The address is not valid UTF-8", body = ProblemBody, content_type = "application/problem+json"),
        (status = 404, description = "The workspace has no such kit", body = ProblemBody, content_type = "application/problem+json"),
    ),
)]
pub(crate) async fn remove(
    State(context): State<Arc<Context>>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<StatusCode, Problem> {
    let id: KitId = id.parse().map_err(|_| Problem::not_found())?;
    let row = store::find_kit(&context.database, caller.workspace, id)
        .await?
        .ok_or_else(Problem::not_found)?;
    remove_kit(&context, &caller, row).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// The row first: from then on the job finds nothing to finish, and what is left of the file is nobody's.
pub(super) async fn remove_kit(
    context: &Context,
    caller: &Caller,
    row: kit::Model,
) -> Result<(), Problem> {
    if let Ok(job) = row.job_id.parse::<JobId>() {
        context.jobs.cancel(caller.workspace, job).await?;
    }
    let (workspace, id) = (row.workspace_id.clone(), row.id.clone());
    let object = context
        .database
        .write(move |tx| Box::pin(async move { store::delete_kit(tx, &workspace, &id).await }))
        .await?;
    if let Some(Ok(object)) = object.map(|object| object.parse()) {
        match context.objects.delete(caller.workspace, object).await {
            Ok(()) | Err(chassis::objects::ObjectFault::NotFound) => {}
            Err(fault) => return Err(fault.into()),
        }
    }
    Ok(())
}

async fn view(
    context: &Context,
    request: &RequestContext,
    row: kit::Model,
) -> Result<Kit, Problem> {
    let malformed = |column| Problem::from(chassis::data::DataError::Malformed { column });
    let recipe = serde_json::from_str(&row.recipe).map_err(|_| malformed("luna_kit.recipe"))?;
    let job: JobId = row
        .job_id
        .parse()
        .map_err(|_| malformed("luna_kit.job_id"))?;
    let workspace = row
        .workspace_id
        .parse()
        .map_err(|_| malformed("luna_kit.workspace_id"))?;
    // A finished job is swept after a while; the kit stays.
    let seen = if row.object_id.is_some() {
        None
    } else {
        context
            .jobs
            .view(workspace, job, &context.catalogue, request.language)
            .await?
    };
    let (state, progress, error) = match seen {
        Some(job) => (job.state, job.progress, job.error),
        None if row.object_id.is_some() => ("done".to_owned(), None, None),
        None => ("failed".to_owned(), None, None),
    };
    Ok(Kit {
        download_url: format!("/api/v1/luna/kits/{}.zip", row.id),
        id: row.id,
        state,
        progress,
        error,
        job: row.job_id,
        recipe,
        filename: row.filename,
        size_bytes: row.size_bytes,
        created_at: row.created_at,
        done_at: row.done_at,
    })
}
