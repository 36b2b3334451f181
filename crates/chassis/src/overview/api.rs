//! `GET /console`, `/status`, `/config` and `/logs`.

use std::sync::Arc;

use axum::Extension;
use axum::extract::State;
use axum::response::{IntoResponse, Json as Answer, Response};
use http::{HeaderValue, header};
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::Overview;
use super::status::Status;
use crate::auth::{self, Caller};
use crate::config::{Profile, SectionView, WarningView};
use crate::http::RequestContext;
use crate::http::problem::{FieldProblem, Problem, ProblemBody};
use crate::http::query::{Query, RawQuery};
use crate::telemetry::lines::{self, Line, Range};

/// Lines of an answer where the caller does not say, and at most.
const USUAL_LINES: usize = 100;
const HIGHEST_LINES: usize = 500;
/// Characters that are looked for.
const LONGEST_QUERY: usize = 200;

/// The routes.
pub(crate) fn routes() -> OpenApiRouter<Arc<Overview>> {
    OpenApiRouter::new()
        .routes(routes!(console))
        .routes(routes!(status))
        .routes(routes!(config))
        .routes(routes!(logs))
}

/// What the console needs to know before anybody has signed in.
#[derive(Debug, Serialize, ToSchema)]
struct Console {
    /// Whether somebody has an account.
    is_set_up: bool,
    /// The version that runs.
    #[schema(example = "0.1.0")]
    version: &'static str,
    /// The services that run.
    #[schema(example = json!(["luna", "proof"]))]
    services: Vec<&'static str>,
    /// Whether mails can be sent.
    mail: bool,
    /// `development`, `staging` or `production`.
    #[schema(value_type = String, pattern = "^(development|staging|production)$")]
    profile: Profile,
}

/// The configuration in force.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Configuration)]
struct ConfigView {
    /// All settings, section by section.
    sections: Vec<SectionView>,
    /// Weak settings that the profile `staging` tolerates and production would refuse.
    warnings: Vec<WarningView>,
}

/// Lines of the log.
#[derive(Debug, Serialize, ToSchema)]
struct LogLines {
    /// The lines: newest first, and with `after` oldest first.
    items: Vec<Line>,
    /// The `cursor` of the lines before these; null where there are none, and with `after`.
    next: Option<String>,
    /// The `after` with which to ask for what comes later.
    after: String,
    /// Whether lines after the one that was asked for are gone already.
    has_gap: bool,
}

/// What the console needs to know before anybody has signed in.
#[utoipa::path(get, path = "/console", tag = "overview", extensions(("x-access" = json!("public"))),
    responses((status = 200, description = "What runs", body = Console)))]
async fn console(State(overview): State<Arc<Overview>>) -> Response {
    answer(Console {
        is_set_up: overview.set_up.is_done().await,
        version: env!("CARGO_PKG_VERSION"),
        services: overview.vitals.services.clone(),
        mail: overview.context.notify.has_mail(),
        profile: overview.context.config.profile,
    })
}

/// How the house does: the last hour, the objectives, the jobs, what needs a person. For the home workspace.
#[utoipa::path(get, path = "/status", tag = "overview",
    // A page that is open asks every few seconds: that shall not use up what its person may ask in an hour.
    extensions(("x-access" = json!("signed-in")), ("x-limit-per-minute" = json!(120))),
    responses((status = 200, description = "How it does", body = Status)))]
async fn status(
    State(overview): State<Arc<Overview>>,
    Extension(request): Extension<RequestContext>,
    caller: Caller,
) -> Result<Response, Problem> {
    auth::require_home(&overview.context.database, &caller).await?;
    Ok(answer(overview.status(request.language).await))
}

/// The configuration in force, each value with who set it, secrets masked. For the home workspace.
#[utoipa::path(get, path = "/config", tag = "overview", extensions(("x-access" = json!("config:read"))),
    responses((status = 200, description = "The configuration", body = ConfigView)))]
async fn config(
    State(overview): State<Arc<Overview>>,
    caller: Caller,
) -> Result<Response, Problem> {
    auth::require_home(&overview.context.database, &caller).await?;
    let config = &overview.context.config;
    Ok(answer(ConfigView {
        sections: config.settings(),
        warnings: config.warning_list(),
    }))
}

