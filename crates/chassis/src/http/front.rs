//! The fused front: one function around the router in place of a tower of layers, each of which
//! would box and poll its own future (measured: the stack costs 3.9 times the CPU of bare axum).

use std::net::IpAddr;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::time::{Duration, Instant};

use axum::Router;
use axum::body::{Body, Bytes};
use axum::response::{IntoResponse, Response};
use futures_util::FutureExt;
use http::header::{self, HeaderName};
use http::{HeaderMap, HeaderValue, Method, Request, StatusCode, Version};
use http_body::Body as _;
use http_body_util::BodyExt;
use tower::Service;

use super::arriving::{Arriving, Awaited};
use super::problem::Problem;
use super::routes::{Route, Routes};
use super::{RequestContext, RequestId, address, compress, headers};
use crate::auth::{self, Asking, Auth, Caller, Identified};
use crate::config::Http;
use crate::i18n::{Catalogue, Language};
use crate::limits::{Allowance, Limits, Refusal};
use crate::telemetry::access::{AccessLog, Entry};

/// Longer request targets are refused.
const MOST_TARGET_BYTES: usize = 8 * 1024;

/// A handler that bounds its own time ends by itself; this is for one that does not.
const LONGEST_STREAM_MS: u64 = 7 * 86_400_000;

/// What is read of the body of a refused request, and for how long.
const MOST_DISCARDED_BYTES: usize = 8 * 1024 * 1024;
const LONGEST_DISCARD: Duration = Duration::from_secs(1);

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// Marks an error whose body is for people, and stays as it is.
#[derive(Clone, Copy)]
pub(super) struct Finished;

/// Everything between a connection and a handler.
pub struct Front {
    router: Router,
    routes: Routes,
    limits: Limits,
    settings: Http,
    catalogue: Arc<Catalogue>,
    access: AccessLog,
    auth: Auth,
    in_flight: Arc<AtomicU32>,
    draining: Arc<AtomicBool>,
}

/// The parts that a front joins.
pub struct FrontParts {
    /// The routes' handlers.
    pub router: Router,
    /// The same routes, known by their templates.
    pub routes: Routes,
    /// `[http]`.
    pub settings: Http,
    /// How often somebody may ask.
    pub limits: Limits,
    /// Messages.
    pub catalogue: Arc<Catalogue>,
    /// Where a line for each request goes.
    pub access: AccessLog,
    /// Who asks.
    pub auth: Auth,
    /// Counts the requests that are worked on.
    pub in_flight: Arc<AtomicU32>,
    /// Set when the server is stopping; readiness looks at it too.
    pub draining: Arc<AtomicBool>,
}

impl Front {
    /// Joins the parts.
    pub fn new(parts: FrontParts) -> Self {
        Self {
            limits: parts.limits,
            router: parts.router,
            routes: parts.routes,
            settings: parts.settings,
            catalogue: parts.catalogue,
            access: parts.access,
            auth: parts.auth,
            in_flight: parts.in_flight,
            draining: parts.draining,
        }
    }

    /// `[http]` as it is in force.
    pub fn settings(&self) -> &Http {
        &self.settings
    }

    /// The limiters.
    pub fn limits(&self) -> &Limits {
        &self.limits
    }

    /// The switch that says the server is stopping.
    pub fn draining(&self) -> &AtomicBool {
        &self.draining
    }

    /// Writes out the access log's last lines.
    pub fn flush(&self) {
        self.access.flush();
    }

