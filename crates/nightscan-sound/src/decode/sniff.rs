//! What a file is, by its first bytes; its name is never asked.

use std::io::{self, Read, Seek, SeekFrom};

use super::{Container, DecodeFault};

/// How much of the beginning is looked at.
const HEAD_BYTES: usize = 4096;
/// How much of the end is looked at for the last page of an Ogg file: a page has at most 65,307 bytes.
const TAIL_BYTES: u64 = 65_536;
/// Tags before the sound; more than two have not been seen.
const MOST_TAGS: usize = 4;

/// What was recognised.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Sniffed {
    pub(super) container: Container,
    /// Where the sound begins, after ID3 tags.
    pub(super) base: u64,
    /// Bytes of the whole file.
    pub(super) length: u64,
}

pub(super) fn sniff(source: &mut (impl Read + Seek + ?Sized)) -> Result<Sniffed, DecodeFault> {
    let length = source.seek(SeekFrom::End(0))?;
    if length == 0 {
        return Err(DecodeFault::Empty);
    }
    let mut base = 0;
    for _ in 0..=MOST_TAGS {
        let head = head(source, base)?;
        if head.len() >= 10 && head.starts_with(b"ID3") {
            let size = head[6..10]
                .iter()
                .fold(0, |size, byte| size << 7 | u64::from(byte & 0x7f));
            base += 10 + size;
            continue;
        }
        let container = container(&head)?;
        return Ok(Sniffed {
            container,
            base,
            length,
        });
    }
    Err(DecodeFault::NotASound)
}

fn head(source: &mut (impl Read + Seek + ?Sized), base: u64) -> io::Result<Vec<u8>> {
    source.seek(SeekFrom::Start(base))?;
    let mut head = Vec::with_capacity(HEAD_BYTES);
    source.take(HEAD_BYTES as u64).read_to_end(&mut head)?;
    Ok(head)
}

fn container(head: &[u8]) -> Result<Container, DecodeFault> {
    let name = |from: usize| head.get(from..from + 4).unwrap_or_default();
    let unsupported = |what: &str| Err(DecodeFault::Unsupported(what.to_owned()));
    match (name(0), name(8)) {
        (b"RIFF" | b"RF64" | b"BW64", b"WAVE") => return Ok(Container::Wav),
        (b"FORM", b"AIFF" | b"AIFC") => return Ok(Container::Aiff),
        (b"RIFF", b"AVI ") => return unsupported("AVI"),
        (b"riff", _) => return unsupported("Wave64"),
        (b"fLaC", _) => return Ok(Container::Flac),
        (b"caff", _) => return unsupported("CAF"),
        (b"wvpk", _) => return unsupported("WavPack"),
        (b"MAC ", _) => return unsupported("Monkey's Audio"),
        (b"0&\xb2u", _) => return unsupported("Windows Media"),
        (b"\x1aE\xdf\xa3", _) => return unsupported("Matroska"),
        (b"OggS", _) => {
            let has = |what: &[u8]| head.windows(what.len()).take(96).any(|place| place == what);
            return match () {
                () if has(b"OpusHead") => unsupported("Opus"),
                () if has(b"Speex   ") => unsupported("Speex"),
                () => Ok(Container::Ogg),
            };
        }
        _ => {}
    }
    if name(4) == b"ftyp" {
        return Ok(Container::Mp4);
    }
    // Without a mark of its own: two frames that follow each other. Files may begin with padding.
    for at in 0..head.len() {
        if let Some(bytes) = mp3_frame(&head[at..])
            && head.get(at + bytes..).and_then(mp3_frame).is_some()
        {
            return Ok(Container::Mp3);
        }
        if let Some(bytes) = adts_frame(&head[at..])
            && head.get(at + bytes..).and_then(adts_frame).is_some()
        {
            return Ok(Container::Adts);
        }
    }
    Err(DecodeFault::NotASound)
}

