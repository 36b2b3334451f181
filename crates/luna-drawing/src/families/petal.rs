//! Petal: leaves around a centre.
//!
//! Serenity: round drops or beads. Power: sharp blades. Mystery: crescents in a swirl, one of them
//! gone. Awakening: a lotus that opens upwards, or a star of leaves. Creative: a primitive for each
//! petal, one pushed out.

mod growth;
mod leaves;

use std::f64::consts::{PI, TAU};

use self::leaves::{hull, swirl_gap};
use super::parts_straight::{Pen, along, between, crescent, index, shifted};
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
}
