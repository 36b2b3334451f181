//! What `analyze` writes: tables of all recordings, and files beside each other for programs that open one recording at a time.

use std::io::{self, Write};
use std::path::{Path, PathBuf};

use clap::ValueEnum;
use nightscan_sound::{exports, metadata};
use serde::Serialize;

use super::files::replace;
use super::walk::Found;
use crate::analysis::{Analysis, Note, Settings};

/// The table of recordings without a result.
pub(super) const SKIPPED: &str = "skipped.csv";
const RECORDINGS: &str = "recordings.csv";

/// A kind of file for the results.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Format {
    /// detections.csv: one row a detection; recordings.csv: one row a recording
    Csv,
    /// raven/NAME.selections.txt: selection tables for Raven
    Raven,
    /// audacity/NAME.txt: label tracks for Audacity
    Audacity,
    /// kaleidoscope.csv: for Kaleidoscope
    Kaleidoscope,
    /// detections.json: everything that is known
    Json,
    /// detections.kml: for maps
    Kml,
    /// detections.gpx: for receivers
    Gpx,
    /// occurrences.csv: for biodiversity databases
    DarwinCore,
}

/// Where the recorder stood, as the person says.
#[derive(Clone, Debug, Default)]
pub(super) struct Place {
    /// The name of the site.
    pub(super) site: Option<String>,
    /// Degrees north and east, where the recording says nothing.
    pub(super) degrees: Option<(f64, f64)>,
}

/// What all results of one run share.
pub(super) struct Run<'a> {
    /// The folder.
    pub(super) out: &'a Path,
    /// What is written.
    pub(super) formats: &'a [Format],
    /// Name and hash of the model.
    pub(super) model: &'a str,
    /// How it listened.
    pub(super) settings: &'a Settings,
    /// The band that it listens to.
    pub(super) band_hz: (f32, f32),
    /// Where the recorder stood.
    pub(super) place: Place,
}

/// The file that could not be written, and why.
type WriteFault = (PathBuf, io::Error);

