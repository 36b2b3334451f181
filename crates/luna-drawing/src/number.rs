//! Fixed-point numbers as text: two decimals, shortest form, no `format!`.
//!
//! A coordinate is a whole number of hundredths from here on, so that relative steps add up without
//! drift and the same value always has the same digits.

/// Hundredths of a unit, rounded half away from zero.
pub(crate) fn hundredths(value: f64) -> i32 {
    let scaled = value * 100.0;
    (scaled + if scaled < 0.0 { -0.5 } else { 0.5 }) as i32
}

/// Writes the shortest form: no trailing zero, no zero before the point (`.5`, `-3`, `12.25`).
pub(crate) fn put(out: &mut Vec<u8>, value: i32) {
    let mut text = [0_u8; 12];
    let mut from = text.len();
    let mut push = |byte: u8| {
        from -= 1;
        text[from] = byte;
    };
    let magnitude = value.unsigned_abs();
    let (mut whole, part) = (magnitude / 100, magnitude % 100);
    if part > 0 {
        if part % 10 > 0 {
            push(b'0' + (part % 10) as u8);
        }
        push(b'0' + (part / 10) as u8);
        push(b'.');
    }
    if whole == 0 && part == 0 {
        push(b'0');
    }
    while whole > 0 {
        push(b'0' + (whole % 10) as u8);
        whole /= 10;
    }
    if value < 0 {
        push(b'-');
    }
    out.extend_from_slice(&text[from..]);
}

/// How many bytes [`put`] writes.
pub(crate) const fn width(value: i32) -> usize {
    let magnitude = value.unsigned_abs();
    let (whole, part) = (magnitude / 100, magnitude % 100);
    let digits = match whole {
        0 => (part == 0) as usize,
        1..=9 => 1,
        10..=99 => 2,
        100..=999 => 3,
        1000..=9999 => 4,
        _ => whole.ilog10() as usize + 1,
    };
    let decimals = if part == 0 {
        0
    } else if part % 10 == 0 {
        2
    } else {
        3
    };
    (value < 0) as usize + digits + decimals
}

/// What stands before a number decides whether it needs a separator.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Joint {
    /// A command letter or nothing.
    Bare,
    /// A number without a point: digits or a point after it would join it.
    Whole,
    /// A number with a point: a second point starts a new number.
    Pointed,
}

impl Joint {
    /// Whether a space must stand before `value`.
    pub(crate) const fn needs_space(self, value: i32) -> bool {
        match self {
            Self::Bare => false,
            Self::Whole => value >= 0,
            Self::Pointed => value == 0 || value >= 100,
        }
    }

    /// The joint after `value`.
    pub(crate) const fn after(value: i32) -> Self {
        if value % 100 == 0 {
            Self::Whole
        } else {
            Self::Pointed
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(value: i32) -> String {
        let mut out = Vec::new();
        put(&mut out, value);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn numbers_take_their_shortest_form() {
        for (value, expected) in [
            (0, "0"),
            (5, ".05"),
            (50, ".5"),
            (-50, "-.5"),
            (-7, "-.07"),
            (100, "1"),
            (-300, "-3"),
            (1225, "12.25"),
            (1230, "12.3"),
            (100_001, "1000.01"),
            (i32::MAX, "21474836.47"),
            (i32::MIN, "-21474836.48"),
        ] {
            assert_eq!(text(value), expected);
        }
    }

    #[test]
    fn width_is_what_is_written_and_the_text_reads_back() {
        for value in (-200_100..200_100).step_by(7).chain(-1200..1200) {
            let text = text(value);
            assert_eq!(text.len(), width(value), "{text}");
            let read: f64 = text.parse().unwrap();
            assert_eq!(hundredths(read), value);
        }
    }

    #[test]
    fn halves_round_away_from_zero() {
        assert_eq!(hundredths(0.125), 13);
        assert_eq!(hundredths(-0.125), -13);
        assert_eq!(hundredths(-0.001), 0);
    }

    #[test]
    fn a_separator_stands_only_where_numbers_would_join() {
        assert!(Joint::after(300).needs_space(50), "3 .5");
        assert!(!Joint::after(350).needs_space(50), "3.5.5");
        assert!(Joint::after(350).needs_space(0), "3.5 0");
        assert!(Joint::after(350).needs_space(100), "3.5 1");
        assert!(!Joint::after(300).needs_space(-50), "3-.5");
        assert!(!Joint::Bare.needs_space(50), "l.5");
    }
}