/// The last 5,000 lines of the log of this instance, 4 MB of them at most. For the home workspace.
#[utoipa::path(get, path = "/logs", tag = "overview",
    extensions(("x-access" = json!("logs:read")), ("x-limit-per-minute" = json!(120))),
    params(
        ("level" = Option<String>, Query, description = "Only lines of this level and of those above it: `error`, `warn`, `info`, `debug` or `trace`"),
        ("q" = Option<String>, Query, max_length = 200, description = "Only lines that hold this in their message, their target or a field, in whatever case"),
        ("limit" = Option<u64>, Query, minimum = 1, maximum = 500, description = "At most this many; 100 by default"),
        ("cursor" = Option<String>, Query, pattern = "^[0-9]{16,20}$", description = "The `next` of the answer before: lines older than those"),
        ("after" = Option<String>, Query, pattern = "^[0-9]{16,20}$", description = "The `after` of the answer before: lines that came since, the oldest first. Not together with `cursor`"),
    ),
    responses(
        (status = 200, description = "Lines", body = LogLines),
        (status = 422, description = "A parameter is wrong", body = ProblemBody, content_type = "application/problem+json"),
    ))]
async fn logs(
    State(overview): State<Arc<Overview>>,
    caller: Caller,
    RawQuery(query): RawQuery,
) -> Result<Response, Problem> {
    let wanted = Wanted::of(&query)?;
    auth::require_home(&overview.context.database, &caller).await?;
    // Taking thousands of lines apart is milliseconds that no other request should wait for.
    let found = tokio::task::spawn_blocking(move || wanted.find()).await;
    Ok(answer(found.map_err(|fault| Problem::internal(&fault))?))
}

struct Wanted {
    least: usize,
    text: String,
    limit: usize,
    range: Range,
}

/// The most severe first.
const LEVELS: [&str; 5] = ["error", "warn", "info", "debug", "trace"];

impl Wanted {
    fn of(query: &str) -> Result<Self, Problem> {
        let query = Query::parse(query, &["level", "q", "limit", "cursor", "after"])?;
        let mut faults = Vec::new();
        let least = match query.get("level") {
            None => LEVELS.len() - 1,
            Some(word) => LEVELS
                .iter()
                .position(|level| *level == word)
                .unwrap_or_else(|| {
                    let allowed = vec![("allowed", LEVELS.join(", "))];
                    faults.push(FieldProblem::new("level", "field.one_of", allowed));
                    0
                }),
        };
        let text = query.get("q").unwrap_or_default();
        if text.chars().count() > LONGEST_QUERY {
            let most = vec![("maximum", LONGEST_QUERY.to_string())];
            faults.push(FieldProblem::new("q", "overview.long_query", most));
        }
        let limit = match query.get("limit").map(str::parse) {
            None => USUAL_LINES,
            Some(Ok(limit)) if (1..=HIGHEST_LINES).contains(&limit) => limit,
            Some(_) => {
                let range = vec![
                    ("minimum", "1".to_owned()),
                    ("maximum", HIGHEST_LINES.to_string()),
                ];
                faults.push(FieldProblem::new("limit", "field.range", range));
                USUAL_LINES
            }
        };
        let mut place = |name| {
            let text = query.get(name)?;
            // As lines' ids are written.
            let is_id =
                (16..=20).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
            let number = Some(text).filter(|_| is_id);
            let number = number.and_then(|text| text.parse::<u64>().ok());
            if number.is_none() {
                faults.push(FieldProblem::new(name, "field.cursor", Vec::new()));
            }
            number
        };
        let range = match (place("cursor"), place("after")) {
            (Some(_), Some(_)) => {
                faults.push(FieldProblem::new(
                    "after",
                    "overview.two_cursors",
                    Vec::new(),
                ));
                Range::Before(0)
            }
            (Some(cursor), None) => Range::Before(cursor),
            (None, Some(after)) => Range::After(after),
            (None, None) => Range::Before(u64::MAX),
        };
        if !faults.is_empty() {
            return Err(Problem::invalid(faults));
        }
        Ok(Self {
            least,
            text: text.to_lowercase(),
            limit,
            range,
        })
    }

    fn find(self) -> LogLines {
        let found = lines::kept().read(self.range, self.limit, |line| self.fits(line));
        let is_list = matches!(self.range, Range::Before(_));
        let last = found.lines.last().map(|line| line.id.clone());
        LogLines {
            next: last.filter(|_| is_list && found.has_more),
            after: format!("{:016}", found.seen),
            has_gap: found.has_gap,
            items: found.lines,
        }
    }

    fn fits(&self, line: &Line) -> bool {
        let level = LEVELS
            .iter()
            .position(|level| level.eq_ignore_ascii_case(&line.level));
        if level.is_some_and(|level| level > self.least) {
            return false;
        }
        let holds = |text: &str| text.to_lowercase().contains(&self.text);
        let in_field = |value: &serde_json::Value| match value {
            serde_json::Value::String(text) => holds(text),
            other => holds(&other.to_string()),
        };
        self.text.is_empty()
            || holds(&line.message)
            || holds(&line.target)
            || line.fields.values().any(in_field)
    }
}

/// JSON that nobody keeps.
fn answer(body: impl Serialize) -> Response {
    let no_store = [(header::CACHE_CONTROL, HeaderValue::from_static("no-store"))];
    (no_store, Answer(body)).into_response()
}
