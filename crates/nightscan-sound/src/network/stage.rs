//! One stage over the samples of a shard, forward and backward.

#![expect(
    clippy::inline_always,
    reason = "what `dispatch!` calls has the processor's vectors only where it is inlined"
)]
#![expect(
    clippy::needless_range_loop,
    reason = "loops over one length become vectors, zipped iterators did not"
)]

use fearless_simd::{Level, Simd, dispatch};

use super::kernels::{Packed, Padded, WeightGradient, convolve};
use super::{Pool, Pooling, Size, StageAt};

/// Keeps the division finite where a channel is constant (Ioffe and Szegedy, 2015).
pub(super) const EPSILON: f32 = 1e-5;

/// What the way back needs of the way forth.
pub(super) struct Trace {
    input: Vec<f32>,
    /// What the convolution gave.
    product: Vec<f32>,
    norms: Vec<Norm>,
}

/// The batch norm of one channel.
#[derive(Clone, Copy)]
struct Norm {
    mean: f32,
    inverse_deviation: f32,
    scale: f32,
    offset: f32,
}

/// How one channel goes from what the convolution gave to what the stage gives.
#[derive(Clone, Copy)]
pub(super) struct Cells {
    pub(super) before: Size,
    pub(super) after: Size,
    pub(super) pool: Pool,
    pub(super) scale: f32,
    pub(super) offset: f32,
}

impl Cells {
    fn new(at: &StageAt, norm: &Norm) -> Self {
        let (scale, offset) = (norm.scale, norm.offset);
        Self {
            before: at.output,
            after: at.pooled,
            pool: at.pool,
            scale,
            offset,
        }
    }
}

/// Gives the pooled planes of all samples, and writes the shard's mean and variance of each channel into `statistics`.
pub(super) fn forward(
    level: Level,
    at: &StageAt,
    values: &[f32],
    input: Vec<f32>,
    statistics: &mut [f32],
) -> (Vec<f32>, Trace) {
    let samples = input.len() / at.input.len();
    let weights = Packed::forward(
        &values[at.weight.clone()],
        at.input.channels,
        at.output.channels,
    );
    let mut product = vec![0.0; samples * at.output.len()];
    let mut padded = Padded::default();
    for (input, product) in input
        .chunks_exact(at.input.len())
        .zip(product.chunks_exact_mut(at.output.len()))
    {
        padded.fill(input, at.input.rows, at.input.cols);
        convolve(level, &padded, &weights, None, false, product);
    }
    let norms = norms(level, at, values, &product, statistics);
    let mut pooled = vec![0.0; samples * at.pooled.len()];
    for (product, pooled) in product
        .chunks_exact(at.output.len())
        .zip(pooled.chunks_exact_mut(at.pooled.len()))
    {
        for (channel, norm) in norms.iter().enumerate() {
            let from = plane(product, at.output, channel);
            let to = plane_mut(pooled, at.pooled, channel);
            dispatch!(level, simd => rectify_and_pool(simd, Cells::new(at, norm), from, to));
        }
    }
    (
        pooled,
        Trace {
            input,
            product,
            norms,
        },
    )
}

fn norms(
    level: Level,
    at: &StageAt,
    values: &[f32],
    product: &[f32],
    statistics: &mut [f32],
) -> Vec<Norm> {
    let samples = product.len() / at.output.len();
    let count = (samples * at.output.rows * at.output.cols) as f64;
    (0..at.output.channels)
        .map(|channel| {
            let planes = || {
                product
                    .chunks_exact(at.output.len())
                    .map(|p| plane(p, at.output, channel))
            };
            let mean = (planes()
                .map(|plane| dispatch!(level, simd => sum(simd, plane, |x| x)))
                .sum::<f64>()
                / count) as f32;
            let variance = (planes()
                .map(
                    |plane| dispatch!(level, simd => sum(simd, plane, |x| (x - mean) * (x - mean))),
                )
                .sum::<f64>()
                / count) as f32;
            statistics[at.mean.start + channel] = mean;
            statistics[at.variance.start + channel] = variance;
            let inverse_deviation = 1.0 / (variance + EPSILON).sqrt();
            let scale = values[at.gain.start + channel] * inverse_deviation;
            let offset = values[at.shift.start + channel] - mean * scale;
            Norm {
                mean,
                inverse_deviation,
                scale,
                offset,
            }
        })
        .collect()
}

