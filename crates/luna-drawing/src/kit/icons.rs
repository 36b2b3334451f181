//! How far a mark stands from the edges of an app icon.

use crate::drawing::{Drawing, Outline, Paint};
use crate::geometry::{CANVAS, MIDDLE, Point, Segment, point};
use crate::picture::Picture;

/// The ink's longer side, as a share of a touch icon's.
pub(super) const TOUCH_SHARE: f64 = 0.66;
/// The radius that holds all ink, as a share of a maskable icon's side. The safe zone's is 0.4
/// (W3C, "Web Application Manifest", "Icon masks and safe zone"); the rest is air.
pub(super) const MASKABLE_SHARE: f64 = 0.335;

/// Free space around the mark as a home screen expects it, which rounds the corners.
pub(super) fn touch(picture: &mut Picture) {
    let side = touch_side(&picture.drawing);
    widen(picture, side);
}

/// All ink inside the safe zone, whichever shape the launcher cuts out.
pub(super) fn maskable(picture: &mut Picture) {
    let side = maskable_side(&picture.drawing);
    widen(picture, side);
}

/// A touch icon's side, in units of the mark.
pub(super) fn touch_side(drawing: &Drawing) -> f64 {
    let ink = drawing.bounds();
    ink.width().max(ink.height()) / TOUCH_SHARE
}

/// A maskable icon's side, in units of the mark.
pub(super) fn maskable_side(drawing: &Drawing) -> f64 {
    reach(drawing) / MASKABLE_SHARE
}

/// Makes the picture a square of `side` units around the mark.
fn widen(picture: &mut Picture, side: f64) {
    let inset = (side - CANVAS) / 2.0;
    (picture.width, picture.height) = (side, side);
    picture.mark_at = point(inset, inset);
}

/// Points of a curve that are looked at: between two of them it rises by less than a tenth of a unit,
/// which is less than the air around the circle.
const STEPS: u32 = 32;

/// How far from the middle of the canvas ink lies.
fn reach(drawing: &Drawing) -> f64 {
    let middle = point(MIDDLE, MIDDLE);
    let mut most = 0.0_f64;
    for shape in drawing.shapes() {
        let grown = match shape.paint {
            Paint::Fill => 0.0,
            Paint::Stroke { width, .. } => width / 2.0,
        };
        let mut include = |p: Point| most = most.max(middle.distance(p) + grown);
        match &shape.outline {
            Outline::Circle { centre, radius } => {
                most = most.max(middle.distance(*centre) + radius + grown);
            }
            Outline::Path(range) => along(drawing.segments(range), &mut include),
        }
    }
    most
}

/// Hands out points of an outline.
fn along(segments: &[Segment], include: &mut impl FnMut(Point)) {
    let shares = || (1..=STEPS).map(|step| f64::from(step) / f64::from(STEPS));
    let mut at = point(MIDDLE, MIDDLE);
    for segment in segments {
        match *segment {
            Segment::Move(p) | Segment::Line(p) => {
                include(p);
                at = p;
            }
            Segment::Cubic(a, b, p) => {
                for t in shares() {
                    let (ab, bp) = (a.toward(b, t), b.toward(p, t));
                    let (left, right) = (at.toward(a, t).toward(ab, t), ab.toward(bp, t));
                    include(left.toward(right, t));
                }
                at = p;
            }
            Segment::Arc {
                centre,
                radius,
                start,
                turn,
                to,
            } => {
                for share in shares() {
                    include(centre.polar(radius, start + turn * share));
                }
                at = to;
            }
            Segment::Close => {}
        }
    }
}
