//! Telling people and programs what happened: mails, webhooks, chats.
//!
//! Everything goes through the outbox, a table: what is to be said is written down first ([`Notify::enqueue_in`] inside the
//! caller's transaction), and a loop delivers it, again and again over a day where that fails. At least once: a delivery cut
//! off by a kill is made again, with the same `Message-ID` or `webhook-id`.
//!
//! * [`Notify::mail`]: a mail to an address; [`Notify::tell`]: a person, by the channels that he chose;
//!   [`Notify::announce`]: the webhooks of a workspace
//! * `failed`: a job's failure, which is told to people but not again and again; `hooks`: what webhooks may ask for
//! * [`Notify::due`] and [`Notify::deliver`]: the seam between the outbox and whatever drives it
//! * `template`: the words; `mail`, `webhook`, `chat`: the channels; `preference`: who wants what, and when

pub(crate) mod api;
mod channel;
mod chat;
mod failed;
mod hooks;
mod mail;
mod outbox;
mod preference;
mod store;
mod tables;
mod template;
mod webhook;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use sea_orm::DatabaseTransaction;
use sea_orm_migration::MigrationTrait;
use serde_json::{Map, Value};

use crate::auth::{UserId, WorkspaceId};
use crate::clock::{Clock, Timestamp};
use crate::config::Config;
use crate::data::{DataError, Database};
use crate::i18n::{Arguments, Catalogue, Language};
use crate::upstream::Upstreams;
use crate::upstream::guard::Rules;
use preference::Person;

pub use channel::{Channel, Fault};
pub(crate) use failed::FailedJob;
pub use outbox::{Delivered, Deliveries};
pub use template::KINDS;

crate::id_type! {
    /// Something to be said to one target.
    DeliveryId
}
crate::id_type! {
    /// A webhook of a workspace.
    WebhookId
}

/// The room's handle. Clones share it.
#[derive(Clone)]
pub struct Notify {
    inner: Arc<Inner>,
}

struct Inner {
    database: Database,
    catalogue: Arc<Catalogue>,
    channels: channel::Channels,
    wake: tokio::sync::Notify,
    /// Set once it was logged that no mail server is named.
    said_no_mail: AtomicBool,
    /// Who pressed the test button a moment ago.
    tested: moka::sync::Cache<String, ()>,
}

/// A mail to an address.
#[derive(Clone, Debug)]
pub struct Mail {
    /// The address.
    pub to: String,
    /// The language of the words.
    pub language: Language,
    /// What is said: one of [`KINDS`].
    pub template: &'static str,
    /// The values of the template.
    pub arguments: Arguments,
    /// The workspace that it is said for.
    pub workspace: Option<WorkspaceId>,
}

/// Something that a person is to know.
#[derive(Clone, Debug)]
pub struct Notice {
    /// The workspace that it is about.
    pub workspace: WorkspaceId,
    /// The person.
    pub user: UserId,
    /// What happened: one of [`KINDS`].
    pub kind: &'static str,
    /// The values of the template.
    pub arguments: Arguments,
    /// Said once for each key.
    pub idempotency_key: Option<String>,
}

/// Something that happened in a workspace, for its webhooks.
#[derive(Clone, Debug)]
pub struct Announcement {
    /// Where it happened.
    pub workspace: WorkspaceId,
    /// What happened, as webhooks subscribe to it: `jobs.failed`.
    pub kind: String,
    /// About what: the `data` of the webhook.
    pub data: Map<String, Value>,
    /// Said once for each key and webhook.
    pub idempotency_key: Option<String>,
}

