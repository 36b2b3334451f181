//! Claims about load. Each drill has an instance of its own, without limits: limits are measured by themselves.

pub(crate) mod cost;
pub(crate) mod objectives;
pub(crate) mod overload;
pub mod soak;

use std::time::Duration;

use chassis::check::ground::{Instance, Wishes};
use chassis::check::{Finding, Pace, Said, Subject, Trouble, scenario};

use super::generator::{Plan, address};
use super::mix::Mix;
use crate::actors;

const MB: f64 = 1_048_576.0;

/// An instance without limits, and a key of it with every scope.
async fn stage(subject: &Subject, wishes: Wishes) -> Result<(Box<dyn Instance>, String), Trouble> {
    // Only this profile may be without limits.
    let wishes = wishes
        .set("profile", "development")
        .set("limits.anonymous_per_minute", 0);
    let instance = subject.start(wishes).await?;
    let key = actors::key(instance.as_ref(), "*").await?;
    Ok((instance, key))
}

/// The mixed traffic of the house at a rate.
fn mixed(
    subject: &Subject,
    instance: &dyn Instance,
    key: &str,
    rate_per_s: f64,
    length: Duration,
) -> Result<Plan, Trouble> {
    let base = instance.base();
    let kinds = if subject.scenario.is_empty() {
        &scenario::own()
    } else {
        &subject.scenario
    };
    let mix = Mix::new(kinds, address(&base)?, Some(key))?;
    Plan::new(&base, mix, rate_per_s, length)
}

/// The median of some values; 0 of none.
fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(0.0)
}

/// Says what a quick run shortened.
fn shortened(subject: &Subject, finding: Finding, how: impl FnOnce() -> Said) -> Finding {
    match subject.pace {
        Pace::Quick => finding.shortened(how()),
        Pace::Full => finding,
    }
}

/// The French decimal comma, in a text whose only points are those of numbers.
fn comma(text: &str) -> String {
    text.replace('.', ",")
}
