//! What a service is: one trait, in which every method but the name has a default.

use std::io::Write;
use std::sync::Arc;

use clap::{ArgMatches, Command};
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use sea_orm_migration::MigrationTrait;
use utoipa_axum::router::OpenApiRouter;

use crate::auth::Auth;
use crate::check::Checks;
use crate::check::scenario::LoadRequest;
use crate::check::self_test::SelfTest;
use crate::clock::Clock;
use crate::config::{Config, Section};
use crate::data::Database;
use crate::events::Events;
use crate::i18n::{Catalogue, Language, Messages};
use crate::jobs::{Jobs, Kind};
use crate::notify::Notify;
use crate::objects::Objects;
use crate::overview::attention::Attention;
use crate::redis::Redis;
use crate::telemetry::catalogue::Metric;
use crate::upstream::Upstreams;

/// One of the services of the house. A sixth one is a crate with this and a line in the binary.
pub trait Service: Send + Sync + 'static {
    /// The stable name: its configuration section, its part of every address, its command.
    fn name(&self) -> &'static str;

    /// Its routes, which stand under `/api/v1/<name>`. Handlers take `State<Arc<Context>>`.
    fn routes(&self) -> OpenApiRouter<Arc<Context>> {
        OpenApiRouter::new()
    }

    /// The rooms that scopes of its routes name: its own name, and those with rights apart, such as a sensor's.
    fn rooms(&self) -> Vec<&'static str> {
        vec![self.name()]
    }

    /// Its tables, oldest first.
    fn migrations(&self) -> Vec<Box<dyn MigrationTrait>> {
        Vec::new()
    }

    /// Its configuration section.
    fn configuration(&self) -> Option<Section> {
        None
    }

    /// What it says to people. `<name>.about` is its line on the start page.
    fn messages(&self) -> Option<Messages> {
        None
    }

    /// The first part of names under which dashboards know its routes, beside `http_requests_total`: with `arkalia_luna` there are
    /// `arkalia_luna_requests_total{route}`, `_responses_total{route,status_code}`, `_errors_total`, `_uptime_seconds` and `_health_status`.
    fn metric_prefix(&self) -> Option<&'static str> {
        None
    }

    /// What it counts beside that, for the page of metrics.
    fn metrics(&self) -> &'static [Metric] {
        &[]
    }

    /// The kinds of work that it does in the background.
    fn jobs(&self) -> Vec<Kind> {
        Vec::new()
    }

    /// What it measures of itself at the start, shown at `/health`.
    fn self_tests(&self) -> Vec<SelfTest> {
        Vec::new()
    }

    /// What "ready" means for it, measured from outside by `aplomb prove`.
    fn checks(&self) -> Checks {
        Vec::new()
    }

    /// What it is asked when `aplomb prove` puts the house under load: its own kinds of requests with their shares.
    fn load_scenario(&self) -> Vec<LoadRequest> {
        Vec::new()
    }

    /// What of it needs a person now, for the first page of the console. Asked every few seconds at most.
    fn attention<'a>(&'a self, _context: &'a Context) -> BoxFuture<'a, Vec<Attention>> {
        std::future::ready(Vec::new()).boxed()
    }

    /// Pictures or pages that show a newcomer what it does, for the start page.
    fn samples(&self) -> Vec<Sample> {
        Vec::new()
    }

    /// Its command-line verbs, as one command named like the service.
    fn command(&self) -> Option<Command> {
        None
    }

    /// Runs one of those verbs.
    fn run(&self, _matches: &ArgMatches, _terminal: &mut Terminal<'_>) -> Result<(), CommandFault> {
        Err(CommandFault::Usage(format!(
            "`{}` has no verbs",
            self.name()
        )))
    }
}

/// A picture on the start page.
#[derive(Clone, Debug)]
pub struct Sample {
    /// Its address on this server.
    pub address: String,
    /// The same for a dark page.
    pub dark_address: String,
    /// What it is, in a few words.
    pub caption: String,
}

/// What a service's routes may use.
#[derive(Clone)]
pub struct Context {
    /// The configuration in force.
    pub config: Arc<Config>,
    /// Who asks.
    pub auth: Auth,
    /// The database.
    pub database: Database,
    /// Work in the background.
    pub jobs: Jobs,
    /// Calls to the outside.
    pub upstream: Upstreams,
    /// Mails, webhooks, chats.
    pub notify: Notify,
    /// What happens, told to whoever listens.
    pub events: Events,
    /// What several instances share, where there is one.
    pub redis: Option<Redis>,
    /// Files.
    pub objects: Objects,
    /// Messages.
    pub catalogue: Arc<Catalogue>,
    /// The time.
    pub clock: Arc<dyn Clock>,
}

/// Where a verb reads its language and writes its answer.
pub struct Terminal<'a> {
    /// What was asked for: bytes for programs and pipes.
    pub output: &'a mut dyn Write,
    /// Everything else.
    pub notes: &'a mut dyn Write,
    /// Whether a person watches the output: pictures are not written there.
    pub output_is_terminal: bool,
    /// The person's language.
    pub language: Language,
    /// The house's messages.
    pub catalogue: &'a Catalogue,
}

/// Why a verb failed.
#[derive(Debug, thiserror::Error)]
pub enum CommandFault {
    /// The words of the command do not fit: exit code 2.
    #[error("{0}")]
    Usage(String),
    /// It could not be done: exit code 1.
    #[error("{0}")]
    Failed(String),
    /// It was done, but not for all that was asked: exit code 3.
    #[error("{0}")]
    Incomplete(String),
}

impl CommandFault {
    /// What the process ends with.
    pub const fn exit_code(&self) -> u8 {
        match self {
            Self::Failed(_) => 1,
            Self::Usage(_) => 2,
            Self::Incomplete(_) => 3,
        }
    }
}
