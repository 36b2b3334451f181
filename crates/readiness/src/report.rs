//! Evidence, and what it amounts to.

use chassis::check::{Area, Evidence, Origin, Pace, Verdict};
use chassis::clock::{Clock, SystemClock, Timestamp};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// The version of the record's form.
pub const FORMAT: u32 = 1;

/// The record of a run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Report {
    /// The version of this form.
    pub format: u32,
    /// 0 to 100: the weight of what passed over the weight of what could be verified. A check that was skipped, or that cannot be verified, is
    /// in neither.
    pub score: f64,
    /// Whether every required check that could be verified passed, and at least one could.
    pub is_ready: bool,
    /// `quick` or `full`.
    pub pace: String,
    /// When the run began (RFC 3339, UTC).
    pub started_at: String,
    /// When it ended.
    pub ended_at: String,
    /// What was proved.
    pub origin: Origin,
    /// The areas that have evidence.
    pub areas: Vec<AreaScore>,
    /// Each claim with what was measured.
    pub evidence: Vec<Evidence>,
}

/// What an area amounts to.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct AreaScore {
    /// Its name.
    pub area: String,
    /// 0 to 100; absent where nothing could be verified.
    pub score: Option<f64>,
    /// Checks that passed.
    pub passed: usize,
    /// Checks that failed.
    pub failed: usize,
    /// Checks that cannot be verified here.
    pub not_verifiable: usize,
}

impl Report {
    /// Of a run that began then and ends now.
    pub fn new(pace: Pace, started: Timestamp, origin: Origin, evidence: Vec<Evidence>) -> Self {
        let now = SystemClock.now();
        Self {
            format: FORMAT,
            score: score(&evidence, now).unwrap_or(0.0),
            is_ready: is_ready(&evidence, now),
            pace: match pace {
                Pace::Quick => "quick",
                Pace::Full => "full",
            }
            .to_owned(),
            started_at: started.to_string(),
            ended_at: now.to_string(),
            origin,
            areas: areas(&evidence, now),
            evidence,
        }
    }
}

/// Whether evidence still counts at a moment.
pub fn is_fresh(evidence: &Evidence, now: Timestamp) -> bool {
    // A date that cannot be read is no date in the future.
    evidence
        .expires_at
        .parse::<Timestamp>()
        .is_ok_and(|end| end > now)
}

/// What it counts for at a moment: old evidence of a required check is a failure, other old evidence counts for nothing.
pub fn verdict_at(evidence: &Evidence, now: Timestamp) -> Verdict {
    match evidence.verdict {
        Verdict::Pass if is_fresh(evidence, now) => Verdict::Pass,
        Verdict::Pass => Verdict::Fail,
        other => other,
    }
}

/// 0 to 100, to a tenth; nothing where nothing was verified.
pub fn score<'a>(evidence: impl IntoIterator<Item = &'a Evidence>, now: Timestamp) -> Option<f64> {
    let (mut passed, mut all) = (0_u32, 0_u32);
    for one in evidence {
        let weight = u32::from(one.weight);
        match verdict_at(one, now) {
            Verdict::Pass => {
                passed += weight;
                all += weight;
            }
            Verdict::Fail => all += weight,
            Verdict::NotVerifiable | Verdict::Skipped => {}
        }
    }
    (all > 0).then(|| (f64::from(passed) * 1000.0 / f64::from(all)).round() / 10.0)
}

fn is_ready(evidence: &[Evidence], now: Timestamp) -> bool {
    let mut required = evidence.iter().filter(|one| one.is_required);
    let nothing_failed = required
        .clone()
        .all(|one| verdict_at(one, now) != Verdict::Fail);
    nothing_failed && required.any(|one| verdict_at(one, now) == Verdict::Pass)
}

fn areas(evidence: &[Evidence], now: Timestamp) -> Vec<AreaScore> {
    let of_area = |area: Area| {
        let own: Vec<_> = evidence
            .iter()
            .filter(|one| one.area == area.name())
            .collect();
        let count = |wanted| {
            own.iter()
                .filter(|one| verdict_at(one, now) == wanted)
                .count()
        };
        AreaScore {
            area: area.name().to_owned(),
            score: score(own.iter().copied(), now),
            passed: count(Verdict::Pass),
            failed: count(Verdict::Fail),
            not_verifiable: count(Verdict::NotVerifiable),
        }
    };
    let has_any = |area: &Area| evidence.iter().any(|one| one.area == area.name());
    Area::ALL.into_iter().filter(has_any).map(of_area).collect()
}
