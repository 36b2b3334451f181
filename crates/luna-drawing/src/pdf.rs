//! PDF: one page, vectors, RGB, no date, so that equal pictures give equal bytes.

use pdf_writer::types::{LineCapStyle, LineJoinStyle};
use pdf_writer::{Content, Finish, Pdf, Rect, Ref, TextStr};

use crate::drawing::{Cap, Ink, Outline, Paint};
use crate::geometry::{Point, Segment, arc_to_cubics};
use crate::picture::{Picture, Rgb};
use crate::png::SOFTWARE;

/// Points a pixel: 96 pixels and 72 points are an inch.
const POINTS_PER_PX: f64 = 0.75;

/// A picture as a PDF file of one page, as large as the picture's pixels at 96 an inch.
pub fn pdf(picture: &Picture) -> Vec<u8> {
    let width = f64::from(picture.width_px) * POINTS_PER_PX;
    let height = f64::from(picture.height_px) * POINTS_PER_PX;
    let [catalog, pages, page, contents, info] = [1, 2, 3, 4, 5].map(Ref::new);
    let mut pdf = Pdf::new();
    {
        let mut catalog = pdf.catalog(catalog);
        catalog.pages(pages);
        catalog.lang(TextStr(picture.caption.language));
        catalog.viewer_preferences().display_doc_title(true);
    }
    pdf.pages(pages).kids([page]).count(1);
    let media = Rect::new(0.0, 0.0, short(width), short(height));
    pdf.page(page)
        .parent(pages)
        .media_box(media)
        .contents(contents)
        .resources()
        .finish();
    pdf.document_info(info)
        .title(TextStr(&picture.caption.title))
        .subject(TextStr(&picture.caption.description))
        .producer(TextStr(SOFTWARE));
    pdf.stream(contents, &content(picture, width, height).finish());
    pdf.finish()
}

fn content(picture: &Picture, width: f64, height: f64) -> Content {
    let mut content = Content::new();
    let (sx, sy) = (width / picture.width, height / picture.height);
    if picture.colours.paint_ground {
        fill_colour(&mut content, picture.colours.ground);
        content.rect(0.0, 0.0, short(width), short(height));
        content.fill_nonzero();
    }
    // From here on in units, y downwards.
    content.transform([sx as f32, 0.0, 0.0, -sy as f32, 0.0, short(height)]);
    content.save_state();
    let Point { x, y } = picture.mark_at;
    content.transform([1.0, 0.0, 0.0, 1.0, short(x), short(y)]);
    mark(&mut content, picture);
    content.restore_state();
    if let Some(wordmark) = &picture.wordmark {
        fill_colour(&mut content, picture.colours.text);
        for placed in wordmark
            .glyphs
            .iter()
            .filter(|p| !p.glyph.segments.is_empty())
        {
            let place = |p: Point| Point {
                x: placed.x + p.x * wordmark.scale,
                y: wordmark.baseline + p.y * wordmark.scale,
            };
            trace(&mut content, &placed.glyph.segments, place);
            content.fill_nonzero();
        }
    }
    content
}

fn mark(content: &mut Content, picture: &Picture) {
    let mut filled = None;
    for shape in picture.drawing.shapes() {
        let colour = match shape.ink {
            Ink::Primary => picture.colours.primary,
            Ink::Accent => picture.colours.accent,
        };
        if filled != Some(colour) {
            fill_colour(content, colour);
            stroke_colour(content, colour);
            filled = Some(colour);
        }
        match &shape.outline {
            Outline::Circle { centre, radius } => {
                let from = centre.polar(*radius, 0.0);
                content.move_to(short(from.x), short(from.y));
                arc_to_cubics(*centre, *radius, 0.0, std::f64::consts::TAU, |a, b, p| {
                    cubic(content, a, b, p);
                });
                content.close_path();
            }
            Outline::Path(range) => trace(content, picture.drawing.segments(range), |p| p),
        }
        match shape.paint {
            Paint::Fill => content.fill_nonzero(),
            Paint::Stroke { width, cap } => {
                let (line_cap, line_join) = match cap {
                    Cap::Butt => (LineCapStyle::ButtCap, LineJoinStyle::MiterJoin),
                    Cap::Round => (LineCapStyle::RoundCap, LineJoinStyle::RoundJoin),
                };
                content
                    .set_line_width(short(width))
                    .set_line_cap(line_cap)
                    .set_line_join(line_join)
                    // The limit that SVG and the raster writer have.
                    .set_miter_limit(4.0)
                    .stroke()
            }
        };
    }
}

fn trace(content: &mut Content, segments: &[Segment], place: impl Fn(Point) -> Point) {
    for segment in segments {
        match *segment {
            Segment::Move(p) => {
                let p = place(p);
                content.move_to(short(p.x), short(p.y));
            }
            Segment::Line(p) => {
                let p = place(p);
                content.line_to(short(p.x), short(p.y));
            }
            Segment::Cubic(a, b, p) => cubic(content, place(a), place(b), place(p)),
            Segment::Arc {
                centre,
                radius,
                start,
                turn,
                ..
            } => arc_to_cubics(centre, radius, start, turn, |a, b, p| {
                cubic(content, place(a), place(b), place(p));
            }),
            Segment::Close => {
                content.close_path();
            }
        }
    }
}

fn cubic(content: &mut Content, a: Point, b: Point, p: Point) {
    content.cubic_to(
        short(a.x),
        short(a.y),
        short(b.x),
        short(b.y),
        short(p.x),
        short(p.y),
    );
}

/// A grey is written as one: black then prints with black ink alone.
fn fill_colour(content: &mut Content, Rgb(r, g, b): Rgb) {
    if r == g && g == b {
        content.set_fill_gray(share(r));
    } else {
        content.set_fill_rgb(share(r), share(g), share(b));
    }
}

fn stroke_colour(content: &mut Content, Rgb(r, g, b): Rgb) {
    if r == g && g == b {
        content.set_stroke_gray(share(r));
    } else {
        content.set_stroke_rgb(share(r), share(g), share(b));
    }
}

/// A channel as a share of 1, which gives back the same byte.
fn share(channel: u8) -> f32 {
    (f32::from(channel) / 255.0 * 10_000.0).round() / 10_000.0
}

/// Three decimals: a thousandth of a unit is below what any printer shows.
fn short(value: f64) -> f32 {
    ((value * 1000.0).round() / 1000.0) as f32
}
