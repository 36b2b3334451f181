//! Hours in minutes: what grows under steady traffic and does not stop.

use std::time::Duration;

use chassis::check::ground::{Instance, Wishes};
use chassis::check::{
    About, Area, Check, Finding, Need, Pace, Said, Series, Shape, Subject, Trouble, Words,
};
use futures_util::FutureExt;
use futures_util::future::BoxFuture;

use super::{MB, comma, median};
use crate::load::generator;
use crate::load::process::{self, Reading};
use crate::load::summary::{Summary, Window};
use chassis::telemetry::objectives::objectives;

/// A server that grows more than this is over a gigabyte within the 17 hours between two working days.
const MOST_SLOPE_MB_PER_MIN: f64 = 1.0;
/// Connections come and go; what stays open for good passes this within minutes.
const MOST_MORE_DESCRIPTORS: f64 = 16.0;

/// `load.soak`.
pub(crate) struct Soak;

impl Check for Soak {
    fn about(&self) -> About {
        About {
            id: "load.soak",
            area: Area::Load,
            service: None,
            title: Words::new(
                "Nothing leaks under steady traffic",
                "Rien ne fuit sous un trafic continu",
            ),
            what: Words::new(
                "Sends the mixed traffic at 100 a second for 12 minutes to an instance of its own, and reads memory and open files from /proc every 5 s. The first 2 minutes, in which caches fill, do not count. Only with --full.",
                "Envoie le trafic mêlé à 100 par seconde pendant 12 minutes à une instance à part, et lit dans /proc la mémoire et les fichiers ouverts toutes les 5 s. Les 2 premières minutes, où les caches se remplissent, ne comptent pas. Seulement avec --full.",
            ),
            passes: Words::new(
                "memory grows by less than 1 MB a minute (a gigabyte in 17 hours), open files by at most 16, and no alert of the objectives would have called anybody",
                "la mémoire croît de moins de 1 Mo par minute (un gigaoctet en 17 heures), les fichiers ouverts de 16 au plus, et aucune alerte des objectifs n’aurait appelé quelqu’un",
            ),
            by_hand: Words::new(
                "aplomb prove --full --only load.soak; or: P=$(pgrep -f 'aplomb serve'); while sleep 60; do grep VmRSS /proc/$P/status; ls /proc/$P/fd | wc -l; done",
                "aplomb prove --full --only load.soak ; ou : P=$(pgrep -f 'aplomb serve'); while sleep 60; do grep VmRSS /proc/$P/status; ls /proc/$P/fd | wc -l; done",
            ),
            when_it_fails: Words::new(
                "Open files: `ls -l /proc/$P/fd` says what they are; sockets in CLOSE-WAIT (`ss -tnp`) were left by clients, others are files. Memory: compare the plot with the traffic; if it grows with one kind of request, send only that one. Until it is mended, let the service manager restart the server at night.",
                "Fichiers ouverts : `ls -l /proc/$P/fd` dit ce qu’ils sont ; des sockets en CLOSE-WAIT (`ss -tnp`) viennent de clients partis, le reste est des fichiers. Mémoire : comparez la courbe au trafic ; si elle croît avec un genre de requête, n’envoyez que celui-là. En attendant la correction, faites redémarrer le serveur la nuit par le gestionnaire de services.",
            ),
            weight: 5,
            is_required: false,
            disturbs: true,
            needs: &[Need::Ground],
            fresh_days: 30,
        }
    }

    fn run<'a>(&'a self, subject: &'a Subject) -> BoxFuture<'a, Result<Finding, Trouble>> {
        async {
            if subject.pace == Pace::Quick {
                return Err(Trouble::not_verifiable(
                    "a leak shows only over ten minutes and more: run `aplomb prove --full --only load.soak`",
                    "une fuite ne se voit qu’après dix minutes et plus : lancez `aplomb prove --full --only load.soak`",
                ));
            }
            let times = Times {
                length: Duration::from_mins(12),
                warm_up: Duration::from_mins(2),
                look_every: Duration::from_secs(5),
                rate_per_s: 100.0,
            };
            let (instance, key) = super::stage(subject, Wishes::none()).await?;
            measure(subject, instance.as_ref(), &key, times).await
        }
        .boxed()
    }
}

/// How long a soak takes.
#[derive(Clone, Copy, Debug)]
pub struct Times {
    /// All of it.
    pub length: Duration,
    /// What does not count at its beginning.
    pub warm_up: Duration,
    /// Time between two looks at the process.
    pub look_every: Duration,
    /// Requests a second.
    pub rate_per_s: f64,
}

/// Soaks an instance that stands.
pub async fn measure(
    subject: &Subject,
    instance: &dyn Instance,
    key: &str,
    times: Times,
) -> Result<Finding, Trouble> {
    let pid = process::of(instance)?;
    let mut plan = super::mixed(subject, instance, key, times.rate_per_s, times.length)?;
    plan.warm_up = times.warm_up;
    plan.window = times.look_every;
    let work = generator::run(plan);
    let (summary, readings) = process::watched(pid, times.look_every, work).await?;
    Ok(judged(&summary?, &readings, times))
}

