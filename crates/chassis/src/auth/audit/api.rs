//! `GET /audit` and `GET /audit/export`.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::{HeaderValue, header};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::chain::Chained;
use super::read::{self, Wanted};
use crate::auth::Caller;
use crate::clock::Timestamp;
use crate::http::page::{Listed, Page};
use crate::http::problem::{FieldProblem, Problem, ProblemBody};
use crate::http::query::{Query, RawQuery};
use crate::service::Context;

/// The routes.
pub(crate) fn routes() -> OpenApiRouter<Arc<Context>> {
    OpenApiRouter::new()
        .routes(routes!(list))
        .routes(routes!(export))
}

/// What was done in the workspace, the newest first.
#[utoipa::path(
    get,
    path = "/audit",
    tag = "audit",
    extensions(("x-access" = json!("audit:read")), ("x-limit-per-minute" = json!(240))),
    params(
        ("action" = Option<String>, Query, description = "Only this action; `auth.*` for all that begin so", max_length = 80, example = "key.create"),
        ("actor" = Option<String>, Query, description = "Only by this one: `user:…`, `key:…`, `system`, `console:cli`", max_length = 80),
        ("since" = Option<String>, Query, description = "From this moment on (UTC): 2026-11-20, or 2026-11-20T15:44:05Z", max_length = 30),
        ("until" = Option<String>, Query, description = "Before this moment", max_length = 30),
        ("limit" = Option<u64>, Query, description = "At most so many", minimum = 1, maximum = 200),
        ("cursor" = Option<String>, Query, description = "The `next` of the page before", pattern = "^[0-7][0-9A-HJKMNP-TV-Z]{25}$"),
    ),
    responses(
        (status = 200, description = "A page of entries", body = Listed<Chained>),
        (status = 400, description = "The query is not valid UTF-8", body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, description = "A field is wrong; `errors` names it", body = ProblemBody, content_type = "application/problem+json"),
    ),
)]
async fn list(
    State(context): State<Arc<Context>>,
    caller: Caller,
    RawQuery(query): RawQuery,
) -> Result<axum::Json<Listed<Chained>>, Problem> {
    let query = Query::parse(
        &query,
        &["action", "actor", "since", "until", "limit", "cursor"],
    )?;
    let mut faults = Vec::new();
    let wanted = Wanted {
        action: word(&query, "action", &mut faults),
        actor: word(&query, "actor", &mut faults),
        since: moment(&query, "since", &mut faults),
        until: moment(&query, "until", &mut faults),
    };
    let page = match Page::of(&query) {
        Ok(page) if faults.is_empty() => page,
        Ok(_) => return Err(Problem::invalid(faults)),
        Err(mut problem) => {
            problem.errors.extend(faults);
            return Err(problem);
        }
    };
    let rows = read::list(&context.database, caller.workspace, wanted, &page).await?;
    Ok(axum::Json(page.list(rows, |row| row.link.id.clone())))
}

/// The whole chain of the workspace, the oldest first: one JSON object a line, each with its hash and that of the one before.
#[utoipa::path(
    get,
    path = "/audit/export",
    tag = "audit",
    extensions(("x-access" = json!("audit:read")), ("x-limit-per-minute" = json!(20))),
    responses((status = 200, description = "Lines of JSON", content_type = "application/x-ndjson", body = String)),
)]
async fn export(State(context): State<Arc<Context>>, caller: Caller) -> Response {
    let lines = read::lines(context.database.clone(), caller.workspace);
    let name = format!("attachment; filename=\"audit-{}.ndjson\"", caller.workspace);
    let headers = [
        (
            header::CONTENT_TYPE,
            HeaderValue::from_static("application/x-ndjson"),
        ),
        (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
        (
            header::CONTENT_DISPOSITION,
            HeaderValue::from_str(&name).expect("an id has letters and digits"),
        ),
    ];
    (headers, Body::from_stream(lines)).into_response()
}

fn word(query: &Query, name: &'static str, faults: &mut Vec<FieldProblem>) -> Option<String> {
    let text = query.get(name)?;
    let is_word =
        !text.is_empty() && text.len() <= 80 && text.bytes().all(|byte| byte.is_ascii_graphic());
    if !is_word {
        faults.push(FieldProblem::new(name, "audit.word", Vec::new()));
    }
    Some(text.to_owned())
}

fn moment(query: &Query, name: &'static str, faults: &mut Vec<FieldProblem>) -> Option<Timestamp> {
    let text = query.get(name)?;
    let moment = ["", ".000Z", "T00:00:00.000Z"].iter().find_map(|rest| {
        let begin = if rest.starts_with('.') {
            text.strip_suffix('Z')?
        } else {
            text
        };
        format!("{begin}{rest}").parse().ok()
    });
    if moment.is_none() {
        faults.push(FieldProblem::new(name, "audit.moment", Vec::new()));
    }
    moment
}
