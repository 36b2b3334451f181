//! Pictures of sound: spectrograms as PNG, and the outline of the wave.

mod colours;

use std::sync::Arc;

pub use colours::Colours;
use realfft::num_complex::Complex;
use realfft::{RealFftPlanner, RealToComplex};

/// Larger pictures are no longer looked at.
const MOST_WIDTH: usize = 8_192;
const MOST_HEIGHT: usize = 2_048;
/// Transforms: shorter blur the pitch, longer blur the time.
const SIZES: std::ops::RangeInclusive<usize> = 256..=2_048;
/// A column as long as many transforms shows the loudest of no more than this.
const MOST_FRAMES_A_COLUMN: usize = 4;
/// However quiet the recording, so much stands between black and white: noise is not to look like a call.
const LEAST_RANGE_DB: f32 = 25.0;
/// The background, as the level that this share of the picture is under.
const BACKGROUND_SHARE: f64 = 0.3;

/// What a picture is to show.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PictureOptions {
    /// Columns.
    pub width: usize,
    /// Rows.
    pub height: usize,
    /// The frequency at the bottom.
    pub low_hz: f32,
    /// The frequency at the top; half the rate of the samples is the most.
    pub high_hz: f32,
    /// Decibels from the darkest to the brightest; fewer are taken where the background would be bright.
    pub range_db: f32,
    /// How levels are coloured.
    pub colours: Colours,
}

impl Default for PictureOptions {
    fn default() -> Self {
        Self {
            width: 1_200,
            height: 320,
            low_hz: 0.0,
            high_hz: 8_000.0,
            range_db: 70.0,
            colours: Colours::Magma,
        }
    }
}

/// Why there is no picture.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PictureFault {
    /// Width or height out of bounds.
    #[error("a picture is 1 to {MOST_WIDTH} pixels wide and 1 to {MOST_HEIGHT} high")]
    Size,
    /// No frequencies between bottom and top.
    #[error("the top of the picture is not above its bottom")]
    Band,
    /// Nothing to show.
    #[error("there are no samples")]
    NoSamples,
}

/// The spectrogram of samples, as PNG.
pub fn spectrogram(
    samples: &[f32],
    rate_hz: u32,
    options: &PictureOptions,
) -> Result<Vec<u8>, PictureFault> {
    let mut painter = Painter::new(samples.len() as u64, rate_hz, options)?;
    painter.push(samples);
    Ok(painter.finish())
}

/// Paints while samples go by; holds the picture and one column's samples.
pub struct Painter {
    options: PictureOptions,
    total: u64,
    fft: Arc<dyn RealToComplex<f32>>,
    window: Vec<f32>,
    frame: Vec<f32>,
    spectrum: Vec<Complex<f32>>,
    scratch: Vec<Complex<f32>>,
    /// For every row the bins that it shows, and where between two it lies.
    rows: Vec<Row>,
    frames_a_column: usize,
    next_frame: usize,
    waiting: Vec<f32>,
    /// Which sample `waiting` begins with; half a transform of silence stands before the first.
    waiting_at: f64,
    pushed: u64,
    power: Vec<f32>,
    /// Levels in dB, column by column, from the bottom up.
    levels: Vec<f32>,
}

#[derive(Clone, Copy)]
enum Row {
    /// The loudest of these bins.
    Bins(usize, usize),
    /// Between a bin and the next.
    Between(usize, f32),
}

