//! A JSON object within a comment, as some tools leave it when they cut recordings.

use serde_json::{Map, Value};

use super::{LocalTime, Place, Tale};

/// What the object tells, and the recorder's own comment within it.
pub(super) fn read(comment: &str) -> Option<(Tale, Option<String>)> {
    let from = comment.find('{')?;
    let to = comment.rfind('}')?;
    let object: Map<String, Value> = serde_json::from_str(comment.get(from..=to)?).ok()?;
    let text = |names: &[&str]| {
        names.iter().find_map(|name| match object.get(*name)? {
            Value::String(text) => Some(text.clone()),
            Value::Number(number) => Some(number.to_string()),
            _ => None,
        })
    };
    let number = |names: &[&str]| text(names).and_then(|text| text.trim().parse::<f64>().ok());
    let lat = number(&["latitude", "lat", "decimalLatitude"]);
    let lon = number(&["longitude", "lon", "lng", "decimalLongitude"]);
    let tale = Tale {
        at: text(&["recording_start_time", "recorded_at", "timestamp"])
            .and_then(|text| LocalTime::parse(&text)),
        place: lat.zip(lon).and_then(|(lat, lon)| Place::new(lat, lon)),
        device: text(&["device_id", "device", "artist"]),
        gain: text(&["gain_setting", "gain"]),
        battery_v: number(&["battery_state", "battery_v", "battery"]),
        temperature_c: number(&["temperature_C", "temperature_c", "temperature"]),
    };
    Some((tale, text(&["comment"])))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_object_behind_a_word_is_read() {
        let (tale, comment) = read(
            r#"opso_metadata{"comment": "hello", "recording_start_time": "2024-05-28T10:00:00+00:00", "lat": "46.5", "lon": 6.6, "battery_state": 3.8, "deep": {"x": 1}}"#,
        )
        .unwrap();
        assert_eq!(tale.at.unwrap().to_string(), "2024-05-28T10:00:00Z");
        assert_eq!(tale.place, Place::new(46.5, 6.6));
        assert_eq!(
            (tale.battery_v, comment.as_deref()),
            (Some(3.8), Some("hello"))
        );
    }

    #[test]
    fn braces_alone_are_nothing() {
        for comment in ["{", "}{", "{}}", "no", "{\"a\":"] {
            assert!(
                read(comment).is_none_or(|(tale, _)| tale == Tale::default()),
                "{comment}"
            );
        }
        assert!(read(&"{\"a\":".repeat(5_000)).is_none());
    }
}
