//! One recording: decoded from its sealed copy, heard, silenced, kept, and noted in one commit.
//!
//! A kill between two steps repeats work and no effect: the kept file has an id that was chosen with the row, the commit asks whether
//! the recording still waits, and deleting the sealed copy twice is deleting it once.

use std::io::{Seek, SeekFrom};
use std::sync::Arc;

use bytes::Bytes;
use chassis::clock::Timestamp;
use chassis::jobs::{JobFault, Run};
use chassis::objects::{Kind, NewObject, Object, ObjectFault, ObjectId};
use serde_json::{Value, json};

use super::Input;
use crate::analysis::{Analysis, Fault, Settings, analyse};
use crate::arrival::{address, forget};
use crate::model::{self, Model};
use crate::outcome;
use crate::quarantine::Secret;
use crate::quarantine::reader::ObjectReader;
use crate::store::recordings::{self, ANALYSED, FAILED};
use crate::store::{self, RecordingId, detection, recording};
use crate::{NightscanConfig, metrics, rules, silence};

/// Detections of one recording that are told live, one by one; the others are in the list.
const MOST_TOLD: usize = 50;

/// The handler.
pub(super) async fn run(run: Run) -> Result<Value, JobFault> {
    let Input { recording: id } = run.input()?;
    let database = &run.context.database;
    let Some(row) = recordings::find(database, run.workspace, id).await? else {
        return Err(JobFault::Cancelled);
    };
    let sealed: Option<ObjectId> = row.quarantine_id.as_deref().and_then(|id| id.parse().ok());
    let detections = match row.state.as_str() {
        ANALYSED => row.detections,
        FAILED => {
            forget_sealed(&run, sealed).await?;
            return Err(refusal(&row));
        }
        _ => match work(&run, id, &row, sealed).await? {
            Done::Noted(count) => count,
            Done::Gone => {
                forget_files(&run, &row).await?;
                return Err(JobFault::Cancelled);
            }
        },
    };
    forget_sealed(&run, sealed).await?;
    Ok(json!({ "recording": id, "detections": detections, "address": address(id) }))
}

enum Done {
    /// With so many detections.
    Noted(i64),
    /// The recording was removed meanwhile.
    Gone,
}

async fn work(
    run: &Run,
    id: RecordingId,
    row: &recording::Model,
    sealed: Option<ObjectId>,
) -> Result<Done, JobFault> {
    let config = NightscanConfig::of(&run.context.config);
    let source = match open(run, id, row, sealed).await {
        Err(Unreadable::Lost) => return refuse(run, id, "nightscan.fault.lost", "").await,
        Err(Unreadable::Fault(fault)) => return Err(fault),
        Ok(source) => source,
    };
    let settings: Settings = serde_json::from_str(&row.settings)
        .map_err(|_| JobFault::fatal("nightscan.fault.settings"))?;
    let model = load(&config).await?;
    let analysis = match listen(run, source.again(), row, model, settings).await? {
        Ok(analysis) => analysis,
        Err(fault) => {
            let (code, reason) = outcome::worded(&fault);
            return match code {
                Some(code) => refuse(run, id, code, &reason).await,
                None => Err(JobFault::internal(&fault)),
            };
        }
    };
    let kept = keep(run, source, row, &analysis).await?;
    note(run, id, row, analysis, &kept).await
}

enum Unreadable {
    /// The sealed copy, or what it is read with, is gone.
    Lost,
    Fault(JobFault),
}

impl<E: Into<JobFault>> From<E> for Unreadable {
    fn from(fault: E) -> Self {
        Self::Fault(fault.into())
    }
}

async fn open(
    run: &Run,
    id: RecordingId,
    row: &recording::Model,
    sealed: Option<ObjectId>,
) -> Result<ObjectReader, Unreadable> {
    let (Some(sealed), Some(salt)) = (sealed, row.quarantine_salt.as_deref()) else {
        return Err(Unreadable::Lost);
    };
    let secret = Secret::open(&run.context.database).await?;
    let key = secret.key(id, salt).ok_or(Unreadable::Lost)?;
    let objects = &run.context.objects;
    match objects.get(run.workspace, sealed).await {
        Ok(object) => Ok(ObjectReader::sealed(objects, object, key)),
        Err(ObjectFault::NotFound) => Err(Unreadable::Lost),
        Err(fault) => Err(Unreadable::Fault(JobFault::internal(&fault))),
    }
}

