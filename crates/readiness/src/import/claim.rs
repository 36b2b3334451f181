//! What a report claims on a line.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::inline::State;
use super::markdown::{Draft, Shape};
use super::quantity::{Dimension, Quantity, Role, read_folded};
use super::words::{find, fold, has_any, tokens};

/// How a claim is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = ClaimKind)]
pub enum Kind {
    /// A line with a tick mark or a word such as "done".
    Tick,
    /// A row of a table.
    Table,
    /// A score or a degree of readiness.
    Score,
    /// A figure, with or without its target.
    Objective,
}

/// A claim.
#[derive(Clone, Debug)]
pub(super) struct Claim {
    pub(super) line: usize,
    pub(super) text: String,
    pub(super) folded: String,
    pub(super) kind: Kind,
    pub(super) state: State,
    pub(super) quantities: Vec<Quantity>,
    /// Got, and of how many.
    pub(super) score: Option<(f64, f64)>,
    /// Whether the score is one over others.
    pub(super) is_total: bool,
    /// Whether it says that everything is ready.
    pub(super) is_whole: bool,
    pub(super) is_later: bool,
    pub(super) section: usize,
    /// The same of the lines above it, folded.
    pub(super) context: String,
}

const READY: &[&str] = &[
    "pret",
    "prete",
    "prets",
    "ready",
    "readiness",
    "complet*",
    "termine*",
    "done",
    "avancement",
    "progress",
    "progression",
    "fonctionnel*",
    "operationnel*",
    "acheve*",
    "finished",
    "score",
    "maturite",
    "maturity",
];
const SCORE: &[&str] = &[
    "score*",
    "note",
    "notation",
    "rating",
    "grade",
    "maturite",
    "maturity",
    "readiness",
];
const TOTAL: &[&str] = &[
    "total*", "global*", "overall", "final*", "general*", "moyenne", "average",
];
/// Who is ready, where everything is meant.
const WHOLE: &[&str] = &[
    "production",
    "prod",
    "systeme",
    "system",
    "projet",
    "project",
    "plateforme",
    "platform",
    "application",
    "app",
    "service",
    "tout",
    "all",
    "everything",
    "global*",
    "overall",
    "total*",
];
const READY_FOR_PRODUCTION: &[&str] = &[
    "production ready",
    "prod ready",
    "ready for production",
    "ready to ship",
    "pret pour la prod*",
    "prete pour la prod*",
    "pret pour une mise en production",
    "pret a la production",
    "pret pour le deploiement",
    "pret a deployer",
];
const BEFORE: &[&str] = &["avant", "before", "precedent*", "previous*", "initial*"];

impl Claim {
    /// The claim of a line, if it makes one.
    pub(super) fn of(draft: Draft, is_french: bool) -> Option<Self> {
        // Tags are no words.
        let folded = if draft.is_markup {
            String::new()
        } else {
            fold(&draft.text)
        };
        let words = tokens(&folded);
        let is_legend = has_any(&words, &["legende", "legend"]) && words.len() > 1;
        if is_legend || folded.starts_with('=') {
            return None;
        }
        let quantities = read_folded(&folded, is_french);
        let has_target = quantities.iter().any(|one| one.role == Role::Target);
        let has_bound = quantities.windows(2).any(|pair| {
            pair[0].dimension == pair[1].dimension && pair[0].is_bound() != pair[1].is_bound()
        });
        let score = score(&quantities, &words, draft.shape).filter(|_| !has_any(&words, BEFORE));
        let is_whole = is_whole(&words, score, draft.level);
        let said = draft.state != State::Unsaid;
        let is_figure = quantities.iter().any(|one| is_telling(one, &words));
        let kind = match draft.shape {
            _ if draft.is_markup && draft.text.contains('<') => Kind::Tick,
            _ if words.is_empty() => return None,
            _ if (has_target || has_bound) && score.is_none() => Kind::Objective,
            _ if score.is_some() || (is_whole && !said) => Kind::Score,
            Shape::Row if said => Kind::Table,
            _ if said => Kind::Tick,
            Shape::Bullet | Shape::Plain if is_figure => Kind::Objective,
            _ => return None,
        };
        // An objective by itself is a plan, unless it is ticked or has a figure beside it.
        if kind == Kind::Objective && !said && draft.shape == Shape::Heading {
            return None;
        }
        let is_total = score.is_some() && (is_whole || draft.level == 1 || has_any(&words, TOTAL));
        let context = fold(&draft.context);
        Some(Self {
            line: draft.line,
            text: draft.text,
            kind,
            state: draft.state,
            quantities,
            score,
            is_total,
            is_whole,
            is_later: draft.is_later,
            section: draft.section,
            context,
            folded,
        })
    }

