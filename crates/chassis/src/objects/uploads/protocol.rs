//! What tus 1.0 headers say. Values in, values out: no files, no rows.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::{HeaderMap, HeaderValue, StatusCode, header};
use ring::digest;

use super::UploadId;
use crate::http::problem::Problem;
use crate::objects::kind::{self, Kind};
use crate::objects::staging::Check;

/// The one version that there is.
pub(super) const VERSION: HeaderValue = HeaderValue::from_static("1.0.0");
pub(super) const EXTENSIONS: &str = "creation,creation-with-upload,creation-defer-length,checksum,termination,expiration,concatenation";
pub(super) const CHECKSUMS: &str = "sha1,sha256,sha512,blake3";
const OFFSET_STREAM: &str = "application/offset+octet-stream";

/// Room for a name and a kind, and some more.
const MOST_METADATA_BYTES: usize = 4096;
/// Parts that can be joined at once.
const MOST_PARTS: usize = 1000;

/// What an upload is for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Concat {
    /// It becomes an object.
    Whole,
    /// It waits to be joined with others.
    Partial,
    /// It is the others, joined.
    Final(Vec<UploadId>),
}

/// A POST.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Creation {
    pub(super) length: Option<u64>,
    pub(super) metadata: String,
    pub(super) about: About,
    pub(super) concat: Concat,
}

/// What the metadata say of the file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct About {
    pub(super) name: Option<String>,
    pub(super) kind: Kind,
}

/// A checksum that the body must have.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Checksum {
    algorithm: Algorithm,
    pub(super) expected: Vec<u8>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Algorithm {
    Sha1,
    Sha256,
    Sha512,
    Blake3,
}

impl Checksum {
    /// Begins to check.
    pub(super) fn begin(&self) -> Check {
        let sha = |algorithm| Check::Sha(Box::new(digest::Context::new(algorithm)));
        match self.algorithm {
            // What clients of the protocol use; here it guards against accidents, not against people.
            Algorithm::Sha1 => sha(&digest::SHA1_FOR_LEGACY_USE_ONLY),
            Algorithm::Sha256 => sha(&digest::SHA256),
            Algorithm::Sha512 => sha(&digest::SHA512),
            Algorithm::Blake3 => Check::Blake3(Box::default()),
        }
    }
}

fn bad(header: &'static str) -> Problem {
    Problem::new(StatusCode::BAD_REQUEST, "uploads.bad_header").with("header", header)
}

/// The only value of a header; none where it is absent.
fn one<'a>(headers: &'a HeaderMap, name: &'static str) -> Result<Option<&'a str>, Problem> {
    let mut values = headers.get_all(name).iter();
    let Some(value) = values.next() else {
        return Ok(None);
    };
    if values.next().is_some() {
        return Err(bad(name));
    }
    value
        .to_str()
        .map(|text| Some(text.trim()))
        .map_err(|_| bad(name))
}

fn number(headers: &HeaderMap, name: &'static str) -> Result<Option<u64>, Problem> {
    let Some(text) = one(headers, name)? else {
        return Ok(None);
    };
    let digits = !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    // The database counts in 63 bits.
    let number = text
        .parse()
        .ok()
        .filter(|n| digits && i64::try_from(*n).is_ok());
    number.map(Some).ok_or_else(|| bad(name))
}

/// Refuses another version of the protocol, or none.
pub(super) fn version(headers: &HeaderMap) -> Result<(), Problem> {
    if headers.get("tus-resumable") == Some(&VERSION) {
        return Ok(());
    }
    Err(Problem::new(
        StatusCode::PRECONDITION_FAILED,
        "uploads.version",
    ))
}

/// Whether the body is a piece of a file.
pub(super) fn is_offset_stream(headers: &HeaderMap) -> bool {
    let kind = headers.get(header::CONTENT_TYPE);
    kind.and_then(|kind| kind.to_str().ok())
        .is_some_and(|kind| kind.trim().eq_ignore_ascii_case(OFFSET_STREAM))
}

