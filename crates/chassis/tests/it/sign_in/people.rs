//! Who is let in: wrong and right passwords, waits after failures, workspaces, people who left.

use chassis::auth::WorkspaceId;
use chassis::clock::Clock;
use chassis::data::DataError;
use reqwest::Method;
use reqwest::header::COOKIE;
use sea_orm::ConnectionTrait;
use sea_orm::sea_query::{Expr, ExprTrait, Query};
use serde_json::{Value, json};

use super::{EMAIL, PASSWORD, cookie_of, fault, insert, join, person};
use crate::data::place::on_each;
use crate::house::house;

#[tokio::test]
async fn an_unknown_address_is_answered_like_a_wrong_password() {
    on_each(async |place| {
        let house = house().at(place).start().await;
        person(&house, EMAIL, "member").await;
        let mut answers = Vec::new();
        for (email, password) in [
            (EMAIL, "correct horse batterx"),
            ("nobody@example.org", PASSWORD),
        ] {
            let answer = house.sign_in(email, password).await;
            assert!(answer.headers().get("set-cookie").is_none());
            let mut body: Value = answer.json().await.unwrap();
            body["request_id"] = Value::Null;
            answers.push(body);
        }
        assert_eq!(answers[0], answers[1]);
        assert_eq!(answers[0]["code"], "auth.wrong_login");
    })
    .await;
}

#[tokio::test]
async fn failures_lock_an_address_for_a_growing_time_whether_or_not_somebody_has_it() {
    on_each(async |place| {
        let house = house().at(place).start().await;
        person(&house, EMAIL, "member").await;
        for email in [EMAIL, "nobody@example.org"] {
            for _ in 0..5 {
                assert_eq!(house.sign_in(email, "wrong password").await.status(), 401);
            }
            for minutes in [1, 2, 4] {
                let refused = house.sign_in(email, PASSWORD).await;
                assert_eq!(refused.headers()["retry-after"], (minutes * 60).to_string());
                assert_eq!(fault(refused).await, (429, "auth.locked".into()));
                place.clock.advance_ms(minutes * 60_000 - 1);
                assert_eq!(
                    house.sign_in(email, PASSWORD).await.status(),
                    429,
                    "the right one too"
                );
                place.clock.advance_ms(1);
                assert_eq!(house.sign_in(email, "wrong password").await.status(), 401);
            }
        }
        place.clock.advance_ms(8 * 60_000);
        assert_eq!(house.sign_in(EMAIL, PASSWORD).await.status(), 200);
        // A lock that was written while the clock was a day ahead.
        for _ in 0..5 {
            assert_eq!(house.sign_in(EMAIL, "wrong password").await.status(), 401);
        }
        place.clock.advance_ms(-86_400_000);
        assert_eq!(house.sign_in(EMAIL, PASSWORD).await.status(), 200);
        // It starts anew.
        for _ in 0..5 {
            assert_eq!(house.sign_in(EMAIL, "wrong password").await.status(), 401);
        }
        place.clock.advance_ms(24 * 3_600_000 + 1);
        for _ in 0..5 {
            assert_eq!(
                house.sign_in(EMAIL, "wrong password").await.status(),
                401,
                "forgotten after a day"
            );
        }
    })
    .await;
}

#[tokio::test]
async fn attempts_at_once_are_counted_each() {
    on_each(async |place| {
        let house = house().at(place).start().await;
        let tries =
            futures_util::future::join_all((0..12).map(|_| house.sign_in(EMAIL, "wrong password")))
                .await;
        let compared = tries.iter().filter(|answer| answer.status() == 401).count();
        assert_eq!(compared, 5);
    })
    .await;
}

