//! Writing clips as 16-bit WAVE, and silencing spans before they are kept.

use std::io::{self, Seek, SeekFrom, Write};

/// A span that is silenced fades out and in for so long: no click, and nothing of the voice.
const FADE_S: f64 = 0.02;

/// The bytes of a clip: one channel, 16 bit. What is above full scale is cut at it.
pub fn clip(samples: &[f32], rate_hz: u32) -> Vec<u8> {
    let data_bytes = u32::try_from(samples.len() * 2).unwrap_or(u32::MAX - 36);
    let mut bytes = Vec::with_capacity(44 + samples.len() * 2);
    bytes.extend(header(rate_hz, data_bytes));
    bytes.extend(
        samples
            .iter()
            .flat_map(|&sample| to_i16(sample).to_le_bytes()),
    );
    bytes
}

/// Writes a recording of any length, block by block; above 4 GB as RF64 (EBU Tech 3306).
pub struct WavWriter<W: Write + Seek> {
    out: W,
    rate_hz: u32,
    data_bytes: u64,
    bytes: Vec<u8>,
}

/// RF64 needs room for its sizes: a chunk that readers pass over holds it until then.
const HEADER_BYTES: u64 = 80;

impl<W: Write + Seek> WavWriter<W> {
    /// Begins a recording of one channel.
    pub fn new(mut out: W, rate_hz: u32) -> io::Result<Self> {
        out.write_all(&wide_header(rate_hz, 0))?;
        Ok(Self {
            out,
            rate_hz,
            data_bytes: 0,
            bytes: Vec::new(),
        })
    }

    /// Adds samples.
    pub fn push(&mut self, samples: &[f32]) -> io::Result<()> {
        self.bytes.clear();
        self.bytes.extend(
            samples
                .iter()
                .flat_map(|&sample| to_i16(sample).to_le_bytes()),
        );
        self.data_bytes += self.bytes.len() as u64;
        self.out.write_all(&self.bytes)
    }

    /// Writes the sizes into the header and gives the writer back.
    pub fn finish(mut self) -> io::Result<W> {
        self.out.seek(SeekFrom::Start(0))?;
        self.out
            .write_all(&wide_header(self.rate_hz, self.data_bytes))?;
        self.out.seek(SeekFrom::End(0))?;
        self.out.flush()?;
        Ok(self.out)
    }
}

fn header(rate_hz: u32, data_bytes: u32) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(44);
    bytes.extend(b"RIFF");
    bytes.extend((data_bytes + 36).to_le_bytes());
    bytes.extend(b"WAVE");
    bytes.extend(format(rate_hz));
    bytes.extend(b"data");
    bytes.extend(data_bytes.to_le_bytes());
    bytes
}

fn wide_header(rate_hz: u32, data_bytes: u64) -> Vec<u8> {
    let riff_bytes = data_bytes + HEADER_BYTES - 8;
    let narrow = u32::try_from(riff_bytes).ok();
    let mut bytes = Vec::with_capacity(HEADER_BYTES as usize);
    bytes.extend(if narrow.is_some() { b"RIFF" } else { b"RF64" });
    bytes.extend(narrow.unwrap_or(u32::MAX).to_le_bytes());
    bytes.extend(b"WAVE");
    bytes.extend(if narrow.is_some() { b"JUNK" } else { b"ds64" });
    bytes.extend(28_u32.to_le_bytes());
    let sizes = [riff_bytes, data_bytes, data_bytes / 2];
    bytes.extend(sizes.iter().flat_map(|size| size.to_le_bytes()));
    bytes.extend(0_u32.to_le_bytes());
    bytes.extend(format(rate_hz));
    bytes.extend(b"data");
    let data = if narrow.is_some() {
        data_bytes as u32
    } else {
        u32::MAX
    };
    bytes.extend(data.to_le_bytes());
    bytes
}

/// The `fmt ` chunk for one channel of 16 bit.
fn format(rate_hz: u32) -> Vec<u8> {
    let mut bytes = b"fmt \x10\0\0\0\x01\0\x01\0".to_vec();
    bytes.extend(rate_hz.to_le_bytes());
    bytes.extend(rate_hz.saturating_mul(2).to_le_bytes());
    bytes.extend(b"\x02\0\x10\0");
    bytes
}

fn to_i16(sample: f32) -> i16 {
    // `as` saturates, and makes silence of what is not a number.
    (sample * 32_768.0).round() as i16
}

/// Takes the sound out of spans of a stream, whatever its blocks.
#[derive(Clone, Debug)]
pub struct Silencer {
    spans: Vec<(f64, f64)>,
    rate_hz: u32,
    at: u64,
}

