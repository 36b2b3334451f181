//! `/livez`: the process answers. `/readyz`: it can serve now. `/health`: what a person asks at
//! three in the morning.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use axum::extract::State;
use axum::response::{IntoResponse, Json, Response};
use http::{HeaderValue, StatusCode, header};
use serde::Serialize;
use utoipa::ToSchema;

use super::problem::ProblemBody;
use crate::check::Verdict;
use crate::check::self_test::Reading;
use crate::clock::Timestamp;
use crate::data::{DataError, Database};
use crate::objects::Objects;
use crate::redis::Redis;
use crate::telemetry::burst::Burst;
use crate::upstream::{UpstreamState, Upstreams};

/// A dependency that does not answer in this time is down.
const PATIENCE: Duration = Duration::from_secs(2);

/// What the health routes look at.
pub struct Vitals {
    /// The database.
    pub database: Database,
    /// The files.
    pub objects: Objects,
    /// What is called outside.
    pub upstreams: Upstreams,
    /// What several instances share, where it is configured.
    pub redis: Option<Redis>,
    /// Set when the server is stopping.
    pub draining: Arc<AtomicBool>,
    /// When this process began to serve.
    pub started_at: Timestamp,
    /// The same, for durations.
    pub started: Instant,
    /// Names of the services that run.
    pub services: Vec<&'static str>,
    /// Services with metric names of their own.
    pub prefixes: Vec<(&'static str, &'static str)>,
    /// The services' checks, measured at the start.
    pub evidence: Vec<Reading>,
    /// Whether the start before this one ended in order; nothing at the first start.
    pub last_stop_was_clean: Option<bool>,
}

/// One dependency.
#[derive(Debug, Serialize, ToSchema)]
pub struct Dependency {
    /// `database`, `objects`, …
    pub name: &'static str,
    /// Whether it can be used now.
    pub up: bool,
    /// Whether the server can serve without it, with less.
    pub optional: bool,
    /// What it is, or what is wrong with it.
    pub detail: String,
    /// How long it took to answer, milliseconds.
    pub duration_ms: f64,
}

/// The answer of `/readyz`.
#[derive(Debug, Serialize, ToSchema)]
pub struct Readiness {
    /// Whether requests should come here.
    pub ready: bool,
    /// Set while the server is shutting down.
    pub draining: bool,
    /// Each dependency, asked now.
    pub dependencies: Vec<Dependency>,
    /// Checks that failed at the start.
    pub failed_checks: Vec<&'static str>,
}

/// The answer of `/health`.
#[derive(Debug, Serialize, ToSchema)]
pub struct Health {
    /// `ok`, `degraded` or `draining`.
    pub status: &'static str,
    /// The version that runs.
    pub version: &'static str,
    /// When it started (RFC 3339, UTC).
    pub started_at: String,
    /// Seconds since then.
    pub uptime_s: u64,
    /// The services that run.
    pub services: Vec<&'static str>,
    /// Memory in use, bytes, where the system tells.
    pub resident_bytes: Option<u64>,
    /// Whether the start before this one ended in order; absent at the first start.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(required = false)]
    pub last_stop_was_clean: Option<bool>,
    /// Each dependency, asked now.
    pub dependencies: Vec<Dependency>,
    /// What is called outside, and how that goes. An open breaker leaves the status `ok`: the server itself works.
    pub upstreams: Vec<UpstreamState>,
    /// The services' checks, measured at the start.
    pub evidence: Vec<Reading>,
}

/// Says that the process answers. Looks at nothing else: restarting would not mend a dependency.
#[utoipa::path(get, path = "/livez", tag = "health", extensions(("x-access" = json!("public"))), responses(
    (status = 200, description = "The process answers", body = String, content_type = "text/plain", example = "ok"),
))]
pub async fn livez() -> Response {
    let headers = [
        (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
        (
            header::CONTENT_TYPE,
            HeaderValue::from_static("text/plain; charset=utf-8"),
        ),
    ];
    (headers, "ok").into_response()
}

/// Says whether requests should come here, with the truth about each dependency.
#[utoipa::path(get, path = "/readyz", tag = "health", extensions(("x-access" = json!("public"))), responses(
    (status = 200, description = "Ready", body = Readiness),
    (status = 503, description = "Not ready: a dependency is down, or the server is shutting down", body = Readiness),
))]
pub async fn readyz(State(vitals): State<Arc<Vitals>>) -> Response {
    let dependencies = vitals.ask().await;
    let draining = vitals.draining.load(Ordering::Relaxed);
    let failed_checks: Vec<_> = vitals.failed().collect();
    let ready =
        !draining && failed_checks.is_empty() && dependencies.iter().all(|d| d.up || d.optional);
    let status = if ready {
        StatusCode::OK
    } else {
        StatusCode::SERVICE_UNAVAILABLE
    };
    let body = Readiness {
        ready,
        draining,
        dependencies,
        failed_checks,
    };
    (status, [(header::CACHE_CONTROL, "no-store")], Json(body)).into_response()
}

