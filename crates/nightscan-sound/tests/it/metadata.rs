//! What real recorders wrote.

use std::io::Cursor;

use nightscan_sound::metadata::{self, Teller};

#[test]
fn recorders_of_the_field_are_understood() {
    for (file, at, gain, battery_v, temperature_c, device) in [
        (
            "wildlife/fixtures/audiomoth_metadata.wav",
            "2020-04-04T10:25:00Z",
            "setting 2",
            4.7,
            None,
            "AudioMoth 24526B065D325963",
        ),
        (
            "wildlife/fixtures/audiomoth_gps.wav",
            "2024-05-28T10:00:00Z",
            "medium",
            3.8,
            Some(12.8),
            "AudioMoth 243B1F026488F56E",
        ),
    ] {
        let Some(bytes) = crate::data::read(file) else {
            return;
        };
        let recorded = metadata::read(&mut Cursor::new(bytes), "x.wav").unwrap();
        let told = recorded.at.unwrap();
        assert_eq!(
            (told.value.to_string().as_str(), told.by),
            (at, Teller::AudioMoth),
            "{file}"
        );
        assert_eq!(recorded.gain.unwrap().value, gain);
        assert_eq!(recorded.battery_v.map(|told| told.value), Some(battery_v));
        assert_eq!(recorded.temperature_c.map(|told| told.value), temperature_c);
        assert_eq!(recorded.device.unwrap().value, device);
    }
}
