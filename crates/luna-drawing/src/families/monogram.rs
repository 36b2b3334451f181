//! Monogram: an initial cut from a tile, and an accent for which the tile makes room.
//!
//! The letter is a hole: it shows whatever ground the mark stands on. Serenity: smooth tiles with a
//! bead. Power: straight tiles with a corner cut off. Mystery: a moon under eclipse, or a leaf.
//! Awakening: symmetric gates with a rising sun or a ground line. Creative: tiles of mixed corners
//! with a primitive in the notch.

use std::f64::consts::{FRAC_1_SQRT_2, FRAC_PI_2, FRAC_PI_4, PI, TAU};

use super::parts_straight::{Pen, between, index};
use crate::drawing::{Drawing, Ink, Part};
use crate::emotion::Emotion;
use crate::family::{Detail, Parameter, Subject, Values};
use crate::geometry::{Bounds, Point, Segment, point};
use crate::wordmark::{Glyph, glyph};

/// Structural parameters.
pub const PARAMETERS: &[Parameter] = &[
    Parameter {
        name: "form",
        low: 0.0,
        high: 3.0,
        step: 1.0,
        unit: "count",
        what: "which tile",
    },
    Parameter {
        name: "corner",
        low: 0.0,
        high: 3.0,
        step: 1.0,
        unit: "count",
        what: "where the accent stands",
    },
    Parameter {
        name: "letter",
        low: 0.0,
        high: 1.0,
        step: 0.125,
        unit: "share",
        what: "size of the letter",
    },
    Parameter {
        name: "accent",
        low: 0.0,
        high: 1.0,
        step: 0.125,
        unit: "share",
        what: "size of the accent",
    },
    Parameter {
        name: "round",
        low: 0.0,
        high: 1.0,
        step: 0.125,
        unit: "share",
        what: "how round the corners are, or how deep they are cut",
    },
    Parameter {
        name: "side",
        low: 23.0,
        high: 25.5,
        step: 0.5,
        unit: "units",
        what: "half the side of square tiles",
    },
];

/// Stems of the built-in font, font units, taken low: over a letter's ink the median of the
/// shortest run through each point is 230 (`e`) to 303 (lambda); upright stems are 296 wide.
const STEM: f64 = 222.0;
/// What stays of the tile around the letter, units.
const RIM: f64 = 4.0;
/// Half the keyline.
const REACH: f64 = 28.0;

/// Where the letter may stand: a box, or a disc, less the round room of an accent.
struct Room {
    centre: (f64, f64),
    half: (f64, f64),
    /// Radius of a round tile.
    radius: f64,
    /// Centre and radius (or half side) of what is taken away, in canvas directions.
    bite: Option<((f64, f64), f64)>,
    /// Whether that is a square.
    square: bool,
}

/// The parameters by name.
struct Tile {
    form: usize,
    corner: usize,
    accent: f64,
    round: f64,
    half: f64,
    gap: f64,
}

/// Draws the family.
pub fn draw(values: &Values, subject: Subject) -> Drawing {
    let [form, corner, letter, accent, round, side, ..] = *values;
    let tile = Tile {
        form: index(form),
        corner: index(corner),
        accent,
        round,
        half: side,
        gap: 3.0,
    };
    let mut drawing = Drawing::new();
    let mut pen = Pen::new(&mut drawing);
    if subject.detail == Detail::Tiny {
        tile.tiny(&mut pen, subject);
        return drawing;
    }
    let room = match subject.emotion {
        Emotion::Serenity => tile.smooth(&mut pen),
        Emotion::Power => tile.cut(&mut pen),
        Emotion::Mystery if tile.form % 2 == 0 => tile.eclipse(&mut pen),
        Emotion::Mystery => tile.leaf(&mut pen),
        Emotion::Awakening => tile.gate(&mut pen),
        Emotion::Creative => tile.notched(&mut pen),
    };
    let tallest = if subject.emotion == Emotion::Creative {
        28.5
    } else {
        30.0
    };
    let height = between(26.5, tallest, letter);
    // The tile was begun as the first contours; the letter joins them as a hole.
    let (scale, rim) = letter_in(&mut pen, subject.initial, &room, height);
    pen.fill(Ink::Primary, Part::Body);
    tile.second(&mut pen, subject.emotion);
    drawing
        .gap(tile.gap.min(STEM * scale))
        .limb(rim)
        .limb(STEM * scale);
    drawing.settle(1.4);
    drawing
}

impl Tile {
    /// The tile's turn.
    fn quarter(&self) -> f64 {
        FRAC_PI_2 * self.corner as f64
    }

