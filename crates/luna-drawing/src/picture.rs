//! A picture: a mark, perhaps with its wordmark, in colours, ready for any writer.

use crate::drawing::Drawing;
use crate::geometry::Point;
use crate::motion::Motion;
use crate::wordmark::Wordmark;

/// Red, green, blue, 0 to 255.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Rgb(pub u8, pub u8, pub u8);

/// Whether the picture stands on a light or a dark ground.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Theme {
    /// On white.
    Light,
    /// On #0b0f1a.
    Dark,
}

/// How the mark and the name stand together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Lockup {
    /// The mark alone.
    Mark,
    /// The name to the right of the mark.
    Horizontal,
    /// The name below the mark.
    Stacked,
}

/// The colours of one picture.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Colours {
    /// Main ink.
    pub primary: Rgb,
    /// Second ink.
    pub accent: Rgb,
    /// The wordmark.
    pub text: Rgb,
    /// The ground that the contrast figures are declared for.
    pub ground: Rgb,
    /// Whether the ground is painted (else it is left transparent).
    pub paint_ground: bool,
}

/// What assistive technology reads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Caption {
    /// The `<title>`: the name, or family and emotion.
    pub title: String,
    /// The `<desc>`.
    pub description: String,
    /// BCP 47 language of both.
    pub language: &'static str,
}

/// A composed picture. One unit is 1/64 of the mark's side; the mark stands unscaled.
#[derive(Clone, Debug, PartialEq)]
pub struct Picture {
    /// Width in units.
    pub width: f64,
    /// Height in units.
    pub height: f64,
    /// Width in pixels, for raster writers and the SVG's own size.
    pub width_px: u32,
    /// Height in pixels.
    pub height_px: u32,
    /// The mark's shapes.
    pub drawing: Drawing,
    /// Where the mark's canvas begins.
    pub mark_at: Point,
    /// The name as outlines.
    pub wordmark: Option<Wordmark>,
    /// Colours.
    pub colours: Colours,
    /// Title and description.
    pub caption: Caption,
    /// Prefix of every id, from the request's hash: two pictures share a page.
    pub id_prefix: String,
    /// Whether the SVG carries its animation.
    pub animated: bool,
    /// How it moves then.
    pub motion: Motion,
}
