//! Mystery: the letter as the way between parts of a moon, or as two crescents.

use std::f64::consts::PI;

use super::super::parts_straight::{Pen, along, crescent, cross, to_segment};
use super::{FOOT, Letter, TOP};
use crate::drawing::{Ink, Part};
use crate::geometry::degrees;

impl Letter {
    pub(super) fn hidden(&self, pen: &mut Pen<'_>) {
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
        crescent(pen, [head, toe], (-6.0 - belly, -6.0));
        pen.fill(Ink::Primary, Part::Body);
        crescent(
            pen,
            [(joint.0 - 3.0, joint.1 + 2.0), (-out, FOOT)],
            (-2.0, belly - 2.0),
        );
        pen.fill(Ink::Accent, Part::Accent);
        pen.drawing.gap(self.gap()).limb(belly * 0.75);
    }

    /// A disc cut into three by two ways that run as the letter.
    pub(super) fn moon(&self, pen: &mut Pen<'_>) {
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
            let foot = f64::midpoint(rim(toe).0, rim(short - lower).0);
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
}