impl Run<'_> {
    /// Writes the files of one recording.
    pub(super) fn write_one(&self, found: &Found, analysis: &Analysis) -> Result<(), WriteFault> {
        for format in self.formats {
            if let Some(path) = self.own_file(*format, found) {
                self.write_own(*format, &path, found, analysis)?;
            }
        }
        Ok(())
    }

    /// Writes the tables of all recordings, and files of single ones that are not there: a run may go on with more formats than it
    /// began with. Says which tables.
    pub(super) fn write_all(
        &self,
        heard: &[(&Found, &Analysis)],
    ) -> Result<Vec<PathBuf>, WriteFault> {
        let mut written = Vec::new();
        for format in self.formats {
            for (found, analysis) in heard {
                if let Some(path) = self.own_file(*format, found).filter(|path| !path.exists()) {
                    self.write_own(*format, &path, found, analysis)?;
                }
            }
            written.extend(self.write_table(*format, heard)?);
        }
        Ok(written)
    }

    /// Where a format has a file for each recording.
    fn own_file(&self, format: Format, found: &Found) -> Option<PathBuf> {
        let (folder, extension) = match format {
            Format::Raven => ("raven", "selections.txt"),
            Format::Audacity => ("audacity", "txt"),
            _ => return None,
        };
        let mut name = found.place.file_name()?.to_owned();
        name.push(".");
        name.push(extension);
        Some(self.out.join(folder).join(found.place.with_file_name(name)))
    }

    fn write_own(
        &self,
        format: Format,
        path: &Path,
        found: &Found,
        analysis: &Analysis,
    ) -> Result<(), WriteFault> {
        let format = match format {
            Format::Raven => exports::Format::Raven,
            _ => exports::Format::Audacity,
        };
        self.export(format, path, &[(found, analysis)])
    }

    /// The table of a format, and its name.
    fn write_table(
        &self,
        format: Format,
        heard: &[(&Found, &Analysis)],
    ) -> Result<Vec<PathBuf>, WriteFault> {
        let path = |name: &str| self.out.join(name);
        let (name, export) = match format {
            Format::Raven | Format::Audacity => return Ok(Vec::new()),
            Format::Json => {
                let path = path("detections.json");
                let written = replace(&path, |file| self.write_json(heard, file));
                return written
                    .map(|()| vec![path.clone()])
                    .map_err(|cause| (path, cause));
            }
            Format::Csv => ("detections.csv", exports::Format::Csv),
            Format::Kaleidoscope => ("kaleidoscope.csv", exports::Format::Kaleidoscope),
            Format::Kml => ("detections.kml", exports::Format::Kml),
            Format::Gpx => ("detections.gpx", exports::Format::Gpx),
            Format::DarwinCore => ("occurrences.csv", exports::Format::DarwinCore),
        };
        self.export(export, &path(name), heard)?;
        if format != Format::Csv {
            return Ok(vec![path(name)]);
        }
        let recordings = path(RECORDINGS);
        replace(&recordings, |file| write_recordings(heard, file))
            .map_err(|cause| (recordings.clone(), cause))?;
        Ok(vec![path(name), recordings])
    }

    fn export(
        &self,
        format: exports::Format,
        path: &Path,
        heard: &[(&Found, &Analysis)],
    ) -> Result<(), WriteFault> {
        let run = exports::Run {
            model: self.model.to_owned(),
            min_confidence: self.settings.min_confidence,
            overlap: self.settings.overlap,
            low_hz: self.band_hz.0,
            high_hz: self.band_hz.1,
        };
        let recordings: Vec<_> = heard
            .iter()
            .map(|(found, analysis)| (self.recording(found, analysis), *analysis))
            .collect();
        let detections = recordings.iter().flat_map(|(recording, analysis)| {
            (1..)
                .zip(&analysis.detections)
                .map(move |(number, detection)| exports::Detection {
                    recording,
                    id: format!("{}:{number}", recording.file),
                    start_s: detection.start_s,
                    end_s: detection.end_s,
                    class: detection.class.clone(),
                    confidence: detection.confidence,
                    review: exports::Review::Unreviewed,
                })
        });
        replace(path, |file| {
            exports::write(format, &run, detections, file).map(drop)
        })
        .map_err(|cause| (path.to_owned(), cause))
    }

    fn recording(&self, found: &Found, analysis: &Analysis) -> exports::Recording {
        let recorded = &analysis.recorded;
        let place = recorded.place.or(self.place.degrees);
        exports::Recording {
            file: slashed(&found.path),
            site: self.place.site.clone(),
            place: place.and_then(|(lat, lon)| metadata::Place::new(lat, lon)),
            recorded_at: recorded
                .started()
                .and_then(|text| metadata::LocalTime::parse(&text)),
            duration_s: analysis.duration_s,
        }
    }

    fn write_json(&self, heard: &[(&Found, &Analysis)], file: &mut impl Write) -> io::Result<()> {
        let head = Head {
            model: self.model,
            settings: self.settings,
            site: self.place.site.as_deref(),
            place: self.place.degrees,
        };
        // One recording after another: a season's worth is never held as one text.
        let head = serde_json::to_string(&head)?;
        write!(file, "{},\"recordings\":[", &head[..head.len() - 1])?;
        for (number, (found, analysis)) in heard.iter().enumerate() {
            file.write_all(if number == 0 { b"\n" } else { b",\n" })?;
            let entry = Entry {
                file: &slashed(&found.path),
                analysis,
            };
            serde_json::to_writer(&mut *file, &entry)?;
        }
        file.write_all(b"\n]}\n")
    }
}

#[derive(Serialize)]
struct Head<'a> {
    model: &'a str,
    settings: &'a Settings,
    site: Option<&'a str>,
    place: Option<(f64, f64)>,
}

#[derive(Serialize)]
struct Entry<'a> {
    file: &'a str,
    #[serde(flatten)]
    analysis: &'a Analysis,
}

/// A path as it stands in tables, whatever the system.
fn slashed(path: &Path) -> String {
    path.to_string_lossy()
        .replace(std::path::MAIN_SEPARATOR, "/")
}

