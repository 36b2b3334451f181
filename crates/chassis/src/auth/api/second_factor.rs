//! `POST /auth/totp`, `/auth/totp/confirm`, `/auth/totp/disable`: the second factor.

use std::sync::Arc;

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::{HeaderValue, StatusCode, header};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{BodyRefusals, bounded, confirm_password, person, signed_in, sound};
use crate::auth::password::MOST_CHARACTERS;
use crate::auth::{Caller, lockout, totp};
use crate::http::json::Json;
use crate::http::problem::{FieldProblem, Problem, ProblemBody};
use crate::service::Context;

/// The password again.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Password {
    /// The password that is in force.
    #[schema(min_length = 1, max_length = 1024, format = Password)]
    password: String,
}

/// What an authenticator is set up with.
#[derive(Serialize, ToSchema)]
pub(super) struct Enrolment {
    /// In base 32, for typing.
    secret: String,
    /// The same as a link that authenticators open.
    uri: String,
    /// The same as a picture to scan: an inline SVG.
    qr_svg: String,
}

/// Set an authenticator up. Nothing changes at sign-in until `/auth/totp/confirm`.
#[utoipa::path(
    post,
    path = "/auth/totp",
    tag = "auth",
    extensions(("x-access" = json!("signed-in")), ("x-limit-per-minute" = json!(20))),
    request_body = Password,
    responses(
        (status = 200, description = "To scan or to type", body = Enrolment),
        (status = 409, description = "The account has a second factor", body = ProblemBody, content_type = "application/problem+json"),
        BodyRefusals,
    ),
)]
pub(super) async fn begin(
    State(context): State<Arc<Context>>,
    caller: Caller,
    Json(body): Json<Password>,
) -> Result<Response, Problem> {
    let (user, _) = signed_in(&caller)?;
    let auth = &context.auth;
    let mut faults = Vec::new();
    bounded("password", &body.password, MOST_CHARACTERS, &mut faults);
    sound(faults)?;
    let person = person(auth, user).await?;
    // Who finds an open browser must not lock its owner out.
    confirm_password(auth, &person, &body.password, "password").await?;
    let made = totp::begin(auth, user, &person.email).await?;
    let totp::Enrolment {
        secret,
        uri,
        qr_svg,
    } = made.ok_or_else(|| Problem::new(StatusCode::CONFLICT, "auth.totp_on"))?;
    Ok((
        no_store(),
        axum::Json(Enrolment {
            secret,
            uri,
            qr_svg,
        }),
    )
        .into_response())
}

/// A code of the authenticator.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Code {
    /// Six digits.
    #[schema(min_length = 1, max_length = 64, example = "287082")]
    code: String,
}

/// Recovery codes.
#[derive(Serialize, ToSchema)]
pub(super) struct RecoveryCodes {
    /// Ten codes, each good once in place of the authenticator's. They are shown only now.
    recovery_codes: Vec<String>,
}

/// Confirm the authenticator with its first code. Signing in asks for one from now on.
#[utoipa::path(
    post,
    path = "/auth/totp/confirm",
    tag = "auth",
    extensions(("x-access" = json!("signed-in")), ("x-limit-per-minute" = json!(20))),
    request_body = Code,
    responses((status = 200, description = "The recovery codes", body = RecoveryCodes), BodyRefusals),
)]
pub(super) async fn confirm(
    State(context): State<Arc<Context>>,
    caller: Caller,
    Json(body): Json<Code>,
) -> Result<Response, Problem> {
    let (user, _) = signed_in(&caller)?;
    let mut faults = Vec::new();
    bounded("code", &body.code, 64, &mut faults);
    sound(faults)?;
    let codes = totp::confirm(&context.auth, user, &body.code).await?;
    let wrong = || {
        Problem::invalid(vec![FieldProblem::new(
            "code",
            "auth.totp_wrong",
            Vec::new(),
        )])
    };
    let recovery_codes = codes.ok_or_else(wrong)?;
    Ok((no_store(), axum::Json(RecoveryCodes { recovery_codes })).into_response())
}

/// Ask for no codes any more.
#[utoipa::path(
    post,
    path = "/auth/totp/disable",
    tag = "auth",
    extensions(("x-access" = json!("signed-in")), ("x-limit-per-minute" = json!(20))),
    request_body = Password,
    responses((status = 204, description = "Signing in takes the password alone"), BodyRefusals),
)]
pub(super) async fn disable(
    State(context): State<Arc<Context>>,
    caller: Caller,
    Json(body): Json<Password>,
) -> Result<StatusCode, Problem> {
    let (user, _) = signed_in(&caller)?;
    let auth = &context.auth;
    let mut faults = Vec::new();
    bounded("password", &body.password, MOST_CHARACTERS, &mut faults);
    sound(faults)?;
    let person = person(auth, user).await?;
    confirm_password(auth, &person, &body.password, "password").await?;
    totp::remove(auth, user).await?;
    lockout::forget(auth, &person.email).await?;
    Ok(StatusCode::NO_CONTENT)
}

fn no_store() -> [(header::HeaderName, HeaderValue); 1] {
    [(header::CACHE_CONTROL, HeaderValue::from_static("no-store"))]
}
