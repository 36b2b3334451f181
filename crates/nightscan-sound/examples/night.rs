//! Makes a sample recording and its picture: `cargo run -p nightscan-sound --example night -- FOLDER`.

use std::error::Error;
use std::fmt::Write as _;
use std::path::PathBuf;

use nightscan_sound::picture::{PictureOptions, spectrogram};
use nightscan_sound::synth::{Bed, Scene, night};
use nightscan_sound::wav;

fn main() -> Result<(), Box<dyn Error>> {
    let folder = PathBuf::from(std::env::args().nth(1).ok_or("say in which folder")?);
    for (name, bed, seed) in [
        ("still", Bed::Still, 11),
        ("wind", Bed::Wind, 12),
        ("rain", Bed::Rain, 13),
    ] {
        let night = night(&Scene::new(seed, 60.0, bed));
        let picture = spectrogram(&night.samples, 16_000, &PictureOptions::default())?;
        let mut truth = String::from("start_s,end_s,class,voice,snr_db\n");
        for call in &night.truth {
            writeln!(
                truth,
                "{:.2},{:.2},{},{:?},{:.1}",
                call.start_s, call.end_s, call.class, call.voice, call.snr_db
            )?;
        }
        std::fs::write(
            folder.join(format!("{name}.wav")),
            wav::clip(&night.samples, 16_000),
        )?;
        std::fs::write(folder.join(format!("{name}.png")), picture)?;
        std::fs::write(folder.join(format!("{name}.csv")), truth)?;
    }
    Ok(())
}
