//! Recordings to samples: WAVE (also above 4 GB), FLAC, MP3, Ogg Vorbis, AIFF, AAC and ALAC in MP4.
//!
//! A [`Sound`] is read in blocks of one channel at the rate that is asked for; no more than a block is held. What a file is, its
//! bytes decide, not its name. A file that ends too early gives what it has and says so ([`Heard`]).

mod aiff;
mod packets;
mod pcm;
mod resample;
mod sniff;
mod wav;

use std::fmt;
use std::io::{self, Read, Seek, SeekFrom};

use packets::PacketReader;
use pcm::PcmReader;
use resample::Resampler;
use serde::Serialize;

/// Below there is no sound worth the name, above there is no recorder.
const RATES_HZ: std::ops::RangeInclusive<u32> = 100..=1_000_000;
/// Arrays of microphones have up to 64.
const MOST_CHANNELS: u32 = 64;
/// A span that is read as a whole: 256 MB.
const LONGEST_SPAN_SAMPLES: u64 = 64 << 20;
/// A span begins this much earlier, so that the filter of the resampling has come to rest.
const FILTER_REST_S: f64 = 0.05;

/// Where bytes come from: a file, or a cursor over memory. Reads should be buffered by the file system; blocks are 32 KiB and more.
pub trait Source: Read + Seek + Send + Sync {}

impl<T: Read + Seek + Send + Sync> Source for T {}

/// Why a recording cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum DecodeFault {
    /// No bytes at all.
    #[error("the file is empty")]
    Empty,
    /// The bytes are of no known kind.
    #[error("this is not a sound that is known here")]
    NotASound,
    /// Known, but there is no decoder.
    #[error("{0} is not read here")]
    Unsupported(String),
    /// A header with values that no recorder writes.
    #[error("the header is absurd: {0}")]
    Absurd(String),
    /// Of a known kind, but broken before its first sample.
    #[error("the file is damaged: {0}")]
    Damaged(String),
    /// A header and nothing behind it.
    #[error("the file holds no samples")]
    NoSamples,
    /// The channel that was asked for is not there.
    #[error("there is no channel {asked}: the recording has {has}")]
    NoSuchChannel {
        /// From zero.
        asked: u32,
        /// How many there are.
        has: u32,
    },
    /// More than is read in one piece.
    #[error("{samples} samples are too many for one piece: at most {LONGEST_SPAN_SAMPLES}")]
    TooLong {
        /// What was asked for.
        samples: u64,
    },
    /// The source failed.
    #[error("reading failed: {0}")]
    Io(#[from] io::Error),
}

/// What holds the sound.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Container {
    /// RIFF, RF64 or BW64.
    Wav,
    /// Native FLAC.
    Flac,
    /// MPEG layer III.
    Mp3,
    /// Ogg, with Vorbis or FLAC.
    Ogg,
    /// AIFF or AIFF-C.
    Aiff,
    /// ISO MP4 (M4A), with AAC or ALAC.
    Mp4,
    /// Bare AAC.
    Adts,
}

impl fmt::Display for Container {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Wav => "WAV",
            Self::Flac => "FLAC",
            Self::Mp3 => "MP3",
            Self::Ogg => "Ogg",
            Self::Aiff => "AIFF",
            Self::Mp4 => "MP4",
            Self::Adts => "ADTS",
        })
    }
}

/// What the recording is, before it is read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Facts {
    /// What holds it.
    pub container: Container,
    /// How the samples are written.
    pub codec: String,
    /// Its own sampling rate.
    pub rate_hz: u32,
    /// How many channels.
    pub channels: u32,
    /// Bits of a sample, where the coding has such.
    pub bits: Option<u32>,
    /// How many frames the header speaks of; estimated for MP3 without a count.
    pub frames: Option<u64>,
}

impl Facts {
    /// How long the header says that it lasts.
    pub fn duration_s(&self) -> Option<f64> {
        self.frames
            .map(|frames| frames as f64 / f64::from(self.rate_hz))
    }
}

/// Which channel is heard.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Mix {
    /// The mean of all.
    #[default]
    Mean,
    /// One of them, from zero.
    Channel(u32),
}

/// How a recording is to be read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Options {
    /// The rate that is wanted; `None` keeps the recording's own.
    pub rate_hz: Option<u32>,
    /// Which channel is heard.
    pub mix: Mix,
}

