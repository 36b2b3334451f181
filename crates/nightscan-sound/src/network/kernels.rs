//! The 3x3 convolution and its two gradients, as implicit matrix products: a padded plane is read in place, at nine
//! offsets, so no column matrix is written. Vectors are as wide as the processor has them.
//!
//! `docs/nightscan/experiments.md` compares this with im2col over two matrix libraries.

#![expect(
    clippy::inline_always,
    reason = "what `dispatch!` calls has the processor's vectors only where it is inlined"
)]
#![expect(
    clippy::needless_range_loop,
    reason = "a closure that is not inlined loses the vectors"
)]

use fearless_simd::{Level, Simd, dispatch, prelude::*};

/// Output channels computed together: with two vectors of columns, 16 sums stay in registers.
pub(super) const BLOCK: usize = 8;

/// Columns are padded to this, the widest vector.
const LANES: usize = 16;

/// Output channels of a weight gradient that are summed together.
const TILE: usize = 2 * LANES;

/// Planes with a border of zeros: one row above and below, one column left, at least one right.
#[derive(Default)]
pub(super) struct Padded {
    data: Vec<f32>,
    rows: usize,
    cols: usize,
    stride: usize,
    plane: usize,
}

impl Padded {
    /// Copies `channels` planes of `rows` times `cols` values.
    pub(super) fn fill(&mut self, source: &[f32], rows: usize, cols: usize) {
        let stride = cols.next_multiple_of(LANES) + 2;
        let plane = (rows + 2) * stride;
        let channels = source.len() / (rows * cols);
        // A tile reads two vectors past the last column: into the next row, and here past the last.
        let len = channels * plane + 2 * LANES;
        if (self.rows, self.cols) != (rows, cols) || self.data.len() < len {
            self.data.clear();
            self.data.resize(len, 0.0);
            (self.rows, self.cols, self.stride, self.plane) = (rows, cols, stride, plane);
        }
        for (plane, source) in self
            .data
            .chunks_mut(plane)
            .zip(source.chunks_exact(rows * cols))
        {
            for (row, source) in plane
                .chunks_mut(stride)
                .skip(1)
                .zip(source.chunks_exact(cols))
            {
                row[1..=cols].copy_from_slice(source);
            }
        }
    }
}

/// Weights in the order in which a block of output channels reads them: `[block][in, row, column][channel of the block]`.
#[derive(Clone)]
pub(super) struct Packed {
    data: Vec<f32>,
    inputs: usize,
    outputs: usize,
}

impl Packed {
    /// Of weights `[output][input][3][3]`.
    pub(super) fn forward(weights: &[f32], inputs: usize, outputs: usize) -> Self {
        Self::pack(inputs, outputs, |output, input, tap| {
            weights[(output * inputs + input) * 9 + tap]
        })
    }

    /// Of the same weights, to carry a gradient from outputs to inputs: mirrored, inputs and outputs exchanged.
    pub(super) fn backward(weights: &[f32], inputs: usize, outputs: usize) -> Self {
        Self::pack(outputs, inputs, |to, from, tap| {
            weights[(from * inputs + to) * 9 + 8 - tap]
        })
    }

    fn pack(inputs: usize, outputs: usize, weight: impl Fn(usize, usize, usize) -> f32) -> Self {
        let mut data = vec![0.0; outputs.div_ceil(BLOCK) * inputs * 9 * BLOCK];
        for output in 0..outputs {
            let block = output / BLOCK * inputs * 9;
            for input in 0..inputs {
                for tap in 0..9 {
                    data[(block + input * 9 + tap) * BLOCK + output % BLOCK] =
                        weight(output, input, tap);
                }
            }
        }
        Self {
            data,
            inputs,
            outputs,
        }
    }
}

/// `out[output][row][column] = bias + sum of weight * source`, below zero cut off when `rectify`.
pub(super) fn convolve(
    level: Level,
    source: &Padded,
    weights: &Packed,
    bias: Option<&[f32]>,
    rectify: bool,
    out: &mut [f32],
) {
    let mut padded_bias = vec![0.0; weights.outputs.next_multiple_of(BLOCK)];
    if let Some(bias) = bias {
        padded_bias[..bias.len()].copy_from_slice(bias);
    }
    let floor = if rectify { 0.0 } else { f32::NEG_INFINITY };
    dispatch!(level, simd => convolve_with(simd, source, weights, &padded_bias, floor, out));
}

