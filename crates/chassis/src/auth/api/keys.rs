//! `/keys`: the keys of the workspace that a caller acts in.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::shared::{Conflict, NotFound, Paging, QueryRefusals, name, no_store, page};
use super::{BodyRefusals, sound};
use crate::auth::keys::NewKey;
use crate::auth::people::keyring::{self, Kept};
use crate::auth::people::rights;
use crate::auth::{Auth, Caller, KeyId, Scopes, UserId, sessions};
use crate::clock::Timestamp;
use crate::data::DataError;
use crate::http::json::Json;
use crate::http::page::Listed;
use crate::http::problem::{FieldProblem, Problem};
use crate::http::query::RawQuery;
use crate::service::Context;

/// The most entries in a key's list of scopes.
const MOST_SCOPES: usize = 64;

/// A key, as it may be shown.
#[derive(Serialize, ToSchema)]
pub(super) struct Key {
    id: KeyId,
    name: String,
    /// The first characters, by which one knows it again.
    #[schema(example = "ak_live_3f9k2m")]
    prefix: String,
    /// What it may do, as far as its maker may.
    #[schema(example = json!(["jobs:read", "luna:write"]))]
    scopes: Vec<String>,
    /// Who made it; null for keys of the command line.
    created_by: Option<Maker>,
    #[schema(format = DateTime)]
    created_at: String,
    /// It opens nothing from then on; null where it lasts.
    #[schema(format = DateTime)]
    expires_at: Option<String>,
    /// Up to a few seconds behind; null where it was never used.
    #[schema(format = DateTime)]
    last_used_at: Option<String>,
    /// The key itself, in the answer to its making alone.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(required = false)]
    secret: Option<String>,
}

/// Who made a key.
#[derive(Serialize, ToSchema)]
#[schema(as = KeyMaker)]
struct Maker {
    id: UserId,
    name: String,
}

impl Key {
    fn of(auth: &Auth, kept: Kept) -> Result<Self, DataError> {
        let Kept { row, maker } = kept;
        let id: KeyId = sessions::parsed(&row.id, "api_key.id")?;
        let noted = auth.used().of_key(id).map(|at| at.to_string());
        let maker = maker.map(|maker| {
            let id = sessions::parsed(&maker.id, "user.id")?;
            Ok::<_, DataError>(Maker {
                id,
                name: maker.name,
            })
        });
        Ok(Self {
            id,
            name: row.name,
            prefix: row.prefix,
            scopes: row.scopes.split(' ').map(str::to_owned).collect(),
            created_by: maker.transpose()?,
            created_at: row.created_at,
            expires_at: row.expires_at,
            last_used_at: noted.max(row.last_used_at),
            secret: None,
        })
    }
}

/// The keys of this workspace, the newest first. Revoked ones are not among them.
#[utoipa::path(
    get,
    path = "/keys",
    tag = "keys",
    extensions(("x-access" = json!("keys:read"))),
    params(Paging),
    responses((status = 200, description = "A page of them", body = Listed<Key>), QueryRefusals),
)]
pub(super) async fn list(
    State(context): State<Arc<Context>>,
    caller: Caller,
    RawQuery(query): RawQuery,
) -> Result<axum::Json<Listed<Key>>, Problem> {
    let page = page(&query)?;
    let auth = &context.auth;
    let rows = keyring::page(auth, caller.workspace, &page).await?;
    let rows = rows.into_iter().map(|kept| Key::of(auth, kept));
    let rows = rows.collect::<Result<Vec<_>, _>>()?;
    Ok(axum::Json(page.list(rows, |row| row.id.to_string())))
}

/// One key of this workspace.
#[utoipa::path(
    get,
    path = "/keys/{id}",
    tag = "keys",
    extensions(("x-access" = json!("keys:read"))),
    params(("id" = KeyId, Path, description = "As in the list")),
    responses((status = 200, description = "The key", body = Key), NotFound),
)]
pub(super) async fn one(
    State(context): State<Arc<Context>>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<axum::Json<Key>, Problem> {
    let auth = &context.auth;
    let kept = keyring::named(auth.database().read(), caller.workspace, &id).await?;
    Ok(axum::Json(Key::of(auth, kept)?))
}

/// A key to be made.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = NewKey)]
pub(super) struct New {
    /// What it is for.
    #[schema(min_length = 1, max_length = 80, example = "backup script")]
    name: String,
    /// What it may do: `room:verb` with the verbs read, write and admin (each includes those before it), `room:*` or `*`.
    #[schema(min_items = 1, max_items = 64, example = json!(["luna:write"]))]
    scopes: Vec<String>,
    /// When it ends, in UTC; without it, when it is revoked.
    #[serde(default)]
    #[schema(
        pattern = r"^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d{3})?Z$",
        example = "2027-01-31T00:00:00Z"
    )]
    expires_at: Option<String>,
}

