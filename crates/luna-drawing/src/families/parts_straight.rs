//! Constructions that the straight-edged families share: a turned and mirrored pen, rounded
//! polygons and tiles, leaves.

use std::f64::consts::FRAC_PI_2;

use crate::drawing::{Cap, Drawing, Ink, Part};
use crate::family::{Detail, Subject};
use crate::geometry::{MIDDLE, Point, point};

/// The value of a counted parameter as an index.
pub(crate) fn index(value: f64) -> usize {
    value.max(0.0).round() as usize
}

/// The stroke for a detail: a quarter heavier in the small drawing (the tiny one has its own).
pub(crate) fn heavier(width: f64, subject: Subject) -> f64 {
    if subject.detail == Detail::Small {
        width * 1.25
    } else {
        width
    }
}

/// Draws in a local frame: origin, turn and mirror are applied to what it is given.
pub(crate) struct Pen<'d> {
    /// The drawing it draws in.
    pub(crate) drawing: &'d mut Drawing,
    origin: Point,
    angle: f64,
    cos: f64,
    sin: f64,
    flip: bool,
}

impl<'d> Pen<'d> {
    /// An upright pen whose origin is the canvas's middle.
    pub(crate) fn new(drawing: &'d mut Drawing) -> Self {
        Self {
            drawing,
            origin: point(MIDDLE, MIDDLE),
            angle: 0.0,
            cos: 1.0,
            sin: 0.0,
            flip: false,
        }
    }

    /// Turns (radians, clockwise on screen) and, before that, mirrors left to right.
    pub(crate) fn turned(&mut self, angle: f64, flip: bool) -> &mut Self {
        let (sin, cos) = libm::sincos(angle);
        (self.angle, self.sin, self.cos, self.flip) = (angle, sin, cos, flip);
        self
    }

    /// Moves the origin to a canvas point given from the canvas's middle.
    pub(crate) fn at(&mut self, x: f64, y: f64) -> &mut Self {
        self.origin = point(MIDDLE + x, MIDDLE + y);
        self
    }

    /// The canvas point of a local one.
    pub(crate) fn map(&self, (x, y): (f64, f64)) -> Point {
        let x = if self.flip { -x } else { x };
        self.origin
            .moved(x * self.cos - y * self.sin, x * self.sin + y * self.cos)
    }

    /// Starts a contour.
    pub(crate) fn go(&mut self, p: (f64, f64)) -> &mut Self {
        let p = self.map(p);
        self.drawing.move_to(p);
        self
    }

    /// A straight line.
    pub(crate) fn to(&mut self, p: (f64, f64)) -> &mut Self {
        let p = self.map(p);
        self.drawing.line_to(p);
        self
    }

    /// A cubic curve.
    pub(crate) fn curve(&mut self, a: (f64, f64), b: (f64, f64), p: (f64, f64)) -> &mut Self {
        let (a, b, p) = (self.map(a), self.map(b), self.map(p));
        self.drawing.cubic_to(a, b, p);
        self
    }

    /// An arc that goes on from where the pen is (or begins there with `Pen::go`).
    pub(crate) fn arc(&mut self, c: (f64, f64), radius: f64, start: f64, turn: f64) -> &mut Self {
        let centre = self.map(c);
        let (start, turn) = if self.flip {
            (std::f64::consts::PI - start, -turn)
        } else {
            (start, turn)
        };
        self.drawing.arc(centre, radius, start + self.angle, turn);
        self
    }

    /// A quarter turn clockwise around `c`, unless the corner is sharp.
    pub(crate) fn corner(&mut self, c: (f64, f64), radius: f64, start: f64) -> &mut Self {
        if radius > 0.0 {
            self.arc(c, radius, start, FRAC_PI_2);
        }
        self
    }

    /// Closes the contour.
    pub(crate) fn close(&mut self) -> &mut Self {
        self.drawing.close();
        self
    }

