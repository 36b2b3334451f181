//! `Range` and `If-Range` (RFC 9110, 13.1.5 and 14): one range of bytes.

use std::ops::Range;

use http::{HeaderMap, header};

/// What of a file is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Asked {
    /// All of it: no range, several of them, one that we do not read, or one of another state of the file.
    Whole,
    /// These bytes: 206.
    Part(Range<u64>),
    /// Bytes that it does not have: 416.
    Outside,
}

/// Reads the headers for a file of `size` bytes with the entity tag `tag`.
pub fn asked(headers: &HeaderMap, size: u64, tag: &http::HeaderValue) -> Asked {
    let mut ranges = headers.get_all(header::RANGE).iter();
    let (Some(range), None) = (ranges.next(), ranges.next()) else {
        return Asked::Whole;
    };
    // A date would be a weak validator here; whoever sends one gets the whole file.
    if headers
        .get(header::IF_RANGE)
        .is_some_and(|given| given != tag)
    {
        return Asked::Whole;
    }
    let Some(set) = range.to_str().ok().and_then(|text| text.split_once('=')) else {
        return Asked::Whole;
    };
    let (unit, set) = set;
    if !unit.trim().eq_ignore_ascii_case("bytes") || set.contains(',') {
        return Asked::Whole;
    }
    let Some((first, last)) = set.trim().split_once('-') else {
        return Asked::Whole;
    };
    part(first, last, size)
}

fn part(first: &str, last: &str, size: u64) -> Asked {
    let digits = |text: &str| text.bytes().all(|b| b.is_ascii_digit());
    if !digits(first) || !digits(last) {
        return Asked::Whole;
    }
    // More digits than a number has room for: beyond any file.
    let number = |text: &str| text.parse().unwrap_or(u64::MAX);
    let range = match (first.is_empty(), last.is_empty()) {
        (true, true) => return Asked::Whole,
        (true, false) => size.saturating_sub(number(last))..size,
        (false, true) => number(first)..size,
        (false, false) if number(first) > number(last) => return Asked::Whole,
        (false, false) => number(first)..number(last).saturating_add(1).min(size),
    };
    if range.start >= range.end {
        Asked::Outside
    } else {
        Asked::Part(range)
    }
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    fn of(range: &str, size: u64) -> Asked {
        let mut headers = HeaderMap::new();
        headers.insert(header::RANGE, HeaderValue::from_str(range).unwrap());
        asked(&headers, size, &HeaderValue::from_static("\"t\""))
    }

    #[test]
    fn ranges_are_read_as_the_standard_says() {
        for (range, size, expected) in [
            ("bytes=0-0", 10, Asked::Part(0..1)),
            ("bytes=2-5", 10, Asked::Part(2..6)),
            ("Bytes=2-", 10, Asked::Part(2..10)),
            ("bytes=-3", 10, Asked::Part(7..10)),
            ("bytes=-30", 10, Asked::Part(0..10)),
            ("bytes=5-99999999999999999999999", 10, Asked::Part(5..10)),
            ("bytes=10-", 10, Asked::Outside),
            ("bytes=-0", 10, Asked::Outside),
            ("bytes=0-", 0, Asked::Outside),
            ("bytes=99999999999999999999999-", 10, Asked::Outside),
            ("bytes=5-2", 10, Asked::Whole),
            ("bytes=0-1,3-4", 10, Asked::Whole),
            ("bytes=a-b", 10, Asked::Whole),
            ("bytes=-", 10, Asked::Whole),
            ("bytes=", 10, Asked::Whole),
            ("lines=0-1", 10, Asked::Whole),
            ("bytes=+1-2", 10, Asked::Whole),
        ] {
            assert_eq!(of(range, size), expected, "{range}");
        }
    }

    #[test]
    fn a_range_of_another_state_gives_the_whole_file() {
        let mut headers = HeaderMap::new();
        headers.insert(header::RANGE, HeaderValue::from_static("bytes=0-1"));
        let tag = HeaderValue::from_static("\"t\"");
        for (given, expected) in [
            ("\"t\"", Asked::Part(0..2)),
            ("\"u\"", Asked::Whole),
            ("W/\"t\"", Asked::Whole),
            ("Fri, 20 Nov 2026 15:00:00 GMT", Asked::Whole),
        ] {
            headers.insert(header::IF_RANGE, HeaderValue::from_static(given));
            assert_eq!(asked(&headers, 10, &tag), expected, "{given}");
        }
    }

    proptest::proptest! {
        #[test]
        fn a_part_lies_inside_the_file(range in "bytes=[0-9]{0,22}-[0-9]{0,22}", size in 0_u64..50) {
            if let Asked::Part(part) = of(&range, size) {
                proptest::prop_assert!(part.start < part.end && part.end <= size);
            }
        }
    }
}