async fn load(config: &NightscanConfig) -> Result<Arc<Model>, JobFault> {
    let path = config.model.clone();
    let loaded = chassis::task::heavy(move || model::load(path.as_deref())).await;
    let loaded = loaded.map_err(|fault| JobFault::internal(&fault))?;
    loaded.map_err(|fault| JobFault::retry("nightscan.no_model").with("reason", fault))
}

/// Hears the recording, on the thread for heavy work.
async fn listen(
    run: &Run,
    source: ObjectReader,
    row: &recording::Model,
    model: Arc<Model>,
    settings: Settings,
) -> Result<Result<Analysis, Fault>, JobFault> {
    let (watch, name) = (run.clone(), row.name.clone());
    let heard = chassis::task::heavy(move || {
        let started = std::time::Instant::now();
        let heard = analyse(source, &name, &model, &settings, &|progress| {
            let seconds = |value: f64| value.max(0.0) as u64;
            watch.progress(seconds(progress.done_s), progress.total_s.map(seconds), "");
            watch.check().is_ok()
        });
        if let Ok(analysis) = &heard {
            metrics::analysed(analysis.duration_s, started.elapsed().as_secs_f64());
        }
        heard
    })
    .await
    .map_err(|fault| JobFault::internal(&fault))?;
    match heard {
        Err(Fault::Stopped) => {
            run.check()?;
            Err(JobFault::Cancelled)
        }
        heard => Ok(heard),
    }
}

/// Keeps the copy without human voice under the id that the row has for it.
async fn keep(
    run: &Run,
    mut source: ObjectReader,
    row: &recording::Model,
    analysis: &Analysis,
) -> Result<Object, JobFault> {
    run.check()?;
    let objects = &run.context.objects;
    let object: ObjectId = row
        .object_id
        .as_deref()
        .and_then(|id| id.parse().ok())
        .ok_or_else(|| JobFault::fatal("nightscan.fault.lost"))?;
    // An attempt that was killed may have kept one, made with another model or other settings.
    forget(&run.context, run.workspace, object)
        .await
        .map_err(of_store)?;
    let spans = analysis.human.clone();
    let format = analysis.recorded.format.clone();
    let copy = {
        let spans = spans.clone();
        chassis::task::heavy(move || {
            let copy = silence::plan(&mut source, &spans)?;
            source.seek(SeekFrom::Start(0))?;
            Ok::<_, std::io::Error>((source, copy))
        })
        .await
        .map_err(|fault| JobFault::internal(&fault))?
    };
    let (source, copy) = copy.map_err(|fault| JobFault::internal(&fault))?;
    let kind = outcome::media_type(if copy == silence::Copy::Decoded {
        "wav"
    } else {
        &format
    });
    let new = NewObject {
        name: Some(row.name.clone()),
        held_by: Some(address(&row.id)),
        ..NewObject::new(run.workspace, Kind::parse(kind).expect("a media type")).with_id(object)
    };
    let limit = source.length().saturating_mul(8).saturating_add(1024);
    let (sender, stream) = silence::channel();
    let watch = run.clone();
    let writing = chassis::task::heavy(move || {
        let wrote = silence::write(source, &copy, &spans, |block: Bytes| {
            watch.check().is_ok() && sender.blocking_send(Ok(block)).is_ok()
        });
        // A copy that was stopped half way is none.
        let stopped = watch.check().is_err();
        let fault = match wrote {
            Err(fault) => Some(fault),
            Ok(()) if stopped => Some(std::io::ErrorKind::Interrupted.into()),
            Ok(()) => None,
        };
        if let Some(fault) = fault {
            let _ = sender.blocking_send(Err(fault));
        }
    });
    let (kept, wrote) = tokio::join!(objects.put_stream(new, stream, limit), writing);
    run.check()?;
    wrote.map_err(|fault| JobFault::internal(&fault))?;
    kept.map_err(of_store)
}

