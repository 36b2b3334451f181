//! A name's outlines as path data.

use std::cell::RefCell;
use std::collections::HashMap;
use std::io::Write;
use std::ptr;

use crate::geometry::{Point, Segment, point};
use crate::number::{hundredths, put};
use crate::outline::{Pen, Spot};
use crate::wordmark::{Glyph, Placed, Wordmark};

/// Letters are written in steps of so many font units: the font has 2,000 to the em, and 1,000 is
/// what most fonts are drawn on (0.02 units of the picture at most, for a tenth fewer bytes).
const STEP: f64 = 2.0;

/// A glyph's outline in steps, after its first move.
struct Written {
    first: Spot,
    /// From there to the start of the last contour.
    last: Spot,
    bytes: Vec<u8>,
}

thread_local! {
    /// Glyphs are static, so the digits of an outline are made once a thread; the key is the glyph's
    /// address. A memo only: it changes no byte, and holds no more than the font does.
    static WRITTEN: RefCell<HashMap<usize, Written>> = RefCell::new(HashMap::new());
}

/// Over this size a word whose letters come again is written with each of them once.
const JOINED_BYTES: usize = 5_000;

/// The word in steps of the font: whole numbers take fewer bytes than decimals.
///
/// `ink` writes the attribute that says their colour.
pub(super) fn letters(
    out: &mut Vec<u8>,
    wordmark: &Wordmark,
    ink: impl FnOnce(&mut Vec<u8>),
    prefix: &str,
) {
    let inked: Vec<Placed> = wordmark
        .glyphs
        .iter()
        .filter(|placed| !placed.glyph.segments.is_empty())
        .copied()
        .collect();
    let Some(left) = inked.first().map(|placed| placed.x) else {
        return;
    };
    let letters: Vec<Letter> = inked
        .iter()
        .map(|placed| Letter {
            glyph: placed.glyph,
            x: steps((placed.x - left) / wordmark.scale),
        })
        .collect();
    out.extend_from_slice(b"<g");
    ink(out);
    out.extend_from_slice(b" transform=\"translate(");
    put(out, hundredths(left));
    out.push(b' ');
    put(out, hundredths(wordmark.baseline));
    // Seven decimals: the last letter of the longest name is within a hundredth of a unit.
    // Writing to a vector cannot fail.
    let _ = write!(out, ")scale({:.7})\">", wordmark.scale * STEP);
    let begin = out.len();
    joined(out, &letters);
    if out.len() - begin > JOINED_BYTES {
        let mut once = Vec::with_capacity(JOINED_BYTES);
        each_once(&mut once, &letters, prefix);
        if once.len() < out.len() - begin {
            out.truncate(begin);
            out.extend_from_slice(&once);
        }
    }
    out.extend_from_slice(b"</g>");
}

/// A letter and its place, in hundredths of a step from the first one.
#[derive(Clone, Copy)]
struct Letter {
    glyph: &'static Glyph,
    x: i32,
}

/// One path. Letters do not overlap each other, so winding cannot mix.
fn joined(out: &mut Vec<u8>, letters: &[Letter]) {
    if letters.is_empty() {
        return;
    }
    out.extend_from_slice(b"<path d=\"");
    outlines(out, letters);
    out.extend_from_slice(b"\"/>");
}

/// Letters that come once as one path; each of the others as a path of its own and its uses.
fn each_once(out: &mut Vec<u8>, letters: &[Letter], prefix: &str) {
    let times = |letter: &Letter| {
        letters
            .iter()
            .filter(|l| ptr::eq(l.glyph, letter.glyph))
            .count()
    };
    let (single, repeated): (Vec<Letter>, Vec<Letter>) = letters
        .iter()
        .copied()
        .partition(|letter| times(letter) == 1);
    joined(out, &single);
    let mut defined: Vec<Letter> = Vec::new();
    for letter in repeated {
        // Writing to a vector cannot fail.
        if let Some(n) = defined
            .iter()
            .position(|first| ptr::eq(first.glyph, letter.glyph))
        {
            let _ = write!(
                out,
                "<use href=\"#{prefix}w{n}\" x=\"{}\"/>",
                (letter.x - defined[n].x) / 100
            );
        } else {
            let _ = write!(out, "<path id=\"{prefix}w{}\" d=\"", defined.len());
            outlines(out, &[letter]);
            out.extend_from_slice(b"\"/>");
            defined.push(letter);
        }
    }
}

fn outlines(out: &mut Vec<u8>, letters: &[Letter]) {
    let mut pen = Pen::new(out);
    WRITTEN.with_borrow_mut(|all| {
        for Letter { glyph, x } in letters {
            let glyph = all
                .entry(ptr::from_ref(*glyph).addr())
                .or_insert_with(|| Written::new(glyph));
            pen.move_to((x + glyph.first.0, glyph.first.1));
            pen.append(&glyph.bytes, glyph.last);
        }
    });
}

/// Font units to whole steps, as hundredths.
fn steps(font_units: f64) -> i32 {
    (font_units / STEP).round() as i32 * 100
}

impl Written {
    fn new(glyph: &Glyph) -> Self {
        let first = match glyph.segments.first() {
            Some(Segment::Move(p)) => (steps(p.x), steps(p.y)),
            _ => (0, 0),
        };
        let p = |p: Point| point(p.x / STEP, p.y / STEP);
        let stepped: Vec<Segment> = glyph
            .segments
            .iter()
            .map(|segment| match *segment {
                Segment::Move(to) => Segment::Move(p(to)),
                Segment::Line(to) => Segment::Line(p(to)),
                Segment::Cubic(a, b, to) => Segment::Cubic(p(a), p(b), p(to)),
                Segment::Arc {
                    centre,
                    radius,
                    start,
                    turn,
                    to,
                } => Segment::Arc {
                    centre: p(centre),
                    radius: radius / STEP,
                    start,
                    turn,
                    to: p(to),
                },
                Segment::Close => Segment::Close,
            })
            .collect();
        let mut bytes = Vec::with_capacity(256);
        let mut pen = Pen::anywhere(&mut bytes, first);
        pen.outline(&stepped, point(0.0, 0.0));
        let end = pen.contour_start();
        Self {
            first,
            last: (end.0 - first.0, end.1 - first.1),
            bytes,
        }
    }
}
