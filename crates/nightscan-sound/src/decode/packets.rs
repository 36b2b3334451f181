//! Everything but WAVE and AIFF: containers and codecs read by symphonia.

use std::io::{self, Read, Seek, SeekFrom};
use std::panic::{AssertUnwindSafe, catch_unwind};

use symphonia::core::codecs::CodecParameters;
use symphonia::core::codecs::audio::{AudioCodecParameters, AudioDecoder, AudioDecoderOptions};
use symphonia::core::errors::Error;
use symphonia::core::formats::{FormatOptions, FormatReader, SeekMode, SeekTo, TrackType};
use symphonia::core::io::{MediaSource, MediaSourceStream, MediaSourceStreamOptions};
use symphonia::core::units::{Time, TimeBase, Timestamp};
use symphonia::default::formats::{AdtsReader, FlacReader, IsoMp4Reader, MpaReader, OggReader};

use super::pcm::tame;
use super::sniff::Sniffed;
use super::{Container, DecodeFault, Facts, Source, check};

/// Packets that may fail at the beginning before the file is given up.
const MOST_BAD_STARTS: u32 = 256;
/// A damaged packet is replaced by silence no longer than this.
const LONGEST_GAP_FRAMES: u64 = 1 << 16;
/// What is decoded before the place that was asked for: layer III takes bits from frames before.
const WARM_UP_S: f64 = 0.25;
/// How much less than announced still counts as whole: encoders pad, and containers round.
const SLACK_FRAMES: u64 = 8_192;

pub(super) struct PacketReader<'s> {
    format: Box<dyn FormatReader + 's>,
    decoder: Box<dyn AudioDecoder>,
    track: u32,
    time_base: Option<TimeBase>,
    rate_hz: u32,
    channels: usize,
    said: Option<u64>,
    first: Option<Vec<f32>>,
    /// The frame that comes next.
    at: u64,
    /// Frames to leave out until the place that was asked for.
    to: u64,
    place_known: bool,
    ended: bool,
    pub(super) damaged: u64,
    pub(super) cut: bool,
}

/// What a packet gave.
enum Given {
    Frames,
    Nothing,
    End,
}

impl<'s> PacketReader<'s> {
    pub(super) fn open(
        source: Box<dyn Source + 's>,
        found: Sniffed,
    ) -> Result<(Self, Facts), DecodeFault> {
        let source = Based {
            source,
            base: found.base,
            length: found.length - found.base,
        };
        let stream = MediaSourceStream::new(Box::new(source), MediaSourceStreamOptions::default());
        let format = guarded(|| reader(found.container, stream)).map_err(opening)?;
        let track = format.default_track(TrackType::Audio).ok_or_else(|| {
            DecodeFault::Unsupported("a file without a track of sound".to_owned())
        })?;
        let Some(CodecParameters::Audio(parameters)) = track.codec_params.clone() else {
            return Err(DecodeFault::Unsupported(
                "a track of unknown coding".to_owned(),
            ));
        };
        if let Some(rate_hz) = parameters.sample_rate {
            check(
                rate_hz,
                parameters
                    .channels
                    .as_ref()
                    .map_or(1, |channels| channels.count() as u32),
            )?;
        }
        let decoder = guarded(|| decoder(&parameters)).map_err(opening)?;
        let mut reader = Self {
            track: track.id,
            time_base: track.time_base,
            said: track.num_frames,
            format,
            decoder,
            rate_hz: 0,
            channels: 0,
            first: None,
            at: 0,
            to: 0,
            place_known: true,
            ended: false,
            damaged: 0,
            cut: false,
        };
        // The first packet decides: headers of MP4 may speak of another rate than the decoder gives.
        let mut first = Vec::new();
        loop {
            match reader.packet(&mut first)? {
                Given::Frames => break,
                Given::Nothing if reader.damaged <= u64::from(MOST_BAD_STARTS) => {}
                Given::Nothing => {
                    return Err(DecodeFault::Damaged(
                        "nothing in it can be decoded".to_owned(),
                    ));
                }
                Given::End if reader.damaged > 0 || reader.cut => {
                    return Err(DecodeFault::Damaged(
                        "it ends before the first sound".to_owned(),
                    ));
                }
                Given::End => return Err(DecodeFault::NoSamples),
            }
        }
        reader.at = 0;
        reader.first = Some(first);
        let info = reader.decoder.codec_info();
        let facts = Facts {
            container: found.container,
            codec: info.short_name.to_owned(),
            rate_hz: reader.rate_hz,
            channels: reader.channels as u32,
            bits: parameters.bits_per_sample,
            frames: reader.said,
        };
        Ok((reader, facts))
    }

