//! A person's preferences and the test button; `webhooks`: those of a workspace.

pub(super) mod webhooks;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use axum::Extension;
use axum::extract::State;
use axum::response::Json;
use futures_util::future::join_all;
use http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::preference::{self, Person, Quiet};
use super::{Channel, Delivered, Notify, store, template};
use crate::auth::{Caller, Scope, UserId, Verb};
use crate::http::RequestContext;
use crate::http::json::Json as Body;
use crate::http::problem::{FieldProblem, Problem, ProblemBody};
use crate::i18n::Language;
use crate::service::Context;

/// What the test button says.
pub(super) const TEST_KIND: &str = "notify.test";
/// Time between two presses of the test button by one person.
pub(super) const TEST_PAUSE: Duration = Duration::from_secs(10);
/// The longest that a press waits for a channel.
const TEST_PATIENCE: Duration = Duration::from_secs(15);

pub(crate) fn routes() -> OpenApiRouter<Arc<Context>> {
    OpenApiRouter::new()
        .routes(routes!(show, change))
        .routes(routes!(test))
        .merge(webhooks::routes())
}

/// How a person is told.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Preferences {
    /// The channels there are, and whether they reach him.
    channels: Vec<ChannelState>,
    /// His chat with the Telegram bot.
    #[schema(required = false)]
    telegram_chat: Option<String>,
    /// Daily hours without messages that can wait, with the distance to UTC: `22:00-07:00+02:00`.
    #[schema(required = false)]
    quiet: Option<String>,
    /// The channels of each kind of event; messages about the security of an account always go by mail.
    kinds: Vec<KindChannels>,
}

/// A channel.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ChannelState {
    /// `mail` or `telegram`.
    channel: PersonChannel,
    /// Whether the operator set it up.
    configured: bool,
    /// Whether the person can be reached by it.
    reachable: bool,
}

/// A channel that leads to a person.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum PersonChannel {
    /// E-mail.
    Mail,
    /// The Telegram bot.
    Telegram,
}

impl PersonChannel {
    const ALL: [Self; 2] = [Self::Mail, Self::Telegram];

    fn channel(self) -> Channel {
        match self {
            Self::Mail => Channel::Mail,
            Self::Telegram => Channel::Telegram,
        }
    }
}

/// The channels of one kind of event.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct KindChannels {
    /// The kind: `jobs.failed`.
    kind: &'static str,
    /// The kind in the caller's language.
    title: String,
    /// Its channels; none to hear nothing of it.
    channels: Vec<PersonChannel>,
}

/// What a person chooses; what is left out goes back to what is usual.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewPreferences {
    /// His chat with the Telegram bot: a number, or `@channel`.
    #[serde(default)]
    #[schema(max_length = 33)]
    telegram_chat: Option<String>,
    /// Daily hours without messages that can wait: `22:00-07:00+02:00`.
    #[serde(default)]
    #[schema(max_length = 17)]
    quiet: Option<String>,
    /// The channels of kinds of events.
    #[serde(default)]
    #[schema(max_items = 32)]
    kinds: Vec<NewKindChannels>,
}

/// The channels of one kind of event.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewKindChannels {
    /// The kind: `jobs.failed`.
    kind: String,
    /// Its channels; none to hear nothing of it.
    channels: Vec<PersonChannel>,
}

/// What came of the test.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct TestResults {
    /// Each channel that was tried or could have been.
    results: Vec<TestResult>,
}

/// One channel.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct TestResult {
    /// `mail`, `telegram` or `webhook`.
    channel: &'static str,
    /// The webhook's id.
    #[schema(required = false)]
    webhook: Option<String>,
    /// `delivered`: the next system took it; `failed`; `not_configured`: nothing was sent.
    outcome: &'static str,
    /// The class of the fault.
    #[schema(required = false)]
    fault: Option<&'static str>,
    /// The fault in the caller's language.
    #[schema(required = false)]
    detail: Option<String>,
}

