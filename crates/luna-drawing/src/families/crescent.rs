//! Crescent: a moon and its star.

use std::f64::consts::PI;

use super::parts_round::{
    CENTRE, Frame, Moon, bar, bearing, centre_box, count, drop, mix, rhombus, share,
    snapped_centre, star,
};
use crate::drawing::{Drawing, Ink, Part};
use crate::emotion::Emotion;
use crate::family::{Detail, Parameter, Subject, Values};
use crate::geometry::{degrees, point};

/// Structural parameters.
pub const PARAMETERS: &[Parameter] = &[
    share("belly", 0.0, "thickness of the moon, thin to full"),
    share("opening", 0.0, "how far the horns stand apart"),
    bearing(
        "tilt",
        -60.0,
        60.0,
        5.0,
        "turn of the opening from its natural direction",
    ),
    count("facing", 0.0, 1.0, "0 opens to the right, 1 to the left"),
    share("star", 0.0, "size of the star"),
    share("place", -1.0, "where the star stands in the opening"),
    count("kind", 0.0, 2.0, "figure of the star, by emotion"),
];

/// The parameters by name.
struct Plan {
    belly: f64,
    opening: f64,
    /// Direction of the opening, radians.
    axis: f64,
    /// 1 opens right, -1 left.
    side: f64,
    star: f64,
    place: f64,
    kind: u32,
    detail: Detail,
}

/// Draws the family.
pub fn draw(values: &Values, subject: Subject) -> Drawing {
    let [belly, opening, tilt, facing, star, place, kind, _] = *values;
    let natural = match subject.emotion {
        Emotion::Serenity => -25.0 + tilt,
        Emotion::Power => -45.0 + (tilt / 40.0).round() * 15.0,
        Emotion::Mystery => 20.0 + tilt,
        Emotion::Awakening => -90.0,
        Emotion::Creative => (tilt / 45.0).round() * 45.0,
    };
    let right = facing < 0.5;
    // At 16 px wide horns would leave the star no room inside the box.
    let tiny = subject.detail == Detail::Tiny;
    let plan = Plan {
        belly,
        opening: if tiny { opening * 0.4 } else { opening },
        axis: degrees(if right { natural } else { 180.0 - natural }),
        side: if right { 1.0 } else { -1.0 },
        star,
        place,
        kind: kind as u32,
        detail: subject.detail,
    };
    let mut d = Drawing::new();
    match subject.emotion {
        Emotion::Serenity => serenity(&mut d, &plan),
        Emotion::Power => power(&mut d, &plan),
        Emotion::Mystery => mystery(&mut d, &plan),
        Emotion::Awakening => awakening(&mut d, &plan),
        Emotion::Creative => creative(&mut d, &plan),
    }
    d
}

/// A soft moon, its horns rounded, around a disc.
fn serenity(d: &mut Drawing, plan: &Plan) {
    let heavier = if plan.detail == Detail::Full {
        0.0
    } else {
        2.0
    };
    let belly = mix(13.0, 21.0, plan.belly) + heavier;
    let moon = Moon::new(28.0, belly, mix(0.8, 0.42, plan.opening));
    let frame = Frame::new(CENTRE, plan.axis);
    moon.round(d, frame, mix(2.2, 3.4, plan.star));
    d.fill(Ink::Primary, Part::Body);
    let room = moon.cut - 3.6;
    let size = (room * mix(0.36, 0.54, plan.star)).max(5.5);
    let reach = ((room - size) * plan.place * 0.7).min(28.0 - moon.offset - size);
    if plan.detail == Detail::Tiny {
        return tiny_star(d, frame, &moon, 4.0, Dot::Disc);
    }
    d.disc(
        Ink::Accent,
        Part::Accent,
        frame.at(moon.offset + reach, 0.0),
        size,
    );
    d.gap(moon.cut - size - reach.abs());
    d.settle(1.4);
}

/// A heavy moon whose horns end flush on one diagonal, and a sharp star.
fn power(d: &mut Drawing, plan: &Plan) {
    let tiny = plan.detail == Detail::Tiny;
    let chord = mix(1.0, 13.0, plan.opening);
    let end = if tiny {
        8.0
    } else {
        mix(5.0, 10.0, plan.place * 0.5 + 0.5)
    };
    let moon = Moon::flush(28.0, mix(15.0, 23.0, plan.belly), chord, end);
    let frame = Frame::new(CENTRE, plan.axis);
    moon.straight(d, frame, chord);
    d.fill(Ink::Primary, Part::Body).limb(end);
    if tiny {
        return tiny_star(d, frame, &moon, 4.0, Dot::Square);
    }
    let size = (moon.cut - 3.0).min(mix(10.0, 15.0, plan.star));
    let out = (moon.cut - 3.0 - size).min(28.0 - moon.offset - size);
    let at = frame.moved(moon.offset + out, 0.0);
    d.gap(moon.cut - size - out);
    match plan.kind {
        0 => bar(d, at, size * 1.3, size * 1.3),
        1 => rhombus(d, at, size, size * 0.55),
        _ => star(d, at.origin, 3, size, None, plan.axis),
    }
    d.fill(Ink::Accent, Part::Accent);
    d.settle(1.4);
}

