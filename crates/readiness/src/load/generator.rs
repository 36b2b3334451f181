//! The generator: requests at their moments, over a bounded number of connections.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use chassis::check::Trouble;
use chassis::check::scenario::LoadRequest;
use chassis::task;
use futures_util::future::join_all;
use hdrhistogram::Histogram;
use http::response::Parts;
use tokio::task::JoinHandle;

use super::connection::{Connection, Failure};
use super::mix::Mix;
use super::queue::{Due, Queue};
use super::schedule::{Arrivals, Schedule};
use super::summary::Summary;
use super::tally::{Ended, Tally, fine, micros};

/// How requests follow each other.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Pacing {
    /// At their moments, whatever the server does.
    Open {
        /// So many a second on average.
        rate_per_s: f64,
        /// How they come.
        arrivals: Arrivals,
    },
    /// Each connection asks again as soon as it is answered: to compare with programs that do no better.
    Closed,
}

/// Says what is wrong with an answer.
pub type Judge = Arc<dyn Fn(&LoadRequest, &Parts) -> Result<(), String> + Send + Sync>;

/// A run.
#[derive(Clone)]
pub struct Plan {
    /// `host:port`.
    pub address: String,
    /// What is asked.
    pub mix: Mix,
    /// How requests follow each other.
    pub pacing: Pacing,
    /// How long requests are due, the warm-up included.
    pub length: Duration,
    /// What is due in this time at the beginning is not counted.
    pub warm_up: Duration,
    /// Connections at most.
    pub connections: usize,
    /// Requests that may wait for a free connection; those beyond are not sent and count as errors.
    pub waiting: usize,
    /// An answer that takes longer, from the moment at which its request was sent, is given up and counts as an error.
    pub patience: Duration,
    /// What a point over time stands for.
    pub window: Duration,
    /// What is wrong with an answer; that its status is not the expected one, where nothing else is said.
    pub judge: Judge,
}

impl Plan {
    /// At a constant rate, 32 connections, for a base such as `http://127.0.0.1:8080`.
    pub fn new(base: &str, mix: Mix, rate_per_s: f64, length: Duration) -> Result<Self, Trouble> {
        Ok(Self {
            address: address(base)?.to_owned(),
            mix,
            pacing: Pacing::Open {
                rate_per_s,
                arrivals: Arrivals::Constant,
            },
            length,
            warm_up: Duration::ZERO,
            connections: 32,
            // Five seconds of requests: somebody who waits longer is gone.
            waiting: (rate_per_s * 5.0).clamp(64.0, 1e6) as usize,
            patience: Duration::from_secs(10),
            window: Duration::from_secs(1),
            judge: Arc::new(by_status),
        })
    }

    /// As fast as the answers come.
    #[must_use]
    pub fn closed(mut self) -> Self {
        self.pacing = Pacing::Closed;
        self
    }
}

/// The `host:port` of a base address.
pub fn address(base: &str) -> Result<&str, Trouble> {
    let rest = base.strip_prefix("http://").ok_or_else(|| {
        Trouble::not_verifiable(
            "the load generator speaks plain HTTP: point it at the server behind the TLS proxy",
            "le générateur de charge parle HTTP sans TLS : visez le serveur derrière le mandataire TLS",
        )
    })?;
    Ok(rest.trim_end_matches('/'))
}

fn by_status(request: &LoadRequest, answer: &Parts) -> Result<(), String> {
    let status = answer.status.as_u16();
    if status == request.status {
        return Ok(());
    }
    let (name, expected) = (request.name, request.status);
    Err(format!("`{name}` answered {status} in place of {expected}"))
}

