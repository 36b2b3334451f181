//! How somebody comes into a workspace: a token that is good once and for seven days.

use std::time::Duration;

use http::StatusCode;
use sea_orm::{
    ActiveValue::Set, ColumnTrait, ConnectionTrait, EntityTrait, PaginatorTrait, QueryFilter,
    QueryOrder, QuerySelect,
};
use serde_json::json;

use super::super::sessions::{after, parsed};
use super::super::tables::{user, workspace};
use super::super::{
    Auth, Caller, InvitationId, Letter, Role, Scopes, UserId, WorkspaceId, keys, plans,
};
use super::accounts::{self, NewAccount};
use super::tables::invitation;
use super::{Tx, conflict, hold, members, record, rights};
use crate::clock::Timestamp;
use crate::data::DataError;
use crate::http::page::Page;
use crate::http::problem::Problem;
use crate::i18n::Language;

/// How long a token is good.
const LIFE: Duration = Duration::from_hours(24 * 7);
/// What is over is kept so long, for who asks why somebody did not come.
const KEPT: Duration = Duration::from_hours(24 * 30);

const PREFIX: &str = "invite_";

/// Whom to invite.
#[derive(Clone, Debug)]
pub(crate) struct NewInvitation {
    pub(crate) email: String,
    pub(crate) name: String,
    pub(crate) role: Role,
    pub(crate) language: Language,
}

/// An invitation that was made. The link is there where no mail took it.
pub(crate) struct Made {
    pub(crate) row: invitation::Model,
    pub(crate) link: Option<String>,
}

/// Invites somebody into the caller's workspace, by mail where there is mail. An earlier invitation of the same address
/// ends.
pub(crate) async fn create(
    auth: &Auth,
    caller: &Caller,
    new: NewInvitation,
) -> Result<Made, Problem> {
    rights::may_grant(auth, caller, new.role)?;
    let plan = auth.plan_of(caller.workspace).await?;
    let now = auth.clock().now();
    let secret = keys::generate(PREFIX);
    let row = invitation::Model {
        id: InvitationId::generate(auth.clock()).to_string(),
        workspace_id: caller.workspace.to_string(),
        email: new.email,
        name: new.name,
        language: new.language.code().to_owned(),
        role: new.role.word().to_owned(),
        secret_hash: keys::hex(&keys::hash(&secret)),
        user_id: caller.user.map(|user| user.to_string()),
        created_at: now.to_string(),
        expires_at: after(now, LIFE).to_string(),
    };
    let kept = row.clone();
    let by = caller.clone();
    let workspace = auth
        .database()
        .write(move |tx| Box::pin(async move { insert(tx, &by, kept, &plan).await }))
        .await?;
    let link = format!("{}/invite#{secret}", auth.address());
    let is_sent = send(auth, caller, &row, workspace.name, link.clone()).await?;
    Ok(Made {
        row,
        link: (!is_sent).then_some(link),
    })
}

async fn insert(
    tx: &Tx,
    caller: &Caller,
    row: invitation::Model,
    plan: &plans::Plan,
) -> Result<workspace::Model, Problem> {
    let workspace = hold(tx, caller.workspace).await?;
    if let Some(person) = accounts::by_email(tx, &row.email).await?
        && members::find(tx, caller.workspace, &person.id)
            .await?
            .is_some()
    {
        return Err(conflict("people.member_already"));
    }
    let of_address = invitation::Entity::delete_many()
        .filter(invitation::Column::WorkspaceId.eq(&*row.workspace_id))
        .filter(invitation::Column::Email.eq(&*row.email));
    of_address.exec(tx).await.map_err(DataError::from)?;
    let now = row.created_at.parse();
    let now = now.map_err(|_| DataError::Malformed {
        column: "invitation.created_at",
    })?;
    room_for_one(tx, caller.workspace, plan, now).await?;
    let detail = json!({"role": row.role});
    let subject = format!("invitation:{}", row.id);
    let new = invitation::ActiveModel {
        id: Set(row.id),
        workspace_id: Set(row.workspace_id),
        email: Set(row.email),
        name: Set(row.name),
        language: Set(row.language),
        role: Set(row.role),
        secret_hash: Set(row.secret_hash),
        user_id: Set(row.user_id),
        created_at: Set(row.created_at),
        expires_at: Set(row.expires_at),
    };
    invitation::Entity::insert(new)
        .exec_without_returning(tx)
        .await
        .map_err(DataError::from)?;
    record(tx, caller, "invitation.create", subject, detail, now).await?;
    Ok(workspace)
}

