//! A raster drawn and compressed once, for all the colours of a kit.

use crate::picture::{Colours, Picture, Rgb};
use crate::png::{Recolourable, indexed};
use crate::raster::pixels;

/// Three inks that no mixture of two gives, on a transparent ground.
const KEYS: Colours = Colours {
    primary: Rgb(255, 0, 0),
    accent: Rgb(0, 255, 0),
    text: Rgb(0, 0, 255),
    ground: Rgb(255, 255, 255),
    paint_ground: false,
};

#[derive(Clone, Copy)]
enum Ink {
    Ground,
    Primary,
    Accent,
    Text,
}

pub(super) struct Stencil {
    /// For the size of its file; its colours do not matter.
    picture: Picture,
    /// Nothing where two inks meet in a pixel: those are drawn anew for each colour.
    shared: Option<Shared>,
}

struct Shared {
    file: Recolourable,
    /// What each place of the palette holds, and how much of it.
    inks: Vec<(Ink, u8)>,
}

impl Stencil {
    pub(super) fn new(picture: Picture) -> Self {
        let mut keyed = picture;
        keyed.colours = KEYS;
        let raster = pixels(&keyed).expect("the sizes of a kit are within the bounds");
        let inks: Option<Vec<(Ink, u8)>> = raster
            .palette
            .iter()
            .map(|[r, g, b, alpha]| {
                let ink = match Rgb(*r, *g, *b) {
                    colour if colour == KEYS.ground => Ink::Ground,
                    colour if colour == KEYS.primary => Ink::Primary,
                    colour if colour == KEYS.accent => Ink::Accent,
                    colour if colour == KEYS.text => Ink::Text,
                    _ => return None,
                };
                Some((ink, *alpha))
            })
            .collect();
        let shared = inks.map(|inks| Shared {
            file: Recolourable::new(&raster, &keyed.caption.title),
            inks,
        });
        Self {
            picture: keyed,
            shared,
        }
    }

    /// The PNG file in these colours, on a transparent ground.
    pub(super) fn png(&self, colours: Colours) -> Vec<u8> {
        let Some(Shared { file, inks }) = &self.shared else {
            let mut picture = self.picture.clone();
            picture.colours = colours;
            let raster = pixels(&picture).expect("its size was drawn before");
            return indexed(&raster, &picture.caption.title);
        };
        let palette: Vec<[u8; 4]> = inks
            .iter()
            .map(|(ink, alpha)| {
                let Rgb(r, g, b) = match ink {
                    Ink::Ground => KEYS.ground,
                    Ink::Primary => colours.primary,
                    Ink::Accent => colours.accent,
                    Ink::Text => colours.text,
                };
                [r, g, b, *alpha]
            })
            .collect();
        file.file(&palette)
    }
}

#[cfg(test)]
mod tests {
    use super::Stencil;
    use crate::emotion::Emotion;
    use crate::family::Family;
    use crate::palette::Palette;
    use crate::picture::{Lockup, Theme};
    use crate::png::png;
    use crate::request::Request;

    #[test]
    fn a_recoloured_file_is_the_one_drawn_in_those_colours() {
        let (mut shared, mut anew) = (0, 0);
        for family in Family::ALL {
            for emotion in Emotion::ALL {
                // At 10 px a gap is narrower than a pixel, and inks meet.
                for (lockup, size) in [
                    (Lockup::Mark, 10),
                    (Lockup::Mark, 512),
                    (Lockup::Stacked, 96),
                ] {
                    let request = Request::new(family, emotion).with_name("Café Zoé");
                    let request = request
                        .and_then(|request| request.with_lockup(lockup)?.with_size(size))
                        .unwrap();
                    let mut picture = request.compose().unwrap();
                    let stencil = Stencil::new(picture.clone());
                    for theme in Theme::ALL {
                        picture.colours = Palette::of(emotion, theme).colours(false);
                        assert!(
                            stencil.png(picture.colours) == png(&picture).unwrap(),
                            "{family:?} {emotion:?} {lockup:?} {size}"
                        );
                    }
                    *(if stencil.shared.is_some() {
                        &mut shared
                    } else {
                        &mut anew
                    }) += 1;
                }
            }
        }
        assert!(shared >= 100 && anew > 0, "{shared} shared, {anew} anew");
    }
}
