//! `aplomb key …`: keys for programs, also while no server runs.

use std::process::ExitCode;
use std::sync::Arc;

use anyhow::{Context as _, bail};
use chassis::auth::keys::{self, NewKey};
use chassis::auth::{self, Scopes};
use chassis::clock::SystemClock;
use chassis::config::{self, Sources};
use chassis::data::Database;
use chassis::house::{self, Services};
use clap::{Args, Subcommand};

use crate::cli::{Common, answer, note, say};
use crate::configuration::report;
use crate::serve::runtime;

/// The longest name of a key.
const MOST_NAME_CHARACTERS: usize = 80;

#[derive(Subcommand)]
pub(crate) enum Verb {
    /// Make a key and print it: it is shown this once and kept nowhere
    #[command(
        after_help = "Examples:\n  aplomb key create --name backup-script --scopes luna:write\n  \
        aplomb key create --data /var/lib/aplomb --name ci --scopes luna:read,jobs:read\n  \
        KEY=$(aplomb key create --name me --scopes '*')\n\n\
        A scope is room:verb with the verbs read, write and admin (each includes those before it), room:* or *."
    )]
    Create(Create),
}

#[derive(Args)]
pub(crate) struct Create {
    #[command(flatten)]
    common: Common,
    /// What the key is for
    #[arg(long)]
    name: String,
    /// What it may do, separated by commas
    #[arg(long, value_name = "LIST")]
    scopes: Scopes,
}

/// Runs one of the verbs.
pub(crate) fn run(services: &Services, verb: &Verb) -> anyhow::Result<ExitCode> {
    match verb {
        Verb::Create(arguments) => create(services, arguments),
    }
}

fn create(services: &Services, arguments: &Create) -> anyhow::Result<ExitCode> {
    let name = arguments.name.trim();
    if name.is_empty()
        || name.chars().count() > MOST_NAME_CHARACTERS
        || name.chars().any(char::is_control)
    {
        bail!("--name needs 1 to {MOST_NAME_CHARACTERS} characters on one line");
    }
    arguments.scopes.check_rooms(&house::rooms(services))?;
    let sources: Sources = arguments.common.sources(services);
    let config = match config::load(&sources) {
        Ok(config) => config,
        Err(faults) => return Ok(report(&faults)),
    };
    let secret = runtime()?.block_on(async {
        let database = Database::open(&config.data, Arc::new(SystemClock)).await?;
        database.migrate(house::migrations(services)).await?;
        let new = NewKey {
            workspace: auth::home_workspace(&database).await?,
            user: None,
            name: name.to_owned(),
            scopes: arguments.scopes.clone(),
            expires_at: None,
        };
        let (_, secret) = keys::create(&database, new).await?;
        database.close().await?;
        anyhow::Ok(secret)
    });
    let secret = secret.context("the key was not made")?;
    answer(&format!("{}\n", secret.expose()))?;
    note(&say(
        "key.created",
        vec![
            ("name", name.to_owned()),
            ("scopes", arguments.scopes.to_string()),
        ],
    ));
    Ok(ExitCode::SUCCESS)
}
