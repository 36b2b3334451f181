//! What a report says against itself: no run is needed to see it.

use std::collections::HashMap;

use super::claim::{COUNTED, Claim};
use super::inline::State;
use super::quantity::{Compare, Dimension, Quantity, Role};
use super::reason::Reason;
use super::words::{find, has_any, tokens};

/// What contradicts each claim, in their order. Nothing for a claim that says of itself that it is not done.
pub(super) fn of_all(claims: &[Claim]) -> Vec<Option<Reason>> {
    let mut found: Vec<Option<Reason>> = claims.iter().map(of_one).collect();
    for (line, reason) in twice(claims).into_iter().chain(sums(claims)) {
        found[line].get_or_insert(reason);
    }
    // Last: a line that contradicts itself speaks against "all ready" too.
    let against: Vec<usize> = (0..claims.len())
        .filter(|n| {
            let claim = &claims[*n];
            !claim.is_whole && !claim.is_later && (claim.is_open() || found[*n].is_some())
        })
        .collect();
    if let Some(first) = against.first() {
        for (n, claim) in claims.iter().enumerate() {
            if claim.is_whole && !claim.is_open() {
                found[n].get_or_insert(Reason::WholeBut {
                    line: claims[*first].line,
                    text: short(&claims[*first].text),
                    others: against.len() - 1,
                });
            }
        }
    }
    found
}

/// What a line says against itself.
fn of_one(claim: &Claim) -> Option<Reason> {
    if claim.is_open() {
        return None;
    }
    if let Some(reason) = beyond(claim) {
        return Some(reason);
    }
    if claim.state != State::Done {
        return None;
    }
    missed(claim)
        .map(|(measured, target)| Reason::Misses {
            measured,
            target,
            is_ticked: true,
        })
        .or_else(|| lacking(claim))
        .or_else(|| admission(claim).map(Reason::Admits))
}

const ADMISSIONS: &[&str] = &[
    "never started",
    "never run",
    "never tested",
    "never deployed",
    "never been *",
    "not started",
    "not tested",
    "not yet",
    "not implemented",
    "not deployed",
    "not measured",
    "not run",
    "not verified",
    "not wired",
    "not connected",
    "untested",
    "unimplemented",
    "unverified",
    "jamais demarre*",
    "jamais lance*",
    "jamais teste*",
    "jamais execute*",
    "jamais deploye*",
    "jamais mesure*",
    "jamais active*",
    "jamais essaye*",
    "non teste*",
    "non demarre*",
    "non implemente*",
    "non deploye*",
    "non mesure*",
    "non verifie*",
    "non branche*",
    "pas teste*",
    "pas demarre*",
    "pas implemente*",
    "pas encore",
    "pas deploye*",
    "pas mesure*",
    "pas verifie*",
    "pas branche*",
    "pas lance*",
    "a faire",
    "a tester",
    "a finir",
    "reste a",
    "mock",
    "mocks",
    "mocked",
    "mockee*",
    "mocke",
    "simulated",
    "simule",
    "simulee",
    "simules",
    "simulees",
    "mode simulation",
    "todo",
    "todos",
    "fixme",
    "stub",
    "stubs",
    "stubbed",
    "to be done",
    "work in progress",
    "en cours de dev*",
    "en cours d implementation",
    "en cours de test*",
    "en cours de deploiement",
    "hardcoded",
    "hard coded",
    "code en dur",
    "codee en dur",
    "donnees factices",
    "fake data",
    "factice*",
    "bouchon*",
    "bouchonne*",
];
/// Before an admission: there is none of it.
const DENIALS: &[&str] = &[
    "no",
    "not",
    "without",
    "sans",
    "aucun",
    "aucune",
    "zero",
    "0",
    "never",
    "jamais",
    "plus",
    "pas",
    "isn",
    "instead",
    "rather",
    "non",
    "lieu",
    "replaced",
    "remplace",
    "remplaces",
];
/// Behind it: it is gone.
const GONE: &[&str] = &[
    "removed",
    "supprime*",
    "retire*",
    "eliminated",
    "fixed",
    "resolved",
    "resolu*",
    "corrige*",
    "remplace*",
    "replaced",
    "gone",
    "list",
    "liste",
];

