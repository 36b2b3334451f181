//! A queue with kinds of a test's own, and a worker, without HTTP.

use std::sync::Arc;
use std::time::{Duration, Instant};

use chassis::auth::{self, WorkspaceId};
use chassis::config::{self, ConfigFile, Sources};
use chassis::data::{DataError, Database};
use chassis::house::{self, Services};
use chassis::i18n::Language;
use chassis::jobs::{self, Enqueued, JobId, JobView, Kind, NewJob, Worker};
use chassis::service::{Context, Service};
use serde_json::{Value, json};

use crate::data::place::{Place, add};

/// A process, as far as jobs go.
pub(super) struct Shop {
    pub(super) context: Arc<Context>,
    pub(super) home: WorkspaceId,
    worker: Option<Worker>,
}

/// A service that is nothing but kinds of jobs.
struct Kinds(Vec<Kind>);

impl Service for Kinds {
    fn name(&self) -> &'static str {
        "test"
    }

    fn jobs(&self) -> Vec<Kind> {
        self.0.clone()
    }
}

/// Quick looks, short patience.
pub(super) fn quick() -> config::Jobs {
    config::Jobs {
        poll_ms: 20,
        cancel_grace_ms: 200,
        drain_timeout_ms: 2_000,
        ..config::Jobs::default()
    }
}

/// Over a database of its own, with its tables.
pub(super) async fn open(place: &Place, settings: config::Jobs, kinds: Vec<Kind>) -> Shop {
    let database = place.open().await;
    over(place, database, settings, kinds).await
}

/// Over an open database: another process's, or the same one again.
pub(super) async fn over(
    place: &Place,
    database: Database,
    settings: config::Jobs,
    kinds: Vec<Kind>,
) -> Shop {
    let sources = Sources {
        file: ConfigFile::None,
        environment: Vec::new(),
        flags: Vec::new(),
        sections: Vec::new(),
        services: Vec::new(),
    };
    let mut config = config::load(&sources).unwrap();
    config.data = place.config.clone();
    config.jobs = settings;
    let home = auth::home_workspace(&database).await.unwrap();
    let services: Services = vec![Arc::new(Kinds(kinds))];
    let context = house::context(&services, config, database, place.clock.clone())
        .await
        .unwrap();
    Shop {
        context: Arc::new(context),
        home,
        worker: None,
    }
}

impl Shop {
    /// Begins to work.
    pub(super) fn work(mut self) -> Self {
        self.worker = Some(jobs::start(self.context.clone()));
        self
    }

    pub(super) async fn drained(mut self) {
        self.worker.take().unwrap().drained().await;
    }

    pub(super) fn job(&self, kind: &'static str) -> NewJob {
        NewJob::new(self.home, kind, json!({}))
    }

    pub(super) async fn enqueue(&self, kind: &'static str) -> JobId {
        self.add(self.job(kind)).await.id
    }

    pub(super) async fn add(&self, new: NewJob) -> Enqueued {
        self.context.jobs.enqueue(new).await.unwrap()
    }

    pub(super) async fn view(&self, id: JobId) -> JobView {
        let jobs = &self.context.jobs;
        jobs.view(self.home, id, &self.context.catalogue, Language::English)
            .await
            .unwrap()
            .unwrap()
    }

    /// Waits until the job is in this state.
    pub(super) async fn until(&self, id: JobId, state: &str) -> JobView {
        let deadline = Instant::now() + Duration::from_secs(20);
        loop {
            let view = self.view(id).await;
            if view.state == state {
                return view;
            }
            assert!(Instant::now() < deadline, "waited for {state}: {view:?}");
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }
}

/// Waits for something.
pub(super) async fn until(what: &str, mut holds: impl AsyncFnMut() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(20);
    while !holds().await {
        assert!(Instant::now() < deadline, "waited for {what}");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

/// Adds a note in a step's transaction.
pub(super) async fn noted(run: &jobs::Run, step: &str) -> Result<(), jobs::JobFault> {
    let id = run.effect_key(step);
    run.step_in(step, move |tx| {
        Box::pin(async move { add(tx, id).await.map_err(jobs::JobFault::from) })
    })
    .await
}

/// A kind that gives its input back.
pub(super) fn echo() -> Kind {
    Kind::new("test.echo", |run: jobs::Run| async move { Ok(run.input) })
}

#[expect(clippy::unnecessary_wraps, reason = "what a handler gives back")]
pub(super) fn nothing() -> Result<Value, jobs::JobFault> {
    Ok(Value::Null)
}

/// The database's words are ours.
pub(super) type Written = Result<(), DataError>;
