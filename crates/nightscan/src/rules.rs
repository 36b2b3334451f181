//! Rules: which detections somebody is told of, when, and how often.

mod quiet;

use chassis::auth::WorkspaceId;
use chassis::clock::Timestamp;
use chassis::data::DataError;
use chassis::jobs::{EnqueueFault, JobFault, Jobs, NewJob};
use chassis::notify::{Announcement, Notify};
use sea_orm::DatabaseTransaction;
use serde_json::{Map, Value, json};

pub(crate) use quiet::Quiet;

use crate::store::{self, detection, rule};
use crate::{jobs, metrics};

/// The kind of the announcement, as webhooks see it.
pub(crate) const ALERT: &str = "nightscan.alert";

/// What a rule finds in a recording.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Alert<'a> {
    pub(crate) first: &'a detection::Model,
    pub(crate) count: usize,
}

/// The detections that a rule speaks of, in the order in which they were heard. Of a rule that tells the first of a night those
/// of the last night told are left out, and of each other night all but the first.
pub(crate) fn fits<'a>(rule: &rule::Model, rows: &'a [detection::Model]) -> Option<Alert<'a>> {
    let of_rule = |row: &&detection::Model| {
        rule.class.as_ref().is_none_or(|class| *class == row.class)
            && row.confidence >= rule.min_confidence
            && rule.site_id.is_none_or_same(row.site_id.as_ref())
            && !(rule.first_of_night && rule.last_night.as_ref() == Some(&row.night))
    };
    let mut found = rows.iter().filter(of_rule);
    let first = found.next()?;
    Some(Alert {
        first,
        count: found.count() + 1,
    })
}

/// A site that is asked for, or none.
trait Same {
    fn is_none_or_same(&self, other: Option<&String>) -> bool;
}

impl Same for Option<String> {
    fn is_none_or_same(&self, other: Option<&String>) -> bool {
        self.is_none() || self.as_ref() == other
    }
}

/// Writes down what the rules of a workspace tell of a recording, inside the commit that notes it: at once, or as a job for the end
/// of the quiet hours.
pub(crate) async fn tell(
    tx: &DatabaseTransaction,
    notify: &Notify,
    queue: &Jobs,
    workspace: WorkspaceId,
    recording: &str,
    rows: &[detection::Model],
    now: Timestamp,
) -> Result<(), JobFault> {
    for rule in store::rules_in_force(tx, workspace).await? {
        let Some(alert) = fits(&rule, rows) else {
            continue;
        };
        let data = said(&rule, &alert, recording);
        let key = format!("{}:{}", rule.id, alert.first.recording_id);
        let quiet: Option<Quiet> = rule.quiet.as_deref().and_then(|text| text.parse().ok());
        let until = quiet.and_then(|quiet| quiet.end(now));
        let held = match until {
            Some(until) => hold(tx, queue, workspace, &key, &data, until).await?,
            None => false,
        };
        if !held {
            announce(tx, notify, workspace, key, data).await?;
        }
        if rule.first_of_night {
            store::rule_told(tx, &rule.id, &alert.first.night).await?;
        }
        metrics::alerted();
    }
    Ok(())
}

/// False where the queue takes no more: then it is told at once, which is better than never.
async fn hold(
    tx: &DatabaseTransaction,
    queue: &Jobs,
    workspace: WorkspaceId,
    key: &str,
    data: &Map<String, Value>,
    until: Timestamp,
) -> Result<bool, JobFault> {
    let job = NewJob {
        idempotency_key: Some(key.to_owned()),
        run_at: Some(until),
        ..NewJob::new(workspace, jobs::ALERT, jobs::alert_input(key, data))
    };
    match queue.enqueue_in(tx, job).await {
        Ok(_) => Ok(true),
        Err(EnqueueFault::TooManyWaiting { .. }) => Ok(false),
        Err(fault) => Err(fault.into()),
    }
}

async fn announce(
    tx: &DatabaseTransaction,
    notify: &Notify,
    workspace: WorkspaceId,
    key: String,
    data: Map<String, Value>,
) -> Result<(), DataError> {
    let announcement = Announcement {
        workspace,
        kind: ALERT.to_owned(),
        data,
        idempotency_key: Some(key),
    };
    notify.announce_in(tx, announcement).await?;
    Ok(())
}

/// The data of the webhook.
fn said(rule: &rule::Model, alert: &Alert<'_>, recording: &str) -> Map<String, Value> {
    let first = alert.first;
    let percent = (first.confidence * 100.0).round();
    let subject = format!("{}: {} ({percent} %), {recording}", rule.name, first.class);
    let data = json!({
        "subject": subject,
        "rule": rule.id,
        "name": rule.name,
        "recording": first.recording_id,
        "detection": first.id,
        "class": first.class,
        "confidence": first.confidence,
        "heard_at": first.heard_at,
        "night": first.night,
        "site": first.site_id,
        "detections": alert.count,
    });
    match data {
        Value::Object(data) => data,
        _ => Map::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn heard(class: &str, confidence: f64, night: &str, site: Option<&str>) -> detection::Model {
        detection::Model {
            id: String::new(),
            workspace_id: String::new(),
            recording_id: String::new(),
            site_id: site.map(str::to_owned),
            class: class.to_owned(),
            model_class: class.to_owned(),
            confidence,
            start_ms: 0,
            end_ms: 1,
            low_hz: 0.0,
            high_hz: 0.0,
            top: String::new(),
            heard_at: String::new(),
            night: night.to_owned(),
            hour: 1,
            lat: None,
            lon: None,
            verdict: None,
            note: None,
            reviewed_at: None,
        }
    }

    fn rule() -> rule::Model {
        rule::Model {
            id: String::new(),
            workspace_id: String::new(),
            name: "owls".to_owned(),
            class: Some("birds".to_owned()),
            min_confidence: 0.8,
            site_id: None,
            quiet: None,
            first_of_night: false,
            enabled: true,
            last_night: None,
            created_at: String::new(),
        }
    }

    #[test]
    fn a_rule_asks_for_class_confidence_and_site() {
        let rows = [
            heard("mammals", 0.9, "2026-05-12", Some("a")),
            heard("birds", 0.7, "2026-05-12", Some("a")),
            heard("birds", 0.8, "2026-05-12", Some("b")),
            heard("birds", 0.9, "2026-05-12", Some("a")),
        ];
        let alert = fits(&rule(), &rows).unwrap();
        assert_eq!((alert.first, alert.count), (&rows[2], 2));
        let at_a = rule::Model {
            site_id: Some("a".to_owned()),
            ..rule()
        };
        assert_eq!(fits(&at_a, &rows).unwrap().first, &rows[3]);
        let any = rule::Model {
            class: None,
            min_confidence: 0.0,
            ..rule()
        };
        assert_eq!(fits(&any, &rows).unwrap().count, 4);
        let sure = rule::Model {
            min_confidence: 0.95,
            ..rule()
        };
        assert_eq!(fits(&sure, &rows), None);
    }

    #[test]
    fn the_first_of_a_night_is_told_once() {
        let rows = [
            heard("birds", 0.9, "2026-05-12", None),
            heard("birds", 0.9, "2026-05-13", None),
        ];
        let first = rule::Model {
            first_of_night: true,
            ..rule()
        };
        assert_eq!(fits(&first, &rows).unwrap().first, &rows[0]);
        let told = rule::Model {
            last_night: Some("2026-05-12".to_owned()),
            ..first
        };
        assert_eq!(fits(&told, &rows).unwrap().first, &rows[1]);
        assert_eq!(fits(&told, &rows[..1]), None);
    }
}
