//! `/users`: listing, inviting, changing, disabling, taking out.

use reqwest::Method;
use serde_json::{Value, json};

use super::{answered, invite};
use crate::data::place::on_each;
use crate::house::house;
use crate::sign_in::{PASSWORD, fault};

#[tokio::test]
async fn people_are_listed_page_by_page_and_only_those_of_the_workspace() {
    on_each(async |place| {
        let house = house().at(place).start().await;
        let admin = house.somebody("ada", "admin").await;
        for name in ["bea", "cleo"] {
            place.clock.advance_ms(1);
            house.somebody(name, "member").await;
        }
        place.clock.advance_ms(1);
        let stranger = house.somebody("stranger", "member").await;
        house
            .workspace(place, "Elsewhere", &[(stranger.id, "owner")])
            .await;
        let owner = house.somebody("olga", "owner").await;
        answered(
            house
                .by(
                    &owner,
                    Method::DELETE,
                    &format!("/users/{}", stranger.id),
                    Value::Null,
                )
                .await,
            204,
        )
        .await;

        let mut seen = Vec::new();
        let mut path = "/users?limit=2".to_owned();
        loop {
            let page = answered(house.by(&admin, Method::GET, &path, Value::Null).await, 200).await;
            for person in page["items"].as_array().unwrap() {
                seen.push(person["email"].as_str().unwrap().to_owned());
            }
            let Some(next) = page["next"].as_str() else {
                break;
            };
            path = format!("/users?limit=2&cursor={next}");
        }
        seen.sort();
        assert_eq!(
            seen,
            [
                "ada@example.org",
                "bea@example.org",
                "cleo@example.org",
                "olga@example.org"
            ]
        );
        let one = answered(
            house
                .by(
                    &admin,
                    Method::GET,
                    &format!("/users/{}", admin.id),
                    Value::Null,
                )
                .await,
            200,
        )
        .await;
        assert_eq!(
            (
                &one["role"],
                &one["totp"],
                &one["disabled"],
                &one["language"]
            ),
            (&json!("admin"), &json!(false), &json!(false), &json!("fr"))
        );
        for wrong in [stranger.id.to_string(), "nobody".to_owned()] {
            assert_eq!(
                house
                    .by(&admin, Method::GET, &format!("/users/{wrong}"), Value::Null)
                    .await
                    .status(),
                404
            );
        }
    })
    .await;
}

#[tokio::test]
async fn who_does_not_run_the_workspace_sees_and_changes_nobody() {
    let house = house().start().await;
    let owner = house.somebody("olga", "owner").await;
    for role in ["viewer", "member", "operator"] {
        let who = house.somebody(role, role).await;
        let path = format!("/users/{}", owner.id);
        for (method, path, body) in [
            (Method::GET, "/users", Value::Null),
            (Method::GET, &*path, Value::Null),
            (Method::POST, "/users", invite("new@example.org", "viewer")),
            (Method::PATCH, &path, json!({"name": "X"})),
            (Method::DELETE, &path, Value::Null),
        ] {
            let answer = house.by(&who, method, path, body).await;
            assert_eq!(
                fault(answer).await,
                (403, "auth.forbidden".into()),
                "{role} {path}"
            );
        }
    }
}

#[tokio::test]
async fn everybody_changes_his_own_name_and_language() {
    on_each(async |place| {
        let house = house().at(place).start().await;
        let who = house.somebody("vera", "viewer").await;
        let path = format!("/users/{}", who.id);
        let change = json!({"name": "  Véra ", "language": "en"});
        let changed = answered(house.by(&who, Method::PATCH, &path, change).await, 200).await;
        assert_eq!(
            (&changed["name"], &changed["language"]),
            (&json!("Véra"), &json!("en"))
        );
        let me = answered(
            house.by(&who, Method::GET, "/auth/me", Value::Null).await,
            200,
        )
        .await;
        assert_eq!(
            (&me["user"]["name"], &me["user"]["language"]),
            (&json!("Véra"), &json!("en"))
        );
        for (body, status, field) in [
            (json!({"name": " "}), 422, "name"),
            (json!({"name": "a\nb"}), 422, "name"),
            (json!({"name": "x".repeat(81)}), 422, "name"),
            (json!({"language": "de"}), 422, "language"),
            (json!({"role": "owner"}), 422, "role"),
        ] {
            let refused = answered(house.by(&who, Method::PATCH, &path, body).await, status).await;
            assert_eq!(refused["errors"][0]["field"], field);
        }
        let refused = house
            .by(&who, Method::PATCH, &path, json!({"disabled": true}))
            .await;
        assert_eq!(fault(refused).await, (409, "people.not_oneself".into()));
    })
    .await;
}

#[tokio::test]
async fn a_key_does_not_act_as_its_person() {
    let house = house().start().await;
    let admin = house.somebody("ada", "admin").await;
    let body = json!({"name": "k", "scopes": ["users:read"]});
    let key = answered(house.by(&admin, Method::POST, "/keys", body).await, 201).await;
    let path = format!("/users/{}", admin.id);
    let answer = house
        .by_key(
            key["secret"].as_str().unwrap(),
            Method::PATCH,
            &path,
            json!({"name": "X"}),
        )
        .await;
    assert_eq!(fault(answer).await, (403, "auth.forbidden".into()));
}

