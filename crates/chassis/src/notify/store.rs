//! Every SQL statement of the outbox and the webhooks.

use std::time::Duration;

use sea_orm::sea_query::{Expr, ExprTrait as _, LockBehavior, LockType};
use sea_orm::{
    ActiveModelTrait, ActiveValue::Set, ColumnTrait, Condition, ConnectionTrait,
    DatabaseTransaction, EntityTrait, IntoActiveModel, PaginatorTrait, QueryFilter, QueryOrder,
    QuerySelect, TryInsertResult,
};
use serde_json::{Map, Value};

use super::tables::{delivery, pause, webhook};
use super::{Channel, DeliveryId, WebhookId, hooks};
use crate::auth::{UserId, WorkspaceId};
use crate::clock::{Clock, Timestamp};
use crate::data::{DataError, Database};
use crate::http::page::Page;
use crate::i18n::Language;

pub(super) const WAITING: &str = "waiting";
pub(super) const SENDING: &str = "sending";
pub(super) const DELIVERED: &str = "delivered";
pub(super) const FAILED: &str = "failed";

/// A delivery to be written down.
pub(super) struct New {
    pub(super) workspace: Option<WorkspaceId>,
    pub(super) user: Option<UserId>,
    pub(super) webhook: Option<String>,
    pub(super) channel: Channel,
    pub(super) target: String,
    pub(super) template: String,
    pub(super) language: Language,
    pub(super) arguments: Map<String, Value>,
    pub(super) idempotency_key: Option<String>,
    pub(super) not_before: Option<Timestamp>,
}

/// Writes it down, once for each idempotency key.
pub(super) async fn insert(
    tx: &DatabaseTransaction,
    clock: &dyn Clock,
    new: New,
) -> Result<DeliveryId, DataError> {
    let id = DeliveryId::generate(clock);
    let now = clock.now();
    let row = delivery::ActiveModel {
        id: Set(id.to_string()),
        workspace_id: Set(new.workspace.map(|id| id.to_string())),
        user_id: Set(new.user.map(|id| id.to_string())),
        webhook_id: Set(new.webhook),
        channel: Set(new.channel.word().to_owned()),
        target: Set(new.target),
        template: Set(new.template),
        language: Set(new.language.code().to_owned()),
        arguments: Set(Value::Object(new.arguments).to_string()),
        idempotency_key: Set(new.idempotency_key.unwrap_or_else(|| id.to_string())),
        state: Set(WAITING.to_owned()),
        attempts: Set(0),
        next_at: Set(new.not_before.unwrap_or(now).to_string()),
        lease_until: Set(None),
        last_error: Set(None),
        created_at: Set(now.to_string()),
        delivered_at: Set(None),
    };
    delivery::Entity::insert(row)
        .on_conflict_do_nothing_on([delivery::Column::IdempotencyKey])
        .exec_without_returning(tx)
        .await?;
    Ok(id)
}

/// Waiting and due, or taken by somebody who did not come back.
fn is_due(now: &str) -> Condition {
    Condition::any()
        .add(
            delivery::Column::State
                .eq(WAITING)
                .and(delivery::Column::NextAt.lte(now)),
        )
        .add(
            delivery::Column::State
                .eq(SENDING)
                .and(delivery::Column::LeaseUntil.lte(now)),
        )
}

/// The due deliveries of a channel, the longest due first.
pub(super) async fn due(
    database: &Database,
    channel: Channel,
    limit: u64,
) -> Result<Vec<DeliveryId>, DataError> {
    let now = database.clock().now().to_string();
    let ids: Vec<String> = delivery::Entity::find()
        .select_only()
        .column(delivery::Column::Id)
        .filter(delivery::Column::Channel.eq(channel.word()))
        .filter(is_due(&now))
        .order_by_asc(delivery::Column::NextAt)
        .limit(limit)
        .into_tuple()
        .all(database.read())
        .await?;
    ids.iter().map(|id| parse(id)).collect()
}

fn parse(id: &str) -> Result<DeliveryId, DataError> {
    id.parse().map_err(|_| DataError::Malformed {
        column: "delivery.id",
    })
}

/// Takes a delivery for as long as `lease`; none where it is not due any more or another has it.
pub(super) async fn claim(
    database: &Database,
    id: DeliveryId,
    lease: Duration,
) -> Result<Option<delivery::Model>, DataError> {
    let now = database.clock().now();
    database
        .write(move |tx| {
            Box::pin(async move {
                // PostgreSQL: passes over what another instance is taking now. SQLite: this is the one writer.
                let found = delivery::Entity::find_by_id(id.to_string())
                    .filter(is_due(&now.to_string()))
                    .lock_with_behavior(LockType::Update, LockBehavior::SkipLocked)
                    .one(tx)
                    .await?;
                let Some(row) = found else {
                    return Ok::<_, DataError>(None);
                };
                take(tx, now, id, lease).await?;
                let taken = delivery::Model {
                    state: SENDING.to_owned(),
                    attempts: row.attempts.saturating_add(1),
                    ..row
                };
                Ok(Some(taken))
            })
        })
        .await
}

