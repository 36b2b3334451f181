//! Files: kept once a workspace by their content, served by range, received in pieces.
//!
//! * [`Objects`]: put, read, sign, delete; clones share it
//! * [`kind`]: media types and names, which never become paths
//! * [`uploads`]: resumable uploads (tus 1.0)
//! * `depot`: the bytes, in a folder or a bucket; `store`, `tables`: the rows; `staging`: files on their way in
//! * `serve`, `range`: answers; `address`: signed addresses; `import`: fetching by URL; `sweep`: what nobody refers to
//!
//! Bytes come first and are durable before a row points to them. A crash in between leaves bytes without a row, never a row
//! without bytes; the sweep removes them after a grace.

mod address;
pub(crate) mod api;
mod depot;
mod fault;
mod import;
pub mod kind;
pub mod range;
mod serve;
mod staging;
mod store;
mod sweep;
mod tables;
pub mod uploads;

use std::io;
use std::ops::Range;
use std::path::Path;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use bytes::Bytes;
use futures_util::Stream;
use futures_util::future::BoxFuture;
use futures_util::stream::BoxStream;
use sea_orm_migration::MigrationTrait;
use serde::Serialize;
use tokio_util::sync::CancellationToken;
use utoipa::ToSchema;

use crate::auth::usage;
use crate::auth::{Auth, WorkspaceId};
use crate::clock::Timestamp;
use crate::config::{self, Config};
use crate::data::{DataError, Database};
use crate::http::page::Page;
use crate::probe::Probe;

pub use address::{Expired, LONGEST_VALIDITY};
pub use fault::ObjectFault;
pub use kind::Kind;

use address::{Parts, Signer};
use depot::{Depot, blocking};
use staging::{Staged, Staging};
use store::NewRow;

crate::id_type! {
    /// A file.
    ObjectId
}

/// The room's tables.
pub(crate) fn migrations() -> Vec<Box<dyn MigrationTrait>> {
    tables::migrations()
}

/// A file of a workspace.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Object {
    /// Its id.
    pub id: ObjectId,
    /// Whose it is.
    pub workspace: WorkspaceId,
    /// BLAKE3 of its bytes, in hexadecimal.
    pub hash: String,
    /// Its length.
    pub size_bytes: u64,
    /// Its media type.
    pub kind: String,
    /// The name that its owner gave it.
    pub name: Option<String>,
    /// When it came.
    pub created_at: Timestamp,
    /// When it goes by itself.
    pub keep_until: Option<Timestamp>,
    /// The address of what it belongs to: it is deleted with that, not by itself.
    pub held_by: Option<String>,
    /// The row of its bytes.
    blob: String,
}

/// What is said of a file that is to be kept.
#[derive(Clone, Debug)]
pub struct NewObject {
    /// Whose it is.
    pub workspace: WorkspaceId,
    /// Its media type.
    pub kind: Kind,
    /// Its name, as [`kind::file_name`] gives it.
    pub name: Option<String>,
    /// When it goes by itself; none: when somebody deletes it.
    pub keep_until: Option<Timestamp>,
    /// The address of what it belongs to, such as `/api/v1/luna/kits/01…`. The service behind that deletes it; people are sent
    /// there.
    pub held_by: Option<String>,
    /// Its id, where the caller has chosen one: keeping it again under that id gives the file that is there.
    pub id: Option<ObjectId>,
}

impl NewObject {
    /// A file without a name that is kept until somebody deletes it.
    pub fn new(workspace: WorkspaceId, kind: Kind) -> Self {
        Self {
            workspace,
            kind,
            name: None,
            keep_until: None,
            held_by: None,
            id: None,
        }
    }

    /// Under an id that was chosen, and recorded, before: for work that may be done twice.
    #[must_use]
    pub fn with_id(mut self, id: ObjectId) -> Self {
        self.id = Some(id);
        self
    }
}

/// What a workspace keeps and may keep.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct Usage {
    /// Bytes kept; equal files count once.
    pub used_bytes: u64,
    /// Bytes that may be kept.
    pub limit_bytes: u64,
}

/// The files. Clones share it.
#[derive(Clone)]
pub struct Objects {
    inner: Arc<Inner>,
}

struct Inner {
    database: Database,
    depot: Depot,
    staging: Staging,
    signer: Signer,
    settings: config::Objects,
    /// The start of signed addresses: `http.public_url`, or nothing.
    base: String,
    slots: uploads::Slots,
    stopping: CancellationToken,
    /// The accounts, whose plans bound what may be kept.
    auth: OnceLock<Auth>,
    tried: Probe<Result<(), &'static str>>,
}

