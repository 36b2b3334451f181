//! Webhooks, signed as the Standard Webhooks specification says (version 1.0.0), and the chats that take a message at an
//! address: Slack, Discord, ntfy.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use http::{HeaderName, HeaderValue, Method};
use reqwest::Url;
use serde_json::{Value, json};
use sha2::Sha256;

use super::channel::{Fault, Message};
use super::tables::webhook;
use crate::config::{Notify as Settings, Secret};
use crate::upstream::guard::{GuardFault, Rules};
use crate::upstream::{Bulkhead, Policy, Reach, Request, Upstream, UpstreamFault, Upstreams};

/// How a secret begins.
const SECRET_PREFIX: &str = "whsec_";
/// Random bytes of a secret; the specification asks for 24 to 64.
const SECRET_BYTES: usize = 32;

/// What a webhook is sent as.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize, utoipa::ToSchema,
)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Shape {
    /// Signed JSON for programs (Standard Webhooks).
    Standard,
    /// A message in a Slack channel ("incoming webhook").
    Slack,
    /// A message in a Discord channel.
    Discord,
    /// A message to a topic of an ntfy server.
    Ntfy,
}

impl Shape {
    pub(super) const ALL: [Self; 4] = [Self::Standard, Self::Slack, Self::Discord, Self::Ntfy];

    pub(super) const fn word(self) -> &'static str {
        match self {
            Self::Standard => "standard",
            Self::Slack => "slack",
            Self::Discord => "discord",
            Self::Ntfy => "ntfy",
        }
    }

    pub(super) fn of(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|shape| shape.word() == word)
    }
}

/// Calls webhooks.
pub(super) struct Hooks {
    upstream: Upstream,
    pub(super) rules: Rules,
}

impl Hooks {
    pub(super) fn new(settings: &Settings, upstreams: &Upstreams) -> Self {
        let rules = Rules {
            allow_http: settings.webhook_allow_http,
            allowed: settings.webhook_networks.clone(),
        };
        let policy = Policy {
            timeout: Duration::from_secs(15),
            read_timeout: Duration::from_secs(15),
            // The outbox tries again, and each address fails on its own.
            retries: 0,
            breaker: None,
            bulkhead: Bulkhead {
                concurrent: 32,
                waiting: 256,
                wait: Duration::from_secs(10),
            },
            answer_limit_bytes: 64 << 10,
            reach: Reach::Guarded(rules.clone()),
            ..Policy::default()
        };
        Self {
            upstream: upstreams.open("webhook", policy),
            rules,
        }
    }

    pub(super) async fn send(&self, message: &Message<'_>) -> Result<(), Fault> {
        let Some(hook) = message.webhook else {
            return Err(Fault::lasting("removed"));
        };
        let request = request(hook, message).ok_or(Fault::lasting("malformed"))?;
        match self.upstream.send(request).await {
            Ok(answer) if answer.status.is_success() => Ok(()),
            // "410 Gone: the endpoint should be disabled."
            Ok(answer) if answer.status.as_u16() == 410 => Err(Fault {
                gone: true,
                ..Fault::lasting("gone")
            }),
            Ok(answer) if answer.status.is_redirection() => Err(Fault::passing("redirect")),
            Ok(_) => Err(Fault::passing("status")),
            Err(fault) => Err(of_upstream(&fault)),
        }
    }
}

/// A call's fault as a delivery's.
pub(super) fn of_upstream(fault: &UpstreamFault) -> Fault {
    let class = fault.outcome().word();
    match fault {
        UpstreamFault::Status { retry_after, .. } => Fault {
            wait: *retry_after,
            ..Fault::passing(class)
        },
        UpstreamFault::Open { wait } => Fault {
            wait: Some(*wait),
            ..Fault::passing(class)
        },
        UpstreamFault::Invalid
        | UpstreamFault::Refused(GuardFault::Scheme | GuardFault::Credentials | GuardFault::Host) => {
            Fault::lasting(class)
        }
        // A name may lead elsewhere tomorrow.
        _ => Fault::passing(class),
    }
}

