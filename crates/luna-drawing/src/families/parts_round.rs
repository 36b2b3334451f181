//! Round constructions that several families share: moons, bands, stars, and the 16 px grid.

use crate::drawing::{Cap, Drawing, Ink, Part};
use crate::family::Parameter;
use crate::geometry::{MIDDLE, Point, point};
use std::f64::consts::{FRAC_PI_2, PI, TAU};

/// One pixel of the 16 px drawing, in units.
const PIXEL: f64 = 4.0;

/// The middle of the canvas.
pub(crate) const CENTRE: Point = point(MIDDLE, MIDDLE);

/// A parameter that is a share from `low` to 1.
pub(crate) const fn share(name: &'static str, low: f64, what: &'static str) -> Parameter {
    Parameter {
        name,
        low,
        high: 1.0,
        step: 0.0,
        unit: "share",
        what,
    }
}

/// A parameter that counts from `low` to `high`.
pub(crate) const fn count(
    name: &'static str,
    low: f64,
    high: f64,
    what: &'static str,
) -> Parameter {
    Parameter {
        name,
        low,
        high,
        step: 1.0,
        unit: "count",
        what,
    }
}

/// A parameter in steps of degrees.
pub(crate) const fn bearing(
    name: &'static str,
    low: f64,
    high: f64,
    step: f64,
    what: &'static str,
) -> Parameter {
    Parameter {
        name,
        low,
        high,
        step,
        unit: "degrees",
        what,
    }
}

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

