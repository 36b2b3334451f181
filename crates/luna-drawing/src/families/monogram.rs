//! Monogram: an initial cut from a tile, and an accent for which the tile makes room.
//!
//! The letter is a hole: it shows whatever ground the mark stands on. Serenity: smooth tiles with a
//! bead. Power: straight tiles with a corner cut off. Mystery: a moon under eclipse, or a leaf.
//! Awakening: symmetric gates on a ground line, or a moon that rises from its shadow. Creative: tiles of mixed corners
//! with a primitive in the notch.

mod letter;
mod tiles;

use std::f64::consts::{FRAC_1_SQRT_2, FRAC_PI_2};

use self::letter::{Room, letter_in};
use super::parts_straight::{Pen, between, index};
use crate::drawing::{Drawing, Ink, Part};
use crate::emotion::Emotion;
use crate::family::{Detail, Parameter, Subject, Values};

/// Structural parameters.
pub const PARAMETERS: &[Parameter] = &[
    Parameter {
        name: "form",
        low: 0.0,
        high: 3.0,
        step: 1.0,
        unit: "count",
        what: "which tile",
    },
    Parameter {
        name: "corner",
        low: 0.0,
        high: 3.0,
        step: 1.0,
        unit: "count",
        what: "where the accent stands",
    },
    Parameter {
        name: "letter",
        low: 0.0,
        high: 1.0,
        step: 0.125,
        unit: "share",
        what: "size of the letter",
    },
    Parameter {
        name: "accent",
        low: 0.0,
        high: 1.0,
        step: 0.125,
        unit: "share",
        what: "size of the accent",
    },
    Parameter {
        name: "round",
        low: 0.0,
        high: 1.0,
        step: 0.125,
        unit: "share",
        what: "how round the corners are, or how deep they are cut",
    },
    Parameter {
        name: "side",
        low: 23.0,
        high: 25.5,
        step: 0.5,
        unit: "units",
        what: "half the side of square tiles",
    },
];

/// Stems of the built-in font, font units, taken low: over a letter's ink the median of the
/// shortest run through each point is 230 (`e`) to 303 (lambda); upright stems are 296 wide.
const STEM: f64 = 222.0;
/// What stays of the tile around the letter, units.
const RIM: f64 = 4.0;
/// Half the keyline.
const REACH: f64 = 28.0;

/// The parameters by name.
struct Tile {
    form: usize,
    corner: usize,
    accent: f64,
    round: f64,
    half: f64,
    gap: f64,
}

/// Draws the family.
pub fn draw(values: &Values, subject: Subject) -> Drawing {
    let [form, corner, letter, accent, round, side, ..] = *values;
    let tile = Tile {
        form: index(form),
        corner: index(corner),
        accent,
        round,
        half: side,
        gap: 3.0,
    };
    let mut drawing = Drawing::new();
    let mut pen = Pen::new(&mut drawing);
    if subject.detail == Detail::Tiny {
        tile.tiny(&mut pen, subject);
        return drawing;
    }
    let room = match subject.emotion {
        Emotion::Serenity => tile.smooth(&mut pen),
        Emotion::Power => tile.cut(&mut pen),
        Emotion::Mystery if tile.form.is_multiple_of(2) => tile.eclipse(&mut pen),
        Emotion::Mystery => tile.leaf(&mut pen),
        Emotion::Awakening => tile.gate(&mut pen),
        Emotion::Creative => tile.notched(&mut pen),
    };
    let tallest = if subject.emotion == Emotion::Creative {
        28.5
    } else {
        30.0
    };
    let height = between(26.5, tallest, letter);
    // The tile was begun as the first contours; the letter joins them as a hole.
    let (scale, rim) = letter_in(&mut pen, subject.initial, &room, height, false);
    pen.fill(Ink::Primary, Part::Body);
    tile.second(&mut pen, subject.emotion);
    drawing
        .gap(tile.gap.min(STEM * scale))
        .limb(rim)
        .limb(STEM * scale);
    drawing.settle(1.4);
    drawing
}

impl Tile {
    /// The tile's turn.
    fn quarter(&self) -> f64 {
        FRAC_PI_2 * self.corner as f64
    }

    /// The bead in the upper right corner (before the turn): centre on the diagonal, and radius.
    fn bead(&self) -> (f64, f64) {
        let radius = between(4.5, 6.0, self.accent);
        (REACH - radius, radius)
    }

    fn turned(&self, (x, y): (f64, f64)) -> (f64, f64) {
        [(x, y), (-y, x), (-x, -y), (y, -x)][self.corner % 4]
    }

    fn room(&self, bite: Option<((f64, f64), f64)>) -> Room {
        Room {
            centre: (0.0, 0.0),
            half: (self.half, self.half),
            radius: f64::INFINITY,
            bite,
            square: false,
        }
    }

