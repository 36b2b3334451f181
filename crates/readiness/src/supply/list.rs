//! `licences.json`: what the lock file does not say of its crates.

use serde::Deserialize;

/// A crate of the list.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Listed {
    pub(super) name: String,
    pub(super) version: String,
    /// SPDX, as the crate says it; none where it says nothing.
    pub(super) licence: Option<String>,
    /// Whether it is in the binary, or took part in building it; the rest is for tests and other systems.
    pub(super) shipped: bool,
}

/// Reads the list.
pub(super) fn read(text: &str) -> Result<Vec<Listed>, String> {
    serde_json::from_str(text)
        .map_err(|fault| format!("the list of licences cannot be read: {fault}"))
}
