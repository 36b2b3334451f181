//! Luna: brand marks from a name.
//!
//! * [`picture`], [`kit`]: one checked request to the bytes of one file or of a brand kit, the same for API and command line
//! * `recipe`: a request as it comes in a body and is kept; `store`: the history and the kits; `jobs`: drawing kits; `tidy`:
//!   what the history keeps
//! * `api`: routes; `command`: verbs; `checks`: what "ready" means here; `scenario`: what it is asked under load; `metrics`: the
//!   names of the original's dashboards
//!
//! The drawing itself is the pure library `luna-drawing`.

mod api;
mod checks;
mod command;
mod configuration;
mod fault;
mod jobs;
pub mod kit;
mod metrics;
pub mod picture;
mod recipe;
mod scenario;
mod store;
mod tidy;

use std::sync::Arc;

use chassis::check::Checks;
use chassis::check::scenario::LoadRequest;
use chassis::check::self_test::SelfTest;
use chassis::config::Section;
use chassis::i18n::Messages;
use chassis::jobs::Kind;
use chassis::service::{CommandFault, Context, Sample, Service, Terminal};
use chassis::telemetry::catalogue::Metric;
use clap::{ArgMatches, Command};
use sea_orm_migration::MigrationTrait;
use utoipa_axum::router::OpenApiRouter;

pub use configuration::LunaConfig;

/// The service.
pub struct Luna;

/// Its name, in addresses, configuration and commands.
const NAME: &str = "luna";

impl Service for Luna {
    fn name(&self) -> &'static str {
        NAME
    }

    fn routes(&self) -> OpenApiRouter<Arc<Context>> {
        api::routes()
    }

    fn configuration(&self) -> Option<Section> {
        Some(Section::of::<LunaConfig>(NAME))
    }

    fn messages(&self) -> Option<Messages> {
        Some(Messages {
            english: include_str!("../messages/en.json"),
            french: include_str!("../messages/fr.json"),
        })
    }

    fn migrations(&self) -> Vec<Box<dyn MigrationTrait>> {
        store::migrations()
    }

    fn metric_prefix(&self) -> Option<&'static str> {
        Some(metrics::PREFIX)
    }

    fn metrics(&self) -> &'static [Metric] {
        metrics::METRICS
    }

    fn jobs(&self) -> Vec<Kind> {
        jobs::kinds()
    }

    fn self_tests(&self) -> Vec<SelfTest> {
        checks::self_tests()
    }

    fn load_scenario(&self) -> Vec<LoadRequest> {
        scenario::load()
    }

    fn checks(&self) -> Checks {
        checks::all()
    }

    fn command(&self) -> Option<Command> {
        Some(command::command())
    }

    fn run(&self, matches: &ArgMatches, terminal: &mut Terminal<'_>) -> Result<(), CommandFault> {
        command::run(matches, terminal)
    }

    fn samples(&self) -> Vec<Sample> {
        api::samples()
    }
}
