//! What the routes of people, workspaces and keys have in common: answers, queries, small fields.

use std::collections::BTreeMap;

use http::{HeaderValue, header};
use utoipa::openapi::RefOr;
use utoipa::openapi::response::Response;

use super::problem;
use crate::auth::people::name_of;
use crate::http::page::Page;
use crate::http::problem::{FieldProblem, Problem};
use crate::http::query::Query;

/// Nothing of the caller's is at the address.
pub(super) struct NotFound;

impl utoipa::IntoResponses for NotFound {
    fn responses() -> BTreeMap<String, RefOr<Response>> {
        let meaning = "There is nothing of yours under this id";
        BTreeMap::from([("404".to_owned(), problem(meaning))])
    }
}

/// It cannot be done as things stand.
pub(super) struct Conflict;

impl utoipa::IntoResponses for Conflict {
    fn responses() -> BTreeMap<String, RefOr<Response>> {
        let meaning = "As things stand this cannot be done; `code` and `detail` say why";
        BTreeMap::from([("409".to_owned(), problem(meaning))])
    }
}

/// How a query may be refused.
pub(super) struct QueryRefusals;

impl utoipa::IntoResponses for QueryRefusals {
    fn responses() -> BTreeMap<String, RefOr<Response>> {
        [
            ("400", "The query is not valid UTF-8"),
            ("422", "A field is wrong; `errors` names it"),
        ]
        .map(|(status, meaning)| (status.to_owned(), problem(meaning)))
        .into()
    }
}

/// Which part of a list is asked for.
#[derive(utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "describes what `page` reads")]
pub(super) struct Paging {
    /// At most so many.
    #[param(minimum = 1, maximum = 200)]
    limit: Option<u64>,
    /// The `next` of the page before.
    #[param(pattern = "^[0-7][0-9A-HJKMNP-TV-Z]{25}$")]
    cursor: Option<String>,
}

pub(super) fn page(query: &str) -> Result<Page, Problem> {
    Page::of(&Query::parse(query, &["limit", "cursor"])?)
}

/// A name, or the fault that it has.
pub(super) fn name(text: &str, faults: &mut Vec<FieldProblem>) -> String {
    let name = name_of("name", text);
    name.map_err(|fault| faults.push(fault)).unwrap_or_default()
}

/// Secrets stay out of every cache.
pub(super) fn no_store() -> [(header::HeaderName, HeaderValue); 1] {
    [(header::CACHE_CONTROL, HeaderValue::from_static("no-store"))]
}