#[inline(always)]
fn convolve_with<S: Simd>(
    simd: S,
    source: &Padded,
    weights: &Packed,
    bias: &[f32],
    floor: f32,
    out: &mut [f32],
) {
    let (rows, cols) = (source.rows, source.cols);
    let wide = 2 * S::f32s::LEN;
    let block_len = weights.inputs * 9 * BLOCK;
    for row in 0..rows {
        for col in (0..cols).step_by(wide) {
            let width = wide.min(cols - col);
            let origin = row * source.stride + col;
            for (block, (packed, bias)) in weights
                .data
                .chunks_exact(block_len)
                .zip(bias.chunks_exact(BLOCK))
                .enumerate()
            {
                let at = (block * BLOCK * rows + row) * cols + col;
                let mut place = Place {
                    out,
                    at,
                    plane: rows * cols,
                    width,
                    floor,
                };
                let left = weights.outputs - block * BLOCK;
                // Sixteen registers, as narrower vectors have them, hold half of the sums.
                let whole = S::f32s::LEN == LANES;
                if whole && width > S::f32s::LEN {
                    place.keep(
                        simd,
                        &tile::<S, 8, 2>(simd, source, origin, packed, 0, bias),
                        0,
                        left,
                    );
                } else if whole {
                    place.keep(
                        simd,
                        &tile::<S, 8, 1>(simd, source, origin, packed, 0, bias),
                        0,
                        left,
                    );
                } else {
                    for first in [0, BLOCK / 2] {
                        let sums = tile::<S, 4, 2>(simd, source, origin, packed, first, bias);
                        place.keep(simd, &sums, first, left);
                    }
                }
            }
        }
    }
}

/// Where a tile's sums go.
struct Place<'a> {
    out: &'a mut [f32],
    at: usize,
    plane: usize,
    width: usize,
    floor: f32,
}

impl Place<'_> {
    /// Writes the channels and the columns that exist.
    #[inline(always)]
    fn keep<S: Simd, const M: usize, const N: usize>(
        &mut self,
        simd: S,
        sums: &[[S::f32s; N]; M],
        first: usize,
        left: usize,
    ) {
        let lanes = S::f32s::LEN;
        let floor = S::f32s::splat(simd, self.floor);
        for m in 0..M {
            if first + m >= left {
                return;
            }
            let at = self.at + (first + m) * self.plane;
            let out = &mut self.out[at..at + self.width];
            for (n, out) in out.chunks_mut(lanes).enumerate() {
                if out.len() == lanes {
                    sums[m][n].max(floor).store_slice(out);
                } else {
                    let mut tail = [0.0; LANES];
                    sums[m][n].max(floor).store_slice(&mut tail[..lanes]);
                    out.copy_from_slice(&tail[..out.len()]);
                }
            }
        }
    }
}

/// The sums of `M` output channels, from `first` of their block, over `N` vectors of columns.
#[inline(always)]
fn tile<S: Simd, const M: usize, const N: usize>(
    simd: S,
    source: &Padded,
    origin: usize,
    packed: &[f32],
    first: usize,
    bias: &[f32],
) -> [[S::f32s; N]; M] {
    let lanes = S::f32s::LEN;
    // Loops and no closures: a closure that is not inlined loses the processor's features.
    let mut sums = [[S::f32s::splat(simd, 0.0); N]; M];
    for m in 0..M {
        sums[m] = [S::f32s::splat(simd, bias[first + m]); N];
    }
    for (input, taps) in packed.chunks_exact(9 * BLOCK).enumerate() {
        let corner = input * source.plane + origin;
        for (y, taps) in taps.chunks_exact(3 * BLOCK).enumerate() {
            let row = &source.data[corner + y * source.stride..][..N * lanes + 2];
            for (x, taps) in taps.chunks_exact(BLOCK).enumerate() {
                let mut values = [S::f32s::splat(simd, 0.0); N];
                for n in 0..N {
                    values[n] = S::f32s::from_slice(simd, &row[x + n * lanes..x + (n + 1) * lanes]);
                }
                for m in 0..M {
                    let weight = S::f32s::splat(simd, taps[first + m]);
                    for n in 0..N {
                        sums[m][n] = weight.mul_add(values[n], sums[m][n]);
                    }
                }
            }
        }
    }
    sums
}

/// What samples say about the weights, summed over them: `[tile][input][3][3][output of the tile]`.
pub(super) struct WeightGradient {
    data: Vec<f32>,
    inputs: usize,
    outputs: usize,
    /// One tile of an output's gradient: for each position, its output channels.
    turned: Vec<f32>,
}

