//! From a body to a part on disk: one writer, in order, durable before it is told.

use std::fs::File;
use std::io::{self, Seek, SeekFrom};
use std::path::Path;
use std::time::{Duration, Instant};

use axum::body::Body;
use http_body_util::BodyExt;
use tokio_util::sync::CancellationToken;

use super::protocol::Checksum;
use super::{UploadId, rows};
use crate::objects::depot::{blocking, sync_folder};
use crate::objects::staging::Writer;
use crate::objects::{ObjectFault, Objects};

/// Bytes after which what came is made durable and noted, though more is coming.
const CHECKPOINT_BYTES: u64 = 8 * 1024 * 1024;
/// The same by time, for slow lines.
const CHECKPOINT_EVERY: Duration = Duration::from_secs(5);

/// How a body ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum End {
    /// As it should.
    Whole,
    /// The connection broke.
    Broken,
    /// Nothing came for too long.
    Idle,
    /// It holds more than the upload.
    TooMuch,
    /// A newer request took over.
    Newer,
    /// The server is stopping.
    Stopping,
    /// It is not what its checksum says.
    Mismatch,
}

/// A part of which `offset` bytes are durable.
pub(super) struct Part {
    pub(super) writer: Writer,
    pub(super) offset: u64,
}

/// What a body may do.
pub(super) struct Bounds<'a> {
    /// Bytes that the upload still lacks.
    pub(super) most: u64,
    pub(super) idle: Duration,
    pub(super) newer: &'a CancellationToken,
    pub(super) stopping: &'a CancellationToken,
    pub(super) checksum: Option<&'a Checksum>,
}

/// Where it is noted how far an upload is durable.
pub(super) struct Ledger<'a> {
    pub(super) objects: &'a Objects,
    pub(super) id: UploadId,
}

impl Ledger<'_> {
    /// Notes that the bytes up to `to` are on disk; false where somebody else moved the upload meanwhile.
    async fn note(&self, from: u64, to: u64) -> Result<bool, ObjectFault> {
        let database = &self.objects.inner.database;
        let expires_at = self.objects.expiry();
        Ok(rows::advance(database, self.id, from, to, expires_at).await?)
    }
}

/// Why a part does not open.
pub(super) enum PartFault {
    /// Its file is gone, or shorter than what was told.
    Lost,
    /// Another process writes it.
    Busy,
    /// The disk failed.
    Io(io::Error),
}

impl From<io::Error> for PartFault {
    fn from(fault: io::Error) -> Self {
        Self::Io(fault)
    }
}

impl Part {
    /// Opens a part at its durable end; what a killed process wrote beyond it goes. `hasher` knows the bytes before
    /// `offset`, or is fresh.
    pub(super) async fn open(
        path: &Path,
        offset: u64,
        hasher: blake3::Hasher,
    ) -> Result<Self, PartFault> {
        let path = path.to_owned();
        let opened = tokio::task::spawn_blocking(move || open(&path, offset));
        let file = opened.await.map_err(io::Error::other)??;
        Ok(Self {
            writer: Writer::new(file, hasher),
            offset,
        })
    }

