//! Identifications of a calendar month, in UTC.

use chassis::clock::Timestamp;

/// The first moment of the next month.
pub(crate) fn next_month(now: Timestamp) -> Option<Timestamp> {
    let text = now.to_string();
    let year: i32 = text.get(..4)?.parse().ok()?;
    let month: u32 = text.get(5..7)?.parse().ok()?;
    let (year, month) = if month == 12 {
        (year + 1, 1)
    } else {
        (year, month + 1)
    };
    format!("{year:04}-{month:02}-01T00:00:00.000Z")
        .parse()
        .ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_month_ends_where_the_next_begins() {
        let next = |text: &str| next_month(text.parse().unwrap()).unwrap().to_string();
        assert_eq!(next("2026-11-21T22:00:00.000Z"), "2026-12-01T00:00:00.000Z");
        assert_eq!(next("2026-12-31T23:59:59.999Z"), "2027-01-01T00:00:00.000Z");
    }
}
