//! People, workspaces, invitations and keys over HTTP with a real house, on SQLite and on PostgreSQL: each rule as a fact.

mod invitations;
mod keys;
mod members;
mod users;
mod workspaces;

use chassis::auth::{UserId, WorkspaceId, home_workspace};
use chassis::clock::Clock;
use reqwest::header::COOKIE;
use reqwest::{Method, Response};
use serde_json::{Value, json};

use crate::data::place::Place;
use crate::house::Running;
use crate::sign_in::{PASSWORD, cookie_of, insert, join, person};

/// Somebody of the home workspace who is signed in.
pub(crate) struct Somebody {
    pub(crate) id: UserId,
    pub(crate) email: String,
    pub(crate) cookie: String,
}

impl Running {
    /// A member of the home workspace with this role, signed in.
    pub(crate) async fn somebody(&self, name: &str, role: &str) -> Somebody {
        let email = format!("{name}@example.org");
        let id = person(self, &email, role).await;
        let cookie = self.signed_in(&email).await;
        Somebody { id, email, cookie }
    }

    pub(crate) async fn signed_in(&self, email: &str) -> String {
        let answer = self.sign_in(email, PASSWORD).await;
        assert_eq!(answer.status(), 200, "{email} signs in");
        cookie_of(&answer)
    }

    /// As somebody's page asks.
    pub(crate) async fn by(
        &self,
        who: &Somebody,
        method: Method,
        path: &str,
        body: Value,
    ) -> Response {
        let body = (!body.is_null()).then_some(body);
        self.page(method, path, &who.cookie, body).await
    }

    /// As [`Running::by`], in another workspace.
    pub(crate) async fn by_in(
        &self,
        who: &Somebody,
        there: WorkspaceId,
        method: Method,
        path: &str,
        body: Value,
    ) -> Response {
        let request = self
            .send(method, path)
            .header(COOKIE, &who.cookie)
            .header("origin", format!("http://{}", self.address))
            .header("x-workspace", there.to_string());
        request.json(&body).send().await.unwrap()
    }

    /// As a program asks.
    pub(crate) async fn by_key(
        &self,
        key: &str,
        method: Method,
        path: &str,
        body: Value,
    ) -> Response {
        let request = self.send(method, path).bearer_auth(key);
        request.json(&body).send().await.unwrap()
    }

    pub(crate) async fn home(&self) -> WorkspaceId {
        home_workspace(&self.database().await).await.unwrap()
    }

    /// A workspace with these people and roles.
    pub(crate) async fn workspace(
        &self,
        place: &Place,
        name: &str,
        people: &[(UserId, &str)],
    ) -> WorkspaceId {
        let database = self.database().await;
        let id = WorkspaceId::generate(&*place.clock);
        let now = place.clock.now().to_string();
        let row = [
            ("id", &*id.to_string()),
            ("name", name),
            ("plan", "standard"),
            ("created_at", &now),
        ];
        insert(&database, "workspace", &row).await;
        for (user, role) in people {
            join(&database, id, *user, role).await;
        }
        id
    }
}

/// The body of an answer with this status.
pub(crate) async fn answered(answer: Response, status: u16) -> Value {
    let found = answer.status().as_u16();
    let text = answer.text().await.unwrap();
    assert_eq!(found, status, "{text}");
    if text.is_empty() {
        Value::Null
    } else {
        serde_json::from_str(&text).unwrap()
    }
}

/// The token of a link.
pub(crate) fn token_of(link: &Value) -> String {
    let link = link.as_str().expect("the answer holds a link");
    link.split_once('#').unwrap().1.to_owned()
}

pub(crate) fn invite(email: &str, role: &str) -> Value {
    json!({"email": email, "role": role})
}
