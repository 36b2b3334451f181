//! Sample recordings by our own computation: a bed of wind or rain, and voices over it whose times are known.
//!
//! They are no field recordings and stand for no species. They show what the product does on a machine that has no recordings yet,
//! and are fixtures of tests. The same seed gives the same samples with the same build.

mod voices;

use serde::Serialize;
pub use voices::Voice;

use crate::chance::Chance;

/// What the night sounds like without anybody calling.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Bed {
    /// A quiet night: a little air in the leaves.
    Still,
    /// Wind in gusts.
    Wind,
    /// Steady rain on leaves.
    Rain,
}

/// What is to be made.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Scene {
    /// Decides everything that the rest leaves open.
    pub seed: u64,
    /// The sampling rate.
    pub rate_hz: u32,
    /// How long it is.
    pub seconds: f64,
    /// What is behind the voices.
    pub bed: Bed,
    /// Who may call, in turn by chance.
    pub voices: Vec<Voice>,
    /// How far the voices stand above the bed, in dB, from and to.
    pub snr_db: (f32, f32),
}

impl Scene {
    /// All voices over a bed, clearly heard.
    pub fn new(seed: u64, seconds: f64, bed: Bed) -> Self {
        Self {
            seed,
            rate_hz: 16_000,
            seconds,
            bed,
            voices: Voice::ALL.to_vec(),
            snr_db: (10.0, 20.0),
        }
    }
}

/// A voice that was laid over the bed.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Truth {
    /// Where it begins.
    pub start_s: f64,
    /// Where it ends.
    pub end_s: f64,
    /// What the model should say.
    pub class: &'static str,
    /// Which voice it is.
    pub voice: Voice,
    /// How far it stands above the bed.
    pub snr_db: f32,
}

/// A recording and what is in it.
#[derive(Clone, Debug, PartialEq)]
pub struct Night {
    /// One channel; the loudest sample is 0.7.
    pub samples: Vec<f32>,
    /// In the order of their times.
    pub truth: Vec<Truth>,
}

/// Longer scenes are no samples any more.
const LONGEST_S: f64 = 3_600.0;
/// The voices lie so far apart, at least and at most.
const PAUSE_S: (f32, f32) = (1.5, 4.0);

/// Makes a recording.
pub fn night(scene: &Scene) -> Night {
    let rate_hz = scene.rate_hz.clamp(8_000, 192_000);
    let rate = f64::from(rate_hz);
    let total = (scene.seconds.clamp(0.0, LONGEST_S) * rate) as usize;
    let mut samples = bed(
        scene.bed,
        total,
        rate_hz,
        &mut Chance::stream(scene.seed, 0),
    );
    let mut chance = Chance::stream(scene.seed, 1);
    let mut truth = Vec::new();
    let mut at_s = f64::from(chance.between(1.0, 2.5));
    let mut last = None;
    while !scene.voices.is_empty() {
        let mut voice = scene.voices[chance.below(scene.voices.len())];
        if Some(voice) == last {
            voice = scene.voices[chance.below(scene.voices.len())];
        }
        last = Some(voice);
        let mut call = voices::call(voice, rate_hz, &mut chance);
        let dry_s = call.len() as f64 / rate;
        distance(&mut call, rate_hz, &mut chance);
        let start = (at_s * rate) as usize;
        if start + call.len() + rate_hz as usize / 2 > total {
            break;
        }
        let snr_db = chance.between(scene.snr_db.0, scene.snr_db.1);
        let under = rms(&samples[start..start + call.len()]);
        let gain = under * 10.0_f32.powf(snr_db / 20.0) / loud_rms(&call).max(1e-9);
        for (sample, call) in samples[start..].iter_mut().zip(&call) {
            *sample += call * gain;
        }
        let end_s = at_s + dry_s;
        truth.push(Truth {
            start_s: at_s,
            end_s,
            class: voice.class(),
            voice,
            snr_db,
        });
        at_s = end_s + f64::from(chance.between(PAUSE_S.0, PAUSE_S.1));
    }
    let peak = samples
        .iter()
        .fold(1e-9_f32, |peak, sample| peak.max(sample.abs()));
    for sample in &mut samples {
        *sample *= 0.7 / peak;
    }
    Night { samples, truth }
}

