//! `aplomb config …` and `aplomb openapi`.

use std::process::ExitCode;

use anyhow::Context as _;
use chassis::config;
use chassis::house::{self, Services};
use chassis::http::contract;
use clap::Subcommand;

use crate::cli::{Common, answer, note, say};

#[derive(Subcommand)]
pub(crate) enum Verb {
    /// Name all faults of the configuration at once
    #[command(
        after_help = "Example:\n  aplomb config check --config /etc/aplomb.toml\n\nExit codes: 0 no fault, 2 faults."
    )]
    Check(Common),
    /// Print the configuration in force, secrets masked, each value with its origin
    Show(Common),
    /// Print the JSON schema of the configuration file
    Schema,
    /// Print the reference page (Markdown)
    Reference,
}

/// Runs one of the verbs.
pub(crate) fn run(services: &Services, verb: &Verb) -> anyhow::Result<ExitCode> {
    match verb {
        Verb::Check(common) => match config::load(&common.sources(services)) {
            Ok(config) => {
                for warning in config.warnings().iter() {
                    note(&format!("warning: {warning}"));
                }
                note(&say("config.no_faults", Vec::new()));
                Ok(ExitCode::SUCCESS)
            }
            Err(faults) => Ok(report(&faults)),
        },
        Verb::Show(common) => match config::load(&common.sources(services)) {
            Ok(config) => {
                answer(&config.show())?;
                Ok(ExitCode::SUCCESS)
            }
            Err(faults) => Ok(report(&faults)),
        },
        Verb::Schema => {
            let schema = serde_json::to_string_pretty(&config::schema(&house::sections(services)))?;
            answer(&(schema + "\n"))?;
            Ok(ExitCode::SUCCESS)
        }
        Verb::Reference => {
            answer(&config::reference(&house::sections(services)))?;
            Ok(ExitCode::SUCCESS)
        }
    }
}

/// Prints faults and gives the exit code that stands for them.
pub(crate) fn report(faults: &config::Faults) -> ExitCode {
    note(&faults.to_string());
    ExitCode::from(2)
}

/// Prints the OpenAPI document of all services.
pub(crate) fn openapi(services: &Services) -> anyhow::Result<ExitCode> {
    let document = chassis::http::assembly::document(services);
    let text = serde_json::to_string_pretty(&contract::json(&document))
        .context("the document cannot be written")?;
    answer(&(text + "\n"))?;
    Ok(ExitCode::SUCCESS)
}
