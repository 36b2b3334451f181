//! `/workspaces/{id}/members`: roles, the last owner, other workspaces.

use chassis::auth::WorkspaceId;
use reqwest::Method;
use serde_json::{Value, json};

use super::{answered, invite, token_of};
use crate::data::place::on_each;
use crate::house::house;
use crate::sign_in::{PASSWORD, fault};

#[tokio::test]
async fn the_last_owner_is_neither_removed_nor_demoted() {
    on_each(async |place| {
        let house = house().at(place).start().await;
        let owner = house.somebody("olga", "owner").await;
        let key = house.key("*").await;
        let path = format!("/workspaces/{}/members/{}", house.home().await, owner.id);
        let user = format!("/users/{}", owner.id);
        for (method, path, body) in [
            (Method::PATCH, &path, json!({"role": "admin"})),
            (Method::DELETE, &path, Value::Null),
            (Method::DELETE, &user, Value::Null),
            (Method::PATCH, &user, json!({"disabled": true})),
        ] {
            let answer = house.by_key(&key, method, path, body).await;
            assert_eq!(fault(answer).await, (409, "people.last_owner".into()));
        }
        // An owner who cannot sign in is none.
        let second = house.somebody("otto", "owner").await;
        let other = format!("/users/{}", second.id);
        answered(
            house
                .by(&owner, Method::PATCH, &other, json!({"disabled": true}))
                .await,
            200,
        )
        .await;
        let answer = house.by(&owner, Method::DELETE, &path, Value::Null).await;
        assert_eq!(fault(answer).await, (409, "people.last_owner".into()));
        answered(
            house
                .by(&owner, Method::PATCH, &other, json!({"disabled": false}))
                .await,
            200,
        )
        .await;
        answered(
            house.by(&owner, Method::DELETE, &path, Value::Null).await,
            204,
        )
        .await;
    })
    .await;
}

#[tokio::test]
async fn two_owners_who_remove_each_other_at_once_leave_one() {
    on_each(async |place| {
        let house = house().at(place).start().await;
        let (one, two) = (
            house.somebody("one", "owner").await,
            house.somebody("two", "owner").await,
        );
        let home = house.home().await;
        let (first, second) = (
            format!("/workspaces/{home}/members/{}", one.id),
            format!("/workspaces/{home}/members/{}", two.id),
        );
        let (left, right) = tokio::join!(
            house.by(&one, Method::DELETE, &second, Value::Null),
            house.by(&two, Method::DELETE, &first, Value::Null),
        );
        let mut answers = [left.status().as_u16(), right.status().as_u16()];
        answers.sort_unstable();
        assert_eq!(answers[0], 204, "{answers:?}");
        assert_ne!(answers[1], 204, "{answers:?}");
        let key = house.key("users:read").await;
        let people = answered(
            house.by_key(&key, Method::GET, "/users", Value::Null).await,
            200,
        )
        .await;
        assert_eq!(people["items"].as_array().unwrap().len(), 1);
    })
    .await;
}

#[tokio::test]
async fn nobody_grants_a_role_above_his_own() {
    on_each(async |place| {
        let house = house().at(place).start().await;
        let admin = house.somebody("ada", "admin").await;
        let owner = house.somebody("olga", "owner").await;
        let member = house.somebody("mia", "member").await;
        let home = house.home().await;
        let people = format!("/workspaces/{home}/members");
        let path = format!("{people}/{}", member.id);
        let own = format!("{people}/{}", admin.id);
        for (method, path, body) in [
            (Method::PATCH, &*path, json!({"role": "owner"})),
            (Method::PATCH, &*own, json!({"role": "owner"})),
            (Method::POST, &*people, invite("new@example.org", "owner")),
            (Method::POST, "/users", invite("new@example.org", "owner")),
        ] {
            let answer = house.by(&admin, method, path, body).await;
            assert_eq!(
                fault(answer).await,
                (403, "people.role_above".into()),
                "{path}"
            );
        }
        let changed = answered(
            house
                .by(&admin, Method::PATCH, &path, json!({"role": "admin"}))
                .await,
            200,
        )
        .await;
        assert_eq!(changed["role"], "admin");
        assert_eq!(
            house
                .by(&member, Method::GET, "/users", Value::Null)
                .await
                .status(),
            200,
            "at once"
        );
        answered(
            house
                .by(&owner, Method::PATCH, &path, json!({"role": "owner"}))
                .await,
            200,
        )
        .await;

        // A key grants no more than it has, whoever made it.
        let narrow = house.key("users:write").await;
        let answer = house
            .by_key(
                &narrow,
                Method::POST,
                "/users",
                invite("new@example.org", "owner"),
            )
            .await;
        assert_eq!(fault(answer).await, (403, "people.role_above".into()));
        let writer = house.key("users:write *:write").await;
        answered(
            house
                .by_key(
                    &writer,
                    Method::POST,
                    "/users",
                    invite("new@example.org", "member"),
                )
                .await,
            201,
        )
        .await;
        let answer = house
            .by_key(
                &writer,
                Method::POST,
                "/users",
                invite("new@example.org", "operator"),
            )
            .await;
        assert_eq!(fault(answer).await, (403, "people.role_above".into()));
    })
    .await;
}

