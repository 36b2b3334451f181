//! Rules: who is told of what. Alerts go to the workspace's webhooks, as `nightscan.alert`.

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

use super::sites::{full, known};
use crate::check;
use crate::rules::Quiet;
use crate::store::{self, RuleId, SiteId, rule};

/// Rules of a workspace: each is asked of each recording.
const MOST_RULES: u64 = 200;

/// When somebody wants to be told of a detection.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Rule {
    /// Its id.
    id: String,
    /// Its name.
    #[schema(example = "Owls at the oak")]
    name: String,
    /// The class; null: every one.
    class: Option<String>,
    /// The least confidence.
    min_confidence: f64,
    /// The site; null: every one.
    site: Option<String>,
    /// Hours in which nothing is sent; what is heard then is told at their end.
    #[schema(example = "22:00-07:00+02:00")]
    quiet_hours: Option<String>,
    /// Whether only the first of a night is told.
    first_of_night: bool,
    /// Whether it is in force.
    enabled: bool,
    /// The last night of which something was told.
    last_night: Option<String>,
    /// When it was made.
    created_at: String,
}

impl From<rule::Model> for Rule {
    fn from(row: rule::Model) -> Self {
        Self {
            id: row.id,
            name: row.name,
            class: row.class,
            min_confidence: row.min_confidence,
            site: row.site_id,
            quiet_hours: row.quiet,
            first_of_night: row.first_of_night,
            enabled: row.enabled,
            last_night: row.last_night,
            created_at: row.created_at,
        }
    }
}

/// A rule to be made, or as it shall be.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewRule {
    /// Its name.
    #[schema(min_length = 1, max_length = 80, example = "Owls at the oak")]
    name: String,
    /// The class; every one where left out.
    #[serde(default)]
    #[schema(min_length = 1, max_length = 60, example = "birds")]
    class: Option<String>,
    /// The least confidence; 0.8 where left out.
    #[serde(default = "usual_confidence")]
    #[schema(minimum = 0, maximum = 1, example = 0.8)]
    min_confidence: f64,
    /// The site; every one where left out.
    #[serde(default)]
    site: Option<SiteId>,
    /// Hours of the day in which nothing is sent: from, until, and their time's difference to UTC.
    #[serde(default)]
    #[schema(
        pattern = "^[0-2][0-9]:[0-5][0-9]-[0-2][0-9]:[0-5][0-9][+-][01][0-9]:[0-5][0-9]$",
        example = "22:00-07:00+02:00"
    )]
    quiet_hours: Option<String>,
    /// Whether only the first of a night is told.
    #[serde(default)]
    first_of_night: bool,
    /// Whether it is in force.
    #[serde(default = "usually")]
    enabled: bool,
}

fn usual_confidence() -> f64 {
    0.8
}

fn usually() -> bool {
    true
}

impl NewRule {
    async fn into_row(
        self,
        context: &Context,
        caller: &Caller,
        id: RuleId,
        made: Option<rule::Model>,
    ) -> Result<rule::Model, Problem> {
        let mut faults = Vec::new();
        let name = check::name(&self.name, &mut faults);
        if self
            .class
            .as_deref()
            .is_some_and(|class| !check::is_class(class))
        {
            faults.push(FieldProblem::new("class", "nightscan.class", Vec::new()));
        }
        if !(0.0..=1.0).contains(&self.min_confidence) {
            faults.push(check::fault("min_confidence", 0, 1));
        }
        let quiet = self.quiet_hours.map(|text| text.parse::<Quiet>());
        if matches!(quiet, Some(Err(()))) {
            faults.push(FieldProblem::new(
                "quiet_hours",
                "nightscan.quiet_hours",
                Vec::new(),
            ));
        }
        let site_id = known(context, caller, self.site, &mut faults).await?;
        check::sound(faults)?;
        let now = context.clock.now().to_string();
        Ok(rule::Model {
            id: id.to_string(),
            workspace_id: caller.workspace.to_string(),
            name,
            class: self.class,
            min_confidence: self.min_confidence,
            site_id,
            quiet: quiet.and_then(Result::ok).map(|quiet| quiet.to_string()),
            first_of_night: self.first_of_night,
            enabled: self.enabled,
            last_night: made.as_ref().and_then(|made| made.last_night.clone()),
            created_at: made.map_or(now, |made| made.created_at),
        })
    }
}

/// The workspace's rules, newest first.
#[utoipa::path(
    get,
    path = "/rules",
    tag = "nightscan",
    extensions(("x-access" = json!("nightscan:read"))),
    params(
        ("limit" = Option<u64>, Query, description = "At most this many, 50 where left out", minimum = 1, maximum = 200),
        ("cursor" = Option<String>, Query, description = "The `next` of the page before", pattern = "^[0-7][0-9A-HJKMNP-TV-Z]{25}$"),
    ),
    responses(
        (status = 200, description = "One page of them", body = Listed<Rule>),
        (status = 422, description = "A field is wrong", body = ProblemBody, content_type = "application/problem+json"),
    ),
)]
pub(crate) async fn list(
    State(context): State<Arc<Context>>,
    caller: Caller,
    RawQuery(query): RawQuery,
) -> Result<Answer<Listed<Rule>>, Problem> {
    let page = Page::of(&Query::parse(&query, &["limit", "cursor"])?)?;
    let rows = store::rules(&context.database, caller.workspace, page).await?;
    let items = rows.into_iter().map(Rule::from).collect();
    Ok(Answer(page.list(items, |row: &Rule| row.id.clone())))
}

