//! Recordings of every format, whole, cut, and made to harm.

use std::io::Cursor;

use nightscan_sound::decode::{Container, DecodeFault, Heard, Mix, Options, Sound};
use proptest::prelude::*;

const FIXTURES: [(&str, &[u8], Container, u32); 9] = [
    (
        "aac",
        include_bytes!("../../fixtures/whistle_16k.aac"),
        Container::Adts,
        16_000,
    ),
    (
        "aiff",
        include_bytes!("../../fixtures/whistle_16k.aiff"),
        Container::Aiff,
        16_000,
    ),
    (
        "mp3",
        include_bytes!("../../fixtures/whistle_16k.mp3"),
        Container::Mp3,
        16_000,
    ),
    (
        "ogg",
        include_bytes!("../../fixtures/whistle_16k.ogg"),
        Container::Ogg,
        16_000,
    ),
    (
        "flac 24",
        include_bytes!("../../fixtures/whistle_16k_24bit.flac"),
        Container::Flac,
        16_000,
    ),
    (
        "alac",
        include_bytes!("../../fixtures/whistle_16k_alac.m4a"),
        Container::Mp4,
        16_000,
    ),
    (
        "m4a",
        include_bytes!("../../fixtures/whistle_44k1.m4a"),
        Container::Mp4,
        44_100,
    ),
    (
        "flac 48",
        include_bytes!("../../fixtures/whistle_48k.flac"),
        Container::Flac,
        48_000,
    ),
    (
        "opus",
        include_bytes!("../../fixtures/whistle_48k.opus"),
        Container::Ogg,
        48_000,
    ),
];

fn playable() -> impl Iterator<Item = (&'static str, &'static [u8], Container, u32)> {
    FIXTURES.into_iter().filter(|(name, ..)| *name != "opus")
}

fn whistle(rate_hz: u32) -> Vec<f32> {
    let seconds = 1.5_f64;
    (0..(f64::from(rate_hz) * seconds) as usize)
        .map(|n| {
            let t = n as f64 / f64::from(rate_hz);
            let ramp = (t / 0.05).min((seconds - t) / 0.05).min(1.0);
            (0.5 * ramp * (std::f64::consts::TAU * (800.0 * t + 600.0 * t * t)).sin()) as f32
        })
        .collect()
}

/// The best likeness of two sounds when one may lie up to `most` samples later, and how much later.
fn likeness(one: &[f32], other: &[f32], most: usize) -> (f32, usize) {
    let energy = |x: &[f32]| x.iter().map(|x| x * x).sum::<f32>().sqrt();
    (0..=most)
        .map(|late| {
            let n = one.len().min(other.len().saturating_sub(late));
            let (one, other) = (&one[..n], &other[late..late + n]);
            let same: f32 = one.iter().zip(other).map(|(a, b)| a * b).sum();
            (same / (energy(one) * energy(other)).max(1e-9), late)
        })
        .fold(
            (0.0, 0),
            |best, found| if found.0 > best.0 { found } else { best },
        )
}

fn all(bytes: &[u8], options: &Options) -> Result<(Vec<f32>, Heard), DecodeFault> {
    let mut sound = Sound::open(Cursor::new(bytes), options)?;
    let samples = sound.rest()?;
    Ok((samples, sound.heard()))
}

#[test]
fn every_format_gives_the_whistle() {
    for (name, bytes, container, rate_hz) in playable() {
        let sound = Sound::open(Cursor::new(bytes), &Options::default()).unwrap();
        let facts = sound.facts().clone();
        assert_eq!(
            (facts.container, facts.rate_hz, facts.channels),
            (container, rate_hz, 1)
        );
        let (samples, heard) = all(bytes, &Options::default()).unwrap();
        assert_eq!((heard.damaged_packets, heard.cut), (0, None), "{name}");
        // Coders with a delay add some frames of padding.
        assert!(
            (heard.seconds - 1.5).abs() < 0.2,
            "{name}: {} s",
            heard.seconds
        );
        let (like, late) = likeness(&whistle(rate_hz), &samples, 3_000);
        println!(
            "{name}: {} {} samples, like {like:.4}, {late} late",
            facts.codec,
            samples.len()
        );
        assert!(like > 0.98, "{name}: {like}");
        if matches!(
            container,
            Container::Flac | Container::Aiff | Container::Ogg
        ) {
            assert_eq!((late, samples.len()), (0, whistle(rate_hz).len()), "{name}");
        }
    }
}

