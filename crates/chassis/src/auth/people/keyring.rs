//! The keys of a workspace, as people see and change them.

use sea_orm::sea_query::Expr;
use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, EntityTrait, PaginatorTrait, QueryFilter, QueryOrder,
    QuerySelect, Select,
};
use serde_json::json;

use super::super::keys::{self, NewKey};
use super::super::tables::{api_key, user};
use super::super::{Auth, Caller, KeyId, WorkspaceId};
use super::{conflict, hold, record};
use crate::clock::Timestamp;
use crate::config::Secret;
use crate::data::DataError;
use crate::http::page::Page;
use crate::http::problem::Problem;

/// A key that has not been revoked, and who made it.
#[derive(Clone, Debug)]
pub(crate) struct Kept {
    pub(crate) row: api_key::Model,
    pub(crate) maker: Option<user::Model>,
}

fn of(workspace: WorkspaceId) -> Select<api_key::Entity> {
    api_key::Entity::find()
        .filter(api_key::Column::WorkspaceId.eq(workspace.to_string()))
        .filter(api_key::Column::RevokedAt.is_null())
}

/// A page of a workspace's keys, the newest first.
pub(crate) async fn page(
    auth: &Auth,
    workspace: WorkspaceId,
    page: &Page,
) -> Result<Vec<Kept>, DataError> {
    let mut rows = of(workspace);
    if let Some(cursor) = page.cursor {
        rows = rows.filter(api_key::Column::Id.lt(cursor.to_string()));
    }
    let read = auth.database().read();
    let rows = rows
        .order_by_desc(api_key::Column::Id)
        .limit(page.rows())
        .all(read)
        .await?;
    let makers = rows.iter().filter_map(|row| row.user_id.clone());
    let makers = user::Entity::find()
        .filter(user::Column::Id.is_in(makers))
        .all(read)
        .await?;
    let with_maker = |row: api_key::Model| Kept {
        maker: makers
            .iter()
            .find(|maker| row.user_id.as_ref() == Some(&maker.id))
            .cloned(),
        row,
    };
    Ok(rows.into_iter().map(with_maker).collect())
}

/// One key of a workspace; not found where there is none.
pub(crate) async fn named<C: ConnectionTrait>(
    connection: &C,
    workspace: WorkspaceId,
    id: &str,
) -> Result<Kept, Problem> {
    let id: KeyId = id.parse().map_err(|_| Problem::not_found())?;
    let row = of(workspace)
        .filter(api_key::Column::Id.eq(id.to_string()))
        .one(connection)
        .await
        .map_err(DataError::from)?
        .ok_or_else(Problem::not_found)?;
    let maker = match &row.user_id {
        None => None,
        Some(user) => user::Entity::find_by_id(&**user)
            .one(connection)
            .await
            .map_err(DataError::from)?,
    };
    Ok(Kept { row, maker })
}

/// Makes a key in the caller's workspace. What it may do has been checked.
pub(crate) async fn create(
    auth: &Auth,
    caller: &Caller,
    new: NewKey,
) -> Result<(KeyId, Secret), Problem> {
    let plan = auth.plan_of(caller.workspace).await?;
    let (id, secret) = (KeyId::generate(auth.clock()), keys::generate(keys::PREFIX));
    let now = auth.clock().now();
    let caller = caller.clone();
    let given = Secret::new(secret.clone());
    auth.database()
        .write(move |tx| {
            Box::pin(async move {
                hold(tx, caller.workspace).await?;
                if count(tx, caller.workspace, now).await? >= u64::from(plan.keys) {
                    return Err(conflict("people.keys_full").with("maximum", plan.keys));
                }
                let detail = json!({
                    "name": new.name,
                    "scopes": new.scopes.to_string(),
                    "expires_at": new.expires_at.map(|at| at.to_string()),
                });
                keys::insert(tx, id, &secret, new, now).await?;
                record(tx, &caller, "key.create", format!("key:{id}"), detail, now).await?;
                Ok(())
            })
        })
        .await?;
    Ok((id, given))
}

/// How many keys of a workspace are in force.
pub(crate) async fn count<C: ConnectionTrait>(
    connection: &C,
    workspace: WorkspaceId,
    now: Timestamp,
) -> Result<u64, DataError> {
    let lasts = Condition::any()
        .add(api_key::Column::ExpiresAt.is_null())
        .add(api_key::Column::ExpiresAt.gt(now.to_string()));
    Ok(of(workspace).filter(lasts).count(connection).await?)
}

/// Gives a key of the caller's workspace another name.
pub(crate) async fn rename(
    auth: &Auth,
    caller: &Caller,
    id: &str,
    name: String,
) -> Result<Kept, Problem> {
    let (caller, id) = (caller.clone(), id.to_owned());
    let now = auth.clock().now();
    auth.database()
        .write(move |tx| {
            Box::pin(async move {
                hold(tx, caller.workspace).await?;
                let mut kept = named(tx, caller.workspace, &id).await?;
                api_key::Entity::update_many()
                    .col_expr(api_key::Column::Name, Expr::value(&*name))
                    .filter(api_key::Column::Id.eq(&*kept.row.id))
                    .exec(tx)
                    .await
                    .map_err(DataError::from)?;
                let detail = json!({"from": kept.row.name, "to": name});
                let subject = format!("key:{}", kept.row.id);
                record(tx, &caller, "key.rename", subject, detail, now).await?;
                kept.row.name = name;
                Ok::<_, Problem>(kept)
            })
        })
        .await
}

/// Ends a key of the caller's workspace: on this instance at once, on others that share the database within seconds.
pub(crate) async fn revoke(auth: &Auth, caller: &Caller, id: &str) -> Result<(), Problem> {
    let (caller, id) = (caller.clone(), id.to_owned());
    let now = auth.clock().now();
    auth.database()
        .write(move |tx| {
            Box::pin(async move {
                hold(tx, caller.workspace).await?;
                let kept = named(tx, caller.workspace, &id).await?;
                api_key::Entity::update_many()
                    .col_expr(api_key::Column::RevokedAt, Expr::value(now.to_string()))
                    .filter(api_key::Column::Id.eq(&*kept.row.id))
                    .exec(tx)
                    .await
                    .map_err(DataError::from)?;
                let detail = json!({"name": kept.row.name, "prefix": kept.row.prefix});
                let subject = format!("key:{}", kept.row.id);
                record(tx, &caller, "key.revoke", subject, detail, now).await?;
                Ok::<_, Problem>(())
            })
        })
        .await?;
    auth.forget();
    Ok(())
}
