//! Examples as they might have sounded elsewhere: later, farther, faster, through another microphone, over wind.
//!
//! Sounds add in power, so mixing comes before the logarithm.

use super::{Recipe, TrainingSet};
use crate::chance::Chance;
use crate::features::{FeaturePlan, heard, standardise};

/// One sound and what it is.
#[derive(Clone, Debug)]
pub struct Example {
    /// Frames without digital silence.
    pub(super) heard: Vec<f32>,
    /// Their mean power.
    pub(super) power: f32,
    /// For each head, the class.
    pub(super) targets: Vec<usize>,
}

impl Example {
    /// Of the frames of a clip, as [`crate::features::frames_of`] gives them.
    pub fn new(plan: &FeaturePlan, frames: &[f32], targets: Vec<usize>) -> Self {
        let heard = heard(plan, frames);
        let power = heard.iter().sum::<f32>() / heard.len().max(1) as f32;
        Self {
            heard,
            power,
            targets,
        }
    }
}

pub(super) struct Augmenter<'a> {
    pub(super) recipe: &'a Recipe,
    pub(super) set: &'a TrainingSet,
    pub(super) heads: &'a [usize],
}

impl Augmenter<'_> {
    /// Pictures and targets of a shard's examples.
    pub(super) fn shard(
        &self,
        examples: &[usize],
        chance: &mut Chance,
    ) -> (Vec<f32>, Vec<Vec<f32>>) {
        let plan = &self.set.features;
        let len = plan.values();
        let mut pictures = vec![0.0; examples.len() * len];
        let mut targets: Vec<Vec<f32>> = self
            .heads
            .iter()
            .map(|classes| vec![0.0; examples.len() * classes])
            .collect();
        for (place, (example, picture)) in examples
            .iter()
            .zip(pictures.chunks_exact_mut(len))
            .enumerate()
        {
            let mut aim = |example: usize, share: f32| {
                for (head, classes) in self.heads.iter().enumerate() {
                    let target = &mut targets[head][place * classes..(place + 1) * classes];
                    let spread = share * self.recipe.smoothing / *classes as f32;
                    for target in target.iter_mut() {
                        *target += spread;
                    }
                    target[self.set.examples[example].targets[head]] +=
                        share * (1.0 - self.recipe.smoothing);
                }
            };
            let (sound, _) = picture.split_at_mut(plan.bands * plan.frames);
            self.lay(*example, 1.0, sound, chance);
            if chance.unit() < self.recipe.mixup {
                let other = examples[chance.below(examples.len())];
                let share = chance.beta(self.recipe.mixup_alpha);
                let share = share.max(1.0 - share);
                // The quieter one counts as much as it is heard: amplitudes share, as listeners judge loudness.
                let ratio = (1.0 - share) / share.max(1e-3);
                self.lay(other, ratio * ratio, sound, chance);
                aim(*example, share);
                aim(other, 1.0 - share);
            } else {
                aim(*example, 1.0);
                self.lay_background(*example, sound, chance);
            }
            self.colour(sound, chance);
            standardise(plan, picture);
            self.mask(picture, chance);
        }
        (pictures, targets)
    }

    /// Adds an example, at another time and pace and pitch, with a mean power of `power`.
    fn lay(&self, index: usize, power: f32, picture: &mut [f32], chance: &mut Chance) {
        let plan = &self.set.features;
        let recipe = self.recipe;
        let example = &self.set.examples[index];
        let mut heard = &example.heard[..];
        let count = heard.len() / plan.bands;
        if chance.unit() < recipe.crop && count > plan.frames / 4 {
            let kept = plan.frames / 4 + chance.below(count - plan.frames / 4);
            let from = chance.below(count - kept + 1);
            heard = &heard[from * plan.bands..(from + kept) * plan.bands];
        }
        let count = heard.len() / plan.bands;
        let pace = 1.0 + recipe.stretch * chance.between(-1.0, 1.0);
        let shift = recipe.shift * chance.between(-1.0, 1.0);
        let begin = chance.below(count);
        let gain = power / example.power.max(f32::MIN_POSITIVE);
        let whole = shift.floor() as i32;
        let part = shift - whole as f32;
        let last = plan.bands - 1;
        for col in 0..plan.frames {
            let at = (begin + (col as f32 * pace) as usize) % count;
            let frame = &heard[at * plan.bands..(at + 1) * plan.bands];
            for band in 0..plan.bands {
                // Bands beyond either end are those at the end.
                let from = band.saturating_add_signed(-(whole as isize));
                let below = band.saturating_add_signed(-(whole as isize) - 1);
                let value = (1.0 - part) * frame[from.min(last)] + part * frame[below.min(last)];
                picture[band * plan.frames + col] += gain * value;
            }
        }
    }

    /// Lays an example of the background class under one of another class.
    fn lay_background(&self, index: usize, picture: &mut [f32], chance: &mut Chance) {
        let Some(background) = self.set.background else {
            return;
        };
        let examples = &self.set.examples;
        if chance.unit() >= self.recipe.background || examples[index].targets[0] == background {
            return;
        }
        let beds = || (0..examples.len()).filter(|bed| examples[*bed].targets[0] == background);
        let count = beds().count();
        if count == 0 {
            return;
        }
        let bed = beds()
            .nth(chance.below(count))
            .expect("it is one of those counted");
        let below_db = self.recipe.background_db + chance.between(0.0, 20.0);
        self.lay(bed, 10.0_f32.powf(-below_db / 10.0), picture, chance);
    }

    /// A random curve over the bands: straight lines between five points.
    fn colour(&self, picture: &mut [f32], chance: &mut Chance) {
        if self.recipe.tilt_db == 0.0 {
            return;
        }
        let plan = &self.set.features;
        let mut points = [0.0_f32; 5];
        points.fill_with(|| self.recipe.tilt_db * chance.between(-1.0, 1.0));
        for (band, row) in picture.chunks_exact_mut(plan.frames).enumerate() {
            let at = 4.0 * band as f32 / plan.bands as f32;
            let (left, part) = (at as usize, at.fract());
            let gain_db = points[left] * (1.0 - part) + points[left + 1] * part;
            let gain = 10.0_f32.powf(gain_db / 10.0);
            for value in row {
                *value *= gain;
            }
        }
    }

    /// Bands and frames set to the mean.
    fn mask(&self, picture: &mut [f32], chance: &mut Chance) {
        let plan = &self.set.features;
        for _ in 0..self.recipe.band_masks {
            let width = chance.below(self.recipe.band_mask.min(plan.bands) + 1);
            let from = chance.below(plan.bands - width + 1);
            for plane in picture.chunks_exact_mut(plan.bands * plan.frames) {
                plane[from * plan.frames..(from + width) * plan.frames].fill(0.0);
            }
        }
        for _ in 0..self.recipe.frame_masks {
            let width = chance.below(self.recipe.frame_mask.min(plan.frames) + 1);
            let from = chance.below(plan.frames - width + 1);
            for row in picture.chunks_exact_mut(plan.frames) {
                row[from..from + width].fill(0.0);
            }
        }
    }
}
