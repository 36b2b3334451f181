//! Numbers in a sentence: with their unit, their comparison, and whether they are a target or a measurement.

use super::words::fold;

/// What a number counts, in one unit each so that numbers can be compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Dimension {
    /// A second.
    Rate,
    /// Milliseconds.
    Duration,
    /// Bytes.
    Bytes,
    /// Hundredths.
    Percent,
    /// So many of so many.
    Fraction,
    /// Without a unit that is known.
    Count,
}

/// On which side of a bound a value should be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Compare {
    AtMost,
    AtLeast,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Role {
    Target,
    Measured,
    Unsaid,
}

/// A number of a sentence.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Quantity {
    /// Where it stands in the folded sentence, its unit included.
    pub(super) start: usize,
    pub(super) end: usize,
    /// As written, before its unit.
    pub(super) number: f64,
    /// In the dimension's own unit.
    pub(super) value: f64,
    /// For a fraction: of so many.
    pub(super) of: f64,
    pub(super) unit: &'static str,
    pub(super) dimension: Dimension,
    pub(super) compare: Option<Compare>,
    pub(super) role: Role,
    /// What is measured: `p95`, `errors`, ….
    pub(super) label: Option<&'static str>,
}

impl Quantity {
    /// Whether it says where a value should be.
    pub(super) fn is_bound(&self) -> bool {
        self.role == Role::Target || (self.role == Role::Unsaid && self.compare.is_some())
    }

    /// On which side of it a value should be: as written, else as is usual for what it counts.
    pub(super) fn direction(&self) -> Option<Compare> {
        self.compare.or(match self.dimension {
            Dimension::Rate => Some(Compare::AtLeast),
            Dimension::Duration | Dimension::Bytes => Some(Compare::AtMost),
            Dimension::Fraction | Dimension::Percent => match self.label {
                Some("errors" | "cpu" | "memory") => Some(Compare::AtMost),
                _ => Some(Compare::AtLeast),
            },
            Dimension::Count => None,
        })
    }
}

/// Written as in a sentence: `34 req/s`, `> 1 000 req/s`.
impl std::fmt::Display for Quantity {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.compare {
            Some(Compare::AtMost) => f.write_str("< ")?,
            Some(Compare::AtLeast) => f.write_str("> ")?,
            None => {}
        }
        write!(f, "{}", self.number)?;
        if self.dimension == Dimension::Fraction {
            write!(f, "/{}", self.of)?;
        }
        if !self.unit.is_empty() {
            write!(f, " {}", self.unit)?;
        }
        Ok(())
    }
}

/// More numbers than that in one line say nothing to anybody.
const MOST: usize = 16;

/// The numbers of a text, in their order. In French a comma is always a decimal one.
pub(super) fn read(text: &str, is_french: bool) -> Vec<Quantity> {
    read_folded(&fold(text), is_french)
}

/// The same of a folded text.
pub(super) fn read_folded(folded: &str, is_french: bool) -> Vec<Quantity> {
    let mut found = Vec::new();
    let bytes = folded.as_bytes();
    let mut at = 0;
    while at < bytes.len() && found.len() < MOST {
        if bytes[at].is_ascii_digit() {
            if let Some(quantity) = one(folded, at, is_french) {
                at = quantity.end.max(at + 1);
                found.push(quantity);
                continue;
            }
            at = end_of_run(bytes, at);
        } else if bytes[at].is_ascii_alphabetic() {
            // A word with digits in it (p95, x86, sha256, v1.2.3) is a name.
            at = end_of_run(bytes, at);
        } else {
            at += 1;
        }
    }
    super::role::assign(folded, &mut found);
    found
}

fn end_of_run(bytes: &[u8], start: usize) -> usize {
    let mut at = start + 1;
    while at < bytes.len() {
        let joins = matches!(bytes[at], b'.' | b'-' | b'/' | b':' | b',')
            && bytes.get(at + 1).is_some_and(u8::is_ascii_digit);
        if !(bytes[at].is_ascii_alphanumeric() || bytes[at] == b'_' || joins) {
            break;
        }
        at += 1;
    }
    at
}