impl Options {
    /// All channels mixed, at that rate.
    pub fn at(rate_hz: u32) -> Self {
        Self {
            rate_hz: Some(rate_hz),
            ..Self::default()
        }
    }
}

/// What was read so far, and at the end of a recording what was wrong with it.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Heard {
    /// Seconds of the recording that were read.
    pub seconds: f64,
    /// Packets that could not be decoded; silence stands in their place.
    pub damaged_packets: u64,
    /// Why it ended too early, if it did.
    pub cut: Option<String>,
}

/// A recording that is being read.
pub struct Sound<'s> {
    facts: Facts,
    reader: Reader<'s>,
    mix: Mix,
    resampler: Option<Resampler>,
    rate_hz: u32,
    ogg_is_open: bool,
    interleaved: Vec<f32>,
    mono: Vec<f32>,
    block: Vec<f32>,
    frames_read: u64,
    ended: bool,
}

enum Reader<'s> {
    Pcm(Box<PcmReader<'s>>),
    Packets(Box<PacketReader<'s>>),
}

impl<'s> Sound<'s> {
    /// Reads the header; for all but WAVE and AIFF also the first packet.
    pub fn open(source: impl Source + 's, options: &Options) -> Result<Self, DecodeFault> {
        let mut source: Box<dyn Source + 's> = Box::new(source);
        let found = sniff::sniff(&mut *source)?;
        let ogg_is_open =
            found.container == Container::Ogg && !sniff::ogg_is_whole(&mut *source, found.length)?;
        source.seek(SeekFrom::Start(found.base))?;
        let (reader, facts) = match found.container {
            Container::Wav => {
                let (reader, facts) = wav::open(source)?;
                (Reader::Pcm(Box::new(reader)), facts)
            }
            Container::Aiff => {
                let (reader, facts) = aiff::open(source, found.length)?;
                (Reader::Pcm(Box::new(reader)), facts)
            }
            _ => {
                let (reader, facts) = PacketReader::open(source, found)?;
                (Reader::Packets(Box::new(reader)), facts)
            }
        };
        if let Mix::Channel(asked) = options.mix
            && asked >= facts.channels
        {
            return Err(DecodeFault::NoSuchChannel {
                asked,
                has: facts.channels,
            });
        }
        let rate_hz = options.rate_hz.unwrap_or(facts.rate_hz);
        check(rate_hz, facts.channels)?;
        Ok(Self {
            resampler: (rate_hz != facts.rate_hz).then(|| Resampler::new(facts.rate_hz, rate_hz)),
            facts,
            reader,
            mix: options.mix,
            rate_hz,
            ogg_is_open,
            interleaved: Vec::new(),
            mono: Vec::new(),
            block: Vec::new(),
            frames_read: 0,
            ended: false,
        })
    }

    /// What the recording is.
    pub fn facts(&self) -> &Facts {
        &self.facts
    }

    /// The rate of the samples that [`Sound::next_block`] gives.
    pub fn rate_hz(&self) -> u32 {
        self.rate_hz
    }

    /// What was read so far.
    pub fn heard(&self) -> Heard {
        let (damaged_packets, cut) = match &self.reader {
            Reader::Pcm(reader) => {
                let cut = reader.missing.map(|frames| match frames {
                    0 => "the recorder did not finish the header".to_owned(),
                    _ => self.missing(frames),
                });
                (0, cut)
            }
            Reader::Packets(reader) => {
                let short = self
                    .facts
                    .frames
                    .unwrap_or(0)
                    .saturating_sub(self.frames_read);
                let cut = (self.ended && (reader.cut || self.ogg_is_open)).then(|| match short {
                    0 => "it ends within a packet".to_owned(),
                    frames => self.missing(frames),
                });
                (reader.damaged, cut)
            }
        };
        let seconds = self.frames_read as f64 / f64::from(self.facts.rate_hz);
        Heard {
            seconds,
            damaged_packets,
            cut,
        }
    }

    fn missing(&self, frames: u64) -> String {
        format!(
            "the last {:.1} s are missing",
            frames as f64 / f64::from(self.facts.rate_hz)
        )
    }

    /// The next samples, one channel at [`Sound::rate_hz`]; `None` at the end.
    pub fn next_block(&mut self) -> Result<Option<&[f32]>, DecodeFault> {
        self.block.clear();
        while self.block.is_empty() && !self.ended {
            let more = match &mut self.reader {
                Reader::Pcm(reader) => reader.next(&mut self.interleaved)?,
                Reader::Packets(reader) => reader.next(&mut self.interleaved)?,
            };
            if !more {
                self.ended = true;
                if let Some(resampler) = &mut self.resampler {
                    resampler.finish(&mut self.block);
                }
                break;
            }
            let channels = self.facts.channels as usize;
            self.frames_read += (self.interleaved.len() / channels) as u64;
            match &mut self.resampler {
                Some(resampler) => {
                    mix(&self.interleaved, channels, self.mix, &mut self.mono);
                    resampler.push(&self.mono, &mut self.block);
                }
                None => mix(&self.interleaved, channels, self.mix, &mut self.block),
            }
        }
        Ok((!self.block.is_empty()).then_some(&self.block))
    }

    /// Goes to a time; the next block begins there. Behind the end there are no blocks.
    pub fn seek(&mut self, at_s: f64) -> Result<(), DecodeFault> {
        let frame = (at_s.max(0.0) * f64::from(self.facts.rate_hz)).round() as u64;
        match &mut self.reader {
            Reader::Pcm(reader) => reader.seek(frame),
            Reader::Packets(reader) => reader.seek(frame)?,
        }
        if let Some(resampler) = &mut self.resampler {
            resampler.reset();
        }
        self.ended = false;
        Ok(())
    }

    /// The samples from one time to another, fewer where the recording ends before. Only that part is decoded, where the format
    /// can be entered in the middle.
    pub fn span(&mut self, from_s: f64, to_s: f64) -> Result<Vec<f32>, DecodeFault> {
        let rate = f64::from(self.rate_hz);
        let from_s = from_s.max(0.0);
        let wanted = ((to_s - from_s).max(0.0) * rate).round() as u64;
        if wanted > LONGEST_SPAN_SAMPLES {
            return Err(DecodeFault::TooLong { samples: wanted });
        }
        let rest_s = if self.resampler.is_some() {
            FILTER_REST_S.min(from_s)
        } else {
            0.0
        };
        let mut to_drop = (rest_s * rate).round() as usize;
        self.seek(from_s - rest_s)?;
        let mut samples = Vec::new();
        while samples.len() < wanted as usize {
            let Some(block) = self.next_block()? else {
                break;
            };
            let dropped = to_drop.min(block.len());
            to_drop -= dropped;
            samples.extend_from_slice(&block[dropped..]);
        }
        samples.truncate(wanted as usize);
        Ok(samples)
    }

    /// Everything that is left, for short recordings.
    pub fn rest(&mut self) -> Result<Vec<f32>, DecodeFault> {
        let mut samples = Vec::new();
        while let Some(block) = self.next_block()? {
            samples.extend_from_slice(block);
            if samples.len() as u64 > LONGEST_SPAN_SAMPLES {
                return Err(DecodeFault::TooLong {
                    samples: samples.len() as u64,
                });
            }
        }
        Ok(samples)
    }
}

fn mix(interleaved: &[f32], channels: usize, mix: Mix, out: &mut Vec<f32>) {
    out.clear();
    match mix {
        _ if channels == 1 => out.extend_from_slice(interleaved),
        Mix::Channel(channel) => {
            out.extend(
                interleaved
                    .chunks_exact(channels)
                    .map(|frame| frame[channel as usize]),
            );
        }
        Mix::Mean => {
            let share = 1.0 / channels as f32;
            let frames = interleaved.chunks_exact(channels);
            out.extend(frames.map(|frame| frame.iter().sum::<f32>() * share));
        }
    }
}

/// Refuses what no recorder writes.
fn check(rate_hz: u32, channels: u32) -> Result<(), DecodeFault> {
    if !RATES_HZ.contains(&rate_hz) {
        return Err(DecodeFault::Absurd(format!("{rate_hz} samples a second")));
    }
    if channels == 0 || channels > MOST_CHANNELS {
        return Err(DecodeFault::Absurd(format!("{channels} channels")));
    }
    Ok(())
}
