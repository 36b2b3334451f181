//! `[notify]`

use std::net::IpAddr;
use std::path::PathBuf;

use garde::Validate;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Network, PublicUrl, Secret};

/// How people and programs are told what happened.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema, Validate)]
#[serde(default, deny_unknown_fields)]
pub struct Notify {
    /// Whether webhooks may go to plain `http://` addresses, which production refuses.
    #[garde(skip)]
    pub webhook_allow_http: bool,
    /// Private networks that webhooks may lead into, such as `10.1.2.0/24`; elsewhere only public addresses are called.
    #[garde(length(max = 256))]
    pub webhook_networks: Vec<Network>,
    /// The mail server.
    #[garde(dive)]
    pub smtp: Smtp,
    /// The Telegram bot.
    #[garde(dive)]
    pub telegram: Telegram,
}

/// The server that takes our mails.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema, Validate)]
#[serde(default, deny_unknown_fields)]
pub struct Smtp {
    /// Its name; without one no mail is sent, and what would be mailed is shown to the administrator instead.
    #[garde(custom(is_reachable_so(&self.tls, &self.from)))]
    pub host: Option<String>,
    /// Its port; without one 587 for `starttls`, 465 for `implicit`, 25 for `none`.
    #[garde(skip)]
    pub port: Option<u16>,
    /// The account at the server; without one nobody signs in.
    #[garde(custom(has_password(&self.password)))]
    pub user: Option<String>,
    /// Its password.
    #[garde(skip)]
    pub password: Option<Secret>,
    /// The sender, such as `Aplomb <aplomb@example.org>`.
    #[garde(custom(is_mailbox))]
    pub from: Option<String>,
    /// How the connection is protected; `none` only to this machine itself.
    #[garde(skip)]
    pub tls: MailTls,
    /// A certificate (PEM) that is trusted beside those of the system, for a server with one of its own.
    #[garde(skip)]
    #[schemars(with = "Option<String>")]
    pub ca_file: Option<PathBuf>,
    /// Time one mail may take, in milliseconds.
    #[garde(range(min = 100, max = 600_000))]
    pub timeout_ms: u64,
}

/// How the connection to the mail server is protected.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum MailTls {
    /// Begins in plain text and must change to TLS (port 587).
    #[default]
    Starttls,
    /// TLS from the first byte (port 465).
    Implicit,
    /// Plain text: only to this machine itself.
    None,
}

/// The Telegram bot that speaks to people who gave their chat.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema, Validate)]
#[serde(default, deny_unknown_fields)]
pub struct Telegram {
    /// The bot's token from `@BotFather`; without one the channel is off.
    #[garde(skip)]
    pub token: Option<Secret>,
    /// Another Bot API server than Telegram's own.
    #[garde(skip)]
    pub base_url: Option<PublicUrl>,
}

impl Default for Smtp {
    fn default() -> Self {
        Self {
            host: None,
            port: None,
            user: None,
            password: None,
            from: None,
            tls: MailTls::default(),
            ca_file: None,
            timeout_ms: 20_000,
        }
    }
}

impl Smtp {
    /// The port in force.
    pub fn port(&self) -> u16 {
        self.port.unwrap_or(match self.tls {
            MailTls::Starttls => 587,
            MailTls::Implicit => 465,
            MailTls::None => 25,
        })
    }
}

type HostCheck<'a> = Box<dyn FnOnce(&Option<String>, &()) -> garde::Result + 'a>;

#[expect(clippy::ref_option, reason = "the validator's form")]
fn is_reachable_so<'a>(tls: &'a MailTls, from: &'a Option<String>) -> HostCheck<'a> {
    Box::new(move |host, ()| {
        let Some(host) = host else { return Ok(()) };
        if host.is_empty()
            || host.len() > 253
            || host.chars().any(|c| c.is_whitespace() || c == '/')
        {
            return Err(garde::Error::new("is not the name of a server"));
        }
        if from.is_none() {
            return Err(garde::Error::new(
                "needs `notify.smtp.from`, the sender of the mails",
            ));
        }
        let is_this_machine = host == "localhost"
            || host
                .parse::<IpAddr>()
                .is_ok_and(|address| address.is_loopback());
        if *tls == MailTls::None && !is_this_machine {
            return Err(garde::Error::new(
                "mails would cross the network in plain text: set `notify.smtp.tls` to starttls or implicit",
            ));
        }
        Ok(())
    })
}

type UserCheck<'a> = Box<dyn FnOnce(&Option<String>, &()) -> garde::Result + 'a>;

#[expect(clippy::ref_option, reason = "the validator's form")]
fn has_password(password: &Option<Secret>) -> UserCheck<'_> {
    Box::new(move |user, ()| {
        if user.is_some() && password.is_none() {
            return Err(garde::Error::new("needs `notify.smtp.password`"));
        }
        Ok(())
    })
}

#[expect(
    clippy::ref_option,
    clippy::trivially_copy_pass_by_ref,
    reason = "the validator's form"
)]
fn is_mailbox(from: &Option<String>, _: &()) -> garde::Result {
    match from {
        Some(text) if text.parse::<lettre::message::Mailbox>().is_err() => Err(garde::Error::new(
            "must look like `Aplomb <aplomb@example.org>` or `aplomb@example.org`",
        )),
        _ => Ok(()),
    }
}
