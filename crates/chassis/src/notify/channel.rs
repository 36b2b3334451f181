//! The ways to say something, and how each can fail.

use std::time::Duration;

use serde_json::{Map, Value};

use super::chat::Telegram;
use super::mail::Mailer;
use super::tables::webhook;
use super::template::Words;
use super::webhook::Hooks;
use crate::clock::Timestamp;
use crate::config::Notify as Settings;
use crate::i18n::Language;
use crate::upstream::Upstreams;

/// A way to say something.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Channel {
    /// E-mail.
    Mail,
    /// A chat with the Telegram bot.
    Telegram,
    /// A webhook of a workspace; also of Slack, Discord and ntfy.
    Webhook,
}

impl Channel {
    /// All.
    pub const ALL: [Self; 3] = [Self::Mail, Self::Telegram, Self::Webhook];

    /// Its word.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Mail => "mail",
            Self::Telegram => "telegram",
            Self::Webhook => "webhook",
        }
    }

    /// By its word.
    pub fn of(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|channel| channel.word() == word)
    }
}

/// Why an attempt failed, without any address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// The class, which is stored and shown: `timeout`, `connect`, `rejected`, …
    pub class: &'static str,
    /// Whether trying again may help.
    pub again: bool,
    /// When the other side asks to be tried again.
    pub wait: Option<Duration>,
    /// The target is gone for good.
    pub gone: bool,
}

impl Fault {
    /// Worth another attempt.
    pub(super) fn passing(class: &'static str) -> Self {
        Self {
            class,
            again: true,
            wait: None,
            gone: false,
        }
    }

    /// Not worth another attempt.
    pub(super) fn lasting(class: &'static str) -> Self {
        Self {
            again: false,
            ..Self::passing(class)
        }
    }
}

/// What is to be said now.
pub(super) struct Message<'a> {
    /// The same at each attempt.
    pub(super) id: &'a str,
    pub(super) kind: &'a str,
    pub(super) target: &'a str,
    pub(super) language: Language,
    pub(super) data: &'a Map<String, Value>,
    pub(super) words: Words,
    pub(super) created_at: Timestamp,
    pub(super) now: Timestamp,
    pub(super) webhook: Option<&'a webhook::Model>,
}

/// Those that are configured.
pub(super) struct Channels {
    pub(super) mail: Option<Mailer>,
    pub(super) telegram: Option<Telegram>,
    pub(super) hooks: Hooks,
    /// No attempt of any channel takes longer.
    pub(super) patience: Duration,
}

impl Channels {
    pub(super) fn new(settings: &Settings, upstreams: &Upstreams) -> Self {
        let timeout = Duration::from_millis(settings.smtp.timeout_ms);
        Self {
            mail: Mailer::new(&settings.smtp, upstreams),
            telegram: Telegram::new(&settings.telegram, upstreams),
            hooks: Hooks::new(settings, upstreams),
            patience: timeout.max(Duration::from_secs(30)),
        }
    }

    pub(super) fn has(&self, channel: Channel) -> bool {
        match channel {
            Channel::Mail => self.mail.is_some(),
            Channel::Telegram => self.telegram.is_some(),
            Channel::Webhook => true,
        }
    }

    /// One attempt.
    pub(super) async fn send(&self, channel: Channel, message: &Message<'_>) -> Result<(), Fault> {
        let attempt = async {
            match channel {
                Channel::Mail => match &self.mail {
                    Some(mailer) => mailer.send(message).await,
                    // Taken out of the configuration since: it may come back.
                    None => Err(Fault::passing("not_configured")),
                },
                Channel::Telegram => match &self.telegram {
                    Some(telegram) => telegram.send(message).await,
                    None => Err(Fault::passing("not_configured")),
                },
                Channel::Webhook => self.hooks.send(message).await,
            }
        };
        tokio::time::timeout(self.patience, attempt)
            .await
            .unwrap_or(Err(Fault::passing("timeout")))
    }
}
