//! What is asked for, parsed at the edge into a value that cannot be wrong.
//!
//! [`Draft`] holds the texts of an address, a body or a command line; [`Request::parse`] turns it
//! into a [`Request`] or names the field at fault and what it allows. From there on the only thing
//! that can fail is a character that the font lacks, in [`Request::compose`].

use std::fmt;

use unicode_normalization::UnicodeNormalization;

use crate::alias::Preset;
use crate::caption::Language;
use crate::colour::ColourFault;
use crate::emotion::Emotion;
use crate::family::{Detail, Family};
use crate::geometry::CANVAS;
use crate::mark::Mark;
use crate::motion::Motion;
use crate::palette::Palette;
use crate::picture::{Caption, Lockup, Picture, Rgb, Theme};
use crate::stream::{Seed, Stream, VERSION};
use crate::wordmark::{Layout, MOST_CHARACTERS, NameFault, glyph, layout};

/// Least height of a picture, pixels.
pub const LEAST_SIZE: u32 = 8;
/// Greatest height of a picture, pixels.
pub const MOST_SIZE: u32 = 4096;
/// The height where the request names none, pixels.
pub const USUAL_SIZE: u32 = 512;
/// The longest seed text, bytes.
pub const MOST_SEED_BYTES: usize = 256;

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
    #[error("seed: a number below 2^64, or a text of 1 to {MOST_SEED_BYTES} bytes")]
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

impl Lockup {
    /// All three.
    pub const ALL: [Self; 3] = [Self::Mark, Self::Horizontal, Self::Stacked];

    /// The stable key used in addresses and files.
    pub const fn key(self) -> &'static str {
        match self {
            Self::Mark => "mark",
            Self::Horizontal => "horizontal",
            Self::Stacked => "stacked",
        }
    }

    /// The lockup of a key.
    pub fn from_key(key: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|lockup| lockup.key() == key)
    }
}

/// A checked request: everything that decides a picture's bytes.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Request {
    family: Family,
    emotion: Emotion,
    seed: Seed,
    name: Option<String>,
    size: u32,
    lockup: Lockup,
    theme: Theme,
    animated: bool,
    palette: Option<(Rgb, Option<Rgb>)>,
    painted: bool,
    language: Language,
    version: u32,
}

/// 128 bits of a request: the same request has the same hash on every machine and in every process.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct RequestHash(pub [u8; 16]);

impl fmt::Display for RequestHash {
    /// 32 hexadecimal digits.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl RequestHash {
    /// A prefix for ids and class names: a letter and eight of base 32, so 40 bits.
    pub fn id_prefix(&self) -> String {
        const LETTERS: &[u8; 32] = b"abcdefghijklmnopqrstuvwxyz234567";
        let bits = self.0[..5]
            .iter()
            .fold(0_u64, |bits, byte| bits << 8 | u64::from(*byte));
        let mut prefix = String::with_capacity(10);
        prefix.push('l');
        for shift in (0..40).step_by(5).rev() {
            prefix.push(char::from(LETTERS[(bits >> shift & 31) as usize]));
        }
        prefix
    }
}

impl Request {
    /// The plain request for a family and an emotion: seed 0, the mark alone, light, transparent,
    /// 512 px, English, the newest version.
    pub const fn new(family: Family, emotion: Emotion) -> Self {
        Self {
            family,
            emotion,
            seed: Seed(0),
            name: None,
            size: USUAL_SIZE,
            lockup: Lockup::Mark,
            theme: Theme::Light,
            animated: false,
            palette: None,
            painted: false,
            language: Language::English,
            version: VERSION,
        }
    }

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
                let aliases = crate::alias::PRESETS.iter().map(|preset| preset.key);
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

    /// With a name of 1 to 40 characters, which gives the seed too: call
    /// [`Request::with_seed`] after it to have another.
    pub fn with_name(mut self, name: &str) -> Result<Self, RequestFault> {
        let name: String = name.trim().nfc().collect();
        if name.is_empty() {
            return Err(RequestFault::Name(NameFault::Empty));
        }
        let count = name.chars().count();
        if count > MOST_CHARACTERS {
            return Err(RequestFault::Name(NameFault::TooLong {
                count,
                most: MOST_CHARACTERS,
            }));
        }
        if let Some(control) = name.chars().find(|c| c.is_control()) {
            return Err(RequestFault::Control(control));
        }
        self.seed = Seed::from_text(&name);
        self.name = Some(name);
        Ok(self)
    }

    /// With another seed.
    #[must_use]
    pub const fn with_seed(mut self, seed: Seed) -> Self {
        self.seed = seed;
        self
    }

    /// With another lockup; all but the mark alone need a name first.
    pub fn with_lockup(mut self, lockup: Lockup) -> Result<Self, RequestFault> {
        if lockup != Lockup::Mark && self.name.is_none() {
            return Err(RequestFault::NameWanted(lockup));
        }
        self.lockup = lockup;
        Ok(self)
    }

    /// With another height in pixels.
    pub fn with_size(mut self, size: u32) -> Result<Self, RequestFault> {
        self.size = within("size", &size.to_string(), Some(size), LEAST_SIZE, MOST_SIZE)?;
        Ok(self)
    }

    /// With another theme.
    #[must_use]
    pub const fn with_theme(mut self, theme: Theme) -> Self {
        self.theme = theme;
        self
    }

    /// With or without animation.
    #[must_use]
    pub const fn with_animation(mut self, animated: bool) -> Self {
        self.animated = animated;
        self
    }

