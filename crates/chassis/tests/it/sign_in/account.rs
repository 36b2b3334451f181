//! A new password: changed by its person, or set by a link when it is forgotten.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use chassis::auth::{Letter, Post};
use futures_util::future::BoxFuture;
use reqwest::Method;
use serde_json::json;

use super::{EMAIL, PASSWORD, fault, person};
use crate::data::place::on_each;
use crate::house::house;

const NEW: &str = "an owl over the harbour";

/// Letters, kept.
#[derive(Clone, Default)]
struct Tray(Arc<Mutex<Vec<Letter>>>);

impl Post for Tray {
    fn send(&self, letter: Letter) -> BoxFuture<'static, Result<(), String>> {
        self.0.lock().unwrap().push(letter);
        Box::pin(async { Ok(()) })
    }
}

impl Tray {
    fn of(&self, template: &str) -> Vec<Letter> {
        let letters = self.0.lock().unwrap().clone();
        letters
            .into_iter()
            .filter(|letter| letter.template == template)
            .collect()
    }

    /// The token of letter number `count`, once it has come.
    async fn token(&self, count: usize) -> String {
        let waited = tokio::time::timeout(Duration::from_secs(20), async {
            loop {
                if let Some(letter) = self.of("auth.reset").into_iter().nth(count - 1) {
                    return letter;
                }
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        });
        let letter = waited.await.expect("the letter came");
        assert_eq!((letter.to.as_str(), letter.language.code()), (EMAIL, "fr"));
        let (_, link) = letter
            .arguments
            .iter()
            .find(|(name, _)| *name == "link")
            .unwrap();
        link.strip_prefix("https://aplomb.example.org/reset#")
            .unwrap()
            .to_owned()
    }
}

#[tokio::test]
async fn a_link_sets_a_new_password_once_and_ends_all_sign_ins() {
    on_each(async |place| {
        let tray = Tray::default();
        let house = house()
            .at(place)
            .set("http.public_url", "https://aplomb.example.org/")
            .post(Arc::new(tray.clone()));
        let house = house.start().await;
        person(&house, EMAIL, "member").await;
        let cookie = house.cookie().await;
        let (access, refresh) = house.tokens().await;
        let ask = async |email: &str| {
            house
                .post("/auth/reset", json!({"email": email}))
                .await
                .status()
                .as_u16()
        };
        let set = async |token: &str, password: &str| {
            let answer = house
                .post(
                    "/auth/reset/confirm",
                    json!({"token": token, "password": password}),
                )
                .await;
            if answer.status() == 204 {
                (204, String::new())
            } else {
                fault(answer).await
            }
        };
        let over = (422, "auth.reset_over".to_owned());

        assert_eq!(ask("nobody@example.org").await, 202);
        assert_eq!(ask("Zoe@Example.org").await, 202);
        let token = tray.token(1).await;
        assert_eq!(set("reset_nonsense", NEW).await, over);
        assert_eq!(
            set(&token, "password123").await,
            (422, "http.invalid_field".into())
        );
        // Locked out by somebody: the link lets its person in.
        for _ in 0..5 {
            assert_eq!(house.sign_in(EMAIL, "wrong password").await.status(), 401);
        }
        assert_eq!(set(&token, NEW).await, (204, String::new()));
        assert_eq!(set(&token, NEW).await, over, "once");
        assert_eq!(house.me_by_cookie(&cookie).await, 401, "at once");
        assert_eq!(house.me_by_token(&access).await, 401, "at once");
        assert_eq!(
            house.refreshed(&refresh).await,
            Err((401, "auth.refresh_ended".into()))
        );
        assert_eq!(house.sign_in(EMAIL, NEW).await.status(), 200);
        assert_eq!(house.sign_in(EMAIL, PASSWORD).await.status(), 401);

        // Half an hour, and the newest alone.
        assert_eq!(ask(EMAIL).await, 202);
        let old = tray.token(2).await;
        place.clock.advance_ms(60_001);
        assert_eq!(ask(EMAIL).await, 202);
        let newest = tray.token(3).await;
        assert_eq!(set(&old, NEW).await, over);
        place.clock.advance_ms(30 * 60_000);
        assert_eq!(set(&newest, NEW).await, over);
        assert_eq!(tray.of("auth.reset").len(), 3);
        assert_eq!(tray.of("auth.password_changed").len(), 1);
    })
    .await;
}

#[tokio::test]
async fn one_mail_a_minute_however_often_it_is_asked_for() {
    let tray = Tray::default();
    let house = house()
        .set("http.public_url", "https://aplomb.example.org")
        .post(Arc::new(tray.clone()));
    let house = house.start().await;
    person(&house, EMAIL, "member").await;
    for _ in 0..5 {
        assert_eq!(
            house
                .post("/auth/reset", json!({"email": EMAIL}))
                .await
                .status(),
            202
        );
        tray.token(1).await;
    }
    assert_eq!(tray.of("auth.reset").len(), 1);
}

#[tokio::test]
async fn a_changed_password_ends_the_other_sign_ins() {
    on_each(async |place| {
        let house = house().at(place).start().await;
        person(&house, EMAIL, "member").await;
        let (own, other) = (house.cookie().await, house.cookie().await);
        let (access, refresh) = house.tokens().await;
        let change = async |current: &str, password: &str| {
            let body = json!({"current": current, "password": password});
            house
                .page(Method::POST, "/auth/password", &own, Some(body))
                .await
        };
        for (current, password, field) in [
            ("wrong password", NEW, "current"),
            (PASSWORD, "short", "password"),
            (PASSWORD, "zoe@example.org", "password"),
            (PASSWORD, "Password123!", "password"),
        ] {
            let answer = change(current, password).await;
            assert_eq!(answer.status(), 422);
            assert_eq!(
                answer.json::<serde_json::Value>().await.unwrap()["errors"][0]["field"],
                field
            );
        }
        assert_eq!(change(PASSWORD, NEW).await.status(), 204);
        assert_eq!(house.me_by_cookie(&own).await, 200);
        assert_eq!(house.me_by_cookie(&other).await, 401);
        assert_eq!(house.me_by_token(&access).await, 401);
        assert_eq!(
            house.refreshed(&refresh).await,
            Err((401, "auth.refresh_ended".into()))
        );
        assert_eq!(house.sign_in(EMAIL, NEW).await.status(), 200);
    })
    .await;
}
