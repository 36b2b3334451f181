//! The inside of a line: links, emphasis, entities and decoration away; what its marks say.

use super::words::{fold, tokens};

/// What a line says of itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum State {
    Done,
    Partial,
    NotDone,
    Unsaid,
}

impl State {
    /// Two marks on one line.
    pub(super) fn and(self, other: Self) -> Self {
        match (self, other) {
            (Self::Unsaid, state) | (state, Self::Unsaid) => state,
            (a, b) if a == b => a,
            _ => Self::Partial,
        }
    }
}

/// A line is read up to here.
const MOST_LINE_BYTES: usize = 4000;
/// A link, tag or address is looked for so far.
const MOST_LINK_BYTES: usize = 600;

/// Cuts a line that is too long to be one.
pub(super) fn clip(line: &str) -> &str {
    if line.len() <= MOST_LINE_BYTES {
        return line;
    }
    let mut end = MOST_LINE_BYTES;
    while !line.is_char_boundary(end) {
        end -= 1;
    }
    &line[..end]
}

/// The words of a line as a reader sees them.
pub(super) fn clean(line: &str) -> String {
    let mut out = String::with_capacity(line.len());
    let mut rest = clip(line);
    while let Some(sign) = rest.chars().next() {
        if let Some((inner, length)) = skipped(rest) {
            // What a link shows may hold emphasis; it holds no links.
            out.extend(
                inner
                    .chars()
                    .filter(|sign| !matches!(sign, '*' | '`' | '[' | '!')),
            );
            rest = &rest[length..];
            continue;
        }
        let after = &rest[sign.len_utf8()..];
        rest = after;
        match sign {
            '*' | '`' => {}
            '~' if after.starts_with('~') => rest = &after[1..],
            '_' => {
                let is_inside = out.ends_with(char::is_alphanumeric)
                    && after.starts_with(char::is_alphanumeric);
                if is_inside {
                    out.push('_');
                }
            }
            '\\' if after.starts_with(|s: char| s.is_ascii_punctuation()) => {
                out.push_str(&after[..1]);
                rest = &after[1..];
            }
            sign if sign.is_whitespace() => out.push(' '),
            // Control signs, and those that turn the direction of writing.
            sign if sign.is_control() => {}
            '\u{200e}'
            | '\u{200f}'
            | '\u{202a}'..='\u{202e}'
            | '\u{2066}'..='\u{2069}'
            | '\u{feff}'
            | '\u{fffd}' => {}
            sign => out.push(sign),
        }
    }
    collapse(&out)
}

fn collapse(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for word in text.split_whitespace() {
        if !out.is_empty() {
            out.push(' ');
        }
        out.push_str(word);
    }
    out
}

/// A picture, link, address, tag or entity at the beginning: what is shown of it, and its length.
fn skipped(rest: &str) -> Option<(&str, usize)> {
    let is_picture = rest.starts_with("![");
    if is_picture || rest.starts_with('[') {
        let open = if is_picture { 2 } else { 1 };
        let window = window(rest);
        let close = open + window.get(open..)?.find(']')?;
        let behind = &window[close + 1..];
        let end = match behind.chars().next()? {
            '(' => behind.find(')')?,
            '[' => behind.find(']')?,
            _ => return None,
        };
        let shown = if is_picture { "" } else { &rest[open..close] };
        return Some((shown, close + 1 + end + 1));
    }
    if rest.starts_with("http://") || rest.starts_with("https://") {
        let end = rest
            .find(|sign: char| sign.is_whitespace() || matches!(sign, ')' | '>' | '|' | '"'))
            .unwrap_or(rest.len());
        return Some(("", end));
    }
    if let Some(tag) = rest.strip_prefix('<')
        && tag.starts_with(|sign: char| sign.is_ascii_alphabetic() || sign == '/')
    {
        let end = window(rest).find('>')?;
        return Some((" ", end + 1));
    }
    let entities = [
        ("&nbsp;", " "),
        ("&lt;", "<"),
        ("&gt;", ">"),
        ("&le;", "≤"),
        ("&ge;", "≥"),
        ("&amp;", "&"),
        ("&#10003;", "✓"),
        ("&#9989;", "✅"),
        ("&#10060;", "❌"),
    ];
    entities
        .iter()
        .find(|(entity, _)| rest.starts_with(entity))
        .map(|(entity, sign)| (*sign, entity.len()))
}

fn window(rest: &str) -> &str {
    let mut end = rest.len().min(MOST_LINK_BYTES);
    while !rest.is_char_boundary(end) {
        end -= 1;
    }
    &rest[..end]
}

fn mark(sign: char) -> Option<State> {
    match sign {
        '✅' | '✔' | '☑' | '✓' | '🟢' | '👍' | '🟩' => Some(State::Done),
        '❌' | '✗' | '✘' | '☒' | '✖' | '🔴' | '⛔' | '🚫' | '☐' | '⬜' | '🟥' | '👎' => {
            Some(State::NotDone)
        }
        '⚠' | '🟡' | '🟠' | '⏳' | '⌛' | '🚧' | '🔄' | '🔶' | '🟨' => {
            Some(State::Partial)
        }
        _ => None,
    }
}

