//! Faults in what is shown to strangers.

mod elsewhere;

use std::sync::{Arc, Mutex};

use axum::http::HeaderValue;

use super::sabotage::{Answered, Asked, Fault};
use super::{Planted, every_fault_is_found};

pub(super) fn planted() -> Vec<Planted> {
    [
        headers(),
        cookies(),
        transport(),
        sizes(),
        input(),
        errors(),
        canaries(),
    ]
    .into_iter()
    .flatten()
    .collect()
}

fn headers() -> Vec<Planted> {
    vec![
        Planted::new(
            "surface.headers",
            "a proxy takes a header away",
            || {
                Fault::new().change(|_, answer| {
                    answer.headers.remove("x-frame-options");
                })
            },
            "x-frame-options is None",
        ),
        Planted::new(
            "surface.headers",
            "errors go without headers",
            || {
                Fault::new().change(|_, answer| {
                    if answer.status == 404 {
                        answer.headers.clear();
                    }
                })
            },
            "404: content-security-policy is None",
        ),
        Planted::new(
            "surface.headers",
            "only failures of storage lack a header",
            || {
                Fault::new().change(|_, answer| {
                    if answer.status == 503 {
                        answer.headers.remove("referrer-policy");
                    }
                })
            },
            "503: referrer-policy is None",
        ),
        Planted::new(
            "surface.headers",
            "a policy is weaker than none",
            || Fault::new().change(|_, answer| answer.set("referrer-policy", "unsafe-url")),
            "200: referrer-policy is Some(\"unsafe-url\")",
        ),
    ]
}

fn cookies() -> Vec<Planted> {
    let without = |flag: &'static str| {
        move || {
            Fault::new().change(move |_, answer| {
                if let Some(cookie) = answer.headers.get("set-cookie") {
                    let cookie = cookie.to_str().unwrap().replace(flag, "");
                    answer.set("set-cookie", &cookie);
                }
            })
        }
    };
    vec![
        Planted::new(
            "surface.cookies",
            "a cookie is open to scripts",
            without("; HttpOnly"),
            "lacks HttpOnly",
        ),
        Planted::new(
            "surface.cookies",
            "a cookie goes out in plain HTTP",
            without("; Secure"),
            "under TLS: the cookie \"__Host-aplomb\" lacks Secure",
        ),
        Planted::new(
            "surface.cookies",
            "a cookie is sent by other sites",
            without("; SameSite=Lax"),
            "lacks SameSite",
        ),
        Planted::new(
            "surface.cookies",
            "a deployment uses the plain name",
            || Fault::new().set("profile", "development"),
            "without TLS in staging: the cookie \"aplomb\" lacks the prefix __Host-",
        ),
    ]
}

fn transport() -> Vec<Planted> {
    vec![
        Planted::new(
            "surface.hsts",
            "HSTS is gone",
            || {
                Fault::new().change(|_, answer| {
                    answer.headers.remove("strict-transport-security");
                })
            },
            "200 /livez over TLS has no Strict-Transport-Security",
        ),
        Planted::new(
            "surface.hsts",
            "HSTS lasts five minutes",
            || {
                Fault::new().change(|_, answer| {
                    if answer.headers.contains_key("strict-transport-security") {
                        answer.set("strict-transport-security", "max-age=300");
                    }
                })
            },
            "max-age=300 is too short",
        ),
        Planted::new(
            "surface.hsts",
            "the proxy is not believed",
            || Fault::new().set("http.trusted_proxies", "192.0.2.1"),
            "401 /api/v1/audit over TLS has no Strict-Transport-Security",
        ),
        Planted::elsewhere(
            "surface.redirect",
            "pages are served in plain HTTP",
            || {
                Box::pin(elsewhere::plain(
                    "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok",
                ))
            },
            "answers 200 in plain HTTP",
        ),
        Planted::elsewhere(
            "surface.redirect",
            "plain HTTP leads to plain HTTP",
            || {
                Box::pin(elsewhere::plain(
                    "HTTP/1.1 301 Moved\r\nlocation: http://a.example/\r\ncontent-length: 0\r\n\r\n",
                ))
            },
            "leads to \"http://a.example/\"",
        ),
        Planted::elsewhere(
            "surface.tls",
            "TLS 1.0 is spoken",
            || Box::pin(elsewhere::old_tls(1)),
            "TLS 1.0 is accepted",
        ),
        Planted::elsewhere(
            "surface.tls",
            "TLS 1.1 is spoken, and nothing newer",
            || Box::pin(elsewhere::old_tls(2)),
            "TLS 1.1 is accepted\nneither TLS 1.2 nor 1.3 is accepted",
        ),
    ]
}

