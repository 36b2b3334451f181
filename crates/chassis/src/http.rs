//! The way in: one fused front before the router, and the accept loop that feeds it.
//!
//! * [`problem`]: the one error of every service, as problem+json in the caller's language
//! * [`front`]: request id, limits, headers, compression, metrics and access log in one function
//! * [`server`]: connections, header limits, graceful drain
//! * [`query`], [`json`]: strict query strings and bodies; [`page`]: lists in pages; [`idempotency`]: POST once; [`conditional`]: `ETag` and 304
//! * [`assembly`]: services' routes to one router, its OpenAPI document and its docs page
//! * [`console`]: the console's files and pages; [`home`]: what stands at `/` without it; [`health`]: `/livez`, `/readyz`, `/health`

pub mod address;
mod arriving;
pub mod assembly;
mod compress;
pub mod conditional;
pub mod console;
pub mod contract;
mod forwarded;
pub mod front;
mod headers;
pub mod health;
pub mod home;
pub mod idempotency;
pub mod json;
pub mod page;
mod pages;
pub mod problem;
pub mod query;
pub mod routes;
pub mod server;

use crate::i18n::Language;

/// What the front knows of a request; handlers take it as `Extension<RequestContext>`.
#[derive(Clone, Debug)]
pub struct RequestContext {
    /// The id that the answer, the log and a problem carry.
    pub request_id: RequestId,
    /// The caller's language.
    pub language: Language,
    /// The caller's address, behind trusted proxies the one that they vouch for.
    pub client: std::net::IpAddr,
    /// Whether the request came over TLS, here or at a trusted proxy.
    pub secure: bool,
}

/// A request's id: the caller's own `X-Request-Id` where it is well formed, else a new ULID.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RequestId(std::sync::Arc<str>);

impl RequestId {
    /// Takes the caller's id (1 to 64 of `A-Z a-z 0-9 - _ .`) or makes one.
    pub fn of(header: Option<&http::HeaderValue>) -> Self {
        let fits = |text: &&str| {
            (1..=64).contains(&text.len())
                && text
                    .bytes()
                    .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.'))
        };
        if let Some(text) = header.and_then(|value| value.to_str().ok()).filter(fits) {
            Self(text.into())
        } else {
            let mut text = [0; ulid::ULID_LEN];
            Self((*ulid::Ulid::generate().array_to_str(&mut text)).into())
        }
    }

    /// Its text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}
