//! The webhooks of a workspace, what was sent to them, and sending it again.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::{Path, State};
use axum::response::Json;
use http::StatusCode;
use reqwest::Url;
use sea_orm::ActiveValue::Set;
use serde::{Deserialize, Serialize};
use utoipa::openapi::RefOr;
use utoipa::openapi::schema::{ObjectBuilder, Schema, Type};
use utoipa::{PartialSchema, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::auth::Caller;
use crate::http::json::Json as Body;
use crate::http::page::{Listed, Page};
use crate::http::problem::{FieldProblem, Problem, ProblemBody};
use crate::http::query::{Query, RawQuery};
use crate::i18n::Language;
use crate::notify::tables::{delivery, webhook};
use crate::notify::webhook::{Shape, generate_secret};
use crate::notify::{DeliveryId, WebhookId, hooks, store};
use crate::service::Context;
use crate::upstream::guard::{self, GuardFault};

/// Webhooks of one workspace.
const MOST_WEBHOOKS: u64 = 50;
const MOST_EVENTS: usize = 50;
const LONGEST_URL: usize = 2_000;
/// How long the secret before the newest signs too.
const ROTATION: Duration = Duration::from_hours(24);

pub(super) fn routes() -> OpenApiRouter<Arc<Context>> {
    OpenApiRouter::new()
        .routes(routes!(list, create))
        .routes(routes!(show, change, remove))
        .routes(routes!(rotate))
        .routes(routes!(deliveries))
        .routes(routes!(redeliver))
}

/// A webhook.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Webhook {
    id: WebhookId,
    /// How it is spoken to.
    shape: Shape,
    /// Where it is; of chats without the path, which is their secret.
    url: String,
    /// The kinds of events that go there; `jobs.*` is all of a room, `*` is all.
    events: Vec<String>,
    /// The language of messages to chats: `en` or `fr`.
    language: String,
    /// Failed attempts since the last success.
    failures: i32,
    /// When it was disabled (RFC 3339, UTC); null while in use.
    #[schema(required = false)]
    disabled_at: Option<String>,
    /// When it was made (RFC 3339, UTC).
    created_at: String,
}

/// A webhook with its secret, shown once.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct WebhookSecret {
    #[serde(flatten)]
    webhook: Webhook,
    /// The key of the signatures, `whsec_…`; null for chats, which are not signed.
    #[schema(required = false)]
    secret: Option<String>,
}

/// A webhook to be made.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewWebhook {
    /// Its address.
    #[schema(min_length = 8, max_length = 2000)]
    url: String,
    /// How it is spoken to; `standard` where nothing is said.
    #[serde(default = "standard")]
    shape: Shape,
    /// Kinds of events, all of a room (`jobs.*`), or all (`*`).
    #[schema(min_items = 1, max_items = 50, value_type = Vec<EventWord>)]
    events: Vec<String>,
    /// The language of messages to chats.
    #[serde(default)]
    language: Words,
}

/// What a webhook may ask for, as the OpenAPI document has it. Read as text, so that a fault is said in the caller's language.
struct EventWord;

impl PartialSchema for EventWord {
    fn schema() -> RefOr<Schema> {
        ObjectBuilder::new()
            .schema_type(Type::String)
            .enum_values(Some(hooks::words()))
            .into()
    }
}

impl ToSchema for EventWord {}

/// A language.
#[derive(Clone, Copy, Debug, Default, Deserialize, ToSchema)]
pub(crate) enum Words {
    /// English.
    #[default]
    #[serde(rename = "en")]
    English,
    /// French.
    #[serde(rename = "fr")]
    French,
}

fn standard() -> Shape {
    Shape::Standard
}

/// What changes of a webhook; what is left out stays.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct WebhookChange {
    /// Another address.
    #[serde(default)]
    #[schema(min_length = 8, max_length = 2000)]
    url: Option<String>,
    /// Other kinds of events.
    #[serde(default)]
    #[schema(min_items = 1, max_items = 50, value_type = Option<Vec<EventWord>>)]
    events: Option<Vec<String>>,
    /// Whether it is in use.
    #[serde(default)]
    enabled: Option<bool>,
}

