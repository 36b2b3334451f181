//! A request to an upstream, and its answer.

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode};
use reqwest::Url;

/// A request.
#[derive(Clone)]
pub struct Request {
    pub(super) method: Method,
    pub(super) url: Url,
    pub(super) headers: HeaderMap,
    pub(super) body: Bytes,
    pub(super) may_repeat: bool,
    pub(super) may_cache: bool,
}

impl Request {
    /// A request without headers or body. GET, HEAD, PUT, DELETE and OPTIONS may be repeated (RFC 9110, 9.2.2).
    pub fn new(method: Method, url: Url) -> Self {
        Self {
            may_repeat: method.is_idempotent(),
            method,
            url,
            headers: HeaderMap::new(),
            body: Bytes::new(),
            may_cache: false,
        }
    }

    /// A GET.
    pub fn get(url: Url) -> Self {
        Self::new(Method::GET, url)
    }

    /// With a header.
    #[must_use]
    pub fn header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.headers.insert(name, value);
        self
    }

    /// With a body.
    #[must_use]
    pub fn body(mut self, kind: HeaderValue, body: impl Into<Bytes>) -> Self {
        self.headers.insert(http::header::CONTENT_TYPE, kind);
        self.body = body.into();
        self
    }

    /// With an idempotency key: it may be repeated whatever its method.
    #[must_use]
    pub fn idempotency_key(mut self, key: HeaderValue) -> Self {
        self.headers
            .insert(HeaderName::from_static("idempotency-key"), key);
        self.may_repeat = true;
        self
    }

    /// Its answer may be kept. Only a GET's is.
    #[must_use]
    pub fn cacheable(mut self) -> Self {
        self.may_cache = self.method == Method::GET;
        self
    }

    /// Its address.
    pub fn url(&self) -> &Url {
        &self.url
    }
}

/// An answer, read whole.
#[derive(Clone, Debug)]
pub struct Answer {
    /// Its status: below 500 and not 429, which are faults.
    pub status: StatusCode,
    /// Its headers.
    pub headers: HeaderMap,
    /// Its body.
    pub body: Bytes,
    /// Where it is from.
    pub source: Source,
}

/// Where an answer is from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    /// Asked now.
    Upstream,
    /// Kept, and fresh enough.
    Cache,
    /// Kept and old: asking failed.
    Stale,
    /// Made up: asking failed and nothing was kept.
    Degraded,
}

impl Answer {
    /// An answer for when all else fails.
    pub fn degraded(status: StatusCode, body: impl Into<Bytes>) -> Self {
        Self {
            status,
            headers: HeaderMap::new(),
            body: body.into(),
            source: Source::Degraded,
        }
    }
}
