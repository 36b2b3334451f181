//! `aplomb prove`: drills on the running system, and the report.
//!
//! * [`choose`]: which checks; [`listing`]: what they are; [`stage`]: what they act on
//! * [`screen`]: what one sees meanwhile; [`summary`]: and at the end; [`ink`]: how a terminal is written on
//! * [`reading`]: records and reports of others: `--verify`, `--import`

mod choose;
mod ink;
mod listing;
mod reading;
mod screen;
mod stage;
mod summary;

use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::Context as _;
use chassis::check::scenario::{self, LoadRequest};
use chassis::check::{Checks, Evidence, Need, Origin, Pace, Reach, Said, Verdict};
use chassis::clock::{Clock, SystemClock};
use chassis::house::Services;
use chassis::i18n::Language;
use chassis::{config, task};
use clap::Args;
use readiness::report::history::History;
use readiness::report::seal::Key;
use readiness::report::{Report, badge, html, junit};
use readiness::runner::{self, Watch};

use self::choose::Demands;
use self::ink::Ink;
use self::screen::Screen;
use self::stage::Stage;
use crate::cli::{Common, answer, note};
use crate::configuration;
use crate::serve::runtime;

const EXAMPLES: &str = "Examples:
  aplomb prove                                  all checks, in under two minutes
  aplomb prove --report proof.html              the same, as a page to read and to print
  aplomb prove --full --scratch /srv/tmp        real windows and twenty kills, on that disk
  aplomb prove --only durability,surface.headers
  aplomb prove --explain surface.headers        what a check does, and what to do when it fails
  aplomb prove --junit proof.xml --badge proof.svg --min-score 95 --require durability,access
  aplomb prove --live --token-file key.txt      on the server that runs here
  aplomb prove --target https://api.example.org --openapi https://api.example.org/openapi.json
  aplomb prove --verify proof.json --public-key KEY
  aplomb prove --import STATUS.md               somebody's report: each claim proved, contradicted or unproven
  aplomb prove --sbom sbom.json                 what this binary is made of, as CycloneDX

Drills run on instances of this binary that the command starts itself, with this configuration and
with data of their own; nothing is done to the running server unless --live is given. Each run is
kept in DATA/proof, and what a run leaves out is taken from earlier runs of the same binary with the
same configuration. --no-history does neither.

Exit codes: 0 no required check of this run failed, and --min-score and --require hold; 1 one failed
or does not hold; 2 wrong words or a faulty configuration. What cannot be verified here fails nothing
but --require, and is listed first.";

