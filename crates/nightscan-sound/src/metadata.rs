//! What recorders tell about a recording: when, where, with what and in which state.
//!
//! Read from GUANO, the comment of an `AudioMoth`, a JSON comment, the Broadcast Wave chunk, and the file's name, in this order of
//! trust. Nothing is guessed: what no one tells is absent.

mod audiomoth;
mod bext;
mod guano;
mod json;
mod name;
mod when;

use std::io::{self, Read, Seek};

use serde::Serialize;
pub use when::LocalTime;

use crate::riff::{self, u32_at};

/// Comments and GUANO are some hundred bytes; what is longer is cut.
const MOST_BYTES: usize = 1 << 16;
/// Names of devices and gains, in characters.
const LONGEST_TEXT: usize = 200;

/// Who told it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Teller {
    /// The GUANO chunk.
    Guano,
    /// The comment of an `AudioMoth`.
    AudioMoth,
    /// A JSON object in the comment.
    Json,
    /// The Broadcast Wave chunk.
    Bext,
    /// The file's name.
    FileName,
}

/// A value and who told it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Told<T> {
    /// The value.
    pub value: T,
    /// Who told it.
    pub by: Teller,
}

/// A place on Earth, in degrees (WGS 84).
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Place {
    /// North is positive.
    pub lat: f64,
    /// East is positive.
    pub lon: f64,
}

impl Place {
    /// `None` where there is no such place; 0, 0 is what receivers write that have none.
    pub fn new(lat: f64, lon: f64) -> Option<Self> {
        let on_earth = (-90.0..=90.0).contains(&lat) && (-180.0..=180.0).contains(&lon);
        (on_earth && (lat != 0.0 || lon != 0.0)).then_some(Self { lat, lon })
    }
}

/// All that is told about a recording.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Recorded {
    /// When it begins.
    pub at: Option<Told<LocalTime>>,
    /// Where.
    pub place: Option<Told<Place>>,
    /// With which recorder, and its serial number where known.
    pub device: Option<Told<String>>,
    /// The gain as the recorder names it.
    pub gain: Option<Told<String>>,
    /// Volts of the battery.
    pub battery_v: Option<Told<f64>>,
    /// Degrees Celsius.
    pub temperature_c: Option<Told<f64>>,
}

/// What one teller knows.
#[derive(Debug, Default, PartialEq)]
struct Tale {
    at: Option<LocalTime>,
    place: Option<Place>,
    device: Option<String>,
    gain: Option<String>,
    battery_v: Option<f64>,
    temperature_c: Option<f64>,
}

impl Recorded {
    /// Adds what was not told yet.
    fn hear(&mut self, by: Teller, tale: Tale) {
        fn add<T>(known: &mut Option<Told<T>>, value: Option<T>, by: Teller) {
            if known.is_none() {
                *known = value.map(|value| Told { value, by });
            }
        }
        let sane =
            |text: Option<String>| text.map(|text| tidy(&text)).filter(|text| !text.is_empty());
        add(&mut self.at, tale.at, by);
        add(&mut self.place, tale.place, by);
        add(&mut self.device, sane(tale.device), by);
        add(&mut self.gain, sane(tale.gain), by);
        add(
            &mut self.battery_v,
            tale.battery_v.filter(|v| (0.0..=100.0).contains(v)),
            by,
        );
        add(
            &mut self.temperature_c,
            tale.temperature_c.filter(|c| (-90.0..=100.0).contains(c)),
            by,
        );
    }
}

/// Reads what a recording's chunks and its name tell. Bytes that are no WAVE file have a name alone.
pub fn read(source: &mut (impl Read + Seek + ?Sized), file_name: &str) -> io::Result<Recorded> {
    let mut recorded = Recorded::default();
    if let Some(riff) = riff::walk(source)? {
        if let Some(chunk) = riff.chunk(*b"guan") {
            let bytes = riff::read(source, chunk, MOST_BYTES)?;
            recorded.hear(Teller::Guano, guano::read(&String::from_utf8_lossy(&bytes)));
        }
        let mut comment = None;
        let mut artist = None;
        for chunk in riff
            .chunks
            .iter()
            .filter(|chunk| chunk.id == *b"LIST")
            .take(8)
        {
            let list = riff::read(source, *chunk, MOST_BYTES)?;
            for (id, text) in info(&list) {
                match &id {
                    b"ICMT" => comment = comment.or(Some(text)),
                    b"IART" => artist = artist.or(Some(text)),
                    _ => {}
                }
            }
        }
        if let Some(comment) = comment {
            let json = json::read(&comment);
            let text = json
                .as_ref()
                .and_then(|(_, comment)| comment.as_deref())
                .unwrap_or(&comment);
            recorded.hear(Teller::AudioMoth, audiomoth::read(text));
            if let Some((tale, _)) = json {
                recorded.hear(Teller::Json, tale);
            }
        }
        let artist = artist.filter(|artist| artist.starts_with("AudioMoth"));
        recorded.hear(
            Teller::AudioMoth,
            Tale {
                device: artist,
                ..Tale::default()
            },
        );
        if let Some(chunk) = riff.chunk(*b"bext") {
            let bytes = riff::read(source, chunk, MOST_BYTES)?;
            recorded.hear(Teller::Bext, bext::read(&bytes));
        }
    }
    recorded.hear(Teller::FileName, name::read(file_name));
    Ok(recorded)
}

