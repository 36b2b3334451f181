//! What a request costs the server.

use std::time::Duration;

use chassis::check::ground::Wishes;
use chassis::check::{
    About, Area, Check, Finding, Need, Said, Series, Shape, Subject, Trouble, Words,
};
use futures_util::FutureExt;
use futures_util::future::BoxFuture;

use super::{MB, comma, shortened};
use crate::load::generator;
use crate::load::process;
use chassis::telemetry::objectives::objectives;

/// One core then carries the 200 requests a second of the quick drill.
const MOST_CPU_MS: f64 = 5.0;
/// With 80 MB at rest the whole stays below 150 MB and fits the smallest machine that one can rent, beside its system.
const MOST_GROWTH_MB: f64 = 64.0;
/// Looks at the process, for its greatest size.
const LOOK_EVERY: Duration = Duration::from_millis(200);

/// `load.cost`.
pub(crate) struct Cost;

impl Check for Cost {
    fn about(&self) -> About {
        About {
            id: "load.cost",
            area: Area::Load,
            service: None,
            title: Words::new(
                "A request costs little processor time, and load little memory",
                "Une requête coûte peu de temps processeur, et la charge peu de mémoire",
            ),
            what: Words::new(
                "Sends the mixed traffic at a fixed rate to an instance of its own and reads the server’s processor time and resident memory from /proc before, meanwhile and after.",
                "Envoie le trafic mêlé à un débit fixe à une instance à part et lit dans /proc le temps processeur et la mémoire résidente du serveur avant, pendant et après.",
            ),
            passes: Words::new(
                "below 5 ms of processor time a request (one core then carries 200 a second), memory growth below 64 MB (the whole then fits a machine of 256 MB), below 60 % of all cores",
                "moins de 5 ms de temps processeur par requête (un cœur porte alors 200 requêtes par seconde), croissance de la mémoire sous 64 Mo (le tout tient alors sur une machine de 256 Mo), moins de 60 % de tous les cœurs",
            ),
            by_hand: Words::new(
                "P=$(pgrep -f 'aplomb serve'); cut -d' ' -f14,15 /proc/$P/stat; grep VmRSS /proc/$P/status; wrk -t1 -c16 -d10s http://localhost:8080/livez; cut -d' ' -f14,15 /proc/$P/stat; grep VmRSS /proc/$P/status",
                "P=$(pgrep -f 'aplomb serve'); cut -d' ' -f14,15 /proc/$P/stat; grep VmRSS /proc/$P/status; wrk -t1 -c16 -d10s http://localhost:8080/livez; cut -d' ' -f14,15 /proc/$P/stat; grep VmRSS /proc/$P/status",
            ),
            when_it_fails: Words::new(
                "Processor time: a debug build costs many times more, use the release binary; then `perf top -p $P` while it is loaded names the function. Memory: many large pictures or uploads at once (`luna.maximum_raster_px`, `http.body_limit_bytes`), or large request heads (`http.header_limit_bytes` times connections). Growth that goes on is a leak: see load.soak.",
                "Temps processeur : une compilation de débogage coûte bien plus, prenez le binaire « release » ; puis `perf top -p $P` sous charge nomme la fonction. Mémoire : beaucoup de grandes images ou d’envois à la fois (`luna.maximum_raster_px`, `http.body_limit_bytes`), ou de gros en-têtes (`http.header_limit_bytes` fois les connexions). Une croissance qui continue est une fuite : voir load.soak.",
            ),
            weight: 4,
            is_required: false,
            disturbs: true,
            needs: &[Need::Ground],
            fresh_days: 30,
        }
    }

    fn run<'a>(&'a self, subject: &'a Subject) -> BoxFuture<'a, Result<Finding, Trouble>> {
        measure(subject).boxed()
    }
}

async fn measure(subject: &Subject) -> Result<Finding, Trouble> {
    let (rate_per_s, length_s) = subject.by_pace((200.0, 5), (500.0, 30));
    let (instance, key) = super::stage(subject, Wishes::none()).await?;
    let pid = process::of(instance.as_ref())?;
    let plan = |length| super::mixed(subject, instance.as_ref(), &key, rate_per_s, length);
    // Caches fill, connections open: that is no cost of each request.
    generator::run(plan(Duration::from_millis(1_500))?).await?;
    let work = generator::run(plan(Duration::from_secs(length_s))?);
    let (summary, readings) = process::watched(pid, LOOK_EVERY, work).await?;
    let summary = summary?;
    let (Some((_, first)), Some((ended_s, last))) = (readings.first(), readings.last()) else {
        return Err(Trouble::broke("the server was not looked at"));
    };
    let handled = (summary.due - summary.unsent).max(1);
    let cpu_s = last.cpu.saturating_sub(first.cpu).as_secs_f64();
    let cpu_ms = cpu_s * 1_000.0 / handled as f64;
    let share_percent = cpu_s * 100.0 / ended_s.max(1e-3) / process::cores() as f64;
    let most = readings.iter().map(|(_, one)| one.resident_bytes).max();
    let growth = most.unwrap_or(0).saturating_sub(first.resident_bytes);
    let growth_mb = growth as f64 / MB;
    let rest_mb = first.resident_bytes as f64 / MB;

    let share_limit = objectives().cpu_percent;
    let mut faults = Vec::new();
    if cpu_ms >= MOST_CPU_MS {
        faults.push(format!(
            "a request costs {cpu_ms:.2} ms of CPU, not below {MOST_CPU_MS} ms"
        ));
    }
    if growth_mb >= MOST_GROWTH_MB {
        faults.push(format!(
            "memory grew by {growth_mb:.0} MB under load, not below {MOST_GROWTH_MB} MB"
        ));
    }
    if !share_limit.is_met_by(share_percent) {
        faults.push(format!(
            "{share_percent:.0} % of all cores were used, not below {} %",
            share_limit.target_below
        ));
    }
    let cores = process::cores();
    let figures = format!("{cpu_ms:.2} ms");
    let measured = Said::new(
        format!(
            "{figures} CPU a request at {rate_per_s:.0} a second, {share_percent:.0} % of {cores} cores; memory {rest_mb:.0} MB and {growth_mb:.0} MB more"
        ),
        format!(
            "{} de CPU par requête à {rate_per_s:.0} par seconde, {share_percent:.0} % de {cores} cœurs ; mémoire {rest_mb:.0} Mo et {growth_mb:.0} Mo de plus",
            comma(&figures)
        ),
    );
    let required = Said::new(
        format!(
            "CPU < {MOST_CPU_MS} ms a request, memory growth < {MOST_GROWTH_MB} MB, < {} % of all cores",
            share_limit.target_below
        ),
        format!(
            "CPU < {MOST_CPU_MS} ms par requête, croissance < {MOST_GROWTH_MB} Mo, < {} % de tous les cœurs",
            share_limit.target_below
        ),
    );
    let memory = Series {
        name: "resident memory".to_owned(),
        name_fr: "mémoire résidente".to_owned(),
        unit_x: "s".to_owned(),
        unit_y: "MB".to_owned(),
        shape: Shape::Line,
        points: readings
            .iter()
            .map(|(at, one)| (*at, one.resident_bytes as f64 / MB))
            .collect(),
    };
    let finding = Finding::new(faults.is_empty(), measured, required)
        .faults(faults)
        .series(memory);
    Ok(shortened(subject, finding, || {
        Said::new(
            "5 s at 200 a second in place of 30 s at 500",
            "5 s à 200 par seconde au lieu de 30 s à 500",
        )
    }))
}
