//! Any bytes in the headers that the front reads by itself: an answer, never a panic, and never trust in an address that no
//! trusted proxy vouches for.
#![no_main]

use std::net::IpAddr;

use chassis::config::{Network, ProxyHeader};
use chassis::http::conditional::EntityTag;
use chassis::http::{RequestId, address};
use chassis::i18n::Language;
use http::{HeaderMap, HeaderValue};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: (&[u8], &[u8], &[u8], &[u8], u128)| {
    let (forwarded, tags, languages, id, hash) = input;
    let value = |bytes| HeaderValue::from_bytes(bytes).ok();
    let mut headers = HeaderMap::new();
    if let Some(forwarded) = value(forwarded) {
        headers.append("x-forwarded-for", forwarded.clone());
        headers.append("x-forwarded-for", forwarded.clone());
        headers.append("forwarded", forwarded.clone());
        headers.append("forwarded", forwarded);
    }
    if let Some(tags) = value(tags) {
        headers.append("if-none-match", tags);
    }

    let stranger = IpAddr::from([203, 0, 113, 9]);
    let proxies: Vec<Network> = vec!["127.0.0.0/8".parse().expect("a network")];
    for header in [ProxyHeader::XForwardedFor, ProxyHeader::Forwarded] {
        assert_eq!(address::client(stranger, &headers, &proxies, header), stranger);
        assert!(!address::came_over_tls(stranger, &headers, &proxies, header));
        let behind = address::client(IpAddr::from([127, 0, 0, 1]), &headers, &proxies, header);
        let _ = address::limit_key(behind);
    }

    let tag = EntityTag::of_hash(hash);
    if tags != b"*" && !tags.contains(&b'"') && !tags.contains(&b'*') {
        assert!(!tag.is_known(&headers));
    }
    if let Ok(text) = std::str::from_utf8(languages) {
        let _ = Language::negotiate(text);
    }
    let id = RequestId::of(value(id).as_ref());
    assert!((1..=64).contains(&id.as_str().len()) && HeaderValue::from_str(id.as_str()).is_ok());
});
