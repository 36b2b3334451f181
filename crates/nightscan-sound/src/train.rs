//! Teaches a network: augmented examples, `AdamW`, an average of the weights.
//!
//! The same examples, recipe and processor type give the same weights on any number of threads: every draw belongs to an
//! epoch and a place in it, and gradients are summed in the order of the shards. Time and files are the caller's: it asks
//! for one epoch after the other and may keep [`Trainer::state`] between them.

mod augment;
mod recipe;

use rayon::prelude::*;
use serde::{Deserialize, Serialize};

pub use augment::Example;
pub use recipe::Recipe;

use crate::chance::Chance;
use crate::features::FeaturePlan;
use crate::network::{Layout, Lesson, Named, Plan, PlanFault, Shard, Weights, learn};
use augment::Augmenter;

/// Examples of all classes.
pub struct TrainingSet {
    /// How pictures are made.
    pub features: FeaturePlan,
    /// The examples.
    pub examples: Vec<Example>,
    /// The class whose examples may lie under those of the others.
    pub background: Option<usize>,
}

/// Why no network can be taught.
#[derive(Debug, thiserror::Error)]
pub enum TrainFault {
    /// The plan is wrong.
    #[error(transparent)]
    Plan(#[from] PlanFault),
    /// Fewer examples than one batch.
    #[error("{examples} examples do not fill one batch of {batch}")]
    Few {
        /// How many there are.
        examples: usize,
        /// How many are needed.
        batch: usize,
    },
    /// An example names a class that its head does not have, or has another number of heads.
    #[error("example {0} does not fit the heads of the network")]
    Target(usize),
    /// An example holds no sound.
    #[error("example {0} is silent")]
    Silent(usize),
    /// The plan's pictures are not those of the features.
    #[error("the network looks at another size of picture than the features make")]
    Picture,
    /// A number of the recipe is out of bounds.
    #[error("{0} of the recipe is out of bounds")]
    Recipe(&'static str),
    /// A stored state is not one of this network.
    #[error("the stored state does not fit: {0}")]
    State(&'static str),
}

/// What one epoch gave.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Progress {
    /// How many epochs are done.
    pub epoch: usize,
    /// Of how many.
    pub epochs: usize,
    /// Mean loss over the augmented examples.
    pub loss: f32,
}

/// A network being taught.
pub struct Trainer<'a> {
    layout: Layout,
    recipe: Recipe,
    set: &'a TrainingSet,
    decays: Vec<bool>,
    state: State,
}

/// All that changes.
#[derive(Clone)]
struct State {
    epoch: usize,
    step: usize,
    weights: Weights,
    averaged: Weights,
    first_moment: Vec<f32>,
    second_moment: Vec<f32>,
}

impl<'a> Trainer<'a> {
    /// Begins at epoch 0.
    pub fn new(plan: Plan, recipe: Recipe, set: &'a TrainingSet) -> Result<Self, TrainFault> {
        let layout = Layout::new(plan)?;
        recipe.check()?;
        check(&layout, &recipe, set)?;
        let weights = layout.begin(recipe.seed);
        let state = State {
            epoch: 0,
            step: 0,
            averaged: weights.clone(),
            weights,
            first_moment: vec![0.0; layout.values()],
            second_moment: vec![0.0; layout.values()],
        };
        let mut decays = vec![false; layout.values()];
        for Named {
            range,
            statistic,
            decays: yes,
            ..
        } in layout.named()
        {
            if !statistic {
                decays[range].fill(yes);
            }
        }
        Ok(Self {
            layout,
            recipe,
            set,
            decays,
            state,
        })
    }

    /// Goes on from what [`Trainer::state`] gave.
    pub fn resume(
        plan: Plan,
        recipe: Recipe,
        set: &'a TrainingSet,
        state: &[u8],
    ) -> Result<Self, TrainFault> {
        let mut trainer = Self::new(plan, recipe, set)?;
        trainer.state.read(state)?;
        Ok(trainer)
    }

    /// Whether all epochs are done.
    pub fn done(&self) -> bool {
        self.state.epoch >= self.recipe.epochs
    }

    /// Runs all epochs that are left. `watch` is told after each and may stop.
    pub fn run(&mut self, mut watch: impl FnMut(&Progress, &Self) -> std::ops::ControlFlow<()>) {
        while !self.done() {
            let progress = self.epoch();
            if watch(&progress, self).is_break() {
                return;
            }
        }
    }

