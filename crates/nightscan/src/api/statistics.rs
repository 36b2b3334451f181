//! Figures: how many of which class, by hour, night and site.

use std::sync::Arc;

use axum::extract::State;
use axum::response::Json as Answer;
use chassis::auth::Caller;
use chassis::http::problem::{FieldProblem, Problem, ProblemBody};
use chassis::http::query::{Query, RawQuery};
use chassis::service::Context;
use serde::Serialize;
use utoipa::ToSchema;

use super::wanted;
use crate::store::detections::{By, count};
use crate::store::recordings;

/// How many detections of a class fall under one value.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Figure {
    /// The hour (`0` to `23`, the recorder's), the night (`2026-05-12`), the site's id, or the class; null for no site.
    #[schema(example = "2026-05-12")]
    value: Option<String>,
    /// The class.
    #[schema(example = "birds")]
    class: String,
    /// How many.
    count: i64,
}

/// A workspace's figures.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Statistics {
    /// What they are counted by.
    #[schema(example = "night")]
    by: &'static str,
    /// One for each value and class that occurs.
    items: Vec<Figure>,
    /// All detections that are counted here.
    total: i64,
    /// Recordings of the workspace, whatever was asked for.
    recordings: i64,
}

/// Counts the workspace's detections by class, hour, night or site. Those that a person called wrong do not count.
#[utoipa::path(
    get,
    path = "/statistics",
    tag = "nightscan",
    extensions(("x-access" = json!("nightscan:read"))),
    params(
        ("by" = Option<String>, Query, description = "`class`, `hour`, `night` or `site`; `class` where left out", pattern = "^(class|hour|night|site)$"),
        ("class" = Option<String>, Query, description = "Of this class", example = "birds", min_length = 1, max_length = 60),
        ("from" = Option<String>, Query, description = "Heard at this moment or after it, in UTC", example = "2026-05-12T19:00:00Z"),
        ("to" = Option<String>, Query, description = "Heard before this moment, in UTC", example = "2026-05-13T05:00:00Z"),
        ("min_confidence" = Option<f64>, Query, description = "At least as sure", minimum = 0, maximum = 1),
        ("bbox" = Option<String>, Query, description = "West, south, east and north in degrees, as in GeoJSON", example = "-1.5,46,2,48.5"),
        ("site" = Option<String>, Query, description = "Of this site", pattern = "^[0-7][0-9A-HJKMNP-TV-Z]{25}$"),
        ("recording" = Option<String>, Query, description = "In this recording", pattern = "^[0-7][0-9A-HJKMNP-TV-Z]{25}$"),
        ("reviewed" = Option<bool>, Query, description = "Whether a person has said something of it"),
    ),
    responses(
        (status = 200, description = "The figures", body = Statistics),
        (status = 422, description = "A field is wrong", body = ProblemBody, content_type = "application/problem+json"),
    ),
)]
pub(crate) async fn statistics(
    State(context): State<Arc<Context>>,
    caller: Caller,
    RawQuery(query): RawQuery,
) -> Result<Answer<Statistics>, Problem> {
    let names: Vec<&str> = ["by"].into_iter().chain(wanted::NAMES).collect();
    let query = Query::parse(&query, &names)?;
    let word = query.get("by").unwrap_or("class");
    let Some((name, by)) = By::ALL.into_iter().find(|(name, _)| *name == word) else {
        let allowed = vec![("allowed", By::ALL.map(|(name, _)| name).join(", "))];
        let field = FieldProblem::new("by", "field.one_of", allowed);
        return Err(Problem::invalid(vec![field]));
    };
    let wanted = wanted::of(&query)?;
    let counts = count(&context.database, caller.workspace, &wanted, by).await?;
    let totals = recordings::totals(&context.database, caller.workspace, None).await?;
    Ok(Answer(Statistics {
        by: name,
        total: counts.iter().map(|count| count.count).sum(),
        items: counts
            .into_iter()
            .map(|count| Figure {
                value: count.value,
                class: count.class,
                count: count.count,
            })
            .collect(),
        recordings: totals.recordings,
    }))
}
