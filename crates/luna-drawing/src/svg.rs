//! The SVG writer: a picture to bytes.
//!
//! What it writes, and nothing else: `svg`, `title`, `desc`, `g`, `path`, `circle`, `rect`, and
//! `style` where the picture is animated. No script, no foreign object, no reference to the outside,
//! no filter.

mod letters;

use self::letters::letters;
use crate::drawing::{Cap, Drawing, Ink, Outline, Paint, Part, Shape};
use crate::geometry::{Point, Segment};
use crate::motion::{suffix, write_rules};
use crate::number::{hundredths, put};
use crate::outline::Pen;
use crate::picture::{Colours, Picture, Rgb};
use crate::wordmark::Wordmark;

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
    mark(&mut out, picture, Inks::Colours);
    if let Some(wordmark) = &picture.wordmark {
        let ink = |out: &mut Vec<u8>| colour(out, "fill", picture.colours.text);
        letters(&mut out, wordmark, ink, &picture.id_prefix);
    }
    out.extend_from_slice(b"</svg>\n");
    out
}

/// A mark that follows its reader's colour scheme: the picture's own colours, and those of `dark`
/// where the scheme is dark. Without a ground and without animation, as a favicon is.
pub fn write_adaptive(picture: &Picture, dark: Colours) -> Vec<u8> {
    let mut out = Vec::with_capacity(1536);
    let prefix = &picture.id_prefix;
    head(&mut out, picture);
    out.extend_from_slice(b"<style>@media (prefers-color-scheme:dark){");
    for (ink, colour) in [(Ink::Primary, dark.primary), (Ink::Accent, dark.accent)] {
        let shapes = || picture.drawing.shapes().iter().filter(|s| s.ink == ink);
        let is_stroked = |shape: &Shape| matches!(shape.paint, Paint::Stroke { .. });
        for (property, used) in [
            ("fill", shapes().any(|shape| !is_stroked(shape))),
            ("stroke", shapes().any(is_stroked)),
        ] {
            if used {
                out.push(b'.');
                out.extend_from_slice(prefix.as_bytes());
                out.extend_from_slice(class(ink, property == "stroke").as_bytes());
                out.push(b'{');
                out.extend_from_slice(property.as_bytes());
                out.push(b':');
                out.extend_from_slice(colour.hex().as_bytes());
                out.push(b'}');
            }
        }
    }
    out.extend_from_slice(b"}</style>");
    mark(&mut out, picture, Inks::Both(prefix));
    out.extend_from_slice(b"</svg>\n");
    out
}

/// The mark's shapes alone, for a page that holds the colours: `.p` and `.s` fill with the main and
/// the second ink, `.pl` and `.sl` draw lines with them.
pub(crate) fn write_shapes(out: &mut Vec<u8>, picture: &Picture) {
    mark(out, picture, Inks::Classes);
}

/// The name's letters alone, in the class `.t`, for the same page; ids begin with `prefix`.
pub(crate) fn write_letters(out: &mut Vec<u8>, wordmark: &Wordmark, prefix: &str) {
    let ink = |out: &mut Vec<u8>| text(out, "class", b"t");
    letters(out, wordmark, ink, prefix);
}

/// How a shape says which ink it has.
#[derive(Clone, Copy)]
enum Inks<'a> {
    /// By its colour.
    Colours,
    /// By its colour, and by a class of this prefix that a rule can give another.
    Both(&'a str),
    /// By a class alone.
    Classes,
}

/// The class of an ink, after the prefix.
const fn class(ink: Ink, stroked: bool) -> &'static str {
    match (ink, stroked) {
        (Ink::Primary, false) => "p",
        (Ink::Primary, true) => "pl",
        (Ink::Accent, false) => "s",
        (Ink::Accent, true) => "sl",
    }
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
fn mark(out: &mut Vec<u8>, picture: &Picture, inks: Inks<'_>) {
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
            attributes(out, picture, group, inks);
            out.push(b'>');
        }
        let own = if wrapped { None } else { Some((group, inks)) };
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

fn attributes(out: &mut Vec<u8>, picture: &Picture, group: Group, inks: Inks<'_>) {
    let ink = match group.ink {
        Ink::Primary => picture.colours.primary,
        Ink::Accent => picture.colours.accent,
    };
    let coloured = !matches!(inks, Inks::Classes);
    match group.paint {
        Paint::Fill => {
            if coloured {
                colour(out, "fill", ink);
            }
        }
        Paint::Stroke { width, cap } => {
            text(out, "fill", b"none");
            if coloured {
                colour(out, "stroke", ink);
            }
            number(out, "stroke-width", width);
            if cap == Cap::Round {
                text(out, "stroke-linecap", b"round");
                text(out, "stroke-linejoin", b"round");
            }
        }
    }
    let prefix = match inks {
        Inks::Colours => None,
        Inks::Both(prefix) => Some(prefix),
        Inks::Classes => Some(""),
    };
    if let Some(prefix) = prefix {
        let stroked = matches!(group.paint, Paint::Stroke { .. });
        text(out, "class", prefix.as_bytes());
        out.pop();
        out.extend_from_slice(class(group.ink, stroked).as_bytes());
        out.push(b'"');
    } else if let Some(part) = group.part {
        out.extend_from_slice(b" class=\"");
        out.extend_from_slice(picture.id_prefix.as_bytes());
        out.push(suffix(part));
        out.push(b'"');
    }
}

fn circle(
    out: &mut Vec<u8>,
    picture: &Picture,
    centre: Point,
    radius: f64,
    own: Option<(Group, Inks<'_>)>,
) {
    out.extend_from_slice(b"<circle");
    number(out, "cx", centre.x + picture.mark_at.x);
    number(out, "cy", centre.y + picture.mark_at.y);
    number(out, "r", radius);
    if let Some((group, inks)) = own {
        attributes(out, picture, group, inks);
    }
    out.extend_from_slice(b"/>");
}

fn path<'a>(
    out: &mut Vec<u8>,
    picture: &Picture,
    shapes: impl Iterator<Item = &'a Shape>,
    own: Option<(Group, Inks<'_>)>,
) {
    out.extend_from_slice(b"<path");
    if let Some((group, inks)) = own {
        attributes(out, picture, group, inks);
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
pub(crate) fn escape(out: &mut Vec<u8>, text: &str) {
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
