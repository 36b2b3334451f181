//! `POST /auth/login`, `/auth/refresh`, `/auth/logout`: in, on, out.

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::{Extension, State};
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{BodyRefusals, bounded, email, sound};
use crate::auth::identify::{Asking, cross_site, not_a_member};
use crate::auth::password::{self, MOST_CHARACTERS};
use crate::auth::sessions::seen::{self, Sighting};
use crate::auth::sessions::{self, Kind, NewSession, Opened, Refreshed};
use crate::auth::tables::{member, user};
use crate::auth::totp::{self, Answer};
use crate::auth::{Auth, Caller, SessionId, UserId, WorkspaceId, lockout, tokens, unauthorised};
use crate::data::DataError;
use crate::http::RequestContext;
use crate::http::json::{self, Json};
use crate::http::problem::{Problem, ProblemBody};
use crate::service::Context;

/// Who signs in, and how.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Login {
    /// The address of the account; capitals do not matter.
    #[schema(
        max_length = 254,
        pattern = r"^[^@\s\u0000-\u001f\u007f-\u009f]+@[^\s\u0000-\u001f\u007f-\u009f]+$",
        example = "zoe@example.org"
    )]
    email: String,
    /// The password.
    #[schema(min_length = 1, max_length = 1024, format = Password)]
    password: String,
    /// The authenticator's code, or a recovery code, where the account has a second factor.
    #[serde(default)]
    #[schema(min_length = 1, max_length = 64, example = "287082")]
    totp: Option<String>,
    /// The workspace to start in; without it the one that the person joined first.
    #[serde(default)]
    workspace: Option<WorkspaceId>,
    /// Who signs in: a browser, which gets a cookie, or a client, which gets tokens.
    #[serde(default)]
    client: Client,
}

/// Who signs in.
#[derive(Clone, Copy, Default, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
enum Client {
    /// Gets a cookie.
    #[default]
    Browser,
    /// Gets tokens.
    Api,
}

/// A sign-in.
#[derive(Serialize, ToSchema)]
pub(super) struct SignedIn {
    /// Its id, as in the list of sessions.
    session: SessionId,
    /// The person.
    user: UserId,
    /// The workspace that requests act in unless they name another by `X-Workspace`.
    workspace: WorkspaceId,
    /// When it ends, whatever happens.
    #[schema(format = DateTime)]
    expires_at: String,
    /// Clients: the tokens. A browser has its cookie.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(required = false)]
    tokens: Option<Tokens>,
}

/// What a client asks with.
#[derive(Serialize, ToSchema)]
pub(super) struct Tokens {
    /// For the header `Authorization: Bearer …`.
    access_token: String,
    /// Always `Bearer`.
    token_type: &'static str,
    /// Seconds that the access token is good for.
    expires_in: u64,
    /// Exchanged at `/auth/refresh`, once.
    refresh_token: String,
    /// When the client must sign in again.
    #[schema(format = DateTime)]
    refresh_expires_at: String,
}

