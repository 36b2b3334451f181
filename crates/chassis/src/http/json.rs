//! Strict JSON bodies: the right content type, valid UTF-8, each name once, no unknown name, the field at fault named.

use axum::body::Bytes;
use axum::extract::{FromRequest, Request};
use http::{HeaderMap, StatusCode, header};
use serde::de::DeserializeOwned;

use super::problem::{FieldProblem, Problem};

/// A request's body as `T`. Types derive `Deserialize` with `deny_unknown_fields`: serde then refuses unknown and repeated names.
#[derive(Clone, Copy, Debug)]
pub struct Json<T>(pub T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for Json<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        if !is_json(request.headers()) {
            return Err(Problem::new(
                StatusCode::UNSUPPORTED_MEDIA_TYPE,
                "http.not_json",
            ));
        }
        let bytes = Bytes::from_request(request, state)
            .await
            .map_err(|fault| Problem::of_status(fault.status()))?;
        parse(&bytes).map(Self)
    }
}

/// Reads a body: 400 for what is no JSON, 422 for JSON that is not what is asked for.
pub fn parse<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Problem> {
    // serde would read a struct from a list of its fields' values too: no document says that.
    if bytes.trim_ascii_start().first() == Some(&b'[') {
        let reason = vec![("reason", "a JSON object is expected".to_owned())];
        let field = FieldProblem::new("body", "field.invalid", reason);
        return Err(Problem::invalid(vec![field]));
    }
    let mut reader = serde_json::Deserializer::from_slice(bytes);
    let fault = match serde_path_to_error::deserialize(&mut reader) {
        Ok(value) => match reader.end() {
            Ok(()) => return Ok(value),
            Err(fault) => return Err(malformed(&fault)),
        },
        Err(fault) => fault,
    };
    let path = fault.path().to_string();
    let cause = fault.into_inner();
    if !cause.is_data() {
        return Err(malformed(&cause));
    }
    let reason = without_place(&cause);
    let field = match (path.as_str(), named_in(&reason)) {
        (".", Some(name)) => name.to_owned(),
        (".", None) => "body".to_owned(),
        (path, Some(name)) if !path.ends_with(name) => format!("{path}.{name}"),
        _ => path,
    };
    Err(Problem::invalid(vec![FieldProblem::new(
        field.chars().take(80).collect::<String>(),
        "field.invalid",
        vec![("reason", reason)],
    )]))
}

/// The field of serde's "missing field `name`" and "duplicate field `name`", which its path leaves out.
fn named_in(reason: &str) -> Option<&str> {
    let rest = reason
        .strip_prefix("missing field `")
        .or_else(|| reason.strip_prefix("duplicate field `"))?;
    rest.split('`').next()
}

fn malformed(cause: &serde_json::Error) -> Problem {
    Problem::new(StatusCode::BAD_REQUEST, "http.malformed_json")
        .with("line", cause.line())
        .with("column", cause.column())
}

/// serde's words, bounded, without the place that it appends.
fn without_place(cause: &serde_json::Error) -> String {
    let text = cause.to_string();
    let end = text.rfind(" at line ").unwrap_or(text.len());
    text[..end].chars().take(300).collect()
}

fn is_json(headers: &HeaderMap) -> bool {
    headers
        .get(header::CONTENT_TYPE)
        .and_then(|kind| kind.to_str().ok())
        .and_then(|kind| kind.split(';').next())
        .is_some_and(|kind| kind.trim().eq_ignore_ascii_case("application/json"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, serde::Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Body {
        #[expect(dead_code, reason = "only its reading is tested")]
        name: String,
        #[serde(default)]
        #[expect(dead_code, reason = "only its reading is tested")]
        seeds: Vec<u8>,
    }

    #[test]
    fn faults_are_named() {
        let status = |bytes: &[u8]| {
            let problem = parse::<Body>(bytes).unwrap_err();
            let field = problem.errors.first().map(|fault| fault.field.clone());
            (problem.status.as_u16(), field.unwrap_or_default())
        };
        assert!(parse::<Body>(br#"{"name":"x"}"#).is_ok());
        assert_eq!(status(b"{"), (400, String::new()));
        assert_eq!(status(b"\xff\xfe"), (400, String::new()));
        assert_eq!(status(br#"{"name":"x"} {}"#), (400, String::new()));
        assert_eq!(status(b"{\"name\":\"\xff\"}").0, 400);
        assert_eq!(status(br#"{"name":"x","name":"y"}"#), (422, "name".into()));
        assert_eq!(status(br#"{"name":"x","other":1}"#), (422, "other".into()));
        assert_eq!(status(br#"{"name":7}"#), (422, "name".into()));
        assert_eq!(
            status(br#"{"name":"x","seeds":[1,-1]}"#),
            (422, "seeds[1]".into())
        );
        assert_eq!(status(br"{}"), (422, "name".into()));
        assert_eq!(status(b"null"), (422, "body".into()));
        assert_eq!(status(b" [\"x\"]"), (422, "body".into()));
        assert!(matches!(
            status("[".repeat(100_000).as_bytes()).0,
            400 | 422
        ));
    }
}
