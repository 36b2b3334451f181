//! The pass that learns: one shard forth and back.

use fearless_simd::Level;

use super::{Layout, head, stage};
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
    let mut statistics = vec![0.0; layout.statistics()];
    let mut gradient = vec![0.0; layout.values()];
    let mut chance = Chance::new(shard.seed);

    let mut planes = shard.pictures;
    let mut traces = Vec::with_capacity(layout.stages.len());
    for at in &layout.stages {
        let (output, trace) = stage::forward(level, at, values, planes, &mut statistics);
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
        for ((at, targets), weight) in layout
            .heads
            .iter()
            .zip(shard.targets)
            .zip(shard.head_weights)
        {
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

    for (index, (at, trace)) in layout.stages.iter().zip(traces).enumerate().rev() {
        planes = stage::backward(level, at, values, trace, &planes, &mut gradient, index > 0);
    }
    Lesson {
        loss,
        gradient,
        statistics,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::network::{Answerer, Plan, Pooling, Stage, Weights, Workspace};

    const SAMPLES: usize = 4;
    const HEAD_WEIGHTS: [f32; 2] = [1.0, 0.7];

    fn layout(pooling: Pooling) -> Layout {
        let stage = |channels, pool_rows, pool_cols| Stage {
            channels,
            pool_rows,
            pool_cols,
        };
        let stages = vec![stage(3, 2, 2), stage(5, 1, 3), stage(4, 2, 1)];
        Layout::new(Plan {
            inputs: 2,
            rows: 9,
            cols: 19,
            stages,
            pooling,
            heads: vec![3, 2],
        })
        .expect("the plan is sound")
    }

    fn pictures(layout: &Layout) -> Vec<f32> {
        let mut chance = Chance::new(5);
        (0..SAMPLES * layout.picture())
            .map(|_| chance.normal())
            .collect()
    }

    /// Soft, hard, and for one sample of the second head none.
    fn targets() -> [Vec<f32>; 2] {
        [
            vec![1.0, 0.0, 0.0, 0.2, 0.3, 0.5, 0.0, 0.0, 1.0, 0.9, 0.1, 0.0],
            vec![1.0, 0.0, 0.0, 0.0, 0.5, 0.5, 0.0, 1.0],
        ]
    }

    fn lesson(layout: &Layout, values: &[f32], dropout: f32) -> Lesson {
        let targets = targets();
        let head_weights = &HEAD_WEIGHTS;
        let pictures = pictures(layout);
        learn(
            layout,
            values,
            Shard {
                pictures,
                targets: &targets,
                head_weights,
                dropout,
                seed: 3,
            },
        )
    }

    #[test]
    fn gradient_of_every_layer_is_that_of_finite_differences() {
        for pooling in [Pooling::Mean, Pooling::Max] {
            let layout = layout(pooling);
            let mut values = layout.begin(11).values;
            let mut chance = Chance::new(7);
            // Gains, shifts and biases away from their beginnings, where some gradients vanish.
            for value in &mut values {
                *value += 0.1 * chance.normal();
            }
            for dropout in [0.0, 0.3] {
                let gradient = lesson(&layout, &values, dropout).gradient;
                for tensor in layout
                    .named()
                    .into_iter()
                    .filter(|tensor| !tensor.statistic)
                {
                    let slopes = &gradient[tensor.range.clone()];
                    let size = slopes.iter().map(|slope| slope.abs()).fold(0.0, f32::max);
                    assert!(size > 1e-3, "{} does not learn", tensor.name);
                    for (index, slope) in tensor.range.clone().zip(slopes) {
                        let loss_at = |step: f32| {
                            let mut values = values.clone();
                            values[index] += step;
                            lesson(&layout, &values, dropout).loss
                        };
                        // A kink of rectifier or maximum within the step spoils one side or one width, not all.
                        let here = loss_at(0.0);
                        let measured = [4e-3, 1e-3, 3e-4].map(|step| {
                            let (right, left) = (loss_at(step), loss_at(-step));
                            [(right - left) / 2.0, right - here, here - left]
                                .map(|rise| rise / step)
                        });
                        let near = |measured: &f32| (measured - slope).abs() < 0.02 * size + 4e-3;
                        let at = format!("{pooling:?} {} at {index}", tensor.name);
                        let found = measured.as_flattened().iter().any(near);
                        assert!(found, "{at}: {slope} is not {measured:?}");
                    }
                }
            }
        }
    }

    #[test]
    fn folded_network_answers_as_it_learned() {
        for pooling in [Pooling::Mean, Pooling::Max] {
            let layout = layout(pooling);
            let values = layout.begin(2).values;
            let lesson = lesson(&layout, &values, 0.0);
            let weights = Weights {
                values,
                statistics: lesson.statistics,
            };
            let answerer = Answerer::new(layout.clone(), &weights);
            let mut workspace = Workspace::default();
            let mut loss = 0.0;
            for (sample, picture) in pictures(&layout).chunks_exact(layout.picture()).enumerate() {
                let scores = answerer.scores(picture, &mut workspace);
                for ((mut scores, targets), weight) in
                    scores.into_iter().zip(targets()).zip(HEAD_WEIGHTS)
                {
                    let classes = scores.len();
                    let targets = &targets[sample * classes..(sample + 1) * classes];
                    loss += weight * head::cross_entropy(&mut scores, targets);
                }
            }
            assert!(
                (loss - lesson.loss).abs() < 1e-3,
                "{loss} is not {}",
                lesson.loss
            );
        }
    }

    #[test]
    fn plans_that_cannot_be_are_refused() {
        let plan = layout(Pooling::Mean).plan().clone();
        let refused = |change: &dyn Fn(&mut Plan)| {
            let mut plan = plan.clone();
            change(&mut plan);
            Layout::new(plan).is_err()
        };
        assert!(refused(&|plan| plan.stages.clear()));
        assert!(refused(&|plan| plan.heads.clear()));
        assert!(refused(&|plan| plan.heads[0] = 0));
        assert!(refused(&|plan| plan.rows = usize::MAX));
        assert!(refused(&|plan| plan.stages[0].pool_rows = 10));
        assert!(refused(&|plan| plan.stages[1].channels = usize::MAX));
        assert!(refused(&|plan| plan.stages = vec![
            Stage {
                channels: 1024,
                pool_rows: 1,
                pool_cols: 1
            };
            16
        ]));
    }
}