    /// Depth of the corner cut of a straight tile.
    fn deep(&self) -> f64 {
        between(15.5, 19.0, self.accent)
    }

    /// Eclipse: radius and offset of the moon.
    fn shadow(&self) -> (f64, f64) {
        (
            between(22.0, 23.5, self.round),
            between(4.0, 5.0, self.accent),
        )
    }

    /// Thickness of a gate's ground line.
    fn bar(&self) -> f64 {
        between(5.0, 7.0, self.accent)
    }

    /// Side of the square notch.
    fn notch(&self) -> f64 {
        between(8.5, 11.0, self.accent)
    }

    /// The accent, in the place that the tile left.
    fn second(&self, pen: &mut Pen<'_>, emotion: Emotion) {
        let h = self.half;
        let (a, radius) = self.bead();
        match (emotion, self.form) {
            (Emotion::Serenity, 0) => {
                pen.disc(Ink::Accent, Part::Accent, (a, 0.0), radius);
                return;
            }
            (Emotion::Serenity, _) | (Emotion::Mystery, 1 | 3) => {
                pen.disc(Ink::Accent, Part::Accent, (a, -a), radius);
                return;
            }
            (Emotion::Power, _) => {
                let leg = self.deep() - self.gap / FRAC_1_SQRT_2;
                pen.polygon(&[(h - leg, -h), (h, -h), (h, leg - h)]);
                pen.drawing.limb(leg / 2.0);
            }
            (Emotion::Mystery, _) | (Emotion::Awakening, 0) => {
                let (size, off) = self.shadow();
                let inner = size + self.gap;
                let cos = (inner * inner - REACH * REACH - off * off) / (2.0 * REACH * off);
                let turn = libm::acos(cos.clamp(-1.0, 1.0));
                let (sin, cos) = libm::sincos(turn);
                let inside = libm::atan2(REACH * sin, REACH * cos + off);
                pen.go((REACH * cos, -REACH * sin))
                    .arc((0.0, 0.0), REACH, -turn, 2.0 * turn)
                    .arc((-off, 0.0), inner, inside, -2.0 * inside)
                    .close();
                pen.drawing.limb(REACH - inner + off);
            }
            (Emotion::Awakening, _) => {
                let bar = self.bar();
                pen.polygon(&[(-h, REACH - bar), (h, REACH - bar), (h, REACH), (-h, REACH)]);
                pen.drawing.limb(bar);
            }
            (Emotion::Creative, form) => {
                // Pushed out to the keyline.
                let size = (self.notch() - self.gap + REACH - h) / 2.0;
                let (x, y) = (REACH - size, size - REACH);
                match form {
                    0 => pen.round((x, y), size),
                    1 => pen.polygon(&[
                        (x - size, y + size),
                        (x - size, y - size),
                        (x + size, y + size),
                    ]),
                    2 => pen.polygon(&[(x, y - size), (x + size, y), (x, y + size), (x - size, y)]),
                    _ => pen
                        .go((x - size, y - size))
                        .arc((x - size, y + size), size * 2.0, -FRAC_PI_2, FRAC_PI_2)
                        .to((x - size, y + size))
                        .close(),
                };
            }
        }
        pen.fill(Ink::Accent, Part::Accent);
    }

    /// One plain tile on whole pixels, and the letter as large as it allows.
    fn tiny(&self, pen: &mut Pen<'_>, subject: Subject) {
        let h = 24.0;
        pen.turned(self.quarter(), false);
        let mut radius = f64::INFINITY;
        match (subject.emotion, self.form) {
            (Emotion::Serenity | Emotion::Awakening, 0) | (Emotion::Mystery, 0 | 2) => {
                radius = 28.0;
                pen.round((0.0, 0.0), radius);
            }
            (Emotion::Serenity, _) => {
                pen.tile(h, [12.0; 4]);
            }
            (Emotion::Power, _) => {
                pen.polygon(&[
                    (-h, -h),
                    (h - 12.0, -h),
                    (h, 12.0 - h),
                    (h, h),
                    (12.0 - h, h),
                    (-h, h - 12.0),
                ]);
            }
            (Emotion::Mystery, _) => {
                pen.tile(h, [16.0, 0.0, 16.0, 0.0]);
            }
            (Emotion::Awakening, _) => {
                pen.turned(0.0, false).tile(h, [20.0, 20.0, 0.0, 0.0]);
            }
            (Emotion::Creative, _) => {
                pen.tile(h, [0.0, 0.0, 20.0, 0.0]);
            }
        }
        let half = if radius.is_finite() { 28.0 } else { h };
        let room = Room {
            centre: (0.0, 0.0),
            half: (half, half),
            radius,
            bite: None,
            square: false,
        };
        let (scale, rim) = letter_in(pen, subject.initial, &room, 40.0, true);
        pen.fill(Ink::Primary, Part::Body);
        pen.drawing.gap(STEM * scale).limb(rim).limb(STEM * scale);
    }
}
