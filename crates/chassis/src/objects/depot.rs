//! The bytes of objects: a folder or a bucket. Every key is made here from ids and a hash; no name of a caller is in one.
//!
//! A key is written once and never again, also for equal bytes: it ends in the id of the row that will point to it. So what
//! no row points to can be removed at any time, without asking whether somebody is about to need it.

use std::fs::{self, File, FileTimes};
use std::io;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, UNIX_EPOCH};

use bytes::Bytes;
use futures_util::stream::{self, BoxStream};
use futures_util::{StreamExt, TryStreamExt};
use object_store::aws::AmazonS3Builder;
use object_store::local::LocalFileSystem;
use object_store::path::Path as Key;
use object_store::{
    ClientOptions, GetOptions, GetResultPayload, ObjectStore, ObjectStoreExt, PutPayload,
    WriteMultipart,
};
use tokio::io::{AsyncReadExt, AsyncSeekExt};
use tokio_util::io::ReaderStream;

use super::ObjectFault;
use crate::clock::Timestamp;
use crate::config;

/// Parts of a bucket's upload; the last may be smaller.
const PART_BYTES: u64 = 8 * 1024 * 1024;
/// Parts that a bucket takes of one upload at most (10,000), with some room.
const MOST_PARTS: u64 = 9_000;
/// Parts under way at once: this times the part's size is the memory of one upload.
const PARTS_AT_ONCE: usize = 3;
/// What is read from a file at a time.
const READ_BYTES: usize = 128 * 1024;

/// Where the bytes are.
pub(super) struct Depot {
    store: Arc<dyn ObjectStore>,
    /// The local store's folder.
    folder: Option<PathBuf>,
    prefix: String,
}

/// Bytes that lie in the store.
pub(super) struct Found {
    pub(super) key: Key,
    /// The end of the key, which names the row.
    pub(super) blob: String,
    pub(super) modified_ms: i64,
}

impl Depot {
    /// Opens the store that the configuration names.
    pub(super) fn open(settings: &config::Objects, data: &Path) -> Result<Self, ObjectFault> {
        match settings.store {
            config::ObjectStore::Local => {
                let folder = settings
                    .folder
                    .clone()
                    .unwrap_or_else(|| data.join("objects"));
                make_folder(&folder)?;
                let folder = folder.canonicalize()?;
                let store = LocalFileSystem::new_with_prefix(&folder)?.with_fsync(true);
                Ok(Self {
                    store: Arc::new(store),
                    folder: Some(folder),
                    prefix: String::new(),
                })
            }
            config::ObjectStore::S3 => {
                crate::tls::install();
                Ok(Self {
                    store: Arc::new(bucket(settings)?),
                    folder: None,
                    prefix: settings.prefix.trim_matches('/').to_owned(),
                })
            }
        }
    }

    /// The key of a blob: workspace, two digits against large folders, hash and row.
    pub(super) fn key(&self, workspace: &str, hash: &str, blob: &str) -> Key {
        let fan = &hash[..2.min(hash.len())];
        let key = format!("{workspace}/{fan}/{hash}-{blob}");
        if self.prefix.is_empty() {
            Key::from(key)
        } else {
            Key::from(format!("{}/{key}", self.prefix))
        }
    }

    /// Keeps bytes in memory under a new key; durable when this returns.
    pub(super) async fn keep_bytes(&self, key: &Key, bytes: Bytes) -> Result<(), ObjectFault> {
        self.store.put(key, PutPayload::from_bytes(bytes)).await?;
        Ok(())
    }

    /// Keeps a file that is synced already under a new key; durable when this returns. On one disk it is linked, not copied.
    pub(super) async fn keep_file(
        &self,
        key: &Key,
        file: &Path,
        size: u64,
        now: Timestamp,
    ) -> Result<(), ObjectFault> {
        if let Some(folder) = &self.folder {
            let (folder, file) = (folder.clone(), file.to_owned());
            let target = folder.join(key.as_ref());
            let linked = blocking(move || link(&folder, &file, &target, now)).await?;
            if linked {
                return Ok(());
            }
        }
        self.copy_file(key, file, size).await
    }

