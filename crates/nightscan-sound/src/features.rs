//! Samples to log-mel pictures.
//!
//! A frame is the power in mel bands around one instant: a Hann window, a real Fourier transform, triangles whose centres
//! stand evenly on the mel scale `2595 log10(1 + f / 700)` (D. O'Shaughnessy, "Speech Communication", 1987; the
//! triangles as in S. Young et al., "The HTK Book"). Frames are made once and shared by windows that overlap. A picture is
//! a window's frames as decibels, standardised, so that the gain of a recorder does not matter.

use std::sync::Arc;

use realfft::num_complex::Complex;
use realfft::{RealFftPlanner, RealToComplex};
use serde::{Deserialize, Serialize};

/// A frame with less mean power than this is digital silence: 90 dB below full scale, where one bit of sixteen stands.
const SILENCE: f32 = 1e-9;

/// What stands more than 80 dB below the strongest value of a picture is raised to there.
const DYNAMIC: f32 = 1e-8;

/// A picture with less variation, in nepers of power, is not enlarged further: 2 dB.
const LEAST_DEVIATION: f32 = 0.5;

/// Parameters of the features. They are stored with a model, which answers rightly only for its own.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct FeaturePlan {
    /// Rate of the samples.
    pub rate_hz: u32,
    /// Samples of a frame.
    pub window: usize,
    /// Samples from one frame to the next.
    pub hop: usize,
    /// Mel bands.
    pub bands: usize,
    /// Where the first triangle begins.
    pub low_hz: f32,
    /// Where the last triangle ends.
    pub high_hz: f32,
    /// Frames of a picture.
    pub frames: usize,
    /// 1: the sound. 2: beside it, the sound without what each band has on average.
    pub planes: usize,
}

impl Default for FeaturePlan {
    fn default() -> Self {
        Self {
            rate_hz: 16_000,
            window: 1024,
            hop: 320,
            bands: 64,
            low_hz: 50.0,
            high_hz: 8000.0,
            frames: 250,
            planes: 2,
        }
    }
}