    /// The next frames, interleaved; `false` at the end.
    pub(super) fn next(&mut self, interleaved: &mut Vec<f32>) -> Result<bool, DecodeFault> {
        loop {
            let given = match self.first.take() {
                Some(first) => {
                    *interleaved = first;
                    Given::Frames
                }
                None => self.packet(interleaved)?,
            };
            match given {
                Given::End => return Ok(false),
                Given::Nothing => {}
                Given::Frames => {
                    let frames = (interleaved.len() / self.channels) as u64;
                    let skip = self.to.saturating_sub(self.at).min(frames);
                    self.at += frames;
                    interleaved.drain(..skip as usize * self.channels);
                    if !interleaved.is_empty() {
                        return Ok(true);
                    }
                }
            }
        }
    }

    /// Goes to a frame; exact where the format keeps times.
    pub(super) fn seek(&mut self, frame: u64) -> Result<(), DecodeFault> {
        if self.first.is_some() && frame < u64::from(self.rate_hz) {
            self.to = frame;
            return Ok(());
        }
        let seconds = (frame as f64 / f64::from(self.rate_hz) - WARM_UP_S).max(0.0);
        let time = Time::try_from_secs_f64(seconds)
            .ok_or_else(|| DecodeFault::Damaged("a time out of reach".to_owned()))?;
        let to = SeekTo::Time {
            time,
            track_id: Some(self.track),
        };
        let sought = guarded(|| self.format.seek(SeekMode::Accurate, to));
        self.to = frame;
        match sought {
            Ok(_) => {
                self.first = None;
                self.ended = false;
                self.place_known = false;
                self.decoder.reset();
                Ok(())
            }
            // What cannot be jumped over is decoded and left out.
            Err(_) if frame >= self.at => Ok(()),
            Err(Broken::Said(Error::IoError(error)))
                if error.kind() != io::ErrorKind::UnexpectedEof =>
            {
                Err(error.into())
            }
            Err(_) => Err(DecodeFault::Damaged("no way back to that place".to_owned())),
        }
    }

    fn packet(&mut self, out: &mut Vec<f32>) -> Result<Given, DecodeFault> {
        out.clear();
        if self.ended {
            return Ok(Given::End);
        }
        let packet = match guarded(|| self.format.next_packet()) {
            Ok(Some(packet)) => packet,
            Ok(None) => return Ok(self.end(false)),
            Err(Broken::Said(Error::IoError(error)))
                if error.kind() != io::ErrorKind::UnexpectedEof =>
            {
                return Err(error.into());
            }
            // A second stream chained behind the first may have another rate: what came before stays.
            Err(_) => return Ok(self.end(true)),
        };
        if packet.track_id != self.track {
            return Ok(Given::Nothing);
        }
        let missing = self.frames_of(packet.block_dur().get());
        let decoded = guarded(|| {
            let buffer = self.decoder.decode(&packet)?;
            buffer.copy_to_vec_interleaved(out);
            Ok((buffer.spec().rate(), buffer.spec().channels().count()))
        });
        match decoded {
            Ok((rate_hz, channels)) if !out.is_empty() => {
                if self.rate_hz == 0 {
                    check(rate_hz, channels as u32)?;
                    (self.rate_hz, self.channels) = (rate_hz, channels);
                }
                if (rate_hz, channels) != (self.rate_hz, self.channels) {
                    return Ok(self.bad(missing, out));
                }
                // The first packet after a jump may only prepare the next.
                if !self.place_known {
                    self.at = self.frame_at(packet.pts);
                    self.place_known = true;
                }
                for sample in out.iter_mut() {
                    *sample = tame(*sample);
                }
                Ok(Given::Frames)
            }
            Ok(_) => Ok(Given::Nothing),
            Err(Broken::Panicked) => Ok(self.end(true)),
            Err(Broken::Said(_)) => Ok(self.bad(missing, out)),
        }
    }

