//! `/workspaces/{id}/invitations` and `/auth/invite/accept`: how somebody comes in.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use sea_orm::EntityTrait;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::shared::{Conflict, NotFound, Paging, QueryRefusals, name, no_store, page};
use super::users::{READ, Speech, WRITE};
use super::{BodyRefusals, bounded, confirm_password, email, sound};
use crate::auth::password::{self, MOST_CHARACTERS};
use crate::auth::people::accounts::{self, NewAccount};
use crate::auth::people::invitations::{self, Guest, NewInvitation};
use crate::auth::people::rights::within;
use crate::auth::people::tables::invitation;
use crate::auth::tables::{user, workspace};
use crate::auth::{Auth, Caller, InvitationId, Role, UserId, WorkspaceId, sessions};
use crate::data::DataError;
use crate::http::json::Json;
use crate::http::page::Listed;
use crate::http::problem::{FieldProblem, Problem};
use crate::http::query::RawQuery;
use crate::i18n::Language;
use crate::service::Context;

/// Whom to invite, and as what.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Invite {
    /// Where the link goes.
    #[schema(max_length = 254, example = "zoe@example.org")]
    email: String,
    /// How to address him; he may choose another name when he accepts.
    #[serde(default)]
    #[schema(min_length = 1, max_length = 80, example = "Zoé Martin")]
    name: Option<String>,
    /// What he is to be.
    role: Role,
    /// The language of the mail; without it that of the inviting person.
    #[serde(default)]
    language: Option<Speech>,
}

impl Invite {
    pub(super) async fn checked(
        self,
        auth: &Auth,
        caller: &Caller,
    ) -> Result<NewInvitation, Problem> {
        let mut faults = Vec::new();
        let email = email(&self.email, &mut faults);
        let name = self.name.map(|text| name(&text, &mut faults));
        sound(faults)?;
        let language = match (self.language, caller.user) {
            (Some(language), _) => language.language(),
            (None, None) => Language::default(),
            (None, Some(id)) => {
                let row = user::Entity::find_by_id(id.to_string());
                let row = row.one(auth.database().read()).await;
                let row = row.map_err(DataError::from)?;
                let spoken = row.and_then(|row| Language::from_tag(&row.language));
                spoken.unwrap_or_default()
            }
        };
        Ok(NewInvitation {
            email,
            name: name.unwrap_or_default(),
            role: self.role,
            language,
        })
    }
}

/// An invitation.
#[derive(Serialize, ToSchema)]
pub(super) struct Invitation {
    id: InvitationId,
    email: String,
    /// Empty where it was not said.
    name: String,
    role: Role,
    language: Speech,
    /// Who invited; null for a key that no person made.
    invited_by: Option<UserId>,
    #[schema(format = DateTime)]
    created_at: String,
    /// The link opens nothing from then on.
    #[schema(format = DateTime)]
    expires_at: String,
    /// The link, in the answer to the invitation alone and only where no mail took it: hand it over yourself.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(required = false)]
    link: Option<String>,
}

impl Invitation {
    pub(super) fn of(row: invitation::Model, link: Option<String>) -> Result<Self, DataError> {
        let invited_by = row.user_id.as_deref();
        Ok(Self {
            id: sessions::parsed(&row.id, "invitation.id")?,
            role: invitations::role_of(&row)?,
            language: Speech::of(&row.language),
            invited_by: invited_by
                .map(|id| sessions::parsed(id, "invitation.user_id"))
                .transpose()?,
            email: row.email,
            name: row.name,
            created_at: row.created_at,
            expires_at: row.expires_at,
            link,
        })
    }
}

