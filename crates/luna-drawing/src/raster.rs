//! Pixels straight from the geometry, without a detour through SVG text.
//!
//! A mark has two inks and a name adds a third, so a picture is a palette and one byte a pixel:
//! a quarter of the memory of RGBA, and a PNG that is small before it is compressed.

mod blend;

use tiny_skia::{
    Color, FillRule, LineCap, LineJoin, Mask, Path, PathBuilder, PixmapMut, Stroke, Transform,
};

use self::blend::Blend;
use crate::drawing::{Cap, Drawing, Ink, Outline, Paint, Shape};
use crate::geometry::{CANVAS, Point, Segment, arc_to_cubics};
use crate::picture::{Picture, Rgb};
use crate::wordmark::Wordmark;

/// The highest raster picture, in pixels.
pub const MOST_HEIGHT_PX: u32 = 2048;
/// The widest raster picture, in pixels.
pub const MOST_WIDTH_PX: u32 = 8192;
/// The largest area of a raster picture, in pixels (a square of 2048).
pub const MOST_PIXELS: u64 = 2048 * 2048;

/// Why a picture cannot be turned into pixels.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RasterFault {
    /// A side is zero.
    #[error("a picture needs at least one pixel on each side, not {width_px} by {height_px}")]
    Empty {
        /// Width asked for.
        width_px: u32,
        /// Height asked for.
        height_px: u32,
    },
    /// A side or the area is over the bound.
    #[error(
        "{width_px} by {height_px} pixels are too many: at most {MOST_WIDTH_PX} wide, {MOST_HEIGHT_PX} high and {MOST_PIXELS} in all"
    )]
    TooLarge {
        /// Width asked for.
        width_px: u32,
        /// Height asked for.
        height_px: u32,
    },
    /// A favicon entry has another size than its place asks for.
    #[error(
        "a favicon entry is {width_px} by {height_px} pixels, not {expected_px} by {expected_px}"
    )]
    WrongSize {
        /// Width found.
        width_px: u32,
        /// Height found.
        height_px: u32,
        /// Side expected.
        expected_px: u32,
    },
}

/// A rasterised picture: a palette, and one index a pixel, row by row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pixels {
    /// Width in pixels.
    pub width: u32,
    /// Height in pixels.
    pub height: u32,
    /// Red, green, blue, alpha (not premultiplied); at most 256. The first is the ground.
    pub palette: Vec<[u8; 4]>,
    /// Positions in the palette.
    pub indices: Vec<u8>,
}

impl Pixels {
    /// Four bytes a pixel: red, green, blue, alpha, not premultiplied.
    pub fn rgba(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(self.indices.len() * 4);
        for index in &self.indices {
            bytes.extend_from_slice(&self.palette[usize::from(*index)]);
        }
        bytes
    }

    /// Whether any pixel lets the ground through.
    pub fn has_alpha(&self) -> bool {
        self.palette.iter().any(|colour| colour[3] < 255)
    }
}

/// Rasterises a picture at its own size in pixels. Coverage is blended in sRGB, as browsers do.
pub fn pixels(picture: &Picture) -> Result<Pixels, RasterFault> {
    let (width_px, height_px) = (picture.width_px, picture.height_px);
    if width_px == 0 || height_px == 0 {
        return Err(RasterFault::Empty {
            width_px,
            height_px,
        });
    }
    if width_px > MOST_WIDTH_PX
        || height_px > MOST_HEIGHT_PX
        || u64::from(width_px) * u64::from(height_px) > MOST_PIXELS
    {
        return Err(RasterFault::TooLarge {
            width_px,
            height_px,
        });
    }
    let transform = Transform::from_scale(
        (f64::from(width_px) / picture.width) as f32,
        (f64::from(height_px) / picture.height) as f32,
    );
    let mask = || blank(width_px, height_px);
    let mut blend = Blend::new(picture.colours, width_px as usize * height_px as usize);
    let mark_at = transform.pre_translate(picture.mark_at.x as f32, picture.mark_at.y as f32);
    for ink in [Ink::Primary, Ink::Accent] {
        let shapes = || picture.drawing.shapes().iter().filter(|s| s.ink == ink);
        if shapes().next().is_none() {
            continue;
        }
        let mut mask = mask();
        for shape in shapes() {
            cover(&mut mask, &picture.drawing, shape, mark_at);
        }
        let colour = match ink {
            Ink::Primary => picture.colours.primary,
            Ink::Accent => picture.colours.accent,
        };
        blend.ink(mask.data(), colour);
    }
    if let Some(wordmark) = &picture.wordmark {
        let mut mask = mask();
        if let Some(path) = wordmark_path(wordmark) {
            mask.fill_path(&path, FillRule::Winding, true, transform);
        }
        blend.ink(mask.data(), picture.colours.text);
    }
    let (palette, indices) = blend.finish();
    Ok(Pixels {
        width: width_px,
        height: height_px,
        palette,
        indices,
    })
}

