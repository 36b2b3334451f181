//! The tiles of the full and the small drawing, each with the room it leaves to the letter.

use std::f64::consts::{FRAC_1_SQRT_2, FRAC_PI_2, FRAC_PI_4, PI, TAU};

use super::super::parts_straight::{Pen, between};
use super::letter::Room;
use super::{REACH, Tile};

impl Tile {
    pub(super) fn smooth(&self, pen: &mut Pen<'_>) -> Room {
        let h = self.half;
        let soft = between(6.0, 14.0, self.round);
        if self.form == 0 {
            // To the left or the right: above or below, the bead would read as a diacritic.
            return self.moon(pen, PI * (self.corner % 2) as f64);
        }
        let radii = match self.form {
            1 => [soft, 0.0, soft, soft],
            2 => [h * 0.9, 0.0, h * 0.9, soft * 0.7],
            _ => [soft * 0.6, 0.0, soft * 0.6, h],
        };
        pen.turned(self.quarter(), false);
        self.bitten(pen, radii)
    }

    /// A disc with the bead at an angle.
    pub(super) fn moon(&self, pen: &mut Pen<'_>, angle: f64) -> Room {
        let (away, radius) = self.bead();
        let (size, reach) = (27.0, radius + self.gap);
        let alpha = libm::acos((size * size + away * away - reach * reach) / (2.0 * size * away));
        let (sin, cos) = libm::sincos(alpha);
        let beta = libm::acos((away - size * cos) / reach);
        pen.turned(angle, false)
            .go((size * cos, size * sin))
            .arc((0.0, 0.0), size, alpha, TAU - 2.0 * alpha)
            .arc((away, 0.0), reach, PI + beta, -2.0 * beta)
            .close();
        let (sin, cos) = libm::sincos(angle);
        Room {
            radius: size,
            ..self.room(Some(((away * cos, away * sin), reach)))
        }
    }

    /// A square tile with a round bite in its upper right corner (before the pen's turn).
    pub(super) fn bitten(&self, pen: &mut Pen<'_>, radii: [f64; 4]) -> Room {
        let h = self.half;
        let (a, radius) = self.bead();
        let reach = radius + self.gap;
        let rise = (h - a) / reach;
        let run = reach * (1.0 - rise * rise).sqrt();
        let lean = libm::asin(rise);
        let [tl, _, br, bl] = radii;
        pen.go((tl - h, -h))
            .to((a - run, -h))
            .arc((a, -a), reach, PI + lean, -FRAC_PI_2 - 2.0 * lean)
            .to((h, h - br))
            .corner((h - br, h - br), br, 0.0)
            .to((bl - h, h))
            .corner((bl - h, h - bl), bl, FRAC_PI_2)
            .to((-h, tl - h))
            .corner((tl - h, tl - h), tl, PI)
            .close();
        self.room(Some((self.turned((a, -a)), reach)))
    }

    pub(super) fn cut(&self, pen: &mut Pen<'_>) -> Room {
        let h = self.half;
        let deep = self.deep();
        let other = between(6.0, 13.0, self.round);
        pen.turned(self.quarter(), false).go((-h, -h));
        match self.form {
            0 => pen
                .to((h - deep, -h))
                .to((h, deep - h))
                .to((h, h))
                .to((-h, h)),
            1 => pen
                .to((h - deep, -h))
                .to((h, deep - h))
                .to((h, h))
                .to((other - h, h))
                .to((-h, h - other)),
            2 => pen
                .to((h - deep, -h))
                .to((h, deep - h))
                .to((h, h - other))
                .to((h - other, h))
                .to((-h, h)),
            _ => pen
                .to((h - deep, -h))
                .to((h, deep - h))
                .to((h, h - other))
                .to((h - other, h))
                .to((other - h, h))
                .to((-h, h - other)),
        };
        pen.close();
        // The cut as a disc that touches it in its middle.
        let far = 30.0;
        let at = h - deep / 2.0 + far * FRAC_1_SQRT_2;
        self.room(Some((self.turned((at, -at)), far)))
    }

    pub(super) fn eclipse(&self, pen: &mut Pen<'_>) -> Room {
        let angle = self.quarter() + if self.form == 0 { FRAC_PI_4 } else { 0.0 };
        self.eclipsed(pen, angle)
    }

    /// A moon whose shadow lies towards an angle.
    fn eclipsed(&self, pen: &mut Pen<'_>, angle: f64) -> Room {
        let (size, off) = self.shadow();
        pen.turned(angle, false).round((-off, 0.0), size);
        let (sin, cos) = libm::sincos(angle);
        Room {
            centre: (-off * cos, -off * sin),
            radius: size,
            ..self.room(None)
        }
    }

    pub(super) fn leaf(&self, pen: &mut Pen<'_>) -> Room {
        let soft = between(14.0, 22.0, self.round);
        pen.turned(self.quarter(), false);
        let radii = if self.form == 1 {
            [soft, 0.0, soft, 0.0]
        } else {
            [0.0, 0.0, soft, soft * 1.3]
        };
        self.bitten(pen, radii)
    }

    pub(super) fn gate(&self, pen: &mut Pen<'_>) -> Room {
        let h = self.half;
        match self.form {
            0 => self.eclipsed(pen, FRAC_PI_2),
            form => {
                // A gate above its ground line: an arch, a roof or a bowl.
                let bar = self.bar();
                let low = REACH - bar - self.gap;
                let (top, middle) = (-REACH, f64::midpoint(low, -REACH));
                let rise = between(8.0, 16.0, self.round);
                match form {
                    1 => pen
                        .go((-h, low))
                        .to((-h, top + h))
                        .arc((0.0, top + h), h, PI, PI)
                        .to((h, low)),
                    2 => pen
                        .go((-h, low))
                        .to((-h, top + rise))
                        .to((0.0, top))
                        .to((h, top + rise))
                        .to((h, low)),
                    _ => pen
                        .go((-h, low))
                        .to((-h, top + rise))
                        .arc((rise - h, top + rise), rise, PI, FRAC_PI_2)
                        .to((h - rise, top))
                        .arc((h - rise, top + rise), rise, -FRAC_PI_2, FRAC_PI_2)
                        .to((h, low)),
                };
                pen.close();
                let down = match form {
                    1 => 3.0,
                    2 => rise / 3.0,
                    _ => 0.0,
                };
                Room {
                    centre: (0.0, middle + down),
                    half: (h, (low - top) / 2.0 - down),
                    ..self.room(None)
                }
            }
        }
    }

    pub(super) fn notched(&self, pen: &mut Pen<'_>) -> Room {
        let h = self.half;
        let q = self.notch();
        let soft = between(8.0, 20.0, self.round);
        let [tl, br, bl] = [
            [0.0, 0.0, soft],
            [soft, 0.0, 0.0],
            [0.0, soft, soft],
            [soft, soft, 0.0],
        ][self.form];
        pen.turned(self.quarter(), false)
            .go((tl - h, -h))
            .to((h - q, -h))
            .to((h - q, q - h))
            .to((h, q - h))
            .to((h, h - br))
            .corner((h - br, h - br), br, 0.0)
            .to((bl - h, h))
            .corner((bl - h, h - bl), bl, FRAC_PI_2)
            .to((-h, tl - h))
            .corner((tl - h, tl - h), tl, PI)
            .close();
        let at = self.turned((h - q / 2.0, q / 2.0 - h));
        Room {
            square: true,
            ..self.room(Some((at, q / 2.0)))
        }
    }
}
