//! `spectrogram`: a recording, or a part of one, to be seen; as SVG with axes and with what was found in it.

use std::fmt::Write as _;
use std::fs::File;
use std::path::PathBuf;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use chassis::service::{CommandFault, Terminal};
use clap::{Args, ValueEnum};
use nightscan_sound::decode::{DecodeFault, Options, Sound};
use nightscan_sound::picture::{Colours, Painter, PictureOptions};

use super::files::replace_with;
use super::listening::{Listening, Range};
use super::words::{Words, note};
use crate::analysis::{Analysis, Detection, analyse};

/// Draw a spectrogram
#[derive(Args)]
pub(super) struct Spectrogram {
    /// The recording
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// The picture: .png, or .svg with axes and detections
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    /// Seconds at which it begins
    #[arg(long, value_name = "SECONDS", default_value = "0", value_parser = Range(0.0, 1e9))]
    from: f64,
    /// Seconds at which it ends (default: the end of the recording)
    #[arg(long, value_name = "SECONDS", value_parser = Range(0.0, 1e9))]
    to: Option<f64>,
    /// Width in pixels
    #[arg(long, value_name = "PX", default_value_t = 1200, value_parser = clap::value_parser!(u32).range(16..=8192))]
    width: u32,
    /// Height in pixels
    #[arg(long, value_name = "PX", default_value_t = 400, value_parser = clap::value_parser!(u32).range(16..=4096))]
    height: u32,
    /// The frequency at the bottom, in hertz
    #[arg(long, value_name = "HZ", default_value = "0", value_parser = Range(0.0, 500_000.0))]
    low: f64,
    /// The frequency at the top (default: 8000, or half of the recording's rate if that is less)
    #[arg(long, value_name = "HZ", value_parser = Range(1.0, 500_000.0))]
    high: Option<f64>,
    /// The colours
    #[arg(long, value_enum, default_value_t = Palette::Magma)]
    colours: Palette,
    /// Analyze the recording and mark what was found (.svg)
    #[arg(long)]
    detections: bool,
    #[command(flatten)]
    listening: Listening,
}

/// How levels are coloured.
#[derive(Clone, Copy, Debug, ValueEnum)]
enum Palette {
    /// Black through purple to yellow white
    Magma,
    /// Blue through green to yellow
    Viridis,
    /// Black to white
    Grey,
    /// White to black, for paper
    Ink,
}

impl From<Palette> for Colours {
    fn from(palette: Palette) -> Self {
        match palette {
            Palette::Magma => Self::Magma,
            Palette::Viridis => Self::Viridis,
            Palette::Grey => Self::Grey,
            Palette::Ink => Self::Ink,
        }
    }
}

/// Where there is nothing above, as in most calls, the picture ends here.
const USUAL_HIGH_HZ: f64 = 8_000.0;

pub(super) fn run(asked: &Spectrogram, terminal: &mut Terminal<'_>) -> Result<(), CommandFault> {
    let words = Words::of(terminal);
    let extension = asked
        .out
        .extension()
        .and_then(|extension| extension.to_str());
    let is_svg = match extension.map(str::to_ascii_lowercase).as_deref() {
        Some("png") if !asked.detections => false,
        Some("svg") => true,
        _ => {
            let named = vec![("given", asked.out.display().to_string())];
            return Err(words.usage("picture_kind", named));
        }
    };
    let drawn = draw(asked).map_err(|cause| words.not_read(&asked.file, cause))?;
    let bytes = if is_svg {
        let analysis = asked
            .detections
            .then(|| heard(asked, terminal))
            .transpose()?;
        let detections = analysis
            .as_ref()
            .map_or(&[][..], |analysis| &analysis.detections);
        framed(&drawn, (asked.width, asked.height), detections).into_bytes()
    } else {
        drawn.png
    };
    replace_with(&asked.out, &bytes).map_err(|cause| words.not_written(&asked.out, cause))?;
    let named = vec![("path", asked.out.display().to_string())];
    note(terminal, &words.say("written", named));
    Ok(())
}

/// A picture and what it shows.
struct Drawn {
    png: Vec<u8>,
    from_s: f64,
    to_s: f64,
    low_hz: f64,
    high_hz: f64,
}

