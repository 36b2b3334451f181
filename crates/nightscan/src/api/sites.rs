//! Sites: places where recorders stand.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::response::{IntoResponse, Json as Answer, Response};
use chassis::auth::Caller;
use chassis::http::json::Json;
use chassis::http::page::{Listed, Page};
use chassis::http::problem::{FieldProblem, Problem, ProblemBody};
use chassis::http::query::{Query, RawQuery};
use chassis::service::Context;
use http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::check;
use crate::store::{self, SiteId, site};

/// Sites of a workspace.
const MOST_SITES: u64 = 10_000;

/// A place where recorders stand.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Site {
    /// Its id.
    id: String,
    /// Its name.
    #[schema(example = "Old oak")]
    name: String,
    /// Degrees north.
    #[schema(example = 46.77)]
    lat: f64,
    /// Degrees east.
    #[schema(example = 6.64)]
    lon: f64,
    /// Minutes by which its time is ahead of UTC: for recorders that do not say.
    offset_min: Option<i32>,
    /// More about it.
    note: Option<String>,
    /// When it was made.
    created_at: String,
}

impl From<site::Model> for Site {
    fn from(row: site::Model) -> Self {
        Self {
            id: row.id,
            name: row.name,
            lat: row.lat,
            lon: row.lon,
            offset_min: row.offset_min,
            note: row.note,
            created_at: row.created_at,
        }
    }
}

/// A site to be made, or as it shall be.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewSite {
    /// Its name.
    #[schema(min_length = 1, max_length = 80, example = "Old oak")]
    name: String,
    /// Degrees north.
    #[schema(minimum = -90, maximum = 90, example = 46.77)]
    lat: f64,
    /// Degrees east.
    #[schema(minimum = -180, maximum = 180, example = 6.64)]
    lon: f64,
    /// Minutes by which its time is ahead of UTC.
    #[serde(default)]
    #[schema(minimum = -900, maximum = 900, example = 120)]
    offset_min: Option<i32>,
    /// More about it.
    #[serde(default)]
    #[schema(max_length = 2000)]
    note: Option<String>,
}

impl NewSite {
    fn into_row(
        self,
        id: SiteId,
        caller: &Caller,
        created_at: String,
    ) -> Result<site::Model, Problem> {
        let mut faults = Vec::new();
        let name = check::name(&self.name, &mut faults);
        if !check::place(self.lat, 0.0) {
            faults.push(check::fault("lat", -90, 90));
        }
        if !check::place(0.0, self.lon) {
            faults.push(check::fault("lon", -180, 180));
        }
        if self
            .offset_min
            .is_some_and(|minutes| check::offset(Some(minutes)).is_err())
        {
            faults.push(check::fault("offset_min", -900, 900));
        }
        let note = check::note(self.note.as_deref(), &mut faults);
        check::sound(faults)?;
        Ok(site::Model {
            id: id.to_string(),
            workspace_id: caller.workspace.to_string(),
            name,
            lat: self.lat,
            lon: self.lon,
            offset_min: self.offset_min,
            note,
            created_at,
        })
    }
}

/// The workspace's sites, newest first.
#[utoipa::path(
    get,
    path = "/sites",
    tag = "nightscan",
    extensions(("x-access" = json!("nightscan:read"))),
    params(
        ("limit" = Option<u64>, Query, description = "At most this many, 50 where left out", minimum = 1, maximum = 200),
        ("cursor" = Option<String>, Query, description = "The `next` of the page before", pattern = "^[0-7][0-9A-HJKMNP-TV-Z]{25}$"),
    ),
    responses(
        (status = 200, description = "One page of them", body = Listed<Site>),
        (status = 422, description = "A field is wrong", body = ProblemBody, content_type = "application/problem+json"),
    ),
)]
pub(crate) async fn list(
    State(context): State<Arc<Context>>,
    caller: Caller,
    RawQuery(query): RawQuery,
) -> Result<Answer<Listed<Site>>, Problem> {
    let page = Page::of(&Query::parse(&query, &["limit", "cursor"])?)?;
    let rows = store::sites(&context.database, caller.workspace, page).await?;
    let items = rows.into_iter().map(Site::from).collect();
    Ok(Answer(page.list(items, |row: &Site| row.id.clone())))
}

/// Makes a site.
#[utoipa::path(
    post,
    path = "/sites",
    tag = "nightscan",
    extensions(("x-access" = json!("nightscan:write"))),
    request_body = NewSite,
    responses(
        (status = 201, description = "Made", body = Site),
        (status = 400, description = "The body is no JSON", body = ProblemBody, content_type = "application/problem+json"),
        (status = 409, description = "The workspace has as many as it may", body = ProblemBody, content_type = "application/problem+json"),
        (status = 415, description = "The body is not sent as JSON", body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, description = "A field is wrong", body = ProblemBody, content_type = "application/problem+json"),
    ),
)]
pub(crate) async fn create(
    State(context): State<Arc<Context>>,
    caller: Caller,
    Json(body): Json<NewSite>,
) -> Result<Response, Problem> {
    let id = SiteId::generate(context.clock.as_ref());
    let row = body.into_row(id, &caller, context.clock.now().to_string())?;
    let (workspace, kept) = (caller.workspace, row.clone());
    context
        .database
        .write(move |tx| {
            Box::pin(async move {
                if store::count_sites(tx, workspace).await? >= MOST_SITES {
                    return Err(full(MOST_SITES));
                }
                Ok::<_, Problem>(store::insert_site(tx, kept).await?)
            })
        })
        .await?;
    Ok((StatusCode::CREATED, Answer(Site::from(row))).into_response())
}