    /// Whether the report says that it is not done, or only partly.
    pub(super) fn is_open(&self) -> bool {
        matches!(self.state, State::NotDone | State::Partial)
    }

    pub(super) fn words(&self) -> Vec<&str> {
        tokens(&self.folded)
    }

    /// The measurement, if it is one, that a claim states: what stands as measured, or the bound that it says holds.
    pub(super) fn stated(&self) -> impl Iterator<Item = &Quantity> {
        self.quantities
            .iter()
            .filter(|one| !matches!(one.dimension, Dimension::Count | Dimension::Fraction))
    }
}

fn score(quantities: &[Quantity], words: &[&str], shape: Shape) -> Option<(f64, f64)> {
    let is_scored = has_any(words, SCORE);
    let is_short = words.len() <= 10;
    quantities
        .iter()
        .filter(|one| one.role != Role::Target)
        .find_map(|one| match one.dimension {
            Dimension::Fraction => {
                let is_usual =
                    [5.0, 10.0, 15.0, 20.0, 25.0, 30.0, 40.0, 50.0, 100.0].contains(&one.of);
                let counts = has_any(words, COUNTED);
                let is_score = is_scored
                    || (is_usual
                        && !counts
                        && one.value <= one.of
                        && (shape != Shape::Plain || is_short));
                is_score.then_some((one.value, one.of))
            }
            Dimension::Percent => {
                let is_other = one.label.is_some() || one.compare.is_some();
                let is_ready = has_any(words, READY) || (shape == Shape::Heading && is_short);
                (is_ready && !is_other && one.value <= 1000.0).then_some((one.value, 100.0))
            }
            _ => None,
        })
}

/// What is counted and not scored: so many of so many.
pub(super) const COUNTED: &[&str] = &[
    "test",
    "tests",
    "checks",
    "scenarios",
    "scenario",
    "cas",
    "cases",
    "endpoints",
    "suites",
    "taches",
    "tasks",
    "controles",
    "verifications",
    "specs",
];

fn is_whole(words: &[&str], score: Option<(f64, f64)>, level: usize) -> bool {
    let is_denied = |at: usize| {
        words[at.saturating_sub(3)..at].iter().any(|word| {
            matches!(
                *word,
                "not"
                    | "pas"
                    | "non"
                    | "never"
                    | "jamais"
                    | "isn"
                    | "presque"
                    | "almost"
                    | "nearly"
            )
        })
    };
    let says_so = READY_FOR_PRODUCTION
        .iter()
        .filter_map(|pattern| find(words, pattern))
        .any(|range| !is_denied(range.start));
    if says_so && score.is_none_or(|(got, of)| got >= of) {
        return true;
    }
    let is_full = score.is_some_and(|(got, of)| got >= of);
    if !is_full {
        return false;
    }
    let others = words.iter().filter(|word| {
        word.len() > 3
            && !word.starts_with(|s: char| s.is_ascii_digit())
            && !has_any(&[word], READY)
    });
    has_any(words, READY) && (level == 1 || has_any(words, WHOLE) || others.count() == 0)
}

/// Whether a figure is a claim by itself.
fn is_telling(one: &Quantity, words: &[&str]) -> bool {
    match one.dimension {
        Dimension::Rate => true,
        Dimension::Percent | Dimension::Bytes => one.label.is_some(),
        Dimension::Duration => {
            one.label.is_some()
                || has_any(
                    words,
                    &[
                        "latenc*",
                        "temps de reponse",
                        "response time*",
                        "rto",
                        "rpo",
                    ],
                )
        }
        Dimension::Fraction => has_any(words, COUNTED),
        Dimension::Count => false,
    }
}