/// A thin moon around a smaller one that faces elsewhere.
fn mystery(d: &mut Drawing, plan: &Plan) {
    let heavier = if plan.detail == Detail::Full {
        1.0
    } else {
        1.2
    };
    let belly = mix(10.0, 14.0, plan.belly) * heavier;
    let moon = Moon::new(28.0, belly, mix(0.9, 0.4, plan.opening));
    let frame = Frame::new(CENTRE, plan.axis);
    moon.round(d, frame, 2.0 * heavier);
    d.fill(Ink::Primary, Part::Body);
    if plan.detail == Detail::Tiny {
        return tiny_star(d, frame, &moon, 3.0, Dot::Disc);
    }
    let room = moon.cut - 3.4;
    let size = room * mix(0.6, 0.78, plan.star);
    let away = room - size;
    let bearing = plan.axis + plan.side * (1.3 + plan.place * 0.9);
    let at = frame.at(moon.offset, 0.0).polar(away, bearing);
    d.gap(moon.cut - size - away);
    if plan.kind == 0 {
        let size = size * 0.5;
        let at = frame.at(moon.offset, 0.0).polar(room - size, bearing);
        d.disc(Ink::Accent, Part::Accent, at, size);
    } else {
        let inner = Moon::new(size, 6.8 * heavier, 0.62);
        let turn = if plan.kind == 1 {
            PI
        } else {
            PI / 2.0 * plan.side
        };
        inner.round(d, Frame::new(at, plan.axis + turn), 2.0 * heavier);
        d.fill(Ink::Accent, Part::Accent);
    }
    d.settle(1.4);
}

/// A bowl that holds the rising star.
fn awakening(d: &mut Drawing, plan: &Plan) {
    let fullest = if plan.detail == Detail::Tiny {
        15.0
    } else {
        21.0
    };
    let belly = mix(12.0, fullest, plan.belly);
    let moon = Moon::new(28.0, belly, mix(0.82, 0.25, plan.opening));
    let frame = Frame::new(CENTRE, plan.axis);
    moon.round(d, frame, 2.2);
    d.fill(Ink::Primary, Part::Body);
    if plan.detail == Detail::Tiny {
        return tiny_star(d, frame, &moon, 4.0, Dot::Disc);
    }
    let room = moon.cut - 3.2;
    let size = (room * mix(0.45, 0.66, plan.star)).clamp(9.0, 13.0);
    let highest = (28.0 - moon.offset - size).min(room - size);
    let lowest = highest.min((size - room) * 0.5);
    let rise = mix(lowest, highest, plan.place * 0.5 + 0.5);
    let at = frame.moved(moon.offset + rise, 0.0);
    d.gap(moon.cut - size - rise.abs());
    match plan.kind {
        0 => {
            d.disc(Ink::Accent, Part::Accent, at.origin, size * 0.8);
        }
        1 => {
            star(d, at.origin, 4, size, Some(size * 0.42), plan.axis);
            d.fill(Ink::Accent, Part::Accent);
        }
        _ => {
            drop(d, at.moved(size * -0.3, 0.0), size * 0.6, size * 1.3);
            d.fill(Ink::Accent, Part::Accent);
        }
    }
    d.settle(1.4);
}

/// A moon split along its axis, one half slipped; the star is another primitive.
fn creative(d: &mut Drawing, plan: &Plan) {
    let tiny = plan.detail == Detail::Tiny;
    let slip = if tiny { 8.0 } else { mix(5.0, 9.0, plan.star) };
    let gap = if tiny { 4.0 } else { 3.0 };
    let radius = 28.0 - slip / 2.0;
    let moon = Moon::new(
        radius,
        mix(11.0, 18.0, plan.belly),
        mix(0.75, 0.35, plan.opening),
    );
    // The tiny split runs along the pixels.
    let square = PI / 2.0;
    let axis = if tiny {
        (plan.axis / square).round() * square
    } else {
        plan.axis
    };
    let frame = Frame::new(CENTRE, axis);
    let slip = slip * plan.side;
    moon.half(d, frame.moved(-slip / 2.0, 0.0), -1.0, gap / 2.0);
    d.fill(Ink::Primary, Part::Body);
    moon.half(d, frame.moved(slip / 2.0, 0.0), 1.0, gap / 2.0);
    d.fill(Ink::Primary, Part::Body).gap(gap);
    if tiny {
        return tiny_star(d, frame, &moon, 3.0, Dot::Square);
    }
    let room = moon.cut - slip.abs() / 2.0 - 3.0;
    let size = room * mix(0.6, 0.8, plan.place * 0.5 + 0.5);
    let at = frame.moved(moon.offset, 0.0);
    d.gap(room + 3.0 - size);
    match plan.kind {
        0 => bar(d, at, size * 1.25, size * 1.25),
        1 => star(d, at.origin, 3, size, None, plan.axis),
        _ => rhombus(d, at, size, size),
    }
    d.fill(Ink::Accent, Part::Accent);
    d.settle(1.4);
}

/// What the star becomes at 16 px.
#[derive(Clone, Copy, PartialEq)]
enum Dot {
    Disc,
    Square,
}

/// Centres the tiny moon, then sets its star, `pixels` across, on the pixel grid in the opening.
fn tiny_star(d: &mut Drawing, frame: Frame, moon: &Moon, pixels: f64, dot: Dot) {
    let shift = centre_box(d);
    let middle = frame.at(moon.offset, 0.0).moved(shift.x, shift.y);
    let half = pixels * 2.0;
    let inside = d.bounds().grown(-half);
    let wish = point(
        middle.x.clamp(inside.left, inside.right),
        middle.y.clamp(inside.top, inside.bottom),
    );
    let at = snapped_centre(wish, pixels);
    let corner = if dot == Dot::Disc {
        d.disc(Ink::Accent, Part::Accent, at, half);
        half
    } else {
        bar(d, Frame::new(at, 0.0), 2.0 * half, 2.0 * half);
        d.fill(Ink::Accent, Part::Accent);
        half * 1.3
    };
    d.gap(moon.cut - corner - at.distance(middle));
}