#[tokio::test]
async fn an_admin_touches_no_owner() {
    on_each(async |place| {
        let house = house().at(place).start().await;
        let admin = house.somebody("ada", "admin").await;
        let owner = house.somebody("olga", "owner").await;
        house.somebody("otto", "owner").await;
        let path = format!("/users/{}", owner.id);
        for (method, body) in [
            (Method::PATCH, json!({"name": "X"})),
            (Method::PATCH, json!({"disabled": true})),
            (Method::DELETE, Value::Null),
        ] {
            let answer = house.by(&admin, method, &path, body).await;
            assert_eq!(fault(answer).await, (403, "people.person_above".into()));
        }
        let path = format!("/workspaces/{}/members/{}", house.home().await, owner.id);
        let answer = house
            .by(&admin, Method::PATCH, &path, json!({"role": "viewer"}))
            .await;
        assert_eq!(fault(answer).await, (403, "people.person_above".into()));
        let answer = house.by(&admin, Method::DELETE, &path, Value::Null).await;
        assert_eq!(fault(answer).await, (403, "people.person_above".into()));
    })
    .await;
}

#[tokio::test]
async fn who_is_disabled_is_out_at_once_and_comes_back_when_enabled() {
    on_each(async |place| {
        let house = house().at(place).start().await;
        let admin = house.somebody("ada", "admin").await;
        let who = house.somebody("mia", "member").await;
        let path = format!("/users/{}", who.id);
        assert_eq!(house.me_by_cookie(&who.cookie).await, 200);
        let off = answered(
            house
                .by(&admin, Method::PATCH, &path, json!({"disabled": true}))
                .await,
            200,
        )
        .await;
        assert_eq!(off["disabled"], true);
        assert_eq!(house.me_by_cookie(&who.cookie).await, 401);
        assert_eq!(
            fault(house.sign_in(&who.email, PASSWORD).await).await,
            (401, "auth.wrong_login".into())
        );
        let on = answered(
            house
                .by(&admin, Method::PATCH, &path, json!({"disabled": false}))
                .await,
            200,
        )
        .await;
        assert_eq!(on["disabled"], false);
        assert_eq!(
            house.me_by_cookie(&who.cookie).await,
            401,
            "the old sign-in stays ended"
        );
        house.signed_in(&who.email).await;
    })
    .await;
}

#[tokio::test]
async fn who_is_in_other_workspaces_too_is_changed_by_himself_alone() {
    on_each(async |place| {
        let house = house().at(place).start().await;
        let victim = house.somebody("vic", "member").await;
        let thief = house.somebody("thea", "viewer").await;
        let trap = house
            .workspace(place, "Trap", &[(thief.id, "owner"), (victim.id, "viewer")])
            .await;
        let path = format!("/users/{}", victim.id);
        for body in [
            json!({"disabled": true}),
            json!({"name": "X"}),
            json!({"language": "en"}),
        ] {
            let answer = house.by_in(&thief, trap, Method::PATCH, &path, body).await;
            assert_eq!(fault(answer).await, (409, "people.elsewhere_too".into()));
        }
        assert_eq!(house.me_by_cookie(&victim.cookie).await, 200);
    })
    .await;
}

#[tokio::test]
async fn who_is_taken_out_of_his_last_workspace_is_disabled_and_his_keys_end() {
    on_each(async |place| {
        let house = house().at(place).start().await;
        let owner = house.somebody("olga", "owner").await;
        let who = house.somebody("ada", "admin").await;
        let body = json!({"name": "k", "scopes": ["keys:read"]});
        let key = answered(house.by(&who, Method::POST, "/keys", body).await, 201).await;
        let key = key["secret"].as_str().unwrap().to_owned();
        assert_eq!(
            house
                .by_key(&key, Method::GET, "/keys", Value::Null)
                .await
                .status(),
            200
        );

        let other = house.workspace(place, "Other", &[(who.id, "member")]).await;
        let path = format!("/users/{}", who.id);
        answered(
            house.by(&owner, Method::DELETE, &path, Value::Null).await,
            204,
        )
        .await;
        assert_eq!(
            house
                .by_key(&key, Method::GET, "/keys", Value::Null)
                .await
                .status(),
            401
        );
        assert_eq!(
            house.me_by_cookie(&who.cookie).await,
            401,
            "the workspace that he signed in to is lost"
        );
        let there = house
            .by_in(&who, other, Method::GET, "/auth/me", Value::Null)
            .await;
        assert_eq!(there.status(), 200, "the other one is not");
        house.signed_in(&who.email).await;
        assert_eq!(
            house
                .by(&owner, Method::DELETE, &path, Value::Null)
                .await
                .status(),
            404,
            "only once"
        );

        let leave = format!("/workspaces/{other}/members/{}", who.id);
        answered(
            house
                .by_in(&who, other, Method::DELETE, &leave, Value::Null)
                .await,
            204,
        )
        .await;
        assert_eq!(
            house
                .by_in(&who, other, Method::GET, "/auth/me", Value::Null)
                .await
                .status(),
            401
        );
        assert_eq!(
            fault(house.sign_in(&who.email, PASSWORD).await).await,
            (401, "auth.wrong_login".into())
        );
    })
    .await;
}
