//! An analysis as rows: when and where each thing was heard, by the recorder, the uploader or the site.

use chassis::clock::Timestamp;
use serde_json::json;

use crate::analysis::{Analysis, Fault, Recorded};
use crate::quarantine::is_broken;
use crate::store::recordings::Outcome;
use crate::store::{DetectionId, RecordingId, detection, recording, site};

const HOUR_MS: i64 = 3_600_000;
/// Detections of one recording: what is beyond is noise, and no list of it is read.
pub(crate) const MOST_DETECTIONS: usize = 20_000;

/// What is written down of an analysis.
pub(crate) struct Heard {
    pub(crate) outcome: Outcome,
    pub(crate) detections: Vec<detection::Model>,
}

/// Puts an analysis together with what is known of its recording.
pub(crate) fn read(
    id: RecordingId,
    row: &recording::Model,
    site: Option<&site::Model>,
    analysis: Analysis,
    kept_bytes: u64,
    now: Timestamp,
) -> Heard {
    // A sensor that heard it whole is believed; its clip is analysed for voices and quality.
    let own = row
        .heard
        .as_deref()
        .and_then(|text| serde_json::from_str::<Analysis>(text).ok());
    let heard = own.as_ref().unwrap_or(&analysis);
    let recorded = merged(&analysis.recorded, own.as_ref().map(|own| &own.recorded));
    let offset_min = row
        .offset_min
        .or(recorded.offset_min)
        .or_else(|| site.and_then(|site| site.offset_min));
    let (started, started_from) = begin(row, &recorded, offset_min, now);
    let place = recorded
        .place
        .or_else(|| site.map(|site| (site.lat, site.lon)));
    let (lat, lon) = (place.map(|place| place.0), place.map(|place| place.1));
    let offset_ms = i64::from(offset_min.unwrap_or(0)) * 60_000;
    let ms = |seconds: f64| (seconds.max(0.0) * 1_000.0).round() as i64;
    let mut detections: Vec<detection::Model> = heard
        .detections
        .iter()
        .take(MOST_DETECTIONS)
        .enumerate()
        .map(|(number, found)| {
            let heard_ms = started.unix_ms() + ms(found.start_s);
            let heard_at = Timestamp::from_unix_ms(heard_ms).unwrap_or(started);
            let local_ms = heard_ms + offset_ms;
            detection::Model {
                id: DetectionId::of(id, number, heard_ms).to_string(),
                workspace_id: row.workspace_id.clone(),
                recording_id: row.id.clone(),
                site_id: row.site_id.clone(),
                class: found.class.clone(),
                model_class: found.class.clone(),
                confidence: f64::from(found.confidence),
                start_ms: ms(found.start_s),
                end_ms: ms(found.end_s),
                low_hz: f64::from(found.low_hz),
                high_hz: f64::from(found.high_hz),
                top: serde_json::to_string(&found.top).expect("classes are plain data"),
                heard_at: heard_at.to_string(),
                night: night(local_ms),
                hour: (local_ms.rem_euclid(24 * HOUR_MS) / HOUR_MS) as i32,
                lat,
                lon,
                verdict: None,
                note: None,
                reviewed_at: None,
            }
        })
        .collect();
    detections.sort_by(|one, other| one.id.cmp(&other.id));
    let result = json!({
        "recorded": recorded,
        "quality": analysis.quality,
        "indices": analysis.indices,
        "human": analysis.human,
        "notes": analysis.notes,
        "model": heard.model,
        "heard_by": if own.is_some() { "sensor" } else { "server" },
    });
    let outcome = Outcome {
        started_at: started.to_string(),
        started_from,
        offset_min,
        lat,
        lon,
        duration_ms: ms(analysis.duration_s),
        result: result.to_string(),
        kept_bytes: i64::try_from(kept_bytes).unwrap_or(i64::MAX),
        now: now.to_string(),
    };
    Heard {
        outcome,
        detections,
    }
}

/// What the file says; where it says nothing, what the sensor says of it.
fn merged(file: &Recorded, sensor: Option<&Recorded>) -> Recorded {
    let mut all = file.clone();
    if let Some(sensor) = sensor {
        if all.started_local.is_none() {
            all.started_local.clone_from(&sensor.started_local);
            all.offset_min = sensor.offset_min;
        }
        all.place = all.place.or(sensor.place);
        all.temperature_c = all.temperature_c.or(sensor.temperature_c);
        all.battery_v = all.battery_v.or(sensor.battery_v);
        if all.recorder.is_none() {
            all.recorder.clone_from(&sensor.recorder);
        }
    }
    all
}

