//! Who calls. Pitches and rhythms are those that field guides give for such sounds, and chance moves them a little.

use std::f32::consts::TAU;

use serde::Serialize;

use crate::chance::Chance;

/// A voice of the night.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Voice {
    /// A phrase of quick chirps.
    Songbird,
    /// Slow flute-like notes.
    Whistle,
    /// Croaks made of pulses.
    Frog,
    /// Chirps of three pulses at one high pitch.
    Cricket,
    /// Some barks.
    Bark,
    /// A long gliding call.
    Howl,
    /// Vowels, as of somebody speaking.
    Human,
}

impl Voice {
    /// All of them.
    pub const ALL: [Self; 7] = [
        Self::Songbird,
        Self::Whistle,
        Self::Frog,
        Self::Cricket,
        Self::Bark,
        Self::Howl,
        Self::Human,
    ];

    /// The class that it belongs to.
    pub fn class(self) -> &'static str {
        match self {
            Self::Songbird | Self::Whistle => "birds",
            Self::Frog => "amphibians",
            Self::Cricket => "insects",
            Self::Bark | Self::Howl => "mammals",
            Self::Human => "human",
        }
    }
}

/// One call, from its first sound to its last.
pub(super) fn call(voice: Voice, rate_hz: u32, chance: &mut Chance) -> Vec<f32> {
    let mut tape = Tape {
        samples: Vec::new(),
        rate: rate_hz as f32,
    };
    match voice {
        Voice::Songbird => songbird(&mut tape, chance),
        Voice::Whistle => whistle(&mut tape, chance),
        Voice::Frog => frog(&mut tape, chance),
        Voice::Cricket => cricket(&mut tape, chance),
        Voice::Bark => bark(&mut tape, chance),
        Voice::Howl => howl(&mut tape, chance),
        Voice::Human => human(&mut tape, chance),
    }
    tape.samples
}

struct Tape {
    samples: Vec<f32>,
    rate: f32,
}

impl Tape {
    fn pause(&mut self, seconds: f32) {
        let len = self.samples.len() + (seconds * self.rate) as usize;
        self.samples.resize(len, 0.0);
    }

    /// A tone whose pitch and loudness follow its course from 0 to 1; `harmonics` are the strengths of its multiples.
    fn tone(
        &mut self,
        seconds: f32,
        pitch_hz: impl Fn(f32) -> f32,
        loudness: impl Fn(f32) -> f32,
        harmonics: &[f32],
    ) {
        let count = (seconds * self.rate) as usize;
        let highest = self.rate * 0.45;
        let mut phase = 0.0_f32;
        for n in 0..count {
            let course = n as f32 / count as f32;
            let hz = pitch_hz(course);
            phase = (phase + hz / self.rate).fract();
            let sum: f32 = (1_u8..)
                .zip(harmonics)
                .filter(|(n, _)| hz * f32::from(*n) < highest)
                .map(|(n, strength)| strength * (TAU * phase * f32::from(n)).sin())
                .sum();
            self.samples.push(sum * loudness(course));
        }
    }
}

/// Rises and falls smoothly.
fn arch(course: f32) -> f32 {
    (std::f32::consts::PI * course).sin().max(0.0)
}

fn songbird(tape: &mut Tape, chance: &mut Chance) {
    let motifs = 2 + chance.below(3);
    for _ in 0..motifs {
        let (from, to) = (
            chance.between(2_800.0, 5_800.0),
            chance.between(2_800.0, 6_400.0),
        );
        let bend = chance.between(-900.0, 900.0);
        let seconds = chance.between(0.05, 0.14);
        let pause_s = chance.between(0.03, 0.08);
        for _ in 0..3 + chance.below(5) {
            let pitch = |x: f32| from + (to - from) * x + bend * (std::f32::consts::PI * x).sin();
            tape.tone(seconds, pitch, arch, &[1.0, 0.06]);
            tape.pause(pause_s);
        }
        tape.pause(chance.between(0.02, 0.15));
    }
}

fn whistle(tape: &mut Tape, chance: &mut Chance) {
    let base = chance.between(1_700.0, 2_600.0);
    for _ in 0..3 + chance.below(3) {
        // Steps of a pentatonic scale are as good as any.
        let step = [1.0, 1.125, 1.25, 1.5, 1.667][chance.below(5)];
        let glide = chance.between(0.94, 1.08);
        let seconds = chance.between(0.18, 0.42);
        let pitch = |x: f32| {
            base * step
                * (1.0 + (glide - 1.0) * x)
                * (1.0 + 0.008 * (TAU * 6.0 * x * seconds * 4.0).sin())
        };
        tape.tone(seconds, pitch, arch, &[1.0, 0.12, 0.03]);
        tape.pause(chance.between(0.06, 0.18));
    }
}

fn frog(tape: &mut Tape, chance: &mut Chance) {
    let (low_hz, high_hz) = (
        chance.between(650.0, 1_000.0),
        chance.between(1_900.0, 2_500.0),
    );
    let pulse_hz = chance.between(28.0, 45.0);
    for _ in 0..4 + chance.below(4) {
        let pulses = 10 + chance.below(8);
        for n in 0..pulses {
            let course = n as f32 / pulses as f32;
            let loud = (0.35 + course).min(1.0) * chance.between(0.85, 1.0);
            let fade = move |x: f32| loud * (-6.0 * x).exp() * (x * 30.0).min(1.0);
            let from = tape.samples.len();
            tape.tone(
                1.0 / pulse_hz,
                |_| low_hz * (1.0 + 0.15 * course),
                fade,
                &[1.0, 0.25],
            );
            let count = tape.samples.len() - from;
            let rate = tape.rate;
            for (n, sample) in tape.samples[from..].iter_mut().enumerate() {
                *sample +=
                    0.6 * fade(n as f32 / count as f32) * (TAU * high_hz * n as f32 / rate).sin();
            }
        }
        tape.pause(chance.between(0.18, 0.35));
    }
}

