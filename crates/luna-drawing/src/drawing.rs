//! A drawing: flat shapes in two inks, built segment by segment, with what the quality gates measure.

use std::f64::consts::TAU;
use std::ops::Range;

use crate::geometry::{
    Bounds, CANVAS, MARGIN, MIDDLE, Moments, Point, Segment, bounds, length, moments, point,
};

/// Which colour of the palette fills a shape.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Ink {
    /// The main colour.
    Primary,
    /// The second colour; it never touches the first.
    Accent,
}

/// What a shape is for: animation and the smaller drawings treat each differently.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Part {
    /// The one shape that is left at the smallest size.
    Body,
    /// The point of attention.
    Accent,
    /// Support that only the full drawing shows.
    Companion,
}

/// How a stroke ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Cap {
    /// Flush with its end point.
    Butt,
    /// A half disc beyond its end point.
    Round,
}

/// How an outline is inked.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Paint {
    /// The inside (non-zero winding: a hole is drawn the other way round).
    Fill,
    /// Along the outline; joins are round with round caps, mitred with butt caps.
    Stroke {
        /// Width in units, at least 4.
        width: f64,
        /// Ends.
        cap: Cap,
    },
}

/// Where a shape's ink lies.
#[derive(Clone, Debug, PartialEq)]
pub enum Outline {
    /// A whole circle.
    Circle {
        /// Centre.
        centre: Point,
        /// Radius in units.
        radius: f64,
    },
    /// A range of the drawing's segments.
    Path(Range<usize>),
}

/// One flat shape.
#[derive(Clone, Debug, PartialEq)]
pub struct Shape {
    /// Its colour.
    pub ink: Ink,
    /// Its role.
    pub part: Part,
    /// Fill or stroke.
    pub paint: Paint,
    /// Its outline.
    pub outline: Outline,
}

/// Shapes over a shared store of segments. Build it with the verbs below, in painting order.
#[derive(Clone, Debug, PartialEq)]
pub struct Drawing {
    shapes: Vec<Shape>,
    segments: Vec<Segment>,
    open: usize,
    at: Point,
    /// Thinnest stroke or limb, units; the family states it from its own geometry.
    pub minimum_stroke: f64,
    /// Narrowest gap between two inked parts, units; the family states it.
    pub minimum_gap: f64,
    /// Ink counted twice where shapes of one ink overlap, square units; the family states it.
    pub overlap_area: f64,
}

impl Default for Drawing {
    fn default() -> Self {
        Self::new()
    }
}

impl Drawing {
    /// An empty drawing.
    pub fn new() -> Self {
        Self {
            shapes: Vec::with_capacity(12),
            segments: Vec::with_capacity(48),
            open: 0,
            at: point(0.0, 0.0),
            minimum_stroke: f64::INFINITY,
            minimum_gap: f64::INFINITY,
            overlap_area: 0.0,
        }
    }

    /// The shapes in painting order.
    pub fn shapes(&self) -> &[Shape] {
        &self.shapes
    }

    /// The segments of a path outline.
    pub fn segments(&self, range: &Range<usize>) -> &[Segment] {
        &self.segments[range.clone()]
    }

    /// Starts a contour.
    pub fn move_to(&mut self, p: Point) -> &mut Self {
        self.segments.push(Segment::Move(p));
        self.at = p;
        self
    }

    /// A straight line.
    pub fn line_to(&mut self, p: Point) -> &mut Self {
        self.segments.push(Segment::Line(p));
        self.at = p;
        self
    }

    /// A cubic Bézier curve.
    pub fn cubic_to(&mut self, a: Point, b: Point, p: Point) -> &mut Self {
        self.segments.push(Segment::Cubic(a, b, p));
        self.at = p;
        self
    }

    /// An arc around `centre`. The pen must already be at `centre.polar(radius, start)`: begin with
    /// [`Drawing::arc_from`] where it is not.
    pub fn arc(&mut self, centre: Point, radius: f64, start: f64, turn: f64) -> &mut Self {
        let to = centre.polar(radius, start + turn);
        self.segments.push(Segment::Arc {
            centre,
            radius,
            start,
            turn,
            to,
        });
        self.at = to;
        self
    }

    /// Starts a contour with an arc.
    pub fn arc_from(&mut self, centre: Point, radius: f64, start: f64, turn: f64) -> &mut Self {
        self.move_to(centre.polar(radius, start));
        self.arc(centre, radius, start, turn)
    }

    /// Closes the contour.
    pub fn close(&mut self) -> &mut Self {
        self.segments.push(Segment::Close);
        self
    }

    /// A closed polygon as one contour.
    pub fn polygon(&mut self, points: &[Point]) -> &mut Self {
        for (i, p) in points.iter().enumerate() {
            if i == 0 {
                self.move_to(*p)
            } else {
                self.line_to(*p)
            };
        }
        self.close()
    }

    /// Fills the contours drawn since the last shape.
    pub fn fill(&mut self, ink: Ink, part: Part) -> &mut Self {
        self.finish(ink, part, Paint::Fill)
    }

    /// Strokes the contours drawn since the last shape. Notes `width` in `minimum_stroke`.
    pub fn stroke(&mut self, ink: Ink, part: Part, width: f64, cap: Cap) -> &mut Self {
        self.minimum_stroke = self.minimum_stroke.min(width);
        self.finish(ink, part, Paint::Stroke { width, cap })
    }

