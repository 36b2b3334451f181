//! Signing in, over HTTP with a real house, on SQLite and on PostgreSQL: each rule as a fact.

mod account;
mod browser;
mod client;
mod elsewhere;
mod people;
mod second_factor;
mod secrets;

use chassis::auth::{UserId, WorkspaceId, home_workspace, password};
use chassis::data::{DataError, Database};
use reqwest::header::{COOKIE, SET_COOKIE};
use reqwest::{Method, RequestBuilder, Response};
use sea_orm::ConnectionTrait;
use sea_orm::sea_query::{Expr, ExprTrait, Query};
use serde_json::{Value, json};

use crate::house::Running;

pub(crate) const EMAIL: &str = "zoe@example.org";
pub(crate) const PASSWORD: &str = "correct horse battery";

/// Somebody with an account, a member of the home workspace.
pub(crate) async fn person(house: &Running, email: &str, role: &str) -> UserId {
    let database = house.database().await;
    let user = UserId::generate(database.clock());
    let hash = password::hash(PASSWORD).await.unwrap();
    let now = database.clock().now().to_string();
    insert(
        &database,
        "user",
        &[
            ("id", &user.to_string()),
            ("email", email),
            ("name", "Zoé"),
            ("language", "fr"),
            ("password_hash", &hash),
            ("created_at", &now),
        ],
    )
    .await;
    let home = home_workspace(&database).await.unwrap();
    join(&database, home, user, role).await;
    database.close().await.unwrap();
    user
}

pub(crate) async fn join(database: &Database, workspace: WorkspaceId, user: UserId, role: &str) {
    let now = database.clock().now().to_string();
    insert(
        database,
        "member",
        &[
            ("workspace_id", &workspace.to_string()),
            ("user_id", &user.to_string()),
            ("role", role),
            ("created_at", &now),
        ],
    )
    .await;
}

pub(crate) async fn insert(database: &Database, table: &'static str, row: &[(&'static str, &str)]) {
    let statement = Query::insert()
        .into_table(table)
        .columns(row.iter().map(|(column, _)| *column))
        .values_panic(row.iter().map(|(_, value)| Expr::val(*value)))
        .take();
    database
        .write(move |tx| {
            Box::pin(async move {
                tx.execute(&statement).await?;
                Ok::<_, DataError>(())
            })
        })
        .await
        .unwrap();
}

/// One column of one row, by its id.
pub(crate) async fn column(
    database: &Database,
    table: &'static str,
    id: &str,
    column: &'static str,
) -> Option<String> {
    let query = Query::select()
        .column(column)
        .from(table)
        .and_where(Expr::col("id").eq(id))
        .take();
    let row = database.read().query_one(&query).await.unwrap().unwrap();
    row.try_get("", column).unwrap()
}

impl Running {
    pub(crate) fn send(&self, method: Method, path: &str) -> RequestBuilder {
        self.client
            .request(method, self.url(&format!("/api/v1{path}")))
    }

    /// A JSON body, without credentials.
    pub(crate) async fn post(&self, path: &str, body: Value) -> Response {
        self.send(Method::POST, path)
            .json(&body)
            .send()
            .await
            .unwrap()
    }

    pub(crate) async fn sign_in(&self, email: &str, password: &str) -> Response {
        self.post("/auth/login", json!({"email": email, "password": password}))
            .await
    }

    /// Signs a browser in: its cookie.
    pub(crate) async fn cookie(&self) -> String {
        let answer = self.sign_in(EMAIL, PASSWORD).await;
        assert_eq!(answer.status(), 200);
        cookie_of(&answer)
    }

    /// Signs a client in: access and refresh token.
    pub(crate) async fn tokens(&self) -> (String, String) {
        let body = json!({"email": EMAIL, "password": PASSWORD, "client": "api"});
        let answer = self.post("/auth/login", body).await;
        assert_eq!(answer.status(), 200);
        tokens_of(&answer.json::<Value>().await.unwrap()["tokens"])
    }

    /// Exchanges a refresh token.
    pub(crate) async fn refreshed(&self, token: &str) -> Result<(String, String), (u16, String)> {
        let answer = self
            .post("/auth/refresh", json!({"refresh_token": token}))
            .await;
        if answer.status() == 200 {
            return Ok(tokens_of(&answer.json().await.unwrap()));
        }
        Err(fault(answer).await)
    }

    /// What `GET /auth/me` answers to a cookie.
    pub(crate) async fn me_by_cookie(&self, cookie: &str) -> u16 {
        let answer = self
            .send(Method::GET, "/auth/me")
            .header(COOKIE, cookie)
            .send()
            .await
            .unwrap();
        answer.status().as_u16()
    }

    /// What `GET /auth/me` answers to a token.
    pub(crate) async fn me_by_token(&self, token: &str) -> u16 {
        let answer = self
            .send(Method::GET, "/auth/me")
            .bearer_auth(token)
            .send()
            .await
            .unwrap();
        answer.status().as_u16()
    }

    /// As a page of this server asks: with the cookie and where it comes from.
    pub(crate) async fn page(
        &self,
        method: Method,
        path: &str,
        cookie: &str,
        body: Option<Value>,
    ) -> Response {
        let mut request = self
            .send(method, path)
            .header(COOKIE, cookie)
            .header("origin", format!("http://{}", self.address));
        if let Some(body) = body {
            request = request.json(&body);
        }
        request.send().await.unwrap()
    }
}

pub(crate) fn cookie_of(answer: &Response) -> String {
    let set = answer.headers()[SET_COOKIE].to_str().unwrap();
    set.split(';').next().unwrap().to_owned()
}

fn tokens_of(tokens: &Value) -> (String, String) {
    let text = |name: &str| tokens[name].as_str().unwrap().to_owned();
    (text("access_token"), text("refresh_token"))
}

/// Status and code of a refusal.
pub(crate) async fn fault(answer: Response) -> (u16, String) {
    let status = answer.status().as_u16();
    let body: Value = answer.json().await.unwrap();
    (status, body["code"].as_str().unwrap().to_owned())
}
