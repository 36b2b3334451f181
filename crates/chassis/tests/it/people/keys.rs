//! `/keys`: making, listing, renaming, revoking; nobody makes a key that may more than he.

use reqwest::Method;
use serde_json::{Value, json};

use super::{answered, invite};
use crate::data::place::on_each;
use crate::house::house;
use crate::sign_in::fault;

fn new(scopes: &[&str]) -> Value {
    json!({"name": "backup", "scopes": scopes})
}

#[tokio::test]
async fn a_key_is_shown_once_and_opens_what_it_says() {
    on_each(async |place| {
        let house = house().at(place).start().await;
        let admin = house.somebody("ada", "admin").await;
        let answer = house
            .by(
                &admin,
                Method::POST,
                "/keys",
                new(&["keys:read", "trouble:write"]),
            )
            .await;
        assert_eq!(answer.headers()["cache-control"], "no-store");
        let made = answered(answer, 201).await;
        let secret = made["secret"].as_str().unwrap().to_owned();
        assert!(secret.starts_with(made["prefix"].as_str().unwrap()));
        assert_eq!(made["created_by"]["id"], admin.id.to_string());
        assert_eq!(made["last_used_at"], Value::Null);

        let listed = answered(
            house
                .by_key(&secret, Method::GET, "/keys", Value::Null)
                .await,
            200,
        )
        .await;
        assert_eq!(listed["items"].as_array().unwrap().len(), 1);
        let shown = &listed["items"][0];
        assert!(shown.get("secret").is_none());
        assert_eq!(shown["scopes"], json!(["keys:read", "trouble:write"]));
        assert_ne!(
            shown["last_used_at"],
            Value::Null,
            "noted in memory before it is written"
        );

        let path = format!("/keys/{}", made["id"].as_str().unwrap());
        let renamed = answered(
            house
                .by(&admin, Method::PATCH, &path, json!({"name": "nightly"}))
                .await,
            200,
        )
        .await;
        assert_eq!(renamed["name"], "nightly");
        let one = answered(house.by(&admin, Method::GET, &path, Value::Null).await, 200).await;
        assert_eq!(one["name"], "nightly");
        assert!(one.get("secret").is_none());
    })
    .await;
}

#[tokio::test]
async fn a_revoked_key_opens_nothing_from_the_same_moment() {
    on_each(async |place| {
        let house = house().at(place).start().await;
        let admin = house.somebody("ada", "admin").await;
        let made = answered(
            house
                .by(&admin, Method::POST, "/keys", new(&["keys:read"]))
                .await,
            201,
        )
        .await;
        let secret = made["secret"].as_str().unwrap();
        let path = format!("/keys/{}", made["id"].as_str().unwrap());
        assert_eq!(
            house
                .by_key(secret, Method::GET, "/keys", Value::Null)
                .await
                .status(),
            200
        );
        answered(
            house.by(&admin, Method::DELETE, &path, Value::Null).await,
            204,
        )
        .await;
        assert_eq!(
            house
                .by_key(secret, Method::GET, "/keys", Value::Null)
                .await
                .status(),
            401
        );
        for method in [Method::GET, Method::DELETE] {
            assert_eq!(
                house.by(&admin, method, &path, Value::Null).await.status(),
                404
            );
        }
        let listed = answered(
            house.by(&admin, Method::GET, "/keys", Value::Null).await,
            200,
        )
        .await;
        assert_eq!(listed["items"], json!([]));
    })
    .await;
}

