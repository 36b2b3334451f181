//! What of the proof needs a person: that it failed, that it is old, or that there is none.

use std::path::Path;
use std::time::Duration;

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
    if !newest.is_ready {
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
