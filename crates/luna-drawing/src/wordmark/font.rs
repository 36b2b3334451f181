//! The built-in font, read once: outlines by character, and kerning by pairs.
//!
//! The file is read on first use; after that a request only looks up.

use std::collections::HashMap;
use std::sync::OnceLock;

use ttf_parser::cmap::Subtable;
use ttf_parser::gpos::{PairAdjustment, PositioningSubtable};
use ttf_parser::{Face, GlyphId, OutlineBuilder};

use super::Glyph;
use crate::geometry::{Point, Segment, bounds, point};

/// `Geologica SemiBold`, a subset (`fonts/README.md` says of what and how).
const FILE: &[u8] = include_bytes!("../../fonts/Geologica-SemiBold.ttf");

/// The font's own measures, in its units, and all that a layout needs.
pub(super) struct Font {
    /// Height of a flat capital.
    pub(super) cap_height: f64,
    /// Height of a flat small letter.
    pub(super) x_height: f64,
    /// Sorted by character; the position is the glyph's index everywhere here.
    characters: Vec<char>,
    glyphs: Vec<Glyph>,
    kerning: Vec<Vec<Adjustment>>,
}

/// One subtable of a kerning lookup, over our own glyph indices.
enum Adjustment {
    /// Single pairs (format 1).
    Pairs(HashMap<(u16, u16), i16>),
    /// Classes of left and right glyphs (format 2).
    Classes {
        /// Row of each left glyph; nothing where the subtable does not cover it.
        rows: Vec<Option<u16>>,
        /// Column of each right glyph.
        columns: Vec<u16>,
        /// Columns in the matrix.
        width: usize,
        /// Advance changes, row by row.
        values: Vec<i16>,
    },
}

/// The font, read on first use.
pub(super) fn font() -> &'static Font {
    static FONT: OnceLock<Font> = OnceLock::new();
    FONT.get_or_init(Font::read)
}

impl Font {
    /// The index of a character's glyph.
    pub(super) fn index(&self, character: char) -> Option<usize> {
        self.characters.binary_search(&character).ok()
    }

    /// The glyph at an index.
    pub(super) fn glyph(&self, index: usize) -> &Glyph {
        &self.glyphs[index]
    }

    /// What to add to the advance of `left` when `right` follows, font units.
    ///
    /// Within a lookup the first subtable that knows the pair decides; lookups add up
    /// (OpenType 1.9, "GPOS: pair adjustment").
    pub(super) fn kerning(&self, left: usize, right: usize) -> f64 {
        self.kerning
            .iter()
            .filter_map(|lookup| lookup.iter().find_map(|table| table.value(left, right)))
            .map(f64::from)
            .sum()
    }

    fn read() -> Self {
        let face = Face::parse(FILE, 0).expect("the built-in font is whole: a test reads it");
        let mut found: Vec<(char, GlyphId)> = Vec::new();
        let maps = face
            .tables()
            .cmap
            .expect("the built-in font maps characters");
        for map in maps.subtables.into_iter().filter(Subtable::is_unicode) {
            map.codepoints(|code| {
                if let (Some(c), Some(id)) = (char::from_u32(code), map.glyph_index(code)) {
                    found.push((c, id));
                }
            });
        }
        found.sort_unstable();
        found.dedup_by_key(|(c, _)| *c);
        let ids: Vec<GlyphId> = found.iter().map(|(_, id)| *id).collect();
        Self {
            cap_height: f64::from(face.capital_height().expect("stated in OS/2")),
            x_height: f64::from(face.x_height().expect("stated in OS/2")),
            characters: found.iter().map(|(c, _)| *c).collect(),
            glyphs: ids.iter().map(|id| outline(&face, *id)).collect(),
            kerning: kerning(&face, &ids),
        }
    }
}

impl Adjustment {
    fn value(&self, left: usize, right: usize) -> Option<i16> {
        match self {
            Self::Pairs(pairs) => pairs.get(&(left as u16, right as u16)).copied(),
            Self::Classes {
                rows,
                columns,
                width,
                values,
            } => {
                let row = usize::from(rows[left]?);
                values
                    .get(row * width + usize::from(columns[right]))
                    .copied()
            }
        }
    }
}