/// How long a look at the folders, and at a bucket, counts.
const FOLDERS_TRIED: Duration = Duration::from_secs(1);
const BUCKET_TRIED: Duration = Duration::from_secs(5);
/// A store that takes longer is not up.
const PATIENCE: Duration = Duration::from_secs(2);
const LATE: &str = "no answer within 2 s";

impl Objects {
    /// Opens the store and the staging folder that the configuration names. The tables must be there.
    pub async fn open(config: &Config, database: &Database) -> Result<Self, ObjectFault> {
        let public = config.http.public_url.as_ref();
        let base = public.map(|url| url.as_str().trim_end_matches('/').to_owned());
        Self::with(
            &config.objects,
            &config.data.folder,
            base.unwrap_or_default(),
            database,
        )
        .await
    }

    /// As [`Objects::open`], from the parts of a configuration.
    pub async fn with(
        settings: &config::Objects,
        data: &Path,
        base: String,
        database: &Database,
    ) -> Result<Self, ObjectFault> {
        let depot = Depot::open(settings, data)?;
        // Opening has made the folders; a bucket is asked by the first who wants to know.
        let known = depot.folder().map(|_| Ok(()));
        let inner = Inner {
            depot,
            staging: Staging::open(&data.join("uploads"), settings.minimum_free_bytes)?,
            signer: Signer::open(database).await?,
            database: database.clone(),
            settings: settings.clone(),
            base,
            slots: uploads::Slots::default(),
            stopping: CancellationToken::new(),
            auth: OnceLock::new(),
            tried: Probe::new(PATIENCE, known, Err(LATE)),
        };
        Ok(Self {
            inner: Arc::new(inner),
        })
    }

    /// Keeps bytes. They are durable, and the row too, when this returns.
    pub async fn put(&self, new: NewObject, bytes: Bytes) -> Result<Object, ObjectFault> {
        let hash = blake3::hash(&bytes).to_hex().to_string();
        let size_bytes = bytes.len() as u64;
        self.keep(new, Source::Memory(bytes), hash, size_bytes, None)
            .await
    }

    /// Keeps a stream of at most `limit_bytes`, through a file: memory is bounded however long it is.
    pub async fn put_stream<E>(
        &self,
        new: NewObject,
        bytes: impl Stream<Item = Result<Bytes, E>> + Send,
        limit_bytes: u64,
    ) -> Result<Object, ObjectFault>
    where
        E: std::error::Error + 'static,
    {
        let idle = Duration::from_millis(self.inner.settings.upload_idle_ms);
        let staged = self.inner.staging.spool(bytes, limit_bytes, idle).await?;
        self.keep_staged(new, &staged).await
    }

    async fn keep_staged(&self, new: NewObject, staged: &Staged) -> Result<Object, ObjectFault> {
        let source = Source::File(staged.path());
        self.keep(new, source, staged.hash.clone(), staged.size_bytes, None)
            .await
    }

    /// Bytes to their store, then the row. What is there already is not written again.
    async fn keep(
        &self,
        new: NewObject,
        source: Source<'_>,
        hash: String,
        size_bytes: u64,
        upload: Option<String>,
    ) -> Result<Object, ObjectFault> {
        let Inner {
            database, depot, ..
        } = self.inner.as_ref();
        let limit_bytes = self.limit_bytes(new.workspace).await?;
        let workspace = new.workspace.to_string();
        let now = database.clock().now();
        let row = |blob: String| NewRow {
            id: new
                .id
                .unwrap_or_else(|| ObjectId::generate(database.clock())),
            workspace: new.workspace,
            blob,
            hash: hash.clone(),
            size_bytes,
            kind: new.kind.to_string(),
            name: new.name.clone(),
            keep_until: new.keep_until.map(|time| time.to_string()),
            held_by: new.held_by.clone(),
            now: now.to_string(),
            limit_bytes,
            upload: upload.clone(),
        };
        // Each round fails only where equal bytes were deleted or added beside it.
        for _ in 0..5 {
            if let Some(id) = new.id
                && let Some(there) = store::get(database, new.workspace, id).await?
            {
                return Ok(there);
            }
            if let Some(there) = store::blob_of(database, new.workspace, &hash).await? {
                let row = row(there.id);
                let noted = database
                    .write(|tx| Box::pin(async move { store::insert_over(tx, row).await }))
                    .await;
                match noted {
                    Ok(noted) => return Ok(store::read(noted)?),
                    Err(fault) if fault.is_race() => {}
                    Err(fault) => return Err(fault),
                }
            }
            let used = store::used(database.read(), &workspace).await?;
            if used.saturating_add(size_bytes) > limit_bytes {
                return Err(ObjectFault::OverQuota { limit_bytes });
            }
            let blob = crate::id::generate(database.clock()).to_string();
            let key = depot.key(&workspace, &hash, &blob);
            match &source {
                Source::Memory(bytes) => depot.keep_bytes(&key, bytes.clone()).await?,
                Source::File(path) => depot.keep_file(&key, path, size_bytes, now).await?,
            }
            let row = row(blob.clone());
            let noted = database
                .write(|tx| Box::pin(async move { store::insert(tx, row).await }))
                .await;
            match noted {
                Ok(noted) => {
                    if noted.blob_id != blob {
                        depot.remove(&key).await?;
                    }
                    return Ok(store::read(noted)?);
                }
                Err(ObjectFault::OverQuota { limit_bytes }) => {
                    depot.remove(&key).await?;
                    return Err(ObjectFault::OverQuota { limit_bytes });
                }
                Err(fault) if fault.is_race() => depot.remove(&key).await?,
                // Whether the row is there cannot be told: the sweep finds out.
                Err(fault) => return Err(fault),
            }
        }
        Err(DataError::Busy("equal files come and go at once".to_owned()).into())
    }

