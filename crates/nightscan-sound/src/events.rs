//! From the class probabilities of windows to events with edges.
//!
//! A window says *what* was heard within seconds; where in it a call begins and ends, [`Activity`] says: the loudness above the
//! background, 20 times a second. Every stretch of activity is given the class that the windows around it vote for. What goes on
//! for so long that it has become the background (a chorus of crickets) has no activity; there the probabilities alone decide.
//! Without a profile of activity they do so everywhere.

mod activity;
mod score;

use std::collections::BTreeMap;

pub use activity::{Activity, ActivityMeter};
pub use score::{ClassScore, EventScore, Labelled, score_events};
use serde::{Deserialize, Serialize};

/// The class that is background and becomes an event only if asked for.
pub const BACKGROUND: &str = "environment";

/// Pauses within a call are shorter: what they part is judged as one.
const JOIN_S: f64 = 0.75;

/// What the model said of one window.
#[derive(Clone, Debug, PartialEq)]
pub struct Window {
    /// Where it begins.
    pub start_s: f64,
    /// One probability a class, in the order of the classes.
    pub probabilities: Vec<f32>,
}

/// How events are found.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct EventOptions {
    /// How long a window is.
    pub window_s: f64,
    /// Below this confidence there is no event.
    pub min_confidence: f32,
    /// Other limits for single classes.
    pub thresholds: BTreeMap<String, f32>,
    /// Factor on the odds of every class but the background: 1 takes the model at its word, 2 makes it hear twice as willingly.
    pub sensitivity: f32,
    /// Calls of one class with a shorter pause are one event, unless another class is heard between them.
    pub merge_s: f64,
    /// An event needs so many …
    pub confirm_hits: usize,
    /// … of so many windows nearest to it that say its class with the confidence asked for.
    pub confirm_of: usize,
    /// Whether the background makes events too.
    pub background: bool,
}

impl Default for EventOptions {
    fn default() -> Self {
        Self {
            window_s: 5.0,
            min_confidence: 0.5,
            thresholds: BTreeMap::new(),
            sensitivity: 1.0,
            merge_s: 2.0,
            confirm_hits: 1,
            confirm_of: 1,
            background: false,
        }
    }
}

impl EventOptions {
    fn threshold(&self, class: &str) -> f32 {
        self.thresholds
            .get(class)
            .copied()
            .unwrap_or(self.min_confidence)
    }
}

/// Something was heard.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Event {
    /// Seconds from the beginning of the recording.
    pub start_s: f64,
    /// Where it ends.
    pub end_s: f64,
    /// What it is.
    pub class: String,
    /// Probability of that class, by the windows around it.
    pub confidence: f32,
    /// The three likeliest classes, the likeliest first.
    pub top: Vec<(String, f32)>,
}

/// Finds the events of one recording. `windows` are in the order of their beginnings, each with as many probabilities as there
/// are classes; others are passed over.
pub fn find_events(
    classes: &[String],
    windows: &[Window],
    activity: Option<&Activity>,
    options: &EventOptions,
) -> Vec<Event> {
    let heard = Heard::new(classes, windows, options);
    if heard.windows.is_empty() {
        return Vec::new();
    }
    let mut events = Vec::new();
    if let Some(activity) = activity {
        for (from_s, to_s) in activity.stretches(JOIN_S) {
            for (from_s, to_s) in pieces(from_s, to_s, options.window_s) {
                events.extend(heard.event(from_s, to_s));
            }
        }
    }
    let explained = events.clone();
    for (class, name) in classes.iter().enumerate() {
        let own: Vec<&Event> = explained
            .iter()
            .filter(|event| event.class == *name)
            .collect();
        for (mut from_s, mut to_s) in heard.runs(class, &own) {
            // A window says nothing finer than itself: up to the event next to it, it may be the same call.
            for event in &own {
                if (0.0..=options.window_s).contains(&(event.start_s - to_s)) {
                    to_s = event.start_s;
                }
                if (0.0..=options.window_s).contains(&(from_s - event.end_s)) {
                    from_s = event.end_s;
                }
            }
            events.extend(heard.event_of(class, from_s, to_s));
        }
    }
    events.sort_by(|a, b| a.start_s.total_cmp(&b.start_s));
    merged(events, options.merge_s)
}

/// A long stretch is judged in pieces as long as a window: its class may change.
fn pieces(from_s: f64, to_s: f64, window_s: f64) -> impl Iterator<Item = (f64, f64)> {
    let count = ((to_s - from_s) / (1.5 * window_s)).ceil().max(1.0);
    let step = (to_s - from_s) / count;
    (0..count as usize).map(move |n| {
        let from_s = from_s + n as f64 * step;
        (from_s, from_s + step)
    })
}

