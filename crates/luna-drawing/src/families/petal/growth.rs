//! Awakening and creative: what grows upwards, and petals of mixed kinds.

use std::f64::consts::{PI, TAU};

use super::super::parts_straight::{Pen, between};
use super::leaves::{bud, bud_free, bud_gap, bud_most, hull};
use super::{Flower, REACH};
use crate::drawing::{Ink, Part};
use crate::geometry::degrees;

impl Flower {
    pub(super) fn rising(&self, pen: &mut Pen<'_>) {
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
        let pitch = degrees(if sprout {
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

    pub(super) fn mixed(&self, pen: &mut Pen<'_>) {
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
