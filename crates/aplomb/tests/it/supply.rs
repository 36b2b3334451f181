//! The list of what the binary is made of, which the checks of the area `supply` read.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::Path;
use std::process::Command;

use cargo_metadata::{Metadata, MetadataCommand};
use serde_json::json;

/// The systems that `deny.toml` judges.
const SYSTEMS: [&str; 2] = ["x86_64-unknown-linux-gnu", "aarch64-unknown-linux-gnu"];

#[test]
fn the_list_of_licences_is_what_cargo_says() {
    let all = metadata();
    let shipped: BTreeSet<_> = SYSTEMS.iter().flat_map(|system| shipped(system)).collect();
    let mut rows = BTreeMap::new();
    for package in &all.packages {
        let row = json!({
            "name": package.name,
            "version": package.version,
            "licence": package.license,
            "shipped": shipped.contains(&(package.name.to_string(), package.version.to_string())),
        });
        rows.insert((package.name.to_string(), package.version.clone()), row);
    }
    // One line a crate: what changed is seen in review.
    let mut text = "[\n".to_owned();
    for (index, row) in rows.values().enumerate() {
        let comma = if index + 1 < rows.len() { "," } else { "" };
        writeln!(text, "{row}{comma}").unwrap();
    }
    text += "]\n";
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../readiness/supply/licences.json");
    if std::env::var_os("UPDATE").is_some() {
        std::fs::write(&path, &text).unwrap();
    }
    assert!(
        std::fs::read_to_string(&path).unwrap_or_default() == text,
        "run scripts/supply.sh"
    );
}

/// What is in the binary on a system, or takes part in building it: name and version. `cargo metadata` would add what only tests
/// switch on.
fn shipped(system: &str) -> BTreeSet<(String, String)> {
    let ask = |offline: &str| {
        #[expect(clippy::disallowed_methods, reason = "the test asks Cargo")]
        let output = Command::new(env!("CARGO"))
            .current_dir(env!("CARGO_MANIFEST_DIR"))
            .args([
                "tree",
                "--locked",
                "--package",
                "aplomb",
                "--edges",
                "normal,build",
            ])
            .args(["--target", system, "--prefix", "none", "--format", "{p}"])
            .env("CARGO_NET_OFFLINE", offline)
            .output()
            .unwrap();
        let text = String::from_utf8(output.stdout).unwrap();
        output.status.success().then_some(text)
    };
    let text = ask("true").or_else(|| ask("false")).unwrap();
    let named = text.lines().filter_map(|line| {
        let mut words = line.split(' ');
        Some((
            words.next()?.to_owned(),
            words.next()?.strip_prefix('v')?.to_owned(),
        ))
    });
    named.collect()
}

/// Without a network where all is here already.
fn metadata() -> Metadata {
    let ask = |more: &[&str]| {
        let options = more.iter().map(|option| (*option).to_owned());
        MetadataCommand::new()
            .other_options(options.collect::<Vec<_>>())
            .exec()
    };
    ask(&["--locked", "--offline"])
        .or_else(|_| ask(&["--locked"]))
        .unwrap()
}