/// Joins events of a class that lie close, unless another class is heard between them.
fn merged(events: Vec<Event>, merge_s: f64) -> Vec<Event> {
    let mut out: Vec<Event> = Vec::new();
    for event in events {
        match out.last_mut() {
            Some(last) if last.class == event.class && event.start_s - last.end_s <= merge_s => {
                last.end_s = last.end_s.max(event.end_s);
                if event.confidence > last.confidence {
                    last.confidence = event.confidence;
                    last.top = event.top;
                }
            }
            _ => out.push(event),
        }
    }
    out
}

/// The windows with the sensitivity taken into account.
struct Heard<'a> {
    classes: &'a [String],
    windows: Vec<Window>,
    options: &'a EventOptions,
    hop_s: f64,
}

impl<'a> Heard<'a> {
    fn new(classes: &'a [String], windows: &[Window], options: &'a EventOptions) -> Self {
        let sensitivity = options.sensitivity.clamp(0.01, 100.0);
        let windows: Vec<Window> = windows
            .iter()
            .filter(|window| window.probabilities.len() == classes.len())
            .map(|window| Window {
                start_s: window.start_s,
                probabilities: classes
                    .iter()
                    .zip(&window.probabilities)
                    .map(|(class, &p)| {
                        if class == BACKGROUND {
                            p
                        } else {
                            willing(p, sensitivity)
                        }
                    })
                    .collect(),
            })
            .collect();
        let hop_s = windows
            .windows(2)
            .map(|pair| pair[1].start_s - pair[0].start_s)
            .filter(|hop| *hop > 0.0)
            .fold(options.window_s, f64::min);
        Self {
            classes,
            windows,
            options,
            hop_s,
        }
    }

    /// Windows that touch a span.
    fn around(&self, from_s: f64, to_s: f64) -> &[Window] {
        let first = self
            .windows
            .partition_point(|w| w.start_s + self.options.window_s <= from_s);
        let end = self.windows.partition_point(|w| w.start_s < to_s);
        &self.windows[first.min(end)..end]
    }

    /// The mean of what the windows around a span say: those count that cover it, and most those that have it in their middle.
    fn vote(&self, from_s: f64, to_s: f64) -> Option<Vec<f32>> {
        let window_s = self.options.window_s;
        let length = (to_s - from_s).min(window_s).max(1e-6);
        let middle = f64::midpoint(from_s, to_s);
        let mut sums = vec![0.0_f64; self.classes.len()];
        let mut weights = 0.0;
        for window in self.around(from_s, to_s) {
            let covered = to_s.min(window.start_s + window_s) - from_s.max(window.start_s);
            let off =
                (window.start_s + window_s / 2.0 - middle) / (window_s / 2.0).max(length / 2.0);
            let weight = (covered / length).max(0.0) * (-2.0 * off * off).exp();
            weights += weight;
            for (sum, &p) in sums.iter_mut().zip(&window.probabilities) {
                *sum += weight * f64::from(p);
            }
        }
        (weights > 0.0).then(|| sums.into_iter().map(|sum| (sum / weights) as f32).collect())
    }

    /// The event in a span of activity, if the windows hear one there.
    fn event(&self, from_s: f64, to_s: f64) -> Option<Event> {
        let votes = self.vote(from_s, to_s)?;
        let best = (0..votes.len()).max_by(|&a, &b| votes[a].total_cmp(&votes[b]))?;
        self.judged(best, &votes, from_s, to_s)
    }

    /// The event of a class in a span where the windows hear it.
    fn event_of(&self, class: usize, from_s: f64, to_s: f64) -> Option<Event> {
        self.judged(class, &self.vote(from_s, to_s)?, from_s, to_s)
    }

    fn judged(&self, class: usize, votes: &[f32], from_s: f64, to_s: f64) -> Option<Event> {
        let name = &self.classes[class];
        let wanted = self.options.background || name != BACKGROUND;
        let threshold = self.options.threshold(name);
        if !wanted || votes[class] < threshold || !self.confirmed(class, threshold, from_s, to_s) {
            return None;
        }
        let mut order: Vec<usize> = (0..votes.len()).collect();
        order.sort_by(|&a, &b| votes[b].total_cmp(&votes[a]));
        let top = order
            .iter()
            .take(3)
            .map(|&n| (self.classes[n].clone(), votes[n]))
            .collect();
        let confidence = votes[class];
        Some(Event {
            start_s: from_s.max(0.0),
            end_s: to_s,
            class: name.clone(),
            confidence,
            top,
        })
    }

