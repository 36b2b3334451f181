//! Accounts, keys and plans from the command line, without a server and beside one.

use std::path::Path;

use tempfile::TempDir;

use crate::commands::{Served, run, text};

fn done(folder: &Path, arguments: &[&str]) -> String {
    let output = run(folder, arguments);
    assert!(
        output.status.success(),
        "{arguments:?}: {}",
        text(&output.stderr)
    );
    text(&output.stdout).to_owned()
}

fn refused(folder: &Path, arguments: &[&str]) -> String {
    let output = run(folder, arguments);
    assert_eq!(
        output.status.code(),
        Some(1),
        "{arguments:?}: {}",
        text(&output.stderr)
    );
    assert!(output.stdout.is_empty(), "{arguments:?}");
    text(&output.stderr).to_owned()
}

const OWNER: [&str; 8] = [
    "user",
    "create",
    "--email",
    "Zoe@example.org",
    "--name",
    "Zoé",
    "--role",
    "owner",
];

#[test]
fn an_account_is_made_with_a_link_listed_and_disabled() {
    let folder = TempDir::new().unwrap();
    let folder = folder.path();
    let link = done(folder, &OWNER);
    assert!(
        link.contains("/reset#reset_") && link.lines().count() == 1,
        "{link}"
    );
    assert!(
        refused(folder, &OWNER).contains("account"),
        "an address is taken once"
    );
    assert_eq!(
        done(folder, &["user", "list"]),
        "zoe@example.org\tZoé\tenabled\tHome: owner\n"
    );

    let fresh = done(folder, &["user", "link", "--email", "zoe@example.org"]);
    assert!(fresh.contains("/reset#reset_") && fresh != link);
    done(folder, &["user", "disable", "--email", "zoe@example.org"]);
    assert!(done(folder, &["user", "list"]).contains("\tdisabled\t"));
    refused(folder, &["user", "link", "--email", "zoe@example.org"]);
    done(folder, &["user", "enable", "--email", "zoe@example.org"]);

    let last = refused(
        folder,
        &[
            "user",
            "role",
            "--email",
            "zoe@example.org",
            "--role",
            "viewer",
        ],
    );
    assert!(last.contains("last owner"), "{last}");
    let nobody = refused(folder, &["user", "link", "--email", "nobody@example.org"]);
    assert!(nobody.contains("nobody@example.org"), "{nobody}");
    let wrong = refused(folder, &["user", "create", "--email", "x", "--name", " "]);
    assert!(
        wrong.contains("--email") && wrong.contains("--name"),
        "{wrong}"
    );
}

#[test]
fn keys_are_made_listed_and_revoked_beside_a_running_server() {
    let folder = TempDir::new().unwrap();
    let folder = folder.path();
    let _served = Served::start(folder, &[]);
    let secret = done(
        folder,
        &[
            "key",
            "create",
            "--name",
            "ci",
            "--scopes",
            "keys:read",
            "--expires",
            "30d",
        ],
    );
    assert!(
        secret.starts_with("ak_live_") && secret.lines().count() == 1,
        "{secret}"
    );
    let listed = done(folder, &["key", "list"]);
    let columns: Vec<_> = listed.trim_end().split('\t').collect();
    assert!(secret.starts_with(columns[1]) && !listed.contains(secret.trim_end()));
    assert_eq!(
        (columns[2], columns[3], columns[4], columns[7]),
        ("ci", "Home", "keys:read", "-")
    );
    assert!(columns[6].ends_with('Z'), "it ends: {listed}");
    done(folder, &["key", "revoke", columns[0]]);
    assert_eq!(done(folder, &["key", "list"]), "");
    refused(folder, &["key", "revoke", columns[0]]);
    refused(
        folder,
        &[
            "key",
            "create",
            "--name",
            "x",
            "--scopes",
            "*",
            "--workspace",
            "Nowhere",
        ],
    );
}

#[test]
fn a_workspace_gets_a_plan_that_is_configured() {
    let folder = TempDir::new().unwrap();
    let folder = folder.path();
    std::fs::write(folder.join("aplomb.toml"), "[plans.team]\nmembers = 200\n").unwrap();
    done(folder, &["workspace", "plan", "--plan", "team"]);
    let listed = done(folder, &["workspace", "list"]);
    assert!(listed.ends_with("\tHome\tteam\t0\n"), "{listed}");
    let unknown = refused(folder, &["workspace", "plan", "--plan", "huge"]);
    assert!(unknown.contains("standard, team"), "{unknown}");
    std::fs::write(folder.join("aplomb.toml"), "[plans.team]\nmembers = 0\n").unwrap();
    let output = run(folder, &["config", "check"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(
        text(&output.stderr).contains("plans.team.members"),
        "{}",
        text(&output.stderr)
    );
}
