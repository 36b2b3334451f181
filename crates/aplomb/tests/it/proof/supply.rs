//! Faults in what the binary is made of: they stand in the inputs of the checks.

use chassis::check::{Check, Evidence, Origin, Pace, Reach, Subject, Verdict};
use futures_util::future::BoxFuture;
use readiness::runner;
use readiness::supply::advisories::Advisories;
use readiness::supply::bom::Bom;
use readiness::supply::licences::Licences;
use serde_json::Value;
use tempfile::TempDir;

use super::{Planted, every_fault_is_found};

pub(super) fn planted() -> Vec<Planted> {
    vec![
        of_inputs(
            "supply.licences",
            "a crate has another licence",
            "has the licence GPL-3.0-only",
            || {
                let licences = with_serde(readiness::supply::LICENCES, |row| {
                    row["licence"] = "GPL-3.0-only".into();
                });
                Licences {
                    licences,
                    ..Licences::OWN
                }
            },
        ),
        of_inputs(
            "supply.licences",
            "a crate names no licence",
            "names no licence",
            || {
                let licences = with_serde(readiness::supply::LICENCES, |row| {
                    row["licence"] = Value::Null;
                });
                Licences {
                    licences,
                    ..Licences::OWN
                }
            },
        ),
        of_inputs(
            "supply.licences",
            "MIT is allowed no more",
            "has the licence MIT, which is not allowed",
            || Licences {
                policy: "[licenses]\nallow = [\"Apache-2.0\"]\n",
                ..Licences::OWN
            },
        ),
        of_inputs(
            "supply.licences",
            "the lock file has a crate more",
            "newcomer 1.0.0 is in the lock file and in no list",
            || Licences {
                lock: with_newcomer(),
                ..Licences::OWN
            },
        ),
        of_inputs(
            "supply.sbom",
            "a crate is missing in the bill",
            "pkg:cargo/newcomer@1.0.0 is in the lock file and missing in the bill",
            || Bom {
                lock: with_newcomer(),
                ..Bom::OWN
            },
        ),
        of_inputs(
            "supply.sbom",
            "a checksum is another",
            "has the hash Some(\"00\")",
            || Bom {
                bill: || {
                    let mut bill = readiness::supply::sbom();
                    bill["components"][0]["hashes"][0]["content"] = "00".into();
                    bill
                },
                ..Bom::OWN
            },
        ),
        of_inputs(
            "supply.sbom",
            "a crate stands twice in the bill",
            "stands twice in the bill",
            || Bom {
                bill: || {
                    let mut bill = readiness::supply::sbom();
                    let first = bill["components"][0].clone();
                    bill["components"].as_array_mut().unwrap().push(first);
                    bill
                },
                ..Bom::OWN
            },
        ),
        of_inputs(
            "supply.advisories",
            "a crate is vulnerable",
            "RUSTSEC-2026-9999: serde ",
            || Advisories {
                database: Some(database("serde", &today(), "\">= 99.0.0\"")),
                ..Advisories::OWN
            },
        ),
    ]
}

fn of_inputs<C: Check + 'static>(
    check: &'static str,
    name: &'static str,
    says: &'static str,
    make: fn() -> C,
) -> Planted {
    let run = move || -> BoxFuture<'static, Evidence> {
        Box::pin(async move { evidence(&make()).await })
    };
    Planted {
        stands_alone: true,
        check,
        name,
        run: Box::new(run),
        says,
    }
}

async fn evidence(check: &dyn Check) -> Evidence {
    let subject = Subject::new("http://127.0.0.1:1", Pace::Quick, Reach::Own).unwrap();
    runner::run_one(check, &subject, &Origin::default()).await
}

/// Inputs stand in the binary: a test's live as long.
fn kept(text: String) -> &'static str {
    Box::leak(text.into_boxed_str())
}

fn with_serde(licences: &str, change: impl Fn(&mut Value)) -> &'static str {
    let mut rows: Vec<Value> = serde_json::from_str(licences).unwrap();
    change(rows.iter_mut().find(|row| row["name"] == "serde").unwrap());
    kept(serde_json::to_string(&rows).unwrap())
}

fn with_newcomer() -> &'static str {
    let lock = readiness::supply::LOCK;
    kept(format!(
        "{lock}\n[[package]]\nname = \"newcomer\"\nversion = \"1.0.0\"\nchecksum = \"00\"\n"
    ))
}

/// `YYYY-MM-DD`.
fn today() -> String {
    let now = chassis::clock::Clock::now(&chassis::clock::SystemClock);
    now.to_string()[..10].to_owned()
}

/// A database with one advisory.
fn database(package: &str, date: &str, patched: &str) -> &'static str {
    let folder = TempDir::new().unwrap().keep();
    let place = folder.join("crates").join(package);
    std::fs::create_dir_all(&place).unwrap();
    let text = format!(
        "```toml\n[advisory]\nid = \"RUSTSEC-2026-9999\"\npackage = \"{package}\"\ndate = \"{date}\"\n\n\
        [versions]\npatched = [{patched}]\n```\n\n# It breaks\n"
    );
    std::fs::write(place.join("RUSTSEC-2026-9999.md"), text).unwrap();
    kept(folder.display().to_string())
}

#[tokio::test(flavor = "multi_thread")]
async fn faults_of_the_supply_are_found() {
    every_fault_is_found(planted()).await;
}

#[tokio::test]
async fn an_old_database_proves_nothing_and_a_patched_version_passes() {
    let judged = |database: &'static str| async move {
        let check = Advisories {
            database: Some(database),
            ..Advisories::OWN
        };
        evidence(&check).await
    };
    let sound = judged(database("serde", &today(), "\">= 0.1.0\"")).await;
    assert_eq!(sound.verdict, Verdict::Pass, "{sound:?}");
    // Also where this machine has no database, so that the fault in the list above is skipped.
    let vulnerable = judged(database("serde", &today(), "\">= 99.0.0\"")).await;
    assert_eq!(vulnerable.verdict, Verdict::Fail, "{vulnerable:?}");
    assert!(
        vulnerable.faults[0].starts_with("RUSTSEC-2026-9999: serde 1."),
        "{:?}",
        vulnerable.faults
    );
    let old = judged(database("serde", "2021-01-02", "\">= 99.0.0\"")).await;
    assert_eq!(old.verdict, Verdict::NotVerifiable, "{old:?}");
    assert!(old.measured.contains("2021-01-02"), "{}", old.measured);
    let none = judged("/nowhere/at/all").await;
    assert_eq!(none.verdict, Verdict::NotVerifiable, "{none:?}");
    assert!(none.measured.contains("git clone"), "{}", none.measured);
}
