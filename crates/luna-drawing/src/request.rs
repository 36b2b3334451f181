//! What is asked for, parsed at the edge into a value that cannot be wrong.
//!
//! [`Draft`] holds the texts of an address, a body or a command line; [`Request::parse`] turns it
//! into a [`Request`] or names the field at fault and what it allows. From there on the only thing
//! that can fail is a character that the font lacks, in [`Request::compose`].

mod draft;

use std::fmt;

use unicode_normalization::UnicodeNormalization;

use self::draft::within;
pub use self::draft::{Draft, MOST_SEED_CHARACTERS, RequestFault};
use crate::caption::Language;
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
    /// The first 128 bits of BLAKE3 over a canonical line: names come from strangers, so two requests
    /// must not be made to meet on purpose.
    pub(crate) fn of(canonical: &str) -> Self {
        let digest = blake3::hash(canonical.as_bytes());
        let mut first = [0; 16];
        first.copy_from_slice(&digest.as_bytes()[..16]);
        Self(first)
    }

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
        if let Some(control) = name.chars().find(|c| is_invisible(*c)) {
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

    /// The language of title and description.
    pub const fn language(&self) -> Language {
        self.language
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

    /// The first 128 bits of BLAKE3 over [`Request::canonical`].
    pub fn hash(&self) -> RequestHash {
        RequestHash::of(&self.canonical())
    }

    /// Draws the picture. The drawing is the one for the mark's own height in pixels.
    pub fn compose(&self) -> Result<Picture, NameFault> {
        self.compose_as(self.hash())
    }

    /// The same for a caller that has computed [`Request::hash`] already.
    pub fn compose_as(&self, hash: RequestHash) -> Result<Picture, NameFault> {
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
            id_prefix: hash.id_prefix(),
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

/// Control characters, marks of direction, spaces without width and noncharacters: a name that holds
/// them is not what it looks like. The joiners of emoji are left.
fn is_invisible(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{ad}' | '\u{61c}' | '\u{200b}' | '\u{200c}' | '\u{200e}' | '\u{200f}'
            | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}')
        || u32::from(c) & 0xfffe == 0xfffe
}

/// A to Z from the seed: attempt 2^32 - 1 of the monogram's stream, which no drawing reaches.
fn seed_letter(seed: Seed) -> char {
    let bits = Stream::new(seed, Family::Monogram as u8, u32::MAX).bits();
    char::from(b'A' + (bits % 26) as u8)
}
