//! Horizon: a sun on its line.

use std::f64::consts::{FRAC_PI_2, PI};

use super::parts_round::{CENTRE, Frame, Moon, bar, bearing, count, mix, share};
use crate::drawing::{Cap, Drawing, Ink, Part};
use crate::emotion::Emotion;
use crate::family::{Detail, Parameter, Subject, Values};
use crate::geometry::{degrees, point};

/// Structural parameters.
pub const PARAMETERS: &[Parameter] = &[
    share("sun", 0.0, "size of the sun"),
    share("rise", 0.0, "how far the sun has risen"),
    count("lines", 1.0, 3.0, "lines, or rays by emotion"),
    share("weight", 0.0, "thickness of the lines"),
    share("aside", -1.0, "the sun's place along its line"),
    bearing(
        "tilt",
        -40.0,
        40.0,
        10.0,
        "slope of the horizon where it may lean",
    ),
    count(
        "kind",
        0.0,
        2.0,
        "figure of the reflection or the rays, by emotion",
    ),
];

/// The parameters by name.
struct Plan {
    sun: f64,
    rise: f64,
    lines: u32,
    weight: f64,
    aside: f64,
    tilt: f64,
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

    /// 1 or -1: the side on which an asymmetric mark puts its sun.
    fn side(&self) -> f64 {
        if self.aside < 0.0 { -1.0 } else { 1.0 }
    }
}

/// Draws the family.
pub fn draw(values: &Values, subject: Subject) -> Drawing {
    let [sun, rise, lines, weight, aside, tilt, kind, _] = *values;
    let plan = Plan {
        sun,
        rise,
        lines: lines as u32,
        weight,
        aside,
        tilt,
        kind: kind as u32,
        detail: subject.detail,
    };
    let mut d = Drawing::new();
    let tiny = subject.detail == Detail::Tiny;
    match subject.emotion {
        Emotion::Serenity if tiny => tiny_calm(&mut d, &plan),
        Emotion::Serenity => serenity(&mut d, &plan),
        Emotion::Power => power(&mut d, &plan),
        Emotion::Mystery => mystery(&mut d, &plan),
        Emotion::Awakening if tiny => tiny_rising(&mut d, &plan),
        Emotion::Awakening => awakening(&mut d, &plan),
        Emotion::Creative if tiny => tiny_halves(&mut d, &plan),
        Emotion::Creative => creative(&mut d, &plan),
    }
    d
}

/// A soft sun over round lines, or over its own reflection.
fn serenity(d: &mut Drawing, plan: &Plan) {
    let weight = mix(4.6, 6.4, plan.weight) * plan.heavier();
    let gap = mix(3.2, 4.2, plan.weight);
    let lines = if plan.detail == Detail::Full {
        plan.lines
    } else {
        1
    };
    let below = f64::from(lines) * (weight + gap);
    let radius = mix(16.0, 24.0, plan.sun);
    // As far up as the canvas allows, from the half disc.
    let risen = (52.0 - below - radius)
        .min(radius * 0.75 * plan.rise)
        .max(0.0);
    let base = 32.0;
    let frame = Frame::new(CENTRE.moved(0.0, base - 32.0 - risen), -FRAC_PI_2);
    dome(d, frame, radius, -risen, 2.0);
    d.fill(Ink::Primary, Part::Body);
    let longest = 28.0 - weight / 2.0;
    for i in 0..lines {
        let share = f64::from(i) / 3.0;
        let half = match plan.kind {
            0 => longest * (1.0 - share),
            1 => longest * (1.0 - f64::from(lines - 1 - i) * 0.25),
            _ => longest * if i % 2 == 0 { 1.0 } else { 0.55 },
        };
        let y = base + (f64::from(i) + 0.5) * weight + (f64::from(i) + 1.0) * gap;
        d.move_to(point(32.0 - half, y))
            .line_to(point(32.0 + half, y));
        let part = if i == 0 {
            Part::Accent
        } else {
            Part::Companion
        };
        d.stroke(Ink::Accent, part, weight, Cap::Round).gap(gap);
    }
    d.settle(1.4);
}

