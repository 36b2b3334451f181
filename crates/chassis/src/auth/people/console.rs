//! People and keys from the command line, beside a running server or without one. Who may run it owns the machine: no role
//! and no plan bounds him, but the last owner of a workspace stays one, and is disabled only if he insists.
//!
//! A running server takes a change within seconds: it remembers who somebody is for so long.

use std::time::Duration;

use sea_orm::sea_query::Expr;
use sea_orm::{ActiveValue::Set, ColumnTrait, Condition, EntityTrait, QueryFilter, QueryOrder};
use serde_json::json;

use super::super::keys::{self, NewKey};
use super::super::sessions::{self, after, parsed};
use super::super::tables::sign_in::password_reset;
use super::super::tables::{api_key, member, user, workspace};
use super::super::{
    Auth, Caller, KeyId, Role, Scopes, UserId, WorkspaceId, home_workspace, lockout, password,
};
use super::accounts::{self, NewAccount};
use super::{Tx, conflict, hold, members, name_of, record};
use crate::clock::Timestamp;
use crate::config::Secret;
use crate::data::DataError;
use crate::http::problem::{FieldProblem, Problem};
use crate::i18n::Language;

/// How long a link that the command line prints is good: it goes from hand to hand.
const LINK_LIFE: Duration = Duration::from_hours(24);

/// An account to be made.
#[derive(Clone, Debug)]
pub struct NewUser {
    /// The address to sign in with.
    pub email: String,
    /// For people.
    pub name: String,
    /// The language of mails.
    pub language: Language,
    /// The workspace to be in, and as what.
    pub workspace: WorkspaceId,
    /// The role there.
    pub role: Role,
    /// The password; none: a link by which to set one.
    pub password: Option<String>,
}

/// A person and where he is.
#[derive(Clone, Debug)]
pub struct UserLine {
    /// The account.
    pub id: String,
    /// The address.
    pub email: String,
    /// The name.
    pub name: String,
    /// Whether it may not be used.
    pub disabled: bool,
    /// Workspaces by name, and the role in each.
    pub roles: Vec<(String, String)>,
}

/// A key, as it may be shown.
#[derive(Clone, Debug)]
pub struct KeyLine {
    /// The key.
    pub id: String,
    /// Its first characters.
    pub prefix: String,
    /// The name.
    pub name: String,
    /// The workspace's name.
    pub workspace: String,
    /// What it may do.
    pub scopes: String,
    /// When it was made.
    pub created_at: String,
    /// When it ends.
    pub expires_at: Option<String>,
    /// When it was last used.
    pub last_used_at: Option<String>,
}

/// The workspace with this id or name; the first one where none is named. A name that two have is none.
pub async fn workspace(auth: &Auth, named: Option<&str>) -> Result<WorkspaceId, Problem> {
    let Some(text) = named else {
        return Ok(home_workspace(auth.database()).await?);
    };
    let is_it = Condition::any()
        .add(workspace::Column::Id.eq(text))
        .add(workspace::Column::Name.eq(text));
    let found = workspace::Entity::find()
        .filter(is_it)
        .all(auth.database().read())
        .await
        .map_err(DataError::from)?;
    let missing = |code| Problem::new(http::StatusCode::NOT_FOUND, code).with("name", text);
    match &*found {
        [one] => Ok(parsed(&one.id, "workspace.id")?),
        [] => Err(missing("workspace.unknown")),
        _ => Err(missing("workspace.ambiguous")),
    }
}

/// Makes an account; without a password with the link to set one.
pub async fn create_user(auth: &Auth, new: NewUser) -> Result<(UserId, Option<String>), Problem> {
    let mut faults = Vec::new();
    let email = super::super::api::email(&new.email, &mut faults);
    let name = name_of("name", &new.name).map_err(|fault| faults.push(fault));
    let name = name.unwrap_or_default();
    let weak = |text: &String| password::check_rules("password", text, &email, &name).err();
    faults.extend(new.password.as_ref().and_then(weak));
    if !faults.is_empty() {
        return Err(Problem::invalid(faults));
    }
    let password_hash = match &new.password {
        Some(text) => Some(password::hash(text).await?),
        None => None,
    };
    let needs_link = password_hash.is_none();
    let id = UserId::generate(auth.clock());
    let now = auth.clock().now();
    let account = NewAccount {
        email: email.clone(),
        name,
        language: new.language,
        password_hash,
    };
    let caller = operator(new.workspace);
    let role = new.role;
    auth.database()
        .write(move |tx| {
            Box::pin(async move {
                hold(tx, caller.workspace).await?;
                if accounts::by_email(tx, &account.email).await?.is_some() {
                    return Err(conflict("people.address_taken"));
                }
                accounts::create(tx, id, account, now).await?;
                members::add(tx, caller.workspace, &id.to_string(), role, now).await?;
                let detail = json!({"role": role});
                record(
                    tx,
                    &caller,
                    "user.create",
                    format!("user:{id}"),
                    detail,
                    now,
                )
                .await?;
                Ok(())
            })
        })
        .await?;
    let link = if needs_link {
        Some(link(auth, &email).await?)
    } else {
        None
    };
    Ok((id, link))
}

