//! Detections: listed by what one looks for, and reviewed.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::response::Json as Answer;
use chassis::auth::Caller;
use chassis::data::DataError;
use chassis::http::json::Json;
use chassis::http::page::{Listed, Page};
use chassis::http::problem::{FieldProblem, Problem, ProblemBody};
use chassis::http::query::{Query, RawQuery};
use chassis::service::Context;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use utoipa::ToSchema;

use super::wanted;
use crate::check;
use crate::store::detections as store;
use crate::store::{DetectionId, ReviewId, detection, review};

/// An event found in a recording.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Detection {
    /// Its id; ids sort as the night went.
    #[schema(example = "01KAH8W7Q2M4ZB6T9X3F5R0VCD")]
    id: String,
    /// The recording in which it is.
    recording: String,
    /// The site.
    site: Option<String>,
    /// What it counts as: the model's class, or that of the person who relabelled it.
    #[schema(example = "birds")]
    class: String,
    /// What the model said.
    #[schema(example = "birds")]
    model_class: String,
    /// How sure the model is, calibrated: of detections at 0.8, four in five are right.
    #[schema(minimum = 0, maximum = 1, example = 0.93)]
    confidence: f64,
    /// The likeliest classes, best first.
    #[schema(value_type = Vec<Object>)]
    top: Value,
    /// Seconds from the recording's start.
    #[schema(example = 12.5)]
    start_s: f64,
    /// The same.
    #[schema(example = 17.5)]
    end_s: f64,
    /// The band in which it is loudest.
    low_hz: f64,
    /// The same.
    high_hz: f64,
    /// When it was heard, in UTC.
    heard_at: String,
    /// The date on which its night began, at the recorder; a night ends at noon.
    #[schema(example = "2026-05-12")]
    night: String,
    /// The hour of the recorder's day.
    #[schema(minimum = 0, maximum = 23)]
    hour: i32,
    /// Degrees north.
    lat: Option<f64>,
    /// Degrees east.
    lon: Option<f64>,
    /// What a person said last: `correct`, `false` or `relabel`; null before.
    #[schema(pattern = "^(correct|false|relabel)$")]
    verdict: Option<String>,
    /// What he wrote with it.
    note: Option<String>,
    /// When.
    reviewed_at: Option<String>,
}

impl Detection {
    fn of(row: detection::Model) -> Result<Self, Problem> {
        let malformed = |_| DataError::Malformed {
            column: "nightscan_detection.top",
        };
        Ok(Self {
            top: serde_json::from_str(&row.top).map_err(malformed)?,
            id: row.id,
            recording: row.recording_id,
            site: row.site_id,
            class: row.class,
            model_class: row.model_class,
            confidence: row.confidence,
            start_s: row.start_ms as f64 / 1_000.0,
            end_s: row.end_ms as f64 / 1_000.0,
            low_hz: row.low_hz,
            high_hz: row.high_hz,
            heard_at: row.heard_at,
            night: row.night,
            hour: row.hour,
            lat: row.lat,
            lon: row.lon,
            verdict: row.verdict,
            note: row.note,
            reviewed_at: row.reviewed_at,
        })
    }
}

