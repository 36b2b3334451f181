//! Identifiers: ULIDs, one type for each kind of thing, so that one cannot be taken for another.

/// Makes a newtype over [`ulid::Ulid`] that prints, parses and serialises as its 26 characters.
#[macro_export]
macro_rules! id_type {
    ($(#[$about:meta])* $name:ident) => {
        $(#[$about])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(pub $crate::id::Ulid);

        impl $name {
            /// A new one: it sorts after those of earlier moments of this clock.
            pub fn generate(clock: &dyn $crate::clock::Clock) -> Self {
                Self($crate::id::generate(clock))
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                self.0.fmt(formatter)
            }
        }

        impl std::str::FromStr for $name {
            type Err = $crate::id::IdFault;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                $crate::id::parse(text).map(Self)
            }
        }

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(&self.0)
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = <std::borrow::Cow<'de, str> as serde::Deserialize>::deserialize(deserializer)?;
                text.parse().map_err(serde::de::Error::custom)
            }
        }

        impl utoipa::PartialSchema for $name {
            fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::schema::Schema> {
                $crate::id::schema()
            }
        }

        impl utoipa::ToSchema for $name {}
    };
}

pub use ulid::Ulid;

use std::sync::{Mutex, PoisonError};

use crate::clock::Clock;

/// What is no identifier.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not an identifier: 26 characters of 0-9 and A-Z without I, L, O, U")]
pub struct IdFault;

/// A ULID of this clock's moment. Within a millisecond each is greater than the one before, by a step that nobody can guess.
pub fn generate(clock: &dyn Clock) -> Ulid {
    static LAST: Mutex<Ulid> = Mutex::new(Ulid::nil());
    // A clock before 1970 gives ids that sort first; they stay unique by their random part.
    let ms = u64::try_from(clock.now().unix_ms()).unwrap_or(0);
    let chance = Ulid::generate().random();
    let mut last = LAST.lock().unwrap_or_else(PoisonError::into_inner);
    *last = after(*last, Ulid::from_parts(ms, chance));
    *last
}

/// A fresh id, or one beyond the last of the same moment by up to 2^48.
fn after(last: Ulid, fresh: Ulid) -> Ulid {
    if last.timestamp_ms() != fresh.timestamp_ms() {
        return fresh;
    }
    let step = (fresh.random() & ((1 << 48) - 1)) + 1;
    let next = last.random() + step;
    // Beyond 80 bits the random part would run into the time: then chance alone must do.
    if next >> Ulid::RAND_BITS == 0 {
        Ulid::from_parts(fresh.timestamp_ms(), next)
    } else {
        fresh
    }
}

/// Reads the one spelling that we write: upper case, no aliases, so that equal ids are equal texts.
pub fn parse(text: &str) -> Result<Ulid, IdFault> {
    let id: Ulid = text.parse().map_err(|_| IdFault)?;
    if id.to_string() == text {
        Ok(id)
    } else {
        Err(IdFault)
    }
}

/// BLAKE3 of some bytes, in hexadecimal: what contents are known by.
pub fn blake3_hex(bytes: &[u8]) -> String {
    blake3::hash(bytes).to_hex().to_string()
}

/// How an identifier stands in the OpenAPI document.
pub fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::schema::Schema> {
    use utoipa::openapi::schema::{ObjectBuilder, Type};
    ObjectBuilder::new()
        .schema_type(Type::String)
        .pattern(Some("^[0-7][0-9A-HJKMNP-TV-Z]{25}$"))
        .examples([serde_json::json!("01KAH8W7Q2M4ZB6T9X3F5R0VCD")])
        .into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_of_one_moment_are_in_order() {
        let fresh = |ms, chance| Ulid::from_parts(ms, chance);
        let low = after(fresh(6, 9), fresh(7, 1 << 60));
        assert_eq!(low, fresh(7, 1 << 60), "another moment");
        let next = after(low, fresh(7, 5));
        assert_eq!(next, fresh(7, (1 << 60) + 6), "the same moment");
        let top = fresh(7, (1 << 80) - 1);
        assert_eq!(after(top, fresh(7, 5)), fresh(7, 5), "no room left");
    }

    #[test]
    fn only_the_written_form_is_read() {
        let id = Ulid::generate();
        assert_eq!(parse(&id.to_string()), Ok(id));
        assert_eq!(parse(&id.to_string().to_lowercase()), Err(IdFault));
        for wrong in [
            "",
            "01",
            "8ZZZZZZZZZZZZZZZZZZZZZZZZZ",
            "01KAH8W7Q2M4ZB6T9X3F5R0VCÉ",
        ] {
            assert_eq!(parse(wrong), Err(IdFault), "{wrong}");
        }
    }
}
