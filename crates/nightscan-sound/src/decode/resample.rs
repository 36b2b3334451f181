//! From one sampling rate to another, in pieces of any length.

use rubato::audioadapter_buffers::direct::InterleavedSlice;
use rubato::{
    Async, Fft, FixedAsync, FixedSync, Indexing, SincInterpolationParameters,
    SincInterpolationType, WindowFunction,
};

/// Frames that go through the filter at once, at the lower of both rates: more keep more of the band below the half rate.
const CHUNK: usize = 1024;
/// Where the rates have so little in common that the transform would need more frames than this,
/// an interpolating filter takes its place.
const LONGEST_TRANSFORM: u32 = 1 << 16;

/// Keeps what is left over between pieces. The delay of the filter is taken off, so that times stay true.
pub(super) struct Resampler {
    inner: Box<dyn rubato::Resampler<f32>>,
    from_hz: u32,
    to_hz: u32,
    waiting: Vec<f32>,
    chunk: Vec<f32>,
    taken: u64,
    given: u64,
    to_drop: usize,
}

impl Resampler {
    /// `from_hz` and `to_hz` are above zero.
    pub(super) fn new(from_hz: u32, to_hz: u32) -> Self {
        let inner = filter(from_hz, to_hz);
        let to_drop = inner.output_delay();
        let chunk = vec![0.0; inner.output_frames_max()];
        Self {
            inner,
            from_hz,
            to_hz,
            waiting: Vec::new(),
            chunk,
            taken: 0,
            given: 0,
            to_drop,
        }
    }

    /// Begins anew, as after a jump.
    pub(super) fn reset(&mut self) {
        self.inner.reset();
        self.waiting.clear();
        self.taken = 0;
        self.given = 0;
        self.to_drop = self.inner.output_delay();
    }

    /// Takes samples, and adds what can be said of them to `out`.
    pub(super) fn push(&mut self, samples: &[f32], out: &mut Vec<f32>) {
        self.taken += samples.len() as u64;
        self.waiting.extend_from_slice(samples);
        let mut at = 0;
        while self.waiting.len() - at >= self.inner.input_frames_next() {
            at += self.process(at, None, out);
        }
        self.waiting.drain(..at);
    }

    /// Adds the rest: as many samples in all as the recording lasts.
    pub(super) fn finish(&mut self, out: &mut Vec<f32>) {
        let owed = (self.taken * u64::from(self.to_hz)).div_ceil(u64::from(self.from_hz));
        let mut left = self.waiting.len();
        while self.given < owed {
            let wanted = self.inner.input_frames_next();
            self.waiting.resize(wanted.max(left), 0.0);
            self.process(0, Some(left.min(wanted)), out);
            self.waiting.drain(..wanted.min(left));
            left = left.saturating_sub(wanted);
        }
        out.truncate(out.len().saturating_sub((self.given - owed) as usize));
        self.given = owed;
        self.waiting.clear();
    }

    /// Puts one chunk through, and gives how many frames it took.
    fn process(&mut self, at: usize, partial: Option<usize>, out: &mut Vec<f32>) -> usize {
        let frames = self.inner.input_frames_next();
        let input = InterleavedSlice::new(&self.waiting[at..at + frames], 1, frames)
            .expect("one channel, as many frames as samples");
        let room = self.chunk.len();
        let mut output = InterleavedSlice::new_mut(&mut self.chunk, 1, room)
            .expect("one channel, as many frames as samples");
        let indexing = partial.map(|frames| Indexing::new().partial_len(frames));
        let (took, gave) = self
            .inner
            .process_into_buffer(&input, &mut output, indexing.as_ref())
            .expect("input and output have the lengths that the filter asked for");
        let dropped = gave.min(self.to_drop);
        self.to_drop -= dropped;
        self.given += (gave - dropped) as u64;
        out.extend_from_slice(&self.chunk[dropped..gave]);
        took.max(frames)
    }
}

