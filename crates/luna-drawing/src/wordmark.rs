//! A name as outlines: no font is needed by the viewer.

mod font;

use std::borrow::Cow;

use unicode_normalization::UnicodeNormalization;

use self::font::font;
use crate::geometry::{Bounds, CANVAS, MARGIN, MIDDLE, Point, Segment, point};
use crate::picture::Lockup;

/// The longest name, in characters.
pub const MOST_CHARACTERS: usize = 40;
/// Height of a capital in a lockup, units: half the mark.
pub const CAP_HEIGHT: f64 = CANVAS / 2.0;
/// Free space between the mark's canvas and the name's ink, units: a quarter of the mark. The eye
/// sees up to 4 more, the mark's own margin.
pub const GAP: f64 = CANVAS / 4.0;
/// Added between letters, font units: the font is spaced for text, a name is set larger.
const TRACKING: f64 = -12.0;

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

/// Where everything stands in a picture.
#[derive(Clone, Debug, PartialEq)]
pub struct Layout {
    /// Width in units.
    pub width: f64,
    /// Height in units.
    pub height: f64,
    /// Upper left corner of the mark's 64-unit canvas.
    pub mark_at: Point,
    /// The name, unless the mark stands alone.
    pub wordmark: Option<Wordmark>,
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

/// The glyph of a character, or nothing where the font lacks it. A space has an empty outline.
pub fn glyph(character: char) -> Option<&'static Glyph> {
    let font = font();
    font.index(character).map(|index| font.glyph(index))
}

/// Places the mark and, in a lockup, the name.
///
/// A mark alone is 64 by 64 units and takes no name. The horizontal lockup is as high; the stacked
/// one grows with the name. The name is composed (Unicode NFC: `e` + U+0301 is one `é`) and stripped
/// of spaces at both ends; then it has 1 to [`MOST_CHARACTERS`] characters.
pub fn layout(name: &str, lockup: Lockup) -> Result<Layout, NameFault> {
    match lockup {
        Lockup::Mark => Ok(Layout {
            width: CANVAS,
            height: CANVAS,
            mark_at: point(0.0, 0.0),
            wordmark: None,
        }),
        Lockup::Horizontal => set(name).map(|line| horizontal(&line)),
        Lockup::Stacked => set(name).map(|line| stacked(&line)),
    }
}

/// A line of glyphs from x = 0, in font units.
struct Line {
    glyphs: Vec<Placed>,
    ink: Bounds,
}

fn horizontal(line: &Line) -> Layout {
    let font = font();
    let scale = CAP_HEIGHT / font.cap_height;
    let start = CANVAS + GAP;
    // A name of small letters without ascenders would hang low if it were centred as capitals are.
    let tall = -line.ink.top > font.x_height * 1.1;
    let height = if tall { font.cap_height } else { font.x_height };
    let baseline = MIDDLE + height * scale / 2.0;
    let width = start + line.ink.width() * scale + MARGIN;
    // A comma below or a double accent may pass the margin: both sides grow, the mark stays in the middle.
    let (above, below) = (
        baseline + line.ink.top * scale,
        baseline + line.ink.bottom * scale,
    );
    let more = (MARGIN - above).max(below - (CANVAS - MARGIN)).max(0.0);
    Layout {
        width: rounded(width),
        height: rounded(CANVAS + 2.0 * more),
        mark_at: point(0.0, rounded(more)),
        wordmark: Some(line.wordmark(start, baseline + more, scale)),
    }
}

fn stacked(line: &Line) -> Layout {
    let scale = CAP_HEIGHT / font().cap_height;
    // Accents use the gap, but leave half of it free.
    let rise = (-line.ink.top * scale - GAP / 2.0).max(CAP_HEIGHT);
    let baseline = CANVAS + GAP + rise;
    let ink = line.ink.width() * scale;
    let width = rounded((ink + 2.0 * MARGIN).max(CANVAS));
    let below = (line.ink.bottom * scale).max(0.0);
    Layout {
        width,
        height: rounded(baseline + below + MARGIN),
        mark_at: point(rounded((width - CANVAS) / 2.0), 0.0),
        wordmark: Some(line.wordmark((width - ink) / 2.0, baseline, scale)),
    }
}

impl Line {
    /// Moves the ink's left edge to `left` and scales the line.
    fn wordmark(&self, left: f64, baseline: f64, scale: f64) -> Wordmark {
        let glyphs = self
            .glyphs
            .iter()
            .map(|placed| Placed {
                glyph: placed.glyph,
                x: left + (placed.x - self.ink.left) * scale,
            })
            .collect();
        Wordmark {
            glyphs,
            baseline: rounded(baseline),
            scale,
        }
    }
}

/// Sets a name on one kerned line.
fn set(name: &str) -> Result<Line, NameFault> {
    let name = composed(name);
    let name = name.trim_matches([' ', '\u{a0}']);
    if name.is_empty() {
        return Err(NameFault::Empty);
    }
    let count = name.chars().count();
    if count > MOST_CHARACTERS {
        return Err(NameFault::TooLong {
            count,
            most: MOST_CHARACTERS,
        });
    }
    let font = font();
    let mut line = Line {
        glyphs: Vec::with_capacity(count),
        ink: Bounds::EMPTY,
    };
    let mut pen = 0.0;
    let mut before = None;
    for character in name.chars() {
        let index = font.index(character).ok_or(NameFault::NoGlyph(character))?;
        if let Some(before) = before {
            pen += font.kerning(before, index) + TRACKING;
        }
        let glyph = font.glyph(index);
        line.glyphs.push(Placed { glyph, x: pen });
        if !glyph.segments.is_empty() {
            let ink = glyph.bounds;
            line.ink.include(point(pen + ink.left, ink.top));
            line.ink.include(point(pen + ink.right, ink.bottom));
        }
        pen += glyph.advance;
        before = Some(index);
    }
    Ok(line)
}

/// NFC, at no cost for the usual name without combining marks.
fn composed(name: &str) -> Cow<'_, str> {
    if name.chars().all(|c| c < '\u{300}') {
        Cow::Borrowed(name)
    } else {
        Cow::Owned(name.nfc().collect())
    }
}

/// To two decimals, as every coordinate is written.
fn rounded(units: f64) -> f64 {
    (units * 100.0).round() / 100.0
}
