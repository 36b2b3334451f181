//! The mark and its lockups on a page: defined once, shown anywhere, at any size, in any colours.

use std::fmt::Write as _;

use super::super::icons::{maskable_side, touch_side};
use super::super::plan::{Subject, Tone};
use super::super::studio::Studio;
use crate::family::Detail;
use crate::geometry::CANVAS;
use crate::picture::Picture;
use crate::svg::{write_letters, write_shapes};

pub(super) struct Art {
    marks: [Picture; 3],
    /// Horizontal and stacked.
    lockups: Option<[Picture; 2]>,
}

/// Which lockup.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Way {
    Horizontal,
    Stacked,
}

impl Way {
    pub(super) const BOTH: [Self; 2] = [Self::Horizontal, Self::Stacked];
}

impl Art {
    pub(super) fn new(studio: &Studio<'_>) -> Self {
        let light = |subject| studio.picture(subject, Tone::Light);
        Self {
            marks: [Subject::FULL, Subject::SMALL, Subject::TINY].map(light),
            lockups: studio
                .is_named()
                .then(|| [Subject::HORIZONTAL, Subject::STACKED].map(light)),
        }
    }

    pub(super) const fn is_named(&self) -> bool {
        self.lockups.is_some()
    }

    /// Everything that [`mark`] and [`Art::lockup`] refer to.
    pub(super) fn definitions(&self) -> String {
        let mut out = Vec::with_capacity(16 * 1024);
        out.extend_from_slice(b"<svg class=\"defs\" aria-hidden=\"true\"><defs>");
        for (picture, id) in self.marks.iter().zip(["full", "small", "tiny"]) {
            open(&mut out, id);
            write_shapes(&mut out, picture);
            out.extend_from_slice(b"</g>");
        }
        for (picture, id) in self.lockups.iter().flatten().zip(["beside", "below"]) {
            open(&mut out, id);
            if let Some(wordmark) = &picture.wordmark {
                write_letters(&mut out, wordmark, id);
            }
            out.extend_from_slice(b"</g>");
        }
        out.extend_from_slice(SCENES.as_bytes());
        out.extend_from_slice(b"</defs></svg>\n");
        String::from_utf8(out).expect("digits, names and path data")
    }

    /// Width and height of a lockup in units; those of the mark where there is no name.
    pub(super) fn size(&self, way: Way) -> (f64, f64) {
        let picture = self.lockups.as_ref().map(|lockups| &lockups[way as usize]);
        picture.map_or((CANVAS, CANVAS), |p| (p.width, p.height))
    }

    /// The parts of a lockup, in its own units.
    pub(super) fn parts(&self, way: Way, detail: Detail) -> String {
        let Some(lockups) = &self.lockups else {
            return format!("<use href=\"#{}\"/>", id(detail));
        };
        let at = lockups[way as usize].mark_at;
        let word = match way {
            Way::Horizontal => "beside",
            Way::Stacked => "below",
        };
        format!(
            "<use href=\"#{}\" x=\"{}\" y=\"{}\"/><use href=\"#{word}\"/>",
            id(detail),
            at.x,
            at.y
        )
    }

    /// A lockup whose mark is `mark_px` high, or less where it would be wider than `most_px`.
    pub(super) fn lockup(&self, way: Way, mark_px: f64, most_px: f64) -> String {
        let (width, _) = self.size(way);
        let scale = (mark_px / CANVAS).min(most_px / width);
        let detail = Detail::for_pixels((scale * CANVAS).round() as u32);
        self.drawn(way, detail, scale, "px")
    }

    /// A lockup of a true size: `mark` is the mark's height in `unit`.
    pub(super) fn exact(&self, way: Way, detail: Detail, mark: f64, unit: &str) -> String {
        self.drawn(way, detail, mark / CANVAS, unit)
    }

    fn drawn(&self, way: Way, detail: Detail, scale: f64, unit: &str) -> String {
        let (width, height) = self.size(way);
        format!(
            "<svg viewBox=\"0 0 {width} {height}\" aria-hidden=\"true\" style=\"width:{:.2}{unit};height:{:.2}{unit}\">{}</svg>",
            width * scale,
            height * scale,
            self.parts(way, detail)
        )
    }

