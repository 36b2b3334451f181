//! `[limits]`

use garde::Validate;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// How much one client may ask.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema, Validate)]
#[serde(default, deny_unknown_fields)]
pub struct Limits {
    /// Requests a minute from one address that has not signed in; 0 switches the limit off, which production refuses.
    #[garde(range(max = 1_000_000))]
    pub anonymous_per_minute: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            anonymous_per_minute: 100,
        }
    }
}
