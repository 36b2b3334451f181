//! Clients: access tokens of fifteen minutes and refresh tokens that are good once.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;
use reqwest::Method;
use serde_json::{Value, json};

use super::{EMAIL, fault, person};
use crate::data::place::{on_each, on_postgres};
use crate::house::house;

#[tokio::test]
async fn an_access_token_is_good_for_fifteen_minutes() {
    on_each(async |place| {
        let house = house().at(place).start().await;
        person(&house, EMAIL, "member").await;
        let (access, refresh) = house.tokens().await;
        assert!(refresh.starts_with("rt_live_"));
        assert_eq!(house.me_by_token(&access).await, 200);
        place.clock.advance_ms(15 * 60_000 - 1_001);
        assert_eq!(house.me_by_token(&access).await, 200);
        place.clock.advance_ms(1_001);
        let answer = house
            .send(Method::GET, "/auth/me")
            .bearer_auth(&access)
            .send()
            .await
            .unwrap();
        assert_eq!(answer.headers()["www-authenticate"], "Bearer");
        assert_eq!(
            fault(answer).await,
            (401, "auth.invalid_credentials".into())
        );
        let (access, _) = house.refreshed(&refresh).await.unwrap();
        assert_eq!(house.me_by_token(&access).await, 200);
        // A token needs no proof of its page: no browser sends it by itself.
        let answer = house
            .send(Method::DELETE, "/auth/sessions/x")
            .bearer_auth(&access)
            .send()
            .await
            .unwrap();
        assert_eq!(answer.status(), 404);
    })
    .await;
}

#[tokio::test]
async fn a_refresh_token_that_comes_twice_ends_the_family() {
    on_each(async |place| {
        let house = house().at(place).start().await;
        person(&house, EMAIL, "member").await;
        let (_, first) = house.tokens().await;
        let (access, second) = house.refreshed(&first).await.unwrap();
        let (_, third) = house.refreshed(&second).await.unwrap();
        assert_eq!(house.me_by_token(&access).await, 200);
        // The second was used, so even within the seconds for a lost answer the first is a copy.
        assert_eq!(
            house.refreshed(&first).await,
            Err((401, "auth.refresh_reused".into()))
        );
        assert_eq!(house.me_by_token(&access).await, 401, "at once");
        assert_eq!(
            house.refreshed(&third).await,
            Err((401, "auth.refresh_ended".into()))
        );
    })
    .await;
}

#[tokio::test]
async fn a_lost_answer_costs_no_sign_in_and_helps_no_thief() {
    on_each(async |place| {
        let house = house().at(place).start().await;
        person(&house, EMAIL, "member").await;
        let (_, first) = house.tokens().await;
        let (_, lost) = house.refreshed(&first).await.unwrap();
        place.clock.advance_ms(9_000);
        let (_, again) = house.refreshed(&first).await.unwrap();
        let (access, next) = house.refreshed(&again).await.unwrap();
        assert_eq!(house.me_by_token(&access).await, 200);
        // Whoever has the answer that was lost has copied it.
        assert_eq!(
            house.refreshed(&lost).await,
            Err((401, "auth.refresh_reused".into()))
        );
        assert_eq!(
            house.refreshed(&next).await,
            Err((401, "auth.refresh_ended".into()))
        );

        let (_, first) = house.tokens().await;
        house.refreshed(&first).await.unwrap();
        place.clock.advance_ms(11_000);
        assert_eq!(
            house.refreshed(&first).await,
            Err((401, "auth.refresh_reused".into()))
        );
    })
    .await;
}

#[tokio::test]
async fn of_many_exchanges_at_once_no_two_families_are_born() {
    on_each(async |place| {
        let house = house().at(place).start().await;
        person(&house, EMAIL, "member").await;
        let (_, first) = house.tokens().await;
        let all = futures_util::future::join_all((0..6).map(|_| house.refreshed(&first))).await;
        let mut given: Vec<_> = all.into_iter().flatten().collect();
        assert!((1..=2).contains(&given.len()), "{}", given.len());
        let mut alive = 0;
        while let Some((_, token)) = given.pop() {
            alive += usize::from(house.refreshed(&token).await.is_ok());
        }
        assert!(alive <= 1);
    })
    .await;
}

#[tokio::test]
async fn signing_out_ends_the_access_token_too() {
    on_each(async |place| {
        let house = house().at(place).start().await;
        person(&house, EMAIL, "member").await;
        let (access, refresh) = house.tokens().await;
        let out = house
            .send(Method::POST, "/auth/logout")
            .bearer_auth(&access)
            .send()
            .await
            .unwrap();
        assert_eq!(out.status(), 204);
        assert_eq!(house.me_by_token(&access).await, 401);
        assert_eq!(
            house.refreshed(&refresh).await,
            Err((401, "auth.refresh_ended".into()))
        );
        // Without a living access token, by the refresh token.
        let (access, refresh) = house.tokens().await;
        for _ in 0..2 {
            let out = house
                .post("/auth/logout", json!({"refresh_token": refresh}))
                .await;
            assert_eq!(out.status(), 204);
        }
        assert_eq!(house.me_by_token(&access).await, 401);
    })
    .await;
}

