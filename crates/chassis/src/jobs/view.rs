//! A job as its owner sees it.

use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use super::tables::job;
use crate::i18n::{Catalogue, Language};

/// A job.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = Job)]
pub struct JobView {
    /// Its id.
    pub id: String,
    /// What is done, as `service.what`.
    #[schema(example = "luna.kit")]
    pub kind: String,
    /// `waiting`, `running`, `done`, `failed` or `cancelled`.
    #[schema(pattern = "^(waiting|running|done|failed|cancelled)$")]
    pub state: String,
    /// Higher ones begin first.
    pub priority: i32,
    /// How often it was begun.
    #[schema(minimum = 0)]
    pub attempt: i32,
    /// How far it is; null before it says so.
    pub progress: Option<JobProgress>,
    /// What came of it; null before it is done.
    pub result: Option<Value>,
    /// What went wrong at the last attempt that failed; null otherwise.
    pub error: Option<JobError>,
    /// The person who asked for it; null where none did.
    pub user: Option<String>,
    /// When it was asked for.
    pub created_at: String,
    /// Not before this moment.
    pub run_at: String,
    /// When it was last begun.
    pub started_at: Option<String>,
    /// When it ended.
    pub finished_at: Option<String>,
    /// When its owner asked it to end.
    pub cancel_requested_at: Option<String>,
    /// Grows with each change; the id of its events.
    #[schema(minimum = 0)]
    pub revision: i64,
}

/// How far a job is.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct JobProgress {
    /// Parts that are done.
    pub done: i64,
    /// Of how many; null where that is not known.
    pub total: Option<i64>,
    /// What it is at.
    pub note: Option<String>,
}

/// Why a job's attempt failed.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct JobError {
    /// The stable code.
    pub code: String,
    /// The same in the caller's language.
    pub detail: String,
}

impl JobView {
    pub(super) fn of(row: job::Model, catalogue: &Catalogue, language: Language) -> Self {
        let error = row.error_code.map(|code| JobError {
            detail: detail(&code, row.error_arguments.as_deref(), catalogue, language),
            code,
        });
        let progress = row.progress_done.map(|done| JobProgress {
            done,
            total: row.progress_total,
            note: row.progress_note,
        });
        Self {
            id: row.id,
            kind: row.kind,
            state: row.state,
            priority: row.priority,
            attempt: row.attempt,
            progress,
            result: row.result.and_then(|text| serde_json::from_str(&text).ok()),
            error,
            user: row.user_id,
            created_at: row.created_at,
            run_at: row.run_at,
            started_at: row.started_at,
            finished_at: row.finished_at,
            cancel_requested_at: row.cancel_requested_at,
            revision: row.revision,
        }
    }
}

/// The message with the arguments that were stored with its code.
pub(super) fn detail(
    code: &str,
    arguments: Option<&str>,
    catalogue: &Catalogue,
    language: Language,
) -> String {
    let text = catalogue.text(language, code, &Vec::new());
    let stored: serde_json::Map<String, Value> = arguments
        .and_then(|text| serde_json::from_str(text).ok())
        .unwrap_or_default();
    stored.iter().fold(text, |text, (name, value)| {
        text.replace(&format!("{{{name}}}"), value.as_str().unwrap_or_default())
    })
}
