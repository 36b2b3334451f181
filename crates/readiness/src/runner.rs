//! Runs checks on a subject, one after the other: what one measures must not be what another causes.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use chassis::check::{
    About, Check, Checks, Evidence, Finding, Need, Origin, Pace, Subject, Trouble,
};
use chassis::clock::{Clock, SystemClock};
use futures_util::FutureExt;

/// Told what goes on.
pub trait Watch: Send + Sync {
    /// A check begins: the `number`th of `of`.
    fn begins(&self, about: &About, number: usize, of: usize);
    /// It has ended.
    fn ended(&self, evidence: &Evidence);
}

/// Tells nobody.
pub struct Silent;

impl Watch for Silent {
    fn begins(&self, _about: &About, _number: usize, _of: usize) {}
    fn ended(&self, _evidence: &Evidence) {}
}

/// Runs them all.
pub async fn run(
    checks: &Checks,
    subject: &Subject,
    origin: &Origin,
    watch: &Arc<dyn Watch>,
) -> Vec<Evidence> {
    let mut all = Vec::with_capacity(checks.len());
    for (number, check) in checks.iter().enumerate() {
        watch.begins(&check.about(), number + 1, checks.len());
        let evidence = run_one(*check, subject, origin).await;
        watch.ended(&evidence);
        all.push(evidence);
    }
    all
}

/// Runs one.
pub async fn run_one(check: &dyn Check, subject: &Subject, origin: &Origin) -> Evidence {
    let about = check.about();
    let started = SystemClock.now();
    let outcome = match lacking(&about, subject) {
        Some(trouble) => Err(trouble),
        None => measured(check, subject).await,
    };
    Evidence::new(&about, outcome, (started, SystemClock.now()), origin)
}

async fn measured(check: &dyn Check, subject: &Subject) -> Result<Finding, Trouble> {
    let limit = match subject.pace {
        Pace::Quick => Duration::from_mins(3),
        Pace::Full => Duration::from_hours(3),
    };
    let work = AssertUnwindSafe(check.run(subject)).catch_unwind();
    match tokio::time::timeout(limit, work).await {
        Ok(Ok(outcome)) => outcome,
        Ok(Err(_panic)) => Err(Trouble::broke("the check itself panicked")),
        Err(_elapsed) => Err(Trouble::broke(format!(
            "no end within {} s",
            limit.as_secs()
        ))),
    }
}

/// Why a check cannot run on a subject.
fn lacking(about: &About, subject: &Subject) -> Option<Trouble> {
    about.needs.iter().find_map(|need| match need {
        Need::Ground if subject.ground.is_none() => Some(Trouble::not_verifiable(
            "it needs an instance of its own, which cannot be started for this system",
            "il faut une instance à part, qui ne peut être démarrée pour ce système",
        )),
        Need::Document if subject.document.is_none() => Some(Trouble::not_verifiable(
            "the system shows no OpenAPI document; name one with --openapi",
            "le système ne montre pas de document OpenAPI ; indiquez-le avec --openapi",
        )),
        Need::Token if subject.token.is_none() => Some(Trouble::not_verifiable(
            "it needs credentials that are let in; give them with --token",
            "il faut des identifiants valables ; donnez-les avec --token",
        )),
        Need::Leave if !subject.has_leave => Some(Trouble::not_verifiable(
            "it probes or loads the system, which needs proof of ownership: see `aplomb prove --help`",
            "elle sonde ou charge le système, ce qui exige une preuve de propriété : voir `aplomb prove --help`",
        )),
        _ => None,
    })
}