    /// Runs one epoch.
    pub fn epoch(&mut self) -> Progress {
        let order = self.order();
        let steps = order.len() / self.recipe.batch;
        let mut loss = 0.0;
        for batch in order.chunks_exact(self.recipe.batch) {
            loss += self.step(batch, steps);
        }
        self.state.epoch += 1;
        Progress {
            epoch: self.state.epoch,
            epochs: self.recipe.epochs,
            loss: loss / (steps * self.recipe.batch) as f32,
        }
    }

    /// The averaged weights: those to answer with.
    pub fn weights(&self) -> &Weights {
        if self.recipe.average > 0.0 {
            &self.state.averaged
        } else {
            &self.state.weights
        }
    }

    /// The layout of the network.
    pub fn layout(&self) -> &Layout {
        &self.layout
    }

    /// How its pictures are made.
    pub fn features(&self) -> &FeaturePlan {
        &self.set.features
    }

    /// All that is needed to go on later.
    pub fn state(&self) -> Vec<u8> {
        self.state.write()
    }

    /// Which examples this epoch hears, in which order: rare classes more often, as far as the recipe's balance says.
    fn order(&self) -> Vec<usize> {
        let mut chance = Chance::stream(self.recipe.seed, stream(self.state.epoch, 0));
        let examples = &self.set.examples;
        let mut counts = vec![0_usize; self.layout.plan().heads[0]];
        for example in examples {
            counts[example.targets[0]] += 1;
        }
        let weight =
            |example: &Example| (counts[example.targets[0]] as f32).powf(-self.recipe.balance);
        let total: f32 = examples.iter().map(weight).sum();
        let mut order = Vec::with_capacity(examples.len() + examples.len() / 8);
        for (index, example) in examples.iter().enumerate() {
            let expected = examples.len() as f32 * weight(example) / total;
            let extra = usize::from(chance.unit() < expected.fract());
            order.extend(std::iter::repeat_n(index, expected as usize + extra));
        }
        chance.shuffle(&mut order);
        // Rounding by chance gives more or less than one batch more or less: a fixed number of steps keeps the plan.
        while order.len() < examples.len() {
            order.push(chance.below(examples.len()));
        }
        order.truncate(examples.len());
        order
    }

    fn step(&mut self, batch: &[usize], steps_per_epoch: usize) -> f32 {
        let step = self.state.step;
        let recipe = &self.recipe;
        let augmenter = Augmenter {
            recipe,
            set: self.set,
            heads: &self.layout.plan().heads,
        };
        let values = &self.state.weights.values;
        let lessons: Vec<Lesson> = batch
            .par_chunks(recipe.shard)
            .enumerate()
            .map(|(number, shard)| {
                let seed = stream(step, number + 1);
                let mut chance = Chance::stream(recipe.seed, seed);
                let (pictures, targets) = augmenter.shard(shard, &mut chance);
                let shard = Shard {
                    pictures,
                    targets: &targets,
                    head_weights: &recipe.head_weights,
                    dropout: recipe.dropout,
                    seed: chance.next(),
                };
                learn(&self.layout, values, shard)
            })
            .collect();
        let mut gradient = vec![0.0; self.layout.values()];
        let mut statistics = vec![0.0; self.layout.statistics()];
        let mut loss = 0.0;
        let share = 1.0 / lessons.len() as f32;
        for lesson in &lessons {
            loss += lesson.loss;
            for (sum, value) in gradient.iter_mut().zip(&lesson.gradient) {
                *sum += value / batch.len() as f32;
            }
            for (sum, value) in statistics.iter_mut().zip(&lesson.statistics) {
                *sum += value * share;
            }
        }
        let rate = recipe.rate(step, steps_per_epoch);
        self.state
            .update(recipe, &self.decays, &gradient, &statistics, rate);
        loss
    }
}

/// A number of its own for each place of each step.
fn stream(step: usize, place: usize) -> u64 {
    ((step as u64) << 20) ^ place as u64
}

fn check(layout: &Layout, recipe: &Recipe, set: &TrainingSet) -> Result<(), TrainFault> {
    let plan = layout.plan();
    if (plan.inputs, plan.rows, plan.cols)
        != (set.features.planes, set.features.bands, set.features.frames)
    {
        return Err(TrainFault::Picture);
    }
    if recipe.head_weights.len() != plan.heads.len() {
        return Err(TrainFault::Recipe("the number of head weights"));
    }
    if set.examples.len() < recipe.batch {
        return Err(TrainFault::Few {
            examples: set.examples.len(),
            batch: recipe.batch,
        });
    }
    for (index, example) in set.examples.iter().enumerate() {
        let fits = example.targets.len() == plan.heads.len()
            && example
                .targets
                .iter()
                .zip(&plan.heads)
                .all(|(target, classes)| target < classes);
        if !fits {
            return Err(TrainFault::Target(index));
        }
        if example.heard.len() < set.features.bands {
            return Err(TrainFault::Silent(index));
        }
    }
    Ok(())
}

/// Decays of `AdamW`'s moments (Loshchilov and Hutter, 2019, take those of Adam).
const FIRST: f32 = 0.9;
const SECOND: f32 = 0.999;

/// How far the batch norms' means and variances move towards those of a step.
const STATISTICS: f32 = 0.1;

impl State {
    fn update(
        &mut self,
        recipe: &Recipe,
        decays: &[bool],
        gradient: &[f32],
        statistics: &[f32],
        rate: f32,
    ) {
        self.step += 1;
        let first_share = 1.0 - FIRST.powf(self.step as f32);
        let second_share = 1.0 - SECOND.powf(self.step as f32);
        for (index, value) in self.weights.values.iter_mut().enumerate() {
            let slope = gradient[index];
            let first = &mut self.first_moment[index];
            let second = &mut self.second_moment[index];
            *first = FIRST * *first + (1.0 - FIRST) * slope;
            *second = SECOND * *second + (1.0 - SECOND) * slope * slope;
            let decay = if decays[index] {
                rate * recipe.weight_decay
            } else {
                0.0
            };
            let move_by = (*first / first_share) / ((*second / second_share).sqrt() + 1e-8);
            *value -= decay * *value + rate * move_by;
        }
        for (kept, seen) in self.weights.statistics.iter_mut().zip(statistics) {
            *kept += STATISTICS * (seen - *kept);
        }
        // Early on, the average is over what there is.
        let keep = recipe
            .average
            .min(self.step as f32 / (self.step as f32 + 10.0));
        let pairs = [
            (&mut self.averaged.values, &self.weights.values),
            (&mut self.averaged.statistics, &self.weights.statistics),
        ];
        for (averaged, now) in pairs {
            for (averaged, now) in averaged.iter_mut().zip(now) {
                *averaged += (1.0 - keep) * (now - *averaged);
            }
        }
    }

