//! Background tasks: the one place that spawns, and the one queue for heavy work.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use tokio::sync::Semaphore;
use tokio::task::JoinHandle;

/// Runs a future beside the others. A panic in it is logged by the panic hook and ends it alone.
#[expect(clippy::disallowed_methods, reason = "the one place that spawns")]
pub fn spawn<F>(future: F) -> JoinHandle<F::Output>
where
    F: Future + Send + 'static,
    F::Output: Send + 'static,
{
    tokio::spawn(future)
}

/// How long a loop waits after so many failures in a row: `first`, and twice as long each time, up to half a minute. A
/// database that is down is not asked again as fast as it refuses.
pub(crate) fn pause_after(failures: u32, first: Duration) -> Duration {
    const LONGEST: Duration = Duration::from_secs(30);
    let doublings = failures.saturating_sub(1).min(16);
    first.saturating_mul(1 << doublings).min(LONGEST.max(first))
}

/// Callers that may wait for a place to compute; more are refused, so that a flood costs neither
/// memory nor everybody's time.
const MOST_WAITING: usize = 64;

/// Why heavy work was not done.
#[derive(Debug, thiserror::Error)]
pub enum HeavyFault {
    /// Too many wait already.
    #[error("too much heavy work is waiting")]
    Busy,
    /// The work panicked.
    #[error("heavy work panicked")]
    Panicked,
}

/// Runs `work`, which takes the processor or much memory, beside the threads that answer requests:
/// at most one a core at a time. A caller that goes away while it waits gives up its turn.
pub async fn heavy<T, F>(work: F) -> Result<T, HeavyFault>
where
    F: FnOnce() -> T + Send + 'static,
    T: Send + 'static,
{
    static WORK: Queue = Queue::new();
    WORK.run(work).await
}

/// As [`heavy`], in a queue of its own: signing in does not wait behind a thousand pictures.
pub async fn heavy_at_the_door<T, F>(work: F) -> Result<T, HeavyFault>
where
    F: FnOnce() -> T + Send + 'static,
    T: Send + 'static,
{
    static DOOR: Queue = Queue::new();
    DOOR.run(work).await
}

/// One place a core, and those who wait for one.
struct Queue {
    places: OnceLock<Semaphore>,
    waiting: AtomicUsize,
}

impl Queue {
    const fn new() -> Self {
        Self {
            places: OnceLock::new(),
            waiting: AtomicUsize::new(0),
        }
    }

    async fn run<T, F>(&'static self, work: F) -> Result<T, HeavyFault>
    where
        F: FnOnce() -> T + Send + 'static,
        T: Send + 'static,
    {
        let places = self.places.get_or_init(|| {
            Semaphore::new(std::thread::available_parallelism().map_or(2, std::num::NonZero::get))
        });
        let queued = Queued::enter(&self.waiting).ok_or(HeavyFault::Busy)?;
        let place = places.acquire().await.map_err(|_| HeavyFault::Busy)?;
        drop(queued);
        let done = tokio::task::spawn_blocking(move || {
            // Held by the work, not by the caller: when the caller goes away the work still runs.
            let _place = place;
            work()
        });
        done.await.map_err(|_| HeavyFault::Panicked)
    }
}

/// A turn in the queue, given back when dropped.
struct Queued(&'static AtomicUsize);

impl Queued {
    fn enter(waiting: &'static AtomicUsize) -> Option<Self> {
        let queued = Self(waiting);
        (waiting.fetch_add(1, Ordering::Relaxed) < MOST_WAITING).then_some(queued)
    }
}

impl Drop for Queued {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::AtomicUsize;

    use super::*;

    #[test]
    fn a_loop_that_fails_waits_longer_each_time_up_to_half_a_minute() {
        let ms = |failures| pause_after(failures, Duration::from_millis(500)).as_millis();
        assert_eq!(
            [1, 2, 3, 6, 7, u32::MAX].map(ms),
            [500, 1_000, 2_000, 16_000, 30_000, 30_000]
        );
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn heavy_work_runs_on_few_cores_and_a_flood_is_refused() {
        static RUNNING: AtomicUsize = AtomicUsize::new(0);
        static MOST: AtomicUsize = AtomicUsize::new(0);
        let cores = std::thread::available_parallelism().unwrap().get();
        let tasks: Vec<_> = (0..MOST_WAITING * 3)
            .map(|_| {
                spawn(heavy(|| {
                    let running = RUNNING.fetch_add(1, Ordering::SeqCst) + 1;
                    MOST.fetch_max(running, Ordering::SeqCst);
                    std::thread::sleep(Duration::from_millis(2));
                    RUNNING.fetch_sub(1, Ordering::SeqCst);
                }))
            })
            .collect();
        let (mut done, mut refused) = (0, 0);
        for task in tasks {
            match task.await.unwrap() {
                Ok(()) => done += 1,
                Err(HeavyFault::Busy) => refused += 1,
                Err(fault) => panic!("{fault}"),
            }
        }
        assert!(MOST.load(Ordering::SeqCst) <= cores);
        assert!(
            done >= MOST_WAITING && refused > 0,
            "{done} done, {refused} refused"
        );
    }
}
