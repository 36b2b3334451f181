//! Who may do what.

pub(crate) mod cors;
pub(crate) mod csrf;
mod forge;
pub(crate) mod lockout;
pub(crate) mod matrix;
mod outsider;
pub(crate) mod password_hashing;
mod place;
pub(crate) mod revocation;
pub(crate) mod session_fixation;
pub(crate) mod undocumented;

use std::time::Duration;

use chassis::check::{Answer, Method, Subject, Trouble};
use serde_json::{Value, json};

use crate::actors::PASSWORD;

/// An answer without waiting for the end of one that streams: its head says all that is asked here.
pub(crate) async fn ask(request: reqwest::RequestBuilder) -> Result<Answer, Trouble> {
    let mut response = request.send().await?;
    let streams = response
        .headers()
        .get("content-type")
        .is_some_and(|kind| kind.as_bytes().starts_with(b"text/event-stream"));
    let (status, headers) = (response.status(), response.headers().clone());
    let mut body = Vec::new();
    while !streams
        && body.len() < 1 << 20
        && let Some(chunk) = response.chunk().await?
    {
        body.extend_from_slice(&chunk);
    }
    Ok(Answer {
        status,
        headers,
        body: body.into(),
    })
}

/// The stable code of a problem; empty where there is none.
pub(crate) fn code(answer: &Answer) -> String {
    let problem: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
    problem["code"].as_str().unwrap_or_default().to_owned()
}

/// An attempt to sign in, by a browser (which gets a cookie) or a client (which gets tokens).
fn attempt(
    subject: &Subject,
    email: &str,
    password: &str,
    client: bool,
) -> reqwest::RequestBuilder {
    let mut body = json!({ "email": email, "password": password });
    if client {
        body["client"] = json!("api");
    }
    subject
        .request(Method::POST, "/api/v1/auth/login")
        .json(&body)
}

/// Signs in as a browser: `name=value` of the cookie.
async fn cookie(subject: &Subject, email: &str) -> Result<String, Trouble> {
    let answer = Answer::to(attempt(subject, email, PASSWORD, false)).await?;
    answer.expect(200)?;
    set_cookie(&answer).ok_or_else(|| Trouble::broke("a browser that signs in gets no cookie"))
}

/// `name=value` of the cookie that an answer sets.
fn set_cookie(answer: &Answer) -> Option<String> {
    let cookie = answer.header("set-cookie")?;
    Some(cookie.split(';').next()?.trim().to_owned())
}

/// The status of a request for one's own account with a cookie.
async fn with_cookie(subject: &Subject, cookie: &str) -> Result<u16, Trouble> {
    let request = subject
        .request(Method::GET, "/api/v1/auth/me")
        .header("cookie", cookie);
    Ok(ask(request).await?.status.as_u16())
}

/// The same with a token or key.
async fn with_bearer(subject: &Subject, token: &str) -> Result<u16, Trouble> {
    let request = subject.request(Method::GET, "/api/v1/auth/me");
    Ok(ask(request.bearer_auth(token)).await?.status.as_u16())
}

fn milliseconds(time: Duration) -> String {
    format!("{:.1} ms", time.as_secs_f64() * 1000.0)
}
