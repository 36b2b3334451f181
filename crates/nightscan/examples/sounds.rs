//! Writes the sounds that `bench/nightscan` measures with: `sounds FOLDER HOURS` gives `hour_16k.wav`, `ten_minutes_48k.flac`,
//! `minute_16k.wav` and `long_16k.wav` of so many hours. Wind that rises and falls, with calls at several pitches. `sounds FOLDER`
//! gives the night of `docs/nightscan/cli.md`: `pond/20260512_213000.wav`.

use std::f32::consts::TAU;
use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::Path;

use nightscan_sound::synth::{self, Bed, Scene};
use nightscan_sound::wav;

/// Samples of a FLAC frame.
const BLOCK: usize = 4096;

fn main() -> io::Result<()> {
    let mut arguments = std::env::args().skip(1);
    let folder = arguments.next().ok_or(io::ErrorKind::InvalidInput)?;
    let folder = Path::new(&folder);
    std::fs::create_dir_all(folder)?;
    let Some(hours) = arguments.next() else {
        return sample(&folder.join("pond"));
    };
    let hours: u64 = hours.parse().map_err(|_| io::ErrorKind::InvalidInput)?;
    // Ten minutes are made once and repeat: nothing in the analysis remembers that long.
    let piece = night(600, 16_000);
    wave(&folder.join("minute_16k.wav"), &piece[..60 * 16_000], 1)?;
    wave(&folder.join("hour_16k.wav"), &piece, 6)?;
    wave(&folder.join("long_16k.wav"), &piece, hours * 6)?;
    flac(&folder.join("ten_minutes_48k.flac"), &night(600, 48_000))
}

/// Two minutes of a night that never was, named as recorders name their files.
fn sample(folder: &Path) -> io::Result<()> {
    let scene = Scene::new(7, 120.0, Bed::Still);
    std::fs::create_dir_all(folder)?;
    std::fs::write(
        folder.join("20260512_213000.wav"),
        wav::clip(&synth::night(&scene).samples, scene.rate_hz),
    )
}

fn night(seconds: usize, rate_hz: usize) -> Vec<i16> {
    let mut state = 1_u64;
    let mut low = 0.0;
    (0..seconds * rate_hz)
        .map(|n| {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1);
            let hiss = (state >> 40) as f32 / (1_u32 << 23) as f32 - 1.0;
            let time = n as f32 / rate_hz as f32;
            // A low pass at some 500 Hz: wind, not a radio between two stations.
            low += (hiss - low) * TAU * 500.0 / rate_hz as f32;
            let wind = (0.6 + 0.4 * (time * 0.3).sin()) * low;
            let call = (time / 7.0).floor();
            let within = time - call * 7.0;
            let pitch_hz = 1_200.0 + (call * 977.0) % 4_000.0;
            let is_calling = within < 1.5 && (within * 9.0).fract() < 0.6;
            let tone = if is_calling {
                (within * pitch_hz * TAU).sin()
            } else {
                0.0
            };
            ((0.5 * wind + 0.01 * hiss + 0.15 * tone) * 32_000.0) as i16
        })
        .collect()
}

fn wave(path: &Path, piece: &[i16], times: u64) -> io::Result<()> {
    let mut file = BufWriter::new(File::create(path)?);
    let bytes = (piece.len() as u64 * times * 2) as u32;
    file.write_all(b"RIFF")?;
    file.write_all(&(bytes + 36).to_le_bytes())?;
    file.write_all(b"WAVEfmt \x10\0\0\0\x01\0\x01\0\x80\x3e\0\0\0\x7d\0\0\x02\0\x10\0data")?;
    file.write_all(&bytes.to_le_bytes())?;
    let bytes: Vec<u8> = piece
        .iter()
        .flat_map(|sample| sample.to_le_bytes())
        .collect();
    for _ in 0..times {
        file.write_all(&bytes)?;
    }
    file.flush()
}

/// FLAC as an encoder at its quick setting writes it: second-order fixed prediction, Rice codes (RFC 9639).
fn flac(path: &Path, samples: &[i16]) -> io::Result<()> {
    let mut file = BufWriter::new(File::create(path)?);
    let mut info = Bits::default();
    for (value, width) in [
        (BLOCK as u64, 16),
        (BLOCK as u64, 16),
        (0, 24),
        (0, 24),
        (48_000, 20),
        (0, 3),
        (15, 5),
        (samples.len() as u64, 36),
        (0, 64),
        (0, 64),
    ] {
        info.put(value, width);
    }
    file.write_all(b"fLaC\x80\0\0\x22")?;
    file.write_all(&info.bytes)?;
    for (number, block) in samples.chunks(BLOCK).enumerate() {
        file.write_all(&frame(number as u64, block))?;
    }
    file.flush()
}

fn frame(number: u64, block: &[i16]) -> Vec<u8> {
    let mut bits = Bits::default();
    // Fixed blocks, their length in 16 bits behind the number, 48 kHz, one channel, 16 bits a sample.
    bits.put(0xfff8_7a08, 32);
    for byte in coded(number) {
        bits.put(u64::from(byte), 8);
    }
    bits.put(block.len() as u64 - 1, 16);
    let check = crc(&bits.bytes, 8, 0x07);
    bits.put(check, 8);
    // A subframe of the second fixed predictor.
    bits.put(0b0001_0100, 8);
    for sample in &block[..2] {
        bits.put(u64::from(sample.cast_unsigned()), 16);
    }
    let residuals: Vec<u64> = block
        .windows(3)
        .map(|three| {
            let [one, two, three] = [three[0], three[1], three[2]].map(i64::from);
            let rest = three - 2 * two + one;
            ((rest << 1) ^ (rest >> 63)) as u64
        })
        .collect();
    let mean = residuals.iter().sum::<u64>() / residuals.len() as u64;
    let low_bits = u64::from(mean.max(1).ilog2()).min(14) as u32;
    bits.put(0, 6);
    bits.put(u64::from(low_bits), 4);
    for residual in residuals {
        for _ in 0..residual >> low_bits {
            bits.put(0, 1);
        }
        bits.put(1, 1);
        bits.put(residual & ((1 << low_bits) - 1), low_bits);
    }
    bits.align();
    let check = crc(&bits.bytes, 16, 0x8005);
    bits.put(check, 16);
    bits.bytes
}

/// The number of a frame, as UTF-8 writes characters.
fn coded(number: u64) -> Vec<u8> {
    let character = char::from_u32(number as u32)
        .expect("ten minutes have fewer frames than there are characters");
    let mut bytes = [0; 4];
    character.encode_utf8(&mut bytes).as_bytes().to_vec()
}

fn crc(bytes: &[u8], width: u32, polynomial: u64) -> u64 {
    let mut sum = 0_u64;
    for byte in bytes {
        sum ^= u64::from(*byte) << (width - 8);
        for _ in 0..8 {
            sum <<= 1;
            if sum >> width & 1 == 1 {
                sum ^= polynomial;
            }
        }
        sum &= (1 << width) - 1;
    }
    sum
}

#[derive(Default)]
struct Bits {
    bytes: Vec<u8>,
    used: u32,
}

impl Bits {
    /// The lowest `width` bits, highest first.
    fn put(&mut self, value: u64, width: u32) {
        for at in (0..width).rev() {
            if self.used == 0 {
                self.bytes.push(0);
            }
            let last = self
                .bytes
                .last_mut()
                .expect("one was pushed when none had room");
            *last |= ((value >> at & 1) as u8) << (7 - self.used);
            self.used = (self.used + 1) % 8;
        }
    }

    fn align(&mut self) {
        self.used = 0;
    }
}