/// Tells a person what runs, since when, and what is wrong.
#[utoipa::path(get, path = "/health", tag = "health", extensions(("x-access" = json!("public"))), responses(
    (status = 200, description = "The state of the house", body = Health),
    (status = 429, description = "Too many requests", body = ProblemBody, content_type = "application/problem+json"),
))]
pub async fn health(State(vitals): State<Arc<Vitals>>) -> Response {
    let dependencies = vitals.ask().await;
    let status = if vitals.draining.load(Ordering::Relaxed) {
        "draining"
    } else if dependencies.iter().all(|d| d.up) && vitals.failed().next().is_none() {
        "ok"
    } else {
        "degraded"
    };
    let body = Health {
        status,
        version: env!("CARGO_PKG_VERSION"),
        started_at: vitals.started_at.to_string(),
        uptime_s: vitals.started.elapsed().as_secs(),
        services: vitals.services.clone(),
        resident_bytes: crate::telemetry::metrics::resident_bytes(),
        last_stop_was_clean: vitals.last_stop_was_clean,
        dependencies,
        upstreams: vitals.upstreams.states(),
        evidence: vitals.evidence.clone(),
    };
    ([(header::CACHE_CONTROL, "no-store")], Json(body)).into_response()
}

impl Vitals {
    pub(crate) async fn ask(&self) -> Vec<Dependency> {
        let (database, objects) = tokio::join!(self.ask_database(), self.ask_objects());
        let mut dependencies = vec![database, objects];
        dependencies.extend(self.redis.as_ref().map(redis_seen));
        dependencies
    }

    /// Sets the gauges that services keep under names of their own: uptime, and 1 where none of the service's checks fails.
    pub(super) fn gauge(&self) {
        for (service, prefix) in &self.prefixes {
            let healthy = !self
                .failed()
                .any(|check| check.split('.').next() == Some(*service));
            metrics::gauge!(format!("{prefix}_uptime_seconds"))
                .set(self.started.elapsed().as_secs_f64());
            metrics::gauge!(format!("{prefix}_health_status")).set(f64::from(u8::from(healthy)));
        }
    }

    async fn ask_database(&self) -> Dependency {
        let asked = Instant::now();
        let answer = tokio::time::timeout(PATIENCE, self.database.ping()).await;
        let (up, detail) = match answer {
            Ok(Ok(())) => (true, self.database.kind().to_owned()),
            Ok(Err(fault)) => {
                static SAID: Burst = Burst::new();
                if let Some(hidden) = SAID.turn() {
                    tracing::warn!(error = %fault, log.hidden = hidden, "the database is not up");
                }
                let detail = match fault {
                    DataError::Full(_) => "takes no writes: no room is left",
                    DataError::Down(_) => "does not answer, or takes no writes",
                    _ => "does not answer",
                };
                (false, detail.to_owned())
            }
            Err(_) => (false, format!("no answer within {} s", PATIENCE.as_secs())),
        };
        Dependency {
            name: "database",
            up,
            optional: false,
            detail,
            duration_ms: asked.elapsed().as_secs_f64() * 1000.0,
        }
    }

    async fn ask_objects(&self) -> Dependency {
        let asked = Instant::now();
        let answer = self.objects.ping().await;
        Dependency {
            name: "objects",
            up: answer.is_ok(),
            // Without them everything else is served.
            optional: true,
            detail: answer
                .map_or_else(|fault| fault, |()| self.objects.kind())
                .to_owned(),
            duration_ms: asked.elapsed().as_secs_f64() * 1000.0,
        }
    }

    pub(crate) fn failed(&self) -> impl Iterator<Item = &'static str> {
        self.evidence
            .iter()
            .filter(|evidence| evidence.verdict == Verdict::Fail)
            .map(|evidence| evidence.id)
    }
}

/// Redis as its keeper last saw it, a second ago at most.
fn redis_seen(redis: &Redis) -> Dependency {
    let up = redis.is_up();
    let detail = if up {
        "shares limits and events"
    } else {
        "does not answer: limits and events stay on this instance"
    };
    Dependency {
        name: "redis",
        up,
        optional: true,
        detail: detail.to_owned(),
        duration_ms: 0.0,
    }
}
