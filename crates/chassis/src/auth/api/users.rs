//! `/users`: the people of the workspace that a caller acts in.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::invitations::{Invitation, Invite};
use super::shared::{Conflict, NotFound, Paging, QueryRefusals, name, no_store, page};
use super::{BodyRefusals, sound};
use crate::auth::people::accounts::{self, Change};
use crate::auth::people::invitations;
use crate::auth::people::members::{self, Member};
use crate::auth::tables::sign_in::second_factor;
use crate::auth::{Auth, Caller, Role, Scope, UserId, Verb, sessions};
use crate::data::DataError;
use crate::http::json::Json;
use crate::http::page::Listed;
use crate::http::problem::Problem;
use crate::http::query::RawQuery;
use crate::i18n::Language;
use crate::service::Context;

pub(super) const READ: Scope<'static> = Scope::new("users", Verb::Read);
pub(super) const WRITE: Scope<'static> = Scope::new("users", Verb::Write);

/// A person of a workspace.
#[derive(Serialize, ToSchema)]
#[schema(as = User)]
pub(super) struct Person {
    pub(super) id: UserId,
    email: String,
    name: String,
    /// The role in this workspace.
    role: Role,
    language: Speech,
    /// Whether signing in asks for a code.
    totp: bool,
    /// Whether a password has been set.
    password: bool,
    /// Whether the account may not be used, here and anywhere.
    disabled: bool,
    /// Since when the person is in this workspace.
    #[schema(format = DateTime)]
    joined_at: String,
}

/// A language that people read.
#[derive(Clone, Copy, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
#[schema(as = Language)]
pub(super) enum Speech {
    /// English.
    En,
    /// French.
    Fr,
}

impl Speech {
    pub(super) fn language(self) -> Language {
        match self {
            Self::En => Language::English,
            Self::Fr => Language::French,
        }
    }

    pub(super) fn of(tag: &str) -> Self {
        match Language::from_tag(tag).unwrap_or_default() {
            Language::English => Self::En,
            Language::French => Self::Fr,
        }
    }
}

/// Members as they are shown.
pub(super) async fn shown(auth: &Auth, members: Vec<Member>) -> Result<Vec<Person>, DataError> {
    let ids = members.iter().map(|member| member.person.id.clone());
    let factors = second_factor::Entity::find()
        .filter(second_factor::Column::UserId.is_in(ids))
        .filter(second_factor::Column::ConfirmedAt.is_not_null())
        .all(auth.database().read())
        .await?;
    let person = |member: Member| {
        let row = member.person;
        Ok(Person {
            id: sessions::parsed(&row.id, "user.id")?,
            role: member.role,
            language: Speech::of(&row.language),
            totp: factors.iter().any(|factor| factor.user_id == row.id),
            password: row.password_hash.is_some(),
            disabled: row.disabled_at.is_some(),
            joined_at: member.joined_at,
            email: row.email,
            name: row.name,
        })
    };
    members.into_iter().map(person).collect()
}

/// One member as he is shown.
pub(super) async fn shown_one(auth: &Auth, member: Member) -> Result<axum::Json<Person>, Problem> {
    let person = shown(auth, vec![member]).await?.pop();
    person.map(axum::Json).ok_or_else(Problem::not_found)
}

/// The people of this workspace, the newest account first.
#[utoipa::path(
    get,
    path = "/users",
    tag = "users",
    extensions(("x-access" = json!("users:read"))),
    params(Paging),
    responses((status = 200, description = "A page of them", body = Listed<Person>), QueryRefusals),
)]
pub(super) async fn list(
    State(context): State<Arc<Context>>,
    caller: Caller,
    RawQuery(query): RawQuery,
) -> Result<axum::Json<Listed<Person>>, Problem> {
    let page = page(&query)?;
    let auth = &context.auth;
    let rows = members::page(auth, caller.workspace, &page).await?;
    let people = shown(auth, rows).await?;
    Ok(axum::Json(
        page.list(people, |person| person.id.to_string()),
    ))
}

