//! `aplomb key …`: keys for programs, also while no server runs.

use std::process::ExitCode;
use std::time::Duration;

use anyhow::bail;
use chassis::auth::Scopes;
use chassis::auth::keys::NewKey;
use chassis::auth::people::console::{self, KeyLine};
use chassis::clock::Timestamp;
use chassis::house::{self, Services};
use clap::{Args, Subcommand};

use crate::cli::{Common, note, say};
use crate::people::{row, with_auth};
use crate::user::print;

/// The longest name of a key.
const MOST_NAME_CHARACTERS: usize = 80;
/// The longest time of a key: ten years.
const MOST_DAYS: u64 = 3660;

#[derive(Subcommand)]
pub(crate) enum Verb {
    /// Make a key and print it: it is shown this once and kept nowhere
    #[command(
        after_help = "Examples:\n  aplomb key create --name backup-script --scopes luna:write\n  \
        aplomb key create --data /var/lib/aplomb --name ci --scopes luna:read,jobs:read --expires 30d\n  \
        KEY=$(aplomb key create --name me --scopes '*')\n\n\
        A scope is room:verb with the verbs read, write and admin (each includes those before it), room:* or *."
    )]
    Create(Create),
    /// List keys in force: id, first characters, name, workspace, scopes, made, ends, last used
    List(List),
    /// End a key
    Revoke(Revoke),
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
    /// The workspace that it acts in, by id or name (default: the first one)
    #[arg(long, value_name = "ID|NAME")]
    workspace: Option<String>,
    /// How long it lasts, such as 12h, 30d or 8w (default: until it is revoked)
    #[arg(long, value_name = "TIME", value_parser = life)]
    expires: Option<Duration>,
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
pub(crate) struct Revoke {
    #[command(flatten)]
    common: Common,
    /// The key's id, as `aplomb key list` shows it
    id: String,
}

/// Runs one of the verbs.
pub(crate) fn run(services: &Services, verb: &Verb) -> anyhow::Result<ExitCode> {
    match verb {
        Verb::Create(arguments) => create(services, arguments),
        Verb::List(arguments) => list(services, arguments),
        Verb::Revoke(arguments) => with_auth(services, &arguments.common, async |auth| {
            console::revoke_key(auth, &arguments.id).await?;
            note(&say("key.revoked", Vec::new()));
            Ok(())
        }),
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
    with_auth(services, &arguments.common, async |auth| {
        let now = auth.clock().now();
        let end = |life: Duration| {
            Timestamp::from_unix_ms(now.unix_ms().saturating_add(life.as_millis() as i64))
        };
        let new = NewKey {
            workspace: console::workspace(auth, arguments.workspace.as_deref()).await?,
            user: None,
            name: name.to_owned(),
            scopes: arguments.scopes.clone(),
            expires_at: arguments.expires.and_then(end),
        };
        let (_, secret) = console::create_key(auth, new).await?;
        print(&format!("{}\n", secret.expose()))?;
        let made = vec![
            ("name", name.to_owned()),
            ("scopes", arguments.scopes.to_string()),
        ];
        note(&say("key.created", made));
        Ok(())
    })
}

fn list(services: &Services, arguments: &List) -> anyhow::Result<ExitCode> {
    with_auth(services, &arguments.common, async |auth| {
        let of = match &arguments.workspace {
            Some(named) => Some(console::workspace(auth, Some(named)).await?),
            None => None,
        };
        let lines = console::keys(auth, of).await?;
        print(&lines.iter().map(shown).collect::<String>())
    })
}

fn shown(line: &KeyLine) -> String {
    row(&[
        &line.id,
        &line.prefix,
        &line.name,
        &line.workspace,
        &line.scopes,
        &line.created_at,
        line.expires_at.as_deref().unwrap_or_default(),
        line.last_used_at.as_deref().unwrap_or_default(),
    ])
}

/// A number and its unit: hours, days or weeks.
fn life(text: &str) -> Result<Duration, String> {
    let allowed = || format!("a number and h, d or w, {MOST_DAYS} days at most, such as 30d");
    let unit = text.chars().last().ok_or_else(allowed)?;
    let number: u64 = text[..text.len() - unit.len_utf8()]
        .parse()
        .map_err(|_| allowed())?;
    let hours = match unit {
        'h' => Some(number),
        'd' => number.checked_mul(24),
        'w' => number.checked_mul(24 * 7),
        _ => None,
    };
    match hours {
        Some(hours) if (1..=MOST_DAYS * 24).contains(&hours) => Ok(Duration::from_hours(hours)),
        _ => Err(allowed()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_life_is_a_number_and_a_unit() {
        assert_eq!(life("12h"), Ok(Duration::from_hours(12)));
        assert_eq!(life("30d"), Ok(Duration::from_hours(720)));
        assert_eq!(life("8w"), Ok(Duration::from_hours(1344)));
        for wrong in [
            "",
            "d",
            "30",
            "0d",
            "-1d",
            "1y",
            "3661d",
            "99999999999999999999w",
            "1é",
            "30 d",
        ] {
            assert!(life(wrong).is_err(), "{wrong}");
        }
    }
}
