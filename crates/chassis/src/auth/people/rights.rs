//! Who may do something in which workspace, what he may hand out, and whom he may not touch.

use http::StatusCode;

use super::super::sessions::{Standing, role_of};
use super::super::{Auth, Caller, Role, Scope, Scopes, Verb, WorkspaceId};
use crate::data::DataError;
use crate::http::problem::Problem;

/// The caller as he stands in the workspace of the address: the one that he acts in, or another of his own. Without the
/// permission he is refused in the first, and the other is as if it were not there.
pub(crate) async fn within(
    auth: &Auth,
    caller: &Caller,
    id: &str,
    needed: Option<Scope<'static>>,
) -> Result<Caller, Problem> {
    let id: WorkspaceId = id.parse().map_err(|_| Problem::not_found())?;
    if id == caller.workspace {
        if let Some(scope) = needed {
            caller.require(scope)?;
        }
        return Ok(caller.clone());
    }
    let there = elsewhere(auth, caller, id).await?;
    match there {
        Some(there) if needed.is_none_or(|scope| there.may(scope)) => Ok(there),
        _ => Err(Problem::not_found()),
    }
}

/// A person who is signed in, in another workspace of his. A key is of one.
async fn elsewhere(
    auth: &Auth,
    caller: &Caller,
    id: WorkspaceId,
) -> Result<Option<Caller>, DataError> {
    let (Some(user), Some(_)) = (caller.user, caller.session) else {
        return Ok(None);
    };
    match role_of(auth.database(), &id.to_string(), &user.to_string()).await? {
        Standing::Member(role) => Ok(Some(Caller {
            workspace: id,
            role,
            ..caller.clone()
        })),
        Standing::NotMember | Standing::Disabled => Ok(None),
    }
}

/// Refuses to hand out a role above the caller's own, and by a key one that may more than the key.
pub(crate) fn may_grant(auth: &Auth, caller: &Caller, role: Role) -> Result<(), Problem> {
    let is_wider = || every(auth).any(|scope| role.allows(scope) && !caller.scopes.allow(scope));
    if role > caller.role || is_wider() {
        let refused = Problem::new(StatusCode::FORBIDDEN, "people.role_above");
        return Err(refused.with("role", role));
    }
    Ok(())
}

/// Refuses to touch somebody whose role is above the caller's own.
pub(crate) fn may_touch(caller: &Caller, other: Role) -> Result<(), Problem> {
    if other > caller.role {
        let refused = Problem::new(StatusCode::FORBIDDEN, "people.person_above");
        return Err(refused.with("role", other));
    }
    Ok(())
}

/// Refuses a key that may more than the caller: by what he was granted, and by his role.
pub(crate) fn may_make(auth: &Auth, caller: &Caller, asked: &Scopes) -> Result<(), Problem> {
    let beyond = every(auth).find(|scope| asked.allow(*scope) && !caller.may(*scope));
    if let Some(scope) = beyond {
        return Err(caller
            .require(scope)
            .err()
            .unwrap_or_else(Problem::not_found));
    }
    // Rooms that are not there yet: `*` is more than all that there are today.
    if !caller.scopes.cover(asked) {
        let refused = Problem::new(StatusCode::FORBIDDEN, "auth.forbidden");
        return Err(refused.with("scope", asked));
    }
    Ok(())
}

fn every(auth: &Auth) -> impl Iterator<Item = Scope<'static>> + '_ {
    let verbs = [Verb::Read, Verb::Write, Verb::Admin];
    let rooms = auth.rooms().iter();
    rooms.flat_map(move |room| verbs.map(|verb| Scope::new(room, verb)))
}