    /// Answers one request. Never fails and never panics: each way out is an answer.
    pub async fn answer(&self, mut request: Request<Body>, peer: IpAddr) -> Response {
        let started = Instant::now();
        let _place = Place::take(&self.in_flight);
        let route = self.routes.find(request.uri().path());
        let secure = self.came_over_tls(request.headers(), peer);
        let context = self.context(request.headers(), peer, secure);
        if let Some(meant) = route.overridden(request.method(), request.headers()) {
            *request.method_mut() = meant;
        }
        let method = request.method().clone();
        let path = request.uri().path().to_owned();
        let origin = headers::allowed_origin(request.headers(), &self.settings.allowed_origins);
        let accepts_gzip = compress::accepts_gzip(request.headers());
        let mut allowance = None;
        let mut is_known = false;

        let response = if origin.is_some() && headers::is_preflight(&method, request.headers()) {
            StatusCode::NO_CONTENT.into_response()
        } else {
            let admitted = match self.refuse_malformed(&request, route) {
                Ok(()) => {
                    let asking = Asking::of(&request, secure);
                    self.let_in(asking, route, context.client, &mut allowance)
                        .await
                }
                Err(problem) => Err(problem),
            };
            match admitted {
                Ok(_) if self.routes.is_closed(route, &path) => {
                    refuse(request, Problem::not_found()).await
                }
                Ok(caller) => {
                    if let Some(caller) = caller {
                        is_known = true;
                        request.extensions_mut().insert(caller);
                    }
                    request.extensions_mut().insert(context.clone());
                    self.run(request, started, route.streams(&method)).await
                }
                Err(problem) => refuse(request, problem).await,
            }
        };

        let head = method == Method::HEAD;
        let minimum = self.settings.compression_minimum_bytes;
        let response = compress::compress(accepts_gzip, minimum, head, response).await;
        let mut response = self.finish(response, &context);
        let preflight = response.status() == StatusCode::NO_CONTENT && method == Method::OPTIONS;
        self.add_headers(response.headers_mut(), &context, origin, preflight, secure);
        if is_known {
            keep_private(response.headers_mut());
        }
        if let Some(allowance) = allowance {
            add_allowance(response.headers_mut(), allowance);
        }

        let elapsed = started.elapsed();
        route.count(response.status(), elapsed.as_secs_f64());
        self.access.write(&Entry {
            request_id: context.request_id.as_str(),
            method: method.as_str(),
            route: &route.template,
            path: &path,
            status: response.status().as_u16(),
            duration_us: elapsed.as_micros() as u64,
            bytes: response.body().size_hint().exact(),
        });
        response
    }

    fn context(&self, headers: &HeaderMap, peer: IpAddr, secure: bool) -> RequestContext {
        let language = headers
            .get(header::ACCEPT_LANGUAGE)
            .and_then(|value| value.to_str().ok());
        RequestContext {
            request_id: RequestId::of(headers.get(REQUEST_ID)),
            language: language.map_or(Language::English, Language::negotiate),
            client: address::client(
                peer,
                headers,
                &self.settings.trusted_proxies,
                self.settings.proxy_header,
            ),
            secure,
        }
    }

    /// Who asks, if he may: what is too much or too often does not reach a handler, and neither does a caller
    /// whom the route does not let in. Health and metrics are let through unasked.
    async fn let_in(
        &self,
        asking: Asking<'_>,
        route: &Route,
        client: IpAddr,
        allowance: &mut Option<Allowance>,
    ) -> Result<Option<Arc<Caller>>, Problem> {
        if route.exempt {
            return Ok(None);
        }
        if self.in_flight.load(Ordering::Relaxed) > self.settings.maximum_in_flight {
            return Err(
                Problem::new(StatusCode::SERVICE_UNAVAILABLE, "http.overloaded").retry_after(1),
            );
        }
        let who = if route.is_file {
            None
        } else {
            self.identify(asking, client, allowance).await?
        };
        let own = route.own_limit(asking.method);
        let counted = match &who {
            Some(who) => {
                self.limits
                    .count_caller(&who.caller, own, who.requests_per_hour)
                    .await
            }
            None => {
                self.limits
                    .count_anonymous(address::limit_key(client), own)
                    .await
            }
        };
        *allowance = counted.map_err(|refusal| refused(refusal, allowance))?;
        let caller = who.map(|who| who.caller);
        auth::admit(route.access(asking.method), caller.as_deref())?;
        Ok(caller)
    }

