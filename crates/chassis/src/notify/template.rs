//! The words: what each kind of event says, in both languages, as plain text, as a simple page and as one line.
//!
//! A kind is three messages of the catalogue: `<kind>` (its name, for lists), `<kind>.subject` and `<kind>.text`. The text is
//! paragraphs; one that names a value which is not given is left out.

use serde_json::{Map, Value};

use super::NotifyFault;
use crate::i18n::{Arguments, Catalogue, Language};

/// A kind of event that people are told of.
struct Kind {
    name: &'static str,
    /// Values that it makes no sense without.
    needs: &'static [&'static str],
    /// About the security of an account: by mail, at once, whatever was chosen.
    urgent: bool,
    /// People choose how they are told of it.
    chosen: bool,
}

const ALL: [Kind; 7] = [
    Kind {
        name: "auth.invite",
        needs: &["link"],
        urgent: true,
        chosen: false,
    },
    Kind {
        name: "auth.reset",
        needs: &["link"],
        urgent: true,
        chosen: false,
    },
    Kind {
        name: "auth.password_changed",
        needs: &[],
        urgent: true,
        chosen: false,
    },
    Kind {
        name: "auth.new_sign_in",
        needs: &[],
        urgent: false,
        chosen: true,
    },
    Kind {
        name: "jobs.failed",
        needs: &[],
        urgent: false,
        chosen: true,
    },
    Kind {
        name: "notify.webhook_disabled",
        needs: &[],
        urgent: false,
        chosen: true,
    },
    Kind {
        name: "notify.test",
        needs: &[],
        urgent: false,
        chosen: false,
    },
];

/// The kinds of events that people are told of, by name.
pub const KINDS: [&str; 7] = {
    let mut names = [""; 7];
    let mut at = 0;
    while at < names.len() {
        names[at] = ALL[at].name;
        at += 1;
    }
    names
};

fn kind(name: &str) -> Option<&'static Kind> {
    ALL.iter().find(|kind| kind.name == name)
}

/// The kinds that people choose channels for.
pub(super) fn chosen() -> impl Iterator<Item = &'static str> {
    ALL.iter().filter(|kind| kind.chosen).map(|kind| kind.name)
}

/// Whether it is told by mail, at once, whatever the person chose.
pub(super) fn is_urgent(name: &str) -> bool {
    kind(name).is_some_and(|kind| kind.urgent)
}

/// Refuses what is no template, or lacks a value.
pub(super) fn check(name: &'static str, arguments: &Arguments) -> Result<(), NotifyFault> {
    let given = |need: &&str| arguments.iter().any(|(own, _)| own == need);
    match kind(name) {
        Some(kind) if kind.needs.iter().all(given) => Ok(()),
        _ => Err(NotifyFault::Template(name)),
    }
}

/// What is said.
pub(super) struct Words {
    pub(super) subject: String,
    pub(super) paragraphs: Vec<String>,
}

/// Puts the values into the words. A kind without words of its own (an event of a service) is named with its data's
/// `subject`.
pub(super) fn words(
    catalogue: &Catalogue,
    language: Language,
    name: &str,
    values: &Map<String, Value>,
) -> Words {
    let known = kind(name).map(|kind| kind.name);
    let message = |part: &str| catalogue.text(language, part, &Vec::new());
    let (subject, text) = match known {
        Some(name) => (
            message(&format!("{name}.subject")),
            message(&format!("{name}.text")),
        ),
        None => (
            message("notify.event.subject"),
            message("notify.event.text"),
        ),
    };
    let look_up = |key: &str| -> Option<String> {
        match (known, key) {
            (None, "kind") => Some(plain(name, 100)),
            (_, "link") => values
                .get(key)?
                .as_str()
                .filter(|link| is_link(link))
                .map(str::to_owned),
            _ => match values.get(key)? {
                Value::String(text) => Some(plain(text, 300)),
                Value::Number(number) => Some(number.to_string()),
                Value::Bool(truth) => Some(truth.to_string()),
                _ => None,
            },
        }
    };
    let subject = fill(&subject, |key| Some(look_up(key).unwrap_or_default())).unwrap_or_default();
    let paragraphs = text
        .split("\n\n")
        .filter_map(|paragraph| fill(paragraph, look_up))
        .collect();
    Words {
        subject: subject.chars().take(200).collect(),
        paragraphs,
    }
}

