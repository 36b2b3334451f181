//! A name as outlines: no font is needed by the viewer.

use crate::geometry::{Bounds, Segment};

/// One glyph of the built-in font, in font units with y downwards and the baseline at 0.
#[derive(Clone, Debug, PartialEq)]
pub struct Glyph {
    /// Distance to the next glyph.
    pub advance: f64,
    /// Filled outline (non-zero winding).
    pub segments: Vec<Segment>,
    /// Bounds of the ink.
    pub bounds: Bounds,
}

/// A glyph at its place.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Placed {
    /// The glyph.
    pub glyph: &'static Glyph,
    /// Left edge of the glyph's box in picture units.
    pub x: f64,
}

/// A laid-out name.
#[derive(Clone, Debug, PartialEq)]
pub struct Wordmark {
    /// Glyphs from left to right.
    pub glyphs: Vec<Placed>,
    /// Baseline in picture units.
    pub baseline: f64,
    /// Font units to picture units.
    pub scale: f64,
}

/// Why a name cannot be drawn.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NameFault {
    /// Nothing to draw.
    #[error("the name is empty")]
    Empty,
    /// Too long.
    #[error("the name has {count} characters, more than {most}")]
    TooLong {
        /// Its characters.
        count: usize,
        /// The most allowed.
        most: usize,
    },
    /// The font has no glyph for this character.
    #[error("the font has no glyph for {0:?}")]
    NoGlyph(char),
}

/// The glyph of a character, or nothing where the font lacks it.
pub fn glyph(_character: char) -> Option<&'static Glyph> {
    None
}
