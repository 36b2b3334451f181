//! Lambda: the Greek letter from two legs.
//!
//! Serenity: round strokes, an arch or a long leg with a calm curl. Power: heavy blades with level
//! feet. Mystery: the letter as the way between parts of a moon, or as two crescents. Awakening: a
//! symmetric chevron under which something rises. Creative: one leg a plain primitive.

use std::f64::consts::{FRAC_PI_2, PI};

use crate::drawing::{Cap, Drawing, Ink, Part};
use crate::emotion::Emotion;
use crate::family::{Detail, Parameter, Subject, Values};
use crate::geometry::degrees;

use super::parts_straight::{Pen, along, between, cross, heavier, index, shifted, to_segment};

/// Structural parameters.
pub const PARAMETERS: &[Parameter] = &[
    Parameter {
        name: "form",
        low: 0.0,
        high: 2.0,
        step: 1.0,
        unit: "count",
        what: "which construction of the letter",
    },
    Parameter {
        name: "side",
        low: 0.0,
        high: 1.0,
        step: 1.0,
        unit: "count",
        what: "which way the letter faces",
    },
    Parameter {
        name: "weight",
        low: 8.0,
        high: 12.0,
        step: 0.5,
        unit: "units",
        what: "thickness of the legs",
    },
    Parameter {
        name: "spread",
        low: 0.0,
        high: 1.0,
        step: 0.125,
        unit: "share",
        what: "how wide the feet stand",
    },
    Parameter {
        name: "apex",
        low: 0.0,
        high: 1.0,
        step: 0.125,
        unit: "share",
        what: "where the legs meet, or how round",
    },
    Parameter {
        name: "joint",
        low: 0.0,
        high: 1.0,
        step: 0.125,
        unit: "share",
        what: "height of the joint or of the accent",
    },
];

/// The parameters by name, and the drawing asked for.
struct Letter {
    form: usize,
    weight: f64,
    spread: f64,
    apex: f64,
    joint: f64,
    subject: Subject,
}

/// Draws the family.
pub fn draw(values: &Values, subject: Subject) -> Drawing {
    let [form, side, weight, spread, apex, joint, ..] = *values;
    let mut drawing = Drawing::new();
    let mut pen = Pen::new(&mut drawing);
    pen.turned(0.0, side > 0.5);
    let letter = Letter {
        form: index(form),
        weight: heavier(weight, subject),
        spread,
        apex,
        joint,
        subject,
    };
    match subject.emotion {
        Emotion::Serenity => letter.serene(&mut pen),
        Emotion::Power => letter.strong(&mut pen),
        Emotion::Mystery => letter.hidden(&mut pen),
        Emotion::Awakening => letter.rising(&mut pen),
        Emotion::Creative => letter.mixed(&mut pen),
    }
    drawing.settle(1.4);
    drawing
}

/// The level line on which the letter stands.
const GROUND: [(f64, f64); 2] = [(-28.0, 28.0), (28.0, 28.0)];
/// The level line that it reaches.
const TOP: f64 = -28.0;
const FOOT: f64 = 28.0;

impl Letter {
    fn tiny(&self) -> bool {
        self.subject.detail == Detail::Tiny
    }

    /// The gap between the inks.
    fn gap(&self) -> f64 {
        if self.tiny() { 4.0 } else { 3.5 }
    }

    /// A value of the tiny drawing, or between two ends elsewhere.
    fn pick(&self, tiny: f64, low: f64, high: f64, share: f64) -> f64 {
        if self.tiny() {
            tiny
        } else {
            between(low, high, share)
        }
    }

    /// The weight as a share of its range, also where the small drawing has made it heavier.
    fn heft(&self) -> f64 {
        (self.weight - 8.0) / 7.0
    }

