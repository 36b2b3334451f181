//! An upload until its human voice is silenced: sealed as it comes in, readable only by the analysis.
//!
//! * [`seal`]: a stream of plain bytes to a stream of sealed ones
//! * [`Sealed`], [`open`]: what a key is made with, and the key
//! * [`reader`]: files of the object store, sealed or not, as a blocking source that can be sought
//!
//! AES-256-GCM in pieces of 64 KiB (the STREAM construction of Hoang, Reyhanitabar, Rogaway and Vizár, 2015): the nonce is the
//! piece's number and whether it is the last, so that pieces can be read out of order, and none can be left out, moved or
//! cut off. Each upload has a key of its own, made by HKDF from the installation's secret and a salt in the upload's row. With the
//! salt gone, which is part of the commit that notes the results, the bytes say nothing to anybody (decision 0034).

pub(crate) mod reader;
mod secret;

use bytes::Bytes;
use futures_util::StreamExt;
use futures_util::stream::{Stream, unfold};
use ring::aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};

pub(crate) use secret::{Secret, salt};

/// Plain bytes of one piece.
pub(crate) const PIECE_BYTES: usize = 64 * 1024;
/// What the seal adds to each piece.
pub(crate) const TAG_BYTES: usize = 16;
/// Sealed bytes of one piece.
pub(crate) const SEALED_BYTES: usize = PIECE_BYTES + TAG_BYTES;

/// The bytes are not those that were sealed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the sealed copy was changed or cut off, or its key is another one")]
pub(crate) struct Broken;

/// The key of one upload.
#[derive(Clone)]
pub(crate) struct Key(std::sync::Arc<LessSafeKey>);

impl std::fmt::Debug for Key {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("Key")
    }
}

impl Key {
    fn of(bytes: &[u8; 32]) -> Self {
        let key = UnboundKey::new(&AES_256_GCM, bytes).expect("32 bytes are a key");
        Self(std::sync::Arc::new(LessSafeKey::new(key)))
    }

    fn seal(&self, piece: u64, is_last: bool, mut bytes: Vec<u8>) -> Vec<u8> {
        let nonce = nonce(piece, is_last);
        self.0
            .seal_in_place_append_tag(nonce, Aad::empty(), &mut bytes)
            .expect("a piece is shorter than the cipher's limit");
        bytes
    }

    /// The plain bytes of a piece.
    pub(crate) fn open(
        &self,
        piece: u64,
        is_last: bool,
        sealed: &mut [u8],
    ) -> Result<usize, Broken> {
        let nonce = nonce(piece, is_last);
        let opened = self.0.open_in_place(nonce, Aad::empty(), sealed);
        opened.map(|plain| plain.len()).map_err(|_| Broken)
    }
}

fn nonce(piece: u64, is_last: bool) -> Nonce {
    let mut bytes = [0_u8; 12];
    bytes[..8].copy_from_slice(&piece.to_be_bytes());
    bytes[11] = u8::from(is_last);
    Nonce::assume_unique_for_key(bytes)
}

/// Whether a source failed because its sealed copy is not what was sealed.
pub(crate) fn is_broken(fault: &std::io::Error) -> bool {
    let cause = fault.get_ref();
    cause
        .and_then(|cause| cause.downcast_ref::<Broken>())
        .is_some()
}

/// Plain bytes of a copy of `sealed` bytes.
pub(crate) fn plain_length(sealed: u64) -> u64 {
    let pieces = sealed.div_ceil(SEALED_BYTES as u64);
    sealed.saturating_sub(pieces * TAG_BYTES as u64)
}

/// What was seen of a stream while it was sealed.
#[derive(Default)]
pub(crate) struct Seen {
    hasher: blake3::Hasher,
    /// Plain bytes so far.
    pub(crate) bytes: u64,
}

impl Seen {
    /// BLAKE3 of the plain bytes, in hexadecimal.
    pub(crate) fn hash(&self) -> String {
        self.hasher.finalize().to_hex().to_string()
    }
}

