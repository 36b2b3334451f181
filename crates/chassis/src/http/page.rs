//! Lists in pages: `?limit=&cursor=`, and `next` in the answer.

use serde::Serialize;
use utoipa::ToSchema;

use super::problem::{FieldProblem, Problem};
use super::query::Query;
use crate::id::{self, Ulid};

/// Rows of a page where the caller does not say.
pub const USUAL_LIMIT: u64 = 50;
/// The most rows of a page.
pub const HIGHEST_LIMIT: u64 = 200;

/// Which part of a list is asked for. Newest first; the cursor is the last row's id, so a page costs the same wherever it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Page {
    /// At most this many rows, 1 to 200.
    pub limit: u64,
    /// Rows older than this one.
    pub cursor: Option<Ulid>,
}

/// One page of a list.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Listed<T> {
    /// The rows, newest first.
    pub items: Vec<T>,
    /// The cursor of the next page; null on the last one.
    pub next: Option<String>,
}

impl Page {
    /// Reads `limit` and `cursor`.
    pub fn of(query: &Query) -> Result<Self, Problem> {
        let mut faults = Vec::new();
        let limit = match query.get("limit").map(str::parse) {
            None => USUAL_LIMIT,
            Some(Ok(limit)) if (1..=HIGHEST_LIMIT).contains(&limit) => limit,
            Some(_) => {
                let range = vec![
                    ("minimum", "1".to_owned()),
                    ("maximum", HIGHEST_LIMIT.to_string()),
                ];
                faults.push(FieldProblem::new("limit", "field.range", range));
                USUAL_LIMIT
            }
        };
        let cursor = match query.get("cursor").map(id::parse) {
            None => None,
            Some(Ok(cursor)) => Some(cursor),
            Some(Err(_)) => {
                faults.push(FieldProblem::new("cursor", "field.cursor", Vec::new()));
                None
            }
        };
        if faults.is_empty() {
            Ok(Self { limit, cursor })
        } else {
            Err(Problem::invalid(faults))
        }
    }

    /// Ask the database for this many rows: one more than are shown tells whether there is another page.
    pub fn rows(&self) -> u64 {
        self.limit + 1
    }

    /// Makes the answer of the rows that were found; `id` gives a row's cursor.
    pub fn list<T>(&self, mut items: Vec<T>, id: impl Fn(&T) -> String) -> Listed<T> {
        let more = items.len() as u64 > self.limit;
        items.truncate(self.limit as usize);
        let next = items.last().filter(|_| more).map(id);
        Listed { items, next }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page(text: &str) -> Result<Page, u16> {
        let query = Query::parse(text, &["limit", "cursor"]).unwrap();
        Page::of(&query).map_err(|problem| problem.status.as_u16())
    }

    #[test]
    fn a_page_is_bounded() {
        assert_eq!(page("").unwrap().limit, USUAL_LIMIT);
        assert_eq!(page("limit=1").unwrap().limit, 1);
        for wrong in [
            "limit=0",
            "limit=201",
            "limit=-1",
            "limit=1e6",
            "cursor=1000000",
            "cursor=%27",
            "cursor=",
        ] {
            assert_eq!(page(wrong), Err(422), "{wrong}");
        }
    }

    #[test]
    fn the_last_page_has_no_next() {
        let page = Page {
            limit: 2,
            cursor: None,
        };
        let id = |n: &u8| n.to_string();
        assert_eq!(page.list(vec![3, 2, 1], id).next.as_deref(), Some("2"));
        assert_eq!(page.list(vec![2, 1], id).next, None);
        assert_eq!(page.list(Vec::new(), id).next, None);
    }
}
