//! Lambda: the Greek letter from two legs.
//!
//! Serenity: round strokes, an arch or a long leg with a calm curl. Power: heavy blades with level
//! feet. Mystery: the letter as the way between parts of a moon, or as two crescents. Awakening: a
//! symmetric chevron under which something rises. Creative: one leg a plain primitive.

mod blades;
mod moon;

use std::f64::consts::PI;

use crate::drawing::{Cap, Drawing, Ink, Part};
use crate::emotion::Emotion;
use crate::family::{Detail, Parameter, Subject, Values};

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