/// What a file's name alone tells.
pub fn of_name(file_name: &str) -> Recorded {
    let mut recorded = Recorded::default();
    recorded.hear(Teller::FileName, name::read(file_name));
    recorded
}

/// The texts of an INFO list.
fn info(list: &[u8]) -> Vec<([u8; 4], String)> {
    let Some(mut rest) = list.strip_prefix(b"INFO") else {
        return Vec::new();
    };
    let mut texts = Vec::new();
    while let Some((header, body)) = rest.split_at_checked(8) {
        let size = (u32_at(header, 4) as usize).min(body.len());
        let id = [header[0], header[1], header[2], header[3]];
        texts.push((id, text(&body[..size])));
        rest = body.get(size + (size & 1)..).unwrap_or_default();
    }
    texts
}

/// Text that ends at its first zero.
fn text(bytes: &[u8]) -> String {
    let end = bytes
        .iter()
        .position(|&byte| byte == 0)
        .unwrap_or(bytes.len());
    String::from_utf8_lossy(&bytes[..end]).trim().to_owned()
}

/// One line without control characters.
fn tidy(text: &str) -> String {
    let line: String = text
        .chars()
        .filter(|c| !c.is_control())
        .take(LONGEST_TEXT)
        .collect();
    line.trim().to_owned()
}

/// The number that a text begins with, as in `4.7V`.
fn leading_number(text: &str) -> Option<f64> {
    let text = text.trim_start();
    let end = text
        .char_indices()
        .find(|&(at, c)| !(c.is_ascii_digit() || c == '.' || (at == 0 && (c == '-' || c == '+'))))
        .map_or(text.len(), |(at, _)| at);
    // A full stop may end the sentence.
    text[..end].trim_end_matches('.').parse().ok()
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use proptest::prelude::*;

    use super::*;

    fn wave(chunks: &[(&[u8; 4], &[u8])]) -> Vec<u8> {
        let mut bytes = b"RIFF\xff\0\0\0WAVE".to_vec();
        for (id, body) in chunks {
            bytes.extend(*id);
            bytes.extend((body.len() as u32).to_le_bytes());
            bytes.extend(*body);
            bytes.extend(vec![0; body.len() & 1]);
        }
        bytes
    }

    #[test]
    fn the_better_teller_is_believed() {
        let guano = b"GUANO|Version: 1.0\nTimestamp: 2023-05-16T21:30:15+02:00\n";
        let comment = b"INFOICMT\x7a\0\0\0Recorded at 10:25:00 04/04/2020 (UTC) by AudioMoth 24526B065D325963 at gain setting 2 while battery state was 4.7V.\0\0\0\0\0\0\0";
        let bytes = wave(&[(b"data", b""), (b"LIST", comment), (b"guan", guano)]);
        let recorded = read(
            &mut Cursor::new(bytes),
            "AUD_20210101_000000_46.78_6.64.wav",
        )
        .unwrap();
        let at = recorded.at.unwrap();
        assert_eq!(
            (at.value.to_string().as_str(), at.by),
            ("2023-05-16T21:30:15+02:00", Teller::Guano)
        );
        assert_eq!(
            recorded.battery_v,
            Some(Told {
                value: 4.7,
                by: Teller::AudioMoth
            })
        );
        assert_eq!(recorded.gain.unwrap().value, "setting 2");
        let place = recorded.place.unwrap();
        assert_eq!(
            (place.value, place.by),
            (
                Place {
                    lat: 46.78,
                    lon: 6.64
                },
                Teller::FileName
            )
        );
    }

    #[test]
    fn what_is_no_wave_file_has_its_name() {
        let recorded = read(&mut Cursor::new(b"fLaC"), "x/SM4_20200404_102500.flac").unwrap();
        assert_eq!(
            recorded.at.unwrap().value.to_string(),
            "2020-04-04T10:25:00"
        );
        assert_eq!(recorded.device, None);
    }

    #[test]
    fn values_that_cannot_be_are_left_out() {
        let guano = b"Timestamp: 2023-13-40T99:00\nLoc Position: 400 3\nTemperature Ext: 5000\n";
        let bytes = wave(&[(b"guan", guano)]);
        assert_eq!(
            read(&mut Cursor::new(bytes), "").unwrap(),
            Recorded::default()
        );
        assert_eq!(Place::new(0.0, 0.0), None);
        assert_eq!(Place::new(f64::NAN, 0.0), None);
    }

    proptest! {
        #[test]
        fn any_chunks_and_any_name_are_read(
            guano in prop::collection::vec(any::<u8>(), 0..200),
            list in prop::collection::vec(any::<u8>(), 0..200),
            bext in prop::collection::vec(any::<u8>(), 0..400),
            name in ".{0,40}",
            digits in "[0-9]{0,9}[_T-]?[0-9]{0,7}[_.+Z-]?[0-9.]{0,5}",
        ) {
            let list = [b"INFOICMT", &list[..]].concat();
            let bytes = wave(&[(b"guan", &guano), (b"LIST", &list), (b"bext", &bext)]);
            read(&mut Cursor::new(bytes), &name).unwrap();
            of_name(&digits);
            audiomoth::read(&name);
            audiomoth::read(&format!("Recorded at {digits} {name}"));
            json::read(&name);
        }
    }
}
