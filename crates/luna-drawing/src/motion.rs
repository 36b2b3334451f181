//! Opt-in animation: CSS on transform and opacity, once, ending in the static mark.
//!
//! A family decides what moves how (a ring turns, a sun rises), an emotion decides how fast, how far
//! and with which ease. Only the first frame is written: the last one is the mark's own state, so it
//! cannot differ from the static drawing, and `prefers-reduced-motion` shows just that.

use std::io::Write;

use crate::drawing::{Drawing, Part};
use crate::emotion::Emotion;
use crate::family::Family;
use crate::geometry::{Bounds, MIDDLE, Point};
use crate::number::{hundredths, put};

/// Which movement a picture has where it is animated.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Motion {
    /// Decides what moves.
    pub family: Family,
    /// Decides how.
    pub emotion: Emotion,
}

/// The point that stands still.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum About {
    /// The middle of the mark.
    Mark,
    /// The middle of the part itself.
    Part,
}

/// The first frame of one part, beside being transparent.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Start {
    about: About,
    dx: f64,
    dy: f64,
    turn_degrees: f64,
    scale: f64,
}

/// How an emotion moves.
struct Manner {
    /// Hundredths of a second from the first to the last change.
    whole: u32,
    /// Hundredths of a second before the accent begins.
    wait: u32,
    ease: &'static str,
    /// Times the family's distances and angles.
    force: f64,
    /// Added to the body's start, units: power comes along the diagonal, awakening from below.
    lean: (f64, f64),
}

const fn manner(emotion: Emotion) -> Manner {
    let (whole, wait, ease, force, lean) = match emotion {
        Emotion::Serenity => (150, 35, ".35,0,.2,1", 0.6, (0.0, 0.0)),
        Emotion::Power => (80, 30, ".15,.9,.1,1", 1.2, (-5.0, 5.0)),
        Emotion::Mystery => (160, 60, ".6,0,.3,1", 0.9, (0.0, 0.0)),
        Emotion::Awakening => (130, 40, ".2,.7,.2,1", 0.8, (0.0, 6.0)),
        Emotion::Creative => (110, 35, ".34,1.5,.64,1", 1.0, (3.0, 0.0)),
    };
    Manner {
        whole,
        wait,
        ease,
        force,
        lean,
    }
}

const fn slide(dx: f64, dy: f64) -> Start {
    Start {
        about: About::Part,
        dx,
        dy,
        turn_degrees: 0.0,
        scale: 1.0,
    }
}

const fn grow(scale: f64) -> Start {
    Start {
        scale,
        ..slide(0.0, 0.0)
    }
}

const fn turn(turn_degrees: f64, scale: f64) -> Start {
    Start {
        about: About::Mark,
        turn_degrees,
        scale,
        ..slide(0.0, 0.0)
    }
}

/// The first frame of body, accent and companions. An accent that shares the body's path takes the
/// body's start at the body's time, so that the two never meet on the way.
const fn starts(family: Family) -> (Start, Option<Start>, Start) {
    match family {
        Family::Crescent => (turn(-45.0, 1.0), Some(grow(0.2)), grow(0.6)),
        Family::Orbit => (turn(-150.0, 1.0), None, grow(0.4)),
        Family::Lambda => (slide(-4.0, 10.0), Some(slide(4.0, 10.0)), grow(0.6)),
        Family::Network => (grow(0.7), Some(grow(0.0)), grow(0.8)),
        Family::Halo => (turn(-100.0, 1.0), Some(turn(100.0, 1.0)), grow(0.8)),
        Family::Tessera => (grow(0.84), Some(grow(0.3)), grow(0.7)),
        Family::Petal => (turn(-60.0, 0.6), None, grow(0.5)),
        Family::Aperture => (turn(70.0, 0.8), None, grow(0.5)),
        Family::Horizon => (slide(0.0, 6.0), Some(slide(0.0, 12.0)), slide(0.0, 4.0)),
        Family::Monogram => (grow(0.86), Some(grow(0.0)), grow(0.6)),
    }
}

/// The suffix of a part's class and keyframes, after the picture's prefix.
pub(crate) const fn suffix(part: Part) -> u8 {
    match part {
        Part::Body => b'b',
        Part::Accent => b'a',
        Part::Companion => b'c',
    }
}

/// Writes the rules of all parts that `drawing` has, without the `<style>` element around them.
pub(crate) fn write_rules(
    out: &mut Vec<u8>,
    motion: Motion,
    prefix: &str,
    drawing: &Drawing,
    mark_at: Point,
) {
    let how = manner(motion.emotion);
    let (body, accent, companion) = starts(motion.family);
    let shared = accent.is_none();
    let mut classes = Vec::with_capacity(16);
    for part in [Part::Body, Part::Accent, Part::Companion] {
        let mut bounds = Bounds::EMPTY;
        for shape in drawing.shapes().iter().filter(|shape| shape.part == part) {
            bounds.join(&drawing.shape_bounds(shape));
        }
        if bounds.left > bounds.right {
            continue;
        }
        let (start, wait) = match part {
            Part::Body => (leaning(body, &how), 0),
            Part::Accent if shared => (leaning(body, &how), 0),
            Part::Accent => (accent.unwrap_or(body), how.wait),
            Part::Companion => (companion, how.wait / 2),
        };
        let still = match start.about {
            About::Mark => Point {
                x: MIDDLE,
                y: MIDDLE,
            },
            About::Part => bounds.centre(),
        };
        let still = still.moved(mark_at.x, mark_at.y);
        let name = char::from(suffix(part));
        // Writing to a vector cannot fail.
        let _ = write!(out, "@keyframes {prefix}{name}{{from{{opacity:0");
        write_transform(out, start, how.force);
        let _ = write!(out, "}}}}.{prefix}{name}{{transform-origin:");
        put(out, hundredths(still.x));
        out.extend_from_slice(b"px ");
        put(out, hundredths(still.y));
        let _ = write!(out, "px;animation:{prefix}{name} ");
        put(out, (how.whole - wait) as i32);
        let _ = write!(out, "s cubic-bezier({}) ", how.ease);
        put(out, wait as i32);
        out.extend_from_slice(b"s both}");
        if !classes.is_empty() {
            classes.push(b',');
        }
        let _ = write!(classes, ".{prefix}{name}");
    }
    out.extend_from_slice(b"@media (prefers-reduced-motion:reduce){");
    out.extend_from_slice(&classes);
    out.extend_from_slice(b"{animation:none}}");
}

fn leaning(start: Start, how: &Manner) -> Start {
    Start {
        dx: start.dx + how.lean.0,
        dy: start.dy + how.lean.1,
        ..start
    }
}

fn write_transform(out: &mut Vec<u8>, start: Start, force: f64) {
    out.extend_from_slice(b";transform:");
    let (dx, dy) = (hundredths(start.dx * force), hundredths(start.dy * force));
    if dx != 0 || dy != 0 {
        out.extend_from_slice(b"translate(");
        put(out, dx);
        out.extend_from_slice(b"px,");
        put(out, dy);
        out.extend_from_slice(b"px)");
    }
    let turn = hundredths(start.turn_degrees * force);
    if turn != 0 {
        out.extend_from_slice(b"rotate(");
        put(out, turn);
        out.extend_from_slice(b"deg)");
    }
    let scale = hundredths((1.0 - (1.0 - start.scale) * force).max(0.0));
    if scale != 100 {
        out.extend_from_slice(b"scale(");
        put(out, scale);
        out.push(b')');
    }
}
