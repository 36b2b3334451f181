//! A file as an answer: whole or one range, never more than the browser should do with it.

use axum::body::Body;
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, HeaderValue, Method, StatusCode, header};

use super::range::{Asked, asked};
use super::{Kind, Object, ObjectFault, Objects, kind};
use crate::http::conditional::EntityTag;
use crate::http::problem::Problem;

/// Whatever a file holds, it runs nothing and asks for nothing in our name.
const POLICY: HeaderValue = HeaderValue::from_static(
    "default-src 'none'; style-src 'unsafe-inline'; img-src 'self' data:; media-src 'self'; sandbox",
);

/// How a file is to be given.
pub(super) struct Manner<'a> {
    /// The name under which it is saved.
    pub(super) name: Option<&'a str>,
    /// Whether a browser may show it, if its kind allows that.
    pub(super) inline: bool,
    /// How long others may keep the answer, in seconds; the bytes behind an address never change.
    pub(super) keep_s: u64,
}

/// The answer to GET or HEAD.
pub(super) async fn answer(
    objects: &Objects,
    object: &Object,
    method: &Method,
    headers: &HeaderMap,
    manner: Manner<'_>,
) -> Result<Response, Problem> {
    let tag = tag(object);
    let mut response = if tag.is_known(headers) {
        StatusCode::NOT_MODIFIED.into_response()
    } else {
        let tag = tag.header();
        match asked(headers, object.size_bytes, &tag) {
            Asked::Whole => {
                let whole = 0..object.size_bytes;
                bytes(objects, object, method, StatusCode::OK, whole).await?
            }
            Asked::Part(range) => {
                let described = format!(
                    "bytes {}-{}/{}",
                    range.start,
                    range.end - 1,
                    object.size_bytes
                );
                let status = StatusCode::PARTIAL_CONTENT;
                let mut part = bytes(objects, object, method, status, range).await?;
                part.headers_mut().insert(
                    header::CONTENT_RANGE,
                    HeaderValue::from_str(&described).expect("digits"),
                );
                part
            }
            Asked::Outside => return Ok(outside(object)),
        }
    };
    describe(response.headers_mut(), object, &tag, &manner);
    Ok(response)
}

async fn bytes(
    objects: &Objects,
    object: &Object,
    method: &Method,
    status: StatusCode,
    range: std::ops::Range<u64>,
) -> Result<Response, ObjectFault> {
    let length = range.end - range.start;
    let body = if method == Method::HEAD {
        Body::empty()
    } else {
        Body::from_stream(objects.open_range(object, range).await?)
    };
    let mut response = (status, body).into_response();
    response
        .headers_mut()
        .insert(header::CONTENT_LENGTH, HeaderValue::from(length));
    Ok(response)
}

fn outside(object: &Object) -> Response {
    let problem = Problem::new(StatusCode::RANGE_NOT_SATISFIABLE, "objects.range")
        .with("size", object.size_bytes);
    let mut response = problem.into_response();
    let described = format!("bytes */{}", object.size_bytes);
    response.headers_mut().insert(
        header::CONTENT_RANGE,
        HeaderValue::from_str(&described).expect("digits"),
    );
    response
}

/// The strong tag of its content.
fn tag(object: &Object) -> EntityTag {
    let hash = object.hash.get(..32).unwrap_or_default();
    EntityTag::of_hash(u128::from_str_radix(hash, 16).unwrap_or_default())
}

fn describe(headers: &mut HeaderMap, object: &Object, tag: &EntityTag, manner: &Manner<'_>) {
    let kind = Kind::parse(&object.kind).unwrap_or_else(|_| Kind::unknown());
    let inline = manner.inline && kind.may_be_shown();
    let name = manner.name.or(object.name.as_deref());
    let disposition = kind::disposition(inline, name);
    let keep = format!("private, max-age={}, no-transform", manner.keep_s);
    let text = |text: &str| HeaderValue::from_str(text).ok();
    for (name, value) in [
        (header::ETAG, Some(tag.header())),
        (
            header::ACCEPT_RANGES,
            Some(HeaderValue::from_static("bytes")),
        ),
        (header::CONTENT_TYPE, text(kind.as_str())),
        (header::CONTENT_DISPOSITION, text(&disposition)),
        (header::CACHE_CONTROL, text(&keep)),
        (header::LAST_MODIFIED, text(&object.created_at.http_date())),
        (header::CONTENT_SECURITY_POLICY, Some(POLICY)),
    ] {
        if let Some(value) = value {
            headers.insert(name, value);
        }
    }
}