    fn serene(&self, pen: &mut Pen<'_>) {
        let width = if self.tiny() {
            9.0
        } else {
            self.weight.min(11.5)
        };
        let half = width / 2.0;
        let foot = FOOT - half;
        let wide = if self.form == 0 { 23.5 } else { 20.0 };
        let out = self.pick(26.0, wide, 28.0, self.spread) - half;
        let top = TOP + half;
        if self.form == 0 {
            // An arch over a disc.
            let round = self.pick(9.0, 6.0, 13.0, self.apex);
            // The corner is cut back by its rounding; this much higher it reaches the top again.
            let lift = round * ((1.0 + 56.0 * 56.0 / (out * out)).sqrt() - 1.0);
            let legs = [(-out, foot), (0.0, top - lift), (out, foot)];
            pen.bent(&legs, round)
                .stroke(Ink::Primary, Part::Body, width, Cap::Round);
            let radius = self.pick(6.0, 6.0, 8.0, self.joint);
            let c = (0.0, FOOT - radius);
            pen.disc(Ink::Accent, Part::Accent, c, radius);
            pen.drawing
                .gap(to_segment(c, legs[0], legs[1]) - half - radius);
            return;
        }
        // The long leg falls to the right, the short one leaves it to the left.
        let head = (self.pick(-4.0, -12.0, 0.0, self.apex), top);
        let toe = (out, foot);
        if self.form == 1 {
            pen.bent(&[(head.0 - 11.0, top), head, toe], 9.0);
        } else {
            pen.go(head).to(toe);
        }
        pen.stroke(Ink::Primary, Part::Body, width, Cap::Round);
        let joint = along([head, toe], self.pick(0.4, 0.25, 0.45, self.joint));
        let heel = (-out, foot);
        let clear = width + self.gap();
        let start = cross(shifted([head, toe], clear), [joint, heel]);
        pen.go(start)
            .to(heel)
            .stroke(Ink::Accent, Part::Accent, width, Cap::Round);
        pen.drawing.gap(self.gap());
    }

    fn strong(&self, pen: &mut Pen<'_>) {
        let gap = self.gap();
        // Measured along the level: heads and feet are cut level.
        let wide = self.pick(16.0, 14.0, 19.0, self.heft());
        let out = self.pick(28.0, 24.0, 28.0, self.spread);
        let head = self.pick(4.0, 0.0, 8.0, self.apex);
        if self.form == 1 {
            // A black letter whose right foot is cut off in the direction of the left leg.
            let peak = (head - 4.0, TOP);
            let left = [(-out, FOOT), peak];
            let right = [peak, (out, FOOT)];
            let left_inside = shifted(left, wide * 0.9);
            let right_inside = shifted(right, wide * 0.9);
            let crotch = cross(left_inside, right_inside);
            let at = along(right, self.pick(0.55, 0.5, 0.68, self.joint));
            let cut = [at, (at.0 - peak.0 - out, at.1 + FOOT - TOP)];
            let lower = shifted(cut, -gap);
            pen.polygon(&[
                left[0],
                peak,
                at,
                cross(cut, right_inside),
                crotch,
                cross(left_inside, GROUND),
            ])
            .fill(Ink::Primary, Part::Body);
            pen.polygon(&[
                cross(lower, right),
                right[1],
                cross(right_inside, GROUND),
                cross(lower, right_inside),
            ])
            .fill(Ink::Accent, Part::Accent);
            pen.drawing.gap(gap).limb(wide * 0.9);
            return;
        }
        // The great blade rises from the lower left.
        let edge = [(wide - out, FOOT), (head, TOP)];
        pen.polygon(&[(-out, FOOT), (head - wide, TOP), edge[1], edge[0]])
            .fill(Ink::Primary, Part::Body);
        let clear = shifted(edge, gap);
        let joint = along(clear, self.pick(0.6, 0.5, 0.78, self.joint));
        let right = [joint, (out, FOOT)];
        if self.form == 0 {
            // The second blade is cut along the first.
            let left = right.map(|p| (p.0 - wide, p.1));
            pen.polygon(&[joint, right[1], left[1], cross(left, clear)]);
        } else {
            pen.polygon(&[joint, right[1], cross(clear, GROUND)]);
        }
        pen.fill(Ink::Accent, Part::Accent);
        pen.drawing.gap(gap).limb(wide * 0.7);
    }

    fn hidden(&self, pen: &mut Pen<'_>) {
        if self.form != 1 {
            self.moon(pen);
            return;
        }
        // Two crescents: the long one falls to the right, the short one leaves it. Their tips
        // taper; the limb noted is the thickness over the middle half.
        let belly = self.pick(14.0, 11.0, 15.0, self.heft());
        let out = self.pick(24.0, 20.0, 26.0, self.spread);
        let head = (self.pick(-8.0, -16.0, -4.0, self.apex), TOP);
        let toe = (out, FOOT);
        let joint = along([head, toe], self.pick(0.4, 0.3, 0.5, self.joint));
        crescent(pen, head, toe, -6.0 - belly, -6.0);
        pen.fill(Ink::Primary, Part::Body);
        crescent(
            pen,
            (joint.0 - 3.0, joint.1 + 2.0),
            (-out, FOOT),
            -2.0,
            belly - 2.0,
        );
        pen.fill(Ink::Accent, Part::Accent);
        pen.drawing.gap(self.gap()).limb(belly * 0.75);
    }

