//! Colour arithmetic: sRGB, linear light, `OKLab` and OKLCH, and the contrast of WCAG 2.
//!
//! Powers and roots come from `libm`, so that every platform repairs a colour to the same bytes.

use std::f64::consts::PI;

use crate::picture::Rgb;

/// Why a text is not a colour.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not a colour: write three or six hexadecimal digits, as in #28c or #2288cc")]
pub struct ColourFault(pub String);

impl Rgb {
    /// Reads `#rgb` or `#rrggbb`, with or without the `#`, in either case.
    pub fn parse(text: &str) -> Result<Self, ColourFault> {
        let fault = || ColourFault(text.chars().take(24).collect());
        let digits = text.strip_prefix('#').unwrap_or(text).as_bytes();
        let mut nibbles = [0_u8; 6];
        if digits.len() != 3 && digits.len() != 6 {
            return Err(fault());
        }
        for (nibble, digit) in nibbles.iter_mut().zip(digits) {
            *nibble = char::from(*digit).to_digit(16).ok_or_else(fault)? as u8;
        }
        let [a, b, c, d, e, f] = nibbles;
        Ok(if digits.len() == 3 {
            Self(a * 17, b * 17, c * 17)
        } else {
            Self(a * 16 + b, c * 16 + d, e * 16 + f)
        })
    }

    /// `#rrggbb`, lower case.
    pub fn hex(self) -> String {
        format!("#{:02x}{:02x}{:02x}", self.0, self.1, self.2)
    }

    /// Linear light of each channel, 0 to 1 (IEC 61966-2-1).
    pub fn linear(self) -> [f64; 3] {
        [self.0, self.1, self.2].map(|channel| {
            let value = f64::from(channel) / 255.0;
            if value <= 0.040_45 {
                value / 12.92
            } else {
                libm::pow((value + 0.055) / 1.055, 2.4)
            }
        })
    }

    /// Relative luminance, 0 to 1 (WCAG 2.2, "relative luminance").
    pub fn luminance(self) -> f64 {
        let [r, g, b] = self.linear();
        0.2126 * r + 0.7152 * g + 0.0722 * b
    }

    /// Contrast ratio with `other`, 1 to 21 (WCAG 2.2, "contrast ratio").
    pub fn contrast(self, other: Self) -> f64 {
        let (a, b) = (self.luminance(), other.luminance());
        (a.max(b) + 0.05) / (a.min(b) + 0.05)
    }

    /// The colour in `OKLab`.
    pub fn oklab(self) -> Oklab {
        Oklab::from_linear(self.linear())
    }

    /// The colour in OKLCH.
    pub fn oklch(self) -> Oklch {
        self.oklab().polar()
    }
}

/// A colour in `OKLab` (Björn Ottosson, "A perceptual color space for image processing", 2020, with
/// the matrices as revised in January 2021).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Oklab {
    /// Perceived lightness, 0 to 1.
    pub lightness: f64,
    /// Green to red.
    pub a: f64,
    /// Blue to yellow.
    pub b: f64,
}

impl Oklab {
    /// From linear sRGB.
    pub fn from_linear([r, g, b]: [f64; 3]) -> Self {
        let l = libm::cbrt(0.412_221_470_8 * r + 0.536_332_536_3 * g + 0.051_445_992_9 * b);
        let m = libm::cbrt(0.211_903_498_2 * r + 0.680_699_545_1 * g + 0.107_396_956_6 * b);
        let s = libm::cbrt(0.088_302_461_9 * r + 0.281_718_837_6 * g + 0.629_978_700_5 * b);
        Self {
            lightness: 0.210_454_255_3 * l + 0.793_617_785_0 * m - 0.004_072_046_8 * s,
            a: 1.977_998_495_1 * l - 2.428_592_205_0 * m + 0.450_593_709_9 * s,
            b: 0.025_904_037_1 * l + 0.782_771_766_2 * m - 0.808_675_766_0 * s,
        }
    }

    /// To linear sRGB; outside 0 to 1 where the screen cannot show the colour.
    pub fn linear(self) -> [f64; 3] {
        let Self { lightness, a, b } = self;
        let l = lightness + 0.396_337_777_4 * a + 0.215_803_757_3 * b;
        let m = lightness - 0.105_561_345_8 * a - 0.063_854_172_8 * b;
        let s = lightness - 0.089_484_177_5 * a - 1.291_485_548_0 * b;
        let (l, m, s) = (l * l * l, m * m * m, s * s * s);
        [
            4.076_741_662_1 * l - 3.307_711_591_3 * m + 0.230_969_929_2 * s,
            -1.268_438_004_6 * l + 2.609_757_401_1 * m - 0.341_319_396_5 * s,
            -0.004_196_086_3 * l - 0.703_418_614_7 * m + 1.707_614_701_0 * s,
        ]
    }

    /// Perceived difference: the straight distance (0.02 is just visible side by side).
    pub fn distance(self, other: Self) -> f64 {
        let (l, a, b) = (
            self.lightness - other.lightness,
            self.a - other.a,
            self.b - other.b,
        );
        (l * l + a * a + b * b).sqrt()
    }

    fn polar(self) -> Oklch {
        let chroma = (self.a * self.a + self.b * self.b).sqrt();
        // A grey's hue is noise of the last digit; 0 keeps it stable.
        let hue = if chroma < 1e-4 {
            0.0
        } else {
            let degrees = libm::atan2(self.b, self.a) * 180.0 / PI;
            if degrees < 0.0 {
                degrees + 360.0
            } else {
                degrees
            }
        };
        Oklch {
            lightness: self.lightness,
            chroma,
            hue,
        }
    }
}