fn bed(bed: Bed, total: usize, rate_hz: u32, chance: &mut Chance) -> Vec<f32> {
    let rate = rate_hz as f32;
    let phases: [f32; 3] = std::array::from_fn(|_| chance.unit() * std::f32::consts::TAU);
    let (mut low, mut lower, mut air, mut drop, mut ring) = (0.0, 0.0, 0.0, 0.0_f32, 0.0_f32);
    let (mut gust, mut aim) = (0.5_f32, 0.5_f32);
    let mut pitch = 0.3;
    (0..total)
        .map(|n| {
            let t = n as f32 / rate;
            let white = chance.normal();
            // Two poles of a low pass: wind has its strength below some hundred hertz.
            low += (white - low) * (600.0 / rate);
            lower += (low - lower) * (1_200.0 / rate);
            air += (white - air) * 0.35;
            if n.is_multiple_of(rate_hz as usize / 2) {
                aim = chance.between(0.1, 1.0);
            }
            gust += (aim - gust) * (1.2 / rate);
            let slow = (t * 0.37 + phases[0]).sin() + (t * 0.11 + phases[1]).sin();
            let gust = gust * (1.0 + 0.25 * slow);
            match bed {
                Bed::Still => lower * 0.5 + air * 0.004,
                Bed::Wind => lower * (0.4 + 2.0 * gust * gust) + air * 0.012 * (0.3 + gust),
                Bed::Rain => {
                    // A drop on a leaf: a click that rings for some milliseconds.
                    if chance.unit() < 500.0 / rate {
                        drop = 0.02 + 0.04 * chance.unit();
                        pitch = chance.between(1_000.0, 7_500.0) / rate * std::f32::consts::TAU;
                        ring = phases[2];
                    }
                    drop *= 1.0 - 500.0 / rate;
                    ring += pitch;
                    lower * 0.4 + white * 0.03 + air * 0.03 + drop * ring.sin()
                }
            }
        })
        .collect()
}

/// What air and trees do: the high tones get lost, and some echoes come late.
fn distance(call: &mut Vec<f32>, rate_hz: u32, chance: &mut Chance) {
    let dull = chance.between(0.55, 0.95);
    let mut last = 0.0;
    for sample in call.iter_mut() {
        last += (*sample - last) * dull;
        *sample = last;
    }
    let dry = call.clone();
    let rate = rate_hz as f32;
    call.resize(dry.len() + (0.25 * rate) as usize, 0.0);
    for n in 0..24 {
        let late = chance.between(0.015, 0.25);
        let sign = if n % 2 == 0 { 1.0 } else { -1.0 };
        let gain = sign * 0.16 * (-late * 12.0).exp();
        let late = (late * rate) as usize;
        for (sample, dry) in call[late..].iter_mut().zip(&dry) {
            *sample += dry * gain;
        }
    }
}

fn rms(samples: &[f32]) -> f32 {
    (samples.iter().map(|x| x * x).sum::<f32>() / samples.len().max(1) as f32).sqrt()
}

/// The level where there is sound: the pauses within a call do not count.
fn loud_rms(samples: &[f32]) -> f32 {
    let peak = samples.iter().fold(0.0_f32, |peak, x| peak.max(x.abs()));
    let loud: Vec<f32> = samples
        .iter()
        .copied()
        .filter(|x| x.abs() > peak * 0.05)
        .collect();
    rms(&loud)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_gives_the_same_night_again() {
        let scene = Scene::new(7, 20.0, Bed::Wind);
        assert_eq!(night(&scene), night(&scene));
        assert_ne!(
            night(&scene).samples,
            night(&Scene::new(8, 20.0, Bed::Wind)).samples
        );
    }

    #[test]
    fn voices_stand_where_the_truth_says() {
        for bed in [Bed::Still, Bed::Wind, Bed::Rain] {
            let night = night(&Scene::new(3, 90.0, bed));
            assert!(night.truth.len() >= 10, "{}", night.truth.len());
            assert!(
                night
                    .truth
                    .windows(2)
                    .all(|pair| pair[1].start_s - pair[0].end_s >= 1.5)
            );
            assert!(night.samples.iter().all(|x| x.abs() <= 0.7001));
            let level = |from_s: f64, to_s: f64| {
                rms(&night.samples[(from_s * 16e3) as usize..(to_s * 16e3) as usize])
            };
            let clear = night.truth.iter().filter(|truth| {
                level(truth.start_s, truth.end_s)
                    > 1.5 * level(truth.start_s - 0.6, truth.start_s - 0.1)
            });
            let share = clear.count() as f64 / night.truth.len() as f64;
            assert!(share > 0.8, "{bed:?}: {share}");
        }
    }

    #[test]
    fn odd_scenes_are_made() {
        let scene = Scene::new(1, 3.0, Bed::Rain);
        assert!(
            night(&Scene {
                voices: vec![],
                ..scene.clone()
            })
            .truth
            .is_empty()
        );
        assert!(
            night(&Scene {
                seconds: f64::NAN,
                ..scene.clone()
            })
            .samples
            .is_empty()
        );
        assert_eq!(
            night(&Scene {
                rate_hz: 0,
                seconds: 1.0,
                ..scene
            })
            .samples
            .len(),
            8_000
        );
    }
}