/// Reads the headers of a POST. `limit` is the largest file.
pub(super) fn creation(headers: &HeaderMap, limit: u64) -> Result<Creation, Problem> {
    let concat = match one(headers, "upload-concat")? {
        None => Concat::Whole,
        Some(text) => concat(text).ok_or_else(|| bad("Upload-Concat"))?,
    };
    let length = number(headers, "upload-length")?;
    let deferred = match one(headers, "upload-defer-length")? {
        None => false,
        Some("1") => true,
        Some(_) => return Err(bad("Upload-Defer-Length")),
    };
    let fits = match concat {
        // Its parts say how long it is.
        Concat::Final(_) => length.is_none() && !deferred,
        _ => length.is_some() != deferred,
    };
    if !fits {
        return Err(bad("Upload-Length"));
    }
    within(length.unwrap_or(0), limit)?;
    let metadata = one(headers, "upload-metadata")?.unwrap_or_default();
    Ok(Creation {
        length,
        about: about(metadata)?,
        metadata: metadata.to_owned(),
        concat,
    })
}

/// Refuses what is larger than files may be.
pub(super) fn within(length: u64, limit: u64) -> Result<(), Problem> {
    if length <= limit {
        return Ok(());
    }
    Err(Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "uploads.too_large").with("limit", limit))
}

/// `partial`, or `final;` and the addresses of uploads.
pub(super) fn concat(text: &str) -> Option<Concat> {
    if text == "partial" {
        return Some(Concat::Partial);
    }
    let addresses: Vec<&str> = text.strip_prefix("final;")?.split_whitespace().collect();
    if addresses.is_empty() || addresses.len() > MOST_PARTS {
        return None;
    }
    let ids = addresses.into_iter().map(|address| {
        let id = address.trim_end_matches('/').rsplit('/').next()?;
        id.parse().ok()
    });
    ids.collect::<Option<_>>().map(Concat::Final)
}

/// Reads `Upload-Metadata`: names and values in base 64, separated by commas.
pub(super) fn about(metadata: &str) -> Result<About, Problem> {
    let fault = || bad("Upload-Metadata");
    if metadata.len() > MOST_METADATA_BYTES {
        return Err(fault());
    }
    let mut seen: Vec<&str> = Vec::new();
    let mut about = About {
        name: None,
        kind: Kind::unknown(),
    };
    for pair in metadata.split(',').filter(|_| !metadata.is_empty()) {
        let mut parts = pair.split_ascii_whitespace();
        let key = parts.next().ok_or_else(fault)?;
        let value = STANDARD
            .decode(parts.next().unwrap_or_default())
            .map_err(|_| fault())?;
        let graphic = key.bytes().all(|b| b.is_ascii_graphic());
        if parts.next().is_some() || seen.contains(&key) || !graphic {
            return Err(fault());
        }
        seen.push(key);
        let text = || String::from_utf8(value.clone()).map_err(|_| fault());
        match key {
            "filename" | "name" if about.name.is_none() => {
                let name = kind::file_name(&text()?);
                about.name = Some(name.map_err(|_| fault())?);
            }
            // A browser that does not know the kind of a file sends none, or nonsense.
            "filetype" | "type" | "contentType" => {
                about.kind = Kind::parse(&text()?).unwrap_or_else(|_| Kind::unknown());
            }
            _ => {}
        }
    }
    Ok(about)
}

/// `Upload-Offset`, which a PATCH needs.
pub(super) fn offset(headers: &HeaderMap) -> Result<u64, Problem> {
    number(headers, "upload-offset")?.ok_or_else(|| bad("Upload-Offset"))
}

/// `Upload-Length` of a PATCH: where the length was deferred.
pub(super) fn length(headers: &HeaderMap) -> Result<Option<u64>, Problem> {
    number(headers, "upload-length")
}

