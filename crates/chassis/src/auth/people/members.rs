//! The people of a workspace.

use sea_orm::sea_query::Expr;
use sea_orm::{
    ActiveValue::Set, ColumnTrait, ConnectionTrait, EntityTrait, PaginatorTrait, QueryFilter,
    QueryOrder, QuerySelect,
};
use serde_json::json;

use super::super::sessions::{self, parsed};
use super::super::tables::{api_key, member, user};
use super::super::{Auth, Caller, Role, SessionId, UserId, WorkspaceId};
use super::{Tx, conflict, hold, record, rights};
use crate::clock::Timestamp;
use crate::data::DataError;
use crate::http::page::Page;
use crate::http::problem::Problem;

/// A person in a workspace.
#[derive(Clone, Debug)]
pub(crate) struct Member {
    pub(crate) person: user::Model,
    pub(crate) role: Role,
    pub(crate) joined_at: String,
}

/// A page of a workspace's people, the newest account first.
pub(crate) async fn page(
    auth: &Auth,
    workspace: WorkspaceId,
    page: &Page,
) -> Result<Vec<Member>, DataError> {
    let mut rows =
        member::Entity::find().filter(member::Column::WorkspaceId.eq(workspace.to_string()));
    if let Some(cursor) = page.cursor {
        rows = rows.filter(member::Column::UserId.lt(cursor.to_string()));
    }
    let read = auth.database().read();
    let rows = rows
        .order_by_desc(member::Column::UserId)
        .limit(page.rows())
        .all(read)
        .await?;
    let ids = rows.iter().map(|row| row.user_id.clone());
    let people = user::Entity::find()
        .filter(user::Column::Id.is_in(ids))
        .all(read)
        .await?;
    let with_person = |row: member::Model| {
        let person = people.iter().find(|person| person.id == row.user_id)?;
        Some(joined(row, person.clone()))
    };
    rows.into_iter().filter_map(with_person).collect()
}

/// One of a workspace's people.
pub(crate) async fn find<C: ConnectionTrait>(
    connection: &C,
    workspace: WorkspaceId,
    user: &str,
) -> Result<Option<Member>, DataError> {
    let row = member::Entity::find_by_id((workspace.to_string(), user.to_owned()))
        .one(connection)
        .await?;
    let Some(row) = row else { return Ok(None) };
    let person = user::Entity::find_by_id(user).one(connection).await?;
    person.map(|person| joined(row, person)).transpose()
}

/// As [`find`], for a request: not found where nobody there has this id.
pub(crate) async fn named<C: ConnectionTrait>(
    connection: &C,
    workspace: WorkspaceId,
    user: &str,
) -> Result<Member, Problem> {
    // What is no identifier is nobody's.
    let user: UserId = user.parse().map_err(|_| Problem::not_found())?;
    let found = find(connection, workspace, &user.to_string()).await?;
    found.ok_or_else(Problem::not_found)
}

fn joined(row: member::Model, person: user::Model) -> Result<Member, DataError> {
    let role = row.role.parse();
    Ok(Member {
        person,
        role: role.map_err(|()| DataError::Malformed {
            column: "member.role",
        })?,
        joined_at: row.created_at,
    })
}

/// Adds somebody who has an account.
pub(crate) async fn add(
    tx: &Tx,
    workspace: WorkspaceId,
    user: &str,
    role: Role,
    now: Timestamp,
) -> Result<(), DataError> {
    let row = member::ActiveModel {
        workspace_id: Set(workspace.to_string()),
        user_id: Set(user.to_owned()),
        role: Set(role.word().to_owned()),
        created_at: Set(now.to_string()),
    };
    member::Entity::insert(row)
        .exec_without_returning(tx)
        .await?;
    Ok(())
}

/// Gives somebody another role.
pub(crate) async fn set_role(
    auth: &Auth,
    caller: &Caller,
    user: &str,
    role: Role,
) -> Result<Member, Problem> {
    rights::may_grant(auth, caller, role)?;
    let now = auth.clock().now();
    let (caller, user) = (caller.clone(), user.to_owned());
    let changed = auth
        .database()
        .write(move |tx| Box::pin(async move { set_role_in(tx, &caller, &user, role, now).await }))
        .await?;
    auth.forget();
    Ok(changed)
}

pub(super) async fn set_role_in(
    tx: &Tx,
    caller: &Caller,
    user: &str,
    role: Role,
    now: Timestamp,
) -> Result<Member, Problem> {
    hold(tx, caller.workspace).await?;
    let before = named(tx, caller.workspace, user).await?;
    rights::may_touch(caller, before.role)?;
    if before.role == Role::Owner && role != Role::Owner {
        other_owner(tx, caller.workspace, &before.person.id).await?;
    }
    member::Entity::update_many()
        .col_expr(member::Column::Role, Expr::value(role.word()))
        .filter(member::Column::WorkspaceId.eq(caller.workspace.to_string()))
        .filter(member::Column::UserId.eq(&*before.person.id))
        .exec(tx)
        .await
        .map_err(DataError::from)?;
    let detail = json!({"from": before.role, "to": role});
    let subject = format!("user:{}", before.person.id);
    record(tx, caller, "member.role", subject, detail, now).await?;
    Ok(Member { role, ..before })
}

