//! Who sent a request.

use std::sync::Arc;

use axum::extract::{FromRequestParts, OptionalFromRequestParts};
use http::StatusCode;
use http::request::Parts;

use super::{Access, KeyId, Role, Scope, Scopes, SessionId, UserId, WorkspaceId, unauthorised};
use crate::http::problem::Problem;

/// Who sent a request, as his credentials prove. Handlers take it as an argument (`Option<Caller>` where anybody may ask).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Caller {
    /// The workspace that he acts in: everything that he reads or writes belongs to it.
    pub workspace: WorkspaceId,
    /// The person; `None` for a key that no person made.
    pub user: Option<UserId>,
    /// The key, where one was used.
    pub key: Option<KeyId>,
    /// The sign-in, where a person asks through a browser or a client.
    pub session: Option<SessionId>,
    /// The person's role in the workspace; a key without a person acts as its owner, within its scopes.
    pub role: Role,
    /// What the credentials grant; `role` limits it further.
    pub scopes: Scopes,
}

impl Caller {
    /// Whether both role and credentials allow it.
    pub fn may(&self, scope: Scope<'_>) -> bool {
        self.role.allows(scope) && self.scopes.allow(scope)
    }

    /// Refuses with 403 what he may not do.
    pub fn require(&self, scope: Scope<'_>) -> Result<(), Problem> {
        if self.may(scope) {
            return Ok(());
        }
        let needed = format!("{}:{}", scope.room, scope.verb.word());
        Err(Problem::new(StatusCode::FORBIDDEN, "auth.forbidden").with("scope", needed))
    }
}

/// Refuses a caller whom an operation does not let in.
pub(crate) fn admit(access: &Access, caller: Option<&Caller>) -> Result<(), Problem> {
    match (access, caller) {
        (Access::Public, _) | (Access::SignedIn, Some(_)) => Ok(()),
        (Access::Scope { room, verb }, Some(caller)) => caller.require(Scope::new(room, *verb)),
        (Access::Unstated, Some(_)) => {
            Err(Problem::new(StatusCode::FORBIDDEN, "auth.forbidden").with("scope", "?"))
        }
        (_, None) => Err(unauthorised("auth.required")),
    }
}

impl<S: Sync> FromRequestParts<S> for Caller {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        let found = parts.extensions.get::<Arc<Self>>();
        found
            .map(|caller| caller.as_ref().clone())
            .ok_or_else(|| unauthorised("auth.required"))
    }
}

impl<S: Sync> OptionalFromRequestParts<S> for Caller {
    type Rejection = std::convert::Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Option<Self>, Self::Rejection> {
        let found = parts.extensions.get::<Arc<Self>>();
        Ok(found.map(|caller| caller.as_ref().clone()))
    }
}
