//! Passwords: which are taken, how they are kept, how one is compared.

use std::sync::OnceLock;

use argon2::password_hash::{PasswordHasher, PasswordVerifier};
use argon2::{Algorithm, Argon2, Params, Version};
use unicode_normalization::UnicodeNormalization;

use crate::http::problem::FieldProblem;
use crate::task::{self, HeavyFault};

/// Fewest characters of a password.
pub const SHORTEST: usize = 10;
/// Most characters of a password.
pub const LONGEST: usize = 128;

/// What is compared at sign-in may be longer than what is taken, within this: a bound on work, not a rule.
pub(super) const MOST_CHARACTERS: usize = 1024;

/// Passwords and words that are tried first, lower case. Words are here without the digits and signs around them.
const COMMON: &str = include_str!("password/common.txt");

/// OWASP's "Password Storage Cheat Sheet": Argon2id with 19 MiB, two passes, one lane.
const MEMORY_KIB: u32 = 19 * 1024;
const PASSES: u32 = 2;
const LANES: u32 = 1;

/// Hashes a password for keeping: Argon2id in the PHC string format. Check the rules first.
pub async fn hash(password: &str) -> Result<String, HeavyFault> {
    let password = normalised(password);
    task::heavy_at_the_door(move || hashed(&password)).await
}

/// Whether the password is the one that was hashed. `None` takes the same time and is false: where nobody has an address,
/// the answer comes as late as where somebody does.
pub async fn verify(password: &str, hash: Option<&str>) -> Result<bool, HeavyFault> {
    if password.len() > 4 * MOST_CHARACTERS {
        return Ok(false);
    }
    let password = normalised(password);
    let hash = hash.map(str::to_owned);
    task::heavy_at_the_door(move || {
        let kept = hash.as_deref().unwrap_or_else(|| nobodys());
        let fits = hasher().verify_password(password.as_bytes(), kept).is_ok();
        fits && hash.is_some()
    })
    .await
}

/// Refuses a password that is too short, too long, the person's own name or address, or one that is tried first.
pub fn check_rules(
    field: &str,
    password: &str,
    email: &str,
    name: &str,
) -> Result<(), FieldProblem> {
    let fault = |code, arguments| Err(FieldProblem::new(field, code, arguments));
    let length = password.nfkc().take(LONGEST + 1).count();
    if !(SHORTEST..=LONGEST).contains(&length) {
        let range = vec![
            ("minimum", SHORTEST.to_string()),
            ("maximum", LONGEST.to_string()),
        ];
        return fault("auth.password_length", range);
    }
    let lower = normalised(password).to_lowercase();
    let letters = letters(&lower);
    let is_own = |word: &str| {
        let word = normalised(word).to_lowercase();
        lower == word || (!letters.is_empty() && letters == self::letters(&word))
    };
    let local_part = email.split('@').next().unwrap_or(email);
    if is_own(email) || is_own(local_part) || is_own(name) {
        return fault("auth.password_own", Vec::new());
    }
    let mut seen: Vec<char> = lower.chars().collect();
    seen.sort_unstable();
    seen.dedup();
    // The core of `Password123!`: what is added in front and behind does not stop anybody.
    let core = lower.trim_matches(|c: char| !c.is_alphabetic());
    let is_common = |text: &str| COMMON.lines().any(|common| common == text);
    if seen.len() < 5 || is_common(&lower) || is_common(core) || is_common(&letters) {
        return fault("auth.password_common", Vec::new());
    }
    Ok(())
}

/// NFKC (NIST SP 800-63B, 3.1.1.2): the same letters typed on another system are the same password.
fn normalised(text: &str) -> String {
    text.nfkc().collect()
}

fn letters(text: &str) -> String {
    text.chars().filter(|c| c.is_alphabetic()).collect()
}

fn hasher() -> Argon2<'static> {
    let params = Params::new(MEMORY_KIB, PASSES, LANES, None).expect("within Argon2's ranges");
    Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
}

fn hashed(password: &str) -> String {
    let mut salt = [0_u8; 16];
    getrandom::fill(&mut salt).expect("the system has randomness");
    hasher()
        .hash_password_with_salt(password.as_bytes(), &salt)
        .expect("a password is far below Argon2's longest")
        .to_string()
}

/// A hash that nobody's password has, for the comparison that must fail.
fn nobodys() -> &'static str {
    static HASH: OnceLock<String> = OnceLock::new();
    HASH.get_or_init(|| hashed("nobody's"))
}

/// Takes the time of the first such hash at the start and not at the first stranger's request.
pub(super) async fn warm_up() -> Result<(), HeavyFault> {
    task::heavy_at_the_door(|| {
        nobodys();
    })
    .await
}

#[cfg(test)]
mod tests {
    use super::*;

    fn code(password: &str) -> Option<&'static str> {
        check_rules("password", password, "zoe.martin@example.org", "Zoé Martin")
            .err()
            .map(|fault| fault.code)
    }

    #[test]
    fn weak_passwords_are_refused_and_others_taken() {
        for short_or_long in ["", "short", "123456789", &"x7".repeat(65)] {
            assert_eq!(code(short_or_long), Some("auth.password_length"));
        }
        for own in [
            "zoe.martin",
            "Zoe.Martin@example.org",
            "ZOÉ MARTIN 1987",
            "zoe.martin2026!",
        ] {
            assert_eq!(code(own), Some("auth.password_own"), "{own}");
        }
        for common in [
            "1234567890",
            "Password123!",
            "azertyuiop",
            "MotDePasse2026",
            "qwertyuiop",
            "aaaaaaaaaaaa",
            "abababababab",
            "passwordpassword",
        ] {
            assert_eq!(code(common), Some("auth.password_common"), "{common}");
        }
        for taken in [
            "correct horse battery",
            "tr0ub4dor&3x",
            "ééèèààùùçç",
            "🦊 dans la neige",
        ] {
            assert_eq!(code(taken), None, "{taken}");
        }
    }

    #[test]
    fn length_counts_characters() {
        assert_eq!(code(&"éàçùœ".repeat(25)), None);
        assert_eq!(code(&"éàçùœ".repeat(26)), Some("auth.password_length"));
    }

    #[tokio::test]
    async fn a_password_is_kept_as_argon2id_with_the_advised_work() {
        let kept = hash("correct horse battery").await.unwrap();
        assert!(
            kept.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"),
            "{kept}"
        );
        assert_ne!(kept, hash("correct horse battery").await.unwrap());
        assert!(verify("correct horse battery", Some(&kept)).await.unwrap());
        assert!(!verify("correct horse batterx", Some(&kept)).await.unwrap());
        assert!(!verify("nobody's", None).await.unwrap());
        // Composed or not, the letters are the same.
        let accents = hash("d\u{e9}j\u{e0} vu encore").await.unwrap();
        assert!(
            verify("de\u{301}ja\u{300} vu encore", Some(&accents))
                .await
                .unwrap()
        );
    }
}