fn request(hook: &webhook::Model, message: &Message<'_>) -> Option<Request> {
    let url = Url::parse(&hook.url).ok()?;
    let request = Request::new(Method::POST, url);
    let json_kind = HeaderValue::from_static("application/json");
    let chat = || message.words.chat();
    match Shape::of(&hook.shape)? {
        Shape::Standard => {
            let body = payload(message);
            let seconds = message.now.unix_ms() / 1_000;
            let signatures = secrets(hook, message)
                .map(|secret| sign(&secret, message.id, seconds, &body))
                .collect::<Option<Vec<_>>>()?
                .join(" ");
            let id = HeaderValue::from_str(message.id).ok()?;
            let signatures = HeaderValue::from_str(&signatures).ok()?;
            Some(
                request
                    .body(json_kind, body)
                    .header(HeaderName::from_static("webhook-id"), id)
                    .header(
                        HeaderName::from_static("webhook-timestamp"),
                        HeaderValue::from(seconds),
                    )
                    .header(HeaderName::from_static("webhook-signature"), signatures),
            )
        }
        Shape::Slack => {
            // <https://docs.slack.dev/messaging/formatting-message-text>: three characters to escape.
            let text = chat()
                .replace('&', "&amp;")
                .replace('<', "&lt;")
                .replace('>', "&gt;");
            Some(request.body(json_kind, json!({ "text": cut(&text, 3_000) }).to_string()))
        }
        Shape::Discord => {
            // No value may call everybody.
            let body =
                json!({ "content": cut(&chat(), 2_000), "allowed_mentions": { "parse": [] } });
            Some(request.body(json_kind, body.to_string()))
        }
        Shape::Ntfy => {
            let kind = HeaderValue::from_static("text/plain; charset=utf-8");
            Some(request.body(kind, cut(&chat(), 3_000)))
        }
    }
}

/// The body: type, time of the event, data.
fn payload(message: &Message<'_>) -> String {
    let body = json!({
        "type": message.kind,
        "timestamp": message.created_at.to_string(),
        "data": Value::Object(message.data.clone()),
    });
    body.to_string()
}

/// The secrets in force: the newest, and for a time the one before.
fn secrets(hook: &webhook::Model, message: &Message<'_>) -> impl Iterator<Item = String> {
    let now = message.now.to_string();
    let until = hook.old_secret_until.as_ref();
    let old = hook
        .old_secret
        .clone()
        .filter(|_| until.is_some_and(|until| *until > now));
    std::iter::once(hook.secret.clone()).chain(old)
}

/// `v1,` and HMAC-SHA256 of id, time and body, in base 64.
fn sign(secret: &str, id: &str, seconds: i64, body: &str) -> Option<String> {
    let key = STANDARD.decode(secret.strip_prefix(SECRET_PREFIX)?).ok()?;
    let mut mac = Hmac::<Sha256>::new_from_slice(&key).ok()?;
    mac.update(format!("{id}.{seconds}.").as_bytes());
    mac.update(body.as_bytes());
    Some(format!(
        "v1,{}",
        STANDARD.encode(mac.finalize().into_bytes())
    ))
}

/// A new secret.
pub(super) fn generate_secret() -> Secret {
    let mut random = [0_u8; SECRET_BYTES];
    getrandom::fill(&mut random).expect("the system has randomness");
    Secret::new(format!("{SECRET_PREFIX}{}", STANDARD.encode(random)))
}

pub(super) fn cut(text: &str, most: usize) -> String {
    text.chars().take(most).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example of the specification's libraries (its tests in several languages).
    #[test]
    fn signature_is_that_of_the_reference() {
        let signature = sign(
            "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
            "msg_p5jXN8AQM9LWM0D4loKWxJek",
            1_614_265_330,
            r#"{"test": 2432232314}"#,
        );
        assert_eq!(
            signature.as_deref(),
            Some("v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=")
        );
    }
}
