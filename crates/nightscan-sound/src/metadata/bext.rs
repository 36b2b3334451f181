//! The Broadcast Wave chunk (EBU Tech 3285): fields of fixed length.

use super::when::{small, whole};
use super::{LocalTime, Tale, audiomoth, text};

const DESCRIPTION: std::ops::Range<usize> = 0..256;
const ORIGINATOR: std::ops::Range<usize> = 256..288;
const DATE: std::ops::Range<usize> = 320..330;
const TIME: std::ops::Range<usize> = 330..338;

pub(super) fn read(chunk: &[u8]) -> Tale {
    let field = |place| chunk.get(place).map(text).unwrap_or_default();
    // Some tools move the comment of an AudioMoth here.
    let told = audiomoth::read(&field(DESCRIPTION));
    let at = time(&field(DATE), &field(TIME));
    Tale {
        at: at.or(told.at),
        device: told.device.or(Some(field(ORIGINATOR))),
        ..told
    }
}

/// `2020-04-04` and `10:25:00`; the standard allows other separators.
fn time(date: &str, clock: &str) -> Option<LocalTime> {
    let separators = ['-', '_', ':', ' ', '.', '/'];
    let mut date = date.split(separators);
    let mut clock = clock.split(separators);
    LocalTime::new(
        (
            whole(date.next()?)?,
            small(date.next()?)?,
            small(date.next()?)?,
        ),
        (
            small(clock.next()?)?,
            small(clock.next()?)?,
            small(clock.next()?)?,
        ),
        None,
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn date_and_originator_are_read() {
        let mut chunk = vec![0; 602];
        chunk[256..267].copy_from_slice(b"Zoom F3 123");
        chunk[320..338].copy_from_slice(b"2022:04-0910:25:59");
        let tale = read(&chunk);
        assert_eq!(tale.at.unwrap().to_string(), "2022-04-09T10:25:59");
        assert_eq!(tale.device.as_deref(), Some("Zoom F3 123"));
        assert_eq!(read(&chunk[..300]).at, None);
    }
}
