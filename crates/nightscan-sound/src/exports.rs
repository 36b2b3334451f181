//! Detections as files for other programs: CSV, Raven, Audacity, Kaleidoscope, JSON, KML, GPX, Darwin Core.
//!
//! Every writer takes the detections in the order of their recordings and writes while it goes, so that a season fits in no memory.
//! Text comes from anybody (names of files, sites and classes) and is escaped for the format it goes into.

mod maps;
mod tables;
mod text;

use std::fmt;
use std::io::{self, Write};

use serde::Serialize;

use crate::metadata::{LocalTime, Place};

/// A recording as the exports name it.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Recording {
    /// Its path, with `/` between folders.
    pub file: String,
    /// The name of the place.
    pub site: Option<String>,
    /// Where it stood.
    pub place: Option<Place>,
    /// When it begins.
    pub recorded_at: Option<LocalTime>,
    /// How long it lasts.
    pub duration_s: f64,
}

/// What a person said of a detection.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Review {
    /// Nobody listened yet.
    #[default]
    Unreviewed,
    /// A person confirmed it, or gave it its class.
    Confirmed,
    /// A person heard something else.
    Rejected,
}

/// One event of a recording.
#[derive(Clone, Debug, PartialEq)]
pub struct Detection<'a> {
    /// Where it was heard.
    pub recording: &'a Recording,
    /// An identifier that stays, for Darwin Core and JSON.
    pub id: String,
    /// Seconds from the beginning of the recording.
    pub start_s: f64,
    /// Where it ends.
    pub end_s: f64,
    /// What it is.
    pub class: String,
    /// How sure the model is.
    pub confidence: f32,
    /// What a person said.
    pub review: Review,
}

impl Detection<'_> {
    /// When it began, if the recording says when it began.
    fn at(&self) -> Option<LocalTime> {
        self.recording.recorded_at.map(|at| at.plus_s(self.start_s))
    }
}

/// How the detections were made.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Run {
    /// The name and version of the model.
    pub model: String,
    /// The limit that was asked for.
    pub min_confidence: f32,
    /// The overlap of windows, from 0 to 1.
    pub overlap: f32,
    /// The lowest frequency that was listened to.
    pub low_hz: f32,
    /// The highest.
    pub high_hz: f32,
}

/// A format of export.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Format {
    /// A table with everything.
    Csv,
    /// A selection table for Raven.
    Raven,
    /// A label track for Audacity.
    Audacity,
    /// A table for Kaleidoscope.
    Kaleidoscope,
    /// One object.
    Json,
    /// Placemarks for maps.
    Kml,
    /// Waypoints for receivers.
    Gpx,
    /// Occurrences for biodiversity databases.
    DarwinCore,
}

impl Format {
    /// All of them.
    pub const ALL: [Self; 8] = [
        Self::Csv,
        Self::Raven,
        Self::Audacity,
        Self::Kaleidoscope,
        Self::Json,
        Self::Kml,
        Self::Gpx,
        Self::DarwinCore,
    ];

    /// As it stands in an address or a command.
    pub fn name(self) -> &'static str {
        match self {
            Self::Csv => "csv",
            Self::Raven => "raven",
            Self::Audacity => "audacity",
            Self::Kaleidoscope => "kaleidoscope",
            Self::Json => "json",
            Self::Kml => "kml",
            Self::Gpx => "gpx",
            Self::DarwinCore => "darwin-core",
        }
    }

    /// The format of that name.
    pub fn of_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|format| format.name() == name)
    }

    /// The end of a file's name.
    pub fn ending(self) -> &'static str {
        match self {
            Self::Csv => "csv",
            Self::Raven => "raven.txt",
            Self::Audacity => "audacity.txt",
            Self::Kaleidoscope => "kaleidoscope.csv",
            Self::Json => "json",
            Self::Kml => "kml",
            Self::Gpx => "gpx",
            Self::DarwinCore => "dwc.csv",
        }
    }

    /// What the bytes are.
    pub fn media_type(self) -> &'static str {
        match self {
            Self::Csv | Self::Kaleidoscope | Self::DarwinCore => "text/csv; charset=utf-8",
            Self::Raven => "text/tab-separated-values; charset=utf-8",
            Self::Audacity => "text/plain; charset=utf-8",
            Self::Json => "application/json",
            Self::Kml => "application/vnd.google-earth.kml+xml",
            Self::Gpx => "application/gpx+xml",
        }
    }
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Writes detections. KML, GPX and Darwin Core leave out what has no place on a map or is no observation of nature, and give how
/// many they wrote; the others write all.
pub fn write<'a>(
    format: Format,
    run: &Run,
    detections: impl IntoIterator<Item = Detection<'a>>,
    out: &mut impl Write,
) -> io::Result<usize> {
    let detections = detections.into_iter();
    match format {
        Format::Csv => tables::csv(run, detections, out),
        Format::Raven => tables::raven(run, detections, out),
        Format::Audacity => tables::audacity(detections, out),
        Format::Kaleidoscope => tables::kaleidoscope(detections, out),
        Format::Json => tables::json(run, detections, out),
        Format::Kml => maps::kml(run, detections, out),
        Format::Gpx => maps::gpx(run, detections, out),
        Format::DarwinCore => tables::darwin_core(run, detections, out),
    }
}

#[cfg(test)]
mod tests;
