//! Routes, all under `/api/v1/proof`: what was proved of this system, and asking for it again. They belong to those who run it, which are
//! the people of the home workspace.

use std::sync::{Arc, OnceLock};

use axum::Extension;
use axum::body::Bytes;
use axum::extract::{FromRequestParts, Path, State};
use axum::response::{IntoResponse, Json as Answer, Response};
use chassis::auth::{self, Caller};
use chassis::check::{Checks, Evidence, Verdict};
use chassis::clock::{Clock, SystemClock};
use chassis::http::json::Json;
use chassis::http::page::{Listed, Page};
use chassis::http::problem::{FieldProblem, Problem, ProblemBody};
use chassis::http::query::{Query, RawQuery};
use chassis::http::{RequestContext, idempotency};
use chassis::i18n::Language;
use chassis::jobs::{JobView, NewJob};
use chassis::service::Context;
use http::request::Parts;
use http::{HeaderMap, HeaderValue, StatusCode, header};
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::import::{self, Judged};
use crate::jobs::{self, Wish};
use crate::report::history::{History, HistoryFault};
use crate::report::origin;
use crate::report::{Report, verdict_at};

/// Names that one wish may hold.
const MOST_NAMES: usize = 100;

/// The routes of the service. `checks` are all that the binary has.
pub(crate) fn routes(checks: Checks) -> OpenApiRouter<Arc<Context>> {
    OpenApiRouter::new()
        .routes(routes!(list))
        .routes(routes!(check_list))
        .routes(routes!(run))
        .routes(routes!(import))
        .routes(routes!(one))
        .layer(Extension(Arc::new(checks)))
}

/// A check, as it is listed.
#[derive(Debug, Serialize, ToSchema)]
struct CheckShown {
    /// `area.name`.
    id: &'static str,
    /// Its area.
    area: &'static str,
    /// The service that brought it; null for the chassis.
    service: Option<&'static str>,
    /// The claim.
    title: &'static str,
    /// What the check does.
    what: &'static str,
    /// What passes.
    passes: &'static str,
    /// How an operator sees it again by hand.
    by_hand: &'static str,
    /// What to do when it fails.
    when_it_fails: &'static str,
    /// Its part of the score.
    weight: u8,
    /// Whether the system is not ready without it.
    is_required: bool,
    /// Whether it harms those who use the system meanwhile; it then runs on an instance of its own.
    disturbs: bool,
    /// Days that its evidence stands.
    fresh_days: u16,
}

/// A record, as it is listed.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ProofLine)]
struct Line {
    /// Its id: when the run began.
    id: String,
    /// 0 to 100.
    score: f64,
    /// Whether every required check passed.
    is_ready: bool,
    /// `quick` or `full`.
    pace: String,
    /// When the run began (RFC 3339, UTC).
    started_at: String,
    /// When it ended.
    ended_at: String,
    /// Checks that passed.
    passed: usize,
    /// Checks that failed.
    failed: usize,
    /// Checks that could not be verified.
    not_verifiable: usize,
}

impl Line {
    fn of(report: Report, id: String) -> Self {
        let now = SystemClock.now();
        let count = |wanted| {
            let of_all = report.evidence.iter();
            of_all.filter(|one| verdict_at(one, now) == wanted).count()
        };
        Self {
            passed: count(Verdict::Pass),
            failed: count(Verdict::Fail),
            not_verifiable: count(Verdict::NotVerifiable),
            id,
            score: report.score,
            is_ready: report.is_ready,
            pace: report.pace,
            started_at: report.started_at,
            ended_at: report.ended_at,
        }
    }
}

/// All checks.
#[derive(Debug, Serialize, ToSchema)]
struct ChecksShown {
    /// In the order in which they run.
    items: Vec<CheckShown>,
}

/// Records of earlier runs, newest first.
#[utoipa::path(get, path = "/", tag = "proof", extensions(("x-access" = json!("proof:read"))),
    params(
        ("limit" = Option<u64>, Query, minimum = 1, maximum = 200, description = "At most this many; 50 by default"),
    ),
    responses(
        (status = 200, description = "A page of records", body = Listed<Line>),
        (status = 422, description = "A parameter is wrong", body = ProblemBody, content_type = "application/problem+json"),
    ))]
