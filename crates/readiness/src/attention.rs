//! What of the proof needs a person: that it failed, that it is old, or that there is none.

use std::path::Path;
use std::time::Duration;

use chassis::check::Verdict;
use chassis::clock::Timestamp;
use chassis::overview::attention::{Attention, Severity};
use chassis::service::Context;

use crate::report::history::History;

/// A proof says something for so long; the system under it changes.
const STANDS: Duration = Duration::from_hours(7 * 24);
/// Where one runs it again.
const PAGE: &str = "/proof";

pub(crate) async fn list(context: &Context) -> Vec<Attention> {
    let (folder, now) = (context.config.data.folder.clone(), context.clock.now());
    let judged = tokio::task::spawn_blocking(move || judge(&folder, now)).await;
    judged.ok().flatten().into_iter().collect()
}

fn judge(folder: &Path, now: Timestamp) -> Option<Attention> {
    let history = History::of(folder);
    // A folder that cannot be read is told of by the health of the house.
    let ids = history.list().ok()?;
    // A record that somebody damaged is none.
    let newest = ids.iter().find_map(|id| history.read(id).ok());
    let Some(newest) = newest else {
        return Some(Attention::new("proof.none", Severity::Info, PAGE));
    };
    // A run of some checks alone shows less than "ready", and fails nothing.
    let has_failed = (newest.evidence.iter()).any(|one| one.verdict == Verdict::Fail);
    if !newest.is_ready && has_failed {
        let failed = Attention::new("proof.not_ready", Severity::Warning, PAGE);
        return Some(failed.with("score", format!("{:.0}", newest.score)));
    }
    let age_ms = now.unix_ms() - newest.moment().unix_ms();
    let is_old = age_ms > i64::try_from(STANDS.as_millis()).unwrap_or(i64::MAX);
    is_old.then(|| {
        let old = Attention::new("proof.old", Severity::Info, PAGE);
        old.with("days", age_ms / 86_400_000)
    })
}

#[cfg(test)]
mod tests {
    use std::fs;

    use serde_json::json;

    use super::*;

    /// A data folder with one record of one check, and what is said of it at some moment.
    fn said(is_ready: bool, verdict: &str, now: &str) -> Option<&'static str> {
        let data = tempfile::tempdir().unwrap();
        let origin = json!({"target": "own", "version": "0.1.0", "commit": "x", "binary": "x", "configuration": "x", "host": "x"});
        let at = "2026-11-13T15:16:28.000Z";
        let evidence = json!({
            "id": "models.luna_contrast", "area": "models", "title": "x", "title_fr": "x", "verdict": verdict, "measured": "x",
            "measured_fr": "x", "required": "x", "required_fr": "x", "again": "x", "weight": 1, "is_required": true,
            "started_at": at, "ended_at": at, "expires_at": at, "origin": origin,
        });
        let record = json!({
            "format": 1, "score": 71.6, "is_ready": is_ready, "pace": "quick",
            "started_at": "2026-11-13T15:16:27.123Z", "ended_at": "2026-11-13T15:18:00.000Z",
            "origin": origin, "areas": [], "evidence": [evidence],
        });
        fs::create_dir(data.path().join("proof")).unwrap();
        let file = data.path().join("proof/2026-11-13T15-16-27-123Z.json");
        fs::write(file, record.to_string()).unwrap();
        judge(data.path(), now.parse().unwrap()).map(|one| one.code)
    }

    #[test]
    fn a_proof_that_failed_is_old_or_missing_needs_a_person() {
        let empty = tempfile::tempdir().unwrap();
        let now = "2026-11-14T00:00:00.000Z";
        let none = judge(empty.path(), now.parse().unwrap()).unwrap();
        assert_eq!((none.code, none.severity), ("proof.none", Severity::Info));
        assert_eq!(said(false, "fail", now), Some("proof.not_ready"));
        assert_eq!(said(true, "pass", now), None);
        let week = "2026-11-20T15:17:00.000Z";
        assert_eq!(said(true, "pass", week), None);
        let later = "2026-11-20T15:19:00.000Z";
        assert_eq!(said(true, "pass", later), Some("proof.old"));
    }

    #[test]
    fn a_run_of_one_check_that_passed_fails_nothing() {
        assert_eq!(said(false, "pass", "2026-11-14T00:00:00.000Z"), None);
    }
}
