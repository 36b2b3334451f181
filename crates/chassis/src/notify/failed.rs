//! A job that failed for good: who is told, and how often.

use std::time::Duration;

use sea_orm::{
    ColumnTrait, ConnectionTrait, DatabaseTransaction, EntityTrait, QueryFilter, QueryOrder,
    QuerySelect,
};

use super::{Channel, Notice, Notify, preference, store};
use crate::auth::tables::member;
use crate::auth::{Role, UserId, WorkspaceId};
use crate::data::DataError;
use crate::i18n::{Catalogue, Language};

/// One person is told of one kind of job, in one workspace, not more often than this: what fails seldom fails alone.
const PAUSE: Duration = Duration::from_mins(10);
/// People who run a workspace and are told where nobody asked for the job.
const MOST_TOLD: u64 = 20;
/// The kind of the notice.
const KIND: &str = "jobs.failed";

/// A job that failed for good.
pub(crate) struct FailedJob<'a> {
    pub(crate) workspace: WorkspaceId,
    /// Who asked for it; none where no person did.
    pub(crate) user: Option<UserId>,
    pub(crate) kind: &'a str,
    pub(crate) id: &'a str,
    /// How often it was begun: it may be tried again, and fail again.
    pub(crate) attempt: i32,
    /// Why it failed, in a person's language.
    pub(crate) reason: &'a (dyn Fn(&Catalogue, Language) -> String + Send + Sync),
}

impl Notify {
    /// Tells whoever asked for the job, or where nobody did (or he has left) those who run the workspace, by the channels
    /// that they chose. Part of the transaction that ends the job. How many messages there are.
    pub(crate) async fn job_failed_in(
        &self,
        tx: &DatabaseTransaction,
        job: &FailedJob<'_>,
    ) -> Result<usize, DataError> {
        let reaches = |channel| self.inner.channels.has(channel);
        if !reaches(Channel::Mail) && !reaches(Channel::Telegram) {
            return Ok(0);
        }
        let mut count = 0;
        for user in people(tx, job).await? {
            count += self.tell_of_failure(tx, job, user).await?;
        }
        Ok(count)
    }

    async fn tell_of_failure(
        &self,
        tx: &DatabaseTransaction,
        job: &FailedJob<'_>,
        user: UserId,
    ) -> Result<usize, DataError> {
        let Some(person) = preference::person(tx, user).await? else {
            return Ok(0);
        };
        let mut notice = Notice {
            workspace: job.workspace,
            user,
            kind: KIND,
            arguments: vec![
                ("kind", job.kind.to_owned()),
                ("job", job.id.to_owned()),
                ("minutes", (PAUSE.as_secs() / 60).to_string()),
                (
                    "error",
                    (job.reason)(&self.inner.catalogue, person.language),
                ),
            ],
            idempotency_key: Some(format!("{}:{KIND}:{}", job.id, job.attempt)),
        };
        if self.rows(&person, &notice).is_empty() {
            return Ok(0);
        }
        let key = format!("{KIND} {} {user} {}", job.workspace, job.kind);
        let Some(others) = store::pass(tx, key, self.clock().now(), PAUSE).await? else {
            return Ok(0);
        };
        if others > 0 {
            notice.arguments.push(("others", others.to_string()));
        }
        let rows = self.rows(&person, &notice);
        let count = rows.len();
        for row in rows {
            store::insert(tx, self.clock(), row).await?;
        }
        Ok(count)
    }
}

async fn people<C: ConnectionTrait>(
    connection: &C,
    job: &FailedJob<'_>,
) -> Result<Vec<UserId>, DataError> {
    let workspace = job.workspace.to_string();
    if let Some(user) = job.user {
        let place = (workspace.clone(), user.to_string());
        let is_member = member::Entity::find_by_id(place).one(connection).await?;
        // None of a person whose account is disabled.
        let person = preference::person(connection, user).await?;
        if is_member.is_some() && person.is_some() {
            return Ok(vec![user]);
        }
    }
    let rows = member::Entity::find()
        .filter(member::Column::WorkspaceId.eq(workspace))
        .filter(member::Column::Role.is_in([Role::Owner.word(), Role::Admin.word()]))
        .order_by_asc(member::Column::CreatedAt)
        .limit(MOST_TOLD)
        .all(connection)
        .await?;
    rows.iter()
        .map(|row| {
            row.user_id.parse().map_err(|_| DataError::Malformed {
                column: "member.user_id",
            })
        })
        .collect()
}
