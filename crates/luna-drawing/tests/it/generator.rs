//! The frozen generator against the vectors that its document publishes.

use luna_drawing::emotion::Emotion;
use luna_drawing::family::Family;
use luna_drawing::request::Request;
use luna_drawing::stream::{Seed, Stream, VERSION};

const DOCUMENT: &str = include_str!("../../../../docs/luna/generator.md");

/// The rows of the table under a heading, cell by cell, without the backticks.
fn rows(heading: &str) -> Vec<Vec<String>> {
    let (_, rest) = DOCUMENT.split_once(heading).unwrap();
    let table = rest.lines().skip_while(|line| !line.starts_with('|'));
    table
        .take_while(|line| line.starts_with('|'))
        .skip(2)
        .map(|line| {
            let cells = line.trim_matches('|').split('|');
            cells
                .map(|cell| cell.trim().trim_matches('`').to_owned())
                .collect()
        })
        .collect()
}

fn bits(cell: &str) -> u64 {
    u64::from_str_radix(cell.strip_prefix("0x").unwrap(), 16).unwrap()
}

#[test]
fn seeds_of_texts_are_those_published() {
    let rows = rows("### Seeds of texts");
    assert!(rows.len() >= 6);
    for row in rows {
        assert_eq!(Seed::from_text(&row[0]), Seed(bits(&row[1])), "{row:?}");
    }
}

#[test]
fn streams_are_those_published() {
    assert_eq!(VERSION, 1, "the document's table is that of version 1");
    let rows = rows("### Streams");
    assert!(rows.len() >= 8);
    for row in rows {
        let family = Family::from_key(&row[1]).unwrap();
        let attempt = row[2].parse().unwrap();
        let mut stream = Stream::new(Seed(row[0].parse().unwrap()), family as u8, attempt);
        for cell in &row[3..5] {
            assert_eq!(stream.bits(), bits(cell), "{row:?}");
        }
        let unit: f64 = row[5].parse().unwrap();
        assert_eq!(stream.unit().to_bits(), unit.to_bits(), "{row:?}");
    }
}

#[test]
fn family_numbers_are_those_published() {
    let rows = rows("### Family numbers");
    assert_eq!(rows.len(), Family::ALL.len());
    for row in rows {
        let number: usize = row[0].parse().unwrap();
        assert_eq!(Family::ALL[number].key(), row[1]);
        assert_eq!(Family::ALL[number] as usize, number);
    }
}

#[test]
fn letters_of_seeds_are_those_published() {
    let letters = [0, 1, 42].map(|seed| {
        Request::new(Family::Monogram, Emotion::Power)
            .with_seed(Seed(seed))
            .mark()
            .initial
    });
    let [a, b, c] = letters;
    let says = format!("seeds 0, 1 and 42 give {a}, {b} and {c}.");
    assert!(DOCUMENT.contains(&says), "{says}");
}