/// From the gradient of the pooled planes to that of the stage's numbers, added to `gradient`, and that of its input.
pub(super) fn backward(
    level: Level,
    at: &StageAt,
    values: &[f32],
    trace: Trace,
    pooled_gradient: &[f32],
    gradient: &mut [f32],
    wants_input: bool,
) -> Vec<f32> {
    let Trace {
        mut input,
        mut product,
        norms,
    } = trace;
    let count = (input.len() / at.input.len() * at.output.rows * at.output.cols) as f32;
    // Per channel: the sum of the gradient, and of its product with the normalised value.
    let mut sums = vec![(0.0_f64, 0.0_f64); norms.len()];
    let mut slopes = vec![0.0; product.len()];
    for ((product, pooled), slopes) in product
        .chunks_exact(at.output.len())
        .zip(pooled_gradient.chunks_exact(at.pooled.len()))
        .zip(slopes.chunks_exact_mut(at.output.len()))
    {
        for (channel, (norm, sums)) in norms.iter().zip(&mut sums).enumerate() {
            let from = plane(product, at.output, channel);
            let pooled = plane(pooled, at.pooled, channel);
            let slope = plane_mut(slopes, at.output, channel);
            dispatch!(level, simd => unpool(simd, Cells::new(at, norm), from, pooled, slope));
            sums.0 += dispatch!(level, simd => sum(simd, slope, |x| x));
            sums.1 += dispatch!(level, simd => sum_of_products(simd, slope, from, norm.mean));
        }
    }
    for (channel, (norm, sums)) in norms.iter().zip(&sums).enumerate() {
        let scaled = sums.1 as f32 * norm.inverse_deviation;
        gradient[at.shift.start + channel] += sums.0 as f32;
        gradient[at.gain.start + channel] += scaled;
        // d product = scale * (slope - mean slope - normalised * mean(slope * normalised))
        let along = norm.scale * scaled * norm.inverse_deviation / count;
        let level_out = norm.scale * sums.0 as f32 / count;
        for (product, slopes) in product
            .chunks_exact_mut(at.output.len())
            .zip(slopes.chunks_exact(at.output.len()))
        {
            let product = plane_mut(product, at.output, channel);
            let slopes = plane(slopes, at.output, channel);
            dispatch!(level, simd => spread(simd, product, slopes, norm, along, level_out));
        }
    }
    let (inputs, outputs) = (at.input.channels, at.output.channels);
    let mut padded = Padded::default();
    let mut weight_gradient = WeightGradient::new(inputs, outputs);
    for (input, product) in input
        .chunks_exact(at.input.len())
        .zip(product.chunks_exact(at.output.len()))
    {
        padded.fill(input, at.input.rows, at.input.cols);
        weight_gradient.add(level, &padded, product);
    }
    weight_gradient.write(&mut gradient[at.weight.clone()]);
    if !wants_input {
        return Vec::new();
    }
    let weights = Packed::backward(&values[at.weight.clone()], inputs, outputs);
    let mut padded = Padded::default();
    for (input, product) in input
        .chunks_exact_mut(at.input.len())
        .zip(product.chunks_exact(at.output.len()))
    {
        padded.fill(product, at.output.rows, at.output.cols);
        convolve(level, &padded, &weights, None, false, input);
    }
    input
}

fn plane(planes: &[f32], size: Size, channel: usize) -> &[f32] {
    let len = size.rows * size.cols;
    &planes[channel * len..(channel + 1) * len]
}

fn plane_mut(planes: &mut [f32], size: Size, channel: usize) -> &mut [f32] {
    let len = size.rows * size.cols;
    &mut planes[channel * len..(channel + 1) * len]
}

/// Sixteen sums side by side, so that the compiler may use vectors.
#[inline(always)]
fn sum<S: Simd>(_: S, values: &[f32], of: impl Fn(f32) -> f32) -> f64 {
    let mut lanes = [0.0_f32; 16];
    let (chunks, rest) = values.as_chunks::<16>();
    for at in 0..chunks.len() {
        for i in 0..16 {
            lanes[i] += of(chunks[at][i]);
        }
    }
    let rest: f32 = rest.iter().map(|x| of(*x)).sum();
    lanes.iter().map(|lane| f64::from(*lane)).sum::<f64>() + f64::from(rest)
}

/// The sum of `slope * (value - mean)`.
#[inline(always)]
fn sum_of_products<S: Simd>(_: S, slopes: &[f32], values: &[f32], mean: f32) -> f64 {
    let mut lanes = [0.0_f32; 16];
    let (slopes, rest) = slopes.as_chunks::<16>();
    let (values, other) = values.as_chunks::<16>();
    for at in 0..slopes.len() {
        for i in 0..16 {
            lanes[i] += slopes[at][i] * (values[at][i] - mean);
        }
    }
    let rest: f32 = rest
        .iter()
        .zip(other)
        .map(|(slope, value)| slope * (value - mean))
        .sum();
    lanes.iter().map(|lane| f64::from(*lane)).sum::<f64>() + f64::from(rest)
}

/// Turns what the convolution gave into its gradient.
#[inline(always)]
fn spread<S: Simd>(
    _: S,
    product: &mut [f32],
    slopes: &[f32],
    norm: &Norm,
    along: f32,
    level_out: f32,
) {
    let Norm { scale, mean, .. } = *norm;
    let slopes = &slopes[..product.len()];
    for at in 0..product.len() {
        product[at] = scale * slopes[at] - level_out - along * (product[at] - mean);
    }
}