/// Takes somebody out of a workspace: his keys there end, and an account without any workspace left is disabled.
pub(crate) async fn remove(auth: &Auth, caller: &Caller, user: &str) -> Result<(), Problem> {
    let (caller, user) = (caller.clone(), user.to_owned());
    let now = auth.clock().now();
    let ended = auth
        .database()
        .write(move |tx| Box::pin(async move { remove_in(tx, &caller, &user, now).await }))
        .await?;
    auth.revoke(ended);
    auth.forget();
    Ok(())
}

async fn remove_in(
    tx: &Tx,
    caller: &Caller,
    user: &str,
    now: Timestamp,
) -> Result<Vec<SessionId>, Problem> {
    hold(tx, caller.workspace).await?;
    let gone = named(tx, caller.workspace, user).await?;
    rights::may_touch(caller, gone.role)?;
    if gone.role == Role::Owner {
        other_owner(tx, caller.workspace, &gone.person.id).await?;
    }
    let workspace = caller.workspace.to_string();
    let ended = async {
        member::Entity::delete_by_id((workspace.clone(), gone.person.id.clone()))
            .exec(tx)
            .await?;
        // Coming back does not bring them to life again.
        api_key::Entity::update_many()
            .col_expr(api_key::Column::RevokedAt, Expr::value(now.to_string()))
            .filter(api_key::Column::WorkspaceId.eq(workspace))
            .filter(api_key::Column::UserId.eq(&*gone.person.id))
            .filter(api_key::Column::RevokedAt.is_null())
            .exec(tx)
            .await?;
        let ended = disable_homeless(tx, &gone.person.id, now).await?;
        let subject = format!("user:{}", gone.person.id);
        let detail = json!({"role": gone.role});
        record(tx, caller, "member.remove", subject, detail, now).await?;
        Ok::<_, DataError>(ended)
    };
    Ok(ended.await?)
}

/// Disables an account that is in no workspace any more, and ends its sign-ins.
pub(super) async fn disable_homeless(
    tx: &Tx,
    user: &str,
    now: Timestamp,
) -> Result<Vec<SessionId>, DataError> {
    // Held, so that of two workspaces that let him go at once the second sees the first.
    let person = user::Entity::find_by_id(user)
        .lock_exclusive()
        .one(tx)
        .await?;
    if person.is_none() || workspaces_of(tx, user).await? > 0 {
        return Ok(Vec::new());
    }
    user::Entity::update_many()
        .col_expr(user::Column::DisabledAt, Expr::value(now.to_string()))
        .filter(user::Column::Id.eq(user))
        .filter(user::Column::DisabledAt.is_null())
        .exec(tx)
        .await?;
    sessions::end_in(tx, parsed(user, "user.id")?, None, now).await
}

/// How many workspaces somebody is in.
pub(super) async fn workspaces_of<C: ConnectionTrait>(
    connection: &C,
    user: &str,
) -> Result<u64, DataError> {
    let rows = member::Entity::find().filter(member::Column::UserId.eq(user));
    Ok(rows.count(connection).await?)
}

/// How many people a workspace has.
pub(crate) async fn count<C: ConnectionTrait>(
    connection: &C,
    workspace: WorkspaceId,
) -> Result<u64, DataError> {
    let rows = member::Entity::find();
    let of = member::Column::WorkspaceId.eq(workspace.to_string());
    Ok(rows.filter(of).count(connection).await?)
}

/// Refuses where nobody but this person owns the workspace and may sign in.
pub(super) async fn other_owner(tx: &Tx, workspace: WorkspaceId, but: &str) -> Result<(), Problem> {
    if has_other_owner(tx, workspace, but).await? {
        Ok(())
    } else {
        Err(conflict("people.last_owner"))
    }
}

/// Whether somebody but this person owns the workspace and may sign in.
pub(super) async fn has_other_owner(
    tx: &Tx,
    workspace: WorkspaceId,
    but: &str,
) -> Result<bool, DataError> {
    let others: Vec<String> = member::Entity::find()
        .filter(member::Column::WorkspaceId.eq(workspace.to_string()))
        .filter(member::Column::Role.eq(Role::Owner.word()))
        .filter(member::Column::UserId.ne(but))
        .select_only()
        .column(member::Column::UserId)
        .into_tuple()
        .all(tx)
        .await?;
    let enabled = user::Entity::find()
        .filter(user::Column::Id.is_in(others))
        .filter(user::Column::DisabledAt.is_null())
        .count(tx)
        .await?;
    Ok(enabled > 0)
}
