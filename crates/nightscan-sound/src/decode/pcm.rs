//! Samples that stand in a file one after the other, as WAVE and AIFF write them.

use std::io::{Read as _, Seek as _, SeekFrom};

use super::{DecodeFault, Source};

/// Frames read at once hold about this many bytes.
const PIECE_BYTES: usize = 1 << 16;

/// How a sample is written; little-endian where nothing else is said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    I8,
    U8,
    I16,
    I16Be,
    I24,
    I24Be,
    I32,
    I32Be,
    F32,
    F32Be,
    F64,
    ALaw,
    MuLaw,
}

impl Form {
    pub(super) fn bytes(self) -> usize {
        match self {
            Self::I8 | Self::U8 | Self::ALaw | Self::MuLaw => 1,
            Self::I16 | Self::I16Be => 2,
            Self::I24 | Self::I24Be => 3,
            Self::I32 | Self::I32Be | Self::F32 | Self::F32Be => 4,
            Self::F64 => 8,
        }
    }
}

pub(super) struct PcmReader<'s> {
    source: Box<dyn Source + 's>,
    form: Form,
    channels: usize,
    start: u64,
    frames: u64,
    at: u64,
    bytes: Vec<u8>,
    /// Frames that the header speaks of and the file does not have; zero where the header was not finished.
    pub(super) missing: Option<u64>,
}

impl<'s> PcmReader<'s> {
    pub(super) fn new(
        source: Box<dyn Source + 's>,
        form: Form,
        channels: usize,
        start: u64,
        frames: u64,
    ) -> Result<Self, DecodeFault> {
        if frames == 0 {
            return Err(DecodeFault::NoSamples);
        }
        Ok(Self {
            source,
            form,
            channels,
            start,
            frames,
            at: 0,
            bytes: Vec::new(),
            missing: None,
        })
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
        self.source
            .seek(SeekFrom::Start(self.start + self.at * block as u64))?;
        self.source.read_exact(&mut self.bytes)?;
        self.at += frames;
        convert(self.form, &self.bytes, interleaved);
        Ok(true)
    }

    pub(super) fn seek(&mut self, frame: u64) {
        self.at = frame.min(self.frames);
    }
}

fn convert(form: Form, bytes: &[u8], out: &mut Vec<f32>) {
    match form {
        Form::I8 => out.extend(
            bytes
                .iter()
                .map(|&byte| f32::from(byte.cast_signed()) / 128.0),
        ),
        Form::U8 => out.extend(bytes.iter().map(|&byte| (f32::from(byte) - 128.0) / 128.0)),
        Form::I16 => out.extend(
            bytes
                .as_chunks::<2>()
                .0
                .iter()
                .map(|&b| f32::from(i16::from_le_bytes(b)) / 32_768.0),
        ),
        Form::I16Be => out.extend(
            bytes
                .as_chunks::<2>()
                .0
                .iter()
                .map(|&b| f32::from(i16::from_be_bytes(b)) / 32_768.0),
        ),
        Form::I24Be => out.extend(bytes.as_chunks::<3>().0.iter().map(|&[high, mid, low]| {
            (i32::from_le_bytes([0, low, mid, high]) >> 8) as f32 / 8_388_608.0
        })),
        Form::I32Be => out.extend(
            bytes
                .as_chunks::<4>()
                .0
                .iter()
                .map(|&b| i32::from_be_bytes(b) as f32 / 2_147_483_648.0),
        ),
        Form::F32Be => {
            out.extend(
                bytes
                    .as_chunks::<4>()
                    .0
                    .iter()
                    .map(|&b| tame(f32::from_be_bytes(b))),
            );
        }
        Form::I24 => out.extend(bytes.as_chunks::<3>().0.iter().map(|&[low, mid, high]| {
            (i32::from_le_bytes([0, low, mid, high]) >> 8) as f32 / 8_388_608.0
        })),
        Form::I32 => out.extend(
            bytes
                .as_chunks::<4>()
                .0
                .iter()
                .map(|&b| i32::from_le_bytes(b) as f32 / 2_147_483_648.0),
        ),
        Form::F32 => {
            out.extend(
                bytes
                    .as_chunks::<4>()
                    .0
                    .iter()
                    .map(|&b| tame(f32::from_le_bytes(b))),
            );
        }
        Form::F64 => {
            out.extend(
                bytes
                    .as_chunks::<8>()
                    .0
                    .iter()
                    .map(|&b| tame(f64::from_le_bytes(b) as f32)),
            );
        }
        Form::ALaw => out.extend(bytes.iter().map(|&byte| a_law(byte))),
        Form::MuLaw => out.extend(bytes.iter().map(|&byte| mu_law(byte))),
    }
}

/// Floats may hold anything; what is not a number is silence, and what is far above full scale is bounded.
pub(super) fn tame(sample: f32) -> f32 {
    if sample.is_finite() {
        sample.clamp(-65_536.0, 65_536.0)
    } else {
        0.0
    }
}

/// ITU-T G.711, A-law.
fn a_law(byte: u8) -> f32 {
    let byte = byte ^ 0x55;
    let exponent = byte >> 4 & 7;
    let mantissa = i32::from(byte & 15) << 4 | 8;
    let size = if exponent == 0 {
        mantissa
    } else {
        (mantissa | 0x100) << (exponent - 1)
    };
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
            (Form::I8, &[0x80, 0x40], &[-1.0, 0.5]),
            (Form::I16Be, &[0x80, 0, 0x40, 0], &[-1.0, 0.5]),
            (Form::I24Be, &[0x80, 0, 0, 0x40, 0, 0], &[-1.0, 0.5]),
            (Form::I32Be, &[0x80, 0, 0, 0, 0x40, 0, 0, 0], &[-1.0, 0.5]),
            (Form::F32Be, &0.25_f32.to_be_bytes(), &[0.25]),
            (Form::I24, &[0, 0, 0x80, 0, 0, 0x40], &[-1.0, 0.5]),
            (Form::I32, &[0, 0, 0, 0x80, 0, 0, 0, 0x40], &[-1.0, 0.5]),
            (Form::F32, &0.25_f32.to_le_bytes(), &[0.25]),
            (Form::F64, &(-0.25_f64).to_le_bytes(), &[-0.25]),
            (Form::F32, &f32::NAN.to_le_bytes(), &[0.0]),
            (Form::F32, &f32::NEG_INFINITY.to_le_bytes(), &[0.0]),
            // The loudest and the quietest values of G.711.
            (
                Form::ALaw,
                &[0xaa, 0x2a, 0xd5, 0x55],
                &[
                    32_256.0 / 32_768.0,
                    -32_256.0 / 32_768.0,
                    8.0 / 32_768.0,
                    -8.0 / 32_768.0,
                ],
            ),
            (
                Form::MuLaw,
                &[0x80, 0x00, 0xff],
                &[32_124.0 / 32_768.0, -32_124.0 / 32_768.0, 0.0],
            ),
        ] {
            assert_eq!(converted(form, bytes), wanted, "{form:?}");
        }
    }
}
