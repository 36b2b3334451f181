//! Evidence, and what it amounts to.
//!
//! * [`Report`]: the record of a run; [`mod@score`]: what evidence counts for, and for how long
//! * [`seal`]: the record's signature, over its [`canonical`] form; [`history`]: records that are kept
//! * [`html`], [`junit`], [`badge`]: the record as others read it; [`catalogue`]: what each check is, as pages
//! * [`origin`]: what evidence was measured on

pub mod badge;
pub mod canonical;
pub mod catalogue;
mod escape;
pub mod history;
pub mod html;
pub mod junit;
pub mod origin;
pub mod phrase;
mod plot;
pub mod score;
pub mod seal;

use std::collections::BTreeSet;

use chassis::check::{About, Area, Checks, Evidence, Origin, Pace, Said, Trouble, Verdict};
use chassis::clock::{Clock, SystemClock, Timestamp};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

pub use score::{Standing, is_fresh, score, standing_at, verdict_at};
pub use seal::Signature;

/// The version of the record's form.
pub const FORMAT: u32 = 1;

/// The record of a run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[schema(as = ProofReport)]
pub struct Report {
    /// The version of this form.
    pub format: u32,
    /// 0 to 100: the weight of what passed over the weight of what could be verified. A check that was skipped, or that cannot be verified, is
    /// in neither; evidence that is too old is in the second alone.
    pub score: f64,
    /// Whether no required check failed, is too old or was left out, and at least one passed. One that cannot be verified here is listed
    /// first and decides nothing.
    pub is_ready: bool,
    /// `quick` or `full`.
    pub pace: String,
    /// When the run began (RFC 3339, UTC).
    pub started_at: String,
    /// When it ended.
    pub ended_at: String,
    /// What was proved.
    pub origin: Origin,
    /// What a reader must know besides, such as settings that drills did without.
    #[serde(default)]
    pub notes: Vec<Note>,
    /// The areas that have evidence.
    pub areas: Vec<Tally>,
    /// The services that have evidence of their own; what belongs to no service is the chassis'.
    #[serde(default)]
    pub services: Vec<Tally>,
    /// Each claim with what was measured.
    pub evidence: Vec<Evidence>,
    /// Who answers for it; absent from an unsigned record.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub signature: Option<Signature>,
}

/// What an area or a service amounts to.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[schema(as = ProofTally)]
pub struct Tally {
    /// Its name.
    pub name: String,
    /// 0 to 100; absent where nothing could be verified.
    pub score: Option<f64>,
    /// Checks that passed.
    pub passed: usize,
    /// Checks that failed.
    pub failed: usize,
    /// Checks that passed, too long ago.
    pub expired: usize,
    /// Checks that cannot be verified here.
    pub not_verifiable: usize,
    /// Checks that were not run.
    pub skipped: usize,
}

/// A sentence to the reader.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = ProofNote)]
pub struct Note {
    /// English.
    pub text: String,
    /// French.
    pub text_fr: String,
}

impl From<Said> for Note {
    fn from(said: Said) -> Self {
        Self {
            text: said.english,
            text_fr: said.french,
        }
    }
}

/// What all of it comes to, in a word.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Every required check that can be verified passed.
    Ready,
    /// One failed, or its evidence is too old.
    NotReady,
    /// None failed, and some were not run or nothing could be verified.
    Undecided,
}

impl Report {
    /// Of a run that began then and ends now.
    pub fn new(pace: Pace, started: Timestamp, origin: Origin, evidence: Vec<Evidence>) -> Self {
        Self::at(SystemClock.now(), pace, started, origin, evidence)
    }

    /// Of a run that ended at a moment.
    pub fn at(
        ended: Timestamp,
        pace: Pace,
        started: Timestamp,
        origin: Origin,
        mut evidence: Vec<Evidence>,
    ) -> Self {
        for series in evidence.iter_mut().flat_map(|one| &mut one.series) {
            // JSON has no word for what is no number.
            series
                .points
                .retain(|(x, y)| x.is_finite() && y.is_finite());
        }
        let mut report = Self {
            format: FORMAT,
            score: 0.0,
            is_ready: false,
            pace: match pace {
                Pace::Quick => "quick",
                Pace::Full => "full",
            }
            .to_owned(),
            started_at: started.to_string(),
            ended_at: ended.to_string(),
            origin,
            notes: Vec::new(),
            areas: Vec::new(),
            services: Vec::new(),
            evidence,
            signature: None,
        };
        report.recount();
        report
    }

    /// With a sentence to the reader.
    #[must_use]
    pub fn note(mut self, said: Said) -> Self {
        self.notes.push(said.into());
        self
    }

    /// With what other checks there are, as skipped: a list that leaves something out looks better than it is.
    #[must_use]
    pub fn listing(mut self, all: &Checks) -> Self {
        let has: BTreeSet<String> = self.evidence.iter().map(|one| one.id.clone()).collect();
        let now = self.moment();
        for check in all {
            let about = check.about();
            if !has.contains(about.id) {
                self.evidence.push(skipped(&about, now, &self.origin));
            }
        }
        let place = |one: &Evidence| all.iter().position(|check| check.about().id == one.id);
        self.evidence
            .sort_by_key(|one| place(one).unwrap_or(usize::MAX));
        self.recount();
        self
    }