fn kerning(face: &Face<'_>, ids: &[GlyphId]) -> Vec<Vec<Adjustment>> {
    let Some(positions) = face.tables().gpos else {
        return Vec::new();
    };
    positions
        .lookups
        .into_iter()
        .map(|lookup| {
            lookup
                .subtables
                .into_iter::<PositioningSubtable<'_>>()
                .filter_map(|table| match table {
                    PositioningSubtable::Pair(pair) => Some(adjustment(&pair, ids)),
                    _ => None,
                })
                .collect()
        })
        .collect()
}

fn adjustment(table: &PairAdjustment<'_>, ids: &[GlyphId]) -> Adjustment {
    match table {
        PairAdjustment::Format1 { coverage, sets } => {
            let mut pairs = HashMap::new();
            for (left, id) in ids.iter().enumerate() {
                let Some(set) = coverage.get(*id).and_then(|at| sets.get(at)) else {
                    continue;
                };
                for (right, id) in ids.iter().enumerate() {
                    if let Some((change, _)) = set.get(*id) {
                        pairs.insert((left as u16, right as u16), change.x_advance);
                    }
                }
            }
            Adjustment::Pairs(pairs)
        }
        PairAdjustment::Format2 {
            coverage,
            classes: (lefts, rights),
            matrix,
        } => {
            let rows: Vec<Option<u16>> = ids
                .iter()
                .map(|id| coverage.contains(*id).then(|| lefts.get(*id)))
                .collect();
            let columns: Vec<u16> = ids.iter().map(|id| rights.get(*id)).collect();
            let count = |most: Option<u16>| most.map_or(0, |class| class + 1);
            let height = count(rows.iter().flatten().max().copied());
            let width = count(columns.iter().max().copied());
            let values = (0..height)
                .flat_map(|row| (0..width).map(move |column| (row, column)))
                .map(|cell| matrix.get(cell).map_or(0, |(change, _)| change.x_advance))
                .collect();
            Adjustment::Classes {
                rows,
                columns,
                width: usize::from(width),
                values,
            }
        }
    }
}

fn outline(face: &Face<'_>, id: GlyphId) -> Glyph {
    let mut pen = Pen::default();
    face.outline_glyph(id, &mut pen);
    Glyph {
        advance: f64::from(face.glyph_hor_advance(id).unwrap_or(0)),
        bounds: bounds(&pen.segments),
        segments: pen.segments,
    }
}

/// Collects an outline with y downwards; the font's quadratic curves become cubics.
#[derive(Default)]
struct Pen {
    segments: Vec<Segment>,
    at: Option<Point>,
}

impl Pen {
    fn to(&mut self, x: f32, y: f32, segment: impl FnOnce(Point) -> Segment) {
        let p = flipped(x, y);
        self.segments.push(segment(p));
        self.at = Some(p);
    }
}

fn flipped(x: f32, y: f32) -> Point {
    point(f64::from(x), -f64::from(y))
}

impl OutlineBuilder for Pen {
    fn move_to(&mut self, x: f32, y: f32) {
        self.to(x, y, Segment::Move);
    }

    fn line_to(&mut self, x: f32, y: f32) {
        self.to(x, y, Segment::Line);
    }

    fn quad_to(&mut self, x1: f32, y1: f32, x: f32, y: f32) {
        let control = flipped(x1, y1);
        let from = self.at.unwrap_or(control);
        self.to(x, y, |p| {
            Segment::Cubic(
                from.toward(control, 2.0 / 3.0),
                p.toward(control, 2.0 / 3.0),
                p,
            )
        });
    }

    fn curve_to(&mut self, x1: f32, y1: f32, x2: f32, y2: f32, x: f32, y: f32) {
        let (a, b) = (flipped(x1, y1), flipped(x2, y2));
        self.to(x, y, |p| Segment::Cubic(a, b, p));
    }

    fn close(&mut self) {
        self.segments.push(Segment::Close);
    }
}
