//! `[luna]`

use chassis::config::Config;
use garde::Validate;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What one picture may cost, and how long the history of generated marks is kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema, Validate)]
#[serde(default, deny_unknown_fields)]
pub struct LunaConfig {
    /// The greatest height in pixels of a PNG or WebP picture; SVG and PDF have no pixels to pay for.
    #[garde(range(min = 64, max = 2048))]
    pub maximum_raster_px: u32,
    /// Days that a generated mark stays in the history; 0 keeps it until somebody removes it. Brand kits are not touched.
    #[garde(range(max = 36_500))]
    pub history_days: u32,
    /// Generated marks that a workspace keeps in its history, the newest ones; 0 keeps all. What is beyond goes once a night.
    #[garde(range(max = 100_000_000))]
    pub history_marks: u32,
}

impl LunaConfig {
    /// Luna's section, or what holds without one.
    pub(crate) fn of(config: &Config) -> Self {
        config
            .section::<Self>(crate::NAME)
            .cloned()
            .unwrap_or_default()
    }
}

impl Default for LunaConfig {
    fn default() -> Self {
        Self {
            maximum_raster_px: 2048,
            history_days: 0,
            history_marks: 100_000,
        }
    }
}