impl Painter {
    /// For a recording of `total` samples.
    pub fn new(total: u64, rate_hz: u32, options: &PictureOptions) -> Result<Self, PictureFault> {
        let mut options = *options;
        if !(1..=MOST_WIDTH).contains(&options.width)
            || !(1..=MOST_HEIGHT).contains(&options.height)
        {
            return Err(PictureFault::Size);
        }
        let rate = rate_hz.max(1) as f32;
        options.low_hz = options.low_hz.max(0.0);
        options.high_hz = options.high_hz.min(rate / 2.0);
        if options.high_hz.partial_cmp(&options.low_hz) != Some(std::cmp::Ordering::Greater) {
            return Err(PictureFault::Band);
        }
        if total == 0 {
            return Err(PictureFault::NoSamples);
        }
        let row_hz = (options.high_hz - options.low_hz) / options.height as f32;
        let size = ((rate / row_hz) as usize)
            .clamp(*SIZES.start(), *SIZES.end())
            .next_power_of_two();
        let column = total as f64 / options.width as f64;
        let frames_a_column =
            ((column / size as f64).round() as usize).clamp(1, MOST_FRAMES_A_COLUMN);
        let bin_hz = rate / size as f32;
        let rows = (0..options.height)
            .map(|row| {
                let low = (options.low_hz + row as f32 * row_hz) / bin_hz;
                let high = low + row_hz / bin_hz;
                let middle = f32::midpoint(low, high);
                let last = size / 2;
                if high - low > 1.0 {
                    Row::Bins(
                        (low.round() as usize).min(last),
                        (high.round() as usize).clamp(1, last + 1),
                    )
                } else {
                    Row::Between((middle as usize).min(last - 1), middle.fract())
                }
            })
            .collect();
        let fft = RealFftPlanner::new().plan_fft_forward(size);
        let window = (0..size)
            .map(|n| 0.5 - 0.5 * (std::f32::consts::TAU * n as f32 / size as f32).cos())
            .collect();
        Ok(Self {
            options,
            total,
            frame: fft.make_input_vec(),
            spectrum: fft.make_output_vec(),
            scratch: fft.make_scratch_vec(),
            fft,
            window,
            rows,
            frames_a_column,
            next_frame: 0,
            waiting: vec![0.0; size / 2],
            waiting_at: -(size as f64 / 2.0),
            pushed: 0,
            power: vec![0.0; size / 2 + 1],
            levels: Vec::with_capacity(options.width * options.height),
        })
    }

    /// Takes the next samples; more than announced are not shown.
    pub fn push(&mut self, samples: &[f32]) {
        let wanted = (self.total - self.pushed).min(samples.len() as u64);
        self.pushed += wanted;
        self.take(&samples[..wanted as usize]);
    }

    fn take(&mut self, samples: &[f32]) {
        self.waiting.extend_from_slice(samples);
        let frames = self.options.width * self.frames_a_column;
        while self.next_frame < frames {
            let middle = (self.next_frame as f64 + 0.5) * self.total as f64 / frames as f64;
            let start =
                (middle.floor() - self.window.len() as f64 / 2.0 - self.waiting_at) as usize;
            let Some(samples) = self.waiting.get(start..start + self.window.len()) else {
                break;
            };
            for ((place, sample), window) in self.frame.iter_mut().zip(samples).zip(&self.window) {
                *place = sample * window;
            }
            self.paint();
            self.next_frame += 1;
            // What no later frame needs goes, in large pieces.
            if start > 1 << 20 {
                self.waiting.drain(..start);
                self.waiting_at += start as f64;
            }
        }
    }

    fn paint(&mut self) {
        self.fft
            .process_with_scratch(&mut self.frame, &mut self.spectrum, &mut self.scratch)
            .expect("the buffers were made by this transform");
        let first = self.next_frame.is_multiple_of(self.frames_a_column);
        for (power, bin) in self.power.iter_mut().zip(&self.spectrum) {
            let now = bin.norm_sqr();
            *power = if first { now } else { power.max(now) };
        }
        if (self.next_frame + 1).is_multiple_of(self.frames_a_column) {
            let power = &self.power;
            self.levels.extend(self.rows.iter().map(|row| {
                let power = match *row {
                    Row::Bins(low, high) => power[low..high.max(low + 1)]
                        .iter()
                        .copied()
                        .fold(0.0, f32::max),
                    Row::Between(low, share) => power[low] * (1.0 - share) + power[low + 1] * share,
                };
                10.0 * (power + 1e-12).log10()
            }));
        }
    }

