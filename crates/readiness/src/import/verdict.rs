//! A claim held against the evidence of runs.

use std::collections::HashMap;

use chassis::check::{Evidence, Verdict};
use chassis::clock::Timestamp;
use chassis::i18n::Language;

use super::Mark;
use super::claim::{Claim, Kind};
use super::contradiction::{missed, misses};
use super::inline::State;
use super::map::{Known, checks};
use super::quantity::{Compare, Dimension, Quantity, read};
use super::reason::Reason;
use super::words::tokens;
use crate::report::is_fresh;

/// How far a measured figure may be worse than the one that a report states as measured.
const TOLERANCE: f64 = 0.1;
/// Words that say how it stands and not with what.
const STATUS: &[&str] = &[
    "statut",
    "status",
    "etat",
    "state",
    "done",
    "fait",
    "termine",
    "terminee",
    "complete",
    "completed",
    "complet",
    "actif",
    "active",
    "deployed",
    "deploye",
    "deployee",
    "implemented",
    "implemente",
    "implementee",
    "ready",
    "pret",
    "prete",
    "valide",
    "validated",
    "passed",
    "fonctionnel",
    "fonctionnelle",
    "operationnel",
    "operationnelle",
    "working",
    "resultat",
    "result",
];
const MOST_MEASURED: usize = 240;

/// The evidence at a moment.
pub(super) struct Bench<'a> {
    /// The latest of each check.
    latest: HashMap<&'a str, &'a Evidence>,
    /// Required checks that fail, in the order of the run.
    failing: Vec<&'a str>,
    known: &'a [Known],
    language: Language,
    now: Timestamp,
}

/// What came of a claim.
pub(super) struct Outcome {
    pub(super) mark: Mark,
    pub(super) check: Option<String>,
    pub(super) why: String,
}

impl<'a> Bench<'a> {
    pub(super) fn new(
        evidence: &'a [Evidence],
        known: &'a [Known],
        language: Language,
        now: Timestamp,
    ) -> Self {
        let ended = |one: &Evidence| one.ended_at.parse::<Timestamp>().ok();
        let mut latest: HashMap<&str, &Evidence> = HashMap::new();
        for one in evidence {
            let kept = latest.entry(&one.id).or_insert(one);
            if ended(one) > ended(kept) {
                *kept = one;
            }
        }
        let failing = evidence
            .iter()
            .filter(|one| {
                latest
                    .get(one.id.as_str())
                    .is_some_and(|last| std::ptr::eq(*last, *one))
            })
            .filter(|one| one.is_required && one.verdict == Verdict::Fail && is_fresh(one, now))
            .map(|one| one.id.as_str())
            .collect();
        Self {
            latest,
            failing,
            known,
            language,
            now,
        }
    }

    /// The verdict on a claim, given what the report says against it itself.
    pub(super) fn judge(&self, claim: &Claim, against: Option<&Reason>) -> Outcome {
        let found = self.checks(claim);
        let first = found.first().map(|check| check.id.clone());
        let (mark, check, reasons) = match claim.state {
            State::NotDone => (Mark::Unproven, first, vec![Reason::NotDone]),
            State::Partial => (Mark::Unproven, first, vec![Reason::Partly]),
            State::Done | State::Unsaid => match against {
                Some(reason) => (Mark::Contradicted, first, vec![reason.clone()]),
                None => self.by_evidence(claim, &found),
            },
        };
        let why: Vec<String> = reasons
            .iter()
            .map(|reason| reason.say(self.language))
            .collect();
        Outcome {
            mark,
            check,
            why: why.join(match self.language {
                Language::English => "; ",
                Language::French => " ; ",
            }),
        }
    }