fn draw(asked: &Spectrogram) -> Result<Drawn, String> {
    let file = File::open(&asked.file).map_err(|cause| cause.to_string())?;
    let said = |fault: DecodeFault| fault.to_string();
    let mut sound = Sound::open(file, &Options::default()).map_err(said)?;
    let rate_hz = sound.rate_hz();
    let high_hz = asked
        .high
        .unwrap_or(USUAL_HIGH_HZ)
        .min(f64::from(rate_hz) / 2.0);
    let duration_s = match sound.facts().duration_s() {
        Some(duration_s) => duration_s,
        None => length_s(&mut sound).map_err(said)?,
    };
    let from_s = asked.from.min(duration_s);
    let to_s = asked.to.unwrap_or(duration_s).clamp(from_s, duration_s);
    let total = ((to_s - from_s) * f64::from(rate_hz)).round() as u64;
    let options = PictureOptions {
        width: asked.width as usize,
        height: asked.height as usize,
        low_hz: asked.low as f32,
        high_hz: high_hz as f32,
        colours: asked.colours.into(),
        ..PictureOptions::default()
    };
    let mut painter = Painter::new(total, rate_hz, &options).map_err(|fault| fault.to_string())?;
    sound.seek(from_s).map_err(said)?;
    let mut left = total as usize;
    while left > 0 {
        let Some(block) = sound.next_block().map_err(said)? else {
            break;
        };
        let taken = left.min(block.len());
        painter.push(&block[..taken]);
        left -= taken;
    }
    Ok(Drawn {
        png: painter.finish(),
        from_s,
        to_s,
        low_hz: asked.low,
        high_hz,
    })
}

/// The length of a recording whose header does not say it.
fn length_s(sound: &mut Sound<'_>) -> Result<f64, DecodeFault> {
    while sound.next_block()?.is_some() {}
    Ok(sound.heard().seconds)
}

fn heard(asked: &Spectrogram, terminal: &mut Terminal<'_>) -> Result<Analysis, CommandFault> {
    let words = Words::of(terminal);
    let (model, settings) = asked.listening.open(terminal)?;
    let name = asked.file.file_name().unwrap_or_default().to_string_lossy();
    File::open(&asked.file)
        .map_err(crate::analysis::Fault::from)
        .and_then(|file| analyse(file, &name, &model, &settings, &|_| true))
        .map_err(|fault| words.not_read(&asked.file, fault))
}

/// Room for the axes, in pixels: left, below, and above for the names of detections.
const LEFT: f64 = 56.0;
const BELOW: f64 = 36.0;
const ABOVE: f64 = 52.0;
const RIGHT: f64 = 16.0;
/// Pixels between two marks of the axis of time, at least, and of that of frequency.
const TIME_MARK_PX: f64 = 70.0;
const FREQUENCY_MARK_PX: f64 = 36.0;
/// Names that would touch stand in rows above each other.
const ROWS: usize = 3;
const ROW_PX: f64 = 15.0;
/// A letter of the names is about so wide.
const LETTER_PX: f64 = 7.4;

