//! `Idempotency-Key`: a POST that is sent again, because its answer was lost, is answered again and not carried out again.
//!
//! [`once`] wraps the work of a handler. The first request with a key reserves it, works, and keeps its answer for a day;
//! the same request again gets that answer with `Idempotency-Replayed: true`. The same key with another body is a 422; while
//! the first is worked on, others wait for it and then get a 409. Refusals are not kept: nothing happened, so the
//! request may be tried again with its key.
//!
//! A server that dies between the work and the keeping of its answer leaves the key reserved; after [`RESERVED_MS`] the
//! request may be carried out again. Where that must not happen either, the work itself has to be unique: enqueue its job
//! with this key as idempotency key.

use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::body::{Body, Bytes};
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use sea_orm::sea_query::{ColumnDef, Condition, Expr, Index, Table};
use sea_orm::{
    ActiveValue::Set, ColumnTrait, ConnectionTrait, DbErr, EntityTrait, QueryFilter,
    TryInsertResult,
};
use sea_orm_migration::{MigrationName, MigrationTrait, SchemaManager, async_trait};
use serde::Serialize;

use super::problem::{FieldProblem, Problem};
use crate::auth::Caller;
use crate::clock::Timestamp;
use crate::data::{DataError, Database};
use crate::service::Context;
use crate::task;

/// The header.
pub const KEY: HeaderName = HeaderName::from_static("idempotency-key");
const REPLAYED: HeaderName = HeaderName::from_static("idempotency-replayed");

/// How long an answer is kept.
const KEPT_MS: i64 = 24 * 3_600_000;
/// How long a key stays reserved for a server that may have died.
pub const RESERVED_MS: i64 = 60_000;
/// How long a repetition waits for the first request, and how often it looks.
const PATIENCE: Duration = Duration::from_secs(5);
const LOOK_EVERY: Duration = Duration::from_millis(100);
/// Larger answers are not kept.
const MOST_ANSWER_BYTES: usize = 64 * 1024;

mod entity {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "idempotency")]
    pub(super) struct Model {
        #[sea_orm(primary_key, auto_increment = false, column_type = "Text")]
        pub workspace_id: String,
        #[sea_orm(primary_key, auto_increment = false, column_type = "Text")]
        pub route: String,
        #[sea_orm(primary_key, auto_increment = false, column_type = "Text")]
        pub key: String,
        #[sea_orm(column_type = "Text")]
        pub body_hash: String,
        /// None while the first request is worked on.
        #[sea_orm(nullable)]
        pub status: Option<i32>,
        #[sea_orm(column_type = "Text", nullable)]
        pub content_type: Option<String>,
        /// None where it was too large.
        #[sea_orm(column_type = "Text", nullable)]
        pub answer: Option<String>,
        #[sea_orm(column_type = "Text")]
        pub reserved_until: String,
        #[sea_orm(column_type = "Text")]
        pub expires_at: String,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub(super) enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}
use entity::Column;

/// A key in its place.
#[derive(Clone)]
struct Slot {
    workspace: String,
    route: &'static str,
    key: String,
    body_hash: String,
}

/// Carries `work` out once for the caller's key; without the header, simply carries it out. `route` names the operation
/// (`POST /jobs/drill`), `body` is what was asked for.
///
/// The work runs to its end also where the caller goes away, so that the answer is there when he asks again.
pub async fn once<W>(
    context: &Arc<Context>,
    caller: &Caller,
    route: &'static str,
    headers: &HeaderMap,
    body: &(impl Serialize + Sync),
    work: W,
) -> Result<Response, Problem>
where
    W: Future<Output = Result<Response, Problem>> + Send + 'static,
{
    let Some(key) = key_of(headers)? else {
        return work.await;
    };
    let body = serde_json::to_vec(body).map_err(|fault| Problem::internal(&fault))?;
    let slot = Slot {
        workspace: caller.workspace.to_string(),
        route,
        key,
        body_hash: blake3::hash(&body).to_hex().to_string(),
    };
    let database = &context.database;
    let began = Instant::now();
    loop {
        if reserve(database, slot.clone()).await? {
            let database = database.clone();
            let done = task::spawn(async move { carry_out(&database, slot, work).await });
            return done.await.map_err(|fault| Problem::internal(&fault))?;
        }
        let Some(row) = find(database, &slot).await? else {
            // The first was refused just now, and its key is free again.
            continue;
        };
        if row.body_hash != slot.body_hash {
            return Err(Problem::new(
                StatusCode::UNPROCESSABLE_ENTITY,
                "http.idempotency_key_reused",
            ));
        }
        if let Some(status) = row.status {
            return replay(status, row);
        }
        if began.elapsed() > PATIENCE {
            return Err(
                Problem::new(StatusCode::CONFLICT, "http.idempotency_in_flight").retry_after(1),
            );
        }
        tokio::time::sleep(LOOK_EVERY).await;
    }
}

