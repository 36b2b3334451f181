//! House rules over the tracked files: sizes, lints, and nothing that belongs to one person's machine.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Lines of a Rust file. Above 400 look for the seam; this is where review stops and the build fails.
const MAX_LINES: usize = 600;

/// Files that may be longer, each with its reason: generated code and catalogues of like entries.
const MAY_BE_LONGER: [(&str, &str); 0] = [];

/// Text that only makes sense on the machine where it was written. In two pieces, so that this file does not name them.
const FROM_SOMEBODYS_MACHINE: [[&str; 2]; 4] = [
    ["/ro", "ot/"],
    ["/ho", "me/"],
    ["/Us", "ers/"],
    ["C:", "\\Users"],
];

#[test]
fn no_tracked_file_names_a_home_folder() {
    let mut faults = Vec::new();
    for (path, text) in tracked_texts() {
        for pieces in FROM_SOMEBODYS_MACHINE {
            let word = pieces.concat();
            for (number, line) in text
                .lines()
                .enumerate()
                .filter(|(_, line)| line.contains(&word))
            {
                faults.push(format!("{path}:{}: {}", number + 1, line.trim()));
            }
        }
    }
    assert!(
        faults.is_empty(),
        "these lines belong to one machine:\n{}",
        faults.join("\n")
    );
}

/// What is said to people: each code in the sources stands in a catalogue (which holds it in both languages).
#[test]
fn every_message_code_is_in_a_catalogue() {
    let texts = tracked_texts();
    let known: String = texts
        .iter()
        .filter(|(path, _)| path.contains("/messages/") && path.ends_with("en.json"))
        .map(|(_, text)| text.as_str())
        .collect();
    let mut codes = 0;
    let mut faults = Vec::new();
    for (path, text) in &texts {
        let speaks = [
            "crates/chassis/src",
            "crates/luna/src",
            "crates/nightscan/src",
            "crates/aplomb/src",
        ]
        .iter()
        .any(|place| path.starts_with(place));
        if !speaks || path.contains("/config") || !has_extension(path, "rs") {
            continue;
        }
        for literal in text.split('"').skip(1).step_by(2) {
            let Some((room, rest)) = literal.split_once('.') else {
                continue;
            };
            let is_code = ["http", "overview", "audit", "pages", "limits", "field", "home", "serve", "migrate", "luna", "nightscan", "auth", "people", "user", "workspace", "key", "objects", "uploads", "jobs", "events", "notify", "upstream"].contains(&room)
                && !rest.is_empty()
                && rest.bytes().all(|b| b.is_ascii_lowercase() || b == b'_')
                // A key of the configuration, a file, a check's id, the name of an event.
                && !["http.listen", "http.public_url", "http.path", "http.method", "http.status_code", "home.css", "luna.contrast", "limits.anonymous_per_minute"].contains(&literal)
                && !["audit.detail", "audit.workspace_id"].contains(&literal)
                // A kind of job, keys of the configuration.
                && !["nightscan.analyse", "nightscan.alert", "nightscan.retain", "nightscan.sample"].contains(&literal)
                // Names of events.
                && !["nightscan.detection", "nightscan.recording", "nightscan.review"].contains(&literal)
                && !["luna.kit", "luna.tidy", "objects.access_key", "objects.secret_key", "objects.bucket"].contains(&literal)
                && !["jobs.progress", "jobs.done", "jobs.failed", "jobs.cancelled"].contains(&literal)
                // A column in a fault.
                && !["user.id", "user.email", "workspace.id"].contains(&literal);
            if is_code {
                codes += 1;
                if !known.contains(&format!("\"{literal}\":")) {
                    faults.push(format!("{path}: {literal}"));
                }
            }
        }
    }
    assert!(codes > 30, "only {codes} codes found: the search is broken");
    assert!(faults.is_empty(), "no message says:\n{}", faults.join("\n"));
}

