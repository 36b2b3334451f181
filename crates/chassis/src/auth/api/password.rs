//! `POST /auth/password`, `/auth/reset`, `/auth/reset/confirm`: a new password, known or forgotten.

use std::sync::Arc;

use axum::extract::State;
use http::StatusCode;
use serde::Deserialize;
use utoipa::ToSchema;

use super::{BodyRefusals, bounded, confirm_password, email, person, signed_in, sound};
use crate::auth::Caller;
use crate::auth::password::{self, MOST_CHARACTERS};
use crate::auth::reset::{self, By};
use crate::http::json::Json;
use crate::http::problem::Problem;
use crate::service::Context;
use crate::task;

/// The old password and the new.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Change {
    /// The password that is in force.
    #[schema(min_length = 1, max_length = 1024, format = Password)]
    current: String,
    /// The one that is to be.
    #[schema(min_length = 10, max_length = 128, format = Password)]
    password: String,
}

/// Change one's own password. All other sign-ins end; this one stays.
#[utoipa::path(
    post,
    path = "/auth/password",
    tag = "auth",
    extensions(("x-access" = json!("signed-in")), ("x-limit-per-minute" = json!(20))),
    request_body = Change,
    responses((status = 204, description = "Changed"), BodyRefusals),
)]
pub(super) async fn change(
    State(context): State<Arc<Context>>,
    caller: Caller,
    Json(body): Json<Change>,
) -> Result<StatusCode, Problem> {
    let (user, session) = signed_in(&caller)?;
    let auth = &context.auth;
    let person = person(auth, user).await?;
    let mut faults = Vec::new();
    bounded("current", &body.current, MOST_CHARACTERS, &mut faults);
    faults.extend(
        password::check_rules("password", &body.password, &person.email, &person.name).err(),
    );
    sound(faults)?;
    confirm_password(auth, &person, &body.current, "current").await?;
    let hash = password::hash(&body.password).await?;
    reset::replace(auth, &person, hash, By::Session(session)).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Whose password is forgotten.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Reset {
    /// The address of the account.
    #[schema(
        max_length = 254,
        pattern = r"^[^@\s\u0000-\u001f\u007f-\u009f]+@[^\s\u0000-\u001f\u007f-\u009f]+$",
        example = "zoe@example.org"
    )]
    email: String,
}

/// Ask for a link by which to set a new password.
///
/// The answer is the same whether or not somebody has the address. The link is good once and for 30 minutes.
#[utoipa::path(
    post,
    path = "/auth/reset",
    tag = "auth",
    extensions(("x-access" = json!("public")), ("x-limit-per-minute" = json!(10))),
    request_body = Reset,
    responses((status = 202, description = "A mail is on its way, if somebody has this address"), BodyRefusals),
)]
pub(super) async fn reset(
    State(context): State<Arc<Context>>,
    Json(body): Json<Reset>,
) -> Result<StatusCode, Problem> {
    let mut faults = Vec::new();
    let email = email(&body.email, &mut faults);
    sound(faults)?;
    // Beside the answer, so that its time tells nothing.
    task::spawn(async move {
        if let Err(fault) = reset::send(&context.auth, &email).await {
            tracing::error!(error = %fault, "a link for a new password was not made");
        }
    });
    Ok(StatusCode::ACCEPTED)
}

/// A link's token and the new password.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Confirm {
    /// What stands behind `#` in the link.
    #[schema(min_length = 1, max_length = 256)]
    token: String,
    /// The password that is to be.
    #[schema(min_length = 10, max_length = 128, format = Password)]
    password: String,
}

/// Set a new password by a link. All sign-ins of the account end, browsers and clients.
#[utoipa::path(
    post,
    path = "/auth/reset/confirm",
    tag = "auth",
    extensions(("x-access" = json!("public")), ("x-limit-per-minute" = json!(20))),
    request_body = Confirm,
    responses((status = 204, description = "Set; sign in with it"), BodyRefusals),
)]
pub(super) async fn confirm(
    State(context): State<Arc<Context>>,
    Json(body): Json<Confirm>,
) -> Result<StatusCode, Problem> {
    let auth = &context.auth;
    let mut faults = Vec::new();
    bounded("token", &body.token, 256, &mut faults);
    sound(faults)?;
    let over = || Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "auth.reset_over");
    let person = reset::person_of(auth, &body.token)
        .await?
        .ok_or_else(over)?;
    // A weak password leaves the link as it is.
    sound(
        password::check_rules("password", &body.password, &person.email, &person.name)
            .err()
            .into_iter()
            .collect(),
    )?;
    let hash = password::hash(&body.password).await?;
    if reset::replace(auth, &person, hash, By::Link(&body.token)).await? {
        Ok(StatusCode::NO_CONTENT)
    } else {
        Err(over())
    }
}