/// Refuses where people and open invitations together fill the plan.
async fn room_for_one(
    tx: &Tx,
    workspace: WorkspaceId,
    plan: &plans::Plan,
    now: Timestamp,
) -> Result<(), Problem> {
    let taken = members::count(tx, workspace).await? + count(tx, workspace, now).await?;
    if taken >= u64::from(plan.members) {
        return Err(conflict("people.members_full").with("maximum", plan.members));
    }
    Ok(())
}

/// How many invitations of a workspace are open.
pub(crate) async fn count<C: ConnectionTrait>(
    connection: &C,
    workspace: WorkspaceId,
    now: Timestamp,
) -> Result<u64, DataError> {
    let open = invitation::Entity::find()
        .filter(invitation::Column::WorkspaceId.eq(workspace.to_string()))
        .filter(invitation::Column::ExpiresAt.gt(now.to_string()));
    Ok(open.count(connection).await?)
}

/// False where no mail is set up, or none was taken.
async fn send(
    auth: &Auth,
    caller: &Caller,
    row: &invitation::Model,
    workspace: String,
    link: String,
) -> Result<bool, DataError> {
    let inviting = match caller.user {
        Some(user) => {
            let row = user::Entity::find_by_id(user.to_string());
            row.one(auth.database().read()).await?
        }
        None => None,
    };
    let letter = Letter {
        to: row.email.clone(),
        language: Language::from_tag(&row.language).unwrap_or_default(),
        template: "auth.invite",
        arguments: vec![
            // Whom no person invites, the workspace does.
            (
                "inviter",
                inviting.map_or_else(|| workspace.clone(), |person| person.name),
            ),
            ("workspace", workspace),
            // Behind `#`: browsers send that part to no server, so it stands in no log.
            ("link", link),
            ("days", (LIFE.as_secs() / 86_400).to_string()),
        ],
    };
    match auth.post().send(letter).await {
        Ok(()) => Ok(true),
        Err(cause) => {
            tracing::info!(reason = %cause, "an invitation was not mailed; its link is in the answer");
            Ok(false)
        }
    }
}

/// A page of a workspace's invitations, also those that are over, the newest first.
pub(crate) async fn page(
    auth: &Auth,
    workspace: WorkspaceId,
    page: &Page,
) -> Result<Vec<invitation::Model>, DataError> {
    let mut rows = invitation::Entity::find()
        .filter(invitation::Column::WorkspaceId.eq(workspace.to_string()));
    if let Some(cursor) = page.cursor {
        rows = rows.filter(invitation::Column::Id.lt(cursor.to_string()));
    }
    let rows = rows
        .order_by_desc(invitation::Column::Id)
        .limit(page.rows())
        .all(auth.database().read())
        .await?;
    Ok(rows)
}

/// Withdraws an invitation of the caller's workspace.
pub(crate) async fn withdraw(auth: &Auth, caller: &Caller, id: &str) -> Result<(), Problem> {
    let id: InvitationId = id.parse().map_err(|_| Problem::not_found())?;
    let now = auth.clock().now();
    let caller = caller.clone();
    auth.database()
        .write(move |tx| {
            Box::pin(async move {
                hold(tx, caller.workspace).await?;
                let row = invitation::Entity::find_by_id(id.to_string())
                    .filter(invitation::Column::WorkspaceId.eq(caller.workspace.to_string()))
                    .one(tx)
                    .await
                    .map_err(DataError::from)?
                    .ok_or_else(Problem::not_found)?;
                rights::may_touch(&caller, role_of(&row)?)?;
                take(tx, &row.id).await?;
                let subject = format!("invitation:{}", row.id);
                let detail = json!({"role": row.role});
                record(tx, &caller, "invitation.withdraw", subject, detail, now).await?;
                Ok::<_, Problem>(())
            })
        })
        .await
}