/// What is wrong with a [`FeaturePlan`].
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum FeatureFault {
    /// A number is out of bounds.
    #[error("{0} of the features is out of bounds")]
    Bounds(&'static str),
    /// A band holds no line of the spectrum.
    #[error("mel band {0} is narrower than a line of the spectrum")]
    Narrow(usize),
}

impl FeaturePlan {
    /// Length of a picture.
    pub fn seconds(&self) -> f64 {
        (self.frames * self.hop) as f64 / f64::from(self.rate_hz)
    }

    /// Values of a picture.
    pub fn values(&self) -> usize {
        self.planes * self.bands * self.frames
    }

    /// Samples of a picture.
    pub fn samples(&self) -> usize {
        self.frames * self.hop
    }

    fn check(&self) -> Result<(), FeatureFault> {
        let within = |ok: bool, what| {
            if ok {
                Ok(())
            } else {
                Err(FeatureFault::Bounds(what))
            }
        };
        within((1000..=400_000).contains(&self.rate_hz), "the rate")?;
        within(
            (16..=65_536).contains(&self.window) && self.window.is_multiple_of(2),
            "the window",
        )?;
        within((1..=self.window).contains(&self.hop), "the hop")?;
        within((1..=512).contains(&self.bands), "the number of bands")?;
        within((1..=4096).contains(&self.frames), "the number of frames")?;
        within((1..=2).contains(&self.planes), "the number of planes")?;
        let half_rate = self.rate_hz as f32 / 2.0;
        within(
            self.low_hz >= 0.0 && self.low_hz < self.high_hz,
            "the lowest frequency",
        )?;
        within(self.high_hz <= half_rate, "the highest frequency")
    }
}

/// Frequency to mel.
fn mel(hz: f32) -> f32 {
    2595.0 * (1.0 + hz / 700.0).log10()
}

/// Mel to frequency.
fn hertz(mel: f32) -> f32 {
    700.0 * (10.0_f32.powf(mel / 2595.0) - 1.0)
}

/// One triangle: from which line of the spectrum, and the weights of the lines.
struct Band {
    first: usize,
    weights: Vec<f32>,
}

fn triangles(plan: &FeaturePlan) -> Result<Vec<Band>, FeatureFault> {
    let (low, high) = (mel(plan.low_hz), mel(plan.high_hz));
    let corner = |index: usize| hertz(low + (high - low) * index as f32 / (plan.bands + 1) as f32);
    let line_hz = plan.rate_hz as f32 / plan.window as f32;
    (0..plan.bands)
        .map(|band| {
            let (left, centre, right) = (corner(band), corner(band + 1), corner(band + 2));
            let weight = |line: usize| {
                let hz = line as f32 * line_hz;
                ((hz - left) / (centre - left))
                    .min((right - hz) / (right - centre))
                    .max(0.0)
            };
            let first = (left / line_hz) as usize;
            let last = ((right / line_hz) as usize).min(plan.window / 2);
            let weights: Vec<f32> = (first..=last).map(weight).collect();
            if weights.iter().all(|weight| *weight == 0.0) {
                return Err(FeatureFault::Narrow(band));
            }
            Ok(Band { first, weights })
        })
        .collect()
}

/// Makes frames of a stream of samples.
pub struct Framer {
    plan: FeaturePlan,
    transform: Arc<dyn RealToComplex<f32>>,
    hann: Vec<f32>,
    bands: Vec<Band>,
    /// Samples that a coming frame needs.
    waiting: Vec<f32>,
    /// Of them, those that no coming frame needs.
    used: usize,
    input: Vec<f32>,
    spectrum: Vec<Complex<f32>>,
    power: Vec<f32>,
    scratch: Vec<Complex<f32>>,
}

impl Framer {
    /// Begins a stream.
    pub fn new(plan: FeaturePlan) -> Result<Self, FeatureFault> {
        plan.check()?;
        let transform = RealFftPlanner::new().plan_fft_forward(plan.window);
        let turn = std::f32::consts::TAU / plan.window as f32;
        // A full-scale sine gives a power of one in its line.
        let full = 4.0 / plan.window as f32;
        let hann = (0..plan.window)
            .map(|i| full * (0.5 - 0.5 * (turn * i as f32).cos()))
            .collect();
        Ok(Self {
            bands: triangles(&plan)?,
            hann,
            // The first frame stands around the first sample.
            waiting: vec![0.0; plan.window / 2],
            used: 0,
            input: transform.make_input_vec(),
            spectrum: transform.make_output_vec(),
            power: vec![0.0; plan.window / 2 + 1],
            scratch: transform.make_scratch_vec(),
            transform,
            plan,
        })
    }

    /// The plan.
    pub fn plan(&self) -> &FeaturePlan {
        &self.plan
    }

    /// Takes samples and appends the frames that they complete, each with the power of all bands. Frame `i` stands around
    /// sample `i * hop`.
    pub fn push(&mut self, samples: &[f32], frames: &mut Vec<f32>) {
        self.waiting.extend_from_slice(samples);
        while self.waiting.len() - self.used >= self.plan.window {
            let from = &self.waiting[self.used..self.used + self.plan.window];
            for ((input, sample), hann) in self.input.iter_mut().zip(from).zip(&self.hann) {
                *input = sample * hann;
            }
            self.used += self.plan.hop;
            self.transform
                .process_with_scratch(&mut self.input, &mut self.spectrum, &mut self.scratch)
                .expect("the buffers are the transform's own");
            for (power, line) in self.power.iter_mut().zip(&self.spectrum) {
                *power = line.norm_sqr();
            }
            frames.extend(self.bands.iter().map(|band| {
                let lines = &self.power[band.first..band.first + band.weights.len()];
                lines
                    .iter()
                    .zip(&band.weights)
                    .map(|(line, weight)| line * weight)
                    .sum::<f32>()
            }));
        }
        self.waiting.drain(..self.used);
        self.used = 0;
    }

    /// Ends the stream with silence, until every sample has had a frame around it, and begins another.
    pub fn finish(&mut self, frames: &mut Vec<f32>) {
        let silence = vec![0.0; self.plan.window / 2];
        self.push(&silence, frames);
        self.waiting.clear();
        self.waiting.resize(self.plan.window / 2, 0.0);
    }
}

/// The frames of a whole recording.
pub fn frames_of(plan: &FeaturePlan, samples: &[f32]) -> Result<Vec<f32>, FeatureFault> {
    let mut framer = Framer::new(plan.clone())?;
    let mut frames = Vec::with_capacity((samples.len() / plan.hop + 2) * plan.bands);
    framer.push(samples, &mut frames);
    framer.finish(&mut frames);
    frames.truncate(samples.len().div_ceil(plan.hop) * plan.bands);
    Ok(frames)
}

/// The frames without those of digital silence.
pub fn heard(plan: &FeaturePlan, frames: &[f32]) -> Vec<f32> {
    let sounds = |frame: &&[f32]| frame.iter().sum::<f32>() > SILENCE;
    frames
        .chunks_exact(plan.bands)
        .filter(sounds)
        .flatten()
        .copied()
        .collect()
}

/// A window's frames as a picture, `[plane][band][frame]`, standardised. Digital silence is left out and what is left repeats, so
/// that a clip padded with silence looks like a long one. `None`: there is nothing but silence.
pub fn picture(plan: &FeaturePlan, frames: &[f32]) -> Option<Vec<f32>> {
    let heard = heard(plan, frames);
    if heard.is_empty() {
        return None;
    }
    let mut picture = vec![0.0; plan.values()];
    let repeated = heard.chunks_exact(plan.bands).cycle().take(plan.frames);
    for (col, frame) in repeated.enumerate() {
        for (band, power) in frame.iter().enumerate() {
            picture[band * plan.frames + col] = *power;
        }
    }
    standardise(plan, &mut picture);
    Some(picture)
}

/// Powers, in the first plane, to decibels with mean 0 and deviation 1; fills the second plane.
pub(crate) fn standardise(plan: &FeaturePlan, picture: &mut [f32]) {
    let (sound, rest) = picture.split_at_mut(plan.bands * plan.frames);
    let peak = sound.iter().copied().fold(f32::MIN_POSITIVE, f32::max);
    let floor = (peak * DYNAMIC).max(f32::MIN_POSITIVE);
    for value in sound.iter_mut() {
        *value = value.max(floor).ln();
    }
    rest.copy_from_slice(&sound[..rest.len()]);
    let bands = rest.chunks_exact_mut(plan.frames);
    for band in bands {
        let mean = band.iter().sum::<f32>() / plan.frames as f32;
        for value in band {
            *value -= mean;
        }
    }
    for plane in [sound, rest] {
        let count = plane.len().max(1) as f32;
        let mean = plane.iter().sum::<f32>() / count;
        let variance = plane
            .iter()
            .map(|value| (value - mean) * (value - mean))
            .sum::<f32>()
            / count;
        let scale = 1.0 / variance.sqrt().max(LEAST_DEVIATION);
        for value in plane {
            *value = (*value - mean) * scale;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chance::Chance;

    fn sine(hz: f32, seconds: f32) -> Vec<f32> {
        let turn = std::f32::consts::TAU * hz / 16_000.0;
        (0..(16_000.0 * seconds) as usize)
            .map(|i| 0.5 * (turn * i as f32).sin())
            .collect()
    }

    fn noise(seconds: f32) -> Vec<f32> {
        let mut chance = Chance::new(9);
        (0..(16_000.0 * seconds) as usize)
            .map(|_| 0.1 * chance.normal())
            .collect()
    }

    fn frames(samples: &[f32]) -> Vec<f32> {
        frames_of(&FeaturePlan::default(), samples).expect("the default plan is sound")
    }

    #[test]
    fn five_seconds_are_one_picture() {
        let plan = FeaturePlan::default();
        assert_eq!(plan.samples(), 80_000);
        assert_eq!(frames(&noise(5.0)).len(), 250 * 64);
        assert!((plan.seconds() - 5.0).abs() < 1e-9);
    }

    #[test]
    fn a_tone_stands_in_the_band_around_it() {
        let plan = FeaturePlan::default();
        for hz in [100.0, 440.0, 1000.0, 3000.0, 7000.0] {
            let frames = frames(&sine(hz, 1.0));
            let frame = &frames[25 * 64..26 * 64];
            let loudest = (0..64)
                .max_by(|a, b| frame[*a].total_cmp(&frame[*b]))
                .expect("64 bands");
            let (low, high) = (mel(50.0), mel(8000.0));
            let expected = (mel(hz) - low) / (high - low) * (plan.bands + 1) as f32 - 1.0;
            assert!(
                (loudest as f32 - expected).abs() <= 1.0,
                "{hz} Hz in band {loudest}"
            );
            // Half of full scale is a quarter of its power; a triangle's flank takes less than half away.
            assert!((0.1..0.4).contains(&frame[loudest]), "{}", frame[loudest]);
        }
    }

    #[test]
    fn pieces_give_the_frames_of_the_whole() {
        let samples = noise(1.3);
        let whole = frames(&samples);
        let mut framer = Framer::new(FeaturePlan::default()).expect("the default plan is sound");
        let mut pieces = Vec::new();
        for _ in 0..2 {
            pieces.clear();
            let mut rest = &samples[..];
            for size in [1, 319, 1024, 5000, 7].into_iter().cycle() {
                let (piece, left) = rest.split_at(size.min(rest.len()));
                framer.push(piece, &mut pieces);
                rest = left;
                if rest.is_empty() {
                    break;
                }
            }
            framer.finish(&mut pieces);
            // A stream that has ended leaves nothing to the next.
            assert_eq!(pieces[..whole.len()], whole);
        }
    }

    #[test]
    fn gain_changes_no_picture() {
        let plan = FeaturePlan::default();
        let samples = [noise(2.0), sine(900.0, 3.0)].concat();
        let loud = picture(&plan, &frames(&samples)).expect("it sounds");
        let samples: Vec<f32> = samples.iter().map(|sample| sample * 0.02).collect();
        let quiet = picture(&plan, &frames(&samples)).expect("it sounds");
        for (loud, quiet) in loud.iter().zip(&quiet) {
            assert!((loud - quiet).abs() < 0.01, "{loud} is not {quiet}");
        }
    }

    #[test]
    fn padding_with_silence_is_left_out() {
        let plan = FeaturePlan::default();
        let tone = sine(700.0, 1.0);
        let padded = [tone.clone(), vec![0.0; 64_000]].concat();
        let picture = picture(&plan, &frames(&padded)).expect("it sounds");
        assert_eq!(picture.len(), plan.values());
        let row = &picture[20 * 250..21 * 250];
        let kept = heard(&plan, &frames(&padded)).len() / 64;
        assert!((50..=53).contains(&kept), "{kept}");
        assert_eq!(row[..250 - kept], row[kept..]);
        assert_eq!(super::picture(&plan, &frames(&vec![0.0; 80_000])), None);
        assert_eq!(super::picture(&plan, &[]), None);
    }

    #[test]
    fn pictures_are_standard_and_the_second_plane_has_no_band_of_its_own() {
        let plan = FeaturePlan::default();
        let picture = picture(&plan, &frames(&noise(5.0))).expect("it sounds");
        for plane in picture.chunks_exact(64 * 250) {
            let mean = plane.iter().sum::<f32>() / plane.len() as f32;
            assert!(mean.abs() < 1e-3);
        }
        let second = &picture[64 * 250..];
        for band in second.chunks_exact(250) {
            assert!(band.iter().sum::<f32>().abs() < 0.1);
        }
    }

    #[test]
    fn plans_that_cannot_be_are_refused() {
        let refused = |change: &dyn Fn(&mut FeaturePlan)| {
            let mut plan = FeaturePlan::default();
            change(&mut plan);
            Framer::new(plan).is_err()
        };
        assert!(refused(&|plan| plan.rate_hz = 0));
        assert!(refused(&|plan| plan.window = usize::MAX));
        assert!(refused(&|plan| plan.window = 1023));
        assert!(refused(&|plan| plan.hop = 0));
        assert!(refused(&|plan| plan.bands = 0));
        assert!(refused(&|plan| plan.bands = 512));
        assert!(refused(&|plan| plan.high_hz = 8001.0));
        assert!(refused(&|plan| plan.low_hz = f32::NAN));
        assert!(refused(&|plan| plan.planes = 3));
        assert!(!refused(&|plan| plan.planes = 1));
    }
}