/// Something sent, or to be sent, to a webhook.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct DeliveryShown {
    /// Its id, which is the `webhook-id` header too.
    id: DeliveryId,
    /// The kind of event.
    kind: String,
    /// `waiting`, `sending`, `delivered` or `failed`.
    state: String,
    /// Attempts made.
    attempts: i32,
    /// When it is tried next (RFC 3339, UTC); null once it ended.
    #[schema(required = false)]
    next_at: Option<String>,
    /// The class of the last attempt's fault.
    #[schema(required = false)]
    last_error: Option<String>,
    /// When it was written down (RFC 3339, UTC).
    created_at: String,
    /// When the receiver took it (RFC 3339, UTC).
    #[schema(required = false)]
    delivered_at: Option<String>,
}

/// Lists the webhooks of the workspace.
#[utoipa::path(get, path = "/webhooks", tag = "notify", extensions(("x-access" = json!("notify:read"))),
    params(
        ("limit" = Option<u64>, Query, description = "Rows of a page", minimum = 1, maximum = 200),
        ("cursor" = Option<String>, Query, description = "`next` of the page before"),
    ), responses(
    (status = 200, description = "A page of webhooks, newest first", body = Listed<Webhook>),
    (status = 422, description = "A field is wrong", body = ProblemBody, content_type = "application/problem+json"),
))]
async fn list(
    State(context): State<Arc<Context>>,
    caller: Caller,
    RawQuery(query): RawQuery,
) -> Result<Json<Listed<Webhook>>, Problem> {
    let page = Page::of(&Query::parse(&query, &["limit", "cursor"])?)?;
    let rows = store::webhooks(&context.database, caller.workspace, page).await?;
    let rows = rows.into_iter().map(shown).collect::<Result<_, _>>()?;
    Ok(Json(page.list(rows, |row: &Webhook| row.id.to_string())))
}

/// Makes a webhook. Its secret is shown only now.
#[utoipa::path(post, path = "/webhooks", tag = "notify", extensions(("x-access" = json!("notify:admin"))),
    request_body = NewWebhook, responses(
    (status = 201, description = "The webhook and its secret", body = WebhookSecret),
    (status = 400, description = "No JSON", body = ProblemBody, content_type = "application/problem+json"),
    (status = 409, description = "The workspace has too many", body = ProblemBody, content_type = "application/problem+json"),
    (status = 415, description = "Not JSON", body = ProblemBody, content_type = "application/problem+json"),
    (status = 422, description = "A field is wrong", body = ProblemBody, content_type = "application/problem+json"),
))]
async fn create(
    State(context): State<Arc<Context>>,
    caller: Caller,
    Body(new): Body<NewWebhook>,
) -> Result<(StatusCode, Json<WebhookSecret>), Problem> {
    let mut faults = Vec::new();
    let url = check_url(&context, &new.url, &mut faults).await;
    let events = check_events(&new.events, &mut faults);
    if !faults.is_empty() {
        return Err(Problem::invalid(faults));
    }
    let secret = generate_secret();
    let language = match new.language {
        Words::English => Language::English,
        Words::French => Language::French,
    };
    let row = webhook::Model {
        id: WebhookId::generate(context.clock.as_ref()).to_string(),
        workspace_id: caller.workspace.to_string(),
        user_id: caller.user.map(|user| user.to_string()),
        shape: new.shape.word().to_owned(),
        url,
        events,
        language: language.code().to_owned(),
        secret: secret.expose().to_owned(),
        old_secret: None,
        old_secret_until: None,
        failures: 0,
        disabled_at: None,
        created_at: context.clock.now().to_string(),
    };
    if !store::add_webhook(&context.database, row.clone(), MOST_WEBHOOKS).await? {
        return Err(
            Problem::new(StatusCode::CONFLICT, "notify.too_many_webhooks")
                .with("limit", MOST_WEBHOOKS),
        );
    }
    let secret = (new.shape == Shape::Standard).then(|| secret.expose().to_owned());
    let webhook = shown(row)?;
    Ok((StatusCode::CREATED, Json(WebhookSecret { webhook, secret })))
}

