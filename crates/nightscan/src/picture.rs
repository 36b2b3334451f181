//! Spectrograms as PNG, painted while the recording is read.

use nightscan_sound::decode::{DecodeFault, Options, Sound, Source};
use nightscan_sound::picture::{Painter, PictureFault, PictureOptions};

/// Why there is no picture.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Fault {
    #[error(transparent)]
    Decode(#[from] DecodeFault),
    #[error(transparent)]
    Picture(#[from] PictureFault),
}

/// Paints a stretch of a recording: time to the right, frequency upwards. Memory is bounded by the picture.
pub(crate) fn spectrogram(
    source: impl Source + 'static,
    (from_s, to_s): (f64, f64),
    options: &PictureOptions,
) -> Result<Vec<u8>, Fault> {
    let mut sound = Sound::open(source, &Options::default())?;
    let rate_hz = sound.rate_hz();
    let total = ((to_s - from_s).max(0.0) * f64::from(rate_hz)).round() as u64;
    let mut painter = Painter::new(total, rate_hz, options)?;
    sound.seek(from_s)?;
    let mut left = total;
    while left > 0 {
        let Some(block) = sound.next_block()? else {
            break;
        };
        let count = block.len().min(usize::try_from(left).unwrap_or(usize::MAX));
        painter.push(&block[..count]);
        left -= count as u64;
    }
    Ok(painter.finish())
}