/// Runs it to its end.
pub async fn run(plan: Plan) -> Result<Summary, Trouble> {
    let names = (0..plan.mix.len()).map(|kind| plan.mix.request(kind).name);
    let tally = Tally::new(names, plan.warm_up, plan.window);
    // All connections stand before the first request is due: a visitor does not pay for those of others.
    let mut connections: Vec<_> = (0..plan.connections.max(1))
        .map(|_| Connection::to(&plan.address))
        .collect();
    let opening = join_all(connections.iter_mut().map(Connection::open));
    // One that does not open is tried again by its first request, which counts.
    let _ = tokio::time::timeout(Duration::from_secs(5), opening).await;
    let run = Arc::new(Run {
        queue: Queue::new(plan.waiting.max(1)),
        next: AtomicU64::new(0),
        is_over: AtomicBool::new(false),
        start: Instant::now(),
        tally,
        plan,
    });
    // Also where this future is dropped before its end.
    let end = End(run.clone());
    let workers: Vec<_> = connections
        .into_iter()
        .map(|connection| Abort(task::spawn(run.clone().work(connection))))
        .collect();
    let lateness = match run.plan.pacing {
        Pacing::Open {
            rate_per_s,
            arrivals,
        } => {
            let schedule = Schedule::new(rate_per_s, arrivals);
            let pacer = run.clone();
            // A thread of its own: timers of the runtime are a millisecond coarse.
            let paced = tokio::task::spawn_blocking(move || pacer.pace(schedule)).await;
            paced.map_err(|_| Trouble::broke("the load generator panicked"))?
        }
        Pacing::Closed => {
            tokio::time::sleep(run.plan.length).await;
            fine()
        }
    };
    for mut worker in workers {
        let ended = (&mut worker.0).await;
        ended.map_err(|_| Trouble::broke("the load generator panicked"))?;
    }
    for due in run.queue.take_all() {
        run.tally.unsent(due.at, "not sent before the end");
    }
    drop(end);
    let wanted = match run.plan.pacing {
        Pacing::Open { rate_per_s, .. } => Some(rate_per_s),
        Pacing::Closed => None,
    };
    Ok(run.tally.summary(wanted, run.plan.length, &lateness))
}

struct Run {
    plan: Plan,
    tally: Tally,
    queue: Queue,
    /// The next request's number in a closed loop.
    next: AtomicU64,
    is_over: AtomicBool,
    start: Instant,
}

impl Run {
    /// Hands each request over at its moment; how late that was.
    fn pace(&self, schedule: Schedule) -> Histogram<u64> {
        let mut lateness = fine();
        for (number, at) in schedule.enumerate() {
            if at >= self.plan.length || self.is_over.load(Ordering::Relaxed) {
                break;
            }
            if let Some(left) = at.checked_sub(self.start.elapsed()) {
                std::thread::sleep(left);
            }
            lateness.saturating_record(micros(self.start.elapsed().saturating_sub(at)));
            let due = Due {
                number: number as u64,
                at,
            };
            if !self.queue.push(due) {
                self.tally.unsent(at, "no place in the queue");
            }
        }
        self.queue.close();
        lateness
    }

    /// What one connection does.
    async fn work(self: Arc<Self>, mut connection: Connection) {
        while let Some(due) = self.next().await {
            self.ask(&mut connection, due).await;
        }
    }

    async fn next(&self) -> Option<Due> {
        match self.plan.pacing {
            Pacing::Open { .. } if self.start.elapsed() >= self.deadline() => None,
            Pacing::Open { .. } => self.queue.pop().await,
            Pacing::Closed => {
                let at = self.start.elapsed();
                (at < self.plan.length).then(|| Due {
                    number: self.next.fetch_add(1, Ordering::Relaxed),
                    at,
                })
            }
        }
    }

    /// What waits has time to be sent and answered after the last request was due; then it is given up.
    fn deadline(&self) -> Duration {
        self.plan.length + self.plan.patience
    }

    async fn ask(&self, connection: &mut Connection, due: Due) {
        let kind = self.plan.mix.kind_of(due.number);
        let name = self.plan.mix.request(kind).name;
        let sent = self.start.elapsed();
        let mut status = None;
        let fault = match self.plan.mix.render(due.number) {
            Err(trouble) => Some(trouble.to_string()),
            Ok(request) => {
                let limit = self.start + self.deadline().min(sent + self.plan.patience);
                let answer = connection.exchange(request);
                match tokio::time::timeout_at(limit.into(), answer).await {
                    Err(_elapsed) => {
                        connection.close();
                        Some(format!("`{name}` was given up: no answer in time"))
                    }
                    Ok(Err(failure)) => {
                        if failure == Failure::NoConnection {
                            // In a closed loop it would be tried without a pause.
                            tokio::time::sleep(Duration::from_millis(10)).await;
                        }
                        Some(format!("`{name}`: {failure}"))
                    }
                    Ok(Ok(parts)) => {
                        status = Some(parts.status.as_u16());
                        (self.plan.judge)(self.plan.mix.request(kind), &parts).err()
                    }
                }
            }
        };
        self.tally.ended(Ended {
            kind,
            due: due.at,
            sent,
            ended: self.start.elapsed(),
            status,
            fault: fault.as_deref(),
        });
    }
}

/// Ends the pacing thread with the run.
struct End(Arc<Run>);

impl Drop for End {
    fn drop(&mut self) {
        self.0.is_over.store(true, Ordering::Relaxed);
        self.0.queue.close();
    }
}

struct Abort(JoinHandle<()>);

impl Drop for Abort {
    fn drop(&mut self) {
        self.0.abort();
    }
}