/// Sign in.
///
/// The answer to a wrong password is that to an unknown address, and takes as long. After some failures with one address
/// further ones must wait (`auth.locked`), a minute first and then longer. Where the account has a second factor, 401
/// `auth.totp_required` asks for `totp`.
#[utoipa::path(
    post,
    path = "/auth/login",
    tag = "auth",
    extensions(("x-access" = json!("public")), ("x-limit-per-minute" = json!(20))),
    request_body = Login,
    responses(
        (status = 200, description = "Signed in", body = SignedIn, headers(("set-cookie" = Option<String>, description = "Browsers: the session"))),
        (status = 401, description = "Wrong address or password, or a code is needed or wrong", body = ProblemBody, content_type = "application/problem+json"),
        (status = 403, description = "No member of the workspace, or another site asks", body = ProblemBody, content_type = "application/problem+json"),
        (status = 429, description = "Too many requests, or too many failures with this address", body = ProblemBody, content_type = "application/problem+json"),
        BodyRefusals,
    ),
)]
pub(super) async fn login(
    State(context): State<Arc<Context>>,
    Extension(request): Extension<RequestContext>,
    uri: http::Uri,
    headers: HeaderMap,
    Json(body): Json<Login>,
) -> Result<Response, Problem> {
    let auth = &context.auth;
    let kind = match body.client {
        Client::Browser => Kind::Browser,
        Client::Api => Kind::Api,
    };
    if kind == Kind::Browser {
        refuse_other_sites(auth, &uri, &headers, request.secure)?;
    }
    let mut faults = Vec::new();
    let email = email(&body.email, &mut faults);
    bounded("password", &body.password, MOST_CHARACTERS, &mut faults);
    if let Some(code) = &body.totp {
        bounded("totp", code, 64, &mut faults);
    }
    sound(faults)?;

    let user = prove(auth, &email, &body.password, body.totp.as_deref()).await?;
    let workspace = workspace_of(auth, user, body.workspace).await?;
    let client = headers
        .get(header::USER_AGENT)
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default();
    let new = NewSession {
        user,
        workspace,
        kind,
        client: client.to_owned(),
    };
    let opened = sessions::open(auth, new).await?;
    let sighting = Sighting {
        user,
        workspace,
        session: opened.id,
        client: client.to_owned(),
        address: request.client,
    };
    seen::look(auth, sighting);
    lockout::forget(auth, &email).await?;
    auth.figures().signed_in.increment(1);

    let body = SignedIn {
        session: opened.id,
        user,
        workspace,
        expires_at: opened.expires_at.to_string(),
        tokens: tokens_of(&opened),
    };
    let mut answer = (no_store(), axum::Json(body)).into_response();
    if kind == Kind::Browser {
        let cookie = opened.cookie(auth.cookie_name(request.secure), auth.clock().now());
        answer.headers_mut().append(header::SET_COOKIE, cookie);
    }
    Ok(answer)
}

/// The person, where address, password and code are right. All else takes the same way and the same time.
async fn prove(
    auth: &Auth,
    email: &str,
    password: &str,
    code: Option<&str>,
) -> Result<UserId, Problem> {
    let attempt = lockout::attempt(auth, email).await?;
    let row = user::Entity::find()
        .filter(user::Column::Email.eq(email))
        .filter(user::Column::DisabledAt.is_null())
        .one(auth.database().read())
        .await
        .map_err(DataError::from)?;
    let hash = row.as_ref().and_then(|row| row.password_hash.as_deref());
    let fits = password::verify(password, hash).await?;
    let user = match &row {
        Some(row) => Some(sessions::parsed(&row.id, "user.id")?),
        None => None,
    };
    let (Some(user), true) = (user, fits) else {
        auth.figures().refused.increment(1);
        attempt.failed(auth, user);
        return Err(unauthorised("auth.wrong_login"));
    };
    match totp::check(auth, user, code).await? {
        Answer::Passed => Ok(user),
        Answer::Needed => {
            auth.figures().code_needed.increment(1);
            Err(unauthorised("auth.totp_required"))
        }
        Answer::Wrong => {
            auth.figures().code_wrong.increment(1);
            attempt.failed(auth, Some(user));
            Err(unauthorised("auth.totp_wrong"))
        }
    }
}

/// The workspace to start in.
async fn workspace_of(
    auth: &Auth,
    user: UserId,
    asked: Option<WorkspaceId>,
) -> Result<WorkspaceId, Problem> {
    let rows = member::Entity::find()
        .filter(member::Column::UserId.eq(user.to_string()))
        .order_by_asc(member::Column::CreatedAt)
        .order_by_asc(member::Column::WorkspaceId)
        .all(auth.database().read())
        .await
        .map_err(DataError::from)?;
    let first = rows
        .first()
        .ok_or_else(|| Problem::new(StatusCode::FORBIDDEN, "auth.no_workspace"))?;
    match asked {
        None => Ok(sessions::parsed(
            &first.workspace_id,
            "member.workspace_id",
        )?),
        Some(asked) if rows.iter().any(|row| row.workspace_id == asked.to_string()) => Ok(asked),
        Some(_) => Err(not_a_member()),
    }
}

/// A foreign page that signs its visitor in to the attacker's account would see what he then does there.
fn refuse_other_sites(
    auth: &Auth,
    uri: &http::Uri,
    headers: &HeaderMap,
    secure: bool,
) -> Result<(), Problem> {
    let by_page = headers.contains_key(header::ORIGIN) || headers.contains_key("sec-fetch-site");
    let host = headers
        .get(header::HOST)
        .and_then(|host| host.to_str().ok());
    let authority = uri.authority().map(http::uri::Authority::as_str).or(host);
    let asking = Asking {
        method: &Method::POST,
        headers,
        authority,
        secure,
    };
    if by_page && !auth.is_own_page(asking) {
        return Err(cross_site());
    }
    Ok(())
}

