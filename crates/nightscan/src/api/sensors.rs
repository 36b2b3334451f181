//! Sensors: devices that send what they hear, each with a key that can do nothing else.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::response::{IntoResponse, Json as Answer, Response};
use chassis::auth::Caller;
use chassis::auth::keys::{self, NewKey};
use chassis::http::json::Json;
use chassis::http::page::{Listed, Page};
use chassis::http::problem::{Problem, ProblemBody};
use chassis::http::query::{Query, RawQuery};
use chassis::service::Context;
use http::{StatusCode, header};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::sites::{full, known};
use crate::check;
use crate::store::{self, SensorId, SiteId, sensor};

/// Sensors of a workspace.
const MOST_SENSORS: u64 = 1_000;

/// What a sensor's key may do: send recordings, and nothing else.
const SCOPE: &str = "nightscan-intake:write";

/// A device that sends what it hears.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Sensor {
    /// Its id.
    id: String,
    /// Its name.
    #[schema(example = "AudioMoth 7")]
    name: String,
    /// The site where it stands.
    site: Option<String>,
    /// The id of its key, as in `/keys`.
    key: String,
    /// The key itself; given once, when the sensor is made.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(required = false, example = "ak_live_…")]
    secret: Option<String>,
    /// When it was made.
    created_at: String,
    /// When it last sent something.
    last_seen_at: Option<String>,
}

impl From<sensor::Model> for Sensor {
    fn from(row: sensor::Model) -> Self {
        Self {
            id: row.id,
            name: row.name,
            site: row.site_id,
            key: row.key_id,
            secret: None,
            created_at: row.created_at,
            last_seen_at: row.last_seen_at,
        }
    }
}

/// A sensor to be made.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewSensor {
    /// Its name.
    #[schema(min_length = 1, max_length = 80, example = "AudioMoth 7")]
    name: String,
    /// The site where it stands: its recordings are of that site.
    #[serde(default)]
    site: Option<SiteId>,
}

/// The workspace's sensors, newest first.
#[utoipa::path(
    get,
    path = "/sensors",
    tag = "nightscan",
    extensions(("x-access" = json!("nightscan:read"))),
    params(
        ("limit" = Option<u64>, Query, description = "At most this many, 50 where left out", minimum = 1, maximum = 200),
        ("cursor" = Option<String>, Query, description = "The `next` of the page before", pattern = "^[0-7][0-9A-HJKMNP-TV-Z]{25}$"),
    ),
    responses(
        (status = 200, description = "One page of them", body = Listed<Sensor>),
        (status = 422, description = "A field is wrong", body = ProblemBody, content_type = "application/problem+json"),
    ),
)]
pub(crate) async fn list(
    State(context): State<Arc<Context>>,
    caller: Caller,
    RawQuery(query): RawQuery,
) -> Result<Answer<Listed<Sensor>>, Problem> {
    let page = Page::of(&Query::parse(&query, &["limit", "cursor"])?)?;
    let rows = store::sensors(&context.database, caller.workspace, page).await?;
    let items = rows.into_iter().map(Sensor::from).collect();
    Ok(Answer(page.list(items, |row: &Sensor| row.id.clone())))
}