/// The words by which a line admits that it is not so, as they are written.
fn admission(claim: &Claim) -> Option<String> {
    let words = claim.words();
    let at = ADMISSIONS.iter().find_map(|pattern| {
        let at = find(&words, pattern)?;
        let before = &words[at.start.saturating_sub(3)..at.start];
        let behind = &words[at.end..words.len().min(at.end + 3)];
        let is_denied = before.iter().any(|word| DENIALS.contains(word)) || has_any(behind, GONE);
        (!is_denied).then_some(at)
    })?;
    let written = tokens(&claim.text);
    let words = if written.len() == words.len() {
        &written
    } else {
        &words
    };
    Some(words[at].join(" "))
}

/// A measurement of the line that misses the line's own target, and that target.
pub(super) fn missed(claim: &Claim) -> Option<(String, String)> {
    let all = &claim.quantities;
    all.iter()
        .enumerate()
        .filter(|(_, one)| one.is_bound())
        .find_map(|(n, bound)| {
            let measured = measured_for(claim, n, bound)?;
            misses(measured, bound).then(|| (measured.to_string(), bound.to_string()))
        })
}

/// Whether a value lies beyond a bound for certain. What is equal meets it.
pub(super) fn misses(measured: &Quantity, bound: &Quantity) -> bool {
    let (above, below) = (measured.value > bound.value, measured.value < bound.value);
    match (bound.direction(), measured.compare) {
        (Some(Compare::AtMost), None | Some(Compare::AtLeast)) => above,
        (Some(Compare::AtLeast), None | Some(Compare::AtMost)) => below,
        _ => false,
    }
}

fn measured_for<'a>(claim: &'a Claim, n: usize, bound: &Quantity) -> Option<&'a Quantity> {
    let all = &claim.quantities;
    let fits = |one: &Quantity| {
        let same_label = one.label == bound.label || bound.label.is_none() || one.label.is_none();
        // "34 of 40" and "85 %" are not compared with each other, nor fractions of different wholes.
        one.dimension == bound.dimension
            && one.dimension != Dimension::Count
            && same_label
            && (one.dimension != Dimension::Fraction || (one.of - bound.of).abs() < f64::EPSILON)
    };
    let is_measured = |one: &Quantity| {
        one.role == Role::Measured || (one.role == Role::Unsaid && one.compare.is_none())
    };
    let before = (0..n)
        .rev()
        .find(|m| is_measured(&all[*m]) && fits(&all[*m]));
    let behind = (n + 1..all.len()).find(|m| is_measured(&all[*m]) && fits(&all[*m]));
    let is_said = |m: usize| all[m].role == Role::Measured;
    if let Some(said) = [before, behind].into_iter().flatten().find(|m| is_said(*m)) {
        return Some(&all[said]);
    }
    if bound.role == Role::Target {
        return before.or(behind).map(|m| &all[m]);
    }
    // Without a word that says which is which, the two stand side by side.
    let side_by_side = |first: usize, second: usize| {
        let between = claim.folded.get(all[first].end..all[second].start);
        first + 1 == second
            && between.is_some_and(|text| {
                let is_glue = |sign: char| " ():=<>≤≥→—-~≈".contains(sign);
                text.split(is_glue).all(|word| {
                    word.is_empty() || word.starts_with('p') && word.len() <= 4 || word == "vs"
                })
            })
    };
    match (before, behind) {
        (Some(m), _) if side_by_side(m, n) => Some(&all[m]),
        (_, Some(m)) if side_by_side(n, m) => Some(&all[m]),
        _ => None,
    }
}

/// "12/15 tests pass ✅".
fn lacking(claim: &Claim) -> Option<Reason> {
    if claim.score.is_some() || !has_any(&claim.words(), COUNTED) {
        return None;
    }
    let fractions = claim.quantities.iter();
    fractions
        .filter(|one| one.dimension == Dimension::Fraction && one.role != Role::Target)
        .find(|one| one.value < one.of)
        .map(|one| Reason::Lacking {
            got: one.value,
            of: one.of,
        })
}

