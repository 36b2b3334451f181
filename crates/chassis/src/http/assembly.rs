//! From services to one router: their routes under `/api/v1`, the OpenAPI document that describes
//! them, its docs page, health and metrics.

use std::sync::Arc;

use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Extension, Router};
use http::{HeaderMap, HeaderValue, Method, Uri, header};
use utoipa::openapi::{Info, License, OpenApi, OpenApiBuilder};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use utoipa_swagger_ui::SwaggerUi;

use super::RequestContext;
use super::conditional::EntityTag;
use super::console::{self, Console};
use super::contract;
use super::health::{self, Vitals};
use super::home::{self, Home};
use super::pages::{self, Pages};
use super::problem::Problem;
use crate::auth;
use crate::config::Secret;
use crate::i18n::Language;
use crate::overview::{self, Overview};
use crate::service::{Context, Service};
use crate::telemetry::metrics;

/// Where the OpenAPI document stands.
pub const DOCUMENT: &str = "/api/openapi.json";

/// Served beside the document.
pub const UNDOCUMENTED: [&str; 12] = {
    let [set_up, invite, reset, sign_in, style, script] = pages::ADDRESSES;
    [
        "/",
        "/docs/",
        DOCUMENT,
        "/metrics",
        "/docs",
        "/docs/{*rest}",
        set_up,
        invite,
        reset,
        sign_in,
        style,
        script,
    ]
};

/// The docs page brings its own script and styles.
const DOCS_POLICY: HeaderValue = HeaderValue::from_static(
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; \
     font-src 'self'; connect-src 'self'; frame-ancestors 'none'; base-uri 'none'",
);

/// The document that describes the routes of `services`.
pub fn document(services: &[Arc<dyn Service>]) -> OpenApi {
    let mut document = base();
    document.merge(health_routes().into_openapi());
    document.merge(chassis_routes().into_openapi());
    document.merge(overview_routes().into_openapi());
    document.merge(service_routes(services).into_openapi());
    contract::complete(&mut document);
    document
}

/// All routes of the house: health, the services', the document and its page, metrics, and the
/// answer to unknown addresses.
pub(crate) fn router(
    services: &[Arc<dyn Service>],
    overview: Arc<Overview>,
    document: &OpenApi,
    console: &Console,
) -> Router {
    let (context, vitals) = (overview.context.clone(), overview.vitals.clone());
    let (health, _) = health_routes().split_for_parts();
    let (served, _) = service_routes(services).split_for_parts();
    let (own, _) = chassis_routes().split_for_parts();
    let (seen, _) = overview_routes().split_for_parts();
    let set_up = overview.set_up.clone();
    let start = Arc::new(Home::new(services, &context.catalogue, set_up));
    let elsewhere = Arc::new(Elsewhere {
        console: console.clone(),
        nowhere: home::nowhere(&context.catalogue),
    });
    let has_console = console.is_there();
    let pages = Arc::new(Pages::new(services, &context.catalogue, has_console));
    let page = move |Extension(request): Extension<RequestContext>, uri: Uri| {
        std::future::ready(pages.answer(uri.path(), uri.query(), request.language))
    };
    let pages = pages::ADDRESSES
        .into_iter()
        .fold(Router::new(), |all, address| {
            all.route(address, get(page.clone()))
        });
    let metrics_token = context.config.telemetry.metrics_token.clone();
    let watched = vitals.clone();
    let scraped = move |headers: HeaderMap| async move {
        watched.gauge();
        scrape(&headers, metrics_token.as_ref())
    };
    // With a console that is what stands at `/`.
    let home = move |Extension(request): Extension<RequestContext>| {
        let start = start.clone();
        async move { start.answer(request.language).await }
    };
    let home = if has_console {
        Router::new()
    } else {
        Router::new().route("/", get(home))
    };
    health
        .with_state(vitals)
        .merge(own.with_state(context.clone()))
        .merge(seen.with_state(overview))
        .merge(served.with_state(context))
        .route(DOCUMENT, get(document_route(document)))
        .route("/metrics", get(scraped))
        .merge(pages)
        .merge(docs_page())
        .merge(home)
        .fallback(
            move |method: Method,
                  uri: Uri,
                  headers: HeaderMap,
                  Extension(request): Extension<RequestContext>| {
                std::future::ready(elsewhere.answer(
                    &method,
                    uri.path(),
                    &headers,
                    request.language,
                ))
            },
        )
}

/// What answers where no route does.
struct Elsewhere {
    console: Console,
    /// The page for people who went astray, by language, where there is no console.
    nowhere: [String; 2],
}