/// A leaning sun over heavy bars, their ends cut acute by the sun's own circle.
fn power(d: &mut Drawing, plan: &Plan) {
    let tiny = plan.detail == Detail::Tiny;
    let steep = degrees(18.0 + plan.tilt.abs() * 0.7);
    let lean = if plan.tilt < 0.0 { -steep } else { steep };
    let frame = Frame::new(CENTRE, -FRAC_PI_2 + lean);
    let gap = if tiny { 4.4 } else { 3.2 };
    let radius = 28.0_f64;
    let half = |x: f64| (radius * radius - x * x).max(0.0).sqrt();
    let mut edge = mix(5.0, -6.0, plan.rise);
    let at_rim = libm::acos(edge / radius);
    d.arc_from(CENTRE, radius, frame.axis - at_rim, 2.0 * at_rim)
        .close();
    d.fill(Ink::Primary, Part::Body).limb(radius - edge);
    let bars = if plan.detail == Detail::Full {
        plan.lines
    } else {
        1
    };
    let first = if tiny {
        11.0
    } else {
        mix(7.5, 10.5, plan.weight) * plan.heavier()
    };
    for i in 0..bars {
        let top = edge - gap;
        let foot = top - (first - f64::from(i) * 1.8) * if bars == 1 { 1.3 } else { 1.0 };
        if foot < -26.0 {
            break;
        }
        let (wide, narrow) = (half(top), half(foot));
        // The second bar stands clear of the first on one side only.
        let slip = if plan.kind == 2 && i % 2 == 1 {
            narrow * 0.5
        } else {
            0.0
        };
        d.polygon(&[
            frame.at(top, -wide + slip),
            frame.at(top, wide),
            frame.at(foot, narrow),
            frame.at(foot, -narrow + slip),
        ]);
        let part = if i == 0 {
            Part::Accent
        } else {
            Part::Companion
        };
        d.fill(Ink::Accent, part).limb(top - foot).gap(gap);
        edge = foot;
    }
    d.settle(1.4);
}

/// A thin moon to one side of its line, the reflection to the other.
fn mystery(d: &mut Drawing, plan: &Plan) {
    let tiny = plan.detail == Detail::Tiny;
    let side = plan.side();
    let weight = if tiny {
        8.0
    } else {
        mix(4.2, 5.2, plan.weight) * plan.heavier()
    };
    let gap = if tiny { 4.0 } else { 3.4 };
    let lines = if plan.detail == Detail::Full {
        plan.lines.min(2)
    } else {
        1
    };
    let tallest = (56.0 - f64::from(lines) * (weight + gap)) / 2.0;
    let radius = if tiny {
        18.0
    } else {
        tallest.min(mix(17.5, 22.0, plan.sun))
    };
    let belly = radius
        * if tiny {
            0.65
        } else {
            mix(0.62, 0.88, plan.rise)
        };

    let away = side * (28.0 - radius) * plan.aside.abs().max(if tiny { 0.0 } else { 0.35 });
    let away = if tiny { 0.0 } else { away };
    let moon = Moon::new(radius, belly, 0.72);
    let opening = match plan.kind {
        // At 16 px the horns keep the moon its full height.
        _ if tiny => 0.0,
        0 => -35.0 + plan.tilt * 0.5,
        1 => -90.0 + plan.tilt * 0.5,
        _ => 20.0 + plan.tilt * 0.5,
    };
    let axis = if side < 0.0 {
        degrees(opening)
    } else {
        PI - degrees(opening)
    };
    let centre = if tiny {
        point(32.0, 26.0)
    } else {
        CENTRE.moved(away, -8.0)
    };
    moon.round(d, Frame::new(centre, axis), 2.05);
    d.fill(Ink::Primary, Part::Body).gap(gap);
    let mut y = centre.y + radius + gap + weight / 2.0;
    d.move_to(point(4.0 + weight / 2.0, y))
        .line_to(point(60.0 - weight / 2.0, y));
    d.stroke(Ink::Accent, Part::Accent, weight, Cap::Round);
    if tiny {
        return;
    }
    if lines > 1 {
        y += weight + gap;
        let length = mix(18.0, 34.0, plan.weight);
        let end = 32.0 - side * (28.0 - weight / 2.0);
        d.move_to(point(end, y))
            .line_to(point(end + side * length, y));
        d.stroke(Ink::Accent, Part::Companion, weight, Cap::Round);
    }
    d.settle(1.4);
}

