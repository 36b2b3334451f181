//! The house: services, a configuration and a database joined to something that serves.

use std::io::Write;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32};
use std::time::Instant;

use futures_util::FutureExt;
use sea_orm_migration::MigrationTrait;
use tokio::net::TcpListener;
use utoipa::openapi::OpenApi;

use crate::auth::{self, Auth};
use crate::check::Verdict;
use crate::check::self_test::Reading;
use crate::clock::Clock;
use crate::config::{Config, Secret, Section};
use crate::data::lock::{FolderFault, FolderLock};
use crate::data::{DataError, Database, Start, Starts};
use crate::events::Events;
use crate::http::assembly::{self, UNDOCUMENTED};
use crate::http::console::Console;
use crate::http::front::{Front, FrontParts};
use crate::http::health::Vitals;
use crate::http::routes::{Routes, UnknownRoutes};
use crate::http::server::{self, Drain};
use crate::i18n::{CHASSIS, Catalogue, CatalogueFault};
use crate::jobs::{self, Jobs, KindFault};
use crate::limits::Limits;
use crate::notify::Notify;
use crate::objects::{ObjectFault, Objects};
use crate::overview::Overview;
use crate::overview::sampler::Sampler;
use crate::redis::Redis;
use crate::service::{Context, Service};
use crate::task;
use crate::telemetry::access::AccessLog;
use crate::telemetry::traffic::Traffic;
use crate::telemetry::{self, catalogue, metrics};
use crate::upstream::Upstreams;

/// Services, in the order in which they are listed everywhere.
pub type Services = Vec<Arc<dyn Service>>;

/// A house ready to serve.
pub struct House {
    front: Arc<Front>,
    context: Arc<Context>,
    sampler: Arc<Sampler>,
    starts: Starts,
    start: Start,
    _lock: Option<FolderLock>,
    document: OpenApi,
}

