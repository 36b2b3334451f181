//! The header `Forwarded` (RFC 7239): what each proxy on the way says of the one before it.

use std::borrow::Cow;

/// What one proxy says.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Hop<'a>(Vec<(&'a str, Cow<'a, str>)>);

impl Hop<'_> {
    /// The value of `for`, `by`, `host` or `proto`.
    pub(super) fn by_name(&self, name: &str) -> Option<&str> {
        let found = self
            .0
            .iter()
            .find(|(own, _)| own.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value.as_ref())
    }
}

/// All hops of one header value, farthest first. None where any part is malformed: a quote left open by one hop would swallow
/// what the next one says.
pub(super) fn parse(text: &str) -> Option<Vec<Hop<'_>>> {
    let mut hops = Vec::new();
    let mut hop = Hop::default();
    let mut rest = text.trim_start();
    if rest.is_empty() {
        return None;
    }
    loop {
        // Between separators nothing may stand: `for=a;;proto=b` and `for=a,,for=b` are lists with empty members.
        if !rest.starts_with([';', ',']) && !rest.is_empty() {
            let (name, after) = rest.split_once('=')?;
            let (value, after) = value(after)?;
            if name.is_empty() || !name.bytes().all(is_token) || hop.by_name(name).is_some() {
                return None;
            }
            hop.0.push((name, value));
            rest = after.trim_start();
        }
        let mut characters = rest.chars();
        match characters.next() {
            Some(';') => {}
            Some(',') => hops.push(std::mem::take(&mut hop)),
            None => {
                hops.push(hop);
                return Some(hops);
            }
            Some(_) => return None,
        }
        rest = characters.as_str().trim_start();
    }
}

/// A token or a quoted text, and what follows it.
fn value(text: &str) -> Option<(Cow<'_, str>, &str)> {
    let Some(quoted) = text.strip_prefix('"') else {
        // Beyond the grammar: many proxies leave out the quotes that `:` and `[` need.
        let end = text.find([';', ',', ' ', '\t', '"']).unwrap_or(text.len());
        return (end > 0).then(|| (Cow::Borrowed(&text[..end]), &text[end..]));
    };
    let mut plain = String::new();
    let mut characters = quoted.char_indices();
    while let Some((at, character)) = characters.next() {
        match character {
            '"' => {
                let value = if plain.len() == at {
                    Cow::Borrowed(&quoted[..at])
                } else {
                    Cow::Owned(plain)
                };
                return Some((value, &quoted[at + 1..]));
            }
            '\\' => plain.push(characters.next()?.1),
            other => plain.push(other),
        }
    }
    None
}

fn is_token(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hops_are_read_and_broken_headers_are_not() {
        let all = |text: &str, name: &str| -> Option<Vec<Option<String>>> {
            let hops = parse(text)?;
            Some(
                hops.iter()
                    .map(|hop| hop.by_name(name).map(str::to_owned))
                    .collect(),
            )
        };
        let some =
            |texts: &[&str]| Some(texts.iter().map(|text| Some((*text).to_owned())).collect());
        for (text, expected) in [
            (
                "for=192.0.2.60;proto=http;by=203.0.113.43",
                some(&["192.0.2.60"]),
            ),
            (
                "For=\"[2001:db8:cafe::17]:4711\"",
                some(&["[2001:db8:cafe::17]:4711"]),
            ),
            (
                "for=192.0.2.43, for=198.51.100.17",
                some(&["192.0.2.43", "198.51.100.17"]),
            ),
            ("for=\"a,b;c\" , FOR=_x", some(&["a,b;c", "_x"])),
            ("for=\"a\\\"b\"", some(&["a\"b"])),
            ("proto=https", Some(vec![None])),
            (
                "for=a,,for=b",
                Some(vec![Some("a".into()), None, Some("b".into())]),
            ),
            ("", None),
            ("for", None),
            ("for=", None),
            ("for=\"a", None),
            ("for=\"a\"b", None),
            ("for=a;for=b", None),
            ("f(r=a", None),
        ] {
            assert_eq!(all(text, "for"), expected, "{text}");
        }
    }

    proptest::proptest! {
        #[test]
        fn any_text_is_parsed_or_refused(text in ".{0,200}") {
            let _ = parse(&text);
        }
    }
}