    fn refuse_malformed(&self, request: &Request<Body>, route: &Route) -> Result<(), Problem> {
        if request
            .uri()
            .path_and_query()
            .is_some_and(|target| target.as_str().len() > MOST_TARGET_BYTES)
        {
            return Err(Problem::new(StatusCode::URI_TOO_LONG, "http.uri_too_long")
                .with("limit", MOST_TARGET_BYTES));
        }
        // RFC 9112, 3.2: none or two could mean one thing to a proxy and another to us.
        let hosts = request.headers().get_all(header::HOST).iter().count();
        if request.version() == Version::HTTP_11 && hosts != 1 {
            return Err(Problem::of_status(StatusCode::BAD_REQUEST));
        }
        let body_limit = if route.streams(request.method()) {
            u64::MAX
        } else {
            self.settings.body_limit_bytes
        };
        if request.body().size_hint().lower() > body_limit {
            return Err(too_large(body_limit));
        }
        Ok(())
    }

    /// Who asks. Where credentials are presented, memory says first whether this address guessed too often already.
    async fn identify(
        &self,
        asking: Asking<'_>,
        client: IpAddr,
        allowance: &mut Option<Allowance>,
    ) -> Result<Option<Identified>, Problem> {
        let headers = asking.headers;
        if !headers.contains_key(header::AUTHORIZATION) && !headers.contains_key(header::COOKIE) {
            return Ok(None);
        }
        let address = address::limit_key(client);
        let may = self.limits.may_identify(address);
        may.map_err(|refusal| refused(refusal, allowance))?;
        let who = self.auth.identify(asking).await;
        if let Err(problem) = &who
            && problem.status == StatusCode::UNAUTHORIZED
        {
            *allowance = self.limits.count_wrong_credentials(address);
        }
        who
    }

    /// The handler, within its time since `started`; a panic is a 500 and a line in the log. `streams`: it bounds body and time itself.
    /// Where the time went by in waiting for the body, that is the sender's fault and not ours.
    async fn run(&self, request: Request<Body>, started: Instant, streams: bool) -> Response {
        let limit = self.settings.body_limit_bytes as usize;
        let (request, awaited) = if streams || request.body().size_hint().exact() == Some(0) {
            (request, None)
        } else {
            let awaited = Awaited::default();
            let arriving = |body| Body::new(Arriving::new(body, limit, awaited.clone()));
            (request.map(arriving), Some(awaited))
        };
        let mut router = self.router.clone();
        let handler = AssertUnwindSafe(router.call(request)).catch_unwind();
        let limit_ms = if streams {
            LONGEST_STREAM_MS
        } else {
            self.settings.request_timeout_ms
        };
        let until = tokio::time::Instant::from_std(started) + Duration::from_millis(limit_ms);
        match tokio::time::timeout_at(until, handler).await {
            Ok(Ok(Ok(response))) => response,
            Ok(Err(_panic)) => Problem::internal(&"the handler panicked").into_response(),
            Err(_elapsed) if awaited.is_some_and(|awaited| awaited.is()) => {
                let late = Problem::new(StatusCode::REQUEST_TIMEOUT, "http.body_timeout");
                late.with("limit", limit_ms).into_response()
            }
            Err(_elapsed) => Problem::new(StatusCode::SERVICE_UNAVAILABLE, "http.timeout")
                .with("limit", limit_ms)
                .retry_after(1)
                .into_response(),
        }
    }

    /// Gives every error its problem body.
    fn finish(&self, mut response: Response, context: &RequestContext) -> Response {
        let status = response.status();
        let is_finished = response.extensions_mut().remove::<Finished>().is_some();
        if is_finished || (!status.is_client_error() && !status.is_server_error()) {
            return response;
        }
        let problem = match response.extensions_mut().remove::<Problem>() {
            Some(problem) => problem,
            None if speaks_json(response.headers()) => return response,
            None if status == StatusCode::PAYLOAD_TOO_LARGE => {
                too_large(self.settings.body_limit_bytes)
            }
            None => Problem::of_status(status),
        };
        if let Some(cause) = &problem.cause {
            let id = context.request_id.as_str();
            tracing::error!(request.id = id, error = cause, "a request failed");
        }
        let body = problem.body(
            context.language,
            &self.catalogue,
            context.request_id.as_str(),
        );
        let bytes = serde_json::to_vec(&body).expect("a problem is plain data");
        let (mut parts, _) = response.into_parts();
        parts.headers.remove(header::CONTENT_LENGTH);
        parts.headers.insert(
            header::CONTENT_TYPE,
            HeaderValue::from_static("application/problem+json"),
        );
        parts.headers.insert(
            header::CONTENT_LANGUAGE,
            HeaderValue::from_static(context.language.code()),
        );
        parts
            .headers
            .entry(header::CACHE_CONTROL)
            .or_insert(HeaderValue::from_static("no-store"));
        Response::from_parts(parts, Body::from(bytes))
    }