/// Makes a sensor and its key, which is shown this once. The key sends recordings to `/nightscan/intake` and can do nothing else.
#[utoipa::path(
    post,
    path = "/sensors",
    tag = "nightscan",
    extensions(("x-access" = json!("nightscan:admin"))),
    request_body = NewSensor,
    responses(
        (status = 201, description = "Made, with its key", body = Sensor),
        (status = 400, description = "The body is no JSON", body = ProblemBody, content_type = "application/problem+json"),
        (status = 409, description = "The workspace has as many sensors, or keys, as it may", body = ProblemBody, content_type = "application/problem+json"),
        (status = 415, description = "The body is not sent as JSON", body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, description = "A field is wrong", body = ProblemBody, content_type = "application/problem+json"),
    ),
)]
pub(crate) async fn create(
    State(context): State<Arc<Context>>,
    caller: Caller,
    Json(body): Json<NewSensor>,
) -> Result<Response, Problem> {
    let mut faults = Vec::new();
    let name = check::name(&body.name, &mut faults);
    let site_id = known(&context, &caller, body.site, &mut faults).await?;
    check::sound(faults)?;
    room(&context, &caller).await?;
    // The sensor acts for the workspace, not for the person: it goes on when he leaves.
    let new = NewKey {
        workspace: caller.workspace,
        user: None,
        name: format!("sensor: {name}").chars().take(80).collect(),
        scopes: SCOPE.parse().expect("a scope"),
        expires_at: None,
    };
    let (key, secret) = keys::create(&context.database, new).await?;
    let row = sensor::Model {
        id: SensorId::generate(context.clock.as_ref()).to_string(),
        workspace_id: caller.workspace.to_string(),
        name,
        site_id,
        key_id: key.to_string(),
        created_at: context.clock.now().to_string(),
        last_seen_at: None,
    };
    let kept = row.clone();
    context
        .database
        .write(move |tx| Box::pin(async move { store::insert_sensor(tx, kept).await }))
        .await?;
    let sensor = Sensor {
        secret: Some(secret.expose().to_owned()),
        ..Sensor::from(row)
    };
    let headers = [(header::CACHE_CONTROL, "no-store")];
    Ok((StatusCode::CREATED, headers, Answer(sensor)).into_response())
}

/// Whether there is room for one more, of sensors and of the plan's keys.
async fn room(context: &Context, caller: &Caller) -> Result<(), Problem> {
    let read = context.database.read();
    if store::count_sensors(read, caller.workspace).await? >= MOST_SENSORS {
        return Err(full(MOST_SENSORS));
    }
    let plan = context.auth.plan_of(caller.workspace).await?;
    let used = context.auth.usage_of(caller.workspace).await?;
    let keys = used.get("keys").copied().unwrap_or(0);
    if keys >= u64::from(plan.keys) {
        let full = Problem::new(StatusCode::CONFLICT, "people.keys_full");
        return Err(full.with("maximum", plan.keys));
    }
    Ok(())
}

/// One sensor.
#[utoipa::path(
    get,
    path = "/sensors/{sensor}",
    tag = "nightscan",
    extensions(("x-access" = json!("nightscan:read"))),
    params(("sensor" = String, Path, description = "Its id", example = "01KAH8W7Q2M4ZB6T9X3F5R0VCD")),
    responses(
        (status = 200, description = "The sensor", body = Sensor),
        (status = 400, description = "The address is not valid UTF-8", body = ProblemBody, content_type = "application/problem+json"),
        (status = 404, description = "The workspace has no such sensor", body = ProblemBody, content_type = "application/problem+json"),
    ),
)]
pub(crate) async fn one(
    State(context): State<Arc<Context>>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Answer<Sensor>, Problem> {
    let id: SensorId = id.parse().map_err(|_| Problem::not_found())?;
    let row = store::find_sensor(context.database.read(), caller.workspace, id).await?;
    Ok(Answer(row.ok_or_else(Problem::not_found)?.into()))
}

/// Removes a sensor: from now on its key sends nothing. What it sent stays.
#[utoipa::path(
    delete,
    path = "/sensors/{sensor}",
    tag = "nightscan",
    extensions(("x-access" = json!("nightscan:admin"))),
    params(("sensor" = String, Path, description = "Its id", example = "01KAH8W7Q2M4ZB6T9X3F5R0VCD")),
    responses(
        (status = 204, description = "It is gone"),
        (status = 400, description = "The address is not valid UTF-8", body = ProblemBody, content_type = "application/problem+json"),
        (status = 404, description = "The workspace has no such sensor", body = ProblemBody, content_type = "application/problem+json"),
    ),
)]
pub(crate) async fn remove(
    State(context): State<Arc<Context>>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<StatusCode, Problem> {
    let id: SensorId = id.parse().map_err(|_| Problem::not_found())?;
    let workspace = caller.workspace;
    let gone = context
        .database
        .write(move |tx| Box::pin(async move { store::delete_sensor(tx, workspace, id).await }))
        .await?;
    if gone {
        Ok(StatusCode::NO_CONTENT)
    } else {
        Err(Problem::not_found())
    }
}