/// The workspace's detections, the latest heard first.
#[utoipa::path(
    get,
    path = "/detections",
    tag = "nightscan",
    extensions(("x-access" = json!("nightscan:read"))),
    params(
        ("limit" = Option<u64>, Query, description = "At most this many, 50 where left out", minimum = 1, maximum = 200),
        ("cursor" = Option<String>, Query, description = "The `next` of the page before", pattern = "^[0-7][0-9A-HJKMNP-TV-Z]{25}$"),
        ("class" = Option<String>, Query, description = "What it counts as", example = "birds", min_length = 1, max_length = 60),
        ("from" = Option<String>, Query, description = "Heard at this moment or after it, in UTC", example = "2026-05-12T19:00:00Z"),
        ("to" = Option<String>, Query, description = "Heard before this moment, in UTC", example = "2026-05-13T05:00:00Z"),
        ("min_confidence" = Option<f64>, Query, description = "At least as sure", minimum = 0, maximum = 1, example = 0.8),
        ("bbox" = Option<String>, Query, description = "West, south, east and north in degrees, as in GeoJSON", example = "-1.5,46,2,48.5"),
        ("site" = Option<String>, Query, description = "Of this site", pattern = "^[0-7][0-9A-HJKMNP-TV-Z]{25}$"),
        ("recording" = Option<String>, Query, description = "In this recording", pattern = "^[0-7][0-9A-HJKMNP-TV-Z]{25}$"),
        ("reviewed" = Option<bool>, Query, description = "Whether a person has said something of it"),
    ),
    responses(
        (status = 200, description = "One page of them", body = Listed<Detection>),
        (status = 422, description = "A field is wrong", body = ProblemBody, content_type = "application/problem+json"),
    ),
)]
pub(crate) async fn list(
    State(context): State<Arc<Context>>,
    caller: Caller,
    RawQuery(query): RawQuery,
) -> Result<Answer<Listed<Detection>>, Problem> {
    let names: Vec<&str> = ["limit", "cursor"]
        .into_iter()
        .chain(wanted::NAMES)
        .collect();
    let query = Query::parse(&query, &names)?;
    let page = Page::of(&query)?;
    let wanted = wanted::of(&query)?;
    let rows = store::page(&context.database, caller.workspace, &wanted, page).await?;
    let items = rows
        .into_iter()
        .map(Detection::of)
        .collect::<Result<Vec<_>, _>>()?;
    Ok(Answer(page.list(items, |row: &Detection| row.id.clone())))
}

/// One detection.
#[utoipa::path(
    get,
    path = "/detections/{detection}",
    tag = "nightscan",
    extensions(("x-access" = json!("nightscan:read"))),
    params(("detection" = String, Path, description = "Its id", example = "01KAH8W7Q2M4ZB6T9X3F5R0VCD")),
    responses(
        (status = 200, description = "The detection", body = Detection),
        (status = 400, description = "The address is not valid UTF-8", body = ProblemBody, content_type = "application/problem+json"),
        (status = 404, description = "The workspace has no such detection", body = ProblemBody, content_type = "application/problem+json"),
    ),
)]
pub(crate) async fn one(
    State(context): State<Arc<Context>>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Answer<Detection>, Problem> {
    let id = read_id(&id)?;
    let row = store::find(context.database.read(), caller.workspace, id).await?;
    Ok(Answer(Detection::of(row.ok_or_else(Problem::not_found)?)?))
}

fn read_id(text: &str) -> Result<DetectionId, Problem> {
    text.parse().map_err(|_| Problem::not_found())
}

/// What a person says of a detection.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewReview {
    /// `correct`: it is what the model said; `false`: it is nothing of the kind, and does not count; `relabel`: it is something else.
    #[schema(pattern = "^(correct|false|relabel)$", example = "relabel")]
    verdict: String,
    /// What it is, with `relabel`; any word of yours.
    #[serde(default)]
    #[schema(min_length = 1, max_length = 60, example = "Strix aluco")]
    class: Option<String>,
    /// More about it.
    #[serde(default)]
    #[schema(max_length = 2000)]
    note: Option<String>,
}

/// The verdicts.
const VERDICTS: [&str; 3] = ["correct", store::FALSE, "relabel"];

/// Says whether a detection is right. The last review counts; those before it stay to be read.
#[utoipa::path(
    post,
    path = "/detections/{detection}/review",
    tag = "nightscan",
    extensions(("x-access" = json!("nightscan:write"))),
    params(("detection" = String, Path, description = "Its id", example = "01KAH8W7Q2M4ZB6T9X3F5R0VCD")),
    request_body = NewReview,
    responses(
        (status = 200, description = "The detection, reviewed", body = Detection),
        (status = 400, description = "The body is no JSON, or the address is not valid UTF-8", body = ProblemBody, content_type = "application/problem+json"),
        (status = 404, description = "The workspace has no such detection", body = ProblemBody, content_type = "application/problem+json"),
        (status = 415, description = "The body is not sent as JSON", body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, description = "A field is wrong", body = ProblemBody, content_type = "application/problem+json"),
    ),
)]
pub(crate) async fn review(
    State(context): State<Arc<Context>>,
    caller: Caller,
    Path(id): Path<String>,
    Json(body): Json<NewReview>,
) -> Result<Answer<Detection>, Problem> {
    let id = read_id(&id)?;
    let row = checked(&context, &caller, id, body)?;
    let workspace = caller.workspace;
    let verdict = row.verdict.clone();
    let reviewed = context
        .database
        .write(move |tx| Box::pin(async move { store::review(tx, workspace, id, row).await }))
        .await?
        .ok_or_else(Problem::not_found)?;
    let data =
        json!({ "verdict": verdict, "class": reviewed.class, "recording": reviewed.recording_id });
    context
        .events
        .publish(workspace, "nightscan.review", &id.to_string(), data);
    Ok(Answer(Detection::of(reviewed)?))
}

