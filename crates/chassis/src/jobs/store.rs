//! Every statement on jobs. What a worker writes names its attempt's token: rows of a lost lease are not touched.

use sea_orm::sea_query::{Expr, ExprTrait, Func, LockBehavior, LockType, Query, SimpleExpr};
use sea_orm::{
    ActiveValue::Set, ColumnTrait, ConnectionTrait, DatabaseTransaction, EntityTrait,
    PaginatorTrait, QueryFilter, QueryOrder, QuerySelect, TryInsertResult,
};

use super::State;
use super::tables::{job, schedule, step};
use crate::auth::WorkspaceId;
use crate::clock::Timestamp;
use crate::data::{DataError, Database};
use crate::http::page::Page;

use job::Column;

/// Adds a waiting job; `None` where one with its idempotency key is there.
pub(super) async fn insert(
    tx: &DatabaseTransaction,
    row: job::ActiveModel,
) -> Result<bool, DataError> {
    let key = [Column::WorkspaceId, Column::Kind, Column::IdempotencyKey];
    let inserted = job::Entity::insert(row)
        .on_conflict_do_nothing_on(key)
        .exec_without_returning(tx)
        .await?;
    Ok(matches!(inserted, TryInsertResult::Inserted(rows) if rows > 0))
}

/// The id of the job with this idempotency key.
pub(super) async fn by_key(
    tx: &DatabaseTransaction,
    workspace: &str,
    kind: &str,
    key: &str,
) -> Result<Option<String>, DataError> {
    let row = job::Entity::find()
        .filter(Column::WorkspaceId.eq(workspace))
        .filter(Column::Kind.eq(kind))
        .filter(Column::IdempotencyKey.eq(key))
        .one(tx)
        .await?;
    Ok(row.map(|row| row.id))
}

/// Whether the workspace has this many waiting.
pub(super) async fn has_waiting(
    tx: &DatabaseTransaction,
    workspace: &str,
    count: u64,
) -> Result<bool, DataError> {
    let last = job::Entity::find()
        .select_only()
        .column(Column::Id)
        .filter(Column::WorkspaceId.eq(workspace))
        .filter(Column::State.eq(State::Waiting.word()))
        .offset(count.saturating_sub(1))
        .limit(1)
        .into_tuple::<String>()
        .one(tx)
        .await?;
    Ok(last.is_some())
}

/// How many jobs of a workspace wait.
pub(super) async fn waiting(database: &Database, workspace: WorkspaceId) -> Result<u64, DataError> {
    let waiting = job::Entity::find()
        .filter(Column::WorkspaceId.eq(workspace.to_string()))
        .filter(Column::State.eq(State::Waiting.word()));
    Ok(PaginatorTrait::count(waiting, database.read()).await?)
}

pub(super) async fn find(
    database: &Database,
    workspace: &str,
    id: &str,
) -> Result<Option<job::Model>, DataError> {
    let row = job::Entity::find_by_id(id)
        .filter(Column::WorkspaceId.eq(workspace))
        .one(database.read())
        .await?;
    Ok(row)
}

pub(super) async fn list(
    database: &Database,
    workspace: &str,
    state: Option<State>,
    kind: Option<&str>,
    page: &Page,
) -> Result<Vec<job::Model>, DataError> {
    let mut query = job::Entity::find()
        .filter(Column::WorkspaceId.eq(workspace))
        .order_by_desc(Column::Id)
        .limit(page.rows());
    if let Some(state) = state {
        query = query.filter(Column::State.eq(state.word()));
    }
    if let Some(kind) = kind {
        query = query.filter(Column::Kind.eq(kind));
    }
    if let Some(cursor) = page.cursor {
        query = query.filter(Column::Id.lt(cursor.to_string()));
    }
    Ok(query.all(database.read()).await?)
}