/// A new link by which somebody sets his password. Earlier ones end, and failures to sign in are struck out.
pub async fn link(auth: &Auth, email: &str) -> Result<String, Problem> {
    let person = known(auth, email).await?;
    if person.disabled_at.is_some() {
        return Err(conflict("people.account_disabled"));
    }
    let now = auth.clock().now();
    let secret = keys::generate("reset_");
    let row = password_reset::ActiveModel {
        secret_hash: Set(keys::hex(&keys::hash(&secret))),
        user_id: Set(person.id.clone()),
        created_at: Set(now.to_string()),
        expires_at: Set(after(now, LINK_LIFE).to_string()),
    };
    let caller = operator(place_of(auth, &person.id).await?);
    let account = lockout::account(&person.email);
    auth.database()
        .write(move |tx| {
            Box::pin(async move {
                password_reset::Entity::delete_many()
                    .filter(password_reset::Column::UserId.eq(&*person.id))
                    .exec(tx)
                    .await?;
                password_reset::Entity::insert(row)
                    .exec_without_returning(tx)
                    .await?;
                lockout::forget_in(tx, account).await?;
                let subject = format!("user:{}", person.id);
                record(tx, &caller, "user.link", subject, json!({}), now).await
            })
        })
        .await?;
    Ok(format!("{}/reset#{secret}", auth.address()))
}

/// All people, or those of one workspace, by their address.
pub async fn users(auth: &Auth, of: Option<WorkspaceId>) -> Result<Vec<UserLine>, DataError> {
    let read = auth.database().read();
    let people = user::Entity::find()
        .order_by_asc(user::Column::Email)
        .all(read)
        .await?;
    let mut places = member::Entity::find();
    if let Some(workspace) = of {
        places = places.filter(member::Column::WorkspaceId.eq(workspace.to_string()));
    }
    let places = places.all(read).await?;
    let workspaces = workspace::Entity::find().all(read).await?;
    let name_of = |id: &str| {
        let found = workspaces.iter().find(|row| row.id == id);
        found.map_or_else(|| id.to_owned(), |row| row.name.clone())
    };
    let line = |person: user::Model| {
        let own = places.iter().filter(|place| place.user_id == person.id);
        let roles: Vec<_> = own
            .map(|place| (name_of(&place.workspace_id), place.role.clone()))
            .collect();
        let is_shown = of.is_none() || !roles.is_empty();
        is_shown.then_some(UserLine {
            id: person.id,
            email: person.email,
            name: person.name,
            disabled: person.disabled_at.is_some(),
            roles,
        })
    };
    Ok(people.into_iter().filter_map(line).collect())
}

/// Disables an account, wherever it is a member, and ends its sign-ins. Refused where a workspace would have no owner left
/// who can sign in, unless `even_the_last_owner`; gives the names of those workspaces.
pub async fn disable(
    auth: &Auth,
    email: &str,
    even_the_last_owner: bool,
) -> Result<Vec<String>, Problem> {
    let person = known(auth, email).await?;
    let caller = operator(place_of(auth, &person.id).await?);
    let now = auth.clock().now();
    let (left, ended) = auth
        .database()
        .write(move |tx| {
            Box::pin(async move {
                let id: UserId = parsed(&person.id, "user.id")?;
                let left = if person.disabled_at.is_none() {
                    owned_alone(tx, &person.id).await?
                } else {
                    Vec::new()
                };
                if !left.is_empty() && !even_the_last_owner {
                    let refused = conflict("user.last_owner").with("email", &person.email);
                    return Err(refused.with("workspaces", left.join(", ")));
                }
                set_disabled(tx, &caller, id, Some(now), now).await?;
                let ended = sessions::end_in(tx, id, None, now).await?;
                Ok::<_, Problem>((left, ended))
            })
        })
        .await?;
    auth.revoke(ended);
    auth.forget();
    Ok(left)
}

