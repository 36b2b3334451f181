//! What files cost: `cargo bench -p luna-drawing --bench export`. Bars: PNG 512 within 1 ms, one
//! horizontal lockup within 10 µs.

use std::hint::black_box;

use criterion::{Criterion, criterion_group, criterion_main};
use luna_drawing::emotion::Emotion;
use luna_drawing::family::{Detail, Family};
use luna_drawing::mark::Mark;
use luna_drawing::pdf::pdf;
use luna_drawing::picture::{Caption, Colours, Lockup, Picture, Rgb};
use luna_drawing::png::{indexed, png};
use luna_drawing::raster::pixels;
use luna_drawing::stream::Seed;
use luna_drawing::webp::webp;
use luna_drawing::wordmark::layout;

fn picture(family: Family, lockup: Lockup, height_px: u32) -> Picture {
    let mark = Mark {
        seed: Seed(7),
        family,
        emotion: Emotion::Creative,
        initial: 'N',
    };
    let layout = layout("Northwind Café", lockup).expect("a plain name");
    Picture {
        width: layout.width,
        height: layout.height,
        width_px: (f64::from(height_px) * layout.width / layout.height).round() as u32,
        height_px,
        drawing: mark.drawing(Detail::Full),
        mark_at: layout.mark_at,
        wordmark: layout.wordmark,
        colours: Colours {
            primary: Rgb(0x22, 0x58, 0xe5),
            accent: Rgb(0xe8, 0x4c, 0x23),
            text: Rgb(0x16, 0x20, 0x2e),
            ground: Rgb(255, 255, 255),
            paint_ground: false,
        },
        caption: Caption {
            title: "Northwind Café".to_owned(),
            description: "A mark".to_owned(),
            language: "en",
        },
        id_prefix: "n".to_owned(),
        animated: false,
    }
}

fn export(c: &mut Criterion) {
    for family in Family::ALL {
        let mark = picture(family, Lockup::Mark, 512);
        c.bench_function(&format!("png 512 {}", family.key()), |b| {
            b.iter(|| png(black_box(&mark)));
        });
    }
    let mark = picture(Family::Crescent, Lockup::Mark, 512);
    c.bench_function("pixels 512", |b| b.iter(|| pixels(black_box(&mark))));
    let raster = pixels(&mark).expect("512 is within bounds");
    c.bench_function("png encoding 512", |b| {
        b.iter(|| indexed(black_box(&raster), "Northwind"));
    });
    c.bench_function("webp 512", |b| b.iter(|| webp(black_box(&mark))));
    c.bench_function("pdf", |b| b.iter(|| pdf(black_box(&mark))));
    let lockup = picture(Family::Crescent, Lockup::Horizontal, 256);
    c.bench_function("png horizontal 256", |b| b.iter(|| png(black_box(&lockup))));
    c.bench_function("lockup layout", |b| {
        b.iter(|| layout(black_box("Northwind Café"), Lockup::Horizontal));
    });
}

criterion_group!(benches, export);
criterion_main!(benches);
