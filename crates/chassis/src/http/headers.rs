//! Headers that every answer carries, and CORS by an allow-list.

use http::header::{self, HeaderName};
use http::{HeaderMap, HeaderValue, Method};

use crate::config::AllowedOrigin;

static SECURITY: [(HeaderName, HeaderValue); 6] = [
    (
        header::X_CONTENT_TYPE_OPTIONS,
        HeaderValue::from_static("nosniff"),
    ),
    (header::X_FRAME_OPTIONS, HeaderValue::from_static("DENY")),
    (
        header::REFERRER_POLICY,
        HeaderValue::from_static("no-referrer"),
    ),
    (
        header::CONTENT_SECURITY_POLICY,
        HeaderValue::from_static(
            "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'",
        ),
    ),
    (
        HeaderName::from_static("cross-origin-resource-policy"),
        HeaderValue::from_static("same-origin"),
    ),
    (
        HeaderName::from_static("cross-origin-opener-policy"),
        HeaderValue::from_static("same-origin"),
    ),
];

/// Adds what the handler did not set itself. `secure`: the request came over TLS.
pub(super) fn secure(headers: &mut HeaderMap, secure: bool) {
    // One growth for all that follows, in place of three.
    headers.reserve(SECURITY.len() + 6);
    for (name, value) in &SECURITY {
        headers.entry(name).or_insert_with(|| value.clone());
    }
    if secure {
        headers.insert(
            header::STRICT_TRANSPORT_SECURITY,
            HeaderValue::from_static("max-age=31536000"),
        );
    }
}

/// The origin to name in the answer, where the allow-list has it.
pub(super) fn allowed_origin(
    request: &HeaderMap,
    allowed: &[AllowedOrigin],
) -> Option<HeaderValue> {
    if allowed.is_empty() {
        return None;
    }
    let origin = request.get(header::ORIGIN)?;
    let text = origin.to_str().ok()?;
    allowed
        .iter()
        .any(|a| a.is_any() || a.as_str() == text)
        .then(|| origin.clone())
}

/// Whether this is a CORS preflight.
pub(super) fn is_preflight(method: &Method, headers: &HeaderMap) -> bool {
    method == Method::OPTIONS
        && headers.contains_key(header::ORIGIN)
        && headers.contains_key(header::ACCESS_CONTROL_REQUEST_METHOD)
}

/// The headers of an allowed origin's answer.
pub(super) fn allow_origin(headers: &mut HeaderMap, origin: HeaderValue, preflight: bool) {
    headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin);
    headers.insert(
        header::ACCESS_CONTROL_EXPOSE_HEADERS,
        HeaderValue::from_static("etag, x-request-id, retry-after, ratelimit-limit, ratelimit-remaining, ratelimit-reset, ratelimit-policy, location, accept-ranges, content-range, object-id, tus-resumable, tus-version, tus-extension, tus-max-size, tus-checksum-algorithm, upload-offset, upload-length, upload-defer-length, upload-metadata, upload-concat, upload-expires"),
    );
    if preflight {
        let allow = [
            (
                header::ACCESS_CONTROL_ALLOW_METHODS,
                "GET, HEAD, POST, PUT, PATCH, DELETE",
            ),
            (
                header::ACCESS_CONTROL_ALLOW_HEADERS,
                "authorization, content-type, idempotency-key, if-none-match, if-range, range, last-event-id, x-request-id, x-workspace, x-http-method-override, tus-resumable, upload-offset, upload-length, upload-defer-length, upload-metadata, upload-concat, upload-checksum",
            ),
            (header::ACCESS_CONTROL_MAX_AGE, "600"),
        ];
        for (name, value) in allow {
            headers.insert(name, HeaderValue::from_static(value));
        }
    }
}
