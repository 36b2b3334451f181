//! Whether a recording is worth listening to: level, noise, silence, clipping, offset, and three acoustic indices.

mod indices;

pub use indices::{Indices, IndicesMeter};
use serde::Serialize;

/// Samples of this size are at the limit of what was written: 16 bit, less one step.
const FULL_SCALE: f32 = 32_766.0 / 32_768.0;
/// Clipping is at least so many of them in a row; a single one may be a true peak.
const CLIPPED_RUN: u32 = 3;
/// Frames in which level is taken.
const FRAME_S: f64 = 0.1;
/// Below, a frame is silence: under the noise of any microphone.
const SILENCE_DBFS: f64 = -80.0;
/// The noise floor is the level that so many of a hundred frames stay under.
const FLOOR_PERCENT: usize = 10;
/// Levels are counted in steps of this size from 0 dBFS down.
const STEP_DB: f64 = 0.25;
const STEPS: usize = 600;

/// What was measured.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Quality {
    /// Seconds that were measured.
    pub seconds: f64,
    /// Level of the whole; a sine of full scale has -3.01. Absent where there is digital silence only.
    pub rms_dbfs: Option<f64>,
    /// The largest sample.
    pub peak_dbfs: Option<f64>,
    /// What nine frames of ten are louder than.
    pub noise_floor_dbfs: Option<f64>,
    /// Share of frames below -80 dBFS.
    pub silence_share: f64,
    /// Share of samples that stand at full scale for three and more in a row.
    pub clipping_share: f64,
    /// The mean of all samples, of full scale.
    pub dc_offset: f64,
}

/// Measures while samples go by.
#[derive(Clone, Debug)]
pub struct QualityMeter {
    rate_hz: u32,
    frame: usize,
    samples: u64,
    sum: f64,
    squares: f64,
    peak: f32,
    clipped: u64,
    run: u32,
    in_frame: usize,
    frame_sum: f64,
    frame_squares: f64,
    frames: u64,
    silent: u64,
    levels: Vec<u64>,
}

impl QualityMeter {
    /// For samples at that rate.
    pub fn new(rate_hz: u32) -> Self {
        Self {
            rate_hz: rate_hz.max(1),
            frame: ((f64::from(rate_hz) * FRAME_S) as usize).max(1),
            samples: 0,
            sum: 0.0,
            squares: 0.0,
            peak: 0.0,
            clipped: 0,
            run: 0,
            in_frame: 0,
            frame_sum: 0.0,
            frame_squares: 0.0,
            frames: 0,
            silent: 0,
            levels: vec![0; STEPS],
        }
    }

    /// Takes the next samples.
    pub fn push(&mut self, samples: &[f32]) {
        let mut rest = samples;
        while !rest.is_empty() {
            let (now, later) = rest.split_at(rest.len().min(self.frame - self.in_frame));
            rest = later;
            self.take(now);
            if self.in_frame == self.frame {
                self.close_frame();
            }
        }
    }

    fn take(&mut self, samples: &[f32]) {
        let mut sum = 0.0_f64;
        let mut squares = 0.0_f64;
        for &sample in samples {
            let size = sample.abs();
            sum += f64::from(sample);
            squares += f64::from(sample) * f64::from(sample);
            self.peak = self.peak.max(size);
            if size >= FULL_SCALE {
                self.run += 1;
                if self.run == CLIPPED_RUN {
                    self.clipped += u64::from(CLIPPED_RUN);
                } else if self.run > CLIPPED_RUN {
                    self.clipped += 1;
                }
            } else {
                self.run = 0;
            }
        }
        self.samples += samples.len() as u64;
        self.in_frame += samples.len();
        self.frame_sum += sum;
        self.frame_squares += squares;
    }

    fn close_frame(&mut self) {
        let count = self.in_frame as f64;
        let mean = self.frame_sum / count;
        // An offset is not a sound.
        let variance = (self.frame_squares / count - mean * mean).max(0.0);
        let dbfs = 10.0 * variance.log10();
        self.frames += 1;
        self.silent += u64::from(dbfs < SILENCE_DBFS);
        let step = (-dbfs / STEP_DB).clamp(0.0, (STEPS - 1) as f64);
        self.levels[step as usize] += 1;
        self.sum += self.frame_sum;
        self.squares += self.frame_squares;
        (self.in_frame, self.frame_sum, self.frame_squares) = (0, 0.0, 0.0);
    }

    /// What was measured so far.
    pub fn quality(&self) -> Quality {
        let mut meter = self.clone();
        if meter.in_frame > 0 {
            meter.close_frame();
        }
        if meter.samples == 0 {
            return Quality::default();
        }
        let count = meter.samples as f64;
        let dbfs = |power: f64| (power > 0.0).then(|| 10.0 * power.log10());
        let share = |part: u64, of: u64| part as f64 / of as f64;
        Quality {
            seconds: count / f64::from(meter.rate_hz),
            rms_dbfs: dbfs(meter.squares / count),
            peak_dbfs: dbfs(f64::from(meter.peak).powi(2)),
            noise_floor_dbfs: (meter.peak > 0.0).then(|| meter.floor()),
            silence_share: share(meter.silent, meter.frames),
            clipping_share: share(meter.clipped, meter.samples),
            dc_offset: meter.sum / count,
        }
    }

    fn floor(&self) -> f64 {
        let wanted = (self.frames * FLOOR_PERCENT as u64).div_ceil(100).max(1);
        let mut below = 0;
        for (step, count) in self.levels.iter().enumerate().rev() {
            below += count;
            if below >= wanted {
                return -(step as f64) * STEP_DB;
            }
        }
        0.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn measured(samples: &[f32]) -> Quality {
        let mut meter = QualityMeter::new(16_000);
        samples.chunks(777).for_each(|block| meter.push(block));
        meter.quality()
    }

    fn sine(seconds: usize, size: f32) -> Vec<f32> {
        (0..16_000 * seconds)
            .map(|n| size * (n as f32 * 0.25 * std::f32::consts::PI).sin())
            .collect()
    }

    fn close(found: Option<f64>, wanted: f64) {
        assert!(
            (found.unwrap() - wanted).abs() < 0.26,
            "{found:?}, wanted {wanted}"
        );
    }

    #[test]
    fn a_sine_has_its_level() {
        let quality = measured(&sine(2, 0.5));
        close(quality.rms_dbfs, -9.03);
        close(quality.peak_dbfs, -6.02);
        close(quality.noise_floor_dbfs, -9.03);
        assert_eq!(
            (
                quality.silence_share,
                quality.clipping_share,
                quality.seconds
            ),
            (0.0, 0.0, 2.0)
        );
    }

    #[test]
    fn silence_clipping_and_offset_are_told_apart() {
        let silent = measured(&vec![0.0; 32_000]);
        assert_eq!(
            (
                silent.silence_share,
                silent.rms_dbfs,
                silent.noise_floor_dbfs
            ),
            (1.0, None, None)
        );
        let offset = measured(&vec![0.1; 32_000]);
        assert!((offset.dc_offset - 0.1).abs() < 1e-6);
        assert!((offset.silence_share - 1.0).abs() < 1e-9);
        let half = measured(&[sine(1, 0.5), vec![0.0; 16_000]].concat());
        assert!((half.silence_share - 0.5).abs() < 1e-9);
        let mut clipped = vec![0.0; 1_000];
        clipped[10..15].fill(1.0);
        clipped[20..22].fill(-1.0);
        clipped[30..33].fill(-1.0);
        assert!((measured(&clipped).clipping_share - 0.008).abs() < 1e-9);
        assert_eq!(measured(&[]), Quality::default());
    }
}
