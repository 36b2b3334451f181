//! Faults in who may do what.

use std::collections::HashMap;
use std::sync::Mutex;

use axum::http::{HeaderValue, Method};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use readiness::actors::PASSWORD;
use serde_json::Value;

use super::sabotage::{Answered, Asked, Fault};
use super::{Planted, every_fault_is_found};

pub(super) fn planted() -> Vec<Planted> {
    [rights(), passwords(), sessions()]
        .into_iter()
        .flatten()
        .collect()
}

fn is(asked: &Asked, method: &Method, path: &str) -> bool {
    asked.method == *method && asked.path() == path
}

fn bearer(asked: &Asked) -> Option<&str> {
    asked
        .headers
        .get("authorization")?
        .to_str()
        .ok()?
        .strip_prefix("Bearer ")
}

/// A problem of ours in place of an answer.
fn problem(status: u16, code: &str) -> Answered {
    let mut answered = Answered::new(status, format!("{{\"code\":\"{code}\"}}"));
    answered.set("content-type", "application/problem+json");
    answered
}

/// The matrix of rights, and routes that are not documented.
fn rights() -> Vec<Planted> {
    vec![
        Planted::new(
            "access.matrix",
            "one route answers everybody",
            || {
                Fault::new().ask(|asked| {
                    let open = is(asked, &Method::GET, "/api/v1/usage");
                    open.then(|| Answered::new(200, "{}"))
                })
            },
            "GET /api/v1/usage by nobody: 200",
        ),
        Planted::new(
            "access.matrix",
            "scopes are ignored",
            || {
                Fault::new().change(|_, answer| {
                    if answer.status == 403 && answer.text().contains("auth.forbidden") {
                        *answer = Answered::new(200, "{}");
                    }
                })
            },
            "by a key with the verb before: 200",
        ),
        Planted::new(
            "access.matrix",
            "unsigned tokens are let in",
            || {
                let good = Mutex::new(None::<HeaderValue>);
                Fault::new().ask(move |asked| {
                    let token = bearer(asked).unwrap_or_default();
                    let mut good = good.lock().unwrap();
                    if token.starts_with("ey") && token.ends_with('.') {
                        let good = good.clone().unwrap();
                        asked.headers.insert("authorization", good);
                    } else if token.starts_with("ey") && good.is_none() {
                        *good = asked.headers.get("authorization").cloned();
                    }
                    None
                })
            },
            "GET /api/v1/audit by a token with alg=none: 200",
        ),
        Planted::new(
            "access.matrix",
            "what belongs to others is there",
            || {
                Fault::new().change(|asked, answer| {
                    if answer.status == 404 && asked.path().ends_with("/about") {
                        *answer = Answered::new(200, "{}");
                    }
                })
            },
            "GET /api/v1/objects/{id}/about by another workspace's owner: 200",
        ),
        Planted::new(
            "access.matrix",
            "a list shows what others have",
            || {
                let made = Mutex::new(String::new());
                Fault::new().change(move |asked, answer| {
                    if is(asked, &Method::POST, "/api/v1/webhooks") && answer.status == 201 {
                        made.lock().unwrap().push_str(&answer.text());
                    }
                    if is(asked, &Method::GET, "/api/v1/webhooks") && answer.status == 200 {
                        answer.body = made.lock().unwrap().clone().into();
                    }
                })
            },
            "GET /api/v1/webhooks by another workspace's owner: 200 shows",
        ),
        Planted::new(
            "access.matrix",
            "a cache forgets who asked",
            || {
                let kept = Mutex::new(None::<Answered>);
                let keys = |asked: &Asked| is(asked, &Method::GET, "/api/v1/keys");
                let kept = std::sync::Arc::new(kept);
                let store = kept.clone();
                Fault::new()
                    .ask(move |asked| kept.lock().unwrap().clone().filter(|_| keys(asked)))
                    .change(move |asked, answer| {
                        if keys(asked) && answer.status == 200 {
                            *store.lock().unwrap() = Some(answer.clone());
                        }
                    })
            },
            "GET /api/v1/keys by a revoked key: 200",
        ),
        Planted::new(
            "access.matrix",
            "the owner is refused",
            || {
                Fault::new().change(|asked, answer| {
                    if asked.path() == "/api/v1/audit" && answer.status == 200 {
                        *answer = problem(403, "auth.forbidden");
                    }
                })
            },
            "GET /api/v1/audit by the owner: 403",
        ),
        Planted::new(
            "access.undocumented",
            "a profiler answers",
            || {
                Fault::new().ask(|asked| {
                    let found = asked.path() == "/debug/pprof";
                    found.then(|| Answered::new(200, "profiles"))
                })
            },
            "GET /debug/pprof answers 200",
        ),
        Planted::new(
            "access.undocumented",
            "an address takes a method that nobody told of",
            || {
                Fault::new().ask(|asked| {
                    let found = is(asked, &Method::DELETE, "/api/v1/usage");
                    found.then(|| Answered::new(204, ""))
                })
            },
            "DELETE /api/v1/usage answers 204",
        ),
        Planted::new(
            "access.undocumented",
            "a documented operation is gone",
            || {
                Fault::new().ask(|asked| {
                    let gone = is(asked, &Method::GET, "/api/v1/quota");
                    gone.then(|| problem(404, "http.not_found"))
                })
            },
            "GET /api/v1/quota is documented and does not exist",
        ),
    ]
}

