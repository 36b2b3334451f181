//! Tessera: four tiles whose facing corners make a figure.
//!
//! Serenity: drops and discs. Power: triangles and cut squares. Mystery: quarter rings around wide
//! counters. Awakening: two pairs mirrored about the upward axis. Creative: four primitives, one
//! pushed out.

use std::f64::consts::FRAC_PI_2;

use super::parts_straight::{Pen, index};
use crate::drawing::{Drawing, Ink, Part};
use crate::emotion::Emotion;
use crate::family::{Detail, Parameter, Subject, Values};

/// Structural parameters.
pub const PARAMETERS: &[Parameter] = &[
    Parameter {
        name: "pattern",
        low: 0.0,
        high: 9.0,
        step: 1.0,
        unit: "count",
        what: "how the four tiles face each other",
    },
    Parameter {
        name: "mix",
        low: 0.0,
        high: 3.0,
        step: 1.0,
        unit: "count",
        what: "which kinds of tile meet",
    },
    Parameter {
        name: "accent",
        low: 0.0,
        high: 3.0,
        step: 1.0,
        unit: "count",
        what: "the tile in the second colour",
    },
    Parameter {
        name: "gap",
        low: 3.0,
        high: 5.0,
        step: 0.5,
        unit: "units",
        what: "space between the tiles",
    },
    Parameter {
        name: "side",
        low: 46.0,
        high: 52.0,
        step: 2.0,
        unit: "units",
        what: "side of the whole",
    },
    Parameter {
        name: "depth",
        low: 0.0,
        high: 1.0,
        step: 0.25,
        unit: "share",
        what: "how deep tiles are cut",
    },
];

/// Quarter turns of the four tiles (clockwise from the upper left) beyond "facing outwards".
const TURNS: [[u8; 4]; 10] = [
    [0, 0, 0, 0],
    [2, 2, 2, 2],
    [1, 1, 1, 1],
    [3, 3, 3, 3],
    [0, 2, 0, 2],
    [2, 0, 2, 0],
    [0, 0, 2, 2],
    [2, 2, 0, 0],
    [0, 2, 2, 0],
    [1, 3, 1, 3],
];

/// Awakening's upper pair: the left tile's form and turn; the right one mirrors it.
const UPPER: [(Tile, u8); 10] = [
    (Tile::Leaf, 0),
    (Tile::Quarter, 2),
    (Tile::Drop, 0),
    (Tile::Triangle, 2),
    (Tile::Quarter, 1),
    (Tile::Leaf, 1),
    (Tile::Quarter, 0),
    (Tile::Drop, 2),
    (Tile::Quarter, 3),
    (Tile::Drop, 3),
];

/// Its lower pair.
const LOWER: [(Tile, u8); 8] = [
    (Tile::Quarter, 2),
    (Tile::Leaf, 0),
    (Tile::Quarter, 0),
    (Tile::Drop, 1),
    (Tile::Leaf, 1),
    (Tile::Quarter, 1),
    (Tile::Drop, 2),
    (Tile::Quarter, 3),
];

/// How far the displaced tile moves along each axis, units.
const PUSH: f64 = 4.5;

/// A tile's form; each faces the upper left.
#[derive(Clone, Copy)]
enum Tile {
    /// A disc with one corner.
    Drop,
    Disc,
    /// A quarter disc around the upper left corner.
    Quarter,
    /// Round at two opposite corners.
    Leaf,
    /// Round on two neighbouring corners.
    Arch,
    Square,
    /// A right angle in the upper left corner.
    Triangle,
    /// A square without its lower right corner.
    Cut,
    /// A quarter ring around the upper left corner.
    Ring,
}