/// The round ends of a moon's horns, in its frame: the centre of the one on positive y, and the
/// angles at which rim and cut meet them.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Horns {
    x: f64,
    y: f64,
    at_rim: f64,
    at_cut: f64,
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

    /// Where circles of radius `tip` that touch rim and cut round the horns.
    pub(crate) fn horns(&self, tip: f64) -> Horns {
        let (rim, cut) = (self.radius - tip, self.cut + tip);
        let x = (rim * rim - cut * cut + self.offset * self.offset) / (2.0 * self.offset);
        let y = (rim * rim - x * x).max(0.0).sqrt();
        Horns {
            x,
            y,
            at_rim: libm::atan2(y, x),
            at_cut: libm::atan2(y, self.offset - x),
        }
    }

    /// Adds its contour with round horns.
    pub(crate) fn round(&self, d: &mut Drawing, frame: Frame, tip: f64) {
        self.rounded(d, frame, tip, self.horns(tip));
    }

    /// The same for a moon drawn many times, its horns solved once.
    pub(crate) fn rounded(&self, d: &mut Drawing, frame: Frame, tip: f64, horns: Horns) {
        let Horns {
            x,
            y,
            at_rim,
            at_cut,
        } = horns;
        let axis = frame.axis;
        let centre = frame.at(self.offset, 0.0);
        d.arc_from(frame.origin, self.radius, axis + at_rim, TAU - 2.0 * at_rim);
        d.arc(frame.at(x, -y), tip, axis - at_rim, at_rim + at_cut);
        d.arc(centre, self.cut, axis + at_cut - PI, -2.0 * at_cut);
        d.arc(frame.at(x, y), tip, axis - at_cut, at_rim + at_cut);
        d.close();
        d.limb(2.0 * tip);
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

/// Adds a figure that points upwards at the middle of the canvas, within radius `size`: a disc (kind
/// 0), a drop (1) or a star of four points.
pub(crate) fn upright(d: &mut Drawing, kind: u32, size: f64, ink: Ink, part: Part) {
    match kind {
        0 => {
            d.disc(ink, part, CENTRE, size * 0.95);
        }
        1 => {
            let tip = Frame::new(CENTRE.moved(0.0, size * 0.3), -FRAC_PI_2);
            drop(d, tip, size * 0.7, size * 1.3);
            d.fill(ink, part);
        }
        _ => {
            star(d, CENTRE, 4, size, Some(size * 0.45), -FRAC_PI_2);
            d.fill(ink, part);
        }
    }
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

/// The nearest value on the 16 px grid.
pub(crate) fn snap(value: f64) -> f64 {
    (value / PIXEL).round() * PIXEL
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

/// A stroked circle around the middle, to be broken.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Ring {
    /// Radius of the stroke's middle.
    pub(crate) radius: f64,
    pub(crate) weight: f64,
    pub(crate) cap: Cap,
}

impl Ring {
    pub(crate) const fn new(radius: f64, weight: f64, cap: Cap) -> Self {
        Self {
            radius,
            weight,
            cap,
        }
    }

    /// The angle between a body of radius `body` on the path and the stroke's end that leaves `gap`.
    pub(crate) fn clearing(&self, body: f64, gap: f64) -> f64 {
        // A butt end's corners lean towards the body by at most the last figure.
        let end = match self.cap {
            Cap::Round => self.weight / 2.0,
            Cap::Butt => 0.6,
        };
        chord_angle(self.radius, body + gap + end)
    }

    /// Strokes a part of it.
    pub(crate) fn arc(&self, d: &mut Drawing, ink: Ink, part: Part, start: f64, turn: f64) {
        d.arc_from(CENTRE, self.radius, start, turn);
        d.stroke(ink, part, self.weight, self.cap);
    }
}

/// A ring whose hole stands off-centre: `thin` units towards the frame's x, `thick` on the other side.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Eccentric {
    /// Outer radius.
    pub(crate) rim: f64,
    pub(crate) thin: f64,
    pub(crate) thick: f64,
}

impl Eccentric {
    /// Centre and radius of the hole.
    pub(crate) fn counter(&self, frame: Frame) -> (Point, f64) {
        let offset = (self.thick - self.thin) / 2.0;
        let radius = self.rim - f64::midpoint(self.thick, self.thin);
        (frame.at(offset, 0.0), radius)
    }

    /// Adds its contour, broken for `clear` radians on either side of x, the ends round; gives centre
    /// and radius of the end on positive y.
    pub(crate) fn broken(&self, d: &mut Drawing, frame: Frame, clear: f64) -> (Point, f64) {
        let (hole, cut) = self.counter(frame);
        let (low, high) = (frame.axis + clear, frame.axis - clear);
        let end = |from: Point, to: Point| {
            let middle = from.toward(to, 0.5);
            let start = libm::atan2(from.y - middle.y, from.x - middle.x);
            (middle, from.distance(middle), start)
        };
        let first = end(hole.polar(cut, low), frame.origin.polar(self.rim, low));
        let last = end(frame.origin.polar(self.rim, high), hole.polar(cut, high));
        d.arc_from(frame.origin, self.rim, low, TAU - 2.0 * clear);
        d.arc(last.0, last.1, last.2, PI);
        d.arc(hole, cut, high, 2.0 * clear - TAU);
        d.arc(first.0, first.1, first.2, PI);
        d.close().limb(self.thin);
        (first.0, first.1)
    }
}

/// The nearest eighth of a turn.
pub(crate) fn eighth(angle: f64) -> f64 {
    (angle / (PI / 4.0)).round() * (PI / 4.0)
}

/// Adds one half of a ring, or of a disc where `inner` is under `edge`: local y beyond `edge`, on the
/// side of `side` (-1 or 1).
pub(crate) fn half_ring(
    d: &mut Drawing,
    frame: Frame,
    outer: f64,
    inner: f64,
    edge: f64,
    side: f64,
) {
    let out = libm::asin(edge / outer);
    d.arc_from(
        frame.origin,
        outer,
        frame.axis + side * out,
        side * (PI - 2.0 * out),
    );
    if inner > edge.abs() {
        let within = libm::asin(edge / inner);
        let start = frame.axis + side * (PI - within);
        d.line_to(frame.origin.polar(inner, start));
        d.arc(frame.origin, inner, start, side * (2.0 * within - PI));
    }
    d.close();
}
