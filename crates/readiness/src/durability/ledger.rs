//! What writers were promised, and whether it is there.
//!
//! Each writer does three kinds of writes in turn: a small file (rows and bytes that are new), the name of a key of its own (a row that
//! changes), and a piece of a resumable upload (a file that grows).

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use chassis::check::{Answer, Method, Trouble};
use futures_util::StreamExt;
use futures_util::stream;

use crate::rig::{Caller, name_of};

/// Pieces of an upload, and their size.
const PIECES: usize = 16;
const PIECE_BYTES: usize = 2048;
/// Questions at once when it is looked what is there.
const QUESTIONS: usize = 8;
/// A small file's size.
const FILE_BYTES: usize = 256;

/// One writer and what it was promised.
pub(crate) struct Writer {
    number: usize,
    /// The path of its key.
    key: String,
    /// The last name that was sent, and the last that was acknowledged.
    sent: u64,
    named: u64,
    /// Files that were acknowledged: id and which one.
    files: Vec<(String, u64)>,
    /// Files of `files` that were looked for already.
    seen: usize,
    uploads: u64,
    /// The upload under way: its path and the bytes that were acknowledged.
    upload: Option<(String, usize)>,
    /// Acknowledged pieces of uploads, finished ones included.
    pieces: u64,
    /// What it was answered otherwise, once each.
    pub(crate) refusals: Vec<String>,
}

impl Writer {
    /// One with a key of its own.
    pub(crate) async fn new(number: usize, caller: Caller<'_>) -> Result<Self, Trouble> {
        Ok(Self {
            number,
            key: caller.made_key("0").await?,
            sent: 0,
            named: 0,
            files: Vec::new(),
            seen: 0,
            uploads: 0,
            upload: None,
            pieces: 0,
            refusals: Vec::new(),
        })
    }

    /// Acknowledged writes.
    pub(crate) fn acknowledged(&self) -> u64 {
        self.named + self.pieces + self.files.len() as u64
    }

