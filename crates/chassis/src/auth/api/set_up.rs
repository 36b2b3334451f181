//! `POST /auth/set-up`: the first account.

use std::sync::Arc;

use axum::extract::{Extension, State};
use http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{BodyRefusals, bounded, email, sound};
use crate::auth::set_up::{self, Outcome, Owner};
use crate::auth::{UserId, WorkspaceId, home_workspace, password};
use crate::http::RequestContext;
use crate::http::json::Json;
use crate::http::problem::{FieldProblem, Problem, ProblemBody};
use crate::objects::kind::misleads;
use crate::service::Context;

/// The longest name of a person.
const MOST_NAME_CHARACTERS: usize = 80;

/// Who is to own the server's first workspace.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct SetUp {
    /// What stands behind `#` in the link that `aplomb serve` prints.
    #[schema(min_length = 1, max_length = 256)]
    token: String,
    /// The name that others see.
    #[schema(min_length = 1, max_length = 80, example = "Zoé Martin")]
    name: String,
    /// The address to sign in with.
    #[schema(max_length = 254, example = "zoe@example.org")]
    email: String,
    /// The password that is to be.
    #[schema(min_length = 10, max_length = 128, format = Password)]
    password: String,
}

/// The first account.
#[derive(Serialize, ToSchema)]
pub(super) struct FirstAccount {
    user: UserId,
    /// The workspace that it owns.
    workspace: WorkspaceId,
}

/// Make the first account, by the link that the server prints while nobody has one. Sign in afterwards at `/auth/login`.
#[utoipa::path(
    post,
    path = "/auth/set-up",
    tag = "auth",
    extensions(("x-access" = json!("public")), ("x-limit-per-minute" = json!(20))),
    request_body = SetUp,
    responses(
        (status = 201, description = "The account is made and owns the home workspace", body = FirstAccount),
        (status = 409, description = "Somebody has an account already", body = ProblemBody, content_type = "application/problem+json"),
        (status = 410, description = "The link is not the newest", body = ProblemBody, content_type = "application/problem+json"),
        BodyRefusals,
    ),
)]
pub(super) async fn set_up(
    State(context): State<Arc<Context>>,
    Extension(request): Extension<RequestContext>,
    Json(body): Json<SetUp>,
) -> Result<(StatusCode, axum::Json<FirstAccount>), Problem> {
    let auth = &context.auth;
    let mut faults = Vec::new();
    bounded("token", &body.token, 256, &mut faults);
    let name = body.name.trim().to_owned();
    if name.is_empty()
        || name.chars().count() > MOST_NAME_CHARACTERS
        || name.chars().any(|c| c.is_control() || misleads(c))
    {
        let most = vec![("maximum", MOST_NAME_CHARACTERS.to_string())];
        faults.push(FieldProblem::new("name", "auth.set_up_name", most));
    }
    let email = email(&body.email, &mut faults);
    faults.extend(password::check_rules("password", &body.password, &email, &name).err());
    // A stranger learns of his link first.
    let seen = set_up::look(auth, &body.token).await?;
    refuse(seen)?;
    sound(faults)?;
    let owner = Owner {
        name,
        email,
        language: request.language,
        password_hash: password::hash(&body.password).await?,
    };
    let workspace = home_workspace(&context.database).await?;
    let user = refuse(set_up::make(auth, &body.token, owner, workspace).await?)?;
    Ok((
        StatusCode::CREATED,
        axum::Json(FirstAccount { user, workspace }),
    ))
}

fn refuse(outcome: Outcome) -> Result<UserId, Problem> {
    match outcome {
        Outcome::Made(user) => Ok(user),
        Outcome::Done => Err(Problem::new(StatusCode::CONFLICT, "auth.set_up_done")),
        Outcome::Over => Err(Problem::new(StatusCode::GONE, "auth.set_up_over")),
    }
}
