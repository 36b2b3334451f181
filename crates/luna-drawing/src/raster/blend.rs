//! Coverage of two or three inks, blended into a palette and indices.

use crate::picture::{Colours, Rgb};

/// Steps of coverage kept for each ink: more than the scan converter's four by four samples a
/// pixel need, and few enough that three inks and the mixed pixels between them fit 256 colours.
const STEPS: usize = 64;

/// Collects the inks of a picture as indices.
pub(super) struct Blend {
    palette: Vec<[u8; 4]>,
    indices: Vec<u8>,
}

impl Blend {
    pub(super) fn new(colours: Colours, count: usize) -> Self {
        let Rgb(r, g, b) = colours.ground;
        let ground = if colours.paint_ground {
            [r, g, b, 255]
        } else {
            // Invisible, and the most usual colour under a viewer that ignores alpha.
            [255, 255, 255, 0]
        };
        let mut palette = Vec::with_capacity(256);
        palette.push(ground);
        Self {
            palette,
            indices: vec![0; count],
        }
    }

    /// Lays one ink over what is there. A colour enters the palette with its first pixel, so that
    /// no pass over the picture has to find the unused ones.
    pub(super) fn ink(&mut self, coverage: &[u8], Rgb(r, g, b): Rgb) {
        const CHUNK: usize = 16;
        let ground = self.palette[0];
        let mut ramp = [None; STEPS];
        for (at, covers) in coverage.chunks(CHUNK).enumerate() {
            if covers.iter().all(|c| *c == 0) {
                continue;
            }
            let start = at * CHUNK;
            let even = covers.iter().all(|c| *c == covers[0]);
            let bare = self.indices[start..start + covers.len()]
                .iter()
                .all(|i| *i == 0);
            if even && bare {
                let step = step(covers[0]);
                let index = *ramp[step]
                    .get_or_insert_with(|| self.colour(over([r, g, b], alpha(step), ground)));
                self.indices[start..start + covers.len()].fill(index);
                continue;
            }
            for (i, cover) in (start..).zip(covers) {
                let step = step(*cover);
                if step == 0 {
                    continue;
                }
                let below = self.indices[i];
                self.indices[i] = if below == 0 {
                    *ramp[step]
                        .get_or_insert_with(|| self.colour(over([r, g, b], alpha(step), ground)))
                } else {
                    // Two inks in one pixel: only where a gap is narrower than a pixel.
                    let below = self.palette[usize::from(below)];
                    self.colour(over([r, g, b], alpha(step), below))
                };
            }
        }
    }

    /// The palette, and one index a pixel.
    pub(super) fn finish(self) -> (Vec<[u8; 4]>, Vec<u8>) {
        (self.palette, self.indices)
    }

    /// The index of a colour, which is added where it is new; a full palette gives its nearest.
    fn colour(&mut self, colour: [u8; 4]) -> u8 {
        if let Some(at) = self.palette.iter().position(|known| *known == colour) {
            return at as u8;
        }
        if self.palette.len() < 256 {
            self.palette.push(colour);
            return (self.palette.len() - 1) as u8;
        }
        let distance = |known: &[u8; 4]| -> u32 {
            (0..4)
                .map(|i| u32::from(known[i].abs_diff(colour[i])).pow(2))
                .sum()
        };
        let nearest = (0..256).min_by_key(|at| distance(&self.palette[*at]));
        nearest.unwrap_or(0) as u8
    }
}

/// The step nearest to a coverage.
fn step(coverage: u8) -> usize {
    (usize::from(coverage) * (STEPS - 1) + 127) / 255
}

/// The alpha of a step: 0 for the first, 255 for the last.
fn alpha(step: usize) -> u8 {
    (step * 255 / (STEPS - 1)) as u8
}

/// `ink` with `alpha` over `below`, not premultiplied.
fn over(ink: [u8; 3], alpha: u8, below: [u8; 4]) -> [u8; 4] {
    let (a, b) = (u32::from(alpha), u32::from(below[3]));
    // Scaled by 255 * 255.
    let out = a * 255 + b * (255 - a);
    if out == 0 {
        return below;
    }
    let mix = |ink: u8, below: u8| {
        let sum = u32::from(ink) * a * 255 + u32::from(below) * b * (255 - a);
        ((sum + out / 2) / out) as u8
    };
    [
        mix(ink[0], below[0]),
        mix(ink[1], below[1]),
        mix(ink[2], below[2]),
        ((out + 127) / 255) as u8,
    ]
}