impl New {
    fn checked(self, auth: &Auth, caller: &Caller) -> Result<NewKey, Problem> {
        let mut faults = Vec::new();
        let name = name(&self.name, &mut faults);
        let scopes = scopes(auth, &self.scopes);
        let scopes = scopes.map_err(|fault| faults.push(fault)).ok();
        let expires_at = self.expires_at.and_then(|text| {
            let end = in_future(auth, &text);
            if end.is_none() {
                faults.push(FieldProblem::new(
                    "expires_at",
                    "people.not_ahead",
                    Vec::new(),
                ));
            }
            end
        });
        sound(faults)?;
        Ok(NewKey {
            workspace: caller.workspace,
            user: caller.user,
            name,
            scopes: scopes.unwrap_or_default(),
            expires_at,
        })
    }
}

fn scopes(auth: &Auth, words: &[String]) -> Result<Scopes, FieldProblem> {
    let fault =
        |reason: String| FieldProblem::new("scopes", "field.invalid", vec![("reason", reason)]);
    if words.len() > MOST_SCOPES {
        return Err(fault(format!("at most {MOST_SCOPES} entries")));
    }
    // Each is one: what holds a comma or a space is none.
    let word = |word: &String| match word.parse::<Scopes>() {
        Ok(_) if word.contains([',', ' ']) => Err(fault("one scope an entry".to_owned())),
        result => result.map_err(|reason| fault(reason.to_string())),
    };
    words.iter().try_for_each(|text| word(text).map(drop))?;
    let scopes: Scopes = words
        .join(" ")
        .parse()
        .map_err(|reason: crate::auth::ScopeFault| fault(reason.to_string()))?;
    let known = scopes.check_rooms(auth.rooms());
    known.map_err(|reason| fault(reason.to_string()))?;
    Ok(scopes)
}

/// A moment that is still to come, written with or without milliseconds.
fn in_future(auth: &Auth, text: &str) -> Option<Timestamp> {
    let with_ms = || text.strip_suffix('Z').map(|rest| format!("{rest}.000Z"));
    let moment: Timestamp = text.parse().ok().or_else(|| with_ms()?.parse().ok())?;
    (moment > auth.clock().now()).then_some(moment)
}

/// Make a key.
///
/// The answer holds it, this once: only a hash is kept. Nobody makes a key that may more than he, and it never may more than
/// its maker: it weakens and ends with his place in the workspace.
#[utoipa::path(
    post,
    path = "/keys",
    tag = "keys",
    extensions(("x-access" = json!("keys:write"))),
    request_body = New,
    responses((status = 201, description = "Made", body = Key), Conflict, BodyRefusals),
)]
pub(super) async fn create(
    State(context): State<Arc<Context>>,
    caller: Caller,
    Json(body): Json<New>,
) -> Result<Response, Problem> {
    let auth = &context.auth;
    let new = body.checked(auth, &caller)?;
    rights::may_make(auth, &caller, &new.scopes)?;
    let (id, secret) = keyring::create(auth, &caller, new).await?;
    let kept = keyring::named(auth.database().read(), caller.workspace, &id.to_string()).await?;
    let mut key = Key::of(auth, kept)?;
    key.secret = Some(secret.expose().to_owned());
    Ok((StatusCode::CREATED, no_store(), axum::Json(key)).into_response())
}

/// A key's name.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct KeyName {
    /// What it is for.
    #[schema(min_length = 1, max_length = 80, example = "backup script")]
    name: String,
}

/// Rename a key.
#[utoipa::path(
    patch,
    path = "/keys/{id}",
    tag = "keys",
    extensions(("x-access" = json!("keys:write"))),
    params(("id" = KeyId, Path, description = "As in the list")),
    request_body = KeyName,
    responses((status = 200, description = "The key, renamed", body = Key), NotFound, BodyRefusals),
)]
pub(super) async fn rename(
    State(context): State<Arc<Context>>,
    caller: Caller,
    Path(id): Path<String>,
    Json(body): Json<KeyName>,
) -> Result<axum::Json<Key>, Problem> {
    let mut faults = Vec::new();
    let name = name(&body.name, &mut faults);
    sound(faults)?;
    let auth = &context.auth;
    let kept = keyring::rename(auth, &caller, &id, name).await?;
    Ok(axum::Json(Key::of(auth, kept)?))
}

/// Revoke a key: it opens nothing from now on.
#[utoipa::path(
    delete,
    path = "/keys/{id}",
    tag = "keys",
    extensions(("x-access" = json!("keys:write"))),
    params(("id" = KeyId, Path, description = "As in the list")),
    responses((status = 204, description = "Revoked"), NotFound),
)]
pub(super) async fn revoke(
    State(context): State<Arc<Context>>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<StatusCode, Problem> {
    keyring::revoke(&context.auth, &caller, &id).await?;
    Ok(StatusCode::NO_CONTENT)
}
