//! What those who run the house see of it: what runs and how, what needs a person, the configuration in force, the last lines of
//! the log. All of it is for the home workspace, but for the few words that the console asks before anybody has signed in.
//!
//! * `sampler`: the traffic of the last hour, a look each five seconds, in memory of a fixed size
//! * [`attention`]: what needs a person now; services add their own
//! * [`status`]: both together; `api`: the routes

pub(crate) mod api;
pub mod attention;
pub(crate) mod sampler;
pub mod status;

use std::sync::Arc;
use std::sync::atomic::AtomicU32;
use std::time::Duration;

use crate::auth::set_up;
use crate::clock::Timestamp;
use crate::house::Services;
use crate::http::health::{Dependency, Vitals};
use crate::jobs::{self, JobCounts};
use crate::probe::Probe;
use crate::service::Context;
use crate::telemetry::traffic::Traffic;
use attention::Attention;
use sampler::Sampler;

/// What is read anew for one caller serves all for so long.
const KEEP: Duration = Duration::from_secs(5);
/// Longer than the dependencies' own patience.
const PATIENCE: Duration = Duration::from_secs(4);
/// What failed longer ago needs nobody any more.
const DAY_MS: i64 = 86_400_000;

/// What the routes of the room use.
pub(crate) struct Overview {
    pub(crate) context: Arc<Context>,
    pub(crate) vitals: Arc<Vitals>,
    pub(crate) set_up: Arc<set_up::Watch>,
    pub(crate) sampler: Arc<Sampler>,
    services: Services,
    looks: Probe<Option<Arc<Look>>>,
}

/// What costs something to look at.
pub(crate) struct Look {
    dependencies: Vec<Dependency>,
    jobs: Option<JobCounts>,
    failed_deliveries: u64,
    disk: Option<Disk>,
    of_services: Vec<Attention>,
}

/// Room on the disk of the data folder.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Disk {
    free_bytes: u64,
    total_bytes: u64,
}

impl Overview {
    /// Of a house that is about to serve. `open` counts the requests that are worked on.
    pub(crate) fn new(
        services: Services,
        context: Arc<Context>,
        vitals: Arc<Vitals>,
        traffic: Arc<Traffic>,
        open: Arc<AtomicU32>,
    ) -> Self {
        Self {
            set_up: Arc::new(set_up::Watch::new(&context.database)),
            sampler: Arc::new(Sampler::new(traffic, open)),
            services,
            context,
            vitals,
            looks: Probe::new(PATIENCE, None, None),
        }
    }

    /// The newest look, a few seconds old at most; nothing where looking takes too long.
    async fn look(&self) -> Option<Arc<Look>> {
        let look = || {
            look(
                self.context.clone(),
                self.vitals.clone(),
                self.services.clone(),
            )
        };
        self.looks.ask(KEEP, look).await
    }
}

async fn look(context: Arc<Context>, vitals: Arc<Vitals>, services: Services) -> Option<Arc<Look>> {
    let since = Timestamp::from_unix_ms(context.clock.now().unix_ms() - DAY_MS);
    let failed = async {
        match since {
            Some(since) => context.notify.failed_since(since).await.unwrap_or(0),
            None => 0,
        }
    };
    let (dependencies, jobs, failed_deliveries) =
        tokio::join!(vitals.ask(), jobs::counts(&context.database), failed);
    let mut of_services = Vec::new();
    for service in &services {
        of_services.extend(service.attention(&context).await);
    }
    Some(Arc::new(Look {
        dependencies,
        jobs: jobs.ok(),
        failed_deliveries,
        disk: disk(&context),
        of_services,
    }))
}

fn disk(context: &Context) -> Option<Disk> {
    let room = rustix::fs::statvfs(&context.config.data.folder).ok()?;
    Some(Disk {
        free_bytes: room.f_bavail.saturating_mul(room.f_frsize),
        total_bytes: room.f_blocks.saturating_mul(room.f_frsize),
    })
}