    /// Silence in place of what could not be decoded, so that later times stay true.
    fn bad(&mut self, missing: u64, out: &mut Vec<f32>) -> Given {
        self.damaged += 1;
        out.clear();
        out.resize(missing as usize * self.channels, 0.0);
        if out.is_empty() {
            Given::Nothing
        } else {
            Given::Frames
        }
    }

    fn end(&mut self, broken: bool) -> Given {
        self.ended = true;
        let short = self.said.is_some_and(|said| self.at + SLACK_FRAMES < said);
        self.cut |= broken || short;
        Given::End
    }

    fn frame_at(&self, time: Timestamp) -> u64 {
        let seconds = self
            .time_base
            .and_then(|base| base.calc_time(time))
            .map_or(0.0, |time| time.as_secs_f64());
        (seconds.max(0.0) * f64::from(self.rate_hz)).round() as u64
    }

    fn frames_of(&self, duration: u64) -> u64 {
        let ticks = Timestamp::new(i64::try_from(duration).unwrap_or(i64::MAX));
        self.frame_at(ticks).min(LONGEST_GAP_FRAMES)
    }
}

fn reader<'s>(
    container: Container,
    stream: MediaSourceStream<'s>,
) -> Result<Box<dyn FormatReader + 's>, Error> {
    let options = FormatOptions::default();
    Ok(match container {
        Container::Flac => Box::new(FlacReader::try_new(stream, options)?),
        Container::Mp3 => Box::new(MpaReader::try_new(stream, options)?),
        Container::Ogg => Box::new(OggReader::try_new(stream, options)?),
        Container::Mp4 => Box::new(IsoMp4Reader::try_new(stream, options)?),
        Container::Adts => Box::new(AdtsReader::try_new(stream, options)?),
        Container::Wav | Container::Aiff => {
            return Err(Error::Unsupported("a container with a reader of its own"));
        }
    })
}

fn decoder(parameters: &AudioCodecParameters) -> Result<Box<dyn AudioDecoder>, Error> {
    symphonia::default::get_codecs().make_audio_decoder(parameters, &AudioDecoderOptions::default())
}

/// Why a call did not answer.
enum Broken {
    Said(Error),
    Panicked,
}

/// Keeps a fault of the decoders in the recording that caused it: they are others' code, and the bytes are anybody's.
fn guarded<T>(call: impl FnOnce() -> Result<T, Error>) -> Result<T, Broken> {
    match catch_unwind(AssertUnwindSafe(call)) {
        Ok(answer) => answer.map_err(Broken::Said),
        Err(_) => Err(Broken::Panicked),
    }
}

fn opening(broken: Broken) -> DecodeFault {
    match broken {
        Broken::Said(Error::IoError(error)) if error.kind() == io::ErrorKind::UnexpectedEof => {
            DecodeFault::Damaged("it ends within the header".to_owned())
        }
        Broken::Said(Error::IoError(error)) => error.into(),
        Broken::Said(Error::Unsupported(what)) => DecodeFault::Unsupported(what.to_owned()),
        Broken::Said(Error::DecodeError(what) | Error::LimitError(what)) => {
            DecodeFault::Damaged(what.to_owned())
        }
        Broken::Said(error) => DecodeFault::Damaged(error.to_string()),
        Broken::Panicked => DecodeFault::Damaged("its header misleads the reader".to_owned()),
    }
}

/// A source whose sound begins after tags.
struct Based<'s> {
    source: Box<dyn Source + 's>,
    base: u64,
    length: u64,
}

impl Read for Based<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.source.read(buffer)
    }
}

impl Seek for Based<'_> {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let to = match to {
            SeekFrom::Start(at) => SeekFrom::Start(at.saturating_add(self.base)),
            other => other,
        };
        Ok(self.source.seek(to)?.saturating_sub(self.base))
    }
}

impl MediaSource for Based<'_> {
    fn is_seekable(&self) -> bool {
        true
    }

    fn byte_len(&self) -> Option<u64> {
        Some(self.length)
    }
}
