//! Resumable uploads: tus 1.0 with creation, creation-with-upload, deferred length, checksum, termination, expiration and
//! concatenation.
//!
//! * `protocol`: what the headers say; `api`: routes; `rows`: SQL
//! * `slots`: whose turn it is; `receive`: from a body to a part on disk
//!
//! The offset in the row is the truth: it moves only after the bytes before it are synced, so whatever kills the process,
//! HEAD tells of no byte that is not on disk. A part belongs to the machine whose folder holds it.

pub(super) mod api;
mod protocol;
mod receive;
mod rows;
mod slots;

use std::path::PathBuf;
use std::time::Duration;

use axum::body::Body;
use http::{HeaderMap, StatusCode};

use super::depot::blocking;
use super::staging::Staging;
use super::{Inner, NewObject, ObjectFault, ObjectId, Objects, Source};
use crate::auth::WorkspaceId;
use crate::clock::Timestamp;
use crate::data::Database;
use crate::http::problem::Problem;
use crate::task;

use protocol::{Checksum, Concat, Creation};
use receive::{Bounds, End, Ledger, Part, PartFault};
pub(in crate::objects) use slots::Slots;
use slots::Turn;

crate::id_type! {
    /// A resumable upload.
    UploadId
}

/// Reads the tus headers of a POST and of a PATCH, as the routes do, for files of at most `limit` bytes. Gives the name and
/// the length that a POST states.
pub fn read_headers(
    headers: &HeaderMap,
    limit: u64,
) -> Result<(Option<String>, Option<u64>), Problem> {
    protocol::version(headers)?;
    protocol::offset(headers)?;
    protocol::checksum(headers)?;
    let creation = protocol::creation(headers, limit)?;
    Ok((creation.about.name, creation.length))
}

/// How long a request waits for the one before it to yield.
const PATIENCE: Duration = Duration::from_secs(10);

/// How far an upload is.
#[derive(Clone, Debug)]
struct Progress {
    offset: u64,
    length: Option<u64>,
    metadata: String,
    concat: String,
    expires_at: String,
    object: Option<ObjectId>,
}

impl Progress {
    fn is_full(&self) -> bool {
        self.length == Some(self.offset)
    }

    fn is_partial(&self) -> bool {
        self.concat == "partial"
    }
}

/// What a PATCH says of its body.
struct Patch {
    offset: u64,
    /// Where the length was deferred.
    length: Option<u64>,
    checksum: Option<Checksum>,
    /// The body's length, where it is known before it comes.
    body_length: Option<u64>,
}

fn problem(status: StatusCode, code: &'static str) -> Problem {
    Problem::new(status, code)
}

fn busy() -> Problem {
    problem(StatusCode::LOCKED, "uploads.busy").retry_after(1)
}

fn part_problem(fault: PartFault) -> Problem {
    match fault {
        PartFault::Lost => problem(StatusCode::GONE, "uploads.part_lost"),
        PartFault::Busy => busy(),
        PartFault::Io(fault) => ObjectFault::from(fault).into(),
    }
}

impl Staging {
    fn part(&self, id: UploadId) -> PathBuf {
        self.folder().join(format!("{id}.part"))
    }
}

impl Objects {
    /// Asks all uploads under way to stop where they are: what came is durable, and their clients come back for the rest.
    pub fn stop_uploads(&self) {
        self.inner.stopping.cancel();
    }

    fn upload_limit(&self) -> u64 {
        self.inner.settings.upload_limit_bytes
    }

    fn expiry(&self) -> String {
        let now = self.inner.database.clock().now();
        let ms = self
            .inner
            .settings
            .upload_expiry_s
            .saturating_mul(1000)
            .cast_signed();
        let end = Timestamp::from_unix_ms(now.unix_ms().saturating_add(ms));
        end.unwrap_or(now).to_string()
    }

