//! Invitations: by mail or by hand, accepted once, by new people and by those who have an account.

use std::sync::{Arc, Mutex};

use chassis::auth::{Letter, Post};
use futures_util::future::BoxFuture;
use reqwest::Method;
use serde_json::{Value, json};

use super::{answered, invite, token_of};
use crate::data::place::on_each;
use crate::house::house;
use crate::sign_in::{PASSWORD, fault};

const NEW: &str = "new@example.org";

#[derive(Clone, Default)]
struct Tray(Arc<Mutex<Vec<Letter>>>);

impl Post for Tray {
    fn send(&self, letter: Letter) -> BoxFuture<'static, Result<(), String>> {
        self.0.lock().unwrap().push(letter);
        Box::pin(async { Ok(()) })
    }
}

#[tokio::test]
async fn an_invitation_goes_out_by_mail_and_lets_somebody_in_once() {
    on_each(async |place| {
        let tray = Tray::default();
        let house = house()
            .at(place)
            .set("http.public_url", "https://aplomb.example.org/")
            .post(Arc::new(tray.clone()));
        let house = house.start().await;
        let admin = house.somebody("ada", "admin").await;
        let body = json!({"email": "NEW@example.org", "name": "Noé", "role": "operator"});
        let made = answered(house.by(&admin, Method::POST, "/users", body).await, 201).await;
        assert!(made.get("link").is_none(), "it is in the mail alone");
        assert_eq!(
            (&made["email"], &made["language"], &made["invited_by"]),
            (&json!(NEW), &json!("fr"), &json!(admin.id))
        );
        let letter = tray.0.lock().unwrap().pop().unwrap();
        assert_eq!(
            (letter.to.as_str(), letter.template, letter.language.code()),
            (NEW, "auth.invite", "fr")
        );
        let of = |name: &str| {
            letter
                .arguments
                .iter()
                .find(|(n, _)| *n == name)
                .unwrap()
                .1
                .clone()
        };
        assert_eq!(
            (of("inviter"), of("workspace"), of("days")),
            ("Zoé".into(), "Home".into(), "7".into())
        );
        let token = of("link")
            .strip_prefix("https://aplomb.example.org/invite#")
            .unwrap()
            .to_owned();

        let opens = answered(
            house.post("/auth/invite", json!({"token": token})).await,
            200,
        )
        .await;
        assert_eq!(
            (
                &opens["email"],
                &opens["workspace"],
                &opens["role"],
                &opens["account"]
            ),
            (
                &json!(NEW),
                &json!("Home"),
                &json!("operator"),
                &json!(false)
            )
        );
        for (body, field) in [
            (json!({"token": token}), "password"),
            (json!({"token": token, "password": "short"}), "password"),
            (
                json!({"token": token, "password": PASSWORD, "name": ""}),
                "name",
            ),
            (json!({"token": "", "password": PASSWORD}), "token"),
        ] {
            let refused = answered(house.post("/auth/invite/accept", body).await, 422).await;
            assert_eq!(refused["errors"][0]["field"], field);
        }
        let body = json!({"token": token, "name": "Noé N.", "password": PASSWORD});
        let accepted = answered(house.post("/auth/invite/accept", body.clone()).await, 200).await;
        assert_eq!(
            (&accepted["email"], &accepted["role"]),
            (&json!(NEW), &json!("operator"))
        );
        let cookie = house.signed_in(NEW).await;
        let me = answered(
            house.page(Method::GET, "/auth/me", &cookie, None).await,
            200,
        )
        .await;
        assert_eq!(
            (&me["user"]["name"], &me["user"]["language"], &me["role"]),
            (&json!("Noé N."), &json!("fr"), &json!("operator"))
        );
        for path in ["/auth/invite/accept", "/auth/invite"] {
            let body = if path.ends_with("accept") {
                body.clone()
            } else {
                json!({"token": token})
            };
            assert_eq!(
                fault(house.post(path, body).await).await,
                (422, "people.invitation_over".into())
            );
        }
    })
    .await;
}

#[tokio::test]
async fn without_mail_the_link_is_in_the_answer_and_nowhere_else() {
    on_each(async |place| {
        let house = house().at(place).start().await;
        let admin = house.somebody("ada", "admin").await;
        let path = format!("/workspaces/{}/invitations", house.home().await);
        let answer = house
            .by(&admin, Method::POST, &path, invite(NEW, "member"))
            .await;
        assert_eq!(answer.headers()["cache-control"], "no-store");
        let made = answered(answer, 201).await;
        let token = token_of(&made["link"]);
        let listed = answered(house.by(&admin, Method::GET, &path, Value::Null).await, 200).await;
        assert_eq!(listed["items"].as_array().unwrap().len(), 1);
        assert!(listed["items"][0].get("link").is_none());
        // Nor in the database.
        let database = house.database().await;
        let id = made["id"].as_str().unwrap();
        let kept = crate::sign_in::column(&database, "invitation", id, "secret_hash")
            .await
            .unwrap();
        assert!(!kept.contains(&token) && kept.len() == 64);
    })
    .await;
}