fn judged(summary: &Summary, readings: &[(f64, Reading)], times: Times) -> Finding {
    let after: Vec<_> = readings
        .iter()
        .filter(|(at, _)| *at >= times.warm_up.as_secs_f64())
        .collect();
    let memory_mb = |(at, one): &(f64, Reading)| (*at, one.resident_bytes as f64 / MB);
    let descriptors = |(at, one): &(f64, Reading)| (*at, one.descriptors as f64);
    let slope = slope_per_s(after.iter().map(|one| memory_mb(one)).collect()) * 60.0;
    let quarter = (after.len() / 4).max(1);
    let of = |part: &[&(f64, Reading)]| median(part.iter().map(|one| descriptors(one).1).collect());
    let more =
        of(&after[after.len().saturating_sub(quarter)..]) - of(&after[..quarter.min(after.len())]);

    let mut faults = Vec::new();
    if slope >= MOST_SLOPE_MB_PER_MIN {
        faults.push(format!(
            "memory grows by {slope:.2} MB a minute, not below {MOST_SLOPE_MB_PER_MIN}"
        ));
    }
    if more > MOST_MORE_DESCRIPTORS {
        faults.push(format!(
            "{more:.0} more files are open at the end than at the beginning, more than {MOST_MORE_DESCRIPTORS}"
        ));
    }
    faults.extend(called(summary, readings, times.look_every));

    let minutes = times.length.as_secs_f64() / 60.0;
    let (errors, p99) = (summary.errors_percent(), summary.latency.p99_ms);
    let figures = format!("{slope:.2}");
    let measured = Said::new(
        format!(
            "memory {figures} MB a minute, {more:+.0} open files over {minutes:.0} minutes; p99 {p99:.0} ms, errors {errors:.2} %"
        ),
        format!(
            "mémoire {} Mo par minute, {more:+.0} fichiers ouverts sur {minutes:.0} minutes ; p99 {p99:.0} ms, erreurs {} %",
            comma(&figures),
            comma(&format!("{errors:.2}"))
        ),
    );
    let required = Said::new(
        "memory < 1 MB a minute, at most 16 more open files, no alert",
        "mémoire < 1 Mo par minute, au plus 16 fichiers ouverts de plus, aucune alerte",
    );
    let line = |name: &str, french: &str, unit: &str, points: Vec<(f64, f64)>| Series {
        name: name.to_owned(),
        name_fr: french.to_owned(),
        unit_x: "s".to_owned(),
        unit_y: unit.to_owned(),
        shape: Shape::Line,
        points,
    };
    let mut finding = Finding::new(faults.is_empty(), measured, required)
        .faults(faults)
        .series(line(
            "resident memory",
            "mémoire résidente",
            "MB",
            readings.iter().map(memory_mb).collect(),
        ))
        .series(line(
            "open files",
            "fichiers ouverts",
            "",
            readings.iter().map(descriptors).collect(),
        ));
    for series in summary.series() {
        finding = finding.series(series);
    }
    finding
}

/// The alerts that would have called somebody.
fn called(summary: &Summary, readings: &[(f64, Reading)], every: Duration) -> Vec<String> {
    let limits = objectives();
    let p95 = summary.windows.iter().filter_map(|window| window.p95_ms);
    let errors = summary.windows.iter().map(Window::errors_percent);
    let cores = process::cores() as f64;
    let cpu = readings.windows(2).map(|pair| {
        let [(from, before), (to, after)] = pair else {
            return 0.0;
        };
        let used_s = after.cpu.saturating_sub(before.cpu).as_secs_f64();
        used_s * 100.0 / (to - from).max(1e-3) / cores
    });
    [
        ("p95 latency", limits.latency_p95_ms.alert.fires(p95, every)),
        ("errors", limits.errors_percent.alert.fires(errors, every)),
        ("CPU", limits.cpu_percent.alert.fires(cpu, every)),
    ]
    .into_iter()
    .filter(|(_, fires)| *fires)
    .map(|(name, _)| format!("the alert on {name} would have called somebody"))
    .collect()
}

/// The median of the slopes between the first and the second half of points (Theil and Sen, as Conover pairs them): single jumps do
/// not bend it.
fn slope_per_s(points: Vec<(f64, f64)>) -> f64 {
    let half = points.len() / 2;
    let (first, second) = (&points[..half], &points[points.len() - half..]);
    let slope = |((x0, y0), (x1, y1)): (&(f64, f64), &(f64, f64))| (y1 - y0) / (x1 - x0).max(1e-9);
    median(first.iter().zip(second).map(slope).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slope_is_found_under_noise_and_jumps() {
        let noisy = |slope: f64| {
            (0..100).map(move |n| {
                let jump = if n == 40 { 50.0 } else { 0.0 };
                let n = f64::from(n);
                (n * 5.0, 70.0 + slope * n * 5.0 + (n * 1.7).sin() + jump)
            })
        };
        for slope in [0.0, 0.05, -0.02] {
            let found = slope_per_s(noisy(slope).collect());
            assert!((found - slope).abs() < 0.005, "{slope}: {found}");
        }
        assert!(slope_per_s(Vec::new()).abs() < f64::EPSILON);
    }
}
