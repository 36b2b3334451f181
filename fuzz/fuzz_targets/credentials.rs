//! Any bytes as `Authorization`, `Cookie`, `Origin` and `Sec-Fetch-Site`: never a panic, never credentials that are not there,
//! and no access token but one that was signed.
#![no_main]

use chassis::auth::credentials::{self, Credentials, PLAIN_COOKIE, SECURE_COOKIE};
use chassis::auth::origin;
use chassis::auth::tokens::Keyring;
use chassis::clock::Timestamp;
use http::{HeaderMap, HeaderValue, header};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: (&[u8], &[u8], &[u8], &[u8])| {
    let (authorization, cookie, origin, site) = input;
    let mut headers = HeaderMap::new();
    let mut add = |name: header::HeaderName, bytes: &[u8]| {
        if let Some(value) = HeaderValue::from_bytes(bytes).ok().filter(|_| !bytes.is_empty()) {
            headers.append(name, value);
        }
    };
    add(header::AUTHORIZATION, authorization);
    add(header::COOKIE, cookie);
    add(header::ORIGIN, origin);
    add(header::HeaderName::from_static("sec-fetch-site"), site);

    for name in [PLAIN_COOKIE, SECURE_COOKIE] {
        match credentials::read(&headers, name) {
            Credentials::None => assert!(!headers.contains_key(header::AUTHORIZATION)),
            Credentials::Unknown => assert!(headers.contains_key(header::AUTHORIZATION)),
            Credentials::Key(key) => assert!(key.starts_with("ak_live_")),
            Credentials::Session(value) => {
                assert!(!headers.contains_key(header::AUTHORIZATION));
                assert!(value.len() == 40 && value.bytes().all(|b| b.is_ascii_alphanumeric()));
            }
            Credentials::Token(token) => {
                let ring = Keyring::of(&["a secret that no input can know, of enough length"]);
                let now = Timestamp::from_unix_ms(0).expect("1970");
                assert!(ring.check(token, now).is_none());
            }
        }
    }
    if origin::is_own(&headers, Some("aplomb.example:443"), &[]) {
        let host = origin.rsplit(|b| *b == b'/').next().unwrap_or_default();
        assert!(site == b"same-origin" || site == b"none" || host.eq_ignore_ascii_case(b"aplomb.example:443"));
    }
});