/// A share that is not the count beside it, and more than there is.
fn beyond(claim: &Claim) -> Option<Reason> {
    if let Some((got, of)) = claim.score.filter(|(got, of)| got > of) {
        return Some(Reason::Beyond { got, of });
    }
    claim.quantities.windows(2).find_map(|pair| {
        let [one, two] = pair else { return None };
        let between = claim.folded.get(one.end..two.start)?;
        let (count, percent) = match (one.dimension, two.dimension) {
            (Dimension::Fraction, Dimension::Percent) => (one, two),
            (Dimension::Percent, Dimension::Fraction) => (two, one),
            _ => return None,
        };
        let is_beside = between
            .trim_matches([' ', '(', '=', ':', '—', '-'])
            .is_empty();
        let is_off = (count.value / count.of * 100.0 - percent.value).abs() > 1.0;
        (is_beside && is_off && percent.compare.is_none()).then_some(Reason::Share {
            got: count.value,
            of: count.of,
            percent: percent.value,
        })
    })
}

/// Lines of the same words with different figures.
fn twice(claims: &[Claim]) -> Vec<(usize, Reason)> {
    let mut seen: HashMap<String, usize> = HashMap::new();
    let mut found = Vec::new();
    for (n, claim) in claims.iter().enumerate() {
        let words: Vec<&str> = claim
            .words()
            .into_iter()
            .filter(|word| !word.starts_with(|sign: char| sign.is_ascii_digit()))
            .collect();
        let telling = words.iter().filter(|word| word.len() > 3).count();
        if claim.quantities.is_empty() || claim.is_open() || telling == 0 {
            continue;
        }
        let key = words.join(" ");
        let Some(first) = seen.get(&key).copied() else {
            seen.insert(key, n);
            continue;
        };
        let other = &claims[first];
        // Short words such as "tests" may speak of another thing in another part of the report.
        let is_same_thing = other.section == claim.section || telling >= 3 || claim.is_total;
        let figures = |claim: &Claim| -> Vec<(u64, Dimension)> {
            let figure = |one: &Quantity| (one.value.to_bits(), one.dimension);
            claim.quantities.iter().map(figure).collect()
        };
        if is_same_thing && figures(other) != figures(claim) {
            for (n, other) in [(n, other), (first, claim)] {
                let (line, text) = (other.line, short(&other.text));
                found.push((n, Reason::Twice { line, text }));
            }
        }
    }
    found
}

/// Totals that are neither the sum nor a mean of their parts.
fn sums(claims: &[Claim]) -> Vec<(usize, Reason)> {
    let scored = |total: bool| {
        claims
            .iter()
            .enumerate()
            .filter(move |(_, claim)| claim.score.is_some() && claim.is_total == total)
            .filter_map(|(n, claim)| claim.score.map(|score| (n, score)))
    };
    let parts: Vec<(f64, f64)> = scored(false).map(|(_, score)| score).collect();
    if parts.len() < 2 {
        return Vec::new();
    }
    let got: f64 = parts.iter().map(|(got, _)| got).sum();
    let whole: f64 = parts.iter().map(|(_, of)| of).sum();
    let is_one_scale = |of: f64| {
        parts
            .iter()
            .all(|(_, part)| (part - of).abs() < f64::EPSILON)
    };
    let least = parts
        .iter()
        .map(|(got, _)| *got)
        .fold(f64::INFINITY, f64::min);
    let most = parts.iter().map(|(got, _)| *got).fold(0.0, f64::max);
    let judge = |(n, (said, of)): (usize, (f64, f64))| {
        let reason = if (whole - of).abs() < f64::EPSILON && (got - said).abs() > 0.5 {
            Reason::Sum {
                said,
                sum: got,
                of,
                parts: parts.len(),
            }
        } else if is_one_scale(of) && (said > most + 0.5 || said < least - 0.5) {
            Reason::Outside {
                said,
                of,
                least,
                most,
            }
        } else {
            return None;
        };
        Some((n, reason))
    };
    scored(true).filter_map(judge).collect()
}

fn short(text: &str) -> String {
    match text.char_indices().nth(90) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}
