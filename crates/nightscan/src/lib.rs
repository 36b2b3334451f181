//! NightScan: what called in the night.
//!
//! * [`analysis`]: a recording to its detections, for the command and the server's jobs alike; `model`: the one that listens here
//! * `arrival`, `quarantine`: an upload until its human voice is silenced; `silence`: the copy that is kept
//! * `outcome`: an analysis as rows; `rules`: who is told of it; `quota`: what a month has
//! * `api`: routes; `store`: every SQL statement; `jobs`: work in the background; `check`: what callers may say
//! * `command`: verbs; `picture`, `samples`: what a newcomer sees; `metrics`: what is counted

pub mod analysis;
mod api;
mod arrival;
mod check;
mod command;
mod configuration;
mod jobs;
mod metrics;
mod model;
mod outcome;
mod picture;
mod quarantine;
mod quota;
mod rules;
mod samples;
mod silence;
mod store;

use std::sync::Arc;

use chassis::config::Section;
use chassis::i18n::Messages;
use chassis::jobs::Kind;
use chassis::service::{CommandFault, Context, Service, Terminal};
use chassis::telemetry::catalogue::Metric;
use clap::{ArgMatches, Command};
use sea_orm_migration::MigrationTrait;
use utoipa_axum::router::OpenApiRouter;

pub use configuration::NightscanConfig;

/// The service.
pub struct NightScan;

/// Its name, in addresses, configuration and commands.
const NAME: &str = "nightscan";

/// The room of a sensor's key, which may bring recordings and nothing else.
const INTAKE: &str = "nightscan-intake";

impl Service for NightScan {
    fn name(&self) -> &'static str {
        NAME
    }

    fn rooms(&self) -> Vec<&'static str> {
        vec![NAME, INTAKE]
    }

    fn routes(&self) -> OpenApiRouter<Arc<Context>> {
        api::routes()
    }

    fn configuration(&self) -> Option<Section> {
        Some(Section::of::<NightscanConfig>(NAME))
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

    fn messages(&self) -> Option<Messages> {
        Some(Messages {
            english: include_str!("../messages/en.json"),
            french: include_str!("../messages/fr.json"),
        })
    }

    fn command(&self) -> Option<Command> {
        Some(command::command())
    }

    fn run(&self, matches: &ArgMatches, terminal: &mut Terminal<'_>) -> Result<(), CommandFault> {
        command::run(matches, terminal)
    }
}