fn key_of(headers: &HeaderMap) -> Result<Option<String>, Problem> {
    let mut values = headers.get_all(KEY).iter();
    let Some(value) = values.next() else {
        return Ok(None);
    };
    let text = value.to_str().unwrap_or_default();
    let fits = (1..=255).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic());
    if fits && values.next().is_none() {
        Ok(Some(text.to_owned()))
    } else {
        let fault = FieldProblem::new(KEY.as_str(), "http.idempotency_key", Vec::new());
        Err(Problem::invalid(vec![fault]))
    }
}

async fn carry_out(
    database: &Database,
    slot: Slot,
    work: impl Future<Output = Result<Response, Problem>> + Send,
) -> Result<Response, Problem> {
    // A panic leaves the reservation, which ends by itself.
    let response = match work.await {
        Ok(response)
            if !response.status().is_client_error() && !response.status().is_server_error() =>
        {
            response
        }
        refused => {
            release(database, slot).await?;
            return refused;
        }
    };
    let (parts, body) = response.into_parts();
    let bytes = match axum::body::to_bytes(body, 16 * 1024 * 1024).await {
        Ok(bytes) => bytes,
        Err(fault) => return Err(Problem::internal(&fault)),
    };
    let content_type = parts
        .headers
        .get(header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .map(str::to_owned);
    if let Err(fault) = keep(database, slot, parts.status, content_type, &bytes).await {
        // The work is done: to say otherwise would have it done again.
        tracing::warn!(error = %fault, "an answer could not be kept for those who ask again");
    }
    Ok(Response::from_parts(parts, Body::from(bytes)))
}

fn replay(status: i32, row: entity::Model) -> Result<Response, Problem> {
    let Some(answer) = row.answer else {
        return Err(Problem::new(
            StatusCode::CONFLICT,
            "http.idempotency_answer_lost",
        ));
    };
    let status = u16::try_from(status)
        .ok()
        .and_then(|status| StatusCode::from_u16(status).ok())
        .ok_or_else(|| Problem::internal(&"idempotency.status holds a malformed value"))?;
    let mut response = (status, answer).into_response();
    let headers = response.headers_mut();
    headers.remove(header::CONTENT_TYPE);
    if let Some(kind) = row
        .content_type
        .and_then(|kind| HeaderValue::from_str(&kind).ok())
    {
        headers.insert(header::CONTENT_TYPE, kind);
    }
    headers.insert(REPLAYED, HeaderValue::from_static("true"));
    Ok(response)
}

fn later(database: &Database, ms: i64) -> String {
    let now = database.clock().now();
    Timestamp::from_unix_ms(now.unix_ms().saturating_add(ms))
        .unwrap_or(now)
        .to_string()
}

/// True for the request that may work: the key is new, or its time is over, or its server died.
async fn reserve(database: &Database, slot: Slot) -> Result<bool, DataError> {
    let now = database.clock().now().to_string();
    let (reserved, expires) = (later(database, RESERVED_MS), later(database, KEPT_MS));
    database
        .write(move |tx| {
            Box::pin(async move {
                entity::Entity::delete_many()
                    .filter(at(&slot))
                    .filter(
                        Condition::any()
                            .add(Column::ExpiresAt.lte(now.as_str()))
                            .add(
                                Condition::all()
                                    .add(Column::Status.is_null())
                                    .add(Column::ReservedUntil.lte(now.as_str()))
                                    .add(Column::BodyHash.eq(slot.body_hash.as_str())),
                            ),
                    )
                    .exec(tx)
                    .await?;
                let row = entity::ActiveModel {
                    workspace_id: Set(slot.workspace),
                    route: Set(slot.route.to_owned()),
                    key: Set(slot.key),
                    body_hash: Set(slot.body_hash),
                    reserved_until: Set(reserved),
                    expires_at: Set(expires),
                    ..Default::default()
                };
                let key = [Column::WorkspaceId, Column::Route, Column::Key];
                let inserted = entity::Entity::insert(row)
                    .on_conflict_do_nothing_on(key)
                    .exec_without_returning(tx)
                    .await?;
                Ok(matches!(inserted, TryInsertResult::Inserted(rows) if rows > 0))
            })
        })
        .await
}

fn at(slot: &Slot) -> Condition {
    Condition::all()
        .add(Column::WorkspaceId.eq(slot.workspace.as_str()))
        .add(Column::Route.eq(slot.route))
        .add(Column::Key.eq(slot.key.as_str()))
}

async fn find(database: &Database, slot: &Slot) -> Result<Option<entity::Model>, DataError> {
    Ok(entity::Entity::find()
        .filter(at(slot))
        .one(database.read())
        .await?)
}

async fn release(database: &Database, slot: Slot) -> Result<(), DataError> {
    database
        .write(move |tx| {
            Box::pin(async move {
                let open = entity::Entity::delete_many().filter(at(&slot));
                open.filter(Column::Status.is_null()).exec(tx).await?;
                Ok(())
            })
        })
        .await
}

async fn keep(
    database: &Database,
    slot: Slot,
    status: StatusCode,
    content_type: Option<String>,
    bytes: &Bytes,
) -> Result<(), DataError> {
    let answer = std::str::from_utf8(bytes)
        .ok()
        .filter(|text| text.len() <= MOST_ANSWER_BYTES)
        .map(str::to_owned);
    database
        .write(move |tx| {
            Box::pin(async move {
                entity::Entity::update_many()
                    .col_expr(Column::Status, Expr::val(i32::from(status.as_u16())))
                    .col_expr(Column::ContentType, content_type.into())
                    .col_expr(Column::Answer, answer.into())
                    .filter(at(&slot))
                    .exec(tx)
                    .await?;
                Ok(())
            })
        })
        .await
}

/// Deletes the answers that were kept long enough.
pub(crate) async fn sweep(database: &Database) -> Result<(), DataError> {
    let now = database.clock().now().to_string();
    let over = Column::ExpiresAt.lte(now.as_str());
    let query = entity::Entity::find().filter(over.clone());
    if query.one(database.read()).await?.is_none() {
        return Ok(());
    }
    database
        .write(move |tx| {
            Box::pin(async move {
                entity::Entity::delete_many().filter(over).exec(tx).await?;
                Ok(())
            })
        })
        .await
}

pub(crate) fn migrations() -> Vec<Box<dyn MigrationTrait>> {
    vec![Box::new(CreateIdempotency)]
}

struct CreateIdempotency;

impl MigrationName for CreateIdempotency {
    fn name(&self) -> &'static str {
        "chassis_0043_idempotency"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for CreateIdempotency {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let text = |name: &'static str| ColumnDef::new(name).text().not_null().take();
        let optional = |name: &'static str| ColumnDef::new(name).text().take();
        let key = Index::create()
            .col("workspace_id")
            .col("route")
            .col("key")
            .take();
        let table = Table::create()
            .table("idempotency")
            .col(text("workspace_id"))
            .col(text("route"))
            .col(text("key"))
            .col(text("body_hash"))
            .col(ColumnDef::new("status").integer())
            .col(optional("content_type"))
            .col(optional("answer"))
            .col(text("reserved_until"))
            .col(text("expires_at"))
            .primary_key(&mut key.clone())
            .take();
        manager.create_table(table).await?;
        let sql = "CREATE INDEX idempotency_expires_at_idx ON idempotency (expires_at)";
        manager.get_connection().execute_unprepared(sql).await?;
        Ok(())
    }
}
