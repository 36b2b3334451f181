//! What a request shows of its sender: the `Authorization` and `Cookie` headers, read without trusting them.

use http::{HeaderMap, header};

use super::keys;

/// The cookie of a browser that came over TLS. The prefix makes browsers refuse it from a subdomain or without TLS.
pub const SECURE_COOKIE: &str = "__Host-aplomb";
/// The cookie on a developer's machine, which has no TLS.
pub const PLAIN_COOKIE: &str = "aplomb";

/// What begins a refresh token, so that people and secret scanners know one.
pub const REFRESH_PREFIX: &str = "rt_live_";

/// Longer ones are none of ours.
const MOST_BYTES: usize = 4 * 1024;
/// Characters of a secret after its prefix.
const SECRET_LENGTH: usize = 40;

/// What the sender shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Credentials<'a> {
    /// Nothing.
    None,
    /// An API key.
    Key(&'a str),
    /// Perhaps an access token: three parts joined by dots.
    Token(&'a str),
    /// A browser's session.
    Session(&'a str),
    /// An `Authorization` that is nothing we give out.
    Unknown,
}

/// Reads what the headers show. `cookie` is the name under which this server sets its own. `Authorization` goes first:
/// who sends it means it.
pub fn read<'a>(headers: &'a HeaderMap, cookie: &str) -> Credentials<'a> {
    let mut values = headers.get_all(header::AUTHORIZATION).iter();
    match (values.next(), values.next()) {
        (None, _) => session(headers, cookie).map_or(Credentials::None, Credentials::Session),
        (Some(value), None) => value.to_str().map_or(Credentials::Unknown, authorization),
        // Two could mean one person to a proxy and another to us.
        (Some(_), Some(_)) => Credentials::Unknown,
    }
}

fn authorization(value: &str) -> Credentials<'_> {
    let Some((scheme, token)) = value.split_once(' ') else {
        return Credentials::Unknown;
    };
    let token = token.trim();
    if !scheme.eq_ignore_ascii_case("bearer") || token.len() > MOST_BYTES {
        return Credentials::Unknown;
    }
    if token.starts_with(keys::PREFIX) {
        return Credentials::Key(token);
    }
    let in_alphabet = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.');
    if token.bytes().filter(|b| *b == b'.').count() == 2 && token.bytes().all(in_alphabet) {
        return Credentials::Token(token);
    }
    Credentials::Unknown
}

/// The value of our cookie, where there is exactly one of the right form. A second one was planted by somebody.
fn session<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    let pairs = headers
        .get_all(header::COOKIE)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|text| text.split(';'))
        .filter_map(|pair| pair.trim().split_once('='));
    let mut ours = pairs
        .filter(|(key, _)| *key == name)
        .map(|(_, value)| value);
    let value = ours.next()?;
    (ours.next().is_none() && is_secret(value)).then_some(value)
}

/// Whether the text has the form of a secret without prefix.
pub(super) fn is_secret(text: &str) -> bool {
    text.len() == SECRET_LENGTH
        && text
            .bytes()
            .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    fn headers(pairs: &[(&'static str, &str)]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for (name, value) in pairs {
            headers.append(*name, HeaderValue::from_str(value).unwrap());
        }
        headers
    }

    #[test]
    fn each_kind_is_known_by_its_form() {
        let secret = "x7".repeat(20);
        let ours = format!("theme=dark; aplomb={secret}");
        for (given, expected) in [
            (headers(&[]), Credentials::None),
            (
                headers(&[("authorization", "Bearer ak_live_1")]),
                Credentials::Key("ak_live_1"),
            ),
            (
                headers(&[("authorization", "bearer a.b.c")]),
                Credentials::Token("a.b.c"),
            ),
            (
                headers(&[("authorization", "Bearer a.b")]),
                Credentials::Unknown,
            ),
            (
                headers(&[("authorization", "Basic a.b.c")]),
                Credentials::Unknown,
            ),
            (
                headers(&[
                    ("authorization", "Bearer a.b.c"),
                    ("authorization", "Bearer ak_live_1"),
                ]),
                Credentials::Unknown,
            ),
            (headers(&[("cookie", &ours)]), Credentials::Session(&secret)),
            (
                headers(&[("cookie", &ours), ("cookie", &ours)]),
                Credentials::None,
            ),
            (headers(&[("cookie", "aplomb=short")]), Credentials::None),
            (
                headers(&[("cookie", &ours), ("authorization", "Bearer x")]),
                Credentials::Unknown,
            ),
        ] {
            assert_eq!(read(&given, PLAIN_COOKIE), expected);
        }
        assert_eq!(
            read(&headers(&[("cookie", &ours)]), SECURE_COOKIE),
            Credentials::None
        );
    }
}
