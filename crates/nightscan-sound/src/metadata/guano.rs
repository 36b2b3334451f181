//! GUANO, the "Grand Unified Acoustic Notation Ontology" (guano-md.org, version 1.0): lines of `name: value` in a `guan` chunk.

use super::{LocalTime, Place, Tale, leading_number};

pub(super) fn read(text: &str) -> Tale {
    let mut tale = Tale::default();
    let (mut make, mut model, mut serial) = (None, None, None);
    for line in text.lines().take(1_000) {
        let Some((name, value)) = line.split_once(':') else {
            continue;
        };
        let value = value.trim_matches(|c: char| c.is_whitespace() || c == '\0');
        if value.is_empty() {
            continue;
        }
        match name.trim().trim_start_matches('\u{feff}') {
            "Timestamp" => tale.at = LocalTime::parse(value),
            "Loc Position" => tale.place = place(value),
            "Make" => make = Some(value),
            "Model" => model = Some(value),
            "Serial" => serial = Some(value),
            "Temperature Ext" => tale.temperature_c = leading_number(value),
            "Temperature Int" => {
                tale.temperature_c = tale.temperature_c.or_else(|| leading_number(value));
            }
            // Names of makers: Open Acoustic Devices, Pettersson, Wildlife Acoustics.
            "OAD|Battery Voltage" | "PET|Battery" | "WA|Song Meter|Battery" => {
                tale.battery_v = leading_number(value);
            }
            "OAD|Gain" | "PET|Gain" | "WA|Song Meter|Gain" => tale.gain = Some(value.to_owned()),
            _ => {}
        }
    }
    let device: Vec<_> = [make, model, serial].into_iter().flatten().collect();
    tale.device = (!device.is_empty()).then(|| device.join(" "));
    tale
}

/// `46.78 6.64`, in degrees.
fn place(value: &str) -> Option<Place> {
    let mut parts = value.split([' ', ',']).filter(|part| !part.is_empty());
    Place::new(parts.next()?.parse().ok()?, parts.next()?.parse().ok()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_audiomoth_by_guano() {
        let tale = read(
            "GUANO|Version:1.0\nMake: Open Acoustic Devices\nModel: AudioMoth\nSerial: 24F319055FDF2F5B\n\
             Timestamp: 2023-06-01T22:00:00-03:00\nLoc Position: -22.4 -45.01\nOAD|Battery Voltage: 4.3\n\
             Temperature Int: 17.5\nNote: a: b\n",
        );
        assert_eq!(tale.at.unwrap().to_string(), "2023-06-01T22:00:00-03:00");
        assert_eq!(tale.place, Place::new(-22.4, -45.01));
        assert_eq!(
            tale.device.as_deref(),
            Some("Open Acoustic Devices AudioMoth 24F319055FDF2F5B")
        );
        assert_eq!(
            (tale.battery_v, tale.temperature_c),
            (Some(4.3), Some(17.5))
        );
    }

    #[test]
    fn a_timestamp_with_colons_and_no_zone() {
        assert_eq!(
            read("Timestamp:2019-07-01T21:04:05")
                .at
                .unwrap()
                .to_string(),
            "2019-07-01T21:04:05"
        );
    }
}
