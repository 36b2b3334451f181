//! The installation's secret, from which the keys of uploads are made. It stands in the database, so that every instance reads
//! what another sealed; the sealed bytes stand in the object store.

use chassis::data::{DataError, Database};
use ring::hkdf::{HKDF_SHA256, KeyType, Salt};

use super::Key;
use crate::store::{self, RecordingId};

/// What the keys of uploads are made from.
#[derive(Clone)]
pub(crate) struct Secret([u8; 32]);

/// Its name among the marks.
const NAME: &str = "quarantine";

struct Bytes32;

impl KeyType for Bytes32 {
    fn len(&self) -> usize {
        32
    }
}

impl Secret {
    /// Reads it; makes it the first time.
    pub(crate) async fn open(database: &Database) -> Result<Self, DataError> {
        let malformed = || DataError::Malformed {
            column: "nightscan_mark.value",
        };
        let value = if let Some(value) = store::mark(database, NAME).await? {
            value
        } else {
            store::make_mark(database, NAME, hex(&random())).await?
        };
        blake3::Hash::from_hex(value.as_bytes())
            .map(|hash| Self(*hash.as_bytes()))
            .map_err(|_| malformed())
    }

    /// The key of an upload, from its salt in hexadecimal; none where that is no salt.
    pub(crate) fn key(&self, recording: RecordingId, salt: &str) -> Option<Key> {
        let salt = blake3::Hash::from_hex(salt.as_bytes()).ok()?;
        let made = Salt::new(HKDF_SHA256, salt.as_bytes()).extract(&self.0);
        let about = recording.to_string();
        let info = [b"nightscan quarantine".as_slice(), about.as_bytes()];
        let mut bytes = [0_u8; 32];
        made.expand(&info, Bytes32)
            .and_then(|made| made.fill(&mut bytes))
            .expect("32 bytes are within what HKDF gives");
        Some(Key::of(&bytes))
    }
}

/// A salt for a new upload, in hexadecimal.
pub(crate) fn salt() -> String {
    hex(&random())
}

fn random() -> [u8; 32] {
    let mut bytes = [0_u8; 32];
    getrandom::fill(&mut bytes).expect("the system has randomness");
    bytes
}

fn hex(bytes: &[u8; 32]) -> String {
    blake3::Hash::from(*bytes).to_hex().to_string()
}

#[cfg(test)]
mod tests {
    use chassis::clock::SystemClock;

    use super::*;

    #[test]
    fn each_upload_and_each_salt_has_a_key_of_its_own() {
        let secret = Secret([3; 32]);
        let (one, other) = (
            RecordingId::generate(&SystemClock),
            RecordingId::generate(&SystemClock),
        );
        let (salt, second) = (salt(), salt());
        let sealed = |id, salt: &str| {
            let key = secret.key(id, salt).unwrap();
            key.seal(0, true, b"owl".to_vec())
        };
        assert_eq!(sealed(one, &salt), sealed(one, &salt));
        assert_ne!(sealed(one, &salt), sealed(other, &salt));
        assert_ne!(sealed(one, &salt), sealed(one, &second));
        assert!(secret.key(one, "no salt").is_none());
    }
}
