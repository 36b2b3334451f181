//! The sentence that an `AudioMoth` writes into its files. Its firmware changed the words several times; the times are by its own
//! clock, whose zone stands in brackets.

use super::when::{parse_offset, small, whole};
use super::{LocalTime, Tale, leading_number};

/// `Recorded at 10:25:00 04/04/2020 (UTC+2) by AudioMoth 24526B065D325963 at medium gain while battery was 3.8V and temperature was 12.8C.`
pub(super) fn read(comment: &str) -> Tale {
    let Some(sentence) = after(comment, "Recorded at ") else {
        return Tale::default();
    };
    let Some(recorder) = after(sentence, "by AudioMoth ") else {
        return Tale::default();
    };
    let serial = recorder.split([' ', '.', ',']).next().unwrap_or_default();
    Tale {
        at: time(sentence),
        device: Some(format!("AudioMoth {serial}")),
        gain: gain(recorder),
        battery_v: after(recorder, "battery")
            .and_then(|text| after(text, "was "))
            .map(|text| {
                text.trim_start_matches("less than ")
                    .trim_start_matches("greater than ")
            })
            .and_then(leading_number),
        temperature_c: after(recorder, "temperature was ").and_then(leading_number),
        ..Tale::default()
    }
}

fn time(sentence: &str) -> Option<LocalTime> {
    let mut words = sentence.split(' ');
    let mut clock = words.next()?.split(':');
    let mut date = words.next()?.split('/');
    let clock = (
        small(clock.next()?)?,
        small(clock.next()?)?,
        small(clock.next()?.split('.').next()?)?,
    );
    let (day, month) = (small(date.next()?)?, small(date.next()?)?);
    let year = whole(date.next()?)?;
    let zone = words
        .next()?
        .strip_prefix("(UTC")
        .and_then(|zone| zone.strip_suffix(')'));
    let offset_min = match zone {
        Some("") => Some(0),
        Some(zone) => Some(parse_offset(zone)?),
        // Firmware before 1.0.1 did not say; it kept UTC.
        None => None,
    };
    LocalTime::new((year, month, day), clock, offset_min)
}

/// `at gain setting 2`, or `at medium gain`.
fn gain(recorder: &str) -> Option<String> {
    if let Some(setting) = after(recorder, "at gain setting ") {
        return leading_number(setting).map(|setting| format!("setting {setting}"));
    }
    let before = &recorder[..recorder.find(" gain")?];
    Some(before[before.rfind(" at ")? + 4..].to_owned())
}

fn after<'t>(text: &'t str, mark: &str) -> Option<&'t str> {
    text.find(mark).map(|at| &text[at + mark.len()..])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_firmware_is_understood() {
        for (comment, at, gain, battery_v, temperature_c) in [
            (
                "Recorded at 10:25:00 04/04/2020 (UTC) by AudioMoth 24526B065D325963 at gain setting 2 while battery state was 4.7V.",
                "2020-04-04T10:25:00Z",
                "setting 2",
                Some(4.7),
                None,
            ),
            (
                "Recorded at 10:00:00 28/05/2024 (UTC) by AudioMoth 243B1F026488F56E at medium gain while battery was 3.8V and temperature was 12.8C.",
                "2024-05-28T10:00:00Z",
                "medium",
                Some(3.8),
                Some(12.8),
            ),
            (
                "Recorded at 22:10:05 01/12/2022 (UTC-3:30) by AudioMoth 243B1F026488F56E at medium-high gain while battery was less than 2.5V and temperature was -1.4C. Amplitude threshold was 5%.",
                "2022-12-01T22:10:05-03:30",
                "medium-high",
                Some(2.5),
                Some(-1.4),
            ),
            (
                "Recorded at 19:17:30 28/06/2019 by AudioMoth 0FE081F80FE081F0 at gain setting 3 while battery state was > 5.0V",
                "2019-06-28T19:17:30",
                "setting 3",
                None,
                None,
            ),
        ] {
            let tale = read(comment);
            assert_eq!(
                tale.at.map(|at| at.to_string()).as_deref(),
                Some(at),
                "{comment}"
            );
            assert_eq!(tale.gain.as_deref(), Some(gain));
            assert_eq!(
                (tale.battery_v, tale.temperature_c),
                (battery_v, temperature_c),
                "{comment}"
            );
            assert!(tale.device.unwrap().starts_with("AudioMoth "));
        }
    }

    #[test]
    fn other_comments_say_nothing() {
        for comment in ["", "Recorded at the lake", "by AudioMoth", "a nice evening"] {
            assert_eq!(read(comment), Tale::default());
        }
    }
}
