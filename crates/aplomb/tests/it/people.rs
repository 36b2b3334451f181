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
    done(folder, &["migrate"]);
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
    let last = refused(folder, &["user", "disable", "--email", "zoe@example.org"]);
    assert!(
        last.contains("Home") && last.contains("--force"),
        "the last owner stays unless one insists: {last}"
    );
    assert!(done(folder, &["user", "list"]).contains("\tenabled\t"));
    let insisted = ["user", "disable", "--email", "zoe@example.org", "--force"];
    let insisted = run(folder, &insisted);
    assert!(insisted.status.success());
    assert!(text(&insisted.stderr).contains("Home"), "it warns");
    assert!(done(folder, &["user", "list"]).contains("\tdisabled\t"));
    // Whoever is disabled already leaves nothing behind a second time.
    done(folder, &["user", "disable", "--email", "zoe@example.org"]);
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
fn an_owner_beside_another_is_disabled_without_insisting() {
    let folder = TempDir::new().unwrap();
    let folder = folder.path();
    done(folder, &["migrate"]);
    done(folder, &OWNER);
    let second = [
        "user",
        "create",
        "--email",
        "ann@example.org",
        "--name",
        "Ann",
        "--role",
        "owner",
    ];
    done(folder, &second);
    done(folder, &["user", "disable", "--email", "zoe@example.org"]);
    refused(folder, &["user", "disable", "--email", "ann@example.org"]);
    let list = done(folder, &["user", "list"]);
    assert!(list.contains("ann@example.org\tAnn\tenabled"), "{list}");
}

#[test]
fn a_folder_without_a_server_is_named_and_stays_as_it_is() {
    let folder = TempDir::new().unwrap();
    let folder = folder.path();
    let typo = folder.join("typo");
    for line in [
        "user list",
        "user create --email a@example.org --name A",
        "user link --email a@example.org",
        "user disable --email a@example.org",
        "workspace list",
        "key list",
        "key create --name a --scopes *",
        "audit verify",
        "audit export",
    ] {
        let mut arguments: Vec<_> = line.split(' ').collect();
        let said = refused(folder, &arguments);
        let usual = folder.join("aplomb-data");
        assert!(said.contains(usual.to_str().unwrap()), "{line}: {said}");
        arguments.extend(["--data", "typo"]);
        let said = refused(folder, &arguments);
        for part in [
            typo.to_str().unwrap(),
            "--data",
            "aplomb serve",
            "aplomb migrate",
        ] {
            assert!(said.contains(part), "{line}: no {part} in {said}");
        }
    }
    assert_eq!(
        std::fs::read_dir(folder).unwrap().count(),
        0,
        "nothing was made"
    );
    // A folder that is there and holds something else is no better.
    std::fs::create_dir(&typo).unwrap();
    refused(folder, &["user", "list", "--data", "typo"]);
    assert_eq!(std::fs::read_dir(&typo).unwrap().count(), 0);

    let made = run(folder, &["migrate", "--data", "typo"]);
    assert!(made.status.success());
    assert!(
        text(&made.stderr).contains("new, empty database"),
        "{}",
        text(&made.stderr)
    );
    let again = run(folder, &["migrate", "--data", "typo"]);
    assert!(
        text(&again.stderr).contains("up to date"),
        "{}",
        text(&again.stderr)
    );
    assert_eq!(done(folder, &["user", "list", "--data", "typo"]), "");
}

#[test]
fn a_link_begins_where_people_reach_the_server_and_a_guess_is_called_one() {
    let folder = TempDir::new().unwrap();
    let folder = folder.path();
    done(folder, &["migrate"]);
    done(folder, &OWNER);
    let ask = |more: &[&str]| {
        let usual = ["user", "link", "--email", "zoe@example.org"];
        let output = run(folder, &[&usual, more].concat());
        assert!(output.status.success(), "{}", text(&output.stderr));
        let begin = text(&output.stdout).split('#').next().unwrap().to_owned();
        (begin, text(&output.stderr).contains("http.public_url"))
    };
    let link = |begin: &str, is_guess| (format!("{begin}/reset"), is_guess);
    assert_eq!(ask(&[]), link("http://127.0.0.1:8080", true));
    assert_eq!(
        ask(&["--listen", "9000"]),
        link("http://127.0.0.1:9000", false)
    );
    assert_eq!(
        ask(&["--listen", "0.0.0.0:9000"]),
        link("http://localhost:9000", false)
    );
    let public = "[http]\nlisten = \"127.0.0.1:81\"\npublic_url = \"https://marks.example.org/\"\n";
    std::fs::write(folder.join("aplomb.toml"), public).unwrap();
    assert_eq!(ask(&[]), link("https://marks.example.org", false));
    assert_eq!(
        ask(&["--listen", "9000"]),
        link("https://marks.example.org", false)
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
    done(folder, &["migrate"]);
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
