//! Pixels straight from the geometry, without a detour through SVG text.

use tiny_skia::{
    Color, FillRule, LineCap, LineJoin, Path, PathBuilder, PixmapMut, Stroke, Transform,
};

use crate::drawing::{Cap, Drawing, Ink, Outline, Paint, Shape};
use crate::geometry::{CANVAS, Segment, arc_to_cubics};
use crate::picture::Rgb;

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
        let Rgb(r, g, b) = match shape.ink {
            Ink::Primary => primary,
            Ink::Accent => accent,
        };
        let Some(path) = path(drawing, shape) else {
            continue;
        };
        let mut paint = tiny_skia::Paint::default();
        paint.set_color(Color::from_rgba8(r, g, b, 255));
        paint.anti_alias = true;
        match shape.paint {
            Paint::Fill => pixmap.fill_path(&path, &paint, FillRule::Winding, transform, None),
            Paint::Stroke { width, cap } => {
                let (line_cap, line_join) = match cap {
                    Cap::Butt => (LineCap::Butt, LineJoin::Miter),
                    Cap::Round => (LineCap::Round, LineJoin::Round),
                };
                let stroke = Stroke {
                    width: width as f32,
                    line_cap,
                    line_join,
                    ..Stroke::default()
                };
                pixmap.stroke_path(&path, &paint, &stroke, transform, None);
            }
        }
    }
}

fn path(drawing: &Drawing, shape: &Shape) -> Option<Path> {
    let mut builder = PathBuilder::new();
    match &shape.outline {
        Outline::Circle { centre, radius } => {
            builder.push_circle(centre.x as f32, centre.y as f32, *radius as f32);
        }
        Outline::Path(range) => {
            for segment in drawing.segments(range) {
                match *segment {
                    Segment::Move(p) => builder.move_to(p.x as f32, p.y as f32),
                    Segment::Line(p) => builder.line_to(p.x as f32, p.y as f32),
                    Segment::Cubic(a, b, p) => builder.cubic_to(
                        a.x as f32, a.y as f32, b.x as f32, b.y as f32, p.x as f32, p.y as f32,
                    ),
                    Segment::Arc {
                        centre,
                        radius,
                        start,
                        turn,
                        ..
                    } => {
                        arc_to_cubics(centre, radius, start, turn, |a, b, p| {
                            builder.cubic_to(
                                a.x as f32, a.y as f32, b.x as f32, b.y as f32, p.x as f32,
                                p.y as f32,
                            );
                        });
                    }
                    Segment::Close => builder.close(),
                }
            }
        }
    }
    builder.finish()
}