#[tokio::test]
async fn another_workspace_is_there_for_those_alone_who_may_act_in_it() {
    on_each(async |place| {
        let house = house().at(place).start().await;
        let owner = house.somebody("olga", "viewer").await;
        let admin = house.somebody("ada", "admin").await;
        let other = house
            .workspace(place, "Other", &[(owner.id, "owner"), (admin.id, "viewer")])
            .await;
        let foreign = house.workspace(place, "Foreign", &[]).await;
        let home = house.home().await;
        let list = |id: WorkspaceId| format!("/workspaces/{id}/members");

        // Owner there, viewer here: acts there without leaving.
        let people = answered(
            house
                .by(&owner, Method::GET, &list(other), Value::Null)
                .await,
            200,
        )
        .await;
        assert_eq!(people["items"].as_array().unwrap().len(), 2);
        assert_eq!(
            house
                .by(&owner, Method::GET, &list(home), Value::Null)
                .await
                .status(),
            403
        );
        // Admin here, viewer there: what is there is not there for him.
        assert_eq!(
            house
                .by(&admin, Method::GET, &list(home), Value::Null)
                .await
                .status(),
            200
        );
        let key = house.key("*").await;
        for (what, path) in [
            ("members", list(other)),
            ("foreign", list(foreign)),
            ("nonsense", "/workspaces/nonsense/members".to_owned()),
            ("invitations", format!("/workspaces/{other}/invitations")),
        ] {
            assert_eq!(
                house
                    .by(&admin, Method::GET, &path, Value::Null)
                    .await
                    .status(),
                404,
                "{what}"
            );
            assert_eq!(
                house
                    .by_key(&key, Method::GET, &path, Value::Null)
                    .await
                    .status(),
                404,
                "{what} by key"
            );
        }
        for (method, path, body) in [
            (
                Method::POST,
                list(other),
                invite("new@example.org", "viewer"),
            ),
            (
                Method::PATCH,
                format!("{}/{}", list(other), owner.id),
                json!({"role": "viewer"}),
            ),
            (
                Method::DELETE,
                format!("{}/{}", list(other), owner.id),
                Value::Null,
            ),
            (
                Method::POST,
                format!("/workspaces/{other}/invitations"),
                invite("new@example.org", "viewer"),
            ),
            (
                Method::PATCH,
                format!("/workspaces/{other}"),
                json!({"name": "Mine"}),
            ),
            (
                Method::DELETE,
                format!("/workspaces/{other}"),
                json!({"name": "Other"}),
            ),
        ] {
            assert_eq!(
                house.by(&admin, method, &path, body).await.status(),
                404,
                "{path}"
            );
        }
        // Leaving takes no permission.
        answered(
            house
                .by(
                    &admin,
                    Method::DELETE,
                    &format!("{}/{}", list(other), admin.id),
                    Value::Null,
                )
                .await,
            204,
        )
        .await;
    })
    .await;
}

#[tokio::test]
async fn nobody_is_in_a_workspace_but_by_his_own_word_and_the_answer_tells_of_no_account() {
    on_each(async |place| {
        let house = house().at(place).start().await;
        let owner = house.somebody("olga", "viewer").await;
        let mia = house.somebody("mia", "member").await;
        let other = house
            .workspace(place, "Other", &[(owner.id, "owner")])
            .await;
        let path = format!("/workspaces/{other}/members");
        let invited = async |email: &str| {
            let answer = house.by(&owner, Method::POST, &path, invite(email, "operator"));
            answered(answer.await, 201).await
        };
        let (known, unknown) = (
            invited("MIA@example.org").await,
            invited("new@example.org").await,
        );
        let names = |answer: &Value| {
            answer
                .as_object()
                .unwrap()
                .keys()
                .cloned()
                .collect::<Vec<_>>()
        };
        assert_eq!(names(&known), names(&unknown));
        let there = house
            .by_in(&mia, other, Method::GET, "/auth/me", Value::Null)
            .await;
        assert_eq!(fault(there).await, (403, "auth.not_a_member".into()));
        let accept = json!({"token": token_of(&known["link"]), "password": PASSWORD});
        answered(house.post("/auth/invite/accept", accept).await, 200).await;
        let me = house
            .by_in(&mia, other, Method::GET, "/auth/me", Value::Null)
            .await;
        assert_eq!(answered(me, 200).await["role"], "operator");
        let again = house
            .by(&owner, Method::POST, &path, invite(&mia.email, "viewer"))
            .await;
        assert_eq!(fault(again).await, (409, "people.member_already".into()));
        for body in [
            invite("nonsense", "viewer"),
            invite("a@b.org", "king"),
            json!({"email": "a@b.org"}),
        ] {
            assert_eq!(
                house.by(&owner, Method::POST, &path, body).await.status(),
                422
            );
        }
    })
    .await;
}
