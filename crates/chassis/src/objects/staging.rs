//! Files on their way in: a folder beside the data, where bytes are written, hashed and synced before anything points to them.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::pin::pin;
use std::time::Duration;

use bytes::Bytes;
use futures_util::{Stream, StreamExt};

use super::ObjectFault;
use super::depot::{blocking, make_folder, sync_folder};

/// What is gathered before it is written: one hop to a file thread for each.
pub(super) const GATHER_BYTES: usize = 1024 * 1024;

/// The folder.
pub(super) struct Staging {
    folder: PathBuf,
    /// Names this folder, so that an instance knows which uploads are its own.
    instance: String,
    minimum_free_bytes: u64,
}

/// A whole file in the folder, hashed and synced. It goes when this is dropped: what is to stay has a link of its own by then.
pub(super) struct Staged {
    path: PathBuf,
    pub(super) size_bytes: u64,
    pub(super) hash: String,
}

impl Staged {
    pub(super) fn path(&self) -> &Path {
        &self.path
    }
}

impl Drop for Staged {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.path);
    }
}

impl Staging {
    /// Makes the folder where it is missing, and gives it a name.
    pub(super) fn open(folder: &Path, minimum_free_bytes: u64) -> Result<Self, ObjectFault> {
        make_folder(folder)?;
        Ok(Self {
            instance: instance(folder)?,
            folder: folder.to_owned(),
            minimum_free_bytes,
        })
    }

    /// The name of this folder.
    pub(super) fn instance(&self) -> &str {
        &self.instance
    }

    /// The folder.
    pub(super) fn folder(&self) -> &Path {
        &self.folder
    }

    /// Refuses `more` bytes where the disk would be left with less than it must keep free.
    pub(super) fn room_for(&self, more: u64) -> Result<(), ObjectFault> {
        let disk = rustix::fs::statvfs(&self.folder).map_err(io::Error::from)?;
        let free = disk.f_bavail.saturating_mul(disk.f_frsize);
        if free < more.saturating_add(self.minimum_free_bytes) {
            return Err(ObjectFault::DiskFull);
        }
        Ok(())
    }

    /// Writes a stream to a file of its own. A stream that stands still for `idle` is given up.
    pub(super) async fn spool<E: std::error::Error + 'static>(
        &self,
        bytes: impl Stream<Item = Result<Bytes, E>> + Send,
        limit_bytes: u64,
        idle: Duration,
    ) -> Result<Staged, ObjectFault> {
        self.room_for(0)?;
        let path = self
            .folder
            .join(format!("{}.spool", ulid::Ulid::generate()));
        // From here on the file goes with this value, whichever way out is taken.
        let mut staged = Staged {
            path,
            size_bytes: 0,
            hash: String::new(),
        };
        let file = File::options()
            .write(true)
            .create_new(true)
            .open(&staged.path)?;
        let mut writer = Writer::new(file, blake3::Hasher::new());
        let mut bytes = pin!(bytes);
        loop {
            let next = tokio::time::timeout(idle, bytes.next());
            let Ok(next) = next.await else {
                let waited = format!("nothing came for {} ms", idle.as_millis());
                return Err(ObjectFault::BrokenOff(waited));
            };
            let Some(next) = next else { break };
            let next = next.map_err(|fault| {
                if is_too_large(&fault) {
                    ObjectFault::TooLarge { limit_bytes }
                } else {
                    ObjectFault::BrokenOff(fault.to_string())
                }
            })?;
            staged.size_bytes += next.len() as u64;
            if staged.size_bytes > limit_bytes {
                return Err(ObjectFault::TooLarge { limit_bytes });
            }
            writer = writer.add(&next).await?;
        }
        let writer = writer.sync().await?;
        staged.hash = writer.hasher.finalize().to_hex().to_string();
        Ok(staged)
    }
}

/// Whether a body was cut by the front because it holds more than it may.
fn is_too_large(fault: &(dyn std::error::Error + 'static)) -> bool {
    let mut cause = Some(fault);
    while let Some(fault) = cause {
        if fault.is::<http_body_util::LengthLimitError>() {
            return true;
        }
        cause = fault.source();
    }
    false
}

/// A file that is written, hashed and checked as bytes come.
pub(super) struct Writer {
    file: File,
    pub(super) hasher: blake3::Hasher,
    /// A checksum that the caller promised.
    pub(super) check: Option<Check>,
    gathered: Vec<u8>,
}

/// A checksum under way.
pub(super) enum Check {
    Sha(Box<ring::digest::Context>),
    Blake3(Box<blake3::Hasher>),
}

impl Check {
    fn update(&mut self, bytes: &[u8]) {
        match self {
            Self::Sha(context) => context.update(bytes),
            Self::Blake3(hasher) => {
                hasher.update(bytes);
            }
        }
    }

    /// The checksum of what came.
    pub(super) fn finish(self) -> Vec<u8> {
        match self {
            Self::Sha(context) => context.finish().as_ref().to_vec(),
            Self::Blake3(hasher) => hasher.finalize().as_bytes().to_vec(),
        }
    }
}

impl Writer {
    pub(super) fn new(file: File, hasher: blake3::Hasher) -> Self {
        Self {
            file,
            hasher,
            check: None,
            gathered: Vec::new(),
        }
    }

    /// Takes bytes; writes them once a good many are gathered.
    pub(super) async fn add(mut self, bytes: &[u8]) -> io::Result<Self> {
        self.gathered.extend_from_slice(bytes);
        if self.gathered.len() < GATHER_BYTES {
            return Ok(self);
        }
        blocking(move || {
            self.write()?;
            Ok(self)
        })
        .await
    }

    /// Writes what is gathered and makes all of it durable.
    pub(super) async fn sync(mut self) -> io::Result<Self> {
        blocking(move || {
            self.write()?;
            self.file.sync_data()?;
            Ok(self)
        })
        .await
    }

    /// Takes back what lies beyond `size`.
    pub(super) async fn cut(mut self, size: u64) -> io::Result<()> {
        self.gathered.clear();
        blocking(move || self.file.set_len(size)).await
    }

    fn write(&mut self) -> io::Result<()> {
        self.file.write_all(&self.gathered)?;
        self.hasher.update(&self.gathered);
        if let Some(check) = &mut self.check {
            check.update(&self.gathered);
        }
        self.gathered.clear();
        Ok(())
    }
}

/// The folder's name: made once, the same for all processes that ever use it.
fn instance(folder: &Path) -> io::Result<String> {
    let path = folder.join("instance");
    let read = || fs::read_to_string(&path).map(|text| text.trim().to_owned());
    match read() {
        Err(fault) if fault.kind() == io::ErrorKind::NotFound => {}
        known => return known,
    }
    let name = ulid::Ulid::generate().to_string();
    let draft = folder.join(format!("{name}.spool"));
    let mut file = File::create_new(&draft)?;
    file.write_all(name.as_bytes())?;
    file.sync_all()?;
    // A link, not a renaming: of two that start at once, the second must take the first's name.
    let linked = fs::hard_link(&draft, &path);
    fs::remove_file(&draft)?;
    match linked {
        Err(fault) if fault.kind() != io::ErrorKind::AlreadyExists => return Err(fault),
        _ => sync_folder(folder)?,
    }
    read()
}