async fn list(
    State(context): State<Arc<Context>>,
    caller: Caller,
    RawQuery(query): RawQuery,
) -> Result<Response, Problem> {
    auth::require_home(&context.database, &caller).await?;
    let query = Query::parse(&query, &["limit"])?;
    let limit = Page::of(&query)?.limit as usize;
    let items = read(&context, move |history| {
        let ids = history.list()?.into_iter().take(limit);
        // A record that somebody damaged is not shown; `--verify` says what is wrong with it.
        Ok(ids
            .filter_map(|id| Some(Line::of(history.read(&id).ok()?, id)))
            .collect())
    })
    .await?;
    // All that are kept fit into one page.
    Ok(answer(StatusCode::OK, Listed::<Line> { items, next: None }))
}

/// All checks: what each does, how to see it by hand, what to do when it fails.
#[utoipa::path(get, path = "/checks", tag = "proof", extensions(("x-access" = json!("proof:read"))),
    responses((status = 200, description = "The checks", body = ChecksShown)))]
async fn check_list(
    State(context): State<Arc<Context>>,
    Extension(checks): Extension<Arc<Checks>>,
    Extension(request): Extension<RequestContext>,
    caller: Caller,
) -> Result<Response, Problem> {
    auth::require_home(&context.database, &caller).await?;
    let items = checks
        .iter()
        .map(|check| shown(*check, request.language))
        .collect();
    Ok(answer(StatusCode::OK, ChecksShown { items }))
}

/// The record of a run: `newest`, or one of the list.
#[utoipa::path(get, path = "/{record}", tag = "proof", extensions(("x-access" = json!("proof:read"))),
    params(("record" = String, Path, description = "The record's id, or `newest`")),
    responses(
        (status = 200, description = "The record", body = Report),
        (status = 404, description = "No such record", body = ProblemBody, content_type = "application/problem+json"),
    ))]
async fn one(
    State(context): State<Arc<Context>>,
    caller: Caller,
    Wanted(id): Wanted,
) -> Result<Response, Problem> {
    auth::require_home(&context.database, &caller).await?;
    let record = read(&context, move |history| {
        let id = match id.as_str() {
            "newest" => history.list()?.into_iter().next(),
            _ => Some(id),
        };
        match id.map(|id| history.read(&id)) {
            None | Some(Err(HistoryFault::Name(_))) => Ok(None),
            Some(Err(HistoryFault::File(fault)))
                if fault.kind() == std::io::ErrorKind::NotFound =>
            {
                Ok(None)
            }
            Some(read) => read.map(Some),
        }
    })
    .await?;
    Ok(answer(StatusCode::OK, record.ok_or_else(not_found)?))
}

/// Runs the checks as a job, on instances of their own. Follow it at `/jobs/{id}/events`; its record is in the list when it is done.
#[utoipa::path(post, path = "/run", tag = "proof",
    extensions(("x-access" = json!("proof:admin")), ("x-limit-per-minute" = json!(6))),
    params(("Idempotency-Key" = Option<String>, Header, description = "Sent again with the same key, the request is answered again and not carried out again")),
    request_body = Wish,
    responses(
        (status = 202, description = "The job waits", body = JobView),
        (status = 400, description = "The body is no JSON", body = ProblemBody, content_type = "application/problem+json"),
        (status = 409, description = "The first request with this key is still worked on", body = ProblemBody, content_type = "application/problem+json"),
        (status = 415, description = "The body is not JSON", body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, description = "No check or area has this name, or the key was used with another body", body = ProblemBody, content_type = "application/problem+json"),
    ))]
async fn run(
    State(context): State<Arc<Context>>,
    Extension(checks): Extension<Arc<Checks>>,
    Extension(request): Extension<RequestContext>,
    caller: Caller,
    headers: HeaderMap,
    Json(wish): Json<Wish>,
) -> Result<Response, Problem> {
    auth::require_home(&context.database, &caller).await?;
    known("only", &wish.only, &checks)?;
    known("skip", &wish.skip, &checks)?;
    let (house, asked, by) = (context.clone(), wish.clone(), caller.clone());
    let key = headers
        .get(idempotency::KEY)
        .and_then(|key| key.to_str().ok());
    let key = key.map(str::to_owned);
    let work = async move {
        let new = NewJob {
            user: by.user,
            idempotency_key: key,
            ..NewJob::new(by.workspace, jobs::RUN, serde_json::json!(asked))
        };
        let enqueued = house.jobs.enqueue(new).await?;
        let view = house.jobs.view(
            by.workspace,
            enqueued.id,
            &house.catalogue,
            request.language,
        );
        let view = view.await?.ok_or_else(Problem::not_found)?;
        Ok(answer(StatusCode::ACCEPTED, view))
    };
    idempotency::once(&context, &caller, "POST /proof/run", &headers, &wish, work).await
}

