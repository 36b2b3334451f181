//! What "ready" means for Luna, each with a measured figure.
//!
//! * `self_tests`: what the process measures of itself at the start
//! * `all`: what `aplomb prove` measures from outside, by HTTP alone: [`determinism`], [`contrast`], [`validity`]; [`marks`] asks and
//!   reads for them

mod contrast;
mod determinism;
mod marks;
mod validity;

use std::time::Instant;

use chassis::check::self_test::SelfTest;
use chassis::check::{Checks, Verdict};
use luna_drawing::emotion::Emotion;
use luna_drawing::family::Family;
use luna_drawing::palette::{ACCENT_CONTRAST, PRIMARY_CONTRAST, Palette};
use luna_drawing::picture::Theme;
use luna_drawing::request::Request;
use luna_drawing::svg;

/// What is measured from outside.
pub(crate) fn all() -> Checks {
    vec![
        &determinism::Determinism,
        &contrast::Contrast,
        &validity::Validity,
    ]
}

/// What the process measures of itself; together they take a few milliseconds.
pub(crate) fn self_tests() -> Vec<SelfTest> {
    vec![
        SelfTest::new(
            "luna.every-mark",
            "integrity",
            "every family draws in every emotion, inside the size limit of a mark",
            "50 of 50 marks of at most 1,500 bytes",
            every_mark,
        ),
        SelfTest::new(
            "luna.contrast",
            "accessibility",
            "the built-in palettes hold their contrast on light and on dark",
            "primary at least 4.5:1, accent at least 3:1",
            palettes,
        ),
    ]
}

fn every_mark() -> (Verdict, String) {
    let started = Instant::now();
    let pairs = Family::ALL
        .into_iter()
        .flat_map(|family| Emotion::ALL.map(|emotion| (family, emotion)));
    let sizes: Vec<usize> = pairs
        .filter_map(|(family, emotion)| Request::new(family, emotion).compose().ok())
        .map(|picture| svg::write(&picture).len())
        .collect();
    let elapsed_us = started.elapsed().as_micros() as usize / sizes.len().max(1);
    let largest = sizes.iter().max().copied().unwrap_or(0);
    let verdict = if sizes.len() == 50 && largest <= 1500 {
        Verdict::Pass
    } else {
        Verdict::Fail
    };
    (
        verdict,
        format!(
            "{} of 50 marks, the largest {largest} bytes, {elapsed_us} µs each",
            sizes.len()
        ),
    )
}

fn palettes() -> (Verdict, String) {
    let figures = Emotion::ALL
        .into_iter()
        .flat_map(|emotion| Theme::ALL.map(|theme| Palette::of(emotion, theme).contrast()));
    let (primary, accent) = figures.fold((f64::MAX, f64::MAX), |(primary, accent), figure| {
        (primary.min(figure.primary), accent.min(figure.accent))
    });
    let holds = primary >= PRIMARY_CONTRAST && accent >= ACCENT_CONTRAST;
    let verdict = if holds { Verdict::Pass } else { Verdict::Fail };
    (
        verdict,
        format!("least primary {primary:.2}:1, least accent {accent:.2}:1"),
    )
}
