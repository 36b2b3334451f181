//! WAVE files: our own reader, because recorders write files above 4 GB (RF64, BW64) and headers that were never finished, and
//! because these are most of what is read.

use std::io::{Read as _, Seek as _, SeekFrom};

use super::{Container, DecodeFault, Facts, Source, check};
use crate::riff::{self, Riff, u16_at, u32_at};

/// Frames read at once hold about this many bytes.
const PIECE_BYTES: usize = 1 << 16;

/// How a sample is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Form {
    U8,
    I16,
    I24,
    I32,
    F32,
    F64,
    ALaw,
    MuLaw,
}

impl Form {
    fn bytes(self) -> usize {
        match self {
            Self::U8 | Self::ALaw | Self::MuLaw => 1,
            Self::I16 => 2,
            Self::I24 => 3,
            Self::I32 | Self::F32 => 4,
            Self::F64 => 8,
        }
    }
}

pub(super) struct WavReader<'s> {
    source: Box<dyn Source + 's>,
    form: Form,
    channels: usize,
    start: u64,
    frames: u64,
    at: u64,
    bytes: Vec<u8>,
    /// Frames that the header speaks of and the file does not have.
    pub(super) missing: Option<u64>,
}

impl<'s> WavReader<'s> {
    pub(super) fn open(mut source: Box<dyn Source + 's>) -> Result<(Self, Facts), DecodeFault> {
        let riff = riff::walk(&mut *source)?.ok_or(DecodeFault::NotASound)?;
        let Some(format) = riff.chunk(b"fmt ") else {
            return Err(DecodeFault::Damaged("there is no fmt chunk".to_owned()));
        };
        let format = riff::read(&mut *source, format, 40)?;
        let (form, mut facts, block_bytes) = read_format(&format)?;
        let Some(data) = riff.chunk(b"data") else {
            return Err(no_data(&riff));
        };
        let frames = data.there / block_bytes as u64;
        let said = data.said / block_bytes as u64;
        if frames == 0 {
            return Err(DecodeFault::NoSamples);
        }
        facts.frames = Some(said);
        let reader = Self {
            source,
            form,
            channels: facts.channels as usize,
            start: data.start,
            frames,
            at: 0,
            bytes: Vec::new(),
            missing: (said > frames || riff.open_ended).then(|| said - frames),
        };
        Ok((reader, facts))
    }

    /// The next frames, interleaved; `false` at the end.
    pub(super) fn next(&mut self, interleaved: &mut Vec<f32>) -> Result<bool, DecodeFault> {
        interleaved.clear();
        let block = self.form.bytes() * self.channels;
        let most = (PIECE_BYTES / block).max(1) as u64;
        let frames = most.min(self.frames - self.at);
        if frames == 0 {
            return Ok(false);
        }
        self.bytes.resize(frames as usize * block, 0);
        self.source.seek(SeekFrom::Start(self.start + self.at * block as u64))?;
        self.source.read_exact(&mut self.bytes)?;
        self.at += frames;
        convert(self.form, &self.bytes, interleaved);
        Ok(true)
    }

    pub(super) fn seek(&mut self, frame: u64) {
        self.at = frame.min(self.frames);
    }
}

fn no_data(riff: &Riff) -> DecodeFault {
    let names: Vec<_> =
        riff.chunks.iter().take(8).map(|chunk| chunk.id.escape_ascii().to_string()).collect();
    DecodeFault::Damaged(format!("there is no data chunk, only {}", names.join(", ")))
}