fn sizes() -> Vec<Planted> {
    vec![
        Planted::new(
            "surface.body_limit",
            "the limit of bodies is off",
            || Fault::new().set("http.body_limit_bytes", "1073741824"),
            "JSON in chunks, 131072 bytes where 65536 are allowed",
        ),
        Planted::new(
            "surface.body_limit",
            "a proxy takes files of any size",
            || {
                Fault::new().ask(|asked| {
                    let is_file = asked.path() == "/api/v1/objects";
                    (is_file && asked.body.len() > 65536).then(|| Answered::new(201, "{}"))
                })
            },
            "a file in chunks, 131072 bytes where 65536 are allowed: 201 came",
        ),
        Planted::new(
            "surface.header_limit",
            "the limit of heads is sixty-four times the usual one",
            || {
                Fault::new()
                    .set("http.header_limit_bytes", "1048576")
                    .direct()
            },
            "one header of 64 KiB: 200 came, not 431",
        ),
        Planted::new(
            "surface.slow_loris",
            "ten minutes for a head",
            || {
                Fault::new()
                    .set("http.header_timeout_ms", "600000")
                    .direct()
            },
            "a connection that sends a byte at a time is still open",
        ),
        Planted::new(
            "surface.slow_loris",
            "a proxy in front has all the time in the world",
            Fault::new,
            "a connection that says nothing is still open",
        ),
    ]
}

fn input() -> Vec<Planted> {
    let holds = |asked: &Asked, part: &str| asked.uri.to_string().contains(part);
    let page = |asked: &Asked| {
        let text = asked.uri.query().unwrap_or_default().replace("%3C", "<");
        let text = text.replace("%3E", ">").replace("%28", "(");
        let mut answer = Answered::new(200, format!("<p>{}", text.replace("%29", ")")));
        answer.set("content-type", "text/html");
        answer
    };
    vec![
        Planted::new(
            "surface.traversal",
            "a file of the machine is served",
            move || {
                Fault::new().ask(move |asked| {
                    (holds(asked, "/docs/..%2f") && holds(asked, "passwd"))
                        .then(|| Answered::new(200, "root:x:0:0:root:/root:/bin/sh\n"))
                })
            },
            "shows etc/passwd",
        ),
        Planted::new(
            "surface.traversal",
            "a file beside the data is served",
            move || {
                Fault::new().ask(move |asked| {
                    (holds(asked, "/luna/download/%2e%2e%2f") && holds(asked, "canary"))
                        .then(|| Answered::new(200, "this file was never served"))
                })
            },
            "shows aplomb-canary.txt",
        ),
        Planted::new(
            "surface.traversal",
            "an odd spelling breaks the server",
            move || {
                Fault::new()
                    .ask(move |asked| holds(asked, "%c0%ae").then(|| Answered::new(500, "")))
            },
            "is answered 500",
        ),
        Planted::new(
            "surface.injection",
            "markup comes back",
            move || {
                Fault::new().ask(move |asked| holds(asked, "%3Cscript%3E").then(|| page(asked)))
            },
            "markup comes back as markup",
        ),
        Planted::new(
            "surface.injection",
            "a quote in a query breaks a statement",
            move || {
                Fault::new().ask(move |asked| {
                    (holds(asked, "/api/v1/audit?actor=") && holds(asked, "%27"))
                        .then(|| Answered::new(500, ""))
                })
            },
            "GET /api/v1/audit actor: a quote is answered 500",
        ),
        Planted::new(
            "surface.injection",
            "a line break makes a header",
            move || {
                Fault::new().change(move |asked, answer| {
                    if holds(asked, "%0D%0A") {
                        answer.set("x-aplomb-injected", "1");
                    }
                })
            },
            "a line break brings about a header",
        ),
        Planted::new(
            "surface.injection",
            "a field of a body breaks the server",
            || {
                Fault::new().ask(|asked| {
                    let body = String::from_utf8_lossy(&asked.body).into_owned();
                    let breaks = asked.path() == "/api/v1/webhooks" && body.contains("\\u0000");
                    breaks.then(|| Answered::new(502, ""))
                })
            },
            "a null byte is answered 502",
        ),
    ]
}

