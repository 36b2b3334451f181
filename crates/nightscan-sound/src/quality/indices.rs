//! Acoustic indices, as they are published and as scikit-maad (Ulloa et al., Methods in Ecology and Evolution 2021) computes them.
//!
//! * ACI: N. Pieretti, A. Farina, D. Morri, "A new methodology to infer the singing activity of an avian community: the Acoustic
//!   Complexity Index", Ecological Indicators 11 (2011): for every frequency the sum of the changes of amplitude from frame to
//!   frame over the sum of amplitudes, summed over frequencies. Taken a minute at a time, and given as the mean of the minutes, so
//!   that it does not grow with the length.
//! * ADI: L. J. Villanueva-Rivera et al., "A primer of acoustic analysis for landscape ecologists", Landscape Ecology 26 (2011):
//!   Shannon's entropy of the shares of cells above -50 dB of the maximum, in bands of 1 kHz up to 10 kHz.
//! * NDSI: E. P. Kasten et al., "The remote environmental assessment laboratory's acoustic library", Ecological Informatics 12
//!   (2012): (bio - anthro) / (bio + anthro), with power from 2 to 8 kHz and from 1 to 2 kHz.

use std::sync::Arc;

use realfft::num_complex::Complex;
use realfft::{RealFftPlanner, RealToComplex};
use serde::Serialize;

/// Samples of a frame: 32 ms at 16 kHz, 31 Hz a bin.
const FRAME: usize = 512;
/// Without the constant part and without half the rate, which belong to no band.
const BINS: usize = FRAME / 2 - 1;
/// ACI is taken over so much, the usual length of a recording in the papers.
const ACI_S: usize = 60;
/// Bands of ADI.
const BAND_HZ: f64 = 1_000.0;
const BANDS: usize = 10;
/// Cells above this, relative to the loudest, count.
const ADI_DB: f64 = -50.0;
/// Cells are counted in steps of a decibel below full scale until the loudest is known.
const STEPS_DB: usize = 160;
/// Human machines, and living beings.
const ANTHROPHONY_HZ: (f64, f64) = (1_000.0, 2_000.0);
const BIOPHONY_HZ: (f64, f64) = (2_000.0, 8_000.0);

/// The three indices.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Indices {
    /// Acoustic complexity of a minute; noise has about 0.58 for each of the 255 frequencies.
    pub aci: f64,
    /// Acoustic diversity, from 0 (one band) to ln 10 (all alike).
    pub adi: f64,
    /// From -1 (machines) to 1 (animals).
    pub ndsi: f64,
}

/// Measures while samples go by.
pub struct IndicesMeter {
    rate_hz: f64,
    fft: Arc<dyn RealToComplex<f32>>,
    window: Vec<f32>,
    frame: Vec<f32>,
    spectrum: Vec<Complex<f32>>,
    scratch: Vec<Complex<f32>>,
    waiting: Vec<f32>,
    aci: Aci,
    adi: Adi,
    powers: Vec<f64>,
}

impl IndicesMeter {
    /// For samples at that rate. Below 16 kHz the upper bands are empty, and the indices say less.
    pub fn new(rate_hz: u32) -> Self {
        let fft = RealFftPlanner::new().plan_fft_forward(FRAME);
        let rate_hz = f64::from(rate_hz.max(1));
        Self {
            rate_hz,
            window: (0..FRAME)
                .map(|n| 0.5 - 0.5 * (std::f32::consts::TAU * n as f32 / FRAME as f32).cos())
                .collect(),
            frame: fft.make_input_vec(),
            spectrum: fft.make_output_vec(),
            scratch: fft.make_scratch_vec(),
            fft,
            waiting: Vec::new(),
            aci: Aci::new((rate_hz as usize * ACI_S / FRAME).max(2)),
            adi: Adi::new(rate_hz / FRAME as f64),
            powers: vec![0.0; BINS],
        }
    }

