//! What happens when something else breaks.

pub(crate) mod cache;
pub(crate) mod database;
pub(crate) mod object_store;
pub(crate) mod upstream;

use std::time::{Duration, Instant};

use chassis::check::{Series, Shape};

/// The objective for the slowest answers.
const ANSWER_WITHIN: Duration = Duration::from_secs(1);
/// What an outage or its end takes to be told at most, where something is only looked at now and then.
const TURNS_WITHIN: Duration = Duration::from_secs(20);

/// How long answers took, through all that was done to them.
#[derive(Default)]
struct Times(Vec<Duration>);

impl Times {
    /// Notes what began then and has ended now.
    fn note(&mut self, began: Instant) -> Duration {
        let took = began.elapsed();
        self.0.push(took);
        took
    }

    fn longest(&self) -> Duration {
        self.0.iter().max().copied().unwrap_or_default()
    }

    fn count(&self) -> usize {
        self.0.len()
    }

    /// What is wrong with them: a tenth may take longer, since the machine has other things to do as well.
    fn slow(&self, within: Duration) -> Option<String> {
        let (all, limit) = (self.0.len(), within.as_secs());
        let slow = self.0.iter().filter(|took| **took > within).count();
        (slow * 10 > all).then(|| format!("{slow} of {all} answers took more than {limit} s"))
    }

    fn series(&self) -> Series {
        let point = |(number, took): (usize, &Duration)| (number as f64, took.as_secs_f64() * 1e3);
        Series {
            name: "answers in the order of the drill".to_owned(),
            name_fr: "réponses dans l’ordre de l’épreuve".to_owned(),
            unit_x: String::new(),
            unit_y: "ms".to_owned(),
            shape: Shape::Line,
            points: self.0.iter().enumerate().map(point).collect(),
        }
    }
}