#[tokio::test]
async fn a_key_ends_at_its_time() {
    on_each(async |place| {
        let house = house().at(place).start().await;
        let admin = house.somebody("ada", "admin").await;
        // The place's clock stands at 2026-11-20T15:44:05.123Z.
        for wrong in [
            "2026-11-20T15:44:05.123Z",
            "2020-01-01T00:00:00Z",
            "tomorrow",
            "2026-11-21",
            "",
        ] {
            let body = json!({"name": "k", "scopes": ["keys:read"], "expires_at": wrong});
            let refused = answered(house.by(&admin, Method::POST, "/keys", body).await, 422).await;
            assert_eq!(refused["errors"][0]["code"], "people.not_ahead", "{wrong}");
        }
        let body =
            json!({"name": "k", "scopes": ["keys:read"], "expires_at": "2026-11-20T15:44:07Z"});
        let made = answered(house.by(&admin, Method::POST, "/keys", body).await, 201).await;
        assert_eq!(made["expires_at"], "2026-11-20T15:44:07.000Z");
        let secret = made["secret"].as_str().unwrap();
        assert_eq!(
            house
                .by_key(secret, Method::GET, "/keys", Value::Null)
                .await
                .status(),
            200
        );
        place.clock.advance_ms(2_000);
        assert_eq!(
            house
                .by_key(secret, Method::GET, "/keys", Value::Null)
                .await
                .status(),
            401
        );
    })
    .await;
}

#[tokio::test]
async fn nobody_makes_a_key_that_may_more_than_he() {
    on_each(async |place| {
        let house = house().at(place).start().await;
        let admin = house.somebody("ada", "admin").await;
        let owner = house.somebody("olga", "owner").await;
        // An admin does not end workspaces, so `*` is beyond him.
        for beyond in ["*", "workspaces:admin", "workspaces:*", "*:admin"] {
            let answer = house
                .by(&admin, Method::POST, "/keys", new(&[beyond]))
                .await;
            assert_eq!(
                fault(answer).await,
                (403, "auth.forbidden".into()),
                "{beyond}"
            );
        }
        answered(
            house
                .by(
                    &admin,
                    Method::POST,
                    "/keys",
                    new(&["trouble:*", "keys:write", "workspaces:write"]),
                )
                .await,
            201,
        )
        .await;
        let all = answered(
            house.by(&owner, Method::POST, "/keys", new(&["*"])).await,
            201,
        )
        .await;
        let all = all["secret"].as_str().unwrap();
        answered(
            house.by_key(all, Method::POST, "/keys", new(&["*"])).await,
            201,
        )
        .await;

        let narrow = house.key("keys:write trouble:read").await;
        for (scopes, status) in [
            (&["keys:read"][..], 201),
            (&["keys:write", "trouble:read"], 201),
            (&["trouble:write"], 403),
            (&["keys:admin"], 403),
            (&["*:read"], 403),
            (&["*"], 403),
        ] {
            let answer = house
                .by_key(&narrow, Method::POST, "/keys", new(scopes))
                .await;
            assert_eq!(answer.status(), status, "{scopes:?}");
        }
        // All rooms that there are, one by one, are not those that will be.
        let rooms = [
            "audit",
            "events",
            "jobs",
            "keys",
            "notify",
            "objects",
            "users",
            "workspaces",
            "trouble",
        ];
        let each = rooms.map(|room| format!("{room}:*")).join(" ");
        let each = house.key(&each).await;
        assert_eq!(
            house
                .by_key(&each, Method::POST, "/keys", new(&["*"]))
                .await
                .status(),
            403
        );
    })
    .await;
}

#[tokio::test]
async fn a_key_weakens_with_its_makers_role() {
    on_each(async |place| {
        let house = house().at(place).start().await;
        let owner = house.somebody("olga", "owner").await;
        let admin = house.somebody("ada", "admin").await;
        let made = answered(
            house
                .by(&admin, Method::POST, "/keys", new(&["keys:read"]))
                .await,
            201,
        )
        .await;
        let secret = made["secret"].as_str().unwrap();
        assert_eq!(
            house
                .by_key(secret, Method::GET, "/keys", Value::Null)
                .await
                .status(),
            200
        );
        let path = format!("/workspaces/{}/members/{}", house.home().await, admin.id);
        answered(
            house
                .by(&owner, Method::PATCH, &path, json!({"role": "viewer"}))
                .await,
            200,
        )
        .await;
        assert_eq!(
            house
                .by_key(secret, Method::GET, "/keys", Value::Null)
                .await
                .status(),
            403
        );
    })
    .await;
}

