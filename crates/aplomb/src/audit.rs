//! `aplomb audit …`: whether what was done stands as it was written, and a copy of it.

use std::io::Write;
use std::process::ExitCode;
use std::sync::Arc;

use chassis::auth::WorkspaceId;
use chassis::auth::audit::{self, Verdict};
use chassis::clock::SystemClock;
use chassis::data::Database;
use chassis::house::{self, Services};
use clap::{Args, Subcommand};
use futures_util::TryStreamExt;

use crate::cli::{Common, answer, note, say};
use crate::people::of_a_server;
use crate::serve::runtime;

#[derive(Subcommand)]
pub(crate) enum Verb {
    /// Check the chain of what was done, and name the first entry that does not hold
    #[command(
        after_help = "Examples:\n  aplomb audit verify\n  aplomb audit verify --data /var/lib/aplomb --workspace 01KAH8W7Q2M4ZB6T9X3F5R0VCD\n\n\
        Works beside a running server. Note the last hash elsewhere: a later one must still contain it.\n\
        Exit codes: 0 every link holds, 1 a chain is broken."
    )]
    Verify(Chosen),
    /// Print what was done, the oldest first: one JSON object a line
    #[command(after_help = "Example:\n  aplomb audit export > audit.ndjson")]
    Export(Chosen),
}

#[derive(Args)]
pub(crate) struct Chosen {
    #[command(flatten)]
    common: Common,
    /// Only this workspace (default: all)
    #[arg(long, value_name = "ID")]
    workspace: Option<WorkspaceId>,
}

/// Runs one of the verbs.
pub(crate) fn run(services: &Services, verb: &Verb) -> anyhow::Result<ExitCode> {
    let (Verb::Verify(chosen) | Verb::Export(chosen)) = verb;
    let config = match of_a_server(&chosen.common.sources(services)) {
        Ok(config) => config,
        Err(code) => return Ok(code),
    };
    runtime()?.block_on(async {
        let database = Database::open(&config.data, Arc::new(SystemClock)).await?;
        database.migrate(house::migrations(services)).await?;
        let workspaces = match chosen.workspace {
            Some(workspace) => vec![workspace],
            None => audit::workspaces(&database).await?,
        };
        if workspaces.is_empty() {
            note(&say("audit.none", Vec::new()));
        }
        let mut is_intact = true;
        for workspace in workspaces {
            match verb {
                Verb::Verify(_) => is_intact &= verify(&database, workspace).await?,
                Verb::Export(_) => export(&database, workspace).await?,
            }
        }
        database.close().await?;
        Ok(if is_intact {
            ExitCode::SUCCESS
        } else {
            ExitCode::FAILURE
        })
    })
}

/// Says how a chain stands. False where it is broken.
async fn verify(database: &Database, workspace: WorkspaceId) -> anyhow::Result<bool> {
    let name = ("workspace", workspace.to_string());
    match audit::verify(database, workspace).await? {
        Verdict::Intact(intact) => {
            let code = if intact.entries == 1 {
                "audit.intact_one"
            } else {
                "audit.intact"
            };
            let entries = ("entries", intact.entries.to_string());
            answer(&(say(code, vec![name, entries, ("head", intact.head)]) + "\n"))?;
            Ok(true)
        }
        Verdict::Broken { seq, id, fault } => {
            let id = id.map_or_else(String::new, |id| format!(" ({id})"));
            let fault = say(fault.code(), Vec::new());
            let arguments = vec![name, ("seq", seq.to_string()), ("id", id), ("fault", fault)];
            answer(&(say("audit.broken", arguments) + "\n"))?;
            Ok(false)
        }
    }
}

async fn export(database: &Database, workspace: WorkspaceId) -> anyhow::Result<()> {
    let mut lines = std::pin::pin!(audit::lines(database.clone(), workspace));
    while let Some(text) = lines.try_next().await? {
        std::io::stdout().lock().write_all(text.as_bytes())?;
    }
    Ok(())
}
