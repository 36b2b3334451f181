//! Whether a browser's request was made by our own pages: what keeps a foreign site from acting with a visitor's cookie.
//!
//! The rules of tower-http's `csrf` layer and Go's `CrossOriginProtection`, but one: a cookie without any proof is refused.
//! Every browser since 2020 sends `Origin` or `Sec-Fetch-Site` with an unsafe method; programs have keys and tokens.

use http::{HeaderMap, HeaderValue, Method, header};

use crate::config::AllowedOrigin;

/// Whether the method changes nothing.
pub fn is_safe(method: &Method) -> bool {
    matches!(*method, Method::GET | Method::HEAD | Method::OPTIONS)
}

/// Whether the request shows that our own page, or one of an allowed origin, made it. `authority` is the host that was asked.
pub fn is_own(headers: &HeaderMap, authority: Option<&str>, allowed: &[AllowedOrigin]) -> bool {
    let origin = headers
        .get(header::ORIGIN)
        .map(|value| value.to_str().unwrap_or("null"));
    // `*` lets anybody read what is public; it lets nobody act for a visitor.
    let is_allowed = origin.is_some_and(|origin| {
        allowed
            .iter()
            .any(|allowed| !allowed.is_any() && allowed.as_str() == origin)
    });
    if is_allowed {
        return true;
    }
    match headers.get("sec-fetch-site").map(HeaderValue::as_bytes) {
        // `none`: typed, or from a bookmark.
        Some(site) => site == b"same-origin" || site == b"none",
        None => match (origin, authority) {
            (Some(origin), Some(authority)) => origin
                .split_once("://")
                .is_some_and(|(_, host)| host.eq_ignore_ascii_case(authority)),
            _ => false,
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn proof_is_needed() {
        let allowed = [
            "https://app.example.org".parse().unwrap(),
            "*".parse().unwrap(),
        ];
        let own = |pairs: &[(&'static str, &'static str)]| {
            let mut headers = HeaderMap::new();
            for (name, value) in pairs {
                headers.insert(*name, http::HeaderValue::from_static(value));
            }
            is_own(&headers, Some("here.example:8080"), &allowed)
        };
        for proof in [
            [("sec-fetch-site", "same-origin")],
            [("sec-fetch-site", "none")],
            [("origin", "https://here.example:8080")],
            [("origin", "https://app.example.org")],
        ] {
            assert!(own(&proof), "{proof:?}");
        }
        for none in [
            &[][..],
            &[("sec-fetch-site", "cross-site")],
            &[("sec-fetch-site", "same-site")],
            &[("sec-fetch-site", "")],
            &[("origin", "null")],
            &[("origin", "https://here.example")],
            &[("origin", "https://evil.example")],
            &[
                ("origin", "https://here.example:8080"),
                ("sec-fetch-site", "cross-site"),
            ],
        ] {
            assert!(!own(none), "{none:?}");
        }
        assert!(own(&[
            ("origin", "https://app.example.org"),
            ("sec-fetch-site", "cross-site")
        ]));
    }
}