#[test]
fn every_format_is_brought_to_the_rate_that_is_asked_for() {
    for (name, bytes, ..) in playable() {
        let (samples, _) = all(bytes, &Options::at(22_050)).unwrap();
        let (like, _) = likeness(&whistle(22_050), &samples, 3_000);
        assert!(like > 0.98, "{name}: {like}");
    }
}

#[test]
fn a_span_is_the_same_as_that_part_of_the_whole() {
    let mut wrong = Vec::new();
    for (name, bytes, _, rate_hz) in playable() {
        for options in [Options::default(), Options::at(12_000)] {
            let (whole, _) = all(bytes, &options).unwrap();
            let mut sound = Sound::open(Cursor::new(bytes), &options).unwrap();
            let rate = f64::from(options.rate_hz.unwrap_or(rate_hz));
            for (from_s, to_s) in [(0.8, 1.2), (0.1, 0.3), (1.0, 1.4), (0.0, 0.5)] {
                let part = sound.span(from_s, to_s).unwrap();
                let at = (from_s * rate).round() as usize;
                assert_eq!(
                    part.len(),
                    ((to_s - from_s) * rate).round() as usize,
                    "{name}"
                );
                let worst = part
                    .iter()
                    .zip(&whole[at..])
                    .map(|(a, b)| (a - b).abs())
                    .fold(0.0, f32::max);
                // A span at another rate may fall between two samples of the whole.
                let allowed = if options.rate_hz.is_some() {
                    0.15
                } else {
                    0.01
                };
                if worst > allowed {
                    wrong.push(format!("{name} from {from_s} at {rate}: {worst}"));
                }
            }
        }
    }
    assert_eq!(wrong, [""; 0]);
}

#[test]
fn a_cut_recording_gives_what_it_has_and_says_so() {
    for (name, bytes, container, rate_hz) in playable() {
        // The index of these M4A files stands at the end, and the header of Vorbis fills most of so short an Ogg file.
        if matches!(container, Container::Mp4 | Container::Ogg) {
            let fault = all(&bytes[..bytes.len() / 2], &Options::default()).unwrap_err();
            assert!(
                matches!(fault, DecodeFault::Damaged(_) | DecodeFault::Unsupported(_)),
                "{name}: {fault}"
            );
            continue;
        }
        let (samples, heard) = all(&bytes[..bytes.len() * 2 / 3], &Options::default()).unwrap();
        let (like, _) = likeness(&whistle(rate_hz)[..samples.len() * 9 / 10], &samples, 3_000);
        println!(
            "{name}: {:.2} s, {:?}, like {like:.3}",
            heard.seconds, heard.cut
        );
        assert!(like > 0.95, "{name}: {like}");
        assert!(
            (0.5..1.4).contains(&heard.seconds),
            "{name}: {}",
            heard.seconds
        );
        // Frames of MP3 and ADTS stand alone: nothing in the file says how many there should be.
        if !matches!(container, Container::Mp3 | Container::Adts) {
            assert!(heard.cut.is_some(), "{name}");
        }
    }
}

#[test]
fn a_cut_night_gives_what_it_has_and_says_so() {
    let Some(bytes) = crate::data::read("wildlife/composed/night_wind_1.ogg") else {
        return;
    };
    let (_, whole) = all(&bytes, &Options::at(16_000)).unwrap();
    assert_eq!((whole.cut, whole.damaged_packets), (None, 0));
    let (_, heard) = all(&bytes[..bytes.len() / 2], &Options::at(16_000)).unwrap();
    assert!(
        (0.4..0.6).contains(&(heard.seconds / whole.seconds)),
        "{}",
        heard.seconds
    );
    assert!(heard.cut.is_some());
}

#[test]
fn opus_is_named() {
    let (_, bytes, ..) = FIXTURES[8];
    assert_eq!(
        all(bytes, &Options::default()).unwrap_err().to_string(),
        "Opus is not read here"
    );
}

/// A WAVE file.
fn wav(tag: u16, channels: u16, rate_hz: u32, bits: u16, data: &[u8]) -> Vec<u8> {
    let block = channels.wrapping_mul(bits / 8);
    let mut bytes = b"RIFF".to_vec();
    bytes.extend((36 + data.len() as u32).to_le_bytes());
    bytes.extend(b"WAVEfmt \x10\0\0\0");
    bytes.extend(tag.to_le_bytes());
    bytes.extend(channels.to_le_bytes());
    bytes.extend(rate_hz.to_le_bytes());
    bytes.extend(rate_hz.wrapping_mul(u32::from(block)).to_le_bytes());
    bytes.extend(block.to_le_bytes());
    bytes.extend(bits.to_le_bytes());
    bytes.extend(b"data");
    bytes.extend((data.len() as u32).to_le_bytes());
    bytes.extend(data);
    bytes
}