impl Silencer {
    /// `spans` in seconds, in any order; they may overlap.
    pub fn new(spans: &[(f64, f64)], rate_hz: u32) -> Self {
        let mut sorted: Vec<(f64, f64)> = spans
            .iter()
            .copied()
            .filter(|(from_s, to_s)| to_s > from_s)
            .collect();
        sorted.sort_by(|a, b| a.0.total_cmp(&b.0));
        let mut spans: Vec<(f64, f64)> = Vec::new();
        for (from_s, to_s) in sorted {
            match spans.last_mut() {
                // Closer than two fades there is nothing left to hear.
                Some(last) if from_s - last.1 <= 2.0 * FADE_S => last.1 = last.1.max(to_s),
                _ => spans.push((from_s, to_s)),
            }
        }
        Self {
            spans,
            rate_hz,
            at: 0,
        }
    }

    /// Silences what of this block lies within the spans; the fades lie outside them.
    pub fn apply(&mut self, block: &mut [f32]) {
        let rate = f64::from(self.rate_hz);
        let begins_s = self.at as f64 / rate;
        self.at += block.len() as u64;
        let ends_s = self.at as f64 / rate;
        for &(from_s, to_s) in &self.spans {
            if from_s - FADE_S >= ends_s || to_s + FADE_S <= begins_s {
                continue;
            }
            let first = ((from_s - FADE_S - begins_s) * rate).floor().max(0.0) as usize;
            let end = ((to_s + FADE_S - begins_s) * rate).ceil().max(0.0) as usize;
            let end = end.min(block.len());
            for (n, sample) in block[first.min(end)..end].iter_mut().enumerate() {
                let t = begins_s + (first + n) as f64 / rate;
                let outside_s = (from_s - t).max(t - to_s).max(0.0);
                *sample *= (outside_s / FADE_S).min(1.0) as f32;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use super::*;
    use crate::decode::{Options, Sound};

    fn read(bytes: &[u8]) -> (Vec<f32>, u32) {
        let mut sound = Sound::open(Cursor::new(bytes), &Options::default()).unwrap();
        (sound.rest().unwrap(), sound.rate_hz())
    }

    #[test]
    fn what_is_written_is_read() {
        let samples = [0.0, 0.5, -0.5, 1.0, -1.0, 3.0, f32::NAN];
        let wanted = [
            0.0,
            0.5,
            -0.5,
            32_767.0 / 32_768.0,
            -1.0,
            32_767.0 / 32_768.0,
            0.0,
        ];
        assert_eq!(read(&clip(&samples, 16_000)), (wanted.to_vec(), 16_000));
        let mut writer = WavWriter::new(Cursor::new(Vec::new()), 48_000).unwrap();
        writer.push(&samples[..3]).unwrap();
        writer.push(&samples[3..]).unwrap();
        let bytes = writer.finish().unwrap().into_inner();
        assert_eq!(read(&bytes), (wanted.to_vec(), 48_000));
    }

    #[test]
    fn above_4_gb_the_header_is_rf64() {
        let bytes = wide_header(48_000, 5_000_000_000);
        assert_eq!(
            (bytes.len() as u64, &bytes[..4], &bytes[12..16]),
            (HEADER_BYTES, &b"RF64"[..], &b"ds64"[..])
        );
        let sound = Sound::open(
            Cursor::new([bytes, vec![0; 20]].concat()),
            &Options::default(),
        )
        .unwrap();
        assert_eq!(sound.facts().frames, Some(2_500_000_000));
    }

    #[test]
    fn spans_are_silent_and_the_rest_is_whole() {
        for block in [1, 77, 1_000, 100_000] {
            let mut samples = vec![0.5; 16_000 * 3];
            let mut silencer = Silencer::new(
                &[(2.0, 2.5), (0.5, 1.0), (0.9, 1.2), (5.0, 4.0), (2.9, 99.0)],
                16_000,
            );
            samples
                .chunks_mut(block)
                .for_each(|block| silencer.apply(block));
            let at = |t: f64| samples[(t * 16_000.0) as usize];
            assert!(samples[8_000..=19_200].iter().all(|&x| x == 0.0));
            assert!(samples[32_000..=40_000].iter().all(|&x| x == 0.0));
            assert!(samples[46_400..].iter().all(|&x| x == 0.0));
            assert_eq!((at(0.47), at(1.3), at(2.6)), (0.5, 0.5, 0.5));
            assert!((at(0.49) - 0.25).abs() < 0.01 && (at(1.21) - 0.25).abs() < 0.01);
            let steepest = samples
                .windows(2)
                .map(|w| (w[1] - w[0]).abs())
                .fold(0.0, f32::max);
            assert!(steepest < 0.01, "{steepest}");
        }
    }
}
