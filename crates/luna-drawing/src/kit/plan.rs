//! Which files a kit has, in which order, under which names.

use crate::family::Detail;
use crate::picture::{Lockup, Theme};

/// What a file shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Subject {
    /// One of the mark's drawings.
    Mark(Detail),
    /// The mark and the name.
    Lockup(Lockup),
}

/// In which inks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Tone {
    /// The palette for light grounds.
    Light,
    /// The palette for dark grounds.
    Dark,
    /// Black alone.
    Mono,
    /// White alone, for photographs and coloured grounds.
    Knockout,
}

/// How a file is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Make {
    Svg(Subject, Tone),
    Animated(Theme),
    /// With its height in pixels.
    Png(Subject, Tone, u32),
    Pdf(Subject, Tone),
    FaviconSvg,
    FaviconIco,
    /// Transparent, of a side in pixels.
    Icon(u32),
    TouchIcon(u32),
    MaskableIcon(u32),
    Manifest,
    Snippet,
    Guide,
    Readme,
    Metadata,
}

/// A file to come.
pub(super) struct Entry {
    pub(super) path: String,
    pub(super) make: Make,
}

pub(super) const FAVICON_SVG: &str = "favicon/favicon.svg";
pub(super) const FAVICON_ICO: &str = "favicon/favicon.ico";
pub(super) const TOUCH_ICON: &str = "favicon/apple-touch-icon.png";
pub(super) const ICON_192: &str = "favicon/icon-192.png";
pub(super) const ICON_512: &str = "favicon/icon-512.png";
pub(super) const MASKABLE_512: &str = "favicon/icon-maskable-512.png";
pub(super) const MANIFEST: &str = "favicon/site.webmanifest";
pub(super) const SNIPPET: &str = "favicon/snippet.html";
pub(super) const GUIDE: &str = "style-guide.html";
pub(super) const README: &str = "README.txt";
pub(super) const METADATA: &str = "kit.json";

/// Heights of the mark's PNG files, pixels.
const MARK_PX: [u32; 2] = [512, 1024];
/// Heights of a lockup's PNG files, pixels: twice what a page usually shows.
const HORIZONTAL_PX: u32 = 256;
const STACKED_PX: u32 = 512;

impl Subject {
    pub(super) const FULL: Self = Self::Mark(Detail::Full);
    pub(super) const SMALL: Self = Self::Mark(Detail::Small);
    pub(super) const TINY: Self = Self::Mark(Detail::Tiny);
    pub(super) const HORIZONTAL: Self = Self::Lockup(Lockup::Horizontal);
    pub(super) const STACKED: Self = Self::Lockup(Lockup::Stacked);

    const fn stem(self) -> &'static str {
        match self {
            Self::Mark(Detail::Full) | Self::Lockup(Lockup::Mark) => "mark",
            Self::Mark(Detail::Small) => "mark-small",
            Self::Mark(Detail::Tiny) => "mark-tiny",
            Self::Lockup(Lockup::Horizontal) => "lockup-horizontal",
            Self::Lockup(Lockup::Stacked) => "lockup-stacked",
        }
    }
}

impl Tone {
    pub(super) const ALL: [Self; 4] = [Self::Light, Self::Dark, Self::Mono, Self::Knockout];

    pub(super) const fn key(self) -> &'static str {
        match self {
            Self::Light => "light",
            Self::Dark => "dark",
            Self::Mono => "mono",
            Self::Knockout => "knockout",
        }
    }
}

impl Make {
    pub(super) const fn media_type(self) -> &'static str {
        match self {
            Self::Svg(..) | Self::Animated(_) | Self::FaviconSvg => "image/svg+xml",
            Self::Png(..) | Self::Icon(_) | Self::TouchIcon(_) | Self::MaskableIcon(_) => {
                "image/png"
            }
            Self::Pdf(..) => "application/pdf",
            Self::FaviconIco => "image/vnd.microsoft.icon",
            Self::Manifest => "application/manifest+json",
            Self::Snippet | Self::Guide => "text/html; charset=utf-8",
            Self::Readme => "text/plain; charset=utf-8",
            Self::Metadata => "application/json",
        }
    }
}

/// All files. Those that state the others come last, and files of one raster follow each other.
pub(super) fn plan(named: bool) -> Vec<Entry> {
    let mut plan = Plan(Vec::with_capacity(64));
    let mut subjects = vec![Subject::FULL];
    if named {
        subjects.extend([Subject::HORIZONTAL, Subject::STACKED]);
    }
    for subject in &subjects {
        for tone in Tone::ALL {
            plan.picture("svg", *subject, tone, "svg", Make::Svg(*subject, tone));
        }
    }
    for subject in [Subject::SMALL, Subject::TINY] {
        for tone in [Tone::Light, Tone::Dark] {
            plan.picture("svg", subject, tone, "svg", Make::Svg(subject, tone));
        }
    }
    for theme in Theme::ALL {
        let path = format!("svg/mark-animated-{}.svg", theme.key());
        plan.0.push(Entry {
            path,
            make: Make::Animated(theme),
        });
    }
    for subject in &subjects {
        let heights: &[u32] = match subject {
            Subject::Mark(_) => &MARK_PX,
            Subject::Lockup(Lockup::Stacked) => &[STACKED_PX],
            Subject::Lockup(_) => &[HORIZONTAL_PX],
        };
        for height in heights {
            for tone in Tone::ALL {
                let ending = match subject {
                    Subject::Mark(_) => format!("{height}.png"),
                    Subject::Lockup(_) => "png".to_owned(),
                };
                let make = Make::Png(*subject, tone, *height);
                plan.picture("png", *subject, tone, &ending, make);
            }
        }
    }
    for subject in &subjects {
        for tone in Tone::ALL {
            plan.picture("pdf", *subject, tone, "pdf", Make::Pdf(*subject, tone));
        }
    }
    for (path, make) in [
        (FAVICON_SVG, Make::FaviconSvg),
        (FAVICON_ICO, Make::FaviconIco),
        (TOUCH_ICON, Make::TouchIcon(180)),
        (ICON_192, Make::Icon(192)),
        (ICON_512, Make::Icon(512)),
        (MASKABLE_512, Make::MaskableIcon(512)),
        (MANIFEST, Make::Manifest),
        (SNIPPET, Make::Snippet),
        (GUIDE, Make::Guide),
        (README, Make::Readme),
        (METADATA, Make::Metadata),
    ] {
        let path = path.to_owned();
        plan.0.push(Entry { path, make });
    }
    plan.0
}

struct Plan(Vec<Entry>);

impl Plan {
    fn picture(&mut self, folder: &str, subject: Subject, tone: Tone, ending: &str, make: Make) {
        let joint = if ending.starts_with(|c: char| c.is_ascii_digit()) {
            '-'
        } else {
            '.'
        };
        let path = format!("{folder}/{}-{}{joint}{ending}", subject.stem(), tone.key());
        self.0.push(Entry { path, make });
    }
}
