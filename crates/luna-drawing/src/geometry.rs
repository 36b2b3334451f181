//! Points, outline segments and their exact measures, on the 64-unit canvas (x right, y down).
//!
//! Trigonometry comes from `libm`, so that every platform gives the same bytes.

use std::f64::consts::{PI, TAU};

/// The side of the square canvas, in units.
pub const CANVAS: f64 = 64.0;
/// The free border on each side, in units.
pub const MARGIN: f64 = 4.0;
/// The centre of the canvas, in units, on both axes.
pub const MIDDLE: f64 = 32.0;

/// A point in canvas units.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Point {
    /// Rightwards.
    pub x: f64,
    /// Downwards.
    pub y: f64,
}

/// Shorthand for [`Point`].
pub const fn point(x: f64, y: f64) -> Point {
    Point { x, y }
}

impl Point {
    /// The point at `distance` and `angle` (radians, 0 = right, growing clockwise on screen) from `self`.
    #[must_use]
    pub fn polar(self, distance: f64, angle: f64) -> Self {
        let (sin, cos) = libm::sincos(angle);
        point(self.x + distance * cos, self.y + distance * sin)
    }

    /// Moved by `(dx, dy)`.
    #[must_use]
    pub fn moved(self, dx: f64, dy: f64) -> Self {
        point(self.x + dx, self.y + dy)
    }

    /// Distance to `other`, in units.
    pub fn distance(self, other: Self) -> f64 {
        let (dx, dy) = (other.x - self.x, other.y - self.y);
        (dx * dx + dy * dy).sqrt()
    }

    /// The point a share `t` (0 to 1) of the way to `other`.
    #[must_use]
    pub fn toward(self, other: Self, t: f64) -> Self {
        point(
            self.x + (other.x - self.x) * t,
            self.y + (other.y - self.y) * t,
        )
    }
}

/// Degrees to radians, for constants that read better in degrees.
pub const fn degrees(value: f64) -> f64 {
    value * PI / 180.0
}

/// One step of an outline.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Segment {
    /// Starts a new contour.
    Move(Point),
    /// A straight line.
    Line(Point),
    /// A cubic Bézier curve: two control points and the end.
    Cubic(Point, Point, Point),
    /// An arc of the circle around `centre`, from angle `start`, over `turn` radians (positive is
    /// clockwise on screen, less than a full turn), ending at `to`.
    Arc {
        /// Centre of the circle.
        centre: Point,
        /// Radius in units.
        radius: f64,
        /// Angle at which the arc begins, radians.
        start: f64,
        /// Signed angle covered, radians, `|turn| < 2π`.
        turn: f64,
        /// Where the arc ends (stored, so that it is computed once).
        to: Point,
    },
    /// Closes the contour with a straight line.
    Close,
}

/// An axis-aligned box in canvas units.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Bounds {
    /// Left edge.
    pub left: f64,
    /// Upper edge.
    pub top: f64,
    /// Right edge.
    pub right: f64,
    /// Lower edge.
    pub bottom: f64,
}

impl Bounds {
    /// Holds nothing; the neutral element of [`Bounds::include`].
    pub const EMPTY: Self = Self {
        left: f64::INFINITY,
        top: f64::INFINITY,
        right: f64::NEG_INFINITY,
        bottom: f64::NEG_INFINITY,
    };

    /// Grows to hold `p`.
    pub fn include(&mut self, p: Point) {
        self.left = self.left.min(p.x);
        self.top = self.top.min(p.y);
        self.right = self.right.max(p.x);
        self.bottom = self.bottom.max(p.y);
    }

    /// Grows to hold `other`.
    pub fn join(&mut self, other: &Self) {
        self.include(point(other.left, other.top));
        self.include(point(other.right, other.bottom));
    }

    /// Grown by `by` units on each side.
    #[must_use]
    pub fn grown(self, by: f64) -> Self {
        Self {
            left: self.left - by,
            top: self.top - by,
            right: self.right + by,
            bottom: self.bottom + by,
        }
    }

