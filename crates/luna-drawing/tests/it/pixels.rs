//! Grey pictures of marks, and the perceptual hash over them.

use luna_drawing::drawing::Drawing;
use luna_drawing::emotion::Emotion;
use luna_drawing::family::{Detail, Family};
use luna_drawing::mark::Mark;
use luna_drawing::picture::Rgb;
use luna_drawing::raster::paint;
use luna_drawing::stream::Seed;
use tiny_skia::{Color, Pixmap};

/// The mark that the measures look at; a monogram's letter goes through the alphabet.
pub(crate) fn mark(seed: u64, family: Family, emotion: Emotion) -> Mark {
    let initial = char::from(b'A' + (seed % 26) as u8);
    Mark {
        seed: Seed(seed),
        family,
        emotion,
        initial,
    }
}

/// Grey on white, `size` x `size`, one byte a pixel. The inks are the same for each emotion, so
/// that only shape counts.
pub(crate) fn grey(drawing: &Drawing, size: u32) -> Vec<u8> {
    let mut pixmap = Pixmap::new(size, size).unwrap();
    pixmap.fill(Color::WHITE);
    paint(
        &mut pixmap.as_mut(),
        drawing,
        Rgb(64, 64, 64),
        Rgb(128, 128, 128),
        0.0,
        0.0,
        size as f32,
    );
    pixmap.pixels().iter().map(|p| p.red()).collect()
}

/// 64 bits: 256 px averaged to 32x32, DCT-II, the lowest 8x8 coefficients against their median.
pub(crate) fn perceptual_hash(drawing: &Drawing) -> u64 {
    let big = grey(drawing, 256);
    let mut small = [[0.0_f64; 32]; 32];
    for (i, value) in big.iter().enumerate() {
        small[i / 256 / 8][i % 256 / 8] += f64::from(*value) / 64.0;
    }
    let cosine: Vec<[f64; 32]> = (0..8)
        .map(|k| {
            std::array::from_fn(|n| {
                (std::f64::consts::PI / 32.0 * (n as f64 + 0.5) * f64::from(k)).cos()
            })
        })
        .collect();
    let rows: Vec<[f64; 8]> = small
        .iter()
        .map(|row| std::array::from_fn(|u| (0..32).map(|x| row[x] * cosine[u][x]).sum()))
        .collect();
    let mut low = [0.0; 64];
    for v in 0..8 {
        for u in 0..8 {
            low[v * 8 + u] = (0..32).map(|y| rows[y][u] * cosine[v][y]).sum();
        }
    }
    let mut sorted = low;
    sorted.sort_by(f64::total_cmp);
    let median = f64::midpoint(sorted[31], sorted[32]);
    low.iter().enumerate().fold(0, |hash, (i, value)| {
        hash | (u64::from(*value > median) << i)
    })
}

/// The hashes of seeds 0 to `count` - 1.
pub(crate) fn hashes(family: Family, emotion: Emotion, count: u64) -> Vec<u64> {
    (0..count)
        .map(|seed| perceptual_hash(&mark(seed, family, emotion).drawing(Detail::Full)))
        .collect()
}

/// Median Hamming distance of hashes paired by seed.
pub(crate) fn paired_median(a: &[u64], b: &[u64]) -> u32 {
    let mut distances: Vec<u32> = a.iter().zip(b).map(|(a, b)| (a ^ b).count_ones()).collect();
    distances.sort_unstable();
    distances[distances.len() / 2]
}
