//! The second factor: codes that are good once, and recovery codes for the day when the telephone is lost.

use chassis::clock::Clock;
use reqwest::Method;
use serde_json::{Value, json};
use totp_rs::{Builder, Secret};

use super::{EMAIL, PASSWORD, fault, person};
use crate::data::place::{Place, on_each};
use crate::house::{Running, house};

/// The code that an authenticator shows `steps` steps from now.
fn code(secret: &str, place: &Place, steps: i64) -> String {
    const ALPHABET: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
    let bits = secret.chars().flat_map(|c| {
        let value = ALPHABET.find(c).unwrap();
        (0..5).rev().map(move |bit| value >> bit & 1 == 1)
    });
    let mut bytes = [0_u8; 20];
    for (at, is_set) in bits.enumerate() {
        bytes[at / 8] |= u8::from(is_set) << (7 - at % 8);
    }
    let totp = Builder::new()
        .with_secret(Secret::new_stack(bytes))
        .build()
        .unwrap();
    let seconds = place.clock.now().unix_ms() / 1000 + steps * 30;
    totp.generate(seconds as u64).to_string()
}

async fn with_code(house: &Running, code: &str) -> (u16, String) {
    let body = json!({"email": EMAIL, "password": PASSWORD, "totp": code});
    let answer = house.post("/auth/login", body).await;
    if answer.status() == 200 {
        (200, String::new())
    } else {
        fault(answer).await
    }
}

#[tokio::test]
async fn a_second_factor_is_asked_for_and_each_code_is_good_once() {
    on_each(async |place| {
        let house = house().at(place).start().await;
        person(&house, EMAIL, "member").await;
        let cookie = house.cookie().await;
        let post = async |path: &str, body: Value| {
            house.page(Method::POST, path, &cookie, Some(body)).await
        };

        assert_eq!(
            post("/auth/totp", json!({"password": "wrong password"}))
                .await
                .status(),
            422
        );
        let begun = post("/auth/totp", json!({"password": PASSWORD})).await;
        assert_eq!(begun.headers()["cache-control"], "no-store");
        let begun: Value = begun.json().await.unwrap();
        let secret = begun["secret"].as_str().unwrap();
        let uri = begun["uri"].as_str().unwrap();
        assert!(
            uri.starts_with("otpauth://totp/Aplomb:zoe%40example%2Eorg?secret=")
                && uri.contains(secret),
            "{uri}"
        );
        let svg = begun["qr_svg"].as_str().unwrap();
        assert!(
            svg.starts_with("<svg ") && !svg.contains("<script") && svg.len() < 60_000,
            "{}",
            svg.len()
        );
        // Not confirmed: nothing is asked for.
        assert_eq!(house.sign_in(EMAIL, PASSWORD).await.status(), 200);
        assert_eq!(
            post("/auth/totp/confirm", json!({"code": "000000"}))
                .await
                .status(),
            422
        );
        let confirmed = post(
            "/auth/totp/confirm",
            json!({"code": code(secret, place, 0)}),
        )
        .await;
        assert_eq!(confirmed.status(), 200);
        let confirmed: Value = confirmed.json().await.unwrap();
        let recovery: Vec<&str> = confirmed["recovery_codes"]
            .as_array()
            .unwrap()
            .iter()
            .filter_map(Value::as_str)
            .collect();
        assert_eq!(recovery.len(), 10);
        assert_eq!(
            fault(post("/auth/totp", json!({"password": PASSWORD})).await).await,
            (409, "auth.totp_on".into())
        );

        let wrong = (401, "auth.totp_wrong".to_owned());
        let passed = (200, String::new());
        assert_eq!(
            fault(house.sign_in(EMAIL, PASSWORD).await).await,
            (401, "auth.totp_required".into())
        );
        assert_eq!(
            with_code(&house, &code(secret, place, 0)).await,
            wrong,
            "the confirming code was used"
        );
        assert_eq!(
            with_code(&house, &code(secret, place, 2)).await,
            wrong,
            "two steps ahead"
        );
        assert_eq!(
            with_code(&house, &code(secret, place, 1)).await,
            passed,
            "the device is a little fast"
        );
        assert_eq!(
            with_code(&house, &code(secret, place, 1)).await,
            wrong,
            "once"
        );
        place.clock.advance_ms(120_000);
        assert_eq!(
            with_code(&house, &code(secret, place, -2)).await,
            wrong,
            "two steps behind"
        );
        assert_eq!(
            with_code(&house, &code(secret, place, -1)).await,
            passed,
            "the device is a little slow"
        );
        assert_eq!(with_code(&house, recovery[0]).await, passed);
        assert_eq!(with_code(&house, recovery[0]).await, wrong, "once");
        assert_eq!(
            with_code(&house, &recovery[1].to_uppercase().replace('-', " ")).await,
            passed
        );
        let me = house.page(Method::GET, "/auth/me", &cookie, None).await;
        let me: Value = me.json().await.unwrap();
        assert_eq!(
            (&me["user"]["totp"], &me["user"]["recovery_codes"]),
            (&json!(true), &json!(8))
        );

        assert_eq!(
            post("/auth/totp/disable", json!({"password": "wrong password"}))
                .await
                .status(),
            422
        );
        assert_eq!(
            post("/auth/totp/disable", json!({"password": PASSWORD}))
                .await
                .status(),
            204
        );
        assert_eq!(house.sign_in(EMAIL, PASSWORD).await.status(), 200);
    })
    .await;
}

#[tokio::test]
async fn guessed_codes_lock_the_account_like_guessed_passwords() {
    on_each(async |place| {
        let house = house().at(place).start().await;
        person(&house, EMAIL, "member").await;
        let cookie = house.cookie().await;
        let begun = house
            .page(
                Method::POST,
                "/auth/totp",
                &cookie,
                Some(json!({"password": PASSWORD})),
            )
            .await;
        let secret = begun.json::<Value>().await.unwrap()["secret"]
            .as_str()
            .unwrap()
            .to_owned();
        let body = json!({"code": code(&secret, place, 0)});
        assert_eq!(
            house
                .page(Method::POST, "/auth/totp/confirm", &cookie, Some(body))
                .await
                .status(),
            200
        );
        for _ in 0..5 {
            assert_eq!(with_code(&house, "000000").await.0, 401);
        }
        assert_eq!(
            with_code(&house, &code(&secret, place, 1)).await,
            (429, "auth.locked".into())
        );
        place.clock.advance_ms(60_000);
        assert_eq!(with_code(&house, &code(&secret, place, 0)).await.0, 200);
    })
    .await;
}