/// Lets a disabled account be used again.
pub async fn enable(auth: &Auth, email: &str) -> Result<(), Problem> {
    let person = known(auth, email).await?;
    let caller = operator(place_of(auth, &person.id).await?);
    let now = auth.clock().now();
    auth.database()
        .write(move |tx| {
            Box::pin(async move {
                let id: UserId = parsed(&person.id, "user.id")?;
                set_disabled(tx, &caller, id, None, now).await
            })
        })
        .await?;
    auth.forget();
    Ok(())
}

async fn set_disabled(
    tx: &Tx,
    caller: &Caller,
    id: UserId,
    since: Option<Timestamp>,
    now: Timestamp,
) -> Result<(), DataError> {
    user::Entity::update_many()
        .col_expr(
            user::Column::DisabledAt,
            Expr::value(since.map(|at| at.to_string())),
        )
        .filter(user::Column::Id.eq(id.to_string()))
        .exec(tx)
        .await?;
    let detail = json!({"disabled": since.is_some()});
    record(tx, caller, "user.change", format!("user:{id}"), detail, now).await
}

/// Names of the workspaces that somebody owns and nobody else who can sign in. They are held until the transaction ends.
async fn owned_alone(tx: &Tx, user: &str) -> Result<Vec<String>, Problem> {
    let owned = member::Entity::find()
        .filter(member::Column::UserId.eq(user))
        .filter(member::Column::Role.eq(Role::Owner.word()))
        .order_by_asc(member::Column::WorkspaceId)
        .all(tx)
        .await
        .map_err(DataError::from)?;
    let mut alone = Vec::new();
    for row in owned {
        let workspace = parsed(&row.workspace_id, "member.workspace_id")?;
        let held = hold(tx, workspace).await?;
        if !members::has_other_owner(tx, workspace, user).await? {
            alone.push(held.name);
        }
    }
    Ok(alone)
}

/// Gives somebody a role in a workspace; who is not in it comes in.
pub async fn set_role(
    auth: &Auth,
    email: &str,
    workspace: WorkspaceId,
    role: Role,
) -> Result<(), Problem> {
    let person = known(auth, email).await?;
    let now = auth.clock().now();
    let caller = operator(workspace);
    auth.database()
        .write(move |tx| {
            Box::pin(async move {
                if members::find(tx, workspace, &person.id).await?.is_some() {
                    members::set_role_in(tx, &caller, &person.id, role, now).await?;
                    return Ok(());
                }
                hold(tx, workspace).await?;
                members::add(tx, workspace, &person.id, role, now).await?;
                let subject = format!("user:{}", person.id);
                record(
                    tx,
                    &caller,
                    "member.add",
                    subject,
                    json!({"role": role}),
                    now,
                )
                .await?;
                Ok::<_, Problem>(())
            })
        })
        .await?;
    auth.forget();
    Ok(())
}

/// Makes a key that no person made.
pub async fn create_key(auth: &Auth, new: NewKey) -> Result<(KeyId, Secret), Problem> {
    if let Some(end) = new.expires_at
        && end <= auth.clock().now()
    {
        let fault = FieldProblem::new("expires", "people.not_ahead", Vec::new());
        return Err(Problem::invalid(vec![fault]));
    }
    let (id, secret) = (KeyId::generate(auth.clock()), keys::generate(keys::PREFIX));
    let given = Secret::new(secret.clone());
    let now = auth.clock().now();
    let caller = operator(new.workspace);
    auth.database()
        .write(move |tx| {
            Box::pin(async move {
                hold(tx, caller.workspace).await?;
                let detail = json!({"name": new.name, "scopes": new.scopes.to_string()});
                keys::insert(tx, id, &secret, new, now).await?;
                record(tx, &caller, "key.create", format!("key:{id}"), detail, now).await?;
                Ok::<_, Problem>(())
            })
        })
        .await?;
    Ok((id, given))
}

/// Keys that have not been revoked, of all workspaces or of one, the newest first.
pub async fn keys(auth: &Auth, of: Option<WorkspaceId>) -> Result<Vec<KeyLine>, DataError> {
    let read = auth.database().read();
    let mut rows = api_key::Entity::find().filter(api_key::Column::RevokedAt.is_null());
    if let Some(workspace) = of {
        rows = rows.filter(api_key::Column::WorkspaceId.eq(workspace.to_string()));
    }
    let rows = rows.order_by_desc(api_key::Column::Id).all(read).await?;
    let workspaces = workspace::Entity::find().all(read).await?;
    let line = |row: api_key::Model| {
        let found = workspaces.iter().find(|found| found.id == row.workspace_id);
        KeyLine {
            workspace: found.map_or_else(|| row.workspace_id.clone(), |found| found.name.clone()),
            id: row.id,
            prefix: row.prefix,
            name: row.name,
            scopes: row.scopes,
            created_at: row.created_at,
            expires_at: row.expires_at,
            last_used_at: row.last_used_at,
        }
    };
    Ok(rows.into_iter().map(line).collect())
}

