//! The ten families: their names, parameters and ranges, and the way to each one's drawing.

use crate::drawing::Drawing;
use crate::emotion::Emotion;
use crate::families;
use crate::stream::Stream;

/// A kind of mark.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Family {
    /// A moon and its star.
    Crescent,
    /// A ring with a body on its path.
    Orbit,
    /// The Greek letter as two strokes.
    Lambda,
    /// Three to five joined nodes.
    Network,
    /// Broken rings around a core.
    Halo,
    /// Four tiles.
    Tessera,
    /// Leaves around a centre.
    Petal,
    /// Blades of a shutter.
    Aperture,
    /// A sun on its line.
    Horizon,
    /// An initial cut from a tile.
    Monogram,
}

/// Which of the three drawings of a mark.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Detail {
    /// 48 px and more.
    Full,
    /// 24 to 47 px: no companions, strokes a quarter heavier.
    Small,
    /// 23 px and less: one shape and at most one accent, snapped to the 16 px grid.
    Tiny,
}

impl Detail {
    /// The drawing for a height in pixels.
    pub const fn for_pixels(pixels: u32) -> Self {
        match pixels {
            0..=23 => Self::Tiny,
            24..=47 => Self::Small,
            _ => Self::Full,
        }
    }

    /// All three.
    pub const ALL: [Self; 3] = [Self::Full, Self::Small, Self::Tiny];
}

/// The most parameters a family may have.
pub const MOST_PARAMETERS: usize = 8;

/// Parameter values in the order of [`Family::parameters`]; the rest is 0.
pub type Values = [f64; MOST_PARAMETERS];

/// One structural parameter, as `/generators` shows it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Parameter {
    /// Its key.
    pub name: &'static str,
    /// Lowest value.
    pub low: f64,
    /// Highest value.
    pub high: f64,
    /// Distance between two values; 0 is continuous. A whole number of steps spans the range.
    pub step: f64,
    /// `units`, `degrees`, `share` or `count`.
    pub unit: &'static str,
    /// What it does, in a few words.
    pub what: &'static str,
}

/// What a family draws beside its parameters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Subject {
    /// The emotion.
    pub emotion: Emotion,
    /// The drawing wanted.
    pub detail: Detail,
    /// The letter of a monogram (other families do not look at it).
    pub initial: char,
}

impl Family {
    /// All ten, in the order of every table and sheet; the position is part of the frozen stream.
    pub const ALL: [Self; 10] = [
        Self::Crescent,
        Self::Orbit,
        Self::Lambda,
        Self::Network,
        Self::Halo,
        Self::Tessera,
        Self::Petal,
        Self::Aperture,
        Self::Horizon,
        Self::Monogram,
    ];

    /// The stable key used in addresses and files.
    pub const fn key(self) -> &'static str {
        match self {
            Self::Crescent => "crescent",
            Self::Orbit => "orbit",
            Self::Lambda => "lambda",
            Self::Network => "network",
            Self::Halo => "halo",
            Self::Tessera => "tessera",
            Self::Petal => "petal",
            Self::Aperture => "aperture",
            Self::Horizon => "horizon",
            Self::Monogram => "monogram",
        }
    }

    /// The family of a key.
    pub fn from_key(key: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|family| family.key() == key)
    }

    /// Its parameters, four to eight.
    pub const fn parameters(self) -> &'static [Parameter] {
        match self {
            Self::Crescent => families::crescent::PARAMETERS,
            Self::Orbit => families::orbit::PARAMETERS,
            Self::Lambda => families::lambda::PARAMETERS,
            Self::Network => families::network::PARAMETERS,
            Self::Halo => families::halo::PARAMETERS,
            Self::Tessera => families::tessera::PARAMETERS,
            Self::Petal => families::petal::PARAMETERS,
            Self::Aperture => families::aperture::PARAMETERS,
            Self::Horizon => families::horizon::PARAMETERS,
            Self::Monogram => families::monogram::PARAMETERS,
        }
    }

    /// Draws one mark from its parameter values: pure geometry, not yet gated.
    pub fn draw(self, values: &Values, subject: Subject) -> Drawing {
        match self {
            Self::Crescent => families::crescent::draw(values, subject),
            Self::Orbit => families::orbit::draw(values, subject),
            Self::Lambda => families::lambda::draw(values, subject),
            Self::Network => families::network::draw(values, subject),
            Self::Halo => families::halo::draw(values, subject),
            Self::Tessera => families::tessera::draw(values, subject),
            Self::Petal => families::petal::draw(values, subject),
            Self::Aperture => families::aperture::draw(values, subject),
            Self::Horizon => families::horizon::draw(values, subject),
            Self::Monogram => families::monogram::draw(values, subject),
        }
    }

    /// Takes values for all parameters from the stream, each uniform over its steps.
    pub fn sample(self, stream: &mut Stream) -> Values {
        let mut values = [0.0; MOST_PARAMETERS];
        for (value, parameter) in values.iter_mut().zip(self.parameters()) {
            let share = stream.unit();
            let span = parameter.high - parameter.low;
            *value = if parameter.step > 0.0 {
                let steps = (span / parameter.step).round();
                parameter.low + (share * (steps + 1.0)).floor().min(steps) * parameter.step
            } else {
                parameter.low + share * span
            };
        }
        values
    }
}
