//! Requests that are due and wait for a free connection. Bounded: what finds no place is counted and never sent.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::Semaphore;

/// A request that is due.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Due {
    /// Its number, from 0.
    pub(crate) number: u64,
    /// When, from the start on.
    pub(crate) at: Duration,
}

pub(crate) struct Queue {
    waiting: Mutex<VecDeque<Due>>,
    /// One permit for each that waits.
    ready: Semaphore,
    most: usize,
}

impl Queue {
    pub(crate) fn new(most: usize) -> Self {
        Self {
            waiting: Mutex::new(VecDeque::with_capacity(most.min(4_096))),
            ready: Semaphore::new(0),
            most,
        }
    }

    /// Whether there was a place.
    pub(crate) fn push(&self, due: Due) -> bool {
        let mut waiting = self.lock();
        if waiting.len() >= self.most {
            return false;
        }
        waiting.push_back(due);
        drop(waiting);
        self.ready.add_permits(1);
        true
    }

    /// The one that waits longest; nothing once the queue is closed and empty.
    pub(crate) async fn pop(&self) -> Option<Due> {
        if let Ok(permit) = self.ready.acquire().await {
            permit.forget();
        }
        self.lock().pop_front()
    }

    /// Nothing comes any more.
    pub(crate) fn close(&self) {
        self.ready.close();
    }

    /// Takes out all that still wait.
    pub(crate) fn take_all(&self) -> Vec<Due> {
        self.lock().drain(..).collect()
    }

    fn lock(&self) -> MutexGuard<'_, VecDeque<Due>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn due(number: u64) -> Due {
        Due {
            number,
            at: Duration::from_millis(number),
        }
    }

    #[tokio::test]
    async fn it_is_bounded_and_in_order_and_gives_what_is_left_when_closed() {
        let queue = Queue::new(3);
        let taken: Vec<_> = (0..5).map(|number| queue.push(due(number))).collect();
        assert_eq!(taken, [true, true, true, false, false]);
        assert_eq!(queue.pop().await, Some(due(0)));
        queue.close();
        assert_eq!(queue.pop().await, Some(due(1)));
        assert_eq!(queue.take_all(), [due(2)]);
        assert_eq!(queue.pop().await, None);
    }
}
