//! The table of known routes: which template an address has, before any handler runs.
//!
//! It is made from the OpenAPI document, so that limits, metrics and logs speak of the same routes
//! as the documentation. A route's own limit is its extension `x-limit-per-minute`.

use std::sync::{Arc, OnceLock};

use http::{HeaderMap, Method, StatusCode};
use metrics::{Counter, Histogram};
use utoipa::openapi::path::Operation;
use utoipa::openapi::{OpenApi, PathItem};

use crate::auth::Access;
use crate::config::RouteLimit;
use crate::config::near::nearest;
use crate::limits::Rule;
use crate::telemetry::traffic::{Tally, Traffic};

/// One known route, with its metric handles.
pub struct Route {
    /// The template, such as `/api/v1/luna/mark/{generator}/{file}`.
    pub template: String,
    /// Whether limits and load shedding let it pass: health and metrics must answer when all else
    /// is refused.
    pub exempt: bool,
    /// Whether it is a file that the binary carries: the same for everybody, so nobody looks at who asks.
    pub is_file: bool,
    access: Vec<(Method, Access)>,
    /// The service's own names for what is counted.
    prefix: Option<&'static str>,
    /// Its own limits, by method; none for all methods together.
    limits: Vec<(Option<Method>, Rule)>,
    /// Methods whose bodies and time the handler bounds itself.
    streams: Vec<Method>,
    /// Whether `X-HTTP-Method-Override` turns a POST into another method.
    overrides: bool,
    statuses: Box<[OnceLock<Handles>]>,
    seconds: Histogram,
    /// Where the server's own page counts it; health and metrics are asked by watchers and are no load.
    tally: Option<Arc<Tally>>,
}

/// What one status of one route is counted in.
struct Handles {
    answers: Counter,
    /// Requests, responses and errors under the service's own names.
    own: Option<(Counter, Counter, Option<Counter>)>,
}

/// All known routes.
pub struct Routes {
    router: matchit::Router<usize>,
    routes: Vec<Route>,
    unknown: Route,
    /// Limits made so far: each has a number of its own.
    rules: usize,
}

/// Limits for routes that there are not.
#[derive(Debug, thiserror::Error)]
#[error("`limits.routes` names no route of this server that has a limit: {}", .0.join(", "))]
pub struct UnknownRoutes(Vec<String>);

/// Pages are for people: a script that has used up its minute does not lock its neighbours out.
const PAGES_PER_MINUTE: u32 = 600;

/// One visit of the console loads some twenty files, and a service worker all of them.
const FILES_PER_MINUTE: u32 = 6_000;

/// Templates that are served beside the document, and exempt ones within it.
const EXEMPT: [&str; 4] = ["/livez", "/readyz", "/health", "/metrics"];

impl Routes {
    /// The routes of a document, and `more` templates that it does not hold. `prefixes` are services and the first part of
    /// their own metrics' names.
    pub fn new(
        document: &OpenApi,
        more: &[&str],
        prefixes: &[(&'static str, &'static str)],
    ) -> Self {
        let mut routes = Vec::new();
        let mut router = matchit::Router::new();
        let documented = document
            .paths
            .paths
            .iter()
            .map(|(path, item)| (path.as_str(), stated_limits(item), access(item)));
        let undocumented = more.iter().map(|path| {
            let access = vec![(Method::GET, Access::Public)];
            (*path, vec![(None, PAGES_PER_MINUTE)], access)
        });
        let mut rules = 0;
        for (template, limits, access) in documented.chain(undocumented) {
            if router.insert(template, routes.len()).is_ok() {
                let mut route = Route::new(template, access);
                route.prefix = prefix_of(template, prefixes);
                route.announce();
                if let Some(item) = document.paths.paths.get(template) {
                    route.streams = marked(item, STREAM, &serde_json::json!("stream"));
                    route.overrides = !marked(item, OVERRIDE, &serde_json::json!(true)).is_empty();
                }
                for (method, per_minute) in limits {
                    route.limit(rules, method, per_minute);
                    rules += 1;
                }
                routes.push(route);
            }
        }
        Self {
            router,
            routes,
            unknown: Route::new("unknown", Vec::new()),
            rules,
        }
    }

    /// Adds files that the binary carries.
    pub fn add_files(&mut self, templates: Vec<String>) {
        for template in templates {
            if self.router.insert(&template, self.routes.len()).is_ok() {
                let mut route = Route::new(&template, vec![(Method::GET, Access::Public)]);
                route.is_file = true;
                route.limit(self.rules, None, FILES_PER_MINUTE);
                self.rules += 1;
                self.routes.push(route);
            }
        }
    }

    /// Counts the answers of each route there too.
    pub fn count_in(&mut self, traffic: &Traffic) {
        for route in self.routes.iter_mut().filter(|route| !route.exempt) {
            route.tally = Some(traffic.of(&route.template));
        }
        self.unknown.tally = Some(traffic.of(&self.unknown.template));
    }