/// Scale, cut below zero, and pool. Rows and columns that fill no cell are left out.
#[inline(always)]
pub(super) fn rectify_and_pool<S: Simd>(_: S, cells: Cells, from: &[f32], to: &mut [f32]) {
    let Cells {
        before: size,
        after: pooled,
        pool,
        scale,
        offset,
    } = cells;
    let mut best = [0.0_f32; 512];
    let wide = pooled.cols * pool.cols;
    let share = 1.0 / (pool.rows * pool.cols) as f32;
    for (band, to) in from
        .chunks_exact(size.cols * pool.rows)
        .zip(to.chunks_exact_mut(pooled.cols))
    {
        for start in (0..wide).step_by(512 / pool.cols * pool.cols) {
            let width = (512 / pool.cols * pool.cols).min(wide - start);
            let best = &mut best[..width];
            best.fill(0.0);
            for row in band.chunks_exact(size.cols) {
                let row = &row[start..start + width];
                match pool.kind {
                    Pooling::Max => {
                        for col in 0..width {
                            best[col] = best[col].max(row[col] * scale + offset);
                        }
                    }
                    Pooling::Mean => {
                        for col in 0..width {
                            best[col] += (row[col] * scale + offset).max(0.0);
                        }
                    }
                }
            }
            let to = &mut to[start / pool.cols..][..width / pool.cols];
            match (pool.kind, pool.cols) {
                (Pooling::Max, 1) => to.copy_from_slice(best),
                (Pooling::Max, 2) => {
                    let best = &best[..2 * to.len()];
                    for col in 0..to.len() {
                        to[col] = best[2 * col].max(best[2 * col + 1]);
                    }
                }
                (Pooling::Max, cols) => {
                    for (to, cell) in to.iter_mut().zip(best.chunks_exact(cols)) {
                        *to = cell.iter().fold(0.0, |a, b| b.max(a));
                    }
                }
                (Pooling::Mean, 2) => {
                    let best = &best[..2 * to.len()];
                    for col in 0..to.len() {
                        to[col] = (best[2 * col] + best[2 * col + 1]) * share;
                    }
                }
                (Pooling::Mean, cols) => {
                    for (to, cell) in to.iter_mut().zip(best.chunks_exact(cols)) {
                        *to = cell.iter().sum::<f32>() * share;
                    }
                }
            }
        }
    }
}

/// The way back through pooling and rectifier: for each value before them, the gradient.
#[inline(always)]
fn unpool<S: Simd>(_: S, cells: Cells, from: &[f32], pooled_gradient: &[f32], slope: &mut [f32]) {
    let Cells {
        before: size,
        after: pooled,
        pool,
        scale,
        offset,
    } = cells;
    slope.fill(0.0);
    let share = 1.0 / (pool.rows * pool.cols) as f32;
    let bands = from.chunks_exact(size.cols * pool.rows);
    let slopes = slope.chunks_exact_mut(size.cols * pool.rows);
    for ((band, slopes), gradient) in bands
        .zip(slopes)
        .zip(pooled_gradient.chunks_exact(pooled.cols))
    {
        match pool.kind {
            Pooling::Mean => {
                for (row, slopes) in band
                    .chunks_exact(size.cols)
                    .zip(slopes.chunks_exact_mut(size.cols))
                {
                    if pool.cols == 2 {
                        let (row, slopes) = (
                            &row[..2 * gradient.len()],
                            &mut slopes[..2 * gradient.len()],
                        );
                        for col in 0..gradient.len() {
                            let gradient = gradient[col] * share;
                            for at in [2 * col, 2 * col + 1] {
                                slopes[at] = if row[at] * scale + offset > 0.0 {
                                    gradient
                                } else {
                                    0.0
                                };
                            }
                        }
                    } else {
                        for ((values, slopes), gradient) in row
                            .chunks_exact(pool.cols)
                            .zip(slopes.chunks_exact_mut(pool.cols))
                            .zip(gradient)
                        {
                            for (value, slope) in values.iter().zip(slopes) {
                                *slope = if value * scale + offset > 0.0 {
                                    gradient * share
                                } else {
                                    0.0
                                };
                            }
                        }
                    }
                }
            }
            Pooling::Max => {
                for (col, gradient) in gradient.iter().enumerate() {
                    let mut best = (0.0, None);
                    for row in 0..pool.rows {
                        for x in col * pool.cols..(col + 1) * pool.cols {
                            let value = band[row * size.cols + x] * scale + offset;
                            if value > best.0 {
                                best = (value, Some(row * size.cols + x));
                            }
                        }
                    }
                    if let Some(at) = best.1 {
                        slopes[at] = *gradient;
                    }
                }
            }
        }
    }
}