/// A colour by lightness, chroma and hue: `OKLab` in polar form.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Oklch {
    /// Perceived lightness, 0 to 1.
    pub lightness: f64,
    /// Colourfulness, 0 (grey) to about 0.32 within sRGB.
    pub chroma: f64,
    /// Degrees, 0 to 360.
    pub hue: f64,
}

/// Shorthand for [`Oklch`].
pub const fn oklch(lightness: f64, chroma: f64, hue: f64) -> Oklch {
    Oklch {
        lightness,
        chroma,
        hue,
    }
}

impl Oklch {
    /// The nearest sRGB colour of the same lightness and hue: where the screen cannot show the
    /// chroma, it is lowered to the most that fits (bisection to 1/65536 of it).
    pub fn rgb(self) -> Rgb {
        let lightness = self.lightness.clamp(0.0, 1.0);
        let radians = self.hue * PI / 180.0;
        let (sin, cos) = libm::sincos(radians);
        let at = |chroma: f64| {
            Oklab {
                lightness,
                a: chroma * cos,
                b: chroma * sin,
            }
            .linear()
        };
        let fits = |linear: &[f64; 3]| linear.iter().all(|c| (-1e-4..=1.0001).contains(c));
        let wanted = at(self.chroma);
        if fits(&wanted) {
            return encode(wanted);
        }
        let (mut low, mut high) = (0.0, self.chroma);
        for _ in 0..16 {
            let middle = f64::midpoint(low, high);
            if fits(&at(middle)) {
                low = middle;
            } else {
                high = middle;
            }
        }
        encode(at(low))
    }

    /// The same colour at another lightness.
    #[must_use]
    pub const fn at(self, lightness: f64) -> Self {
        oklch(lightness, self.chroma, self.hue)
    }
}

/// Linear light to 8-bit sRGB.
fn encode(linear: [f64; 3]) -> Rgb {
    let [r, g, b] = linear.map(|light| {
        let light = light.clamp(0.0, 1.0);
        let value = if light <= 0.003_130_8 {
            light * 12.92
        } else {
            1.055 * libm::pow(light, 1.0 / 2.4) - 0.055
        };
        (value * 255.0).round() as u8
    });
    Rgb(r, g, b)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colours_are_read_in_four_spellings() {
        for text in ["#2288cc", "2288CC", "#28c", "28C"] {
            assert_eq!(Rgb::parse(text), Ok(Rgb(0x22, 0x88, 0xcc)), "{text}");
        }
        assert_eq!(Rgb(0x22, 0x88, 0xcc).hex(), "#2288cc");
    }

    #[test]
    fn anything_else_is_refused_by_name() {
        for text in [
            "", "#", "#12", "#1234", "#12345g", "blue", "##123", "é12", "+12", "1234567",
        ] {
            let fault = Rgb::parse(text).unwrap_err().to_string();
            assert!(fault.contains("hexadecimal"), "{text}: {fault}");
        }
    }

    #[test]
    fn oklab_agrees_with_the_published_values() {
        // Ottosson's article gives XYZ pairs; these sRGB values are those of CSS Color 4, section 9.
        for (rgb, l, a, b) in [
            (Rgb(255, 255, 255), 1.0, 0.0, 0.0),
            (Rgb(255, 0, 0), 0.627_96, 0.224_86, 0.125_85),
            (Rgb(0, 255, 0), 0.866_44, -0.233_89, 0.179_50),
            (Rgb(0, 0, 255), 0.452_01, -0.032_46, -0.311_53),
        ] {
            let lab = rgb.oklab();
            let off = (lab.lightness - l)
                .abs()
                .max((lab.a - a).abs())
                .max((lab.b - b).abs());
            assert!(off < 2e-4, "{rgb:?}: {lab:?}");
        }
    }

    #[test]
    fn every_grey_and_a_grid_of_colours_survive_the_round_trip() {
        for step in 0..=255 {
            let grey = Rgb(step, step, step);
            assert_eq!(grey.oklch().rgb(), grey);
        }
        for r in (0..=255).step_by(15) {
            for g in (0..=255).step_by(15) {
                for b in (0..=255).step_by(15) {
                    let rgb = Rgb(r, g, b);
                    assert_eq!(rgb.oklch().rgb(), rgb);
                }
            }
        }
    }

    #[test]
    fn chroma_that_does_not_fit_is_lowered_and_the_rest_is_kept() {
        for hue in (0..360).step_by(7) {
            let wanted = oklch(0.6, 0.5, f64::from(hue));
            let shown = wanted.rgb().oklch();
            assert!((shown.lightness - 0.6).abs() < 0.005, "{shown:?}");
            let turn = (shown.hue - wanted.hue + 540.0).rem_euclid(360.0) - 180.0;
            assert!(turn.abs() < 2.0, "{hue}: {shown:?}");
            assert!(shown.chroma > 0.08, "{shown:?}");
        }
    }

    #[test]
    fn contrast_is_that_of_wcag() {
        assert!((Rgb(0, 0, 0).contrast(Rgb(255, 255, 255)) - 21.0).abs() < 1e-9);
        // The well-known grey at the edge of 4.5:1 on white.
        let edge = Rgb(0x76, 0x76, 0x76).contrast(Rgb(255, 255, 255));
        assert!((edge - 4.54).abs() < 0.005, "{edge}");
        assert!((Rgb(9, 9, 9).contrast(Rgb(9, 9, 9)) - 1.0).abs() < 1e-12);
    }
}
