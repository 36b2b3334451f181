//! `ETag`, `If-None-Match` and 304 (RFC 9110, 8.8.3 and 13.1.2).

use http::{HeaderMap, HeaderValue, header};

/// A strong entity tag.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EntityTag(HeaderValue);

/// Marks the tag of a compressed answer, which is another representation and so another tag.
pub(super) const GZIP_SUFFIX: &str = "-gzip";

impl EntityTag {
    /// A tag of lower-case hexadecimal digits.
    pub fn of_hash(hash: u128) -> Self {
        let mut text = [b'"'; 34];
        for (i, digit) in text[1..33].iter_mut().enumerate() {
            *digit = b"0123456789abcdef"[(hash >> (124 - 4 * i)) as usize & 15];
        }
        Self(HeaderValue::from_bytes(&text).expect("hexadecimal digits in quotes"))
    }

    /// The header's value.
    pub fn header(&self) -> HeaderValue {
        self.0.clone()
    }

    /// Whether `If-None-Match` names this tag, in any encoding, or is `*`.
    pub fn is_known(&self, headers: &HeaderMap) -> bool {
        let own = self.0.as_bytes();
        let own = &own[..own.len() - 1];
        headers.get_all(header::IF_NONE_MATCH).iter().any(|value| {
            let Ok(text) = value.to_str() else {
                return false;
            };
            text.split(',').map(str::trim).any(|tag| {
                let tag = tag.strip_prefix("W/").unwrap_or(tag);
                let bare = tag
                    .strip_suffix('"')
                    .map(|t| t.strip_suffix(GZIP_SUFFIX).unwrap_or(t));
                tag == "*" || bare.is_some_and(|bare| bare.as_bytes() == own)
            })
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tag_is_known_in_each_of_its_forms() {
        let tag = EntityTag::of_hash(0xab);
        let known = |text: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(header::IF_NONE_MATCH, HeaderValue::from_str(text).unwrap());
            tag.is_known(&headers)
        };
        let hash = format!("{:032x}", 0xab);
        for text in [
            format!("\"{hash}\""),
            format!("W/\"{hash}\""),
            format!("\"x\", \"{hash}-gzip\""),
            "*".into(),
        ] {
            assert!(known(&text), "{text}");
        }
        for text in ["\"x\"", "", "\"", &hash, &format!("\"{hash}")] {
            assert!(!known(text), "{text}");
        }
    }
}
