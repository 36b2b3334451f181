//! The copy that is kept: what came, with the stretches silenced in which a human voice was heard.
//!
//! Without such stretches it is the same bytes. A WAVE file keeps all but the samples of those stretches: its format, its other
//! chunks. Other formats cannot be silenced in place and become WAVE with 16 bits, all channels at their own rate.

pub(crate) mod wave;

use std::io::{self, Read, Seek, SeekFrom};
use std::ops::Range;

use bytes::Bytes;
use futures_util::Stream;
use nightscan_sound::decode::{DecodeFault, Mix, Options, Sound};
use tokio::sync::mpsc;

use crate::analysis::Span;
use crate::quarantine::reader::ObjectReader;

/// Bytes that are read, silenced and handed on at a time.
const BLOCK_BYTES: usize = 256 * 1024;
/// Blocks that wait for the store.
const AHEAD: usize = 4;

/// What is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Copy {
    /// The bytes as they came.
    Whole,
    /// The bytes of a WAVE file, some of them silent.
    Wave {
        /// Bytes to silence.
        silent: Vec<Range<u64>>,
        /// The byte of silence: samples of 8 bits have theirs in the middle.
        silence: u8,
    },
    /// A new WAVE file.
    Decoded,
}

/// How a recording is to be copied without these stretches.
pub(crate) fn plan(source: &mut (impl Read + Seek), spans: &[Span]) -> io::Result<Copy> {
    if spans.is_empty() {
        return Ok(Copy::Whole);
    }
    source.seek(SeekFrom::Start(0))?;
    Ok(match wave::layout(source)? {
        Some(layout) => Copy::Wave {
            silent: spans.iter().map(|span| layout.bytes(*span)).collect(),
            silence: layout.silence(),
        },
        None => Copy::Decoded,
    })
}

/// Writes the copy in blocks to `give`, which says whether to go on.
pub(crate) fn write(
    source: ObjectReader,
    copy: &Copy,
    spans: &[Span],
    mut give: impl FnMut(Bytes) -> bool,
) -> io::Result<()> {
    match copy {
        Copy::Whole => in_place(source, &[], 0, &mut give),
        Copy::Wave { silent, silence } => in_place(source, silent, *silence, &mut give),
        Copy::Decoded => decoded(&source, spans, &mut give),
    }
}

fn in_place(
    mut source: impl Read + Seek,
    silent: &[Range<u64>],
    silence: u8,
    give: &mut impl FnMut(Bytes) -> bool,
) -> io::Result<()> {
    source.seek(SeekFrom::Start(0))?;
    let mut at = 0_u64;
    loop {
        let mut block = Vec::with_capacity(BLOCK_BYTES);
        let read = source
            .by_ref()
            .take(BLOCK_BYTES as u64)
            .read_to_end(&mut block)?;
        if read == 0 {
            return Ok(());
        }
        let end = at + read as u64;
        for range in silent {
            let from = range.start.max(at);
            let until = range.end.min(end);
            if from < until {
                block[(from - at) as usize..(until - at) as usize].fill(silence);
            }
        }
        at = end;
        if !give(block.into()) {
            return Ok(());
        }
    }
}

/// Every channel is decoded by a reader of its own, side by side: the decoder gives one channel.
fn decoded(
    source: &ObjectReader,
    spans: &[Span],
    give: &mut impl FnMut(Bytes) -> bool,
) -> io::Result<()> {
    let first = Sound::open(source.again(), &Options::default()).map_err(of_decoder)?;
    let (rate_hz, channels) = (first.facts().rate_hz, first.facts().channels);
    drop(first);
    let open = |channel| {
        let options = Options {
            mix: Mix::Channel(channel),
            ..Options::default()
        };
        Sound::open(source.again(), &options).map_err(of_decoder)
    };
    let mut sounds = (0..channels).map(open).collect::<io::Result<Vec<_>>>()?;
    let silent: Vec<Range<u64>> = spans
        .iter()
        .map(|span| wave::frames(*span, rate_hz))
        .collect();
    let mut pending: Vec<Vec<f32>> = vec![Vec::new(); channels as usize];
    let mut frame = 0_u64;
    if !give(wave::endless_header(rate_hz, channels)) {
        return Ok(());
    }
    loop {
        let mut ended = false;
        for (sound, samples) in sounds.iter_mut().zip(&mut pending) {
            if samples.is_empty() {
                match sound.next_block().map_err(of_decoder)? {
                    Some(block) => samples.extend_from_slice(block),
                    None => ended = true,
                }
            }
        }
        if ended {
            return Ok(());
        }
        let count = pending.iter().map(Vec::len).min().unwrap_or(0);
        let mut block = Vec::with_capacity(count * channels as usize * 2);
        for at in 0..count {
            let quiet = silent
                .iter()
                .any(|range| range.contains(&(frame + at as u64)));
            for samples in &pending {
                let sample = if quiet { 0 } else { wave::sample(samples[at]) };
                block.extend_from_slice(&sample.to_le_bytes());
            }
        }
        frame += count as u64;
        for samples in &mut pending {
            samples.drain(..count);
        }
        if !give(block.into()) {
            return Ok(());
        }
    }
}

