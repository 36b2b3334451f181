//! Time as recorders write it: by the clock on the wall, and how far from UTC where they say so.

use std::fmt;

use serde::{Serialize, Serializer};

/// A moment by a recorder's clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct LocalTime {
    /// Seconds since 1970-01-01T00:00:00 by that clock.
    clock_s: i64,
    offset_min: Option<i16>,
}

const DAY_S: i64 = 86_400;

impl LocalTime {
    /// `None` where the calendar has no such moment between the years 1970 and 2200.
    pub fn new(date: (i64, u8, u8), time: (u8, u8, u8), offset_min: Option<i16>) -> Option<Self> {
        let (year, month, day) = date;
        let (hour, minute, second) = time;
        let valid = (1970..=2200).contains(&year)
            && (1..=12).contains(&month)
            && (1..=days(year, month)).contains(&day)
            && hour < 24
            && minute < 60
            && second < 60
            && offset_min.is_none_or(|offset| offset.abs() <= 14 * 60);
        let clock = i64::from(hour) * 3600 + i64::from(minute) * 60 + i64::from(second);
        valid.then(|| Self {
            clock_s: days_from_civil(year, month, day) * DAY_S + clock,
            offset_min,
        })
    }

    /// Reads `2024-05-28T10:00:00+00:00`; also with a space, without seconds, with a fraction, with `Z` or without an offset.
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        let (date, clock) = text.split_once(['T', 't', ' '])?;
        let mut parts = date.split('-');
        let date = (
            whole(parts.next()?)?,
            small(parts.next()?)?,
            small(parts.next()?)?,
        );
        if parts.next().is_some() {
            return None;
        }
        let end = clock.find(['Z', 'z', '+', '-']).unwrap_or(clock.len());
        let (clock, offset) = clock.split_at(end);
        let offset_min = match offset {
            "" => None,
            "Z" | "z" => Some(0),
            offset => Some(parse_offset(offset)?),
        };
        let mut parts = clock.split(':');
        let (hour, minute) = (small(parts.next()?)?, small(parts.next()?)?);
        let second = match parts.next() {
            Some(second) => small(second.split('.').next()?)?,
            None => 0,
        };
        Self::new(date, (hour, minute, second), offset_min)
    }

    /// The same clock so many seconds later, or earlier.
    #[must_use]
    pub fn plus_s(self, seconds: f64) -> Self {
        Self {
            clock_s: self.clock_s.saturating_add(seconds.floor() as i64),
            ..self
        }
    }

    /// Minutes by which the clock is before UTC, where known.
    pub fn offset_min(self) -> Option<i16> {
        self.offset_min
    }

    /// The same moment for a clock whose offset is known from elsewhere.
    #[must_use]
    pub fn with_offset(self, offset_min: i16) -> Self {
        Self {
            offset_min: Some(offset_min),
            ..self
        }
    }

    /// Seconds since 1970 in UTC; a clock of unknown offset counts as UTC.
    pub fn epoch_s(self) -> i64 {
        self.clock_s - i64::from(self.offset_min.unwrap_or(0)) * 60
    }

    /// Year, month, day.
    pub fn date(self) -> (i64, u8, u8) {
        civil_from_days(self.clock_s.div_euclid(DAY_S))
    }

    /// Hour, minute, second.
    pub fn time(self) -> (u8, u8, u8) {
        let clock = self.clock_s.rem_euclid(DAY_S);
        (
            (clock / 3600) as u8,
            (clock / 60 % 60) as u8,
            (clock % 60) as u8,
        )
    }
}

impl fmt::Display for LocalTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ((year, month, day), (hour, minute, second)) = (self.date(), self.time());
        write!(
            f,
            "{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}"
        )?;
        match self.offset_min {
            None => Ok(()),
            Some(0) => f.write_str("Z"),
            Some(offset) => {
                let sign = if offset < 0 { '-' } else { '+' };
                write!(f, "{sign}{:02}:{:02}", offset.abs() / 60, offset.abs() % 60)
            }
        }
    }
}

impl Serialize for LocalTime {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// Minutes of `+2`, `-03:30`, `+0200`.
pub(super) fn parse_offset(text: &str) -> Option<i16> {
    let sign = match text.chars().next()? {
        '+' => 1,
        '-' => -1,
        _ => return None,
    };
    let rest = &text[1..];
    let (hours, minutes) = match rest.split_once(':') {
        Some((hours, minutes)) => (small(hours)?, small(minutes)?),
        None if rest.len() == 4 && rest.is_ascii() => (small(&rest[..2])?, small(&rest[2..])?),
        None => (small(rest)?, 0),
    };
    (minutes < 60).then(|| sign * (i16::from(hours) * 60 + i16::from(minutes)))
}

/// One or two digits.
pub(super) fn small(text: &str) -> Option<u8> {
    let digits = (1..=2).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
    digits.then(|| text.parse().ok()).flatten()
}

/// Four digits.
pub(super) fn whole(text: &str) -> Option<i64> {
    let digits = text.len() == 4 && text.bytes().all(|byte| byte.is_ascii_digit());
    digits.then(|| text.parse().ok()).flatten()
}

fn days(year: i64, month: u8) -> u8 {
    match month {
        2 if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms".
fn days_from_civil(year: i64, month: u8, day: u8) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let of_era = year.rem_euclid(400);
    let month = (i64::from(month) + 9) % 12;
    let of_year = (153 * month + 2) / 5 + i64::from(day) - 1;
    era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468
}

fn civil_from_days(days: i64) -> (i64, u8, u8) {
    let days = days + 719_468;
    let era = days.div_euclid(146_097);
    let of_era = days.rem_euclid(146_097);
    let year = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year + year / 4 - year / 100);
    let month = (5 * of_year + 2) / 153;
    let day = (of_year - (153 * month + 2) / 5 + 1) as u8;
    let month = if month < 10 { month + 3 } else { month - 9 } as u8;
    (year + era * 400 + i64::from(month <= 2), month, day)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn times_are_read_as_they_are_written() {
        for (text, wanted) in [
            ("2024-05-28T10:00:00+00:00", Some("2024-05-28T10:00:00Z")),
            ("2024-05-28 10:00:00", Some("2024-05-28T10:00:00")),
            ("2024-02-29T23:59:59.999Z", Some("2024-02-29T23:59:59Z")),
            ("2024-05-28T10:00-03:30", Some("2024-05-28T10:00:00-03:30")),
            ("2023-02-29T10:00:00", None),
            ("2024-05-28T24:00:00", None),
            ("2024-05-28", None),
            ("2024-05-28T10:00:00+99:00", None),
            ("yesterday at ten", None),
        ] {
            assert_eq!(
                LocalTime::parse(text)
                    .map(|time| time.to_string())
                    .as_deref(),
                wanted,
                "{text}"
            );
        }
    }

    #[test]
    fn later_times_cross_midnight_and_the_leap_day() {
        let time = LocalTime::parse("2024-02-28T23:59:50+01:00").unwrap();
        assert_eq!(time.plus_s(12.7).to_string(), "2024-02-29T00:00:02+01:00");
        assert_eq!(time.epoch_s(), 1_709_161_190);
    }

    proptest! {
        #[test]
        fn every_day_comes_back(days in 0_i64..84_000) {
            let (year, month, day) = civil_from_days(days);
            prop_assert_eq!(days_from_civil(year, month, day), days);
            let time = LocalTime::new((year, month, day), (1, 2, 3), None).unwrap();
            prop_assert_eq!(LocalTime::parse(&time.to_string()), Some(time));
        }
    }
}