    fn confirmed(&self, class: usize, threshold: f32, from_s: f64, to_s: f64) -> bool {
        if self.options.confirm_hits <= 1 && self.options.confirm_of <= 1 {
            return true;
        }
        let middle = f64::midpoint(from_s, to_s);
        let off = |window: &Window| (window.start_s + self.options.window_s / 2.0 - middle).abs();
        let reach_s = self.options.window_s + self.options.confirm_of as f64 * self.hop_s;
        let mut near: Vec<&Window> = self
            .around(from_s - reach_s, to_s + reach_s)
            .iter()
            .collect();
        near.sort_by(|a, b| off(a).total_cmp(&off(b)));
        let says = |window: &&&Window| window.probabilities[class] >= threshold;
        near.iter()
            .take(self.options.confirm_of)
            .filter(says)
            .count()
            >= self.options.confirm_hits
    }

    /// Where windows hear a class more than any other and no event of it explains that. A window stands for its middle, as long as
    /// the hop; without overlap that is the whole window.
    fn runs(&self, class: usize, explained: &[&Event]) -> Vec<(f64, f64)> {
        let threshold = self.options.threshold(&self.classes[class]);
        let margin_s = (self.options.window_s - self.hop_s) / 2.0;
        let mut runs: Vec<(f64, f64)> = Vec::new();
        for window in &self.windows {
            let p = window.probabilities[class];
            let end_s = window.start_s + self.options.window_s;
            let explains = |event: &&Event| event.start_s < end_s && event.end_s > window.start_s;
            let beaten = window.probabilities.iter().any(|&other| other > p);
            if p < threshold || beaten || explained.iter().any(explains) {
                continue;
            }
            let (from_s, to_s) = (
                window.start_s + margin_s,
                window.start_s + margin_s + self.hop_s,
            );
            match runs.last_mut() {
                Some((_, end_s)) if from_s - *end_s <= self.options.merge_s => *end_s = to_s,
                _ => runs.push((from_s, to_s)),
            }
        }
        runs
    }
}