/// Seals a stream as it comes. A stream that breaks off gives its fault and no last piece.
pub(crate) fn seal<'a, S, E>(
    plain: S,
    key: &'a Key,
    seen: &'a mut Seen,
) -> impl Stream<Item = Result<Bytes, E>> + Send + 'a
where
    S: Stream<Item = Result<Bytes, E>> + Send + 'a,
    E: Send + 'a,
{
    struct State<'a, S> {
        plain: std::pin::Pin<Box<S>>,
        seen: &'a mut Seen,
        held: Vec<u8>,
        piece: u64,
        ended: bool,
    }
    let state = State {
        plain: Box::pin(plain),
        seen,
        held: Vec::new(),
        piece: 0,
        ended: false,
    };
    unfold(state, move |mut state| async move {
        if state.ended {
            return None;
        }
        // One byte more than a piece says that it is not the last one.
        while state.held.len() <= PIECE_BYTES {
            match state.plain.next().await {
                Some(Ok(bytes)) => {
                    state.seen.hasher.update(&bytes);
                    state.seen.bytes += bytes.len() as u64;
                    state.held.extend_from_slice(&bytes);
                }
                Some(Err(fault)) => {
                    state.ended = true;
                    return Some((Err(fault), state));
                }
                None => {
                    state.ended = true;
                    let last = std::mem::take(&mut state.held);
                    let sealed = key.seal(state.piece, true, last);
                    return Some((Ok(sealed.into()), state));
                }
            }
        }
        let rest = state.held.split_off(PIECE_BYTES);
        let full = std::mem::replace(&mut state.held, rest);
        let sealed = key.seal(state.piece, false, full);
        state.piece += 1;
        Some((Ok(sealed.into()), state))
    })
}

/// Opens a whole copy that is held in memory.
#[cfg(test)]
fn open_all(key: &Key, sealed: &[u8]) -> Result<Vec<u8>, Broken> {
    let mut plain = Vec::new();
    let pieces: Vec<&[u8]> = sealed.chunks(SEALED_BYTES).collect();
    for (at, piece) in pieces.iter().enumerate() {
        let mut bytes = piece.to_vec();
        let length = key.open(at as u64, at + 1 == pieces.len(), &mut bytes)?;
        plain.extend_from_slice(&bytes[..length]);
    }
    Ok(plain)
}

/// Seals what is held in memory.
#[cfg(test)]
async fn seal_all(key: &Key, plain: &[u8], chunk: usize) -> (Vec<u8>, String) {
    let mut seen = Seen::default();
    let chunks: Vec<Result<Bytes, Broken>> = plain
        .chunks(chunk.max(1))
        .map(|part| Ok(Bytes::copy_from_slice(part)))
        .collect();
    let mut sealed = Vec::new();
    {
        let stream = seal(futures_util::stream::iter(chunks), key, &mut seen);
        let mut stream = std::pin::pin!(stream);
        while let Some(bytes) = stream.next().await {
            sealed.extend_from_slice(&bytes.expect("nothing fails here"));
        }
    }
    (sealed, seen.hash())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plain(length: usize) -> Vec<u8> {
        (0..length).map(|at| (at * 31 % 251) as u8).collect()
    }

    #[tokio::test]
    async fn what_is_sealed_is_opened_whatever_its_length() {
        let key = Key::of(&[7; 32]);
        for length in [
            0,
            1,
            PIECE_BYTES - 1,
            PIECE_BYTES,
            PIECE_BYTES + 1,
            3 * PIECE_BYTES,
            200_001,
        ] {
            let plain = plain(length);
            let (sealed, hash) = seal_all(&key, &plain, 10_007).await;
            assert_eq!(plain_length(sealed.len() as u64), length as u64, "{length}");
            assert_eq!(open_all(&key, &sealed), Ok(plain.clone()), "{length}");
            assert_eq!(hash, blake3::hash(&plain).to_hex().to_string());
            assert!(length < 8 || !sealed.windows(8).any(|part| part == &plain[..8]));
        }
    }

    #[tokio::test]
    async fn a_copy_that_was_cut_moved_or_changed_is_refused() {
        let key = Key::of(&[7; 32]);
        let (sealed, _) = seal_all(&key, &plain(3 * PIECE_BYTES + 5), 4_096).await;
        let cut = &sealed[..3 * SEALED_BYTES];
        assert_eq!(
            open_all(&key, cut),
            Err(Broken),
            "the last piece is missing"
        );
        let mut swapped = sealed.clone();
        swapped[..2 * SEALED_BYTES].rotate_left(SEALED_BYTES);
        assert_eq!(open_all(&key, &swapped), Err(Broken));
        let mut changed = sealed.clone();
        changed[100] ^= 1;
        assert_eq!(open_all(&key, &changed), Err(Broken));
        assert_eq!(open_all(&Key::of(&[8; 32]), &sealed), Err(Broken));
    }

    #[tokio::test]
    async fn a_stream_that_breaks_off_has_no_last_piece() {
        let key = Key::of(&[7; 32]);
        let mut seen = Seen::default();
        let parts = [Ok(Bytes::from_static(b"abc")), Err(Broken)];
        let stream = seal(futures_util::stream::iter(parts), &key, &mut seen);
        let given: Vec<_> = stream.collect().await;
        assert_eq!(given, [Err(Broken)]);
    }
}
