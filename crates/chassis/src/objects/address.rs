//! Signed addresses: a file for whoever has the address, until it ends.
//!
//! HMAC-SHA-256 over id, end and name. The keys stand in the database, so that every instance checks what another signed; a
//! new one is made every week and an old one is forgotten once no address of its can be valid any more.

use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{PoisonError, RwLock};
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use ring::hmac;

use super::ObjectId;
use super::store;
use super::tables::signing_key;
use crate::clock::Timestamp;
use crate::data::{DataError, Database};
use crate::id;

/// The longest that an address may be valid.
pub const LONGEST_VALIDITY: Duration = Duration::from_hours(7 * 24);

const ROTATE_EVERY_MS: i64 = 7 * 86_400_000;
/// Rotation and the longest validity, and a day for clocks that differ.
const FORGET_AFTER_MS: i64 = 15 * 86_400_000;

/// Why an address does not open.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Expired {
    /// Its time is over.
    Over,
    /// It was not signed by us, or was changed since.
    Forged,
}

/// The keys.
pub(super) struct Signer {
    /// Newest first.
    keys: RwLock<Vec<SigningKey>>,
    /// The second in which they were last looked for.
    looked: AtomicI64,
}

struct SigningKey {
    id: String,
    created_ms: i64,
    key: hmac::Key,
}

/// The parts of a signed address.
#[derive(Clone, Copy, Debug)]
pub(super) struct Parts<'a> {
    pub(super) key: &'a str,
    pub(super) until: &'a str,
    pub(super) name: &'a str,
    pub(super) signature: &'a str,
}

impl Signer {
    /// Reads the keys; makes the first one.
    pub(super) async fn open(database: &Database) -> Result<Self, DataError> {
        let signer = Self {
            keys: RwLock::new(Vec::new()),
            looked: AtomicI64::new(0),
        };
        signer.refresh(database).await?;
        Ok(signer)
    }

    /// Reads the keys again, and makes a new one where the newest is a week old.
    pub(super) async fn refresh(&self, database: &Database) -> Result<(), DataError> {
        let now = database.clock().now();
        let mut rows = store::signing_keys(database).await?;
        let fresh = rows.first().is_some_and(|row| {
            let made: Option<Timestamp> = row.created_at.parse().ok();
            made.is_some_and(|made| now.unix_ms() - made.unix_ms() < ROTATE_EVERY_MS)
        });
        if !fresh {
            let mut secret = [0_u8; 32];
            getrandom::fill(&mut secret).expect("the system has randomness");
            let row = signing_key::Model {
                id: id::generate(database.clock()).to_string(),
                secret: blake3::Hash::from(secret).to_hex().to_string(),
                created_at: now.to_string(),
            };
            let before = Timestamp::from_unix_ms(now.unix_ms() - FORGET_AFTER_MS).unwrap_or(now);
            store::rotate(database, row, before.to_string()).await?;
            rows = store::signing_keys(database).await?;
        }
        self.hold(rows);
        Ok(())
    }

    fn hold(&self, rows: Vec<signing_key::Model>) {
        let keys = rows.into_iter().filter_map(|row| {
            let made: Timestamp = row.created_at.parse().ok()?;
            Some(SigningKey {
                id: row.id,
                created_ms: made.unix_ms(),
                key: hmac::Key::new(hmac::HMAC_SHA256, row.secret.as_bytes()),
            })
        });
        *self.keys.write().unwrap_or_else(PoisonError::into_inner) = keys.collect();
    }

    /// Path and query of an address for a file.
    pub(super) fn sign(
        &self,
        object: ObjectId,
        name: &str,
        now: Timestamp,
        valid_for: Duration,
    ) -> String {
        let valid_s = valid_for.min(LONGEST_VALIDITY).as_secs().cast_signed();
        let until = now.unix_ms() / 1000 + valid_s;
        let keys = self.keys.read().unwrap_or_else(PoisonError::into_inner);
        let newest = keys.first().expect("opening makes the first key");
        let tag = hmac::sign(&newest.key, &message(object, &until.to_string(), name));
        format!(
            "/api/v1/objects/{object}/signed?key={}&until={until}&name={}&signature={}",
            newest.id,
            utf8_percent_encode(name, NON_ALPHANUMERIC),
            URL_SAFE_NO_PAD.encode(tag)
        )
    }

    /// Whether the key of an address is known here; another instance may have made it since.
    pub(super) fn knows(&self, key: &str) -> bool {
        let keys = self.keys.read().unwrap_or_else(PoisonError::into_inner);
        keys.iter().any(|own| own.id == key)
    }

    /// Reads the keys again, at most once a second: anybody can make up keys.
    pub(super) async fn look_again(&self, database: &Database) -> Result<(), DataError> {
        let second = database.clock().now().unix_ms() / 1000;
        if self.looked.swap(second, Ordering::Relaxed) == second {
            return Ok(());
        }
        let rows = store::signing_keys(database).await?;
        self.hold(rows);
        Ok(())
    }

    /// Checks an address; gives the seconds that are left of it. Its signature is compared in constant time.
    pub(super) fn check(
        &self,
        object: ObjectId,
        parts: Parts<'_>,
        now: Timestamp,
    ) -> Result<u64, Expired> {
        let keys = self.keys.read().unwrap_or_else(PoisonError::into_inner);
        let key = keys
            .iter()
            .find(|own| own.id == parts.key && now.unix_ms() - own.created_ms < FORGET_AFTER_MS);
        let given = URL_SAFE_NO_PAD.decode(parts.signature);
        let (Some(key), Ok(given)) = (key, given) else {
            return Err(Expired::Forged);
        };
        let message = message(object, parts.until, parts.name);
        hmac::verify(&key.key, &message, &given).map_err(|_| Expired::Forged)?;
        let until: i64 = parts.until.parse().map_err(|_| Expired::Forged)?;
        match u64::try_from(until - now.unix_ms() / 1000) {
            Ok(left_s @ 1..) => Ok(left_s),
            _ => Err(Expired::Over),
        }
    }
}

/// What is signed. The name comes last and alone may hold anything, so no two addresses share a message.
fn message(object: ObjectId, until: &str, name: &str) -> Vec<u8> {
    format!("aplomb object 1\n{object}\n{until}\n{name}").into_bytes()
}
