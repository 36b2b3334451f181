//! `GET /api/v1/events`.

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use http::HeaderMap;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::sse::{self, After, Filter, SCOPE};
use crate::auth::Caller;
use crate::http::problem::{FieldProblem, Problem, ProblemBody};
use crate::http::query::{Query, RawQuery};
use crate::id;
use crate::service::Context;

/// Kinds that one stream may ask for.
const MOST_KINDS: usize = 32;
/// Characters of a subject.
const MOST_SUBJECT: usize = 200;

pub(crate) fn routes() -> OpenApiRouter<Arc<Context>> {
    OpenApiRouter::new().routes(routes!(events))
}

/// Tells what happens in the workspace, live, as server-sent events.
///
/// Each event has an `id`, its kind as `event`, and as `data` a JSON object with `id`, `kind`, `subject`, `at` and `data`.
/// A client that comes back with `Last-Event-ID` (or `after`) gets what it missed; where that is no longer kept, one event
/// `reset` says that the state is to be read anew. A last event `end` says why the server ends the stream (`stopping`, `slow`,
/// `signed_out`). Comments come in between as signs of life.
#[utoipa::path(get, path = "/events", tag = "events",
    extensions(("x-access" = json!("events:read"))),
    params(
        ("after" = Option<String>, Query, description = "Begin after this event; `Last-Event-ID` comes first"),
        ("kinds" = Option<String>, Query, description = "Only these kinds, separated by commas; `jobs.*` is all of a room"),
        ("subject" = Option<String>, Query, description = "Only events about this"),
        ("Last-Event-ID" = Option<String>, Header, description = "Begin after this event"),
    ),
    responses(
        (status = 200, description = "A stream without end", body = String, content_type = "text/event-stream"),
        (status = 422, description = "A parameter is wrong", body = ProblemBody, content_type = "application/problem+json"),
        (status = 429, description = "Too many requests, or too many streams of this caller or workspace", body = ProblemBody, content_type = "application/problem+json"),
        (status = 503, description = "Too many streams, or shutting down", body = ProblemBody, content_type = "application/problem+json"),
    ))]
async fn events(
    State(context): State<Arc<Context>>,
    caller: Caller,
    headers: HeaderMap,
    RawQuery(query): RawQuery,
) -> Result<Response, Problem> {
    let query = Query::parse(&query, &["after", "kinds", "subject"])?;
    let mut faults = Vec::new();
    let mut wrong =
        |field: &str, code, arguments| faults.push(FieldProblem::new(field, code, arguments));
    let mut filter = Filter::default();
    if let Some(text) = query.get("kinds") {
        filter.kinds = text.split(',').map(|kind| kind.trim().to_owned()).collect();
        let known = |kind: &String| super::is_kind(kind.strip_suffix(".*").unwrap_or(kind));
        if filter.kinds.len() > MOST_KINDS || !filter.kinds.iter().all(known) {
            wrong(
                "kinds",
                "events.kinds",
                vec![("limit", MOST_KINDS.to_string())],
            );
        }
    }
    if let Some(text) = query.get("subject") {
        if text.is_empty() || text.chars().count() > MOST_SUBJECT {
            wrong(
                "subject",
                "events.subject",
                vec![("limit", MOST_SUBJECT.to_string())],
            );
        }
        filter.subject = Some(text.to_owned());
    }
    let mut after = After::Now;
    if let Some(text) = query.get("after") {
        match id::parse(text) {
            Ok(id) => after = After::Event(id),
            Err(_) => wrong("after", "events.after", Vec::new()),
        }
    }
    if !faults.is_empty() {
        return Err(Problem::invalid(faults));
    }
    if let Some(last) = headers
        .get("last-event-id")
        .filter(|value| !value.is_empty())
    {
        let last = last.to_str().ok().and_then(|text| id::parse(text).ok());
        after = last.map_or(After::Unreadable, After::Event);
    }
    sse::stream(&context, &caller, SCOPE, &headers, filter, after)
}