#[derive(Args)]
#[command(after_help = EXAMPLES)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a flag of the command line"
)]
pub(crate) struct Prove {
    #[command(flatten)]
    common: Common,
    /// Real windows, twenty kills and a soak, in place of two minutes
    #[arg(long)]
    full: bool,
    /// Only these checks or areas, separated by commas
    #[arg(long, value_name = "LIST", value_delimiter = ',')]
    only: Vec<String>,
    /// Not these checks or areas
    #[arg(long, value_name = "LIST", value_delimiter = ',')]
    skip: Vec<String>,
    /// List the checks and run none; with --json for programs, with --markdown as a page
    #[arg(long)]
    list: bool,
    /// With --list: the page of the documentation
    #[arg(long, requires = "list", conflicts_with = "json")]
    markdown: bool,
    /// Say what a check does, what passes, and what to do when it fails
    #[arg(long, value_name = "ID")]
    explain: Option<String>,
    /// Print the record as JSON on standard output
    #[arg(long)]
    json: bool,
    /// Write the report as a page (HTML, English and French in one file)
    #[arg(long, value_name = "FILE")]
    report: Option<PathBuf>,
    /// Write the signed record (JSON); with --import: read the evidence from it
    #[arg(long, value_name = "FILE")]
    record: Option<PathBuf>,
    /// Write a report for build servers (JUnit XML)
    #[arg(long, value_name = "FILE")]
    junit: Option<PathBuf>,
    /// Write a badge (SVG)
    #[arg(long, value_name = "FILE")]
    badge: Option<PathBuf>,
    /// Fail below this score
    #[arg(long, value_name = "N", value_parser = percent)]
    min_score: Option<f64>,
    /// Fail unless all of these checks or areas passed; what cannot be verified did not
    #[arg(long, value_name = "LIST", value_delimiter = ',')]
    require: Vec<String>,
    /// Where instances live (default: the folder for temporary files); what is said of durability is said of that disk
    #[arg(long, value_name = "DIR")]
    scratch: Option<PathBuf>,
    /// Act on the running server, which drills may disturb; its address, where it is not the configured one
    #[arg(long, value_name = "URL", num_args = 0..=1, default_missing_value = "", conflicts_with = "target")]
    live: Option<String>,
    /// Act on somebody's system, by HTTP alone
    #[arg(long, value_name = "URL")]
    target: Option<String>,
    /// Where the OpenAPI document of that system is, an address or a path there (default: the usual places)
    #[arg(long, value_name = "URL", requires = "target")]
    openapi: Option<String>,
    /// A key or token that --live or --target lets in
    #[arg(long, value_name = "TOKEN", conflicts_with = "token_file")]
    token: Option<String>,
    /// The same from a file, where other users do not see it
    #[arg(long, value_name = "FILE")]
    token_file: Option<PathBuf>,
    /// Sign with this ed25519 key (PKCS#8 PEM) and not with that of the data folder
    #[arg(long, value_name = "FILE")]
    sign_key: Option<PathBuf>,
    /// Neither take evidence from earlier runs nor keep this one
    #[arg(long)]
    no_history: bool,
    /// Check a record: its signature, its score, the age of its evidence
    #[arg(long, value_name = "FILE")]
    verify: Option<PathBuf>,
    /// With --verify: the key that must have signed it, in base64
    #[arg(long, value_name = "KEY", requires = "verify")]
    public_key: Option<String>,
    /// Write what this binary is made of (CycloneDX JSON; `-` for standard output) and run no check
    #[arg(long, value_name = "FILE")]
    sbom: Option<PathBuf>,
    /// Judge the claims of a Markdown report by the evidence of --record or of the history
    #[arg(long, value_name = "FILE")]
    import: Option<PathBuf>,
}

fn percent(text: &str) -> Result<f64, String> {
    let number = text.replace(',', ".").parse::<f64>();
    let number = number.ok().filter(|number| (0.0..=100.0).contains(number));
    number.ok_or_else(|| "a number from 0 to 100 is expected".to_owned())
}

/// Lists, explains, verifies or runs the checks.
pub(crate) fn run(services: &Services, arguments: &Prove) -> anyhow::Result<ExitCode> {
    let language = Language::of_environment();
    let all = readiness::checks::of(services);
    if arguments.list {
        return listing::list(&all, arguments, language);
    }
    if let Some(id) = &arguments.explain {
        return listing::explain(&all, id, language);
    }
    if let Some(file) = &arguments.verify {
        return reading::verify(file, arguments.public_key.as_deref(), language);
    }
    if let Some(file) = &arguments.sbom {
        return listing::sbom(file);
    }
    let configuration = match config::load(&arguments.common.sources(services)) {
        Ok(configuration) => configuration,
        Err(faults) => return Ok(configuration::report(&faults)),
    };
    let history = History::of(&configuration.data.folder);
    if let Some(file) = &arguments.import {
        return reading::import(file, arguments, &history, language);
    }
    let chosen =
        choose::chosen(&all, &arguments.only, &arguments.skip, language).and_then(|chosen| {
            let demands = Demands::new(&all, arguments.min_score, &arguments.require, language)?;
            writable(arguments, language)?;
            Ok((chosen, demands))
        });
    let (chosen, demands) = match chosen {
        Ok(chosen) => chosen,
        Err(wrong) => {
            note(&format!("aplomb prove: {wrong}"));
            return Ok(ExitCode::from(2));
        }
    };
    let work = Work {
        arguments,
        configuration: &configuration,
        history: &history,
        all: &all,
        chosen: &chosen,
        scenario: scenario::of(services),
        demands: &demands,
        language,
    };
    runtime()?.block_on(work.until_interrupted())
}

