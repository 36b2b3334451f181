//! Aperture: the blades of a shutter around its opening.

use std::f64::consts::{FRAC_PI_2, PI, TAU};

use super::parts_round::{CENTRE, Frame, Moon, bearing, count, mix, share, snapped_centre};
use crate::drawing::{Drawing, Ink, Part};
use crate::emotion::Emotion;
use crate::family::{Detail, Parameter, Subject, Values};
use crate::geometry::{degrees, point};

/// Structural parameters.
pub const PARAMETERS: &[Parameter] = &[
    count("blades", 5.0, 7.0, "blades; power has one less"),
    bearing("turn", 0.0, 345.0, 15.0, "rotation of the shutter"),
    share("opening", 0.0, "how far the shutter is open"),
    share("gap", 0.0, "width of the gaps"),
    share(
        "sweep",
        0.0,
        "how far the blades lean, or the opening stands off-centre",
    ),
    count("accent", 0.0, 6.0, "which blade takes the accent"),
    count("hand", 0.0, 1.0, "0 closes clockwise, 1 the other way"),
];

/// The parameters by name.
struct Plan {
    blades: u32,
    turn: f64,
    opening: f64,
    gap: f64,
    sweep: f64,
    accent: u32,
    /// 1 or -1.
    hand: f64,
    detail: Detail,
}

/// Draws the family.
pub fn draw(values: &Values, subject: Subject) -> Drawing {
    let [blades, turn, opening, gap, sweep, accent, hand, _] = *values;
    let plan = Plan {
        blades: blades as u32,
        turn: degrees(turn),
        opening,
        gap,
        sweep,
        accent: accent as u32,
        hand: if hand < 0.5 { 1.0 } else { -1.0 },
        detail: subject.detail,
    };
    let mut d = Drawing::new();
    if subject.detail == Detail::Tiny {
        tiny(&mut d, &plan, subject.emotion);
        return d;
    }
    match subject.emotion {
        Emotion::Serenity => serenity(&mut d, &plan),
        Emotion::Power => power(&mut d, &plan),
        Emotion::Mystery => mystery(&mut d, &plan),
        Emotion::Awakening => awakening(&mut d, &plan),
        Emotion::Creative => creative(&mut d, &plan),
    }
    d
}

/// Round blades, each resting under the next: discs that the next disc cuts, their horns rounded.
fn serenity(d: &mut Drawing, plan: &Plan) {
    const TIP: f64 = 2.05;
    let blades = plan.blades.min(6);
    let step = TAU / f64::from(blades);
    let gap = mix(2.6, 3.6, plan.gap);
    // The largest discs of which every second one leaves the gap, then a little less.
    let reach = 27.4;
    let spread = libm::sin(step);
    let largest = (2.0 * reach * spread - gap) / (2.0 + 2.0 * spread);
    let radius = largest * mix(0.9, 1.0, plan.opening);
    let away = reach - radius;
    let half = libm::sin(step / 2.0);
    let moon = Moon {
        radius,
        offset: 2.0 * away * half,
        cut: radius + gap,
    };
    let horns = moon.horns(TIP);
    for i in 0..blades {
        let axis = plan.turn + plan.hand * step * f64::from(i);
        let towards_next = axis + plan.hand * (FRAC_PI_2 + step / 2.0);
        let frame = Frame::new(CENTRE.polar(away, axis), towards_next);
        moon.rounded(d, frame, TIP, horns);
        fill(d, i == plan.accent % blades);
    }
    d.gap(gap).gap(2.0 * away * spread - 2.0 * radius);
}

/// Heavy straight blades with a straight rim.
fn power(d: &mut Drawing, plan: &Plan) {
    let blades = plan.blades - 1;
    let step = TAU / f64::from(blades);
    let shutter = Shutter {
        rim: 28.0,
        step,
        gap: mix(2.8, 4.0, plan.gap),
        hand: plan.hand,
        straight: true,
    };
    let apothem = mix(4.0, 9.0, plan.opening);
    for i in 0..blades {
        let frame = Frame::new(CENTRE, plan.turn + step * f64::from(i));
        shutter.blade(d, frame, apothem, apothem);
        fill(d, i == plan.accent % blades);
    }
    d.gap(shutter.gap);
    d.settle(1.4);
}