fn one(folded: &str, start: usize, is_french: bool) -> Option<Quantity> {
    if folded[..start].ends_with(['#', '_', '.']) {
        return None;
    }
    let (mut number, mut end) = number(folded, start, is_french)?;
    let rest = &folded[end..];
    if let Some((of, length)) = fraction(rest) {
        return Some(Quantity {
            start,
            end: end + length,
            number,
            value: number,
            of,
            unit: "",
            dimension: Dimension::Fraction,
            compare: compare_before(&folded[..start]),
            role: Role::Unsaid,
            label: None,
        });
    }
    // 2026-11-20, 12:30, 1.2.3.
    let bytes = rest.as_bytes();
    if matches!(bytes.first(), Some(b'-' | b':' | b'/' | b'.'))
        && bytes.get(1).is_some_and(u8::is_ascii_digit)
        && !(bytes[0] == b'-' && number_unit_follows(&rest[1..]))
    {
        return None;
    }
    if let Some(rest) = rest.strip_prefix('k')
        && !rest.starts_with(|sign: char| sign.is_ascii_alphanumeric())
    {
        number *= 1000.0;
        end += 1;
    }
    let mut compare = compare_before(&folded[..start]);
    if folded[end..].starts_with('+') {
        compare = Some(Compare::AtLeast);
        end += 1;
    }
    let rest = &folded[end..];
    if let Some(minutes) = minutes_behind(rest) {
        // 4h30: an hour and its minutes.
        let (number, end) = (number.mul_add(60.0, minutes), end + 3);
        return Some(plain((start, end), number, super::unit::MINUTES, compare));
    }
    let (unit, length) = super::unit::read(rest).unwrap_or((super::unit::NONE, 0));
    if length == 0 && rest.starts_with(|sign: char| sign.is_alphanumeric() || sign == '_') {
        return None;
    }
    end += length;
    if folded[end..].starts_with('+') {
        compare = Some(Compare::AtLeast);
    }
    if unit.dimension == Dimension::Rate && folded[..start].trim_end().ends_with("jusqu'a") {
        compare = None;
    }
    Some(plain((start, end), number, unit, compare))
}

fn plain(
    (start, end): (usize, usize),
    number: f64,
    unit: super::unit::Unit,
    compare: Option<Compare>,
) -> Quantity {
    Quantity {
        start,
        end,
        number,
        value: number * unit.factor,
        of: 0.0,
        unit: unit.name,
        dimension: unit.dimension,
        compare,
        role: Role::Unsaid,
        label: None,
    }
}

/// `h30`.
fn minutes_behind(rest: &str) -> Option<f64> {
    let minutes = rest.strip_prefix('h')?;
    let digits = minutes.bytes().take_while(u8::is_ascii_digit).count();
    let ends = !minutes[digits..].starts_with(|sign: char| sign.is_alphanumeric());
    (digits == 2 && ends).then(|| minutes[..2].parse().ok())?
}

/// Whether a range goes on: `100-200 ms`.
fn number_unit_follows(rest: &str) -> bool {
    let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
    digits > 0 && super::unit::read(&rest[digits..]).is_some()
}

/// Digits with separators; the end behind them. Nothing where it is no number but a version or the like.
fn number(folded: &str, start: usize, is_french: bool) -> Option<(f64, usize)> {
    let bytes = folded.as_bytes();
    let digits = |from: usize| {
        bytes[from.min(bytes.len())..]
            .iter()
            .take_while(|byte| byte.is_ascii_digit())
            .count()
    };
    let first = digits(start);
    let mut end = start + first;
    let mut plain = folded[start..end].to_owned();
    let group_at = |end: usize| digits(end + 1) == 3;
    let separator = bytes.get(end).copied().unwrap_or_default();
    let groups = match separator {
        b' ' | b'\'' => first <= 3 && plain != "0" && group_at(end),
        b',' | b'.' => {
            let again = bytes.get(end + 4) == Some(&separator) && group_at(end + 4);
            let single = separator == b',' && !is_french && plain != "0";
            first <= 3 && group_at(end) && (again || single)
        }
        _ => false,
    };
    while groups && bytes.get(end) == Some(&separator) && group_at(end) {
        plain.push_str(&folded[end + 1..end + 4]);
        end += 4;
    }
    if matches!(bytes.get(end), Some(b'.' | b',')) && digits(end + 1) > 0 {
        let decimals = digits(end + 1);
        plain.push('.');
        plain.push_str(&folded[end + 1..end + 1 + decimals]);
        end += 1 + decimals;
        if bytes.get(end) == Some(&b'.') && digits(end + 1) > 0 {
            return None;
        }
    }
    // Longer ones are keys and hashes.
    (plain.len() <= 18)
        .then(|| plain.parse().ok())
        .flatten()
        .map(|number| (number, end))
}

/// `/100`, ` / 100`, ` sur 100`, ` out of 100` and its length.
fn fraction(rest: &str) -> Option<(f64, usize)> {
    let trimmed = rest.trim_start_matches(' ');
    let after = ["/", "sur ", "out of "]
        .iter()
        .find_map(|word| trimmed.strip_prefix(word))?
        .trim_start_matches(' ');
    let digits = after.bytes().take_while(u8::is_ascii_digit).count();
    let tail = &after[digits..];
    let goes_on = tail.starts_with(|sign: char| sign.is_alphanumeric() || sign == '/')
        || (tail.starts_with(['.', ',', '-'])
            && tail[1..].starts_with(|s: char| s.is_ascii_digit()));
    if digits == 0 || digits > 7 || goes_on {
        return None;
    }
    let of: f64 = after[..digits].parse().ok()?;
    (of > 0.0).then_some((of, rest.len() - tail.len()))
}