#[tokio::test]
async fn malformed_keys_are_named() {
    let house = house().start().await;
    let admin = house.somebody("ada", "admin").await;
    for (body, field) in [
        (json!({"name": "", "scopes": ["keys:read"]}), "name"),
        (json!({"name": "k", "scopes": []}), "scopes"),
        (json!({"name": "k", "scopes": ["keys"]}), "scopes"),
        (json!({"name": "k", "scopes": ["nowhere:read"]}), "scopes"),
        (
            json!({"name": "k", "scopes": ["keys:read,users:read"]}),
            "scopes",
        ),
        (
            json!({"name": "k", "scopes": vec!["keys:read"; 65]}),
            "scopes",
        ),
        (json!({"name": "k", "scopes": "keys:read"}), "scopes"),
        (
            json!({"name": "k", "scopes": ["keys:read"], "user": "x"}),
            "user",
        ),
    ] {
        let refused = answered(house.by(&admin, Method::POST, "/keys", body).await, 422).await;
        assert_eq!(refused["errors"][0]["field"], field);
    }
}

#[tokio::test]
async fn another_workspaces_keys_are_not_there() {
    on_each(async |place| {
        let house = house().at(place).start().await;
        let admin = house.somebody("ada", "admin").await;
        let owner = house.somebody("olga", "member").await;
        let other = house
            .workspace(place, "Other", &[(owner.id, "owner")])
            .await;
        let made = answered(
            house
                .by_in(&owner, other, Method::POST, "/keys", new(&["keys:read"]))
                .await,
            201,
        )
        .await;
        let path = format!("/keys/{}", made["id"].as_str().unwrap());
        for (method, body) in [
            (Method::GET, Value::Null),
            (Method::PATCH, json!({"name": "mine"})),
            (Method::DELETE, Value::Null),
        ] {
            assert_eq!(house.by(&admin, method, &path, body).await.status(), 404);
        }
        let listed = answered(
            house.by(&admin, Method::GET, "/keys", Value::Null).await,
            200,
        )
        .await;
        assert_eq!(listed["items"], json!([]));
    })
    .await;
}

#[tokio::test]
async fn a_plan_bounds_people_and_keys_and_says_what_is_used() {
    on_each(async |place| {
        let plan = r#"{"standard": {"members": 3, "keys": 2}}"#;
        let house = house().at(place).set("plans", plan).start().await;
        let admin = house.somebody("ada", "admin").await;
        let quota = answered(
            house.by(&admin, Method::GET, "/quota", Value::Null).await,
            200,
        )
        .await;
        assert_eq!(
            (
                &quota["plan"],
                &quota["limits"]["members"],
                &quota["limits"]["keys"]
            ),
            (&json!("standard"), &json!(3), &json!(2))
        );
        for email in ["one@example.org", "two@example.org"] {
            answered(
                house
                    .by(&admin, Method::POST, "/keys", new(&["keys:read"]))
                    .await,
                201,
            )
            .await;
            answered(
                house
                    .by(&admin, Method::POST, "/users", invite(email, "viewer"))
                    .await,
                201,
            )
            .await;
        }
        let full = house
            .by(&admin, Method::POST, "/keys", new(&["keys:read"]))
            .await;
        assert_eq!(fault(full).await, (409, "people.keys_full".into()));
        let full = house
            .by(
                &admin,
                Method::POST,
                "/users",
                invite("one.more@example.org", "viewer"),
            )
            .await;
        assert_eq!(fault(full).await, (409, "people.members_full".into()));
        let usage = answered(
            house.by(&admin, Method::GET, "/usage", Value::Null).await,
            200,
        )
        .await;
        assert_eq!(
            usage["counts"],
            json!({"members": 1, "invitations": 2, "keys": 2, "jobs_waiting": 0, "storage_bytes": 0})
        );
    })
    .await;
}