    /// A closed polygon.
    pub(crate) fn polygon(&mut self, points: &[(f64, f64)]) -> &mut Self {
        for (i, p) in points.iter().enumerate() {
            if i == 0 {
                self.go(*p)
            } else {
                self.to(*p)
            };
        }
        self.close()
    }

    /// An open line over `points` whose inner corners are rounded with `radius`.
    pub(crate) fn bent(&mut self, points: &[(f64, f64)], radius: f64) -> &mut Self {
        self.go(points[0]);
        for three in points.windows(3) {
            let bend = Bend::new(three[0], three[1], three[2], radius);
            self.to(bend.from).curve(bend.a, bend.b, bend.to);
        }
        self.to(points[points.len() - 1])
    }

    /// A square tile of half side `h` around the origin; each corner (clockwise from the upper
    /// left) is rounded with its own radius, up to the whole side.
    pub(crate) fn tile(&mut self, h: f64, radii: [f64; 4]) -> &mut Self {
        const CORNERS: [(f64, f64); 4] = [(-1.0, -1.0), (1.0, -1.0), (1.0, 1.0), (-1.0, 1.0)];
        for (i, (cx, cy)) in CORNERS.into_iter().enumerate() {
            let r = radii[i];
            // Along the edge that arrives at this corner, clockwise.
            let (ax, ay) = [(0.0, 1.0), (-1.0, 0.0), (0.0, -1.0), (1.0, 0.0)][i];
            let start = (cx * h + ax * r, cy * h + ay * r);
            if i == 0 {
                self.go(start);
            } else {
                self.to(start);
            }
            let centre = (cx * (h - r), cy * (h - r));
            self.corner(centre, r, FRAC_PI_2 * (i as f64 + 2.0));
        }
        self.close()
    }

    /// A bar with square ends, as a filled contour.
    pub(crate) fn bar(&mut self, from: (f64, f64), to: (f64, f64), width: f64) -> &mut Self {
        let (dx, dy) = (to.0 - from.0, to.1 - from.1);
        let half = width / 2.0 / (dx * dx + dy * dy).sqrt();
        let (nx, ny) = (-dy * half, dx * half);
        self.polygon(&[
            (from.0 + nx, from.1 + ny),
            (from.0 - nx, from.1 - ny),
            (to.0 - nx, to.1 - ny),
            (to.0 + nx, to.1 + ny),
        ])
    }

    /// A disc, as a shape of its own.
    pub(crate) fn disc(&mut self, ink: Ink, part: Part, c: (f64, f64), radius: f64) -> &mut Self {
        let centre = self.map(c);
        self.drawing.disc(ink, part, centre, radius);
        self
    }

    /// A whole circle as a contour of the current shape.
    pub(crate) fn round(&mut self, c: (f64, f64), radius: f64) -> &mut Self {
        let half = std::f64::consts::PI;
        self.go((c.0 + radius, c.1))
            .arc(c, radius, 0.0, half)
            .arc(c, radius, half, half)
            .close()
    }

    /// A circle the other way round: a hole in the current shape.
    pub(crate) fn hole(&mut self, c: (f64, f64), radius: f64) -> &mut Self {
        let half = std::f64::consts::PI;
        self.go((c.0 + radius, c.1))
            .arc(c, radius, 0.0, -half)
            .arc(c, radius, -half, -half)
            .close()
    }

    /// Fills the contours since the last shape.
    pub(crate) fn fill(&mut self, ink: Ink, part: Part) -> &mut Self {
        self.drawing.fill(ink, part);
        self
    }

    /// Strokes the contours since the last shape.
    pub(crate) fn stroke(&mut self, ink: Ink, part: Part, width: f64, cap: Cap) -> &mut Self {
        self.drawing.stroke(ink, part, width, cap);
        self
    }
}

/// A rounded corner: where it leaves the edges, and its curve's handles.
struct Bend {
    from: (f64, f64),
    a: (f64, f64),
    b: (f64, f64),
    to: (f64, f64),
}