const LOGIN: &str = "/api/v1/auth/login";

fn passwords() -> Vec<Planted> {
    vec![
        Planted::new(
            "access.password_hashing",
            "an old account has a cheap hash",
            || {
                Fault::new().down(|data| {
                    let hash = "$argon2id$v=19$m=1024,t=1,p=1$c2FsdHNhbHQ$aGFzaGhhc2hoYXNo";
                    std::fs::write(data.join("old.db"), hash).unwrap();
                })
            },
            "a hash costs m=1024,t=1,p=1",
        ),
        Planted::new(
            "access.password_hashing",
            "passwords are logged",
            || Fault::new().log(|log| format!("{log}\nbody: {PASSWORD}")),
            "the password stands in the log",
        ),
        Planted::new(
            "access.password_hashing",
            "passwords are kept in base64",
            || {
                Fault::new().down(|data| {
                    std::fs::write(data.join("kept"), STANDARD.encode(PASSWORD)).unwrap();
                })
            },
            "the password in base64 stands in kept",
        ),
        Planted::new(
            "access.password_hashing",
            "the answer tells who has an account",
            || {
                Fault::new().change(|asked, answer| {
                    let body = String::from_utf8_lossy(&asked.body).into_owned();
                    if asked.path() == LOGIN && body.contains("nobody") {
                        *answer = problem(404, "auth.unknown_address");
                    }
                })
            },
            "that tells who has an account",
        ),
        Planted::new(
            "access.lockout",
            "nobody is locked out",
            || Fault::new().set("auth.lock_after", "100"),
            "20 failures do not lock the account",
        ),
        Planted::new(
            "access.lockout",
            "nobody says for how long",
            || {
                Fault::new().change(|asked, answer| {
                    if asked.path() == LOGIN {
                        answer.headers.remove("retry-after");
                    }
                })
            },
            "Retry-After of a locked account is None",
        ),
        Planted::new(
            "access.lockout",
            "one person's failures lock everybody",
            || {
                let locked = Mutex::new(None::<Answered>);
                Fault::new().change(move |asked, answer| {
                    if asked.path() != LOGIN {
                        return;
                    }
                    let mut locked = locked.lock().unwrap();
                    match &*locked {
                        Some(refusal) => *answer = refusal.clone(),
                        None if answer.status == 429 => *locked = Some(answer.clone()),
                        None => {}
                    }
                })
            },
            "another account is locked with it: 429",
        ),
    ]
}