fn blank(width_px: u32, height_px: u32) -> Mask {
    Mask::new(width_px, height_px).expect("callers check the size")
}

/// Paints a drawing over what `pixmap` holds, stretched to a square of `size` pixels at `(x, y)`.
pub fn paint(
    pixmap: &mut PixmapMut<'_>,
    drawing: &Drawing,
    primary: Rgb,
    accent: Rgb,
    x: f32,
    y: f32,
    size: f32,
) {
    let scale = size / CANVAS as f32;
    let transform = Transform::from_scale(scale, scale).post_translate(x, y);
    for shape in drawing.shapes() {
        let colour = match shape.ink {
            Ink::Primary => primary,
            Ink::Accent => accent,
        };
        let Some(path) = path(drawing, shape) else {
            continue;
        };
        let paint = solid(colour);
        match shape.paint {
            Paint::Fill => pixmap.fill_path(&path, &paint, FillRule::Winding, transform, None),
            Paint::Stroke { width, cap } => {
                pixmap.stroke_path(&path, &paint, &stroke(width, cap), transform, None);
            }
        }
    }
}

/// Paints a name over what `pixmap` holds, `scale` pixels a unit, its picture's corner at `(x, y)`.
pub fn paint_wordmark(
    pixmap: &mut PixmapMut<'_>,
    wordmark: &Wordmark,
    text: Rgb,
    x: f32,
    y: f32,
    scale: f32,
) {
    let transform = Transform::from_scale(scale, scale).post_translate(x, y);
    if let Some(path) = wordmark_path(wordmark) {
        pixmap.fill_path(&path, &solid(text), FillRule::Winding, transform, None);
    }
}

fn solid(Rgb(r, g, b): Rgb) -> tiny_skia::Paint<'static> {
    let mut paint = tiny_skia::Paint::default();
    paint.set_color(Color::from_rgba8(r, g, b, 255));
    paint.anti_alias = true;
    paint
}

fn stroke(width: f64, cap: Cap) -> Stroke {
    let (line_cap, line_join) = match cap {
        Cap::Butt => (LineCap::Butt, LineJoin::Miter),
        Cap::Round => (LineCap::Round, LineJoin::Round),
    };
    Stroke {
        width: width as f32,
        line_cap,
        line_join,
        ..Stroke::default()
    }
}

/// Adds a shape's coverage to a mask.
fn cover(mask: &mut Mask, drawing: &Drawing, shape: &Shape, transform: Transform) {
    let outline = path(drawing, shape);
    let filled = match shape.paint {
        Paint::Fill => outline,
        Paint::Stroke { width, cap } => {
            outline.and_then(|p| p.stroke(&stroke(width, cap), transform.get_scale().0))
        }
    };
    if let Some(filled) = filled {
        mask.fill_path(&filled, FillRule::Winding, true, transform);
    }
}

fn path(drawing: &Drawing, shape: &Shape) -> Option<Path> {
    let mut builder = PathBuilder::new();
    match &shape.outline {
        Outline::Circle { centre, radius } => {
            builder.push_circle(centre.x as f32, centre.y as f32, *radius as f32);
        }
        Outline::Path(range) => append(&mut builder, drawing.segments(range), |p| p),
    }
    builder.finish()
}

/// A name as one path, in picture units.
fn wordmark_path(wordmark: &Wordmark) -> Option<Path> {
    let scale = wordmark.scale;
    let mut builder = PathBuilder::new();
    for placed in &wordmark.glyphs {
        append(&mut builder, &placed.glyph.segments, |p| Point {
            x: placed.x + p.x * scale,
            y: wordmark.baseline + p.y * scale,
        });
    }
    builder.finish()
}

fn append(builder: &mut PathBuilder, segments: &[Segment], place: impl Fn(Point) -> Point) {
    let at = |p: Point| {
        let p = place(p);
        (p.x as f32, p.y as f32)
    };
    let cubic = |builder: &mut PathBuilder, a, b, p| {
        let ((ax, ay), (bx, by), (x, y)) = (at(a), at(b), at(p));
        builder.cubic_to(ax, ay, bx, by, x, y);
    };
    for segment in segments {
        match *segment {
            Segment::Move(p) => {
                let (x, y) = at(p);
                builder.move_to(x, y);
            }
            Segment::Line(p) => {
                let (x, y) = at(p);
                builder.line_to(x, y);
            }
            Segment::Cubic(a, b, p) => cubic(builder, a, b, p),
            Segment::Arc {
                centre,
                radius,
                start,
                turn,
                ..
            } => arc_to_cubics(centre, radius, start, turn, |a, b, p| {
                cubic(builder, a, b, p);
            }),
            Segment::Close => builder.close(),
        }
    }
}
