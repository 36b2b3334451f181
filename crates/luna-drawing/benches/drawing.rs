//! How long a mark takes: `cargo bench -p luna-drawing`. Bars, per core: geometry of one mark 1 µs,
//! seed to SVG bytes with gates 10 µs, a horizontal lockup 10 µs more, PNG of 512 px 1 ms.

use std::hint::black_box;
use std::time::Duration;

use criterion::{BatchSize, Criterion, criterion_group, criterion_main};
use luna_drawing::emotion::Emotion;
use luna_drawing::family::{Detail, Family};
use luna_drawing::mark::Mark;
use luna_drawing::picture::{Lockup, Rgb, Theme};
use luna_drawing::request::Request;
use luna_drawing::stream::Seed;
use luna_drawing::svg;

/// Seeds 0, 1, 2 …: no two runs in a row draw the same mark.
fn seeds() -> impl FnMut() -> Seed {
    let mut next = 0;
    move || {
        next += 1;
        Seed(next)
    }
}

fn geometry(c: &mut Criterion) {
    let mut group = c.benchmark_group("mark from its parameters, bar 1 us");
    for family in Family::ALL {
        let mark = Mark {
            seed: Seed(1),
            family,
            emotion: Emotion::Serenity,
            initial: 'N',
        };
        let values = mark.values();
        group.bench_function(family.key(), |b| {
            b.iter(|| black_box(mark).draw(black_box(&values), Detail::Full));
        });
    }
    group.finish();
}

fn bytes(c: &mut Criterion) {
    let mut group = c.benchmark_group("seed to SVG bytes with gates, bar 10 us");
    for family in Family::ALL {
        let mut next = seeds();
        let request = Request::new(family, Emotion::Power);
        group.bench_function(family.key(), |b| {
            b.iter_batched(
                || request.clone().with_seed(next()),
                |request| svg::write(&request.compose().expect("no name")),
                BatchSize::SmallInput,
            );
        });
    }
    group.finish();
}

fn lockup(c: &mut Criterion) {
    let mut group = c.benchmark_group("seed to SVG bytes, bar of the lockup: 10 us more");
    let mark = Request::new(Family::Crescent, Emotion::Serenity)
        .with_name("Northwind")
        .expect("a short name");
    for lockup in Lockup::ALL {
        let mut next = seeds();
        let request = mark.clone().with_lockup(lockup).expect("named");
        group.bench_function(lockup.key(), |b| {
            b.iter_batched(
                || request.clone().with_seed(next()),
                |request| svg::write(&request.compose().expect("in the font")),
                BatchSize::SmallInput,
            );
        });
    }
    group.finish();
}

/// Where the microseconds of a lockup go.
fn stages(c: &mut Criterion) {
    let mut group = c.benchmark_group("stages of a lockup");
    let request = Request::new(Family::Crescent, Emotion::Serenity)
        .with_name("Northwind")
        .and_then(|request| request.with_lockup(Lockup::Horizontal))
        .expect("a short name");
    let picture = request.compose().expect("in the font");
    group.bench_function("hash", |b| b.iter(|| black_box(&request).hash()));
    group.bench_function("mark with gates", |b| {
        b.iter(|| black_box(request.mark()).drawing(Detail::Full));
    });
    group.bench_function("compose", |b| b.iter(|| black_box(&request).compose()));
    group.bench_function("write", |b| b.iter(|| svg::write(black_box(&picture))));
    group.bench_function("palette repaired", |b| {
        let request = request
            .clone()
            .with_theme(Theme::Light)
            .with_palette(Rgb(0xff, 0xe0, 0), None);
        b.iter(|| black_box(&request).palette());
    });
    group.finish();
}

// The raster writers' bench (PNG of 512 px, bar 1 ms) joins `drawing` below as one more function.
criterion_group! {
    name = drawing;
    config = Criterion::default()
        .warm_up_time(Duration::from_millis(300))
        .measurement_time(Duration::from_secs(1))
        .sample_size(30);
    targets = geometry, bytes, lockup, stages
}
criterion_main!(drawing);
