//! `[auth]`

use garde::Validate;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Secret;

/// Signing in: how long it lasts, and what signs access tokens.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema, Validate)]
#[serde(default, deny_unknown_fields)]
pub struct Auth {
    /// What signs access tokens, at least 32 random characters. Without it one is made at the first start and kept in the
    /// database, where all instances find it.
    #[garde(skip)]
    pub secret: Option<Secret>,
    /// The secret before: tokens that it signed are still taken. Remove it 15 minutes after a change of `auth.secret`.
    #[garde(skip)]
    pub previous_secret: Option<Secret>,
    /// A browser that sends nothing for so long must sign in again, in minutes.
    #[garde(range(min = 1, max = 525_600))]
    pub session_idle_minutes: u32,
    /// A browser must sign in again after so many days in any case.
    #[garde(range(min = 1, max = 365))]
    pub session_days: u32,
    /// A client that refreshes no token for so many days must sign in again.
    #[garde(range(min = 1, max = 365))]
    pub client_idle_days: u32,
    /// A client must sign in again after so many days in any case.
    #[garde(range(min = 1, max = 730))]
    pub client_days: u32,
    /// Failures to sign in with one address after which it must wait: a minute, and twice as long after each further one,
    /// an hour at most.
    #[garde(range(min = 3, max = 100))]
    pub lock_after: u32,
    /// Workspaces that one person may own. Each has the quotas of a plan, so this bounds what somebody invited can use. 0:
    /// nobody makes one beside that of the first account.
    #[garde(range(min = 0, max = 1_000))]
    pub workspaces_per_person: u32,
}

impl Default for Auth {
    fn default() -> Self {
        Self {
            secret: None,
            previous_secret: None,
            session_idle_minutes: 720,
            session_days: 14,
            client_idle_days: 14,
            client_days: 90,
            lock_after: 5,
            workspaces_per_person: 3,
        }
    }
}