    /// A disc cut into three by two ways that run as the letter.
    fn moon(&self, pen: &mut Pen<'_>) {
        let radius = 28.0;
        let way = self.pick(4.0, 4.0, 6.0, self.heft());
        // Each way is a line given by its normal's angle and its distance from the centre.
        let long = degrees(self.pick(-28.0, -34.0, -20.0, self.apex));
        let far = self.pick(2.0, -2.0, 8.0, self.spread);
        let short = degrees(self.pick(214.0, 205.0, 226.0, self.joint));
        let near = self.pick(0.0, -5.0, 4.0, self.joint);
        let reach = |distance: f64| libm::acos(distance / radius);
        let right = reach(far + way / 2.0);
        let left = reach(far - way / 2.0);
        let upper = reach(near + way / 2.0);
        let lower = reach(near - way / 2.0);
        let line = |angle: f64, distance: f64| {
            let (sin, cos) = libm::sincos(angle);
            let foot = (cos * distance, sin * distance);
            [foot, (foot.0 - sin, foot.1 + cos)]
        };
        let stem = line(long, far - way / 2.0);
        let rim = |angle: f64| {
            let (sin, cos) = libm::sincos(angle);
            (radius * cos, radius * sin)
        };
        pen.go(rim(long - right))
            .arc((0.0, 0.0), radius, long - right, 2.0 * right)
            .close();
        let heel = short - upper;
        pen.go(rim(heel))
            .arc((0.0, 0.0), radius, heel, 2.0 * PI + long - left - heel)
            .to(cross(stem, line(short, near + way / 2.0)))
            .close()
            .fill(Ink::Primary, Part::Body);
        let toe = long + left;
        let corner = cross(stem, line(short, near - way / 2.0));
        pen.drawing.gap(way).limb(4.0);
        if self.form == 2 {
            // The way widens to an open counter that holds a small moon.
            let size = self.pick(8.0, 6.5, 8.5, self.joint);
            let foot = (rim(toe).0 + rim(short - lower).0) / 2.0;
            let c = (foot, radius - size);
            let free =
                to_segment(c, corner, rim(toe)).min(to_segment(c, corner, rim(short - lower)));
            pen.disc(Ink::Accent, Part::Accent, c, size);
            pen.drawing.gap(free - size + way);
            return;
        }
        pen.go(rim(toe))
            .arc((0.0, 0.0), radius, toe, short - lower - toe)
            .to(corner)
            .close()
            .fill(Ink::Accent, Part::Accent);
    }

    fn rising(&self, pen: &mut Pen<'_>) {
        let gap = self.gap();
        let wide = self.pick(14.0, 12.0, 17.0, self.heft());
        let out = self.pick(28.0, 22.0, 28.0, self.spread);
        match self.form {
            0 => {
                // Two legs apart, a diamond in the opening.
                let across = self.pick(8.0, 7.0, 12.0, self.apex);
                let high = self.pick(10.0, 8.0, 14.0, self.joint);
                let middle = TOP + high;
                pen.polygon(&[
                    (0.0, TOP),
                    (across, middle),
                    (0.0, middle + high),
                    (-across, middle),
                ])
                .fill(Ink::Accent, Part::Accent);
                let cut = shifted([(0.0, middle + high), (across, middle)], gap);
                let edge = cross(cut, [(gap / 2.0, 0.0), (gap / 2.0, 1.0)]);
                let inner = [edge, (out - wide, FOOT)];
                let outer = inner.map(|p| (p.0 + wide, p.1));
                let leg = [edge, cross(cut, outer), outer[1], inner[1]];
                pen.polygon(&leg);
                let [a, b, c, e] = leg.map(|p| (-p.0, p.1));
                pen.polygon(&[e, c, b, a]).fill(Ink::Primary, Part::Body);
            }
            1 => {
                // A sun rises under the peak, as large as its gap allows.
                let peak = TOP + self.pick(0.0, 0.0, 8.0, self.apex);
                let (out, wide) = (out.max(25.0), wide.min(13.5));
                let inner = chevron(pen, peak, out, wide);
                pen.fill(Ink::Primary, Part::Body);
                let lift = self.pick(0.0, 0.0, 9.0, self.joint);
                let radius = if lift < 5.0 {
                    let radius = to_segment((0.0, FOOT), inner[0], inner[1]) - gap;
                    pen.go((-radius, FOOT))
                        .arc((0.0, FOOT), radius, PI, PI)
                        .close();
                    radius
                } else {
                    let c = (0.0, FOOT - lift);
                    let radius = lift.min(to_segment(c, inner[0], inner[1]) - gap);
                    pen.round(c, radius);
                    radius
                };
                pen.fill(Ink::Accent, Part::Accent);
                pen.drawing.limb(radius - 1.0);
            }
            _ => {
                // A small roof above the great one.
                let rise = self.pick(20.0, 17.0, 23.0, self.joint);
                let slope = (FOOT - TOP - rise) / out;
                let thick = rise - gap * (1.0 + slope * slope).sqrt();
                let low = TOP + thick + self.pick(10.0, 6.0, 16.0, self.apex);
                let (outer, inner) = ((low - TOP) / slope, (low - TOP - thick) / slope);
                pen.polygon(&[
                    (0.0, TOP),
                    (outer, low),
                    (inner, low),
                    (0.0, TOP + thick),
                    (-inner, low),
                    (-outer, low),
                ])
                .fill(Ink::Accent, Part::Accent);
                pen.drawing.limb(thick / (1.0 + slope * slope).sqrt());
                chevron(pen, TOP + rise, out, wide);
                pen.fill(Ink::Primary, Part::Body);
            }
        }
        pen.drawing.gap(gap).limb(wide * 0.7);
    }