    fn add_headers(
        &self,
        headers: &mut HeaderMap,
        context: &RequestContext,
        origin: Option<HeaderValue>,
        preflight: bool,
        secure: bool,
    ) {
        headers::secure(headers, secure);
        if let Ok(id) = HeaderValue::from_str(context.request_id.as_str()) {
            headers.insert(REQUEST_ID, id);
        }
        if !self.settings.allowed_origins.is_empty() {
            headers.append(header::VARY, HeaderValue::from_static("origin"));
        }
        if let Some(origin) = origin {
            headers::allow_origin(headers, origin, preflight);
        }
        if self.draining.load(Ordering::Relaxed) {
            headers.insert(header::CONNECTION, HeaderValue::from_static("close"));
        }
    }

    fn came_over_tls(&self, headers: &HeaderMap, peer: IpAddr) -> bool {
        let trusted = &self.settings.trusted_proxies;
        address::came_over_tls(peer, headers, trusted, self.settings.proxy_header)
    }
}

/// Refuses a request whose body nobody reads. A connection that is closed over unread bytes is reset, and most clients then show
/// that in place of the answer; so a while is given to what is on its way. Not to those who ask too often.
async fn refuse(request: Request<Body>, problem: Problem) -> Response {
    let waits_for_leave = request.headers().contains_key(header::EXPECT);
    let is_too_often = matches!(
        problem.status,
        StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE
    );
    if !waits_for_leave && !is_too_often && !request.body().is_end_stream() {
        let mut body = request.into_body();
        let mut left = MOST_DISCARDED_BYTES;
        let discarding = async {
            while let Some(Ok(frame)) = body.frame().await {
                left = left.saturating_sub(frame.data_ref().map_or(0, Bytes::len));
                if left == 0 {
                    break;
                }
            }
        };
        let _ = tokio::time::timeout(LONGEST_DISCARD, discarding).await;
    }
    problem.into_response()
}

/// What one caller was told is for nobody else; a handler that knows better says so itself. What has a tag may be kept and
/// asked about again.
fn keep_private(headers: &mut HeaderMap) {
    let value = if headers.contains_key(header::ETAG) {
        "private, no-cache"
    } else {
        "private, no-store"
    };
    headers
        .entry(header::CACHE_CONTROL)
        .or_insert(HeaderValue::from_static(value));
}

fn refused(refusal: Refusal, allowance: &mut Option<Allowance>) -> Problem {
    let problem = refusal.problem();
    *allowance = Some(refusal.allowance);
    problem
}

fn too_large(limit: u64) -> Problem {
    Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "http.payload_too_large").with("limit", limit)
}

fn speaks_json(headers: &HeaderMap) -> bool {
    headers
        .get(header::CONTENT_TYPE)
        .is_some_and(|kind| kind.as_bytes().starts_with(b"application/"))
}

fn add_allowance(headers: &mut HeaderMap, allowance: Allowance) {
    let fields = [
        (
            HeaderName::from_static("ratelimit-limit"),
            u64::from(allowance.limit),
        ),
        (
            HeaderName::from_static("ratelimit-remaining"),
            u64::from(allowance.remaining),
        ),
        (HeaderName::from_static("ratelimit-reset"), allowance.wait_s),
    ];
    for (name, value) in fields {
        headers.insert(name, HeaderValue::from(value));
    }
    headers.insert(
        HeaderName::from_static("ratelimit-policy"),
        allowance.policy,
    );
}

/// A place among the requests in flight, given back when dropped: also when the caller hangs up.
struct Place<'a>(&'a AtomicU32);

impl<'a> Place<'a> {
    fn take(count: &'a AtomicU32) -> Self {
        count.fetch_add(1, Ordering::Relaxed);
        Self(count)
    }
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}
