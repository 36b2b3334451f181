//! `aplomb user …`: accounts, also while no server runs.

use std::io::Read;
use std::process::ExitCode;

use anyhow::{Context as _, bail};
use chassis::auth::Role;
use chassis::auth::people::console::{self, NewUser, UserLine};
use chassis::house::Services;
use chassis::http::problem::Problem;
use chassis::i18n::Language;
use clap::{Args, Subcommand};

use crate::cli::{Common, answer, note, say};
use crate::people::{row, with_auth};

/// More than any password has.
const MOST_PASSWORD_BYTES: u64 = 4096;

#[derive(Subcommand)]
pub(crate) enum Verb {
    /// Make an account; prints a one-time link to set its password unless one is given on standard input
    #[command(
        after_help = "Examples:\n  aplomb user create --email zoe@example.org --name Zoé --role owner\n  \
        aplomb user create --email zoe@example.org --name Zoé --password-stdin < password.txt"
    )]
    Create(Create),
    /// List accounts: address, name, state, and the role in each workspace
    List(List),
    /// Let nobody sign in with an account any more, and end its sign-ins
    Disable(Account),
    /// Let an account be used again
    Enable(Account),
    /// Give somebody a role in a workspace
    Role(RoleOf),
    /// Print a new one-time link to set the password, for somebody who is locked out
    Link(Account),
}

#[derive(Args)]
pub(crate) struct Create {
    #[command(flatten)]
    common: Common,
    /// The address to sign in with
    #[arg(long)]
    email: String,
    /// The name that others see
    #[arg(long)]
    name: String,
    /// owner, admin, operator, member or viewer
    #[arg(long, default_value = "member", value_parser = role)]
    role: Role,
    /// The workspace, by id or name (default: the first one)
    #[arg(long, value_name = "ID|NAME")]
    workspace: Option<String>,
    /// The language of mails (default: this terminal's)
    #[arg(long, value_name = "en|fr", value_parser = language)]
    language: Option<Language>,
    /// Read the password from standard input
    #[arg(long)]
    password_stdin: bool,
}

#[derive(Args)]
pub(crate) struct List {
    #[command(flatten)]
    common: Common,
    /// Only those of this workspace, by id or name
    #[arg(long, value_name = "ID|NAME")]
    workspace: Option<String>,
}

#[derive(Args)]
pub(crate) struct Account {
    #[command(flatten)]
    common: Common,
    /// The address of the account
    #[arg(long)]
    email: String,
}

#[derive(Args)]
pub(crate) struct RoleOf {
    #[command(flatten)]
    account: Account,
    /// owner, admin, operator, member or viewer
    #[arg(long, value_parser = role)]
    role: Role,
    /// The workspace, by id or name (default: the first one)
    #[arg(long, value_name = "ID|NAME")]
    workspace: Option<String>,
}

/// Runs one of the verbs.
pub(crate) fn run(services: &Services, verb: &Verb) -> anyhow::Result<ExitCode> {
    match verb {
        Verb::Create(arguments) => create(services, arguments),
        Verb::List(arguments) => list(services, arguments),
        Verb::Disable(account) => set_disabled(services, account, true),
        Verb::Enable(account) => set_disabled(services, account, false),
        Verb::Role(arguments) => set_role(services, arguments),
        Verb::Link(account) => link(services, account),
    }
}

fn create(services: &Services, arguments: &Create) -> anyhow::Result<ExitCode> {
    let password = if arguments.password_stdin {
        Some(password_from(std::io::stdin().lock())?)
    } else {
        None
    };
    let language = arguments.language;
    with_auth(services, &arguments.common, async |auth| {
        let new = NewUser {
            email: arguments.email.clone(),
            name: arguments.name.clone(),
            language: language.unwrap_or_else(Language::of_environment),
            workspace: console::workspace(auth, arguments.workspace.as_deref()).await?,
            role: arguments.role,
            password,
        };
        let (_, link) = console::create_user(auth, new).await?;
        let made = vec![
            ("email", arguments.email.clone()),
            ("role", arguments.role.to_string()),
        ];
        note(&say("user.created", made));
        link.map_or(Ok(()), |link| print_link(&link))
    })
}

/// What stands on standard input, without the line's end.
fn password_from(input: impl Read) -> anyhow::Result<String> {
    let mut text = String::new();
    input
        .take(MOST_PASSWORD_BYTES)
        .read_to_string(&mut text)
        .context("no password could be read from standard input")?;
    let password = text.trim_end_matches(['\r', '\n']);
    if password.is_empty() {
        bail!("standard input holds no password");
    }
    Ok(password.to_owned())
}

fn list(services: &Services, arguments: &List) -> anyhow::Result<ExitCode> {
    with_auth(services, &arguments.common, async |auth| {
        let of = match &arguments.workspace {
            Some(named) => Some(console::workspace(auth, Some(named)).await?),
            None => None,
        };
        let lines = console::users(auth, of).await?;
        print(&lines.iter().map(shown).collect::<String>())
    })
}

fn shown(line: &UserLine) -> String {
    let roles = line.roles.iter();
    let roles: Vec<_> = roles
        .map(|(workspace, role)| format!("{workspace}: {role}"))
        .collect();
    let state = if line.disabled { "disabled" } else { "enabled" };
    row(&[&line.email, &line.name, state, &roles.join(", ")])
}

fn set_disabled(
    services: &Services,
    account: &Account,
    disabled: bool,
) -> anyhow::Result<ExitCode> {
    with_auth(services, &account.common, async |auth| {
        console::set_disabled(auth, &account.email, disabled).await?;
        let code = if disabled {
            "user.disabled"
        } else {
            "user.enabled"
        };
        note(&say(code, vec![("email", account.email.clone())]));
        Ok(())
    })
}

fn set_role(services: &Services, arguments: &RoleOf) -> anyhow::Result<ExitCode> {
    let account = &arguments.account;
    with_auth(services, &account.common, async |auth| {
        let workspace = console::workspace(auth, arguments.workspace.as_deref()).await?;
        console::set_role(auth, &account.email, workspace, arguments.role).await?;
        let given = vec![
            ("email", account.email.clone()),
            ("role", arguments.role.to_string()),
        ];
        note(&say("user.role", given));
        Ok(())
    })
}

fn link(services: &Services, account: &Account) -> anyhow::Result<ExitCode> {
    with_auth(services, &account.common, async |auth| {
        print_link(&console::link(auth, &account.email).await?)
    })
}

fn print_link(link: &str) -> Result<(), Problem> {
    note(&say("user.link", Vec::new()));
    print(&format!("{link}\n"))
}

pub(crate) fn print(text: &str) -> Result<(), Problem> {
    answer(text).map_err(|fault| Problem::internal(&fault))
}

fn role(text: &str) -> Result<Role, String> {
    let words = Role::ALL.map(Role::word).join(", ");
    text.parse().map_err(|()| format!("one of {words}"))
}

fn language(text: &str) -> Result<Language, String> {
    Language::from_tag(text).ok_or_else(|| "en or fr".to_owned())
}