    /// The bead in the upper right corner (before the turn): centre on the diagonal, and radius.
    fn bead(&self) -> (f64, f64) {
        let radius = between(4.5, 6.0, self.accent);
        (REACH - radius, radius)
    }

    fn turned(&self, (x, y): (f64, f64)) -> (f64, f64) {
        [(x, y), (-y, x), (-x, -y), (y, -x)][self.corner % 4]
    }

    fn room(&self, bite: Option<((f64, f64), f64)>) -> Room {
        Room {
            centre: (0.0, 0.0),
            half: (self.half, self.half),
            radius: f64::INFINITY,
            bite,
            square: false,
        }
    }

    fn smooth(&self, pen: &mut Pen<'_>) -> Room {
        let h = self.half;
        let soft = between(6.0, 14.0, self.round);
        if self.form == 0 {
            return self.moon(pen, self.quarter());
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
    fn moon(&self, pen: &mut Pen<'_>, angle: f64) -> Room {
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
    fn bitten(&self, pen: &mut Pen<'_>, radii: [f64; 4]) -> Room {
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
            .arc((h - br, h - br), br, 0.0, FRAC_PI_2)
            .to((bl - h, h))
            .arc((bl - h, h - bl), bl, FRAC_PI_2, FRAC_PI_2)
            .to((-h, tl - h))
            .arc((tl - h, tl - h), tl, PI, FRAC_PI_2)
            .close();
        self.room(Some((self.turned((a, -a)), reach)))
    }

    fn cut(&self, pen: &mut Pen<'_>) -> Room {
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

    /// Depth of the corner cut of a straight tile.
    fn deep(&self) -> f64 {
        between(15.5, 19.0, self.accent)
    }

    /// Eclipse: radius and offset of the moon.
    fn shadow(&self) -> (f64, f64) {
        (
            between(22.0, 23.5, self.round),
            between(4.0, 5.0, self.accent),
        )
    }

    fn eclipse(&self, pen: &mut Pen<'_>) -> Room {
        let (size, off) = self.shadow();
        let angle = self.quarter() + if self.form == 0 { FRAC_PI_4 } else { 0.0 };
        pen.turned(angle, false).round((-off, 0.0), size);
        let (sin, cos) = libm::sincos(angle);
        Room {
            centre: (-off * cos, -off * sin),
            radius: size,
            ..self.room(None)
        }
    }

    fn leaf(&self, pen: &mut Pen<'_>) -> Room {
        let h = self.half;
        let soft = between(14.0, 22.0, self.round);
        pen.turned(self.quarter(), false);
        let radii = if self.form == 1 {
            [soft, 0.0, soft, 0.0]
        } else {
            [0.0, 0.0, soft, soft * 1.3]
        };
        self.bitten(pen, radii)
    }

    fn gate(&self, pen: &mut Pen<'_>) -> Room {
        let h = self.half;
        match self.form {
            0 => self.moon(pen, -FRAC_PI_2),
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

    /// Thickness of a gate's ground line.
    fn bar(&self) -> f64 {
        between(5.0, 7.0, self.accent)
    }

    fn notched(&self, pen: &mut Pen<'_>) -> Room {
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
            .arc((h - br, h - br), br, 0.0, FRAC_PI_2)
            .to((bl - h, h))
            .arc((bl - h, h - bl), bl, FRAC_PI_2, FRAC_PI_2)
            .to((-h, tl - h))
            .arc((tl - h, tl - h), tl, PI, FRAC_PI_2)
            .close();
        let at = self.turned((h - q / 2.0, q / 2.0 - h));
        Room {
            square: true,
            ..self.room(Some((at, q / 2.0)))
        }
    }

    /// Side of the square notch.
    fn notch(&self) -> f64 {
        between(8.5, 11.0, self.accent)
    }

    /// The accent, in the place that the tile left.
    fn second(&self, pen: &mut Pen<'_>, emotion: Emotion) {
        let h = self.half;
        let (a, radius) = self.bead();
        match (emotion, self.form) {
            (Emotion::Serenity, 0) => {
                pen.disc(Ink::Accent, Part::Accent, (a, 0.0), radius);
                return;
            }
            (Emotion::Awakening, 0) => {
                pen.disc(Ink::Accent, Part::Accent, (a, 0.0), radius);
                return;
            }
            (Emotion::Serenity, _) | (Emotion::Mystery, 1 | 3) => {
                pen.disc(Ink::Accent, Part::Accent, (a, -a), radius);
                return;
            }
            (Emotion::Power, _) => {
                let leg = self.deep() - self.gap / FRAC_1_SQRT_2;
                pen.polygon(&[(h - leg, -h), (h, -h), (h, leg - h)]);
                pen.drawing.limb(leg / 2.0);
            }
            (Emotion::Mystery, _) => {
                let (size, off) = self.shadow();
                let inner = size + self.gap;
                let cos = (inner * inner - REACH * REACH - off * off) / (2.0 * REACH * off);
                let turn = libm::acos(cos.clamp(-1.0, 1.0));
                let (sin, cos) = libm::sincos(turn);
                let inside = libm::atan2(REACH * sin, REACH * cos + off);
                pen.go((REACH * cos, -REACH * sin))
                    .arc((0.0, 0.0), REACH, -turn, 2.0 * turn)
                    .arc((-off, 0.0), inner, inside, -2.0 * inside)
                    .close();
                pen.drawing.limb(REACH - inner + off);
            }
            (Emotion::Awakening, _) => {
                let bar = self.bar();
                pen.polygon(&[(-h, REACH - bar), (h, REACH - bar), (h, REACH), (-h, REACH)]);
                pen.drawing.limb(bar);
            }
            (Emotion::Creative, form) => {
                // Pushed out to the keyline.
                let size = (self.notch() - self.gap + REACH - h) / 2.0;
                let (x, y) = (REACH - size, size - REACH);
                match form {
                    0 => pen.round((x, y), size),
                    1 => pen.polygon(&[
                        (x - size, y + size),
                        (x - size, y - size),
                        (x + size, y + size),
                    ]),
                    2 => pen.polygon(&[(x, y - size), (x + size, y), (x, y + size), (x - size, y)]),
                    _ => pen
                        .go((x - size, y - size))
                        .arc((x - size, y + size), size * 2.0, -FRAC_PI_2, FRAC_PI_2)
                        .to((x - size, y + size))
                        .close(),
                };
            }
        }
        pen.fill(Ink::Accent, Part::Accent);
    }

    /// One plain tile on whole pixels, and the letter as large as it allows.
    fn tiny(&self, pen: &mut Pen<'_>, subject: Subject) {
        let h = 24.0;
        pen.turned(self.quarter(), false);
        let mut radius = f64::INFINITY;
        match (subject.emotion, self.form) {
            (Emotion::Serenity, 0) | (Emotion::Mystery, 0 | 2) | (Emotion::Awakening, 0) => {
                radius = 28.0;
                pen.round((0.0, 0.0), radius);
            }
            (Emotion::Serenity, _) => {
                pen.tile(h, [12.0; 4]);
            }
            (Emotion::Power, _) => {
                pen.polygon(&[
                    (-h, -h),
                    (h - 12.0, -h),
                    (h, 12.0 - h),
                    (h, h),
                    (12.0 - h, h),
                    (-h, h - 12.0),
                ]);
            }
            (Emotion::Mystery, _) => {
                pen.tile(h, [16.0, 0.0, 16.0, 0.0]);
            }
            (Emotion::Awakening, _) => {
                pen.turned(0.0, false).tile(h, [20.0, 20.0, 0.0, 0.0]);
            }
            (Emotion::Creative, _) => {
                pen.tile(h, [0.0, 0.0, 20.0, 0.0]);
            }
        }
        let half = if radius.is_finite() { 28.0 } else { h };
        let room = Room {
            centre: (0.0, 0.0),
            half: (half, half),
            radius,
            bite: None,
            square: false,
        };
        let (scale, rim) = letter_in(pen, subject.initial, &room, 36.0);
        pen.fill(Ink::Primary, Part::Body);
        pen.drawing.gap(STEM * scale).limb(rim).limb(STEM * scale);
    }
}

/// Cuts the letter from the tile that is being drawn: its scale, and what stays around it.
fn letter_in(pen: &mut Pen<'_>, initial: char, room: &Room, height: f64) -> (f64, f64) {
    let found = glyph(initial).filter(|glyph| glyph.bounds.width() > 0.0);
    let (width, tall) = found.map_or((900.0, 1400.0), |glyph| {
        (glyph.bounds.width(), glyph.bounds.height())
    });
    let round = room.radius.is_finite();
    let across = if round {
        2.0 * (room.radius - RIM)
    } else {
        2.0 * (room.half.0 - RIM)
    };
    let down = 2.0 * (room.half.1 - RIM);
    let height = if round && room.bite.is_some() {
        height.min(27.0)
    } else {
        height
    };
    let mut scale = (height / tall.max(1000.0))
        .min(across / width)
        .min(down / tall);
    if round {
        // Corners of the letter's box reach the rim together.
        scale = scale.min(across / (width * width + tall * tall).sqrt());
    }
    // Rather a thin rim, which the gates judge, than a thin stem.
    let scale = scale.max(4.05 / STEM);
    let (w, t) = (width * scale / 2.0, tall * scale / 2.0);
    // Away from the accent: a little for the eye, and as much as the tile's rim needs.
    let (mut at, mut rim) = (room.centre, 0.0);
    let away = room.bite.map_or((0.0, 0.0), |((x, y), _)| {
        let sign = |v: f64| if v.abs() < 1.0 { 0.0 } else { -v.signum() };
        (sign(x), sign(y))
    });
    for step in [1.0_f64, 2.5, 4.0, 5.5] {
        let spare = |room: f64, half: f64| step.min(room - RIM - half).max(0.0);
        let shift = if round {
            let free = spare(room.radius, (w * w + t * t).sqrt());
            (free, free)
        } else {
            (spare(room.half.0, w), spare(room.half.1, t))
        };
        at = (
            room.centre.0 + shift.0 * away.0,
            room.centre.1 + shift.1 * away.1,
        );
        rim = rim_around(room, at, (w, t));
        if rim >= RIM {
            break;
        }
    }
    match found {
        Some(glyph) => hole(pen.drawing, glyph, scale, at),
        None => sign(pen.drawing, at, w, t),
    }
    (scale, rim)
}

/// The least that stays of the tile around a letter's box.
fn rim_around(room: &Room, at: (f64, f64), (w, t): (f64, f64)) -> f64 {
    let off = ((at.0 - room.centre.0).abs(), (at.1 - room.centre.1).abs());
    let mut rim = (room.half.0 - w - off.0).min(room.half.1 - t - off.1);
    if room.radius.is_finite() {
        // Letters hardly reach their box's corners: a unit is allowed for that.
        let (x, y) = (off.0 + w, off.1 + t);
        rim = room.radius - (x * x + y * y).sqrt() + 1.0;
    }
    if let Some((bite, reach)) = room.bite {
        let dx = (bite.0 - at.0).abs() - w;
        let dy = (bite.1 - at.1).abs() - t;
        let free = if room.square {
            dx.max(dy)
        } else {
            let (dx, dy) = (dx.max(0.0), dy.max(0.0));
            (dx * dx + dy * dy).sqrt()
        };
        rim = rim.min(free - reach);
    }
    rim
}

/// The glyph's outline with its direction turned around, so that it is a hole in a clockwise tile.
/// The font winds its outer contours clockwise, as a test shows.
fn hole(drawing: &mut Drawing, glyph: &Glyph, scale: f64, centre: (f64, f64)) {
    let Bounds {
        left,
        top,
        right,
        bottom,
    } = glyph.bounds;
    let (x, y) = (f64::midpoint(left, right), f64::midpoint(top, bottom));
    let place = |p: Point| {
        point(
            crate::geometry::MIDDLE + centre.0 + (p.x - x) * scale,
            crate::geometry::MIDDLE + centre.1 + (p.y - y) * scale,
        )
    };
    let segments = &glyph.segments;
    let mut end = segments.len();
    while end > 0 {
        let begin = segments[..end]
            .iter()
            .rposition(|s| matches!(s, Segment::Move(_)))
            .unwrap_or(0);
        let contour = &segments[begin..end];
        let target = |s: &Segment| match *s {
            Segment::Move(p) | Segment::Line(p) | Segment::Cubic(_, _, p) => Some(p),
            Segment::Arc { to, .. } => Some(to),
            Segment::Close => None,
        };
        if let Some(last) = contour.iter().rev().find_map(target) {
            drawing.move_to(place(last));
            for (i, segment) in contour.iter().enumerate().rev() {
                let Some(before) = contour[..i].iter().rev().find_map(target) else {
                    continue;
                };
                match *segment {
                    Segment::Cubic(a, b, _) => drawing.cubic_to(place(b), place(a), place(before)),
                    Segment::Close => continue,
                    _ => drawing.line_to(place(before)),
                };
            }
            drawing.close();
        }
        end = begin;
    }
}

/// What stands for a letter that the font lacks: a bar under a dot.
fn sign(drawing: &mut Drawing, centre: (f64, f64), w: f64, t: f64) {
    let mut pen = Pen::new(drawing);
    let dot = (w * 0.5).min(t * 0.4);
    pen.at(centre.0, centre.1);
    pen.hole((0.0, dot - t), dot);
    let top = 2.0 * dot - t + 4.0;
    pen.polygon(&[(-dot, top), (-dot, t), (dot, t), (dot, top)]);
}