/// Revokes a key, whatever workspace it is of.
pub async fn revoke_key(auth: &Auth, id: &str) -> Result<(), Problem> {
    let row = api_key::Entity::find_by_id(id)
        .one(auth.database().read())
        .await
        .map_err(DataError::from)?;
    let unknown = || Problem::new(http::StatusCode::NOT_FOUND, "key.unknown").with("id", id);
    let row = row.ok_or_else(unknown)?;
    let caller = operator(parsed(&row.workspace_id, "api_key.workspace_id")?);
    match super::keyring::revoke(auth, &caller, id).await {
        Err(problem) if problem.status == http::StatusCode::NOT_FOUND => Err(unknown()),
        result => result,
    }
}

/// Gives a workspace another plan, which the configuration names.
pub async fn set_plan(auth: &Auth, workspace: WorkspaceId, plan: &str) -> Result<(), Problem> {
    if !auth.plans().names().any(|name| name == plan) {
        let names: Vec<_> = auth.plans().names().collect();
        let unknown = Problem::new(http::StatusCode::NOT_FOUND, "workspace.unknown_plan");
        return Err(unknown.with("plan", plan).with("plans", names.join(", ")));
    }
    let (caller, plan) = (operator(workspace), plan.to_owned());
    let now = auth.clock().now();
    auth.database()
        .write(move |tx| {
            Box::pin(async move {
                let before = hold(tx, caller.workspace).await?;
                change_plan(tx, &caller, &before, plan, now).await?;
                Ok::<_, Problem>(())
            })
        })
        .await
}

async fn change_plan(
    tx: &Tx,
    caller: &Caller,
    before: &workspace::Model,
    plan: String,
    now: Timestamp,
) -> Result<(), DataError> {
    workspace::Entity::update_many()
        .col_expr(workspace::Column::Plan, Expr::value(&*plan))
        .filter(workspace::Column::Id.eq(&*before.id))
        .exec(tx)
        .await?;
    let detail = json!({"from": before.plan, "to": plan});
    let subject = format!("workspace:{}", before.id);
    record(tx, caller, "workspace.plan", subject, detail, now).await
}

/// A workspace, as the command line lists it.
#[derive(Clone, Debug)]
pub struct WorkspaceLine {
    /// The workspace.
    pub id: String,
    /// Its name.
    pub name: String,
    /// Its plan's name.
    pub plan: String,
    /// How many people are in it.
    pub members: u64,
}

/// All workspaces, the oldest first.
pub async fn workspaces(auth: &Auth) -> Result<Vec<WorkspaceLine>, DataError> {
    let read = auth.database().read();
    let rows = workspace::Entity::find()
        .order_by_asc(workspace::Column::CreatedAt)
        .order_by_asc(workspace::Column::Id)
        .all(read)
        .await?;
    let mut lines = Vec::with_capacity(rows.len());
    for row in rows {
        lines.push(WorkspaceLine {
            members: members::count(read, parsed(&row.id, "workspace.id")?).await?,
            id: row.id,
            name: row.name,
            plan: row.plan,
        });
    }
    Ok(lines)
}

/// The owner of the machine, in a workspace.
fn operator(workspace: WorkspaceId) -> Caller {
    Caller {
        workspace,
        user: None,
        key: None,
        session: None,
        role: Role::Owner,
        scopes: Scopes::all(),
    }
}

async fn known(auth: &Auth, email: &str) -> Result<user::Model, Problem> {
    let email = email.trim().to_lowercase();
    let found = accounts::by_email(auth.database().read(), &email).await?;
    let unknown =
        || Problem::new(http::StatusCode::NOT_FOUND, "user.unknown").with("email", &email);
    found.ok_or_else(unknown)
}

/// Where it is noted what happens to an account: the workspace that it has been in longest.
async fn place_of(auth: &Auth, user: &str) -> Result<WorkspaceId, DataError> {
    let oldest = member::Entity::find()
        .filter(member::Column::UserId.eq(user))
        .order_by_asc(member::Column::CreatedAt)
        .one(auth.database().read())
        .await?;
    match oldest {
        Some(row) => parsed(&row.workspace_id, "member.workspace_id"),
        None => home_workspace(auth.database()).await,
    }
}