    fn checks(&self, claim: &Claim) -> Vec<&'a Known> {
        let words = claim.words();
        // A line that says nothing to a reader is measured by none, not by what stands above it.
        if words.is_empty() {
            return Vec::new();
        }
        let found = checks(&words, self.known);
        let says_nothing = words
            .iter()
            .all(|word| word.len() < 3 || STATUS.contains(word));
        if !found.is_empty() || !says_nothing {
            return found;
        }
        // "Status: done" speaks of what stands above it.
        let mut all = tokens(&claim.context);
        all.extend(words);
        checks(&all, self.known)
    }

    fn by_evidence(&self, claim: &Claim, found: &[&Known]) -> (Mark, Option<String>, Vec<Reason>) {
        if claim.is_whole {
            if let Some(first) = self.failing.first() {
                let (id, others) = ((*first).to_owned(), self.failing.len() - 1);
                let reason = Reason::RequiredFail {
                    id: id.clone(),
                    others,
                };
                return (Mark::Contradicted, Some(id), vec![reason]);
            }
            return (Mark::Unproven, None, vec![Reason::Nothing]);
        }
        let first = found.first().map(|check| check.id.clone());
        if let Some((measured, target)) = missed(claim) {
            let reason = Reason::Misses {
                measured,
                target,
                is_ticked: false,
            };
            return (Mark::Unproven, first, vec![reason]);
        }
        // A check passes or fails: it gives nobody 85 of 100.
        let is_graded = claim.kind == Kind::Score && claim.score.is_some_and(|(got, of)| got < of);
        if found.is_empty() || is_graded {
            return (Mark::Unproven, None, vec![Reason::Nothing]);
        }
        let (mut passed, mut open) = (Vec::new(), None);
        for check in found {
            match self.of_check(&check.id) {
                Ok(evidence) => passed.push(evidence),
                Err((Mark::Contradicted, reason)) => {
                    return (Mark::Contradicted, Some(check.id.clone()), vec![reason]);
                }
                Err((_, reason)) => {
                    open.get_or_insert((check.id.clone(), reason));
                }
            }
        }
        if let Some((id, reason)) = open {
            return (Mark::Unproven, Some(id), vec![reason]);
        }
        self.by_figures(claim, &passed, first)
    }

    /// The evidence that a check passes, else what is the matter.
    fn of_check(&self, id: &str) -> Result<&'a Evidence, (Mark, Reason)> {
        let id_owned = || id.to_owned();
        let Some(evidence) = self.latest.get(id).copied() else {
            return Err((Mark::Unproven, Reason::NoRun(id_owned())));
        };
        let why = self.measured(evidence);
        match evidence.verdict {
            Verdict::NotVerifiable => Err((
                Mark::Unproven,
                Reason::NotVerifiable {
                    id: id_owned(),
                    why,
                },
            )),
            Verdict::Skipped => Err((
                Mark::Unproven,
                Reason::Skipped {
                    id: id_owned(),
                    why,
                },
            )),
            Verdict::Pass | Verdict::Fail if !is_fresh(evidence, self.now) => {
                let since = cut(&evidence.expires_at);
                Err((
                    Mark::Unproven,
                    Reason::Expired {
                        id: id_owned(),
                        since,
                    },
                ))
            }
            Verdict::Fail => Err((
                Mark::Contradicted,
                Reason::Failed {
                    id: id_owned(),
                    measured: why,
                    required: match self.language {
                        Language::English => cut(&evidence.required),
                        Language::French => cut(&evidence.required_fr),
                    },
                    fault: evidence
                        .faults
                        .first()
                        .map_or_else(String::new, |fault| cut(fault)),
                },
            )),
            Verdict::Pass => Ok(evidence),
        }
    }

    fn measured(&self, evidence: &Evidence) -> String {
        match self.language {
            Language::English => cut(&evidence.measured),
            Language::French => cut(&evidence.measured_fr),
        }
    }

    /// The figures of the claim against those of the runs that pass.
    fn by_figures(
        &self,
        claim: &Claim,
        passed: &[&Evidence],
        first: Option<String>,
    ) -> (Mark, Option<String>, Vec<Reason>) {
        let mut unmatched = None;
        for claimed in claim.stated() {
            let answers: Vec<_> = passed
                .iter()
                .map(|one| (*one, compare(claimed, one)))
                .collect();
            if let Some((evidence, _)) = answers.iter().find(|(_, answer)| *answer == Answer::Worse)
            {
                let reason = Reason::Differs {
                    id: evidence.id.clone(),
                    measured: self.measured(evidence),
                    claimed: claimed.to_string(),
                };
                return (Mark::Contradicted, Some(evidence.id.clone()), vec![reason]);
            }
            if answers.iter().all(|(_, answer)| *answer == Answer::Nothing) {
                unmatched.get_or_insert_with(|| claimed.to_string());
            }
        }
        if let (Some(claimed), Some(evidence)) = (unmatched, passed.first()) {
            let reason = Reason::OtherFigure {
                id: evidence.id.clone(),
                measured: self.measured(evidence),
                claimed,
            };
            return (Mark::Unproven, first, vec![reason]);
        }
        let reasons = passed
            .iter()
            .map(|evidence| Reason::Passed {
                id: evidence.id.clone(),
                measured: self.measured(evidence),
            })
            .collect();
        (Mark::Proved, first, reasons)
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Answer {
    /// The run's figure is as good, or the run is about the same number.
    Holds,
    Worse,
    /// The run measured no such figure.
    Nothing,
}

fn compare(claimed: &Quantity, evidence: &Evidence) -> Answer {
    let measured = read(&evidence.measured, false);
    let same: Vec<&Quantity> = measured
        .iter()
        .filter(|one| one.dimension == claimed.dimension && !is_offered(one, &evidence.measured))
        .collect();
    // A share is a share of something; a time without a name is compared with the only one there is.
    let figure = match (claimed.label, same.as_slice()) {
        (Some(label), all) => all.iter().find(|one| one.label == Some(label)).copied(),
        (None, [only]) if only.label.is_none() && only.dimension != Dimension::Percent => {
            Some(*only)
        }
        _ => None,
    };
    if let Some(figure) = figure {
        let is_worse = if claimed.is_bound() {
            misses(figure, claimed)
        } else {
            match claimed.direction() {
                Some(Compare::AtMost) => figure.value > claimed.value * (1.0 + TOLERANCE),
                Some(Compare::AtLeast) => figure.value < claimed.value * (1.0 - TOLERANCE),
                None => false,
            }
        };
        return if is_worse {
            Answer::Worse
        } else {
            Answer::Holds
        };
    }
    let required = read(&evidence.required, false);
    let is_named = |one: &Quantity| {
        (one.dimension == claimed.dimension
            && same_value(one.value, claimed.value)
            && one.label == claimed.label)
            || (one.dimension == Dimension::Count && same_value(one.number, claimed.number))
    };
    if measured.iter().chain(&required).any(is_named) {
        Answer::Holds
    } else {
        Answer::Nothing
    }
}

fn same_value(one: f64, two: f64) -> bool {
    (one - two).abs() <= f64::EPSILON * one.abs().max(two.abs())
}

/// "At 50 req/s" is what the run asked for, not what the system can do.
fn is_offered(one: &Quantity, text: &str) -> bool {
    let folded = super::words::fold(text);
    let before = folded.get(..one.start).unwrap_or_default().trim_end();
    one.dimension == Dimension::Rate
        && ["at", "offered", "of", "under"].iter().any(|word| {
            before
                .strip_suffix(word)
                .is_some_and(|front| front.is_empty() || front.ends_with([' ', '(', ',']))
        })
}

fn cut(text: &str) -> String {
    match text.char_indices().nth(MOST_MEASURED) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}