    async fn copy_file(&self, key: &Key, file: &Path, size: u64) -> Result<(), ObjectFault> {
        let mut file = tokio::fs::File::open(file).await?;
        if size <= PART_BYTES {
            let mut bytes = Vec::with_capacity(size as usize);
            file.read_to_end(&mut bytes).await?;
            return self.keep_bytes(key, bytes.into()).await;
        }
        let part = PART_BYTES.max(size.div_ceil(MOST_PARTS)) as usize;
        let upload = self.store.put_multipart(key).await?;
        let mut write = WriteMultipart::new_with_chunk_size(upload, part);
        let mut parts = ReaderStream::with_capacity(file, READ_BYTES * 8);
        while let Some(bytes) = parts.next().await {
            let step = match bytes {
                Ok(bytes) => match write.wait_for_capacity(PARTS_AT_ONCE).await {
                    Ok(()) => {
                        write.put(bytes);
                        continue;
                    }
                    Err(fault) => ObjectFault::from(fault),
                },
                Err(fault) => ObjectFault::from(fault),
            };
            // Without this the bucket keeps, and bills, the parts.
            let _ = write.abort().await;
            return Err(step);
        }
        write.finish().await?;
        Ok(())
    }

    /// The bytes of a range, as they are read.
    pub(super) async fn read(
        &self,
        key: &Key,
        range: Range<u64>,
    ) -> Result<BoxStream<'static, io::Result<Bytes>>, ObjectFault> {
        if range.is_empty() {
            return Ok(stream::empty().boxed());
        }
        let options = GetOptions::new().with_range(Some(range));
        let found = self.store.get_opts(key, options).await?;
        let range = found.range.clone();
        match found.payload {
            GetResultPayload::File(file, _) => {
                let mut file = tokio::fs::File::from_std(file);
                file.seek(io::SeekFrom::Start(range.start)).await?;
                let bytes = file.take(range.end - range.start);
                Ok(ReaderStream::with_capacity(bytes, READ_BYTES).boxed())
            }
            GetResultPayload::Stream(bytes) => Ok(bytes.map_err(io::Error::other).boxed()),
        }
    }

    /// Removes bytes; none there is as good.
    pub(super) async fn remove(&self, key: &Key) -> Result<(), ObjectFault> {
        match self.store.delete(key).await {
            Ok(()) | Err(object_store::Error::NotFound { .. }) => Ok(()),
            Err(fault) => Err(fault.into()),
        }
    }

    /// Everything that lies in the store under a key of ours.
    pub(super) fn all(&self) -> BoxStream<'_, Result<Found, ObjectFault>> {
        let prefix = (!self.prefix.is_empty()).then(|| Key::from(self.prefix.as_str()));
        let listed = self.store.list(prefix.as_ref());
        let ours = listed
            .map_err(ObjectFault::from)
            .try_filter_map(async |meta| {
                let name = meta.location.filename().unwrap_or_default();
                let blob = name.rsplit_once('-').map(|(_, blob)| blob.to_owned());
                Ok(blob.map(|blob| Found {
                    blob,
                    modified_ms: meta.last_modified.timestamp_millis(),
                    key: meta.location,
                }))
            });
        ours.boxed()
    }
}

/// The name of the file, or the key, by which a store is tried.
const TRIED: &str = "probe";