/// Thin blades around a wide opening that stands off-centre.
fn mystery(d: &mut Drawing, plan: &Plan) {
    let step = TAU / f64::from(plan.blades);
    let shutter = Shutter {
        rim: 28.0,
        step,
        gap: mix(2.6, 3.6, plan.gap),
        hand: plan.hand,
        straight: false,
    };
    let heavier = if plan.detail == Detail::Full {
        0.0
    } else {
        1.5
    };
    let mean = mix(14.5, 17.0, plan.opening) - heavier;
    let off = mix(3.0, 5.0, plan.sweep);
    let towards = plan.turn + step * f64::from(plan.accent);
    let apothem = |angle: f64| mean + off * libm::cos(angle - towards);
    for i in 0..plan.blades {
        let axis = plan.turn + plan.hand * step * f64::from(i);
        let (now, next) = (apothem(axis), apothem(axis + plan.hand * step));
        shutter.blade(d, Frame::new(CENTRE, axis), now, next);
        d.fill(Ink::Primary, Part::Body).limb(shutter.rim - now);
    }
    d.gap(shutter.gap);
    let size = mix(4.6, 6.2, plan.gap);
    let middle = CENTRE.polar(off, towards);
    let away = (mean - size - 3.5).min(mix(0.0, 7.0, plan.opening));
    d.disc(Ink::Accent, Part::Accent, middle.polar(away, towards), size);
    d.gap(mean - size - away);
}

/// Pointed blades, each symmetric, one straight up.
fn awakening(d: &mut Drawing, plan: &Plan) {
    let blades = plan.blades + 1;
    let half = PI / f64::from(blades);
    let (sin, cos) = libm::sincos(half);
    let slope = sin / cos;
    let gap = mix(2.8, 4.4, plan.gap);
    let inner = mix(8.0, 14.0, plan.opening);
    let shoulder = mix(inner + 4.0, 20.0, plan.sweep);
    let width = |x: f64| x * slope - gap / (2.0 * cos);
    let (narrow, wide) = (width(inner), width(shoulder));
    for i in 0..blades {
        let axis = -FRAC_PI_2 + 2.0 * half * f64::from(i);
        let frame = Frame::new(CENTRE, axis);
        d.polygon(&[
            frame.at(inner, -narrow),
            frame.at(shoulder, -wide),
            frame.at(28.0, 0.0),
            frame.at(shoulder, wide),
            frame.at(inner, narrow),
        ]);
        fill(d, i == 0);
    }
    d.limb(2.0 * narrow).gap(gap);
    if plan.accent > 3 {
        let size = (inner - 3.4).min(8.0);
        d.disc(Ink::Primary, Part::Body, CENTRE, size)
            .gap(inner - size);
    }
    d.settle(1.4);
}

/// Blades with straight and round rims in turn; one has slipped out and is a disc.
fn creative(d: &mut Drawing, plan: &Plan) {
    let step = TAU / f64::from(plan.blades);
    let gap = mix(2.6, 3.6, plan.gap);
    let apothem = mix(6.0, 11.0, plan.opening);
    let out = plan.accent % plan.blades;
    for i in 0..plan.blades {
        let axis = plan.turn + plan.hand * step * f64::from(i);
        let frame = Frame::new(CENTRE, axis);
        if i == out {
            let (x, y, radius) = inscribed(apothem, gap, step);
            d.disc(
                Ink::Accent,
                Part::Accent,
                frame.at(x, plan.hand * y),
                radius,
            );
            d.limb(2.0 * radius);
            continue;
        }
        let shutter = Shutter {
            rim: 26.0,
            step,
            gap,
            hand: plan.hand,
            straight: i % 2 == 1,
        };
        shutter.blade(d, frame, apothem, apothem);
        d.fill(Ink::Primary, Part::Body);
    }
    d.gap(gap);
    d.settle(1.4);
}