/// Shows a webhook.
#[utoipa::path(get, path = "/webhooks/{id}", tag = "notify", extensions(("x-access" = json!("notify:read"))),
    params(("id" = WebhookId, Path, description = "The webhook")), responses(
    (status = 200, description = "The webhook", body = Webhook),
    (status = 404, description = "No such webhook", body = ProblemBody, content_type = "application/problem+json"),
))]
async fn show(
    State(context): State<Arc<Context>>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Json<Webhook>, Problem> {
    Ok(Json(shown(find(&context, &caller, &id).await?)?))
}

/// Changes a webhook, or puts it back into use.
#[utoipa::path(patch, path = "/webhooks/{id}", tag = "notify", extensions(("x-access" = json!("notify:admin"))),
    params(("id" = WebhookId, Path, description = "The webhook")), request_body = WebhookChange, responses(
    (status = 200, description = "The webhook now", body = Webhook),
    (status = 400, description = "No JSON", body = ProblemBody, content_type = "application/problem+json"),
    (status = 404, description = "No such webhook", body = ProblemBody, content_type = "application/problem+json"),
    (status = 415, description = "Not JSON", body = ProblemBody, content_type = "application/problem+json"),
    (status = 422, description = "A field is wrong", body = ProblemBody, content_type = "application/problem+json"),
))]
async fn change(
    State(context): State<Arc<Context>>,
    caller: Caller,
    Path(id): Path<String>,
    Body(change): Body<WebhookChange>,
) -> Result<Json<Webhook>, Problem> {
    find(&context, &caller, &id).await?;
    let mut faults = Vec::new();
    let mut changed = webhook::ActiveModel::default();
    if let Some(url) = &change.url {
        changed.url = Set(check_url(&context, url, &mut faults).await);
    }
    if let Some(events) = &change.events {
        changed.events = Set(check_events(events, &mut faults));
    }
    if !faults.is_empty() {
        return Err(Problem::invalid(faults));
    }
    if let Some(enabled) = change.enabled {
        let now = context.clock.now().to_string();
        changed.disabled_at = Set(Some(now).filter(|_| !enabled));
        changed.failures = Set(0);
    }
    Ok(Json(shown(save(&context, &caller, &id, changed).await?)?))
}

/// Changes the set columns, and gives what the webhook is then.
async fn save(
    context: &Context,
    caller: &Caller,
    id: &str,
    changed: webhook::ActiveModel,
) -> Result<webhook::Model, Problem> {
    let parsed = id.parse().map_err(|_| Problem::not_found())?;
    store::change_webhook(&context.database, caller.workspace, parsed, changed).await?;
    find(context, caller, id).await
}

