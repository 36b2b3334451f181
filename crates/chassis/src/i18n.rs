//! The user's language: negotiation, and the catalogues of messages that each crate brings.
//!
//! A catalogue is one flat JSON object a language (`messages/en.json`, `messages/fr.json`), key to
//! text with `{name}` placeholders. Both hold the same keys and placeholders; loading says which
//! does not.

use std::collections::BTreeMap;

/// A language that Aplomb speaks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Language {
    /// English, also where a request states no preference.
    #[default]
    English,
    /// French.
    French,
}

impl Language {
    /// Its BCP 47 code.
    pub const fn code(self) -> &'static str {
        match self {
            Self::English => "en",
            Self::French => "fr",
        }
    }

    /// The language of a tag such as `fr`, `fr-CA` or `en_GB.UTF-8`.
    pub fn from_tag(tag: &str) -> Option<Self> {
        let primary = tag
            .trim()
            .split(['-', '_', '.', '@'])
            .next()
            .unwrap_or_default();
        if primary.eq_ignore_ascii_case("fr") {
            Some(Self::French)
        } else if primary.eq_ignore_ascii_case("en") {
            Some(Self::English)
        } else {
            None
        }
    }

    /// The best match of an `Accept-Language` header (RFC 9110, 12.5.4); English where none fits.
    pub fn negotiate(header: &str) -> Self {
        let mut best = (0.0_f32, Self::English);
        // A header has room for hundreds of tags; the first sixteen say what a person wants.
        for range in header.split(',').take(16) {
            let mut parts = range.split(';');
            let Some(language) = parts.next().and_then(Self::from_tag) else {
                continue;
            };
            let quality = parts
                .find_map(|p| p.trim().strip_prefix("q="))
                .map_or(1.0, |q| q.trim().parse().unwrap_or(0.0_f32).clamp(0.0, 1.0));
            if quality > best.0 {
                best = (quality, language);
            }
        }
        best.1
    }

    /// The language of a terminal, from `LC_ALL`, `LC_MESSAGES` or `LANG`.
    pub fn of_environment() -> Self {
        ["LC_ALL", "LC_MESSAGES", "LANG"]
            .iter()
            .find_map(|name| std::env::var(name).ok().filter(|value| !value.is_empty()))
            .and_then(|value| Self::from_tag(&value))
            .unwrap_or_default()
    }
}

/// One crate's catalogues, as embedded JSON.
#[derive(Clone, Copy, Debug)]
pub struct Messages {
    /// `messages/en.json`.
    pub english: &'static str,
    /// `messages/fr.json`.
    pub french: &'static str,
}

/// What the chassis itself says, room by room.
pub const CHASSIS: &[Messages] = &[
    Messages {
        english: include_str!("../messages/chassis/en.json"),
        french: include_str!("../messages/chassis/fr.json"),
    },
    Messages {
        english: include_str!("../messages/auth/en.json"),
        french: include_str!("../messages/auth/fr.json"),
    },
    Messages {
        english: include_str!("../messages/jobs/en.json"),
        french: include_str!("../messages/jobs/fr.json"),
    },
    Messages {
        english: include_str!("../messages/idempotency/en.json"),
        french: include_str!("../messages/idempotency/fr.json"),
    },
    Messages {
        english: include_str!("../messages/upstream/en.json"),
        french: include_str!("../messages/upstream/fr.json"),
    },
    Messages {
        english: include_str!("../messages/notify/en.json"),
        french: include_str!("../messages/notify/fr.json"),
    },
    Messages {
        english: include_str!("../messages/events/en.json"),
        french: include_str!("../messages/events/fr.json"),
    },
    Messages {
        english: include_str!("../messages/limits/en.json"),
        french: include_str!("../messages/limits/fr.json"),
    },
    Messages {
        english: include_str!("../messages/objects/en.json"),
        french: include_str!("../messages/objects/fr.json"),
    },
    Messages {
        english: include_str!("../messages/audit/en.json"),
        french: include_str!("../messages/audit/fr.json"),
    },
    Messages {
        english: include_str!("../messages/pages/en.json"),
        french: include_str!("../messages/pages/fr.json"),
    },
    Messages {
        english: include_str!("../messages/overview/en.json"),
        french: include_str!("../messages/overview/fr.json"),
    },
    Messages {
        english: include_str!("../messages/people/en.json"),
        french: include_str!("../messages/people/fr.json"),
    },
];

