//! Telegram: the bot writes into the chat that a person gave.

use std::time::Duration;

use http::{HeaderValue, Method};
use reqwest::Url;
use serde_json::json;

use super::channel::{Fault, Message};
use super::webhook::{cut, of_upstream};
use crate::config::{self, Secret};
use crate::upstream::{Policy, Request, Upstream, Upstreams};

const OFFICIAL: &str = "https://api.telegram.org";

/// The bot.
pub(super) struct Telegram {
    base: String,
    token: Secret,
    upstream: Upstream,
}

impl Telegram {
    pub(super) fn new(settings: &config::Telegram, upstreams: &Upstreams) -> Option<Self> {
        let token = settings.token.clone()?;
        let base = settings
            .base_url
            .as_ref()
            .map_or(OFFICIAL, |url| url.as_str());
        let policy = Policy {
            timeout: Duration::from_secs(15),
            // The outbox tries again.
            retries: 0,
            answer_limit_bytes: 64 << 10,
            ..Policy::default()
        };
        Some(Self {
            base: base.to_owned(),
            token,
            upstream: upstreams.open("telegram", policy),
        })
    }

    pub(super) async fn send(&self, message: &Message<'_>) -> Result<(), Fault> {
        // The token is part of the address: no fault of `upstream` ever names one.
        let address = format!("{}/bot{}/sendMessage", self.base, self.token.expose());
        let url = Url::parse(&address).map_err(|_| Fault::lasting("config"))?;
        // Without `parse_mode` the text is taken as it is.
        let body = json!({ "chat_id": message.target, "text": cut(&message.words.chat(), 4_096) });
        let request = Request::new(Method::POST, url).body(
            HeaderValue::from_static("application/json"),
            body.to_string(),
        );
        match self.upstream.send(request).await {
            Ok(answer) => match answer.status.as_u16() {
                200 => Ok(()),
                401 | 404 => Err(Fault::passing("sign_in")),
                // No such chat, or the person blocked the bot.
                400 | 403 => Err(Fault::lasting("rejected")),
                _ => Err(Fault::passing("status")),
            },
            Err(fault) => Err(of_upstream(&fault)),
        }
    }
}