/// Judges somebody's readiness report: each claim is proved, contradicted or unproven by what was measured of this system. Nothing is proved
/// without a run. The body is the Markdown file as it is, in whatever encoding.
#[utoipa::path(post, path = "/import", tag = "proof", extensions(("x-access" = json!("proof:read"))),
    request_body(content = String, content_type = "text/markdown"),
    responses(
        (status = 200, description = "The claims", body = Judged),
        (status = 422, description = "It holds nothing that could be read", body = ProblemBody, content_type = "application/problem+json"),
    ))]
async fn import(
    State(context): State<Arc<Context>>,
    Extension(request): Extension<RequestContext>,
    caller: Caller,
    body: Bytes,
) -> Result<Response, Problem> {
    auth::require_home(&context.database, &caller).await?;
    let evidence = read(&context, |history| Ok(of_this_binary(history))).await?;
    let language = request.language;
    let judged = chassis::task::heavy(move || import::judge(&body, &evidence, language)).await;
    let judged = judged.map_err(|_busy| {
        Problem::new(StatusCode::SERVICE_UNAVAILABLE, "http.overloaded").retry_after(1)
    })?;
    match judged {
        Ok(judged) => Ok(answer(StatusCode::OK, judged)),
        Err(fault) => {
            let reason = vec![("reason", fault.to_string())];
            let fault = FieldProblem::new("body", "proof.unreadable", reason);
            Err(Problem::invalid(vec![fault]))
        }
    }
}

/// The record that the address names.
struct Wanted(String);

impl<S: Send + Sync> FromRequestParts<S> for Wanted {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let Path(id) = Path::from_request_parts(parts, state)
            .await
            .map_err(|_| not_found())?;
        Ok(Self(id))
    }
}

fn not_found() -> Problem {
    Problem::new(StatusCode::NOT_FOUND, "proof.not_found")
}

fn shown(check: &dyn chassis::check::Check, language: Language) -> CheckShown {
    let about = check.about();
    CheckShown {
        id: about.id,
        area: about.area.name(),
        service: about.service,
        title: about.title.of(language),
        what: about.what.of(language),
        passes: about.passes.of(language),
        by_hand: about.by_hand.of(language),
        when_it_fails: about.when_it_fails.of(language),
        weight: about.weight,
        is_required: about.is_required,
        disturbs: about.disturbs,
        fresh_days: about.fresh_days,
    }
}

/// Whether all names are those of checks or areas.
fn known(field: &'static str, names: &[String], checks: &Checks) -> Result<(), Problem> {
    if names.len() > MOST_NAMES {
        let limits = vec![
            ("minimum", "0".to_owned()),
            ("maximum", MOST_NAMES.to_string()),
        ];
        return Err(Problem::invalid(vec![FieldProblem::new(
            field,
            "field.range",
            limits,
        )]));
    }
    let is_known = |name: &&String| {
        checks.iter().any(|check| {
            let about = check.about();
            about.id == name.as_str() || about.area.name() == name.as_str()
        })
    };
    match names.iter().find(|name| !is_known(name)) {
        None => Ok(()),
        Some(unknown) => {
            let given = vec![("given", unknown.chars().take(60).collect::<String>())];
            Err(Problem::invalid(vec![FieldProblem::new(
                field,
                "proof.no_such_check",
                given,
            )]))
        }
    }
}

/// Reads the records' folder beside the threads that answer.
async fn read<T: Send + 'static>(
    context: &Context,
    work: impl FnOnce(&History) -> Result<T, HistoryFault> + Send + 'static,
) -> Result<T, Problem> {
    let history = History::of(&context.config.data.folder);
    let read = tokio::task::spawn_blocking(move || work(&history)).await;
    let read = read.map_err(|fault| Problem::internal(&fault))?;
    read.map_err(|fault| Problem::internal(&fault))
}

/// The newest evidence of each check, where it was this very binary that was measured.
fn of_this_binary(history: &History) -> Vec<Evidence> {
    static OWN: OnceLock<Option<String>> = OnceLock::new();
    let own = OWN.get_or_init(|| {
        let binary = chassis::program::own().ok()?;
        Some(origin::of(&binary, "", "").ok()?.binary)
    });
    let newest = history.list().ok().and_then(|ids| ids.into_iter().next());
    match newest.and_then(|id| history.read(&id).ok()) {
        Some(record) if Some(&record.origin.binary) == own.as_ref() => {
            history.newest_evidence(&record.origin)
        }
        _ => Vec::new(),
    }
}

/// JSON that nobody keeps.
fn answer(status: StatusCode, body: impl Serialize) -> Response {
    let no_store = [(header::CACHE_CONTROL, HeaderValue::from_static("no-store"))];
    (status, no_store, Answer(body)).into_response()
}
