//! People, the workspaces they share and the keys they make: what is stored, and what may be done to it.
//!
//! * `rights`: who may do something in which workspace, and whom he may not touch
//! * `members` and `accounts`: people in a workspace, and the accounts behind them
//! * `invitations`: how somebody comes in
//! * `workspaces`, `keyring`: workspaces and keys
//! * [`console`]: the same for the command line, which acts as the machine's owner
//!
//! Every change holds its workspace's row first (`hold`): two owners who remove each other, or two invitations that
//! both fit the plan, come one after the other.

pub(crate) mod accounts;
pub mod console;
pub(crate) mod invitations;
pub(crate) mod keyring;
pub(crate) mod members;
pub(crate) mod rights;
pub(crate) mod tables;
pub(crate) mod workspaces;

use http::StatusCode;
use sea_orm::{DatabaseTransaction, EntityTrait, QuerySelect};

use super::tables::workspace;
use super::{Caller, WorkspaceId, audit};
use crate::clock::Timestamp;
use crate::data::DataError;
use crate::http::problem::{FieldProblem, Problem};
use crate::objects::kind::misleads;

pub(crate) type Tx = DatabaseTransaction;

/// The most characters of a person's, a workspace's or a key's name.
pub(crate) const LONGEST_NAME: usize = 80;

/// Holds a workspace until the transaction ends; not found where it has gone.
pub(super) async fn hold(tx: &Tx, id: WorkspaceId) -> Result<workspace::Model, Problem> {
    let row = workspace::Entity::find_by_id(id.to_string())
        .lock_exclusive()
        .one(tx)
        .await
        .map_err(DataError::from)?;
    row.ok_or_else(Problem::not_found)
}

/// Records what a caller did in the workspace that he acts in, to what (`kind:id`). A caller without person and key is
/// the command line.
pub(super) async fn record(
    tx: &Tx,
    caller: &Caller,
    action: &'static str,
    subject: String,
    detail: serde_json::Value,
    at: Timestamp,
) -> Result<(), DataError> {
    let actor = match audit::Actor::of(caller) {
        audit::Actor::System => audit::Actor::Console("cli"),
        actor => actor,
    };
    let entry = audit::Entry {
        workspace: caller.workspace,
        actor,
        action,
        subject,
        detail,
        at,
    };
    audit::record(tx, entry).await
}

/// A name as it is kept: on one line, without space around it.
pub(crate) fn name_of(field: &str, text: &str) -> Result<String, FieldProblem> {
    let name = text.trim();
    let is_name = !name.is_empty()
        && name.chars().count() <= LONGEST_NAME
        && !name.chars().any(|c| c.is_control() || misleads(c));
    if is_name {
        return Ok(name.to_owned());
    }
    let range = vec![("maximum", LONGEST_NAME.to_string())];
    Err(FieldProblem::new(field, "people.name_form", range))
}

/// 409: it cannot be done as things stand.
pub(super) fn conflict(code: &'static str) -> Problem {
    Problem::new(StatusCode::CONFLICT, code)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_does_not_turn_the_reading_direction() {
        assert_eq!(name_of("name", " Zoé ").ok().as_deref(), Some("Zoé"));
        for wrong in ["", "a\nb", "gro.elpmaxe\u{202e}", "a\u{2066}b"] {
            assert!(name_of("name", wrong).is_err(), "{wrong:?}");
        }
    }
}
