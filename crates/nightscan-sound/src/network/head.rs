//! From the last planes to classes: pooling over the whole picture, dropout, linear heads, softmax and its loss.

use super::{HeadAt, Size};
use crate::chance::Chance;

/// Per channel, what the way back needs: the frame of the maximum.
pub(super) struct Peaks(Vec<usize>);

/// Means over frequency; of them, over time, the mean and the maximum: `[means][maxima]`.
pub(super) fn features(planes: &[f32], size: Size, out: &mut [f32]) -> Peaks {
    let (means, maxima) = out.split_at_mut(size.channels);
    let mut frames = vec![0.0; size.cols];
    let mut peaks = Vec::with_capacity(size.channels);
    for ((plane, mean), maximum) in planes
        .chunks_exact(size.rows * size.cols)
        .zip(means)
        .zip(maxima)
    {
        frames.fill(0.0);
        for row in plane.chunks_exact(size.cols) {
            for (frame, value) in frames.iter_mut().zip(row) {
                *frame += value / size.rows as f32;
            }
        }
        *mean = frames.iter().sum::<f32>() / size.cols as f32;
        let mut peak = 0;
        for (col, frame) in frames.iter().enumerate() {
            if *frame > frames[peak] {
                peak = col;
            }
        }
        *maximum = frames[peak];
        peaks.push(peak);
    }
    Peaks(peaks)
}

/// The gradient of the planes from that of the features.
pub(super) fn features_backward(gradient: &[f32], peaks: &Peaks, size: Size, out: &mut [f32]) {
    let (means, maxima) = gradient.split_at(size.channels);
    let area = (size.rows * size.cols) as f32;
    for (channel, plane) in out.chunks_exact_mut(size.rows * size.cols).enumerate() {
        plane.fill(means[channel] / area);
        for row in plane.chunks_exact_mut(size.cols) {
            row[peaks.0[channel]] += maxima[channel] / size.rows as f32;
        }
    }
}

/// Sets features to zero with probability `rate`, enlarges the others, and gives the factors.
pub(super) fn drop_out(features: &mut [f32], rate: f32, chance: &mut Chance) -> Vec<f32> {
    let kept = 1.0 / (1.0 - rate);
    let factors: Vec<f32> = features
        .iter()
        .map(|_| if chance.unit() < rate { 0.0 } else { kept })
        .collect();
    for (feature, factor) in features.iter_mut().zip(&factors) {
        *feature *= factor;
    }
    factors
}

/// `weight * features + bias`.
pub(super) fn linear(at: &HeadAt, values: &[f32], features: &[f32], out: &mut [f32]) {
    let weights = values[at.weight.clone()].chunks_exact(at.features);
    for ((out, weights), bias) in out.iter_mut().zip(weights).zip(&values[at.bias.clone()]) {
        *out = bias
            + weights
                .iter()
                .zip(features)
                .map(|(w, x)| w * x)
                .sum::<f32>();
    }
}

/// Adds the gradient of the head's numbers and that of its features.
pub(super) fn linear_backward(
    at: &HeadAt,
    values: &[f32],
    features: &[f32],
    slopes: &[f32],
    gradient: &mut [f32],
    feature_gradient: &mut [f32],
) {
    for (class, slope) in slopes.iter().enumerate() {
        gradient[at.bias.start + class] += slope;
        let from = at.weight.start + class * at.features;
        let weights = &values[from..from + at.features];
        for (index, gradient) in gradient[from..from + at.features].iter_mut().enumerate() {
            *gradient += slope * features[index];
            feature_gradient[index] += slope * weights[index];
        }
    }
}

/// Scores to probabilities.
pub(crate) fn softmax(scores: &mut [f32]) {
    let most = scores.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let mut sum = 0.0;
    for score in scores.iter_mut() {
        *score = (*score - most).exp();
        sum += *score;
    }
    for score in scores {
        *score /= sum;
    }
}

/// The cross entropy of soft targets; `scores` become its gradient.
pub(super) fn cross_entropy(scores: &mut [f32], targets: &[f32]) -> f32 {
    let most = scores.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let total = scores
        .iter()
        .map(|score| (score - most).exp())
        .sum::<f32>()
        .ln()
        + most;
    let mut loss = 0.0;
    let mass: f32 = targets.iter().sum();
    for (score, target) in scores.iter_mut().zip(targets) {
        loss += target * (total - *score);
        *score = (*score - total).exp() * mass - target;
    }
    loss
}