#[test]
fn wave_headers_from_the_field_and_from_nowhere() {
    let data = [0_u8, 0x40].repeat(96);
    let extensible = {
        let mut bytes = wav(0xfffe, 1, 16_000, 16, &data);
        bytes[16] = 40;
        let mut rest = vec![22, 0, 16, 0, 4, 0, 0, 0, 1, 0];
        rest.extend([0; 14]);
        bytes.splice(36..36, rest);
        bytes
    };
    let unfinished = {
        let mut bytes = wav(1, 1, 16_000, 16, &data);
        bytes[4..8].fill(0);
        bytes[40..44].fill(0);
        bytes
    };
    for (name, bytes, wanted) in [
        ("16 bit", wav(1, 1, 16_000, 16, &data), Ok((96, None))),
        ("384 kHz", wav(1, 1, 384_000, 16, &data), Ok((96, None))),
        ("8 bit", wav(1, 1, 8_000, 8, &data), Ok((192, None))),
        ("24 bit", wav(1, 1, 48_000, 24, &data), Ok((64, None))),
        ("32 bit", wav(1, 1, 48_000, 32, &data), Ok((48, None))),
        ("float", wav(3, 1, 48_000, 32, &data), Ok((48, None))),
        ("stereo", wav(1, 2, 48_000, 16, &data), Ok((48, None))),
        ("extensible", extensible, Ok((96, None))),
        (
            "unfinished",
            unfinished,
            Ok((96, Some("the recorder did not finish the header"))),
        ),
        (
            "cut",
            wav(1, 1, 100, 16, &data)[..144].to_vec(),
            Ok((50, Some("the last 0.5 s are missing"))),
        ),
        (
            "no rate",
            wav(1, 1, 0, 16, &data),
            Err("the header is absurd: 0 samples a second"),
        ),
        (
            "rate",
            wav(1, 1, u32::MAX, 16, &data),
            Err("the header is absurd: 4294967295 samples a second"),
        ),
        (
            "channels",
            wav(1, 65_535, 8_000, 16, &data),
            Err("the header is absurd: 65535 channels"),
        ),
        (
            "no channels",
            wav(1, 0, 8_000, 16, &data),
            Err("the header is absurd: 0 channels"),
        ),
        ("12 bit", wav(1, 1, 8_000, 12, &data), Ok((192, None))),
        (
            "64 bit",
            wav(1, 1, 8_000, 64, &data),
            Err("the header is absurd: 64 bits a sample (format 1)"),
        ),
        (
            "0 bit",
            wav(1, 1, 8_000, 0, &data),
            Err("the header is absurd: 0 bits a sample (format 1)"),
        ),
        (
            "ADPCM",
            wav(2, 1, 8_000, 8, &data),
            Err("ADPCM in WAV is not read here"),
        ),
        (
            "empty data",
            wav(1, 1, 8_000, 16, &[]),
            Err("the file holds no samples"),
        ),
        (
            "no data",
            wav(1, 1, 8_000, 16, &[])[..36].to_vec(),
            Err("the file is damaged: there is no data chunk, only fmt "),
        ),
        (
            "riff alone",
            b"RIFF\0\0\0\0WAVE".to_vec(),
            Err("the file is damaged: there is no fmt chunk"),
        ),
        ("nothing", Vec::new(), Err("the file is empty")),
        (
            "text",
            b"name,start_s,end_s".to_vec(),
            Err("this is not a sound that is known here"),
        ),
    ] {
        let found = all(&bytes, &Options::default());
        let found = found
            .map(|(samples, heard)| (samples.len(), heard.cut))
            .map_err(|fault| fault.to_string());
        assert_eq!(
            found
                .as_ref()
                .map(|(n, cut)| (*n, cut.as_deref()))
                .map_err(String::as_str),
            wanted,
            "{name}"
        );
    }
}

#[test]
fn channels_are_mixed_or_chosen() {
    let data: Vec<u8> = [0_u8, 0x40, 0, 0].repeat(10);
    let bytes = wav(1, 2, 16_000, 16, &data);
    for (mix, wanted) in [
        (Mix::Mean, 0.25),
        (Mix::Channel(0), 0.5),
        (Mix::Channel(1), 0.0),
    ] {
        let (samples, _) = all(&bytes, &Options { rate_hz: None, mix }).unwrap();
        assert_eq!(samples, [wanted; 10]);
    }
    let fault = all(
        &bytes,
        &Options {
            rate_hz: None,
            mix: Mix::Channel(2),
        },
    )
    .unwrap_err();
    assert_eq!(
        fault.to_string(),
        "there is no channel 2: the recording has 2"
    );
}

