//! Recordings that are not part of the repository: `shared/data` in a folder above it, or where `NIGHTSCAN_DATA` says.

use std::path::{Path, PathBuf};

/// The bytes of a file; tests end quietly where the data are absent, and say so.
pub(crate) fn read(name: &str) -> Option<Vec<u8>> {
    let path = folder()?.join(name);
    Some(std::fs::read(&path).unwrap_or_else(|fault| panic!("{}: {fault}", path.display())))
}

#[expect(clippy::print_stdout, reason = "says why a test has nothing to do")]
fn folder() -> Option<PathBuf> {
    let named = std::env::var_os("NIGHTSCAN_DATA").map(PathBuf::from);
    let above = Path::new(env!("CARGO_MANIFEST_DIR"))
        .ancestors()
        .map(|folder| folder.join("shared/data"))
        .find(|folder| folder.is_dir());
    let found = named.or(above);
    if found.is_none() {
        println!("skipped: no shared/data above the repository, and NIGHTSCAN_DATA is not set");
    }
    found
}
