//! The page's colours, all derived from the brand's, and the section that states them.

use std::fmt::Write as _;

use super::Page;
use crate::colour::{Oklch, oklch};
use crate::kit::studio::Studio;
use crate::kit::texts::Texts;
use crate::palette::{ACCENT_CONTRAST, PRIMARY_CONTRAST, TEXT_CONTRAST};
use crate::picture::{Rgb, Theme};

/// Custom properties: the brand's colours, and the quiet ones of the page in the primary's hue.
pub(super) fn variables(studio: &Studio<'_>) -> String {
    let (light, dark) = (studio.palette(Theme::Light), studio.palette(Theme::Dark));
    let Oklch {
        lightness,
        chroma,
        hue,
    } = light.primary.oklch();
    let quiet = |lightness: f64, most: f64| oklch(lightness, chroma.min(most), hue).rgb();
    // A small text in the accent's hue must be read too.
    let mut ink = light.accent.oklch();
    while ink.rgb().contrast(Rgb(255, 255, 255)) < PRIMARY_CONTRAST {
        ink.lightness -= 0.01;
    }
    let other = light.accent.oklch();
    let wrong = [
        oklch(lightness.max(0.5), chroma.max(0.14), hue + 150.0).rgb(),
        oklch(
            other.lightness.max(0.6),
            other.chroma.max(0.14),
            other.hue + 95.0,
        )
        .rgb(),
    ];
    let mut css = String::from(":root{");
    for (name, colour) in [
        ("lp", light.primary),
        ("ls", light.accent),
        ("lt", light.text),
        ("lg", light.ground),
        ("dp", dark.primary),
        ("ds", dark.accent),
        ("dt", dark.text),
        ("dg", dark.ground),
        ("mute", quiet(0.49, 0.022)),
        ("rule", quiet(0.78, 0.016)),
        ("line", quiet(0.915, 0.008)),
        ("hair", quiet(0.87, 0.02)),
        ("wash", quiet(0.968, 0.012)),
        ("zone", quiet(0.93, 0.035)),
        ("accent-ink", ink.rgb()),
        (
            "murky",
            oklch((lightness + 0.1).clamp(0.4, 0.62), chroma * 0.55, hue).rgb(),
        ),
        ("wrong1", wrong[0]),
        ("wrong2", wrong[1]),
        ("sky1", oklch(0.2, chroma.clamp(0.04, 0.07), hue).rgb()),
        (
            "sky2",
            oklch(0.42, chroma.clamp(0.06, 0.11), hue + 30.0).rgb(),
        ),
        ("sky3", oklch(0.62, 0.1, hue + 75.0).rgb()),
        (
            "hill1",
            oklch(0.33, chroma.clamp(0.04, 0.08), hue + 14.0).rgb(),
        ),
        (
            "hill2",
            oklch(0.25, chroma.clamp(0.03, 0.07), hue + 5.0).rgb(),
        ),
        ("hill3", oklch(0.17, chroma.clamp(0.02, 0.05), hue).rgb()),
        ("day1", oklch(0.86, 0.05, hue + 10.0).rgb()),
        ("day2", oklch(0.95, 0.03, hue + 60.0).rgb()),
        ("day3", oklch(0.8, 0.055, hue).rgb()),
        ("day4", oklch(0.72, 0.06, hue - 10.0).rgb()),
    ] {
        let _ = write!(css, "--{name}:{};", colour.hex());
    }
    css.push_str("}\n");
    css
}

/// Both palettes as swatches.
pub(super) fn colours(page: &mut Page, studio: &Studio<'_>, words: &Texts) {
    for theme in Theme::ALL {
        let palette = studio.palette(theme);
        page.add(format_args!(
            "<h3>{}</h3><div class=\"grid four\">",
            words.palette(theme)
        ));
        let inks = [
            palette.primary,
            palette.accent,
            palette.text,
            palette.ground,
        ];
        for (ink, name) in inks.into_iter().zip(words.inks) {
            swatch(page, ink, name, palette.ground, words);
        }
        page.add(format_args!("</div>\n"));
    }
    page.add(format_args!(
        "<figcaption>{}</figcaption>",
        words.contrast_note
    ));
}

fn swatch(page: &mut Page, ink: Rgb, name: &str, ground: Rgb, words: &Texts) {
    const WHITE: Rgb = Rgb(255, 255, 255);
    const BLACK: Rgb = Rgb(0, 0, 0);
    let over = if ink.contrast(WHITE) >= PRIMARY_CONTRAST {
        WHITE
    } else {
        BLACK
    };
    let bordered = if ink == WHITE { " bordered" } else { "" };
    let Rgb(r, g, b) = ink;
    let Oklch {
        lightness,
        chroma,
        hue,
    } = ink.oklch();
    page.add(format_args!(
        "<div class=\"swatch\"><div class=\"chip{bordered}\" style=\"background:{};color:{}\"><span class=\"label\">{name}</span></div><dl>\
         <dt>HEX</dt><dd>{}</dd><dt>RGB</dt><dd>{r} {g} {b}</dd><dt>OKLCH</dt><dd>{:.1}% {} {hue:.0}</dd>",
        ink.hex(),
        over.hex(),
        ink.hex(),
        lightness * 100.0,
        format!("{chroma:.3}").trim_start_matches('0'),
    ));
    if ink == ground {
        page.add(format_args!("<dt>{}</dt><dd>–</dd>", words.contrast));
    } else {
        let ratio = ink.contrast(ground);
        page.add(format_args!(
            "<dt>{}</dt><dd>{} {}</dd>",
            words.contrast,
            stated(ratio, words.decimal),
            level(ratio)
        ));
    }
    page.add(format_args!("</dl></div>"));
}

/// As `/variants` states it.
fn stated(ratio: f64, decimal: char) -> String {
    format!("{ratio:.2}:1").replace('.', &decimal.to_string())
}

fn level(ratio: f64) -> &'static str {
    if ratio >= TEXT_CONTRAST {
        "AAA"
    } else if ratio >= PRIMARY_CONTRAST {
        "AA"
    } else if ratio >= ACCENT_CONTRAST {
        "AA 18+"
    } else {
        ""
    }
}
