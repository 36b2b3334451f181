//! The secret that signs tokens.

use chassis::config::{ConfigFile, Override, Sources, load};

use super::{EMAIL, person};
use crate::house::house;

fn faults(profile: &str, key: &str, secret: &str) -> Vec<String> {
    let sources = Sources {
        file: ConfigFile::None,
        flags: vec![
            Override::new("--profile", "profile", profile),
            Override::new("--secret", key, secret),
        ],
        ..Sources::default()
    };
    match load(&sources) {
        Ok(_) => Vec::new(),
        Err(faults) => faults.iter().map(ToString::to_string).collect(),
    }
}

#[test]
fn production_refuses_a_secret_that_can_be_guessed() {
    for key in ["auth.secret", "auth.previous_secret"] {
        for weak in ["changeme", "0123456789abcdef", &"ab".repeat(40)] {
            let faults = faults("production", key, weak);
            assert!(
                faults
                    .iter()
                    .any(|fault| fault.contains(key) && fault.contains("guessable")),
                "{faults:?}"
            );
            assert!(
                !faults.iter().any(|fault| fault.contains(weak)),
                "{faults:?}"
            );
        }
        let good = faults("production", key, "8Jq2vXw0cT5nRz7LkYb3HsFdPmGaUe1i");
        assert!(!good.iter().any(|fault| fault.contains(key)), "{good:?}");
        assert!(faults("development", key, "changeme").is_empty());
    }
}

#[tokio::test]
async fn a_configured_secret_signs_in_place_of_the_kept_one() {
    let (one, two) = (
        house().set("auth.secret", "first"),
        house().set("auth.secret", "second"),
    );
    let (one, two) = (one.start().await, two.start().await);
    person(&one, EMAIL, "member").await;
    let (access, _) = one.tokens().await;
    assert_eq!(one.me_by_token(&access).await, 200);
    assert_eq!(two.me_by_token(&access).await, 401);
}
