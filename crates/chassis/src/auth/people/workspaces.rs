//! Workspaces: made, renamed, ended.

use sea_orm::sea_query::Expr;
use sea_orm::{
    ActiveValue::Set, ColumnTrait, ConnectionTrait, EntityTrait, PaginatorTrait, QueryFilter,
    QueryOrder, QuerySelect,
};
use serde_json::json;

use super::super::tables::{self, member, workspace};
use super::super::{Auth, Caller, Role, SessionId, UserId, WorkspaceId, plans};
use super::{Tx, conflict, hold, members, record};
use crate::clock::Timestamp;
use crate::data::DataError;
use crate::http::page::Page;
use crate::http::problem::{FieldProblem, Problem};

/// A workspace and what the caller is there.
#[derive(Clone, Debug)]
pub(crate) struct Mine {
    pub(crate) row: workspace::Model,
    pub(crate) role: Role,
}

/// A page of a person's workspaces, the newest first.
pub(crate) async fn of_person(
    auth: &Auth,
    user: UserId,
    page: &Page,
) -> Result<Vec<Mine>, DataError> {
    let mut rows = member::Entity::find().filter(member::Column::UserId.eq(user.to_string()));
    if let Some(cursor) = page.cursor {
        rows = rows.filter(member::Column::WorkspaceId.lt(cursor.to_string()));
    }
    let read = auth.database().read();
    let rows = rows
        .order_by_desc(member::Column::WorkspaceId)
        .limit(page.rows())
        .all(read)
        .await?;
    let ids = rows.iter().map(|row| row.workspace_id.clone());
    let found = workspace::Entity::find()
        .filter(workspace::Column::Id.is_in(ids))
        .all(read)
        .await?;
    let mut mine = Vec::with_capacity(rows.len());
    for row in rows {
        let role = row.role.parse().map_err(|()| DataError::Malformed {
            column: "member.role",
        })?;
        if let Some(found) = found.iter().find(|found| found.id == row.workspace_id) {
            mine.push(Mine {
                row: found.clone(),
                role,
            });
        }
    }
    Ok(mine)
}

/// The workspace that a caller acts in.
pub(crate) async fn of_caller<C: ConnectionTrait>(
    connection: &C,
    caller: &Caller,
) -> Result<Mine, Problem> {
    let row = workspace::Entity::find_by_id(caller.workspace.to_string())
        .one(connection)
        .await
        .map_err(DataError::from)?;
    Ok(Mine {
        row: row.ok_or_else(Problem::not_found)?,
        role: caller.role,
    })
}

/// Makes a workspace that the person owns.
pub(crate) async fn create(
    auth: &Auth,
    caller: &Caller,
    user: UserId,
    name: String,
) -> Result<Mine, Problem> {
    let now = auth.clock().now();
    let id = WorkspaceId::generate(auth.clock());
    let owner = Caller {
        workspace: id,
        role: Role::Owner,
        ..caller.clone()
    };
    let most = auth.settings().workspaces_per_person;
    let row = auth
        .database()
        .write(move |tx| {
            Box::pin(async move {
                let owned = member::Entity::find()
                    .filter(member::Column::UserId.eq(user.to_string()))
                    .filter(member::Column::Role.eq(Role::Owner.word()))
                    .count(tx)
                    .await
                    .map_err(DataError::from)?;
                if owned >= u64::from(most) {
                    return Err(conflict("people.too_many_workspaces").with("maximum", most));
                }
                let row = insert(tx, id, name, now).await?;
                members::add(tx, id, &user.to_string(), Role::Owner, now).await?;
                let detail = json!({"name": row.name});
                let subject = format!("workspace:{id}");
                record(tx, &owner, "workspace.create", subject, detail, now).await?;
                Ok(row)
            })
        })
        .await?;
    Ok(Mine {
        row,
        role: Role::Owner,
    })
}

async fn insert(
    tx: &Tx,
    id: WorkspaceId,
    name: String,
    now: Timestamp,
) -> Result<workspace::Model, DataError> {
    let row = workspace::Model {
        id: id.to_string(),
        name,
        plan: plans::STANDARD.to_owned(),
        created_at: now.to_string(),
    };
    let new = workspace::ActiveModel {
        id: Set(row.id.clone()),
        name: Set(row.name.clone()),
        plan: Set(row.plan.clone()),
        created_at: Set(row.created_at.clone()),
    };
    workspace::Entity::insert(new)
        .exec_without_returning(tx)
        .await?;
    Ok(row)
}

/// Gives the caller's workspace another name.
pub(crate) async fn rename(auth: &Auth, caller: &Caller, name: String) -> Result<Mine, Problem> {
    let role = caller.role;
    let now = auth.clock().now();
    let caller = caller.clone();
    let row = auth
        .database()
        .write(move |tx| {
            Box::pin(async move {
                let before = hold(tx, caller.workspace).await?;
                workspace::Entity::update_many()
                    .col_expr(workspace::Column::Name, Expr::value(&*name))
                    .filter(workspace::Column::Id.eq(&*before.id))
                    .exec(tx)
                    .await
                    .map_err(DataError::from)?;
                let detail = json!({"from": before.name, "to": name});
                let subject = format!("workspace:{}", before.id);
                record(tx, &caller, "workspace.rename", subject, detail, now).await?;
                Ok::<_, Problem>(workspace::Model { name, ..before })
            })
        })
        .await?;
    Ok(Mine { row, role })
}

/// Ends the caller's workspace with everything in it. `name` is its name, typed as a confirmation.
pub(crate) async fn delete(auth: &Auth, caller: &Caller, name: String) -> Result<(), Problem> {
    if tables::home_workspace(auth.database()).await? == caller.workspace {
        return Err(conflict("people.home_stays"));
    }
    let caller = caller.clone();
    let now = auth.clock().now();
    let ended = auth
        .database()
        .write(move |tx| {
            Box::pin(async move {
                let row = hold(tx, caller.workspace).await?;
                if row.name != name {
                    let fault = FieldProblem::new("name", "people.name_differs", Vec::new());
                    return Err(Problem::invalid(vec![fault]));
                }
                Ok(delete_in(tx, &caller, &row, now).await?)
            })
        })
        .await?;
    auth.revoke(ended);
    auth.forget();
    auth.plans().forget();
    Ok(())
}

async fn delete_in(
    tx: &Tx,
    caller: &Caller,
    row: &workspace::Model,
    now: Timestamp,
) -> Result<Vec<SessionId>, DataError> {
    let people: Vec<String> = member::Entity::find()
        .filter(member::Column::WorkspaceId.eq(&*row.id))
        .select_only()
        .column(member::Column::UserId)
        .order_by_asc(member::Column::UserId)
        .into_tuple()
        .all(tx)
        .await?;
    let detail = json!({"name": row.name, "members": people.len()});
    member::Entity::delete_many()
        .filter(member::Column::WorkspaceId.eq(&*row.id))
        .exec(tx)
        .await?;
    // People before the log's head, as everywhere: two who take them the other way round wait for each other.
    let mut ended = Vec::new();
    for person in people {
        ended.extend(members::disable_homeless(tx, &person, now).await?);
    }
    let subject = format!("workspace:{}", row.id);
    record(tx, caller, "workspace.delete", subject, detail, now).await?;
    workspace::Entity::delete_by_id(&*row.id).exec(tx).await?;
    Ok(ended)
}
