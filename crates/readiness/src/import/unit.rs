//! Units of both languages.

use super::quantity::Dimension;

/// A unit, and what one of it is in the dimension's own unit.
#[derive(Clone, Copy, Debug)]
pub(super) struct Unit {
    pub(super) name: &'static str,
    pub(super) dimension: Dimension,
    pub(super) factor: f64,
}

/// No unit that is known.
pub(super) const NONE: Unit = Unit {
    name: "",
    dimension: Dimension::Count,
    factor: 1.0,
};

const SECOND: f64 = 1000.0;
const MINUTE: f64 = 60.0 * SECOND;
const HOUR: f64 = 60.0 * MINUTE;
const DAY: f64 = 24.0 * HOUR;

/// What stands behind the hour in `4h30`.
pub(super) const MINUTES: Unit = Unit {
    name: "min",
    dimension: Dimension::Duration,
    factor: MINUTE,
};

/// Words and the name, dimension and factor of the unit.
const UNITS: &[(&[&str], &str, Dimension, f64)] = &[
    (
        &["%", "percent", "pour cent", "pourcent", "pct"],
        "%",
        Dimension::Percent,
        1.0,
    ),
    (&["rps", "tps", "qps"], "req/s", Dimension::Rate, 1.0),
    (
        &["µs", "μs", "us", "microseconds", "microsecondes"],
        "µs",
        Dimension::Duration,
        0.001,
    ),
    (
        &[
            "ms",
            "msec",
            "milliseconds",
            "millisecond",
            "millisecondes",
            "milliseconde",
        ],
        "ms",
        Dimension::Duration,
        1.0,
    ),
    (
        &[
            "s", "sec", "secs", "second", "seconds", "seconde", "secondes",
        ],
        "s",
        Dimension::Duration,
        SECOND,
    ),
    (
        &["min", "mins", "mn", "minute", "minutes"],
        "min",
        Dimension::Duration,
        MINUTE,
    ),
    (
        &["h", "hr", "hrs", "hour", "hours", "heure", "heures"],
        "h",
        Dimension::Duration,
        HOUR,
    ),
    (
        &["jour", "jours", "day", "days", "j"],
        "d",
        Dimension::Duration,
        DAY,
    ),
    (
        &["octets", "octet", "bytes", "byte"],
        "B",
        Dimension::Bytes,
        1.0,
    ),
    (&["ko", "kb", "kib"], "kB", Dimension::Bytes, 1e3),
    (&["mo", "mb", "mib"], "MB", Dimension::Bytes, 1e6),
    (&["go", "gb", "gib"], "GB", Dimension::Bytes, 1e9),
    (&["to", "tb", "tib"], "TB", Dimension::Bytes, 1e12),
];

/// What is counted in a rate.
const EVENTS: &[&str] = &[
    "req",
    "reqs",
    "rq",
    "request",
    "requests",
    "requete",
    "requetes",
    "op",
    "ops",
    "operations",
    "transactions",
    "tx",
    "messages",
    "msg",
    "hits",
    "queries",
    "q",
    "appels",
    "calls",
    "tasks",
    "jobs",
    "events",
    "evenements",
];
const PERS: &[&str] = &["/", "per ", "par ", "a ", "p"];
const SPANS: &[(&[&str], &str, f64)] = &[
    (&["s", "sec", "second", "seconde"], "req/s", 1.0),
    (&["min", "mn", "minute", "m"], "req/min", 1.0 / 60.0),
    (&["h", "hour", "heure"], "req/h", 1.0 / 3600.0),
    (&["j", "jour", "day", "d"], "req/d", 1.0 / 86_400.0),
];

/// The unit behind a number, and its length with the space before it.
pub(super) fn read(rest: &str) -> Option<(Unit, usize)> {
    let trimmed = rest.trim_start_matches(' ');
    let skipped = rest.len() - trimmed.len();
    if let Some((unit, length)) = rate(trimmed) {
        return Some((unit, skipped + length));
    }
    let word = word(trimmed);
    // `to` is a word of English, `j'` one of French.
    let is_word = |name: &str| {
        name == word
            && !(name == "to" && skipped > 0)
            && !(name == "j" && trimmed[1..].starts_with('\''))
    };
    for (names, name, dimension, factor) in UNITS {
        let unit = Unit {
            name,
            dimension: *dimension,
            factor: *factor,
        };
        if let Some(found) = names.iter().find(|name| {
            is_word(name) || (name.contains([' ', '%']) && trimmed.starts_with(**name))
        }) {
            return Some((unit, skipped + found.len()));
        }
    }
    None
}

/// `req/s`, `requests per second`, `/s`.
fn rate(trimmed: &str) -> Option<(Unit, usize)> {
    let event = word(trimmed);
    let mut rest = trimmed;
    if !event.is_empty() {
        if !EVENTS.contains(&event) {
            return None;
        }
        rest = trimmed[event.len()..].trim_start_matches(' ');
    }
    let per = PERS
        .iter()
        .find(|per| rest.starts_with(**per) && (**per == "/" || !event.is_empty()))?;
    rest = rest[per.len()..].trim_start_matches(' ');
    let span = word(rest);
    let (_, name, factor) = SPANS.iter().find(|(names, ..)| names.contains(&span))?;
    let unit = Unit {
        name,
        dimension: Dimension::Rate,
        factor: *factor,
    };
    Some((unit, trimmed.len() - rest.len() + span.len()))
}

fn word(text: &str) -> &str {
    let end = text
        .find(|sign: char| !(sign.is_alphanumeric() || sign == '_'))
        .unwrap_or(text.len());
    &text[..end]
}
