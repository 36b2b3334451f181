//! WAVE files: our own reader, because recorders write files above 4 GB (RF64, BW64) and headers that were never finished, and
//! because these are most of what is read.

use super::pcm::{Form, PcmReader};
use super::{Container, DecodeFault, Facts, Source, check};
use crate::riff::{self, Riff, u16_at, u32_at};

pub(super) fn open<'s>(
    mut source: Box<dyn Source + 's>,
) -> Result<(PcmReader<'s>, Facts), DecodeFault> {
    let riff = riff::walk(&mut *source)?.ok_or(DecodeFault::NotASound)?;
    let Some(format) = riff.chunk(*b"fmt ") else {
        return Err(DecodeFault::Damaged("there is no fmt chunk".to_owned()));
    };
    let format = riff::read(&mut *source, format, 40)?;
    let (form, mut facts, block_bytes) = read_format(&format)?;
    let Some(data) = riff.chunk(*b"data") else {
        return Err(no_data(&riff));
    };
    let frames = data.there / block_bytes as u64;
    let said = data.said / block_bytes as u64;
    facts.frames = Some(said);
    let mut reader = PcmReader::new(source, form, facts.channels as usize, data.start, frames)?;
    reader.missing = (said > frames || riff.open_ended).then(|| said - frames);
    Ok((reader, facts))
}

fn no_data(riff: &Riff) -> DecodeFault {
    let names: Vec<_> = riff
        .chunks
        .iter()
        .take(8)
        .map(|chunk| chunk.id.escape_ascii().to_string())
        .collect();
    DecodeFault::Damaged(format!("there is no data chunk, only {}", names.join(", ")))
}

/// What the `fmt ` chunk says, and the bytes of a frame.
fn read_format(format: &[u8]) -> Result<(Form, Facts, usize), DecodeFault> {
    if format.len() < 16 {
        return Err(DecodeFault::Damaged(
            "the fmt chunk is too short".to_owned(),
        ));
    }
    let mut tag = u16_at(format, 0);
    let channels = u32::from(u16_at(format, 2));
    let rate_hz = u32_at(format, 4);
    let block_bytes = usize::from(u16_at(format, 12));
    let bits = u16_at(format, 14);
    check(rate_hz, channels)?;
    if tag == 0xfffe {
        // WAVE_FORMAT_EXTENSIBLE: the true tag begins the sub-format's identifier.
        if format.len() < 26 {
            return Err(DecodeFault::Damaged(
                "the extensible fmt chunk is too short".to_owned(),
            ));
        }
        tag = u16_at(format, 24);
    }
    // The container counts: 20 valid bits of 24 stand in the upper ones.
    let container_bits = block_bytes * 8 / channels as usize;
    let (form, codec) = match (tag, container_bits) {
        (1, 8) => (Form::U8, "PCM"),
        (1, 16) => (Form::I16, "PCM"),
        (1, 24) => (Form::I24, "PCM"),
        (1, 32) => (Form::I32, "PCM"),
        (3, 32) => (Form::F32, "PCM float"),
        (3, 64) => (Form::F64, "PCM float"),
        (6, 8) => (Form::ALaw, "A-law"),
        (7, 8) => (Form::MuLaw, "mu-law"),
        (1 | 3 | 6 | 7, bits) => {
            return Err(DecodeFault::Absurd(format!(
                "{bits} bits a sample (format {tag})"
            )));
        }
        (2 | 0x11, _) => return Err(DecodeFault::Unsupported("ADPCM in WAV".to_owned())),
        (0x50 | 0x55, _) => return Err(DecodeFault::Unsupported("MPEG in WAV".to_owned())),
        (tag, _) => return Err(DecodeFault::Unsupported(format!("WAV format {tag}"))),
    };
    let facts = Facts {
        container: Container::Wav,
        codec: codec.to_owned(),
        rate_hz,
        channels,
        bits: Some(u32::from(bits)),
        frames: None,
    };
    if block_bytes != form.bytes() * channels as usize {
        let fault = format!("frames of {block_bytes} bytes for {channels} channels");
        return Err(DecodeFault::Absurd(fault));
    }
    Ok((form, facts, block_bytes))
}
