//! `[luna]`

use garde::Validate;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What one picture may cost.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema, Validate)]
#[serde(default, deny_unknown_fields)]
pub struct LunaConfig {
    /// The greatest height in pixels of a PNG or WebP picture; SVG and PDF have no pixels to pay for.
    #[garde(range(min = 64, max = 2048))]
    pub maximum_raster_px: u32,
}

impl Default for LunaConfig {
    fn default() -> Self {
        Self {
            maximum_raster_px: 2048,
        }
    }
}
