//! AIFF and AIFF-C (Apple, "Audio Interchange File Format AIFF-C", draft of 1991): as WAVE, but the bytes the other way round.

use std::io::{Read as _, Seek as _, SeekFrom};

use super::pcm::{Form, PcmReader};
use super::{Container, DecodeFault, Facts, Source, check};

/// More chunks than any program writes.
const MOST_CHUNKS: usize = 200;

pub(super) fn open<'s>(
    mut source: Box<dyn Source + 's>,
    length: u64,
) -> Result<(PcmReader<'s>, Facts), DecodeFault> {
    let mut common = None;
    let mut sound = None;
    let mut at = 12;
    for _ in 0..MOST_CHUNKS {
        if length.saturating_sub(at) < 8 {
            break;
        }
        source.seek(SeekFrom::Start(at))?;
        let mut header = [0; 8];
        source.read_exact(&mut header)?;
        let size = u64::from(u32_at(&header, 4));
        let start = at + 8;
        let there = size.min(length - start);
        match &header[..4] {
            b"COMM" if there >= 18 => {
                let mut bytes = vec![0; there.min(22) as usize];
                source.read_exact(&mut bytes)?;
                common = Some(read_common(&bytes)?);
            }
            b"SSND" if there > 8 => {
                let mut offset = [0; 4];
                source.read_exact(&mut offset)?;
                let offset = 8 + u64::from(u32_at(&offset, 0));
                sound = Some((start.saturating_add(offset), there.saturating_sub(offset)));
            }
            _ => {}
        }
        at = start + size + (size & 1);
    }
    let Some((form, mut facts, said)) = common else {
        return Err(DecodeFault::Damaged("there is no COMM chunk".to_owned()));
    };
    let (start, bytes) = sound.ok_or(DecodeFault::NoSamples)?;
    let frames = (bytes / (form.bytes() as u64 * u64::from(facts.channels))).min(said);
    facts.frames = Some(said);
    let mut reader = PcmReader::new(source, form, facts.channels as usize, start, frames)?;
    reader.missing = (said > frames).then(|| said - frames);
    Ok((reader, facts))
}

fn read_common(bytes: &[u8]) -> Result<(Form, Facts, u64), DecodeFault> {
    let channels = u32::from(u16::from_be_bytes([bytes[0], bytes[1]]));
    let frames = u64::from(u32_at(bytes, 2));
    let bits = u32::from(u16::from_be_bytes([bytes[6], bytes[7]]));
    let rate_hz = extended(&bytes[8..18]);
    check(rate_hz, channels)?;
    let coding = bytes.get(18..22).unwrap_or(b"NONE");
    let (form, codec) = match (coding, bits) {
        (b"NONE" | b"twos", 1..=8) => (Form::I8, "PCM"),
        (b"NONE" | b"twos", 9..=16) => (Form::I16Be, "PCM"),
        (b"sowt", 16) => (Form::I16, "PCM"),
        (b"NONE" | b"twos" | b"in24", 17..=24) => (Form::I24Be, "PCM"),
        (b"NONE" | b"twos" | b"in32", 25..=32) => (Form::I32Be, "PCM"),
        (b"fl32" | b"FL32", _) => (Form::F32Be, "PCM float"),
        (b"alaw" | b"ALAW", _) => (Form::ALaw, "A-law"),
        (b"ulaw" | b"ULAW", _) => (Form::MuLaw, "mu-law"),
        (b"NONE" | b"twos" | b"sowt" | b"in24" | b"in32", bits) => {
            return Err(DecodeFault::Absurd(format!("{bits} bits a sample")));
        }
        (coding, _) => {
            let coding = coding.escape_ascii();
            return Err(DecodeFault::Unsupported(format!("AIFF-C with {coding}")));
        }
    };
    let container = Container::Aiff;
    let codec = codec.to_owned();
    let facts = Facts {
        container,
        codec,
        rate_hz,
        channels,
        bits: Some(bits),
        frames: None,
    };
    Ok((form, facts, frames))
}

/// A rate as an 80-bit float; zero where it is none that can be.
fn extended(bytes: &[u8]) -> u32 {
    let exponent = i32::from(u16::from_be_bytes([bytes[0], bytes[1]])) - 16_383;
    // The first 32 bits of the mantissa hold every whole rate.
    let mantissa = u32_at(bytes, 2);
    if (0..=31).contains(&exponent) {
        mantissa >> (31 - exponent)
    } else {
        0
    }
}

fn u32_at(bytes: &[u8], at: usize) -> u32 {
    u32::from_be_bytes([bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rates_are_read_from_80_bits() {
        for (bytes, rate_hz) in [
            ([0x40, 0x0c, 0xfa, 0, 0, 0, 0, 0, 0, 0], 16_000),
            ([0x40, 0x0e, 0xac, 0x44, 0, 0, 0, 0, 0, 0], 44_100),
            ([0x7f, 0xff, 0xff, 0, 0, 0, 0, 0, 0, 0], 0),
            ([0; 10], 0),
        ] {
            assert_eq!(extended(&bytes), rate_hz);
        }
    }
}