    /// What the small examples show: the horizontal lockup where it is not too long, else the mark.
    pub(super) fn sample(&self, most_px: f64) -> String {
        if self.is_short() {
            self.lockup(Way::Horizontal, 62.0, most_px)
        } else {
            mark_px(Detail::Full, 84)
        }
    }

    pub(super) fn is_short(&self) -> bool {
        self.is_named() && self.size(Way::Horizontal).0 <= 440.0
    }

    /// The mark as an app icon shows it, and the icon's safe circle where asked.
    pub(super) fn icon(&self, maskable: bool, safe_zone: bool) -> String {
        let drawing = &self.marks[0].drawing;
        let side = if maskable {
            maskable_side(drawing)
        } else {
            touch_side(drawing)
        };
        let inset = (CANVAS - side) / 2.0;
        let mut svg = format!(
            "<svg viewBox=\"{inset:.2} {inset:.2} {side:.2} {side:.2}\" aria-hidden=\"true\">"
        );
        if safe_zone {
            let _ = write!(
                svg,
                "<circle cx=\"32\" cy=\"32\" r=\"{:.2}\" class=\"zone\"/>",
                side * 0.4
            );
        }
        svg.push_str("<use href=\"#full\"/>");
        if safe_zone {
            let _ = write!(
                svg,
                "<circle cx=\"32\" cy=\"32\" r=\"{:.2}\" class=\"keyline\" stroke-width=\".6\" stroke-dasharray=\"2 1.4\"/>",
                side * 0.4
            );
        }
        svg.push_str("</svg>");
        svg
    }
}

/// Hills at dusk and by day, in the brand's hue: photographs with calm room for a mark.
const SCENES: &str = r#"<linearGradient id="dusk" x1="0" y1="0" x2=".25" y2="1"><stop offset="0" style="stop-color:var(--sky1)"/><stop offset=".62" style="stop-color:var(--sky2)"/><stop offset="1" style="stop-color:var(--sky3)"/></linearGradient>
<linearGradient id="noon" x1="0" y1="0" x2=".2" y2="1"><stop offset="0" style="stop-color:var(--day1)"/><stop offset="1" style="stop-color:var(--day2)"/></linearGradient>
<g id="night"><rect width="400" height="220" fill="url(#dusk)"/><path style="fill:var(--hill1)" d="M0 172C42 150 76 148 118 164S196 150 236 160s104-22 164-6v66H0z"/><path style="fill:var(--hill2)" d="M0 194c52-14 96-20 148-6s96 4 138-10 80-6 114 4v38H0z"/><path style="fill:var(--hill3)" d="M0 208c64-10 118 2 178-2s140-16 222-2v16H0z"/></g>
<g id="day"><rect width="400" height="220" fill="url(#noon)"/><path style="fill:var(--day3)" d="M0 184c50-20 92-8 134-14s84-20 128-10 92-2 138-12v72H0z"/><path style="fill:var(--day4)" d="M0 204c70-12 128 0 190-6s134-10 210-2v24H0z"/></g>"#;

/// One of the scenes behind a panel.
pub(super) fn scene(id: &str) -> String {
    format!(
        "<svg class=\"scene\" viewBox=\"0 0 400 220\" preserveAspectRatio=\"xMidYMid slice\" aria-hidden=\"true\"><use href=\"#{id}\"/></svg>"
    )
}

/// The mark, shown with these attributes. It refers to [`Art::definitions`].
pub(super) fn mark(detail: Detail, attributes: &str) -> String {
    format!(
        "<svg viewBox=\"0 0 64 64\" aria-hidden=\"true\"{attributes}><use href=\"#{}\"/></svg>",
        id(detail)
    )
}

/// The mark as a square of so many pixels.
pub(super) fn mark_px(detail: Detail, side: u32) -> String {
    mark(detail, &format!(" width=\"{side}\" height=\"{side}\""))
}

const fn id(detail: Detail) -> &'static str {
    match detail {
        Detail::Full => "full",
        Detail::Small => "small",
        Detail::Tiny => "tiny",
    }
}

fn open(out: &mut Vec<u8>, id: &str) {
    out.extend_from_slice(b"<g id=\"");
    out.extend_from_slice(id.as_bytes());
    out.extend_from_slice(b"\">");
}
