//! The tiny drawing: three nodes on whole pixels.

use std::f64::consts::FRAC_PI_2;

use super::super::parts_straight::Pen;
use super::{Form, Node, Place, contour, form};
use crate::drawing::{Drawing, Ink, Part};
use crate::emotion::Emotion;

/// Three nodes on whole pixels, bars of two pixels.
pub(super) fn tiny(emotion: Emotion, layout: usize, turn: usize, side: bool) -> Drawing {
    const A: Place = (-16.0, 16.0);
    const B: Place = (-16.0, -16.0);
    const C: Place = (16.0, 16.0);
    let (places, sizes, bars): ([Place; 3], [f64; 3], &[[Place; 2]]) = match emotion {
        Emotion::Serenity if layout.is_multiple_of(2) => ([A, B, C], [12.0; 3], &[[A, B]]),
        Emotion::Serenity => ([A, C, (0.0, -16.0)], [12.0; 3], &[[A, C]]),
        Emotion::Power => (
            [(0.0, 8.0), (-16.0, -8.0), (16.0, -8.0)],
            [12.0; 3],
            &[[(0.0, 8.0), (-16.0, -8.0)]],
        ),
        Emotion::Mystery => (
            [(-12.0, 12.0), (20.0, 12.0), (12.0, -20.0)],
            [16.0, 8.0, 8.0],
            &[[(0.0, 12.0), (20.0, 12.0)]],
        ),
        Emotion::Awakening if layout.is_multiple_of(2) => (
            [(-20.0, 20.0), (20.0, 20.0), (0.0, -16.0)],
            [8.0, 8.0, 12.0],
            &[[(-20.0, 20.0), (20.0, 20.0)], [(0.0, 20.0), (0.0, 0.0)]],
        ),
        Emotion::Awakening => (
            [(-20.0, 4.0), (20.0, 4.0), (0.0, -16.0)],
            [8.0, 8.0, 12.0],
            &[
                [(-20.0, 4.0), (-20.0, 28.0)],
                [(20.0, 4.0), (20.0, 28.0)],
                [(-24.0, 24.0), (24.0, 24.0)],
            ],
        ),
        Emotion::Creative => ([A, B, C], [12.0; 3], &[[A, B]]),
    };
    let angle = match emotion {
        Emotion::Awakening => 0.0,
        _ => FRAC_PI_2 * (turn % 4) as f64,
    };
    let mut drawing = Drawing::new();
    let mut pen = Pen::new(&mut drawing);
    pen.turned(angle, side);
    for [from, to] in bars {
        pen.bar(*from, *to, 8.0);
        pen.drawing.overlap_area += 128.0;
    }
    for i in 0..3 {
        let (at, size) = (places[i], sizes[i]);
        let form = form(emotion, i, turn, i == 2);
        if form == Form::Ring {
            pen.round(at, size).hole(at, 8.0);
        } else {
            contour(&mut pen, &Node { at, form, size }, 8.0);
        }
        if i == 1 {
            pen.fill(Ink::Primary, Part::Body);
        }
    }
    pen.fill(Ink::Accent, Part::Accent);
    drawing.gap(4.0).limb(8.0);
    drawing.settle(1.4);
    drawing
}
