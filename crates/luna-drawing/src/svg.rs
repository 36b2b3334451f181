//! The SVG writer: a picture to bytes.
//!
//! What it writes, and nothing else: `svg`, `title`, `desc`, `g`, `path`, `circle`, `rect`, and
//! `style` where the picture is animated. No script, no foreign object, no reference to the outside,
//! no filter.

use std::cell::RefCell;
use std::collections::HashMap;
use std::io::Write;
use std::ptr;

use crate::drawing::{Cap, Drawing, Ink, Outline, Paint, Part, Shape};
use crate::geometry::{Point, Segment, point};
use crate::motion::{suffix, write_rules};
use crate::number::{hundredths, put};
use crate::outline::{Pen, Spot};
use crate::picture::{Picture, Rgb};
use crate::wordmark::{Glyph, Placed, Wordmark};

/// The picture as a standalone SVG document, UTF-8, without an XML declaration: the same bytes fit
/// a file and a page. The same picture gives the same bytes on every platform.
pub fn write(picture: &Picture) -> Vec<u8> {
    let mut out = Vec::with_capacity(if picture.wordmark.is_some() {
        8192
    } else {
        1536
    });
    head(&mut out, picture);
    if picture.animated {
        out.extend_from_slice(b"<style>");
        let prefix = &picture.id_prefix;
        write_rules(
            &mut out,
            picture.motion,
            prefix,
            &picture.drawing,
            picture.mark_at,
        );
        out.extend_from_slice(b"</style>");
    }
    if picture.colours.paint_ground {
        out.extend_from_slice(b"<rect");
        number(&mut out, "width", picture.width);
        number(&mut out, "height", picture.height);
        colour(&mut out, "fill", picture.colours.ground);
        out.extend_from_slice(b"/>");
    }
    mark(&mut out, picture);
    if let Some(wordmark) = &picture.wordmark {
        letters(&mut out, wordmark, picture.colours.text, &picture.id_prefix);
    }
    out.extend_from_slice(b"</svg>\n");
    out
}

fn head(out: &mut Vec<u8>, picture: &Picture) {
    let (prefix, caption) = (picture.id_prefix.as_bytes(), &picture.caption);
    out.extend_from_slice(b"<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 ");
    put(out, hundredths(picture.width));
    out.push(b' ');
    put(out, hundredths(picture.height));
    out.push(b'"');
    number(out, "width", f64::from(picture.width_px));
    number(out, "height", f64::from(picture.height_px));
    text(out, "lang", caption.language.as_bytes());
    out.extend_from_slice(b" role=\"img\" aria-labelledby=\"");
    out.extend_from_slice(prefix);
    out.extend_from_slice(b"t ");
    out.extend_from_slice(prefix);
    out.extend_from_slice(b"d\"><title id=\"");
    out.extend_from_slice(prefix);
    out.extend_from_slice(b"t\">");
    escape(out, &caption.title);
    out.extend_from_slice(b"</title><desc id=\"");
    out.extend_from_slice(prefix);
    out.extend_from_slice(b"d\">");
    escape(out, &caption.description);
    out.extend_from_slice(b"</desc>");
}

/// Shapes that share their ink, their paint and, where they move, their part.
#[derive(Clone, Copy, PartialEq)]
struct Group {
    ink: Ink,
    paint: Paint,
    part: Option<Part>,
}

impl Group {
    const fn of(shape: &Shape, animated: bool) -> Self {
        Self {
            ink: shape.ink,
            paint: shape.paint,
            part: if animated { Some(shape.part) } else { None },
        }
    }
}

/// The mark's shapes, one group after the other. Shapes may change places: within an ink order
/// cannot be seen, and the two inks never touch.
fn mark(out: &mut Vec<u8>, picture: &Picture) {
    let shapes = picture.drawing.shapes();
    let mut written = vec![false; shapes.len()];
    for (i, first) in shapes.iter().enumerate() {
        if written[i] {
            continue;
        }
        let group = Group::of(first, picture.animated);
        let is_member = |shape: &Shape| Group::of(shape, picture.animated) == group;
        let members = || shapes[i..].iter().filter(|shape| is_member(shape));
        // Strokes of one group can share one path; fills cannot, where they overlap the winding
        // of one could undo the other.
        let stroked = matches!(group.paint, Paint::Stroke { .. });
        let is_path = |shape: &&Shape| matches!(shape.outline, Outline::Path(_));
        let paths = members().filter(is_path).count();
        let circles = members().count() - paths;
        let elements = circles + if stroked { paths.min(1) } else { paths };
        let wrapped = elements > 1;
        if wrapped {
            out.extend_from_slice(b"<g");
            attributes(out, picture, group);
            out.push(b'>');
        }
        let own = if wrapped { None } else { Some(group) };
        for shape in members() {
            if let Outline::Circle { centre, radius } = shape.outline {
                circle(out, picture, centre, radius, own);
            }
        }
        if stroked && paths > 0 {
            path(out, picture, members().filter(is_path), own);
        } else {
            for shape in members().filter(is_path) {
                path(out, picture, std::iter::once(shape), own);
            }
        }
        if wrapped {
            out.extend_from_slice(b"</g>");
        }
        for (done, shape) in written.iter_mut().zip(shapes).skip(i) {
            *done |= is_member(shape);
        }
    }
}