/// Takes a delivery inside `tx`, whatever its state.
pub(super) async fn take(
    tx: &DatabaseTransaction,
    now: Timestamp,
    id: DeliveryId,
    lease: Duration,
) -> Result<(), DataError> {
    let until = after(now, lease).to_string();
    delivery::Entity::update_many()
        .col_expr(delivery::Column::State, Expr::value(SENDING))
        .col_expr(
            delivery::Column::Attempts,
            Expr::col(delivery::Column::Attempts).add(1),
        )
        .col_expr(delivery::Column::LeaseUntil, Expr::value(until))
        .filter(delivery::Column::Id.eq(id.to_string()))
        .exec(tx)
        .await?;
    Ok(())
}

pub(super) fn after(now: Timestamp, wait: Duration) -> Timestamp {
    let wait_ms = i64::try_from(wait.as_millis()).unwrap_or(i64::MAX);
    Timestamp::from_unix_ms(now.unix_ms().saturating_add(wait_ms)).unwrap_or(now)
}

/// How an attempt ended.
pub(super) enum Settled {
    Delivered,
    Again { at: Timestamp, error: &'static str },
    Failed { error: &'static str },
}

/// Writes down how an attempt ended; whether it was still ours (the lease may have run out, and another taken it).
pub(super) async fn settle(
    tx: &DatabaseTransaction,
    now: Timestamp,
    row: &delivery::Model,
    settled: &Settled,
) -> Result<bool, DataError> {
    let mut update = delivery::Entity::update_many()
        .filter(delivery::Column::Id.eq(&row.id))
        .filter(delivery::Column::State.eq(SENDING))
        .filter(delivery::Column::Attempts.eq(row.attempts))
        .col_expr(delivery::Column::LeaseUntil, Expr::value(None::<String>));
    let state = match settled {
        Settled::Delivered => DELIVERED,
        Settled::Again { .. } => WAITING,
        Settled::Failed { .. } => FAILED,
    };
    update = update.col_expr(delivery::Column::State, Expr::value(state));
    match settled {
        Settled::Delivered => {
            update = update
                .col_expr(delivery::Column::DeliveredAt, Expr::value(now.to_string()))
                .col_expr(delivery::Column::LastError, Expr::value(None::<String>));
        }
        Settled::Again { at, error } => {
            update = update
                .col_expr(delivery::Column::NextAt, Expr::value(at.to_string()))
                .col_expr(delivery::Column::LastError, Expr::value(*error));
        }
        Settled::Failed { error } => {
            update = update.col_expr(delivery::Column::LastError, Expr::value(*error));
        }
    }
    let over = !matches!(settled, Settled::Again { .. });
    if over && row.webhook_id.is_none() {
        // What is said to a person is not kept longer than needed: links in it open accounts.
        update = update.col_expr(delivery::Column::Arguments, Expr::value("{}"));
    }
    Ok(update.exec(tx).await?.rows_affected == 1)
}

/// How many deliveries of all workspaces were given up since a moment.
pub(super) async fn failed_since(database: &Database, since: Timestamp) -> Result<u64, DataError> {
    let failed = delivery::Entity::find()
        .filter(delivery::Column::State.eq(FAILED))
        // The moment of the last attempt.
        .filter(delivery::Column::NextAt.gte(since.to_string()));
    Ok(failed.count(database.read()).await?)
}

/// Whether something may be said now, not again within `wait`; if so, how often it was held back since the last time. The
/// one that says so is the one that may say it, on whatever instance.
pub(super) async fn pass(
    tx: &DatabaseTransaction,
    key: String,
    now: Timestamp,
    wait: Duration,
) -> Result<Option<i32>, DataError> {
    let fresh = pause::ActiveModel {
        key: Set(key.clone()),
        until: Set(after(now, wait).to_string()),
        held_back: Set(0),
    };
    let inserted = pause::Entity::insert(fresh)
        .on_conflict_do_nothing_on([pause::Column::Key])
        .exec_without_returning(tx)
        .await?;
    if matches!(inserted, TryInsertResult::Inserted(rows) if rows > 0) {
        return Ok(Some(0));
    }
    let row = pause::Entity::find_by_id(&key)
        .lock_exclusive()
        .one(tx)
        .await?;
    let Some(row) = row else {
        return Ok(None);
    };
    let is_over = row.until <= now.to_string();
    let update = pause::Entity::update_many().filter(pause::Column::Key.eq(&key));
    let update = if is_over {
        update
            .col_expr(
                pause::Column::Until,
                Expr::value(after(now, wait).to_string()),
            )
            .col_expr(pause::Column::HeldBack, Expr::value(0))
    } else {
        let more = Expr::col(pause::Column::HeldBack).add(1);
        update.col_expr(pause::Column::HeldBack, more)
    };
    update.exec(tx).await?;
    Ok(is_over.then_some(row.held_back))
}

/// Removes what ended before `time`, and pauses that are over since then.
pub(super) async fn forget_before(database: &Database, time: Timestamp) -> Result<u64, DataError> {
    database
        .write(move |tx| {
            Box::pin(async move {
                let removed = delivery::Entity::delete_many()
                    .filter(delivery::Column::State.is_in([DELIVERED, FAILED]))
                    .filter(delivery::Column::CreatedAt.lt(time.to_string()))
                    .exec(tx)
                    .await?;
                pause::Entity::delete_many()
                    .filter(pause::Column::Until.lt(time.to_string()))
                    .exec(tx)
                    .await?;
                Ok::<_, DataError>(removed.rows_affected)
            })
        })
        .await
}

/// The webhooks in use of a workspace that want this kind.
pub(super) async fn subscribed<C: ConnectionTrait>(
    connection: &C,
    workspace: WorkspaceId,
    kind: &str,
) -> Result<Vec<webhook::Model>, DataError> {
    let rows = webhook::Entity::find()
        .filter(webhook::Column::WorkspaceId.eq(workspace.to_string()))
        .filter(webhook::Column::DisabledAt.is_null())
        .all(connection)
        .await?;
    let wants = |row: &webhook::Model| {
        row.events
            .split(' ')
            .any(|word| hooks::asks_for(word, kind))
    };
    Ok(rows.into_iter().filter(wants).collect())
}

/// A webhook of a workspace.
pub(super) async fn webhook(
    database: &Database,
    workspace: WorkspaceId,
    id: WebhookId,
) -> Result<Option<webhook::Model>, DataError> {
    let found = webhook::Entity::find_by_id(id.to_string())
        .filter(webhook::Column::WorkspaceId.eq(workspace.to_string()))
        .one(database.read())
        .await?;
    Ok(found)
}

/// The webhook that a delivery goes to.
pub(super) async fn webhook_of(
    database: &Database,
    id: &str,
) -> Result<Option<webhook::Model>, DataError> {
    Ok(webhook::Entity::find_by_id(id).one(database.read()).await?)
}

/// A page of the webhooks of a workspace.
pub(super) async fn webhooks(
    database: &Database,
    workspace: WorkspaceId,
    page: Page,
) -> Result<Vec<webhook::Model>, DataError> {
    let mut query = webhook::Entity::find()
        .filter(webhook::Column::WorkspaceId.eq(workspace.to_string()))
        .order_by_desc(webhook::Column::Id)
        .limit(page.rows());
    if let Some(cursor) = page.cursor {
        query = query.filter(webhook::Column::Id.lt(cursor.to_string()));
    }
    Ok(query.all(database.read()).await?)
}

/// All webhooks in use of a workspace.
pub(super) async fn webhooks_in_use(
    database: &Database,
    workspace: WorkspaceId,
) -> Result<Vec<webhook::Model>, DataError> {
    let rows = webhook::Entity::find()
        .filter(webhook::Column::WorkspaceId.eq(workspace.to_string()))
        .filter(webhook::Column::DisabledAt.is_null())
        .order_by_asc(webhook::Column::Id)
        .all(database.read())
        .await?;
    Ok(rows)
}

/// Adds a webhook unless the workspace has `most` already; whether it did.
pub(super) async fn add_webhook(
    database: &Database,
    row: webhook::Model,
    most: u64,
) -> Result<bool, DataError> {
    database
        .write(move |tx| {
            Box::pin(async move {
                let count = webhook::Entity::find()
                    .filter(webhook::Column::WorkspaceId.eq(&row.workspace_id))
                    .count(tx)
                    .await?;
                if count >= most {
                    return Ok::<_, DataError>(false);
                }
                webhook::Entity::insert(row.into_active_model().reset_all())
                    .exec_without_returning(tx)
                    .await?;
                Ok(true)
            })
        })
        .await
}

/// Changes the set columns of a webhook of a workspace; whether it was there.
pub(super) async fn change_webhook(
    database: &Database,
    workspace: WorkspaceId,
    id: WebhookId,
    changed: webhook::ActiveModel,
) -> Result<bool, DataError> {
    if !changed.is_changed() {
        return Ok(webhook(database, workspace, id).await?.is_some());
    }
    database
        .write(move |tx| {
            Box::pin(async move {
                let done = webhook::Entity::update_many()
                    .set(changed)
                    .filter(webhook::Column::Id.eq(id.to_string()))
                    .filter(webhook::Column::WorkspaceId.eq(workspace.to_string()))
                    .exec(tx)
                    .await?;
                Ok::<_, DataError>(done.rows_affected == 1)
            })
        })
        .await
}

/// Removes a webhook and its deliveries; whether it was there.
pub(super) async fn remove_webhook(
    database: &Database,
    workspace: WorkspaceId,
    id: WebhookId,
) -> Result<bool, DataError> {
    database
        .write(move |tx| {
            Box::pin(async move {
                let removed = webhook::Entity::delete_many()
                    .filter(webhook::Column::Id.eq(id.to_string()))
                    .filter(webhook::Column::WorkspaceId.eq(workspace.to_string()))
                    .exec(tx)
                    .await?;
                Ok::<_, DataError>(removed.rows_affected == 1)
            })
        })
        .await
}

/// Counts an attempt at a webhook inside `tx`: back to nothing on success. Gives the count.
pub(super) async fn count_attempt(
    tx: &DatabaseTransaction,
    id: &str,
    delivered: bool,
) -> Result<i32, DataError> {
    let Some(row) = webhook::Entity::find_by_id(id).one(tx).await? else {
        return Ok(0);
    };
    let failures = if delivered {
        0
    } else {
        row.failures.saturating_add(1)
    };
    if failures != row.failures {
        webhook::Entity::update_many()
            .col_expr(webhook::Column::Failures, Expr::value(failures))
            .filter(webhook::Column::Id.eq(id))
            .exec(tx)
            .await?;
    }
    Ok(failures)
}

/// Takes a webhook out of use inside `tx`, with all that waits for it; whether it was in use.
pub(super) async fn disable(
    tx: &DatabaseTransaction,
    now: Timestamp,
    id: &str,
    error: &'static str,
) -> Result<bool, DataError> {
    let changed = webhook::Entity::update_many()
        .col_expr(webhook::Column::DisabledAt, Expr::value(now.to_string()))
        .filter(webhook::Column::Id.eq(id))
        .filter(webhook::Column::DisabledAt.is_null())
        .exec(tx)
        .await?;
    delivery::Entity::update_many()
        .col_expr(delivery::Column::State, Expr::value(FAILED))
        .col_expr(delivery::Column::LastError, Expr::value(error))
        .filter(delivery::Column::WebhookId.eq(id))
        .filter(delivery::Column::State.eq(WAITING))
        .exec(tx)
        .await?;
    Ok(changed.rows_affected == 1)
}

/// A page of what was sent to a webhook.
pub(super) async fn deliveries(
    database: &Database,
    webhook: WebhookId,
    page: Page,
) -> Result<Vec<delivery::Model>, DataError> {
    let mut query = delivery::Entity::find()
        .filter(delivery::Column::WebhookId.eq(webhook.to_string()))
        .order_by_desc(delivery::Column::Id)
        .limit(page.rows());
    if let Some(cursor) = page.cursor {
        query = query.filter(delivery::Column::Id.lt(cursor.to_string()));
    }
    Ok(query.all(database.read()).await?)
}

/// A delivery of a webhook.
pub(super) async fn delivery(
    database: &Database,
    webhook: WebhookId,
    id: DeliveryId,
) -> Result<Option<delivery::Model>, DataError> {
    let found = delivery::Entity::find_by_id(id.to_string())
        .filter(delivery::Column::WebhookId.eq(webhook.to_string()))
        .one(database.read())
        .await?;
    Ok(found)
}

/// A delivery by its id.
pub(super) async fn by_id(
    database: &Database,
    id: DeliveryId,
) -> Result<Option<delivery::Model>, DataError> {
    Ok(delivery::Entity::find_by_id(id.to_string())
        .one(database.read())
        .await?)
}

/// Makes a delivery wait again from the start, now; whether it had ended.
pub(super) async fn again(database: &Database, id: DeliveryId) -> Result<bool, DataError> {
    let now = database.clock().now().to_string();
    database
        .write(move |tx| {
            Box::pin(async move {
                let changed = delivery::Entity::update_many()
                    .col_expr(delivery::Column::State, Expr::value(WAITING))
                    .col_expr(delivery::Column::Attempts, Expr::value(0))
                    .col_expr(delivery::Column::NextAt, Expr::value(now))
                    .filter(delivery::Column::Id.eq(id.to_string()))
                    .filter(delivery::Column::State.is_in([DELIVERED, FAILED]))
                    .exec(tx)
                    .await?;
                Ok::<_, DataError>(changed.rows_affected == 1)
            })
        })
        .await
}
