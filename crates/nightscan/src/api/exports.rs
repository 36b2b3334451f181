//! Exports: detections as files for other programs, written while they are sent.

use std::cell::RefCell;
use std::io::{self, Write};
use std::sync::Arc;

use axum::body::Body;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use chassis::auth::{Caller, WorkspaceId};
use chassis::data::{DataError, Database};
use chassis::http::problem::{Problem, ProblemBody};
use chassis::http::query::{Query, RawQuery};
use chassis::service::Context;
use http::{HeaderValue, header};
use nightscan_sound::exports::{Detection, Format, Recording, Review, Run, write};
use nightscan_sound::metadata::{LocalTime, Place};
use tokio::runtime::Handle;
use tokio::sync::mpsc;

use super::wanted;
use crate::analysis::Settings;
use crate::store::detections::{self, FALSE, Wanted};
use crate::store::{detection, recording, recordings};

/// Rows that are read at a time.
const ROWS_AT_ONCE: u64 = 1_000;
/// Bytes that are sent at a time, and how many of such parts wait for a slow reader.
const PART_BYTES: usize = 64 * 1024;
const PARTS_AHEAD: usize = 4;
/// The band that the model of the program listens to, for formats that ask.
const BAND_HZ: (f32, f32) = (50.0, 8_000.0);

/// Detections as a file: `csv`, `raven`, `audacity`, `kaleidoscope`, `json`, `kml`, `gpx` or `darwin-core`, recording by recording.
/// All filters of `/detections` hold.
#[utoipa::path(
    get,
    path = "/exports/{format}",
    tag = "nightscan",
    extensions(("x-access" = json!("nightscan:read")), ("x-limit-per-minute" = json!(20))),
    params(
        ("format" = String, Path, description = "The format", example = "csv", pattern = "^(csv|raven|audacity|kaleidoscope|json|kml|gpx|darwin-core)$"),
        ("class" = Option<String>, Query, description = "What they count as", example = "birds", min_length = 1, max_length = 60),
        ("from" = Option<String>, Query, description = "Heard at this moment or after it, in UTC", example = "2026-05-12T19:00:00Z"),
        ("to" = Option<String>, Query, description = "Heard before this moment, in UTC", example = "2026-05-13T05:00:00Z"),
        ("min_confidence" = Option<f64>, Query, description = "At least as sure", minimum = 0, maximum = 1),
        ("bbox" = Option<String>, Query, description = "West, south, east and north in degrees, as in GeoJSON", example = "-1.5,46,2,48.5"),
        ("site" = Option<String>, Query, description = "Of this site", pattern = "^[0-7][0-9A-HJKMNP-TV-Z]{25}$"),
        ("recording" = Option<String>, Query, description = "In this recording", pattern = "^[0-7][0-9A-HJKMNP-TV-Z]{25}$"),
        ("reviewed" = Option<bool>, Query, description = "Whether a person has said something of it"),
    ),
    responses(
        (status = 200, description = "The file", content(
            (String = "text/csv"), (String = "text/tab-separated-values"), (String = "text/plain"), (String = "application/json"),
            (String = "application/vnd.google-earth.kml+xml"), (String = "application/gpx+xml"),
        )),
        (status = 400, description = "The address is not valid UTF-8", body = ProblemBody, content_type = "application/problem+json"),
        (status = 404, description = "There is no such format", body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, description = "A field is wrong", body = ProblemBody, content_type = "application/problem+json"),
    ),
)]
pub(crate) async fn export(
    State(context): State<Arc<Context>>,
    caller: Caller,
    Path(format): Path<String>,
    RawQuery(query): RawQuery,
) -> Result<Response, Problem> {
    let format = Format::of_name(&format).ok_or_else(Problem::not_found)?;
    let wanted = wanted::of(&Query::parse(&query, &wanted::NAMES)?)?;
    let recordings = heard(&context.database, caller.workspace, &wanted).await?;
    let work = Work {
        database: context.database.clone(),
        workspace: caller.workspace,
        wanted,
        recordings,
        run: run(&context),
        handle: Handle::current(),
    };
    let (sender, receiver) = mpsc::channel(PARTS_AHEAD);
    // Not in the queue for heavy work: it waits for its reader more than it computes.
    tokio::task::spawn_blocking(move || work.send(format, sender));
    let parts = futures_util::stream::unfold(receiver, |mut receiver| async move {
        receiver.recv().await.map(|part| (part, receiver))
    });
    let disposition = format!("attachment; filename=\"detections.{}\"", format.ending());
    let headers = [
        (
            header::CONTENT_TYPE,
            HeaderValue::from_static(format.media_type()),
        ),
        (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
        (
            header::CONTENT_DISPOSITION,
            HeaderValue::try_from(disposition).expect("the ending is plain text"),
        ),
    ];
    Ok((headers, Body::from_stream(parts)).into_response())
}

/// How it was listened, as far as that is the same for all.
fn run(context: &Context) -> Run {
    let settings = Settings::default();
    let path = crate::NightscanConfig::of(&context.config).model;
    let model = crate::model::load(path.as_deref())
        .map_or_else(|_| "unknown".to_owned(), |model| model.id().to_owned());
    Run {
        model,
        min_confidence: settings.min_confidence,
        overlap: settings.overlap,
        low_hz: BAND_HZ.0,
        high_hz: BAND_HZ.1,
    }
}

/// The recordings that may have something to export, in the order in which they came, by id.
async fn heard(
    database: &Database,
    workspace: WorkspaceId,
    wanted: &Wanted,
) -> Result<Vec<(String, Recording)>, DataError> {
    let mut all = Vec::new();
    let mut last = None;
    loop {
        let rows = recordings::with_detections(
            database,
            workspace,
            wanted.recording.clone(),
            wanted.site.clone(),
            last.clone(),
            ROWS_AT_ONCE,
        )
        .await?;
        let is_last = (rows.len() as u64) < ROWS_AT_ONCE;
        last = rows.last().map(|(row, _)| row.id.clone());
        all.extend(
            rows.into_iter()
                .map(|(row, site)| (row.id.clone(), named(row, site))),
        );
        if is_last {
            return Ok(all);
        }
    }
}

fn named(row: recording::Model, site: Option<String>) -> Recording {
    let place = row
        .lat
        .zip(row.lon)
        .and_then(|(lat, lon)| Place::new(lat, lon));
    Recording {
        recorded_at: began(&row),
        file: row.name,
        site,
        place,
        duration_s: row.duration_ms.unwrap_or(0) as f64 / 1_000.0,
    }
}

/// When a recording began, by its recorder's clock.
fn began(row: &recording::Model) -> Option<LocalTime> {
    let started: chassis::clock::Timestamp = row.started_at.as_deref()?.parse().ok()?;
    let offset_min = row.offset_min.unwrap_or(0);
    let local_ms = started.unix_ms() + i64::from(offset_min) * 60_000;
    let local = chassis::clock::Timestamp::from_unix_ms(local_ms)?.to_string();
    let local = LocalTime::parse(local.get(..19)?)?;
    Some(local.with_offset(i16::try_from(offset_min).ok()?))
}

/// What is written, on a thread that may wait.
struct Work {
    database: Database,
    workspace: WorkspaceId,
    wanted: Wanted,
    recordings: Vec<(String, Recording)>,
    run: Run,
    handle: Handle,
}

impl Work {
    fn send(self, format: Format, sender: mpsc::Sender<io::Result<Bytes>>) {
        let mut sink = Sink {
            sender,
            held: Vec::with_capacity(PART_BYTES),
        };
        let fault = RefCell::new(None);
        let found = self.recordings.iter().flat_map(|(id, recording)| {
            let pages = Pages {
                work: &self,
                recording: id,
                last: None,
                is_over: false,
                fault: &fault,
            };
            pages.flatten().map(move |row| exported(row, recording))
        });
        let wrote = write(format, &self.run, found, &mut sink);
        let wrote = wrote.and_then(|_| fault.take().map_or(Ok(()), Err));
        match wrote.and_then(|()| sink.flush()) {
            Ok(()) => {}
            // The reader went away.
            Err(fault) if fault.kind() == io::ErrorKind::BrokenPipe => {}
            // The answer has begun: a body that breaks off is all that can be said.
            Err(fault) => {
                tracing::error!(error = %fault, "an export broke off");
                let _ = sink.sender.blocking_send(Err(fault));
            }
        }
    }
}

fn exported(row: detection::Model, recording: &Recording) -> Detection<'_> {
    let review = match row.verdict.as_deref() {
        None => Review::Unreviewed,
        Some(FALSE) => Review::Rejected,
        Some(_) => Review::Confirmed,
    };
    Detection {
        recording,
        id: row.id,
        start_s: row.start_ms as f64 / 1_000.0,
        end_s: row.end_ms as f64 / 1_000.0,
        class: row.class,
        confidence: row.confidence as f32,
        review,
    }
}