/// The workspace has as many as it may.
pub(super) fn full(most: u64) -> Problem {
    Problem::new(StatusCode::CONFLICT, "nightscan.too_many").with("most", most)
}

async fn find(context: &Context, caller: &Caller, id: &str) -> Result<site::Model, Problem> {
    let id: SiteId = id.parse().map_err(|_| Problem::not_found())?;
    store::find_site(context.database.read(), caller.workspace, id)
        .await?
        .ok_or_else(Problem::not_found)
}

/// One site.
#[utoipa::path(
    get,
    path = "/sites/{site}",
    tag = "nightscan",
    extensions(("x-access" = json!("nightscan:read"))),
    params(("site" = String, Path, description = "Its id", example = "01KAH8W7Q2M4ZB6T9X3F5R0VCD")),
    responses(
        (status = 200, description = "The site", body = Site),
        (status = 400, description = "The address is not valid UTF-8", body = ProblemBody, content_type = "application/problem+json"),
        (status = 404, description = "The workspace has no such site", body = ProblemBody, content_type = "application/problem+json"),
    ),
)]
pub(crate) async fn one(
    State(context): State<Arc<Context>>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Answer<Site>, Problem> {
    Ok(Answer(find(&context, &caller, &id).await?.into()))
}

/// Changes a site. What was recorded there before keeps the place that it had.
#[utoipa::path(
    put,
    path = "/sites/{site}",
    tag = "nightscan",
    extensions(("x-access" = json!("nightscan:write"))),
    params(("site" = String, Path, description = "Its id", example = "01KAH8W7Q2M4ZB6T9X3F5R0VCD")),
    request_body = NewSite,
    responses(
        (status = 200, description = "The site, changed", body = Site),
        (status = 400, description = "The body is no JSON, or the address is not valid UTF-8", body = ProblemBody, content_type = "application/problem+json"),
        (status = 404, description = "The workspace has no such site", body = ProblemBody, content_type = "application/problem+json"),
        (status = 415, description = "The body is not sent as JSON", body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, description = "A field is wrong", body = ProblemBody, content_type = "application/problem+json"),
    ),
)]
pub(crate) async fn change(
    State(context): State<Arc<Context>>,
    caller: Caller,
    Path(id): Path<String>,
    Json(body): Json<NewSite>,
) -> Result<Answer<Site>, Problem> {
    let row = find(&context, &caller, &id).await?;
    let id: SiteId = row.id.parse().map_err(|_| Problem::not_found())?;
    let row = body.into_row(id, &caller, row.created_at)?;
    let kept = row.clone();
    context
        .database
        .write(move |tx| Box::pin(async move { store::change_site(tx, &kept).await }))
        .await?;
    Ok(Answer(row.into()))
}

/// Removes a site of which nothing speaks.
#[utoipa::path(
    delete,
    path = "/sites/{site}",
    tag = "nightscan",
    extensions(("x-access" = json!("nightscan:write"))),
    params(("site" = String, Path, description = "Its id", example = "01KAH8W7Q2M4ZB6T9X3F5R0VCD")),
    responses(
        (status = 204, description = "It is gone"),
        (status = 400, description = "The address is not valid UTF-8", body = ProblemBody, content_type = "application/problem+json"),
        (status = 404, description = "The workspace has no such site", body = ProblemBody, content_type = "application/problem+json"),
        (status = 409, description = "Recordings, sensors or rules are of it", body = ProblemBody, content_type = "application/problem+json"),
    ),
)]
pub(crate) async fn remove(
    State(context): State<Arc<Context>>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<StatusCode, Problem> {
    let id: SiteId = id.parse().map_err(|_| Problem::not_found())?;
    let workspace = caller.workspace;
    context
        .database
        .write(move |tx| {
            Box::pin(async move {
                if store::site_is_used(tx, workspace, id).await? {
                    return Err(Problem::new(StatusCode::CONFLICT, "nightscan.site_used"));
                }
                if store::delete_site_row(tx, workspace, id).await? {
                    Ok(())
                } else {
                    Err::<(), _>(Problem::not_found())
                }
            })
        })
        .await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Whether a field names a site of the caller's workspace.
pub(super) async fn known(
    context: &Context,
    caller: &Caller,
    site: Option<SiteId>,
    faults: &mut Vec<FieldProblem>,
) -> Result<Option<String>, Problem> {
    let Some(id) = site else { return Ok(None) };
    let found = store::find_site(context.database.read(), caller.workspace, id).await?;
    if found.is_none() {
        faults.push(FieldProblem::new("site", "nightscan.no_site", Vec::new()));
    }
    Ok(found.map(|site| site.id))
}
