//! Quiet hours: `22:00-07:00+02:00`, as people write them in their notifications.

use std::fmt;
use std::str::FromStr;

use chassis::clock::Timestamp;

const DAY_MIN: i64 = 1_440;

/// Hours of every day in which nothing is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Quiet {
    from_min: i64,
    until_min: i64,
    /// The time of those hours less UTC.
    offset_min: i64,
}

impl Quiet {
    /// When they end, if `now` is in them.
    pub(crate) fn end(self, now: Timestamp) -> Option<Timestamp> {
        let now_min = now.unix_ms().div_euclid(60_000);
        let of_day = (now_min + self.offset_min).rem_euclid(DAY_MIN);
        let since = (of_day - self.from_min).rem_euclid(DAY_MIN);
        let length = (self.until_min - self.from_min).rem_euclid(DAY_MIN);
        Timestamp::from_unix_ms((now_min - since + length) * 60_000).filter(|_| since < length)
    }
}

impl FromStr for Quiet {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        if text.len() != 17 || !text.is_ascii() || text.as_bytes()[5] != b'-' {
            return Err(());
        }
        let sign = match text.as_bytes()[11] {
            b'+' => 1,
            b'-' => -1,
            _ => return Err(()),
        };
        let quiet = Self {
            from_min: time(&text[..5], 24).ok_or(())?,
            until_min: time(&text[6..11], 24).ok_or(())?,
            offset_min: sign * time(&text[12..], 15).ok_or(())?,
        };
        if quiet.from_min == quiet.until_min {
            return Err(());
        }
        Ok(quiet)
    }
}

impl fmt::Display for Quiet {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let time = |minutes: i64| format!("{:02}:{:02}", minutes / 60, minutes % 60);
        let sign = if self.offset_min < 0 { '-' } else { '+' };
        let (from, until) = (time(self.from_min), time(self.until_min));
        write!(
            formatter,
            "{from}-{until}{sign}{}",
            time(self.offset_min.abs())
        )
    }
}

/// `07:30` in minutes.
fn time(text: &str, hours: i64) -> Option<i64> {
    let (hour, minute) = text.split_once(':')?;
    let two = |text: &str| {
        let digits = text.len() == 2 && text.bytes().all(|byte| byte.is_ascii_digit());
        text.parse::<i64>().ok().filter(|_| digits)
    };
    let (hour, minute) = (two(hour)?, two(minute)?);
    (hour < hours && minute < 60).then_some(hour * 60 + minute)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quiet_hours_end_in_the_morning_of_the_place() {
        let quiet: Quiet = "22:00-07:00+02:00".parse().unwrap();
        assert_eq!(quiet.to_string(), "22:00-07:00+02:00");
        let end = |now: &str| quiet.end(now.parse().unwrap()).map(|end| end.to_string());
        assert_eq!(end("2026-05-12T19:59:59.999Z"), None);
        assert_eq!(
            end("2026-05-12T20:00:00.000Z").as_deref(),
            Some("2026-05-13T05:00:00.000Z")
        );
        assert_eq!(
            end("2026-05-13T04:59:00.000Z").as_deref(),
            Some("2026-05-13T05:00:00.000Z")
        );
        assert_eq!(end("2026-05-13T05:00:00.000Z"), None);
    }

    #[test]
    fn what_is_no_time_is_refused() {
        for wrong in [
            "",
            "22:00-22:00+00:00",
            "24:00-07:00+00:00",
            "22:00-07:00",
            "22:0007:000+02:00",
            "22:00-07:00 02:00",
            "+2:00-07:00+02:00",
        ] {
            assert_eq!(wrong.parse::<Quiet>(), Err(()), "{wrong}");
        }
    }
}