/// The length of the MPEG layer III frame that begins here (ISO/IEC 11172-3, 2.4.2.3).
fn mp3_frame(bytes: &[u8]) -> Option<usize> {
    const KBPS_V1: [usize; 15] = [
        0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320,
    ];
    const KBPS_V2: [usize; 15] = [0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160];
    let &[sync, second, third, ..] = bytes else {
        return None;
    };
    if sync != 0xff || second & 0xe6 != 0xe2 {
        return None;
    }
    let version = second >> 3 & 3;
    let kbps_at = usize::from(third >> 4);
    let rate = *[44_100_usize, 48_000, 32_000].get(usize::from(third >> 2 & 3))?;
    let (kbps, rate, slots) = match version {
        3 => (KBPS_V1.get(kbps_at)?, rate, 144_000),
        2 => (KBPS_V2.get(kbps_at)?, rate / 2, 72_000),
        0 => (KBPS_V2.get(kbps_at)?, rate / 4, 72_000),
        _ => return None,
    };
    (*kbps > 0).then(|| slots * kbps / rate + usize::from(third >> 1 & 1))
}

/// The length of the ADTS frame that begins here (ISO/IEC 13818-7, 6.2).
fn adts_frame(bytes: &[u8]) -> Option<usize> {
    let &[sync, second, third, fourth, fifth, sixth, ..] = bytes else {
        return None;
    };
    if sync != 0xff || second & 0xf6 != 0xf0 || third >> 2 & 15 > 12 {
        return None;
    }
    let length = usize::from(fourth & 3) << 11 | usize::from(fifth) << 3 | usize::from(sixth >> 5);
    (length > 7).then_some(length)
}

/// Whether the last page of an Ogg file says that it is the last.
pub(super) fn ogg_is_whole(
    source: &mut (impl Read + Seek + ?Sized),
    length: u64,
) -> io::Result<bool> {
    source.seek(SeekFrom::Start(length.saturating_sub(TAIL_BYTES)))?;
    let mut tail = Vec::new();
    source.take(TAIL_BYTES).read_to_end(&mut tail)?;
    let last = tail.windows(6).rfind(|place| place.starts_with(b"OggS"));
    Ok(last.is_some_and(|page| page[5] & 4 != 0))
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use super::*;

    fn of(bytes: &[u8]) -> Result<Container, String> {
        sniff(&mut Cursor::new(bytes))
            .map(|found| found.container)
            .map_err(|fault| fault.to_string())
    }

    #[test]
    fn the_first_bytes_decide() {
        let mp3 = [
            &[0xff, 0xfb, 0x90, 0x00][..],
            &[0; 413],
            &[0xff, 0xfb, 0x90, 0x00],
        ]
        .concat();
        let tagged = [b"ID3\x03\0\0\0\0\0\x05hello", &mp3[..]].concat();
        let flac_in_tag = b"ID3\x03\0\0\0\0\0\x05hellofLaC\0\0\0\x22".as_slice();
        for (bytes, container) in [
            (&b"RIFF\0\0\0\0WAVEfmt "[..], Container::Wav),
            (b"RF64\xff\xff\xff\xffWAVE", Container::Wav),
            (b"fLaC\0\0\0\x22", Container::Flac),
            (b"OggS\0\x02", Container::Ogg),
            (b"FORM\0\0\0\0AIFF", Container::Aiff),
            (b"\0\0\0\x20ftypM4A ", Container::Mp4),
            (&mp3, Container::Mp3),
            (&tagged, Container::Mp3),
            (flac_in_tag, Container::Flac),
        ] {
            assert_eq!(of(bytes), Ok(container), "{bytes:?}");
        }
    }

    #[test]
    fn what_is_no_sound_is_said() {
        for bytes in [
            &b"%PDF-1.7 and so on"[..],
            b"\xff\xd8\xff\xe0JFIF",
            b"x",
            &[0xff; 64],
            &[0; 5000],
        ] {
            assert_eq!(of(bytes), Err(DecodeFault::NotASound.to_string()));
        }
        assert_eq!(of(b""), Err(DecodeFault::Empty.to_string()));
        assert_eq!(
            of(b"OggS\0\x02........................OpusHead"),
            Err("Opus is not read here".to_owned())
        );
    }
}