#[tokio::test]
async fn an_address_has_its_own_limit_at_the_door() {
    let house = house()
        .set("limits.anonymous_per_minute", 1000)
        .start()
        .await;
    for count in 0..20 {
        let answer = house
            .post(
                "/auth/login",
                json!({"email": format!("{count}@example.org")}),
            )
            .await;
        assert_eq!(answer.status(), 422);
    }
    let answer = house.post("/auth/login", json!({})).await;
    assert_eq!(fault(answer).await, (429, "limits.exceeded".into()));
    assert_eq!(house.get("/api/v1/auth/me").await.status(), 401);
}

#[tokio::test]
async fn malformed_bodies_are_named() {
    let house = house().start().await;
    for (body, status, field) in [
        (json!({"email": "x", "password": "y"}), 422, "email"),
        (json!({"email": EMAIL, "password": ""}), 422, "password"),
        (
            json!({"email": EMAIL, "password": "y".repeat(1025)}),
            422,
            "password",
        ),
        (
            json!({"email": EMAIL, "password": "y", "totp": ""}),
            422,
            "totp",
        ),
        (
            json!({"email": EMAIL, "password": "y", "client": "robot"}),
            422,
            "client",
        ),
        (
            json!({"email": EMAIL, "password": "y", "workspace": "w"}),
            422,
            "workspace",
        ),
        (
            json!({"email": EMAIL, "password": "y", "role": "owner"}),
            422,
            "role",
        ),
    ] {
        let answer = house.post("/auth/login", body).await;
        assert_eq!(answer.status(), status);
        assert_eq!(
            answer.json::<Value>().await.unwrap()["errors"][0]["field"],
            field
        );
    }
    let answer = house
        .send(Method::POST, "/auth/login")
        .body("email=x")
        .send()
        .await
        .unwrap();
    assert_eq!(answer.status(), 415);
}

#[tokio::test]
async fn a_person_acts_in_a_workspace_of_his_own_alone() {
    on_each(async |place| {
        let house = house().at(place).start().await;
        let user = person(&house, EMAIL, "viewer").await;
        let database = house.database().await;
        let (second, foreign) = (
            WorkspaceId::generate(&*place.clock),
            WorkspaceId::generate(&*place.clock),
        );
        for (id, name) in [(second, "Second"), (foreign, "Foreign")] {
            let now = place.clock.now().to_string();
            let row = [
                ("id", &*id.to_string()),
                ("name", name),
                ("plan", "standard"),
                ("created_at", &now),
            ];
            insert(&database, "workspace", &row).await;
        }
        place.clock.advance_ms(1);
        join(&database, second, user, "admin").await;
        let cookie = house.cookie().await;
        let me = async |workspace: &str| {
            let mut request = house.send(Method::GET, "/auth/me").header(COOKIE, &cookie);
            if !workspace.is_empty() {
                request = request.header("x-workspace", workspace);
            }
            request.send().await.unwrap()
        };
        let home: Value = me("").await.json().await.unwrap();
        assert_eq!(home["role"], "viewer");
        assert_eq!(home["workspaces"].as_array().unwrap().len(), 2);
        let there: Value = me(&second.to_string()).await.json().await.unwrap();
        assert_eq!(
            (&there["workspace"], &there["role"]),
            (&json!(second), &json!("admin"))
        );
        for wrong in [foreign.to_string(), "nonsense".to_owned()] {
            assert_eq!(
                fault(me(&wrong).await).await,
                (403, "auth.not_a_member".into())
            );
        }
        // A key is of one workspace.
        let key = house.key("trouble:read").await;
        let by_key = house
            .send(Method::GET, "/auth/me")
            .bearer_auth(&key)
            .header("x-workspace", second.to_string());
        assert_eq!(
            fault(by_key.send().await.unwrap()).await,
            (403, "auth.not_a_member".into())
        );
        // Chosen at sign-in.
        let body = json!({"email": EMAIL, "password": PASSWORD, "workspace": second});
        let answer = house.post("/auth/login", body).await;
        assert_eq!(
            answer.json::<Value>().await.unwrap()["workspace"],
            json!(second)
        );
        let body = json!({"email": EMAIL, "password": PASSWORD, "workspace": foreign});
        assert_eq!(
            fault(house.post("/auth/login", body).await).await,
            (403, "auth.not_a_member".into())
        );
    })
    .await;
}

