//! The pass that learns: one shard forth and back.

use fearless_simd::Level;

use super::stage::{self, Pool};
use super::{Layout, head};
use crate::chance::Chance;

/// Examples that are normalised together.
pub struct Shard<'a> {
    /// Pictures, one after the other.
    pub pictures: Vec<f32>,
    /// For each head, for each picture, the probability of each class. All zero: this head does not judge it.
    pub targets: &'a [Vec<f32>],
    /// How much each head's loss counts.
    pub head_weights: &'a [f32],
    /// The part of the features that is dropped.
    pub dropout: f32,
    /// Decides which.
    pub seed: u64,
}

/// What a shard teaches.
pub struct Lesson {
    /// The sum of the losses of its pictures.
    pub loss: f32,
    /// The sum of their gradients.
    pub gradient: Vec<f32>,
    /// Means and variances of this shard.
    pub statistics: Vec<f32>,
}

/// Loss, gradient and statistics of one shard. Depends on nothing but its arguments and the processor's type.
pub fn learn(layout: &Layout, values: &[f32], shard: Shard<'_>) -> Lesson {
    let level = Level::new();
    let plan = layout.plan();
    let samples = shard.pictures.len() / layout.picture();
    let mut statistics = vec![0.0; layout.statistics()];
    let mut gradient = vec![0.0; layout.values()];
    let mut chance = Chance::new(shard.seed);

    let pool_of = |index: usize| Pool {
        kind: plan.pooling,
        rows: plan.stages[index].pool_rows,
        cols: plan.stages[index].pool_cols,
    };
    let mut planes = shard.pictures;
    let mut traces = Vec::with_capacity(layout.stages.len());
    for (index, at) in layout.stages.iter().enumerate() {
        let (output, trace) =
            stage::forward(level, at, pool_of(index), values, planes, &mut statistics);
        traces.push(trace);
        planes = output;
    }

    let last = layout.stages[layout.stages.len() - 1].pooled;
    let mut loss = 0.0;
    let mut features = vec![0.0; 2 * last.channels];
    for (sample, planes) in planes.chunks_exact_mut(last.len()).enumerate() {
        let peaks = head::features(planes, last, &mut features);
        let factors = head::drop_out(&mut features, shard.dropout, &mut chance);
        let mut slopes = vec![0.0; features.len()];
        for ((at, targets), weight) in layout.heads.iter().zip(shard.targets).zip(shard.head_weights) {
            let classes = at.bias.len();
            let mut scores = vec![0.0; classes];
            head::linear(at, values, &features, &mut scores);
            let targets = &targets[sample * classes..(sample + 1) * classes];
            loss += weight * head::cross_entropy(&mut scores, targets);
            for score in &mut scores {
                *score *= weight;
            }
            head::linear_backward(at, values, &features, &scores, &mut gradient, &mut slopes);
        }
        for (slope, factor) in slopes.iter_mut().zip(&factors) {
            *slope *= factor;
        }
        head::features_backward(&slopes, &peaks, last, planes);
    }
    debug_assert_eq!(planes.len(), samples * last.len());

    for (index, (at, trace)) in layout.stages.iter().zip(traces).enumerate().rev() {
        let pool = pool_of(index);
        planes = stage::backward(level, at, pool, values, trace, &planes, &mut gradient, index > 0);
    }
    Lesson { loss, gradient, statistics }
}
