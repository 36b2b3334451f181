//! What a member of a workspace is.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::scope::{Scope, Verb};

/// A member's role in a workspace, from the most to the least powerful.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema,
)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// Looks.
    Viewer,
    /// Uses the services.
    Member,
    /// Runs the services: jobs, configuration, backups.
    Operator,
    /// Runs the workspace: people and keys.
    Admin,
    /// Everything, also ending the workspace.
    Owner,
}

impl Role {
    /// All, the least powerful first.
    pub const ALL: [Self; 5] = [
        Self::Viewer,
        Self::Member,
        Self::Operator,
        Self::Admin,
        Self::Owner,
    ];

    /// Its word.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Viewer => "viewer",
            Self::Member => "member",
            Self::Operator => "operator",
            Self::Admin => "admin",
            Self::Owner => "owner",
        }
    }

    /// Whether a person of this role may do it.
    pub fn allows(self, scope: Scope<'_>) -> bool {
        let runs_the_workspace = INNER.contains(&scope.room);
        match self {
            Self::Owner => true,
            Self::Admin => scope != END_WORKSPACE,
            Self::Operator => !runs_the_workspace,
            Self::Member => !runs_the_workspace && scope.verb <= Verb::Write,
            Self::Viewer => !runs_the_workspace && scope.verb == Verb::Read,
        }
    }
}

/// Rooms about people, and what the server says of itself in configuration and log: kept from those who do not run the
/// workspace, also for reading.
const INNER: [&str; 6] = ["users", "keys", "workspaces", "audit", "config", "logs"];

/// Only an owner ends a workspace or hands it on.
const END_WORKSPACE: Scope<'static> = Scope::new("workspaces", Verb::Admin);

impl fmt::Display for Role {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.word())
    }
}

impl FromStr for Role {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        Self::ALL
            .into_iter()
            .find(|role| role.word() == text)
            .ok_or(())
    }
}