/// A half sun on its line under upright rays, or under arches.
fn awakening(d: &mut Drawing, plan: &Plan) {
    let weight = mix(5.6, 7.4, plan.weight) * plan.heavier();
    let gap = 3.4;
    let base = point(32.0, 44.0);
    let rays = if plan.detail == Detail::Full {
        2 * plan.lines + 1
    } else {
        3
    };
    let arches = if plan.lines > 1 { 2.0 } else { 1.0 };
    let sun = match (plan.kind, plan.lines) {
        // Two arches need room outside the sun, seven rays need it inside.
        (2, 2..) => mix(9.5, 12.4, plan.sun),
        (0 | 1, 3) => mix(15.0, 17.0, plan.sun),
        _ => mix(12.0, 14.5, plan.sun),
    };
    d.arc_from(base, sun, PI, PI).close();
    d.fill(Ink::Accent, Part::Accent);
    let line = Frame::new(base.moved(0.0, gap + weight / 2.0), 0.0);
    bar(d, line, 56.0, weight);
    d.fill(Ink::Primary, Part::Body).limb(weight).gap(gap);
    let from = sun + gap;
    if plan.kind == 2 {
        let to = if arches > 1.0 {
            28.0
        } else {
            mix(24.0, 28.0, plan.rise)
        };
        let band = (to - from - (arches - 1.0) * gap) / arches;
        for i in 0..arches as u32 {
            let middle = from + band / 2.0 + f64::from(i) * (band + gap);
            d.arc_from(base, middle, PI, PI);
            d.stroke(Ink::Primary, Part::Body, band, Cap::Butt);
        }
        return d.settle(1.4);
    }
    let to = mix(25.0, 28.0, plan.rise);
    let step = PI / f64::from(rays + 1);
    let (sin, cos) = libm::sincos(step / 2.0);
    // As wide as leaves a gap between the near corners of two rays.
    let widest = (2.0 * from * sin - 2.6) / cos;
    let foot = widest.min(if plan.kind == 0 {
        mix(4.4, 7.0, plan.rise)
    } else {
        mix(6.5, 10.0, plan.rise)
    });
    for i in 0..rays {
        let ray = Frame::new(base, -PI + step * f64::from(i + 1));
        if plan.kind == 0 {
            bar(d, ray.moved(f64::midpoint(from, to), 0.0), to - from, foot);
        } else {
            d.polygon(&[
                ray.at(from, -foot / 2.0),
                ray.at(to, 0.0),
                ray.at(from, foot / 2.0),
            ]);
        }
        d.fill(Ink::Primary, Part::Body);
    }
    d.limb(foot).gap(2.0 * from * sin - foot * cos);
    d.settle(1.4);
}

/// A sun and another primitive on the two sides of a line, slipped apart.
fn creative(d: &mut Drawing, plan: &Plan) {
    let side = plan.side();
    let weight = mix(4.4, 7.0, plan.weight) * plan.heavier();
    let gap = 3.2;
    let above = mix(16.0, 21.0, plan.sun);
    let below = (56.0 - 2.0 * gap - weight - above).min(mix(15.0, 20.0, plan.rise));
    let top = 32.0 - weight / 2.0 - gap;
    let foot = 32.0 + weight / 2.0 + gap;
    let x = 32.0 + side * (28.0 - above) * plan.aside.abs().max(0.3);
    d.arc_from(point(x, top), above, PI, PI).close();
    d.fill(Ink::Accent, Part::Accent);
    bar(d, Frame::new(CENTRE, 0.0), 56.0, weight);
    d.fill(Ink::Primary, Part::Body).limb(weight).gap(gap);
    let far = 32.0 - side * 28.0;
    match plan.kind {
        0 => {
            d.arc_from(point(far + side * below, foot), below, 0.0, PI)
                .close();
        }
        1 => {
            let width = below * mix(1.0, 1.5, plan.weight);
            let middle = point(far + side * width / 2.0, foot + below / 2.0);
            bar(d, Frame::new(middle, 0.0), width, below);
        }
        _ => {
            let across = side * below * 2.0;
            d.polygon(&[
                point(far, foot),
                point(far + across, foot),
                point(far + across / 2.0, foot + below),
            ]);
        }
    }
    d.fill(Ink::Primary, Part::Body);
    d.settle(1.4);
}

