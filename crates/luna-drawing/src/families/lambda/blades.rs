//! Power and creative: level feet, cut lines, plain primitives.

use std::f64::consts::{FRAC_PI_2, PI};

use super::super::parts_straight::{Pen, along, between, cross, shifted};
use super::{FOOT, GROUND, Letter, TOP};
use crate::drawing::{Ink, Part};

impl Letter {
    pub(super) fn strong(&self, pen: &mut Pen<'_>) {
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

    pub(super) fn mixed(&self, pen: &mut Pen<'_>) {
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
                let radius = (right - cross(clear, GROUND).0) / (1.0 + slope);
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
