//! From a recording to what called in it: one pass over the file, for the command and for the server's jobs alike.
//!
//! A recording is read in blocks and never held whole, so that memory does not grow with its length. One thread works on one
//! recording; whoever has several gives each its own.

pub(crate) mod model;
mod pass;

use std::collections::BTreeMap;

use nightscan_sound::decode::DecodeFault;
use nightscan_sound::metadata::LocalTime;
use serde::{Deserialize, Serialize};

pub(crate) use model::Listener;
pub use model::{Model, ModelFault};
pub use pass::analyse;

/// Letters of a local time: `2024-05-12T21:30:00`.
const LOCAL_LETTERS: usize = 19;

/// The class of human voice.
pub const HUMAN: &str = "human";

/// How a recording is listened to.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// The least confidence of a detection, 0 to 1.
    pub min_confidence: f32,
    /// The share of a window that the next one hears again, 0 to 0.9.
    pub overlap: f32,
    /// Factor on the odds of every class but the background, 0.5 to 1.5: above 1 hears more willingly.
    pub sensitivity: f32,
    /// Detections of one class that are no further apart than this are one, in seconds.
    pub merge_s: f64,
    /// The least confidence by class, where it differs.
    pub class_confidence: BTreeMap<String, f32>,
    /// Windows nearest to a detection that must agree before it counts.
    pub confirm: u32,
    /// Whether the background class is reported too.
    pub background: bool,
    /// Whether human voice is looked for, so that it can be silenced.
    pub privacy: bool,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            min_confidence: 0.5,
            overlap: 0.0,
            sensitivity: 1.0,
            merge_s: 0.75,
            class_confidence: BTreeMap::new(),
            confirm: 1,
            background: false,
            privacy: true,
        }
    }
}

/// How far an analysis is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Progress {
    /// Seconds of the recording heard.
    pub done_s: f64,
    /// Its length, where its header says so.
    pub total_s: Option<f64>,
}

/// What a recording holds.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Analysis {
    /// What the recorder wrote down.
    pub recorded: Recorded,
    /// Its length in seconds, as heard.
    pub duration_s: f64,
    /// What was found, by start.
    pub detections: Vec<Detection>,
    /// Where a human voice is heard, widened by a margin; empty without [`Settings::privacy`].
    pub human: Vec<Span>,
    /// How good the recording is.
    pub quality: Quality,
    /// Acoustic indices; `None` for digital silence.
    pub indices: Option<Indices>,
    /// The model that listened.
    pub model: String,
    /// What a reader must know of this result.
    pub notes: Vec<Note>,
}

/// What the recorder wrote into the file or its name.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Recorded {
    /// The container and codec, such as `wav` or `flac`.
    pub format: String,
    /// Samples a second of each channel, in the file.
    pub rate_hz: u32,
    /// Channels in the file; the analysis hears their mean.
    pub channels: u16,
    /// Bits of a sample, where it has a fixed number.
    pub bits: Option<u16>,
    /// When it began, in the recorder's own time: `2024-05-12T21:30:00`.
    pub started_local: Option<String>,
    /// Minutes by which that is ahead of UTC, where the recorder said so.
    pub offset_min: Option<i32>,
    /// Where the recorder stood: degrees north and degrees east.
    pub place: Option<(f64, f64)>,
    /// Make, model or serial number of the recorder.
    pub recorder: Option<String>,
    /// Its temperature.
    pub temperature_c: Option<f64>,
    /// Its battery.
    pub battery_v: Option<f64>,
    /// Its gain, in its own words.
    pub gain: Option<String>,
}

impl Recorded {
    /// Says when it began.
    pub(crate) fn set_started(&mut self, at: Option<LocalTime>) {
        self.offset_min = at.and_then(LocalTime::offset_min).map(i32::from);
        // Without its offset, which stands beside it.
        self.started_local = at.map(|at| at.to_string().chars().take(LOCAL_LETTERS).collect());
    }

    /// When it began, with the offset where it is known: `2024-05-12T21:30:00+02:00`.
    pub fn started(&self) -> Option<String> {
        let local = self.started_local.as_deref()?;
        Some(match self.offset_min {
            None => local.to_owned(),
            Some(0) => format!("{local}Z"),
            Some(minutes) => {
                let sign = if minutes < 0 { '-' } else { '+' };
                let minutes = minutes.unsigned_abs();
                format!("{local}{sign}{:02}:{:02}", minutes / 60, minutes % 60)
            }
        })
    }
}

