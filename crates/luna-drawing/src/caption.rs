//! What assistive technology reads, in English and in French.

use crate::emotion::Emotion;
use crate::family::Family;
use crate::picture::Caption;

/// The language of a picture's title and description.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Language {
    /// English.
    English,
    /// French.
    French,
}

impl Language {
    /// Both.
    pub const ALL: [Self; 2] = [Self::English, Self::French];

    /// The BCP 47 tag.
    pub const fn key(self) -> &'static str {
        match self {
            Self::English => "en",
            Self::French => "fr",
        }
    }

    /// The language of a tag.
    pub fn from_key(key: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|language| language.key() == key)
    }
}

impl Caption {
    /// The title is the name, or says what is drawn; the description says what it looks like.
    pub fn of(family: Family, emotion: Emotion, name: Option<&str>, language: Language) -> Self {
        let (kind, feeling, grammar) = words(family, emotion, language);
        let (title, description) = match language {
            Language::English => (
                format!("{kind}, {feeling}"),
                format!("Brand mark. {kind} in the spirit of {feeling}: {grammar}."),
            ),
            Language::French => (
                format!("{kind}, {feeling}"),
                format!("Logo. {kind}, dans l’esprit {feeling} : {grammar}."),
            ),
        };
        Self {
            title: name.map_or(title, str::to_owned),
            description,
            language: language.key(),
        }
    }
}

/// An emotion in words.
pub(crate) const fn feeling(emotion: Emotion, language: Language) -> &'static str {
    match (language, emotion) {
        (Language::English, _) => emotion.key(),
        (Language::French, Emotion::Serenity) => "sérénité",
        (Language::French, Emotion::Power) => "puissance",
        (Language::French, Emotion::Mystery) => "mystère",
        (Language::French, Emotion::Awakening) => "éveil",
        (Language::French, Emotion::Creative) => "création",
    }
}

const fn words(
    family: Family,
    emotion: Emotion,
    language: Language,
) -> (&'static str, &'static str, &'static str) {
    match language {
        Language::English => (
            match family {
                Family::Crescent => "A moon and its star",
                Family::Orbit => "A body on its orbit",
                Family::Lambda => "A lambda of two strokes",
                Family::Network => "Joined nodes",
                Family::Halo => "Rings around a core",
                Family::Tessera => "Four tiles",
                Family::Petal => "Leaves around a centre",
                Family::Aperture => "The blades of a shutter",
                Family::Horizon => "A sun on the horizon",
                Family::Monogram => "An initial cut from a tile",
            },
            feeling(emotion, language),
            emotion.grammar(),
        ),
        Language::French => (
            match family {
                Family::Crescent => "Une lune et son étoile",
                Family::Orbit => "Un astre sur son orbite",
                Family::Lambda => "Un lambda en deux traits",
                Family::Network => "Des nœuds reliés",
                Family::Halo => "Des anneaux autour d’un cœur",
                Family::Tessera => "Quatre carreaux",
                Family::Petal => "Des feuilles autour d’un centre",
                Family::Aperture => "Les lames d’un obturateur",
                Family::Horizon => "Un soleil sur l’horizon",
                Family::Monogram => "Une initiale découpée dans un carreau",
            },
            feeling(emotion, language),
            match emotion {
                Emotion::Serenity => "bouts ronds, graisses égales, courbes calmes",
                Emotion::Power => "bouts francs, angles aigus, graisses fortes, diagonale",
                Emotion::Mystery => "croissants fins, grands vides, asymétrie",
                Emotion::Awakening => "symétrie rayonnante sur un axe montant",
                Emotion::Creative => "formes mêlées, une partie déplacée",
            },
        ),
    }
}
