//! Looks at what costs something to look at: one look at a time, whose answer serves everybody for a while.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use futures_util::FutureExt;
use futures_util::future::{self, BoxFuture, Shared};

use crate::task;

/// The last look at one thing.
pub(crate) struct Probe<T: Clone> {
    last: Mutex<Option<Look<T>>>,
    patience: Duration,
    late: T,
}

struct Look<T: Clone> {
    begun: Instant,
    answer: Shared<BoxFuture<'static, T>>,
}

impl<T: Clone + Send + Sync + 'static> Probe<T> {
    /// `known` is what is known now without looking, if anything is. `late` is the answer for a look that takes longer than
    /// `patience`.
    pub(crate) fn new(patience: Duration, known: Option<T>, late: T) -> Self {
        let last = known.map(|known| Look {
            begun: Instant::now(),
            answer: future::ready(known).boxed().shared(),
        });
        Self {
            last: Mutex::new(last),
            patience,
            late,
        }
    }

    /// The last answer, if the look began less than `keep` ago; otherwise looks anew. A look goes on where its callers
    /// went away, and while it does there is no second one: what hangs is asked once.
    pub(crate) async fn ask<F>(&self, keep: Duration, look: impl FnOnce() -> F) -> T
    where
        F: Future<Output = T> + Send + 'static,
    {
        let (begun, answer) = {
            let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
            let serves = last.take().filter(|last| {
                let goes_on = last.answer.clone().now_or_never().is_none();
                goes_on || last.begun.elapsed() < keep
            });
            let serving = serves.unwrap_or_else(|| Look {
                begun: Instant::now(),
                answer: self.begin(look()),
            });
            let serving = last.insert(serving);
            (serving.begun, serving.answer.clone())
        };
        let left = self.patience.saturating_sub(begun.elapsed());
        let answer = tokio::time::timeout(left, answer).await;
        answer.unwrap_or_else(|_| self.late.clone())
    }

    fn begin(
        &self,
        look: impl Future<Output = T> + Send + 'static,
    ) -> Shared<BoxFuture<'static, T>> {
        let (looking, late) = (task::spawn(look), self.late.clone());
        async move { looking.await.unwrap_or(late) }
            .boxed()
            .shared()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicU32, Ordering};

    use futures_util::future::join_all;
    use tokio::sync::Notify;

    use super::*;

    const LONG: Duration = Duration::from_hours(1);

    #[tokio::test]
    async fn what_is_known_is_not_looked_at_before_its_time() {
        let probe = Probe::new(LONG, Some("known"), "late");
        assert_eq!(probe.ask(LONG, || async { "looked" }).await, "known");
        assert_eq!(
            probe.ask(Duration::ZERO, || async { "looked" }).await,
            "looked"
        );
        assert_eq!(probe.ask(LONG, || async { "again" }).await, "looked");
    }

    #[tokio::test]
    async fn those_who_ask_at_once_share_a_look() {
        let (probe, looks) = (Probe::new(LONG, None, 0), Arc::new(AtomicU32::new(0)));
        let look = || {
            let looks = looks.clone();
            async move {
                tokio::task::yield_now().await;
                looks.fetch_add(1, Ordering::SeqCst) + 1
            }
        };
        let answers = join_all((0..20).map(|_| probe.ask(Duration::ZERO, look))).await;
        assert_eq!(answers, [1; 20]);
    }

    #[tokio::test]
    async fn a_look_that_hangs_is_late_and_not_begun_twice() {
        let probe = Probe::new(Duration::ZERO, None, "late");
        let release = Arc::new(Notify::new());
        let hanging = {
            let release = release.clone();
            || async move {
                release.notified().await;
                "ended"
            }
        };
        assert_eq!(probe.ask(Duration::ZERO, hanging).await, "late");
        let second = probe.ask(Duration::ZERO, || async { panic!("a second look") });
        assert_eq!(second.await, "late");
        release.notify_one();
        while probe.ask(LONG, || async { unreachable!() }).await != "ended" {
            tokio::task::yield_now().await;
        }
    }

    #[tokio::test]
    async fn a_look_that_panics_is_no_answer() {
        let probe = Probe::new(LONG, Some("known"), "late");
        let answer = probe.ask(Duration::ZERO, || async { panic!("on purpose") });
        assert_eq!(answer.await, "late");
    }
}
