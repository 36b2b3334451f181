//! What happens now.

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use chassis::auth::{Caller, Scope, Verb};
use chassis::events::{After, Filter, stream};
use chassis::http::problem::{Problem, ProblemBody};
use chassis::http::query::{Query, RawQuery};
use chassis::id;
use chassis::service::Context;
use http::HeaderMap;

/// What the stream asks for as long as it lasts.
const SCOPE: Scope<'static> = Scope::new(crate::NAME, Verb::Read);

/// Tells what is heard, live, as server-sent events: `nightscan.detection` (data: recording, class, confidence, `heard_at`, site),
/// `nightscan.recording` (state, detections) and `nightscan.review`.
///
/// A client that comes back with `Last-Event-ID` gets what it missed; an event `reset` says that the lists are to be read anew.
#[utoipa::path(
    get,
    path = "/live",
    tag = "nightscan",
    extensions(("x-access" = json!("nightscan:read"))),
    params(("Last-Event-ID" = Option<String>, Header, description = "Begin after this event")),
    responses(
        (status = 200, description = "A stream without end", body = String, content_type = "text/event-stream"),
        (status = 422, description = "A parameter is wrong", body = ProblemBody, content_type = "application/problem+json"),
        (status = 429, description = "Too many requests, or too many streams of this caller or workspace", body = ProblemBody, content_type = "application/problem+json"),
        (status = 503, description = "Too many streams, or shutting down", body = ProblemBody, content_type = "application/problem+json"),
    ),
)]
pub(crate) async fn live(
    State(context): State<Arc<Context>>,
    caller: Caller,
    headers: HeaderMap,
    RawQuery(query): RawQuery,
) -> Result<Response, Problem> {
    Query::parse(&query, &[])?;
    let last = headers
        .get("last-event-id")
        .filter(|value| !value.is_empty());
    let after = match last.map(|value| value.to_str().ok().and_then(|text| id::parse(text).ok())) {
        None => After::Now,
        Some(Some(id)) => After::Event(id),
        Some(None) => After::Unreadable,
    };
    let filter = Filter {
        kinds: vec![format!("{}.*", crate::NAME)],
        subject: None,
    };
    stream(&context, &caller, SCOPE, &headers, filter, after)
}
