//! Any text as a scrape: read or refused with the lines of its faults, never a panic, and what was read says no more than its text.
#![no_main]

use libfuzzer_sys::fuzz_target;
use readiness::prometheus::parse;

fuzz_target!(|text: &str| {
    let lines = text.split('\n').count();
    match parse(text) {
        Ok(read) => {
            assert!(read.series() <= lines);
            for family in &read.families {
                assert!(!family.name.is_empty() && (1..=lines).contains(&family.line));
            }
            let _ = read.unconventional();
        }
        Err(faults) => {
            assert!(!faults.is_empty() && faults.len() <= 100);
            assert!(faults.iter().all(|fault| (1..=lines).contains(&fault.line) && !fault.what.is_empty()));
        }
    }
});
