//! Drills that act on a running server, and the report they write.
//!
//! * [`checks`]: the list; one folder an area (`surface`, …)
//! * [`runner`]: checks to evidence; [`ground`]: instances of this binary for drills; [`actors`]: people and keys in them
//! * [`report`]: evidence to a score and a record
//! * [`import`]: somebody's Markdown report, each claim of it marked
//! * [`load`]: the load generator and the claims about load
//! * [`prometheus`]: the text that is scraped, read strictly; [`supply`]: what the binary is made of
//! * [`target`]: systems of others, and their owners' leave
//! * [`settings`]: the configuration under proof, without what leads to the outside
//! * [`Proof`]: the same as a service: `api` its routes, `jobs` a run in the background, `attention` what needs a person
//!
//! It works from outside, like an operator: HTTP, signals, files. It never reads the code that it judges.

mod access;
pub mod actors;
mod api;
mod attention;
pub mod checks;
mod degradation;
mod durability;
pub mod ground;
pub mod import;
mod jobs;
mod limits;
pub mod load;
mod observability;
mod operations;
pub mod prometheus;
pub mod report;
mod rig;
pub mod runner;
mod sample;
pub mod settings;
pub mod supply;
mod surface;

use std::sync::Arc;

use chassis::check::Checks;
use chassis::house::Services;
use chassis::i18n::Messages;
use chassis::jobs::Kind;
use chassis::overview::attention::Attention;
use chassis::service::{Context, Service};
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use utoipa_axum::router::OpenApiRouter;

/// Proof as a service: its routes, and running the checks as a job.
pub struct Proof {
    checks: Checks,
}

/// Its name, in addresses and scopes.
const NAME: &str = "proof";

impl Proof {
    /// With the checks of the chassis and of these services.
    pub fn of(services: &Services) -> Self {
        Self {
            checks: checks::of(services),
        }
    }
}

impl Service for Proof {
    fn name(&self) -> &'static str {
        NAME
    }

    fn routes(&self) -> OpenApiRouter<Arc<Context>> {
        api::routes(self.checks.clone())
    }

    fn messages(&self) -> Option<Messages> {
        Some(Messages {
            english: include_str!("../messages/en.json"),
            french: include_str!("../messages/fr.json"),
        })
    }

    fn jobs(&self) -> Vec<Kind> {
        jobs::kinds()
    }

    fn attention<'a>(&'a self, context: &'a Context) -> BoxFuture<'a, Vec<Attention>> {
        attention::list(context).boxed()
    }
}
pub mod target;
