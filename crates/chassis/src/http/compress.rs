//! Compression rules: text of a known length, from a least size, gzip only, never for HEAD.

use std::io::Write;

use axum::body::Body;
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use flate2::Compression;
use flate2::write::GzEncoder;
use http::{HeaderMap, HeaderValue, StatusCode, header};
use http_body::Body as _;

use super::conditional::GZIP_SUFFIX;

/// Over this size compression leaves the request's thread.
const INLINE_BYTES: usize = 64 * 1024;
/// Larger bodies go as they are.
const MOST_BYTES: u64 = 16 * 1024 * 1024;

/// Compresses the answer where the rules and the caller allow it.
pub(super) async fn compress(
    accepts_gzip: bool,
    minimum: u64,
    is_head: bool,
    mut response: Response,
) -> Response {
    let compressible = response
        .headers()
        .get(header::CONTENT_TYPE)
        .is_some_and(is_text)
        && !response.headers().contains_key(header::CONTENT_ENCODING)
        && response.status() != StatusCode::PARTIAL_CONTENT;
    if !compressible {
        return response;
    }
    response
        .headers_mut()
        .append(header::VARY, HeaderValue::from_static("accept-encoding"));
    let size = response.body().size_hint().exact().unwrap_or(0);
    if !accepts_gzip || is_head || size < minimum.max(1) || size > MOST_BYTES {
        return response;
    }
    let (mut parts, body) = response.into_parts();
    let Ok(plain) = axum::body::to_bytes(body, MOST_BYTES as usize).await else {
        return super::problem::Problem::internal(&"an answer's body failed before it was sent")
            .into_response();
    };
    let packed = if plain.len() > INLINE_BYTES {
        let copy = plain.clone();
        tokio::task::spawn_blocking(move || gzip(&copy))
            .await
            .ok()
            .flatten()
    } else {
        gzip(&plain)
    };
    let Some(packed) = packed.filter(|packed| packed.len() < plain.len()) else {
        return Response::from_parts(parts, Body::from(plain));
    };
    parts
        .headers
        .insert(header::CONTENT_ENCODING, HeaderValue::from_static("gzip"));
    parts.headers.remove(header::CONTENT_LENGTH);
    mark_tag(&mut parts.headers);
    Response::from_parts(parts, Body::from(packed))
}

/// Whether `Accept-Encoding` allows gzip.
pub(super) fn accepts_gzip(headers: &HeaderMap) -> bool {
    headers
        .get_all(header::ACCEPT_ENCODING)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .any(|text| {
            text.split(',').any(|coding| {
                let (name, weight) = coding.split_once(';').unwrap_or((coding, ""));
                let refused = weight
                    .trim()
                    .strip_prefix("q=")
                    .is_some_and(|q| q.trim().parse() == Ok(0.0_f32));
                name.trim().eq_ignore_ascii_case("gzip") && !refused
            })
        })
}

fn gzip(plain: &[u8]) -> Option<Bytes> {
    let mut encoder = GzEncoder::new(Vec::with_capacity(plain.len() / 2), Compression::new(5));
    encoder.write_all(plain).ok()?;
    encoder.finish().ok().map(Bytes::from)
}

fn is_text(value: &HeaderValue) -> bool {
    let Ok(text) = value.to_str() else {
        return false;
    };
    let kind = text.split(';').next().unwrap_or_default().trim();
    kind.starts_with("text/")
        || kind.ends_with("+json")
        || kind.ends_with("+xml")
        || matches!(
            kind,
            "application/json" | "application/javascript" | "application/manifest+json"
        )
}

fn mark_tag(headers: &mut HeaderMap) {
    let Some(tag) = headers.get(header::ETAG).and_then(|tag| tag.to_str().ok()) else {
        return;
    };
    let Some(open) = tag.strip_suffix('"') else {
        return;
    };
    if let Ok(marked) = HeaderValue::from_str(&format!("{open}{GZIP_SUFFIX}\"")) {
        headers.insert(header::ETAG, marked);
    }
}
