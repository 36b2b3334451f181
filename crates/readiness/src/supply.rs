//! What it is made of: the lock file and the licences that went into this binary.
//!
//! * [`sbom`]: the bill of materials, CycloneDX 1.6
//! * `lock`, `list`: what is read; `expression`: SPDX; `database`: RustSec advisories
//! * [`licences`], [`advisories`], [`bom`]: the checks; each takes its inputs as fields, so that a test can plant a fault in them

pub mod advisories;
pub mod bom;
mod database;
mod expression;
pub mod licences;
mod list;
mod lock;

use serde_json::Value;

/// The lock file of this build.
pub const LOCK: &str = include_str!("../../../Cargo.lock");
/// Name, version and licence of each of its crates, as `scripts/supply.sh` writes them.
pub const LICENCES: &str = include_str!("../supply/licences.json");
/// What may be in it.
pub const POLICY: &str = include_str!("../../../deny.toml");

/// The bill of materials of this binary: CycloneDX 1.6, the same bytes for the same lock file.
pub fn sbom() -> Value {
    bom::of(LOCK, LICENCES).expect("a test reads the lock file and the licences of each build")
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::{LICENCES, LOCK, list, lock};

    #[test]
    fn the_list_of_licences_is_that_of_the_lock_file() {
        let locked = lock::read(LOCK).unwrap();
        let listed = list::read(LICENCES).unwrap();
        let named = |name: &str, version: &str| format!("{name} {version}");
        let locked: BTreeSet<_> = locked
            .iter()
            .map(|own| named(&own.name, &own.version))
            .collect();
        let listed: BTreeSet<_> = listed
            .iter()
            .map(|own| named(&own.name, &own.version))
            .collect();
        let difference: Vec<_> = locked.symmetric_difference(&listed).collect();
        assert!(
            difference.is_empty(),
            "run scripts/supply.sh: {difference:?}"
        );
    }

    #[test]
    fn the_bill_of_materials_is_made_of_this_build() {
        let bill = super::sbom();
        assert_eq!(bill["specVersion"], "1.6");
        assert_eq!(super::bom::faults(&bill, LOCK), Vec::<String>::new());
        assert_eq!(bill, super::sbom());
    }
}
