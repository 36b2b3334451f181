//! What the commands about people, workspaces and keys share: the database beside a running server or without one.

use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

use chassis::auth::Auth;
use chassis::clock::SystemClock;
use chassis::config::{self, Config, Sources};
use chassis::data::{DataError, Database};
use chassis::house::{self, Services};
use chassis::http::problem::Problem;

use crate::cli::{Common, note, say};
use crate::configuration::report;
use crate::serve::runtime;

/// Reads the configuration, opens the database up to date, and does `work` with it. What is refused is said in the
/// person's language, and the exit code is 1.
pub(crate) fn with_auth(
    services: &Services,
    common: &Common,
    work: impl AsyncFnOnce(&Auth) -> Result<(), Problem>,
) -> anyhow::Result<ExitCode> {
    with_auth_from(services, &common.sources(services), work)
}

/// The same from sources that are put together already.
pub(crate) fn with_auth_from(
    services: &Services,
    sources: &Sources,
    work: impl AsyncFnOnce(&Auth) -> Result<(), Problem>,
) -> anyhow::Result<ExitCode> {
    let config = match of_a_server(sources) {
        Ok(config) => config,
        Err(code) => return Ok(code),
    };
    let refused = runtime()?.block_on(async {
        let (database, auth) = open(services, &config).await?;
        let result = work(&auth).await;
        database.close().await?;
        Ok::<_, DataError>(result.err())
    })?;
    Ok(refused.map_or(ExitCode::SUCCESS, |problem| {
        note(&format!("aplomb: {}", in_words(&problem)));
        ExitCode::FAILURE
    }))
}

/// The configuration of a server that has been started, or the exit code: a mistyped folder must not become a new, empty
/// server that nobody asked for.
pub(crate) fn of_a_server(sources: &Sources) -> Result<Config, ExitCode> {
    let config = config::load(sources).map_err(|faults| report(&faults))?;
    let Some(file) = missing(&config) else {
        return Ok(config);
    };
    let folder = file.parent().unwrap_or(&file).display().to_string();
    let arguments = vec![("folder", folder), ("file", file.display().to_string())];
    note(&format!("aplomb: {}", say("data.absent", arguments)));
    Err(ExitCode::FAILURE)
}

/// The database's file, where it is one that is not there.
pub(crate) fn missing(config: &Config) -> Option<PathBuf> {
    let database = config.data.database();
    let file = database.file()?;
    // What cannot be looked at may be there: opening it tells why not.
    let is_missing = matches!(file.try_exists(), Ok(false));
    let whole = || std::path::absolute(file).unwrap_or_else(|_| file.to_owned());
    is_missing.then(whole)
}

async fn open(services: &Services, config: &Config) -> Result<(Database, Auth), DataError> {
    let database = Database::open(&config.data, Arc::new(SystemClock)).await?;
    database.migrate(house::migrations(services)).await?;
    let auth = Auth::open(&database, config, house::rooms(services)).await?;
    Ok((database, auth))
}

/// A refusal as one reads it: its fields where fields are wrong.
fn in_words(problem: &Problem) -> String {
    if problem.errors.is_empty() {
        return say(problem.code, problem.arguments.clone());
    }
    let fields = problem.errors.iter();
    let lines: Vec<_> = fields
        .map(|fault| {
            format!(
                "--{}: {}",
                fault.field,
                say(fault.code, fault.arguments.clone())
            )
        })
        .collect();
    lines.join("\n")
}

/// A row for programs: columns separated by tabs, `-` for what is not there.
pub(crate) fn row(columns: &[&str]) -> String {
    let cell = |text: &&str| match text.replace(['\t', '\n', '\r'], " ") {
        text if text.is_empty() => "-".to_owned(),
        text => text,
    };
    let cells: Vec<_> = columns.iter().map(cell).collect();
    cells.join("\t") + "\n"
}
