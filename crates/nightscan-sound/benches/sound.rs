//! What an hour costs: decoding, activity, quality, and the picture of a minute.

use std::hint::black_box;
use std::io::Cursor;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use nightscan_sound::decode::{Options, Sound};
use nightscan_sound::events::ActivityMeter;
use nightscan_sound::picture::{PictureOptions, spectrogram};
use nightscan_sound::quality::{IndicesMeter, QualityMeter};
use nightscan_sound::synth::{Bed, Scene, night};
use nightscan_sound::wav;

const WHISTLE_FLAC: &[u8] = include_bytes!("../fixtures/whistle_48k.flac");

fn read(bytes: &[u8], options: &Options) -> usize {
    let mut sound = Sound::open(Cursor::new(bytes), options).expect("the bytes are a sound");
    let mut samples = 0;
    while let Some(block) = sound.next_block().expect("memory is read without a fault") {
        samples += block.len();
    }
    samples
}

fn minute(c: &mut Criterion) {
    let scene = Scene::new(4, 60.0, Bed::Wind);
    let at_16k = night(&scene).samples;
    let at_48k = night(&Scene {
        rate_hz: 48_000,
        ..scene
    })
    .samples;
    let mut group = c.benchmark_group("a minute");
    group.sample_size(20);
    group.throughput(Throughput::Elements(60));
    for (name, samples, rate_hz) in [("16 kHz", &at_16k, 16_000), ("48 kHz", &at_48k, 48_000)] {
        let bytes = wav::clip(samples, rate_hz);
        group.bench_function(format!("WAV {name} to 16 kHz"), |b| {
            b.iter(|| read(black_box(&bytes), &Options::at(16_000)));
        });
        group.bench_function(format!("spectrogram {name}, 1200 x 320"), |b| {
            b.iter(|| spectrogram(black_box(samples), rate_hz, &PictureOptions::default()));
        });
    }
    group.bench_function("activity", |b| {
        b.iter(|| {
            let mut meter = ActivityMeter::new(16_000);
            black_box(&at_16k)
                .chunks(32_768)
                .for_each(|block| meter.push(block));
            meter.finish()
        });
    });
    group.bench_function("quality", |b| {
        b.iter(|| {
            let mut meter = QualityMeter::new(16_000);
            meter.push(black_box(&at_16k));
            meter.quality()
        });
    });
    group.bench_function("indices", |b| {
        b.iter(|| {
            let mut meter = IndicesMeter::new(16_000);
            meter.push(black_box(&at_16k));
            meter.indices()
        });
    });
    group.finish();
    let mut group = c.benchmark_group("1.5 s");
    group.bench_function("FLAC 48 kHz to 16 kHz", |b| {
        b.iter(|| read(black_box(WHISTLE_FLAC), &Options::at(16_000)));
    });
    group.finish();
}

criterion_group!(benches, minute);
criterion_main!(benches);