/// Why something cannot be said.
#[derive(Debug, thiserror::Error)]
pub enum NotifyFault {
    /// No mail server is named: say it in another way, such as a link shown to the administrator.
    #[error("no mail server is configured (notify.smtp.host)")]
    NotConfigured,
    /// No address that a mail can go to.
    #[error("not a mail address")]
    Address,
    /// No such template, or a value that it cannot do without is missing.
    #[error("the template `{0}` is not known or lacks a value")]
    Template(&'static str),
    /// The database.
    #[error(transparent)]
    Data(#[from] DataError),
}

impl From<NotifyFault> for crate::http::problem::Problem {
    fn from(fault: NotifyFault) -> Self {
        match fault {
            NotifyFault::NotConfigured => {
                Self::new(http::StatusCode::CONFLICT, "notify.no_mail_server")
            }
            NotifyFault::Address => Self::new(
                http::StatusCode::UNPROCESSABLE_ENTITY,
                "notify.mail_address",
            ),
            NotifyFault::Data(fault) => fault.into(),
            fault @ NotifyFault::Template(_) => Self::internal(&fault),
        }
    }
}

impl Notify {
    /// Over this database, with the channels that the configuration names.
    pub fn new(
        config: &Config,
        database: &Database,
        upstreams: &Upstreams,
        catalogue: &Arc<Catalogue>,
    ) -> Self {
        let tested = moka::sync::Cache::builder()
            .max_capacity(10_000)
            .time_to_live(api::TEST_PAUSE)
            .build();
        Self {
            inner: Arc::new(Inner {
                database: database.clone(),
                catalogue: catalogue.clone(),
                channels: channel::Channels::new(&config.notify, upstreams),
                wake: tokio::sync::Notify::new(),
                said_no_mail: AtomicBool::new(false),
                tested,
            }),
        }
    }

    /// Writes a mail down and answers once that is durable; the loop delivers it. `NotConfigured` without a mail server.
    pub async fn mail(&self, mail: Mail) -> Result<(), NotifyFault> {
        let own = self.clone();
        self.inner
            .database
            .write(move |tx| Box::pin(async move { own.enqueue_in(tx, mail, None).await }))
            .await?;
        self.wake();
        Ok(())
    }

    /// As [`Notify::mail`], inside the caller's transaction: said if and only if that commits. A second mail with the same
    /// `idempotency_key` is not written.
    pub async fn enqueue_in(
        &self,
        tx: &DatabaseTransaction,
        mail: Mail,
        idempotency_key: Option<String>,
    ) -> Result<(), NotifyFault> {
        self.need_mail()?;
        let to: lettre::Address = mail.to.parse().map_err(|_| NotifyFault::Address)?;
        template::check(mail.template, &mail.arguments)?;
        let row = store::New {
            workspace: mail.workspace,
            user: None,
            webhook: None,
            channel: Channel::Mail,
            target: to.to_string(),
            template: mail.template.to_owned(),
            language: mail.language,
            arguments: object(mail.arguments),
            idempotency_key,
            not_before: None,
        };
        store::insert(tx, self.clock(), row).await?;
        Ok(())
    }

    /// Whether mails can be sent.
    pub fn has_mail(&self) -> bool {
        self.inner.channels.mail.is_some()
    }

    /// How many deliveries of all workspaces were given up since a moment.
    pub(crate) async fn failed_since(&self, since: Timestamp) -> Result<u64, DataError> {
        store::failed_since(&self.inner.database, since).await
    }

    fn need_mail(&self) -> Result<(), NotifyFault> {
        if self.has_mail() {
            return Ok(());
        }
        if !self.inner.said_no_mail.swap(true, Ordering::Relaxed) {
            tracing::warn!(
                "a mail was to be sent and no mail server is named: set notify.smtp.host"
            );
        }
        Err(NotifyFault::NotConfigured)
    }

    /// Tells a person by the channels that he chose, after his quiet hours; how many ways it goes. What concerns the
    /// security of an account goes by mail at once, whatever he chose.
    pub async fn tell(&self, notice: Notice) -> Result<usize, NotifyFault> {
        let rows = self.ways(&notice).await?;
        let count = rows.len();
        let own = self.clone();
        self.inner
            .database
            .write(move |tx| {
                Box::pin(async move {
                    for row in rows {
                        store::insert(tx, own.clock(), row).await?;
                    }
                    Ok::<_, NotifyFault>(())
                })
            })
            .await?;
        self.wake();
        Ok(count)
    }

    async fn ways(&self, notice: &Notice) -> Result<Vec<store::New>, NotifyFault> {
        template::check(notice.kind, &notice.arguments)?;
        let database = &self.inner.database;
        let Some(person) = preference::person(database.read(), notice.user).await? else {
            return Ok(Vec::new());
        };
        let rows = self.rows(&person, notice);
        if rows.is_empty() && template::is_urgent(notice.kind) {
            self.need_mail()?;
        }
        Ok(rows)
    }

    /// What is to be written down so that a person is told, by each channel.
    fn rows(&self, person: &Person, notice: &Notice) -> Vec<store::New> {
        let now = self.clock().now();
        let urgent = template::is_urgent(notice.kind);
        let ways = person.ways(notice.kind, urgent).into_iter();
        let ways = ways.filter(|(channel, _)| self.inner.channels.has(*channel));
        let rows = ways.map(|(channel, target)| store::New {
            workspace: Some(notice.workspace),
            user: Some(notice.user),
            webhook: None,
            channel,
            target,
            template: notice.kind.to_owned(),
            language: person.language,
            arguments: object(notice.arguments.clone()),
            idempotency_key: notice
                .idempotency_key
                .as_ref()
                .map(|key| format!("{key}/{}/{}", notice.user, channel.word())),
            not_before: person
                .quiet
                .filter(|_| !urgent)
                .and_then(|quiet| quiet.end(now)),
        });
        rows.collect()
    }

    /// Writes an announcement down for each webhook of the workspace that subscribed to it; how many there are.
    pub async fn announce(&self, announcement: Announcement) -> Result<usize, NotifyFault> {
        let (of, kind) = (announcement.workspace, &announcement.kind);
        // Most workspaces have none: no write to find that out.
        let asked = store::subscribed(self.inner.database.read(), of, kind).await?;
        if asked.is_empty() {
            return Ok(0);
        }
        let own = self.clone();
        let count = self
            .inner
            .database
            .write(move |tx| Box::pin(async move { own.announce_in(tx, announcement).await }))
            .await?;
        self.wake();
        Ok(count)
    }

    /// As [`Notify::announce`], inside the caller's transaction.
    pub async fn announce_in(
        &self,
        tx: &DatabaseTransaction,
        announcement: Announcement,
    ) -> Result<usize, DataError> {
        let hooks = store::subscribed(tx, announcement.workspace, &announcement.kind).await?;
        let count = hooks.len();
        for hook in hooks {
            let row = store::New {
                workspace: Some(announcement.workspace),
                user: None,
                idempotency_key: announcement
                    .idempotency_key
                    .as_ref()
                    .map(|key| format!("{key}/{}", hook.id)),
                webhook: Some(hook.id),
                channel: Channel::Webhook,
                target: hook.url,
                template: announcement.kind.clone(),
                language: Language::from_tag(&hook.language).unwrap_or_default(),
                arguments: announcement.data.clone(),
                not_before: None,
            };
            store::insert(tx, self.clock(), row).await?;
        }
        Ok(count)
    }

    /// Lets the loop look at the outbox now: after a transaction that put something there.
    pub(crate) fn wake(&self) {
        self.inner.wake.notify_waiters();
    }

    /// Which addresses webhooks may have.
    fn webhook_rules(&self) -> &Rules {
        &self.inner.channels.hooks.rules
    }

    fn clock(&self) -> &dyn Clock {
        self.inner.database.clock()
    }
}

fn object(arguments: Arguments) -> Map<String, Value> {
    arguments
        .into_iter()
        .map(|(name, value)| (name.to_owned(), Value::String(value)))
        .collect()
}

/// The room's tables.
pub(crate) fn migrations() -> Vec<Box<dyn MigrationTrait>> {
    tables::migrations()
}
