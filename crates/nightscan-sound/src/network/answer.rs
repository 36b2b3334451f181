//! The pass that answers: batch norms folded into the convolutions, one picture at a time.

use fearless_simd::{Level, dispatch};

use super::kernels::{Packed, Padded, convolve};
use super::stage::{Cells, EPSILON, rectify_and_pool};
use super::{Layout, Weights, head};

/// A network ready to answer.
pub struct Answerer {
    level: Level,
    layout: Layout,
    stages: Vec<Folded>,
    values: Vec<f32>,
}

struct Folded {
    weights: Packed,
    bias: Vec<f32>,
}

/// Memory that answers share, one for each thread.
#[derive(Default)]
pub struct Workspace {
    padded: Vec<Padded>,
    product: Vec<f32>,
    planes: Vec<f32>,
}

impl Answerer {
    /// Folds the batch norms.
    pub fn new(layout: Layout, weights: &Weights) -> Self {
        let plan = layout.plan();
        let stages = layout
            .stages
            .iter()
            .zip(&plan.stages)
            .map(|(at, stage)| {
                let inputs = at.input.channels;
                let mut folded = weights.values[at.weight.clone()].to_vec();
                let mut bias = Vec::with_capacity(stage.channels);
                for (channel, kernel) in folded.chunks_exact_mut(inputs * 9).enumerate() {
                    let variance = weights.statistics[at.variance.start + channel];
                    let scale =
                        weights.values[at.gain.start + channel] / (variance + EPSILON).sqrt();
                    let mean = weights.statistics[at.mean.start + channel];
                    bias.push(weights.values[at.shift.start + channel] - mean * scale);
                    for weight in kernel {
                        *weight *= scale;
                    }
                }
                let weights = Packed::forward(&folded, inputs, stage.channels);
                Folded { weights, bias }
            })
            .collect();
        let values = weights.values.clone();
        Self {
            level: Level::new(),
            layout,
            stages,
            values,
        }
    }

    /// The layout.
    pub fn layout(&self) -> &Layout {
        &self.layout
    }

    /// For each head, the scores of its classes.
    pub fn scores(&self, picture: &[f32], workspace: &mut Workspace) -> Vec<Vec<f32>> {
        let Workspace {
            padded,
            product,
            planes,
        } = workspace;
        padded.resize_with(self.stages.len(), Padded::default);
        for (index, (at, stage)) in self.layout.stages.iter().zip(&self.stages).enumerate() {
            let padded = &mut padded[index];
            let source = if index == 0 {
                picture
            } else {
                &planes[..at.input.len()]
            };
            padded.fill(source, at.input.rows, at.input.cols);
            product.resize(at.output.len().max(product.len()), 0.0);
            let product = &mut product[..at.output.len()];
            convolve(
                self.level,
                padded,
                &stage.weights,
                Some(&stage.bias),
                true,
                product,
            );
            planes.resize(at.pooled.len().max(planes.len()), 0.0);
            let from = product.chunks_exact(at.output.rows * at.output.cols);
            let to = planes.chunks_exact_mut(at.pooled.rows * at.pooled.cols);
            // The convolution has scaled and rectified.
            let (before, after, pool) = (at.output, at.pooled, at.pool);
            let cells = Cells {
                before,
                after,
                pool,
                scale: 1.0,
                offset: 0.0,
            };
            for (from, to) in from.zip(to) {
                dispatch!(self.level, simd => rectify_and_pool(simd, cells, from, to));
            }
        }
        let last = self.layout.stages[self.stages.len() - 1].pooled;
        let mut features = vec![0.0; 2 * last.channels];
        head::features(&planes[..last.len()], last, &mut features);
        let heads = self.layout.heads.iter().map(|at| {
            let mut scores = vec![0.0; at.bias.len()];
            head::linear(at, &self.values, &features, &mut scores);
            scores
        });
        heads.collect()
    }
}
