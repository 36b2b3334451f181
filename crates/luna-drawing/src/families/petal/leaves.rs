//! Single leaves, and how near neighbours come.

use std::f64::consts::{PI, TAU};

use super::super::parts_straight::{Pen, along, shifted, to_segment};
use crate::geometry::{cubic_at, point};

/// The hull of two discs on the upward axis, each given by height and radius.
pub(super) fn hull(pen: &mut Pen<'_>, low: (f64, f64), high: (f64, f64)) {
    let lean = libm::asin((high.1 - low.1) / (high.0 - low.0));
    let start = PI - lean;
    let (sin, cos) = libm::sincos(start);
    pen.go((high.1 * cos, high.1 * sin - high.0)).arc(
        (0.0, -high.0),
        high.1,
        start,
        PI + 2.0 * lean,
    );
    let (sin, cos) = libm::sincos(lean);
    pen.to((low.1 * cos, low.1 * sin - low.0))
        .arc((0.0, -low.0), low.1, lean, PI - 2.0 * lean)
        .close();
}

/// The right side of a leaf that is widest beyond its middle: three heights with half widths.
pub(super) fn bud_side(base: f64, tip: f64, half: f64) -> [(f64, f64); 4] {
    let long = tip - base;
    [
        (0.0, base),
        (half * 0.7, base + long * 0.22),
        (half * 1.75, base + long * 0.62),
        (0.0, tip),
    ]
}

/// A leaf on the upward axis, widest beyond its middle.
pub(super) fn bud(pen: &mut Pen<'_>, base: f64, tip: f64, half: f64) {
    let [foot, a, b, end] = bud_side(base, tip, half).map(|(x, y)| (x, -y));
    let left = |p: (f64, f64)| (-p.0, p.1);
    pen.go(foot)
        .curve(left(a), left(b), end)
        .curve(b, a, foot)
        .close();
}

/// Points along a bud's side.
pub(super) fn bud_points(base: f64, tip: f64, half: f64) -> [(f64, f64); 9] {
    let [a, b, c, d] = bud_side(base, tip, half).map(|(x, y)| point(x, y));
    std::array::from_fn(|i| {
        let p = cubic_at(a, b, c, d, i as f64 / 8.0);
        (p.x, p.y)
    })
}

/// The half width at which a bud keeps half of `gap` from the line at an angle to its axis.
pub(super) fn bud_most(base: f64, tip: f64, gap: f64, (sin, cos): (f64, f64)) -> f64 {
    bud_points(base, tip, 1.0)[1..8]
        .iter()
        .fold(f64::INFINITY, |least, (x, y)| {
            least.min((y * sin - gap / 2.0) / (x * cos))
        })
}

/// Distance of a bud's side from the line at an angle (sine, cosine) to its axis through the foot.
pub(super) fn bud_gap(base: f64, tip: f64, half: f64, (sin, cos): (f64, f64)) -> f64 {
    bud_points(base, tip, half)
        .iter()
        .fold(f64::INFINITY, |least, (x, y)| least.min(y * sin - x * cos))
}

/// Distance of a point on the upward axis from a bud that leans away by an angle.
pub(super) fn bud_free(
    p: (f64, f64),
    base: f64,
    tip: f64,
    half: f64,
    (sin, cos): (f64, f64),
) -> f64 {
    // In the bud's own frame, where its axis points up.
    let seen = (p.1 * sin, p.1 * cos);
    bud_points(base, tip, half)
        .windows(2)
        .fold(f64::INFINITY, |least, w| {
            least.min(to_segment(seen, w[0], w[1]))
        })
}

/// Free space between neighbouring crescents, and from the accent's centre to the nearest one.
/// Taken between points of one side and chords of the other; a bow is a parabola over its chord.
pub(super) fn swirl_gap(
    petal: [(f64, f64); 2],
    bow: (f64, f64),
    count: usize,
    at: (f64, f64),
) -> (f64, f64) {
    const STEPS: [f64; 5] = [0.0, 0.25, 0.5, 0.75, 1.0];
    let side = |bow: f64, turn: f64| {
        let (sin, cos) = libm::sincos(turn);
        STEPS.map(|t| {
            let (x, y) = along(shifted(petal, bow * 4.0 * t * (1.0 - t)), t);
            (x * cos - y * sin, x * sin + y * cos)
        })
    };
    let pitch = TAU / count as f64;
    let nearest = |p: (f64, f64), line: &[(f64, f64); 5]| {
        line.windows(2).fold(f64::INFINITY, |least, w| {
            least.min(to_segment(p, w[0], w[1]))
        })
    };
    let outer = side(bow.0, 0.0);
    // The neighbour that the outer side faces: clockwise for a bow to the right.
    let facing = if bow.0 > 0.0 { pitch } else { -pitch };
    let inner = side(bow.1, facing);
    let between = outer
        .iter()
        .fold(f64::INFINITY, |least, p| least.min(nearest(*p, &inner)));
    let to_accent = nearest(at, &inner).min(nearest(at, &side(bow.0, -facing)));
    // Chords cut a bow short by a sixteenth of its height.
    (between - bow.1.abs() / 16.0, to_accent - bow.0.abs() / 16.0)
}