/// Makes a rule. Its alerts go to the webhooks of the workspace that ask for everything, also to chats.
#[utoipa::path(
    post,
    path = "/rules",
    tag = "nightscan",
    extensions(("x-access" = json!("nightscan:write"))),
    request_body = NewRule,
    responses(
        (status = 201, description = "Made", body = Rule),
        (status = 400, description = "The body is no JSON", body = ProblemBody, content_type = "application/problem+json"),
        (status = 409, description = "The workspace has as many as it may", body = ProblemBody, content_type = "application/problem+json"),
        (status = 415, description = "The body is not sent as JSON", body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, description = "A field is wrong", body = ProblemBody, content_type = "application/problem+json"),
    ),
)]
pub(crate) async fn create(
    State(context): State<Arc<Context>>,
    caller: Caller,
    Json(body): Json<NewRule>,
) -> Result<Response, Problem> {
    let id = RuleId::generate(context.clock.as_ref());
    let row = body.into_row(&context, &caller, id, None).await?;
    let (workspace, kept) = (caller.workspace, row.clone());
    context
        .database
        .write(move |tx| {
            Box::pin(async move {
                if store::count_rules(tx, workspace).await? >= MOST_RULES {
                    return Err(full(MOST_RULES));
                }
                Ok::<_, Problem>(store::insert_rule(tx, kept).await?)
            })
        })
        .await?;
    Ok((StatusCode::CREATED, Answer(Rule::from(row))).into_response())
}

async fn find(context: &Context, caller: &Caller, id: RuleId) -> Result<rule::Model, Problem> {
    store::find_rule(context.database.read(), caller.workspace, id)
        .await?
        .ok_or_else(Problem::not_found)
}

/// One rule.
#[utoipa::path(
    get,
    path = "/rules/{rule}",
    tag = "nightscan",
    extensions(("x-access" = json!("nightscan:read"))),
    params(("rule" = String, Path, description = "Its id", example = "01KAH8W7Q2M4ZB6T9X3F5R0VCD")),
    responses(
        (status = 200, description = "The rule", body = Rule),
        (status = 400, description = "The address is not valid UTF-8", body = ProblemBody, content_type = "application/problem+json"),
        (status = 404, description = "The workspace has no such rule", body = ProblemBody, content_type = "application/problem+json"),
    ),
)]
pub(crate) async fn one(
    State(context): State<Arc<Context>>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Answer<Rule>, Problem> {
    let id: RuleId = id.parse().map_err(|_| Problem::not_found())?;
    Ok(Answer(find(&context, &caller, id).await?.into()))
}

/// Changes a rule. What it told before stays told.
#[utoipa::path(
    put,
    path = "/rules/{rule}",
    tag = "nightscan",
    extensions(("x-access" = json!("nightscan:write"))),
    params(("rule" = String, Path, description = "Its id", example = "01KAH8W7Q2M4ZB6T9X3F5R0VCD")),
    request_body = NewRule,
    responses(
        (status = 200, description = "The rule, changed", body = Rule),
        (status = 400, description = "The body is no JSON, or the address is not valid UTF-8", body = ProblemBody, content_type = "application/problem+json"),
        (status = 404, description = "The workspace has no such rule", body = ProblemBody, content_type = "application/problem+json"),
        (status = 415, description = "The body is not sent as JSON", body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, description = "A field is wrong", body = ProblemBody, content_type = "application/problem+json"),
    ),
)]
pub(crate) async fn change(
    State(context): State<Arc<Context>>,
    caller: Caller,
    Path(id): Path<String>,
    Json(body): Json<NewRule>,
) -> Result<Answer<Rule>, Problem> {
    let id: RuleId = id.parse().map_err(|_| Problem::not_found())?;
    let made = find(&context, &caller, id).await?;
    let row = body.into_row(&context, &caller, id, Some(made)).await?;
    let kept = row.clone();
    context
        .database
        .write(move |tx| Box::pin(async move { store::change_rule(tx, &kept).await }))
        .await?;
    Ok(Answer(row.into()))
}

/// Removes a rule.
#[utoipa::path(
    delete,
    path = "/rules/{rule}",
    tag = "nightscan",
    extensions(("x-access" = json!("nightscan:write"))),
    params(("rule" = String, Path, description = "Its id", example = "01KAH8W7Q2M4ZB6T9X3F5R0VCD")),
    responses(
        (status = 204, description = "It is gone"),
        (status = 400, description = "The address is not valid UTF-8", body = ProblemBody, content_type = "application/problem+json"),
        (status = 404, description = "The workspace has no such rule", body = ProblemBody, content_type = "application/problem+json"),
    ),
)]
pub(crate) async fn remove(
    State(context): State<Arc<Context>>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<StatusCode, Problem> {
    let id: RuleId = id.parse().map_err(|_| Problem::not_found())?;
    let workspace = caller.workspace;
    let gone = context
        .database
        .write(move |tx| Box::pin(async move { store::delete_rule(tx, workspace, id).await }))
        .await?;
    if gone {
        Ok(StatusCode::NO_CONTENT)
    } else {
        Err(Problem::not_found())
    }
}