fn cricket(tape: &mut Tape, chance: &mut Chance) {
    let hz = chance.between(4_100.0, 5_000.0);
    let pause_s = chance.between(0.2, 0.32);
    for _ in 0..7 + chance.below(6) {
        for strength in [0.6, 0.9, 1.0] {
            tape.tone(
                0.018,
                |x| hz * (1.0 - 0.015 * x),
                |x| strength * arch(x),
                &[1.0, 0.03],
            );
            tape.pause(0.016);
        }
        tape.pause(pause_s);
    }
}

fn bark(tape: &mut Tape, chance: &mut Chance) {
    let base = chance.between(330.0, 480.0);
    for _ in 0..2 + chance.below(3) {
        let seconds = chance.between(0.13, 0.2);
        let from = tape.samples.len();
        // The throat favours the second to the fifth harmonic.
        let harmonics = [0.5, 1.0, 0.9, 0.7, 0.5, 0.35, 0.2, 0.12, 0.08, 0.05];
        let pitch = |x: f32| base * (1.0 + 0.35 * (std::f32::consts::PI * x).sin());
        let loudness = |x: f32| (x * 18.0).min(1.0) * (-3.2 * x).exp();
        tape.tone(seconds, pitch, loudness, &harmonics);
        let mut rough = 0.0;
        for sample in &mut tape.samples[from..] {
            rough += (chance.normal() - rough) * 0.4;
            *sample *= 1.0 + 0.5 * rough;
        }
        tape.pause(chance.between(0.18, 0.4));
    }
}

fn howl(tape: &mut Tape, chance: &mut Chance) {
    let (from, top) = (chance.between(300.0, 400.0), chance.between(520.0, 720.0));
    let seconds = chance.between(1.6, 2.8);
    let pitch = |x: f32| {
        let rise = (x * 5.0).min(1.0);
        let fall = ((x - 0.7) / 0.3).max(0.0);
        (from + (top - from) * rise * rise * (3.0 - 2.0 * rise) - 0.35 * (top - from) * fall)
            * (1.0 + 0.007 * (TAU * 5.5 * x * seconds).sin())
    };
    tape.tone(
        seconds,
        pitch,
        |x| (x * 8.0).min(1.0) * ((1.0 - x) * 5.0).min(1.0),
        &[1.0, 0.5, 0.22, 0.1, 0.04],
    );
}

/// Formants of five vowels spoken by men (G. E. Peterson and H. L. Barney, "Control methods used in a study of the vowels", 1952).
const VOWELS: [[f32; 3]; 5] = [
    [730.0, 1_090.0, 2_440.0],
    [530.0, 1_840.0, 2_480.0],
    [270.0, 2_290.0, 3_010.0],
    [570.0, 840.0, 2_410.0],
    [300.0, 870.0, 2_240.0],
];

fn human(tape: &mut Tape, chance: &mut Chance) {
    let base = chance.between(105.0, 200.0);
    let syllables = 4 + chance.below(5);
    let rate = tape.rate;
    for syllable in 0..syllables {
        if chance.unit() < 0.35 {
            // An s: noise of high pitch.
            let mut last = 0.0;
            let count = (0.08 * rate) as usize;
            for n in 0..count {
                let white = chance.normal();
                tape.samples
                    .push(0.12 * (white - last) * arch(n as f32 / count as f32));
                last = white;
            }
        }
        let vowel = VOWELS[chance.below(VOWELS.len())];
        let fall = 1.15 - 0.3 * syllable as f32 / syllables as f32;
        let seconds = chance.between(0.13, 0.24);
        let from = tape.samples.len();
        // The glottis: every harmonic weaker by its number.
        let source: [f32; 24] = std::array::from_fn(|n| 1.0 / (n as f32 + 1.0));
        let wobble = chance.between(-0.06, 0.08);
        tape.tone(
            seconds,
            |x| base * fall * (1.0 + wobble * x),
            |_| 1.0,
            &source,
        );
        let count = tape.samples.len() - from;
        let mut voiced = vec![0.0; count];
        for (hz, strength) in vowel.into_iter().zip([1.0, 0.6, 0.3]) {
            resonate(&tape.samples[from..], &mut voiced, hz, rate, strength);
        }
        for (n, (sample, voiced)) in tape.samples[from..].iter_mut().zip(voiced).enumerate() {
            *sample = voiced * arch(n as f32 / count as f32);
        }
        tape.pause(if chance.unit() < 0.2 { 0.16 } else { 0.03 });
    }
}

/// Adds what a resonance of 90 Hz width lets through.
fn resonate(input: &[f32], out: &mut [f32], hz: f32, rate: f32, strength: f32) {
    let radius = (-std::f32::consts::PI * 90.0 / rate).exp();
    let (a, b) = (2.0 * radius * (TAU * hz / rate).cos(), -radius * radius);
    let (mut last, mut before) = (0.0, 0.0);
    for (out, input) in out.iter_mut().zip(input) {
        let now = input * (1.0 - radius) + a * last + b * before;
        (before, last) = (last, now);
        *out += now * strength * 4.0;
    }
}
