//! Halo: broken rings around a core.

use std::f64::consts::{FRAC_PI_2, PI, TAU};

use super::parts_round::{
    CENTRE, Eccentric, Frame, Ring, bar, bearing, centre_box, count, eighth, half_ring, mix,
    rhombus, share, snapped_centre, upright,
};
use crate::drawing::{Cap, Drawing, Ink, Part};
use crate::emotion::Emotion;
use crate::family::{Detail, Parameter, Subject, Values};
use crate::geometry::degrees;

/// Structural parameters.
pub const PARAMETERS: &[Parameter] = &[
    bearing("turn", 0.0, 345.0, 15.0, "where the outer ring opens"),
    bearing(
        "twist",
        60.0,
        300.0,
        30.0,
        "turn from the outer opening to the inner",
    ),
    share("opening", 0.0, "how far the rings open"),
    share("weight", 0.0, "thickness of the rings"),
    share("core", 0.0, "size of the core"),
    count("parts", 3.0, 6.0, "pieces of the outer ring, by emotion"),
    count("kind", 0.0, 2.0, "figure of the core, by emotion"),
];

/// The parameters by name.
struct Plan {
    turn: f64,
    twist: f64,
    opening: f64,
    weight: f64,
    core: f64,
    parts: u32,
    kind: u32,
    detail: Detail,
}

impl Plan {
    /// What the smaller drawings multiply their strokes by.
    fn heavier(&self) -> f64 {
        if self.detail == Detail::Full {
            1.0
        } else {
            1.25
        }
    }
}