#[test]
fn a_recording_above_4_gb_is_read_to_its_end() {
    /// Five billion bytes of samples, of which each is its own place modulo 251.
    struct Long {
        head: Vec<u8>,
        length: u64,
        at: u64,
    }
    impl std::io::Read for Long {
        fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
            let n = buffer.len().min((self.length - self.at) as usize);
            for (place, byte) in (self.at..).zip(&mut buffer[..n]) {
                *byte = self
                    .head
                    .get(place as usize)
                    .copied()
                    .unwrap_or((place % 251) as u8);
            }
            self.at += n as u64;
            Ok(n)
        }
    }
    impl std::io::Seek for Long {
        fn seek(&mut self, to: std::io::SeekFrom) -> std::io::Result<u64> {
            self.at = match to {
                std::io::SeekFrom::Start(at) => at,
                std::io::SeekFrom::End(by) => self.length.saturating_add_signed(by),
                std::io::SeekFrom::Current(by) => self.at.saturating_add_signed(by),
            }
            .min(self.length);
            Ok(self.at)
        }
    }
    let data_bytes = 5_000_000_000_u64;
    let mut head = b"RF64\xff\xff\xff\xffWAVEds64\x1c\0\0\0".to_vec();
    head.extend(
        [
            (data_bytes + 72).to_le_bytes(),
            data_bytes.to_le_bytes(),
            [0; 8],
        ]
        .concat(),
    );
    head.extend([0; 4]);
    head.extend(&wav(1, 1, 48_000, 16, &[])[12..40]);
    head.extend([0xff; 4]);
    let length = head.len() as u64 + data_bytes;
    let mut sound = Sound::open(
        Long {
            head,
            length,
            at: 0,
        },
        &Options::default(),
    )
    .unwrap();
    assert_eq!(sound.facts().frames, Some(2_500_000_000));
    let end_s = 2_500_000_000.0 / 48_000.0;
    let last = sound.span(end_s - 0.01, end_s + 5.0).unwrap();
    assert_eq!(last.len(), 480);
    let byte = |back: u64| u16::from(((length - back) % 251) as u8);
    let wanted = (byte(2) | byte(1) << 8).cast_signed();
    assert!((last[479] - f32::from(wanted) / 32_768.0).abs() < 1e-9);
    assert_eq!(sound.heard().cut, None);
}

/// Reads all that bytes give, as the fuzzer does.
fn swallow(bytes: &[u8]) {
    for options in [Options::default(), Options::at(16_000)] {
        let Ok(mut sound) = Sound::open(Cursor::new(bytes), &options) else {
            continue;
        };
        let mut samples = 0;
        while let Ok(Some(block)) = sound.next_block() {
            assert!(block.iter().all(|sample| sample.is_finite()));
            samples += block.len();
            if samples > 20_000_000 {
                break;
            }
        }
        let _ = sound.span(0.7, 0.9);
        assert!(sound.heard().seconds >= 0.0);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn changed_bytes_never_panic(
        which in 0..FIXTURES.len(),
        changes in prop::collection::vec((0..4_000_usize, any::<u8>()), 1..24),
        keep in 0.1_f64..=1.0,
    ) {
        let mut bytes = FIXTURES[which].1.to_vec();
        bytes.truncate((bytes.len() as f64 * keep) as usize);
        for (at, byte) in changes {
            // Mostly in the header, where it hurts.
            let at = at * at / 4_000;
            if let Some(place) = bytes.get_mut(at) {
                *place = byte;
            }
        }
        swallow(&bytes);
    }

    #[test]
    fn any_bytes_behind_a_mark_never_panic(
        mark in prop::sample::select(vec![
            &b"RIFF\0\0\0\0WAVEfmt "[..], b"RF64\xff\xff\xff\xffWAVEds64", b"fLaC\0\0\0\x22", b"OggS\0\x02",
            b"FORM\0\0\0\x40AIFFCOMM", b"\0\0\0\x20ftypM4A ", b"ID3\x04\0\0\0\0\0\x01", b"\xff\xfb\x90\x64", b"",
        ]),
        rest in prop::collection::vec(any::<u8>(), 0..2_000),
    ) {
        swallow(&[mark, &rest].concat());
    }
}
