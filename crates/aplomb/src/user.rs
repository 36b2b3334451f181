//! `aplomb user …`: accounts, also while no server runs.

use std::io::Read;
use std::process::ExitCode;

use anyhow::{Context as _, bail};
use chassis::auth::people::console::{self, NewUser, UserLine};
use chassis::auth::{Auth, Role};
use chassis::house::Services;
use chassis::http::problem::Problem;
use chassis::i18n::Language;
use clap::{Args, Subcommand};

use crate::cli::{Common, Reached, answer, note, say};
use crate::people::{row, with_auth, with_auth_from};

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
    #[command(
        after_help = "The last owner of a workspace who can sign in is disabled with --force alone: nobody could run the\n\
        workspace then. `aplomb user role --role owner` makes somebody else an owner first."
    )]
    Disable(Disable),
    /// Let an account be used again
    Enable(Account),
    /// Give somebody a role in a workspace
    Role(RoleOf),
    /// Print a new one-time link to set the password, for somebody who is locked out
    #[command(
        after_help = "Examples:\n  aplomb user link --email zoe@example.org\n  \
        aplomb user link --email zoe@example.org --listen 0.0.0.0:9000\n\n\
        The password in force stays good until the link is used. Earlier links end."
    )]
    Link(Link),
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
    #[command(flatten)]
    reached: Reached,
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
pub(crate) struct Disable {
    #[command(flatten)]
    account: Account,
    /// Also the last owner of a workspace
    #[arg(long)]
    force: bool,
}

#[derive(Args)]
pub(crate) struct Link {
    #[command(flatten)]
    account: Account,
    #[command(flatten)]
    reached: Reached,
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
        Verb::Disable(arguments) => disable(services, arguments),
        Verb::Enable(account) => enable(services, account),
        Verb::Role(arguments) => set_role(services, arguments),
        Verb::Link(arguments) => link(services, arguments),
    }
}

fn create(services: &Services, arguments: &Create) -> anyhow::Result<ExitCode> {
    let password = if arguments.password_stdin {
        Some(password_from(std::io::stdin().lock())?)
    } else {
        None
    };
    let language = arguments.language;
    let reached = &arguments.reached;
    let sources = reached.sources(&arguments.common, services);
    with_auth_from(services, &sources, async |auth| {
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
        link.map_or(Ok(()), |link| print_link(auth, reached, &link))
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

fn disable(services: &Services, arguments: &Disable) -> anyhow::Result<ExitCode> {
    let account = &arguments.account;
    with_auth(services, &account.common, async |auth| {
        let left = console::disable(auth, &account.email, arguments.force).await?;
        note(&say(
            "user.disabled",
            vec![("email", account.email.clone())],
        ));
        if !left.is_empty() {
            note(&say(
                "user.ownerless",
                vec![("workspaces", left.join(", "))],
            ));
        }
        Ok(())
    })
}

fn enable(services: &Services, account: &Account) -> anyhow::Result<ExitCode> {
    with_auth(services, &account.common, async |auth| {
        console::enable(auth, &account.email).await?;
        note(&say("user.enabled", vec![("email", account.email.clone())]));
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

fn link(services: &Services, arguments: &Link) -> anyhow::Result<ExitCode> {
    let Link { account, reached } = arguments;
    let sources = reached.sources(&account.common, services);
    with_auth_from(services, &sources, async |auth| {
        print_link(auth, reached, &console::link(auth, &account.email).await?)
    })
}

fn print_link(auth: &Auth, reached: &Reached, link: &str) -> Result<(), Problem> {
    note(&say("user.link", Vec::new()));
    print(&format!("{link}\n"))?;
    if let Some(address) = auth.guessed_address().filter(|_| reached.is_unsaid()) {
        note(&say(
            "user.link_guess",
            vec![("address", address.to_owned())],
        ));
    }
    Ok(())
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