/// Shows how you are told of what happens.
#[utoipa::path(get, path = "/notifications", tag = "notify", extensions(("x-access" = json!("signed-in"))), responses(
    (status = 200, description = "Your preferences", body = Preferences),
    (status = 409, description = "The key belongs to no person", body = ProblemBody, content_type = "application/problem+json"),
))]
async fn show(
    State(context): State<Arc<Context>>,
    Extension(request): Extension<RequestContext>,
    caller: Caller,
) -> Result<Json<Preferences>, Problem> {
    let (_, person) = own(&context, &caller).await?;
    Ok(Json(shown(&context, request.language, &person)))
}

/// Replaces how you are told of what happens.
#[utoipa::path(put, path = "/notifications", tag = "notify", extensions(("x-access" = json!("signed-in"))),
    request_body = NewPreferences, responses(
    (status = 200, description = "Your preferences now", body = Preferences),
    (status = 400, description = "No JSON", body = ProblemBody, content_type = "application/problem+json"),
    (status = 409, description = "The key belongs to no person", body = ProblemBody, content_type = "application/problem+json"),
    (status = 415, description = "Not JSON", body = ProblemBody, content_type = "application/problem+json"),
    (status = 422, description = "A field is wrong", body = ProblemBody, content_type = "application/problem+json"),
))]
async fn change(
    State(context): State<Arc<Context>>,
    Extension(request): Extension<RequestContext>,
    caller: Caller,
    Body(new): Body<NewPreferences>,
) -> Result<Json<Preferences>, Problem> {
    let (user, _) = own(&context, &caller).await?;
    let (quiet, kinds) = checked(&new)?;
    preference::save(&context.database, user, new.telegram_chat, quiet, kinds).await?;
    let (_, person) = own(&context, &caller).await?;
    Ok(Json(shown(&context, request.language, &person)))
}

/// Sends a test to you by each channel, and with `notify:write` to the webhooks of the workspace, and says what came of each.
#[utoipa::path(post, path = "/notifications/test", tag = "notify", extensions(("x-access" = json!("signed-in"))), responses(
    (status = 200, description = "What came of each channel", body = TestResults),
))]
async fn test(
    State(context): State<Arc<Context>>,
    Extension(request): Extension<RequestContext>,
    caller: Caller,
) -> Result<Json<TestResults>, Problem> {
    let notify = &context.notify;
    let who = caller
        .user
        .map_or_else(|| caller.workspace.to_string(), |user| user.to_string());
    let entry = notify.inner.tested.entry(who).or_insert(());
    if !entry.is_fresh() {
        let seconds = TEST_PAUSE.as_secs();
        return Err(
            Problem::new(StatusCode::TOO_MANY_REQUESTS, "notify.test_pause")
                .with("seconds", seconds)
                .retry_after(seconds),
        );
    }
    let mut tries: Vec<(store::New, bool)> = Vec::new();
    if let Some(user) = caller.user
        && let Some(person) = preference::person(context.database.read(), user).await?
    {
        for channel in PersonChannel::ALL.map(PersonChannel::channel) {
            let target = match channel {
                Channel::Mail => Some(person.email.clone()),
                _ => person.telegram_chat.clone(),
            };
            let ready = notify.inner.channels.has(channel) && target.is_some();
            let mut new = said(
                &caller,
                channel,
                target.unwrap_or_default(),
                person.language,
            );
            new.user = Some(user);
            tries.push((new, ready));
        }
    }
    if caller.may(Scope::new("notify", Verb::Write)) {
        for hook in store::webhooks_in_use(&context.database, caller.workspace).await? {
            let language = Language::from_tag(&hook.language).unwrap_or_default();
            let mut new = said(&caller, Channel::Webhook, hook.url, language);
            new.webhook = Some(hook.id);
            tries.push((new, true));
        }
    }
    let tries = tries.into_iter().map(|(new, ready)| {
        let context = context.clone();
        async move {
            let (channel, webhook) = (new.channel.word(), new.webhook.clone());
            let (outcome, fault) = if ready {
                let tried = context.notify.try_now(new, TEST_PATIENCE).await?;
                match tried {
                    Delivered::Yes => ("delivered", None),
                    Delivered::No(fault) | Delivered::Later(fault) => ("failed", Some(fault.class)),
                    Delivered::NotOurs => ("failed", Some("removed")),
                }
            } else {
                ("not_configured", Some("not_configured"))
            };
            let detail = fault.map(|class| {
                let key = format!("notify.fault.{class}");
                context.catalogue.text(request.language, &key, &Vec::new())
            });
            Ok::<_, Problem>(TestResult {
                channel,
                webhook,
                outcome,
                fault,
                detail,
            })
        }
    });
    let results = join_all(tries)
        .await
        .into_iter()
        .collect::<Result<_, _>>()?;
    Ok(Json(TestResults { results }))
}

