//! Round constructions that several families share: moons, bands, stars, and the 16 px grid.

use crate::drawing::{Drawing, Ink, Part};
use crate::geometry::{MIDDLE, Point, point};
use std::f64::consts::{PI, TAU};

/// One pixel of the 16 px drawing, in units.
const PIXEL: f64 = 4.0;

/// The middle of the canvas.
pub(crate) const CENTRE: Point = point(MIDDLE, MIDDLE);

/// A turned coordinate system: x along `axis`, y a quarter turn clockwise from it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Frame {
    /// Its origin on the canvas.
    pub(crate) origin: Point,
    /// Direction of its x, radians.
    pub(crate) axis: f64,
    cos: f64,
    sin: f64,
}

impl Frame {
    /// At `origin`, with x towards `axis` (radians).
    pub(crate) fn new(origin: Point, axis: f64) -> Self {
        let (sin, cos) = libm::sincos(axis);
        Self {
            origin,
            axis,
            cos,
            sin,
        }
    }

    /// The canvas point of local `(x, y)`.
    pub(crate) fn at(&self, x: f64, y: f64) -> Point {
        self.origin
            .moved(x * self.cos - y * self.sin, x * self.sin + y * self.cos)
    }

    /// The same directions, the origin moved by local `(x, y)`.
    pub(crate) fn moved(self, x: f64, y: f64) -> Self {
        Self {
            origin: self.at(x, y),
            ..self
        }
    }
}

/// `low` at share 0, `high` at share 1.
pub(crate) fn mix(low: f64, high: f64, share: f64) -> f64 {
    low + (high - low) * share
}

/// A disc of `radius` less a second disc: `belly` units thick on the side away from the frame's x,
/// horns at `opening` radians on either side of x.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Moon {
    pub(crate) radius: f64,
    /// Distance from the moon's centre to that of the cut.
    pub(crate) offset: f64,
    /// Radius of the cut.
    pub(crate) cut: f64,
}

impl Moon {
    /// Solves the cut: its far side leaves `belly`, and it meets the rim at `opening` (whose cosine
    /// is given, to spare a table of angles the trigonometry).
    pub(crate) fn new(radius: f64, belly: f64, cos_opening: f64) -> Self {
        let inner = radius - belly;
        let offset = (radius * radius - inner * inner) / (2.0 * (inner + radius * cos_opening));
        Self {
            radius,
            offset,
            cut: inner + offset,
        }
    }

    /// Solves the cut so that horns that end flush on the line x = `chord` are `end` units wide.
    pub(crate) fn flush(radius: f64, belly: f64, chord: f64, end: f64) -> Self {
        let inner = radius - belly;
        let y = (radius * radius - chord * chord).sqrt() - end;
        let offset = (chord * chord + y * y - inner * inner) / (2.0 * (chord + inner));
        Self {
            radius,
            offset,
            cut: inner + offset,
        }
    }

    /// Its thickest part.
    pub(crate) fn belly(&self) -> f64 {
        self.radius - self.cut + self.offset
    }

    /// Adds its contour with horns rounded by circles of radius `tip` that touch rim and cut; gives
    /// the local place of the horn on the side of positive y.
    pub(crate) fn round(&self, d: &mut Drawing, frame: Frame, tip: f64) -> Point {
        let (rim, cut) = (self.radius - tip, self.cut + tip);
        let x = (rim * rim - cut * cut + self.offset * self.offset) / (2.0 * self.offset);
        let y = (rim * rim - x * x).max(0.0).sqrt();
        let at_rim = libm::atan2(y, x);
        let at_cut = libm::atan2(y, self.offset - x);
        let axis = frame.axis;
        let centre = frame.at(self.offset, 0.0);
        d.arc_from(frame.origin, self.radius, axis + at_rim, TAU - 2.0 * at_rim);
        d.arc(frame.at(x, -y), tip, axis - at_rim, at_rim + at_cut);
        d.arc(centre, self.cut, axis + at_cut - PI, -2.0 * at_cut);
        d.arc(frame.at(x, y), tip, axis - at_cut, at_rim + at_cut);
        d.close();
        d.limb(2.0 * tip);
        point(x, y)
    }

    /// Adds its contour with horns cut straight on the line x = `chord`.
    pub(crate) fn straight(&self, d: &mut Drawing, frame: Frame, chord: f64) {
        let at_rim = libm::acos(chord / self.radius);
        let at_cut = libm::acos((chord - self.offset) / self.cut);
        let centre = frame.at(self.offset, 0.0);
        let start = frame.axis - at_cut;
        d.arc_from(
            frame.origin,
            self.radius,
            frame.axis + at_rim,
            TAU - 2.0 * at_rim,
        );
        d.line_to(centre.polar(self.cut, start));
        d.arc(centre, self.cut, start, 2.0 * at_cut - TAU);
        d.close();
        d.limb(self.belly());
    }

