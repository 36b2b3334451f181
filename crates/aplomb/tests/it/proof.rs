//! A check that cannot fail is a defect: each is run on a system that was broken on purpose, and must say so.
//!
//! Each area lists its faults; a fault stands in a proxy before the server, in its settings, its files or its log. Nothing in
//! the product helps with that.

mod access;
mod degradation;
mod durability;
mod limits;
mod load;
mod models;
mod observability;
mod pages;
mod sabotage;
mod supply;
mod surface;

use std::collections::BTreeMap;

use chassis::check::{Checks, Evidence, Verdict};
use futures_util::future::BoxFuture;

use self::sabotage::Fault;

/// One fault, and what the check must say of it.
pub(crate) struct Planted {
    /// The check's id.
    pub(crate) check: &'static str,
    /// What was broken.
    pub(crate) name: &'static str,
    /// Runs the check on the broken system.
    pub(crate) run: Box<dyn Fn() -> BoxFuture<'static, Evidence> + Send + Sync>,
    /// A part of what the evidence must say: the right fault was found, not some other.
    pub(crate) says: &'static str,
    /// Whether the broken system is none of ours, so that what can be verified of ours does not matter.
    pub(crate) stands_alone: bool,
}

impl Planted {
    /// A fault in an instance of the real binary.
    pub(crate) fn new(
        check: &'static str,
        name: &'static str,
        fault: impl Fn() -> Fault + Send + Sync + 'static,
        says: &'static str,
    ) -> Self {
        let run = move || -> BoxFuture<'static, Evidence> {
            let fault = fault();
            Box::pin(async move { sabotage::run(check, Some(fault)).await })
        };
        Self {
            check,
            name,
            run: Box::new(run),
            says,
            stands_alone: false,
        }
    }

    /// A fault in a server that a test makes itself, where ours cannot be verified.
    pub(crate) fn elsewhere(
        check: &'static str,
        name: &'static str,
        run: impl Fn() -> BoxFuture<'static, Evidence> + Send + Sync + 'static,
        says: &'static str,
    ) -> Self {
        Self {
            check,
            name,
            run: Box::new(run),
            says,
            stands_alone: true,
        }
    }
}

/// All checks of the binary.
pub(crate) fn checks() -> Checks {
    let own = chassis::service::Service::checks(&luna::Luna);
    readiness::checks::all().into_iter().chain(own).collect()
}

/// The mixed traffic of the binary's services.
pub(crate) fn scenario() -> Vec<chassis::check::scenario::LoadRequest> {
    chassis::check::scenario::of(&vec![std::sync::Arc::new(luna::Luna)])
}

/// All faults, by area.
fn planted() -> Vec<Planted> {
    [
        access::planted(),
        limits::planted(),
        surface::planted(),
        load::planted(),
        observability::planted(),
        supply::planted(),
        models::planted(),
        durability::planted(),
        degradation::planted(),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// Runs an area's checks on the sound system first: a check that fails there would prove nothing on a broken one.
pub(crate) async fn every_fault_is_found(planted: Vec<Planted>) {
    let mut wrong = Vec::new();
    let mut sound = BTreeMap::new();
    for fault in &planted {
        if !sound.contains_key(fault.check) {
            let evidence = sabotage::run(fault.check, None).await;
            if evidence.verdict == Verdict::Fail {
                wrong.push(format!(
                    "{} fails on a sound system: {evidence:#?}",
                    fault.check
                ));
            }
            sound.insert(fault.check, evidence.verdict);
        }
        if sound[fault.check] == Verdict::NotVerifiable && !fault.stands_alone {
            eprintln!(
                "skipped: {} ({}): not verifiable here",
                fault.check, fault.name
            );
            continue;
        }
        let evidence = (fault.run)().await;
        let said = format!("{} {}", evidence.measured, evidence.faults.join("\n"));
        if evidence.verdict != Verdict::Fail || !said.contains(fault.says) {
            wrong.push(format!(
                "{}: {} was planted and not found (`{}` was to be said): {:?} {said}",
                fault.check, fault.name, fault.says, evidence.verdict
            ));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
}

#[test]
fn every_check_has_a_fault_that_it_must_find() {
    let planted = planted();
    let without: Vec<_> = checks()
        .iter()
        .map(|check| check.about().id)
        .filter(|id| planted.iter().all(|fault| fault.check != *id))
        .collect();
    assert!(without.is_empty(), "no fault is planted for {without:?}");
    eprintln!("{} faults for {} checks", planted.len(), checks().len());
}