/// Nobody shall wait three hours for a file that cannot be written.
fn writable(arguments: &Prove, language: Language) -> Result<(), String> {
    let files = [
        &arguments.report,
        &arguments.record,
        &arguments.junit,
        &arguments.badge,
    ];
    for file in files.into_iter().flatten() {
        let folder = file
            .parent()
            .filter(|folder| !folder.as_os_str().is_empty());
        if folder.is_some_and(|folder| !folder.is_dir()) || file.is_dir() {
            let said = Said::new(
                format!("{} cannot be written: no such folder", file.display()),
                format!("impossible d’écrire {} : dossier absent", file.display()),
            );
            return Err(said.of(language).to_owned());
        }
    }
    Ok(())
}

/// A run and what it is about.
struct Work<'a> {
    arguments: &'a Prove,
    configuration: &'a config::Config,
    history: &'a History,
    all: &'a Checks,
    chosen: &'a Checks,
    scenario: Vec<LoadRequest>,
    demands: &'a Demands,
    language: Language,
}

impl Work<'_> {
    /// An interruption drops the run, and with it its instances and their folders.
    async fn until_interrupted(&self) -> anyhow::Result<ExitCode> {
        let mut terminate =
            tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate())
                .context("no signal can be heard")?;
        let interrupted = async {
            tokio::select! {
                _ = tokio::signal::ctrl_c() => {}
                _ = terminate.recv() => {}
            }
        };
        tokio::select! {
            outcome = self.run() => outcome,
            () = interrupted => {
                let said = Said::new(
                    "\nInterrupted: the instances are stopped and their folders removed. Nothing was kept of this run.",
                    "\nInterrompu : les instances sont arrêtées et leurs dossiers supprimés. Rien n’a été gardé de cette exécution.",
                );
                note(said.of(self.language));
                Ok(ExitCode::FAILURE)
            }
        }
    }

    async fn run(&self) -> anyhow::Result<ExitCode> {
        let ink = Ink::of_stderr();
        let pace = if self.arguments.full {
            Pace::Full
        } else {
            Pace::Quick
        };
        let started = SystemClock.now();
        let screen = Arc::new(Screen::new(ink, self.language));
        screen.opens(pace, self.chosen.len(), &self.reach());
        let ticker = screen
            .is_live()
            .then(|| task::spawn(Screen::tick(screen.clone())));
        let stage = Stage::set(self.arguments, self.configuration, pace, self.language).await;
        let stage = match stage {
            Ok(mut stage) => {
                stage.subject.scenario.clone_from(&self.scenario);
                stage
            }
            Err(fault) => {
                screen.closes();
                return Err(fault);
            }
        };
        let evidence = self.evidence(&stage, screen.as_ref()).await;
        if let Some(ticker) = ticker {
            ticker.abort();
        }
        screen.closes();
        let mut report =
            Report::new(pace, started, stage.origin.clone(), evidence).listing(self.all);
        for said in &stage.notes {
            report = report.note(said.clone());
        }
        let is_whole = self.chosen.len() == self.all.len();
        if !self.arguments.no_history && !is_whole {
            report = report.joined(self.history.newest_evidence(&stage.origin));
        }
        let report = self.signed(report);
        let kept = self.kept(&report);
        let written = self.write(&report)?;
        let unmet = self.demands.unmet(&report, self.language);
        note(&summary::summary(
            &report,
            &unmet,
            &kept.into_iter().chain(written).collect::<Vec<_>>(),
            ink,
            self.language,
        ));
        let has_failed = report
            .evidence
            .iter()
            .any(|one| one.is_required && one.verdict == Verdict::Fail && !report.is_earlier(one));
        Ok(if has_failed || !unmet.is_empty() {
            ExitCode::FAILURE
        } else {
            ExitCode::SUCCESS
        })
    }

    /// What the run acts on, in a word.
    fn reach(&self) -> Said {
        if let Some(address) = &self.arguments.target {
            Said::new(
                format!("on {address}, by HTTP alone"),
                format!("sur {address}, par HTTP seul"),
            )
        } else if self.arguments.live.is_some() {
            Said::new("on the running server", "sur le serveur en marche")
        } else {
            Said::new("on instances of its own", "sur des instances à part")
        }
    }

    /// Runs the checks one after the other. What a check measures on an instance of its own says so, also in a run on a live server.
    async fn evidence(&self, stage: &Stage, screen: &Screen) -> Vec<Evidence> {
        let beside = Origin {
            target: Reach::Own.to_string(),
            ..stage.origin.clone()
        };
        let mut all = Vec::with_capacity(self.chosen.len());
        for (number, check) in self.chosen.iter().enumerate() {
            let about = check.about();
            screen.begins(&about, number + 1, self.chosen.len());
            let is_beside = about.needs.contains(&Need::Ground) && stage.subject.ground.is_some();
            let origin = if is_beside { &beside } else { &stage.origin };
            let evidence = runner::run_one(*check, &stage.subject, origin).await;
            screen.ended(&evidence);
            all.push(evidence);
        }
        all
    }

    /// Signs the record; where that cannot be done, it says so and goes without.
    fn signed(&self, report: Report) -> Report {
        let key = match &self.arguments.sign_key {
            Some(file) => Key::read(file),
            None => Key::read_or_make(&self.history.key()),
        };
        match key {
            Ok(key) => key.sign(report.clone()).unwrap_or_else(|fault| {
                note(&format!("aplomb prove: {fault}"));
                report
            }),
            Err(fault) => {
                let file = self.arguments.sign_key.clone();
                let file = file.unwrap_or_else(|| self.history.key());
                let said = Said::new(
                    format!("the record is not signed: {}: {fault}", file.display()),
                    format!(
                        "l’enregistrement n’est pas signé : {} : {fault}",
                        file.display()
                    ),
                );
                note(&format!("aplomb prove: {}", said.of(self.language)));
                report
            }
        }
    }

    /// Keeps the record, and gives the line that says where.
    fn kept(&self, report: &Report) -> Option<(String, String)> {
        if self.arguments.no_history {
            return None;
        }
        match self.history.save(report) {
            Ok(file) => {
                let name = Said::new("record", "enregistrement");
                Some((
                    name.of(self.language).to_owned(),
                    file.display().to_string(),
                ))
            }
            Err(fault) => {
                let said = Said::new(
                    format!("this run is not kept: {fault}"),
                    format!("cette exécution n’est pas gardée : {fault}"),
                );
                note(&format!("aplomb prove: {}", said.of(self.language)));
                None
            }
        }
    }

    /// Writes what was asked for, and gives a line for each file.
    fn write(&self, report: &Report) -> anyhow::Result<Vec<(String, String)>> {
        let record = serde_json::to_string_pretty(report)? + "\n";
        let words = |english, french| Said::new(english, french).of(self.language).to_owned();
        let mut written = Vec::new();
        let mut put = |name: String, file: &Option<PathBuf>, text: &dyn Fn() -> String| {
            let Some(file) = file else { return Ok(()) };
            written.push((name, file.display().to_string()));
            std::fs::write(file, text())
                .with_context(|| format!("{} cannot be written", file.display()))
        };
        let arguments = self.arguments;
        put(words("report", "rapport"), &arguments.report, &|| {
            html::html(report, self.language)
        })?;
        put(
            words("signed record", "enregistrement signé"),
            &arguments.record,
            &|| record.clone(),
        )?;
        put("JUnit".to_owned(), &arguments.junit, &|| {
            junit::junit(report, self.language)
        })?;
        put(words("badge", "badge"), &arguments.badge, &|| {
            badge::badge(report, self.language)
        })?;
        if arguments.json {
            answer(&record)?;
        }
        Ok(written)
    }
}
