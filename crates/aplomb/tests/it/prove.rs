//! `aplomb prove`, as a person or a build server runs it.

use std::path::Path;
use std::process::{Command, Output};

use serde_json::Value;
use tempfile::TempDir;

use crate::commands::text;

fn prove(folder: &Path, language: &str, arguments: &[&str]) -> Output {
    #[expect(
        clippy::disallowed_methods,
        reason = "the test runs the program under test"
    )]
    let mut command = Command::new(env!("CARGO_BIN_EXE_aplomb"));
    command
        .current_dir(folder)
        .env_clear()
        .env("LC_ALL", language)
        .env("TMPDIR", folder)
        .arg("prove")
        .args(arguments)
        .output()
        .unwrap()
}

fn json(bytes: &[u8]) -> Value {
    serde_json::from_slice(bytes).unwrap_or_else(|fault| panic!("{fault}: {}", text(bytes)))
}

#[test]
fn a_run_leaves_its_record_and_every_rendering_of_it() {
    let folder = TempDir::new().unwrap();
    let at = |name: &str| folder.path().join(name);
    let arguments = [
        "--only",
        "surface.headers",
        "--json",
        "--report",
        "proof.html",
        "--record",
        "proof.json",
        "--junit",
        "proof.xml",
        "--badge",
        "proof.svg",
        "--min-score",
        "100",
        "--require",
        "surface.headers",
    ];
    let output = prove(folder.path(), "C", &arguments);
    let said = text(&output.stderr);
    assert_eq!(output.status.code(), Some(0), "{said}");
    let record = json(&output.stdout);
    assert_eq!(record["score"], 100.0);
    let evidence = record["evidence"].as_array().unwrap();
    let one = evidence
        .iter()
        .find(|one| one["id"] == "surface.headers")
        .unwrap();
    for (key, value) in [
        ("area", "surface"),
        ("verdict", "pass"),
        (
            "title",
            "Security headers stand on every answer, errors too",
        ),
        ("required", "no header missing"),
    ] {
        assert_eq!(one[key], value, "{one}");
    }
    let others = evidence.iter().filter(|one| one["id"] != "surface.headers");
    assert!(others.clone().all(|one| one["verdict"] == "skipped"));

    let origin = &one["origin"];
    let binary = std::fs::read(env!("CARGO_BIN_EXE_aplomb")).unwrap();
    assert_eq!(origin["binary"], chassis::id::blake3_hex(&binary));
    assert_eq!(origin["configuration"].as_str().unwrap().len(), 64);
    assert_eq!(origin["version"], env!("CARGO_PKG_VERSION"));
    assert_eq!(origin["target"], "own");

    // Nobody watches: plain lines, no codes, and the page's place at the end.
    assert!(!said.contains('\u{1b}') && !said.contains('\r'), "{said}");
    for part in [
        "Surface\n  [",
        "] surface.headers\n",
        "  pass  surface.headers  0 faults in answers of 200",
        "(required: no header missing)",
        "proof.html",
    ] {
        assert!(said.contains(part), "{part:?} is not in\n{said}");
    }
    let page = std::fs::read_to_string(at("proof.html")).unwrap();
    assert!(page.contains("Security headers stand on every answer"));
    assert!(page.contains("Les en-têtes de sécurité figurent"));
    let suites = std::fs::read_to_string(at("proof.xml")).unwrap();
    assert!(suites.contains("failures=\"0\""), "{suites}");
    assert!(
        std::fs::read_to_string(at("proof.svg"))
            .unwrap()
            .starts_with("<svg")
    );

    let kept: Vec<_> = std::fs::read_dir(at("aplomb-data/proof"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    assert_eq!(kept.len(), 2, "a record and the key: {kept:?}");
    // No instance is left, nor its folder.
    let left = std::fs::read_dir(folder.path()).unwrap();
    let names = left.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let left: Vec<_> = names.filter(|name| name.contains("prove-")).collect();
    assert!(left.is_empty(), "{left:?}");

    let key = record["signature"]["public_key"].as_str().unwrap();
    let output = prove(
        folder.path(),
        "C",
        &["--verify", "proof.json", "--public-key", key],
    );
    let said = text(&output.stderr);
    assert_eq!(output.status.code(), Some(0), "{said}");
    assert!(said.contains("The signature holds"), "{said}");
    let output = prove(folder.path(), "fr_FR.UTF-8", &["--verify", "proof.json"]);
    let said = text(&output.stderr);
    assert!(
        said.contains("--public-key") && said.contains(key),
        "{said}"
    );
    let tampered = std::fs::read_to_string(at("proof.json")).unwrap();
    let tampered = tampered.replacen("0 faults", "1 faults", 1);
    std::fs::write(at("tampered.json"), tampered).unwrap();
    let output = prove(folder.path(), "C", &["--verify", "tampered.json"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(text(&output.stderr).contains("was changed after it was signed"));
}

#[test]
fn a_demand_that_does_not_hold_fails_the_run() {
    let folder = TempDir::new().unwrap();
    // What the configuration leads outside with is left out, and that is said.
    let settings = "[data]\nurl = \"postgres://nobody@127.0.0.1:1/none\"\n";
    std::fs::write(folder.path().join("aplomb.toml"), settings).unwrap();
    // Without a folder for temporary files that is no file system, nothing can be started.
    let arguments = [
        "--only",
        "surface.headers",
        "--target",
        "http://127.0.0.1:1",
    ];
    let output = prove(folder.path(), "C", &arguments);
    assert_eq!(output.status.code(), Some(1), "nobody answers there");

    let arguments = ["--only", "surface.headers", "--no-history", "--json"];
    let output = prove(folder.path(), "fr_FR.UTF-8", &arguments);
    let said = text(&output.stderr);
    assert_eq!(output.status.code(), Some(0), "{said}");
    assert!(
        said.contains("Surface exposée") && said.contains("base embarquée"),
        "{said}"
    );
    let record = json(&output.stdout);
    let notes = record["notes"].as_array().unwrap();
    assert!(
        notes
            .iter()
            .any(|note| note["text"].as_str().unwrap().contains("data.url"))
    );
    let kept = std::fs::read_dir(folder.path().join("aplomb-data/proof")).unwrap();
    assert_eq!(kept.count(), 1, "the key alone");
}

#[test]
fn wrong_words_are_refused_with_the_nearest_ones() {
    let folder = TempDir::new().unwrap();
    for (arguments, says) in [
        (
            &["--only", "surface.header"][..],
            "did you mean `surface.headers`?",
        ),
        (&["--skip", "surfce"][..], "did you mean `surface`?"),
        (&["--require", "nonsense-of-some-kind"][..], "--list"),
        (
            &["--explain", "surface.haeders"][..],
            "did you mean `surface.headers`?",
        ),
        (
            &["--only", "surface", "--skip", "surface"][..],
            "no check is left",
        ),
        (&["--min-score", "101"][..], "from 0 to 100"),
        (&["--report", "no/such/folder/x.html"][..], "no such folder"),
        (&["--markdown"][..], "--list"),
        (
            &["--live", "--target", "http://127.0.0.1:1"][..],
            "cannot be used with",
        ),
    ] {
        let output = prove(folder.path(), "C", arguments);
        let said = text(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}: {said}");
        assert!(said.contains(says), "{arguments:?}: {said}");
    }
    let left = std::fs::read_dir(folder.path()).unwrap().count();
    assert_eq!(left, 0, "nothing was begun");
    std::fs::write(folder.path().join("aplomb.toml"), "[http]\nlisten = 7.5\n").unwrap();
    assert_eq!(prove(folder.path(), "C", &[]).status.code(), Some(2));
}

#[test]
fn the_running_server_is_this_machines_own() {
    let folder = TempDir::new().unwrap();
    for (address, says) in [
        ("https://someone.example.org", "use --target"),
        ("http://127.0.0.1.example.org", "use --target"),
        ("http://127.0.0.1:1", "no server answers"),
    ] {
        let arguments = ["--only", "surface.headers", "--live", address];
        let output = prove(folder.path(), "C", &arguments);
        let said = text(&output.stderr);
        assert_eq!(output.status.code(), Some(1), "{said}");
        assert!(said.contains(says), "{address}: {said}");
    }
}

#[test]
fn checks_are_listed_for_people_and_for_programs() {
    let folder = TempDir::new().unwrap();
    let output = prove(folder.path(), "C", &["--list", "--json"]);
    assert_eq!(output.status.code(), Some(0));
    let list = json(&output.stdout);
    let find = |id: &str| {
        let list = list.as_array().unwrap();
        list.iter().find(|one| one["id"] == id).unwrap().clone()
    };
    let one = find("surface.headers");
    assert_eq!(one["area"], "surface");
    assert_eq!(one["weight"], 5);
    assert_eq!(one["required"], true);
    assert_eq!(one["disturbs"], true);
    let output = prove(folder.path(), "fr_FR.UTF-8", &["--list"]);
    let said = text(&output.stdout);
    assert!(
        said.contains("surface.headers") && said.contains("exigée"),
        "{said}"
    );
    assert!(!said.contains('\u{1b}'));
    let output = prove(folder.path(), "C", &["--explain", "surface.headers"]);
    let said = text(&output.stdout);
    for part in [
        "What it does",
        "By hand",
        "When it fails",
        "A proxy in front",
    ] {
        assert!(said.contains(part), "{part} is not in\n{said}");
    }
}
