//! Failures with one address, and the growing wait after too many. Counted for addresses that nobody has too, so that the
//! answer does not tell.
//!
//! An attempt is counted before the password is compared and struck out when it succeeds: a hundred sent at once are a
//! hundred.

use std::time::Duration;

use sea_orm::sea_query::Expr;
use sea_orm::{
    ActiveValue::Set, ColumnTrait, Condition, DatabaseTransaction, EntityTrait, QueryFilter,
};
use serde_json::json;

use super::audit::{self, Actor};
use super::sessions::{after, parsed};
use super::tables::sign_in::sign_in_attempt;
use super::{Auth, UserId, keys};
use crate::clock::Timestamp;
use crate::data::DataError;
use crate::http::problem::Problem;
use crate::task;

/// The first wait; each further failure doubles it.
const FIRST_WAIT: Duration = Duration::from_mins(1);
/// The longest wait: who is locked out by a stranger comes in within the hour.
const LONGEST_WAIT: Duration = Duration::from_hours(1);
/// Failures are forgotten after a day without one.
pub(super) const FORGOTTEN: Duration = Duration::from_hours(24);

/// What a counted attempt is, should it fail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Attempt {
    /// One of those that are free.
    Free,
    /// Further ones must wait.
    Locks {
        /// Attempts up to this one.
        attempts: u32,
    },
}

impl Attempt {
    /// Notes a lock in the audit of the person's workspaces, beside the answer: its time must not tell who has an account.
    pub(super) fn failed(self, auth: &Auth, user: Option<UserId>) {
        let (Self::Locks { attempts }, Some(user)) = (self, user) else {
            return;
        };
        let (auth, now) = (auth.clone(), auth.clock().now());
        task::spawn(async move {
            let detail = json!({"attempts": attempts});
            let noted = auth.database().write(move |tx| {
                Box::pin(async move {
                    audit::record_for(tx, user, Actor::System, "auth.lock", detail, now).await
                })
            });
            if let Err(fault) = noted.await {
                tracing::error!(error = %fault, user.id = %user, "a locked account was not noted in the audit");
            }
        });
    }
}

/// Counts an attempt with an address. Refuses where it must wait.
pub(super) async fn attempt(auth: &Auth, email: &str) -> Result<Attempt, Problem> {
    let account = account(email);
    let now = auth.clock().now();
    let lock_after = auth.settings().lock_after;
    let wait = auth
        .database()
        .write(move |tx| Box::pin(async move { count(tx, &account, now, lock_after).await }))
        .await?;
    match wait {
        Ok(attempt) => Ok(attempt),
        Err(until) => {
            auth.figures().locked.increment(1);
            let seconds = ((until.unix_ms() - now.unix_ms()).max(0) as u64)
                .div_ceil(1000)
                .max(1);
            let refused = Problem::new(http::StatusCode::TOO_MANY_REQUESTS, "auth.locked");
            Err(refused.with("seconds", seconds).retry_after(seconds))
        }
    }
}

/// Strikes an address' failures out.
pub(super) async fn forget(auth: &Auth, email: &str) -> Result<(), DataError> {
    let account = account(email);
    auth.database()
        .write(move |tx| Box::pin(async move { forget_in(tx, account).await }))
        .await
}

/// As [`forget`], inside a transaction.
pub(super) async fn forget_in(tx: &DatabaseTransaction, account: String) -> Result<(), DataError> {
    sign_in_attempt::Entity::delete_by_id(account)
        .exec(tx)
        .await?;
    Ok(())
}

/// How an address is kept: nobody reads addresses of strangers out of this table.
pub(super) fn account(email: &str) -> String {
    keys::hex(&keys::hash(&format!("account {email}")))
}

/// One more attempt, or until when there may be none.
async fn count(
    tx: &DatabaseTransaction,
    account: &str,
    now: Timestamp,
    lock_after: u32,
) -> Result<Result<Attempt, Timestamp>, DataError> {
    use sea_orm::sea_query::ExprTrait as _;
    use sign_in_attempt::{ActiveModel, Column, Entity};

    let past = Timestamp::from_unix_ms(now.unix_ms() - FORGOTTEN.as_millis() as i64).unwrap_or(now);
    Entity::delete_many()
        .filter(Column::AccountHash.eq(account))
        .filter(Column::LastAt.lt(past.to_string()))
        .exec(tx)
        .await?;
    let row = ActiveModel {
        account_hash: Set(account.to_owned()),
        failures: Set(0),
        last_at: Set(now.to_string()),
        locked_until: Set(None),
    };
    Entity::insert(row)
        .on_conflict_do_nothing_on([Column::AccountHash])
        .exec_without_returning(tx)
        .await?;
    // From here on the row is held: of two attempts at once, the second sees what the first counted.
    let is_open = Condition::any()
        .add(Column::LockedUntil.is_null())
        .add(Column::LockedUntil.lte(now.to_string()))
        // Beyond the longest wait: the clock was ahead when it was written.
        .add(Column::LockedUntil.gt(after(now, LONGEST_WAIT).to_string()));
    let counted = Entity::update_many()
        .col_expr(Column::Failures, Expr::col(Column::Failures).add(1))
        .col_expr(Column::LastAt, Expr::value(now.to_string()))
        .filter(Column::AccountHash.eq(account))
        .filter(is_open)
        .exec(tx)
        .await?;
    let row = Entity::find_by_id(account).one(tx).await?;
    let row = row.ok_or_else(|| DataError::Lost("an attempt to sign in".to_owned()))?;
    if counted.rows_affected == 0 {
        return match row.locked_until {
            Some(until) => parsed(&until, "sign_in_attempt.locked_until").map(Err),
            None => Ok(Err(now)),
        };
    }
    let failures = u32::try_from(row.failures).unwrap_or(u32::MAX);
    if let Some(wait) = wait_after(failures, lock_after) {
        Entity::update_many()
            .col_expr(
                Column::LockedUntil,
                Expr::value(after(now, wait).to_string()),
            )
            .filter(Column::AccountHash.eq(account))
            .exec(tx)
            .await?;
        return Ok(Ok(Attempt::Locks { attempts: failures }));
    }
    Ok(Ok(Attempt::Free))
}

/// The wait that follows so many failures.
fn wait_after(failures: u32, lock_after: u32) -> Option<Duration> {
    let beyond = failures.checked_sub(lock_after)?;
    Some(
        FIRST_WAIT
            .saturating_mul(1 << beyond.min(16))
            .min(LONGEST_WAIT),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_up_to_an_hour() {
        let minutes: Vec<_> = (4..=12)
            .map(|n| wait_after(n, 5).map(|wait| wait.as_secs() / 60))
            .collect();
        let expected = [0, 1, 2, 4, 8, 16, 32, 60, 60].map(|n| (n > 0).then_some(n));
        assert_eq!(minutes, expected);
        assert_eq!(wait_after(u32::MAX, 5), Some(LONGEST_WAIT));
    }
}