    /// Adds one half, on the side of `side` (-1 or 1) of the axis, cut straight at |y| = `half_gap`,
    /// its horn sharp.
    pub(crate) fn half(&self, d: &mut Drawing, frame: Frame, side: f64, half_gap: f64) {
        let (r, c, o) = (self.radius, self.cut, self.offset);
        let x = (r * r - c * c + o * o) / (2.0 * o);
        let y = (r * r - x * x).max(0.0).sqrt();
        let (at_rim, at_cut) = (libm::atan2(y, x), libm::atan2(y, x - o));
        let (on_rim, on_cut) = (libm::asin(half_gap / r), libm::asin(half_gap / c));
        let centre = frame.at(o, 0.0);
        let axis = frame.axis;
        d.arc_from(
            frame.origin,
            r,
            axis + side * at_rim,
            side * (PI - at_rim - on_rim),
        );
        let start = axis + side * (PI - on_cut);
        d.line_to(centre.polar(c, start));
        d.arc(centre, c, start, side * (at_cut + on_cut - PI));
        d.close();
        d.limb(self.belly());
    }
}

/// The angle that a chord of `chord` units covers on a circle of `radius`, radians.
pub(crate) fn chord_angle(radius: f64, chord: f64) -> f64 {
    2.0 * libm::asin((chord / (2.0 * radius)).min(1.0))
}

/// Adds a closed contour of `count` points at radii `outer` and, where `inner` is given, between them,
/// beginning at `start`. One sine a figure: the points come from turning the first.
pub(crate) fn star(
    d: &mut Drawing,
    centre: Point,
    count: u32,
    outer: f64,
    inner: Option<f64>,
    start: f64,
) {
    let (sin, cos) = libm::sincos(PI / f64::from(count));
    let (mut y, mut x) = libm::sincos(start);
    for i in 0..2 * count {
        let radius = if i % 2 == 0 { Some(outer) } else { inner };
        if let Some(radius) = radius {
            let p = centre.moved(radius * x, radius * y);
            if i == 0 {
                d.move_to(p);
            } else {
                d.line_to(p);
            }
        }
        (x, y) = (x * cos - y * sin, x * sin + y * cos);
    }
    d.close();
}

/// Adds a rectangle around the frame's origin, `width` along x and `height` along y.
pub(crate) fn bar(d: &mut Drawing, frame: Frame, width: f64, height: f64) {
    let (w, h) = (width / 2.0, height / 2.0);
    d.polygon(&[
        frame.at(-w, -h),
        frame.at(w, -h),
        frame.at(w, h),
        frame.at(-w, h),
    ]);
}

/// Adds a band between two radii as a contour with straight radial ends.
pub(crate) fn band(d: &mut Drawing, centre: Point, inner: f64, outer: f64, start: f64, turn: f64) {
    d.arc_from(centre, outer, start, turn);
    d.line_to(centre.polar(inner, start + turn));
    d.arc(centre, inner, start + turn, -turn);
    d.close();
}

/// The nearest value on the 16 px grid.
pub(crate) fn snap(value: f64) -> f64 {
    (value / PIXEL).round() * PIXEL
}

/// A disc whose edges lie on the 16 px grid: `pixels` across, as near to `near` as can be.
pub(crate) fn snapped_disc(d: &mut Drawing, ink: Ink, part: Part, near: Point, pixels: f64) {
    d.disc(
        ink,
        part,
        snapped_centre(near, pixels),
        pixels * PIXEL / 2.0,
    );
}

/// The centre nearest to `near` for a thing `pixels` across.
pub(crate) fn snapped_centre(near: Point, pixels: f64) -> Point {
    let half = (pixels % 2.0) * PIXEL / 2.0;
    point(snap(near.x - half) + half, snap(near.y - half) + half)
}

/// Moves all ink so that its bounding box stands in the middle; gives the move.
pub(crate) fn centre_box(d: &mut Drawing) -> Point {
    let middle = d.bounds().centre();
    let shift = point(MIDDLE - middle.x, MIDDLE - middle.y);
    d.translate(shift.x, shift.y);
    shift
}

/// Adds a drop: a disc of `radius` around the frame's origin with a tip at `reach` along x.
pub(crate) fn drop(d: &mut Drawing, frame: Frame, radius: f64, reach: f64) {
    let side = libm::acos(radius / reach);
    d.arc_from(frame.origin, radius, frame.axis + side, TAU - 2.0 * side);
    d.line_to(frame.at(reach, 0.0));
    d.close();
}

/// Adds a rhombus with its long half-diagonal along the frame's x.
pub(crate) fn rhombus(d: &mut Drawing, frame: Frame, along: f64, across: f64) {
    d.polygon(&[
        frame.at(along, 0.0),
        frame.at(0.0, across),
        frame.at(-along, 0.0),
        frame.at(0.0, -across),
    ]);
}
