//! What evidence was measured on.

use std::fs::File;
use std::io;
use std::path::Path;

use chassis::check::Origin;

/// This machine, a binary, and a configuration as text with its secrets masked. `target` is `own`, or `live` or `foreign` with an address.
pub fn of(binary: &Path, configuration: &str, target: &str) -> io::Result<Origin> {
    let mut hasher = blake3::Hasher::new();
    hasher.update_reader(File::open(binary)?)?;
    Ok(Origin {
        version: env!("CARGO_PKG_VERSION").to_owned(),
        binary: hasher.finalize().to_hex().to_string(),
        configuration: blake3::hash(configuration.as_bytes()).to_hex().to_string(),
        host: host(),
        target: target.to_owned(),
    })
}

/// A system of which only the address is known.
pub fn foreign(address: &str) -> Origin {
    Origin {
        host: host(),
        target: format!("foreign {address}"),
        ..Origin::default()
    }
}

/// The machine: its name, system and cores.
pub fn host() -> String {
    let name = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
    let cores = std::thread::available_parallelism().map_or(0, std::num::NonZero::get);
    let (system, chip) = (std::env::consts::OS, std::env::consts::ARCH);
    format!("{} ({system} {chip}, {cores} cores)", name.trim())
}
