//! The five emotions: each changes the shape grammar, not only the colour.

/// What a mark should make one feel.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Emotion {
    /// Round caps, even weights.
    Serenity,
    /// Butt caps, acute angles, heavy, diagonal.
    Power,
    /// Thin crescents and wide counters, asymmetric.
    Mystery,
    /// Radial symmetry, upward axis.
    Awakening,
    /// Mixed primitives, one displaced part.
    Creative,
}

impl Emotion {
    /// All five, in the order of every table and sheet.
    pub const ALL: [Self; 5] = [
        Self::Serenity,
        Self::Power,
        Self::Mystery,
        Self::Awakening,
        Self::Creative,
    ];

    /// The stable key used in addresses and files.
    pub const fn key(self) -> &'static str {
        match self {
            Self::Serenity => "serenity",
            Self::Power => "power",
            Self::Mystery => "mystery",
            Self::Awakening => "awakening",
            Self::Creative => "creative",
        }
    }

    /// The emotion of a key.
    pub fn from_key(key: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|emotion| emotion.key() == key)
    }

    /// The shape grammar in words, English.
    pub const fn grammar(self) -> &'static str {
        match self {
            Self::Serenity => "round caps, even weights, calm curves",
            Self::Power => "butt caps, acute angles, heavy weights, diagonal",
            Self::Mystery => "thin crescents, wide counters, asymmetric",
            Self::Awakening => "radial symmetry on an upward axis",
            Self::Creative => "mixed primitives, one displaced part",
        }
    }
}
