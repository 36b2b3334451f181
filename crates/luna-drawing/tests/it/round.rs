//! The round families keep on the pixels what they state in figures: gaps, parts, and room in the
//! drawing's store.

use luna_drawing::drawing::{Drawing, Ink, Outline, Part};
use luna_drawing::emotion::Emotion;
use luna_drawing::family::{Detail, Family};
use luna_drawing::picture::Rgb;
use luna_drawing::raster::paint;
use tiny_skia::{Color, Pixmap};

use crate::pixels::mark;

const FAMILIES: [Family; 5] = [
    Family::Crescent,
    Family::Orbit,
    Family::Halo,
    Family::Aperture,
    Family::Horizon,
];
const SIDE: i32 = 256;
/// Pixels a unit.
const SCALE: f64 = 4.0;
/// Pixels. A half-covered pixel's centre lies on its shape's edge, give or take the curve.
const TOLERANCE: f64 = 0.25;

fn each(seeds: std::ops::Range<u64>, mut see: impl FnMut(&str, Detail, &Drawing)) {
    for family in FAMILIES {
        for emotion in Emotion::ALL {
            for seed in seeds.clone() {
                for detail in Detail::ALL {
                    let name = format!("{} {} seed {seed} {detail:?}", family.key(), emotion.key());
                    see(&name, detail, &mark(seed, family, emotion).drawing(detail));
                }
            }
        }
    }
}

/// One label a pixel: 0 for the ground, else a connected patch of one ink (covered by half or more).
/// A patch of under a square unit is the end of an acute tip that the pixels broke off: ground.
fn patches(drawing: &Drawing) -> Vec<u32> {
    let mut pixmap = Pixmap::new(SIDE as u32, SIDE as u32).expect("a size");
    pixmap.fill(Color::BLACK);
    let (red, blue) = (Rgb(255, 0, 0), Rgb(0, 0, 255));
    paint(
        &mut pixmap.as_mut(),
        drawing,
        red,
        blue,
        0.0,
        0.0,
        SIDE as f32,
    );
    let ink: Vec<u8> = pixmap
        .pixels()
        .iter()
        .map(|p| u8::from(p.red() > 127) + 2 * u8::from(p.blue() > 127))
        .collect();
    let mut labels = vec![0; ink.len()];
    let mut broken = Vec::new();
    let mut next = 0;
    for start in 0..ink.len() {
        if ink[start] == 0 || labels[start] != 0 {
            continue;
        }
        next += 1;
        labels[start] = next;
        let mut patch = vec![start];
        let mut seen = 0;
        while seen < patch.len() {
            let i = patch[seen];
            seen += 1;
            for step in [-1, 1, -SIDE, SIDE] {
                let Some(j) = i.checked_add_signed(step as isize) else {
                    continue;
                };
                if j < ink.len() && ink[j] == ink[i] && labels[j] == 0 {
                    labels[j] = next;
                    patch.push(j);
                }
            }
        }
        if patch.len() < 16 {
            broken.extend(patch);
        }
    }
    for i in broken {
        labels[i] = 0;
    }
    labels
}

/// Whether two patches are nearer than `limit` pixels, centre to centre.
fn crowded(labels: &[u32], limit: f64) -> bool {
    let reach = limit as i32 + 1;
    let near: Vec<i32> = (-reach..=reach)
        .flat_map(|y| (-reach..=reach).map(move |x| (x, y)))
        .filter(|(x, y)| f64::from(x * x + y * y) < limit * limit)
        .map(|(x, y)| y * SIDE + x)
        .collect();
    (0..SIDE * SIDE).any(|i| {
        let own = labels[i as usize];
        let edge = |step: i32| labels.get((i + step) as usize).is_some_and(|l| *l != own);
        own != 0
            && (edge(1) || edge(-1) || edge(SIDE) || edge(-SIDE))
            && near.iter().any(|step| {
                let other = labels.get((i + step) as usize).copied().unwrap_or(0);
                other != 0 && other != own
            })
    })
}

#[test]
fn gaps_between_parts_hold_on_the_pixels() {
    let mut faults = Vec::new();
    each(0..25, |name, detail, drawing| {
        let least = if detail == Detail::Tiny { 4.0 } else { 2.0 };
        if crowded(&patches(drawing), least * SCALE - TOLERANCE) {
            faults.push(format!("{name}: stated {:.2}", drawing.minimum_gap));
        }
    });
    assert!(
        faults.is_empty(),
        "{}:\n{}",
        faults.len(),
        faults.join("\n")
    );
}

#[test]
fn touching_parts_are_noticed() {
    let mut d = Drawing::new();
    d.disc(
        Ink::Primary,
        Part::Body,
        luna_drawing::geometry::point(20.0, 32.0),
        10.0,
    );
    d.disc(
        Ink::Accent,
        Part::Accent,
        luna_drawing::geometry::point(41.5, 32.0),
        10.0,
    );
    assert!(crowded(&patches(&d), 2.0 * SCALE - TOLERANCE));
}

#[test]
fn companions_stay_in_the_full_drawing_and_the_tiny_one_has_one_accent() {
    each(0..60, |name, detail, drawing| {
        let count = |part| drawing.shapes().iter().filter(|s| s.part == part).count();
        if detail != Detail::Full {
            assert_eq!(count(Part::Companion), 0, "{name}");
        }
        if detail == Detail::Tiny {
            assert_eq!(count(Part::Accent), 1, "{name}");
        }
    });
}

#[test]
fn no_drawing_outgrows_its_store() {
    each(0..60, |name, _, drawing| {
        let segments: usize = drawing
            .shapes()
            .iter()
            .map(|shape| match &shape.outline {
                Outline::Path(range) => range.len(),
                Outline::Circle { .. } => 0,
            })
            .sum();
        let shapes = drawing.shapes().len();
        assert!(
            shapes <= 12 && segments <= 48,
            "{name}: {shapes}, {segments}"
        );
    });
}