fn compare_before(before: &str) -> Option<Compare> {
    const AT_MOST: &[&str] = &[
        "<=",
        "=<",
        "≤",
        "<",
        "moins de",
        "inferieur a",
        "inferieure a",
        "inferieurs a",
        "below",
        "under",
        "less than",
        "at most",
        "au plus",
        "en dessous de",
        "within",
        "sous",
        "max",
        "maximum",
        "jusqu'a",
        "≪",
    ];
    const AT_LEAST: &[&str] = &[
        ">=",
        "≥",
        ">",
        "plus de",
        "superieur a",
        "superieure a",
        "superieurs a",
        "au moins",
        "at least",
        "more than",
        "over",
        "above",
        "min",
        "minimum",
        "au-dessus de",
        "≫",
    ];
    let before = before.trim_end_matches([' ', '~', '≈', '=']);
    let before = before.strip_suffix(" :").unwrap_or(before);
    if before.ends_with("->") || before.ends_with("=>") {
        return None;
    }
    let ends = |words: &&&str| {
        before.strip_suffix(**words).is_some_and(|front| {
            !words.starts_with(|sign: char| sign.is_alphabetic())
                || !front.ends_with(|sign: char| sign.is_alphanumeric())
        })
    };
    // `before` may have lost an `=` of `<=`.
    if AT_MOST.iter().any(|words| ends(&words)) {
        Some(Compare::AtMost)
    } else if AT_LEAST.iter().any(|words| ends(&words)) {
        Some(Compare::AtLeast)
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str, is_french: bool) -> Vec<String> {
        let show = |quantity: &Quantity| {
            let role = match quantity.role {
                Role::Target => " target",
                Role::Measured => " measured",
                Role::Unsaid => "",
            };
            let label = quantity.label.map_or(String::new(), |l| format!(" {l}"));
            format!("{quantity}{label}{role}")
        };
        read(text, is_french).iter().map(show).collect()
    }

    #[test]
    fn numbers_of_both_languages_are_read_with_unit_role_and_label() {
        for (text, is_french, expected) in [
            (
                "Objectif : > 1000 req/s — Mesuré : 34 req/s",
                true,
                &["> 1000 req/s target", "34 req/s measured"][..],
            ),
            (
                "34 req/s (target > 1000)",
                false,
                &["34 req/s", "> 1000 req/s target"],
            ),
            (
                "p95 850 ms < 200 ms",
                false,
                &["850 ms p95", "< 200 ms p95"],
            ),
            ("1 234,5 requêtes par seconde", true, &["1234.5 req/s"]),
            (
                "1\u{202f}000 req/s et 1,234 s",
                true,
                &["1000 req/s", "1.234 s"],
            ),
            ("1,234 requests per second", false, &["1234 req/s"]),
            (
                "100 req/min, 10k rps, 1,234,567 ops/s",
                false,
                &["100 req/min", "10000 req/s", "1234567 req/s"],
            ),
            ("99,9 % de disponibilité", true, &["99.9 % uptime"]),
            (
                "0.1% errors, 12 MB, 1,5 Go",
                true,
                &["0.1 % errors", "12 MB", "1.5 GB"],
            ),
            ("Score: 85/100", false, &["85/100"]),
            ("12 sur 15 tests", true, &["12/15"]),
            ("in 4h30 or 2 h", false, &["270 min", "2 h"]),
            (
                "2026-11-20 12:30 v1.2.3 1.2.3 sha256 HTTP/2 UTF-8 10.0.0.1 #12 3/4/2026",
                false,
                &[],
            ),
            (
                "1000+ req/s, at least 5 ms",
                false,
                &["> 1000 req/s", "> 5 ms"],
            ),
            (
                "Objectif : p95 < 200 ms, p99 < 1 s ; mesuré : p95 150 ms, p99 2 s",
                true,
                &[
                    "< 200 ms p95 target",
                    "< 1 s p99 target",
                    "150 ms p95 measured",
                    "2 s p99 measured",
                ],
            ),
            (
                "34 req/s measured, 1000 req/s expected",
                false,
                &["34 req/s measured", "1000 req/s target"],
            ),
            ("from 5 ms -> 3 ms", false, &["5 ms", "3 ms"]),
        ] {
            assert_eq!(shown(text, is_french), expected, "{text}");
        }
    }
}