/// The invitation of a token, while it is good.
pub(crate) async fn of_token(
    auth: &Auth,
    token: &str,
) -> Result<Option<invitation::Model>, DataError> {
    let row = invitation::Entity::find()
        .filter(invitation::Column::SecretHash.eq(keys::hex(&keys::hash(token))))
        .filter(invitation::Column::ExpiresAt.gt(auth.clock().now().to_string()))
        .one(auth.database().read())
        .await?;
    Ok(row)
}

/// Who accepts.
pub(crate) enum Guest {
    /// Somebody without an account.
    New(NewAccount),
    /// Somebody with one, who has proved that it is his.
    Known(user::Model),
}

/// Accepts: the token is used up, and the person is a member. Adds nothing to a role that he has already.
pub(crate) async fn accept(
    auth: &Auth,
    row: invitation::Model,
    guest: Guest,
) -> Result<UserId, Problem> {
    let now = auth.clock().now();
    let new_id = UserId::generate(auth.clock());
    let user = auth
        .database()
        .write(move |tx| Box::pin(async move { accept_in(tx, &row, guest, new_id, now).await }))
        .await;
    auth.forget();
    match user {
        // Somebody took the address between the look and the write.
        Err(problem) if problem.code == TAKEN => Err(over()),
        result => result,
    }
}

/// What a broken unique constraint becomes until it has left the transaction.
const TAKEN: &str = "people.address_taken";

async fn accept_in(
    tx: &Tx,
    row: &invitation::Model,
    guest: Guest,
    new_id: UserId,
    now: Timestamp,
) -> Result<UserId, Problem> {
    let workspace: WorkspaceId = parsed(&row.workspace_id, "invitation.workspace_id")?;
    hold(tx, workspace).await.map_err(|_| over())?;
    if !take(tx, &row.id).await? {
        return Err(over());
    }
    let role = role_of(row)?;
    let user = match guest {
        Guest::New(account) => {
            let made = accounts::create(tx, new_id, account, now).await;
            made.map_err(|fault| match fault {
                DataError::Unique { .. } => conflict(TAKEN),
                fault => fault.into(),
            })?;
            new_id
        }
        Guest::Known(person) => {
            accounts::enable_homeless(tx, &person.id).await?;
            parsed(&person.id, "user.id")?
        }
    };
    let id = user.to_string();
    if members::find(tx, workspace, &id).await?.is_none() {
        members::add(tx, workspace, &id, role, now).await?;
    }
    let guest = Caller {
        workspace,
        user: Some(user),
        key: None,
        session: None,
        role,
        scopes: Scopes::all(),
    };
    let subject = format!("invitation:{}", row.id);
    record(
        tx,
        &guest,
        "invitation.accept",
        subject,
        json!({"user": user}),
        now,
    )
    .await?;
    Ok(user)
}

/// Uses an invitation up: false where somebody else did.
async fn take(tx: &Tx, id: &str) -> Result<bool, DataError> {
    let taken = invitation::Entity::delete_by_id(id).exec(tx).await?;
    Ok(taken.rows_affected > 0)
}

pub(crate) fn role_of(row: &invitation::Model) -> Result<Role, DataError> {
    row.role.parse().map_err(|()| DataError::Malformed {
        column: "invitation.role",
    })
}

/// 422: the token opens nothing any more.
pub(crate) fn over() -> Problem {
    Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "people.invitation_over")
}

/// Throws away what has been over for long.
pub(crate) async fn tidy(auth: &Auth) -> Result<(), DataError> {
    let now = auth.clock().now();
    let before = Timestamp::from_unix_ms(now.unix_ms() - KEPT.as_millis() as i64).unwrap_or(now);
    auth.database()
        .write(move |tx| {
            Box::pin(async move {
                invitation::Entity::delete_many()
                    .filter(invitation::Column::ExpiresAt.lt(before.to_string()))
                    .exec(tx)
                    .await?;
                Ok::<_, DataError>(())
            })
        })
        .await
}