    /// A filled disc.
    pub fn disc(&mut self, ink: Ink, part: Part, centre: Point, radius: f64) -> &mut Self {
        let outline = Outline::Circle { centre, radius };
        self.shapes.push(Shape {
            ink,
            part,
            paint: Paint::Fill,
            outline,
        });
        self
    }

    /// A stroked circle; `radius` is that of the stroke's middle. Notes `width` in `minimum_stroke`.
    pub fn ring(
        &mut self,
        ink: Ink,
        part: Part,
        centre: Point,
        radius: f64,
        width: f64,
    ) -> &mut Self {
        self.minimum_stroke = self.minimum_stroke.min(width);
        let outline = Outline::Circle { centre, radius };
        let paint = Paint::Stroke {
            width,
            cap: Cap::Butt,
        };
        self.shapes.push(Shape {
            ink,
            part,
            paint,
            outline,
        });
        self
    }

    /// Notes a gap between two inked parts.
    pub fn gap(&mut self, units: f64) -> &mut Self {
        self.minimum_gap = self.minimum_gap.min(units);
        self
    }

    /// Notes the width of a filled limb.
    pub fn limb(&mut self, units: f64) -> &mut Self {
        self.minimum_stroke = self.minimum_stroke.min(units);
        self
    }

    fn finish(&mut self, ink: Ink, part: Part, paint: Paint) -> &mut Self {
        let outline = Outline::Path(self.open..self.segments.len());
        self.open = self.segments.len();
        self.shapes.push(Shape {
            ink,
            part,
            paint,
            outline,
        });
        self
    }

    /// Bounds of all ink. Stroke caps count as round, which is never too small for straight ends;
    /// mitres are not counted, so a family with sharp stroked corners draws them as fills.
    pub fn bounds(&self) -> Bounds {
        let mut all = Bounds::EMPTY;
        for shape in &self.shapes {
            all.join(&self.shape_bounds(shape));
        }
        all
    }

    /// Bounds of one shape's ink.
    pub fn shape_bounds(&self, shape: &Shape) -> Bounds {
        let bare = match &shape.outline {
            Outline::Circle { centre, radius } => Bounds {
                left: centre.x - radius,
                top: centre.y - radius,
                right: centre.x + radius,
                bottom: centre.y + radius,
            },
            Outline::Path(range) => bounds(&self.segments[range.clone()]),
        };
        match shape.paint {
            Paint::Fill => bare,
            Paint::Stroke { width, .. } => bare.grown(width / 2.0),
        }
    }

    /// Area and centroid of all ink, less the stated overlap.
    pub fn ink(&self) -> Moments {
        let mut sum = Moments::default();
        for shape in &self.shapes {
            sum.add(self.shape_ink(shape));
        }
        let share = if sum.area > 0.0 {
            1.0 - self.overlap_area / sum.area
        } else {
            1.0
        };
        sum.scaled(share)
    }

    fn shape_ink(&self, shape: &Shape) -> Moments {
        match (&shape.outline, shape.paint) {
            (Outline::Circle { centre, radius }, Paint::Fill) => {
                Moments::of(TAU / 2.0 * radius * radius, *centre)
            }
            (Outline::Circle { centre, radius }, Paint::Stroke { width, .. }) => {
                Moments::of(TAU * radius * width, *centre)
            }
            (Outline::Path(range), Paint::Fill) => {
                let sum = moments(&self.segments[range.clone()]);
                if sum.area < 0.0 {
                    sum.scaled(-1.0)
                } else {
                    sum
                }
            }
            (Outline::Path(range), Paint::Stroke { width, cap }) => {
                let along = length(&self.segments[range.clone()]);
                let caps = if cap == Cap::Round {
                    TAU / 8.0 * width * width
                } else {
                    0.0
                };
                let area = along.area * width + caps;
                if along.area > 0.0 {
                    along.scaled(area / along.area)
                } else {
                    Moments::default()
                }
            }
        }
    }

    /// Moves all ink by `(dx, dy)`.
    pub fn translate(&mut self, dx: f64, dy: f64) {
        for segment in &mut self.segments {
            match segment {
                Segment::Move(p) | Segment::Line(p) => *p = p.moved(dx, dy),
                Segment::Cubic(a, b, p) => {
                    *a = a.moved(dx, dy);
                    *b = b.moved(dx, dy);
                    *p = p.moved(dx, dy);
                }
                Segment::Arc { centre, to, .. } => {
                    *centre = centre.moved(dx, dy);
                    *to = to.moved(dx, dy);
                }
                Segment::Close => {}
            }
        }
        for shape in &mut self.shapes {
            if let Outline::Circle { centre, .. } = &mut shape.outline {
                *centre = centre.moved(dx, dy);
            }
        }
    }

    /// Optical centring: moves the ink's centroid towards the middle of the canvas, as far as the
    /// bounding box's centre stays within `slack` units of it and the margin stays free.
    pub fn settle(&mut self, slack: f64) {
        let frame = self.bounds();
        let ink = self.ink();
        if ink.area <= 0.0 {
            return;
        }
        let along = |centroid: f64, middle: f64, low: f64, high: f64| {
            let to_box = MIDDLE - middle;
            let wish = (MIDDLE - centroid).clamp(to_box - slack, to_box + slack);
            let (least, most) = (MARGIN - low, CANVAS - MARGIN - high);
            if least > most {
                to_box
            } else {
                wish.clamp(least, most)
            }
        };
        let centre = frame.centre();
        let dx = along(ink.x / ink.area, centre.x, frame.left, frame.right);
        let dy = along(ink.y / ink.area, centre.y, frame.top, frame.bottom);
        self.translate(dx, dy);
    }
}
