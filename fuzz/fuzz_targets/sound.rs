//! Any bytes as a recording: named as a fault or read to the end, every sample a number, and what its recorder tells within bounds.
#![no_main]

use std::io::Cursor;

use libfuzzer_sys::fuzz_target;
use nightscan_sound::decode::{Options, Sound};
use nightscan_sound::metadata;

/// Small files can hold much silence: two minutes at 16 kHz are enough.
const MOST_SAMPLES: usize = 2_000_000;

fuzz_target!(|input: (&[u8], &str, bool)| {
    let (bytes, name, resampled) = input;
    let told =
        metadata::read(&mut Cursor::new(bytes), name).expect("memory is read without a fault");
    if let Some(place) = told.place {
        assert!(place.value.lat.abs() <= 90.0 && place.value.lon.abs() <= 180.0);
    }
    let options = if resampled {
        Options::at(16_000)
    } else {
        Options::default()
    };
    let mut sound = match Sound::open(Cursor::new(bytes), &options) {
        Ok(sound) => sound,
        Err(fault) => {
            assert!(!fault.to_string().is_empty());
            return;
        }
    };
    let mut samples = 0;
    while let Ok(Some(block)) = sound.next_block() {
        assert!(block.iter().all(|sample| sample.is_finite()));
        samples += block.len();
        if samples > MOST_SAMPLES {
            return;
        }
    }
    assert!(sound.heard().seconds >= 0.0);
    if let Ok(span) = sound.span(0.2, 0.4) {
        assert!(span.len() <= sound.rate_hz() as usize);
    }
});