    /// A file as an answer to GET or HEAD, whole or by range, to be saved under `filename`. Only its owner may keep it.
    pub async fn respond(
        &self,
        object: &Object,
        method: &http::Method,
        headers: &http::HeaderMap,
        filename: &str,
    ) -> Result<axum::response::Response, crate::http::problem::Problem> {
        let manner = serve::Manner {
            name: Some(filename),
            inline: false,
            keep_s: api::KEEP_S,
        };
        serve::answer(self, object, method, headers, manner).await
    }

    /// A file of a workspace.
    pub async fn get(&self, workspace: WorkspaceId, id: ObjectId) -> Result<Object, ObjectFault> {
        let found = store::get(&self.inner.database, workspace, id).await?;
        found.ok_or(ObjectFault::NotFound)
    }

    /// A page of a workspace's files, newest first.
    pub async fn list(
        &self,
        workspace: WorkspaceId,
        page: Page,
    ) -> Result<Vec<Object>, ObjectFault> {
        Ok(store::list(&self.inner.database, workspace, page).await?)
    }

    /// The bytes of a range of a file, as they are read.
    pub async fn open_range(
        &self,
        object: &Object,
        range: Range<u64>,
    ) -> Result<BoxStream<'static, io::Result<Bytes>>, ObjectFault> {
        let depot = &self.inner.depot;
        let key = depot.key(&object.workspace.to_string(), &object.hash, &object.blob);
        depot
            .read(&key, range.start..range.end.min(object.size_bytes))
            .await
    }

    /// All bytes of a file that is not larger than `limit_bytes`.
    pub async fn read(&self, object: &Object, limit_bytes: u64) -> Result<Bytes, ObjectFault> {
        use futures_util::TryStreamExt;
        if object.size_bytes > limit_bytes {
            return Err(ObjectFault::TooLarge { limit_bytes });
        }
        let whole = self.open_range(object, 0..object.size_bytes).await?;
        let room = Vec::with_capacity(object.size_bytes as usize);
        let bytes = whole.try_fold(room, |mut all, bytes| {
            all.extend_from_slice(&bytes);
            std::future::ready(Ok(all))
        });
        Ok(bytes.await?.into())
    }

    /// Removes a file, and its bytes where no other file of the workspace has the same. Whether something holds it is the
    /// caller's to ask.
    pub async fn delete(&self, workspace: WorkspaceId, id: ObjectId) -> Result<(), ObjectFault> {
        let Inner {
            database, depot, ..
        } = self.inner.as_ref();
        let (workspace, id) = (workspace.to_string(), id.to_string());
        for _ in 0..5 {
            let (workspace, id) = (workspace.clone(), id.clone());
            let gone = database
                .write(|tx| Box::pin(async move { store::delete(tx, workspace, id).await }))
                .await;
            match gone {
                Ok(None) => return Err(ObjectFault::NotFound),
                Ok(Some(None)) => return Ok(()),
                Ok(Some(Some(blob))) => {
                    let key = depot.key(&blob.workspace_id, &blob.hash, &blob.id);
                    if let Err(fault) = depot.remove(&key).await {
                        // The row is gone, which is what counts; the sweep tries again.
                        tracing::warn!(error = %fault, "the bytes of a deleted object are still there");
                    }
                    return Ok(());
                }
                // An object over the same bytes was made beside this.
                Err(DataError::ForeignKey { .. }) => {}
                Err(fault) => return Err(fault.into()),
            }
        }
        Err(DataError::Busy("equal files come and go at once".to_owned()).into())
    }

    /// An address that gives a file to whoever has it, without an account, for `valid_for` (at most seven days). It starts
    /// with `http.public_url` where that is set.
    pub async fn signed_address(
        &self,
        workspace: WorkspaceId,
        id: ObjectId,
        filename: &str,
        valid_for: Duration,
    ) -> Result<String, ObjectFault> {
        let object = self.get(workspace, id).await?;
        let now = self.inner.database.clock().now();
        let way = self.inner.signer.sign(object.id, filename, now, valid_for);
        Ok(format!("{}{way}", self.inner.base))
    }

    /// The file of a signed address, and the seconds that the address is still valid.
    async fn get_signed(
        &self,
        id: ObjectId,
        parts: Parts<'_>,
    ) -> Result<Result<(Object, u64), Expired>, ObjectFault> {
        let Inner {
            database, signer, ..
        } = self.inner.as_ref();
        if !signer.knows(parts.key) {
            signer.look_again(database).await?;
        }
        match signer.check(id, parts, database.clock().now()) {
            Err(expired) => Ok(Err(expired)),
            Ok(left_s) => {
                let object = store::get_signed(database, id).await?;
                Ok(Ok((object.ok_or(ObjectFault::NotFound)?, left_s)))
            }
        }
    }

    /// What a workspace keeps and may keep.
    pub async fn usage(&self, workspace: WorkspaceId) -> Result<Usage, ObjectFault> {
        let used = store::used(self.inner.database.read(), &workspace.to_string()).await?;
        Ok(Usage {
            used_bytes: used,
            limit_bytes: self.limit_bytes(workspace).await?,
        })
    }

    /// What a workspace may keep: the configuration's bound, or its plan's where that is less.
    async fn limit_bytes(&self, workspace: WorkspaceId) -> Result<u64, DataError> {
        let most = self.inner.settings.workspace_limit_bytes;
        let Some(auth) = self.inner.auth.get() else {
            return Ok(most);
        };
        let plan = auth.plan_of(workspace).await?;
        Ok(most.min(plan.storage_bytes))
    }

    /// Lets plans bound what may be kept, and counts it for them.
    pub fn bounded_by(&self, auth: &Auth) {
        // A store belongs to one house; its first accounts stay.
        let _ = self.inner.auth.set(auth.clone());
        auth.count_by(Arc::new(self.clone()));
    }

    /// Where the files are, for people.
    pub fn kind(&self) -> &'static str {
        self.inner.depot.kind()
    }

    /// Whether files can be kept now, or what is wrong. Tries it, for all who ask within a second (a bucket: five).
    pub async fn ping(&self) -> Result<(), &'static str> {
        let keep = match self.inner.depot.folder() {
            Some(_) => FOLDERS_TRIED,
            None => BUCKET_TRIED,
        };
        let inner = self.inner.clone();
        let look = || async move {
            let tried = tokio::time::timeout(PATIENCE, inner.look()).await;
            tried.map_err(|_| LATE)?.map_err(|fault| {
                fault.say();
                match fault {
                    ObjectFault::DiskFull => "no room is left",
                    ObjectFault::Io(_) => "a folder cannot be written",
                    _ => "does not answer",
                }
            })
        };
        self.inner.tried.ask(keep, look).await
    }

    /// Removes what nobody refers to, and what has had its time. Gives how many files went.
    pub async fn sweep(&self) -> Result<usize, ObjectFault> {
        sweep::run(&self.inner).await
    }

    /// Keeps the store clean until it is dropped: once now and then every hour.
    pub async fn keep_clean(self) {
        loop {
            if let Err(fault) = self.sweep().await {
                tracing::error!(error = %fault, "the sweep of the object store failed; it is tried again in an hour");
            }
            tokio::time::sleep(sweep::EVERY).await;
        }
    }
}

impl Inner {
    /// Whether the folders take files, and the bucket answers.
    async fn look(self: Arc<Self>) -> Result<(), ObjectFault> {
        let inner = self.clone();
        let folders = move || {
            depot::try_folder(inner.staging.folder())?;
            inner.depot.folder().map_or(Ok(()), depot::try_folder)
        };
        blocking(folders).await?;
        self.staging.room_for(0)?;
        match self.depot.folder() {
            Some(_) => Ok(()),
            None => self.depot.look().await,
        }
    }
}

impl usage::Source for Objects {
    fn name(&self) -> &'static str {
        "storage_bytes"
    }

    fn count(&self, workspace: WorkspaceId) -> BoxFuture<'_, Result<u64, DataError>> {
        let read = self.inner.database.read();
        Box::pin(async move { store::used(read, &workspace.to_string()).await })
    }
}

/// Where the bytes of a new object are.
enum Source<'a> {
    Memory(Bytes),
    File(&'a Path),
}
