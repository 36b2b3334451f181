//! `aplomb prove`: drills on the running system, and the report.

use std::process::ExitCode;
use std::sync::Arc;

use anyhow::Context as _;
use chassis::check::ground::{Ground, Wishes};
use chassis::check::{Checks, Origin, Pace, Reach, Subject, scenario};
use chassis::clock::{Clock, SystemClock};
use chassis::house::Services;
use clap::Args;
use readiness::ground::Own;
use readiness::report::Report;
use readiness::runner::{self, Silent, Watch};
use readiness::settings::Settings;

use crate::cli::{Common, answer};
use crate::serve::runtime;

#[derive(Args)]
pub(crate) struct Prove {
    #[command(flatten)]
    common: Common,
    /// Real windows, twenty kills and a soak, in place of two minutes
    #[arg(long)]
    full: bool,
    /// Only these checks or areas, separated by commas
    #[arg(long, value_name = "LIST", value_delimiter = ',')]
    only: Vec<String>,
    /// Print the record as JSON
    #[arg(long)]
    json: bool,
}

/// All checks: the chassis' own, and those of the services.
fn checks(services: &Services) -> Checks {
    let own = services.iter().flat_map(|service| service.checks());
    readiness::checks::all().into_iter().chain(own).collect()
}

/// Runs the checks.
pub(crate) fn run(services: &Services, arguments: &Prove) -> anyhow::Result<ExitCode> {
    let chosen: Checks = checks(services)
        .into_iter()
        .filter(|check| {
            let about = check.about();
            let named = |name: &String| name == about.id || name == about.area.name();
            arguments.only.is_empty() || arguments.only.iter().any(named)
        })
        .collect();
    runtime()?.block_on(own(services, arguments, &chosen))
}

async fn own(services: &Services, arguments: &Prove, checks: &Checks) -> anyhow::Result<ExitCode> {
    let file = arguments.common.file_text()?;
    let environment = std::env::vars_os().map(|(name, value)| {
        let text = |part: std::ffi::OsString| part.to_string_lossy().into_owned();
        (text(name), text(value))
    });
    let binary = std::env::current_exe().context("this program does not find itself")?;
    let own = Own::new(binary, Settings::new(&file, environment)?);
    let started = SystemClock.now();
    let pace = if arguments.full {
        Pace::Full
    } else {
        Pace::Quick
    };
    // What reads only shares one instance, which refuses nobody for asking often: limits are measured on their own.
    let wishes = Wishes::none()
        .set("profile", "development")
        .set("limits.anonymous_per_minute", 0);
    let stage = own.start(wishes).await?;
    let mut subject = Subject::new(&stage.base(), pace, Reach::Own)?;
    subject.token = Some(readiness::actors::key(stage.as_ref(), "*").await?);
    subject.document = Some(subject.get("/api/openapi.json").await?.expect(200)?);
    subject.ground = Some(Arc::new(own));
    subject.scenario = scenario::of(services);
    let origin = Origin::default();
    let watch: Arc<dyn Watch> = Arc::new(Silent);
    let evidence = runner::run(checks, &subject, &origin, &watch).await;
    let report = Report::new(pace, started, origin, evidence);
    answer(&(serde_json::to_string_pretty(&report)? + "\n"))?;
    Ok(if report.is_ready {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}