    /// With the user's colours.
    #[must_use]
    pub const fn with_palette(mut self, primary: Rgb, accent: Option<Rgb>) -> Self {
        self.palette = Some((primary, accent));
        self
    }

    /// With a painted or a transparent ground.
    #[must_use]
    pub const fn with_ground(mut self, painted: bool) -> Self {
        self.painted = painted;
        self
    }

    /// With title and description in another language.
    #[must_use]
    pub const fn with_language(mut self, language: Language) -> Self {
        self.language = language;
        self
    }

    /// The family.
    pub const fn family(&self) -> Family {
        self.family
    }

    /// The emotion.
    pub const fn emotion(&self) -> Emotion {
        self.emotion
    }

    /// The seed, after the rule of [`Request::parse`].
    pub const fn seed(&self) -> Seed {
        self.seed
    }

    /// The name, trimmed and in NFC.
    pub fn name(&self) -> Option<&str> {
        self.name.as_deref()
    }

    /// Height in pixels.
    pub const fn size(&self) -> u32 {
        self.size
    }

    /// The lockup.
    pub const fn lockup(&self) -> Lockup {
        self.lockup
    }

    /// The theme.
    pub const fn theme(&self) -> Theme {
        self.theme
    }

    /// Whether the SVG is animated.
    pub const fn animated(&self) -> bool {
        self.animated
    }

    /// The algorithm's version.
    pub const fn version(&self) -> u32 {
        self.version
    }

    /// The palette used: the built-in one, or the user's after repair.
    pub fn palette(&self) -> Palette {
        match self.palette {
            None => Palette::of(self.emotion, self.theme),
            Some((primary, accent)) => {
                Palette::from_user(primary, accent, self.emotion, self.theme)
            }
        }
    }

    /// The mark's geometry. A monogram's letter is the first letter or digit of the name, in upper
    /// case; without one it comes from the seed.
    pub fn mark(&self) -> Mark {
        Mark {
            seed: self.seed,
            family: self.family,
            emotion: self.emotion,
            initial: self.initial(),
        }
    }

    fn initial(&self) -> char {
        self.name
            .as_deref()
            .and_then(|name| name.chars().find(|c| c.is_alphanumeric()))
            .and_then(|letter| letter.to_uppercase().next())
            .unwrap_or_else(|| seed_letter(self.seed))
    }

    /// All fields as one stable line. The name stands last and unescaped: nothing can follow it.
    pub fn canonical(&self) -> String {
        let palette = match self.palette {
            None => "own".to_owned(),
            Some((primary, None)) => primary.hex(),
            Some((primary, Some(accent))) => format!("{}+{}", primary.hex(), accent.hex()),
        };
        let (name_key, name) = match &self.name {
            None => ("unnamed", ""),
            Some(name) => ("name=", name.as_str()),
        };
        format!(
            "luna v{} {} {} seed={} size={} {} {} {} {} palette={palette} {} {name_key}{name}",
            self.version,
            self.family.key(),
            self.emotion.key(),
            self.seed.0,
            self.size,
            self.lockup.key(),
            self.theme.key(),
            if self.animated { "animated" } else { "still" },
            if self.painted {
                "painted"
            } else {
                "transparent"
            },
            self.language.key(),
        )
    }

    /// The first 128 bits of BLAKE3 over [`Request::canonical`]: names come from strangers, so two
    /// requests must not be made to meet on purpose.
    pub fn hash(&self) -> RequestHash {
        let digest = blake3::hash(self.canonical().as_bytes());
        let mut first = [0; 16];
        first.copy_from_slice(&digest.as_bytes()[..16]);
        RequestHash(first)
    }

    /// Draws the picture. The drawing is the one for the mark's own height in pixels.
    pub fn compose(&self) -> Result<Picture, NameFault> {
        self.check_initial()?;
        let name = self.name.as_deref();
        let Layout {
            width,
            height,
            mark_at,
            wordmark,
        } = layout(name.unwrap_or_default(), self.lockup)?;
        let pixels_per_unit = f64::from(self.size) / height;
        let mark_px = (pixels_per_unit * CANVAS).round() as u32;
        Ok(Picture {
            width,
            height,
            width_px: ((pixels_per_unit * width).round() as u32).max(1),
            height_px: self.size,
            drawing: self.mark().drawing(Detail::for_pixels(mark_px)),
            mark_at,
            wordmark,
            colours: self.palette().colours(self.painted),
            caption: Caption::of(self.family, self.emotion, name, self.language),
            id_prefix: self.hash().id_prefix(),
            animated: self.animated,
            motion: Motion {
                family: self.family,
                emotion: self.emotion,
            },
        })
    }

    /// A monogram needs its letter in the font; a name of signs alone at least its first sign.
    fn check_initial(&self) -> Result<(), NameFault> {
        let Some(name) = self
            .name
            .as_deref()
            .filter(|_| self.family == Family::Monogram)
        else {
            return Ok(());
        };
        let asked = if name.chars().any(char::is_alphanumeric) {
            self.initial()
        } else {
            name.chars().next().unwrap_or('\0')
        };
        glyph(asked).map(|_| ()).ok_or(NameFault::NoGlyph(asked))
    }
}

/// A to Z from the seed: attempt 2^32 - 1 of the monogram's stream, which no drawing reaches.
fn seed_letter(seed: Seed) -> char {
    let bits = Stream::new(seed, Family::Monogram as u8, u32::MAX).bits();
    char::from(b'A' + (bits % 26) as u8)
}

fn parse_seed(text: &str) -> Result<Seed, RequestFault> {
    if text.is_empty() || text.len() > MOST_SEED_BYTES {
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

fn within(
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
