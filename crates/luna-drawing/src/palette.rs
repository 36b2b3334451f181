//! Palettes: five built in, light and dark, and any user's colours brought to the same bars.

use crate::colour::{Oklch, oklch};
use crate::emotion::Emotion;
use crate::picture::{Colours, Rgb, Theme};

/// Least contrast of the primary ink on its ground (WCAG 2.2, 1.4.3: text).
pub const PRIMARY_CONTRAST: f64 = 4.5;
/// Least contrast of the accent on its ground (WCAG 2.2, 1.4.11: graphical objects).
pub const ACCENT_CONTRAST: f64 = 3.0;
/// Least contrast of the wordmark on its ground (WCAG 2.2, 1.4.6: enhanced).
pub const TEXT_CONTRAST: f64 = 7.0;
/// Least distance in `OKLab` between primary and accent: seven times what is just visible.
pub const INK_DISTANCE: f64 = 0.15;

/// Four colours that hold the bars above.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Palette {
    /// Main ink.
    pub primary: Rgb,
    /// Second ink.
    pub accent: Rgb,
    /// The wordmark.
    pub text: Rgb,
    /// The ground that the contrast is declared for.
    pub ground: Rgb,
}

/// Contrast ratios of a palette's inks on its ground.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Contrast {
    /// Of the primary ink.
    pub primary: f64,
    /// Of the accent.
    pub accent: f64,
    /// Of the wordmark.
    pub text: f64,
}

impl Theme {
    /// Both, light first.
    pub const ALL: [Self; 2] = [Self::Light, Self::Dark];

    /// The stable key used in addresses and files.
    pub const fn key(self) -> &'static str {
        match self {
            Self::Light => "light",
            Self::Dark => "dark",
        }
    }

    /// The theme of a key.
    pub fn from_key(key: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|theme| theme.key() == key)
    }

    /// The declared ground.
    pub const fn ground(self) -> Rgb {
        match self {
            Self::Light => Rgb(0xff, 0xff, 0xff),
            Self::Dark => Rgb(0x0b, 0x0f, 0x1a),
        }
    }
}

impl Palette {
    /// The built-in palette.
    pub const fn of(emotion: Emotion, theme: Theme) -> Self {
        // Drawn in OKLCH and fixed as bytes; the tests below measure every bar.
        let (primary, accent, text) = match (emotion, theme) {
            (Emotion::Serenity, Theme::Light) => (0x03_57_98, 0x08_97_a9, 0x0f_1f_30),
            (Emotion::Serenity, Theme::Dark) => (0x69_ad_f1, 0x7e_ed_ed, 0xee_f4_fb),
            (Emotion::Power, Theme::Light) => (0x58_2e_d2, 0xe7_07_75, 0x1b_17_2e),
            (Emotion::Power, Theme::Dark) => (0xaa_99_ff, 0xff_69_9b, 0xf3_f2_fc),
            (Emotion::Mystery, Theme::Light) => (0x34_1d_5e, 0x9c_4e_a1, 0x1e_17_2b),
            (Emotion::Mystery, Theme::Dark) => (0xab_80_e1, 0xeb_b2_e2, 0xf5_f1_fa),
            (Emotion::Awakening, Theme::Light) => (0x04_6e_55, 0xc9_74_05, 0x0c_23_1b),
            (Emotion::Awakening, Theme::Dark) => (0x61_d7_b2, 0xf7_c2_43, 0xec_f7_f2),
            (Emotion::Creative, Theme::Light) => (0x22_58_e5, 0xe8_4c_23, 0x14_1c_31),
            (Emotion::Creative, Theme::Dark) => (0x7c_aa_fe, 0xff_9a_6b, 0xf0_f3_fc),
        };
        Self {
            primary: rgb(primary),
            accent: rgb(accent),
            text: rgb(text),
            ground: theme.ground(),
        }
    }