/// A refresh token.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Refresh {
    /// The newest one of this client.
    #[schema(min_length = 1, max_length = 256)]
    refresh_token: String,
}

/// Exchange a refresh token.
///
/// Each is good once. One that comes a second time has been copied: the sign-in ends, for whoever holds its tokens. (Within
/// ten seconds a token may come again, as the first answer can be lost on its way; the one that was given first is then dead.)
#[utoipa::path(
    post,
    path = "/auth/refresh",
    tag = "auth",
    extensions(("x-access" = json!("public")), ("x-limit-per-minute" = json!(60))),
    request_body = Refresh,
    responses(
        (status = 200, description = "New tokens", body = Tokens),
        (status = 401, description = "The token opens nothing: sign in again", body = ProblemBody, content_type = "application/problem+json"),
        BodyRefusals,
    ),
)]
pub(super) async fn refresh(
    State(context): State<Arc<Context>>,
    Json(body): Json<Refresh>,
) -> Result<Response, Problem> {
    let mut faults = Vec::new();
    bounded("refresh_token", &body.refresh_token, 256, &mut faults);
    sound(faults)?;
    match sessions::refresh(&context.auth, &body.refresh_token).await? {
        Refreshed::Opened(opened) => {
            Ok((no_store(), axum::Json(tokens_of(&opened))).into_response())
        }
        Refreshed::Ended => Err(unauthorised("auth.refresh_ended")),
        Refreshed::Reused => Err(unauthorised("auth.refresh_reused")),
    }
}

/// What a client without a living access token ends its sign-in with.
#[derive(Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Logout {
    /// The newest refresh token.
    #[serde(default)]
    #[schema(min_length = 1, max_length = 256)]
    refresh_token: Option<String>,
}

/// Sign out.
///
/// Ends the sign-in of the cookie, of the access token, or of the refresh token in the body: with it go all its tokens.
/// Signing out twice is no fault.
#[utoipa::path(
    post,
    path = "/auth/logout",
    tag = "auth",
    extensions(("x-access" = json!("public")), ("x-limit-per-minute" = json!(60))),
    request_body = Option<Logout>,
    responses(
        (status = 204, description = "Signed out", headers(("set-cookie" = String, description = "Takes the session away"))),
        (status = 403, description = "Another site asks", body = ProblemBody, content_type = "application/problem+json"),
        BodyRefusals,
    ),
)]
pub(super) async fn logout(
    State(context): State<Arc<Context>>,
    Extension(request): Extension<RequestContext>,
    caller: Option<Caller>,
    body: Bytes,
) -> Result<Response, Problem> {
    let auth = &context.auth;
    let body: Logout = if body.is_empty() {
        Logout::default()
    } else {
        json::parse(&body)?
    };
    if let Some(Caller {
        user: Some(user),
        session: Some(session),
        ..
    }) = caller
    {
        sessions::end(auth, user, session).await?;
    }
    if let Some(token) = &body.refresh_token {
        let mut faults = Vec::new();
        bounded("refresh_token", token, 256, &mut faults);
        sound(faults)?;
        if let Some((user, session)) = sessions::of_refresh_token(auth, token).await? {
            sessions::end(auth, user, session).await?;
        }
    }
    let cookie = sessions::no_cookie(auth.cookie_name(request.secure));
    Ok((StatusCode::NO_CONTENT, [(header::SET_COOKIE, cookie)]).into_response())
}

fn tokens_of(opened: &Opened) -> Option<Tokens> {
    let access_token = opened.access_token.as_ref()?.expose().to_owned();
    Some(Tokens {
        access_token,
        token_type: "Bearer",
        expires_in: tokens::LIFE.as_secs(),
        refresh_token: opened.secret.expose().to_owned(),
        refresh_expires_at: opened.expires_at.to_string(),
    })
}

/// Secrets stay out of every cache.
fn no_store() -> [(header::HeaderName, HeaderValue); 1] {
    [(header::CACHE_CONTROL, HeaderValue::from_static("no-store"))]
}
