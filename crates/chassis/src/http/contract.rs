//! What each operation of the document owes to its `x-access`: how to sign in, and the refusals of the front.

use serde_json::Value;
use utoipa::openapi::content::ContentBuilder;
use utoipa::openapi::path::Operation;
use utoipa::openapi::response::ResponseBuilder;
use utoipa::openapi::security::{
    ApiKey, ApiKeyValue, HttpAuthScheme, HttpBuilder, SecurityRequirement, SecurityScheme,
};
use utoipa::openapi::{Components, OpenApi, PathItem, Ref};

use super::routes::ACCESS;

/// The refusals that the front may answer in place of the handler, with what they mean.
/// Also where no credentials are needed: wrong ones are refused, and so is a workspace that is not the caller's.
const REFUSALS: [(&str, &str); 5] = [
    ("401", "No credentials, or none that are known"),
    (
        "403",
        "The caller may not do this, is no member of the workspace in `X-Workspace`, or another site asks with his cookie",
    ),
    ("413", "The body is too large"),
    ("429", "Too many requests"),
    (
        "503",
        "Busy or shutting down; try again after `Retry-After`",
    ),
];

/// The same, where there is a body.
const OF_BODIES: [(&str, &str); 1] = [("408", "The body did not arrive in time")];

/// Adds the security schemes, and to each operation under `/api/v1` what the front may answer.
pub(super) fn complete(document: &mut OpenApi) {
    let components = document.components.get_or_insert_with(Components::new);
    let key = HttpBuilder::new()
        .scheme(HttpAuthScheme::Bearer)
        .description(Some(
            "An API key `ak_live_…`, or the access token of a signed-in client",
        ))
        .build();
    components.add_security_scheme(BEARER, SecurityScheme::Http(key));
    let cookie = ApiKey::Cookie(ApiKeyValue::with_description(
        "aplomb",
        "The session of a browser; `__Host-aplomb` under TLS",
    ));
    components.add_security_scheme(SESSION, SecurityScheme::ApiKey(cookie));
    for (path, item) in &mut document.paths.paths {
        let is_ours = path.starts_with("/api/v1/");
        for (method, operation) in operations(item) {
            operation.operation_id = Some(name(method, path));
            if is_ours {
                complete_operation(operation);
            }
        }
    }
}

/// The operation's name, which is its own since method and path are: clients that are generated call it so. Handlers are named
/// within their file, where two rooms both have a `list`.
fn name(method: &str, path: &str) -> String {
    let path = path.strip_prefix("/api/v1").unwrap_or(path);
    let words = path.split('/').filter(|word| !word.is_empty());
    words.fold(method.to_owned(), |all, word| {
        all + "_" + &word.trim_matches(['{', '}']).replace('-', "_")
    })
}

/// The document as JSON, the same in every process: the library keeps extensions in no order, so they go last and by name.
pub fn json(document: &OpenApi) -> Value {
    let mut json = serde_json::to_value(document).expect("a document is plain data");
    order(&mut json);
    json
}

fn order(value: &mut Value) {
    match value {
        Value::Object(members) => {
            let all = std::mem::take(members);
            let (mut extensions, own): (Vec<_>, Vec<_>) = all
                .into_iter()
                .partition(|(name, _)| name.starts_with("x-"));
            extensions.sort_by(|(one, _), (other, _)| one.cmp(other));
            members.extend(own.into_iter().chain(extensions));
            members.values_mut().for_each(order);
        }
        Value::Array(items) => items.iter_mut().for_each(order),
        _ => {}
    }
}

const BEARER: &str = "bearer";
const SESSION: &str = "session";

fn complete_operation(operation: &mut Operation) {
    let stated = operation
        .extensions
        .as_ref()
        .and_then(|extensions| extensions.get(ACCESS))
        .and_then(|value| value.as_str());
    let open = stated == Some("public");
    let none: [String; 0] = [];
    let mut ways = vec![
        SecurityRequirement::new(BEARER, none.clone()),
        SecurityRequirement::new(SESSION, none),
    ];
    if open {
        ways.insert(0, SecurityRequirement::default());
    }
    operation.security = Some(ways);
    let of_bodies = OF_BODIES
        .iter()
        .filter(|_| operation.request_body.is_some());
    for (status, meaning) in REFUSALS.iter().chain(of_bodies) {
        let missing = !operation.responses.responses.contains_key(*status);
        if missing {
            let problem = ContentBuilder::new()
                .schema(Some(Ref::from_schema_name("Problem")))
                .build();
            let response = ResponseBuilder::new()
                .description(*meaning)
                .content("application/problem+json", problem)
                .build();
            operation
                .responses
                .responses
                .insert((*status).to_owned(), response.into());
        }
    }
}

fn operations(item: &mut PathItem) -> impl Iterator<Item = (&'static str, &mut Operation)> {
    [
        ("get", &mut item.get),
        ("put", &mut item.put),
        ("post", &mut item.post),
        ("delete", &mut item.delete),
        ("options", &mut item.options),
        ("head", &mut item.head),
        ("patch", &mut item.patch),
    ]
    .into_iter()
    .filter_map(|(method, operation)| Some((method, operation.as_mut()?)))
}
