//! The edge: texts from an address, a body or a command line, checked field by field.

use super::{LEAST_SIZE, MOST_SIZE, Request};
use crate::alias::{PRESETS, Preset};
use crate::caption::Language;
use crate::colour::ColourFault;
use crate::emotion::Emotion;
use crate::family::Family;
use crate::picture::{Lockup, Rgb, Theme};
use crate::stream::{Seed, VERSION};
use crate::wordmark::NameFault;

/// The longest seed text, characters.
pub const MOST_SEED_CHARACTERS: usize = 256;

/// Texts from outside, not yet checked; `None` is "not said".
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Draft<'a> {
    /// A family's key or one of the original's eight keys.
    pub generator: &'a str,
    /// An emotion's key.
    pub variant: &'a str,
    /// A whole number below 2^64, or any text.
    pub seed: Option<&'a str>,
    /// One to forty characters.
    pub name: Option<&'a str>,
    /// Height in pixels.
    pub size: Option<&'a str>,
    /// `mark`, `horizontal` or `stacked`.
    pub lockup: Option<&'a str>,
    /// `light` or `dark`.
    pub theme: Option<&'a str>,
    /// `true` or `false` (`1` or `0`).
    pub animated: Option<&'a str>,
    /// The user's main colour.
    pub primary: Option<&'a str>,
    /// The user's second colour, only with a main one.
    pub accent: Option<&'a str>,
    /// `transparent` or `painted`.
    pub ground: Option<&'a str>,
    /// `en` or `fr`.
    pub language: Option<&'a str>,
    /// The algorithm's version.
    pub version: Option<&'a str>,
}

/// Which field is wrong, and what it allows.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RequestFault {
    /// Not one of a list.
    #[error("{field}: {given:?} is unknown; allowed: {}", allowed.join(", "))]
    Unknown {
        /// The field.
        field: &'static str,
        /// What was given, shortened.
        given: String,
        /// Every allowed value.
        allowed: Vec<&'static str>,
    },
    /// Not a whole number in its range.
    #[error("{field}: {given:?} is not a whole number from {least} to {most}")]
    Range {
        /// The field.
        field: &'static str,
        /// What was given, shortened.
        given: String,
        /// Least allowed.
        least: u32,
        /// Most allowed.
        most: u32,
    },
    /// Not a colour.
    #[error("{field}: {fault}")]
    Colour {
        /// The field.
        field: &'static str,
        /// What is wrong with it.
        fault: ColourFault,
    },
    /// An accent without a main colour.
    #[error("accent: give primary as well")]
    LoneAccent,
    /// A seed text that is empty or too long.
    #[error("seed: a number below 2^64, or a text of 1 to {MOST_SEED_CHARACTERS} characters")]
    Seed,
    /// An empty or too long name.
    #[error("name: {0}")]
    Name(NameFault),
    /// A control character in the name.
    #[error("name: the control character U+{:04X} is not allowed", u32::from(*.0))]
    Control(char),
    /// A lockup without a name to set.
    #[error("name: the lockup {} needs one", .0.key())]
    NameWanted(Lockup),
}

impl RequestFault {
    /// The field at fault, as [`Draft`] calls it.
    pub const fn field(&self) -> &'static str {
        match self {
            Self::Unknown { field, .. }
            | Self::Range { field, .. }
            | Self::Colour { field, .. } => field,
            Self::LoneAccent => "accent",
            Self::Seed => "seed",
            Self::Name(_) | Self::Control(_) | Self::NameWanted(_) => "name",
        }
    }
}