/// `Upload-Checksum`.
pub(super) fn checksum(headers: &HeaderMap) -> Result<Option<Checksum>, Problem> {
    let Some(text) = one(headers, "upload-checksum")? else {
        return Ok(None);
    };
    let fault = || bad("Upload-Checksum");
    let (name, sum) = text.split_once(' ').ok_or_else(fault)?;
    let (algorithm, size) = match name {
        "sha1" => (Algorithm::Sha1, 20),
        "sha256" => (Algorithm::Sha256, 32),
        "sha512" => (Algorithm::Sha512, 64),
        "blake3" => (Algorithm::Blake3, 32),
        _ => {
            return Err(
                Problem::new(StatusCode::BAD_REQUEST, "uploads.unknown_checksum")
                    .with("known", CHECKSUMS),
            );
        }
    };
    let expected = STANDARD.decode(sum.trim()).map_err(|_| fault())?;
    if expected.len() != size {
        return Err(fault());
    }
    Ok(Some(Checksum {
        algorithm,
        expected,
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(pairs: &[(&'static str, &str)]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for (name, value) in pairs {
            headers.append(*name, HeaderValue::from_str(value).unwrap());
        }
        headers
    }

    fn status<T: std::fmt::Debug>(result: Result<T, Problem>) -> u16 {
        result.map_or_else(|problem| problem.status.as_u16(), |_| 200)
    }

    #[test]
    fn creations_are_read_or_refused() {
        let id = "01KAH8W7Q2M4ZB6T9X3F5R0VCD";
        let joined = format!("final;/api/v1/uploads/{id} http://host/x/{id}");
        for (pairs, expected) in [
            (&[("upload-length", "10")][..], 200),
            (&[("upload-defer-length", "1")], 200),
            (&[("upload-concat", "partial"), ("upload-length", "1")], 200),
            (&[("upload-concat", joined.as_str())], 200),
            (&[("upload-length", "100")], 200),
            (&[("upload-length", "101")], 413),
            (&[], 400),
            (&[("upload-length", "-1")], 400),
            (&[("upload-length", "+1")], 400),
            (&[("upload-length", "")], 400),
            (&[("upload-length", "99999999999999999999")], 400),
            (&[("upload-length", "1"), ("upload-length", "1")], 400),
            (&[("upload-length", "1"), ("upload-defer-length", "1")], 400),
            (&[("upload-defer-length", "2")], 400),
            (&[("upload-concat", "final;")], 400),
            (
                &[("upload-concat", "final;/x"), ("upload-length", "1")],
                400,
            ),
            (
                &[("upload-concat", joined.as_str()), ("upload-length", "1")],
                400,
            ),
            (&[("upload-concat", "half"), ("upload-length", "1")], 400),
            (
                &[("upload-length", "1"), ("upload-metadata", "filename !")],
                400,
            ),
            (
                &[("upload-length", "1"), ("upload-metadata", "a YQ==,a YQ==")],
                400,
            ),
            (
                &[("upload-length", "1"), ("upload-metadata", "a YQ== x")],
                400,
            ),
            // `..` and a NUL.
            (
                &[("upload-length", "1"), ("upload-metadata", "filename Li4=")],
                400,
            ),
            (
                &[("upload-length", "1"), ("upload-metadata", "filename YQBi")],
                400,
            ),
        ] {
            assert_eq!(
                status(creation(&headers(pairs), 100)),
                expected,
                "{pairs:?}"
            );
        }
    }

    #[test]
    fn metadata_give_name_and_kind() {
        // `../clips/a.mp4`, `video/mp4`
        let read = about("filename Li4vY2xpcHMvYS5tcDQ=,filetype dmlkZW8vbXA0,private").unwrap();
        assert_eq!(read.name.as_deref(), Some("a.mp4"));
        assert_eq!(read.kind.as_str(), "video/mp4");
        assert_eq!(about("").unwrap().kind, Kind::unknown());
        assert_eq!(status(about(&"x".repeat(5000))), 400);
    }

    #[test]
    fn checksums_are_checked() {
        let expected = "sha1 qpmT5Dx8TQUUIudGYgzHb7Lxoao=";
        assert_eq!(
            status(checksum(&headers(&[("upload-checksum", expected)]))),
            200
        );
        for wrong in [
            "crc32 AAAA",
            "sha1",
            "sha1 AAAA",
            "sha256 qpmT5Dx8TQUUIudGYgzHb7Lxoao=",
            "sha1 !",
        ] {
            let read = checksum(&headers(&[("upload-checksum", wrong)]));
            assert_eq!(status(read), 400, "{wrong}");
        }
    }

    proptest::proptest! {
        #[test]
        fn any_header_is_read_or_refused(text in "[ -~]{0,120}") {
            let _ = about(&text);
            let _ = concat(&text);
            for name in ["upload-length", "upload-concat", "upload-metadata", "upload-checksum", "upload-offset"] {
                let given = headers(&[(name, &text)]);
                let _ = creation(&given, 100);
                let _ = checksum(&given);
                let _ = offset(&given);
            }
        }
    }
}
