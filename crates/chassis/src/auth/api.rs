//! Routes: signing in under `/api/v1/auth`, and people, workspaces and keys beside it.

mod invitations;
mod keys;
mod login;
mod me;
mod members;
mod password;
mod quota;
mod second_factor;
mod set_up;
mod shared;
mod users;
mod workspaces;

use std::collections::BTreeMap;
use std::sync::Arc;

use http::StatusCode;
use sea_orm::EntityTrait;
use utoipa::openapi::content::ContentBuilder;
use utoipa::openapi::response::{Response, ResponseBuilder};
use utoipa::openapi::{Ref, RefOr};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::tables::user;
use super::{Auth, Caller, SessionId, UserId, lockout, password as passwords, sessions};
use crate::http::problem::{FieldProblem, Problem};
use crate::service::Context;

/// The routes of the room.
pub(crate) fn routes() -> OpenApiRouter<Arc<Context>> {
    OpenApiRouter::new()
        .merge(super::audit::api::routes())
        .routes(routes!(set_up::set_up))
        .routes(routes!(login::login))
        .routes(routes!(login::refresh))
        .routes(routes!(login::logout))
        .routes(routes!(me::me))
        .routes(routes!(me::sessions))
        .routes(routes!(me::end_session))
        .routes(routes!(password::change))
        .routes(routes!(password::reset))
        .routes(routes!(password::confirm))
        .routes(routes!(second_factor::begin))
        .routes(routes!(second_factor::confirm))
        .routes(routes!(second_factor::disable))
        .merge(people_routes())
}

fn people_routes() -> OpenApiRouter<Arc<Context>> {
    OpenApiRouter::new()
        .routes(routes!(users::list, users::invite))
        .routes(routes!(users::one, users::change, users::remove))
        .routes(routes!(workspaces::list, workspaces::create))
        .routes(routes!(
            workspaces::one,
            workspaces::rename,
            workspaces::delete
        ))
        .routes(routes!(members::list, members::add))
        .routes(routes!(members::change, members::remove))
        .routes(routes!(invitations::list, invitations::create))
        .routes(routes!(invitations::withdraw))
        .routes(routes!(invitations::look))
        .routes(routes!(invitations::accept))
        .routes(routes!(keys::list, keys::create))
        .routes(routes!(keys::one, keys::rename, keys::revoke))
        .routes(routes!(quota::quota))
        .routes(routes!(quota::usage))
}

/// How a body may be refused.
struct BodyRefusals;

impl utoipa::IntoResponses for BodyRefusals {
    fn responses() -> BTreeMap<String, RefOr<Response>> {
        [
            ("400", "The body is no JSON"),
            ("415", "The body's type is not JSON"),
            (
                "422",
                "A field is wrong; `errors` names it and what is allowed",
            ),
        ]
        .map(|(status, meaning)| (status.to_owned(), problem(meaning)))
        .into()
    }
}

fn problem(meaning: &str) -> RefOr<Response> {
    let content = ContentBuilder::new()
        .schema(Some(Ref::from_schema_name("Problem")))
        .build();
    ResponseBuilder::new()
        .description(meaning)
        .content("application/problem+json", content)
        .build()
        .into()
}

/// The most characters of an address (RFC 5321, 4.5.3.1.3).
const LONGEST_EMAIL: usize = 254;

/// An address as it is compared.
pub(super) fn email(text: &str, faults: &mut Vec<FieldProblem>) -> String {
    let email = text.trim().to_lowercase();
    let is_email = text.trim().chars().count() <= LONGEST_EMAIL
        && email
            .split_once('@')
            .is_some_and(|(local, host)| !local.is_empty() && !host.is_empty())
        && !email.chars().any(|c| c.is_control() || c.is_whitespace());
    if !is_email {
        faults.push(FieldProblem::new("email", "auth.not_an_email", Vec::new()));
    }
    email
}

/// Bounds a text that is compared with a secret.
fn bounded(field: &'static str, text: &str, most: usize, faults: &mut Vec<FieldProblem>) {
    if text.is_empty() || text.chars().count() > most {
        let range = vec![("maximum", most.to_string())];
        faults.push(FieldProblem::new(field, "auth.text_length", range));
    }
}

fn sound(faults: Vec<FieldProblem>) -> Result<(), Problem> {
    if faults.is_empty() {
        Ok(())
    } else {
        Err(Problem::invalid(faults))
    }
}

/// The person and the sign-in that ask. What concerns one's own account is not done by a key, which may lie in a script.
fn signed_in(caller: &Caller) -> Result<(UserId, SessionId), Problem> {
    match (caller.user, caller.session) {
        (Some(user), Some(session)) => Ok((user, session)),
        _ => Err(Problem::new(StatusCode::FORBIDDEN, "auth.people_only")),
    }
}

async fn person(auth: &Auth, id: UserId) -> Result<user::Model, Problem> {
    let row = user::Entity::find_by_id(id.to_string())
        .one(auth.database().read())
        .await;
    row.map_err(crate::data::DataError::from)?
        .ok_or_else(|| super::unauthorised("auth.required"))
}

/// Asks a signed-in person for the password again. Failures count as those at the door do, so that who finds an open
/// browser cannot try on.
async fn confirm_password(
    auth: &Auth,
    person: &user::Model,
    password: &str,
    field: &str,
) -> Result<(), Problem> {
    let attempt = lockout::attempt(auth, &person.email).await?;
    if passwords::verify(password, person.password_hash.as_deref()).await? {
        lockout::forget(auth, &person.email).await?;
        return Ok(());
    }
    attempt.failed(auth, Some(sessions::parsed(&person.id, "user.id")?));
    Err(Problem::invalid(vec![FieldProblem::new(
        field,
        "auth.wrong_password",
        Vec::new(),
    )]))
}
