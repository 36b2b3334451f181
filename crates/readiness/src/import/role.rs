//! Which numbers of a sentence are targets, which are measurements, and of what.

use std::ops::Range;

use super::quantity::{Dimension, Quantity, Role};

const TARGET: &[&str] = &[
    "objectif",
    "objectifs",
    "objective",
    "objectives",
    "cible",
    "cibles",
    "target",
    "targets",
    "goal",
    "goals",
    "slo",
    "sla",
    "requis",
    "requise",
    "required",
    "attendu",
    "attendue",
    "attendus",
    "expected",
    "seuil",
    "threshold",
    "exigence",
    "requirement",
    "vise",
    "visee",
    "vises",
];
const MEASURED: &[&str] = &[
    "mesure",
    "mesuree",
    "mesures",
    "mesurees",
    "measured",
    "obtenu",
    "obtenue",
    "obtenus",
    "atteint",
    "atteinte",
    "reel",
    "reelle",
    "actual",
    "actually",
    "actuel",
    "actuelle",
    "actuellement",
    "current",
    "currently",
    "achieved",
    "reached",
    "got",
    "observed",
    "observe",
    "observee",
    "resultat",
    "resultats",
    "result",
    "results",
    "constate",
    "constatee",
];
/// Beginnings of words and the label they give, by what is counted.
const LABELS: &[(&str, &str, &[Dimension])] = &[
    ("moyenne", "mean", &[Dimension::Duration]),
    ("mean", "mean", &[Dimension::Duration]),
    ("average", "mean", &[Dimension::Duration]),
    ("median", "p50", &[Dimension::Duration]),
    ("rto", "rto", &[Dimension::Duration]),
    ("rpo", "rpo", &[Dimension::Duration]),
    ("erreur", "errors", &[Dimension::Percent]),
    ("error", "errors", &[Dimension::Percent]),
    ("echec", "errors", &[Dimension::Percent]),
    ("failure", "errors", &[Dimension::Percent]),
    ("cpu", "cpu", &[Dimension::Percent]),
    ("memoire", "memory", &[Dimension::Percent, Dimension::Bytes]),
    ("memory", "memory", &[Dimension::Percent, Dimension::Bytes]),
    ("rss", "memory", &[Dimension::Bytes]),
    ("disponibilite", "uptime", &[Dimension::Percent]),
    ("availability", "uptime", &[Dimension::Percent]),
    ("uptime", "uptime", &[Dimension::Percent]),
    ("couverture", "coverage", &[Dimension::Percent]),
    ("coverage", "coverage", &[Dimension::Percent]),
    ("accuracy", "accuracy", &[Dimension::Percent]),
    ("exactitude", "accuracy", &[Dimension::Percent]),
    ("precision", "precision", &[Dimension::Percent]),
    ("rappel", "recall", &[Dimension::Percent]),
    ("recall", "recall", &[Dimension::Percent]),
];
const PERCENTILES: &[&str] = &["p50", "p75", "p90", "p95", "p99", "p999"];

/// A word of the sentence.
struct Word<'a> {
    at: Range<usize>,
    text: &'a str,
    phrase: usize,
    /// The parenthesis that it stands in; 0 for none.
    paren: usize,
}

/// Gives each number its role and its label.
pub(super) fn assign(folded: &str, found: &mut [Quantity]) {
    if found.is_empty() {
        return;
    }
    let words = words(folded);
    let place = |at: usize| {
        words
            .iter()
            .rev()
            .find(|word| word.at.start <= at)
            .map_or((0, 0), |word| (word.phrase, word.paren))
    };
    let places: Vec<_> = found.iter().map(|one| place(one.start)).collect();
    for n in 0..found.len() {
        found[n].label = label(&words, &found[n], places[n]);
    }
    share_label(&words, found);
    for n in 0..found.len() {
        found[n].role = role(folded, &words, found, &places, n);
    }
    // "34 req/s (target > 1000)": the unit is said once.
    for n in 0..found.len() {
        let one = &found[n];
        let behind = words.iter().find(|word| word.at.start >= one.end);
        // "1000 users" has a unit of its own.
        let counts_words = behind.is_some_and(|word| {
            folded[one.end..word.at.start].trim().is_empty() && !TARGET.contains(&word.text)
        });
        if one.role != Role::Target || one.dimension != Dimension::Count || counts_words {
            continue;
        }
        let has_unit =
            |other: &&Quantity| !matches!(other.dimension, Dimension::Count | Dimension::Fraction);
        if let Some(other) = found.iter().rfind(has_unit) {
            let factor = other.value / other.number;
            let value = one.number * factor;
            if factor.is_finite() {
                found[n] = Quantity {
                    value,
                    unit: other.unit,
                    dimension: other.dimension,
                    label: other.label,
                    ..one.clone()
                };
            }
        }
    }
}