/// The disc that fills a blade's place out to radius 28, `gap` from the blades beside it: its
/// centre in the blade's frame and its radius (tangent to two lines and a circle: a quadratic).
fn inscribed(apothem: f64, gap: f64, step: f64) -> (f64, f64, f64) {
    let (sin, cos) = libm::sincos(step);
    let (base, fall) = ((apothem * (1.0 - cos) - gap) / sin, (1.0 + cos) / sin);
    let half_b = apothem - base * fall + 28.0;
    let free = 784.0 - apothem * apothem - base * base;
    let square = fall * fall;
    let radius = ((half_b * half_b + square * free).sqrt() - half_b) / square;
    (apothem + radius, base - fall * radius, radius)
}

/// Four blades along the pixels, each emotion with its own opening and rim.
fn tiny(d: &mut Drawing, plan: &Plan, emotion: Emotion) {
    if emotion == Emotion::Awakening {
        return keystone(d, plan);
    }
    let accent = plan.accent % 4;
    let (apothem, straight) = match emotion {
        Emotion::Serenity | Emotion::Creative => (8.0, false),
        Emotion::Power => (4.0, true),
        _ => (12.0, false),
    };
    let shutter = Shutter {
        rim: 28.0,
        step: FRAC_PI_2,
        gap: 4.0,
        hand: plan.hand,
        straight,
    };
    for i in 0..4 {
        let frame = Frame::new(CENTRE, FRAC_PI_2 * f64::from(i));
        let chosen = i == accent;
        match emotion {
            Emotion::Creative if chosen => {
                let near = frame.at(18.0, -10.0 * plan.hand);
                d.disc(Ink::Accent, Part::Accent, snapped_centre(near, 4.0), 8.0);
            }
            _ => {
                shutter.blade(d, frame, apothem, apothem);
                fill(d, chosen);
            }
        }
    }
    d.gap(4.0);
}

/// The tiny shutter that opens upward: one blade stands free at the top.
fn keystone(d: &mut Drawing, plan: &Plan) {
    const BODY: [(f64, f64); 12] = [
        (20.0, 4.0),
        (20.0, 44.0),
        (44.0, 44.0),
        (44.0, 4.0),
        (48.0, 4.0),
        (60.0, 16.0),
        (60.0, 44.0),
        (44.0, 60.0),
        (20.0, 60.0),
        (4.0, 44.0),
        (4.0, 16.0),
        (16.0, 4.0),
    ];
    let foot = if plan.opening < 0.5 { 36.0 } else { 28.0 };
    let shoulder = if plan.hand > 0.0 { 12.0 } else { 4.0 };
    let blade = [
        point(24.0, shoulder),
        point(32.0, 4.0),
        point(40.0, shoulder),
        point(40.0, foot),
        point(24.0, foot),
    ];
    d.polygon(&BODY.map(|(x, y)| point(x, y)));
    d.fill(Ink::Primary, Part::Body);
    d.polygon(&blade);
    d.fill(Ink::Accent, Part::Accent).limb(16.0).gap(4.0);
}

/// Fills a blade.
fn fill(d: &mut Drawing, accent: bool) {
    if accent {
        d.fill(Ink::Accent, Part::Accent);
    } else {
        d.fill(Ink::Primary, Part::Body);
    }
}

/// What the straight-edged blades of one shutter share.
struct Shutter {
    rim: f64,
    /// Angle from blade to blade, radians.
    step: f64,
    gap: f64,
    /// 1 or -1: the direction in which the next blade follows.
    hand: f64,
    /// Whether the rim is a chord instead of an arc.
    straight: bool,
}

impl Shutter {
    /// Adds the blade behind the edge at `apothem` along the frame's x, in front of the next
    /// blade's edge at `next`.
    fn blade(&self, d: &mut Drawing, frame: Frame, apothem: f64, next: f64) {
        let (sin, cos) = libm::sincos(self.step);
        let stop = next - self.gap;
        let corner = (stop - apothem * cos) / sin;
        let from = -libm::acos(apothem / self.rim);
        let to = self.step - libm::acos(stop / self.rim);
        d.move_to(frame.at(apothem, self.hand * corner));
        d.line_to(frame.origin.polar(self.rim, frame.axis + self.hand * from));
        if self.straight {
            d.line_to(frame.origin.polar(self.rim, frame.axis + self.hand * to));
        } else {
            let start = frame.axis + self.hand * from;
            d.arc(frame.origin, self.rim, start, self.hand * (to - from));
        }
        d.close();
    }
}