/// The invitations into a workspace of mine, also those that are over, the newest first.
#[utoipa::path(
    get,
    path = "/workspaces/{id}/invitations",
    tag = "workspaces",
    extensions(("x-access" = json!("signed-in")), ("x-access-there" = json!("users:read"))),
    params(("id" = WorkspaceId, Path, description = "A workspace of yours"), Paging),
    responses((status = 200, description = "A page of them", body = Listed<Invitation>), NotFound, QueryRefusals),
)]
pub(super) async fn list(
    State(context): State<Arc<Context>>,
    caller: Caller,
    Path(id): Path<String>,
    RawQuery(query): RawQuery,
) -> Result<axum::Json<Listed<Invitation>>, Problem> {
    let auth = &context.auth;
    let caller = within(auth, &caller, &id, Some(READ)).await?;
    let page = page(&query)?;
    let rows = invitations::page(auth, caller.workspace, &page).await?;
    let rows = rows.into_iter().map(|row| Invitation::of(row, None));
    let rows = rows.collect::<Result<Vec<_>, _>>()?;
    Ok(axum::Json(page.list(rows, |row| row.id.to_string())))
}

/// Invite somebody into a workspace of mine, as `POST /users` does.
#[utoipa::path(
    post,
    path = "/workspaces/{id}/invitations",
    tag = "workspaces",
    extensions(
        ("x-access" = json!("signed-in")),
        ("x-access-there" = json!("users:write")),
        ("x-limit-per-minute" = json!(10)),
    ),
    params(("id" = WorkspaceId, Path, description = "A workspace of yours")),
    request_body = Invite,
    responses((status = 201, description = "Invited", body = Invitation), NotFound, Conflict, BodyRefusals),
)]
pub(super) async fn create(
    State(context): State<Arc<Context>>,
    caller: Caller,
    Path(id): Path<String>,
    Json(body): Json<Invite>,
) -> Result<Response, Problem> {
    let auth = &context.auth;
    let caller = within(auth, &caller, &id, Some(WRITE)).await?;
    let new = body.checked(auth, &caller).await?;
    let made = invitations::create(auth, &caller, new).await?;
    let body = axum::Json(Invitation::of(made.row, made.link)?);
    Ok((StatusCode::CREATED, no_store(), body).into_response())
}

/// Withdraw an invitation: its link opens nothing any more.
#[utoipa::path(
    delete,
    path = "/workspaces/{id}/invitations/{invitation}",
    tag = "workspaces",
    extensions(("x-access" = json!("signed-in")), ("x-access-there" = json!("users:write"))),
    params(
        ("id" = WorkspaceId, Path, description = "A workspace of yours"),
        ("invitation" = InvitationId, Path, description = "As in the list"),
    ),
    responses((status = 204, description = "Withdrawn"), NotFound),
)]
pub(super) async fn withdraw(
    State(context): State<Arc<Context>>,
    caller: Caller,
    Path((id, invitation)): Path<(String, String)>,
) -> Result<StatusCode, Problem> {
    let auth = &context.auth;
    let caller = within(auth, &caller, &id, Some(WRITE)).await?;
    invitations::withdraw(auth, &caller, &invitation).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// The token of a link.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct InviteToken {
    /// What stands behind `#` in the link.
    #[schema(min_length = 1, max_length = 256)]
    token: String,
}

/// What a link opens.
#[derive(Serialize, ToSchema)]
pub(super) struct Opens {
    /// Whom it is for.
    email: String,
    /// The name that the inviting person wrote; may be empty.
    name: String,
    /// The workspace's name.
    workspace: String,
    role: Role,
    /// Whether somebody with this address has an account: then its password is asked for, and else a new one.
    account: bool,
    #[schema(format = DateTime)]
    expires_at: String,
}

/// See what an invitation opens, before accepting it.
#[utoipa::path(
    post,
    path = "/auth/invite",
    tag = "auth",
    extensions(("x-access" = json!("public")), ("x-limit-per-minute" = json!(20))),
    request_body = InviteToken,
    responses((status = 200, description = "What it opens", body = Opens), BodyRefusals),
)]
pub(super) async fn look(
    State(context): State<Arc<Context>>,
    Json(body): Json<InviteToken>,
) -> Result<Response, Problem> {
    let auth = &context.auth;
    let row = invitation_of(auth, &body.token).await?;
    let read = auth.database().read();
    let found = workspace::Entity::find_by_id(&*row.workspace_id);
    let found = found.one(read).await.map_err(DataError::from)?;
    let body = Opens {
        role: invitations::role_of(&row)?,
        account: accounts::by_email(read, &row.email).await?.is_some(),
        workspace: found.ok_or_else(invitations::over)?.name,
        email: row.email,
        name: row.name,
        expires_at: row.expires_at,
    };
    Ok((no_store(), axum::Json(body)).into_response())
}

