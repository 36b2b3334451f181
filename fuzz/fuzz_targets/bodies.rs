//! Any bytes as a JSON body and any text as the query of a list: read, or refused with a 400 or a 422 that names a field.
#![no_main]

use chassis::http::json;
use chassis::http::page::{HIGHEST_LIMIT, Page};
use chassis::http::query::Query;
use libfuzzer_sys::fuzz_target;

/// Of each kind of field that bodies have one.
#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct Body {
    name: String,
    #[serde(default)]
    count: Option<u32>,
    #[serde(default)]
    scopes: Vec<String>,
    #[serde(default)]
    inner: Option<Box<Body>>,
}

fuzz_target!(|input: (&str, &[u8])| {
    let (query, bytes) = input;
    match json::parse::<Body>(bytes) {
        Ok(body) => {
            assert!(std::str::from_utf8(bytes).is_ok(), "{}", body.name);
            let _ = (body.count, body.scopes.len(), body.inner.is_some());
        }
        Err(problem) => match problem.status.as_u16() {
            400 => {}
            422 => assert!(problem.errors.iter().all(|fault| !fault.field.is_empty()) && !problem.errors.is_empty()),
            status => panic!("{status}"),
        },
    }
    let Ok(query) = Query::parse(query, &["limit", "cursor"]) else { return };
    match Page::of(&query) {
        Ok(page) => assert!((1..=HIGHEST_LIMIT).contains(&page.limit)),
        Err(problem) => assert_eq!(problem.status.as_u16(), 422),
    }
});
