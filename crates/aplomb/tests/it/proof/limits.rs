//! Faults in how often one may ask.

use std::sync::atomic::{AtomicU32, Ordering};

use axum::http::HeaderValue;

use super::sabotage::{Answered, Fault};
use super::{Planted, every_fault_is_found};

pub(super) fn planted() -> Vec<Planted> {
    [addresses(), users()].into_iter().flatten().collect()
}

/// A proxy that says of each request that somebody else asks.
fn inventing() -> Fault {
    let count = AtomicU32::new(0);
    Fault::new().ask(move |asked| {
        let [_, a, b, c] = count.fetch_add(1, Ordering::Relaxed).to_be_bytes();
        let address = format!("100.{a}.{b}.{c}");
        let address = HeaderValue::from_str(&address).unwrap();
        asked.headers.insert("x-forwarded-for", address);
        None
    })
}

/// 429 for everybody and for ever, from the first one on.
fn closing() -> Fault {
    let refused = AtomicU32::new(0);
    Fault::new().change(move |asked, answer| {
        if answer.status == 429 {
            refused.store(1, Ordering::Relaxed);
        } else if refused.load(Ordering::Relaxed) == 1 && asked.path().starts_with("/api/v1") {
            *answer = Answered::new(429, "");
            answer.set("retry-after", "1");
        }
    })
}

fn addresses() -> Vec<Planted> {
    vec![
        Planted::new(
            "limits.per_address",
            "limits are off",
            || Fault::new().set("limits.anonymous_per_minute", "0"),
            "nobody is limited",
        ),
        Planted::new(
            "limits.per_address",
            "a proxy invents addresses",
            inventing,
            "none was refused, the limit is 100",
        ),
        Planted::new(
            "limits.per_address",
            "the moment to come back is wrong",
            || {
                Fault::new().change(|_, answer| {
                    if answer.status == 429 {
                        answer.set("retry-after", "3600");
                    }
                })
            },
            "Retry-After of a refusal is Some(\"3600\")",
        ),
        Planted::new(
            "limits.per_address",
            "the proxy is taken for everybody",
            || Fault::new().set("http.trusted_proxies", ""),
            "a second address is refused with the first",
        ),
        Planted::new(
            "limits.per_address",
            "the window never opens again",
            closing,
            "after the promised 1 s the next request is refused",
        ),
        Planted::new(
            "limits.per_address",
            "health is refused too",
            || {
                let refused = AtomicU32::new(0);
                Fault::new().change(move |asked, answer| {
                    if answer.status == 429 {
                        refused.store(1, Ordering::Relaxed);
                    } else if refused.load(Ordering::Relaxed) == 1 && asked.path() == "/livez" {
                        *answer = Answered::new(429, "");
                    }
                })
            },
            "/livez gets 429",
        ),
        Planted::new(
            "limits.routes",
            "a proxy invents addresses",
            inventing,
            "POST /api/v1/auth/reset: 20 requests",
        ),
        Planted::new(
            "limits.routes",
            "a route takes fewer than it says",
            || {
                Fault::new().ask(|asked| {
                    let refused = asked.path() == "/api/v1/auth/reset";
                    refused.then(|| Answered::new(429, ""))
                })
            },
            "POST /api/v1/auth/reset: 0 requests were let in",
        ),
        Planted::new(
            "limits.shared",
            "instances do not find each other in Redis",
            || {
                let count = AtomicU32::new(0);
                Fault::new().wishes(move |wishes| {
                    let number = count.fetch_add(1, Ordering::Relaxed);
                    wishes.set("redis.prefix", format!("own{number}"))
                })
            },
            "two instances together: ",
        ),
        Planted::new(
            "limits.shared",
            "without Redis there are errors",
            || {
                let refused = AtomicU32::new(0);
                Fault::new().change(move |_, answer| {
                    let before = refused.load(Ordering::Relaxed);
                    if answer.status == 429 || before > 0 {
                        refused.fetch_add(1, Ordering::Relaxed);
                    }
                    // The burst has forty of them at most.
                    if before > 50 {
                        *answer = Answered::new(502, "");
                    }
                })
            },
            "without Redis a request gets 502",
        ),
    ]
}

fn users() -> Vec<Planted> {
    vec![
        Planted::new(
            "limits.per_user",
            "limits are off",
            || Fault::new().set("limits.anonymous_per_minute", "0"),
            "none was refused, the limit is 1000",
        ),
        Planted::new(
            "limits.per_user",
            "one user's limit is everybody's",
            closing,
            "another user gets 429 with the first",
        ),
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn faults_of_limits_of_addresses_and_routes_are_found() {
    every_fault_is_found(addresses()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn faults_of_limits_of_users_are_found() {
    every_fault_is_found(users()).await;
}