    /// The numbers in little-endian order, behind a mark and the counts.
    fn write(&self) -> Vec<u8> {
        let mut bytes = MARK.to_vec();
        for count in [self.epoch, self.step] {
            bytes.extend((count as u64).to_le_bytes());
        }
        for list in self.lists() {
            bytes.extend((list.len() as u64).to_le_bytes());
            for value in list {
                bytes.extend(value.to_le_bytes());
            }
        }
        bytes
    }

    fn read(&mut self, bytes: &[u8]) -> Result<(), TrainFault> {
        let mut rest = bytes
            .strip_prefix(MARK)
            .ok_or(TrainFault::State("it has no mark"))?;
        let number = |rest: &mut &[u8]| -> Result<u64, TrainFault> {
            let (head, tail) = rest
                .split_first_chunk::<8>()
                .ok_or(TrainFault::State("it is cut off"))?;
            *rest = tail;
            Ok(u64::from_le_bytes(*head))
        };
        let epoch = number(&mut rest)? as usize;
        let step = number(&mut rest)? as usize;
        for list in self.lists_mut() {
            if number(&mut rest)? != list.len() as u64 {
                return Err(TrainFault::State("it belongs to another network"));
            }
            for value in list.iter_mut() {
                let (head, tail) = rest
                    .split_first_chunk::<4>()
                    .ok_or(TrainFault::State("it is cut off"))?;
                rest = tail;
                *value = f32::from_le_bytes(*head);
            }
        }
        if !rest.is_empty() {
            return Err(TrainFault::State("something follows it"));
        }
        (self.epoch, self.step) = (epoch, step);
        Ok(())
    }

    fn lists(&self) -> [&Vec<f32>; 6] {
        [
            &self.weights.values,
            &self.weights.statistics,
            &self.averaged.values,
            &self.averaged.statistics,
            &self.first_moment,
            &self.second_moment,
        ]
    }

    fn lists_mut(&mut self) -> [&mut Vec<f32>; 6] {
        [
            &mut self.weights.values,
            &mut self.weights.statistics,
            &mut self.averaged.values,
            &mut self.averaged.statistics,
            &mut self.first_moment,
            &mut self.second_moment,
        ]
    }
}

/// The first bytes of a stored state; the digit is the form's version.
const MARK: &[u8] = b"nightscan-state-1\n";

#[cfg(test)]
mod tests;
