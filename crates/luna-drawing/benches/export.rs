//! What files cost: `cargo bench -p luna-drawing --bench export`. Bars: PNG 512 within 1 ms, one
//! horizontal lockup within 10 µs, a kit within 60 ms.

use std::hint::black_box;

use criterion::{Criterion, criterion_group, criterion_main};
use luna_drawing::emotion::Emotion;
use luna_drawing::family::Family;
use luna_drawing::kit::{KitRequest, kit};
use luna_drawing::pdf::pdf;
use luna_drawing::picture::{Lockup, Picture};
use luna_drawing::png::{indexed, png};
use luna_drawing::raster::pixels;
use luna_drawing::request::Request;
use luna_drawing::webp::webp;
use luna_drawing::wordmark::layout;

fn picture(family: Family, lockup: Lockup, height_px: u32) -> Picture {
    let named = Request::new(family, Emotion::Creative).with_name("Northwind Café");
    let laid = named.and_then(|request| request.with_lockup(lockup)?.with_size(height_px));
    laid.expect("a plain request")
        .compose()
        .expect("a plain name")
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

fn kits(c: &mut Criterion) {
    let names = [
        ("short", "Northwind"),
        ("long", "Société Générale des Eaux Minérales 2026"),
    ];
    for (length, name) in names {
        let request = Request::new(Family::Network, Emotion::Creative).with_name(name);
        let request = KitRequest::new(request.expect("a plain request")).expect("a plain name");
        c.bench_function(&format!("kit {length}"), |b| {
            b.iter(|| kit(black_box(&request)));
        });
    }
}

criterion_group!(benches, export, kits);
criterion_main!(benches);
