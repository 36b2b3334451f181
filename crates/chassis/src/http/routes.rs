//! The table of known routes: which template an address has, before any handler runs.
//!
//! It is made from the OpenAPI document, so that limits, metrics and logs speak of the same routes
//! as the documentation. A route's own limit is its extension `x-limit-per-minute`.

use std::sync::OnceLock;

use http::{HeaderMap, Method, StatusCode};
use metrics::{Counter, Histogram};
use utoipa::openapi::path::Operation;
use utoipa::openapi::{OpenApi, PathItem};

use crate::auth::Access;

/// One known route, with its metric handles.
pub struct Route {
    /// The template, such as `/api/v1/luna/mark/{generator}/{file}`.
    pub template: String,
    /// Requests a minute an address may send here, where the route has its own limit.
    pub limit_per_minute: Option<u32>,
    /// Whether limits and load shedding let it pass: health and metrics must answer when all else
    /// is refused.
    pub exempt: bool,
    access: Vec<(Method, Access)>,
    /// Methods whose bodies and time the handler bounds itself.
    streams: Vec<Method>,
    /// Whether `X-HTTP-Method-Override` turns a POST into another method.
    overrides: bool,
    statuses: Box<[OnceLock<Counter>]>,
    seconds: Histogram,
}

/// All known routes.
pub struct Routes {
    router: matchit::Router<usize>,
    routes: Vec<Route>,
    unknown: Route,
}

/// Pages are for people: a script that has used up its minute does not lock its neighbours out.
const PAGES_PER_MINUTE: u32 = 600;

/// Templates that are served beside the document, and exempt ones within it.
const EXEMPT: [&str; 4] = ["/livez", "/readyz", "/health", "/metrics"];

impl Routes {
    /// The routes of a document, and `more` templates that it does not hold.
    pub fn new(document: &OpenApi, more: &[&str]) -> Self {
        let mut routes = Vec::new();
        let mut router = matchit::Router::new();
        let documented = document.paths.paths.iter().map(|(path, item)| {
            let limit = item
                .get
                .as_ref()
                .and_then(|operation| operation.extensions.as_ref())
                .and_then(|e| {
                    e.get("x-limit-per-minute")
                        .and_then(serde_json::Value::as_u64)
                });
            (path.as_str(), limit.map(|limit| limit as u32), access(item))
        });
        let undocumented = more.iter().map(|path| {
            (
                *path,
                Some(PAGES_PER_MINUTE),
                vec![(Method::GET, Access::Public)],
            )
        });
        for (template, limit, access) in documented.chain(undocumented) {
            if router.insert(template, routes.len()).is_ok() {
                let mut route = Route::new(template, limit, access);
                if let Some(item) = document.paths.paths.get(template) {
                    route.streams = marked(item, STREAM, &serde_json::json!("stream"));
                    route.overrides = !marked(item, OVERRIDE, &serde_json::json!(true)).is_empty();
                }
                routes.push(route);
            }
        }
        Self {
            router,
            routes,
            unknown: Route::new("unknown", None, Vec::new()),
        }
    }

    /// The route of a path; unknown paths share one, so that a scanner cannot fill the metrics.
    pub fn find(&self, path: &str) -> &Route {
        self.router
            .at(path)
            .map_or(&self.unknown, |found| &self.routes[*found.value])
    }

    /// All of them.
    pub fn iter(&self) -> impl Iterator<Item = &Route> {
        self.routes.iter()
    }
}

impl Route {
    /// What a method asks of its caller. Methods that the route does not have are let through to be told so.
    pub fn access(&self, method: &Method) -> &Access {
        let of = |wanted: &Method| self.access.iter().find(|(own, _)| own == wanted);
        let found = of(method).or_else(|| {
            // Where HEAD has no entry of its own, GET answers it.
            (method == Method::HEAD).then(|| of(&Method::GET)).flatten()
        });
        found.map_or(&Access::Public, |(_, access)| access)
    }

    /// Whether the handler bounds body and time itself: a large file takes as long as it takes.
    pub fn streams(&self, method: &Method) -> bool {
        self.streams.contains(method)
    }

    /// The method that a POST means by `X-HTTP-Method-Override`, where the route knows that header and that method.
    pub fn overridden(&self, method: &Method, headers: &HeaderMap) -> Option<Method> {
        if !self.overrides || method != Method::POST {
            return None;
        }
        let named = headers.get("x-http-method-override")?;
        let named = Method::from_bytes(named.as_bytes()).ok()?;
        let known = self.access.iter().any(|(own, _)| *own == named);
        known.then_some(named)
    }

    /// All methods that the document names, with what they ask.
    pub fn accesses(&self) -> &[(Method, Access)] {
        &self.access
    }

    fn new(template: &str, limit_per_minute: Option<u32>, access: Vec<(Method, Access)>) -> Self {
        Self {
            template: template.to_owned(),
            limit_per_minute,
            exempt: EXEMPT.contains(&template),
            access,
            streams: Vec::new(),
            overrides: false,
            statuses: std::iter::repeat_with(OnceLock::new).take(500).collect(),
            seconds: metrics::histogram!("http_request_duration_seconds", "route" => template.to_owned()),
        }
    }

    /// Counts one answer. The handle of each status is looked up once.
    pub fn count(&self, status: StatusCode, seconds: f64) {
        self.seconds.record(seconds);
        let Some(slot) = self
            .statuses
            .get(usize::from(status.as_u16()).saturating_sub(100))
        else {
            return;
        };
        slot.get_or_init(|| {
            metrics::counter!("http_requests_total",
                "route" => self.template.clone(), "status_code" => status.as_u16().to_string())
        })
        .increment(1);
    }
}

/// What each operation of a path asks: its `x-access`.
fn access(item: &PathItem) -> Vec<(Method, Access)> {
    operations(item)
        .map(|(method, operation)| {
            let stated = operation
                .extensions
                .as_ref()
                .and_then(|extensions| extensions.get(ACCESS))
                .and_then(serde_json::Value::as_str);
            (method, stated.map_or(Access::Unstated, Access::of))
        })
        .collect()
}

/// The extension that says who may call an operation.
pub const ACCESS: &str = "x-access";

/// The extension that says `stream` where the handler bounds a body and its time itself.
const STREAM: &str = "x-body-limit";
/// The extension that lets a POST say another method.
const OVERRIDE: &str = "x-method-override";

/// The methods whose operations say `value` under `name`.
fn marked(item: &PathItem, name: &str, value: &serde_json::Value) -> Vec<Method> {
    let marked = operations(item).filter(|(_, operation)| {
        let extensions = operation.extensions.as_ref();
        extensions.and_then(|all| all.get(name)) == Some(value)
    });
    marked.map(|(method, _)| method).collect()
}

fn operations(item: &PathItem) -> impl Iterator<Item = (Method, &Operation)> {
    [
        (Method::GET, &item.get),
        (Method::PUT, &item.put),
        (Method::POST, &item.post),
        (Method::DELETE, &item.delete),
        (Method::OPTIONS, &item.options),
        (Method::HEAD, &item.head),
        (Method::PATCH, &item.patch),
    ]
    .into_iter()
    .filter_map(|(method, operation)| Some((method, operation.as_ref()?)))
}