    /// Takes the next samples.
    pub fn push(&mut self, samples: &[f32]) {
        self.waiting.extend_from_slice(samples);
        let whole = self.waiting.len() / FRAME * FRAME;
        let mut amplitudes = vec![0.0; BINS];
        for start in (0..whole).step_by(FRAME) {
            let samples = &self.waiting[start..start + FRAME];
            for ((place, sample), window) in self.frame.iter_mut().zip(samples).zip(&self.window) {
                *place = sample * window;
            }
            self.fft
                .process_with_scratch(&mut self.frame, &mut self.spectrum, &mut self.scratch)
                .expect("the buffers were made by this transform");
            // A sine of full scale has 1.
            for (amplitude, bin) in amplitudes.iter_mut().zip(&self.spectrum[1..]) {
                *amplitude = bin.norm() * (4.0 / FRAME as f32);
            }
            self.aci.push(&amplitudes);
            self.adi.push(&amplitudes);
            for (power, &amplitude) in self.powers.iter_mut().zip(&amplitudes) {
                *power += f64::from(amplitude).powi(2);
            }
        }
        self.waiting.drain(..whole);
    }

    /// The indices of all that was pushed.
    pub fn indices(&self) -> Indices {
        let bin_hz = self.rate_hz / FRAME as f64;
        let power = |(low, high): (f64, f64)| {
            let within = |(n, _): &(usize, &f64)| (low..high).contains(&((*n + 1) as f64 * bin_hz));
            self.powers
                .iter()
                .enumerate()
                .filter(within)
                .map(|(_, power)| power)
                .sum::<f64>()
        };
        let (bio, anthro) = (power(BIOPHONY_HZ), power(ANTHROPHONY_HZ));
        let ndsi = if bio + anthro > 0.0 {
            (bio - anthro) / (bio + anthro)
        } else {
            0.0
        };
        Indices {
            aci: self.aci.value(),
            adi: self.adi.value(),
            ndsi,
        }
    }
}

/// Sums of changes and of amplitudes, a minute at a time.
struct Aci {
    frames: usize,
    seen: usize,
    last: Vec<f32>,
    changes: Vec<f64>,
    sums: Vec<f64>,
    minutes: Vec<f64>,
}

impl Aci {
    fn new(frames: usize) -> Self {
        Self {
            frames,
            seen: 0,
            last: vec![],
            changes: vec![],
            sums: vec![],
            minutes: vec![],
        }
    }

    fn push(&mut self, amplitudes: &[f32]) {
        if self.seen == 0 {
            self.changes = vec![0.0; amplitudes.len()];
            self.sums = vec![0.0; amplitudes.len()];
        } else {
            for ((change, now), last) in self.changes.iter_mut().zip(amplitudes).zip(&self.last) {
                *change += f64::from((now - last).abs());
            }
        }
        for (sum, &now) in self.sums.iter_mut().zip(amplitudes) {
            *sum += f64::from(now);
        }
        self.last.clear();
        self.last.extend_from_slice(amplitudes);
        self.seen += 1;
        if self.seen == self.frames {
            self.minutes.push(self.current());
            self.seen = 0;
        }
    }

    fn current(&self) -> f64 {
        let ratio = |(change, sum): (&f64, &f64)| if *sum > 0.0 { change / sum } else { 0.0 };
        self.changes.iter().zip(&self.sums).map(ratio).sum()
    }

    /// The mean of the whole minutes; of a shorter recording what it has.
    fn value(&self) -> f64 {
        if self.minutes.is_empty() {
            return self.current();
        }
        self.minutes.iter().sum::<f64>() / self.minutes.len() as f64
    }
}

/// How many cells of each band have which level.
struct Adi {
    bin_hz: f64,
    counts: Vec<[u64; STEPS_DB]>,
    cells: [u64; BANDS],
}

impl Adi {
    fn new(bin_hz: f64) -> Self {
        Self {
            bin_hz,
            counts: vec![[0; STEPS_DB]; BANDS],
            cells: [0; BANDS],
        }
    }

    fn push(&mut self, amplitudes: &[f32]) {
        for (n, amplitude) in amplitudes.iter().enumerate() {
            let band = ((n + 1) as f64 * self.bin_hz / BAND_HZ) as usize;
            if band >= BANDS {
                break;
            }
            let below = (-20.0 * amplitude.log10()).clamp(0.0, (STEPS_DB - 1) as f32);
            self.counts[band][below as usize] += 1;
            self.cells[band] += 1;
        }
    }

