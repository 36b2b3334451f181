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

/// A way in which an answer is coded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Coding {
    Brotli,
    Gzip,
    Identity,
}

impl Coding {
    /// Its name; as it is has none.
    pub(super) const fn name(self) -> Option<&'static str> {
        match self {
            Self::Brotli => Some("br"),
            Self::Gzip => Some("gzip"),
            Self::Identity => None,
        }
    }
}

/// How much a caller wants each coding, by `Accept-Encoding` (RFC 9110, 12.5.3).
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Codings {
    brotli: f32,
    gzip: f32,
    identity: f32,
}

impl Codings {
    pub(super) fn of(headers: &HeaderMap) -> Self {
        let values = headers.get_all(header::ACCEPT_ENCODING).iter();
        let texts = values.filter_map(|value| value.to_str().ok());
        let mut named = [None::<f32>; 4];
        for coding in texts.flat_map(|text| text.split(',')) {
            let (name, weight) = coding.split_once(';').unwrap_or((coding, ""));
            let weight = match weight.trim().strip_prefix("q=") {
                Some(q) => q.trim().parse().unwrap_or(0.0_f32).clamp(0.0, 1.0),
                None => 1.0,
            };
            let name = name.trim();
            let known = ["br", "gzip", "identity", "*"].iter();
            let mut known = known.zip(&mut named);
            if let Some((_, place)) = known.find(|(own, _)| name.eq_ignore_ascii_case(own)) {
                *place = Some(weight);
            }
        }
        let [brotli, gzip, identity, any] = named;
        Self {
            brotli: brotli.or(any).unwrap_or(0.0),
            gzip: gzip.or(any).unwrap_or(0.0),
            // Always taken where it is not refused, and last.
            identity: identity.unwrap_or(if any == Some(0.0) {
                0.0
            } else {
                f32::MIN_POSITIVE
            }),
        }
    }

    /// The best of those that there are; of equals the smallest. Where all are refused, as it is: better than nothing.
    pub(super) fn best(self, has_brotli: bool, has_gzip: bool) -> Coding {
        let of = |is_there, weight| if is_there { weight } else { 0.0 };
        let (brotli, gzip) = (of(has_brotli, self.brotli), of(has_gzip, self.gzip));
        if brotli > 0.0 && brotli >= gzip && brotli >= self.identity {
            Coding::Brotli
        } else if gzip > 0.0 && gzip >= self.identity {
            Coding::Gzip
        } else {
            Coding::Identity
        }
    }
}

fn gzip(plain: &[u8]) -> Option<Bytes> {
    let mut encoder = GzEncoder::new(Vec::with_capacity(plain.len() / 2), Compression::new(5));
    encoder.write_all(plain).ok()?;
    encoder.finish().ok().map(Bytes::from)
}

pub(super) fn is_text(value: &HeaderValue) -> bool {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_coding_that_is_wanted_most_is_chosen() {
        let best = |text: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(
                header::ACCEPT_ENCODING,
                HeaderValue::from_str(text).unwrap(),
            );
            Codings::of(&headers).best(true, true)
        };
        for (text, coding) in [
            ("gzip, deflate, br", Coding::Brotli),
            ("gzip, br;q=0.5", Coding::Gzip),
            ("gzip;q=0.2, br;q=0.8", Coding::Brotli),
            ("br;q=0, gzip", Coding::Gzip),
            ("*", Coding::Brotli),
            ("*, br;q=0", Coding::Gzip),
            ("BR", Coding::Brotli),
            ("identity, gzip;q=0.5", Coding::Identity),
            ("identity;q=0.5, gzip", Coding::Gzip),
            ("deflate", Coding::Identity),
            ("br;q=0, gzip;q=0, identity;q=0", Coding::Identity),
            ("br;q=nonsense", Coding::Identity),
            ("", Coding::Identity),
        ] {
            assert_eq!(best(text), coding, "{text}");
        }
        assert_eq!(
            Codings::of(&HeaderMap::new()).best(true, true),
            Coding::Identity
        );
        let all = Codings {
            brotli: 1.0,
            gzip: 1.0,
            identity: 0.0,
        };
        assert_eq!(all.best(false, true), Coding::Gzip);
        assert_eq!(all.best(false, false), Coding::Identity);
    }
}