/// Notes everything that was found, in one commit, and tells it.
async fn note(
    run: &Run,
    id: RecordingId,
    row: &recording::Model,
    analysis: Analysis,
    kept: &Object,
) -> Result<Done, JobFault> {
    let workspace = run.workspace;
    let site = match row.site_id.as_deref().and_then(|site| site.parse().ok()) {
        Some(site) => store::find_site(run.context.database.read(), workspace, site).await?,
        None => None,
    };
    let heard = outcome::read(
        id,
        row,
        site.as_ref(),
        analysis,
        kept.size_bytes,
        run.context.clock.now(),
    );
    let (outcome, rows) = (heard.outcome, heard.detections);
    let (told, notify, queue) = (
        rows.clone(),
        run.context.notify.clone(),
        run.context.jobs.clone(),
    );
    let name = row.name.clone();
    let now = run.context.clock.now();
    let noted = run
        .step_in("note", move |tx| {
            Box::pin(async move {
                let noted = recordings::finish(tx, workspace, id, outcome, rows.clone()).await?;
                if noted {
                    rules::tell(tx, &notify, &queue, workspace, &name, &rows, now).await?;
                }
                Ok(noted)
            })
        })
        .await?;
    if !noted {
        return Ok(Done::Gone);
    }
    run.context.jobs.wake();
    metrics::found(told.iter().map(|row| row.class.as_str()));
    tell(run, id, &told, now);
    Ok(Done::Noted(i64::try_from(told.len()).unwrap_or(i64::MAX)))
}

/// News for those who listen; the state is in the database.
fn tell(run: &Run, id: RecordingId, rows: &[detection::Model], now: Timestamp) {
    let events = &run.context.events;
    for row in rows.iter().take(MOST_TOLD) {
        let data = json!({
            "recording": id,
            "class": row.class,
            "confidence": row.confidence,
            "heard_at": row.heard_at,
            "site": row.site_id,
        });
        events.publish(run.workspace, "nightscan.detection", &row.id, data);
    }
    let data = json!({ "state": ANALYSED, "detections": rows.len(), "at": now.to_string() });
    events.publish(run.workspace, "nightscan.recording", &id.to_string(), data);
}

/// Ends a recording that cannot be analysed, and gives its identification back.
async fn refuse(
    run: &Run,
    id: RecordingId,
    code: &'static str,
    reason: &str,
) -> Result<Done, JobFault> {
    let workspace = run.workspace;
    let month = recordings::find(&run.context.database, workspace, id)
        .await?
        .and_then(|row| row.created_at.parse().ok())
        .map(store::month);
    let said = reason.to_owned();
    run.step_in("refuse", move |tx| {
        Box::pin(async move {
            let noted = recordings::fail(tx, workspace, id, code, &said).await?;
            if let Some(month) = month.filter(|_| noted) {
                store::give_back(tx, workspace, &month).await?;
            }
            Ok(noted)
        })
    })
    .await?;
    metrics::refused();
    let Some(row) = recordings::find(&run.context.database, workspace, id).await? else {
        return Ok(Done::Gone);
    };
    forget_files(run, &row).await?;
    let data = json!({ "state": FAILED, "code": code });
    run.context
        .events
        .publish(workspace, "nightscan.recording", &id.to_string(), data);
    Err(refusal(&row))
}

/// Why a recording has no analysis, as its job says it.
fn refusal(row: &recording::Model) -> JobFault {
    let code = row.fault.as_deref().and_then(outcome::known);
    JobFault::fatal(code.unwrap_or("nightscan.fault.damaged"))
        .with("reason", row.fault_reason.as_deref().unwrap_or_default())
}

async fn forget_sealed(run: &Run, sealed: Option<ObjectId>) -> Result<(), JobFault> {
    match sealed {
        Some(sealed) => forget(&run.context, run.workspace, sealed)
            .await
            .map_err(of_store),
        None => Ok(()),
    }
}

async fn forget_files(run: &Run, row: &recording::Model) -> Result<(), JobFault> {
    crate::arrival::forget_files(&run.context, run.workspace, row)
        .await
        .map_err(of_store)
}

/// A full store is the owner's to mend; anything else may pass.
fn of_store(fault: ObjectFault) -> JobFault {
    match fault {
        ObjectFault::OverQuota { limit_bytes } => {
            JobFault::fatal("objects.over_quota").with("limit", limit_bytes)
        }
        fault => JobFault::internal(&fault),
    }
}