    /// Begins an upload, and takes its first bytes where the request brings some.
    async fn create_upload(
        &self,
        workspace: WorkspaceId,
        creation: Creation,
        concat: String,
        first: Option<(Patch, Body)>,
    ) -> Result<(UploadId, Progress), Problem> {
        let Inner {
            database, staging, ..
        } = self.inner.as_ref();
        let open = rows::count_open(database, workspace).await?;
        let most = u64::from(self.inner.settings.open_uploads);
        if open >= most {
            let refused = problem(StatusCode::TOO_MANY_REQUESTS, "uploads.too_many_open");
            return Err(refused.with("limit", most).retry_after(60));
        }
        let usage = self.usage(workspace).await?;
        let parts = match &creation.concat {
            Concat::Final(ids) => self.parts(workspace, ids).await?,
            _ => Vec::new(),
        };
        let joined: u64 = parts.iter().map(|(_, size)| size).sum();
        let announced = creation.length.unwrap_or(0).max(joined);
        protocol::within(announced, self.upload_limit())?;
        if usage.used_bytes.saturating_add(announced) > usage.limit_bytes {
            let limit_bytes = usage.limit_bytes;
            return Err(ObjectFault::OverQuota { limit_bytes }.into());
        }
        staging.room_for(announced)?;
        let id = UploadId::generate(database.clock());
        let times = (database.clock().now().to_string(), self.expiry());
        let mut row = rows::row(id, workspace, staging.instance(), &creation, concat, times);
        if matches!(creation.concat, Concat::Final(_)) {
            row.length_bytes = Some(joined.cast_signed());
        }
        let mut progress = Progress::from(row.clone());
        rows::insert(database, row).await?;
        let objects = self.clone();
        let began = task::spawn(async move {
            if !parts.is_empty() {
                objects.join_parts(workspace, id, progress, parts).await
            } else if let Some((patch, body)) = first {
                objects.receive(workspace, id, patch, body).await
            } else {
                if progress.is_full() && !progress.is_partial() {
                    progress.object = Some(objects.finish_empty(workspace, id, &progress).await?);
                }
                Ok(progress)
            }
        });
        match began
            .await
            .unwrap_or_else(|panic| Err(Problem::internal(&panic)))
        {
            Ok(progress) => Ok((id, progress)),
            Err(refused) => {
                // Its address was never told, so nobody can come back for it.
                self.remove_upload(id).await?;
                Err(refused)
            }
        }
    }

    /// How far an upload is. A full one that is no object yet, because the process was killed in between, becomes one here.
    async fn upload(&self, workspace: WorkspaceId, id: UploadId) -> Result<Progress, Problem> {
        let objects = self.clone();
        let told = task::spawn(async move {
            let (mut turn, mut progress) = objects.turn(workspace, id).await?;
            objects
                .finish(&mut turn, workspace, id, &mut progress)
                .await?;
            Ok(progress)
        });
        told.await
            .unwrap_or_else(|panic| Err(Problem::internal(&panic)))
    }

    /// Takes a piece. Beside the request, which is dropped with its connection: what came by then is kept all the same.
    async fn patch_upload(
        &self,
        workspace: WorkspaceId,
        id: UploadId,
        patch: Patch,
        body: Body,
    ) -> Result<Progress, Problem> {
        let objects = self.clone();
        let taken = task::spawn(async move { objects.receive(workspace, id, patch, body).await });
        taken
            .await
            .unwrap_or_else(|panic| Err(Problem::internal(&panic)))
    }

    /// Gives an upload up. The object of a complete one stays.
    async fn terminate_upload(&self, workspace: WorkspaceId, id: UploadId) -> Result<(), Problem> {
        let (turn, _) = self.turn(workspace, id).await?;
        self.remove_upload(id).await?;
        drop(turn);
        Ok(())
    }

    async fn remove_upload(&self, id: UploadId) -> Result<(), Problem> {
        rows::delete(&self.inner.database, id.to_string()).await?;
        self.remove_part(id).await?;
        Ok(())
    }

    async fn remove_part(&self, id: UploadId) -> Result<(), ObjectFault> {
        match tokio::fs::remove_file(self.inner.staging.part(id)).await {
            Err(fault) if fault.kind() != std::io::ErrorKind::NotFound => Err(fault.into()),
            _ => Ok(()),
        }
    }

    /// The row of an upload that is this workspace's, this machine's and not over.
    async fn find(&self, workspace: WorkspaceId, id: UploadId) -> Result<Progress, Problem> {
        let database = &self.inner.database;
        let row = rows::get(database, workspace, id)
            .await?
            .ok_or_else(Problem::not_found)?;
        if row.expires_at <= database.clock().now().to_string() {
            return Err(problem(StatusCode::GONE, "uploads.expired"));
        }
        if row.instance != self.inner.staging.instance() {
            return Err(problem(
                StatusCode::MISDIRECTED_REQUEST,
                "uploads.elsewhere",
            ));
        }
        Ok(row.into())
    }

    /// The turn at an upload, and how far it is then. Looks before it waits, so that made-up ids cost nothing.
    async fn turn(
        &self,
        workspace: WorkspaceId,
        id: UploadId,
    ) -> Result<(Turn, Progress), Problem> {
        self.find(workspace, id).await?;
        let turn = self.inner.slots.take(id, PATIENCE).await.ok_or_else(busy)?;
        let progress = self.find(workspace, id).await?;
        Ok((turn, progress))
    }

