//! `/workspaces`: mine, making, renaming, ending.

use chassis::auth::home_workspace;
use reqwest::Method;
use serde_json::{Value, json};

use super::answered;
use crate::data::place::on_each;
use crate::house::house;
use crate::sign_in::{PASSWORD, fault};

#[tokio::test]
async fn who_makes_a_workspace_owns_it_and_nobody_else_sees_it() {
    on_each(async |place| {
        let house = house().at(place).start().await;
        let vera = house.somebody("vera", "viewer").await;
        let admin = house.somebody("ada", "admin").await;
        place.clock.advance_ms(1);
        let made = answered(
            house
                .by(
                    &vera,
                    Method::POST,
                    "/workspaces",
                    json!({"name": " Atelier "}),
                )
                .await,
            201,
        )
        .await;
        assert_eq!(
            (&made["name"], &made["role"], &made["plan"]),
            (&json!("Atelier"), &json!("owner"), &json!("standard"))
        );
        let path = format!("/workspaces/{}", made["id"].as_str().unwrap());
        let mine = answered(
            house
                .by(&vera, Method::GET, "/workspaces", Value::Null)
                .await,
            200,
        )
        .await;
        let names: Vec<_> = mine["items"]
            .as_array()
            .unwrap()
            .iter()
            .map(|row| row["name"].as_str().unwrap())
            .collect();
        assert_eq!(names, ["Atelier", "Home"]);
        let first = answered(
            house
                .by(&vera, Method::GET, "/workspaces?limit=1", Value::Null)
                .await,
            200,
        )
        .await;
        let next = format!("/workspaces?cursor={}", first["next"].as_str().unwrap());
        let second = answered(house.by(&vera, Method::GET, &next, Value::Null).await, 200).await;
        assert_eq!(second["items"][0]["name"], "Home");

        assert_eq!(
            answered(house.by(&vera, Method::GET, &path, Value::Null).await, 200).await,
            made
        );
        let key = house.key("*").await;
        assert_eq!(
            house
                .by(&admin, Method::GET, &path, Value::Null)
                .await
                .status(),
            404
        );
        assert_eq!(
            house
                .by_key(&key, Method::GET, &path, Value::Null)
                .await
                .status(),
            404
        );
        let own = answered(
            house
                .by_key(&key, Method::GET, "/workspaces", Value::Null)
                .await,
            200,
        )
        .await;
        assert_eq!(
            (
                own["items"].as_array().unwrap().len(),
                &own["items"][0]["name"]
            ),
            (1, &json!("Home"))
        );
        let refused = house
            .by_key(&key, Method::POST, "/workspaces", json!({"name": "X"}))
            .await;
        assert_eq!(fault(refused).await, (403, "auth.people_only".into()));
    })
    .await;
}

#[tokio::test]
async fn a_workspace_is_renamed_by_those_who_run_it() {
    on_each(async |place| {
        let house = house().at(place).start().await;
        let admin = house.somebody("ada", "admin").await;
        let member = house.somebody("mia", "member").await;
        let path = format!("/workspaces/{}", house.home().await);
        let renamed = answered(
            house
                .by(&admin, Method::PATCH, &path, json!({"name": "Northwind"}))
                .await,
            200,
        )
        .await;
        assert_eq!(
            (&renamed["name"], &renamed["role"]),
            (&json!("Northwind"), &json!("admin"))
        );
        let refused = house
            .by(&member, Method::PATCH, &path, json!({"name": "Mine"}))
            .await;
        assert_eq!(fault(refused).await, (403, "auth.forbidden".into()));
        for name in ["", " ", "a\u{0}b", &"x".repeat(81)] {
            assert_eq!(
                house
                    .by(&admin, Method::PATCH, &path, json!({"name": name}))
                    .await
                    .status(),
                422
            );
        }
    })
    .await;
}

#[tokio::test]
async fn a_workspace_ends_with_all_that_is_in_it_once_its_name_is_typed() {
    on_each(async |place| {
        let house = house().at(place).start().await;
        let owner = house.somebody("olga", "member").await;
        let admin = house.somebody("ada", "member").await;
        let guest = house.somebody("gina", "member").await;
        place.clock.advance_ms(1);
        let other = house
            .workspace(
                place,
                "Atelier",
                &[
                    (owner.id, "owner"),
                    (admin.id, "admin"),
                    (guest.id, "viewer"),
                ],
            )
            .await;
        let home = house.somebody("otto", "owner").await;
        answered(
            house
                .by(
                    &home,
                    Method::DELETE,
                    &format!("/users/{}", guest.id),
                    Value::Null,
                )
                .await,
            204,
        )
        .await;
        let body = json!({"name": "k", "scopes": ["keys:read"]});
        let key = answered(
            house
                .by_in(&owner, other, Method::POST, "/keys", body)
                .await,
            201,
        )
        .await;
        let key = key["secret"].as_str().unwrap();
        assert_eq!(
            house
                .by_key(key, Method::GET, "/keys", Value::Null)
                .await
                .status(),
            200
        );

        let path = format!("/workspaces/{other}");
        let body = json!({"name": "Atelier"});
        assert_eq!(
            house
                .by_in(&admin, other, Method::DELETE, &path, body.clone())
                .await
                .status(),
            403
        );
        let wrong = answered(
            house
                .by(&owner, Method::DELETE, &path, json!({"name": "atelier"}))
                .await,
            422,
        )
        .await;
        assert_eq!(wrong["errors"][0]["code"], "people.name_differs");
        answered(
            house.by(&owner, Method::DELETE, &path, body.clone()).await,
            204,
        )
        .await;
        assert_eq!(
            house.by(&owner, Method::DELETE, &path, body).await.status(),
            404
        );
        assert_eq!(
            house
                .by_key(key, Method::GET, "/keys", Value::Null)
                .await
                .status(),
            401
        );
        // Who was nowhere else has no account any more; the others have lost nothing.
        assert_eq!(
            fault(house.sign_in(&guest.email, PASSWORD).await).await,
            (401, "auth.wrong_login".into())
        );
        assert_eq!(house.me_by_cookie(&owner.cookie).await, 200);
    })
    .await;
}

#[tokio::test]
async fn the_first_workspace_stays() {
    on_each(async |place| {
        let house = house().at(place).start().await;
        let owner = house.somebody("olga", "owner").await;
        let home = home_workspace(&house.database().await).await.unwrap();
        let answer = house
            .by(
                &owner,
                Method::DELETE,
                &format!("/workspaces/{home}"),
                json!({"name": "Home"}),
            )
            .await;
        assert_eq!(fault(answer).await, (409, "people.home_stays".into()));
    })
    .await;
}

#[tokio::test]
async fn a_person_owns_a_bounded_number_of_workspaces() {
    on_each(async |place| {
        let house = house().at(place).start().await;
        let vera = house.somebody("vera", "viewer").await;
        for number in 0..50 {
            house
                .workspace(place, &format!("W{number}"), &[(vera.id, "owner")])
                .await;
        }
        let answer = house
            .by(
                &vera,
                Method::POST,
                "/workspaces",
                json!({"name": "One more"}),
            )
            .await;
        assert_eq!(
            fault(answer).await,
            (409, "people.too_many_workspaces".into())
        );
    })
    .await;
}
