//! Access tokens that look right and are not.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chassis::check::Trouble;
use ring::hmac;
use serde_json::{Value, json};

/// A secret of the drill's own, which signs the instance's tokens.
pub(super) const SECRET: &str = "proof 7f3a1c94e0b25d68 of readiness, not for use";
/// Some other secret.
const OTHER_SECRET: &str = "proof c05e9b1172fd4a83 that nobody was ever told";

/// A real token, taken apart.
pub(super) struct Token {
    header: Value,
    claims: Value,
}

impl Token {
    pub(super) fn of(token: &str) -> Result<Self, Trouble> {
        let mut parts = token.split('.').map(|part| {
            let bytes = URL_SAFE_NO_PAD.decode(part).ok()?;
            serde_json::from_slice(&bytes).ok()
        });
        let no_token = || Trouble::broke("an access token is no signed JWT");
        Ok(Self {
            header: parts.next().flatten().ok_or_else(no_token)?,
            claims: parts.next().flatten().ok_or_else(no_token)?,
        })
    }

    /// Signed anew, unchanged: it is let in, or forgeries made this way would prove nothing.
    pub(super) fn signed_again(&self) -> String {
        sign(&self.header, &self.claims, SECRET)
    }

    /// Well signed, and ended ten minutes ago.
    pub(super) fn expired(&self) -> String {
        let mut claims = self.claims.clone();
        let issued = claims["iat"].as_i64().unwrap_or_default();
        claims["iat"] = json!(issued - 1500);
        claims["exp"] = json!(issued - 600);
        sign(&self.header, &claims, SECRET)
    }

    /// Well signed, for another service.
    pub(super) fn for_another(&self) -> String {
        let mut claims = self.claims.clone();
        claims["aud"] = json!("another-service");
        sign(&self.header, &claims, SECRET)
    }

    /// The right claims under a secret that the server does not have.
    pub(super) fn signed_by_another(&self) -> String {
        sign(&self.header, &self.claims, OTHER_SECRET)
    }

    /// The right claims, which nobody signed.
    pub(super) fn unsigned(&self) -> String {
        let mut header = self.header.clone();
        header["alg"] = json!("none");
        format!("{}.", joined(&header, &self.claims))
    }
}

/// `alg=none` for a system of which no token is known.
pub(super) fn unsigned_stranger() -> String {
    let header = json!({ "alg": "none", "typ": "JWT" });
    let claims =
        json!({ "sub": "admin", "iat": 1_700_000_000, "exp": 4_000_000_000_u32, "scope": "*" });
    format!("{}.", joined(&header, &claims))
}

fn joined(header: &Value, claims: &Value) -> String {
    let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    format!("{}.{}", part(header), part(claims))
}

fn sign(header: &Value, claims: &Value, secret: &str) -> String {
    let signed = joined(header, claims);
    let key = hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes());
    let tag = hmac::sign(&key, signed.as_bytes());
    format!("{signed}.{}", URL_SAFE_NO_PAD.encode(tag))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_signed_again_is_the_same_and_forgeries_differ() {
        let header = json!({"alg": "HS256", "typ": "at+jwt"});
        let real = sign(
            &header,
            &json!({"aud": "aplomb", "iat": 5000, "exp": 5900}),
            SECRET,
        );
        let token = Token::of(&real).unwrap();
        assert_eq!(token.signed_again(), real);
        for forged in [
            token.expired(),
            token.for_another(),
            token.signed_by_another(),
            token.unsigned(),
        ] {
            assert_ne!(forged, real);
            assert_eq!(forged.split('.').count(), 3);
        }
        assert!(token.unsigned().ends_with('.'));
        assert!(Token::of("ak_live_x").is_err());
    }
}
