//! Files of the object store as a blocking source: for decoders, which seek. Plain bytes are in memory alone, one window of them.

use std::io::{self, Read, Seek, SeekFrom};

use chassis::objects::{Object, Objects};
use futures_util::TryStreamExt;
use tokio::runtime::Handle;

use super::{Key, PIECE_BYTES, SEALED_BYTES, plain_length};

/// Pieces that are fetched at once: 1 MiB, so that a long read is few requests to a bucket.
const WINDOW_PIECES: u64 = 16;

/// A file that is read from a thread that may wait. Not for the threads that answer requests.
pub(crate) struct ObjectReader {
    objects: Objects,
    object: Object,
    handle: Handle,
    key: Option<Key>,
    /// Plain bytes of the whole.
    length: u64,
    position: u64,
    window: Vec<u8>,
    window_start: u64,
}

impl ObjectReader {
    /// Over a file that is kept as it is. To be called where there is a runtime; to be read elsewhere.
    pub(crate) fn plain(objects: &Objects, object: Object) -> Self {
        let length = object.size_bytes;
        Self::new(objects, object, None, length)
    }

    /// Over a sealed copy.
    pub(crate) fn sealed(objects: &Objects, object: Object, key: Key) -> Self {
        let length = plain_length(object.size_bytes);
        Self::new(objects, object, Some(key), length)
    }

    fn new(objects: &Objects, object: Object, key: Option<Key>, length: u64) -> Self {
        Self {
            objects: objects.clone(),
            object,
            handle: Handle::current(),
            key,
            length,
            position: 0,
            window: Vec::new(),
            window_start: 0,
        }
    }

    /// Another reader of the same file, at its start.
    pub(crate) fn again(&self) -> Self {
        Self {
            objects: self.objects.clone(),
            object: self.object.clone(),
            handle: self.handle.clone(),
            key: self.key.clone(),
            length: self.length,
            position: 0,
            window: Vec::new(),
            window_start: 0,
        }
    }

    /// Plain bytes of the whole.
    pub(crate) fn length(&self) -> u64 {
        self.length
    }

    fn holds(&self, position: u64) -> bool {
        let end = self.window_start + self.window.len() as u64;
        (self.window_start..end).contains(&position)
    }

    /// Fetches the window in which `position` lies.
    fn fetch(&mut self, position: u64) -> io::Result<()> {
        let piece = PIECE_BYTES as u64;
        let first = position / piece;
        let unit = if self.key.is_some() {
            SEALED_BYTES as u64
        } else {
            piece
        };
        let range = first * unit..((first + WINDOW_PIECES) * unit).min(self.object.size_bytes);
        let room = Vec::with_capacity((range.end - range.start) as usize);
        let fetched = async {
            let bytes = self.objects.open_range(&self.object, range).await;
            let bytes = bytes.map_err(io::Error::other)?;
            bytes
                .try_fold(room, |mut all, bytes| {
                    all.extend_from_slice(&bytes);
                    std::future::ready(Ok(all))
                })
                .await
        };
        let mut window = self.handle.block_on(fetched)?;
        if let Some(key) = &self.key {
            let last = self
                .object
                .size_bytes
                .div_ceil(SEALED_BYTES as u64)
                .saturating_sub(1);
            let (mut read, mut written) = (0, 0);
            let mut at = first;
            while read < window.len() {
                let end = (read + SEALED_BYTES).min(window.len());
                let plain = key
                    .open(at, at == last, &mut window[read..end])
                    .map_err(io::Error::other)?;
                window.copy_within(read..read + plain, written);
                (read, written, at) = (end, written + plain, at + 1);
            }
            window.truncate(written);
        }
        self.window = window;
        self.window_start = first * piece;
        Ok(())
    }
}

impl Read for ObjectReader {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.position >= self.length || buffer.is_empty() {
            return Ok(0);
        }
        if !self.holds(self.position) {
            self.fetch(self.position)?;
            if !self.holds(self.position) {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
        }
        let from = (self.position - self.window_start) as usize;
        let count = buffer.len().min(self.window.len() - from);
        buffer[..count].copy_from_slice(&self.window[from..from + count]);
        self.position += count as u64;
        Ok(count)
    }
}

impl Seek for ObjectReader {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let position = match to {
            SeekFrom::Start(position) => Some(position),
            SeekFrom::End(offset) => self.length.checked_add_signed(offset),
            SeekFrom::Current(offset) => self.position.checked_add_signed(offset),
        };
        self.position = position.ok_or(io::ErrorKind::InvalidInput)?;
        Ok(self.position)
    }
}
