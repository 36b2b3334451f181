//! What lambda, network, tessera, petal and monogram promise beyond the common measures.

use luna_drawing::drawing::{Drawing, Ink};
use luna_drawing::emotion::Emotion;
use luna_drawing::family::{Detail, Family};
use luna_drawing::mark::Mark;
use luna_drawing::picture::Rgb;
use luna_drawing::raster::paint;
use luna_drawing::stream::Seed;
use luna_drawing::wordmark::glyph;
use tiny_skia::{Color, Pixmap};

use crate::pixels::mark;

const FAMILIES: [Family; 5] = [
    Family::Lambda,
    Family::Network,
    Family::Tessera,
    Family::Petal,
    Family::Monogram,
];
/// Pixels of a unit.
const FINE: u32 = 8;

/// Primary in red, accent in blue, on black.
fn inked(drawing: &Drawing) -> Pixmap {
    let side = 64 * FINE;
    let mut pixmap = Pixmap::new(side, side).unwrap();
    pixmap.fill(Color::BLACK);
    let (red, blue) = (Rgb(255, 0, 0), Rgb(0, 0, 255));
    paint(
        &mut pixmap.as_mut(),
        drawing,
        red,
        blue,
        0.0,
        0.0,
        side as f32,
    );
    pixmap
}

/// Border pixels of one ink, as points in units.
fn border(pixmap: &Pixmap, ink: Ink) -> Vec<(f64, f64)> {
    let side = pixmap.width() as usize;
    let on = |x: usize, y: usize| {
        let p = pixmap.pixels()[y * side + x];
        let value = if ink == Ink::Primary {
            p.red()
        } else {
            p.blue()
        };
        value > 127
    };
    let mut points = Vec::new();
    for y in 1..side - 1 {
        for x in 1..side - 1 {
            let inner = on(x - 1, y) && on(x + 1, y) && on(x, y - 1) && on(x, y + 1);
            if on(x, y) && !inner {
                let unit = f64::from(FINE);
                points.push(((x as f64 + 0.5) / unit, (y as f64 + 0.5) / unit));
            }
        }
    }
    points
}

#[test]
fn the_stated_gap_is_not_wider_than_between_the_inks() {
    let mut faults = Vec::new();
    for family in FAMILIES {
        for emotion in Emotion::ALL {
            for seed in 0..12 {
                for detail in Detail::ALL {
                    let drawing = mark(seed, family, emotion).drawing(detail);
                    let picture = inked(&drawing);
                    let (primary, accent) = (
                        border(&picture, Ink::Primary),
                        border(&picture, Ink::Accent),
                    );
                    let seen = accent
                        .iter()
                        .flat_map(|a| {
                            primary
                                .iter()
                                .map(|p| (p.0 - a.0).powi(2) + (p.1 - a.1).powi(2))
                        })
                        .fold(f64::INFINITY, f64::min)
                        .sqrt();
                    // Border pixels lie half a pixel inside on each side; one more for rounding.
                    let stated = drawing.minimum_gap;
                    if seen + 0.15 < stated.min(6.0) || seen < 2.0 {
                        faults.push(format!(
                            "{} {} seed {seed} {detail:?}: stated {stated:.2}, seen {seen:.2}",
                            family.key(),
                            emotion.key()
                        ));
                    }
                }
            }
        }
    }
    assert!(faults.is_empty(), "gaps:\n{}", faults.join("\n"));
}

#[test]
fn a_monogram_finds_a_tile_for_each_initial() {
    let letters = ('A'..='Z')
        .chain('0'..='9')
        .chain("ÀÉÇÅÄÖÜØÆŒÑŠŽŁÞΓΔΘΛΞΠΣΦΨΩБГДЖИЙЛФШЩЮЯ".chars());
    for initial in letters {
        assert!(glyph(initial).is_some(), "the font has {initial:?}");
        for emotion in Emotion::ALL {
            for seed in 0..3 {
                let mark = Mark {
                    seed: Seed(seed),
                    family: Family::Monogram,
                    emotion,
                    initial,
                };
                assert_eq!(
                    mark.fault(&mark.values()),
                    None,
                    "{initial} {} seed {seed}",
                    emotion.key()
                );
            }
        }
    }
}

#[test]
fn the_letter_is_a_hole_that_shows_the_ground() {
    let with = |initial: char, emotion: Emotion| {
        let mark = Mark {
            seed: Seed(1),
            family: Family::Monogram,
            emotion,
            initial,
        };
        mark.drawing(Detail::Tiny)
    };
    let ground = |drawing: &Drawing| {
        let picture = inked(drawing);
        let unit = f64::from(FINE);
        let bare = picture.pixels().iter().filter(|p| p.red() < 128).count() as f64;
        bare / (unit * unit)
    };
    for emotion in Emotion::ALL {
        // The pixels agree with the exact area, in which a hole counts negative.
        for initial in ['I', 'O', 'B', 'É', 'Q', '漢'] {
            let drawing = with(initial, emotion);
            let seen = 4096.0 - ground(&drawing);
            let exact = drawing.ink().area;
            assert!(
                (seen - exact).abs() < 12.0,
                "{initial} {}: {seen:.0} seen, {exact:.0} exact",
                emotion.key()
            );
        }
        let (thin, wide) = (with('I', emotion), with('M', emotion));
        assert!(
            ground(&wide) > ground(&thin) + 50.0,
            "{}: a wide letter shows more ground",
            emotion.key()
        );
        assert_ne!(
            with('漢', emotion),
            with('I', emotion),
            "a missing letter has its own sign"
        );
    }
}