#[test]
fn no_rust_file_is_longer_than_the_ceiling() {
    let mut faults = Vec::new();
    for (path, text) in tracked_texts()
        .into_iter()
        .filter(|(path, _)| has_extension(path, "rs"))
    {
        let lines = text.lines().count();
        let exempt = MAY_BE_LONGER.iter().any(|(exempt, _)| *exempt == path);
        if lines > MAX_LINES && !exempt {
            faults.push(format!(
                "{path} has {lines} lines, the ceiling is {MAX_LINES}: find the seam"
            ));
        }
        if lines <= MAX_LINES && exempt {
            faults.push(format!(
                "{path} has {lines} lines and needs no exemption any more"
            ));
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn every_crate_inherits_the_workspace_lints() {
    let manifests: Vec<(String, String)> = tracked_texts()
        .into_iter()
        .filter(|(path, _)| is_manifest_of_a_crate(path))
        .collect();
    assert!(
        manifests.len() >= 4,
        "the manifests were found: {}",
        manifests.len()
    );
    for (path, text) in manifests {
        assert!(
            inherits_lints(&text),
            "{path} lacks:\n[lints]\nworkspace = true"
        );
    }
}

#[test]
fn every_library_opens_with_its_purpose() {
    for (path, text) in tracked_texts()
        .into_iter()
        .filter(|(path, _)| path.ends_with("/src/lib.rs"))
    {
        assert!(
            text.starts_with("//! "),
            "{path} does not open with what it is for"
        );
    }
}

#[test]
fn locked_packages_come_from_one_registry() {
    let texts = tracked_texts();
    let locks = texts
        .iter()
        .filter(|(path, _)| path.ends_with("Cargo.lock"));
    let mut sources: Vec<&str> = locks
        .flat_map(|(_, text)| text.lines().filter(|line| line.starts_with("source = ")))
        .collect();
    sources.sort_unstable();
    sources.dedup();
    assert_eq!(sources.len(), 1, "{sources:?}");
    assert!(
        sources[0].starts_with("source = \"registry+"),
        "{sources:?}"
    );
}

#[test]
fn a_manifest_without_the_lints_is_noticed() {
    assert!(inherits_lints(
        "[package]\nname = \"x\"\n\n[lints]\nworkspace = true\n"
    ));
    assert!(!inherits_lints(
        "[package]\nname = \"x\"\n\n[lints.rust]\nunsafe_code = \"allow\"\n"
    ));
    assert!(!inherits_lints(
        "[lints]\n[dependencies]\nworkspace = true\n"
    ));
}

fn inherits_lints(manifest: &str) -> bool {
    let mut lines = manifest
        .lines()
        .map(str::trim)
        .skip_while(|line| *line != "[lints]")
        .skip(1);
    lines
        .next()
        .is_some_and(|line| line.replace(' ', "") == "workspace=true")
}

fn is_manifest_of_a_crate(path: &str) -> bool {
    path.starts_with("crates/") && path.ends_with("/Cargo.toml")
}

fn has_extension(path: &str, extension: &str) -> bool {
    Path::new(path)
        .extension()
        .is_some_and(|found| found == extension)
}

fn workspace_root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// Every file that Git tracks and that is text, with its path from the root. A file deleted but not yet staged is passed over.
#[expect(
    clippy::disallowed_methods,
    reason = "a test may ask Git; nothing of it reaches the product"
)]
fn tracked_texts() -> Vec<(String, String)> {
    let root = workspace_root();
    let output = Command::new("git")
        // A clone that a container mounts belongs to another account, and listing it is harmless.
        .args(["-c", "safe.directory=*", "ls-files", "-z"])
        .current_dir(&root)
        .output()
        .expect("git is installed");
    assert!(
        output.status.success(),
        "the house rules are checked in a Git clone: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    let listing = String::from_utf8(output.stdout).expect("paths are UTF-8");
    let texts: Vec<(String, String)> = listing
        .split_terminator('\0')
        .filter_map(|path| Some((path.to_owned(), fs::read_to_string(root.join(path)).ok()?)))
        .collect();
    assert!(
        texts.iter().any(|(path, _)| path == "Cargo.toml"),
        "the listing starts at the root"
    );
    texts
}