fn errors() -> Vec<Planted> {
    let with = |status: u16, from: &'static str, to: &'static str| {
        move || {
            Fault::new().change(move |_, answer| {
                if answer.status == status {
                    answer.body = answer.text().replace(from, to).into();
                }
            })
        }
    };
    vec![
        Planted::new(
            "surface.error_bodies",
            "an error shows where it came from",
            with(
                422,
                "\"detail\":\"",
                "\"detail\":\"   0: luna::api::mark\\n ",
            ),
            "422: it holds a backtrace",
        ),
        Planted::new(
            "surface.error_bodies",
            "a failure of storage names the folder",
            with(503, "\"detail\":\"", "\"detail\":\"/var/lib/aplomb: "),
            "503: it holds a path of the machine",
        ),
        Planted::new(
            "surface.error_bodies",
            "an error has lost its code",
            with(404, "\"code\"", "\"kode\""),
            "404: it has no code",
        ),
        Planted::new(
            "surface.error_bodies",
            "a proxy answers with a page of its own",
            || {
                Fault::new().change(|_, answer| {
                    if answer.status == 413 {
                        answer.body = "<h1>413</h1>".into();
                        answer.set("content-type", "text/html");
                    }
                })
            },
            "413: its body is \"text/html\"",
        ),
        Planted::new(
            "surface.error_bodies",
            "a proxy names itself and its version",
            || Fault::new().change(|_, answer| answer.set("server", "proxy/1.2.3")),
            "401: the header server names \"proxy/1.2.3\"",
        ),
    ]
}

fn canaries() -> Vec<Planted> {
    let noted = |what: fn(&Asked) -> Option<String>| {
        move || {
            let seen = Arc::new(Mutex::new(String::new()));
            let log = seen.clone();
            Fault::new()
                .ask(move |asked| {
                    if let Some(text) = what(asked) {
                        seen.lock().unwrap().push_str(&text);
                    }
                    None
                })
                .log(move |text| text + &log.lock().unwrap())
        }
    };
    vec![
        Planted::new(
            "surface.canaries",
            "the log holds queries",
            noted(|asked| asked.uri.query().map(str::to_owned)),
            "a secret of the query stands in the log",
        ),
        Planted::new(
            "surface.canaries",
            "the log holds bodies",
            noted(|asked| Some(String::from_utf8_lossy(&asked.body).into_owned())),
            "a password stands in the log",
        ),
        Planted::new(
            "surface.canaries",
            "an error repeats its credentials",
            || {
                Fault::new().change(|asked, answer| {
                    if let Some(given) = asked.headers.get("authorization")
                        && answer.status == 401
                    {
                        answer.body = given.as_bytes().to_vec().into();
                    }
                })
            },
            "a wrong bearer token stands in the answer 401",
        ),
        Planted::new(
            "surface.canaries",
            "metrics name who asked",
            || {
                Fault::new().change(|asked, answer| {
                    let token = asked.headers.get("authorization");
                    let token = token.map_or("", |value: &HeaderValue| value.to_str().unwrap());
                    if asked.path() == "/metrics" {
                        answer.body = format!("{}# {token}\n", answer.text()).into();
                    }
                })
            },
            "the metrics token stands in /metrics",
        ),
        Planted::new(
            "surface.canaries",
            "there is no log to search",
            || Fault::new().log(|_| String::new()),
            "the search cannot find",
        ),
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn faults_of_the_surface_are_found() {
    every_fault_is_found(planted()).await;
}