async fn invitation_of(auth: &Auth, token: &str) -> Result<invitation::Model, Problem> {
    let mut faults = Vec::new();
    bounded("token", token, 256, &mut faults);
    sound(faults)?;
    let row = invitations::of_token(auth, token).await?;
    row.ok_or_else(invitations::over)
}

/// Who accepts.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Accept {
    /// What stands behind `#` in the link.
    #[schema(min_length = 1, max_length = 256)]
    token: String,
    /// A new account: the name that others see. Without it the one in the invitation.
    #[serde(default)]
    #[schema(min_length = 1, max_length = 80, example = "Zoé Martin")]
    name: Option<String>,
    /// A new account: the password that is to be. An account that is there: its password, unless its person is signed in.
    #[serde(default)]
    #[schema(min_length = 1, max_length = 1024, format = Password)]
    password: Option<String>,
}

/// An accepted invitation.
#[derive(Serialize, ToSchema)]
pub(super) struct Accepted {
    user: UserId,
    /// The address to sign in with.
    email: String,
    /// Where the person is a member now.
    workspace: WorkspaceId,
    role: Role,
}

/// Accept an invitation.
///
/// A new account takes a name and a password; one that is there proves itself by its password, or by its person being
/// signed in. The token is good once. Sign in afterwards at `/auth/login`.
#[utoipa::path(
    post,
    path = "/auth/invite/accept",
    tag = "auth",
    extensions(("x-access" = json!("public")), ("x-limit-per-minute" = json!(20))),
    request_body = Accept,
    responses((status = 200, description = "A member now", body = Accepted), Conflict, BodyRefusals),
)]
pub(super) async fn accept(
    State(context): State<Arc<Context>>,
    caller: Option<Caller>,
    Json(body): Json<Accept>,
) -> Result<axum::Json<Accepted>, Problem> {
    let auth = &context.auth;
    let row = invitation_of(auth, &body.token).await?;
    let known = accounts::by_email(auth.database().read(), &row.email).await?;
    let guest = match known {
        Some(person) => Guest::Known(proved(auth, caller.as_ref(), person, body.password).await?),
        None => Guest::New(account(&row, body.name, body.password).await?),
    };
    let (email, role) = (row.email.clone(), invitations::role_of(&row)?);
    let workspace = sessions::parsed(&row.workspace_id, "invitation.workspace_id")?;
    let user = invitations::accept(auth, row, guest).await?;
    Ok(axum::Json(Accepted {
        user,
        email,
        workspace,
        role,
    }))
}

/// The person of an account, who is signed in or knows its password.
async fn proved(
    auth: &Auth,
    caller: Option<&Caller>,
    person: user::Model,
    password: Option<String>,
) -> Result<user::Model, Problem> {
    let signed_in = caller.filter(|caller| caller.session.is_some());
    let signed_in = signed_in.and_then(|caller| caller.user);
    if signed_in.is_some_and(|user| user.to_string() == person.id) {
        return Ok(person);
    }
    let password = password.unwrap_or_default();
    let mut faults = Vec::new();
    bounded("password", &password, MOST_CHARACTERS, &mut faults);
    sound(faults)?;
    confirm_password(auth, &person, &password, "password").await?;
    Ok(person)
}

/// The account that somebody new asks for.
async fn account(
    row: &invitation::Model,
    called: Option<String>,
    password: Option<String>,
) -> Result<NewAccount, Problem> {
    let mut faults: Vec<FieldProblem> = Vec::new();
    let called = called.unwrap_or_else(|| row.name.clone());
    let name = name(&called, &mut faults);
    let password = password.unwrap_or_default();
    let weak = password::check_rules("password", &password, &row.email, &name);
    faults.extend(weak.err());
    sound(faults)?;
    Ok(NewAccount {
        email: row.email.clone(),
        name,
        language: Language::from_tag(&row.language).unwrap_or_default(),
        password_hash: Some(password::hash(&password).await?),
    })
}
