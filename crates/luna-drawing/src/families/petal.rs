//! Petal: leaves around a centre.
//!
//! Serenity: round drops or beads. Power: sharp blades. Mystery: crescents in a swirl, one of them
//! gone. Awakening: a lotus that opens upwards, or a star of leaves. Creative: a primitive for each
//! petal, one pushed out.

use std::f64::consts::{PI, TAU};

use super::parts_straight::{Pen, along, between, heavier, index, shifted, to_segment};
use crate::drawing::{Drawing, Ink, Part};
use crate::emotion::Emotion;
use crate::family::{Detail, Parameter, Subject, Values};

/// Structural parameters.
pub const PARAMETERS: &[Parameter] = &[
    Parameter {
        name: "form",
        low: 0.0,
        high: 2.0,
        step: 1.0,
        unit: "count",
        what: "which kind of petal",
    },
    Parameter {
        name: "count",
        low: 0.0,
        high: 3.0,
        step: 1.0,
        unit: "count",
        what: "petals beyond the fewest",
    },
    Parameter {
        name: "turn",
        low: 0.0,
        high: 1.0,
        step: 0.125,
        unit: "share",
        what: "turn of the whole, as a share of a full turn",
    },
    Parameter {
        name: "side",
        low: 0.0,
        high: 1.0,
        step: 1.0,
        unit: "count",
        what: "which way it winds",
    },
    Parameter {
        name: "width",
        low: 0.0,
        high: 1.0,
        step: 0.125,
        unit: "share",
        what: "how full the petals are",
    },
    Parameter {
        name: "inner",
        low: 0.0,
        high: 1.0,
        step: 0.125,
        unit: "share",
        what: "how open the centre is",
    },
];

/// The radius that petals reach, units.
const REACH: f64 = 28.0;

/// The parameters by name.
struct Flower {
    form: usize,
    count: usize,
    turn: f64,
    side: bool,
    width: f64,
    inner: f64,
    subject: Subject,
}

/// Draws the family.
pub fn draw(values: &Values, subject: Subject) -> Drawing {
    let [form, count, turn, side, width, inner, ..] = *values;
    let flower = Flower {
        form: index(form),
        count: index(count),
        turn,
        side: side > 0.5,
        width,
        inner,
        subject,
    };
    let mut drawing = Drawing::new();
    let mut pen = Pen::new(&mut drawing);
    match subject.emotion {
        Emotion::Serenity => flower.serene(&mut pen),
        Emotion::Power => flower.strong(&mut pen),
        Emotion::Mystery => flower.swirl(&mut pen),
        Emotion::Awakening => flower.rising(&mut pen),
        Emotion::Creative => flower.mixed(&mut pen),
    }
    drawing.settle(1.4);
    drawing
}

impl Flower {
    fn tiny(&self) -> bool {
        self.subject.detail == Detail::Tiny
    }

    fn gap(&self) -> f64 {
        if self.tiny() { 4.0 } else { 3.0 }
    }

    /// A value of the tiny drawing, or between two ends elsewhere.
    fn pick(&self, tiny: f64, low: f64, high: f64, share: f64) -> f64 {
        if self.tiny() {
            tiny
        } else {
            between(low, high, share)
        }
    }

    /// The angle of petal `i` of `count`; tiny ones stand on the axes.
    fn angle(&self, i: usize, count: usize) -> f64 {
        let first = if self.tiny() {
            (self.turn * 4.0).floor() / 4.0
        } else {
            self.turn
        };
        TAU * (first + i as f64 / count as f64)
    }