fn of_decoder(fault: DecodeFault) -> io::Error {
    io::Error::other(fault)
}

/// A channel from the thread that writes the copy to the store that keeps it.
pub(crate) fn channel() -> (
    mpsc::Sender<io::Result<Bytes>>,
    impl Stream<Item = io::Result<Bytes>> + Send,
) {
    let (sender, receiver) = mpsc::channel(AHEAD);
    let stream = futures_util::stream::unfold(receiver, |mut receiver| async move {
        receiver.recv().await.map(|item| (item, receiver))
    });
    (sender, stream)
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use super::*;

    fn copied(bytes: &[u8], spans: &[Span]) -> Vec<u8> {
        let copy = plan(&mut Cursor::new(bytes), spans).unwrap();
        let (silent, silence) = match &copy {
            Copy::Whole => (Vec::new(), 0),
            Copy::Wave { silent, silence } => (silent.clone(), *silence),
            Copy::Decoded => panic!("a WAVE file is silenced in place"),
        };
        let mut out = Vec::new();
        in_place(Cursor::new(bytes), &silent, silence, &mut |block| {
            out.extend_from_slice(&block);
            true
        })
        .unwrap();
        out
    }

    /// 2 channels, 16 bits, 1,000 Hz, 2 s, a chunk of notes behind the samples.
    fn stereo() -> Vec<u8> {
        let mut file = wave::header(1_000, 2, 2_000).to_vec();
        file.extend((0..4_000_u32).flat_map(|at| ((at % 1_000 + 1) as i16).to_le_bytes()));
        file.extend_from_slice(b"guan\x04\0\0\0note");
        file
    }

    #[test]
    fn a_recording_without_a_voice_stays_as_it_came() {
        let file = stereo();
        assert!(copied(&file, &[]) == file);
        let flac = plan(&mut Cursor::new(b"fLaC....".to_vec()), &[]).unwrap();
        assert_eq!(flac, Copy::Whole);
    }

    #[test]
    fn exactly_the_samples_of_the_voice_are_silent() {
        let file = stereo();
        let span = Span {
            start_s: 0.5,
            end_s: 0.75,
        };
        let kept = copied(&file, &[span]);
        assert_eq!(kept.len(), file.len());
        let silent = 44 + 500 * 4..44 + 750 * 4;
        assert!(kept[silent.clone()].iter().all(|byte| *byte == 0));
        assert!(kept[..silent.start] == file[..silent.start]);
        assert!(kept[silent.end..] == file[silent.end..], "the notes stay");
    }

    #[test]
    fn a_stretch_beyond_the_end_touches_no_other_chunk() {
        let file = stereo();
        let kept = copied(
            &file,
            &[Span {
                start_s: 1.9,
                end_s: 9e9,
            }],
        );
        assert!(kept.ends_with(b"guan\x04\0\0\0note"));
        assert!(
            kept[44 + 1_900 * 4..44 + 2_000 * 4]
                .iter()
                .all(|byte| *byte == 0)
        );
    }

    #[test]
    fn eight_bits_have_their_silence_in_the_middle() {
        let mut file = wave::header(1_000, 1, 1_000).to_vec();
        // 8 bits, a byte a frame.
        file[28..32].copy_from_slice(&1_000_u32.to_le_bytes());
        file[32..36].copy_from_slice(&[1, 0, 8, 0]);
        file[40..44].copy_from_slice(&1_000_u32.to_le_bytes());
        file.extend(std::iter::repeat_n(7, 1_000));
        let kept = copied(
            &file,
            &[Span {
                start_s: 0.0,
                end_s: 0.1,
            }],
        );
        assert!(kept[44..144].iter().all(|byte| *byte == 128));
        assert!(kept[144..].iter().all(|byte| *byte == 7));
    }

    #[test]
    fn other_formats_are_decoded() {
        let spans = [Span {
            start_s: 0.0,
            end_s: 1.0,
        }];
        let copy = plan(
            &mut Cursor::new(b"fLaC\0\0\0\"somewhere in here".to_vec()),
            &spans,
        );
        assert_eq!(copy.unwrap(), Copy::Decoded);
    }
}