/// The part of a disc beyond x = `base` of the frame, its corners rounded by `tip`.
fn dome(d: &mut Drawing, frame: Frame, radius: f64, base: f64, tip: f64) {
    let (rim, x) = (radius - tip, base + tip);
    let y = (rim * rim - x * x).max(0.0).sqrt();
    let at_rim = libm::atan2(y, x);
    let axis = frame.axis;
    d.arc_from(frame.origin, radius, axis - at_rim, 2.0 * at_rim);
    d.arc(frame.at(x, y), tip, axis + at_rim, PI - at_rim);
    d.line_to(frame.at(base, -y));
    d.arc(frame.at(x, -y), tip, axis + PI, PI - at_rim);
    d.close();
}

/// Tiny serenity: half disc and round line on the pixels, in one of two sizes.
fn tiny_calm(d: &mut Drawing, plan: &Plan) {
    let (radius, base) = if plan.sun < 0.5 {
        (20.0, 36.0)
    } else {
        (28.0, 40.0)
    };
    d.arc_from(point(32.0, base), radius, PI, PI).close();
    d.fill(Ink::Primary, Part::Body);
    d.move_to(point(8.0, base + 8.0))
        .line_to(point(56.0, base + 8.0));
    d.stroke(Ink::Accent, Part::Accent, 8.0, Cap::Round)
        .gap(4.0);
}

/// Tiny awakening: the sun, its line, and the one ray straight up or an arch.
fn tiny_rising(d: &mut Drawing, plan: &Plan) {
    if plan.kind == 2 {
        d.arc_from(point(32.0, 40.0), 12.0, PI, PI).close();
        d.fill(Ink::Accent, Part::Accent);
        d.arc_from(point(32.0, 40.0), 24.0, PI, PI);
        d.stroke(Ink::Primary, Part::Body, 8.0, Cap::Butt);
        bar(d, Frame::new(point(32.0, 48.0), 0.0), 56.0, 8.0);
        d.fill(Ink::Primary, Part::Body).gap(4.0);
        return;
    }
    d.arc_from(point(32.0, 44.0), 24.0, PI, PI).close();
    d.fill(Ink::Accent, Part::Accent);
    bar(d, Frame::new(point(32.0, 52.0), 0.0), 56.0, 8.0);
    d.fill(Ink::Primary, Part::Body);
    if plan.kind == 0 {
        bar(d, Frame::new(point(32.0, 12.0), 0.0), 8.0, 8.0);
    } else {
        d.polygon(&[point(32.0, 8.0), point(40.0, 16.0), point(24.0, 16.0)]);
    }
    d.fill(Ink::Primary, Part::Body).limb(8.0).gap(4.0);
}

/// Tiny creative: the two halves alone, slipped apart along the horizon between them.
fn tiny_halves(d: &mut Drawing, plan: &Plan) {
    let aside = plan.side() * 8.0;
    d.arc_from(point(32.0 + aside, 28.0), 20.0, PI, PI).close();
    d.fill(Ink::Accent, Part::Accent);
    if plan.kind == 0 {
        d.arc_from(point(32.0 - aside, 36.0), 20.0, 0.0, PI).close();
    } else {
        bar(d, Frame::new(point(32.0 - aside, 46.0), 0.0), 40.0, 20.0);
    }
    d.fill(Ink::Primary, Part::Body).gap(8.0);
}