    /// Draws petals one by one: the last is the accent.
    fn ring(&self, pen: &mut Pen<'_>, count: usize, mut petal: impl FnMut(&mut Pen<'_>, usize)) {
        for i in 0..count {
            pen.turned(self.angle(i, count), false);
            petal(pen, i);
            if i + 2 == count {
                pen.fill(Ink::Primary, Part::Body);
            }
        }
        pen.fill(Ink::Accent, Part::Accent);
    }

    fn serene(&self, pen: &mut Pen<'_>) {
        let gap = self.gap();
        let count = if self.tiny() {
            4
        } else {
            3 + self.count.min(2) + self.form.min(1)
        };
        let sin = libm::sin(PI / count as f64);
        if self.form == 1 {
            // Beads around a bead.
            let widest = (REACH + gap / 2.0) / (1.0 + sin) * sin - gap / 2.0;
            let radius = if self.tiny() {
                8.0
            } else {
                widest * between(0.82, 1.0, self.width)
            };
            let away = REACH - radius;
            for i in 0..count {
                pen.turned(self.angle(i, count), false);
                pen.round((0.0, -away), radius);
            }
            pen.fill(Ink::Primary, Part::Body);
            let room = away - radius - gap;
            let heart = if self.tiny() {
                room
            } else {
                room.min(radius * 1.5)
            };
            pen.disc(Ink::Accent, Part::Accent, (0.0, 0.0), heart);
            pen.drawing
                .gap((2.0 * (away * sin - radius)).min(away - radius - heart));
            pen.drawing.limb(2.0 * heart.min(radius));
            return;
        }
        // Drops: the hull of a small and a large disc.
        let small = self.pick(4.0, 2.0, 3.5, self.inner);
        let base = (small + gap / 2.0) / sin + if self.form == 2 { 4.0 } else { 0.5 };
        let widest = (REACH + gap / 2.0) / (1.0 + sin) * sin - gap / 2.0;
        let radius = self.pick(8.0, widest * 0.72, widest.min(14.0), self.width);
        let away = REACH - radius;
        let (from, to) = if self.form == 2 && !self.tiny() {
            // Wide at the heart, narrow at the rim.
            let near = (radius * 0.8 + gap / 2.0) / sin;
            ((near, radius * 0.8), (REACH - small - 1.0, small + 1.0))
        } else {
            ((base.min(away - 1.0), small), (away, radius))
        };
        self.ring(pen, count, |pen, _| hull(pen, from, to));
        let free = |(at, r): (f64, f64)| 2.0 * (at * sin - r);
        pen.drawing.gap(free(from).min(free(to))).limb(small * 2.0);
    }

    fn strong(&self, pen: &mut Pen<'_>) {
        let gap = self.gap();
        let windmill = self.form == 2 && !self.tiny();
        let count = if self.tiny() {
            4
        } else {
            3 + self.count.max(usize::from(windmill))
        };
        let (sin, cos) = libm::sincos(PI / count as f64);
        let middle = self.pick(16.0, 12.0, 20.0, self.inner);
        let base = gap / 2.0 / sin + self.pick(1.2, 0.3, 2.0, self.width);
        let widest = ((middle * sin - gap / 2.0) / cos).min(16.0);
        let half = self.pick(10.0, widest * 0.72, widest, self.width);
        let free = 2.0 * (middle * sin - half * cos).min(base * sin);
        let half = if windmill { half * 1.5 } else { half };
        match if self.tiny() { 0 } else { self.form } {
            0 => self.ring(pen, count, |pen, _| {
                pen.polygon(&[
                    (0.0, -base),
                    (half, -middle),
                    (0.0, -REACH),
                    (-half, -middle),
                ]);
            }),
            1 => {
                // Broad blades cut square to the axis.
                let end = ((REACH * sin - gap / 2.0) / cos).min(half * 1.2);
                let top = (REACH * REACH - end * end).sqrt();
                let end = end.min((top * sin - gap / 2.0) / cos);
                self.ring(pen, count, |pen, _| {
                    pen.polygon(&[(0.0, -base), (end, -top), (-end, -top)]);
                });
                let free = 2.0 * (top * sin - end * cos).min(base * sin);
                pen.drawing.gap(free).limb(end);
                return;
            }
            _ => self.ring(pen, count, |pen, _| {
                // Half blades: a windmill.
                let x = if self.side { half } else { -half };
                pen.polygon(&[(0.0, -base), (x, -middle), (0.0, -REACH)]);
            }),
        }
        pen.drawing.gap(free).limb(half);
    }

    fn swirl(&self, pen: &mut Pen<'_>) {
        let count = if self.tiny() {
            4
        } else {
            5 + self.count.min(2)
        };
        let belly = match self.subject.detail {
            Detail::Tiny => 13.0,
            _ => [10.5, 9.0, 8.0][count - 5] * between(0.94, 1.08, self.width),
        };
        let base = self.pick(6.0, 4.0, 7.0, self.inner);
        // A leaning chord keeps within the reach with its bow.
        let tilt = if self.tiny() {
            0.0
        } else {
            [0.0, 0.35, 0.7][self.form]
        };
        let bow = self.pick(2.0, 2.0, 4.0, self.width);
        let (bow, tilt) = if self.side {
            ((-bow - belly, -bow), tilt)
        } else {
            ((bow + belly, bow), -tilt)
        };
        let (sin, cos) = libm::sincos(tilt);
        let reach = REACH - 0.5;
        let petal = [(0.0, -base), (reach * sin, -reach * cos)];
        for i in 1..count {
            pen.turned(self.angle(i, count), false);
            crescent(pen, petal, bow);
        }
        pen.fill(Ink::Primary, Part::Body);
        pen.turned(self.angle(0, count), false);
        let chord = shifted(petal, f64::midpoint(bow.0, bow.1) * 0.7);
        let at = along(chord, if self.tiny() { 0.6 } else { 0.66 });
        let radius = self.pick(8.0, 5.5, 7.5, self.width);
        pen.disc(Ink::Accent, Part::Accent, at, radius);
        let free = swirl_gap(petal, bow, count, at);
        pen.drawing
            .gap(free.0.min(free.1 - radius))
            .limb(belly * 0.75);
    }

    fn rising(&self, pen: &mut Pen<'_>) {
        let gap = self.gap();
        if self.form == 2 {
            // A star of leaves, the upper one lit.
            let count = if self.tiny() {
                4
            } else {
                5 + self.count.min(2)
            };
            let (sin, cos) = libm::sincos(PI / count as f64);
            let base = gap / 2.0 / sin + self.pick(0.5, 0.5, 3.0, self.inner);
            let half =
                bud_most(base, REACH, gap, (sin, cos)).min(10.0) * between(0.85, 1.0, self.width);
            for i in 1..count {
                pen.turned(TAU * i as f64 / count as f64, false);
                bud(pen, base, REACH, half);
            }
            pen.fill(Ink::Primary, Part::Body);
            pen.turned(0.0, false);
            bud(pen, base, REACH, half);
            pen.fill(Ink::Accent, Part::Accent);
            pen.drawing
                .gap(2.0 * bud_gap(base, REACH, half, (sin, cos)))
                .limb(half);
            return;
        }
        // A lotus of three leaves, or a sprout of two under a sun.
        let sprout = self.form == 0;
        let pitch = crate::geometry::degrees(if sprout {
            self.pick(45.0, 34.0, 46.0, self.inner)
        } else {
            self.pick(58.0, 54.0, 64.0, self.inner)
        });
        let (sin, cos) = libm::sincos(if sprout { pitch } else { pitch / 2.0 });
        let base = gap / 2.0 / sin + 0.5;
        // A lotus's side leaves stand apart from its middle one.
        let aside = if sprout {
            0.0
        } else {
            self.pick(6.0, 5.0, 5.0, 0.0)
        };
        let apart = aside * cos;
        let side = (REACH - 1.0 - aside) / libm::sin(pitch) * between(0.9, 1.0, self.turn);
        let long = side + self.pick(15.0, 9.0, 18.0, self.count as f64 / 3.0);
        let most = if sprout { 11.0 } else { 12.5 };
        let half = self
            .pick(most - 1.0, most - 3.0, most + 1.0, self.width)
            .min(bud_most(base, side, gap - apart, (sin, cos)));
        for way in [-1.0, 1.0] {
            pen.at(way * aside, 24.0).turned(way * pitch, false);
            bud(pen, base, side, half);
        }
        pen.fill(Ink::Primary, Part::Body);
        pen.at(0.0, 24.0).turned(0.0, false);
        let free = bud_gap(base, side, half, (sin, cos));
        if sprout {
            let radius = self.pick(8.0, 7.0, 10.0, self.turn);
            // As low as the leaves allow, and never below their tips' height by much.
            let away = (side * cos + radius * 0.6).max((radius + half + gap) / sin);
            pen.disc(Ink::Accent, Part::Accent, (0.0, -away), radius);
            let edge = bud_free((0.0, away), base, side, half, (sin, cos)) - radius;
            pen.drawing.gap((2.0 * free).min(edge)).limb(half);
        } else {
            bud(pen, base, long, half);
            pen.fill(Ink::Accent, Part::Accent);
            let upper = bud_gap(base, long, half, (sin, cos));
            pen.drawing.gap(free + upper + apart).limb(half);
        }
    }

    fn mixed(&self, pen: &mut Pen<'_>) {
        let gap = self.gap();
        let count = if self.tiny() {
            4
        } else {
            4 + self.count.min(2)
        };
        let (sin, cos) = libm::sincos(PI / count as f64);
        let push = self.pick(0.0, 2.5, 5.0, self.inner);
        let tip = REACH - push;
        let base = gap / 2.0 / sin + 1.0;
        let full = between(0.9, 1.0, self.width);
        // Each kind as wide as its wedge allows.
        let radius = ((tip + gap / 2.0) / (1.0 + sin) * sin - gap / 2.0).min(13.0) * full;
        let middle = between(base, tip, 0.6);
        let blade = ((middle * sin - gap / 2.0) / cos).min(13.0) * full;
        let half = bud_most(base, tip, gap, (sin, cos)).min(10.0) * full;
        let end = ((tip * sin - gap / 2.0) / (cos + 0.05)).min(13.0) * full;
        let small = base * sin - gap / 2.0;
        // The wedge's corners keep within the reach.
        let flat = (tip * tip - end * end).sqrt();
        let end = end.min((flat * sin - gap / 2.0) / cos);
        self.ring(pen, count, |pen, i| {
            // The last petal is the displaced one.
            let out = if i + 1 == count { push } else { 0.0 };
            match (i + self.form + usize::from(self.side) * 2) % 4 {
                0 => hull(pen, (base + out, small), (tip - radius + out, radius)),
                1 => {
                    let y = -out - middle;
                    pen.polygon(&[
                        (0.0, -base - out),
                        (-blade, y),
                        (0.0, -tip - out),
                        (blade, y),
                    ]);
                }
                2 => bud(pen, base + out, tip + out, half),
                _ => {
                    pen.polygon(&[(0.0, -base - out), (-end, -flat - out), (end, -flat - out)]);
                }
            }
        });
        let free = (tip - radius) * sin - radius;
        let free = free
            .min(middle * sin - blade * cos)
            .min(flat * sin - end * cos);
        let free = free
            .min(base * sin - small)
            .min(bud_gap(base, tip, half, (sin, cos)));
        pen.drawing.gap(2.0 * free).limb(half.min(blade));
    }
}

