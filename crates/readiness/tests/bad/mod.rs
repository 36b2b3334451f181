//! A server of somebody else, with faults that can be planted one by one. It shares nothing with our own: what finds these faults
//! must find them by HTTP alone.
//!
//! Without faults it is a good server, in which no check may find anything.

mod document;
pub(crate) mod faults;
mod pages;

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::{ConnectInfo, Request, State};
use axum::http::{HeaderMap, HeaderValue, Method, Response, StatusCode, header};
use serde_json::json;
use tokio::net::TcpListener;

use self::faults::{
    CORS_FOR_ALL, Fault, HEADER_MISSING, HEADER_ON_ERRORS, HEADER_WRONG, HSTS_IN_PLAIN,
    NO_BODY_LIMIT, NO_LIMIT, SERVER_VERSION,
};

/// The one token that is let in.
pub(crate) const TOKEN: &str = "good-token-2c9e51";
/// Where its owner proves it.
const PROOF: &str = "/.well-known/aplomb-proof";
const BODY_LIMIT: usize = 1 << 20;
/// Requests in a row, and those that are given back each second.
const BURST: f64 = 150.0;
const PER_SECOND: f64 = 30.0;

/// A server, and what is wrong with it.
pub(crate) struct Server {
    faults: BTreeSet<Fault>,
    proof: Option<String>,
    requests: AtomicU64,
    bucket: Mutex<(f64, Instant)>,
}

/// What a page gives back before the headers of all pages are added.
pub(crate) struct Page {
    pub(crate) status: u16,
    pub(crate) kind: &'static str,
    pub(crate) body: String,
    pub(crate) headers: Vec<(String, String)>,
}

impl Page {
    pub(crate) fn new(kind: &'static str, body: impl Into<String>) -> Self {
        Self {
            status: 200,
            kind,
            body: body.into(),
            headers: Vec::new(),
        }
    }

    pub(crate) fn problem(status: u16, code: &str, detail: &str, id: u64) -> Self {
        let body = json!({ "type": "about:blank", "status": status, "code": code, "detail": detail,
            "request_id": id.to_string() });
        Self {
            status,
            ..Self::new("application/problem+json", body.to_string())
        }
    }

    pub(crate) fn with(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }
}

impl Server {
    /// A server with these faults; `proof` is what its owner shows.
    pub(crate) fn new(faults: impl IntoIterator<Item = Fault>, proof: Option<String>) -> Self {
        Self {
            faults: faults.into_iter().collect(),
            proof,
            requests: AtomicU64::new(0),
            bucket: Mutex::new((BURST, Instant::now())),
        }
    }

    /// Answers until the listener breaks.
    pub(crate) async fn serve(self, listener: TcpListener) -> std::io::Result<()> {
        let app = Router::new().fallback(any).with_state(Arc::new(self));
        let app = app.into_make_service_with_connect_info::<SocketAddr>();
        axum::serve(listener, app).await
    }

    pub(crate) fn has(&self, fault: Fault) -> bool {
        self.faults.contains(fault)
    }

    /// Whether the bucket is empty; takes one from it if not.
    fn is_too_often(&self) -> bool {
        if self.has(NO_LIMIT) {
            return false;
        }
        let mut bucket = self.bucket.lock().unwrap_or_else(PoisonError::into_inner);
        let now = Instant::now();
        let gained = (now - bucket.1).as_secs_f64() * PER_SECOND;
        *bucket = ((bucket.0 + gained).min(BURST), now);
        if bucket.0 < 1.0 {
            return true;
        }
        bucket.0 -= 1.0;
        false
    }

    async fn page(&self, request: Request, id: u64) -> Page {
        let (parts, body) = request.into_parts();
        let (path, query) = (parts.uri.path(), parts.uri.query().unwrap_or_default());
        if path == PROOF
            && let Some(proof) = &self.proof
        {
            return Page::new("text/plain", proof.as_str());
        }
        let is_vital = matches!(path, "/livez" | "/readyz" | "/metrics");
        if !is_vital && self.is_too_often() {
            let page = Page::problem(429, "too_often", "Too many requests.", id);
            return page.with("retry-after", "1");
        }
        let most = if self.has(NO_BODY_LIMIT) {
            usize::MAX
        } else {
            BODY_LIMIT
        };
        let Ok(body) = to_bytes(body, most).await else {
            return Page::problem(413, "too_large", "The body is too large.", id);
        };
        let asked = pages::Asked {
            method: parts.method,
            path,
            query,
            body: &body,
            token: bearer(&parts.headers),
            id,
        };
        pages::answer(self, &asked)
    }

    fn finish(&self, page: Page, origin: Option<HeaderValue>, id: u64) -> Response<Body> {
        let mut response = Response::new(Body::from(page.body));
        *response.status_mut() = StatusCode::from_u16(page.status).unwrap_or_default();
        let headers = response.headers_mut();
        let mut set = |name: &str, value: &str| {
            if let (Ok(name), Ok(value)) = (name.parse::<header::HeaderName>(), value.parse()) {
                headers.append(name, value);
            }
        };
        set("content-type", page.kind);
        set("x-request-id", &id.to_string());
        set("x-content-type-options", "nosniff");
        if !self.has(HEADER_MISSING) {
            set("x-frame-options", "DENY");
        }
        let referrer = if self.has(HEADER_WRONG) {
            "unsafe-url"
        } else {
            "no-referrer"
        };
        set("referrer-policy", referrer);
        if !(self.has(HEADER_ON_ERRORS) && page.status >= 400) {
            set(
                "content-security-policy",
                "default-src 'none'; frame-ancestors 'none'",
            );
        }
        if self.has(SERVER_VERSION) {
            set("server", "BadServer/2.4.41 (Unix)");
        }
        if self.has(HSTS_IN_PLAIN) {
            set("strict-transport-security", "max-age=60");
        }
        for (name, value) in &page.headers {
            set(name, value);
        }
        if let Some(origin) = origin.filter(|_| self.has(CORS_FOR_ALL)) {
            headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin);
            let yes = HeaderValue::from_static("true");
            headers.insert(header::ACCESS_CONTROL_ALLOW_CREDENTIALS, yes);
        }
        response
    }
}

async fn any(
    State(server): State<Arc<Server>>,
    ConnectInfo(_): ConnectInfo<SocketAddr>,
    request: Request,
) -> Response<Body> {
    let id = server.requests.fetch_add(1, Ordering::Relaxed) + 1;
    let origin = request.headers().get(header::ORIGIN).cloned();
    let is_head = request.method() == Method::HEAD;
    let page = server.page(request, id).await;
    let mut response = server.finish(page, origin, id);
    if is_head {
        *response.body_mut() = Body::empty();
    }
    response
}

fn bearer(headers: &HeaderMap) -> Option<&str> {
    let value = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    value.strip_prefix("Bearer ")
}