/// What the `fmt ` chunk says, and the bytes of a frame.
fn read_format(format: &[u8]) -> Result<(Form, Facts, usize), DecodeFault> {
    if format.len() < 16 {
        return Err(DecodeFault::Damaged("the fmt chunk is too short".to_owned()));
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
            return Err(DecodeFault::Damaged("the extensible fmt chunk is too short".to_owned()));
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
            return Err(DecodeFault::Absurd(format!("{bits} bits a sample (format {tag})")));
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

fn convert(form: Form, bytes: &[u8], out: &mut Vec<f32>) {
    match form {
        Form::U8 => out.extend(bytes.iter().map(|&byte| (f32::from(byte) - 128.0) / 128.0)),
        Form::I16 => out.extend(
            bytes.as_chunks::<2>().0.iter().map(|&b| f32::from(i16::from_le_bytes(b)) / 32_768.0),
        ),
        Form::I24 => out.extend(bytes.as_chunks::<3>().0.iter().map(|&[low, mid, high]| {
            (i32::from_le_bytes([0, low, mid, high]) >> 8) as f32 / 8_388_608.0
        })),
        Form::I32 => out.extend(
            bytes.as_chunks::<4>().0.iter().map(|&b| i32::from_le_bytes(b) as f32 / 2_147_483_648.0),
        ),
        Form::F32 => {
            out.extend(bytes.as_chunks::<4>().0.iter().map(|&b| tame(f32::from_le_bytes(b))));
        }
        Form::F64 => {
            out.extend(bytes.as_chunks::<8>().0.iter().map(|&b| tame(f64::from_le_bytes(b) as f32)));
        }
        Form::ALaw => out.extend(bytes.iter().map(|&byte| a_law(byte))),
        Form::MuLaw => out.extend(bytes.iter().map(|&byte| mu_law(byte))),
    }
}

/// Floats may hold anything; what is not a number is silence, and what is far above full scale is bounded.
pub(super) fn tame(sample: f32) -> f32 {
    if sample.is_finite() { sample.clamp(-65_536.0, 65_536.0) } else { 0.0 }
}

/// ITU-T G.711, A-law.
fn a_law(byte: u8) -> f32 {
    let byte = byte ^ 0x55;
    let exponent = byte >> 4 & 7;
    let mantissa = i32::from(byte & 15) << 4 | 8;
    let size = if exponent == 0 { mantissa } else { (mantissa | 0x100) << (exponent - 1) };
    (if byte & 0x80 == 0 { -size } else { size }) as f32 / 32_768.0
}

/// ITU-T G.711, mu-law.
fn mu_law(byte: u8) -> f32 {
    let byte = !byte;
    let size = ((i32::from(byte & 15) << 3 | 0x84) << (byte >> 4 & 7)) - 0x84;
    (if byte & 0x80 == 0 { size } else { -size }) as f32 / 32_768.0
}

#[cfg(test)]
mod tests {
    use super::*;

    fn converted(form: Form, bytes: &[u8]) -> Vec<f32> {
        let mut out = Vec::new();
        convert(form, bytes, &mut out);
        out
    }

    #[test]
    fn every_form_of_sample_has_its_scale() {
        for (form, bytes, wanted) in [
            (Form::U8, &[0, 128, 192][..], &[-1.0, 0.0, 0.5][..]),
            (Form::I16, &[0, 0x80, 0, 0x40], &[-1.0, 0.5]),
            (Form::I24, &[0, 0, 0x80, 0, 0, 0x40], &[-1.0, 0.5]),
            (Form::I32, &[0, 0, 0, 0x80, 0, 0, 0, 0x40], &[-1.0, 0.5]),
            (Form::F32, &0.25_f32.to_le_bytes(), &[0.25]),
            (Form::F64, &(-0.25_f64).to_le_bytes(), &[-0.25]),
            (Form::F32, &f32::NAN.to_le_bytes(), &[0.0]),
            (Form::F32, &f32::NEG_INFINITY.to_le_bytes(), &[0.0]),
            // The loudest and the quietest values of G.711.
            (Form::ALaw, &[0xaa, 0x2a, 0xd5, 0x55], &[32_256.0 / 32_768.0, -32_256.0 / 32_768.0, 8.0 / 32_768.0, -8.0 / 32_768.0]),
            (Form::MuLaw, &[0x80, 0x00, 0xff], &[32_124.0 / 32_768.0, -32_124.0 / 32_768.0, 0.0]),
        ] {
            assert_eq!(converted(form, bytes), wanted, "{form:?}");
        }
    }
}