#[tokio::test]
async fn who_left_or_was_disabled_is_out_at_once() {
    on_each(async |place| {
        let house = house().at(place).start().await;
        let database = house.database().await;
        let cut = async |statement: Cut| {
            let done = database.write(move |tx| {
                Box::pin(async move {
                    match statement {
                        Cut::Leave(user) => {
                            let leave = Query::delete()
                                .from_table("member")
                                .and_where(Expr::col("user_id").eq(user))
                                .take();
                            tx.execute(&leave).await?;
                        }
                        Cut::Disable(user) => {
                            let disable = Query::update()
                                .table("user")
                                .value("disabled_at", "2026-11-20T00:00:00.000Z")
                                .and_where(Expr::col("id").eq(user))
                                .take();
                            tx.execute(&disable).await?;
                        }
                    }
                    Ok::<_, DataError>(())
                })
            });
            done.await.unwrap();
            // As the rooms do that change people.
            house.auth.forget();
        };
        for (email, is_leaving) in [("one@example.org", true), ("two@example.org", false)] {
            let user = person(&house, email, "member").await.to_string();
            let cookie = cookie_of(&house.sign_in(email, PASSWORD).await);
            let body = json!({"email": email, "password": PASSWORD, "client": "api"});
            let tokens: Value = house.post("/auth/login", body).await.json().await.unwrap();
            let access = tokens["tokens"]["access_token"].as_str().unwrap();
            let refresh = tokens["tokens"]["refresh_token"].as_str().unwrap();
            assert_eq!(house.me_by_cookie(&cookie).await, 200);
            assert_eq!(house.me_by_token(access).await, 200);
            cut(if is_leaving {
                Cut::Leave(user)
            } else {
                Cut::Disable(user)
            })
            .await;
            assert_eq!(house.me_by_cookie(&cookie).await, 401);
            assert_eq!(house.me_by_token(access).await, 401);
            assert_eq!(
                house.refreshed(refresh).await,
                Err((401, "auth.refresh_ended".into()))
            );
            let again = fault(house.sign_in(email, PASSWORD).await).await;
            let expected = if is_leaving {
                (403, "auth.no_workspace")
            } else {
                (401, "auth.wrong_login")
            };
            assert_eq!(again, (expected.0, expected.1.to_owned()));
        }
    })
    .await;
}

enum Cut {
    Leave(String),
    Disable(String),
}

#[tokio::test]
async fn a_key_does_nothing_in_a_persons_name() {
    let house = house().start().await;
    let key = house.key("*").await;
    for (method, path, body) in [
        (Method::GET, "/auth/sessions", Value::Null),
        (Method::DELETE, "/auth/sessions/01", Value::Null),
        (
            Method::POST,
            "/auth/password",
            json!({"current": "x", "password": "something long"}),
        ),
        (Method::POST, "/auth/totp", json!({"password": "x"})),
        (
            Method::POST,
            "/auth/totp/confirm",
            json!({"code": "123456"}),
        ),
        (Method::POST, "/auth/totp/disable", json!({"password": "x"})),
    ] {
        let answer = house
            .send(method, path)
            .bearer_auth(&key)
            .json(&body)
            .send()
            .await
            .unwrap();
        assert_eq!(
            fault(answer).await,
            (403, "auth.people_only".into()),
            "{path}"
        );
    }
    let me = house
        .send(Method::GET, "/auth/me")
        .bearer_auth(&key)
        .send()
        .await
        .unwrap();
    let me: Value = me.json().await.unwrap();
    assert_eq!(
        (&me["user"], &me["workspaces"].as_array().unwrap().len()),
        (&Value::Null, &1)
    );
}
