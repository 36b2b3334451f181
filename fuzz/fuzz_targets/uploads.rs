//! Any bytes as the headers of a resumable upload and of a ranged download: refused with a 4xx, or a name that is no path, a
//! length within the limit, and a range within the file.
#![no_main]

use chassis::objects::range::{Asked, asked};
use chassis::objects::uploads::read_headers;
use http::{HeaderMap, HeaderName, HeaderValue};
use libfuzzer_sys::fuzz_target;

const LIMIT: u64 = 1 << 30;

const NAMES: [&str; 7] = [
    "upload-length",
    "upload-defer-length",
    "upload-concat",
    "upload-metadata",
    "upload-offset",
    "upload-checksum",
    "if-range",
];

fuzz_target!(|input: ([&[u8]; 7], &[u8], u64)| {
    let (values, range, size) = input;
    let mut headers = HeaderMap::new();
    headers.append("tus-resumable", HeaderValue::from_static("1.0.0"));
    for (name, bytes) in NAMES.into_iter().zip(values) {
        if let Some(value) = HeaderValue::from_bytes(bytes).ok().filter(|_| !bytes.is_empty()) {
            headers.append(HeaderName::from_static(name), value);
        }
    }
    if let Ok(value) = HeaderValue::from_bytes(range) {
        headers.append("range", value);
    }

    match read_headers(&headers, LIMIT) {
        Ok((name, length)) => {
            assert!(length.is_none_or(|length| length <= LIMIT));
            if let Some(name) = name {
                assert!(!name.contains(['/', '\\', '\0']) && name != ".." && name != "." && !name.is_empty(), "{name:?}");
            }
        }
        Err(problem) => assert!(problem.status.is_client_error(), "{problem:?}"),
    }
    let tag = HeaderValue::from_static("\"t\"");
    if let Asked::Part(part) = asked(&headers, size, &tag) {
        assert!(part.start < part.end && part.end <= size);
    }
});