impl WeightGradient {
    pub(super) fn new(inputs: usize, outputs: usize) -> Self {
        let data = vec![0.0; outputs.div_ceil(TILE) * inputs * 9 * TILE];
        Self {
            data,
            inputs,
            outputs,
            turned: Vec::new(),
        }
    }

    /// Adds one sample.
    pub(super) fn add(&mut self, level: Level, source: &Padded, output_gradient: &[f32]) {
        let positions = source.rows * source.cols;
        self.turned.resize(positions * TILE, 0.0);
        let tiles = self.data.chunks_exact_mut(self.inputs * 9 * TILE);
        for (sums, planes) in tiles.zip(output_gradient.chunks(TILE * positions)) {
            let outputs = planes.len() / positions;
            turn(planes, positions, &mut self.turned);
            let turned = &self.turned[..];
            dispatch!(level, simd => correlate_with(simd, source, turned, outputs, sums));
        }
    }

    /// Adds the sums to `gradient[output][input][3][3]`.
    pub(super) fn write(&self, gradient: &mut [f32]) {
        let taps = self.inputs * 9;
        for (output, gradient) in gradient
            .chunks_exact_mut(taps)
            .enumerate()
            .take(self.outputs)
        {
            let tile = &self.data[output / TILE * taps * TILE..];
            for (tap, gradient) in gradient.iter_mut().enumerate() {
                *gradient += tile[tap * TILE + output % TILE];
            }
        }
    }
}

/// Planes to positions: `[channel][position]` to `[position][channel of a tile]`.
fn turn(planes: &[f32], positions: usize, turned: &mut [f32]) {
    for (block, turned) in turned.chunks_mut(LANES * TILE).enumerate() {
        let from = block * LANES;
        for (channel, plane) in planes.chunks_exact(positions).enumerate() {
            let values = &plane[from..positions.min(from + LANES)];
            for (position, value) in values.iter().enumerate() {
                turned[position * TILE + channel] = *value;
            }
        }
    }
}

#[inline(always)]
fn correlate_with<S: Simd>(
    simd: S,
    source: &Padded,
    turned: &[f32],
    outputs: usize,
    sums: &mut [f32],
) {
    for (input, sums) in sums.chunks_exact_mut(9 * TILE).enumerate() {
        let plane = &source.data[input * source.plane..][..source.plane];
        let mut first = 0;
        while first < outputs {
            // Eighteen sums need the thirty-two registers that come with the widest vectors.
            if S::f32s::LEN == LANES && outputs - first > LANES {
                correlate::<S, 2>(simd, source, plane, turned, first, sums);
                first += 2 * S::f32s::LEN;
            } else {
                correlate::<S, 1>(simd, source, plane, turned, first, sums);
                first += S::f32s::LEN;
            }
        }
    }
}