/// Why a house does not open.
#[derive(Debug, thiserror::Error)]
pub enum HouseFault {
    /// The database.
    #[error(transparent)]
    Data(#[from] DataError),
    /// Another server holds the data folder.
    #[error(transparent)]
    Folder(#[from] FolderFault),
    /// The object store or its folders.
    #[error("the object store cannot be used: {0}")]
    Objects(#[from] ObjectFault),
    /// The messages.
    #[error(transparent)]
    Messages(#[from] CatalogueFault),
    /// The kinds of jobs.
    #[error(transparent)]
    Jobs(#[from] KindFault),
    /// A limit of the configuration.
    #[error(transparent)]
    Limits(#[from] UnknownRoutes),
    /// The listening socket.
    #[error("cannot serve: {0}")]
    Serve(#[from] std::io::Error),
}

/// The sections that the services add to the configuration.
pub fn sections(services: &Services) -> Vec<Section> {
    services
        .iter()
        .filter_map(|service| service.configuration())
        .collect()
}

/// The messages of the chassis and of all services.
pub fn catalogue(services: &Services) -> Result<Catalogue, CatalogueFault> {
    let parts: Vec<_> = CHASSIS
        .iter()
        .copied()
        .chain(services.iter().filter_map(|s| s.messages()))
        .collect();
    Catalogue::load(&parts)
}

/// Rooms of the chassis that ask for scopes of their own.
const ROOMS: [&str; 10] = [
    "audit",
    "config",
    "events",
    "jobs",
    "keys",
    "logs",
    "notify",
    "objects",
    "users",
    "workspaces",
];

/// All rooms that a scope may name: the chassis' own, and the services.
pub fn rooms(services: &Services) -> Vec<&'static str> {
    let services = services.iter().flat_map(|service| service.rooms());
    ROOMS.into_iter().chain(services).collect()
}

/// The migrations of all services; the database adds the chassis' own.
pub fn migrations(services: &Services) -> Vec<Box<dyn MigrationTrait>> {
    services
        .iter()
        .flat_map(|service| service.migrations())
        .collect()
}

impl House {
    /// As [`House::open_with`], without a console.
    pub async fn open(
        services: &Services,
        config: Config,
        clock: Arc<dyn Clock>,
        log: impl Write + Send + 'static,
    ) -> Result<Self, HouseFault> {
        Self::open_with(services, config, clock, log, Console::none()).await
    }

    /// Opens the database, brings it up to date, runs the services' checks and builds the routes.
    /// `services` are all that this binary has; `config.services` says which of them run. Access log
    /// lines go to `log`.
    pub async fn open_with(
        services: &Services,
        config: Config,
        clock: Arc<dyn Clock>,
        log: impl Write + Send + 'static,
        console: Console,
    ) -> Result<Self, HouseFault> {
        metrics::recorder();
        let started = Instant::now();
        let lock = FolderLock::take(&config.data)?;
        let database = Database::open(&config.data, clock.clone()).await?;
        // All services' tables are kept up to date, so that switching one on later loses nothing.
        database.migrate(migrations(services)).await?;
        auth::home_workspace(&database).await?;
        let host = host_name();
        let host = host.as_deref();
        let starts = Starts::new(&database);
        let last_stop_was_clean = starts.last(host).await?.map(|last| last.is_clean());
        let start = starts.record(env!("CARGO_PKG_VERSION"), host).await?;
        if last_stop_was_clean == Some(false) {
            tracing::warn!("the last run did not end in order (killed, crashed or power lost)");
        }

        let chosen = chosen(services, &config);
        let evidence: Vec<Reading> = chosen
            .iter()
            .flat_map(|service| service.self_tests())
            .map(|test| test.run())
            .collect();
        for failed in evidence
            .iter()
            .filter(|evidence| evidence.verdict == Verdict::Fail)
        {
            tracing::error!(
                check.id = failed.id,
                measured = failed.measured,
                required = failed.required,
                "a check fails"
            );
        }

        let context = Arc::new(context(services, config, database, clock).await?);
        let redis = context.redis.clone();
        let limits = Limits::new(&context.config.limits, redis.clone());
        let document = assembly::document(&chosen);
        let draining = Arc::new(AtomicBool::new(false));
        let vitals = Vitals {
            database: context.database.clone(),
            objects: context.objects.clone(),
            upstreams: context.upstream.clone(),
            redis,
            draining: draining.clone(),
            started_at: context.clock.now(),
            started,
            services: chosen.iter().map(|service| service.name()).collect(),
            prefixes: prefixes(&chosen),
            evidence,
            last_stop_was_clean,
        };
        let traffic = Arc::new(Traffic::new(chosen.iter().map(|service| service.name())));
        let in_flight = Arc::new(AtomicU32::new(0));
        let overview = Arc::new(Overview::new(
            chosen.clone(),
            context.clone(),
            Arc::new(vitals),
            traffic.clone(),
            in_flight.clone(),
        ));
        let sampler = overview.sampler.clone();
        let config = &context.config;
        let mut routes = Routes::new(&document, &UNDOCUMENTED, &prefixes(&chosen));
        routes.limit(&config.limits.routes)?;
        let console = console.with_pages(chosen.iter().map(|service| service.name()));
        routes.add_files(console.templates());
        routes.count_in(&traffic);
        for service in &chosen {
            catalogue::announce(service.metrics());
        }
        for (_, prefix) in prefixes(&chosen) {
            catalogue::announce(&catalogue::prefixed(prefix));
        }
        let router = assembly::router(&chosen, overview, &document, &console);
        let access = if config.telemetry.access_log {
            let json = telemetry::speaks_json(config.telemetry.log_format);
            AccessLog::new(json, config.telemetry.access_log_sample, log)
        } else {
            AccessLog::off()
        };
        let front = Front::new(FrontParts {
            router,
            routes,
            settings: config.http.clone(),
            limits,
            catalogue: context.catalogue.clone(),
            access,
            auth: context.auth.clone(),
            in_flight,
            draining,
        });
        Ok(Self {
            front: Arc::new(front),
            context,
            sampler,
            starts,
            start,
            _lock: lock,
            document,
        })
    }

    /// Who asks: where the binary and tests say by what mail goes out.
    pub fn auth(&self) -> &Auth {
        &self.context.auth
    }

    /// The token of a link by which to make the first account; none where somebody has one. It voids the one before.
    pub async fn set_up_token(&self) -> Result<Option<Secret>, DataError> {
        auth::set_up::token(&self.context.database).await
    }

    /// The document that describes its routes.
    pub fn document(&self) -> &OpenApi {
        &self.document
    }

    /// Serves until `stop` is ready, drains, and notes that it ended in order.
    pub async fn serve(
        self,
        listener: TcpListener,
        stop: impl Future<Output = ()>,
    ) -> Result<Drain, HouseFault> {
        let keeper = auth::keep::Keeper::start(&self.context.auth);
        let deliveries = self.context.notify.start();
        let sweeper = task::spawn(self.context.objects.clone().keep_clean());
        let sampling = task::spawn(self.sampler.run(self.context.clock.clone()));
        let worker = jobs::start(self.context.clone());
        let objects = self.context.objects.clone();
        let stop = stop.map(move |()| objects.stop_uploads());
        let stop = self.context.events.end_with(worker.heeding(stop));
        let drain = server::serve(listener, self.front, stop).await;
        sweeper.abort();
        sampling.abort();
        worker.drained().await;
        deliveries.stop().await;
        keeper.stop().await;
        let drain = drain?;
        self.starts.close(self.start.id).await?;
        self.context.database.close().await?;
        Ok(drain)
    }
}

/// The services that have metric names of their own.
fn prefixes(services: &Services) -> Vec<(&'static str, &'static str)> {
    services
        .iter()
        .filter_map(|service| Some((service.name(), service.metric_prefix()?)))
        .collect()
}

fn chosen(services: &Services, config: &Config) -> Services {
    let chosen = services
        .iter()
        .filter(|service| runs(config, service.name()));
    chosen.cloned().collect()
}

/// What routes and jobs use, over an open database: all of the house but its way in.
pub async fn context(
    services: &Services,
    config: Config,
    database: Database,
    clock: Arc<dyn Clock>,
) -> Result<Context, HouseFault> {
    let catalogue = Arc::new(catalogue(services)?);
    let upstream = Upstreams::new(clock.clone());
    let notify = Notify::new(&config, &database, &upstream, &catalogue);
    let chosen = chosen(services, &config);
    let redis = Redis::open(&config.redis).await;
    let auth = Auth::open(&database, &config, rooms(services)).await?;
    auth.deliver_by(Arc::new(notify.clone()));
    let events = Events::open(&config, clock.clone(), redis.clone()).await;
    events.share_revocations(&auth);
    let kinds = chosen.iter().flat_map(|service| service.jobs());
    let jobs = Jobs::new(&database, &config.jobs, kinds)?;
    jobs.tell_by(events.clone());
    jobs.notify_by(notify.clone());
    jobs.bounded_by(&auth);
    let objects = Objects::open(&config, &database).await?;
    objects.bounded_by(&auth);
    Ok(Context {
        auth,
        events,
        jobs,
        notify,
        objects,
        redis,
        upstream,
        config: Arc::new(config),
        database,
        catalogue,
        clock,
    })
}

fn runs(config: &Config, name: &str) -> bool {
    config.services.is_empty() || config.services.iter().any(|service| service == name)
}

/// This machine's name, where the system tells (Linux).
fn host_name() -> Option<String> {
    let name = std::fs::read_to_string("/proc/sys/kernel/hostname").ok()?;
    Some(name.trim().to_owned()).filter(|name| !name.is_empty())
}