    /// Writes until it is told to stop; what is not answered is not acknowledged.
    pub(crate) async fn write(&mut self, caller: Caller<'_>, stop: &AtomicBool) {
        while !stop.load(Ordering::Relaxed) {
            self.sent += 1;
            let ended = match self.sent % 3 {
                0 => self.name(caller).await,
                1 => self.file(caller).await,
                _ => self.piece(caller).await,
            };
            if ended.is_err() {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        }
    }

    /// An answer that is no refusal. A proxy's 502 says that the server is away, as a broken connection does.
    fn accepted(&mut self, answer: &Answer) -> Result<(), Trouble> {
        if answer.status.is_success() {
            return Ok(());
        }
        let told = format!("a write was answered {}", answer.status.as_u16());
        if answer.status != 502 && self.refusals.len() < 5 {
            self.refusals.push(told.clone());
        }
        Err(Trouble::broke(told))
    }

    async fn name(&mut self, caller: Caller<'_>) -> Result<(), Trouble> {
        let number = self.sent;
        let answer = caller.rename(&self.key, &number.to_string()).await?;
        self.accepted(&answer)?;
        self.named = number;
        Ok(())
    }

    async fn file(&mut self, caller: Caller<'_>) -> Result<(), Trouble> {
        let number = self.sent;
        let path = format!("/api/v1/objects?name={}-{number}.txt", self.number);
        let request = caller.request(Method::POST, &path);
        let request = request
            .header("content-type", "application/octet-stream")
            .body(bytes(self.number, number, FILE_BYTES));
        let answer = Answer::to(request).await?;
        self.accepted(&answer)?;
        let id = crate::actors::text(&answer.json()?, "/id")?;
        self.files.push((id, number));
        Ok(())
    }

    async fn piece(&mut self, caller: Caller<'_>) -> Result<(), Trouble> {
        let whole = PIECES * PIECE_BYTES;
        let content = bytes(self.number, self.uploads | 1 << 40, whole);
        let Some((path, at)) = self.upload.clone() else {
            let request = caller.request(Method::POST, "/api/v1/uploads");
            let request = request
                .header("tus-resumable", "1.0.0")
                .header("upload-length", whole);
            let answer = Answer::to(request).await?;
            self.accepted(&answer)?;
            let place = answer.header("location").unwrap_or_default();
            let id = place.rsplit('/').next().unwrap_or_default();
            self.upload = Some((format!("/api/v1/uploads/{id}"), 0));
            return Ok(());
        };
        let end = (at + PIECE_BYTES).min(whole);
        let request = caller.request(Method::PATCH, &path);
        let request = request
            .header("tus-resumable", "1.0.0")
            .header("upload-offset", at)
            .header("content-type", "application/offset+octet-stream")
            .body(content[at..end].to_vec());
        let answer = Answer::to(request).await?;
        if answer.status == 409 {
            // A piece before had no answer and was taken all the same: the server says where it stands.
            let lost = self.stands_at(caller, &path, at).await?;
            self.refusals.extend(lost);
            return Ok(());
        }
        self.accepted(&answer)?;
        self.pieces += 1;
        self.upload = Some((path, end));
        if end == whole {
            let id = answer.header("object-id").unwrap_or_default().to_owned();
            self.finished(id);
        }
        Ok(())
    }

    fn finished(&mut self, id: String) {
        self.files.push((id, self.uploads | 1 << 40));
        self.uploads += 1;
        self.upload = None;
    }

    /// Takes over where an upload stands; gives what is lost of it.
    async fn stands_at(
        &mut self,
        caller: Caller<'_>,
        path: &str,
        promised: usize,
    ) -> Result<Option<String>, Trouble> {
        let request = caller.request(Method::HEAD, path);
        let answer = Answer::to(request.header("tus-resumable", "1.0.0")).await?;
        let found = answer
            .header("upload-offset")
            .and_then(|text| text.parse().ok());
        let Some(found) = found.filter(|_| answer.status.is_success()) else {
            let status = answer.status.as_u16();
            self.upload = None;
            self.uploads += 1;
            return Ok(Some(format!(
                "an upload with {promised} acknowledged bytes is lost: it is answered {status}"
            )));
        };
        if found == PIECES * PIECE_BYTES {
            let id = answer.header("object-id").unwrap_or_default().to_owned();
            if !id.is_empty() {
                self.finished(id);
                return Ok(None);
            }
        }
        self.upload = Some((path.to_owned(), found));
        let lost = promised.saturating_sub(found);
        Ok((lost > 0).then(|| format!("{lost} acknowledged bytes of an upload are lost")))
    }

    /// Looks for what was acknowledged since it was last looked, or for all of it. Gives what is lost or torn.
    pub(crate) async fn missing(
        &mut self,
        caller: Caller<'_>,
        all: bool,
    ) -> Result<Vec<String>, Trouble> {
        let mut faults = Vec::new();
        let answer = caller.get(&self.key).await?;
        let found = name_of(&answer).and_then(|name| name.parse::<u64>().ok());
        if !found.is_some_and(|found| (self.named..=self.sent).contains(&found)) {
            faults.push(format!(
                "the name {} of a key was acknowledged and is lost: {found:?} is there ({})",
                self.named,
                answer.status.as_u16()
            ));
        }
        if let Some((path, promised)) = self.upload.clone() {
            faults.extend(self.stands_at(caller, &path, promised).await?);
        }
        let from = if all { 0 } else { self.seen };
        let number = self.number;
        let looked = stream::iter(self.files[from..].to_vec())
            .map(|(id, which)| async move { gone(caller, number, &id, which).await })
            .buffer_unordered(QUESTIONS)
            .collect::<Vec<_>>()
            .await;
        for one in looked {
            faults.extend(one?);
        }
        self.seen = self.files.len();
        Ok(faults)
    }
}

/// What is wrong with a file that was acknowledged.
async fn gone(
    caller: Caller<'_>,
    writer: usize,
    id: &str,
    which: u64,
) -> Result<Option<String>, Trouble> {
    let answer = caller.get(&format!("/api/v1/objects/{id}")).await?;
    if answer.status != 200 {
        let status = answer.status.as_u16();
        return Ok(Some(format!(
            "the file {id} was acknowledged and is lost: it is answered {status}"
        )));
    }
    let size = if which >> 40 == 1 {
        PIECES * PIECE_BYTES
    } else {
        FILE_BYTES
    };
    let is_whole = answer.body == bytes(writer, which, size);
    Ok((!is_whole).then(|| format!("the file {id} was acknowledged and is torn")))
}

/// A file's content, which nothing else has.
fn bytes(writer: usize, which: u64, size: usize) -> Vec<u8> {
    let line = format!("writer {writer} wrote {which};");
    line.bytes().cycle().take(size).collect()
}