/// Draws the family.
pub fn draw(values: &Values, subject: Subject) -> Drawing {
    let [turn, twist, opening, weight, core, parts, kind, _] = *values;
    let plan = Plan {
        turn: degrees(turn),
        twist: degrees(twist),
        opening,
        weight,
        core,
        parts: parts as u32,
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

/// Two calm arcs with round ends, turned against each other.
fn serenity(d: &mut Drawing, plan: &Plan) {
    if plan.detail == Detail::Tiny {
        let ring = Ring::new(24.0, 8.0, Cap::Round);
        let axis = eighth(plan.turn);
        let clear = ring.clearing(4.0, 4.0);
        ring.arc(d, Ink::Primary, Part::Body, axis + clear, TAU - 2.0 * clear);
        d.disc(Ink::Accent, Part::Accent, CENTRE, 8.0).gap(12.0);
        return;
    }
    let weight = mix(5.0, 6.6, plan.weight) * plan.heavier();
    let gap = mix(3.0, 4.0, plan.opening);
    let outer = Ring::new(28.0 - weight / 2.0, weight, Cap::Round);
    let inner = Ring::new(outer.radius - weight - gap, weight, Cap::Round);
    let open = outer.clearing(mix(3.0, 11.0, plan.opening), 2.0);
    if plan.parts >= 5 {
        let open = outer.clearing(2.0, 2.0);
        for start in [plan.turn, plan.turn + PI] {
            outer.arc(d, Ink::Primary, Part::Body, start + open, PI - 2.0 * open);
        }
    } else {
        outer.arc(
            d,
            Ink::Primary,
            Part::Body,
            plan.turn + open,
            TAU - 2.0 * open,
        );
    }
    let axis = plan.turn + plan.twist;
    let within = inner.clearing(mix(3.0, 12.0, plan.core), 2.0);
    inner.arc(
        d,
        Ink::Accent,
        Part::Accent,
        axis + within,
        TAU - 2.0 * within,
    );
    let room = inner.radius - weight / 2.0 - gap;
    d.gap(gap).disc(
        Ink::Primary,
        Part::Body,
        CENTRE,
        room.min(mix(5.5, 9.0, plan.core)),
    );
    d.settle(1.4);
}

/// Heavy bands whose ends are all cut along one diagonal, against a solid half.
fn power(d: &mut Drawing, plan: &Plan) {
    let tiny = plan.detail == Detail::Tiny;
    let diagonal = (plan.turn / FRAC_PI_2).floor() * FRAC_PI_2 + PI / 4.0;
    let lean = if tiny {
        0.0
    } else {
        (plan.twist / PI - 1.0) * 0.4
    };
    let frame = Frame::new(CENTRE, diagonal + lean);
    let weight = if tiny {
        10.0
    } else {
        mix(8.5, 11.5, plan.weight) * plan.heavier().min(1.15)
    };
    let gap = if tiny { 5.0 } else { 3.2 };
    let hole = 28.0 - weight;
    let past = mix(2.0, 12.0, plan.opening);
    let core = hole - gap;
    if tiny {
        half_ring(d, frame, 28.0, hole, -6.0, 1.0);
        d.fill(Ink::Primary, Part::Body).limb(weight);
        let shift = centre_box(d);
        bar(
            d,
            Frame::new(snapped_centre(CENTRE.moved(shift.x, shift.y), 4.0), 0.0),
            16.0,
            16.0,
        );
        d.fill(Ink::Accent, Part::Accent).gap(gap);
        return;
    }
    match plan.kind {
        0 => {
            half_ring(d, frame, 28.0, hole, -past, 1.0);
            d.fill(Ink::Primary, Part::Body);
            half_ring(d, frame, core, 0.0, mix(-4.0, 3.0, plan.core), -1.0);
            d.fill(Ink::Accent, Part::Accent);
        }
        1 => {
            half_ring(d, frame, 28.0, hole, -past, 1.0);
            d.fill(Ink::Primary, Part::Body);
            let within = mix(6.0, 8.0, plan.core);
            half_ring(d, frame, core, core - within, -past * 0.4, -1.0);
            d.limb(within);
            d.fill(Ink::Accent, Part::Accent);
        }
        _ => {
            let cut = gap / 2.0 + past * 0.25;
            half_ring(d, frame, 28.0, hole, cut, 1.0);
            d.fill(Ink::Primary, Part::Body);
            half_ring(d, frame, 28.0, hole, cut, -1.0);
            d.fill(Ink::Primary, Part::Body).gap(2.0 * cut);
            let size = core.min(mix(9.0, 13.0, plan.core));
            bar(d, frame, size * 1.4, size * 1.4);
            d.fill(Ink::Accent, Part::Accent);
        }
    }
    d.limb(weight).gap(gap);
    d.settle(1.4);
}

/// Two thinning rings, each off the centre of the other, around a small core.
fn mystery(d: &mut Drawing, plan: &Plan) {
    let tiny = plan.detail == Detail::Tiny;
    let thin = if tiny { 5.0 } else { 4.15 * plan.heavier() };
    let thick = mix(7.2, 10.0, plan.weight) * plan.heavier();
    let axis = if tiny { eighth(plan.turn) } else { plan.turn };
    let frame = Frame::new(CENTRE, axis);
    let outer = Eccentric {
        rim: 27.5,
        thin,
        thick,
    };
    outer.broken(d, frame, mix(0.3, 1.0, plan.opening));
    d.fill(Ink::Primary, Part::Body);
    let (hole, cut) = outer.counter(frame);
    if tiny {
        let shift = centre_box(d);
        let at = snapped_centre(hole.moved(shift.x, shift.y), 3.0);
        d.disc(Ink::Accent, Part::Accent, at, 6.0)
            .gap(cut - 6.0 - at.distance(hole));
        return;
    }
    let gap = mix(3.0, 4.2, plan.core);
    let axis = plan.turn + plan.twist;
    let rim = (cut - gap) * mix(0.8, 0.95, plan.opening);
    let away = cut - gap - rim;
    let inner = Eccentric {
        rim,
        thin,
        thick: thin + 3.0,
    };
    let within = Frame::new(hole.polar(away, plan.turn), axis);
    inner.broken(d, within, mix(0.5, 1.3, plan.weight));
    d.fill(Ink::Primary, Part::Body).gap(gap);
    let (hole, cut) = inner.counter(within);
    let size = mix(4.0, 6.0, plan.core).min(cut - 2.6);
    let away = (cut - size - 2.6).min(mix(0.0, 5.0, plan.weight));
    d.disc(Ink::Accent, Part::Accent, hole.polar(away, axis), size)
        .gap(2.6);
    d.settle(1.4);
}

/// A corona of equal pieces around a sun, one piece straight above.
fn awakening(d: &mut Drawing, plan: &Plan) {
    if plan.detail == Detail::Tiny {
        // Two pieces left and right, or three with one straight above.
        let ring = Ring::new(24.0, 8.0, Cap::Butt);
        let pieces = 2 + plan.parts % 2;
        let step = TAU / f64::from(pieces);
        for i in 0..pieces {
            let start = FRAC_PI_2 + 0.22 + step * f64::from(i);
            ring.arc(d, Ink::Primary, Part::Body, start, step - 0.44);
        }
        let core = if plan.core < 0.5 { 8.0 } else { 12.0 };
        d.disc(Ink::Accent, Part::Accent, CENTRE, core).gap(8.0);
        return;
    }
    let weight = mix(5.0, 8.0, plan.weight) * plan.heavier();
    let gap = mix(3.0, 4.5, plan.opening);
    let ring = Ring::new(28.0 - weight / 2.0, weight, Cap::Butt);
    let hole = 28.0 - weight;
    let step = TAU / f64::from(plan.parts);
    // The chord at the hole is the narrowest place between two pieces.
    let clear = libm::asin(gap / (2.0 * hole));
    for i in 0..plan.parts {
        let middle = -FRAC_PI_2 + step * f64::from(i);
        let turn = step - 2.0 * clear;
        ring.arc(d, Ink::Primary, Part::Body, middle - turn / 2.0, turn);
    }
    let room = hole - mix(3.0, 5.0, plan.opening);
    let size = room * mix(0.62, 1.0, plan.core);
    d.gap(gap).gap(hole - size);
    upright(d, plan.kind, size, Ink::Accent, Part::Accent);
    d.settle(1.4);
}

/// Three quarters of a ring; the fourth has become another primitive and slipped out.
fn creative(d: &mut Drawing, plan: &Plan) {
    let tiny = plan.detail == Detail::Tiny;
    let weight = if tiny {
        8.0
    } else {
        mix(6.4, 11.5, plan.weight) * plan.heavier().min(1.15)
    };
    let gap = if tiny { 4.0 } else { 3.2 };
    let axis = (plan.turn / FRAC_PI_2).floor() * FRAC_PI_2;
    let frame = Frame::new(CENTRE, axis);
    let ring = Ring::new(28.0 - weight / 2.0, weight, Cap::Butt);
    ring.arc(d, Ink::Primary, Part::Body, axis + FRAC_PI_2, 1.5 * PI);
    // The open quarter lies between x and y of the frame, its sides `gap` inside the ends.
    let side = if tiny {
        16.0
    } else {
        mix(17.0, 21.0, plan.opening)
    };
    let near = if tiny { 8.0 } else { 28.0 - side };
    d.gap(gap);
    let middle = near + side / 2.0;
    match plan.kind {
        _ if tiny => bar(d, frame.moved(middle, middle), side, side),
        0 => {
            let corner = frame.at(near, near);
            d.move_to(corner);
            d.line_to(frame.at(near + side, near));
            d.arc(corner, side, axis, FRAC_PI_2);
            d.close();
        }
        1 => bar(d, frame.moved(middle, middle), side, side),
        _ => {
            d.arc_from(frame.at(middle, middle), side / 2.0, axis, PI);
            d.arc(frame.at(middle, middle), side / 2.0, axis + PI, PI);
            d.close();
        }
    }
    d.fill(Ink::Accent, Part::Accent);
    if tiny {
        return;
    }
    let room = 28.0 - weight - gap;
    let core = mix(6.0, 11.0, plan.core).min(room * 0.75);
    let free = (room - core).max(0.0) * std::f64::consts::FRAC_1_SQRT_2;
    let back = (core + gap - near).max(free * mix(0.0, 0.9, plan.twist / TAU));
    let at = frame.moved(-back, -back);
    match (plan.parts + plan.kind) % 3 {
        0 => {
            d.disc(Ink::Primary, Part::Body, at.origin, core);
        }
        1 => {
            bar(d, at, core * 1.4, core * 1.4);
            d.fill(Ink::Primary, Part::Body);
        }
        _ => {
            let point = Frame::new(at.origin, axis + PI / 4.0);
            rhombus(d, point, core, core);
            d.fill(Ink::Primary, Part::Body);
        }
    }
    d.gap(room + gap - core - back * std::f64::consts::SQRT_2);
}