fn sessions() -> Vec<Planted> {
    vec![
        Planted::new(
            "access.session_fixation",
            "the cookie that was shown is taken over",
            || {
                Fault::new().change(|asked, answer| {
                    let shown = asked.headers.get("cookie");
                    if asked.path() == LOGIN
                        && let Some(shown) = shown
                    {
                        answer.headers.insert("set-cookie", shown.clone());
                    }
                })
            },
            "a cookie made up before the sign-in is the session afterwards",
        ),
        Planted::new(
            "access.session_fixation",
            "signing out ends nothing",
            || {
                Fault::new().ask(|asked| {
                    let out = asked.path() == "/api/v1/auth/logout";
                    out.then(|| Answered::new(204, ""))
                })
            },
            "the old cookie gets 200 after the sign-out",
        ),
        Planted::new(
            "access.session_fixation",
            "refresh tokens are good for ever",
            || {
                let kept = std::sync::Arc::new(Mutex::new(HashMap::<Vec<u8>, Answered>::new()));
                let store = kept.clone();
                let path = "/api/v1/auth/refresh";
                Fault::new()
                    .ask(move |asked| {
                        let kept = kept.lock().unwrap();
                        kept.get(&asked.body.to_vec())
                            .filter(|_| asked.path() == path)
                            .cloned()
                    })
                    .change(move |asked, answer| {
                        if asked.path() == path && answer.status == 200 {
                            let mut store = store.lock().unwrap();
                            store.insert(asked.body.to_vec(), answer.clone());
                        }
                    })
            },
            "a refresh token that was used before gets 200",
        ),
        Planted::new(
            "access.csrf",
            "a proxy hides where requests come from",
            || {
                Fault::new().ask(|asked| {
                    asked.headers.remove("origin");
                    let own = HeaderValue::from_static("same-origin");
                    asked.headers.insert("sec-fetch-site", own);
                    None
                })
            },
            "POST with a foreign Origin: 201",
        ),
        Planted::new(
            "access.csrf",
            "a proxy asks under another name",
            || {
                Fault::new().ask(|asked| {
                    let name = HeaderValue::from_static("inside.example");
                    asked.headers.insert("host", name);
                    None
                })
            },
            "the server's own page (origin) gets 403",
        ),
        Planted::new(
            "access.cors",
            "any origin is reflected",
            || {
                Fault::new().change(|asked, answer| {
                    if let Some(origin) = asked.headers.get("origin") {
                        let name = "access-control-allow-origin";
                        answer.headers.insert(name, origin.clone());
                    }
                })
            },
            "from https://evil.example gets access-control-allow-origin",
        ),
        Planted::new(
            "access.cors",
            "origins are compared by their end",
            || {
                Fault::new().change(|asked, answer| {
                    let origin = asked.headers.get("origin").cloned();
                    if let Some(origin) = origin
                        && origin.as_bytes().ends_with(b"console.prove.example")
                    {
                        let name = "access-control-allow-origin";
                        answer.headers.insert(name, origin);
                    }
                })
            },
            "from https://evilconsole.prove.example gets",
        ),
        Planted::new(
            "access.cors",
            "the question before a request finds nobody",
            || {
                Fault::new().ask(|asked| {
                    let asks = asked.method == Method::OPTIONS;
                    asks.then(|| Answered::new(405, ""))
                })
            },
            "the preflight of the allowed origin gets 405",
        ),
        Planted::new(
            "access.revocation",
            "revoking a key reaches nobody",
            || {
                Fault::new().ask(|asked| {
                    let path = asked.path().starts_with("/api/v1/keys/");
                    let revokes = path && asked.method == Method::DELETE;
                    revokes.then(|| Answered::new(204, ""))
                })
            },
            "a revoked key gets 200",
        ),
        Planted::new(
            "access.revocation",
            "who is disabled stays in",
            || {
                Fault::new().ask(|asked| {
                    let body: Value = serde_json::from_slice(&asked.body).unwrap_or_default();
                    let disables = asked.path().starts_with("/api/v1/users/");
                    (disables && body["disabled"] == true).then(|| Answered::new(200, "{}"))
                })
            },
            "a disabled account gets 200",
        ),
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn faults_of_rights_and_routes_are_found() {
    every_fault_is_found(rights()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn faults_of_passwords_are_found() {
    every_fault_is_found(passwords()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn faults_of_sessions_are_found() {
    every_fault_is_found(sessions()).await;
}