/// Replaces placeholders in one pass, so that a value is never read as a placeholder; none where a value is missing.
fn fill(text: &str, look_up: impl Fn(&str) -> Option<String>) -> Option<String> {
    let mut filled = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('{') {
        filled.push_str(before);
        let (key, after) = after.split_once('}')?;
        filled.push_str(&look_up(key)?);
        rest = after;
    }
    filled.push_str(rest);
    Some(filled)
}

/// A value as part of a line: no line ends or other control characters that would end a header or a paragraph, no address
/// that a mail program would turn into a link in our name, bounded.
fn plain(text: &str, most: usize) -> String {
    let is_break = |c: char| {
        c.is_control()
            || matches!(c, '\u{2028}' | '\u{2029}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
    };
    let text: String = text
        .chars()
        .take(most)
        .map(|c| if is_break(c) { ' ' } else { c })
        .collect();
    text.replace("://", " ")
}

fn is_link(text: &str) -> bool {
    let is_http = text.starts_with("https://") || text.starts_with("http://");
    is_http
        && text.len() <= 2_000
        && text
            .bytes()
            .all(|b| b.is_ascii_graphic() && b != b'"' && b != b'<' && b != b'>')
}

impl Words {
    /// Plain text, a paragraph after the other.
    pub(super) fn plain(&self) -> String {
        let mut text = self.paragraphs.join("\n\n");
        text.push('\n');
        text
    }

    /// One message of a chat.
    pub(super) fn chat(&self) -> String {
        format!("{}\n{}", self.subject, self.paragraphs.join("\n"))
    }

    /// A page without scripts, pictures or styles from elsewhere. Everything is escaped; a paragraph that is a link is one.
    pub(super) fn html(&self, language: Language) -> String {
        let mut html = format!(
            "<!doctype html><html lang=\"{}\"><head><meta charset=\"utf-8\"><title>{}</title></head><body style=\"font-family:sans-serif;line-height:1.5\">",
            language.code(),
            escaped(&self.subject)
        );
        for paragraph in &self.paragraphs {
            let text = escaped(paragraph);
            let shown = if is_link(paragraph) {
                format!("<p><a href=\"{text}\">{text}</a></p>")
            } else {
                format!("<p>{}</p>", text.replace('\n', "<br>"))
            };
            html.push_str(&shown);
        }
        html.push_str("</body></html>\n");
        html
    }
}

fn escaped(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            '\'' => safe.push_str("&#39;"),
            c => safe.push(c),
        }
    }
    safe
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::i18n::CHASSIS;

    fn said(language: Language, name: &str, values: Value) -> Words {
        let catalogue = Catalogue::load(CHASSIS).unwrap();
        let Value::Object(values) = values else {
            panic!("an object")
        };
        words(&catalogue, language, name, &values)
    }

    #[test]
    fn every_kind_has_its_words_in_both_languages() {
        for name in KINDS {
            for language in [Language::English, Language::French] {
                let values = serde_json::json!({"link": "https://a.example/x"});
                let words = said(language, name, values);
                assert!(
                    !words.subject.contains('{') && !words.subject.starts_with(name),
                    "{}",
                    words.subject
                );
                assert!(!words.paragraphs.is_empty(), "{name}");
                let catalogue = Catalogue::load(CHASSIS).unwrap();
                assert_ne!(catalogue.text(language, name, &Vec::new()), name);
            }
        }
    }

    #[test]
    fn values_stay_values() {
        let values = serde_json::json!({
            "link": "https://a.example/x?a=1&b=2",
            "workspace": "x\r\nBcc: all@example.org {link} https://evil.example <script>\u{202e}",
        });
        let words = said(Language::English, "auth.invite", values);
        assert!(!words.subject.contains(['\r', '\n']), "{}", words.subject);
        assert!(
            words.subject.contains("{link}"),
            "not read again: {}",
            words.subject
        );
        assert!(!words.plain().contains("https://evil"));
        let html = words.html(Language::English);
        assert!(
            !html.contains("<script") && html.contains("&lt;script&gt;"),
            "{html}"
        );
        assert!(
            html.contains("<a href=\"https://a.example/x?a=1&amp;b=2\">"),
            "{html}"
        );
    }

    #[test]
    fn a_link_is_an_address_of_the_web() {
        for link in [
            "javascript:alert(1)",
            "https://a.example/\" onclick=\"x",
            "https://a\nb",
            "data:text/html,x",
        ] {
            let words = said(
                Language::English,
                "auth.reset",
                serde_json::json!({ "link": link }),
            );
            assert!(!words.html(Language::English).contains("<a "), "{link}");
        }
    }
}