/// Draws the family.
pub fn draw(values: &Values, subject: Subject) -> Drawing {
    let [pattern, mix, accent, gap, side, depth, ..] = *values;
    let (pattern, mix, accent) = (index(pattern), index(mix), index(accent));
    let tiny = subject.detail == Detail::Tiny;
    let upward = subject.emotion == Emotion::Awakening;
    let pushed = subject.emotion == Emotion::Creative && !tiny;
    // Tiny: whole pixels; two of them between the tiles, since one would put the whole off centre.
    let (gap, side) = match subject.detail {
        Detail::Tiny => (8.0, 56.0),
        _ if pushed => (gap, side - 4.0),
        _ => (gap, side),
    };
    let half = (side - gap) / 4.0;
    let away = half + gap / 2.0;
    let accented = |i: usize| if upward { i < 2 } else { i == accent };

    let mut drawing = Drawing::new();
    let mut pen = Pen::new(&mut drawing);
    for ink in [Ink::Primary, Ink::Accent] {
        for i in (0..4).filter(|i| accented(*i) == (ink == Ink::Accent)) {
            let (right, down) = [(-1.0, -1.0), (1.0, -1.0), (1.0, 1.0), (-1.0, 1.0)][i];
            let push = if pushed && i == accent { PUSH } else { 0.0 };
            let (tile, turn) = if upward {
                let (tile, turn) = if i < 2 {
                    UPPER[pattern]
                } else {
                    LOWER[mix + 4 * (accent % 2)]
                };
                (
                    tile,
                    if i.is_multiple_of(2) {
                        turn
                    } else {
                        (4 - turn) % 4
                    },
                )
            } else {
                let tile = kind(subject.emotion, mix, pattern, i, i == accent);
                (tile, TURNS[pattern][i])
            };
            pen.at((away + push) * right, (away + push) * down)
                .turned(FRAC_PI_2 * f64::from((i as u8 + turn) % 4), false);
            contour(&mut pen, tile, half, depth, tiny);
        }
        let part = if ink == Ink::Accent {
            Part::Accent
        } else {
            Part::Body
        };
        pen.fill(ink, part);
    }
    drawing.gap(gap).limb(half);
    if subject.emotion == Emotion::Mystery {
        drawing.limb(thickness(half, depth, tiny));
    }
    drawing.settle(1.4);
    drawing
}

/// Which tile stands at place `i`.
fn kind(emotion: Emotion, mix: usize, pattern: usize, i: usize, accent: bool) -> Tile {
    let even = i.is_multiple_of(2);
    match (emotion, mix) {
        (Emotion::Serenity, 1) if even => Tile::Disc,
        (Emotion::Serenity, 2) if even => Tile::Leaf,
        (Emotion::Serenity, 3) | (Emotion::Mystery, 1) if accent => Tile::Disc,
        (Emotion::Serenity, 3) => Tile::Arch,
        (Emotion::Serenity, _) => Tile::Drop,
        (Emotion::Power, 1) if even => Tile::Square,
        (Emotion::Power, 2) => Tile::Cut,
        (Emotion::Power, 3) if accent => Tile::Square,
        (Emotion::Power, _) => Tile::Triangle,
        (Emotion::Mystery, 0) if accent => Tile::Quarter,
        (Emotion::Mystery, 2) if accent => Tile::Leaf,
        (Emotion::Mystery, _) => Tile::Ring,
        (Emotion::Awakening | Emotion::Creative, _) => {
            const CYCLE: [Tile; 4] = [Tile::Quarter, Tile::Disc, Tile::Triangle, Tile::Square];
            CYCLE[(i + mix + pattern / 3) % 4]
        }
    }
}

/// How thick a quarter ring is.
fn thickness(half: f64, depth: f64, tiny: bool) -> f64 {
    if tiny {
        10.0
    } else {
        half * (0.6 + 0.3 * depth)
    }
}

fn contour(pen: &mut Pen<'_>, tile: Tile, h: f64, depth: f64, tiny: bool) {
    let side = h * 2.0;
    match tile {
        Tile::Drop => pen.tile(h, [if tiny { 0.0 } else { 2.0 }, h, h, h]),
        Tile::Disc => pen.round((0.0, 0.0), h),
        Tile::Quarter => pen.tile(h, [0.0, 0.0, side, 0.0]),
        Tile::Leaf if tiny => pen.tile(h, [0.0, h, 0.0, h]),
        Tile::Leaf => pen.tile(h, [0.0, side, 0.0, side]),
        Tile::Arch => pen.tile(h, [2.0, h, h, 2.0]),
        Tile::Square => pen.tile(h, [0.0; 4]),
        Tile::Triangle => pen.polygon(&[(-h, -h), (h, -h), (-h, h)]),
        Tile::Cut => {
            let cut = if tiny { h } else { h * (0.7 + 0.5 * depth) };
            pen.polygon(&[(-h, -h), (h, -h), (h, h - cut), (h - cut, h), (-h, h)])
        }
        Tile::Ring => {
            let inner = side - thickness(h, depth, tiny);
            pen.go((h, -h))
                .arc((-h, -h), side, 0.0, FRAC_PI_2)
                .to((-h, inner - h))
                .arc((-h, -h), inner, FRAC_PI_2, -FRAC_PI_2)
                .close()
        }
    };
}
