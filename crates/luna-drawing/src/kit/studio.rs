//! The pictures of a kit, each raster drawn once for all its colours.

use super::plan::{Subject, Tone};
use super::stencil::Stencil;
use crate::family::Detail;
use crate::palette::Palette;
use crate::picture::{Caption, Colours, Lockup, Picture, Rgb, Theme};
use crate::png::indexed;
use crate::raster::pixels;
use crate::request::{Request, RequestHash, USUAL_SIZE};

/// Heights of the SVG and PDF files, pixels at 96 an inch.
const SMALL_PX: u32 = 32;
const TINY_PX: u32 = 16;
const HORIZONTAL_PX: u32 = 128;
const STACKED_PX: u32 = 256;
/// The widest PNG file, pixels: the longest names are drawn smaller.
const MOST_WIDTH_PX: f64 = 4096.0;

pub(super) struct Studio<'a> {
    /// For the mark alone, light, still, transparent.
    request: &'a Request,
    /// Of every picture.
    pub(super) caption: Caption,
    light: Palette,
    dark: Palette,
    /// The last raster, with what it shows and its height: the next file may be the same in other
    /// colours.
    raster: Option<(Subject, u32, Stencil)>,
}

impl<'a> Studio<'a> {
    pub(super) fn new(request: &'a Request) -> Self {
        Self {
            request,
            caption: Caption::of(
                request.family(),
                request.emotion(),
                request.name(),
                request.language(),
            ),
            light: request.palette(),
            dark: request.clone().with_theme(Theme::Dark).palette(),
            raster: None,
        }
    }

    pub(super) fn is_named(&self) -> bool {
        self.request.name().is_some()
    }

    pub(super) const fn palette(&self, theme: Theme) -> Palette {
        match theme {
            Theme::Light => self.light,
            Theme::Dark => self.dark,
        }
    }

    pub(super) const fn colours(&self, theme: Theme) -> Colours {
        self.palette(theme).colours(false)
    }

    /// A subject of the size that its SVG and PDF files have.
    pub(super) fn picture(&self, subject: Subject, tone: Tone) -> Picture {
        let height_px = match subject {
            Subject::Mark(Detail::Full) | Subject::Lockup(Lockup::Mark) => USUAL_SIZE,
            Subject::Mark(Detail::Small) => SMALL_PX,
            Subject::Mark(Detail::Tiny) => TINY_PX,
            Subject::Lockup(Lockup::Horizontal) => HORIZONTAL_PX,
            Subject::Lockup(Lockup::Stacked) => STACKED_PX,
        };
        self.sized(subject, tone, height_px)
    }

    /// A light or dark picture is what the same request gives alone, to the byte.
    fn sized(&self, subject: Subject, tone: Tone, height_px: u32) -> Picture {
        let theme = match tone {
            Tone::Dark => Theme::Dark,
            _ => Theme::Light,
        };
        let lockup = match subject {
            Subject::Mark(_) => Lockup::Mark,
            Subject::Lockup(lockup) => lockup,
        };
        let request = self.request.clone().with_theme(theme);
        let request = request
            .with_lockup(lockup)
            .and_then(|request| request.with_size(height_px))
            .expect("lockups are planned for names only, and the sizes are within bounds");
        let hash = match tone {
            Tone::Light | Tone::Dark => request.hash(),
            Tone::Mono | Tone::Knockout => {
                RequestHash::of(&format!("{} {}", tone.key(), request.canonical()))
            }
        };
        let mut picture = request
            .compose_as(hash)
            .expect("the kit's request has set the name");
        picture.colours = self.inks(tone);
        picture
    }

    fn inks(&self, tone: Tone) -> Colours {
        const BLACK: Rgb = Rgb(0, 0, 0);
        const WHITE: Rgb = Rgb(255, 255, 255);
        let one = |ink: Rgb, ground: Rgb| Colours {
            primary: ink,
            accent: ink,
            text: ink,
            ground,
            paint_ground: false,
        };
        match tone {
            Tone::Light => self.colours(Theme::Light),
            Tone::Dark => self.colours(Theme::Dark),
            Tone::Mono => one(BLACK, WHITE),
            Tone::Knockout => one(WHITE, BLACK),
        }
    }

    pub(super) fn animated(&self, theme: Theme) -> Picture {
        let request = self.request.clone().with_theme(theme).with_animation(true);
        request
            .compose()
            .expect("the kit's request has set the name")
    }

    /// A subject as a PNG file, lower than asked where it would be too wide.
    pub(super) fn png(&mut self, subject: Subject, tone: Tone, height_px: u32) -> Vec<u8> {
        let known = matches!(&self.raster, Some((s, px, _)) if *s == subject && *px == height_px);
        if !known {
            let mut picture = self.sized(subject, tone, height_px);
            let widest = MOST_WIDTH_PX * picture.height / picture.width;
            if f64::from(height_px) > widest {
                picture = self.sized(subject, tone, widest as u32);
            }
            self.raster = Some((subject, height_px, Stencil::new(picture)));
        }
        let (_, _, stencil) = self.raster.as_ref().expect("just drawn");
        stencil.png(self.inks(tone))
    }

    /// The mark at an icon's size, in the drawing for it.
    pub(super) fn favicon(&self, side_px: u32) -> Picture {
        self.sized(Subject::FULL, Tone::Light, side_px)
    }

    /// The tiny mark, with ids of its own: its SVG file holds both palettes.
    pub(super) fn adaptive(&self) -> Picture {
        let mut picture = self.favicon(TINY_PX);
        let of = format!("adaptive {}", self.request.canonical());
        picture.id_prefix = RequestHash::of(&of).id_prefix();
        picture
    }

    pub(super) fn icon(&self, side_px: u32) -> Vec<u8> {
        let picture = self.favicon(side_px);
        let pixels = pixels(&picture).expect("an icon is small");
        indexed(&pixels, &picture.caption.title)
    }

    /// The mark on its opaque ground, as far from the edges as `inset` says.
    pub(super) fn tile(&self, inset: impl FnOnce(&mut Picture), side_px: u32) -> Vec<u8> {
        let mut picture = self.favicon(side_px);
        picture.colours.paint_ground = true;
        inset(&mut picture);
        let pixels = pixels(&picture).expect("an icon is small");
        indexed(&pixels, &picture.caption.title)
    }
}
