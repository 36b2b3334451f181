//! What needs a person now.

use std::time::Duration;

use serde::Serialize;
use utoipa::ToSchema;

use super::sampler::Window;
use super::{Look, Overview};
use crate::i18n::{Arguments, Catalogue, Language};
use crate::telemetry::objectives::{Objectives, objectives};

/// Where less of the disk than this is free, somebody should look; below the second, now.
const LITTLE_ROOM: f64 = 0.1;
const NO_ROOM: f64 = 0.02;
/// Fewer answers than this say nothing of an objective.
const FEWEST_ANSWERS: u64 = 100;

/// How much it matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// The server cannot do its work.
    Critical,
    /// It can, and something is wrong.
    Warning,
    /// Good to know.
    Info,
}

/// Something that needs a person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attention {
    /// The stable code, which is also the message's key: `overview.disk_low`.
    pub code: &'static str,
    /// How much it matters.
    pub severity: Severity,
    /// The message's arguments.
    pub arguments: Arguments,
    /// The page of the console where one sees more of it.
    pub link: &'static str,
}

/// The same in the caller's language.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = Attention)]
pub struct AttentionView {
    /// The stable code.
    #[schema(example = "overview.disk_low")]
    pub code: &'static str,
    /// How much it matters.
    pub severity: Severity,
    /// What it is, in the caller's language.
    pub text: String,
    /// The page of the console where one sees more of it.
    #[schema(example = "/admin/jobs?state=failed")]
    pub link: &'static str,
}

impl Attention {
    /// Something that needs a person.
    pub fn new(code: &'static str, severity: Severity, link: &'static str) -> Self {
        Self {
            code,
            severity,
            arguments: Vec::new(),
            link,
        }
    }

    /// With an argument of its message.
    #[must_use]
    pub fn with(mut self, name: &'static str, value: impl ToString) -> Self {
        self.arguments.push((name, value.to_string()));
        self
    }

    fn view(self, catalogue: &Catalogue, language: Language) -> AttentionView {
        AttentionView {
            text: catalogue.text(language, self.code, &self.arguments),
            code: self.code,
            severity: self.severity,
            link: self.link,
        }
    }
}

/// All of it, what matters most first.
pub(super) fn list(
    overview: &Overview,
    look: Option<&Look>,
    recent: &Window,
    language: Language,
) -> Vec<AttentionView> {
    let mut all = of_house(overview, recent);
    match look {
        Some(look) => all.extend(of_look(look)),
        None => all.push(Attention::new(
            "overview.slow",
            Severity::Warning,
            "/admin/logs",
        )),
    }
    all.sort_by_key(|one| one.severity);
    let catalogue = &overview.context.catalogue;
    all.into_iter()
        .map(|one| one.view(catalogue, language))
        .collect()
}

fn of_house(overview: &Overview, recent: &Window) -> Vec<Attention> {
    use Severity::{Info, Warning};
    let mut all = Vec::new();
    let upstreams = overview.vitals.upstreams.states();
    for upstream in upstreams.iter().filter(|one| one.state == "open") {
        let open = Attention::new("overview.breaker_open", Warning, "/admin/logs");
        all.push(open.with("name", upstream.name));
    }
    for check in overview.vitals.failed() {
        let failed = Attention::new("overview.check_failed", Severity::Critical, "/admin/logs");
        all.push(failed.with("check", check));
    }
    if overview.vitals.last_stop_was_clean == Some(false) {
        all.push(Attention::new("overview.unclean_stop", Info, "/admin/logs"));
    }
    if !overview.context.notify.has_mail() {
        all.push(Attention::new(
            "overview.no_mail",
            Info,
            "/admin/configuration",
        ));
    }
    all.extend(missed(recent, objectives()));
    all
}

/// The objectives that the last minutes missed.
fn missed(recent: &Window, objectives: &Objectives) -> Vec<Attention> {
    if recent.all.answers < FEWEST_ANSWERS {
        return Vec::new();
    }
    let minutes = Duration::from_secs_f64(recent.seconds)
        .as_secs()
        .div_ceil(60);
    let judged = [
        (
            "overview.p95_missed",
            recent.all.quantile_ms(0.95),
            objectives.latency_p95_ms,
        ),
        (
            "overview.p99_missed",
            recent.all.quantile_ms(0.99),
            objectives.latency_p99_ms,
        ),
        (
            "overview.errors_missed",
            recent.all.failed_percent(),
            objectives.errors_percent,
        ),
    ];
    let missed = judged.into_iter().filter_map(|(code, value, objective)| {
        let value = value.filter(|value| !objective.is_met_by(*value))?;
        let digits = if value < 10.0 { 2 } else { 0 };
        let one = Attention::new(code, Severity::Warning, "/")
            .with("value", format!("{value:.digits$}"))
            .with("limit", objective.target_below)
            .with("minutes", minutes);
        Some(one)
    });
    missed.collect()
}

fn of_look(look: &Look) -> Vec<Attention> {
    use Severity::{Critical, Warning};
    let mut all = Vec::new();
    for down in look.dependencies.iter().filter(|one| !one.up) {
        let severity = if down.optional { Warning } else { Critical };
        let one = Attention::new("overview.dependency_down", severity, "/admin/logs");
        all.push(one.with("name", down.name).with("detail", &down.detail));
    }
    let failed = look.jobs.map_or(0, |jobs| jobs.failed_last_day);
    if failed > 0 {
        let one = Attention::new("overview.jobs_failed", Warning, "/admin/jobs?state=failed");
        all.push(one.with("count", failed));
    }
    if look.failed_deliveries > 0 {
        let link = "/admin/notifications";
        let one = Attention::new("overview.deliveries_failed", Warning, link);
        all.push(one.with("count", look.failed_deliveries));
    }
    if let Some(disk) = look.disk {
        let share = disk.free_bytes as f64 / disk.total_bytes.max(1) as f64;
        if share < LITTLE_ROOM {
            let severity = if share < NO_ROOM { Critical } else { Warning };
            let one = Attention::new("overview.disk_low", severity, "/admin/logs");
            let percent = format!("{:.0}", share * 100.0);
            all.push(
                one.with("percent", percent)
                    .with("megabytes", disk.free_bytes / 1_000_000),
            );
        }
    }
    all.extend(look.of_services.iter().cloned());
    all
}