    fn value(&self) -> f64 {
        let loudest = self
            .counts
            .iter()
            .filter_map(|counts| counts.iter().position(|&n| n > 0))
            .min();
        let Some(loudest) = loudest.filter(|&step| step < STEPS_DB - 1) else {
            return 0.0;
        };
        let limit = (loudest + (-ADI_DB) as usize).min(STEPS_DB - 1);
        let shares: Vec<f64> = self
            .counts
            .iter()
            .zip(self.cells)
            .filter(|(_, cells)| *cells > 0)
            .map(|(counts, cells)| counts[..limit].iter().sum::<u64>() as f64 / cells as f64)
            .collect();
        let sum: f64 = shares.iter().sum();
        shares
            .iter()
            .filter(|&&share| share > 0.0)
            .map(|share| -(share / sum) * (share / sum).ln())
            .sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chance::Chance;

    #[test]
    fn aci_of_a_small_table_by_hand() {
        let mut aci = Aci::new(100);
        for frame in [[1.0, 2.0], [3.0, 2.0], [2.0, 2.0]] {
            aci.push(&frame);
        }
        // (|3-1| + |2-3|) / (1+3+2), and no change in the other.
        assert!((aci.value() - 0.5).abs() < 1e-9);
    }

    #[test]
    fn aci_is_the_mean_of_its_minutes() {
        let mut aci = Aci::new(2);
        for amplitude in [1.0, 3.0, 1.0, 1.0, 9.0] {
            aci.push(&[amplitude]);
        }
        // 2/4 and 0/2; the fifth begins a minute that has no end.
        assert!((aci.value() - 0.25).abs() < 1e-9);
    }

    #[test]
    fn adi_of_small_tables_by_hand() {
        for (amplitudes, wanted) in [
            // One band alone, then two alike, then a share of one half against the whole.
            (vec![1.0, 1e-6, 1e-6, 1e-6], 0.0),
            (vec![1.0, 1.0, 1e-6, 1e-6], std::f64::consts::LN_2),
            (vec![1e-8; 4], 0.0),
        ] {
            let mut adi = Adi::new(999.0);
            adi.push(&amplitudes);
            // Bins at 999, 1998, 2997 and 3996 Hz are bands 0 to 3.
            assert!((adi.value() - wanted).abs() < 1e-9, "{}", adi.value());
        }
        let mut adi = Adi::new(999.0);
        adi.push(&[1.0, 1.0, 1e-6, 1e-6]);
        adi.push(&[1.0, 1e-6, 1e-6, 1e-6]);
        let (a, b) = (2.0_f64 / 3.0, 1.0_f64 / 3.0);
        assert!((adi.value() + a * a.ln() + b * b.ln()).abs() < 1e-9);
    }

    fn tone(hz: f32) -> Vec<f32> {
        (0..32_000)
            .map(|n| 0.3 * (std::f32::consts::TAU * hz * n as f32 / 16_000.0).sin())
            .collect()
    }

    fn measured(samples: &[f32]) -> Indices {
        let mut meter = IndicesMeter::new(16_000);
        samples.chunks(1_000).for_each(|block| meter.push(block));
        meter.indices()
    }

    #[test]
    fn birds_and_motors_are_at_the_ends_of_ndsi() {
        assert!(measured(&tone(4_000.0)).ndsi > 0.99);
        assert!(measured(&tone(1_500.0)).ndsi < -0.99);
        assert_eq!(measured(&vec![0.0; 16_000]), Indices::default());
    }

    #[test]
    fn noise_is_diverse_and_a_tone_is_not() {
        let mut chance = Chance::new(1);
        let noise: Vec<f32> = (0..160_000).map(|_| 0.1 * chance.normal()).collect();
        let found = measured(&noise);
        assert!((found.adi - 8.0_f64.ln()).abs() < 0.01, "{found:?}");
        // Amplitudes of noise are Rayleigh: the mean change over the mean is 2 - √2.
        assert!((found.aci / 255.0 - 0.586).abs() < 0.02, "{found:?}");
        assert!(measured(&tone(4_000.0)).adi < 1.0);
    }
}