    async fn receive(
        &self,
        workspace: WorkspaceId,
        id: UploadId,
        patch: Patch,
        body: Body,
    ) -> Result<Progress, Problem> {
        let (mut turn, mut progress) = self.turn(workspace, id).await?;
        if progress.concat.starts_with("final") {
            return Err(problem(StatusCode::FORBIDDEN, "uploads.final"));
        }
        if patch.offset != progress.offset {
            let wrong = problem(StatusCode::CONFLICT, "uploads.wrong_offset");
            return Err(wrong.with("offset", progress.offset));
        }
        self.settle_length(id, &patch, &mut progress).await?;
        let most = progress.length.unwrap_or(self.upload_limit()) - progress.offset;
        let too_much =
            || problem(StatusCode::PAYLOAD_TOO_LARGE, "uploads.too_much").with("most", most);
        if patch.body_length.is_some_and(|length| length > most) {
            return Err(too_much());
        }
        let nothing = patch.body_length == Some(0) || progress.object.is_some();
        let end = if most == 0 && nothing {
            End::Whole
        } else {
            self.inner
                .staging
                .room_for(patch.body_length.unwrap_or(0))?;
            self.take(&mut turn, id, &patch, &mut progress, most, body)
                .await?
        };
        match end {
            End::Whole => {}
            End::Broken => return Err(problem(StatusCode::BAD_REQUEST, "objects.broken_off")),
            End::Idle => return Err(problem(StatusCode::REQUEST_TIMEOUT, "uploads.idle")),
            End::TooMuch => return Err(too_much()),
            End::Newer => return Err(problem(StatusCode::CONFLICT, "uploads.superseded")),
            End::Stopping => {
                let stopping = problem(StatusCode::SERVICE_UNAVAILABLE, "uploads.stopping");
                return Err(stopping.retry_after(1));
            }
            End::Mismatch => {
                let status = StatusCode::from_u16(460).expect("three digits");
                return Err(problem(status, "uploads.checksum_mismatch"));
            }
        }
        self.finish(&mut turn, workspace, id, &mut progress).await?;
        Ok(progress)
    }

    /// Notes a length that was deferred and comes now.
    async fn settle_length(
        &self,
        id: UploadId,
        patch: &Patch,
        progress: &mut Progress,
    ) -> Result<(), Problem> {
        let Some(given) = patch.length else {
            return Ok(());
        };
        protocol::within(given, self.upload_limit())?;
        match progress.length {
            Some(known) if known == given => Ok(()),
            None if given >= progress.offset => {
                rows::set_length(&self.inner.database, id, given).await?;
                progress.length = Some(given);
                Ok(())
            }
            _ => Err(problem(StatusCode::BAD_REQUEST, "uploads.bad_header")
                .with("header", "Upload-Length")),
        }
    }

    /// Writes a body to the part.
    async fn take(
        &self,
        turn: &mut Turn,
        id: UploadId,
        patch: &Patch,
        progress: &mut Progress,
        most: u64,
        body: Body,
    ) -> Result<End, Problem> {
        let Inner {
            staging, settings, ..
        } = self.inner.as_ref();
        let offset = progress.offset;
        let kept = turn.kept.hasher.take();
        let hasher = kept.filter(|(end, _)| *end == offset).map(|(_, h)| h);
        let part = Part::open(&staging.part(id), offset, hasher.unwrap_or_default())
            .await
            .map_err(part_problem)?;
        let bounds = Bounds {
            most,
            idle: Duration::from_millis(settings.upload_idle_ms),
            newer: &turn.newer,
            stopping: &self.inner.stopping,
            checksum: patch.checksum.as_ref(),
        };
        let ledger = Ledger { objects: self, id };
        let (part, end) = part.receive(body, &bounds, &ledger).await?;
        progress.offset = part.offset;
        progress.expires_at = self.expiry();
        let hasher = part.close().await.map_err(ObjectFault::from)?;
        // Not so after a restart, which forgets the hash of what came before, and not where bytes came that were not noted:
        // the part is then read again at the end.
        if hasher.count() == progress.offset {
            turn.kept.hasher = Some((progress.offset, hasher));
        }
        Ok(end)
    }

    /// Makes an object of a full upload.
    async fn finish(
        &self,
        turn: &mut Turn,
        workspace: WorkspaceId,
        id: UploadId,
        progress: &mut Progress,
    ) -> Result<(), Problem> {
        if !progress.is_full() || progress.is_partial() || progress.object.is_some() {
            return Ok(());
        }
        if progress.offset == 0 {
            progress.object = Some(self.finish_empty(workspace, id, progress).await?);
            return Ok(());
        }
        let path = self.inner.staging.part(id);
        let kept = turn.kept.hasher.take();
        let hasher = match kept.filter(|(end, _)| *end == progress.offset) {
            Some((_, hasher)) => hasher,
            None => receive::hash_from(&path)
                .await
                .map_err(|fault| match fault.kind() {
                    std::io::ErrorKind::NotFound => part_problem(PartFault::Lost),
                    _ => part_problem(fault.into()),
                })?,
        };
        if hasher.count() != progress.offset {
            return Err(part_problem(PartFault::Lost));
        }
        let hash = hasher.finalize().to_hex().to_string();
        let about = protocol::about(&progress.metadata)?;
        let new = NewObject {
            name: about.name,
            ..NewObject::new(workspace, about.kind)
        };
        let source = Source::File(&path);
        let object = self
            .keep(new, source, hash, progress.offset, Some(id.to_string()))
            .await?;
        progress.object = Some(object.id);
        // Linked or copied by now; where this fails the sweep finds it.
        if let Err(fault) = self.remove_part(id).await {
            tracing::warn!(error = %fault, "the part of a complete upload is still there");
        }
        Ok(())
    }

