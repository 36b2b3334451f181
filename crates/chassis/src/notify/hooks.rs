//! What a webhook may ask for, and what an attempt means for it: disabled when it is gone or failed a whole day long, with
//! a word to its owner.

use reqwest::Url;
use sea_orm::{ColumnTrait, DatabaseTransaction, EntityTrait, QueryFilter, QuerySelect};
use serde_json::{Map, Value};

use super::tables::{delivery, webhook};
use super::{Channel, Delivered, Notify, store};
use crate::auth::Role;
use crate::auth::tables::{member, user};
use crate::data::DataError;
use crate::i18n::Language;

/// The kinds of events that webhooks are told of. A kind that is announced and missing here reaches only those that ask for
/// everything.
pub(super) const EVENTS: [&str; 3] = ["jobs.cancelled", "jobs.done", "jobs.failed"];

/// Whether a webhook's word asks for a kind: the kind itself, all of a room (`jobs.*`), or everything (`*`).
pub(super) fn asks_for(word: &str, kind: &str) -> bool {
    let room = word.strip_suffix('*').filter(|room| room.ends_with('.'));
    word == "*" || word == kind || room.is_some_and(|room| kind.starts_with(room))
}

/// All words that a webhook may ask with.
pub(super) fn words() -> Vec<String> {
    let mut words = vec!["*".to_owned()];
    for kind in EVENTS {
        let room = kind.split('.').next().unwrap_or_default();
        let all = format!("{room}.*");
        if !words.contains(&all) {
            words.push(all);
        }
        words.push(kind.to_owned());
    }
    words
}

/// Failed attempts without a success between them that disable a webhook before one delivery has had its day: a busy
/// webhook fails often in a short time.
const MOST_FAILURES: i32 = 500;
/// Owners of a workspace who are told.
const MOST_TOLD: u64 = 5;

/// Counts the attempt inside the transaction that settles it.
pub(super) async fn after_attempt(
    notify: &Notify,
    tx: &DatabaseTransaction,
    hook: &webhook::Model,
    row: &delivery::Model,
    delivered: &Delivered,
) -> Result<(), DataError> {
    if row.template == super::api::TEST_KIND || hook.disabled_at.is_some() {
        return Ok(());
    }
    let failures = store::count_attempt(tx, &hook.id, *delivered == Delivered::Yes).await?;
    let ends = match delivered {
        Delivered::Yes | Delivered::NotOurs => false,
        Delivered::Later(_) => failures >= MOST_FAILURES,
        // No other delivery went through while this one had its day.
        Delivered::No(fault) => fault.gone || (fault.again && failures >= row.attempts),
    };
    let now = notify.clock().now();
    if !ends || !store::disable(tx, now, &hook.id, "disabled").await? {
        return Ok(());
    }
    tracing::warn!(
        webhook.id = hook.id,
        webhook.failures = failures,
        "a webhook was disabled"
    );
    tell_owner(notify, tx, hook, failures).await
}

/// Inside the same transaction, so by mail and not by the channels that the owner chose: he asked for these calls.
async fn tell_owner(
    notify: &Notify,
    tx: &DatabaseTransaction,
    hook: &webhook::Model,
    failures: i32,
) -> Result<(), DataError> {
    if !notify.has_mail() {
        return Ok(());
    }
    let host = Url::parse(&hook.url).ok();
    let host = host.as_ref().and_then(Url::host_str).unwrap_or_default();
    let mut arguments = Map::new();
    arguments.insert("host".to_owned(), Value::from(host));
    arguments.insert("failures".to_owned(), Value::from(failures));
    for owner in owners(tx, hook).await? {
        let new = store::New {
            workspace: hook.workspace_id.parse().ok(),
            user: owner.id.parse().ok(),
            webhook: None,
            channel: Channel::Mail,
            target: owner.email,
            template: "notify.webhook_disabled".to_owned(),
            language: Language::from_tag(&owner.language).unwrap_or_default(),
            arguments: arguments.clone(),
            idempotency_key: None,
            not_before: None,
        };
        store::insert(tx, notify.clock(), new).await?;
    }
    Ok(())
}

/// Who made it; of one that a key without a person made, the owners of the workspace.
async fn owners(
    tx: &DatabaseTransaction,
    hook: &webhook::Model,
) -> Result<Vec<user::Model>, DataError> {
    let ids = if let Some(id) = &hook.user_id {
        vec![id.clone()]
    } else {
        let rows = member::Entity::find()
            .filter(member::Column::WorkspaceId.eq(&hook.workspace_id))
            .filter(member::Column::Role.eq(Role::Owner.word()))
            .limit(MOST_TOLD)
            .all(tx)
            .await?;
        rows.into_iter().map(|row| row.user_id).collect()
    };
    let found = user::Entity::find()
        .filter(user::Column::Id.is_in(ids))
        .filter(user::Column::DisabledAt.is_null());
    Ok(found.all(tx).await?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_asks_for_a_kind_a_room_or_everything() {
        for (word, kind, asks) in [
            ("*", "other.kind", true),
            ("jobs.*", "jobs.done", true),
            ("jobs.done", "jobs.done", true),
            ("jobs.done", "jobs.done-x", false),
            ("jobs.*", "jobsters.done", false),
            ("jobs.*", "jobs", false),
            ("jobs*", "jobs.done", false),
            (".*", "jobs.done", false),
        ] {
            assert_eq!(asks_for(word, kind), asks, "{word} {kind}");
        }
        assert_eq!(
            words(),
            ["*", "jobs.*", "jobs.cancelled", "jobs.done", "jobs.failed"]
        );
    }
}