    /// The picture, as PNG. Samples that were announced and did not come are silence.
    pub fn finish(mut self) -> Vec<u8> {
        while self.next_frame < self.options.width * self.frames_a_column {
            self.take(&[0.0; 4_096]);
        }
        let (black, white) = self.limits();
        let (width, height) = (self.options.width, self.options.height);
        let mut pixels = vec![0; width * height];
        let scale = 255.0 / (white - black);
        for (x, column) in self.levels.chunks_exact(height).enumerate() {
            for (y, level) in column.iter().enumerate() {
                pixels[(height - 1 - y) * width + x] = ((level - black) * scale) as u8;
            }
        }
        let mut png = Vec::new();
        let mut encoder = png::Encoder::new(&mut png, width as u32, height as u32);
        encoder.set_color(png::ColorType::Indexed);
        encoder.set_palette(self.options.colours.palette());
        encoder.set_compression(png::Compression::Fast);
        let written = encoder
            .write_header()
            .and_then(|mut writer| writer.write_image_data(&pixels));
        written.expect("the size is within bounds, and memory takes all bytes");
        png
    }

    /// The levels of the darkest and of the brightest colour.
    fn limits(&self) -> (f32, f32) {
        // Every seventh says the same as all, and is quicker.
        let mut some: Vec<f32> = self.levels.iter().step_by(7).copied().collect();
        let place = (some.len() as f64 * BACKGROUND_SHARE) as usize;
        let (_, background, _) = some.select_nth_unstable_by(place, f32::total_cmp);
        let background = *background;
        let white = self
            .levels
            .iter()
            .copied()
            .fold(f32::MIN, f32::max)
            .max(background + LEAST_RANGE_DB);
        let black = background.max(white - self.options.range_db.max(LEAST_RANGE_DB));
        (black.min(white - LEAST_RANGE_DB), white)
    }
}

/// The smallest and the largest sample of every column.
#[derive(Clone, Debug)]
pub struct Waveform {
    total: u64,
    at: u64,
    columns: Vec<(f32, f32)>,
}

impl Waveform {
    /// For a recording of `total` samples, in so many columns (at most one a sample).
    pub fn new(total: u64, width: usize) -> Self {
        let width = width.clamp(1, MOST_WIDTH).min(total.max(1) as usize);
        Self {
            total: total.max(1),
            at: 0,
            columns: vec![(f32::MAX, f32::MIN); width],
        }
    }

    /// Takes the next samples.
    pub fn push(&mut self, samples: &[f32]) {
        let width = self.columns.len() as u64;
        let mut rest = samples;
        while !rest.is_empty() && self.at < self.total {
            let column = (u128::from(self.at) * u128::from(width) / u128::from(self.total)) as u64;
            let end = (u128::from(column + 1) * u128::from(self.total)).div_ceil(u128::from(width))
                as u64;
            let (now, later) = rest.split_at(rest.len().min((end - self.at) as usize));
            let (low, high) = &mut self.columns[column as usize];
            *low = now.iter().copied().fold(*low, f32::min);
            *high = now.iter().copied().fold(*high, f32::max);
            self.at += now.len() as u64;
            rest = later;
        }
    }