    fn mixed(&self, pen: &mut Pen<'_>) {
        let gap = self.gap();
        let wide = self.pick(16.0, 13.0, 18.0, self.heft());
        let out = self.pick(28.0, 22.0, 26.0, self.spread);
        let head = self.pick(4.0, -2.0, 8.0, self.apex);
        let edge = [(wide - out, FOOT), (head, TOP)];
        match self.form {
            0 => {
                // A slash and a quarter sun.
                pen.polygon(&[(-out, FOOT), (head - wide, TOP), edge[1], edge[0]])
                    .fill(Ink::Primary, Part::Body);
                let clear = shifted(edge, gap);
                let slope = (clear[1].0 - clear[0].0) / 56.0;
                let right = out + between(0.0, 28.0 - out, self.joint);
                let radius = (right - clear[0].0) / (1.0 + slope);
                let corner = right - radius;
                pen.go((corner, FOOT - radius))
                    .arc((corner, FOOT), radius, -FRAC_PI_2, FRAC_PI_2)
                    .to((corner, FOOT))
                    .close()
                    .fill(Ink::Accent, Part::Accent);
            }
            1 => {
                // A bar and a half disc that leans on it.
                let bar = [(head - 12.0, TOP), (out, FOOT)];
                let width = wide * 0.75;
                let cut = cross(bar, GROUND);
                let level = width * 1.2;
                pen.polygon(&[
                    bar[0],
                    (bar[0].0 + level, TOP),
                    (cut.0, FOOT),
                    (cut.0 - level, FOOT),
                ])
                .fill(Ink::Primary, Part::Body);
                let left = [(bar[0].0, TOP), (cut.0 - level, FOOT)];
                let rest = shifted(left, gap);
                let radius = self.pick(16.0, 14.0, 18.0, self.joint);
                let level = FOOT - radius;
                let centre = cross(rest, [(0.0, level), (1.0, level)]);
                let angle = libm::atan2(rest[1].1 - rest[0].1, rest[1].0 - rest[0].0);
                let (sin, cos) = libm::sincos(angle);
                pen.go((centre.0 + radius * cos, centre.1 + radius * sin))
                    .arc(centre, radius, angle, PI)
                    .close()
                    .fill(Ink::Accent, Part::Accent);
            }
            _ => {
                // A sail and a disc beside its foot.
                let mast = self.pick(4.0, -2.0, 5.0, self.apex);
                pen.polygon(&[(-out, FOOT), (mast, TOP), (mast, FOOT)])
                    .fill(Ink::Primary, Part::Body);
                let radius = self.pick(10.0, 9.0, 12.0, self.joint);
                let c = (
                    mast + gap + radius,
                    FOOT - radius - between(0.0, 6.0, self.spread),
                );
                pen.disc(Ink::Accent, Part::Accent, c, radius);
            }
        }
        pen.drawing.gap(gap).limb(wide * 0.6);
    }
}

/// The letter as one black shape on a symmetric axis, feet cut level; its right inner edge.
fn chevron(pen: &mut Pen<'_>, peak: f64, out: f64, wide: f64) -> [(f64, f64); 2] {
    let crotch = peak + wide * (FOOT - peak) / out;
    pen.polygon(&[
        (0.0, peak),
        (out, FOOT),
        (out - wide, FOOT),
        (0.0, crotch),
        (wide - out, FOOT),
        (-out, FOOT),
    ]);
    [(0.0, crotch), (out - wide, FOOT)]
}

/// A contour between two bows over the same chord; each bow is its height to the right of the
/// chord's direction.
fn crescent(pen: &mut Pen<'_>, from: (f64, f64), to: (f64, f64), outer: f64, inner: f64) {
    let handles = |bow: f64| {
        let line = shifted([from, to], bow * 4.0 / 3.0);
        (along(line, 0.25), along(line, 0.75))
    };
    let (a, b) = handles(outer);
    let (c, d) = handles(inner);
    pen.go(from).curve(a, b, to).curve(d, c, from).close();
}