/// The hull of two discs on the upward axis, each given by height and radius.
fn hull(pen: &mut Pen<'_>, low: (f64, f64), high: (f64, f64)) {
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
fn bud_side(base: f64, tip: f64, half: f64) -> [(f64, f64); 4] {
    let long = tip - base;
    [
        (0.0, base),
        (half * 0.7, base + long * 0.22),
        (half * 1.75, base + long * 0.62),
        (0.0, tip),
    ]
}

/// A leaf on the upward axis, widest beyond its middle.
fn bud(pen: &mut Pen<'_>, base: f64, tip: f64, half: f64) {
    let [foot, a, b, end] = bud_side(base, tip, half).map(|(x, y)| (x, -y));
    let left = |p: (f64, f64)| (-p.0, p.1);
    pen.go(foot)
        .curve(left(a), left(b), end)
        .curve(b, a, foot)
        .close();
}

/// Points along a bud's side.
fn bud_points(base: f64, tip: f64, half: f64) -> [(f64, f64); 9] {
    let [a, b, c, d] = bud_side(base, tip, half).map(|(x, y)| crate::geometry::point(x, y));
    std::array::from_fn(|i| {
        let p = crate::geometry::cubic_at(a, b, c, d, i as f64 / 8.0);
        (p.x, p.y)
    })
}

/// The half width at which a bud keeps half of `gap` from the line at an angle to its axis.
fn bud_most(base: f64, tip: f64, gap: f64, (sin, cos): (f64, f64)) -> f64 {
    bud_points(base, tip, 1.0)[1..8]
        .iter()
        .fold(f64::INFINITY, |least, (x, y)| {
            least.min((y * sin - gap / 2.0) / (x * cos))
        })
}

/// Distance of a bud's side from the line at an angle (sine, cosine) to its axis through the foot.
fn bud_gap(base: f64, tip: f64, half: f64, (sin, cos): (f64, f64)) -> f64 {
    bud_points(base, tip, half)
        .iter()
        .fold(f64::INFINITY, |least, (x, y)| least.min(y * sin - x * cos))
}

/// Distance of a point on the upward axis from a bud that leans away by an angle.
fn bud_free(p: (f64, f64), base: f64, tip: f64, half: f64, (sin, cos): (f64, f64)) -> f64 {
    // In the bud's own frame, where its axis points up.
    let seen = (p.1 * sin, p.1 * cos);
    bud_points(base, tip, half)
        .windows(2)
        .fold(f64::INFINITY, |least, w| {
            least.min(to_segment(seen, w[0], w[1]))
        })
}

/// A contour between two bows over the same chord.
fn crescent(pen: &mut Pen<'_>, chord: [(f64, f64); 2], bow: (f64, f64)) {
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

/// Free space between neighbouring crescents, and from the accent's centre to the nearest one.
/// Taken between points of one side and chords of the other; a bow is a parabola over its chord.
fn swirl_gap(petal: [(f64, f64); 2], bow: (f64, f64), count: usize, at: (f64, f64)) -> (f64, f64) {
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
    (between, to_accent)
}