fn said(caller: &Caller, channel: Channel, target: String, language: Language) -> store::New {
    store::New {
        workspace: Some(caller.workspace),
        user: None,
        webhook: None,
        channel,
        target,
        template: TEST_KIND.to_owned(),
        language,
        arguments: serde_json::Map::new(),
        idempotency_key: None,
        not_before: None,
    }
}

/// The caller as a person.
async fn own(context: &Context, caller: &Caller) -> Result<(UserId, Person), Problem> {
    let nobody = || Problem::new(StatusCode::CONFLICT, "notify.no_person");
    let user = caller.user.ok_or_else(nobody)?;
    let person = preference::person(context.database.read(), user).await?;
    Ok((user, person.ok_or_else(nobody)?))
}

fn shown(context: &Context, language: Language, person: &Person) -> Preferences {
    let Notify { inner } = &context.notify;
    let channels = PersonChannel::ALL.map(|channel| {
        let configured = inner.channels.has(channel.channel());
        let has_target = channel == PersonChannel::Mail || person.telegram_chat.is_some();
        ChannelState {
            channel,
            configured,
            reachable: configured && has_target,
        }
    });
    let kinds = template::chosen().map(|kind| {
        let chosen = person.channels(kind);
        KindChannels {
            kind,
            title: context.catalogue.text(language, kind, &Vec::new()),
            channels: PersonChannel::ALL
                .into_iter()
                .filter(|channel| chosen.contains(&channel.channel()))
                .collect(),
        }
    });
    Preferences {
        channels: channels.into(),
        telegram_chat: person.telegram_chat.clone(),
        quiet: person.quiet.map(|quiet| quiet.to_string()),
        kinds: kinds.collect(),
    }
}

type Chosen = (Option<Quiet>, BTreeMap<String, Vec<Channel>>);

fn checked(new: &NewPreferences) -> Result<Chosen, Problem> {
    let mut faults = Vec::new();
    if new
        .telegram_chat
        .as_deref()
        .is_some_and(|chat| !is_chat(chat))
    {
        faults.push(FieldProblem::new(
            "telegram_chat",
            "notify.chat",
            Vec::new(),
        ));
    }
    let quiet = new.quiet.as_deref().map(str::parse::<Quiet>);
    if let Some(Err(())) = quiet {
        faults.push(FieldProblem::new("quiet", "notify.quiet", Vec::new()));
    }
    let known: Vec<_> = template::chosen().collect();
    let mut kinds = BTreeMap::new();
    for (place, row) in new.kinds.iter().enumerate().take(known.len() + 1) {
        let mut channels: Vec<_> = row.channels.iter().map(|own| own.channel()).collect();
        channels.sort();
        channels.dedup();
        if channels.len() != row.channels.len() {
            let field = format!("kinds[{place}].channels");
            faults.push(FieldProblem::new(
                field,
                "notify.person_channels",
                Vec::new(),
            ));
        }
        let is_new = kinds.insert(row.kind.clone(), channels).is_none();
        if !is_new || !known.contains(&row.kind.as_str()) {
            let field = format!("kinds[{place}].kind");
            let arguments = vec![("kinds", known.join(", "))];
            faults.push(FieldProblem::new(field, "notify.kind", arguments));
        }
    }
    if faults.is_empty() {
        Ok((quiet.and_then(Result::ok), kinds))
    } else {
        Err(Problem::invalid(faults))
    }
}

fn is_chat(text: &str) -> bool {
    let is_number =
        |text: &str| (1..=20).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit());
    let is_name = |text: &str| {
        (5..=32).contains(&text.len())
            && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
    };
    match text.strip_prefix('@') {
        Some(name) => is_name(name),
        None => is_number(text.strip_prefix('-').unwrap_or(text)),
    }
}