impl Bend {
    /// The round corner at `p` between two neighbours. Half angles come from square roots, the
    /// handles are the usual 4/3·tan(θ/4).
    fn new(before: (f64, f64), p: (f64, f64), after: (f64, f64), radius: f64) -> Self {
        let unit = |q: (f64, f64)| {
            let (dx, dy) = (q.0 - p.0, q.1 - p.1);
            let length = (dx * dx + dy * dy).sqrt().max(1e-9);
            (dx / length, dy / length)
        };
        let (u, v) = (unit(before), unit(after));
        let cos = (u.0 * v.0 + u.1 * v.1).clamp(-0.999_999, 0.999_999);
        // tan of half the turning angle: how far the tangent points lie from the corner, per radius.
        let half = ((1.0 + cos) / (1.0 - cos)).sqrt();
        let reach = half * radius;
        let quarter = ((1.0 + half * half).sqrt() - 1.0) / half;
        let rest = reach - 4.0 / 3.0 * quarter * radius;
        let along = |w: (f64, f64), by: f64| (p.0 + w.0 * by, p.1 + w.1 * by);
        Self {
            from: along(u, reach),
            a: along(u, rest),
            b: along(v, rest),
            to: along(v, reach),
        }
    }
}

/// Distance from `p` to the segment between `a` and `b`.
pub(crate) fn to_segment(p: (f64, f64), a: (f64, f64), b: (f64, f64)) -> f64 {
    let (dx, dy) = (b.0 - a.0, b.1 - a.1);
    let (px, py) = (p.0 - a.0, p.1 - a.1);
    let along = ((px * dx + py * dy) / (dx * dx + dy * dy)).clamp(0.0, 1.0);
    let (x, y) = (px - along * dx, py - along * dy);
    (x * x + y * y).sqrt()
}

/// Where the line through `a` meets the line through `b` (each given by two points).
pub(crate) fn cross(a: [(f64, f64); 2], b: [(f64, f64); 2]) -> (f64, f64) {
    let (ux, uy) = (a[1].0 - a[0].0, a[1].1 - a[0].1);
    let (vx, vy) = (b[1].0 - b[0].0, b[1].1 - b[0].1);
    let (wx, wy) = (b[0].0 - a[0].0, b[0].1 - a[0].1);
    let t = (wx * vy - wy * vx) / (ux * vy - uy * vx);
    (a[0].0 + ux * t, a[0].1 + uy * t)
}

/// The line moved by `by` units to the right of its direction as seen on screen.
pub(crate) fn shifted(line: [(f64, f64); 2], by: f64) -> [(f64, f64); 2] {
    let (dx, dy) = (line[1].0 - line[0].0, line[1].1 - line[0].1);
    let scale = by / (dx * dx + dy * dy).sqrt();
    line.map(|p| (p.0 - dy * scale, p.1 + dx * scale))
}

/// A point a share `t` of the way along a line.
pub(crate) fn along(line: [(f64, f64); 2], t: f64) -> (f64, f64) {
    (
        line[0].0 + (line[1].0 - line[0].0) * t,
        line[0].1 + (line[1].1 - line[0].1) * t,
    )
}

/// Linear between two ends.
pub(crate) fn between(low: f64, high: f64, share: f64) -> f64 {
    low + (high - low) * share
}

/// A contour between two bows over the same chord; each bow is its height to the right of the
/// chord's direction.
pub(crate) fn crescent(pen: &mut Pen<'_>, chord: [(f64, f64); 2], bow: (f64, f64)) {
    let handles = |bow: f64| {
        let line = shifted(chord, bow * 4.0 / 3.0);
        (along(line, 0.25), along(line, 0.75))
    };
    let ((a, b), (c, d)) = (handles(bow.0), handles(bow.1));
    pen.go(chord[0])
        .curve(a, b, chord[1])
        .curve(d, c, chord[0])
        .close();
}