    /// A palette from a user's colours. A colour that already holds its bar stays as given;
    /// otherwise its lightness moves just far enough, its hue stays, and its chroma is the most that
    /// fits. Without an accent one is derived in the emotion's manner.
    pub fn from_user(primary: Rgb, accent: Option<Rgb>, emotion: Emotion, theme: Theme) -> Self {
        let ground = theme.ground();
        let primary = repaired(primary, ground, PRIMARY_CONTRAST);
        let wanted = accent.unwrap_or_else(|| derived_accent(primary, emotion, theme));
        let accent = apart(repaired(wanted, ground, ACCENT_CONTRAST), primary, ground);
        let Oklch { chroma, hue, .. } = primary.oklch();
        let text = match theme {
            Theme::Light => oklch(0.23, chroma.min(0.04), hue),
            Theme::Dark => oklch(0.965, chroma.min(0.012), hue),
        };
        Self {
            primary,
            accent,
            text: text.rgb(),
            ground,
        }
    }

    /// The contrast figures, as `/variants` shows them.
    pub fn contrast(&self) -> Contrast {
        Contrast {
            primary: self.primary.contrast(self.ground),
            accent: self.accent.contrast(self.ground),
            text: self.text.contrast(self.ground),
        }
    }

    /// The colours of a picture.
    pub const fn colours(self, paint_ground: bool) -> Colours {
        Colours {
            primary: self.primary,
            accent: self.accent,
            text: self.text,
            ground: self.ground,
            paint_ground,
        }
    }
}

const fn rgb(hex: u32) -> Rgb {
    Rgb((hex >> 16) as u8, (hex >> 8) as u8, hex as u8)
}

/// The nearest lightness at which the colour has `bar` on `ground`; the colour itself where it has.
fn repaired(colour: Rgb, ground: Rgb, bar: f64) -> Rgb {
    if colour.contrast(ground) >= bar {
        return colour;
    }
    let start = colour.oklch();
    // Both grounds lie at an end of the scale: away from them contrast only grows.
    let (mut fails, mut holds) = if ground.luminance() > 0.5 {
        (start.lightness, 0.0)
    } else {
        (start.lightness, 1.0)
    };
    for _ in 0..20 {
        let middle = f64::midpoint(fails, holds);
        if start.at(middle).rgb().contrast(ground) >= bar {
            holds = middle;
        } else {
            fails = middle;
        }
    }
    start.at(holds).rgb()
}

/// An accent where the user gave none: the turn of hue of the emotion's own palette, at the
/// lightness and liveliness of its own accent. A grey primary takes the emotion's accent itself.
fn derived_accent(primary: Rgb, emotion: Emotion, theme: Theme) -> Rgb {
    let own = Palette::of(emotion, theme).accent;
    let Oklch { chroma, hue, .. } = primary.oklch();
    if chroma < 0.03 {
        return own;
    }
    let turn = match emotion {
        Emotion::Serenity => -42.0,
        Emotion::Power => 76.0,
        Emotion::Mystery => 30.0,
        Emotion::Awakening => -106.0,
        Emotion::Creative => 132.0,
    };
    let own = own.oklch();
    oklch(own.lightness, own.chroma, hue + turn).rgb()
}