/// Arguments of a message: placeholder name and value.
pub type Arguments = Vec<(&'static str, String)>;

/// All messages, both languages.
#[derive(Clone, Debug, Default)]
pub struct Catalogue {
    texts: BTreeMap<String, [String; 2]>,
}

/// Why catalogues do not load.
#[derive(Debug, thiserror::Error)]
pub enum CatalogueFault {
    /// A file is not a flat JSON object of texts.
    #[error("catalogue `{0}` is not a flat object of texts: {1}")]
    Form(&'static str, serde_json::Error),
    /// The two languages differ.
    #[error("message `{0}` is missing in one language, or its placeholders differ")]
    Unequal(String),
    /// Two crates use one key.
    #[error("message `{0}` is defined twice")]
    Twice(String),
}

impl Catalogue {
    /// Joins the crates' catalogues and checks them.
    pub fn load(parts: &[Messages]) -> Result<Self, CatalogueFault> {
        let mut texts = BTreeMap::new();
        for part in parts {
            let read = |language, json| -> Result<BTreeMap<String, String>, CatalogueFault> {
                serde_json::from_str(json).map_err(|cause| CatalogueFault::Form(language, cause))
            };
            let mut french = read("fr", part.french)?;
            for (key, english) in read("en", part.english)? {
                let other = french
                    .remove(&key)
                    .ok_or_else(|| CatalogueFault::Unequal(key.clone()))?;
                if placeholders(&english) != placeholders(&other) {
                    return Err(CatalogueFault::Unequal(key));
                }
                if texts.contains_key(&key) {
                    return Err(CatalogueFault::Twice(key));
                }
                texts.insert(key, [english, other]);
            }
            if let Some(key) = french.into_keys().next() {
                return Err(CatalogueFault::Unequal(key));
            }
        }
        Ok(Self { texts })
    }

    /// The message in a language; the key itself where none is known (a test over all codes in use
    /// keeps that from happening).
    pub fn text(&self, language: Language, key: &str, arguments: &Arguments) -> String {
        let Some(texts) = self.texts.get(key) else {
            return key.to_owned();
        };
        let mut text = texts[usize::from(language == Language::French)].clone();
        for (name, value) in arguments {
            text = text.replace(&format!("{{{name}}}"), value);
        }
        text
    }
}

fn placeholders(text: &str) -> Vec<&str> {
    let mut names: Vec<_> = text
        .split('{')
        .skip(1)
        .filter_map(|rest| rest.split_once('}'))
        .map(|(name, _)| name)
        .collect();
    names.sort_unstable();
    names
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_language_with_the_highest_weight_wins() {
        for (header, language) in [
            ("", Language::English),
            ("fr", Language::French),
            ("fr-CA,fr;q=0.9,en;q=0.8", Language::French),
            ("en;q=0.5, fr;q=0.9", Language::French),
            ("de, en;q=0.3, fr;q=0.2", Language::English),
            ("de", Language::English),
            ("fr;q=0", Language::English),
            ("fr;q=nonsense, en;q=0.1", Language::English),
        ] {
            assert_eq!(Language::negotiate(header), language, "{header}");
        }
    }

    #[test]
    fn the_chassis_says_the_same_in_both_languages() {
        Catalogue::load(CHASSIS).unwrap();
    }

    #[test]
    fn unequal_catalogues_are_named() {
        let fault = |english, french| {
            Catalogue::load(&[Messages { english, french }])
                .unwrap_err()
                .to_string()
        };
        assert!(fault(r#"{"a":"x"}"#, "{}").contains("`a`"));
        assert!(fault("{}", r#"{"b":"x"}"#).contains("`b`"));
        assert!(fault(r#"{"a":"{n} x"}"#, r#"{"a":"x"}"#).contains("`a`"));
    }
}
