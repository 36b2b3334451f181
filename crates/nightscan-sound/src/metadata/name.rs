//! Times and places in file names: `20200404_102500.WAV`, `SM4_20200404_102500.wav`, `AUD_20230516_213015_46.78_6.64.wav`.

use super::when::{parse_offset, small, whole};
use super::{LocalTime, Place, Tale};

pub(super) fn read(path: &str) -> Tale {
    let name = path.rsplit(['/', '\\']).next().unwrap_or_default();
    // Only the last ending goes: a longitude may hold a full stop too.
    let stem = match name.rsplit_once('.') {
        Some((stem, ending)) if ending.bytes().any(|byte| byte.is_ascii_alphabetic()) => stem,
        _ => name,
    };
    for (at, _) in stem.char_indices() {
        let before = stem[..at].bytes().next_back();
        if before.is_some_and(|byte| byte.is_ascii_digit()) {
            continue;
        }
        if let Some((time, rest)) = moment(&stem[at..]) {
            let located = stem[..at].eq_ignore_ascii_case("AUD_");
            return Tale {
                at: Some(time),
                place: located.then(|| place(rest)).flatten(),
                ..Tale::default()
            };
        }
    }
    Tale::default()
}

/// `YYYYMMDD_HHMMSS` at the beginning, and what follows; `T` or `-` may part them, and an offset may follow.
fn moment(text: &str) -> Option<(LocalTime, &str)> {
    let (digits, rest) = text.split_at_checked(15)?;
    if !digits.is_ascii() || rest.starts_with(|c: char| c.is_ascii_digit()) {
        return None;
    }
    if !matches!(digits.as_bytes()[8], b'_' | b'T' | b'-' | b' ') {
        return None;
    }
    let two = |at: usize| small(&digits[at..at + 2]);
    let date = (whole(&digits[..4])?, two(4)?, two(6)?);
    let clock = (two(9)?, two(11)?, two(13)?);
    let offset_min = match rest.split_at_checked(5) {
        _ if rest.starts_with('Z') => Some(0),
        Some((offset, _)) if offset.as_bytes()[1..].iter().all(u8::is_ascii_digit) => {
            parse_offset(offset)
        }
        _ => None,
    };
    Some((LocalTime::new(date, clock, offset_min)?, rest))
}

/// `_46.78_6.64`.
fn place(rest: &str) -> Option<Place> {
    let mut parts = rest.strip_prefix('_')?.split('_');
    Place::new(parts.next()?.parse().ok()?, parts.next()?.parse().ok()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_as_recorders_write_them() {
        for (name, at, place) in [
            ("20200404_102500.WAV", Some("2020-04-04T10:25:00"), None),
            (
                "night/SM4-7_20200404_102500.wav",
                Some("2020-04-04T10:25:00"),
                None,
            ),
            (
                "C:\\x\\S4A_0_20200404_102500_003.wav",
                Some("2020-04-04T10:25:00"),
                None,
            ),
            (
                "AUD_20230516_213015_46.78_6.64.wav",
                Some("2023-05-16T21:30:15"),
                Place::new(46.78, 6.64),
            ),
            (
                "aud_20230516_213015_-22.4_-45.01",
                Some("2023-05-16T21:30:15"),
                Place::new(-22.4, -45.01),
            ),
            (
                "AUD_20230516_213015_946.78_6.64.wav",
                Some("2023-05-16T21:30:15"),
                None,
            ),
            ("AUD_20230516_213015.mp3", Some("2023-05-16T21:30:15"), None),
            (
                "20200404T102500+1000_rec.flac",
                Some("2020-04-04T10:25:00+10:00"),
                None,
            ),
            ("20200404T102500Z.flac", Some("2020-04-04T10:25:00Z"), None),
            ("20201304_102500.wav", None, None),
            ("120200404_1025001.wav", None, None),
            ("frog-1-31836-A.ogg", None, None),
            ("é20200404_102500.wav", Some("2020-04-04T10:25:00"), None),
            ("2020040é_102500x.wav", None, None),
            ("", None, None),
        ] {
            let tale = read(name);
            assert_eq!(tale.at.map(|at| at.to_string()).as_deref(), at, "{name}");
            assert_eq!(tale.place, place, "{name}");
        }
    }
}
