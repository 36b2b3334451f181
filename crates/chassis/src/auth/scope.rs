//! What an operation asks for, and what a key grants.

use std::fmt;
use std::str::FromStr;

/// One permission: `luna:write`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Scope<'a> {
    /// A service, or a room of the chassis.
    pub room: &'a str,
    /// What is done there.
    pub verb: Verb,
}

impl<'a> Scope<'a> {
    /// Puts one together.
    pub const fn new(room: &'a str, verb: Verb) -> Self {
        Self { room, verb }
    }
}

/// What is done. Each includes those before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Verb {
    /// Looks.
    Read,
    /// Makes, changes and removes its own.
    Write,
    /// Runs the room.
    Admin,
}

/// What an operation asks for: its `x-access` in the OpenAPI document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Access {
    /// Anybody.
    Public,
    /// Anybody with an account or a key.
    SignedIn,
    /// A caller with this scope.
    Scope {
        /// The room.
        room: Box<str>,
        /// The verb.
        verb: Verb,
    },
    /// The document does not say: nobody. A test keeps that from happening.
    Unstated,
}

/// The permissions of a key: a set of `room:verb`, `room:*` and `*`.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Scopes(Vec<Grant>);

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Grant {
    /// `None`: every room.
    room: Option<Box<str>>,
    verb: Verb,
}

/// Why a list of scopes is refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ScopeFault {
    /// A list without an entry.
    #[error("name at least one scope, such as luna:write, luna:* or *")]
    Empty,
    /// An entry that is none.
    #[error(
        "`{0}` is no scope: write room:verb with the verbs read, write and admin (each includes those before it), room:* or *"
    )]
    Form(String),
    /// A room that does not exist.
    #[error("there is no room `{0}`; there are: {1}")]
    Room(String, String),
}

impl Verb {
    /// Its word.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Write => "write",
            Self::Admin => "admin",
        }
    }

    fn of(word: &str) -> Option<Self> {
        [Self::Read, Self::Write, Self::Admin]
            .into_iter()
            .find(|verb| verb.word() == word)
    }
}

impl Access {
    /// Reads an `x-access`.
    pub fn of(text: &str) -> Self {
        match text {
            "public" => Self::Public,
            "signed-in" => Self::SignedIn,
            _ => match text
                .split_once(':')
                .map(|(room, verb)| (room, Verb::of(verb)))
            {
                Some((room, Some(verb))) if is_room(room) => Self::Scope {
                    room: room.into(),
                    verb,
                },
                _ => Self::Unstated,
            },
        }
    }
}

impl Scopes {
    /// Everything.
    pub fn all() -> Self {
        Self(vec![Grant {
            room: None,
            verb: Verb::Admin,
        }])
    }

    /// Whether these grant it.
    pub fn allow(&self, scope: Scope<'_>) -> bool {
        self.0.iter().any(|grant| {
            let here = grant.room.as_deref().is_none_or(|own| own == scope.room);
            here && grant.verb >= scope.verb
        })
    }

    /// Whether each permission in `other` is granted here too: nobody hands out more than he has.
    pub fn cover(&self, other: &Self) -> bool {
        other.0.iter().all(|grant| {
            self.0
                .iter()
                .any(|own| own.verb >= grant.verb && (own.room.is_none() || own.room == grant.room))
        })
    }

    /// The rooms that are named.
    pub fn rooms(&self) -> impl Iterator<Item = &str> {
        self.0.iter().filter_map(|grant| grant.room.as_deref())
    }

    /// Refuses rooms outside the list.
    pub fn check_rooms(&self, known: &[&str]) -> Result<(), ScopeFault> {
        match self.rooms().find(|room| !known.contains(room)) {
            Some(room) => Err(ScopeFault::Room(room.to_owned(), known.join(", "))),
            None => Ok(()),
        }
    }
}

impl FromStr for Scopes {
    type Err = ScopeFault;

    /// Separated by commas or spaces.
    fn from_str(text: &str) -> Result<Self, ScopeFault> {
        let mut grants = Vec::new();
        for word in text.split([',', ' ']).filter(|word| !word.is_empty()) {
            grants.push(
                Grant::of(word).ok_or_else(|| ScopeFault::Form(word.chars().take(64).collect()))?,
            );
        }
        grants.sort();
        grants.dedup();
        if grants.is_empty() {
            return Err(ScopeFault::Empty);
        }
        Ok(Self(grants))
    }
}

impl fmt::Display for Scopes {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (place, grant) in self.0.iter().enumerate() {
            let space = if place == 0 { "" } else { " " };
            match (&grant.room, grant.verb) {
                (None, Verb::Admin) => write!(formatter, "{space}*")?,
                (None, verb) => write!(formatter, "{space}*:{}", verb.word())?,
                (Some(room), verb) => write!(formatter, "{space}{room}:{}", verb.word())?,
            }
        }
        Ok(())
    }
}

impl Grant {
    fn of(word: &str) -> Option<Self> {
        if word == "*" {
            return Some(Self {
                room: None,
                verb: Verb::Admin,
            });
        }
        let (room, verb) = word.split_once(':')?;
        let room = match room {
            "*" => None,
            room if is_room(room) => Some(room.into()),
            _ => return None,
        };
        let verb = match verb {
            "*" => Verb::Admin,
            verb => Verb::of(verb)?,
        };
        Some(Self { room, verb })
    }
}

fn is_room(text: &str) -> bool {
    (1..=32).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_lowercase() || b == b'-')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_verb_includes_those_before_it() {
        let scopes: Scopes = "luna:write, jobs:read".parse().unwrap();
        assert!(
            scopes.allow(Scope::new("luna", Verb::Read))
                && scopes.allow(Scope::new("luna", Verb::Write))
        );
        assert!(
            !scopes.allow(Scope::new("luna", Verb::Admin))
                && !scopes.allow(Scope::new("jobs", Verb::Write))
        );
        assert!(!scopes.allow(Scope::new("lunar", Verb::Read)));
        assert!(Scopes::all().allow(Scope::new("anything", Verb::Admin)));
        let readers: Scopes = "*:read".parse().unwrap();
        assert!(
            readers.allow(Scope::new("luna", Verb::Read))
                && !readers.allow(Scope::new("luna", Verb::Write))
        );
    }

    #[test]
    fn nobody_hands_out_more_than_he_has() {
        let own: Scopes = "luna:write *:read".parse().unwrap();
        for (asked, covered) in [
            ("luna:read", true),
            ("luna:write jobs:read", true),
            ("*:read", true),
            ("luna:admin", false),
            ("*", false),
            ("jobs:write", false),
        ] {
            assert_eq!(own.cover(&asked.parse().unwrap()), covered, "{asked}");
        }
    }

    #[test]
    fn scopes_print_as_they_are_read() {
        for text in ["*", "*:read", "jobs:read luna:admin"] {
            assert_eq!(text.parse::<Scopes>().unwrap().to_string(), text);
        }
        for wrong in [
            "",
            " , ",
            "luna",
            "luna:fly",
            "Luna:read",
            ":read",
            "luna:read:write",
            "../x:read",
        ] {
            assert!(wrong.parse::<Scopes>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn access_is_read_or_closed() {
        assert_eq!(Access::of("public"), Access::Public);
        assert_eq!(Access::of("signed-in"), Access::SignedIn);
        assert_eq!(
            Access::of("luna:write"),
            Access::Scope {
                room: "luna".into(),
                verb: Verb::Write
            }
        );
        for wrong in ["", "luna", "luna:*", "everybody"] {
            assert_eq!(Access::of(wrong), Access::Unstated, "{wrong}");
        }
    }
}
