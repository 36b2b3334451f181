//! The floors are a test, not a wish: reads `cargo metadata` and names every arrow that runs the wrong way.
//!
//! ```text
//! 4  aplomb
//! 3  readiness
//! 2  nightscan         support            crealia         lightning         luna
//! 1  chassis
//! 0  nightscan-sound   support-dialogue   crealia-media   lightning-graph   luna-drawing
//! ```

use cargo_metadata::{DependencyKind, MetadataCommand};

use self::Role::{Binary, Chassis, Library, Readiness, Service};

/// Every crate this workspace may have, also those that are not written yet. A new one is a decision: it gets a line here.
const CRATES: [(&str, Role); 13] = [
    ("aplomb", Binary),
    ("readiness", Readiness),
    ("nightscan", Service),
    ("support", Service),
    ("crealia", Service),
    ("lightning", Service),
    ("luna", Service),
    ("chassis", Chassis),
    ("nightscan-sound", Library { of: "nightscan" }),
    ("support-dialogue", Library { of: "support" }),
    ("crealia-media", Library { of: "crealia" }),
    ("lightning-graph", Library { of: "lightning" }),
    ("luna-drawing", Library { of: "luna" }),
];

/// What would bring async, a clock, chance, sockets, SQL or logging into a pure library. Its tests may use them.
const NOT_PURE: [&str; 20] = [
    "async-trait",
    "axum",
    "chrono",
    "futures",
    "futures-util",
    "getrandom",
    "http",
    "hyper",
    "jiff",
    "log",
    "metrics",
    "rand",
    "reqwest",
    "rusqlite",
    "sea-orm",
    "sqlx",
    "time",
    "tokio",
    "tower",
    "tracing",
];

#[derive(Clone, Copy, Debug, PartialEq)]
enum Role {
    Binary,
    Readiness,
    Service,
    Chassis,
    /// Used by that service alone.
    Library {
        of: &'static str,
    },
}

impl Role {
    fn floor(self) -> u8 {
        match self {
            Binary => 4,
            Readiness => 3,
            Service => 2,
            Chassis => 1,
            Library { .. } => 0,
        }
    }
}

/// A crate of the workspace and what its manifest lists.
struct Manifest {
    name: String,
    dependencies: Vec<(String, DependencyKind)>,
}

#[test]
fn no_arrow_runs_the_wrong_way() {
    let metadata = MetadataCommand::new()
        .manifest_path(concat!(env!("CARGO_MANIFEST_DIR"), "/../../Cargo.toml"))
        .no_deps()
        .exec()
        .expect("cargo metadata reads this workspace");
    let manifests: Vec<Manifest> = metadata
        .workspace_packages()
        .into_iter()
        .map(|package| Manifest {
            name: package.name.to_string(),
            dependencies: package
                .dependencies
                .iter()
                .map(|dependency| (dependency.name.clone(), dependency.kind))
                .collect(),
        })
        .collect();

    assert!(
        manifests.iter().any(|manifest| manifest.name == "aplomb"),
        "the workspace was read"
    );
    let faults = faults(&manifests);
    assert!(
        faults.is_empty(),
        "the floors are broken:\n  {}",
        faults.join("\n  ")
    );
}

/// One line for each rule broken, naming the arrow. Kinds are not told apart between workspace crates: a test that reaches up
/// would make the lower crate unbuildable alone just as well.
fn faults(manifests: &[Manifest]) -> Vec<String> {
    let mut faults = Vec::new();
    for manifest in manifests {
        let from = manifest.name.as_str();
        let Some(role) = role_of(from) else {
            faults.push(format!("{from} has no floor: give it a line in floors.rs, or fold it into a crate that has one"));
            continue;
        };
        for (to, kind) in &manifest.dependencies {
            let is_ours = manifests.iter().any(|other| other.name == *to);
            let fault = match role_of(to) {
                Some(used) => forbidden(from, role, used),
                // Reported once, at the crate itself.
                None if is_ours => None,
                None => impure(role, to, *kind),
            };
            if let Some(reason) = fault {
                faults.push(format!("{from} -> {to} ({}): {reason}", kind_name(*kind)));
            }
        }
    }
    faults
}

fn role_of(name: &str) -> Option<Role> {
    CRATES
        .iter()
        .find(|(known, _)| *known == name)
        .map(|(_, role)| *role)
}