/// A stretch of a recording.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Span {
    /// Seconds from the recording's start.
    pub start_s: f64,
    /// The same.
    pub end_s: f64,
}

/// An event found in a recording.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Detection {
    /// Seconds from the recording's start.
    pub start_s: f64,
    /// The same.
    pub end_s: f64,
    /// The band that was listened to.
    pub low_hz: f32,
    /// The same.
    pub high_hz: f32,
    /// The class, as the model names it.
    pub class: String,
    /// How sure the model is, calibrated: of detections at 0.8, four in five are right.
    pub confidence: f32,
    /// The three likeliest classes, best first.
    pub top: Vec<Likely>,
}

/// A class and how likely it is.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Likely {
    /// The class, as the model names it.
    pub class: String,
    /// 0 to 1.
    pub confidence: f32,
}

/// How good a recording is. Levels are in dB of the greatest value that the file can hold; digital silence has none.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Quality {
    /// Root mean square of the whole.
    pub level_dbfs: Option<f64>,
    /// The loudest sample.
    pub peak_dbfs: Option<f64>,
    /// The level that nine tenths of the recording exceed.
    pub noise_dbfs: Option<f64>,
    /// The share of samples at the limit, 0 to 1.
    pub clipped: f64,
    /// The share of time in which nothing is heard, 0 to 1.
    pub silent: f64,
    /// The mean of all samples, -1 to 1: what a recorder adds that is no sound.
    pub dc: f64,
}

/// Acoustic indices of the whole recording.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Indices {
    /// Acoustic complexity (Pieretti 2011), a minute.
    pub aci: f64,
    /// Acoustic diversity (Villanueva-Rivera 2011).
    pub adi: f64,
    /// Animals' band against engines' band (Kasten 2012), -1 to 1.
    pub ndsi: f64,
}

/// What a reader must know of a result.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "note", rename_all = "snake_case")]
pub enum Note {
    /// The file ends before its header says so, or is damaged from here on.
    CutShort {
        /// Seconds that could be heard.
        at_s: f64,
    },
    /// Parts could not be decoded and count as silence.
    Damaged {
        /// How many.
        parts: u64,
    },
    /// Human voice was looked for with the model's class, which hears laughter, coughs and cries, and misses quiet speech.
    VoiceByClass,
    /// The model has no class for human voice, so none was looked for.
    VoiceUnknown,
}

impl Note {
    /// A stable word for it: `nightscan.note.<code>` is its message.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::CutShort { .. } => "cut_short",
            Self::Damaged { .. } => "damaged",
            Self::VoiceByClass => "voice_by_class",
            Self::VoiceUnknown => "voice_unknown",
        }
    }
}

/// Why there is no analysis.
#[derive(Debug, thiserror::Error)]
pub enum Fault {
    /// The file has no bytes.
    #[error("the file is empty")]
    Empty,
    /// Its bytes are no sound that is known here.
    #[error("{0}")]
    NotSound(String),
    /// It is a sound whose codec or layout is not read here.
    #[error("{0}")]
    Unsupported(String),
    /// It is a sound that cannot be decoded.
    #[error("{0}")]
    Damaged(String),
    /// It is over before anything can be heard.
    #[error("{0:.2} s are too short to hear anything")]
    TooShort(f64),
    /// The source could not be read.
    #[error("cannot be read: {0}")]
    Read(#[from] std::io::Error),
    /// The caller said so.
    #[error("stopped")]
    Stopped,
}

impl From<DecodeFault> for Fault {
    fn from(fault: DecodeFault) -> Self {
        match fault {
            DecodeFault::Io(cause) => Self::Read(cause),
            DecodeFault::Empty => Self::Empty,
            DecodeFault::NotASound => Self::NotSound(fault.to_string()),
            DecodeFault::Unsupported(_) => Self::Unsupported(fault.to_string()),
            DecodeFault::NoSamples => Self::TooShort(0.0),
            DecodeFault::Absurd(_)
            | DecodeFault::Damaged(_)
            | DecodeFault::NoSuchChannel { .. }
            | DecodeFault::TooLong { .. } => Self::Damaged(fault.to_string()),
        }
    }
}

impl Fault {
    /// A stable word for it: `nightscan.fault.<code>` is its message.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Empty => "empty",
            Self::NotSound(_) => "not_sound",
            Self::Unsupported(_) => "unsupported",
            Self::Damaged(_) => "damaged",
            Self::TooShort(_) => "too_short",
            Self::Read(_) => "read",
            Self::Stopped => "stopped",
        }
    }
}
