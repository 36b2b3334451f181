//! Any seed text, family, emotion and initial: drawing neither panics nor depends on anything else, and stays on the canvas.
#![no_main]

use libfuzzer_sys::fuzz_target;
use luna_drawing::emotion::Emotion;
use luna_drawing::family::{Detail, Family};
use luna_drawing::mark::Mark;
use luna_drawing::stream::Seed;

fuzz_target!(|input: (&str, u8, u8, char)| {
    let (text, family, emotion, initial) = input;
    let mark = Mark {
        seed: Seed::from_text(text),
        family: Family::ALL[usize::from(family) % Family::ALL.len()],
        emotion: Emotion::ALL[usize::from(emotion) % Emotion::ALL.len()],
        initial,
    };
    let values = mark.values();
    assert_eq!(values, mark.values(), "the same mark has the same values");
    for detail in Detail::ALL {
        let drawing = mark.draw(&values, detail);
        if drawing.shapes().is_empty() {
            continue;
        }
        let bounds = drawing.bounds();
        for edge in [bounds.left, bounds.top, bounds.right, bounds.bottom] {
            assert!((0.0..=64.0).contains(&edge), "{mark:?} {detail:?} leaves the canvas: {bounds:?}");
        }
    }
});