    /// The middle of the box.
    pub fn centre(&self) -> Point {
        point(
            f64::midpoint(self.left, self.right),
            f64::midpoint(self.top, self.bottom),
        )
    }

    /// Width in units.
    pub fn width(&self) -> f64 {
        self.right - self.left
    }

    /// Height in units.
    pub fn height(&self) -> f64 {
        self.bottom - self.top
    }

    /// Includes the arc's axis extremes, beside its end.
    fn include_arc(&mut self, centre: Point, radius: f64, start: f64, turn: f64, to: Point) {
        self.include(to);
        let (low, high) = if turn < 0.0 {
            (start + turn, start)
        } else {
            (start, start + turn)
        };
        let mut quarter = libm::ceil(low / (PI / 2.0));
        while quarter * (PI / 2.0) <= high {
            let (dx, dy) = match (quarter as i64).rem_euclid(4) {
                0 => (radius, 0.0),
                1 => (0.0, radius),
                2 => (-radius, 0.0),
                _ => (0.0, -radius),
            };
            self.include(centre.moved(dx, dy));
            quarter += 1.0;
        }
    }
}

/// Area and first moments of a region, signed by its direction (clockwise on screen is positive).
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Moments {
    /// Area in square units.
    pub area: f64,
    /// Area times the centroid's x.
    pub x: f64,
    /// Area times the centroid's y.
    pub y: f64,
}

impl Moments {
    /// A region of `area` whose centroid is `at`.
    pub fn of(area: f64, at: Point) -> Self {
        Self {
            area,
            x: area * at.x,
            y: area * at.y,
        }
    }

    /// Adds another region.
    pub fn add(&mut self, other: Self) {
        self.area += other.area;
        self.x += other.x;
        self.y += other.y;
    }

    /// Times `factor` (-1 turns the direction around).
    #[must_use]
    pub fn scaled(self, factor: f64) -> Self {
        Self {
            area: self.area * factor,
            x: self.x * factor,
            y: self.y * factor,
        }
    }
}

/// Bounds of an outline's segments: exact for lines and arcs; for cubics by eight points each,
/// which the margin of the quality gates covers.
pub fn bounds(segments: &[Segment]) -> Bounds {
    let mut bounds = Bounds::EMPTY;
    let mut at = point(0.0, 0.0);
    for segment in segments {
        match *segment {
            Segment::Move(p) | Segment::Line(p) => {
                bounds.include(p);
                at = p;
            }
            Segment::Cubic(a, b, p) => {
                for i in 1..=8 {
                    bounds.include(cubic_at(at, a, b, p, f64::from(i) / 8.0));
                }
                at = p;
            }
            Segment::Arc {
                centre,
                radius,
                start,
                turn,
                to,
            } => {
                bounds.include_arc(centre, radius, start, turn, to);
                at = to;
            }
            Segment::Close => {}
        }
    }
    bounds
}

/// Signed area and moments of closed contours (Green's theorem; a circular segment is exact, a
/// cubic is taken as eight chords).
pub fn moments(segments: &[Segment]) -> Moments {
    let mut sum = Moments::default();
    let mut first = point(0.0, 0.0);
    let mut at = first;
    for segment in segments {
        match *segment {
            Segment::Move(p) => {
                sum.add(chord(at, first));
                first = p;
                at = p;
            }
            Segment::Line(p) => {
                sum.add(chord(at, p));
                at = p;
            }
            Segment::Cubic(a, b, p) => {
                let mut from = at;
                for i in 1..=8 {
                    let to = cubic_at(at, a, b, p, f64::from(i) / 8.0);
                    sum.add(chord(from, to));
                    from = to;
                }
                at = p;
            }
            Segment::Arc {
                centre,
                radius,
                start,
                turn,
                to,
            } => {
                sum.add(chord(at, to));
                sum.add(circular_segment(centre, radius, start, turn));
                at = to;
            }
            Segment::Close => {
                sum.add(chord(at, first));
                at = first;
            }
        }
    }
    sum.add(chord(at, first));
    sum
}

