//! `[plans.<name>]`

use garde::Validate;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What the workspaces of a plan may use.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema, Validate)]
#[serde(default, deny_unknown_fields)]
pub struct Plan {
    /// Requests in an hour, of all people and keys together.
    #[garde(range(min = 1))]
    pub requests_per_hour: u64,
    /// Bytes of all that is kept.
    #[garde(skip)]
    pub storage_bytes: u64,
    /// Jobs that may wait or run.
    #[garde(skip)]
    pub jobs_waiting: u32,
    /// People, open invitations included.
    #[garde(range(min = 1))]
    pub members: u32,
    /// Keys in force.
    #[garde(skip)]
    pub keys: u32,
}

impl Default for Plan {
    fn default() -> Self {
        Self {
            requests_per_hour: 20_000,
            storage_bytes: 10 * 1024 * 1024 * 1024,
            jobs_waiting: 1_000,
            members: 50,
            keys: 100,
        }
    }
}
