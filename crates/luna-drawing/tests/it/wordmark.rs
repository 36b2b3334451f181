//! Names as outlines: coverage, kerning, lockup measures, and no panic for any text.

use luna_drawing::geometry::point;
use luna_drawing::picture::Lockup;
use luna_drawing::wordmark::{
    CAP_HEIGHT, GAP, Layout, MOST_CHARACTERS, NameFault, Wordmark, glyph, layout,
};
use proptest::prelude::*;

fn wordmark(name: &str, lockup: Lockup) -> (Layout, Wordmark) {
    let layout = layout(name, lockup).expect("a plain name");
    let wordmark = layout.wordmark.clone().expect("a lockup");
    (layout, wordmark)
}

/// Left, top, right and bottom of a name's ink, in picture units.
fn ink(wordmark: &Wordmark) -> [f64; 4] {
    let mut all = [f64::MAX, f64::MAX, f64::MIN, f64::MIN];
    for placed in &wordmark.glyphs {
        if placed.glyph.segments.is_empty() {
            continue;
        }
        let b = placed.glyph.bounds;
        all[0] = all[0].min(placed.x + b.left * wordmark.scale);
        all[1] = all[1].min(wordmark.baseline + b.top * wordmark.scale);
        all[2] = all[2].max(placed.x + b.right * wordmark.scale);
        all[3] = all[3].max(wordmark.baseline + b.bottom * wordmark.scale);
    }
    all
}

fn near(a: f64, b: f64, tolerance: f64) {
    assert!((a - b).abs() <= tolerance, "{a} is not {b} ± {tolerance}");
}

#[test]
fn european_sentences_are_covered() {
    let text = "Dès Noël, où un zéphyr haï me vêt de glaçons würmiens, je dîne d’exquis rôtis de bœuf \
                au kir, à l’aÿ d’âge mûr, & cætera ! ÀÂÆÇÉÈÊËÎÏÔŒÙÛÜŸ « » … Ægir Œuvre Škoda Łódź Ñandú ß \
                Příliš žluťoučký kůň úpěl ďábelské ódy. Zażółć gęślą jaźń. Árvíztűrő tükörfúrógép. \
                Blåbærsyltetøy, Þingvellir, Åland, Đakovo, București Țăndărei, İzmir ığdır, Ġgantija, ŵyŷ. \
                & ' ’ - . , ! ? / + @ · 0123456789 № € Λάμδα Ωμέγα Луна Київ Ґанок\u{a0}";
    for c in text.chars() {
        let glyph = glyph(c).unwrap_or_else(|| panic!("no glyph for {c:?}"));
        assert!(glyph.advance > 0.0, "{c:?}");
        assert_eq!(
            glyph.segments.is_empty(),
            c == ' ' || c == '\u{a0}',
            "{c:?}"
        );
    }
}

#[test]
fn only_the_two_spaces_are_empty() {
    let empty: Vec<char> = ('\0'..=char::MAX)
        .filter(|c| glyph(*c).is_some_and(|glyph| glyph.segments.is_empty()))
        .collect();
    assert_eq!(empty, [' ', '\u{a0}']);
}

#[test]
fn kerning_draws_pairs_together() {
    let width = |name: &str| {
        let [left, _, right, _] = ink(&wordmark(name, Lockup::Horizontal).1);
        right - left
    };
    let advance = |c: char| glyph(c).unwrap().advance;
    let (_, line) = wordmark("AV", Lockup::Horizontal);
    let distance = (line.glyphs[1].x - line.glyphs[0].x) / line.scale;
    // More than the tracking that every pair gets.
    assert!(
        distance < advance('A') - 60.0,
        "{distance} of {}",
        advance('A')
    );
    let (_, plain) = wordmark("HH", Lockup::Horizontal);
    let distance = (plain.glyphs[1].x - plain.glyphs[0].x) / plain.scale;
    near(distance, advance('H'), 20.0);
    // An accent does not lose the kerning of its letter.
    near(width("TŠ") - width("TS"), width("HŠ") - width("HS"), 0.01);
}

#[test]
fn horizontal_lockup_keeps_its_measures() {
    let (layout, line) = wordmark("Hambourg É", Lockup::Horizontal);
    let [left, _, right, _] = ink(&line);
    assert_eq!((layout.height, layout.mark_at), (64.0, point(0.0, 0.0)));
    near(left, 64.0 + GAP, 0.01);
    near(layout.width - right, 4.0, 0.01);
    let capital = glyph('H').unwrap().bounds;
    near(capital.height() * line.scale, CAP_HEIGHT, 0.01);
    near(line.baseline + capital.centre().y * line.scale, 32.0, 0.01);
}

