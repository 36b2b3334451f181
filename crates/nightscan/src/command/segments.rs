//! `segments`: the surest detections of each class as clips, to be heard and sorted.

use std::collections::BTreeMap;
use std::fs::File;
use std::path::{Path, PathBuf};

use chassis::service::{CommandFault, Terminal};
use clap::Args;
use nightscan_sound::decode::{Options, Sound};
use nightscan_sound::wav;

use super::bar::{Bar, clock};
use super::files;
use super::journal::{self, NAME};
use super::listening::Range;
use super::words::{Words, note};
use crate::analysis::{Detection, HUMAN};

/// Cut detections out as clips, one folder a class
#[derive(Args)]
pub(super) struct Segments {
    /// The folder that `analyze --out` wrote
    #[arg(long, value_name = "DIR")]
    results: PathBuf,
    /// The folder for the clips: correct them by moving files, and `train` reads it
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    /// Clips of a class, the surest first
    #[arg(long, value_name = "NUMBER", default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..))]
    per_class: u32,
    /// Least confidence of a detection, 0 to 1
    #[arg(long, value_name = "SHARE", default_value = "0", value_parser = Range(0.0, 1.0))]
    min_confidence: f64,
    /// Seconds before and after a detection
    #[arg(long, value_name = "SECONDS", default_value = "0.5", value_parser = Range(0.0, 60.0))]
    margin: f64,
    /// Cut out human voices too
    #[arg(long)]
    with_human: bool,
}

pub(super) fn run(asked: &Segments, terminal: &mut Terminal<'_>) -> Result<(), CommandFault> {
    let words = Words::of(terminal);
    let heard = journal::heard(&asked.results)
        .map_err(|cause| words.not_read(&asked.results.join(NAME), cause))?;
    let mut classes = BTreeMap::<&str, Vec<(&Path, &Detection)>>::new();
    for (path, analysis) in &heard {
        for detection in &analysis.detections {
            let is_wanted = f64::from(detection.confidence) >= asked.min_confidence
                && (asked.with_human || detection.class != HUMAN);
            if is_wanted {
                let list = classes.entry(&detection.class).or_default();
                list.push((path, detection));
            }
        }
    }
    for list in classes.values_mut() {
        list.sort_by(|(_, one), (_, other)| other.confidence.total_cmp(&one.confidence));
        list.truncate(asked.per_class as usize);
    }
    let wanted: Vec<_> = classes.into_values().flatten().collect();
    if wanted.is_empty() {
        let named = vec![("results", asked.results.display().to_string())];
        return Err(words.failed("no_segments", named));
    }
    let mut bar = Bar::new();
    let mut left_out = 0;
    for (done, (path, detection)) in wanted.iter().enumerate() {
        let clip = asked.out.join(&detection.class).join(name(path, detection));
        let bytes = match cut(path, detection, asked.margin) {
            Ok(bytes) => bytes,
            Err(cause) => {
                bar.clear(terminal.notes);
                note(
                    terminal,
                    &words.say(
                        "left_out",
                        vec![("path", path.display().to_string()), ("cause", cause)],
                    ),
                );
                left_out += 1;
                continue;
            }
        };
        files::replace_with(&clip, &bytes).map_err(|cause| words.not_written(&clip, cause))?;
        bar.draw(terminal.notes, done as f64 / wanted.len() as f64, |left| {
            let left = left.map_or_else(|| "?".to_owned(), clock);
            let state = vec![
                ("done", done.to_string()),
                ("all", wanted.len().to_string()),
                ("left", left),
            ];
            words.say("cutting", state)
        });
    }
    bar.clear(terminal.notes);
    let counts = vec![
        ("count", (wanted.len() - left_out).to_string()),
        ("out", asked.out.display().to_string()),
    ];
    note(terminal, &words.say("cut", counts));
    if left_out == 0 {
        return Ok(());
    }
    let named = vec![("count", left_out.to_string())];
    Err(CommandFault::Incomplete(words.say("not_cut", named)))
}

/// The clip with its margins, in the recording's own rate.
fn cut(path: &Path, detection: &Detection, margin_s: f64) -> Result<Vec<u8>, String> {
    let file = File::open(path).map_err(|cause| cause.to_string())?;
    let said = |fault: nightscan_sound::decode::DecodeFault| fault.to_string();
    let mut sound = Sound::open(file, &Options::default()).map_err(said)?;
    let rate_hz = sound.rate_hz();
    let from_s = (detection.start_s - margin_s).max(0.0);
    let samples = sound
        .span(from_s, detection.end_s + margin_s)
        .map_err(said)?;
    Ok(wav::clip(&samples, rate_hz))
}

/// `0.93_AUD_20240512_213000_12.5-17.5.wav`: sorted by name, the least sure come first.
fn name(path: &Path, detection: &Detection) -> String {
    let stem = path.file_stem().unwrap_or_default().to_string_lossy();
    let Detection {
        start_s,
        end_s,
        confidence,
        ..
    } = detection;
    format!("{confidence:.2}_{stem}_{start_s:.1}-{end_s:.1}.wav")
}
