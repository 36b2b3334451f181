//! `aplomb workspace …`: which there are, and what each may use.

use std::process::ExitCode;

use chassis::auth::people::console;
use chassis::house::Services;
use clap::{Args, Subcommand};

use crate::cli::{Common, note, say};
use crate::people::{row, with_auth};
use crate::user::print;

#[derive(Subcommand)]
pub(crate) enum Verb {
    /// List workspaces: id, name, plan, people
    List(Common),
    /// Give a workspace another plan
    #[command(after_help = "Example:\n  aplomb workspace plan --workspace Northwind --plan team")]
    Plan(Plan),
}

#[derive(Args)]
pub(crate) struct Plan {
    #[command(flatten)]
    common: Common,
    /// The workspace, by id or name (default: the first one)
    #[arg(long, value_name = "ID|NAME")]
    workspace: Option<String>,
    /// `standard`, or a plan of the configuration (`[plans.<name>]`)
    #[arg(long)]
    plan: String,
}

/// Runs one of the verbs.
pub(crate) fn run(services: &Services, verb: &Verb) -> anyhow::Result<ExitCode> {
    match verb {
        Verb::List(common) => with_auth(services, common, async |auth| {
            let lines = console::workspaces(auth).await?;
            let rows = lines.iter();
            let rows = rows.map(|line| {
                let members = line.members.to_string();
                row(&[&line.id, &line.name, &line.plan, &members])
            });
            print(&rows.collect::<String>())
        }),
        Verb::Plan(arguments) => with_auth(services, &arguments.common, async |auth| {
            let workspace = console::workspace(auth, arguments.workspace.as_deref()).await?;
            console::set_plan(auth, workspace, &arguments.plan).await?;
            note(&say(
                "workspace.plan",
                vec![("plan", arguments.plan.clone())],
            ));
            Ok(())
        }),
    }
}