impl Depot {
    /// What it is, for people.
    pub(super) fn kind(&self) -> &'static str {
        if self.folder.is_some() {
            "a folder"
        } else {
            "a bucket"
        }
    }

    /// The local store's folder.
    pub(super) fn folder(&self) -> Option<&Path> {
        self.folder.as_deref()
    }

    /// Whether a bucket answers: one listing, of a prefix under which nothing lies.
    pub(super) async fn look(&self) -> Result<(), ObjectFault> {
        let prefix = if self.prefix.is_empty() {
            Key::from(TRIED)
        } else {
            Key::from(format!("{}/{TRIED}", self.prefix))
        };
        let first = self.store.list(Some(&prefix)).next().await;
        first.transpose()?;
        Ok(())
    }
}

/// Whether files can be made in a folder and taken away again.
pub(super) fn try_folder(folder: &Path) -> io::Result<()> {
    let path = folder.join(TRIED);
    let written = fs::write(&path, TRIED);
    match fs::remove_file(&path) {
        // Another process tried at the same moment.
        Err(fault) if fault.kind() == io::ErrorKind::NotFound => written,
        removed => written.and(removed),
    }
}

fn bucket(settings: &config::Objects) -> Result<object_store::aws::AmazonS3, ObjectFault> {
    let missing = |what: &'static str| ObjectFault::Settings(what);
    let access = settings
        .access_key
        .as_ref()
        .ok_or(missing("objects.access_key"))?;
    let secret = settings
        .secret_key
        .as_ref()
        .ok_or(missing("objects.secret_key"))?;
    if settings.bucket.is_empty() {
        return Err(missing("objects.bucket"));
    }
    let client = ClientOptions::new()
        .with_connect_timeout(Duration::from_secs(5))
        // Of one request, of which a large file has many.
        .with_timeout(Duration::from_mins(2));
    let mut builder = AmazonS3Builder::new()
        .with_bucket_name(&settings.bucket)
        .with_region(&settings.region)
        .with_access_key_id(access.expose())
        .with_secret_access_key(secret.expose())
        .with_virtual_hosted_style_request(!settings.path_style)
        .with_client_options(client);
    if !settings.endpoint.is_empty() {
        builder = builder
            .with_endpoint(&settings.endpoint)
            .with_allow_http(settings.endpoint.starts_with("http://"));
    }
    Ok(builder.build()?)
}

/// Links a synced file into the store and syncs the folders. False where the disk is another one or knows no links.
fn link(folder: &Path, file: &Path, target: &Path, now: Timestamp) -> io::Result<bool> {
    let parent = target.parent().expect("a key has a folder");
    make_folders(folder, parent)?;
    // The sweep goes by age, and the last byte of an upload may be old.
    let moment = UNIX_EPOCH + Duration::from_millis(u64::try_from(now.unix_ms()).unwrap_or(0));
    File::options()
        .write(true)
        .open(file)?
        .set_times(FileTimes::new().set_modified(moment))?;
    match fs::hard_link(file, target) {
        Ok(()) => {}
        Err(fault) if fault.kind() == io::ErrorKind::NotFound => return Err(fault),
        Err(_) => return Ok(false),
    }
    sync_folder(parent)?;
    Ok(true)
}

/// Makes a folder for its owner alone, with those above it.
pub(super) fn make_folder(folder: &Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder)
}

/// Makes the folders between `root` and `folder`, each durably.
fn make_folders(root: &Path, folder: &Path) -> io::Result<()> {
    if folder.is_dir() || folder == root {
        return Ok(());
    }
    let parent = folder.parent().unwrap_or(root);
    make_folders(root, parent)?;
    match fs::create_dir(folder) {
        Ok(()) => sync_folder(parent),
        Err(fault) if fault.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        Err(fault) => Err(fault),
    }
}

/// Makes new entries of a folder durable: a synced file without its name is lost all the same.
pub(super) fn sync_folder(folder: &Path) -> io::Result<()> {
    File::open(folder)?.sync_all()
}

/// Runs file work beside the threads that answer requests.
pub(super) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> io::Result<T> + Send + 'static,
) -> io::Result<T> {
    tokio::task::spawn_blocking(work)
        .await
        .unwrap_or_else(|panic| Err(io::Error::other(panic)))
}
