//! Access tokens: JWT of fifteen minutes, signed with HS256.
//!
//! `jsonwebtoken` reads and writes them; the two lines of cryptography come from `ring`, which the TLS stack brings anyway.

use std::sync::Once;
use std::time::Duration;

use jsonwebtoken::crypto::{CryptoProvider, JwtSigner, JwtVerifier, KeyUtils};
use jsonwebtoken::errors::{ErrorKind, Result as JwtResult};
use jsonwebtoken::signature::{self, Signer, Verifier};
use jsonwebtoken::{Algorithm, DecodingKey, DecodingKeyKind, EncodingKey, Header, Validation};
use ring::hmac;
use sea_orm::{ActiveValue::Set, EntityTrait, QueryOrder};
use serde::{Deserialize, Serialize};

use super::tables::sign_in::signing_key;
use super::{SessionId, UserId, WorkspaceId, keys};
use crate::clock::Timestamp;
use crate::config;
use crate::data::{DataError, Database};

/// How long an access token opens doors.
pub(super) const LIFE: Duration = Duration::from_mins(15);

const ISSUER: &str = "aplomb";
/// RFC 9068: what keeps another kind of JWT from passing for an access token.
const KIND: &str = "at+jwt";

/// What an access token says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Claims {
    iss: String,
    aud: String,
    /// The person.
    pub sub: UserId,
    /// The sign-in that it belongs to: ending that ends the token.
    pub sid: SessionId,
    /// The workspace that was chosen at sign-in.
    pub workspace: WorkspaceId,
    iat: i64,
    exp: i64,
}

/// The secrets that sign, the one in use first.
pub struct Keyring(Vec<Key>);

struct Key {
    id: String,
    signs: EncodingKey,
    checks: DecodingKey,
}

impl Keyring {
    /// The configured secrets, or the one that the database keeps, which is made where there is none.
    pub(super) async fn load(
        database: &Database,
        config: &config::Auth,
    ) -> Result<Self, DataError> {
        let configured = [&config.secret, &config.previous_secret];
        let secrets: Vec<_> = configured
            .into_iter()
            .flatten()
            .map(|secret| secret.expose().to_owned())
            .collect();
        let secrets = if config.secret.is_some() {
            secrets
        } else {
            kept_secrets(database).await?
        };
        let secrets: Vec<&str> = secrets.iter().map(String::as_str).collect();
        Ok(Self::of(&secrets))
    }

    /// Of these secrets, the one that signs first.
    pub fn of(secrets: &[&str]) -> Self {
        install_provider();
        Self(secrets.iter().map(|secret| Key::new(secret)).collect())
    }

    /// A token for one sign-in.
    pub fn sign(
        &self,
        user: UserId,
        session: SessionId,
        workspace: WorkspaceId,
        now: Timestamp,
    ) -> String {
        let iat = now.unix_ms().div_euclid(1000);
        let claims = Claims {
            iss: ISSUER.to_owned(),
            aud: ISSUER.to_owned(),
            sub: user,
            sid: session,
            workspace,
            iat,
            exp: iat + LIFE.as_secs().cast_signed(),
        };
        let key = &self.0[0];
        let header = Header {
            typ: Some(KIND.to_owned()),
            kid: Some(key.id.clone()),
            ..Header::new(Algorithm::HS256)
        };
        jsonwebtoken::encode(&header, &claims, &key.signs).expect("plain data and a key for HS256")
    }

    /// What a token of ours says, where it is one, unchanged and of these fifteen minutes.
    pub fn check(&self, token: &str, now: Timestamp) -> Option<Claims> {
        let header = jsonwebtoken::decode_header(token).ok()?;
        if header.typ.as_deref() != Some(KIND) || header.crit.is_some() {
            return None;
        }
        let key = self
            .0
            .iter()
            .find(|key| Some(&key.id) == header.kid.as_ref())?;
        // One algorithm: `none`, and a public key taken for a secret, find no way in.
        let mut validation = Validation::new(Algorithm::HS256);
        validation.set_issuer(&[ISSUER]);
        validation.set_audience(&[ISSUER]);
        validation.set_required_spec_claims(&["exp", "iss", "aud", "sub"]);
        // The library would ask the machine's clock; ours is asked below.
        validation.validate_exp = false;
        let claims = jsonwebtoken::decode::<Claims>(token, &key.checks, &validation)
            .ok()?
            .claims;
        (now.unix_ms() < claims.exp.saturating_mul(1000)).then_some(claims)
    }
}

impl Key {
    fn new(secret: &str) -> Self {
        Self {
            // Names the secret without telling it.
            id: keys::hex(&blake3::derive_key(
                "aplomb 2026 signing key id",
                secret.as_bytes(),
            ))[..16]
                .to_owned(),
            signs: EncodingKey::from_secret(secret.as_bytes()),
            checks: DecodingKey::from_secret(secret.as_bytes()),
        }
    }
}

/// The secrets in the database, the newest first. Instances that start together agree on one by its fixed id.
async fn kept_secrets(database: &Database) -> Result<Vec<String>, DataError> {
    let kept = || signing_key::Entity::find().order_by_desc(signing_key::Column::CreatedAt);
    let rows = kept().all(database.read()).await?;
    let rows = if rows.is_empty() {
        let row = signing_key::ActiveModel {
            id: Set("first".to_owned()),
            secret: Set(keys::generate("")),
            created_at: Set(database.clock().now().to_string()),
        };
        database
            .write(move |tx| {
                Box::pin(async move {
                    signing_key::Entity::insert(row)
                        .on_conflict_do_nothing_on([signing_key::Column::Id])
                        .exec_without_returning(tx)
                        .await?;
                    Ok::<_, DataError>(())
                })
            })
            .await?;
        kept().all(database.read()).await?
    } else {
        rows
    };
    if rows.is_empty() {
        return Err(DataError::Lost("the signing key".to_owned()));
    }
    Ok(rows.into_iter().map(|row| row.secret).collect())
}