impl Request {
    /// Checks every field. Without a seed the name gives it (in NFC, so that both spellings of an
    /// accented letter give one mark); without either it is 0. Options of a preset hold where the
    /// draft leaves them open.
    pub fn parse(draft: &Draft<'_>) -> Result<Self, RequestFault> {
        let preset = Preset::from_key(draft.generator);
        let family = preset
            .map(|preset| preset.family)
            .or_else(|| Family::from_key(draft.generator))
            .ok_or_else(|| {
                let families = Family::ALL.into_iter().map(Family::key);
                let aliases = PRESETS.iter().map(|preset| preset.key);
                unknown("generator", draft.generator, families.chain(aliases))
            })?;
        let emotion = Emotion::from_key(draft.variant).ok_or_else(|| {
            unknown(
                "variant",
                draft.variant,
                Emotion::ALL.into_iter().map(Emotion::key),
            )
        })?;
        let mut request = Self::new(family, emotion);
        if let Some(preset) = preset {
            request.theme = preset.theme;
            request.animated = preset.animated;
            request.painted = preset.painted;
        }
        if let Some(name) = draft.name {
            request = request.with_name(name)?;
        }
        if let Some(seed) = draft.seed {
            request.seed = parse_seed(seed)?;
        }
        if let Some(size) = draft.size {
            request.size = whole("size", size, LEAST_SIZE, MOST_SIZE)?;
        }
        if let Some(version) = draft.version {
            request.version = whole("version", version, 1, VERSION)?;
        }
        if let Some(key) = draft.theme {
            request.theme = Theme::from_key(key)
                .ok_or_else(|| unknown("theme", key, Theme::ALL.into_iter().map(Theme::key)))?;
        }
        if let Some(key) = draft.animated {
            request.animated = match key {
                "true" | "1" => true,
                "false" | "0" => false,
                _ => return Err(unknown("animated", key, ["true", "false", "1", "0"])),
            };
        }
        if let Some(key) = draft.ground {
            request.painted = match key {
                "transparent" => false,
                "painted" => true,
                _ => return Err(unknown("ground", key, ["transparent", "painted"])),
            };
        }
        if let Some(key) = draft.language {
            request.language = Language::from_key(key).ok_or_else(|| {
                unknown(
                    "language",
                    key,
                    Language::ALL.into_iter().map(Language::key),
                )
            })?;
        }
        request.palette = match (draft.primary, draft.accent) {
            (None, None) => None,
            (None, Some(_)) => return Err(RequestFault::LoneAccent),
            (Some(primary), accent) => Some((
                colour("primary", primary)?,
                accent.map(|accent| colour("accent", accent)).transpose()?,
            )),
        };
        if let Some(key) = draft.lockup {
            let lockup = Lockup::from_key(key)
                .ok_or_else(|| unknown("lockup", key, Lockup::ALL.into_iter().map(Lockup::key)))?;
            request = request.with_lockup(lockup)?;
        }
        Ok(request)
    }
}

fn parse_seed(text: &str) -> Result<Seed, RequestFault> {
    if text.is_empty() || text.chars().count() > MOST_SEED_CHARACTERS {
        return Err(RequestFault::Seed);
    }
    if text.bytes().all(|byte| byte.is_ascii_digit()) {
        return text.parse().map(Seed).map_err(|_| RequestFault::Seed);
    }
    Ok(Seed::from_text(text))
}

fn colour(field: &'static str, text: &str) -> Result<Rgb, RequestFault> {
    Rgb::parse(text).map_err(|fault| RequestFault::Colour { field, fault })
}

fn whole(field: &'static str, text: &str, least: u32, most: u32) -> Result<u32, RequestFault> {
    within(field, text, text.parse().ok(), least, most)
}

pub(super) fn within(
    field: &'static str,
    text: &str,
    value: Option<u32>,
    least: u32,
    most: u32,
) -> Result<u32, RequestFault> {
    value
        .filter(|value| (least..=most).contains(value))
        .ok_or_else(|| RequestFault::Range {
            field,
            given: shortened(text),
            least,
            most,
        })
}

fn unknown(
    field: &'static str,
    given: &str,
    allowed: impl IntoIterator<Item = &'static str>,
) -> RequestFault {
    RequestFault::Unknown {
        field,
        given: shortened(given),
        allowed: allowed.into_iter().collect(),
    }
}

/// Enough to recognise it by, not enough to fill a log.
fn shortened(text: &str) -> String {
    text.chars().take(40).collect()
}