fn attributes(out: &mut Vec<u8>, picture: &Picture, group: Group) {
    let ink = match group.ink {
        Ink::Primary => picture.colours.primary,
        Ink::Accent => picture.colours.accent,
    };
    match group.paint {
        Paint::Fill => colour(out, "fill", ink),
        Paint::Stroke { width, cap } => {
            text(out, "fill", b"none");
            colour(out, "stroke", ink);
            number(out, "stroke-width", width);
            if cap == Cap::Round {
                text(out, "stroke-linecap", b"round");
                text(out, "stroke-linejoin", b"round");
            }
        }
    }
    if let Some(part) = group.part {
        out.extend_from_slice(b" class=\"");
        out.extend_from_slice(picture.id_prefix.as_bytes());
        out.push(suffix(part));
        out.push(b'"');
    }
}

fn circle(out: &mut Vec<u8>, picture: &Picture, centre: Point, radius: f64, own: Option<Group>) {
    out.extend_from_slice(b"<circle");
    number(out, "cx", centre.x + picture.mark_at.x);
    number(out, "cy", centre.y + picture.mark_at.y);
    number(out, "r", radius);
    if let Some(group) = own {
        attributes(out, picture, group);
    }
    out.extend_from_slice(b"/>");
}

fn path<'a>(
    out: &mut Vec<u8>,
    picture: &Picture,
    shapes: impl Iterator<Item = &'a Shape>,
    own: Option<Group>,
) {
    out.extend_from_slice(b"<path");
    if let Some(group) = own {
        attributes(out, picture, group);
    }
    out.extend_from_slice(b" d=\"");
    let mut pen = Pen::new(out);
    for shape in shapes {
        pen.outline(segments(&picture.drawing, shape), picture.mark_at);
    }
    out.extend_from_slice(b"\"/>");
}

fn segments<'a>(drawing: &'a Drawing, shape: &Shape) -> &'a [Segment] {
    match &shape.outline {
        Outline::Path(range) => drawing.segments(range),
        Outline::Circle { .. } => &[],
    }
}

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
fn letters(out: &mut Vec<u8>, wordmark: &Wordmark, ink: Rgb, prefix: &str) {
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
    colour(out, "fill", ink);
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

fn text(out: &mut Vec<u8>, name: &str, value: &[u8]) {
    out.push(b' ');
    out.extend_from_slice(name.as_bytes());
    out.extend_from_slice(b"=\"");
    out.extend_from_slice(value);
    out.push(b'"');
}

fn number(out: &mut Vec<u8>, name: &str, value: f64) {
    text(out, name, b"");
    out.pop();
    put(out, hundredths(value));
    out.push(b'"');
}

/// `#rgb` where the colour has it, else `#rrggbb`.
fn colour(out: &mut Vec<u8>, name: &str, Rgb(r, g, b): Rgb) {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let short = [r, g, b].iter().all(|channel| channel % 17 == 0);
    text(out, name, b"#");
    out.pop();
    for channel in [r, g, b] {
        out.push(DIGITS[usize::from(channel >> 4)]);
        if !short {
            out.push(DIGITS[usize::from(channel & 15)]);
        }
    }
    out.push(b'"');
}

/// Text content: marks of XML are escaped, and what XML 1.0 forbids even as a reference is left out.
fn escape(out: &mut Vec<u8>, text: &str) {
    for character in text.chars() {
        match character {
            '<' => out.extend_from_slice(b"&lt;"),
            '>' => out.extend_from_slice(b"&gt;"),
            '&' => out.extend_from_slice(b"&amp;"),
            '"' => out.extend_from_slice(b"&quot;"),
            '\'' => out.extend_from_slice(b"&#39;"),
            '\t' | '\n' | '\r' => out.push(b' '),
            '\0'..='\x1f' | '\u{fffe}' | '\u{ffff}' => {}
            other => out.extend_from_slice(other.encode_utf8(&mut [0; 4]).as_bytes()),
        }
    }
}
