//! The traffic of the last hour, looked at each five seconds and kept in memory of a fixed size: what happened before this start, or
//! on another instance, is for whoever scrapes `/metrics`.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crate::clock::{Clock, Timestamp};
use crate::telemetry::metrics;
use crate::telemetry::traffic::{Counts, Traffic};

/// Seconds from look to look.
pub(crate) const STEP_S: i64 = 5;
/// Steps of an hour.
const STEPS: u16 = 720;
/// The same, as so many points.
pub(crate) const POINTS: usize = STEPS as usize;
/// Between counts that windows are measured from.
const MARK_EVERY: Duration = Duration::from_mins(1);
/// Marks of an hour, with the one at its beginning and the one before.
const MARKS: usize = 62;

/// Looks, and remembers what it saw.
pub(crate) struct Sampler {
    traffic: Arc<Traffic>,
    open: Arc<AtomicU32>,
    kept: Mutex<Kept>,
}

struct Kept {
    /// The newest last; none where nobody looked.
    points: VecDeque<Option<Point>>,
    /// The step that the newest point belongs to: the count of steps since 1970.
    newest: Option<i64>,
    last: Mark,
    /// The oldest first, never empty.
    marks: VecDeque<Mark>,
}

/// What was counted at a moment.
#[derive(Clone)]
struct Mark {
    at: Instant,
    /// The services in their order, the rest last.
    parts: Vec<Counts>,
    processor: Duration,
}

/// What was seen in one step.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Point {
    pub(crate) requests_per_s: f64,
    pub(crate) failed_per_s: f64,
    /// Of the answers, 0 to 1; none where there was no answer.
    pub(crate) refused_share: Option<f64>,
    pub(crate) p50_ms: Option<f64>,
    pub(crate) p95_ms: Option<f64>,
    pub(crate) p99_ms: Option<f64>,
    /// Of one core: 2 is two cores all the time.
    pub(crate) cpu_cores: f64,
    pub(crate) resident_bytes: Option<u64>,
    pub(crate) open_requests: u32,
}

/// The points of the last hour.
pub(crate) struct Points {
    /// The beginning of the first one.
    pub(crate) from: Timestamp,
    /// [`POINTS`] of them.
    pub(crate) points: Vec<Option<Point>>,
}

/// What was counted from some moment until now.
pub(crate) struct Window {
    pub(crate) seconds: f64,
    /// The services in their order, the rest last.
    pub(crate) parts: Vec<Counts>,
    pub(crate) all: Counts,
    pub(crate) cpu_cores: f64,
}

impl Sampler {
    /// Begins to count now.
    pub(crate) fn new(traffic: Arc<Traffic>, open: Arc<AtomicU32>) -> Self {
        let first = Mark::now(&traffic);
        let kept = Kept {
            points: VecDeque::with_capacity(POINTS),
            newest: None,
            last: first.clone(),
            marks: VecDeque::from([first]),
        };
        Self {
            traffic,
            open,
            kept: Mutex::new(kept),
        }
    }

    /// Looks each step, for ever.
    pub(crate) async fn run(self: Arc<Self>, clock: Arc<dyn Clock>) {
        let mut ticks = tokio::time::interval(Duration::from_secs(STEP_S.unsigned_abs()));
        ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        ticks.tick().await;
        loop {
            ticks.tick().await;
            self.look(clock.now());
        }
    }

