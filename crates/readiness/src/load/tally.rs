//! What is counted while a load runs.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use hdrhistogram::Histogram;

use super::summary::{Kind, Latency, Status, Summary, Window};

/// No latency is told more exactly than this, nor beyond ten minutes.
const LEAST_US: u64 = 1;
const MOST_US: u64 = 600_000_000;

/// How a request ended.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Ended<'a> {
    /// Its kind's place in the mixture.
    pub(crate) kind: usize,
    /// When it was due, from the start on.
    pub(crate) due: Duration,
    /// When it was sent.
    pub(crate) sent: Duration,
    /// When its answer was there, or was given up.
    pub(crate) ended: Duration,
    /// The answer's status, where there was one.
    pub(crate) status: Option<u16>,
    /// What was wrong.
    pub(crate) fault: Option<&'a str>,
}

/// Counts of a run. What was due in its warm-up is not counted.
pub(crate) struct Tally {
    warm_up: Duration,
    window: Duration,
    counts: Mutex<Counts>,
}

struct Counts {
    latency: Histogram<u64>,
    service: Histogram<u64>,
    due: u64,
    failed: u64,
    unsent: u64,
    faults: BTreeMap<String, u64>,
    kinds: Vec<KindCounts>,
    statuses: BTreeMap<u16, Histogram<u32>>,
    windows: Vec<WindowCounts>,
    last: Duration,
}

struct KindCounts {
    name: &'static str,
    failed: u64,
    latency: Histogram<u32>,
}

struct WindowCounts {
    /// Of those that were due in it.
    latency: Histogram<u32>,
    due: u64,
    failed: u64,
    /// Answered in it.
    answered: u64,
}

impl Tally {
    /// For the kinds of a mixture, with a line of figures for every `window`.
    pub(crate) fn new(
        names: impl IntoIterator<Item = &'static str>,
        warm_up: Duration,
        window: Duration,
    ) -> Self {
        let kind = |name| KindCounts {
            name,
            failed: 0,
            latency: coarse(),
        };
        Self {
            warm_up,
            window: window.max(Duration::from_millis(1)),
            counts: Mutex::new(Counts {
                latency: fine(),
                service: fine(),
                due: 0,
                failed: 0,
                unsent: 0,
                faults: BTreeMap::new(),
                kinds: names.into_iter().map(kind).collect(),
                statuses: BTreeMap::new(),
                windows: Vec::new(),
                last: Duration::ZERO,
            }),
        }
    }

    /// A request was sent, and has ended.
    pub(crate) fn ended(&self, ended: Ended<'_>) {
        if ended.due < self.warm_up {
            return;
        }
        let latency_us = micros(ended.ended.saturating_sub(ended.due));
        let service_us = micros(ended.ended.saturating_sub(ended.sent));
        let (due_in, ended_in) = (self.place(ended.due), self.place(ended.ended));
        let mut counts = self.lock();
        counts.due += 1;
        counts.last = counts.last.max(ended.ended);
        counts.latency.saturating_record(latency_us);
        counts.service.saturating_record(service_us);
        if let Some(kind) = counts.kinds.get_mut(ended.kind) {
            kind.latency.saturating_record(latency_us);
            kind.failed += u64::from(ended.fault.is_some());
        }
        if let Some(status) = ended.status {
            let of_status = counts.statuses.entry(status).or_insert_with(coarse);
            of_status.saturating_record(latency_us);
            counts.window(ended_in).answered += 1;
        }
        let window = counts.window(due_in);
        window.latency.saturating_record(latency_us);
        window.due += 1;
        if let Some(fault) = ended.fault {
            window.failed += 1;
            counts.failed += 1;
            counts.fault(fault);
        }
    }

    /// A request was due and never sent.
    pub(crate) fn unsent(&self, due: Duration, why: &str) {
        if due < self.warm_up {
            return;
        }
        let place = self.place(due);
        let mut counts = self.lock();
        counts.due += 1;
        counts.unsent += 1;
        counts.fault(why);
        let window = counts.window(place);
        window.due += 1;
        window.failed += 1;
    }

    /// What it amounts to, of a run of this length.
    pub(crate) fn summary(
        &self,
        wanted_per_s: Option<f64>,
        length: Duration,
        lateness: &Histogram<u64>,
    ) -> Summary {
        let counts = self.lock();
        let measured = counts.last.max(length).saturating_sub(self.warm_up);
        let measured_s = measured.as_secs_f64().max(1e-9);
        let answered = counts.due - counts.failed - counts.unsent;
        let window_s = self.window.as_secs_f64();
        let windows = counts.windows.iter().enumerate().map(|(number, window)| {
            let latency = Latency::of(&window.latency);
            Window {
                at_s: number as f64 * window_s,
                p95_ms: (!window.latency.is_empty()).then_some(latency.p95_ms),
                answered_per_s: window.answered as f64 / window_s,
                due: window.due,
                failed: window.failed,
            }
        });
        let kinds = counts.kinds.iter().map(|kind| Kind {
            name: kind.name,
            sent: kind.latency.len(),
            failed: kind.failed,
            latency: Latency::of(&kind.latency),
        });
        let statuses = counts.statuses.iter().map(|(status, latency)| Status {
            status: *status,
            answers: latency.len(),
            latency: Latency::of(latency),
        });
        Summary {
            wanted_per_s,
            achieved_per_s: answered as f64 / measured_s,
            measured_s,
            due: counts.due,
            answered,
            failed: counts.failed,
            unsent: counts.unsent,
            latency: Latency::of(&counts.latency),
            service: Latency::of(&counts.service),
            latency_us: counts.latency.clone(),
            service_us: counts.service.clone(),
            faults: counts.faults.clone(),
            kinds: kinds.collect(),
            statuses: statuses.collect(),
            windows: windows.collect(),
            late: Latency::of(lateness),
        }
    }

    /// The window of a moment; the first begins with what is measured.
    fn place(&self, at: Duration) -> usize {
        let at = at.saturating_sub(self.warm_up).as_nanos();
        (at / self.window.as_nanos()) as usize
    }

    fn lock(&self) -> MutexGuard<'_, Counts> {
        self.counts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Counts {
    fn window(&mut self, place: usize) -> &mut WindowCounts {
        while self.windows.len() <= place {
            self.windows.push(WindowCounts {
                latency: coarse(),
                due: 0,
                failed: 0,
                answered: 0,
            });
        }
        &mut self.windows[place]
    }

    fn fault(&mut self, fault: &str) {
        match self.faults.get_mut(fault) {
            Some(times) => *times += 1,
            None => {
                self.faults.insert(fault.to_owned(), 1);
            }
        }
    }
}

/// Three digits.
pub(crate) fn fine() -> Histogram<u64> {
    Histogram::new_with_bounds(LEAST_US, MOST_US, 3)
        .expect("the bounds are constants that it takes")
}

/// Two digits, a few kilobytes: there is one for each second and each kind.
fn coarse() -> Histogram<u32> {
    Histogram::new_with_bounds(LEAST_US, MOST_US, 2)
        .expect("the bounds are constants that it takes")
}

pub(crate) fn micros(duration: Duration) -> u64 {
    u64::try_from(duration.as_micros()).unwrap_or(u64::MAX)
}
