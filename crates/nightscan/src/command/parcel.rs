//! What a sensor sends of one detection: a clip, and what was heard in it.

use std::fs::File;
use std::path::Path;

use nightscan_sound::decode::{DecodeFault, Options, Sound};
use nightscan_sound::metadata::LocalTime;
use nightscan_sound::wav;

use crate::analysis::{Analysis, Detection};

/// A clip on its way.
pub(super) struct Parcel {
    /// The clip's file name.
    pub(super) name: String,
    /// What calls in it.
    pub(super) class: String,
    /// The analysis of the clip, as JSON.
    pub(super) analysis: String,
    /// The clip, as WAVE.
    pub(super) bytes: Vec<u8>,
}

impl Parcel {
    /// Nothing, to try an address with.
    pub(super) fn empty() -> Self {
        Self {
            name: String::new(),
            class: String::new(),
            analysis: String::new(),
            bytes: Vec::new(),
        }
    }

    /// Cuts a detection out of its recording.
    pub(super) fn of(
        path: &Path,
        analysis: &Analysis,
        number: usize,
        margin_s: f64,
    ) -> Result<Self, String> {
        let detection = &analysis.detections[number];
        let (from_s, to_s) = span(detection, margin_s, analysis.duration_s);
        let file = File::open(path).map_err(|cause| cause.to_string())?;
        let said = |fault: DecodeFault| fault.to_string();
        let mut sound = Sound::open(file, &Options::default()).map_err(said)?;
        let rate_hz = sound.rate_hz();
        let samples = sound.span(from_s, to_s).map_err(said)?;
        let clip = of_clip(
            analysis,
            detection,
            from_s,
            samples.len() as f64 / f64::from(rate_hz),
        );
        let stem = path.file_stem().unwrap_or_default().to_string_lossy();
        Ok(Self {
            name: format!("{stem}_{from_s:.1}s.wav"),
            class: detection.class.clone(),
            analysis: serde_json::to_string(&clip).map_err(|fault| fault.to_string())?,
            bytes: wav::clip(&samples, rate_hz),
        })
    }
}

/// From when to when a clip is cut.
pub(super) fn span(detection: &Detection, margin_s: f64, duration_s: f64) -> (f64, f64) {
    let from_s = (detection.start_s - margin_s).max(0.0);
    (from_s, (detection.end_s + margin_s).min(duration_s))
}

/// The analysis of a clip that begins there: one detection, in the clip's own time.
fn of_clip(analysis: &Analysis, detection: &Detection, from_s: f64, duration_s: f64) -> Analysis {
    let mut recorded = analysis.recorded.clone();
    let started = recorded.started().and_then(|text| LocalTime::parse(&text));
    recorded.set_started(started.map(|at| at.plus_s(from_s)));
    Analysis {
        recorded,
        duration_s,
        detections: vec![Detection {
            start_s: detection.start_s - from_s,
            end_s: (detection.end_s - from_s).min(duration_s),
            ..detection.clone()
        }],
        human: Vec::new(),
        ..analysis.clone()
    }
}