/// Removes a webhook and what was sent to it.
#[utoipa::path(delete, path = "/webhooks/{id}", tag = "notify", extensions(("x-access" = json!("notify:admin"))),
    params(("id" = WebhookId, Path, description = "The webhook")), responses(
    (status = 204, description = "Removed"),
    (status = 404, description = "No such webhook", body = ProblemBody, content_type = "application/problem+json"),
))]
async fn remove(
    State(context): State<Arc<Context>>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<StatusCode, Problem> {
    let id = id.parse().map_err(|_| Problem::not_found())?;
    if store::remove_webhook(&context.database, caller.workspace, id).await? {
        Ok(StatusCode::NO_CONTENT)
    } else {
        Err(Problem::not_found())
    }
}

/// Gives a webhook a new secret, shown only now. For a day the one before signs too.
#[utoipa::path(post, path = "/webhooks/{id}/rotate", tag = "notify", extensions(("x-access" = json!("notify:admin"))),
    params(("id" = WebhookId, Path, description = "The webhook")), responses(
    (status = 200, description = "The webhook and its new secret", body = WebhookSecret),
    (status = 404, description = "No such webhook", body = ProblemBody, content_type = "application/problem+json"),
    (status = 409, description = "It has no secret", body = ProblemBody, content_type = "application/problem+json"),
))]
async fn rotate(
    State(context): State<Arc<Context>>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Json<WebhookSecret>, Problem> {
    let row = find(&context, &caller, &id).await?;
    if row.shape != Shape::Standard.word() {
        return Err(Problem::new(StatusCode::CONFLICT, "notify.no_secret"));
    }
    let secret = generate_secret().expose().to_owned();
    let until = store::after(context.clock.now(), ROTATION);
    let changed = webhook::ActiveModel {
        secret: Set(secret.clone()),
        old_secret: Set(Some(row.secret)),
        old_secret_until: Set(Some(until.to_string())),
        ..webhook::ActiveModel::default()
    };
    let webhook = shown(save(&context, &caller, &id, changed).await?)?;
    let secret = Some(secret);
    Ok(Json(WebhookSecret { webhook, secret }))
}

/// Lists what was sent, and is to be sent, to a webhook.
#[utoipa::path(get, path = "/webhooks/{id}/deliveries", tag = "notify", extensions(("x-access" = json!("notify:read"))),
    params(
        ("id" = WebhookId, Path, description = "The webhook"),
        ("limit" = Option<u64>, Query, description = "Rows of a page", minimum = 1, maximum = 200),
        ("cursor" = Option<String>, Query, description = "`next` of the page before"),
    ), responses(
    (status = 200, description = "A page of deliveries, newest first", body = Listed<DeliveryShown>),
    (status = 404, description = "No such webhook", body = ProblemBody, content_type = "application/problem+json"),
    (status = 422, description = "A field is wrong", body = ProblemBody, content_type = "application/problem+json"),
))]
async fn deliveries(
    State(context): State<Arc<Context>>,
    caller: Caller,
    Path(id): Path<String>,
    RawQuery(query): RawQuery,
) -> Result<Json<Listed<DeliveryShown>>, Problem> {
    let page = Page::of(&Query::parse(&query, &["limit", "cursor"])?)?;
    find(&context, &caller, &id).await?;
    let id = id.parse().map_err(|_| Problem::not_found())?;
    let rows = store::deliveries(&context.database, id, page).await?;
    let rows = rows
        .into_iter()
        .map(shown_delivery)
        .collect::<Result<_, _>>()?;
    Ok(Json(
        page.list(rows, |row: &DeliveryShown| row.id.to_string()),
    ))
}

/// Sends something again that was delivered or failed for good, with the same id and a new time.
#[utoipa::path(post, path = "/webhooks/{id}/deliveries/{delivery}/redeliver", tag = "notify",
    extensions(("x-access" = json!("notify:write"))),
    params(
        ("id" = WebhookId, Path, description = "The webhook"),
        ("delivery" = DeliveryId, Path, description = "The delivery"),
    ), responses(
    (status = 202, description = "It waits to be sent now", body = DeliveryShown),
    (status = 404, description = "No such delivery", body = ProblemBody, content_type = "application/problem+json"),
    (status = 409, description = "It has not ended, or the webhook is disabled", body = ProblemBody, content_type = "application/problem+json"),
))]
async fn redeliver(
    State(context): State<Arc<Context>>,
    caller: Caller,
    Path((id, delivery)): Path<(String, String)>,
) -> Result<(StatusCode, Json<DeliveryShown>), Problem> {
    let hook = find(&context, &caller, &id).await?;
    let id: WebhookId = id.parse().map_err(|_| Problem::not_found())?;
    let delivery: DeliveryId = delivery.parse().map_err(|_| Problem::not_found())?;
    let database = &context.database;
    let found = || async {
        let row = store::delivery(database, id, delivery).await?;
        row.ok_or_else(Problem::not_found)
    };
    found().await?;
    if hook.disabled_at.is_some() {
        return Err(Problem::new(
            StatusCode::CONFLICT,
            "notify.webhook_in_disuse",
        ));
    }
    if !store::again(database, delivery).await? {
        return Err(Problem::new(StatusCode::CONFLICT, "notify.still_waiting"));
    }
    context.notify.wake();
    Ok((StatusCode::ACCEPTED, Json(shown_delivery(found().await?)?)))
}