#[tokio::test]
async fn withdrawn_replaced_and_old_invitations_open_nothing() {
    on_each(async |place| {
        let house = house().at(place).start().await;
        let admin = house.somebody("ada", "admin").await;
        let path = format!("/workspaces/{}/invitations", house.home().await);
        let made = async || {
            answered(
                house
                    .by(&admin, Method::POST, &path, invite(NEW, "member"))
                    .await,
                201,
            )
            .await
        };
        let first = made().await;
        let second = made().await;
        let withdrawn = format!("{path}/{}", second["id"].as_str().unwrap());
        answered(
            house
                .by(&admin, Method::DELETE, &withdrawn, Value::Null)
                .await,
            204,
        )
        .await;
        assert_eq!(
            house
                .by(&admin, Method::DELETE, &withdrawn, Value::Null)
                .await
                .status(),
            404
        );
        let third = made().await;
        place.clock.advance_ms(7 * 24 * 3_600_000);
        for made in [first, second, third] {
            let body = json!({"token": token_of(&made["link"]), "name": "N", "password": PASSWORD});
            let answer = house.post("/auth/invite/accept", body).await;
            assert_eq!(fault(answer).await, (422, "people.invitation_over".into()));
        }
    })
    .await;
}

#[tokio::test]
async fn an_account_that_is_there_accepts_by_its_password_or_signed_in() {
    on_each(async |place| {
        let house = house().at(place).start().await;
        let owner = house.somebody("olga", "viewer").await;
        let mia = house.somebody("mia", "member").await;
        let otto = house.somebody("otto", "member").await;
        for by_password in [true, false] {
            let other = house
                .workspace(place, "Other", &[(owner.id, "owner")])
                .await;
            let path = format!("/workspaces/{other}/invitations");
            let made = answered(
                house
                    .by(&owner, Method::POST, &path, invite(&mia.email, "operator"))
                    .await,
                201,
            )
            .await;
            let token = token_of(&made["link"]);
            let wrong =
                json!({"token": token, "name": "Thief", "password": "another horse battery"});
            let refused = answered(house.post("/auth/invite/accept", wrong).await, 422).await;
            assert_eq!(refused["errors"][0]["code"], "auth.wrong_password");
            // Somebody else's sign-in proves nothing.
            let refused = house
                .by(
                    &otto,
                    Method::POST,
                    "/auth/invite/accept",
                    json!({"token": token}),
                )
                .await;
            assert_eq!(refused.status(), 422);
            let accepted = if by_password {
                house
                    .post(
                        "/auth/invite/accept",
                        json!({"token": token, "password": PASSWORD}),
                    )
                    .await
            } else {
                house
                    .by(
                        &mia,
                        Method::POST,
                        "/auth/invite/accept",
                        json!({"token": token}),
                    )
                    .await
            };
            assert_eq!(answered(accepted, 200).await["user"], json!(mia.id));
            let me = answered(
                house
                    .by_in(&mia, other, Method::GET, "/auth/me", Value::Null)
                    .await,
                200,
            )
            .await;
            assert_eq!(
                (&me["role"], &me["user"]["name"]),
                (&json!("operator"), &json!("Zoé"))
            );
        }
    })
    .await;
}

#[tokio::test]
async fn who_was_in_no_workspace_any_more_comes_back_by_an_invitation_and_who_was_disabled_does_not()
 {
    on_each(async |place| {
        let house = house().at(place).start().await;
        let owner = house.somebody("olga", "owner").await;
        let mia = house.somebody("mia", "member").await;
        let home = house.home().await;
        answered(
            house
                .by(
                    &owner,
                    Method::DELETE,
                    &format!("/users/{}", mia.id),
                    Value::Null,
                )
                .await,
            204,
        )
        .await;
        // Adding does not switch an account on; its person does.
        let path = format!("/workspaces/{home}/members");
        let made = answered(
            house
                .by(&owner, Method::POST, &path, invite(&mia.email, "viewer"))
                .await,
            201,
        )
        .await;
        let token = token_of(&made["link"]);
        assert_eq!(house.sign_in(&mia.email, PASSWORD).await.status(), 401);
        answered(
            house
                .post(
                    "/auth/invite/accept",
                    json!({"token": token, "password": PASSWORD}),
                )
                .await,
            200,
        )
        .await;
        house.signed_in(&mia.email).await;

        let off = json!({"disabled": true});
        answered(
            house
                .by(&owner, Method::PATCH, &format!("/users/{}", mia.id), off)
                .await,
            200,
        )
        .await;
        let vera = house.somebody("vera", "viewer").await;
        let other = house.workspace(place, "Other", &[(vera.id, "owner")]).await;
        let path = format!("/workspaces/{other}/members");
        let made = answered(
            house
                .by(&vera, Method::POST, &path, invite(&mia.email, "viewer"))
                .await,
            201,
        )
        .await;
        let token = token_of(&made["link"]);
        let answer = house
            .post(
                "/auth/invite/accept",
                json!({"token": token, "password": PASSWORD}),
            )
            .await;
        assert_eq!(fault(answer).await, (409, "people.account_disabled".into()));
        assert_eq!(house.sign_in(&mia.email, PASSWORD).await.status(), 401);
    })
    .await;
}

#[tokio::test]
async fn one_token_at_once_makes_one_account() {
    on_each(async |place| {
        let house = house().at(place).start().await;
        let admin = house.somebody("ada", "admin").await;
        let made = answered(
            house
                .by(&admin, Method::POST, "/users", invite(NEW, "member"))
                .await,
            201,
        )
        .await;
        let body = json!({"token": token_of(&made["link"]), "name": "N", "password": PASSWORD});
        let tries = (0..4).map(|_| house.post("/auth/invite/accept", body.clone()));
        let answers = futures_util::future::join_all(tries).await;
        let taken = answers
            .iter()
            .filter(|answer| answer.status() == 200)
            .count();
        let refused = answers
            .iter()
            .filter(|answer| answer.status() == 422)
            .count();
        assert_eq!((taken, refused), (1, 3));
    })
    .await;
}