    async fn finish_empty(
        &self,
        workspace: WorkspaceId,
        id: UploadId,
        progress: &Progress,
    ) -> Result<ObjectId, Problem> {
        let about = protocol::about(&progress.metadata)?;
        let new = NewObject {
            name: about.name,
            ..NewObject::new(workspace, about.kind)
        };
        let hash = blake3::hash(b"").to_hex().to_string();
        let source = Source::Memory(bytes::Bytes::new());
        let object = self
            .keep(new, source, hash, 0, Some(id.to_string()))
            .await?;
        self.remove_part(id).await?;
        Ok(object.id)
    }

    /// The files of partial uploads that are to be joined, with their lengths.
    async fn parts(
        &self,
        workspace: WorkspaceId,
        ids: &[UploadId],
    ) -> Result<Vec<(PathBuf, u64)>, Problem> {
        let mut parts = Vec::new();
        for id in ids {
            let part = self.find(workspace, *id).await?;
            if !part.is_partial() || !part.is_full() {
                return Err(problem(StatusCode::CONFLICT, "uploads.unfinished_part"));
            }
            if part.offset > 0 {
                parts.push((self.inner.staging.part(*id), part.offset));
            }
        }
        Ok(parts)
    }

    async fn join_parts(
        &self,
        workspace: WorkspaceId,
        id: UploadId,
        mut progress: Progress,
        parts: Vec<(PathBuf, u64)>,
    ) -> Result<Progress, Problem> {
        let (mut turn, _) = self.turn(workspace, id).await?;
        let target = self.inner.staging.part(id);
        let hasher = receive::join(parts, &target).await.map_err(part_problem)?;
        let end = progress.length.unwrap_or(0);
        let database = &self.inner.database;
        if !rows::advance(database, id, 0, end, self.expiry()).await? {
            return Err(problem(StatusCode::CONFLICT, "uploads.superseded"));
        }
        progress.offset = end;
        turn.kept.hasher = Some((end, hasher));
        self.finish(&mut turn, workspace, id, &mut progress).await?;
        Ok(progress)
    }
}

/// Uploads that ended an hour ago and more go, with their parts; parts without a row go, too.
pub(super) async fn sweep(inner: &Inner) -> Result<usize, ObjectFault> {
    const AT_ONCE: u64 = 500;
    // Until then their clients are told what happened: 410, not 404.
    const TOLD_FOR_MS: i64 = 3_600_000;
    inner.slots.tidy();
    let database: &Database = &inner.database;
    let now = database.clock().now();
    let moment = Timestamp::from_unix_ms(now.unix_ms() - TOLD_FOR_MS).unwrap_or(now);
    let mut gone = 0;
    loop {
        let instance = inner.staging.instance();
        let over = rows::expired(database, instance, moment.to_string(), AT_ONCE).await?;
        let all = (over.len() as u64) < AT_ONCE;
        for row in over {
            gone += usize::from(rows::delete(database, row.id).await?);
        }
        if all {
            break;
        }
    }
    let folder = inner.staging.folder().to_owned();
    let listed = blocking(move || {
        let mut parts = Vec::new();
        for entry in std::fs::read_dir(folder)? {
            let path = entry?.path();
            let name = path.file_stem().and_then(|stem| stem.to_str());
            if path.extension().is_some_and(|e| e == "part")
                && let Some(name) = name
            {
                parts.push((name.to_owned(), path));
            }
        }
        Ok(parts)
    });
    let parts = listed.await?;
    for group in parts.chunks(AT_ONCE as usize) {
        let ids = group.iter().map(|(id, _)| id.clone()).collect();
        let known = rows::known(database, ids).await?;
        // The row comes before the part, so a part without one has lost it.
        for (_, path) in group.iter().filter(|(id, _)| !known.contains(id)) {
            match std::fs::remove_file(path) {
                Err(fault) if fault.kind() != std::io::ErrorKind::NotFound => {
                    return Err(fault.into());
                }
                _ => gone += 1,
            }
        }
    }
    Ok(gone)
}
