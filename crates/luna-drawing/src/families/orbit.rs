//! Orbit: a ring with a body on its path.

use std::f64::consts::{FRAC_PI_2, PI, TAU};

use super::parts_round::{
    CENTRE, Eccentric, Frame, Moon, Ring, bar, bearing, centre_box, chord_angle, count, eighth,
    half_ring, mix, share, snapped_centre, star, upright,
};
use crate::drawing::{Cap, Drawing, Ink, Part};
use crate::emotion::Emotion;
use crate::family::{Detail, Parameter, Subject, Values};
use crate::geometry::degrees;

/// Structural parameters.
pub const PARAMETERS: &[Parameter] = &[
    bearing(
        "bearing",
        0.0,
        345.0,
        15.0,
        "where the body stands on its path",
    ),
    share("weight", 0.0, "thickness of the ring"),
    share("body", 0.0, "size of the body"),
    share("core", 0.0, "size of the core"),
    count("bodies", 1.0, 4.0, "bodies, or breaks, of the path"),
    count("kind", 0.0, 2.0, "figure of the core, by emotion"),
];

/// The parameters by name.
struct Plan {
    bearing: f64,
    weight: f64,
    body: f64,
    core: f64,
    bodies: u32,
    kind: u32,
    detail: Detail,
}

/// Draws the family.
pub fn draw(values: &Values, subject: Subject) -> Drawing {
    let [at, weight, body, core, bodies, kind, ..] = *values;
    let plan = Plan {
        bearing: degrees(at),
        weight,
        body,
        core,
        bodies: bodies as u32,
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

/// An even ring with round ends around its body, and a calm core.
fn serenity(d: &mut Drawing, plan: &Plan) {
    if plan.detail == Detail::Tiny {
        return tiny_ring(d, eighth(plan.bearing), Cap::Round, false);
    }
    let heavier = if plan.detail == Detail::Full {
        1.0
    } else {
        1.25
    };
    let weight = mix(5.0, 7.5, plan.weight) * heavier;
    let body = mix(6.0, 9.5, plan.body);
    let ring = Ring::new(28.0 - body.max(weight / 2.0), weight, Cap::Round);
    let second = (plan.bodies > 2 && plan.detail == Detail::Full)
        .then_some(degrees(if plan.bodies == 3 { 180.0 } else { 120.0 }));
    let moon = body * 0.62;
    let clear = ring.clearing(body, 3.0);
    if let Some(turn) = second {
        let other = ring.clearing(moon, 3.0);
        ring.arc(
            d,
            Ink::Primary,
            Part::Body,
            plan.bearing + clear,
            turn - clear - other,
        );
        ring.arc(
            d,
            Ink::Primary,
            Part::Body,
            plan.bearing + turn + other,
            TAU - turn - clear - other,
        );
        d.disc(
            Ink::Primary,
            Part::Companion,
            CENTRE.polar(ring.radius, plan.bearing + turn),
            moon,
        );
    } else {
        ring.arc(
            d,
            Ink::Primary,
            Part::Body,
            plan.bearing + clear,
            TAU - 2.0 * clear,
        );
    }
    d.disc(
        Ink::Accent,
        Part::Accent,
        CENTRE.polar(ring.radius, plan.bearing),
        body,
    )
    .gap(3.0);
    let room = ring.radius - weight / 2.0 - 4.0;
    if plan.kind == 2 {
        let size = mix(0.55, 0.75, plan.core) * room;
        d.ring(
            Ink::Primary,
            Part::Body,
            CENTRE,
            size - weight / 2.0,
            weight,
        );
        d.gap(room + 4.0 - size).gap(2.0 * size - 2.0 * weight);
    } else {
        let size = (mix(0.4, 0.75, plan.core) * room).min(room - body + weight / 2.0);
        d.disc(Ink::Primary, Part::Body, CENTRE, size)
            .gap(ring.radius - body - size);
    }
    d.settle(1.4);
}

/// A planet sliced by its path: a diagonal blade with upright ends.
fn power(d: &mut Drawing, plan: &Plan) {
    let tiny = plan.detail == Detail::Tiny;
    let heavier = if plan.detail == Detail::Full {
        1.0
    } else {
        1.25
    };
    let step = (plan.bearing / degrees(15.0)).round() as u32 % 12;
    let (slope, steep) = if tiny {
        (45.0, false)
    } else {
        (30.0 + 7.5 * f64::from(step % 3), step / 3 % 2 == 1)
    };
    let mirrored = step >= 6;
    let (gap, blade) = if tiny {
        (4.0, 10.0)
    } else {
        (3.2, mix(7.0, 10.5, plan.body) * heavier)
    };
    let planet = if tiny {
        24.0
    } else {
        mix(18.0, 23.5, plan.core)
    };
    let (sin, cos) = libm::sincos(degrees(slope));
    let half = blade / (2.0 * cos);
    let reach = ((28.0 - half) * cos / sin).min(28.0);
    let rise = reach * sin / cos;
    let place = |x: f64, y: f64| {
        let (x, y) = if steep { (y, x) } else { (x, y) };
        CENTRE.moved(if mirrored { x } else { -x }, y)
    };
    d.polygon(&[
        place(-reach, -rise - half),
        place(reach, rise - half),
        place(reach, rise + half),
        place(-reach, -rise + half),
    ]);
    d.fill(Ink::Accent, Part::Accent).limb(blade).gap(gap);
    let tilt = degrees(if steep { 90.0 - slope } else { slope });
    let frame = Frame::new(CENTRE, if mirrored { tilt } else { -tilt });
    let edge = blade / 2.0 + gap;
    let heavy = if plan.kind == 1 && !tiny {
        mix(8.5, 11.0, plan.weight)
    } else {
        planet
    };
    let lone = plan.bodies == 4 && !tiny;
    half_ring(d, frame, planet, planet - heavy, edge, 1.0);
    d.fill(Ink::Primary, Part::Body)
        .limb(planet - edge)
        .limb(heavy);
    if lone {
        let size = mix(7.5, 10.0, plan.core);
        bar(
            d,
            frame.moved(0.0, -edge - size * 0.8),
            size * 1.5,
            size * 1.5,
        );
        d.fill(Ink::Primary, Part::Body);
    } else {
        half_ring(d, frame, planet, planet - heavy, edge, -1.0);
        d.fill(Ink::Primary, Part::Body);
    }
}

/// A ring that thins towards its body, around a planet in shadow.
fn mystery(d: &mut Drawing, plan: &Plan) {
    let tiny = plan.detail == Detail::Tiny;
    let heavier = if plan.detail == Detail::Full {
        1.0
    } else {
        1.25
    };
    let (thin, thick, body, gap) = if tiny {
        (6.0, 11.0, 8.0, 7.4)
    } else {
        let thick = mix(8.0, 11.0, plan.weight) * heavier;
        (4.2 * heavier, thick, mix(4.6, 6.6, plan.body), 3.2)
    };
    let rim = if tiny { 27.0 } else { 28.0 - body + thin / 2.0 };
    let ring = Eccentric { rim, thin, thick };
    let path = rim - thin / 2.0;
    // The ring grows away from its thinnest place: a little more room than that place asks.
    let clear = chord_angle(path, body + gap + thin / 2.0 + 0.5);
    let axis = if tiny {
        eighth(plan.bearing)
    } else {
        plan.bearing
    };
    let frame = Frame::new(CENTRE, axis);
    let (end, radius) = ring.broken(d, frame, clear);
    d.fill(Ink::Primary, Part::Body);
    let at = if tiny {
        snapped_centre(frame.at(21.0, 0.0), 4.0)
    } else {
        frame.at(path, 0.0)
    };
    d.disc(Ink::Accent, Part::Accent, at, body);
    d.gap(at.distance(end) - radius - body);
    if tiny {
        centre_box(d);
        return;
    }
    let (inner, cut) = ring.counter(frame);
    let room = cut - 3.6;
    let size = room * mix(0.58, 0.74, plan.core);
    let side = if plan.bodies.is_multiple_of(2) {
        1.0
    } else {
        -1.0
    };
    let bearing = plan.bearing + side * degrees(mix(90.0, 165.0, plan.weight));
    let at = inner.polar(room - size, bearing);
    d.gap(cut - room);
    let shadow = match plan.kind {
        0 => bearing,
        1 => bearing + PI,
        _ => plan.bearing,
    };
    Moon::new(size, size * 0.85, 0.68).round(d, Frame::new(at, shadow), 2.05);
    d.fill(Ink::Primary, Part::Body);
    d.settle(1.4);
}

/// Bodies evenly spaced on the ring, the first at the top.
fn awakening(d: &mut Drawing, plan: &Plan) {
    if plan.detail == Detail::Tiny {
        return tiny_ring(d, -FRAC_PI_2, Cap::Butt, plan.bodies.is_multiple_of(2));
    }
    let full = plan.detail == Detail::Full;
    let heavier = if full { 1.0 } else { 1.25 };
    let weight = mix(4.6, 7.0, plan.weight) * heavier;
    let body = mix(6.5, 8.5, plan.body);
    let count = if full { plan.bodies } else { 1 };
    let others = body * 0.66;
    let ring = Ring::new(28.0 - body, weight, Cap::Butt);
    let (first, next) = (ring.clearing(body, 3.4), ring.clearing(others, 3.0));
    let step = TAU / f64::from(count);
    for i in 0..count {
        let angle = -FRAC_PI_2 + step * f64::from(i);
        let before = if i == 0 { first } else { next };
        let after = if i + 1 == count { first } else { next };
        ring.arc(
            d,
            Ink::Primary,
            Part::Body,
            angle + before,
            step - before - after,
        );
        if i > 0 {
            d.disc(
                Ink::Primary,
                Part::Companion,
                CENTRE.polar(ring.radius, angle),
                others,
            );
            d.gap(3.0);
        }
    }
    d.disc(
        Ink::Accent,
        Part::Accent,
        CENTRE.polar(ring.radius, -FRAC_PI_2),
        body,
    )
    .gap(3.0);
    let room = ring.radius - body - 3.0;
    let size = room * mix(0.65, 1.0, plan.core);
    d.gap(ring.radius - body - size);
    upright(d, plan.kind, size, Ink::Primary, Part::Body);
    d.settle(1.4);
}

/// A ring in two halves, one slipped along the cut; the body is the square in the step.
fn creative(d: &mut Drawing, plan: &Plan) {
    let tiny = plan.detail == Detail::Tiny;
    let heavier = if plan.detail == Detail::Full {
        1.0
    } else {
        1.2
    };
    let weight = if tiny {
        8.0
    } else {
        mix(7.0, 9.5, plan.weight) * heavier
    };
    let gap = if tiny { 4.0 } else { 3.0 };
    let side = if tiny {
        8.0
    } else {
        weight - mix(0.0, 1.5, plan.body)
    };
    let slip = weight / 2.0 + side / 2.0 + gap + if tiny { 0.0 } else { mix(0.0, 3.0, plan.core) };
    let outer = 28.0 - slip / 2.0;
    let turn = if tiny { FRAC_PI_2 } else { FRAC_PI_2 / 2.0 };
    let axis = (plan.bearing / turn).round() * turn;
    let frame = Frame::new(CENTRE, axis);
    let hand = if plan.bodies.is_multiple_of(2) {
        1.0
    } else {
        -1.0
    };
    for half in [1.0, -1.0] {
        let along = half * hand * slip / 2.0;
        half_ring(
            d,
            frame.moved(along, 0.0),
            outer,
            outer - weight,
            gap / 2.0,
            half,
        );
        d.fill(Ink::Primary, Part::Body);
    }
    d.limb(weight).gap(gap);
    // The step beside the half on positive y, behind its slip.
    let path = outer - weight / 2.0;
    // At 16 px it keeps to the pixels instead of the gap.
    let first = if tiny { 4.0 } else { gap / 2.0 };
    let step = frame.moved(-hand * (path + slip / 2.0), first + side / 2.0);
    if plan.kind == 2 && !tiny {
        d.disc(Ink::Accent, Part::Accent, step.origin, side / 2.0);
    } else {
        bar(d, step, side, side);
        d.fill(Ink::Accent, Part::Accent);
    }
    let core = (outer - weight - slip / 2.0 - 3.0).min(9.0);
    if tiny || core < 4.5 {
        return d.settle(1.4);
    }
    d.gap(3.0);
    match plan.kind {
        0 => {
            d.disc(Ink::Primary, Part::Body, CENTRE, core);
        }
        1 => {
            star(d, CENTRE, 3, core, None, axis - FRAC_PI_2);
            d.fill(Ink::Primary, Part::Body);
        }
        _ => {
            bar(d, frame, core * 1.4, core * 1.4);
            d.fill(Ink::Primary, Part::Body);
        }
    }
    d.settle(1.4);
}

/// The tiny drawing of the plain orbits: a body on the pixel grid and a broken ring, perhaps in two
/// halves.
fn tiny_ring(d: &mut Drawing, bearing: f64, cap: Cap, halved: bool) {
    let ring = Ring::new(23.0, 8.0, cap);
    let body = snapped_centre(CENTRE.polar(21.0, bearing), 4.0);
    let clear = ring.clearing(8.0, 5.4);
    let (start, turn) = (bearing + clear, TAU - 2.0 * clear);
    if halved {
        let half = turn / 2.0 - 0.2;
        ring.arc(d, Ink::Primary, Part::Body, start, half);
        ring.arc(d, Ink::Primary, Part::Body, start + turn - half, half);
    } else {
        ring.arc(d, Ink::Primary, Part::Body, start, turn);
    }
    d.disc(Ink::Accent, Part::Accent, body, 8.0).gap(4.0);
    centre_box(d);
}