/// The probability when its odds are multiplied.
fn willing(p: f32, sensitivity: f32) -> f32 {
    let p = if p.is_finite() {
        p.clamp(0.0, 1.0)
    } else {
        0.0
    };
    sensitivity * p / (1.0 - p + sensitivity * p)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn classes() -> Vec<String> {
        ["birds", "mammals", "environment", "human"]
            .map(str::to_owned)
            .to_vec()
    }

    /// Windows of 5 s that hear a class as far as they hold it.
    fn windows(hop_s: f64, until_s: f64, truth: &[(f64, f64, usize)]) -> Vec<Window> {
        let count = ((until_s - 5.0) / hop_s) as usize + 1;
        (0..count)
            .map(|n| {
                let start_s = n as f64 * hop_s;
                let mut probabilities = vec![0.02_f32; 4];
                probabilities[2] = 0.3;
                for &(from_s, to_s, class) in truth {
                    let held =
                        (to_s.min(start_s + 5.0) - from_s.max(start_s)) / (to_s - from_s).min(5.0);
                    probabilities[class] = probabilities[class].max((held * 0.9) as f32);
                }
                let sum: f32 = probabilities.iter().sum();
                for p in &mut probabilities {
                    *p /= sum.max(1.0);
                }
                Window {
                    start_s,
                    probabilities,
                }
            })
            .collect()
    }

    fn found(events: &[Event]) -> Vec<(f64, f64, &str)> {
        let tenth = |x: f64| (x * 10.0).round() / 10.0;
        events
            .iter()
            .map(|e| (tenth(e.start_s), tenth(e.end_s), e.class.as_str()))
            .collect()
    }

    #[test]
    fn activity_gives_the_edges_and_windows_the_class() {
        let truth = [(7.0, 8.2, 1), (12.0, 16.9, 0), (20.0, 21.0, 3)];
        let activity = Activity::marked(0.05, 40.0, &truth.map(|(from, to, _)| (from, to)));
        let events = find_events(
            &classes(),
            &windows(1.0, 40.0, &truth),
            Some(&activity),
            &EventOptions::default(),
        );
        assert_eq!(
            found(&events),
            [
                (7.0, 8.2, "mammals"),
                (12.0, 16.9, "birds"),
                (20.0, 21.0, "human")
            ]
        );
        assert_eq!(events[0].top[0].0, "mammals");
        assert_eq!(events[0].top.len(), 3);
    }

    #[test]
    fn without_activity_the_windows_decide() {
        let truth = [(10.0, 20.0, 0)];
        let events = find_events(
            &classes(),
            &windows(5.0, 40.0, &truth),
            None,
            &EventOptions::default(),
        );
        assert_eq!(found(&events), [(10.0, 20.0, "birds")]);
        let events = find_events(
            &classes(),
            &windows(1.0, 40.0, &truth),
            None,
            &EventOptions::default(),
        );
        let (start, end, _) = found(&events)[0];
        assert!(
            (start - 10.0).abs() <= 1.0 && (end - 20.0).abs() <= 1.0,
            "{start} {end}"
        );
    }

    #[test]
    fn a_chorus_that_became_the_background_is_an_event() {
        let truth = [(5.0, 35.0, 0)];
        let quiet = Activity::marked(0.05, 40.0, &[]);
        let events = find_events(
            &classes(),
            &windows(1.0, 40.0, &truth),
            Some(&quiet),
            &EventOptions::default(),
        );
        assert_eq!(events.len(), 1);
        assert!(events[0].end_s - events[0].start_s > 28.0);
    }

    #[test]
    fn a_gust_does_not_swallow_the_chorus_around_it() {
        let truth = [(5.0, 35.0, 0)];
        let gust = Activity::marked(0.05, 40.0, &[(18.0, 19.0)]);
        let events = find_events(
            &classes(),
            &windows(1.0, 40.0, &truth),
            Some(&gust),
            &EventOptions::default(),
        );
        assert_eq!(events.len(), 1, "{events:?}");
        assert!(events[0].end_s - events[0].start_s > 28.0);
    }

    #[test]
    fn options_say_what_becomes_an_event() {
        let truth = [(10.0, 13.0, 2), (20.0, 21.0, 1)];
        let activity = Activity::marked(0.05, 40.0, &[(10.0, 13.0), (20.0, 21.0)]);
        let heard = |options: EventOptions| {
            let events = find_events(
                &classes(),
                &windows(1.0, 40.0, &truth),
                Some(&activity),
                &options,
            );
            events
                .into_iter()
                .map(|event| event.class)
                .collect::<Vec<_>>()
        };
        let plain = EventOptions::default();
        assert_eq!(heard(plain.clone()), ["mammals"]);
        assert_eq!(
            heard(EventOptions {
                min_confidence: 0.95,
                ..plain.clone()
            }),
            [""; 0]
        );
        let thresholds = BTreeMap::from([("mammals".to_owned(), 0.95)]);
        assert_eq!(
            heard(EventOptions {
                thresholds,
                ..plain.clone()
            }),
            [""; 0]
        );
        assert_eq!(
            heard(EventOptions {
                min_confidence: 0.95,
                sensitivity: 20.0,
                ..plain.clone()
            }),
            ["mammals"]
        );
        assert_eq!(
            heard(EventOptions {
                confirm_hits: 3,
                confirm_of: 3,
                ..plain.clone()
            }),
            ["mammals"]
        );
        assert_eq!(
            heard(EventOptions {
                confirm_hits: 9,
                confirm_of: 9,
                ..plain.clone()
            }),
            [""; 0]
        );
        let with_background = heard(EventOptions {
            background: true,
            min_confidence: 0.4,
            ..plain
        });
        assert!(with_background.contains(&"environment".to_owned()));
    }

    #[test]
    fn short_pauses_are_joined_and_long_ones_are_not() {
        let event = |start_s, end_s, class: &str| Event {
            start_s,
            end_s,
            class: class.to_owned(),
            confidence: 0.5,
            top: vec![],
        };
        let events = vec![
            event(0.0, 1.0, "a"),
            event(1.5, 2.0, "a"),
            event(3.0, 4.0, "a"),
            event(4.1, 4.2, "b"),
            event(4.3, 5.0, "a"),
        ];
        assert_eq!(
            found(&merged(events, 0.75)),
            [
                (0.0, 2.0, "a"),
                (3.0, 4.0, "a"),
                (4.1, 4.2, "b"),
                (4.3, 5.0, "a")
            ]
        );
    }

    #[test]
    fn odds_are_multiplied() {
        for (p, sensitivity, wanted) in [
            (0.5, 1.0, 0.5),
            (0.5, 3.0, 0.75),
            (0.2, 4.0, 0.5),
            (0.0, 9.0, 0.0),
            (1.0, 0.1, 1.0),
            (f32::NAN, 2.0, 0.0),
        ] {
            assert!((willing(p, sensitivity) - wanted).abs() < 1e-6);
        }
    }

    #[test]
    fn strange_windows_are_passed_over() {
        let windows = [
            Window {
                start_s: 0.0,
                probabilities: vec![1.0],
            },
            Window {
                start_s: f64::NAN,
                probabilities: vec![0.9; 4],
            },
        ];
        assert!(find_events(&classes(), &windows[..1], None, &EventOptions::default()).is_empty());
        find_events(&classes(), &windows, None, &EventOptions::default());
        assert!(find_events(&[], &[], None, &EventOptions::default()).is_empty());
    }
}
