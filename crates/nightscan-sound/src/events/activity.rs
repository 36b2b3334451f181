//! How far a recording stands out of its own background, 20 times a second.

use std::sync::Arc;

use realfft::num_complex::Complex;
use realfft::{RealFftPlanner, RealToComplex};

/// Steps a second.
const STEPS_A_SECOND: u32 = 20;
/// Bands, as many in each octave, from the lowest to the highest frequency.
const BANDS: usize = 24;
/// Below, wind decides.
const LOWEST_HZ: f32 = 150.0;
const HIGHEST_HZ: f32 = 10_000.0;
/// The background is measured over blocks so long, each with its two neighbours.
const BLOCK_STEPS: usize = 15 * STEPS_A_SECOND as usize;
/// The spread of a band that hardly changes, in dB.
const LEAST_SPREAD_DB: f32 = 1.5;
/// So many of the bands that stand out most make the salience: a whistle fills three, a bark all.
const LOUDEST: usize = 3;
/// Steps of which the mean is taken: the noise of single ones does not open an event.
const SMOOTH: usize = 5;
/// Activity begins here. Of some hundred settings this one gave the truest edges on nights composed of known calls, and no activity
/// in steady noise.
const OPEN: f32 = 1.6;
/// It lasts while it is above this.
const HOLD: f32 = 1.28;
/// Clicks are shorter, calls are not.
const SHORTEST_S: f64 = 0.1;

/// Salience over time: how far the bands that stand out most are above their background, as a multiple of its own spread.
#[derive(Clone, Debug, PartialEq)]
pub struct Activity {
    step_s: f64,
    salience: Vec<f32>,
}

impl Activity {
    /// From values made elsewhere, one every `step_s`.
    pub fn new(step_s: f64, salience: Vec<f32>) -> Self {
        Self { step_s, salience }
    }

    /// Seconds between two values.
    pub fn step_s(&self) -> f64 {
        self.step_s
    }

    /// The values.
    pub fn salience(&self) -> &[f32] {
        &self.salience
    }

    /// Stretches that stand out, with pauses up to `join_s` closed.
    pub fn stretches(&self, join_s: f64) -> Vec<(f64, f64)> {
        let mut stretches: Vec<(usize, usize)> = Vec::new();
        let mut at = 0;
        while at < self.salience.len() {
            if self.salience[at] < HOLD {
                at += 1;
                continue;
            }
            let above = |value: &&f32| **value >= HOLD;
            let end = at + self.salience[at..].iter().take_while(above).count();
            if self.salience[at..end].iter().any(|&value| value >= OPEN) {
                stretches.push((at, end));
            }
            at = end;
        }
        let mut joined: Vec<(f64, f64)> = Vec::new();
        for (from, to) in stretches {
            let (from_s, to_s) = (from as f64 * self.step_s, to as f64 * self.step_s);
            match joined.last_mut() {
                Some((_, end_s)) if from_s - *end_s <= join_s => *end_s = to_s,
                _ => joined.push((from_s, to_s)),
            }
        }
        joined.retain(|(from_s, to_s)| to_s - from_s >= SHORTEST_S - 1e-9);
        joined
    }

    #[cfg(test)]
    pub(super) fn marked(step_s: f64, until_s: f64, spans: &[(f64, f64)]) -> Self {
        let active = |t: f64| {
            spans
                .iter()
                .any(|&(from, to)| t >= from - 1e-9 && t < to - 1e-9)
        };
        let steps = (until_s / step_s) as usize;
        Self::new(
            step_s,
            (0..steps)
                .map(|n| if active(n as f64 * step_s) { 20.0 } else { 0.0 })
                .collect(),
        )
    }
}

/// Measures activity while a recording goes by; holds some bytes a step.
pub struct ActivityMeter {
    step: usize,
    fft: Arc<dyn RealToComplex<f32>>,
    window: Vec<f32>,
    frame: Vec<f32>,
    spectrum: Vec<Complex<f32>>,
    scratch: Vec<Complex<f32>>,
    edges: Vec<usize>,
    waiting: Vec<f32>,
    /// Levels of the bands in dB, of the steps whose block is not finished.
    levels: Vec<[f32; BANDS]>,
    /// Steps of `levels` that have their salience already: the neighbour to the left.
    done: usize,
    salience: Vec<f32>,
}

impl ActivityMeter {
    /// For samples at that rate, of at least 1,000 Hz.
    pub fn new(rate_hz: u32) -> Self {
        let rate_hz = rate_hz.max(1_000);
        let step = (rate_hz / STEPS_A_SECOND) as usize;
        // 64 ms at 16 kHz: short enough for edges, long enough for tones.
        let size = (rate_hz as usize * 16 / 250).next_power_of_two();
        let fft = RealFftPlanner::new().plan_fft_forward(size);
        let window = (0..size)
            .map(|n| 0.5 - 0.5 * (std::f32::consts::TAU * n as f32 / size as f32).cos())
            .collect();
        let top = HIGHEST_HZ.min(rate_hz as f32 * 0.45).max(LOWEST_HZ * 1.1);
        let ratio = top / LOWEST_HZ;
        let edges = (0..=BANDS)
            .map(|n| {
                let hz = LOWEST_HZ * ratio.powf(n as f32 / BANDS as f32);
                (hz * size as f32 / rate_hz as f32).round() as usize
            })
            .collect();
        Self {
            step,
            frame: fft.make_input_vec(),
            spectrum: fft.make_output_vec(),
            scratch: fft.make_scratch_vec(),
            fft,
            window,
            edges,
            waiting: Vec::new(),
            levels: Vec::new(),
            done: 0,
            salience: Vec::new(),
        }
    }