/// The picture with axes, and a box for each detection.
fn framed(drawn: &Drawn, (width, height): (u32, u32), detections: &[Detection]) -> String {
    let (width, height) = (f64::from(width), f64::from(height));
    let x = |time_s: f64| LEFT + (time_s - drawn.from_s) / (drawn.to_s - drawn.from_s) * width;
    let y = |hz: f64| ABOVE + (drawn.high_hz - hz) / (drawn.high_hz - drawn.low_hz) * height;
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {} {}\" font-family=\"sans-serif\" font-size=\"12\">\n\
         <rect width=\"100%\" height=\"100%\" fill=\"#fff\"/>\n\
         <image x=\"{LEFT}\" y=\"{ABOVE}\" width=\"{width}\" height=\"{height}\" href=\"data:image/png;base64,{}\"/>\n",
        LEFT + width + RIGHT,
        ABOVE + height + BELOW,
        STANDARD.encode(&drawn.png),
    );
    let bottom = ABOVE + height;
    for time_s in marks(drawn.from_s, drawn.to_s, width / TIME_MARK_PX) {
        let at = x(time_s);
        let _ = writeln!(
            svg,
            "<path d=\"M{at:.1} {bottom}v5\" stroke=\"#333\"/><text x=\"{at:.1}\" y=\"{}\" text-anchor=\"middle\">{time_s} s</text>",
            bottom + 20.0
        );
    }
    for hz in marks(drawn.low_hz, drawn.high_hz, height / FREQUENCY_MARK_PX) {
        let at = y(hz);
        let _ = writeln!(
            svg,
            "<path d=\"M{LEFT} {at:.1}h-5\" stroke=\"#333\"/><text x=\"{}\" y=\"{:.1}\" text-anchor=\"end\">{} kHz</text>",
            LEFT - 8.0,
            at + 4.0,
            hz / 1000.0
        );
    }
    // Where the last name of each row ends.
    let mut ends = [0.0; ROWS];
    for detection in detections {
        let (from, to) = (
            detection.start_s.max(drawn.from_s),
            detection.end_s.min(drawn.to_s),
        );
        if from >= to {
            continue;
        }
        let (left, right) = (x(from), x(to));
        let name = format!("{} {:.2}", detection.class, detection.confidence);
        let name_px = name.chars().count() as f64 * LETTER_PX;
        let name_at = left.min(LEFT + width - name_px);
        let row = ends
            .iter()
            .position(|end| *end <= name_at)
            .unwrap_or(ROWS - 1);
        ends[row] = name_at + name_px;
        for (colour, stroke_px) in [("#fff", 3.0), ("#0a7d4f", 1.5)] {
            let _ = write!(
                svg,
                "<rect x=\"{left:.1}\" y=\"{ABOVE}\" width=\"{:.1}\" height=\"{height}\" fill=\"none\" stroke=\"{colour}\" stroke-width=\"{stroke_px}\"/>",
                right - left
            );
        }
        let _ = writeln!(
            svg,
            "<text x=\"{name_at:.1}\" y=\"{}\" fill=\"#0a5c3b\">{}</text>",
            ABOVE - 6.0 - row as f64 * ROW_PX,
            escaped(&name)
        );
    }
    svg + "</svg>\n"
}

/// Round numbers from the first to the second, no more than so many.
fn marks(from: f64, to: f64, most: f64) -> Vec<f64> {
    let least = (to - from) / most.max(1.0);
    if least.is_nan() || least <= 0.0 {
        return Vec::new();
    }
    let power = 10_f64.powf(least.log10().floor());
    let step = [1.0, 2.0, 5.0, 10.0]
        .into_iter()
        .map(|factor| factor * power)
        .find(|step| *step >= least)
        .unwrap_or(10.0 * power);
    let (first, last) = ((from / step).ceil() as i64, (to / step).floor() as i64);
    // Counted in whole steps, and rounded to what a mark shows: a sum of tenths would end as 0.30000000000000004.
    (first..=last)
        .map(|count| (count as f64 * step * 1e6).round() / 1e6)
        .collect()
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_are_round_and_far_enough_apart() {
        let tens = [0.0, 10.0, 20.0, 30.0, 40.0, 50.0, 60.0];
        assert_eq!(marks(0.0, 60.0, 8.0), tens);
        assert_eq!(marks(0.05, 0.5, 4.0), [0.2, 0.4]);
        assert_eq!(marks(3.0, 3.0, 4.0), [0.0; 0]);
    }

    #[test]
    fn a_detection_has_its_box_and_its_name() {
        let drawn = Drawn {
            png: vec![1],
            from_s: 10.0,
            to_s: 20.0,
            low_hz: 0.0,
            high_hz: 8_000.0,
        };
        let detection = |start_s, end_s| Detection {
            start_s,
            end_s,
            low_hz: 50.0,
            high_hz: 8_000.0,
            class: "a<b".to_owned(),
            confidence: 0.9,
            top: Vec::new(),
        };
        let svg = framed(
            &drawn,
            (1000, 400),
            &[detection(12.0, 13.0), detection(30.0, 31.0)],
        );
        assert_eq!(svg.matches("a&lt;b 0.90").count(), 1);
        assert!(
            svg.contains("x=\"256.0\" y=\"52\" width=\"100.0\""),
            "{svg}"
        );
    }
}