fn words(folded: &str) -> Vec<Word<'_>> {
    let (mut words, mut phrase, mut paren, mut parens) = (Vec::new(), 0, 0, 0);
    let mut start = None;
    for (at, sign) in folded.char_indices().chain([(folded.len(), ' ')]) {
        if sign.is_alphanumeric() {
            start.get_or_insert(at);
            continue;
        }
        if let Some(start) = start.take() {
            words.push(Word {
                at: start..at,
                text: &folded[start..at],
                phrase,
                paren,
            });
        }
        match sign {
            '(' | '[' => {
                parens += 1;
                paren = parens;
            }
            ')' | ']' => paren = 0,
            '—' | ';' | '|' => phrase += 1,
            _ => {}
        }
    }
    words
}

fn role(
    folded: &str,
    words: &[Word<'_>],
    found: &[Quantity],
    places: &[(usize, usize)],
    n: usize,
) -> Role {
    let of = |word: &Word<'_>| match word.text {
        text if TARGET.contains(&text) => Some(Role::Target),
        text if MEASURED.contains(&text) => Some(Role::Measured),
        _ => None,
    };
    let one = &found[n];
    let (phrase, paren) = places[n];
    // "34 req/s measured": directly behind, and not the beginning of the next number.
    let behind = words.iter().find(|word| word.at.start >= one.end);
    if let Some(word) = behind
        && folded[one.end..word.at.start].trim().is_empty()
        && let Some(role) = of(word)
        && !leads_on(&folded[word.at.end..])
    {
        return role;
    }
    for word in words.iter().rev().filter(|word| word.at.end <= one.start) {
        if word.phrase != phrase {
            break;
        }
        let Some(role) = of(word) else { continue };
        let mut between = (0..n).filter(|m| found[*m].start >= word.at.end);
        let is_taken = between.any(|m| {
            found[m].dimension == one.dimension && found[m].label == one.label
                || places[m].1 != paren
        });
        let is_in_reach = word.paren == paren || word.paren == 0;
        let is_closed = word.paren != 0 && word.paren != paren;
        if is_closed {
            continue;
        }
        if is_in_reach && !is_taken {
            return role;
        }
        break;
    }
    Role::Unsaid
}

/// Whether a number or a comparison follows.
fn leads_on(rest: &str) -> bool {
    rest.trim_start_matches([' ', ':', '='])
        .starts_with(|sign: char| sign.is_ascii_digit() || matches!(sign, '<' | '>' | '≤' | '≥'))
        || rest.trim_start().starts_with(':')
}

fn label_of(word: &str, dimension: Dimension) -> Option<&'static str> {
    if dimension == Dimension::Duration
        && let Some(found) = PERCENTILES.iter().find(|name| **name == word)
    {
        return Some(found);
    }
    LABELS
        .iter()
        .find(|(stem, _, dimensions)| word.starts_with(stem) && dimensions.contains(&dimension))
        .map(|(_, label, _)| *label)
}

/// The nearest word before it that says what is measured; of hundredths also the third behind it at most.
fn label(
    words: &[Word<'_>],
    one: &Quantity,
    (phrase, paren): (usize, usize),
) -> Option<&'static str> {
    let is_near =
        |word: &&Word<'_>| word.phrase == phrase && (word.paren == paren || word.paren == 0);
    let behind = || {
        words
            .iter()
            .filter(|word| word.at.start >= one.end)
            .take(3)
            .filter(is_near)
            .find_map(|word| label_of(word.text, one.dimension))
    };
    let before = || {
        words
            .iter()
            .rev()
            .filter(|word| word.at.end <= one.start)
            .filter(is_near)
            .find_map(|word| label_of(word.text, one.dimension))
    };
    if one.dimension == Dimension::Percent {
        behind().or_else(before)
    } else {
        before()
    }
}

/// A sentence that names one label only speaks of that everywhere ("p95 — target: < 200 ms — measured: 850 ms").
fn share_label(words: &[Word<'_>], found: &mut [Quantity]) {
    for one in found.iter_mut().filter(|one| one.label.is_none()) {
        let mut labels = words
            .iter()
            .filter_map(|word| label_of(word.text, one.dimension));
        if let Some(first) = labels.next()
            && labels.all(|label| label == first)
        {
            one.label = Some(first);
        }
    }
}