fn checked(
    context: &Context,
    caller: &Caller,
    id: DetectionId,
    body: NewReview,
) -> Result<review::Model, Problem> {
    let mut faults = Vec::new();
    if !VERDICTS.contains(&body.verdict.as_str()) {
        let allowed = vec![("allowed", VERDICTS.join(", "))];
        faults.push(FieldProblem::new("verdict", "field.one_of", allowed));
    }
    let relabels = body.verdict == "relabel";
    let class = body.class.map(|class| class.trim().to_owned());
    match &class {
        Some(class) if relabels && check::is_class(class) => {}
        None if !relabels => {}
        Some(_) if !relabels => {
            faults.push(FieldProblem::new(
                "class",
                "nightscan.class_unasked",
                Vec::new(),
            ));
        }
        _ => faults.push(FieldProblem::new("class", "nightscan.class", Vec::new())),
    }
    let note = check::note(body.note.as_deref(), &mut faults);
    check::sound(faults)?;
    Ok(review::Model {
        id: ReviewId::generate(context.clock.as_ref()).to_string(),
        workspace_id: caller.workspace.to_string(),
        detection_id: id.to_string(),
        verdict: body.verdict,
        class,
        note,
        user_id: caller.user.map(|user| user.to_string()),
        key_id: caller.key.map(|key| key.to_string()),
        created_at: context.clock.now().to_string(),
    })
}

/// What was said of a detection.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Review {
    /// Its id.
    id: String,
    /// `correct`, `false` or `relabel`.
    verdict: String,
    /// What it is, with `relabel`.
    class: Option<String>,
    /// More about it.
    note: Option<String>,
    /// The person; null where a program said it.
    user: Option<String>,
    /// When.
    created_at: String,
}

/// Everything that was said of a detection, the latest first.
#[utoipa::path(
    get,
    path = "/detections/{detection}/reviews",
    tag = "nightscan",
    extensions(("x-access" = json!("nightscan:read"))),
    params(
        ("detection" = String, Path, description = "Its id", example = "01KAH8W7Q2M4ZB6T9X3F5R0VCD"),
        ("limit" = Option<u64>, Query, description = "At most this many, 50 where left out", minimum = 1, maximum = 200),
        ("cursor" = Option<String>, Query, description = "The `next` of the page before", pattern = "^[0-7][0-9A-HJKMNP-TV-Z]{25}$"),
    ),
    responses(
        (status = 200, description = "One page of them", body = Listed<Review>),
        (status = 400, description = "The address is not valid UTF-8", body = ProblemBody, content_type = "application/problem+json"),
        (status = 404, description = "The workspace has no such detection", body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, description = "A field is wrong", body = ProblemBody, content_type = "application/problem+json"),
    ),
)]
pub(crate) async fn reviews(
    State(context): State<Arc<Context>>,
    caller: Caller,
    Path(id): Path<String>,
    RawQuery(query): RawQuery,
) -> Result<Answer<Listed<Review>>, Problem> {
    let page = Page::of(&Query::parse(&query, &["limit", "cursor"])?)?;
    let id = read_id(&id)?;
    let found = store::find(context.database.read(), caller.workspace, id).await?;
    found.ok_or_else(Problem::not_found)?;
    let rows = store::reviews(&context.database, caller.workspace, id, page).await?;
    let items = rows.into_iter().map(|row| Review {
        id: row.id,
        verdict: row.verdict,
        class: row.class,
        note: row.note,
        user: row.user_id,
        created_at: row.created_at,
    });
    Ok(Answer(
        page.list(items.collect(), |row: &Review| row.id.clone()),
    ))
}
