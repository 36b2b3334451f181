//! The load generator by itself: `load http://127.0.0.1:8080 [--path /livez] [--rate 200 | --closed] [--seconds 10] [--connections 32]
//! [--warm-up 1] [--poisson SEED] [--key KEY]`. Prints its figures as JSON.

use std::io::Write;
use std::time::Duration;

use anyhow::{Context, bail};
use chassis::check::scenario::LoadRequest;
use readiness::load::generator::{self, Pacing, Plan, address};
use readiness::load::mix::Mix;
use readiness::load::schedule::Arrivals;
use readiness::load::summary::Latency;
use serde_json::{Value, json};

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let summary = generator::run(plan()?).await?;
    let figures = json!({
        "due": summary.due,
        "answered": summary.answered,
        "failed": summary.failed,
        "unsent": summary.unsent,
        "wanted_per_s": summary.wanted_per_s,
        "achieved_per_s": summary.achieved_per_s,
        "latency_ms": written(summary.latency),
        "service_ms": written(summary.service),
        "late_ms": written(summary.late),
        "faults": summary.faults,
    });
    writeln!(std::io::stdout(), "{figures}")?;
    Ok(())
}

fn written(latency: Latency) -> Value {
    json!({ "p50": latency.p50_ms, "p95": latency.p95_ms, "p99": latency.p99_ms, "max": latency.max_ms })
}

fn plan() -> anyhow::Result<Plan> {
    let mut words = std::env::args().skip(1);
    let base = words
        .next()
        .context("an address such as http://127.0.0.1:8080 is missing")?;
    let (mut path, mut key, mut seed) = ("/".to_owned(), None, None);
    let (mut rate, mut seconds, mut warm_up) = (200.0, 10.0, 1.0);
    let (mut connections, mut is_closed) = (32, false);
    while let Some(word) = words.next() {
        if word == "--closed" {
            is_closed = true;
            continue;
        }
        let value = words
            .next()
            .with_context(|| format!("{word} needs a value"))?;
        match word.as_str() {
            "--path" => path = value,
            "--key" => key = Some(value),
            "--rate" => rate = value.parse()?,
            "--seconds" => seconds = value.parse()?,
            "--warm-up" => warm_up = value.parse()?,
            "--connections" => connections = value.parse()?,
            "--poisson" => seed = Some(value.parse()?),
            other => bail!("`{other}` is unknown"),
        }
    }
    let request = LoadRequest::get("get", 1, &path);
    let mix = Mix::new(&[request], address(&base)?, key.as_deref())?;
    let length = Duration::try_from_secs_f64(seconds + warm_up)?;
    let mut plan = Plan::new(&base, mix, rate, length)?;
    plan.warm_up = Duration::try_from_secs_f64(warm_up)?;
    plan.connections = connections;
    if let Some(seed) = seed {
        plan.pacing = Pacing::Open {
            rate_per_s: rate,
            arrivals: Arrivals::Poisson { seed },
        };
    }
    Ok(if is_closed { plan.closed() } else { plan })
}
