//! A brand kit: every file that a product needs of one mark, from one request.
//!
//! [`files`] draws one file after the other, so that a caller can count them and stop between two;
//! [`kit`] draws them all. Order and bytes are the same each time. The list is in `plan`, what is
//! drawn in `studio`, the style guide in `guide`, its words in `texts`.

mod guide;
mod icons;
mod json;
mod plan;
mod readme;
mod stencil;
mod studio;
mod texts;

use self::guide::guide;
use self::json::{Listed, manifest, metadata};
use self::plan::{Entry, Make, plan};
use self::readme::{readme, snippet};
use self::studio::Studio;
use crate::caption::Language;
use crate::ico::{SIDES_PX, ico};
use crate::pdf::pdf;
use crate::picture::{Lockup, Theme};
use crate::request::{Request, RequestHash, USUAL_SIZE};
use crate::svg;
use crate::wordmark::NameFault;

/// The kit's own version, part of its hash and stated in `kit.json`: which files there are and what
/// they hold.
pub const KIT_VERSION: u32 = 1;

/// A checked request for a kit. Size, lockup, theme, animation and ground of the request it is made
/// from do not matter: a kit has all of them.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct KitRequest(Request);

impl KitRequest {
    /// A kit for a request's mark, name, colours and language. A name that the font cannot draw is
    /// refused here, and nothing can fail later.
    pub fn new(request: Request) -> Result<Self, NameFault> {
        let request = request
            .with_theme(Theme::Light)
            .with_animation(false)
            .with_ground(false)
            .with_lockup(Lockup::Mark)
            .and_then(|request| request.with_size(USUAL_SIZE))
            .expect("the mark alone needs no name, and the usual size is within its bounds");
        request.compose()?;
        if request.name().is_some() {
            request
                .clone()
                .with_lockup(Lockup::Horizontal)
                .expect("there is a name")
                .compose()?;
        }
        Ok(Self(request))
    }

    /// The request for the mark alone, light, still, transparent, of the usual size.
    pub const fn request(&self) -> &Request {
        &self.0
    }

    /// The language of the texts.
    pub const fn language(&self) -> Language {
        self.0.language()
    }

    /// All that decides the kit's bytes, as one stable line.
    pub fn canonical(&self) -> String {
        format!("kit v{KIT_VERSION} {}", self.0.canonical())
    }

    /// The first 128 bits of BLAKE3 over [`KitRequest::canonical`].
    pub fn hash(&self) -> RequestHash {
        RequestHash::of(&self.canonical())
    }
}

/// A file of a kit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KitFile {
    /// Its place in the kit, as in `svg/mark-light.svg`: ASCII, with `/` between folder and name.
    pub path: String,
    /// Its media type.
    pub media_type: &'static str,
    /// What it holds.
    pub bytes: Vec<u8>,
}

/// All files of a kit, in their fixed order.
pub fn kit(request: &KitRequest) -> Vec<KitFile> {
    files(request).collect()
}

/// The files of a kit, each drawn when it is asked for. The iterator knows its length; dropping it
/// draws no more.
pub fn files(request: &KitRequest) -> Files<'_> {
    let plan = plan(request.request().name().is_some());
    Files {
        request,
        studio: Studio::new(request.request()),
        listed: Vec::with_capacity(plan.len()),
        left: plan.into_iter(),
    }
}

/// Draws the files of one kit; see [`files`].
pub struct Files<'a> {
    request: &'a KitRequest,
    studio: Studio<'a>,
    /// What was drawn so far.
    listed: Vec<Listed>,
    left: std::vec::IntoIter<Entry>,
}

impl Iterator for Files<'_> {
    type Item = KitFile;

    fn next(&mut self) -> Option<KitFile> {
        let Entry { path, make } = self.left.next()?;
        let bytes = self.draw(make);
        let media_type = make.media_type();
        self.listed.push(Listed {
            path: path.clone(),
            make,
            media_type,
            size_bytes: bytes.len(),
            blake3: blake3::hash(&bytes),
        });
        Some(KitFile {
            path,
            media_type,
            bytes,
        })
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.left.size_hint()
    }
}

impl ExactSizeIterator for Files<'_> {}

impl Files<'_> {
    fn draw(&mut self, make: Make) -> Vec<u8> {
        let studio = &mut self.studio;
        match make {
            Make::Svg(subject, tone) => svg::write(&studio.picture(subject, tone)),
            Make::Animated(theme) => svg::write(&studio.animated(theme)),
            Make::Png(subject, tone, height_px) => studio.png(subject, tone, height_px),
            Make::Pdf(subject, tone) => pdf(&studio.picture(subject, tone)),
            Make::FaviconSvg => {
                svg::write_adaptive(&studio.adaptive(), studio.colours(Theme::Dark))
            }
            Make::FaviconIco => {
                let [tiny, small, full] = SIDES_PX.map(|side| studio.favicon(side));
                ico(&tiny, &small, &full).expect("the sides are those of the entries")
            }
            Make::Icon(side_px) => studio.icon(side_px),
            Make::TouchIcon(side_px) => studio.tile(icons::touch, side_px),
            Make::MaskableIcon(side_px) => studio.tile(icons::maskable, side_px),
            Make::Manifest => manifest(self.request.request(), studio.colours(Theme::Light)),
            Make::Snippet => snippet(self.request.language()),
            Make::Guide => guide(self.request, studio, &self.listed),
            Make::Readme => readme(self.request),
            Make::Metadata => metadata(self.request, &self.listed),
        }
    }
}