/// What the marks of a clean line say, and the line without them and without decoration at its ends.
pub(super) fn marks(clean: &str) -> (State, String) {
    let (mut state, mut text) = (State::Unsaid, clean);
    for (boxed, says) in [
        ("[x]", State::Done),
        ("[X]", State::Done),
        ("[✓]", State::Done),
        ("[✔]", State::Done),
        ("[✅]", State::Done),
        ("[ ]", State::NotDone),
        ("[]", State::NotDone),
        ("[~]", State::Partial),
        ("[-]", State::Partial),
        ("[/]", State::Partial),
    ] {
        if let Some(rest) = text.strip_prefix(boxed) {
            (state, text) = (says, rest);
        }
    }
    let mut out = String::with_capacity(text.len());
    let mut signs = text.chars().peekable();
    while let Some(sign) = signs.next() {
        if let Some(says) = mark(sign) {
            state = state.and(says);
            out.push(' ');
            signs.next_if_eq(&'\u{fe0f}');
        } else {
            out.push(sign);
        }
    }
    let is_edge = |sign: char| {
        sign.is_whitespace()
            || matches!(sign, '—' | '–' | '-' | ':' | '|' | '·' | '•' | '\u{fe0f}')
            || matches!(sign, '\u{2600}'..='\u{27bf}' | '\u{1f000}'..='\u{1faff}' | '\u{2b00}'..='\u{2bff}')
    };
    (state, collapse(out.trim_matches(is_edge)))
}

const DONE: &[&str] = &[
    "ok",
    "done",
    "termine",
    "terminee",
    "termines",
    "fait",
    "faite",
    "complete",
    "completed",
    "complet",
    "complete 100",
    "pass",
    "passed",
    "reussi",
    "reussie",
    "valide",
    "validee",
    "oui",
    "yes",
    "operationnel",
    "operationnelle",
    "ready",
    "pret",
    "prete",
    "fonctionnel",
    "fonctionnelle",
    "implemented",
    "implemente",
    "implementee",
    "active",
    "actif",
    "atteint",
    "atteinte",
    "conforme",
    "met",
    "green",
    "vert",
    "deployed",
    "deploye",
    "deployee",
    "en place",
    "production ready",
    "working",
    "works",
    "fini",
    "100",
];
const NOT_DONE: &[&str] = &[
    "no",
    "non",
    "fail",
    "failed",
    "echec",
    "ko",
    "todo",
    "a faire",
    "missing",
    "manquant",
    "manquante",
    "pending",
    "en attente",
    "not done",
    "not started",
    "non commence",
    "absent",
    "non fait",
    "red",
    "rouge",
    "not met",
    "non atteint",
    "non conforme",
    "0",
    "bloque",
    "blocked",
];
const PARTIAL: &[&str] = &[
    "partial",
    "partiel",
    "partielle",
    "partially",
    "partiellement",
    "en cours",
    "in progress",
    "wip",
    "orange",
    "yellow",
    "jaune",
    "a verifier",
    "a revoir",
];

/// What a status word says; nothing of any other text.
pub(super) fn status_word(text: &str) -> State {
    let folded = fold(text);
    let words = tokens(&folded);
    if words.is_empty() || words.len() > 3 {
        return State::Unsaid;
    }
    let joined = words.join(" ");
    let is_in = |list: &[&str]| list.contains(&joined.as_str());
    if is_in(PARTIAL) {
        State::Partial
    } else if is_in(NOT_DONE) {
        State::NotDone
    } else if is_in(DONE) {
        State::Done
    } else {
        State::Unsaid
    }
}

/// What the last words of a line say, behind a colon or a dash.
pub(super) fn ending(text: &str) -> State {
    let last = text
        .rsplit_once([':', '—', '–', '→'])
        .or_else(|| text.rsplit_once(" - "))
        .map_or("", |(_, last)| last);
    // A lone number there is a figure.
    if last.chars().any(char::is_alphabetic) {
        status_word(last)
    } else {
        State::Unsaid
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_read_as_it_is_shown() {
        for (line, shown) in [
            (
                "**Bold** _and_ `code_name` ~~old~~",
                "Bold and code_name old",
            ),
            (
                "[CORS](https://x.example/✅) ok ![done](badge.svg)",
                "CORS ok",
            ),
            (
                "see https://x.example/ready?x=✅ and <b>tags</b><br>",
                "see and tags",
            ),
            ("p95 <200 ms &lt; 3&nbsp;s \\| x", "p95 <200 ms < 3 s | x"),
            ("a\u{202e}b\u{1b}[31mc", "ab[31mc"),
        ] {
            assert_eq!(clean(line), shown);
        }
    }

    #[test]
    fn marks_and_words_say_what_is_done() {
        for (line, state, text) in [
            ("[x] Tests", State::Done, "Tests"),
            ("[ ] Tests", State::NotDone, "Tests"),
            ("✅ Titre : corps", State::Done, "Titre : corps"),
            ("🚀 Débit ⚠️", State::Partial, "Débit"),
            ("dev ✅ prod ❌", State::Partial, "dev prod"),
            ("nothing", State::Unsaid, "nothing"),
        ] {
            assert_eq!(marks(line), (state, text.to_owned()));
        }
        assert_eq!(status_word("À faire"), State::NotDone);
        assert_eq!(ending("Statut : Terminé"), State::Done);
        assert_eq!(ending("Total : 100"), State::Unsaid);
    }
}