impl Elsewhere {
    fn answer(
        &self,
        method: &Method,
        path: &str,
        headers: &HeaderMap,
        language: Language,
    ) -> Response {
        if let Some(answer) = self.console.answer(method, path, headers) {
            return answer;
        }
        if !console::wants_page(method, path, headers) {
            return Problem::not_found().into_response();
        }
        let page = || home::show_nowhere(&self.nowhere, language);
        self.console.nowhere(headers).unwrap_or_else(page)
    }
}

fn health_routes() -> OpenApiRouter<Arc<Vitals>> {
    OpenApiRouter::new()
        .routes(routes!(health::livez))
        .routes(routes!(health::readyz))
        .routes(routes!(health::health))
}

/// The chassis' own part of `/api/v1`, room by room.
fn chassis_routes() -> OpenApiRouter<Arc<Context>> {
    let rooms = OpenApiRouter::new()
        .merge(auth::api::routes())
        .merge(crate::jobs::api::routes())
        .merge(crate::notify::api::routes())
        .merge(crate::events::api::routes())
        .merge(crate::objects::api::routes());
    OpenApiRouter::new().nest("/api/v1", rooms)
}

fn overview_routes() -> OpenApiRouter<Arc<Overview>> {
    OpenApiRouter::new().nest("/api/v1", overview::api::routes())
}

fn service_routes(services: &[Arc<dyn Service>]) -> OpenApiRouter<Arc<Context>> {
    services.iter().fold(OpenApiRouter::new(), |all, service| {
        all.nest(&format!("/api/v1/{}", service.name()), service.routes())
    })
}

fn document_route(
    document: &OpenApi,
) -> impl Fn(HeaderMap) -> std::future::Ready<Response> + Clone + Send + Sync + 'static {
    let json: Arc<[u8]> = serde_json::to_vec(&contract::json(document))
        .expect("a document is plain data")
        .into();
    let tag = EntityTag::of_hash(u128::from_be_bytes(
        blake3::hash(&json).as_bytes()[..16]
            .try_into()
            .expect("a hash has 32 bytes"),
    ));
    move |headers: HeaderMap| std::future::ready(document_answer(&headers, &json, &tag))
}

fn docs_page() -> Router {
    let config = utoipa_swagger_ui::Config::from(DOCUMENT)
        .try_it_out_enabled(true)
        .validator_url("none");
    let page: Router = SwaggerUi::new("/docs").config(config).into();
    page.layer(axum::middleware::map_response(
        |mut response: Response| async {
            response
                .headers_mut()
                .insert(header::CONTENT_SECURITY_POLICY, DOCS_POLICY);
            response
        },
    ))
}

fn document_answer(headers: &HeaderMap, json: &Arc<[u8]>, tag: &EntityTag) -> Response {
    let common = [
        (header::ETAG, tag.header()),
        (
            header::CACHE_CONTROL,
            HeaderValue::from_static("public, no-cache"),
        ),
    ];
    if tag.is_known(headers) {
        return (http::StatusCode::NOT_MODIFIED, common).into_response();
    }
    let kind = [(
        header::CONTENT_TYPE,
        HeaderValue::from_static("application/json"),
    )];
    (common, kind, json.to_vec()).into_response()
}

fn scrape(headers: &HeaderMap, token: Option<&Secret>) -> Response {
    if let Some(token) = token {
        let given = headers
            .get(header::AUTHORIZATION)
            .and_then(|value| value.to_str().ok());
        let given = given
            .and_then(|value| value.strip_prefix("Bearer "))
            .unwrap_or_default();
        // Hashes are compared, so that the time taken tells nothing of the token.
        if blake3::hash(given.as_bytes()) != blake3::hash(token.expose().as_bytes()) {
            let mut refused =
                Problem::new(http::StatusCode::UNAUTHORIZED, "http.unauthorised").into_response();
            refused
                .headers_mut()
                .insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
            return refused;
        }
    }
    let kind = HeaderValue::from_static("text/plain; version=0.0.4; charset=utf-8");
    ([(header::CONTENT_TYPE, kind)], metrics::render()).into_response()
}

fn base() -> OpenApi {
    let mut info = Info::new("Aplomb", env!("CARGO_PKG_VERSION"));
    info.description = Some(
        "Production services on one chassis. Errors are `application/problem+json` (RFC 9457)."
            .into(),
    );
    info.license = Some(
        License::builder()
            .name("Apache-2.0")
            .identifier(Some("Apache-2.0"))
            .build(),
    );
    OpenApiBuilder::new().info(info).build()
}