/// Once a process: the library keeps one provider.
fn install_provider() {
    static ONCE: Once = Once::new();
    static PROVIDER: CryptoProvider = CryptoProvider {
        signer_factory: |algorithm, key| Ok(Box::new(Hs256::new(*algorithm, key.as_bytes())?)),
        verifier_factory: |algorithm, key| match key.kind() {
            DecodingKeyKind::SecretOrDer(secret) => Ok(Box::new(Hs256::new(*algorithm, secret)?)),
            DecodingKeyKind::RsaModulusExponent { .. } => Err(ErrorKind::InvalidKeyFormat.into()),
        },
        key_utils: KeyUtils::new_unimplemented(),
    };
    ONCE.call_once(|| {
        // Refused only where a provider stands already, and we alone install one.
        let _ = PROVIDER.install_default();
    });
}

struct Hs256(hmac::Key);

impl Hs256 {
    fn new(algorithm: Algorithm, secret: &[u8]) -> JwtResult<Self> {
        if algorithm != Algorithm::HS256 {
            return Err(ErrorKind::InvalidAlgorithm.into());
        }
        Ok(Self(hmac::Key::new(hmac::HMAC_SHA256, secret)))
    }
}

impl Signer<Vec<u8>> for Hs256 {
    fn try_sign(&self, message: &[u8]) -> Result<Vec<u8>, signature::Error> {
        Ok(hmac::sign(&self.0, message).as_ref().to_vec())
    }
}

impl Verifier<Vec<u8>> for Hs256 {
    fn verify(&self, message: &[u8], tag: &Vec<u8>) -> Result<(), signature::Error> {
        // In constant time.
        hmac::verify(&self.0, message, tag).map_err(|_| signature::Error::new())
    }
}

impl JwtSigner for Hs256 {
    fn algorithm(&self) -> Algorithm {
        Algorithm::HS256
    }
}

impl JwtVerifier for Hs256 {
    fn algorithm(&self) -> Algorithm {
        Algorithm::HS256
    }
}

#[cfg(test)]
mod tests {
    use base64::Engine as _;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;

    use super::*;
    use crate::clock::{Clock as _, SystemClock};

    const SECRET: &str = "0123456789abcdefghijklmnopqrstuv";

    fn token(ring: &Keyring, now: Timestamp) -> String {
        let (user, session) = (
            UserId::generate(&SystemClock),
            SessionId::generate(&SystemClock),
        );
        ring.sign(user, session, WorkspaceId::generate(&SystemClock), now)
    }

    #[test]
    fn a_token_is_taken_for_fifteen_minutes() {
        let ring = Keyring::of(&[SECRET]);
        let now = SystemClock.now();
        let token = token(&ring, now);
        let later = |ms| Timestamp::from_unix_ms(now.unix_ms() + ms).unwrap();
        assert!(ring.check(&token, now).is_some());
        assert!(ring.check(&token, later(14 * 60_000 + 59_000)).is_some());
        assert!(ring.check(&token, later(15 * 60_000)).is_none());
    }

    #[test]
    fn other_algorithms_and_changed_tokens_are_refused() {
        let ring = Keyring::of(&[SECRET]);
        let now = SystemClock.now();
        let token = token(&ring, now);
        let parts: Vec<&str> = token.split('.').collect();
        let kid = &ring.0[0].id;
        let with_header = |header: String, sign: bool| {
            let message = format!("{}.{}", BASE64.encode(header), parts[1]);
            let key = hmac::Key::new(hmac::HMAC_SHA256, SECRET.as_bytes());
            let tag = hmac::sign(&key, message.as_bytes());
            let tag = if sign {
                BASE64.encode(tag.as_ref())
            } else {
                String::new()
            };
            format!("{message}.{tag}")
        };
        let good = format!(r#"{{"typ":"at+jwt","alg":"HS256","kid":"{kid}"}}"#);
        assert!(ring.check(&with_header(good.clone(), true), now).is_some());
        for header in [
            good.replace("HS256", "none"),
            good.replace("HS256", "None"),
            good.replace("HS256", "HS384"),
            good.replace("HS256", "RS256"),
            good.replace("at+jwt", "JWT"),
            good.replace(kid, "0000000000000000"),
            good.replace('}', r#","crit":["exp"]}"#),
        ] {
            assert!(
                ring.check(&with_header(header.clone(), true), now)
                    .is_none(),
                "{header}"
            );
        }
        assert!(
            ring.check(&with_header(good.replace("HS256", "none"), false), now)
                .is_none()
        );
        assert!(ring.check(&with_header(good, false), now).is_none());
        let other = Keyring::of(&["another secret of thirty-two bytes"]);
        assert!(other.check(&token, now).is_none());
        for wrong in [
            "",
            "..",
            "a.b.c",
            &format!("{token}x"),
            &token[..token.len() - 1],
        ] {
            assert!(ring.check(wrong, now).is_none(), "{wrong}");
        }
    }

    #[test]
    fn the_secret_before_still_checks_after_a_change() {
        let now = SystemClock.now();
        let old = token(&Keyring::of(&[SECRET]), now);
        let changed = Keyring::of(&["another secret of thirty-two bytes", SECRET]);
        assert!(changed.check(&old, now).is_some());
        assert!(
            Keyring::of(&[SECRET])
                .check(&token(&changed, now), now)
                .is_none()
        );
    }
}