/// Length of an outline, units (a cubic is taken as eight chords), and the moments of that length.
pub fn length(segments: &[Segment]) -> Moments {
    let mut sum = Moments::default();
    let mut first = point(0.0, 0.0);
    let mut at = first;
    let mut line =
        |from: Point, to: Point| sum.add(Moments::of(from.distance(to), from.toward(to, 0.5)));
    for segment in segments {
        match *segment {
            Segment::Move(p) => {
                first = p;
                at = p;
            }
            Segment::Line(p) => {
                line(at, p);
                at = p;
            }
            Segment::Cubic(a, b, p) => {
                let mut from = at;
                for i in 1..=8 {
                    let to = cubic_at(at, a, b, p, f64::from(i) / 8.0);
                    line(from, to);
                    from = to;
                }
                at = p;
            }
            Segment::Arc {
                centre,
                radius,
                start,
                turn,
                to,
            } => {
                // Six chords scaled to the arc's true length: the centroid is within 1 %.
                let chords = 6;
                let mut from = at;
                for i in 1..=chords {
                    let next =
                        centre.polar(radius, start + turn * f64::from(i) / f64::from(chords));
                    line(from, next);
                    from = next;
                }
                at = to;
            }
            Segment::Close => {
                line(at, first);
                at = first;
            }
        }
    }
    sum
}

/// The point of a cubic at `t`.
pub fn cubic_at(from: Point, a: Point, b: Point, to: Point, t: f64) -> Point {
    let u = 1.0 - t;
    let (w0, w1, w2, w3) = (u * u * u, 3.0 * u * u * t, 3.0 * u * t * t, t * t * t);
    point(
        w0 * from.x + w1 * a.x + w2 * b.x + w3 * to.x,
        w0 * from.y + w1 * a.y + w2 * b.y + w3 * to.y,
    )
}

/// Calls `cubic` with the control points of Béziers that follow an arc, at most a quarter turn
/// each (largest radial error 0.03 %: the usual 4/3·tan(θ/4) handles).
pub fn arc_to_cubics(
    centre: Point,
    radius: f64,
    start: f64,
    turn: f64,
    mut cubic: impl FnMut(Point, Point, Point),
) {
    let pieces = libm::ceil(turn.abs() / (PI / 2.0) - 1e-9).max(1.0);
    let step = turn / pieces;
    let handle = 4.0 / 3.0 * libm::tan(step / 4.0) * radius;
    for i in 0..pieces as u32 {
        let a0 = start + step * f64::from(i);
        let a1 = a0 + step;
        let (p0, p1) = (centre.polar(radius, a0), centre.polar(radius, a1));
        let (s0, c0) = libm::sincos(a0);
        let (s1, c1) = libm::sincos(a1);
        cubic(
            p0.moved(-s0 * handle, c0 * handle),
            p1.moved(s1 * handle, -c1 * handle),
            p1,
        );
    }
}

fn chord(from: Point, to: Point) -> Moments {
    let cross = from.x * to.y - to.x * from.y;
    Moments {
        area: cross / 2.0,
        x: cross * (from.x + to.x) / 6.0,
        y: cross * (from.y + to.y) / 6.0,
    }
}

/// The region between an arc and its chord.
fn circular_segment(centre: Point, radius: f64, start: f64, turn: f64) -> Moments {
    debug_assert!(turn.abs() <= TAU);
    let theta = turn.abs();
    let (sin, _) = libm::sincos(theta);
    let area = radius * radius / 2.0 * (theta - sin);
    if area <= 1e-12 {
        return Moments::default();
    }
    let half = libm::sin(theta / 2.0);
    let offset = 4.0 * radius * half * half * half / (3.0 * (theta - sin));
    Moments::of(area, centre.polar(offset, start + turn / 2.0)).scaled(turn.signum())
}