#[tokio::test]
async fn a_client_that_rests_too_long_signs_in_again() {
    const DAY_MS: i64 = 86_400_000;
    on_each(async |place| {
        let house = house().at(place).start().await;
        person(&house, EMAIL, "member").await;
        let (_, mut token) = house.tokens().await;
        for _ in 0..6 {
            place.clock.advance_ms(13 * DAY_MS);
            token = house.refreshed(&token).await.unwrap().1;
        }
        place.clock.advance_ms(13 * DAY_MS);
        let ended = Err((401, "auth.refresh_ended".to_owned()));
        assert_eq!(house.refreshed(&token).await, ended, "ninety days are over");
        let (_, token) = house.tokens().await;
        place.clock.advance_ms(14 * DAY_MS);
        assert_eq!(house.refreshed(&token).await, ended);
    })
    .await;
}

#[tokio::test]
async fn forged_tokens_are_refused() {
    let house = house().start().await;
    person(&house, EMAIL, "member").await;
    let (access, refresh) = house.tokens().await;
    let parts: Vec<&str> = access.split('.').collect();
    let header: Value = serde_json::from_slice(&BASE64.decode(parts[0]).unwrap()).unwrap();
    assert_eq!(
        (&header["alg"], &header["typ"]),
        (&json!("HS256"), &json!("at+jwt"))
    );
    assert!(header["kid"].is_string());
    let unsigned = BASE64.encode(header.to_string().replace("HS256", "none"));
    let mut claims: Value = serde_json::from_slice(&BASE64.decode(parts[1]).unwrap()).unwrap();
    claims["exp"] = json!(9_999_999_999_u64);
    let longer = BASE64.encode(claims.to_string());
    for forged in [
        format!("{unsigned}.{}.", parts[1]),
        format!("{unsigned}.{}.{}", parts[1], parts[2]),
        format!("{}.{longer}.{}", parts[0], parts[2]),
        format!("{}.{}.", parts[0], parts[1]),
        refresh,
        "..".to_owned(),
        format!(
            "{}.{}.{}",
            "a".repeat(3_000),
            "b".repeat(500),
            "c".repeat(500)
        ),
    ] {
        assert_eq!(house.me_by_token(&forged).await, 401, "{forged}");
    }
    assert_eq!(house.me_by_token(&access).await, 200);
}

#[tokio::test]
async fn instances_on_one_database_share_sign_ins_and_their_end() {
    on_postgres(async |place| {
        let (one, two) = (
            house().at(place).start().await,
            house().at(place).start().await,
        );
        person(&one, EMAIL, "member").await;
        let cookie = one.cookie().await;
        let (access, refresh) = one.tokens().await;
        // Opened at one, good at the other: also the signature, by the secret in the database.
        assert_eq!(two.me_by_cookie(&cookie).await, 200);
        assert_eq!(two.me_by_token(&access).await, 200);
        let (access, second) = two.refreshed(&refresh).await.unwrap();
        assert_eq!(one.me_by_token(&access).await, 200);
        // Reuse is seen wherever it happens, once the successor has been used.
        let (access, third) = one.refreshed(&second).await.unwrap();
        assert_eq!(two.me_by_token(&access).await, 200);
        assert_eq!(
            two.refreshed(&refresh).await,
            Err((401, "auth.refresh_reused".into()))
        );
        assert_eq!(
            two.me_by_token(&access).await,
            401,
            "at once where it was seen"
        );
        assert_eq!(
            one.refreshed(&third).await,
            Err((401, "auth.refresh_ended".into())),
            "at once for refresh"
        );
        // Ended at the other: at once there, within five seconds here.
        assert_eq!(
            two.page(Method::POST, "/auth/logout", &cookie, None)
                .await
                .status(),
            204
        );
        assert_eq!(two.me_by_cookie(&cookie).await, 401);
        let until = std::time::Instant::now() + std::time::Duration::from_secs(7);
        for dead in [true, false] {
            loop {
                let status = if dead {
                    one.me_by_cookie(&cookie).await
                } else {
                    one.me_by_token(&access).await
                };
                if status == 401 {
                    break;
                }
                assert!(
                    std::time::Instant::now() < until,
                    "still open after the promised time"
                );
                tokio::time::sleep(std::time::Duration::from_millis(100)).await;
            }
        }
    })
    .await;
}
