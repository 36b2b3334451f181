//! One line for many equal events: an outage is said once in a while, not once a request.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// What happens again within this time is counted and not said.
const QUIET: Duration = Duration::from_secs(30);

/// Lets one through in a while. Made for statics beside the line that they thin out.
pub(crate) struct Burst(Mutex<State>);

struct State {
    said_at: Option<Instant>,
    hidden: u64,
}

impl Burst {
    pub(crate) const fn new() -> Self {
        Self(Mutex::new(State {
            said_at: None,
            hidden: 0,
        }))
    }

    /// Whether to say it now, with how often it was not said since the last time.
    pub(crate) fn turn(&self) -> Option<u64> {
        self.turn_at(Instant::now())
    }

    fn turn_at(&self, now: Instant) -> Option<u64> {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if state
            .said_at
            .is_some_and(|said| now.saturating_duration_since(said) < QUIET)
        {
            state.hidden += 1;
            return None;
        }
        state.said_at = Some(now);
        Some(std::mem::take(&mut state.hidden))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_burst_is_said_once_and_its_rest_is_counted() {
        let (burst, start) = (Burst::new(), Instant::now());
        assert_eq!(burst.turn_at(start), Some(0));
        for second in 1..=5 {
            assert_eq!(burst.turn_at(start + Duration::from_secs(second)), None);
        }
        assert_eq!(burst.turn_at(start + QUIET), Some(5));
        assert_eq!(burst.turn_at(start + QUIET * 3), Some(0));
    }
}
