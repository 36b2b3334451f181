//! Durable single-row writes through the data layer: 32 callers, each waiting for its row to be on disk.
//!
//! `cargo bench -p chassis --bench writes` prints writes per second, rows per sync and the latency a caller sees.
//! The folder is the working directory's, not a memory file system: a sync that does nothing proves nothing.

#![expect(clippy::print_stdout, reason = "a benchmark prints")]
#![expect(clippy::disallowed_methods, reason = "its callers are awaited below")]

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use chassis::clock::SystemClock;
use chassis::config::Data;
use chassis::data::{DataError, Database};
use metrics::{
    Counter, CounterFn, Gauge, Histogram, HistogramFn, Key, KeyName, Metadata, Recorder,
    SharedString, Unit,
};
use sea_orm::{ConnectionTrait, Statement};

const CALLERS: i64 = 32;
const WARM_UP: Duration = Duration::from_secs(1);
const MEASURED: Duration = Duration::from_secs(4);
const ROUNDS: usize = 3;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    // `cargo test --all-targets` runs benches too, without `--bench`: there is nothing to measure then.
    if !std::env::args().any(|argument| argument == "--bench") {
        return Ok(());
    }
    let syncs = Arc::new(Syncs::default());
    metrics::set_global_recorder(SyncRecorder(Arc::clone(&syncs)))?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?;
    // Alternating, so that a slow minute of the machine meets both.
    for round in 1..=ROUNDS {
        for (name, group_commit_rows) in [("grouped", 256), ("one row a sync", 1)] {
            let folder = tempfile::tempdir_in(".")?;
            let config = Data {
                folder: folder.path().to_owned(),
                group_commit_rows,
                ..Data::default()
            };
            let figures = runtime.block_on(measure(&config, &syncs))?;
            println!("round {round}, {name}: {figures}");
        }
    }
    Ok(())
}

struct Figures {
    per_second: f64,
    rows_per_sync: f64,
    p50_ms: f64,
    p99_ms: f64,
    worst_ms: f64,
}

impl std::fmt::Display for Figures {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            formatter,
            "{:.0} writes/s, {:.1} rows a sync, p50 {:.2} ms, p99 {:.2} ms, worst {:.2} ms",
            self.per_second, self.rows_per_sync, self.p50_ms, self.p99_ms, self.worst_ms
        )
    }
}

async fn measure(config: &Data, syncs: &Arc<Syncs>) -> Result<Figures, DataError> {
    let database = Database::open(config, Arc::new(SystemClock)).await?;
    database
        .write(|tx| {
            Box::pin(async move {
                let table = "CREATE TABLE IF NOT EXISTS measured (id INTEGER PRIMARY KEY, caller INTEGER NOT NULL, body TEXT NOT NULL)";
                tx.execute_unprepared(table).await?;
                Ok::<_, DataError>(())
            })
        })
        .await?;
    run(&database, WARM_UP).await?;
    let before = syncs.read();
    let began = Instant::now();
    let mut latencies = run(&database, MEASURED).await?;
    let elapsed = began.elapsed().as_secs_f64();
    let after = syncs.read();
    database.close().await?;

    latencies.sort_unstable();
    let at = |share: f64| {
        let index = ((latencies.len() - 1) as f64 * share) as usize;
        latencies[index].as_secs_f64() * 1_000.0
    };
    Ok(Figures {
        per_second: latencies.len() as f64 / elapsed,
        rows_per_sync: (after.1 - before.1) as f64 / (after.0 - before.0) as f64,
        p50_ms: at(0.5),
        p99_ms: at(0.99),
        worst_ms: at(1.0),
    })
}

/// Lets all callers write one row after the other and gives what each write took.
async fn run(database: &Database, time: Duration) -> Result<Vec<Duration>, DataError> {
    let until = Instant::now() + time;
    let callers = (0..CALLERS).map(|caller| {
        let database = database.clone();
        tokio::task::spawn(async move {
            let mut latencies = Vec::new();
            while Instant::now() < until {
                let began = Instant::now();
                database
                    .write(move |tx| Box::pin(insert(tx, caller)))
                    .await?;
                latencies.push(began.elapsed());
            }
            Ok::<_, DataError>(latencies)
        })
    });
    let mut latencies = Vec::new();
    for caller in callers.collect::<Vec<_>>() {
        latencies.extend(caller.await.expect("a caller does not panic")?);
    }
    Ok(latencies)
}

async fn insert(tx: &sea_orm::DatabaseTransaction, caller: i64) -> Result<(), DataError> {
    let sql = "INSERT INTO measured (caller, body) VALUES (?, ?)";
    let values = [
        caller.into(),
        "a line of text about as long as a small record, 64 bytes.......".into(),
    ];
    tx.execute_raw(Statement::from_sql_and_values(
        sea_orm::DbBackend::Sqlite,
        sql,
        values,
    ))
    .await?;
    Ok(())
}

/// Counts groups and their rows from the metric the writer records.
#[derive(Default)]
struct Syncs {
    groups: AtomicU64,
    rows: AtomicU64,
}

impl Syncs {
    fn read(&self) -> (u64, u64) {
        (
            self.groups.load(Ordering::Relaxed),
            self.rows.load(Ordering::Relaxed),
        )
    }
}

impl HistogramFn for Syncs {
    fn record(&self, rows: f64) {
        self.groups.fetch_add(1, Ordering::Relaxed);
        self.rows.fetch_add(rows as u64, Ordering::Relaxed);
    }
}

struct Ignored;

impl CounterFn for Ignored {
    fn increment(&self, _: u64) {}
    fn absolute(&self, _: u64) {}
}

struct SyncRecorder(Arc<Syncs>);

impl Recorder for SyncRecorder {
    fn describe_counter(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}
    fn describe_gauge(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}
    fn describe_histogram(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}

    fn register_counter(&self, _: &Key, _: &Metadata<'_>) -> Counter {
        Counter::from_arc(Arc::new(Ignored))
    }

    fn register_gauge(&self, _: &Key, _: &Metadata<'_>) -> Gauge {
        Gauge::noop()
    }

    fn register_histogram(&self, key: &Key, _: &Metadata<'_>) -> Histogram {
        match key.name() {
            "data_group_rows" => Histogram::from_arc(Arc::clone(&self.0)),
            _ => Histogram::noop(),
        }
    }
}
