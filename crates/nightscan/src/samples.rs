//! The sample recordings: nights that never were, made by the library's own synthesiser.

use nightscan_sound::synth::{Bed, Scene, night};
use nightscan_sound::wav;

/// One of them. Its name says when it was recorded, as recorders write it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Sample {
    pub(crate) name: &'static str,
    seed: u64,
    bed: Bed,
}

/// Two minutes of each night.
const SECONDS: f64 = 120.0;

/// All of them.
pub(crate) const ALL: [Sample; 3] = [
    Sample {
        name: "sample_20260512_213000.wav",
        seed: 1,
        bed: Bed::Still,
    },
    Sample {
        name: "sample_20260513_031500.wav",
        seed: 2,
        bed: Bed::Wind,
    },
    Sample {
        name: "sample_20260513_224500.wav",
        seed: 3,
        bed: Bed::Rain,
    },
];

/// Makes one, as WAVE. The same each time.
pub(crate) fn make(sample: Sample) -> Vec<u8> {
    let scene = Scene::new(sample.seed, SECONDS, sample.bed);
    let made = night(&scene);
    wav::clip(&made.samples, scene.rate_hz)
}
