//! As much of RIFF WAVE as silencing and cutting need: where the samples lie, and headers of our own.

use std::io::{self, Read, Seek, SeekFrom};
use std::ops::Range;

use bytes::Bytes;

use crate::analysis::Span;

/// Chunks that are looked at: no recorder writes as many.
const MOST_CHUNKS: usize = 1_000;
/// PCM, IEEE float, and the tag behind which one of these stands.
const CODECS: [u16; 3] = [1, 3, 0xFFFE];

/// Where the samples of a WAVE file lie.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Layout {
    start: u64,
    length: u64,
    frame_bytes: u64,
    rate_hz: u32,
    bits: u16,
}

impl Layout {
    /// The bytes of a stretch, in whole frames.
    pub(crate) fn bytes(&self, span: Span) -> Range<u64> {
        let frames = frames(span, self.rate_hz);
        let byte = |frame: u64| {
            let within = frame.saturating_mul(self.frame_bytes).min(self.length);
            self.start + within
        };
        byte(frames.start)..byte(frames.end)
    }

    pub(crate) fn silence(&self) -> u8 {
        if self.bits == 8 { 128 } else { 0 }
    }
}

/// The frames of a stretch: none that it touches is left out.
pub(crate) fn frames(span: Span, rate_hz: u32) -> Range<u64> {
    let frame = |seconds: f64| seconds.max(0.0) * f64::from(rate_hz);
    frame(span.start_s).floor() as u64..frame(span.end_s).ceil() as u64
}

/// Finds the samples; none where this is no WAVE file of plain samples.
pub(crate) fn layout(source: &mut (impl Read + Seek)) -> io::Result<Option<Layout>> {
    let length = source.seek(SeekFrom::End(0))?;
    source.seek(SeekFrom::Start(0))?;
    let mut head = [0; 12];
    if length < 12 {
        return Ok(None);
    }
    source.read_exact(&mut head)?;
    let wide = matches!(&head[..4], b"RF64" | b"BW64");
    if !(wide || &head[..4] == b"RIFF") || &head[8..] != b"WAVE" {
        return Ok(None);
    }
    let (mut at, mut form, mut wide_length) = (12_u64, None, None);
    for _ in 0..MOST_CHUNKS {
        if length.saturating_sub(at) < 8 {
            return Ok(None);
        }
        source.seek(SeekFrom::Start(at))?;
        let mut header = [0; 8];
        source.read_exact(&mut header)?;
        let said = u32_at(&header, 4);
        let (start, left) = (at + 8, length - at - 8);
        match &header[..4] {
            b"ds64" if wide && left >= 24 => {
                let mut sizes = [0; 24];
                source.read_exact(&mut sizes)?;
                let (low, high) = (u32_at(&sizes, 8), u32_at(&sizes, 12));
                wide_length = Some(u64::from(high) << 32 | u64::from(low));
            }
            b"fmt " if said >= 16 && left >= 16 => {
                let mut bytes = [0; 16];
                source.read_exact(&mut bytes)?;
                form = Some(bytes);
            }
            b"data" => {
                let unfinished = said == u32::MAX || said == 0;
                let length = match wide_length.filter(|_| said == u32::MAX) {
                    Some(length) => length,
                    None if unfinished => left,
                    None => u64::from(said),
                };
                return Ok(form.and_then(|form| of(&form, start, length.min(left))));
            }
            _ => {}
        }
        // Chunks begin at even places.
        at = start + u64::from(said) + u64::from(said & 1);
    }
    Ok(None)
}

fn of(form: &[u8; 16], start: u64, length: u64) -> Option<Layout> {
    let (codec, frame_bytes, bits) = (u16_at(form, 0), u16_at(form, 12), u16_at(form, 14));
    let rate_hz = u32_at(form, 4);
    (CODECS.contains(&codec) && frame_bytes > 0 && rate_hz > 0).then_some(Layout {
        start,
        length,
        frame_bytes: frame_bytes.into(),
        rate_hz,
        bits,
    })
}

/// Bytes of a header of ours.
pub(crate) const HEADER_BYTES: u64 = 44;

/// The header of 16-bit samples, where their number is known.
pub(crate) fn header(rate_hz: u32, channels: u32, frames: u64) -> Bytes {
    let length = frames * u64::from(channels) * 2;
    let length = u32::try_from(length).unwrap_or(u32::MAX);
    written(rate_hz, channels, length)
}

/// The same where it is not: readers take what is there.
pub(crate) fn endless_header(rate_hz: u32, channels: u32) -> Bytes {
    written(rate_hz, channels, u32::MAX)
}

fn written(rate_hz: u32, channels: u32, length: u32) -> Bytes {
    let channels = channels.min(64) as u16;
    let frame_bytes = channels * 2;
    let mut header = Vec::with_capacity(HEADER_BYTES as usize);
    header.extend_from_slice(b"RIFF");
    header.extend_from_slice(&length.saturating_add(36).to_le_bytes());
    header.extend_from_slice(b"WAVEfmt \x10\0\0\0\x01\0");
    header.extend_from_slice(&channels.to_le_bytes());
    header.extend_from_slice(&rate_hz.to_le_bytes());
    header.extend_from_slice(&(rate_hz * u32::from(frame_bytes)).to_le_bytes());
    header.extend_from_slice(&frame_bytes.to_le_bytes());
    header.extend_from_slice(b"\x10\0data");
    header.extend_from_slice(&length.to_le_bytes());
    header.into()
}

/// A sample of 16 bits.
pub(crate) fn sample(value: f32) -> i16 {
    (value.clamp(-1.0, 1.0) * 32_767.0).round() as i16
}

fn u16_at(bytes: &[u8], at: usize) -> u16 {
    u16::from_le_bytes([bytes[at], bytes[at + 1]])
}

fn u32_at(bytes: &[u8], at: usize) -> u32 {
    u32::from_le_bytes([bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]])
}
