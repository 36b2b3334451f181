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

    /// Samples of a picture.
    pub fn samples(&self) -> usize {
        self.frames * self.hop
    }

    fn check(&self) -> Result<(), FeatureFault> {
        let within = |ok: bool, what| if ok { Ok(()) } else { Err(FeatureFault::Bounds(what)) };
        within((1000..=400_000).contains(&self.rate_hz), "the rate")?;
        within((16..=65_536).contains(&self.window) && self.window.is_multiple_of(2), "the window")?;
        within((1..=self.window).contains(&self.hop), "the hop")?;
        within((1..=512).contains(&self.bands), "the number of bands")?;
        within((1..=4096).contains(&self.frames), "the number of frames")?;
        let half_rate = self.rate_hz as f32 / 2.0;
        within(self.low_hz >= 0.0 && self.low_hz < self.high_hz, "the lowest frequency")?;
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
                ((hz - left) / (centre - left)).min((right - hz) / (right - centre)).max(0.0)
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
        let hann = (0..plan.window).map(|i| full * (0.5 - 0.5 * (turn * i as f32).cos())).collect();
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
                lines.iter().zip(&band.weights).map(|(line, weight)| line * weight).sum::<f32>()
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
    frames.chunks_exact(plan.bands).filter(sounds).flatten().copied().collect()
}

/// A window's frames as a picture, `[band][frame]`, standardised. Digital silence is left out and what is left repeats, so
/// that a clip padded with silence looks like a long one. `None`: there is nothing but silence.
pub fn picture(plan: &FeaturePlan, frames: &[f32]) -> Option<Vec<f32>> {
    let heard = heard(plan, frames);
    if heard.is_empty() {
        return None;
    }
    let mut picture = vec![0.0; plan.bands * plan.frames];
    let repeated = heard.chunks_exact(plan.bands).cycle().take(plan.frames);
    for (col, frame) in repeated.enumerate() {
        for (band, power) in frame.iter().enumerate() {
            picture[band * plan.frames + col] = *power;
        }
    }
    standardise(&mut picture);
    Some(picture)
}

/// Powers to decibels with mean 0 and deviation 1.
pub(crate) fn standardise(picture: &mut [f32]) {
    let peak = picture.iter().copied().fold(f32::MIN_POSITIVE, f32::max);
    let floor = (peak * DYNAMIC).max(f32::MIN_POSITIVE);
    for value in picture.iter_mut() {
        *value = value.max(floor).ln();
    }
    let count = picture.len() as f32;
    let mean = picture.iter().sum::<f32>() / count;
    let variance = picture.iter().map(|value| (value - mean) * (value - mean)).sum::<f32>() / count;
    let scale = 1.0 / variance.sqrt().max(1e-3);
    for value in picture {
        *value = (*value - mean) * scale;
    }
}
