//! A night from its making to its pictures: what one part writes, the others read.

use std::io::Cursor;

use nightscan_sound::decode::{Options, Sound};
use nightscan_sound::events::ActivityMeter;
use nightscan_sound::picture::{self, PictureOptions};
use nightscan_sound::synth::{Bed, Scene, night};
use nightscan_sound::wav;

#[test]
fn activity_finds_the_calls_of_a_made_night() {
    let mut found = 0;
    let mut all = 0;
    for (seed, bed) in [(1, Bed::Still), (2, Bed::Wind), (3, Bed::Rain)] {
        let night = night(&Scene::new(seed, 120.0, bed));
        let bytes = wav::clip(&night.samples, 16_000);
        let mut sound = Sound::open(Cursor::new(bytes), &Options::at(16_000)).unwrap();
        let mut meter = ActivityMeter::new(16_000);
        while let Some(block) = sound.next_block().unwrap() {
            meter.push(block);
        }
        let stretches = meter.finish().stretches(0.75);
        let hit = |from_s: f64, to_s: f64| {
            stretches.iter().any(|&(from, to)| {
                let shared = to.min(to_s) - from.max(from_s);
                shared >= 0.5 * (to - from).max(to_s - from_s)
            })
        };
        let hits = night
            .truth
            .iter()
            .filter(|truth| hit(truth.start_s, truth.end_s))
            .count();
        println!(
            "{bed:?}: {hits} of {} calls, {} stretches",
            night.truth.len(),
            stretches.len()
        );
        found += hits;
        all += night.truth.len();
    }
    assert!(found * 10 >= all * 8, "{found} of {all}");
}

#[test]
fn activity_finds_the_events_of_composed_nights() {
    let Some(csv) = crate::data::read("wildlife/composed/events.csv") else {
        return;
    };
    let csv = String::from_utf8(csv).unwrap();
    let (mut found, mut all, mut more) = (0, 0, 0);
    for file in [
        "composed/night_wind_1.ogg",
        "composed/night_rain_2.ogg",
        "composed/voices_wind_3.ogg",
    ] {
        let bytes = crate::data::read(&format!("wildlife/{file}")).unwrap();
        let mut sound = Sound::open(Cursor::new(bytes), &Options::at(16_000)).unwrap();
        let mut meter = ActivityMeter::new(16_000);
        while let Some(block) = sound.next_block().unwrap() {
            meter.push(block);
        }
        let stretches = meter.finish().stretches(0.75);
        let truth: Vec<(f64, f64)> = csv
            .lines()
            .filter(|line| line.starts_with(file))
            .map(|line| {
                let cells: Vec<&str> = line.split(',').collect();
                (cells[1].parse().unwrap(), cells[2].parse().unwrap())
            })
            .collect();
        let hit = |&&(from_s, to_s): &&(f64, f64)| {
            stretches.iter().any(|&(from, to)| {
                to.min(to_s) - from.max(from_s) >= 0.5 * (to - from).max(to_s - from_s)
            })
        };
        let hits = truth.iter().filter(hit).count();
        println!(
            "{file}: {hits} of {} events have their edges, {} stretches",
            truth.len(),
            stretches.len()
        );
        found += hits;
        all += truth.len();
        more += stretches.len();
    }
    println!("{found} of {all}, {more} stretches");
    assert!(found * 2 >= all, "{found} of {all}");
}

#[test]
fn a_night_has_its_picture() {
    let night = night(&Scene::new(5, 20.0, Bed::Wind));
    let png = picture::spectrogram(&night.samples, 16_000, &PictureOptions::default()).unwrap();
    assert!(png.starts_with(b"\x89PNG") && png.len() > 10_000);
}