    /// Takes a body. The ledger is told of bytes once they are durable.
    /// With a checksum nothing is noted before all of it is there and right.
    pub(super) async fn receive(
        mut self,
        mut body: Body,
        bounds: &Bounds<'_>,
        ledger: &Ledger<'_>,
    ) -> Result<(Self, End), ObjectFault> {
        let start = self.offset;
        let mut came = 0_u64;
        let mut last = Instant::now();
        let before = self.writer.hasher.clone();
        self.writer.check = bounds.checksum.map(Checksum::begin);
        let end = loop {
            let frame = tokio::select! {
                biased;
                () = bounds.newer.cancelled() => break End::Newer,
                () = bounds.stopping.cancelled() => break End::Stopping,
                frame = tokio::time::timeout(bounds.idle, body.frame()) => frame,
            };
            let bytes = match frame {
                Err(_elapsed) => break End::Idle,
                Ok(None) => break End::Whole,
                Ok(Some(Err(_))) => break End::Broken,
                Ok(Some(Ok(frame))) => match frame.into_data() {
                    Ok(bytes) => bytes,
                    Err(_trailers) => continue,
                },
            };
            if came + bytes.len() as u64 > bounds.most {
                break End::TooMuch;
            }
            came += bytes.len() as u64;
            self.writer = self.writer.add(&bytes).await?;
            let far = start + came - self.offset >= CHECKPOINT_BYTES
                || (start + came > self.offset && last.elapsed() >= CHECKPOINT_EVERY);
            if far && bounds.checksum.is_none() {
                self.writer = self.writer.sync().await?;
                if !ledger.note(self.offset, start + came).await? {
                    return Ok((self, End::Newer));
                }
                self.offset = start + came;
                last = Instant::now();
            }
        };
        self.writer = self.writer.sync().await?;
        let end = match (self.writer.check.take(), bounds.checksum) {
            (Some(check), Some(promised)) => {
                let right = end == End::Whole && check.finish() == promised.expected;
                if !right {
                    self.writer.hasher = before;
                    return Ok((
                        self,
                        if end == End::Whole {
                            End::Mismatch
                        } else {
                            end
                        },
                    ));
                }
                end
            }
            _ => end,
        };
        if start + came > self.offset {
            if !ledger.note(self.offset, start + came).await? {
                return Ok((self, End::Newer));
            }
            self.offset = start + came;
        }
        Ok((self, end))
    }

    /// Closes it: what is not durable and told goes. Gives the hash of what stays.
    pub(super) async fn close(self) -> io::Result<blake3::Hasher> {
        let hasher = self.writer.hasher.clone();
        self.writer.cut(self.offset).await?;
        Ok(hasher)
    }
}

fn open(path: &Path, offset: u64) -> Result<File, PartFault> {
    let is_new = offset == 0 && !path.exists();
    let opened = File::options()
        .write(true)
        .create(is_new)
        .truncate(false)
        .open(path);
    let mut file = match opened {
        Err(fault) if fault.kind() == io::ErrorKind::NotFound => return Err(PartFault::Lost),
        opened => opened?,
    };
    // Two processes with one folder: the second waits until the first is gone.
    match file.try_lock() {
        Ok(()) => {}
        Err(std::fs::TryLockError::WouldBlock) => return Err(PartFault::Busy),
        Err(std::fs::TryLockError::Error(fault)) => return Err(fault.into()),
    }
    if is_new && let Some(folder) = path.parent() {
        sync_folder(folder)?;
    }
    if file.metadata()?.len() < offset {
        return Err(PartFault::Lost);
    }
    file.set_len(offset)?;
    file.seek(SeekFrom::Start(offset))?;
    Ok(file)
}

/// Joins parts into a new one, hashed and synced. Lost where one of them is not there in full.
pub(super) async fn join(
    parts: Vec<(std::path::PathBuf, u64)>,
    target: &Path,
) -> Result<blake3::Hasher, PartFault> {
    let file = target.to_owned();
    let joined = tokio::task::spawn_blocking(move || -> Result<_, PartFault> {
        let mut file = open(&file, 0)?;
        for (path, size) in parts {
            let part = match File::open(&path) {
                Err(fault) if fault.kind() == io::ErrorKind::NotFound => {
                    return Err(PartFault::Lost);
                }
                opened => opened?,
            };
            // The kernel copies; some file systems only note that the blocks are shared.
            if io::copy(&mut io::Read::take(part, size), &mut file)? != size {
                return Err(PartFault::Lost);
            }
        }
        file.sync_all()?;
        Ok(())
    });
    joined.await.map_err(io::Error::other)??;
    Ok(hash_from(target).await?)
}

/// The hash of a whole file.
pub(super) async fn hash_from(path: &Path) -> io::Result<blake3::Hasher> {
    let path = path.to_owned();
    blocking(move || {
        let mut hasher = blake3::Hasher::new();
        hasher.update_reader(File::open(path)?)?;
        Ok(hasher)
    })
    .await
}