    /// With earlier evidence in the place of what this run skipped. Each piece keeps its own dates, and a note says how many there are.
    #[must_use]
    pub fn joined(mut self, earlier: Vec<Evidence>) -> Self {
        let mut oldest: Option<String> = None;
        let mut count = 0;
        for old in earlier {
            let mut open = self.evidence.iter_mut();
            let open = open.find(|one| one.id == old.id && one.verdict == Verdict::Skipped);
            if let Some(one) = open {
                count += 1;
                if oldest.as_ref().is_none_or(|oldest| old.ended_at < *oldest) {
                    oldest = Some(old.ended_at.clone());
                }
                *one = old;
            }
        }
        if let Some(oldest) = oldest {
            let day = phrase::day(&oldest);
            self.notes.push(
                Said::new(
                    format!(
                        "{count} of the results are from earlier runs of the same binary with the same configuration, the oldest of {day}. Each shows its date."
                    ),
                    format!(
                        "{count} résultats viennent d’exécutions antérieures du même binaire avec la même configuration, le plus ancien du {day}. Chacun porte sa date."
                    ),
                )
                .into(),
            );
        }
        self.recount();
        self
    }

    /// Whether a piece of evidence was measured by an earlier run.
    pub fn is_earlier(&self, evidence: &Evidence) -> bool {
        // Both are of the one form whose texts sort as the moments do.
        evidence.ended_at < self.started_at
    }

    /// In a word, at the moment of its end.
    pub fn outcome(&self) -> Outcome {
        self.outcome_at(self.moment())
    }

    /// In a word, at some later moment.
    pub fn outcome_at(&self, now: Timestamp) -> Outcome {
        let required = || self.evidence.iter().filter(|one| one.is_required);
        let any = |wanted| required().any(|one| standing_at(one, now) == wanted);
        if any(Standing::Failed) || any(Standing::Expired) {
            Outcome::NotReady
        } else if any(Standing::Passed) && !any(Standing::Skipped) {
            Outcome::Ready
        } else {
            Outcome::Undecided
        }
    }

    /// The moment of which the record speaks.
    pub fn moment(&self) -> Timestamp {
        // A date that cannot be read makes all evidence old.
        let last = Timestamp::from_unix_ms(253_402_300_799_999);
        let read = self.ended_at.parse().ok();
        read.or(last).unwrap_or_else(|| SystemClock.now())
    }

    /// Works the figures out again from the evidence.
    pub fn recount(&mut self) {
        let now = self.moment();
        self.score = score(&self.evidence, now).unwrap_or(0.0);
        self.is_ready = self.outcome_at(now) == Outcome::Ready;
        self.areas = areas(&self.evidence, now);
        self.services = services(&self.evidence, now);
    }
}

/// A check that did not run.
fn skipped(about: &About, now: Timestamp, origin: &Origin) -> Evidence {
    let reason = Trouble::not_verifiable(
        "not asked for in this run",
        "pas demandé dans cette exécution",
    );
    let mut evidence = Evidence::new(about, Err(reason), (now, now), origin);
    evidence.verdict = Verdict::Skipped;
    evidence
}

fn tally<'a>(
    name: &str,
    evidence: impl Iterator<Item = &'a Evidence> + Clone,
    now: Timestamp,
) -> Tally {
    let count = |wanted| {
        let standing = evidence.clone().map(|one| standing_at(one, now));
        standing.filter(|one| *one == wanted).count()
    };
    Tally {
        name: name.to_owned(),
        score: score(evidence.clone(), now),
        passed: count(Standing::Passed),
        failed: count(Standing::Failed),
        expired: count(Standing::Expired),
        not_verifiable: count(Standing::NotVerifiable),
        skipped: count(Standing::Skipped),
    }
}

fn areas(evidence: &[Evidence], now: Timestamp) -> Vec<Tally> {
    let of_area = |area: Area| evidence.iter().filter(move |one| one.area == area.name());
    Area::ALL
        .into_iter()
        .filter(|area| of_area(*area).next().is_some())
        .map(|area| tally(area.name(), of_area(area), now))
        .collect()
}

fn services(evidence: &[Evidence], now: Timestamp) -> Vec<Tally> {
    let mut names: Vec<&str> = Vec::new();
    for one in evidence {
        let name = service_of(one);
        if !names.contains(&name) {
            names.push(name);
        }
    }
    let of_service = |name| evidence.iter().filter(move |one| service_of(one) == name);
    names
        .into_iter()
        .map(|name| tally(name, of_service(name), now))
        .collect()
}

/// The service that evidence belongs to; the chassis has those of none.
pub fn service_of(evidence: &Evidence) -> &str {
    evidence.service.as_deref().unwrap_or("chassis")
}