/// Adds the nine taps of one input plane, for `V` vectors of output channels.
#[inline(always)]
fn correlate<S: Simd, const V: usize>(
    simd: S,
    source: &Padded,
    plane: &[f32],
    turned: &[f32],
    first: usize,
    sums: &mut [f32],
) {
    let lanes = S::f32s::LEN;
    let mut taps = [[S::f32s::splat(simd, 0.0); V]; 9];
    let (stride, cols) = (source.stride, source.cols);
    for (row, slopes) in turned
        .chunks_exact(cols * TILE)
        .take(source.rows)
        .enumerate()
    {
        let near = [0, 1, 2].map(|y| &plane[(row + y) * stride..][..cols + 2]);
        for (col, slopes) in slopes.chunks_exact(TILE).enumerate() {
            let mut steep = [S::f32s::splat(simd, 0.0); V];
            for v in 0..V {
                let at = first + v * lanes;
                steep[v] = S::f32s::from_slice(simd, &slopes[at..at + lanes]);
            }
            for y in 0..3 {
                let values = &near[y][col..col + 3];
                for x in 0..3 {
                    let value = S::f32s::splat(simd, values[x]);
                    for v in 0..V {
                        taps[y * 3 + x][v] = value.mul_add(steep[v], taps[y * 3 + x][v]);
                    }
                }
            }
        }
    }
    for (tap, sums) in taps.iter().zip(sums.chunks_exact_mut(TILE)) {
        for (v, tap) in tap.iter().enumerate() {
            let sums = &mut sums[first + v * lanes..first + (v + 1) * lanes];
            (S::f32s::from_slice(simd, sums) + *tap).store_slice(sums);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chance::Chance;

    /// Channels, outputs, rows and columns that fill no block, no tile and no vector, and some that do.
    const SIZES: [(usize, usize, usize, usize); 5] = [
        (1, 1, 1, 1),
        (2, 3, 4, 5),
        (3, 8, 2, 33),
        (5, 33, 3, 16),
        (4, 40, 5, 70),
    ];

    fn random(len: usize, chance: &mut Chance) -> Vec<f32> {
        (0..len).map(|_| chance.normal()).collect()
    }

    /// For each output, input, tap, row and column: calls with the indexes of weight, source and output.
    fn each(
        (inputs, outputs, rows, cols): (usize, usize, usize, usize),
        mut with: impl FnMut(usize, usize, usize),
    ) {
        for output in 0..outputs {
            for input in 0..inputs {
                for (tap, row, col) in places(rows, cols) {
                    let (y, x) = (row + tap / 3, col + tap % 3);
                    if (1..=rows).contains(&y) && (1..=cols).contains(&x) {
                        let weight = (output * inputs + input) * 9 + tap;
                        let source = (input * rows + y - 1) * cols + x - 1;
                        with(weight, source, (output * rows + row) * cols + col);
                    }
                }
            }
        }
    }

    fn places(rows: usize, cols: usize) -> impl Iterator<Item = (usize, usize, usize)> {
        (0..9).flat_map(move |tap| (0..rows * cols).map(move |at| (tap, at / cols, at % cols)))
    }

    fn assert_close(left: &[f32], right: &[f32]) {
        assert_eq!(left.len(), right.len());
        for (left, right) in left.iter().zip(right) {
            assert!(
                (left - right).abs() < 1e-3 * (1.0 + right.abs()),
                "{left} is not {right}"
            );
        }
    }

    #[test]
    fn convolution_is_the_sum_that_defines_it() {
        let mut chance = Chance::new(1);
        for size in SIZES {
            let (inputs, outputs, rows, cols) = size;
            let source = random(inputs * rows * cols, &mut chance);
            let weights = random(outputs * inputs * 9, &mut chance);
            let bias = random(outputs, &mut chance);
            let mut expected: Vec<f32> = (0..outputs * rows * cols)
                .map(|at| bias[at / (rows * cols)])
                .collect();
            each(size, |w, s, o| expected[o] += weights[w] * source[s]);
            let mut padded = Padded::default();
            padded.fill(&source, rows, cols);
            for level in [Level::new(), Level::baseline()] {
                let packed = Packed::forward(&weights, inputs, outputs);
                let mut out = vec![f32::NAN; expected.len()];
                convolve(level, &padded, &packed, Some(&bias), false, &mut out);
                assert_close(&out, &expected);
                convolve(level, &padded, &packed, Some(&bias), true, &mut out);
                assert!(out.iter().all(|value| *value >= 0.0));
            }
        }
    }

    #[test]
    fn both_gradients_are_the_sums_that_define_them() {
        let mut chance = Chance::new(2);
        for size in SIZES {
            let (inputs, outputs, rows, cols) = size;
            let source = random(inputs * rows * cols, &mut chance);
            let weights = random(outputs * inputs * 9, &mut chance);
            let slopes = random(outputs * rows * cols, &mut chance);
            let mut of_weights = vec![0.0; weights.len()];
            let mut of_source = vec![0.0; source.len()];
            each(size, |w, s, o| {
                of_weights[w] += source[s] * slopes[o];
                of_source[s] += weights[w] * slopes[o];
            });
            for level in [Level::new(), Level::baseline()] {
                let mut padded = Padded::default();
                padded.fill(&source, rows, cols);
                let mut gradient = WeightGradient::new(inputs, outputs);
                gradient.add(level, &padded, &slopes);
                let mut out = vec![0.0; weights.len()];
                gradient.write(&mut out);
                assert_close(&out, &of_weights);

                let packed = Packed::backward(&weights, inputs, outputs);
                let mut padded = Padded::default();
                padded.fill(&slopes, rows, cols);
                let mut out = vec![0.0; source.len()];
                convolve(level, &padded, &packed, None, false, &mut out);
                assert_close(&out, &of_source);
            }
        }
    }

    #[test]
    fn padding_that_is_used_again_keeps_its_border() {
        let mut padded = Padded::default();
        padded.fill(&[1.0; 12], 2, 3);
        padded.fill(&[2.0; 6], 2, 3);
        let row = |y: usize| &padded.data[y * padded.stride..][..padded.stride];
        assert!(row(0).iter().all(|value| *value == 0.0));
        assert_eq!(row(1)[..5], [0.0, 2.0, 2.0, 2.0, 0.0]);
        assert!(row(3).iter().all(|value| *value == 0.0));
    }
}
