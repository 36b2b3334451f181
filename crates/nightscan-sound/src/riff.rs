//! Chunks of a RIFF, RF64 or BW64 file: where each lies, read once and bounded.

use std::io::{self, Read, Seek, SeekFrom};

/// More chunks than any recorder writes; a file made of empty chunks ends here.
const MOST_CHUNKS: usize = 1_000;
/// How far into the file the `ds64` chunk may say the true sizes.
const DS64_BYTES: usize = 28;

/// One chunk: its name and where its bytes lie.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Chunk {
    pub(crate) id: [u8; 4],
    pub(crate) start: u64,
    /// What the header says.
    pub(crate) said: u64,
    /// What of it is in the file.
    pub(crate) there: u64,
}

/// The chunks of a WAVE file.
#[derive(Debug, Default)]
pub(crate) struct Riff {
    pub(crate) chunks: Vec<Chunk>,
    /// The header was never finished: the recorder stopped before it wrote the sizes.
    pub(crate) open_ended: bool,
}

impl Riff {
    /// The first chunk of that name.
    pub(crate) fn chunk(&self, id: [u8; 4]) -> Option<Chunk> {
        self.chunks.iter().find(|chunk| chunk.id == id).copied()
    }
}

/// Walks the chunks; `None` where the file is not a WAVE file.
pub(crate) fn walk(source: &mut (impl Read + Seek + ?Sized)) -> io::Result<Option<Riff>> {
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
    let riff_size = u32_at(&head, 4);
    let mut riff = Riff::default();
    let mut wide_data: Option<u64> = None;
    let mut at = 12_u64;
    while riff.chunks.len() < MOST_CHUNKS && length.saturating_sub(at) >= 8 {
        source.seek(SeekFrom::Start(at))?;
        let mut header = [0; 8];
        source.read_exact(&mut header)?;
        let id = [header[0], header[1], header[2], header[3]];
        let size = u32_at(&header, 4);
        let start = at + 8;
        let left = length - start;
        let mut said = u64::from(size);
        if id == *b"data" {
            if let Some(wide_size) = wide_data.filter(|_| size == u32::MAX) {
                said = wide_size;
            } else if size == u32::MAX || (size == 0 && riff_size <= 36) {
                riff.open_ended = true;
                said = left;
            }
        }
        let there = said.min(left);
        riff.chunks.push(Chunk {
            id,
            start,
            said,
            there,
        });
        if wide && id == *b"ds64" && there >= DS64_BYTES as u64 {
            let mut sizes = [0; DS64_BYTES];
            source.read_exact(&mut sizes)?;
            wide_data = Some(u64_at(&sizes, 8));
        }
        // Chunks begin at even places.
        match start
            .checked_add(said)
            .and_then(|end| end.checked_add(said & 1))
        {
            Some(next) => at = next,
            None => break,
        }
    }
    Ok(Some(riff))
}

/// The bytes of a chunk, at most `most` of them.
pub(crate) fn read(
    source: &mut (impl Read + Seek + ?Sized),
    chunk: Chunk,
    most: usize,
) -> io::Result<Vec<u8>> {
    let size = chunk.there.min(most as u64) as usize;
    let mut bytes = vec![0; size];
    source.seek(SeekFrom::Start(chunk.start))?;
    source.read_exact(&mut bytes)?;
    Ok(bytes)
}

pub(crate) fn u16_at(bytes: &[u8], at: usize) -> u16 {
    u16::from_le_bytes([bytes[at], bytes[at + 1]])
}

pub(crate) fn u32_at(bytes: &[u8], at: usize) -> u32 {
    u32::from_le_bytes([bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]])
}

fn u64_at(bytes: &[u8], at: usize) -> u64 {
    u64::from(u32_at(bytes, at)) | u64::from(u32_at(bytes, at + 4)) << 32
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use super::*;

    fn file(parts: &[&[u8]]) -> Cursor<Vec<u8>> {
        Cursor::new(parts.concat())
    }

    #[test]
    fn odd_chunks_are_padded() {
        let mut source = file(&[
            b"RIFF\xff\0\0\0WAVE",
            b"note\x03\0\0\0abc\0",
            b"data\x02\0\0\0zz",
        ]);
        let riff = walk(&mut source).unwrap().unwrap();
        let places: Vec<_> = riff
            .chunks
            .iter()
            .map(|chunk| (chunk.id, chunk.start))
            .collect();
        assert_eq!(places, [(*b"note", 20), (*b"data", 32)]);
        let note = riff.chunk(*b"note").unwrap();
        assert_eq!(read(&mut source, note, 2).unwrap(), b"ab");
    }

    #[test]
    fn a_chunk_longer_than_the_file_is_cut() {
        let riff = walk(&mut file(&[b"RIFF\xff\0\0\0WAVE", b"data\xf0\0\0\0zzzz"]))
            .unwrap()
            .unwrap();
        assert_eq!((riff.chunks[0].said, riff.chunks[0].there), (240, 4));
    }

    #[test]
    fn a_header_never_finished_reaches_to_the_end() {
        let riff = walk(&mut file(&[b"RIFF\0\0\0\0WAVE", b"data\0\0\0\0zzzz"]))
            .unwrap()
            .unwrap();
        assert!(riff.open_ended);
        assert_eq!(riff.chunks[0].there, 4);
    }

    #[test]
    fn rf64_takes_the_size_from_ds64() {
        let mut sizes = vec![0; 28];
        sizes[8..16].copy_from_slice(&5_000_000_000_u64.to_le_bytes());
        let mut source = file(&[
            b"RF64\xff\xff\xff\xffWAVE",
            b"ds64\x1c\0\0\0",
            &sizes,
            b"data\xff\xff\xff\xffzz",
        ]);
        let riff = walk(&mut source).unwrap().unwrap();
        let data = riff.chunk(*b"data").unwrap();
        assert_eq!((data.said, data.there), (5_000_000_000, 2));
    }

    #[test]
    fn what_is_not_a_wave_file_is_none() {
        for bytes in [
            &b""[..],
            b"RIFF",
            b"RIFF\0\0\0\0AVI ",
            b"nonsense that goes on and on",
        ] {
            assert!(walk(&mut Cursor::new(bytes)).unwrap().is_none());
        }
    }

    #[test]
    fn a_million_empty_chunks_end_soon() {
        let mut bytes = b"RIFF\xff\0\0\0WAVE".to_vec();
        bytes.extend(b"x   \0\0\0\0".repeat(100_000));
        assert_eq!(
            walk(&mut Cursor::new(bytes)).unwrap().unwrap().chunks.len(),
            MOST_CHUNKS
        );
    }
}