/// The detections of one recording, some at a time.
struct Pages<'a> {
    work: &'a Work,
    recording: &'a str,
    /// The last row that was read.
    last: Option<String>,
    is_over: bool,
    fault: &'a RefCell<Option<io::Error>>,
}

impl Iterator for Pages<'_> {
    type Item = Vec<detection::Model>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.fault.borrow().is_some() || self.is_over {
            return None;
        }
        let wanted = Wanted {
            recording: Some(self.recording.to_owned()),
            ..self.work.wanted.clone()
        };
        let read = detections::after(
            &self.work.database,
            self.work.workspace,
            &wanted,
            self.last.clone(),
            ROWS_AT_ONCE,
        );
        match self.work.handle.block_on(read) {
            Ok(rows) => {
                let is_full = rows.len() as u64 == ROWS_AT_ONCE;
                self.is_over = !is_full;
                self.last = rows.last().map(|row| row.id.clone());
                Some(rows)
            }
            Err(fault) => {
                self.fault.replace(Some(io::Error::other(fault)));
                None
            }
        }
    }
}

/// Gathers what is written into parts of the answer.
struct Sink {
    sender: mpsc::Sender<io::Result<Bytes>>,
    held: Vec<u8>,
}

impl Write for Sink {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.held.extend_from_slice(bytes);
        if self.held.len() >= PART_BYTES {
            self.flush()?;
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        if self.held.is_empty() {
            return Ok(());
        }
        let part = std::mem::replace(&mut self.held, Vec::with_capacity(PART_BYTES));
        let sent = self.sender.blocking_send(Ok(part.into()));
        sent.map_err(|_| io::ErrorKind::BrokenPipe.into())
    }
}