/// A cell of a table (RFC 4180). What a spreadsheet would take for a formula is marked as a text.
fn cell(text: &str) -> String {
    let mark = if text.starts_with(['=', '+', '-', '@', '\t', '\r']) {
        "'"
    } else {
        ""
    };
    if mark.is_empty() && !text.contains([',', '"', '\n', '\r']) {
        return text.to_owned();
    }
    format!("\"{mark}{}\"", text.replace('"', "\"\""))
}

/// One row a recording: what it is and how good.
fn write_recordings(heard: &[(&Found, &Analysis)], file: &mut impl Write) -> io::Result<()> {
    writeln!(
        file,
        "file,format,rate_hz,channels,duration_s,recorded_at,recorder,temperature_c,battery_v,level_dbfs,peak_dbfs,noise_dbfs,clipped,silent,dc,aci,adi,ndsi,detections,notes"
    )?;
    let or_nothing = |number: Option<f64>| number.map_or_else(String::new, |n| format!("{n}"));
    let level = |number: Option<f64>| number.map_or_else(String::new, |n| format!("{n:.1}"));
    for (found, analysis) in heard {
        let Analysis {
            recorded, quality, ..
        } = analysis;
        let indices = analysis.indices.as_ref();
        let index = |value: Option<f64>| value.map_or_else(String::new, |n| format!("{n:.3}"));
        let notes: Vec<_> = analysis.notes.iter().map(Note::code).collect();
        let cells = [
            cell(&slashed(&found.path)),
            recorded.format.clone(),
            recorded.rate_hz.to_string(),
            recorded.channels.to_string(),
            format!("{:.3}", analysis.duration_s),
            recorded.started().unwrap_or_default(),
            cell(recorded.recorder.as_deref().unwrap_or_default()),
            or_nothing(recorded.temperature_c),
            or_nothing(recorded.battery_v),
            level(quality.level_dbfs),
            level(quality.peak_dbfs),
            level(quality.noise_dbfs),
            format!("{:.6}", quality.clipped),
            format!("{:.4}", quality.silent),
            format!("{:.5}", quality.dc),
            index(indices.map(|indices| indices.aci)),
            index(indices.map(|indices| indices.adi)),
            index(indices.map(|indices| indices.ndsi)),
            analysis.detections.len().to_string(),
            notes.join(" "),
        ];
        writeln!(file, "{}", cells.join(","))?;
    }
    Ok(())
}