/// Whether a job of these kinds could begin now: asked before a write is spent on it.
pub(super) async fn is_ready(
    database: &Database,
    kinds: &[&'static str],
    now: Timestamp,
) -> Result<bool, DataError> {
    let first = job::Entity::find()
        .select_only()
        .column(Column::Id)
        .filter(Column::State.eq(State::Waiting.word()))
        .filter(Column::RunAt.lte(now.to_string()))
        .filter(Column::Kind.is_in(kinds.iter().copied()))
        .limit(1)
        .into_tuple::<String>()
        .one(database.read())
        .await?;
    Ok(first.is_some())
}

/// One who takes jobs, and how long they are his without a sign of life.
#[derive(Clone)]
pub(super) struct Claim {
    pub(super) worker: String,
    pub(super) token: String,
    pub(super) now: Timestamp,
    pub(super) lease_until: Timestamp,
}

/// Takes what is first by priority and time: of each kind as many as it has places, `most` in all.
pub(super) async fn claim(
    tx: &DatabaseTransaction,
    claim: &Claim,
    free: &[(&'static str, usize)],
    most: usize,
) -> Result<Vec<job::Model>, DataError> {
    let ready = Query::select()
        .columns([Column::Id, Column::Kind])
        .from(job::Entity)
        .and_where(Expr::col(Column::State).eq(State::Waiting.word()))
        .and_where(Expr::col(Column::RunAt).lte(claim.now.to_string()))
        .and_where(Expr::col(Column::Kind).is_in(free.iter().map(|(kind, _)| *kind)))
        .order_by(Column::Priority, sea_orm::Order::Desc)
        .order_by(Column::RunAt, sea_orm::Order::Asc)
        .order_by(Column::Id, sea_orm::Order::Asc)
        .limit(most as u64)
        // On PostgreSQL others pass over what is being taken here; SQLite has one writer and leaves this out.
        .lock_with_behavior(LockType::Update, LockBehavior::SkipLocked)
        .take();
    let mut free = free.to_vec();
    let mut ids = Vec::new();
    for row in tx.query_all(&ready).await? {
        let (id, kind): (String, String) = (row.try_get("", "id")?, row.try_get("", "kind")?);
        let place = free
            .iter_mut()
            .find(|(name, left)| *name == kind && *left > 0);
        if let Some((_, left)) = place {
            *left -= 1;
            ids.push(id);
        }
    }
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let now = claim.now.to_string();
    job::Entity::update_many()
        .col_expr(Column::State, State::Running.word().into())
        .col_expr(Column::Worker, claim.worker.as_str().into())
        .col_expr(Column::Token, claim.token.as_str().into())
        .col_expr(Column::LeaseUntil, claim.lease_until.to_string().into())
        .col_expr(Column::StartedAt, now.into())
        .col_expr(Column::Attempt, Expr::col(Column::Attempt).add(1))
        .col_expr(Column::Revision, next_revision())
        .filter(Column::Id.is_in(ids.iter()))
        .filter(Column::State.eq(State::Waiting.word()))
        .exec(tx)
        .await?;
    let taken = job::Entity::find()
        .filter(Column::Id.is_in(ids))
        .filter(Column::Token.eq(claim.token.as_str()))
        .order_by_desc(Column::Priority)
        .order_by_asc(Column::RunAt)
        .order_by_asc(Column::Id)
        .all(tx)
        .await?;
    Ok(taken)
}

fn next_revision() -> SimpleExpr {
    Expr::col(Column::Revision).add(1)
}

/// Gives a sign of life for all jobs of a worker.
pub(super) async fn renew(
    tx: &DatabaseTransaction,
    worker: &str,
    until: Timestamp,
) -> Result<(), DataError> {
    job::Entity::update_many()
        .col_expr(Column::LeaseUntil, until.to_string().into())
        .filter(Column::Worker.eq(worker))
        .filter(Column::State.eq(State::Running.word()))
        .exec(tx)
        .await?;
    Ok(())
}

/// What a worker holds, by the database: id, token, and whether it was asked to end.
pub(super) async fn held(
    database: &Database,
    worker: &str,
) -> Result<Vec<(String, Option<String>, bool)>, DataError> {
    let rows = job::Entity::find()
        .filter(Column::Worker.eq(worker))
        .filter(Column::State.eq(State::Running.word()))
        .all(database.read())
        .await?;
    Ok(rows
        .into_iter()
        .map(|row| (row.id, row.token, row.cancel_requested_at.is_some()))
        .collect())
}

/// Running jobs whose worker is gone: those past their lease, or with `except` all that are not of that worker.
pub(super) async fn orphans(
    connection: &impl ConnectionTrait,
    now: Timestamp,
    except: Option<&str>,
) -> Result<Vec<job::Model>, DataError> {
    let query = job::Entity::find()
        .filter(Column::State.eq(State::Running.word()))
        .limit(500);
    let query = match except {
        None => query.filter(Column::LeaseUntil.lt(now.to_string())),
        Some(worker) => query.filter(Column::Worker.ne(worker)),
    };
    Ok(query.all(connection).await?)
}

/// What becomes of a running job.
#[derive(Clone, Debug)]
pub(super) struct Ending {
    pub(super) state: State,
    /// Of a job that waits again.
    pub(super) run_at: Option<Timestamp>,
    pub(super) result: Option<String>,
    /// Code, and arguments as JSON.
    pub(super) error: Option<(String, String)>,
    /// Added to the counts.
    pub(super) failures: i32,
    pub(super) losses: i32,
}

/// Ends an attempt. False where the lease was lost, or where it is not `seen_lease` any more: whoever takes a job over
/// must not overlook a sign of life that came meanwhile.
pub(super) async fn end(
    tx: &DatabaseTransaction,
    id: &str,
    token: &str,
    now: Timestamp,
    ending: Ending,
    seen_lease: Option<&str>,
) -> Result<bool, DataError> {
    let none = || SimpleExpr::from(None::<String>);
    let mut update = job::Entity::update_many()
        .col_expr(Column::State, ending.state.word().into())
        .col_expr(Column::Worker, none())
        .col_expr(Column::Token, none())
        .col_expr(Column::LeaseUntil, none())
        .col_expr(
            Column::Failures,
            Expr::col(Column::Failures).add(ending.failures),
        )
        .col_expr(Column::Losses, Expr::col(Column::Losses).add(ending.losses))
        .col_expr(Column::Revision, next_revision());
    if let Some(run_at) = ending.run_at {
        update = update.col_expr(Column::RunAt, run_at.to_string().into());
    }
    if ending.state.is_final() {
        update = update.col_expr(Column::FinishedAt, now.to_string().into());
    }
    if ending.state == State::Done {
        update = update
            .col_expr(Column::Result, ending.result.into())
            .col_expr(Column::ErrorCode, none())
            .col_expr(Column::ErrorArguments, none());
    } else if let Some((code, arguments)) = ending.error {
        update = update
            .col_expr(Column::ErrorCode, code.into())
            .col_expr(Column::ErrorArguments, arguments.into());
    }
    if let Some(seen) = seen_lease {
        update = update.filter(Column::LeaseUntil.eq(seen));
    }
    let updated = update
        .filter(Column::Id.eq(id))
        .filter(Column::Token.eq(token))
        .filter(Column::State.eq(State::Running.word()))
        .exec(tx)
        .await?;
    Ok(updated.rows_affected == 1)
}

/// Makes sure, for the rest of this transaction, that the attempt still holds its job. False where it does not.
///
/// It is an update, not a query: on PostgreSQL the row stays locked until the commit, so nobody can take the job over
/// between the check and the effects.
pub(super) async fn hold(
    tx: &DatabaseTransaction,
    id: &str,
    token: &str,
) -> Result<bool, DataError> {
    let updated = job::Entity::update_many()
        .col_expr(Column::Losses, Expr::val(0))
        .filter(Column::Id.eq(id))
        .filter(Column::Token.eq(token))
        .filter(Column::State.eq(State::Running.word()))
        .exec(tx)
        .await?;
    Ok(updated.rows_affected == 1)
}

pub(super) async fn record_step(
    tx: &DatabaseTransaction,
    id: &str,
    name: &str,
    result: String,
    now: Timestamp,
) -> Result<(), DataError> {
    let row = step::ActiveModel {
        job_id: Set(id.to_owned()),
        name: Set(name.to_owned()),
        result: Set(result),
        recorded_at: Set(now.to_string()),
    };
    step::Entity::insert(row).exec_without_returning(tx).await?;
    Ok(())
}

/// Name and result of each recorded step.
pub(super) async fn steps(
    database: &Database,
    id: &str,
) -> Result<Vec<(String, String)>, DataError> {
    let rows = step::Entity::find()
        .filter(step::Column::JobId.eq(id))
        .all(database.read())
        .await?;
    Ok(rows.into_iter().map(|row| (row.name, row.result)).collect())
}

/// How far a job is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Progress {
    pub(super) done: i64,
    pub(super) total: Option<i64>,
    pub(super) note: Option<String>,
}

/// False where the lease was lost.
pub(super) async fn progress(
    tx: &DatabaseTransaction,
    id: &str,
    token: &str,
    progress: Progress,
) -> Result<bool, DataError> {
    let updated = job::Entity::update_many()
        .col_expr(Column::ProgressDone, progress.done.into())
        .col_expr(Column::ProgressTotal, progress.total.into())
        .col_expr(Column::ProgressNote, progress.note.into())
        .col_expr(Column::Revision, next_revision())
        .filter(Column::Id.eq(id))
        .filter(Column::Token.eq(token))
        .filter(Column::State.eq(State::Running.word()))
        .exec(tx)
        .await?;
    Ok(updated.rows_affected == 1)
}

/// Cancels a waiting job, or asks a running one to end.
pub(super) async fn cancel(
    tx: &DatabaseTransaction,
    workspace: &str,
    id: &str,
    now: Timestamp,
) -> Result<(), DataError> {
    let of = |state: State| {
        job::Entity::update_many()
            .filter(Column::Id.eq(id))
            .filter(Column::WorkspaceId.eq(workspace))
            .filter(Column::State.eq(state.word()))
            .col_expr(Column::Revision, next_revision())
    };
    let now = now.to_string();
    // Twice: between the two statements a running job may be put back.
    for _ in 0..2 {
        let ended = of(State::Waiting)
            .col_expr(Column::State, State::Cancelled.word().into())
            .col_expr(Column::FinishedAt, now.clone().into())
            .col_expr(Column::CancelRequestedAt, now.clone().into())
            .exec(tx)
            .await?;
        let since = Func::coalesce([Expr::col(Column::CancelRequestedAt), Expr::val(now.clone())]);
        let asked = of(State::Running)
            .col_expr(Column::CancelRequestedAt, since.into())
            .exec(tx)
            .await?;
        if ended.rows_affected + asked.rows_affected > 0 {
            break;
        }
    }
    Ok(())
}

/// Lets a failed job wait again, with its counts at nothing and its recorded steps kept. False where it has not failed.
pub(super) async fn retry(
    tx: &DatabaseTransaction,
    workspace: &str,
    id: &str,
    now: Timestamp,
) -> Result<bool, DataError> {
    let none = || SimpleExpr::from(None::<String>);
    let updated = job::Entity::update_many()
        .col_expr(Column::State, State::Waiting.word().into())
        .col_expr(Column::RunAt, now.to_string().into())
        .col_expr(Column::FinishedAt, none())
        .col_expr(Column::CancelRequestedAt, none())
        .col_expr(Column::Failures, Expr::val(0))
        .col_expr(Column::Losses, Expr::val(0))
        .col_expr(Column::Revision, next_revision())
        .filter(Column::Id.eq(id))
        .filter(Column::WorkspaceId.eq(workspace))
        .filter(Column::State.eq(State::Failed.word()))
        .exec(tx)
        .await?;
    Ok(updated.rows_affected == 1)
}

/// Moves a kind's schedule on to `moment`. True for the one who did it: it makes the job. The first call for a kind
/// only notes where it stands.
pub(super) async fn advance_schedule(
    tx: &DatabaseTransaction,
    kind: &str,
    moment: Timestamp,
) -> Result<bool, DataError> {
    let moment = moment.to_string();
    let row = schedule::ActiveModel {
        kind: Set(kind.to_owned()),
        last_at: Set(moment.clone()),
    };
    schedule::Entity::insert(row)
        .on_conflict_do_nothing_on([schedule::Column::Kind])
        .exec_without_returning(tx)
        .await?;
    let moved = schedule::Entity::update_many()
        .col_expr(schedule::Column::LastAt, moment.clone().into())
        .filter(schedule::Column::Kind.eq(kind))
        .filter(schedule::Column::LastAt.lt(moment))
        .exec(tx)
        .await?;
    Ok(moved.rows_affected == 1)
}

/// Where a kind's schedule stands.
pub(super) async fn scheduled(
    database: &Database,
    kind: &str,
) -> Result<Option<String>, DataError> {
    let row = schedule::Entity::find_by_id(kind)
        .one(database.read())
        .await?;
    Ok(row.map(|row| row.last_at))
}

/// Ids of jobs that ended in one of these states before a moment.
pub(super) async fn ended_before(
    database: &Database,
    states: &[State],
    moment: Timestamp,
    most: u64,
) -> Result<Vec<String>, DataError> {
    let ids = job::Entity::find()
        .select_only()
        .column(Column::Id)
        .filter(Column::FinishedAt.lt(moment.to_string()))
        .filter(Column::State.is_in(states.iter().map(|state| state.word())))
        .limit(most)
        .into_tuple()
        .all(database.read())
        .await?;
    Ok(ids)
}

/// How many jobs there are in each state, of all workspaces.
pub(super) async fn states(database: &Database) -> Result<Vec<(String, i64)>, DataError> {
    let rows = job::Entity::find()
        .select_only()
        .column(Column::State)
        .column_as(Column::Id.count(), "count")
        .group_by(Column::State)
        .into_tuple()
        .all(database.read())
        .await?;
    Ok(rows)
}

/// How many jobs of all workspaces failed for good since a moment.
pub(super) async fn failed_since(database: &Database, since: Timestamp) -> Result<u64, DataError> {
    let failed = job::Entity::find()
        .filter(Column::State.eq(State::Failed.word()))
        .filter(Column::FinishedAt.gte(since.to_string()));
    Ok(failed.count(database.read()).await?)
}

/// Their steps go with them. Ids that have left these states meanwhile (tried again) stay.
pub(super) async fn delete(
    tx: &DatabaseTransaction,
    ids: Vec<String>,
    states: &[State],
) -> Result<u64, DataError> {
    let deleted = job::Entity::delete_many()
        .filter(Column::Id.is_in(ids))
        .filter(Column::State.is_in(states.iter().map(|state| state.word())))
        .exec(tx)
        .await?;
    Ok(deleted.rows_affected)
}

/// Waiting jobs whose time has come: kind, how many, and since when the first waits.
pub(super) async fn backlog(
    database: &Database,
    now: Timestamp,
) -> Result<Vec<(String, i64, Option<String>)>, DataError> {
    let rows = job::Entity::find()
        .select_only()
        .column(Column::Kind)
        .column_as(Column::Id.count(), "count")
        .column_as(Column::RunAt.min(), "first")
        .filter(Column::State.eq(State::Waiting.word()))
        .filter(Column::RunAt.lte(now.to_string()))
        .group_by(Column::Kind)
        .into_tuple()
        .all(database.read())
        .await?;
    Ok(rows)
}