/// One person of this workspace.
#[utoipa::path(
    get,
    path = "/users/{id}",
    tag = "users",
    extensions(("x-access" = json!("users:read"))),
    params(("id" = UserId, Path, description = "As in the list")),
    responses((status = 200, description = "The person", body = Person), NotFound),
)]
pub(super) async fn one(
    State(context): State<Arc<Context>>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<axum::Json<Person>, Problem> {
    let auth = &context.auth;
    let member = members::named(auth.database().read(), caller.workspace, &id).await?;
    shown_one(auth, member).await
}

/// Invite somebody into this workspace.
///
/// A link goes out by mail, good once and for seven days; an earlier one to the same address ends. Where no mail is set up,
/// the answer holds the link, this once: hand it over yourself.
#[utoipa::path(
    post,
    path = "/users",
    tag = "users",
    extensions(("x-access" = json!("users:write")), ("x-limit-per-minute" = json!(10))),
    request_body = Invite,
    responses((status = 201, description = "Invited", body = Invitation), Conflict, BodyRefusals),
)]
pub(super) async fn invite(
    State(context): State<Arc<Context>>,
    caller: Caller,
    Json(body): Json<Invite>,
) -> Result<Response, Problem> {
    let auth = &context.auth;
    let new = body.checked(auth, &caller).await?;
    let made = invitations::create(auth, &caller, new).await?;
    let body = Invitation::of(made.row, made.link)?;
    Ok((StatusCode::CREATED, no_store(), axum::Json(body)).into_response())
}

/// What is to change; what is left out stays.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct PersonChange {
    /// The name that others see.
    #[serde(default)]
    #[schema(min_length = 1, max_length = 80, example = "Zoé Martin")]
    name: Option<String>,
    /// The language of mails and pages.
    #[serde(default)]
    language: Option<Speech>,
    /// Whether the account may not be used any more. By those who run the workspace alone.
    #[serde(default)]
    disabled: Option<bool>,
}

/// Change a person: oneself, or with `users:write` somebody else.
///
/// Nobody changes somebody whose role is above his own. A person who is in other workspaces too changes himself alone. Who
/// is disabled is signed out everywhere and signs in no more until he is enabled.
#[utoipa::path(
    patch,
    path = "/users/{id}",
    tag = "users",
    extensions(("x-access" = json!("signed-in")), ("x-access-there" = json!("users:write"))),
    params(("id" = UserId, Path, description = "As in the list")),
    request_body = PersonChange,
    responses((status = 200, description = "The person, changed", body = Person), NotFound, Conflict, BodyRefusals),
)]
pub(super) async fn change(
    State(context): State<Arc<Context>>,
    caller: Caller,
    Path(id): Path<String>,
    Json(body): Json<PersonChange>,
) -> Result<axum::Json<Person>, Problem> {
    let by_self = is_oneself(&caller, &id);
    if !by_self {
        caller.require(WRITE)?;
    }
    let mut faults = Vec::new();
    let change = Change {
        name: body.name.map(|text| name(&text, &mut faults)),
        language: body.language.map(Speech::language),
        disabled: body.disabled,
    };
    sound(faults)?;
    let auth = &context.auth;
    let member = accounts::change(auth, &caller, &id, change, by_self).await?;
    shown_one(auth, member).await
}

/// Whether a signed-in person means himself. A key that he made does not act as him here.
pub(super) fn is_oneself(caller: &Caller, id: &str) -> bool {
    let own = caller.user.filter(|_| caller.session.is_some());
    own.is_some_and(|own| own.to_string() == id)
}

/// Take a person out of this workspace.
///
/// His keys here end with it. An account that is in no workspace any more is disabled.
#[utoipa::path(
    delete,
    path = "/users/{id}",
    tag = "users",
    extensions(("x-access" = json!("users:write"))),
    params(("id" = UserId, Path, description = "As in the list")),
    responses((status = 204, description = "He is out"), NotFound, Conflict),
)]
pub(super) async fn remove(
    State(context): State<Arc<Context>>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<StatusCode, Problem> {
    members::remove(&context.auth, &caller, &id).await?;
    Ok(StatusCode::NO_CONTENT)
}
