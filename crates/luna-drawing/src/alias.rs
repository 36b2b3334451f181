//! The eight generator keys of the original service, accepted as documented presets.
//!
//! A preset is a family and options that hold where the request does not say otherwise.

use crate::family::Family;
use crate::picture::Theme;

/// What one of the original's keys stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Preset {
    /// The original's key.
    pub key: &'static str,
    /// The family drawn.
    pub family: Family,
    /// The theme where the request names none.
    pub theme: Theme,
    /// Animated where the request does not say.
    pub animated: bool,
    /// A painted ground where the request does not say.
    pub painted: bool,
    /// Why this family, in a few words.
    pub what: &'static str,
}

/// All eight, in the original's order.
pub const PRESETS: [Preset; 8] = [
    preset("default", Family::Crescent, "the plain moon"),
    preset("simple_advanced", Family::Orbit, "the moon with its ring"),
    preset("advanced", Family::Halo, "the moon in its halo"),
    Preset {
        painted: true,
        ..preset(
            "dashboard",
            Family::Tessera,
            "tiles of a dashboard, on a painted ground",
        )
    },
    preset("ai_moon", Family::Network, "joined nodes"),
    Preset {
        painted: true,
        ..preset(
            "realism",
            Family::Horizon,
            "a sun on its line, on a painted ground",
        )
    },
    Preset {
        animated: true,
        ..preset(
            "ultra_max",
            Family::Aperture,
            "the blades of a shutter, animated",
        )
    },
    Preset {
        theme: Theme::Dark,
        animated: true,
        painted: true,
        ..preset(
            "ultimate",
            Family::Petal,
            "a flower at night, animated, on a painted ground",
        )
    },
];

const fn preset(key: &'static str, family: Family, what: &'static str) -> Preset {
    Preset {
        key,
        family,
        theme: Theme::Light,
        animated: false,
        painted: false,
        what,
    }
}

impl Preset {
    /// The preset of one of the original's keys.
    pub fn from_key(key: &str) -> Option<Self> {
        PRESETS.into_iter().find(|preset| preset.key == key)
    }
}