/// The accent itself where it is far enough from the primary ink; else the nearest other lightness
/// that is, within the bar. One always exists: either side of the primary has room.
fn apart(accent: Rgb, primary: Rgb, ground: Rgb) -> Rgb {
    let other = primary.oklab();
    let far = |candidate: Rgb| {
        candidate.oklab().distance(other) >= INK_DISTANCE
            && candidate.contrast(ground) >= ACCENT_CONTRAST
    };
    if far(accent) {
        return accent;
    }
    let start = accent.oklch();
    for step in 1..=100 {
        let by = f64::from(step) * 0.01;
        // Towards the ground first: there the accent is lighter in weight than the main ink.
        let towards = if ground.luminance() > 0.5 { by } else { -by };
        for lightness in [start.lightness + towards, start.lightness - towards] {
            if !(0.0..=1.0).contains(&lightness) {
                continue;
            }
            let candidate = start.at(lightness).rgb();
            if far(candidate) {
                return candidate;
            }
        }
    }
    accent
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stream::{Seed, Stream};

    /// Every bar at once; the name of the first that fails.
    fn fault(palette: &Palette) -> Option<String> {
        let c = palette.contrast();
        let distance = palette.primary.oklab().distance(palette.accent.oklab());
        (c.primary < PRIMARY_CONTRAST
            || c.accent < ACCENT_CONTRAST
            || c.text < TEXT_CONTRAST
            || distance < INK_DISTANCE)
            .then(|| format!("{palette:?} {c:?} distance {distance:.3}"))
    }

    #[test]
    fn built_in_palettes_hold_every_bar() {
        for emotion in Emotion::ALL {
            for theme in Theme::ALL {
                assert_eq!(fault(&Palette::of(emotion, theme)), None, "{emotion:?}");
            }
        }
    }

    #[test]
    fn built_in_contrast_is_what_the_documents_say() {
        let figures: Vec<String> = Emotion::ALL
            .iter()
            .map(|emotion| {
                let [light, dark] = Theme::ALL.map(|t| Palette::of(*emotion, t).contrast());
                format!(
                    "{} {:.2} {:.2} | {:.2} {:.2}",
                    emotion.key(),
                    light.primary,
                    light.accent,
                    dark.primary,
                    dark.accent
                )
            })
            .collect();
        assert_eq!(
            figures,
            [
                "serenity 7.45 3.49 | 8.06 13.87",
                "power 7.67 4.48 | 7.94 7.06",
                "mystery 14.16 5.23 | 6.29 10.93",
                "awakening 6.24 3.51 | 10.82 11.62",
                "creative 5.84 3.83 | 8.24 9.19",
            ]
        );
    }

    #[test]
    fn ten_thousand_user_colours_hold_after_repair() {
        let mut stream = Stream::new(Seed(7), 0, 0);
        for n in 0..10_000_usize {
            let bits = stream.bits();
            let primary = rgb(bits as u32);
            // A third without an accent, a third with any, a third with nearly the primary itself.
            let accent = match n % 3 {
                0 => None,
                1 => Some(rgb((bits >> 24) as u32)),
                _ => Some(rgb(bits as u32 ^ ((bits >> 40) as u32 & 0x07_07_07))),
            };
            let emotion = Emotion::ALL[n % 5];
            for theme in Theme::ALL {
                let palette = Palette::from_user(primary, accent, emotion, theme);
                assert_eq!(
                    fault(&palette),
                    None,
                    "{n}: {primary:?} {accent:?} {theme:?}"
                );
            }
        }
    }

    #[test]
    fn extreme_user_colours_hold_after_repair() {
        let steps = [0, 1, 64, 127, 128, 191, 254, 255];
        let all: Vec<Rgb> = steps
            .iter()
            .flat_map(|r| steps.iter().map(move |g| (*r, *g)))
            .flat_map(|(r, g)| steps.iter().map(move |b| Rgb(r, g, *b)))
            .collect();
        for primary in &all {
            for accent in [
                None,
                Some(Rgb(0, 0, 0)),
                Some(Rgb(255, 255, 255)),
                Some(*primary),
            ] {
                for theme in Theme::ALL {
                    let palette = Palette::from_user(*primary, accent, Emotion::Power, theme);
                    assert_eq!(fault(&palette), None, "{primary:?} {accent:?} {theme:?}");
                }
            }
        }
    }

    #[test]
    fn a_good_colour_stays_as_given_and_a_repaired_one_keeps_its_hue() {
        let given = Rgb(0x1b, 0x4d, 0x3e);
        let kept = Palette::from_user(given, None, Emotion::Serenity, Theme::Light);
        assert_eq!(kept.primary, given);
        let yellow = Rgb(0xff, 0xe0, 0x00);
        let darker = Palette::from_user(yellow, None, Emotion::Serenity, Theme::Light).primary;
        let turn = (darker.oklch().hue - yellow.oklch().hue).abs();
        assert!(turn < 2.0, "{darker:?}");
        // Just far enough: a step lighter would miss the bar.
        assert!(darker.contrast(Rgb(255, 255, 255)) < 4.65);
    }

    #[test]
    fn a_derived_accent_differs_by_emotion() {
        let accents = Emotion::ALL.map(|emotion| {
            Palette::from_user(Rgb(0x22, 0x58, 0xe5), None, emotion, Theme::Light).accent
        });
        for (i, a) in accents.iter().enumerate() {
            assert!(
                accents[..i]
                    .iter()
                    .all(|b| a.oklab().distance(b.oklab()) > 0.05)
            );
        }
    }
}
