//! The objectives under mixed traffic.

use std::fmt::Write;
use std::time::Duration;

use chassis::check::ground::Wishes;
use chassis::check::{About, Area, Check, Finding, Need, Said, Subject, Trouble, Words};
use futures_util::FutureExt;
use futures_util::future::BoxFuture;

use super::{comma, shortened};
use crate::load::generator;
use crate::load::process::{self, Others};
use crate::load::summary::Summary;
use chassis::telemetry::objectives::objectives;

/// A failure while others had more than this of the machine is measured again, at most so many times in all.
const OTHERS_SHARE: f64 = 0.25;
const ATTEMPTS: usize = 3;

/// `load.objectives`.
pub(crate) struct Objectives;

impl Check for Objectives {
    fn about(&self) -> About {
        About {
            id: "load.objectives",
            area: Area::Load,
            service: None,
            title: Words::new(
                "Mixed traffic is answered within the objectives",
                "Un trafic mêlé reçoit ses réponses dans les objectifs",
            ),
            what: Words::new(
                "Sends the mixed traffic of all services at a fixed rate (200 a second for 8 s; with --full 1,000 a second for a minute) to an instance of its own without limits. The rate does not wait for answers, and latency counts from the moment at which a request was due: a stall shows in all requests that it hit. The service time, which leaves that out, stands beside.",
                "Envoie le trafic mêlé de tous les services à un débit fixe (200 par seconde pendant 8 s ; avec --full 1 000 par seconde pendant une minute) à une instance à part, sans limites. Le débit n’attend pas les réponses, et la latence compte depuis l’instant où la requête était due : un blocage se voit dans toutes les requêtes qu’il a touchées. Le temps de service, qui l’ignore, figure à côté.",
            ),
            passes: Words::new(
                "p95 below 200 ms, p99 below 1 s, errors below 0.1 %",
                "p95 sous 200 ms, p99 sous 1 s, moins de 0,1 % d’erreurs",
            ),
            by_hand: Words::new(
                "KEY=$(aplomb key create --name load --scopes '*'); wrk -t1 -c32 -d10s --latency -H \"Authorization: Bearer $KEY\" http://localhost:8080/api/v1/auth/me",
                "KEY=$(aplomb key create --name charge --scopes '*'); wrk -t1 -c32 -d10s --latency -H \"Authorization: Bearer $KEY\" http://localhost:8080/api/v1/auth/me",
            ),
            when_it_fails: Words::new(
                "The faults name the slowest kind of request and each wrong answer. If all kinds are slow: the machine has too few cores or others use it (`top`), or it is a debug build: use the release binary. If only those that write are slow: the disk is (`fio`, or the sync time in /metrics). If the service time is good and the latency is not: the server stalled now and then; compare p95 over time with its log. Errors 503: `http.maximum_in_flight` is too low for this machine.",
                "Les défauts nomment le genre de requête le plus lent et chaque réponse fausse. Si tous sont lents : la machine a trop peu de cœurs ou d’autres l’occupent (`top`), ou c’est une compilation de débogage : prenez le binaire « release ». Si seules les écritures sont lentes : c’est le disque (`fio`, ou le temps de synchronisation dans /metrics). Si le temps de service est bon et la latence non : le serveur s’est bloqué par moments ; comparez le p95 au fil du temps avec son journal. Des erreurs 503 : `http.maximum_in_flight` est trop bas pour cette machine.",
            ),
            weight: 9,
            is_required: true,
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
    let (rate_per_s, length_s) = subject.by_pace((200.0, 8), (1_000.0, 60));
    let (instance, key) = super::stage(subject, Wishes::none()).await?;
    let pid = process::of(instance.as_ref())?;
    let mut attempt = 1;
    let (summary, faults, others) = loop {
        let length = Duration::from_secs(length_s);
        let mut plan = super::mixed(subject, instance.as_ref(), &key, rate_per_s, length)?;
        plan.warm_up = subject.by_pace(Duration::from_millis(1_500), Duration::from_secs(5));
        let others = Others::begin(pid);
        let summary = generator::run(plan).await?;
        let share = others.share(pid);
        let faults = missed(&summary);
        let was_busy = share.is_some_and(|share| share > OTHERS_SHARE);
        if faults.is_empty() || !was_busy || attempt == ATTEMPTS {
            break (summary, faults, share);
        }
        attempt += 1;
    };
    let cores = process::cores();
    let mut finding = Finding::new(
        faults.is_empty(),
        said(&summary, others, attempt, cores),
        required(),
    )
    .faults(faults);
    for series in summary.series() {
        finding = finding.series(series);
    }
    Ok(shortened(subject, finding, || {
        Said::new(
            "8 s at 200 a second in place of a minute at 1,000",
            "8 s à 200 par seconde au lieu d’une minute à 1 000",
        )
    }))
}

/// Each objective that is missed, with what missed it.
fn missed(summary: &Summary) -> Vec<String> {
    let limits = objectives();
    let mut faults = Vec::new();
    let slowest = summary.slowest().map_or_else(String::new, |kind| {
        let (name, p95) = (kind.name, kind.latency.p95_ms);
        format!("; the slowest kind is `{name}`, p95 {p95:.1} ms")
    });
    for (name, value, limit) in [
        ("p95", summary.latency.p95_ms, limits.latency_p95_ms),
        ("p99", summary.latency.p99_ms, limits.latency_p99_ms),
    ] {
        if !limit.is_met_by(value) {
            let below = limit.target_below;
            faults.push(format!(
                "{name} is {value:.0} ms, not below {below} ms{slowest}"
            ));
        }
    }
    let errors = summary.errors_percent();
    if !limits.errors_percent.is_met_by(errors) {
        let below = limits.errors_percent.target_below;
        faults.push(format!("errors are {errors:.2} %, not below {below} %"));
        faults.extend(summary.fault_lines());
    }
    if summary.due == 0 {
        faults.push("no request was due".to_owned());
    }
    faults
}

fn required() -> Said {
    let limits = objectives();
    let (p95, p99) = (limits.latency_p95_ms, limits.latency_p99_ms);
    let errors = limits.errors_percent.target_below;
    let (p95, p99) = (p95.target_below, p99.target_below);
    Said::new(
        format!("p95 < {p95} ms, p99 < {p99} ms, errors < {errors} %"),
        format!(
            "p95 < {p95} ms, p99 < {p99} ms, erreurs < {} %",
            comma(&errors.to_string())
        ),
    )
}

fn said(summary: &Summary, others: Option<f64>, attempt: usize, cores: usize) -> Said {
    let (latency, service) = (summary.latency, summary.service);
    let (rate, wanted) = (summary.achieved_per_s, summary.wanted_per_s.unwrap_or(0.0));
    let errors = summary.errors_percent();
    let figures = format!(
        "p50 {:.1} ms, p95 {:.1} ms, p99 {:.1} ms, max {:.0} ms",
        latency.p50_ms, latency.p95_ms, latency.p99_ms, latency.max_ms
    );
    let (service_p99, errors_fr) = (
        format!("{:.1}", service.p99_ms),
        comma(&format!("{errors:.2}")),
    );
    let mut english = format!(
        "{figures}; errors {errors:.2} % of {}; {rate:.0} a second of {wanted:.0}; service time p99 {service_p99} ms; {cores} cores",
        summary.due,
    );
    let mut french = format!(
        "{} ; erreurs {errors_fr} % de {} ; {rate:.0} par seconde sur {wanted:.0} ; temps de service p99 {} ms ; {cores} cœurs",
        comma(&figures),
        summary.due,
        comma(&service_p99),
    );
    if let Some(share) = others.filter(|share| *share > OTHERS_SHARE) {
        let percent = share * 100.0;
        let _ = write!(
            english,
            "; other programs took {percent:.0} % of the machine (attempt {attempt})"
        );
        let _ = write!(
            french,
            " ; d’autres programmes ont pris {percent:.0} % de la machine (essai {attempt})"
        );
    }
    Said::new(english, french)
}
