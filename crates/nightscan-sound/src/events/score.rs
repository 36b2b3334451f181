//! How well events were found.

use std::collections::BTreeMap;

use serde::Serialize;

/// A hit overlaps by this share of the longer of both, the event and the truth: neither a scrap nor a whole night hits a call.
const OVERLAP: f64 = 0.5;

/// An event of a file, true or found.
#[derive(Clone, Debug, PartialEq)]
pub struct Labelled {
    /// Which recording.
    pub file: String,
    /// Where it begins.
    pub start_s: f64,
    /// Where it ends.
    pub end_s: f64,
    /// What it is.
    pub class: String,
}

/// Counts and what follows from them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct ClassScore {
    /// True events that were found.
    pub hits: usize,
    /// True events that were not.
    pub missed: usize,
    /// Events found where there are none of that class.
    pub false_alarms: usize,
    /// Share of what was found that is true; 1 where nothing was found.
    pub precision: f64,
    /// Share of what is true that was found; 1 where nothing is.
    pub recall: f64,
    /// The harmonic mean of both; 0 where there are no hits.
    pub f1: f64,
}

impl ClassScore {
    fn finish(mut self) -> Self {
        let share = |part: usize, rest: usize| {
            if part + rest == 0 {
                1.0
            } else {
                part as f64 / (part + rest) as f64
            }
        };
        self.precision = share(self.hits, self.false_alarms);
        self.recall = share(self.hits, self.missed);
        let wrong = self.missed + self.false_alarms;
        self.f1 = share(2 * self.hits, wrong);
        self
    }
}

/// The whole and every class.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct EventScore {
    /// All events together.
    pub all: ClassScore,
    /// By class.
    pub classes: BTreeMap<String, ClassScore>,
}

/// Compares found events with the truth. A hit has the right file and class, and the overlap is at least half of the longer of both;
/// each event hits once, the best overlaps first.
pub fn score_events(truth: &[Labelled], found: &[Labelled]) -> EventScore {
    let mut pairs: Vec<(f64, usize, usize)> = Vec::new();
    for (t, wanted) in truth.iter().enumerate() {
        for (f, event) in found.iter().enumerate() {
            let share = overlap(wanted, event);
            if event.class == wanted.class && event.file == wanted.file && share >= OVERLAP {
                pairs.push((share, t, f));
            }
        }
    }
    pairs.sort_by(|a, b| b.0.total_cmp(&a.0));
    let mut hit = vec![false; truth.len()];
    let mut used = vec![false; found.len()];
    for (_, t, f) in pairs {
        if !hit[t] && !used[f] {
            (hit[t], used[f]) = (true, true);
        }
    }
    let mut score = EventScore::default();
    for (wanted, hit) in truth.iter().zip(hit) {
        let class = score.classes.entry(wanted.class.clone()).or_default();
        let (hits, missed) = (usize::from(hit), usize::from(!hit));
        class.hits += hits;
        class.missed += missed;
        score.all.hits += hits;
        score.all.missed += missed;
    }
    for (event, _) in found.iter().zip(used).filter(|(_, used)| !used) {
        score
            .classes
            .entry(event.class.clone())
            .or_default()
            .false_alarms += 1;
        score.all.false_alarms += 1;
    }
    score.all = score.all.finish();
    score
        .classes
        .values_mut()
        .for_each(|class| *class = class.finish());
    score
}

fn overlap(one: &Labelled, other: &Labelled) -> f64 {
    let shared = one.end_s.min(other.end_s) - one.start_s.max(other.start_s);
    let longer = (one.end_s - one.start_s).max(other.end_s - other.start_s);
    if longer > 0.0 { shared / longer } else { 0.0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labelled(events: &[(&str, f64, f64, &str)]) -> Vec<Labelled> {
        events
            .iter()
            .map(|&(file, start_s, end_s, class)| Labelled {
                file: file.to_owned(),
                start_s,
                end_s,
                class: class.to_owned(),
            })
            .collect()
    }

    #[test]
    fn hits_misses_and_false_alarms() {
        let truth = [
            ("a", 0.0, 2.0, "birds"),
            ("a", 5.0, 6.0, "birds"),
            ("b", 0.0, 4.0, "mammals"),
        ];
        for (found, hits, false_alarms) in [
            (&[][..], 0, 0),
            (&[("a", 0.0, 2.0, "birds")], 1, 0),
            (&[("a", 0.0, 1.0, "birds")], 1, 0),
            (&[("a", 0.0, 0.9, "birds")], 0, 1),
            (&[("a", 0.0, 4.1, "birds")], 0, 1),
            (&[("a", 0.0, 2.0, "mammals")], 0, 1),
            (&[("b", 0.0, 2.0, "birds")], 0, 1),
            // One finding does not hit twice, and one truth is not hit twice.
            (&[("a", 0.0, 2.0, "birds"), ("a", 0.1, 2.0, "birds")], 1, 1),
            (&[("a", 0.0, 6.0, "birds")], 0, 1),
            (
                &[
                    ("a", 0.0, 2.0, "birds"),
                    ("a", 5.2, 6.1, "birds"),
                    ("b", 1.0, 4.0, "mammals"),
                ],
                3,
                0,
            ),
        ] {
            let score = score_events(&labelled(&truth), &labelled(found));
            assert_eq!(
                (score.all.hits, score.all.false_alarms),
                (hits, false_alarms),
                "{found:?}"
            );
            assert_eq!(score.all.missed, 3 - hits);
        }
    }

    #[test]
    fn shares_follow_from_counts() {
        let truth = [
            ("a", 0.0, 2.0, "birds"),
            ("a", 5.0, 6.0, "birds"),
            ("b", 0.0, 4.0, "mammals"),
        ];
        let found = [("a", 0.0, 2.0, "birds"), ("a", 8.0, 9.0, "insects")];
        let score = score_events(&labelled(&truth), &labelled(&found));
        assert!((score.all.precision - 0.5).abs() < 1e-12);
        assert!((score.all.recall - 1.0 / 3.0).abs() < 1e-12);
        assert!((score.all.f1 - 0.4).abs() < 1e-12);
        assert!(score.classes["insects"].precision < 1e-12);
        assert!(score.classes["mammals"].recall < 1e-12);
        assert!((score.classes["birds"].f1 - 2.0 / 3.0).abs() < 1e-12);
        assert!((score_events(&[], &[]).all.f1 - 1.0).abs() < 1e-12);
    }
}