fn filter(from_hz: u32, to_hz: u32) -> Box<dyn rubato::Resampler<f32>> {
    let common = gcd(from_hz, to_hz);
    let (unit_in, unit_out) = (from_hz / common, to_hz / common);
    if unit_in.max(unit_out) <= LONGEST_TRANSFORM {
        // An even number of units makes the filter's delay whole samples on both sides.
        let units = CHUNK
            .div_ceil(unit_in.min(unit_out) as usize)
            .next_multiple_of(2);
        let fft = Fft::new_custom(
            from_hz as usize,
            to_hz as usize,
            units * unit_in as usize,
            1,
            1,
            WindowFunction::BlackmanHarris2,
            FixedSync::Both,
        );
        return Box::new(fft.expect("rates and chunk are above zero"));
    }
    let parameters = SincInterpolationParameters {
        sinc_len: 256,
        f_cutoff: None,
        interpolation: SincInterpolationType::Quadratic,
        oversampling_factor: 256,
        window: WindowFunction::BlackmanHarris2,
    };
    let ratio = f64::from(to_hz) / f64::from(from_hz);
    let sinc = Async::new_sinc(ratio, 1.0, &parameters, CHUNK, 1, FixedAsync::Input);
    Box::new(sinc.expect("ratio and chunk are above zero"))
}

fn gcd(a: u32, b: u32) -> u32 {
    if b == 0 { a } else { gcd(b, a % b) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tone(rate_hz: u32, hz: f32, seconds: f32) -> Vec<f32> {
        let step = std::f32::consts::TAU * hz / rate_hz as f32;
        (0..(seconds * rate_hz as f32) as usize)
            .map(|n| (n as f32 * step).sin() * 0.5)
            .collect()
    }

    fn resample(samples: &[f32], from_hz: u32, to_hz: u32, piece: usize) -> Vec<f32> {
        let mut resampler = Resampler::new(from_hz, to_hz);
        let mut out = Vec::new();
        for piece in samples.chunks(piece) {
            resampler.push(piece, &mut out);
        }
        resampler.finish(&mut out);
        out
    }

    #[test]
    fn a_tone_stays_that_tone_in_place() {
        for (from_hz, to_hz) in [
            (48_000, 16_000),
            (44_100, 16_000),
            (8_000, 16_000),
            (384_000, 16_000),
            (44_101, 16_000),
            (250_007, 16_001),
        ] {
            let out = resample(&tone(from_hz, 1_000.0, 1.0), from_hz, to_hz, 1_000);
            let wanted = tone(to_hz, 1_000.0, 1.0);
            assert!(
                out.len().abs_diff(wanted.len()) <= 1,
                "{from_hz}: {}",
                out.len()
            );
            let worst = (to_hz as usize / 10..to_hz as usize * 9 / 10)
                .map(|n| (out[n] - wanted[n]).abs())
                .fold(0.0, f32::max);
            // The interpolating filter's delay is no whole number of samples: off by up to half of one.
            let allowed = if from_hz == 250_007 { 0.2 } else { 0.005 };
            assert!(worst < allowed, "{from_hz} to {to_hz}: {worst}");
        }
    }

    #[test]
    fn what_the_new_rate_cannot_hold_is_filtered_away() {
        let out = resample(&tone(48_000, 12_000.0, 1.0), 48_000, 16_000, 4_800);
        let rms = (out[2_000..14_000].iter().map(|x| x * x).sum::<f32>() / 12_000.0).sqrt();
        assert!(rms < 1e-3, "{rms}");
    }

    #[test]
    fn the_pieces_do_not_matter() {
        let samples = tone(44_100, 440.0, 0.5);
        let whole = resample(&samples, 44_100, 16_000, samples.len());
        for piece in [1, 7, 4_095, 4_096, 4_097] {
            assert_eq!(resample(&samples, 44_100, 16_000, piece), whole);
        }
    }

    #[test]
    fn very_short_sounds_keep_their_length() {
        for n in [0, 1, 2, 3, 100] {
            assert_eq!(
                resample(&vec![0.1; n], 48_000, 16_000, 64).len(),
                n.div_ceil(3)
            );
        }
    }
}