#[test]
fn small_letters_are_centred_on_their_own_height() {
    let (_, line) = wordmark("nova", Lockup::Horizontal);
    let [_, top, _, bottom] = ink(&line);
    near(f64::midpoint(top, bottom), 32.0, 0.3);
}

#[test]
fn stacked_lockup_centres_the_name_and_grows() {
    for name in [
        "Io",
        "Northwind",
        "WWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWW",
    ] {
        let (layout, line) = wordmark(name, Lockup::Stacked);
        let [left, top, right, bottom] = ink(&line);
        near(f64::midpoint(left, right), layout.width / 2.0, 0.01);
        near(layout.mark_at.x + 32.0, layout.width / 2.0, 0.01);
        assert!(left > 3.99 && right < layout.width - 3.99, "{name}");
        assert!(layout.width >= 64.0);
        assert!(top > 64.0 && bottom < layout.height - 3.9, "{name}");
    }
}

#[test]
fn every_letter_stays_on_the_picture() {
    for c in ('\u{21}'..'\u{2fff}').filter(|c| glyph(*c).is_some()) {
        for lockup in [Lockup::Horizontal, Lockup::Stacked] {
            let name = format!("H{c}");
            let Ok(layout) = layout(&name, lockup) else {
                continue;
            };
            let [_, top, _, bottom] = ink(layout.wordmark.as_ref().unwrap());
            assert!(
                top > 3.98 && bottom < layout.height - 3.98,
                "{c:?} in {lockup:?}: {top} to {bottom} of {}",
                layout.height
            );
            if lockup == Lockup::Stacked {
                assert!(
                    top > 64.0 + GAP / 2.0 - 0.02,
                    "{c:?} comes close to the mark"
                );
            } else {
                near(layout.mark_at.y + 32.0, layout.height / 2.0, 0.02);
            }
        }
    }
}

#[test]
fn combining_marks_are_composed() {
    let spelled = layout("Cafe\u{301} Zoe\u{301}", Lockup::Horizontal);
    assert_eq!(spelled, layout("Café Zoé", Lockup::Horizontal));
    assert_eq!(
        layout("q\u{301}", Lockup::Horizontal),
        Err(NameFault::NoGlyph('\u{301}'))
    );
}

#[test]
fn a_name_that_cannot_be_drawn_says_why() {
    let fault = |name: &str| layout(name, Lockup::Horizontal).unwrap_err();
    assert_eq!(fault(""), NameFault::Empty);
    assert_eq!(fault(" \u{a0} "), NameFault::Empty);
    let long = "x".repeat(41);
    let expected = NameFault::TooLong {
        count: 41,
        most: MOST_CHARACTERS,
    };
    assert_eq!(fault(&long), expected);
    assert!(layout(&"x".repeat(40), Lockup::Stacked).is_ok());
    // Emoji, right-to-left letters, controls, bidi and zero-width characters, soft hyphen.
    for c in
        "🌙אع\n\t\0\u{7f}\u{200b}\u{200d}\u{200e}\u{200f}\u{202e}\u{2066}\u{feff}\u{ad}\u{2028}漢"
            .chars()
    {
        assert_eq!(fault(&format!("A{c}B")), NameFault::NoGlyph(c));
    }
    assert_eq!(
        NameFault::NoGlyph('🌙').to_string(),
        "the font has no glyph for '🌙'"
    );
}

#[test]
fn a_mark_alone_needs_no_name() {
    let alone = layout("", Lockup::Mark).unwrap();
    assert_eq!((alone.width, alone.height), (64.0, 64.0));
    assert_eq!(alone.wordmark, None);
}

proptest! {
    #[test]
    fn any_text_is_laid_out_or_refused(name in "\\PC{0,60}|.{0,60}|[A-Za-zÀ-ž &'’·\u{301}\u{202e}]{0,60}") {
        for lockup in [Lockup::Mark, Lockup::Horizontal, Lockup::Stacked] {
            if let Ok(layout) = layout(&name, lockup) {
                prop_assert!(layout.width.is_finite() && layout.width >= 64.0);
                prop_assert!(layout.height.is_finite() && layout.height >= 64.0);
            }
        }
    }
}