    /// Puts the operator's limits in place of those stated. What names no route is told, with the nearest.
    pub fn limit(&mut self, limits: &[RouteLimit]) -> Result<(), UnknownRoutes> {
        let mut unknown = Vec::new();
        for limit in limits {
            let found = self.routes.iter_mut().find(|route| {
                route.template == limit.template
                    && route.access.iter().any(|(own, _)| *own == limit.method)
            });
            if found.as_ref().is_some_and(|route| route.exempt) {
                let name = format!("{} {}", limit.method, limit.template);
                unknown.push(format!("`{name}`, which is never limited"));
            } else if let Some(route) = found {
                route.limit(self.rules, Some(limit.method.clone()), limit.per_minute);
                self.rules += 1;
            } else {
                let known: Vec<String> = self.iter().flat_map(Route::names).collect();
                let typed = format!("{} {}", limit.method, limit.template);
                let near = nearest(&typed, known.iter().map(String::as_str));
                let hint =
                    near.map_or_else(String::new, |near| format!("; did you mean `{near}`?"));
                unknown.push(format!("`{typed}`{hint}"));
            }
        }
        if unknown.is_empty() {
            Ok(())
        } else {
            Err(UnknownRoutes(unknown))
        }
    }

    /// The route of a path; unknown paths share one, so that a scanner cannot fill the metrics.
    pub fn find(&self, path: &str) -> &Route {
        self.router
            .at(path)
            .map_or(&self.unknown, |found| &self.routes[*found.value])
    }

    /// Whether nothing may answer at a path: what stands under `/api/` is documented, so that who may call it is stated.
    /// `route` is what [`Routes::find`] gave for it.
    pub fn is_closed(&self, route: &Route, path: &str) -> bool {
        route.template == self.unknown.template && path.starts_with("/api/")
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

    /// Its own limit for a method, where it has one.
    pub fn own_limit(&self, method: &Method) -> Option<&Rule> {
        let of = |method: &Method| {
            let found = self
                .limits
                .iter()
                .find(|(own, _)| own.as_ref() == Some(method));
            found.or_else(|| self.limits.iter().find(|(own, _)| own.is_none()))
        };
        if method == Method::HEAD {
            of(method).or_else(|| of(&Method::GET))
        } else {
            of(method)
        }
        .map(|(_, rule)| rule)
    }

    fn limit(&mut self, index: usize, method: Option<Method>, per_minute: u32) {
        self.limits.retain(|(own, _)| *own != method);
        let name = method.as_ref().map_or("*", Method::as_str);
        let name = format!("route:{name} {}", self.template);
        let rule = Rule::of_route(index, name, per_minute);
        self.limits.push((method, rule));
    }

    fn names(&self) -> impl Iterator<Item = String> {
        let methods = self.access.iter();
        methods.map(|(method, _)| format!("{method} {}", self.template))
    }

    fn new(template: &str, access: Vec<(Method, Access)>) -> Self {
        Self {
            template: template.to_owned(),
            limits: Vec::new(),
            exempt: EXEMPT.contains(&template),
            is_file: false,
            access,
            prefix: None,
            streams: Vec::new(),
            overrides: false,
            statuses: std::iter::repeat_with(OnceLock::new).take(500).collect(),
            seconds: metrics::histogram!("http_request_duration_seconds", "route" => template.to_owned()),
            tally: None,
        }
    }

    /// Makes the counters known that have no status in their labels, at 0: who draws them finds them from the start.
    fn announce(&self) {
        if let Some(prefix) = self.prefix {
            let route = self.template.clone();
            metrics::counter!(format!("{prefix}_requests_total"), "route" => route).increment(0);
        }
    }

    /// Counts one answer. The handle of each status is looked up once.
    pub fn count(&self, status: StatusCode, seconds: f64) {
        self.seconds.record(seconds);
        if let Some(tally) = &self.tally {
            tally.count(status, seconds);
        }
        let Some(slot) = self
            .statuses
            .get(usize::from(status.as_u16()).saturating_sub(100))
        else {
            return;
        };
        let handles = slot.get_or_init(|| self.handles(status));
        handles.answers.increment(1);
        if let Some((requests, responses, errors)) = &handles.own {
            requests.increment(1);
            responses.increment(1);
            if let Some(errors) = errors {
                errors.increment(1);
            }
        }
    }

    fn handles(&self, status: StatusCode) -> Handles {
        let (route, code) = (self.template.clone(), status.as_u16().to_string());
        let own = self.prefix.map(|prefix| {
            let failed = status.is_client_error() || status.is_server_error();
            (
                metrics::counter!(format!("{prefix}_requests_total"), "route" => route.clone()),
                metrics::counter!(format!("{prefix}_responses_total"), "route" => route.clone(), "status_code" => code.clone()),
                failed.then(|| metrics::counter!(format!("{prefix}_errors_total"))),
            )
        });
        Handles {
            answers: metrics::counter!("http_requests_total", "route" => route, "status_code" => code),
            own,
        }
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

/// The limits that the operations of a path state: `x-limit-per-minute`.
fn stated_limits(item: &PathItem) -> Vec<(Option<Method>, u32)> {
    operations(item)
        .filter_map(|(method, operation)| {
            let stated = operation.extensions.as_ref()?.get(LIMIT)?.as_u64()?;
            Some((Some(method), u32::try_from(stated).ok()?))
        })
        .collect()
}

/// The extension that states a limit.
const LIMIT: &str = "x-limit-per-minute";

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

fn prefix_of(template: &str, prefixes: &[(&'static str, &'static str)]) -> Option<&'static str> {
    let service = template.strip_prefix("/api/v1/")?.split('/').next()?;
    prefixes
        .iter()
        .find(|(name, _)| *name == service)
        .map(|(_, prefix)| *prefix)
}
