//! How a network is taught.

use serde::{Deserialize, Serialize};

use super::TrainFault;

/// All choices of a training.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Recipe {
    /// Decides every draw.
    pub seed: u64,
    /// How often the examples are heard.
    pub epochs: usize,
    /// Examples of one step.
    pub batch: usize,
    /// Examples that are normalised together, by one thread.
    pub shard: usize,
    /// The highest step size.
    pub learning_rate: f32,
    /// Epochs in which the step size rises to it; afterwards it falls along a cosine.
    pub warm_up: f32,
    /// Pull of weights towards zero.
    pub weight_decay: f32,
    /// How much of the averaged weights a step keeps; 0 for no average.
    pub average: f32,
    /// Part of the last features that is dropped.
    pub dropout: f32,
    /// 0: every example equally often; 1: every class equally often.
    pub balance: f32,
    /// Part of the probability that is spread over all classes.
    pub smoothing: f32,
    /// How much the loss of each head counts.
    pub head_weights: Vec<f32>,
    /// How many examples are mixed with another.
    pub mixup: f32,
    /// Parameter of the mix's Beta distribution.
    pub mixup_alpha: f32,
    /// How many examples get one of the background class laid under.
    pub background: f32,
    /// The background stands at least this far below, in decibels.
    pub background_db: f32,
    /// Bands up or down at most.
    pub shift: f32,
    /// Slower or faster by at most this factor less one.
    pub stretch: f32,
    /// A random curve over the bands, in decibels at most.
    pub tilt_db: f32,
    /// Masks over bands: how many, and how wide at most.
    pub band_masks: usize,
    /// Their greatest width, in bands.
    pub band_mask: usize,
    /// Masks over time.
    pub frame_masks: usize,
    /// Their greatest width, in frames.
    pub frame_mask: usize,
    /// Part of the examples that are cut to a random stretch, which then repeats.
    pub crop: f32,
}

impl Default for Recipe {
    fn default() -> Self {
        Self {
            seed: 1,
            epochs: 45,
            batch: 32,
            shard: 16,
            learning_rate: 3e-3,
            warm_up: 2.0,
            weight_decay: 0.02,
            average: 0.995,
            dropout: 0.2,
            balance: 0.5,
            smoothing: 0.05,
            head_weights: vec![1.0],
            mixup: 0.5,
            mixup_alpha: 0.4,
            background: 0.3,
            background_db: 0.0,
            shift: 2.0,
            stretch: 0.1,
            tilt_db: 4.0,
            band_masks: 1,
            band_mask: 8,
            frame_masks: 2,
            frame_mask: 25,
            crop: 0.0,
        }
    }
}

impl Recipe {
    pub(super) fn check(&self) -> Result<(), TrainFault> {
        let within = |ok: bool, what| {
            if ok {
                Ok(())
            } else {
                Err(TrainFault::Recipe(what))
            }
        };
        let part = |value: f32| (0.0..=1.0).contains(&value);
        within((1..=100_000).contains(&self.epochs), "the number of epochs")?;
        within((1..=4096).contains(&self.batch), "the batch")?;
        within((1..=self.batch).contains(&self.shard), "the shard")?;
        within(
            self.learning_rate > 0.0 && self.learning_rate <= 1.0,
            "the learning rate",
        )?;
        within((0.0..=1000.0).contains(&self.warm_up), "the warm-up")?;
        within(part(self.weight_decay), "the weight decay")?;
        within((0.0..1.0).contains(&self.average), "the average")?;
        within((0.0..1.0).contains(&self.dropout), "the dropout")?;
        within(part(self.balance), "the balance")?;
        within((0.0..1.0).contains(&self.smoothing), "the smoothing")?;
        within(
            part(self.mixup) && self.mixup_alpha > 0.0 && self.mixup_alpha <= 1.0,
            "the mixup",
        )?;
        within(
            part(self.background) && self.background_db.abs() <= 100.0,
            "the background",
        )?;
        within((0.0..=32.0).contains(&self.shift), "the shift")?;
        within((0.0..=0.9).contains(&self.stretch), "the stretch")?;
        within((0.0..=40.0).contains(&self.tilt_db), "the tilt")?;
        within(
            self.band_masks <= 16 && self.frame_masks <= 16,
            "the number of masks",
        )?;
        within(part(self.crop), "the crop")
    }

    /// The step size of one step.
    pub(super) fn rate(&self, step: usize, steps_per_epoch: usize) -> f32 {
        let total = (self.epochs * steps_per_epoch) as f32;
        let warm = (self.warm_up * steps_per_epoch as f32).min(total - 1.0);
        let step = step as f32;
        if step < warm {
            return self.learning_rate * (step + 1.0) / (warm + 1.0);
        }
        let along = ((step - warm) / (total - warm)).min(1.0);
        self.learning_rate * 0.5 * (1.0 + (std::f32::consts::PI * along).cos())
    }
}
