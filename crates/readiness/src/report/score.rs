//! What evidence counts for, and for how long.

use chassis::check::{Evidence, Verdict};
use chassis::clock::Timestamp;

/// What a piece of evidence is worth at a moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Standing {
    /// It passed, and that still counts.
    Passed,
    /// It failed. That does not become better with time.
    Failed,
    /// It passed, too long ago: the drill is to be done again.
    Expired,
    /// It cannot be verified here.
    NotVerifiable,
    /// It was not run.
    Skipped,
}

/// Whether evidence still counts at a moment.
pub fn is_fresh(evidence: &Evidence, now: Timestamp) -> bool {
    // A date that cannot be read is no date in the future.
    let end = evidence.expires_at.parse::<Timestamp>();
    end.is_ok_and(|end| end > now)
}

/// What a piece of evidence is worth at a moment.
pub fn standing_at(evidence: &Evidence, now: Timestamp) -> Standing {
    match evidence.verdict {
        Verdict::Pass if is_fresh(evidence, now) => Standing::Passed,
        Verdict::Pass => Standing::Expired,
        Verdict::Fail => Standing::Failed,
        Verdict::NotVerifiable => Standing::NotVerifiable,
        Verdict::Skipped => Standing::Skipped,
    }
}

/// The verdict that stands at a moment: old evidence of a required check is a failure, other old evidence is as if the check had not run.
pub fn verdict_at(evidence: &Evidence, now: Timestamp) -> Verdict {
    match standing_at(evidence, now) {
        Standing::Passed => Verdict::Pass,
        Standing::Expired if !evidence.is_required => Verdict::Skipped,
        Standing::Failed | Standing::Expired => Verdict::Fail,
        Standing::NotVerifiable => Verdict::NotVerifiable,
        Standing::Skipped => Verdict::Skipped,
    }
}

/// 0 to 100, to a tenth; nothing where nothing was verified. A piece of evidence leaves the score on the day on which it is too old, so
/// that the score sinks until the drill is done again.
pub fn score<'a>(evidence: impl IntoIterator<Item = &'a Evidence>, now: Timestamp) -> Option<f64> {
    let (mut passed, mut all) = (0_u32, 0_u32);
    for one in evidence {
        let weight = u32::from(one.weight);
        match standing_at(one, now) {
            Standing::Passed => {
                passed += weight;
                all += weight;
            }
            Standing::Failed | Standing::Expired => all += weight,
            Standing::NotVerifiable | Standing::Skipped => {}
        }
    }
    (all > 0).then(|| (f64::from(passed) * 1000.0 / f64::from(all)).round() / 10.0)
}
