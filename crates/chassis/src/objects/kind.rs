//! What callers say of a file: its media type and its name. Neither ever becomes part of a path.

use std::fmt;

/// A media type such as `video/mp4`, lower case, without parameters but a `charset`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Kind(String);

/// Types that a browser may show in place: none of them can carry a script.
const SHOWN: [&str; 8] = [
    "image/png",
    "image/jpeg",
    "image/gif",
    "image/webp",
    "image/avif",
    "image/bmp",
    "image/x-icon",
    "text/plain",
];

const LONGEST_KIND: usize = 127;

/// The longest name that is kept, in bytes: what file systems take.
pub const LONGEST_NAME_BYTES: usize = 255;

/// What is no media type, or no name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NameFault {
    /// Not `type/subtype`.
    #[error("not a media type such as video/mp4")]
    Kind,
    /// Empty, too long, or with characters that no file's name has.
    #[error("not a file's name: 1 to 255 bytes of text without control characters")]
    Name,
}

impl Kind {
    /// Bytes of which nothing is known.
    pub fn unknown() -> Self {
        Self("application/octet-stream".to_owned())
    }

    /// Reads a `Content-Type`. Parameters are dropped, but a text's `charset=utf-8`.
    pub fn parse(text: &str) -> Result<Self, NameFault> {
        let mut parts = text.split(';');
        let essence = parts.next().unwrap_or_default().trim().to_ascii_lowercase();
        let token = |part: &str| {
            !part.is_empty()
                && part
                    .bytes()
                    .all(|b| b.is_ascii_alphanumeric() || b"!#$&-^_.+".contains(&b))
        };
        let whole = essence.split_once('/');
        if essence.len() > LONGEST_KIND || !whole.is_some_and(|(a, b)| token(a) && token(b)) {
            return Err(NameFault::Kind);
        }
        let utf8 = parts.any(|parameter| {
            let parameter = parameter.trim().to_ascii_lowercase();
            matches!(parameter.as_str(), "charset=utf-8" | "charset=\"utf-8\"")
        });
        let charset = if utf8 && essence.starts_with("text/") {
            "; charset=utf-8"
        } else {
            ""
        };
        Ok(Self(format!("{essence}{charset}")))
    }

    /// Its text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether a browser may show it in place. Everything else is offered to be saved: pages, drawings and documents
    /// could run scripts in our name.
    pub fn may_be_shown(&self) -> bool {
        let essence = self.0.split(';').next().unwrap_or_default();
        SHOWN.contains(&essence) || essence.starts_with("audio/") || essence.starts_with("video/")
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

/// A file's name as its owner gave it: what stands after the last slash, and only what can be shown and sent in a header.
pub fn file_name(text: &str) -> Result<String, NameFault> {
    let last = text.rsplit(['/', '\\']).next().unwrap_or_default().trim();
    let fits = !last.is_empty()
        && !matches!(last, "." | "..")
        && last.len() <= LONGEST_NAME_BYTES
        && !text.chars().any(|c| c.is_control() || misleads(c));
    fits.then(|| last.to_owned()).ok_or(NameFault::Name)
}

/// Marks that turn the reading direction: they make `exe.txt` of `txt.exe`, and one person's name look like another's.
pub(crate) fn misleads(c: char) -> bool {
    matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// `Content-Disposition` (RFC 6266): the name in plain ASCII for all, and in UTF-8 (RFC 8187) for those who read it.
pub(super) fn disposition(inline: bool, name: Option<&str>) -> String {
    let way = if inline { "inline" } else { "attachment" };
    let Some(name) = name else {
        return way.to_owned();
    };
    let plain: String = name
        .chars()
        .map(|c| match c {
            '"' | '\\' | '%' => '_',
            c if c.is_ascii_graphic() || c == ' ' => c,
            _ => '_',
        })
        .collect();
    if plain == name {
        return format!("{way}; filename=\"{plain}\"");
    }
    let encoded: String = name
        .bytes()
        .map(|b| {
            if b.is_ascii_alphanumeric() || b"!#$&+-.^_`|~".contains(&b) {
                char::from(b).to_string()
            } else {
                format!("%{b:02X}")
            }
        })
        .collect();
    format!("{way}; filename=\"{plain}\"; filename*=UTF-8''{encoded}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_are_read_and_hostile_ones_refused() {
        let read = |text: &str| Kind::parse(text).map(|kind| kind.0);
        assert_eq!(read("Video/MP4"), Ok("video/mp4".into()));
        assert_eq!(
            read("text/plain; charset=UTF-8"),
            Ok("text/plain; charset=utf-8".into())
        );
        assert_eq!(read("text/html; boundary=x"), Ok("text/html".into()));
        let long = format!("a/{}", "b".repeat(200));
        for wrong in [
            "",
            "x",
            "/",
            "a/",
            "a/b c",
            "a/b\r\nSet-Cookie: x",
            "é/x",
            &long,
        ] {
            assert_eq!(read(wrong), Err(NameFault::Kind), "{wrong}");
        }
    }

    #[test]
    fn nothing_that_runs_is_shown_in_place() {
        for (kind, shown) in [
            ("image/png", true),
            ("video/mp4", true),
            ("text/plain; charset=utf-8", true),
            ("text/html", false),
            ("image/svg+xml", false),
            ("application/xhtml+xml", false),
            ("text/xml", false),
            ("application/pdf", false),
            ("text/javascript", false),
        ] {
            assert_eq!(Kind::parse(kind).unwrap().may_be_shown(), shown, "{kind}");
        }
    }

    #[test]
    fn names_lose_their_path_and_hostile_ones_are_refused() {
        assert_eq!(file_name("../../etc/passwd"), Ok("passwd".into()));
        assert_eq!(file_name("C:\\clips\\été.mp4"), Ok("été.mp4".into()));
        let long = "x".repeat(10_000);
        for wrong in [
            "",
            "..",
            "a/..",
            "a\0b",
            "a\nb",
            "/",
            "\u{202e}gpj.exe",
            &long,
        ] {
            assert_eq!(file_name(wrong), Err(NameFault::Name), "{wrong:?}");
        }
    }

    #[test]
    fn a_name_stands_in_both_spellings() {
        assert_eq!(disposition(true, None), "inline");
        assert_eq!(
            disposition(false, Some("a b.txt")),
            "attachment; filename=\"a b.txt\""
        );
        assert_eq!(
            disposition(false, Some("\"été\" 100%.txt")),
            "attachment; filename=\"__t__ 100_.txt\"; filename*=UTF-8''%22%C3%A9t%C3%A9%22%20100%25.txt"
        );
    }

    proptest::proptest! {
        #[test]
        fn any_name_makes_a_header(text in ".{0,80}") {
            if let Ok(name) = file_name(&text) {
                proptest::prop_assert!(http::HeaderValue::from_str(&disposition(false, Some(&name))).is_ok());
            }
        }
    }
}