/// The recordings without a result, and why.
pub(super) fn write_skipped<'a>(
    path: &Path,
    lines: impl Iterator<Item = (&'a Found, &'a str)>,
) -> io::Result<()> {
    replace(path, |file| {
        writeln!(file, "file,cause")?;
        for (found, cause) in lines {
            writeln!(file, "{},{}", cell(&slashed(&found.path)), cell(cause))?;
        }
        Ok(())
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analysis::{Detection, Likely, Quality, Recorded};

    fn found(folder: &Path) -> Found {
        Found {
            path: folder.join("pond, east/a.wav"),
            absolute: folder.join("pond, east/a.wav"),
            place: PathBuf::from("pond, east/a.wav"),
            size_bytes: 1,
            modified_ms: 1,
        }
    }

    fn analysis() -> Analysis {
        Analysis {
            recorded: Recorded {
                format: "wav".to_owned(),
                rate_hz: 48_000,
                channels: 1,
                started_local: Some("2024-05-12T21:30:00".to_owned()),
                offset_min: Some(120),
                ..Recorded::default()
            },
            duration_s: 60.0,
            detections: vec![Detection {
                start_s: 12.5,
                end_s: 15.25,
                low_hz: 50.0,
                high_hz: 8_000.0,
                class: "birds".to_owned(),
                confidence: 0.875,
                top: vec![Likely {
                    class: "birds".to_owned(),
                    confidence: 0.875,
                }],
            }],
            human: Vec::new(),
            quality: Quality {
                level_dbfs: Some(-31.25),
                ..Quality::default()
            },
            indices: None,
            model: "m-1".to_owned(),
            notes: vec![Note::CutShort { at_s: 60.0 }],
        }
    }

    #[test]
    fn every_format_is_the_one_that_other_programs_read() {
        let folder = tempfile::tempdir().unwrap();
        let settings = Settings::default();
        let run = Run {
            out: folder.path(),
            formats: &[
                Format::Csv,
                Format::Raven,
                Format::Audacity,
                Format::Kaleidoscope,
                Format::Json,
            ],
            model: "m-1",
            settings: &settings,
            band_hz: (50.0, 8_000.0),
            place: Place {
                site: Some("Pond".to_owned()),
                degrees: Some((46.5, 6.25)),
            },
        };
        let (found, analysis) = (found(Path::new("/night")), analysis());
        let written = run.write_all(&[(&found, &analysis)]).unwrap();
        assert_eq!(written.len(), 4);
        let read = |name: &str| std::fs::read_to_string(folder.path().join(name)).unwrap();
        assert_eq!(
            read("detections.csv"),
            "file,start_s,end_s,class,confidence,site,lat,lon,recorded_at,model,min_confidence,overlap\n\
             \"/night/pond, east/a.wav\",12.5,15.25,birds,0.875,Pond,46.5,6.25,2024-05-12T21:30:00+02:00,m-1,0.5,0\n"
        );
        assert_eq!(
            read("raven/pond, east/a.wav.selections.txt"),
            "Selection\tView\tChannel\tBegin Time (s)\tEnd Time (s)\tLow Freq (Hz)\tHigh Freq (Hz)\tCommon Name\tConfidence\tBegin Path\tFile Offset (s)\n\
             1\tSpectrogram 1\t1\t12.5\t15.25\t50\t8000\tbirds\t0.875\t/night/pond, east/a.wav\t12.5\n"
        );
        let label = read("audacity/pond, east/a.wav.txt");
        let cells: Vec<_> = label.trim_end().split('\t').collect();
        assert_eq!((cells[0].parse(), cells[1].parse()), (Ok(12.5), Ok(15.25)));
        assert!(cells[2].starts_with("birds"), "{label}");
        let kaleidoscope = read("kaleidoscope.csv");
        assert!(
            kaleidoscope.starts_with("INDIR,FOLDER,IN FILE,OFFSET,DURATION,TOP1MATCH,TOP1DIST\n")
        );
        assert!(
            kaleidoscope.contains("\"pond, east\",a.wav,12.5,2.75,birds,0.125"),
            "{kaleidoscope}"
        );
        let recordings = read("recordings.csv");
        assert!(
            recordings.contains("a.wav\",wav,48000,1,60.000,2024-05-12T21:30:00+02:00,,,,-31.2,"),
            "{recordings}"
        );
        assert!(recordings.ends_with(",1,cut_short\n"), "{recordings}");
        let json: serde_json::Value = serde_json::from_str(&read("detections.json")).unwrap();
        assert_eq!(
            json["recordings"][0]["detections"][0]["top"][0]["class"],
            "birds"
        );
        assert_eq!(json["settings"]["min_confidence"], 0.5);
    }

    #[test]
    fn files_of_single_recordings_are_written_as_they_come() {
        let folder = tempfile::tempdir().unwrap();
        let settings = Settings::default();
        let run = Run {
            out: folder.path(),
            formats: &[Format::Csv, Format::Audacity],
            model: "m-1",
            settings: &settings,
            band_hz: (50.0, 8_000.0),
            place: Place::default(),
        };
        run.write_one(&found(Path::new("/night")), &analysis())
            .unwrap();
        let names: Vec<_> = std::fs::read_dir(folder.path())
            .unwrap()
            .map(|entry| entry.unwrap().file_name())
            .collect();
        assert_eq!(names, ["audacity"]);
    }

    #[test]
    fn cells_keep_to_themselves() {
        assert_eq!(cell("a\"b"), "\"a\"\"b\"");
        assert_eq!(cell("=1+1"), "\"'=1+1\"");
        assert_eq!(cell("plain"), "plain");
    }
}
