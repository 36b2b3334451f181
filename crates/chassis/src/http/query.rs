//! Strict query strings: each name once, valid UTF-8, no unknown name.

use axum::extract::FromRequestParts;
use http::request::Parts;
use percent_encoding::percent_decode_str;

use super::problem::{FieldProblem, Problem};

/// More pairs than any of our addresses has.
const MOST_PAIRS: usize = 32;

/// The pairs of a query string, decoded.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Query(Vec<(String, String)>);

impl Query {
    /// Parses `a=1&b=2` (application/x-www-form-urlencoded). All faults are reported together.
    pub fn parse(text: &str, allowed: &[&str]) -> Result<Self, Problem> {
        let mut pairs: Vec<(String, String)> = Vec::new();
        let mut faults = Vec::new();
        for pair in text
            .split('&')
            .filter(|pair| !pair.is_empty())
            .take(MOST_PAIRS + 1)
        {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            let Some(name) = decode(name) else {
                let shown = shorten(name);
                faults.push(FieldProblem::new(
                    shown.clone(),
                    "field.encoding",
                    vec![("name", shown)],
                ));
                continue;
            };
            if !allowed.contains(&name.as_str()) {
                let shown = shorten(&name);
                let arguments = vec![("name", shown.clone()), ("allowed", allowed.join(", "))];
                faults.push(FieldProblem::new(shown, "field.unknown", arguments));
            } else if pairs.iter().any(|(earlier, _)| *earlier == name) {
                faults.push(FieldProblem::new(
                    name.clone(),
                    "field.twice",
                    vec![("name", name)],
                ));
            } else if let Some(value) = decode(value) {
                pairs.push((name, value));
            } else {
                faults.push(FieldProblem::new(
                    name.clone(),
                    "field.encoding",
                    vec![("name", name)],
                ));
            }
        }
        if faults.is_empty() {
            Ok(Self(pairs))
        } else {
            Err(Problem::invalid(faults))
        }
    }

    /// The value of a name.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0
            .iter()
            .find(|(n, _)| n == name)
            .map(|(_, value)| value.as_str())
    }
}

/// The raw query string; handlers parse it with the names that they allow.
#[derive(Clone, Debug, Default)]
pub struct RawQuery(pub String);

impl<S: Sync> FromRequestParts<S> for RawQuery {
    type Rejection = std::convert::Infallible;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Self::Rejection> {
        Ok(Self(parts.uri.query().unwrap_or_default().to_owned()))
    }
}

/// A path segment or query value: `+` is a space only in a query, percent escapes must be UTF-8.
fn decode(text: &str) -> Option<String> {
    if text.contains('+') {
        percent_decode_str(&text.replace('+', " "))
            .decode_utf8()
            .ok()
            .map(Into::into)
    } else {
        percent_decode_str(text).decode_utf8().ok().map(Into::into)
    }
}

fn shorten(text: &str) -> String {
    text.chars().take(40).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn codes(text: &str) -> Vec<(String, &'static str)> {
        let problem = Query::parse(text, &["a", "b"]).unwrap_err();
        problem
            .errors
            .into_iter()
            .map(|e| (e.field, e.code))
            .collect()
    }

    #[test]
    fn pairs_are_decoded() {
        let query = Query::parse("a=caf%C3%A9+noir&b=%26", &["a", "b"]).unwrap();
        assert_eq!(query.get("a"), Some("café noir"));
        assert_eq!(query.get("b"), Some("&"));
        assert_eq!(Query::parse("", &[]).unwrap(), Query::default());
    }

    #[test]
    fn all_faults_are_named_together() {
        assert_eq!(
            codes("a=1&a=2&c=3&b=%ff"),
            [
                ("a".into(), "field.twice"),
                ("c".into(), "field.unknown"),
                ("b".into(), "field.encoding")
            ]
        );
    }

    proptest::proptest! {
        #[test]
        fn any_text_is_parsed_or_refused(text in ".{0,200}") {
            let _ = Query::parse(&text, &["a", "name"]);
        }
    }
}
