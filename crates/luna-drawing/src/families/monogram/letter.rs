//! The letter: where it stands in its tile, and its outline as a hole.

use super::super::parts_straight::Pen;
use super::{RIM, STEM};
use crate::drawing::Drawing;
use crate::geometry::{Bounds, MIDDLE, Point, Segment, point};
use crate::wordmark::{Glyph, glyph};

/// Where the letter may stand: a box, or a disc, less the round room of an accent.
pub(super) struct Room {
    pub(super) centre: (f64, f64),
    pub(super) half: (f64, f64),
    /// Radius of a round tile.
    pub(super) radius: f64,
    /// Centre and radius (or half side) of what is taken away, in canvas directions.
    pub(super) bite: Option<((f64, f64), f64)>,
    /// Whether that is a square.
    pub(super) square: bool,
}

/// Cuts the letter from the tile that is being drawn: its scale, and what stays around it.
pub(super) fn letter_in(
    pen: &mut Pen<'_>,
    initial: char,
    room: &Room,
    height: f64,
    grid: bool,
) -> (f64, f64) {
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
    if grid {
        // Whole pixels: an even height stands evenly about the middle, and the left stem's edge
        // moves to a pixel's, where the rim allows.
        let high = ((tall * scale + 0.5) / 8.0).floor() * 8.0;
        let even = high / tall;
        let (w, t) = (width * even / 2.0, high / 2.0);
        let left = MIDDLE + at.0 - w;
        let moved = (at.0 + (left / 4.0).round() * 4.0 - left, at.1);
        if even > scale * 0.92 && even * STEM >= 4.0 {
            for at in [moved, at] {
                let rim = rim_around(room, at, (w, t));
                if rim >= RIM {
                    cut(pen.drawing, found, even, at, (w, t));
                    return (even, rim);
                }
            }
        }
    }
    cut(pen.drawing, found, scale, at, (w, t));
    (scale, rim)
}

/// The glyph as a hole, or the sign that stands for a missing one.
fn cut(
    drawing: &mut Drawing,
    found: Option<&Glyph>,
    scale: f64,
    at: (f64, f64),
    (w, t): (f64, f64),
) {
    match found {
        Some(glyph) => hole(drawing, glyph, scale, at),
        None => sign(drawing, at, w, t),
    }
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
            MIDDLE + centre.0 + (p.x - x) * scale,
            MIDDLE + centre.1 + (p.y - y) * scale,
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