/// Why `from` may not use a crate of that role, or `None` if it may.
fn forbidden(from: &str, role: Role, used: Role) -> Option<String> {
    match (role, used) {
        (Library { .. }, _) => Some("a pure library lists no crate of the workspace".to_owned()),
        (_, Library { of }) if of != from => Some(format!("that library is used by {of} alone")),
        (Readiness, Service) => {
            Some("readiness gets the services' checks handed in by aplomb".to_owned())
        }
        _ if used.floor() >= role.floor() => Some(format!(
            "floor {} may not use floor {}",
            role.floor(),
            used.floor()
        )),
        _ => None,
    }
}

/// Why a crate from outside may not stand in that manifest, or `None` if it may.
fn impure(role: Role, to: &str, kind: DependencyKind) -> Option<String> {
    let is_library = matches!(role, Library { .. });
    (is_library && kind != DependencyKind::Development && NOT_PURE.contains(&to))
        .then(|| "a pure library takes values and returns values".to_owned())
}

fn kind_name(kind: DependencyKind) -> &'static str {
    match kind {
        DependencyKind::Development => "dev",
        DependencyKind::Build => "build",
        _ => "normal",
    }
}

mod the_checker {
    use cargo_metadata::DependencyKind::{Build, Development, Normal};

    use super::{CRATES, DependencyKind, Manifest, faults};

    fn graph(arrows: &[(&str, &str, DependencyKind)]) -> Vec<Manifest> {
        CRATES
            .iter()
            .map(|(name, _)| Manifest {
                name: (*name).to_owned(),
                dependencies: arrows
                    .iter()
                    .filter(|(from, ..)| from == name)
                    .map(|(_, to, kind)| ((*to).to_owned(), *kind))
                    .collect(),
            })
            .collect()
    }

    #[track_caller]
    fn assert_fault(from: &str, to: &str, kind: DependencyKind, expected: &str) {
        assert_eq!(faults(&graph(&[(from, to, kind)])), [expected]);
    }

    #[test]
    fn accepts_the_arrows_of_the_picture() {
        let arrows = [
            ("aplomb", "readiness", Normal),
            ("aplomb", "luna", Normal),
            ("aplomb", "chassis", Build),
            ("readiness", "chassis", Normal),
            ("luna", "chassis", Normal),
            ("luna", "luna-drawing", Normal),
            ("luna", "tokio", Normal),
            ("luna-drawing", "png", Normal),
            ("luna-drawing", "rand", Development),
        ];
        assert_eq!(faults(&graph(&arrows)), Vec::<String>::new());
    }

    #[test]
    fn names_an_arrow_that_runs_up_of_any_kind() {
        assert_fault(
            "chassis",
            "luna",
            Normal,
            "chassis -> luna (normal): floor 1 may not use floor 2",
        );
        assert_fault(
            "chassis",
            "luna",
            Build,
            "chassis -> luna (build): floor 1 may not use floor 2",
        );
        assert_fault(
            "luna",
            "aplomb",
            Development,
            "luna -> aplomb (dev): floor 2 may not use floor 4",
        );
    }

    #[test]
    fn names_services_that_know_each_other() {
        assert_fault(
            "luna",
            "support",
            Normal,
            "luna -> support (normal): floor 2 may not use floor 2",
        );
    }

    #[test]
    fn names_a_library_in_the_wrong_hands() {
        let reason = "that library is used by luna alone";
        for from in ["crealia", "chassis", "readiness", "aplomb"] {
            assert_fault(
                from,
                "luna-drawing",
                Normal,
                &format!("{from} -> luna-drawing (normal): {reason}"),
            );
        }
    }

    #[test]
    fn names_readiness_that_takes_a_shortcut() {
        let expected =
            "readiness -> luna (normal): readiness gets the services' checks handed in by aplomb";
        assert_fault("readiness", "luna", Normal, expected);
    }

    #[test]
    fn names_a_library_that_is_not_pure() {
        let ours = "luna-drawing -> chassis (dev): a pure library lists no crate of the workspace";
        assert_fault("luna-drawing", "chassis", Development, ours);
        let tokio =
            "luna-drawing -> tokio (normal): a pure library takes values and returns values";
        assert_fault("luna-drawing", "tokio", Normal, tokio);
    }

    #[test]
    fn names_a_crate_without_a_floor_once() {
        let mut manifests = graph(&[("aplomb", "helpers", Normal)]);
        manifests.push(Manifest {
            name: "helpers".to_owned(),
            dependencies: vec![("aplomb".to_owned(), Normal)],
        });
        let faults = faults(&manifests);
        assert_eq!(faults.len(), 1, "{faults:?}");
        assert!(faults[0].starts_with("helpers has no floor"), "{faults:?}");
    }
}