async fn find(context: &Context, caller: &Caller, id: &str) -> Result<webhook::Model, Problem> {
    let id = id.parse().map_err(|_| Problem::not_found())?;
    let found = store::webhook(&context.database, caller.workspace, id).await?;
    found.ok_or_else(Problem::not_found)
}

/// An address that may be called, as it is; what is behind it is looked at again at each call.
async fn check_url(context: &Context, text: &str, faults: &mut Vec<FieldProblem>) -> String {
    let url = Url::parse(text).ok().filter(|_| text.len() <= LONGEST_URL);
    let code = match &url {
        None => Some("notify.url"),
        Some(url) => match guard::resolve(url, context.notify.webhook_rules()).await {
            Ok(_) => None,
            Err(GuardFault::Scheme) => Some("upstream.only_https"),
            Err(GuardFault::Credentials) => Some("upstream.credentials_in_address"),
            Err(GuardFault::Host | GuardFault::Unresolved) => Some("upstream.unknown_host"),
            Err(GuardFault::Private) => Some("upstream.private_address"),
        },
    };
    faults.extend(code.map(|code| FieldProblem::new("url", code, Vec::new())));
    url.map(String::from).unwrap_or_default()
}

fn check_events(events: &[String], faults: &mut Vec<FieldProblem>) -> String {
    let allowed = hooks::words();
    let arguments = || {
        let quoted: Vec<_> = allowed.iter().map(|word| format!("`{word}`")).collect();
        vec![("kinds", quoted.join(", "))]
    };
    if !(1..=MOST_EVENTS).contains(&events.len()) {
        faults.push(FieldProblem::new("events", "notify.events", arguments()));
        return String::new();
    }
    for (place, event) in events.iter().enumerate() {
        if !allowed.contains(event) {
            let field = format!("events[{place}]");
            faults.push(FieldProblem::new(field, "notify.events", arguments()));
        }
    }
    events.join(" ")
}

fn shown(row: webhook::Model) -> Result<Webhook, Problem> {
    let malformed = |what: &'static str| {
        move || Problem::internal(&format_args!("webhook.{what} is malformed"))
    };
    let shape = Shape::of(&row.shape).ok_or_else(malformed("shape"))?;
    let url = match (shape, Url::parse(&row.url)) {
        (Shape::Standard, _) | (_, Err(_)) => row.url,
        (_, Ok(url)) => format!("{}/…", url.origin().ascii_serialization()),
    };
    Ok(Webhook {
        id: row.id.parse().map_err(|_| malformed("id")())?,
        shape,
        url,
        events: row.events.split(' ').map(str::to_owned).collect(),
        language: row.language,
        failures: row.failures,
        disabled_at: row.disabled_at,
        created_at: row.created_at,
    })
}

fn shown_delivery(row: delivery::Model) -> Result<DeliveryShown, Problem> {
    let ended = row.state == store::DELIVERED || row.state == store::FAILED;
    Ok(DeliveryShown {
        id: row
            .id
            .parse()
            .map_err(|_| Problem::internal(&"delivery.id is malformed"))?,
        kind: row.template,
        state: row.state,
        attempts: row.attempts,
        next_at: Some(row.next_at).filter(|_| !ended),
        last_error: row.last_error,
        created_at: row.created_at,
        delivered_at: row.delivered_at,
    })
}
