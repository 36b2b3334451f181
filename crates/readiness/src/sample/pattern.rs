//! A text that a simple regular expression takes: literals, classes, groups, alternatives, repetitions.

use std::iter::Peekable;
use std::ops::RangeInclusive;
use std::str::Chars;

/// What can be drawn where everything but a few characters is allowed.
const USUAL: RangeInclusive<char> = 'a'..='z';

type Roll<'a> = &'a mut dyn FnMut() -> u64;

/// A text of the expression; nothing where it is none of the simple ones.
pub(super) fn sample(pattern: &str, roll: Roll<'_>) -> Option<String> {
    let mut rest = pattern.chars().peekable();
    let made = alternatives(&mut rest, roll)?;
    rest.next().is_none().then_some(made)
}

/// Up to a closing bracket or the end; the first alternative is the one that is taken.
fn alternatives(rest: &mut Peekable<Chars<'_>>, roll: Roll<'_>) -> Option<String> {
    let first = sequence(rest, roll)?;
    while rest.next_if_eq(&'|').is_some() {
        sequence(rest, roll)?;
    }
    Some(first)
}

fn sequence(rest: &mut Peekable<Chars<'_>>, roll: Roll<'_>) -> Option<String> {
    let mut made = String::new();
    while let Some(next) = rest.next_if(|next| !matches!(next, '|' | ')')) {
        let mut part = match next {
            '^' | '$' => continue,
            '(' => {
                if rest.next_if_eq(&'?').is_some() {
                    // Look-arounds and names are beyond what is made here.
                    rest.next_if_eq(&':')?;
                }
                let inner = alternatives(rest, roll)?;
                rest.next_if_eq(&')')?;
                Part::Text(inner)
            }
            '[' => Part::Class(class(rest)?),
            '.' => Part::Class(vec![USUAL]),
            '\\' => Part::Class(escaped(rest.next()?)?),
            other => Part::Text(other.to_string()),
        };
        for _ in 0..repetitions(rest)? {
            made.push_str(&part.draw(roll));
        }
    }
    Some(made)
}

enum Part {
    Text(String),
    Class(Vec<RangeInclusive<char>>),
}

impl Part {
    fn draw(&mut self, roll: Roll<'_>) -> String {
        match self {
            Self::Text(text) => text.clone(),
            Self::Class(ranges) => {
                let size = |range: &RangeInclusive<char>| {
                    u64::from(u32::from(*range.end()) - u32::from(*range.start())) + 1
                };
                let mut at = roll() % ranges.iter().map(size).sum::<u64>().max(1);
                for range in ranges.iter() {
                    if at < size(range) {
                        let code = u32::from(*range.start()) + at as u32;
                        return char::from_u32(code).map_or_else(String::new, String::from);
                    }
                    at -= size(range);
                }
                String::new()
            }
        }
    }
}

/// How often: the fewest that are allowed, and once where none would do.
fn repetitions(rest: &mut Peekable<Chars<'_>>) -> Option<usize> {
    let times = match rest.peek() {
        Some('?' | '*') => {
            rest.next();
            0
        }
        Some('+') => {
            rest.next();
            1
        }
        Some('{') => {
            rest.next();
            let mut digits = String::new();
            while let Some(digit) = rest.next_if(char::is_ascii_digit) {
                digits.push(digit);
            }
            while rest.next()? != '}' {}
            digits.parse().ok()?
        }
        _ => return Some(1),
    };
    // Lazy: the same texts.
    rest.next_if_eq(&'?');
    Some(times)
}

fn class(rest: &mut Peekable<Chars<'_>>) -> Option<Vec<RangeInclusive<char>>> {
    if rest.next_if_eq(&'^').is_some() {
        let mut excluded = class(rest)?;
        excluded.retain(|range| range.contains(USUAL.start()) && range.contains(USUAL.end()));
        // What is excluded is rarely all of the usual letters.
        return excluded.is_empty().then(|| vec![USUAL]);
    }
    let mut ranges = Vec::new();
    loop {
        let from = match rest.next()? {
            ']' => return Some(ranges),
            '\\' => match rest.next()? {
                'u' => code(rest, 4)?,
                'x' => code(rest, 2)?,
                other => {
                    let many = escaped(other)?;
                    if many.len() != 1 || many[0].start() != many[0].end() {
                        ranges.extend(many);
                        continue;
                    }
                    *many[0].start()
                }
            },
            other => other,
        };
        let mut ahead = rest.clone();
        if ahead.next() == Some('-') && ahead.peek() != Some(&']') {
            rest.next();
            let to = match rest.next()? {
                '\\' => match rest.next()? {
                    'u' => code(rest, 4)?,
                    'x' => code(rest, 2)?,
                    other => other,
                },
                other => other,
            };
            if from > to {
                return None;
            }
            ranges.push(from..=to);
        } else {
            ranges.push(from..=from);
        }
    }
}

fn code(rest: &mut Peekable<Chars<'_>>, digits: usize) -> Option<char> {
    let hex: String = rest.by_ref().take(digits).collect();
    char::from_u32(u32::from_str_radix(&hex, 16).ok()?)
}

fn escaped(letter: char) -> Option<Vec<RangeInclusive<char>>> {
    Some(match letter {
        'd' => vec!['0'..='9'],
        'w' => vec!['a'..='z', '0'..='9'],
        's' => vec![' '..=' '],
        'S' | 'D' => vec![USUAL],
        'W' => vec!['-'..='-'],
        't' => vec!['\t'..='\t'],
        'n' => vec!['\n'..='\n'],
        // Places, classes of Unicode, references.
        letter if letter.is_ascii_alphanumeric() => return None,
        sign => vec![sign..=sign],
    })
}

#[cfg(test)]
mod tests {
    fn made(pattern: &str) -> Option<String> {
        let mut at = 0;
        super::sample(pattern, &mut || {
            at += 7;
            at
        })
    }

    #[test]
    fn texts_are_of_their_pattern() {
        assert_eq!(made("^1\\.0\\.0$").unwrap(), "1.0.0");
        assert_eq!(made("^(abc|def)-(?:x|y)?z+$").unwrap(), "abc-z");
        let id = made("^[0-7][0-9A-HJKMNP-TV-Z]{25}$").unwrap();
        assert!(
            id.len() == 26
                && id
                    .chars()
                    .all(|one| one.is_ascii_digit() || one.is_ascii_uppercase())
        );
        let day = made(r"^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d{3})?Z$").unwrap();
        assert_eq!(day.len(), "2026-01-31T00:00:00Z".len());
        let mail =
            made(r"^[^@\s\u0000-\u001f\u007f-\u009f]+@[^\s\u0000-\u001f\u007f-\u009f]+$").unwrap();
        assert!(mail.len() == 3 && mail.contains('@'), "{mail}");
        assert_eq!(made("[a-c]{2,5}").unwrap().len(), 2);
    }

    #[test]
    fn what_is_not_simple_is_left_to_others() {
        for pattern in ["(?=x)y", "\\p{L}", "[z-a]", "(a", "a)", "[a"] {
            assert_eq!(made(pattern), None, "{pattern}");
        }
    }
}
