//! Strict JSON bodies: the right content type, valid UTF-8, each name once, no unknown name, the field at fault named.

use axum::body::Bytes;
use axum::extract::{FromRequest, Request};
use http::{HeaderMap, StatusCode, header};
use serde::de::DeserializeOwned;

use super::problem::{FieldProblem, Problem};
use crate::i18n::Arguments;

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
        let field = FieldProblem::new("body", "field.object", Vec::new());
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
    // Names may be empty in JSON, and are then none.
    let field = if field.is_empty() {
        "body".to_owned()
    } else {
        field
    };
    let (code, arguments) = told(&reason).unwrap_or(("field.invalid", vec![("reason", reason)]));
    let field: String = field.chars().take(80).collect();
    Err(Problem::invalid(vec![FieldProblem::new(
        field, code, arguments,
    )]))
}

/// The field of serde's "missing field `name`" and "duplicate field `name`", which its path leaves out.
fn named_in(reason: &str) -> Option<&str> {
    let rest = reason
        .strip_prefix("missing field `")
        .or_else(|| reason.strip_prefix("duplicate field `"))?;
    rest.split('`').next()
}

/// serde's usual reasons as messages of ours, which have other languages too. None for what our own types say.
fn told(reason: &str) -> Option<(&'static str, Arguments)> {
    if reason.starts_with("missing field `") {
        return Some(("field.missing", Vec::new()));
    }
    if let Some(rest) = reason.strip_prefix("duplicate field `") {
        let name = rest.split('`').next()?;
        return Some(("field.twice", vec![("name", name.to_owned())]));
    }
    let (said, expected) = reason.split_once(", expected ")?;
    let allowed = || {
        let names: Vec<&str> = expected.split('`').skip(1).step_by(2).collect();
        names.join(", ")
    };
    if let Some(rest) = said.strip_prefix("unknown field `") {
        let name = rest.trim_end_matches('`').to_owned();
        let arguments = vec![("name", name), ("allowed", allowed())];
        return Some(("field.unknown", arguments));
    }
    if said.starts_with("unknown variant `") {
        return Some(("field.one_of", vec![("allowed", allowed())]));
    }
    if !said.starts_with("invalid type: ") && !said.starts_with("invalid value: ") {
        return None;
    }
    match expected {
        // Of the field's own bounds the type knows nothing.
        "u8" | "u16" | "u32" | "u64" | "usize" => Some(("field.whole_positive", Vec::new())),
        "i32" | "i64" => Some(("field.whole", Vec::new())),
        "f32" | "f64" => Some(("field.number", Vec::new())),
        "a boolean" => Some(("field.boolean", Vec::new())),
        "a string" | "a borrowed string" | "string or map" => Some(("field.text", Vec::new())),
        "a sequence" => Some(("field.list", Vec::new())),
        other if other == "a map" || other.starts_with("struct ") => {
            Some(("field.object", Vec::new()))
        }
        _ => None,
    }
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
    fn reasons_have_codes_of_their_own() {
        let code = |text: &str| {
            let problem = parse::<Body>(text.as_bytes()).unwrap_err();
            (problem.errors[0].code, problem.errors[0].arguments.clone())
        };
        for (text, expected) in [
            ("{}", "field.missing"),
            (r#"{"name":"x","name":"y"}"#, "field.twice"),
            (r#"{"name":7}"#, "field.text"),
            (r#"{"name":"x","seeds":7}"#, "field.list"),
            (r#"{"name":"x","seeds":[256]}"#, "field.whole_positive"),
            (r#"{"name":"x","seeds":[1.5]}"#, "field.whole_positive"),
            ("7", "field.object"),
            ("[]", "field.object"),
            (r#"{"":1}"#, "field.unknown"),
        ] {
            assert_eq!(code(text).0, expected, "{text}");
        }
        let (unknown, arguments) = code(r#"{"name":"x","other":1}"#);
        assert_eq!(unknown, "field.unknown");
        let of = |name| &arguments.iter().find(|(own, _)| *own == name).unwrap().1;
        assert_eq!(
            (of("name").as_str(), of("allowed").as_str()),
            ("other", "name, seeds")
        );
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
        assert_eq!(status(br#"{"":1}"#), (422, "body".into()));
        assert_eq!(status(b" [\"x\"]"), (422, "body".into()));
        assert!(matches!(
            status("[".repeat(100_000).as_bytes()).0,
            400 | 422
        ));
    }
}