    /// The services in the order of [`Window::parts`].
    pub(crate) fn services(&self) -> impl Iterator<Item = &'static str> {
        self.traffic.services()
    }

    /// Requests that are worked on now.
    pub(crate) fn open_requests(&self) -> u32 {
        self.open.load(Ordering::Relaxed)
    }

    fn look(&self, now: Timestamp) {
        let mark = Mark::now(&self.traffic);
        let mut kept = self.lock();
        let window = mark.since(&kept.last);
        let step = now.unix_ms().div_euclid(STEP_S * 1_000);
        kept.put(step, window.point(self.open_requests()));
        if mark.at.saturating_duration_since(kept.newest_mark()) >= MARK_EVERY {
            if kept.marks.len() == MARKS {
                kept.marks.pop_front();
            }
            kept.marks.push_back(mark.clone());
        }
        kept.last = mark;
    }

    /// The last hour up to `now`.
    pub(crate) fn points(&self, now: Timestamp) -> Points {
        let kept = self.lock();
        let newest = kept
            .newest
            .unwrap_or_else(|| now.unix_ms().div_euclid(STEP_S * 1_000));
        let missing = POINTS - kept.points.len();
        let mut points = vec![None; missing];
        points.extend(kept.points.iter().copied());
        let first = (newest + 1 - i64::from(STEPS)) * STEP_S * 1_000;
        Points {
            from: Timestamp::from_unix_ms(first).unwrap_or(now),
            points,
        }
    }

    /// What was counted in the last `length`: up to a minute more than asked for, and less where the server has not run that long.
    pub(crate) fn window(&self, length: Duration) -> Window {
        let now = Mark::now(&self.traffic);
        let kept = self.lock();
        let old_enough = |mark: &&Mark| now.at.saturating_duration_since(mark.at) >= length;
        let from = kept.marks.iter().rfind(old_enough);
        now.since(from.unwrap_or(&kept.marks[0]))
    }

    fn lock(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Kept {
    fn newest_mark(&self) -> Instant {
        self.marks.back().map_or(self.last.at, |mark| mark.at)
    }

    /// Steps that were missed stay empty; a clock that went back leaves what is there.
    fn put(&mut self, step: i64, point: Point) {
        let missed = match self.newest {
            None => 0,
            Some(newest) if step <= newest => return,
            Some(newest) => (step - newest - 1).min(i64::from(STEPS)),
        };
        for _ in 0..missed {
            self.push(None);
        }
        self.push(Some(point));
        self.newest = Some(step);
    }

    fn push(&mut self, point: Option<Point>) {
        if self.points.len() == POINTS {
            self.points.pop_front();
        }
        self.points.push_back(point);
    }
}

impl Mark {
    fn now(traffic: &Traffic) -> Self {
        Self {
            at: Instant::now(),
            parts: traffic.read(),
            processor: metrics::processor_time(),
        }
    }

    fn since(&self, earlier: &Self) -> Window {
        let seconds = self.at.saturating_duration_since(earlier.at).as_secs_f64();
        let pairs = self.parts.iter().zip(&earlier.parts);
        let parts: Vec<Counts> = pairs.map(|(now, then)| now.since(then)).collect();
        let mut all = Counts::none();
        for part in &parts {
            all.add(part);
        }
        let processor = self.processor.saturating_sub(earlier.processor);
        Window {
            // Two looks at once would divide by nothing.
            seconds: seconds.max(1e-3),
            cpu_cores: processor.as_secs_f64() / seconds.max(1e-3),
            parts,
            all,
        }
    }
}

impl Window {
    fn point(&self, open_requests: u32) -> Point {
        let all = &self.all;
        let answers = all.answers as f64;
        Point {
            requests_per_s: answers / self.seconds,
            failed_per_s: all.failed as f64 / self.seconds,
            refused_share: (all.answers > 0).then(|| all.refused as f64 / answers),
            p50_ms: all.quantile_ms(0.5),
            p95_ms: all.quantile_ms(0.95),
            p99_ms: all.quantile_ms(0.99),
            cpu_cores: self.cpu_cores,
            resident_bytes: metrics::resident_bytes(),
            open_requests,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sampler() -> (Arc<Traffic>, Sampler) {
        let traffic = Arc::new(Traffic::new(["luna"]));
        (traffic.clone(), Sampler::new(traffic, Arc::default()))
    }

    fn at(step: i64) -> Timestamp {
        Timestamp::from_unix_ms(step * STEP_S * 1_000 + 7).unwrap()
    }

    #[test]
    fn a_point_holds_what_came_since_the_one_before() {
        let (traffic, sampler) = sampler();
        let luna = traffic.of("/api/v1/luna/palettes");
        luna.count(http::StatusCode::OK, 0.010);
        sampler.look(at(1_000));
        luna.count(http::StatusCode::NOT_FOUND, 0.100);
        traffic.of("/").count(http::StatusCode::OK, 0.100);
        sampler.look(at(1_001));
        let seen = sampler.points(at(1_001));
        assert_eq!(seen.points.len(), POINTS);
        assert_eq!(
            seen.from,
            Timestamp::from_unix_ms((1_002 - i64::from(STEPS)) * 5_000).unwrap()
        );
        let [.., first, second] = &seen.points[..] else {
            panic!("there are {POINTS}")
        };
        assert!((9.0..12.0).contains(&first.unwrap().p95_ms.unwrap()));
        assert_eq!(second.unwrap().refused_share, Some(0.5));
        assert!((90.0..120.0).contains(&second.unwrap().p50_ms.unwrap()));
        let window = sampler.window(Duration::from_mins(5));
        assert_eq!((window.all.answers, window.parts[0].answers), (3, 2));
    }

    #[test]
    fn what_was_missed_is_a_gap_and_a_clock_that_goes_back_changes_nothing() {
        let (_, sampler) = sampler();
        sampler.look(at(1_000));
        sampler.look(at(1_003));
        sampler.look(at(1_001));
        let seen = sampler.points(at(1_003));
        let there: Vec<bool> = seen.points[POINTS - 4..]
            .iter()
            .map(Option::is_some)
            .collect();
        assert_eq!(there, [true, false, false, true]);
        // A day later nothing of it is left but the newest.
        sampler.look(at(20_000));
        let seen = sampler.points(at(20_000));
        assert_eq!(seen.points.iter().flatten().count(), 1);
    }

    #[test]
    fn memory_is_fixed() {
        let (_, sampler) = sampler();
        for step in 0..3_000 {
            sampler.look(at(1_000 + step));
        }
        let kept = sampler.lock();
        assert_eq!(kept.points.len(), POINTS);
        assert!(kept.marks.len() <= MARKS);
    }
}