/// When the recording began, and who says so.
fn begin(
    row: &recording::Model,
    recorded: &Recorded,
    offset_min: Option<i32>,
    now: Timestamp,
) -> (Timestamp, &'static str) {
    let parse = |text: &str| text.parse::<Timestamp>().ok();
    if let Some(said) = row.started_at.as_deref().and_then(parse) {
        return (said, "caller");
    }
    let local = recorded.started_local.as_deref();
    if let Some(local) = local.and_then(|text| parse(&format!("{text}.000Z"))) {
        let ms = local.unix_ms() - i64::from(offset_min.unwrap_or(0)) * 60_000;
        if let Some(at) = Timestamp::from_unix_ms(ms) {
            return (at, "recorder");
        }
    }
    (parse(&row.created_at).unwrap_or(now), "arrival")
}

/// The date on which the night of a moment began, from noon to noon.
fn night(local_ms: i64) -> String {
    let evening = Timestamp::from_unix_ms(local_ms - 12 * HOUR_MS);
    let text = evening.map(|at| at.to_string()).unwrap_or_default();
    text.chars().take(10).collect()
}

/// The media type of what is kept.
pub(crate) fn media_type(format: &str) -> &'static str {
    match format.to_ascii_lowercase().as_str() {
        "wav" | "wave" => "audio/wav",
        "flac" => "audio/flac",
        "mp3" => "audio/mpeg",
        "ogg" => "audio/ogg",
        "aiff" => "audio/aiff",
        "mp4" | "m4a" => "audio/mp4",
        "aac" | "adts" => "audio/aac",
        _ => "application/octet-stream",
    }
}

/// Why recordings fail, as messages name it.
const CODES: [&str; 7] = [
    "nightscan.fault.empty",
    "nightscan.fault.not_sound",
    "nightscan.fault.unsupported",
    "nightscan.fault.damaged",
    "nightscan.fault.too_short",
    "nightscan.fault.lost",
    "nightscan.fault.settings",
];

/// The code that a row holds.
pub(crate) fn known(code: &str) -> Option<&'static str> {
    CODES.into_iter().find(|own| *own == code)
}

/// A fault of the file: its code and reason. None where trying again may help.
pub(crate) fn worded(fault: &Fault) -> (Option<&'static str>, String) {
    let code = match fault {
        Fault::Read(cause) if is_broken(cause) => Some("nightscan.fault.lost"),
        Fault::Read(_) | Fault::Stopped => None,
        fault => known(&format!("nightscan.fault.{}", fault.code())),
    };
    let reason = match fault {
        Fault::NotSound(reason) | Fault::Unsupported(reason) | Fault::Damaged(reason) => {
            reason.clone()
        }
        fault => fault.to_string(),
    };
    (code, reason.chars().take(300).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ms(text: &str) -> i64 {
        text.parse::<Timestamp>().unwrap().unix_ms()
    }

    #[test]
    fn a_night_is_named_after_its_evening() {
        for (moment, expected) in [
            ("2026-05-12T21:30:00.000Z", "2026-05-12"),
            ("2026-05-13T03:00:00.000Z", "2026-05-12"),
            ("2026-05-13T11:59:59.999Z", "2026-05-12"),
            ("2026-05-13T12:00:00.000Z", "2026-05-13"),
        ] {
            assert_eq!(night(ms(moment)), expected, "{moment}");
        }
    }

    #[test]
    fn every_fault_of_a_file_has_a_code_of_its_own() {
        let text = || "x".to_owned();
        for fault in [
            Fault::Empty,
            Fault::NotSound(text()),
            Fault::Unsupported(text()),
            Fault::Damaged(text()),
            Fault::TooShort(0.0),
        ] {
            let (code, _) = worded(&fault);
            assert_eq!(code, known(&format!("nightscan.fault.{}", fault.code())));
            assert!(code.is_some(), "{fault}");
        }
        let passing = Fault::Read(std::io::ErrorKind::TimedOut.into());
        assert_eq!(worded(&passing).0, None);
    }
}
