//! What is shown to strangers.

pub(crate) mod canaries;
pub(crate) mod cookies;
pub(crate) mod error_bodies;
pub(crate) mod headers;
pub(crate) mod injection;
mod internals;
mod operations;
mod raw;
pub(crate) mod sizes;
pub(crate) mod slow_loris;
pub(crate) mod tls;
pub(crate) mod transport;
pub(crate) mod traversal;

use chassis::check::ground::{Instance, Wishes};
use chassis::check::{Subject, Trouble};

use crate::actors;

/// Somebody who asks an instance with a key that may do everything.
async fn with_key(subject: &Subject, instance: &dyn Instance) -> Result<Subject, Trouble> {
    let mut at = subject.at(&instance.base());
    at.token = Some(actors::key(instance, "*").await?);
    Ok(at)
}

/// An instance that refuses nobody for asking often: limits are measured on their own.
fn unlimited() -> Wishes {
    Wishes::none()
        .set("profile", "development")
        .set("limits.anonymous_per_minute", 0)
}