    /// The pairs; columns that no sample came for are flat.
    pub fn finish(self) -> Vec<(f32, f32)> {
        self.columns
            .into_iter()
            .map(|(low, high)| if low > high { (0.0, 0.0) } else { (low, high) })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tone(rate_hz: u32, hz: f32, from: usize, to: usize, total: usize) -> Vec<f32> {
        (0..total)
            .map(|n| {
                let sounding = if (from..to).contains(&n) { 0.5 } else { 0.0 };
                sounding * (std::f32::consts::TAU * hz * n as f32 / rate_hz as f32).sin()
            })
            .collect()
    }

    /// Width, height and the index of the colour of every pixel.
    fn pixels(png: &[u8]) -> (usize, usize, Vec<u8>) {
        let mut decoder = png::Decoder::new(std::io::Cursor::new(png));
        decoder.set_transformations(png::Transformations::IDENTITY);
        let mut reader = decoder.read_info().unwrap();
        let mut pixels = vec![0; reader.output_buffer_size().unwrap()];
        let info = reader.next_frame(&mut pixels).unwrap();
        (info.width as usize, info.height as usize, pixels)
    }

    #[test]
    fn a_tone_is_bright_where_and_when_it_sounds() {
        for rate_hz in [16_000, 48_000] {
            let second = rate_hz as usize;
            let samples = tone(rate_hz, 2_000.0, 4 * second, 6 * second, 10 * second);
            let options = PictureOptions {
                width: 200,
                height: 80,
                ..PictureOptions::default()
            };
            let (width, height, pixels) =
                pixels(&spectrogram(&samples, rate_hz, &options).unwrap());
            assert_eq!((width, height), (200, 80));
            let at = |x: usize, y: usize| pixels[y * 200 + x];
            // 2,000 of 8,000 Hz is a quarter from the bottom.
            assert!(
                at(100, 59) > 200 || at(100, 60) > 200,
                "{} {}",
                at(100, 59),
                at(100, 60)
            );
            assert!(at(100, 20) < 30 && at(20, 59) < 30 && at(180, 59) < 30);
        }
    }

    #[test]
    fn blocks_do_not_matter_and_missing_samples_are_silence() {
        let samples = tone(16_000, 3_000.0, 0, 60_000, 80_000);
        let options = PictureOptions {
            width: 97,
            height: 33,
            ..PictureOptions::default()
        };
        let whole = spectrogram(&samples, 16_000, &options).unwrap();
        let mut painter = Painter::new(80_000, 16_000, &options).unwrap();
        samples.chunks(777).for_each(|block| painter.push(block));
        painter.push(&[1.0; 100]);
        assert_eq!(painter.finish(), whole);
        let mut painter = Painter::new(80_000, 16_000, &options).unwrap();
        painter.push(&samples[..60_000]);
        assert_eq!(painter.finish(), whole);
    }

    #[test]
    fn odd_wishes_are_drawn_or_refused() {
        let samples = vec![0.0; 100];
        let options = PictureOptions::default();
        for (options, wanted) in [
            (
                PictureOptions {
                    width: 0,
                    ..options
                },
                Some(PictureFault::Size),
            ),
            (
                PictureOptions {
                    height: 1 << 20,
                    ..options
                },
                Some(PictureFault::Size),
            ),
            (
                PictureOptions {
                    low_hz: 9_000.0,
                    ..options
                },
                Some(PictureFault::Band),
            ),
            (
                PictureOptions {
                    high_hz: f32::NAN,
                    low_hz: f32::NAN,
                    ..options
                },
                None,
            ),
            (
                PictureOptions {
                    high_hz: 1e9,
                    ..options
                },
                None,
            ),
            (
                PictureOptions {
                    low_hz: 1_000.0,
                    high_hz: 1_001.0,
                    ..options
                },
                None,
            ),
            (
                PictureOptions {
                    width: 1,
                    height: 1,
                    ..options
                },
                None,
            ),
            (
                PictureOptions {
                    range_db: -5.0,
                    colours: Colours::Grey,
                    ..options
                },
                None,
            ),
        ] {
            assert_eq!(
                spectrogram(&samples, 16_000, &options).err(),
                wanted,
                "{options:?}"
            );
        }
        assert_eq!(
            spectrogram(&[], 16_000, &options),
            Err(PictureFault::NoSamples)
        );
    }

    #[test]
    fn the_outline_holds_every_peak() {
        let mut wave = Waveform::new(10, 4);
        for block in [
            &[0.1, -0.5, 0.2][..],
            &[0.9, 0.0, 0.0, -0.1],
            &[0.3, 0.4, -1.0, 5.0],
        ] {
            wave.push(block);
        }
        assert_eq!(
            wave.finish(),
            [(-0.5, 0.2), (0.0, 0.9), (-0.1, 0.3), (-1.0, 0.4)]
        );
        assert_eq!(Waveform::new(0, 0).finish(), [(0.0, 0.0)]);
    }
}