    /// Takes the next samples.
    pub fn push(&mut self, samples: &[f32]) {
        self.waiting.extend_from_slice(samples);
        let mut at = 0;
        while self.waiting.len() - at >= self.frame.len().max(self.step) {
            self.measure(at);
            at += self.step;
        }
        self.waiting.drain(..at);
    }

    fn measure(&mut self, at: usize) {
        let samples = &self.waiting[at..at + self.frame.len()];
        for ((place, sample), window) in self.frame.iter_mut().zip(samples).zip(&self.window) {
            *place = sample * window;
        }
        self.fft
            .process_with_scratch(&mut self.frame, &mut self.spectrum, &mut self.scratch)
            .expect("the buffers were made by this transform");
        let mut levels = [0.0; BANDS];
        for (level, edges) in levels.iter_mut().zip(self.edges.windows(2)) {
            let bins = edges[0]..edges[1].max(edges[0] + 1).min(self.spectrum.len());
            let power: f32 = self.spectrum[bins].iter().map(Complex::norm_sqr).sum();
            // Digital silence counts as -100 dB of the transform, so that it has a floor.
            *level = 10.0 * (power + 1e-7).log10();
        }
        self.levels.push(levels);
        if self.levels.len() >= self.done + 2 * BLOCK_STEPS {
            self.settle(self.done + BLOCK_STEPS);
        }
    }

    /// Gives the steps up to `until` their salience, by the background of all that is held.
    fn settle(&mut self, until: usize) {
        let backgrounds = backgrounds(&self.levels);
        for levels in &self.levels[self.done..until] {
            let mut above: [f32; BANDS] = std::array::from_fn(|band| {
                let (median, spread) = backgrounds[band];
                (levels[band] - median) / spread
            });
            above.sort_by(|a, b| b.total_cmp(a));
            self.salience
                .push(above[..LOUDEST].iter().sum::<f32>() / LOUDEST as f32);
        }
        let keep_from = until.saturating_sub(BLOCK_STEPS);
        self.levels.drain(..keep_from);
        self.done = until - keep_from;
    }

    /// The activity of all that was pushed.
    pub fn finish(mut self) -> Activity {
        let until = self.levels.len();
        if until > self.done {
            self.settle(until);
        }
        // A step is heard through a window around it: what it finds lies in its middle.
        let lag = (self.window.len() / 2).saturating_sub(self.step / 2) / self.step.max(1);
        let mut salience = vec![0.0; lag];
        salience.append(&mut self.salience);
        Activity {
            step_s: 1.0 / f64::from(STEPS_A_SECOND),
            salience: smooth(&salience),
        }
    }
}

/// The median of every band in dB, and how far below it the quieter sixth lies.
fn backgrounds(levels: &[[f32; BANDS]]) -> [(f32, f32); BANDS] {
    let mut column = Vec::with_capacity(levels.len());
    std::array::from_fn(|band| {
        column.clear();
        column.extend(levels.iter().map(|levels| levels[band]));
        let (half, sixth) = (column.len() / 2, column.len() * 15 / 100);
        let median = *column.select_nth_unstable_by(half, f32::total_cmp).1;
        let low = *column.select_nth_unstable_by(sixth, f32::total_cmp).1;
        (median, (median - low).max(LEAST_SPREAD_DB))
    })
}

fn smooth(values: &[f32]) -> Vec<f32> {
    let reach = SMOOTH / 2;
    (0..values.len())
        .map(|n| {
            let around = &values[n.saturating_sub(reach)..(n + reach + 1).min(values.len())];
            around.iter().sum::<f32>() / around.len() as f32
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chance::Chance;

    fn measured(
        rate_hz: u32,
        seconds: f64,
        calls: &[(f64, f64, f32)],
        piece: usize,
    ) -> Vec<(f64, f64)> {
        let mut chance = Chance::new(3);
        let samples: Vec<f32> = (0..(seconds * f64::from(rate_hz)) as usize)
            .map(|n| {
                let t = n as f64 / f64::from(rate_hz);
                let call = calls.iter().find(|(from, to, _)| t >= *from && t < *to);
                let tone = call.map_or(0.0, |(_, _, hz)| {
                    (std::f64::consts::TAU * f64::from(*hz) * t).sin() as f32 * 0.1
                });
                tone + 0.02 * chance.normal()
            })
            .collect();
        let mut meter = ActivityMeter::new(rate_hz);
        samples.chunks(piece).for_each(|piece| meter.push(piece));
        meter.finish().stretches(0.3)
    }

    #[test]
    fn calls_are_found_with_their_edges() {
        let calls = [
            (3.0, 4.0, 2_000.0),
            (20.0, 20.5, 800.0),
            (47.0, 52.0, 4_000.0),
            (70.0, 70.3, 3_000.0),
        ];
        for (rate_hz, piece) in [(16_000, 1_600), (16_000, 333), (44_100, 70_000)] {
            let found = measured(rate_hz, 75.0, &calls, piece);
            assert_eq!(found.len(), calls.len(), "{found:?}");
            for ((from, to), (start, end, _)) in found.iter().zip(calls) {
                assert!(
                    (from - start).abs() <= 0.2 && (to - end).abs() <= 0.2,
                    "{from} {to}, wanted {start} {end}"
                );
            }
        }
    }

    #[test]
    fn noise_and_silence_have_no_activity() {
        assert_eq!(measured(16_000, 60.0, &[], 4_096), []);
        let mut meter = ActivityMeter::new(8_000);
        meter.push(&vec![0.0; 80_000]);
        assert_eq!(meter.finish().stretches(0.5), []);
        assert_eq!(ActivityMeter::new(16_000).finish().stretches(0.5), []);
    }
}
