//! Any text as `aplomb.toml`, and any value in the environment: faults are reported, never a panic, and what was accepted can be
//! shown.
#![no_main]

use std::path::PathBuf;
use std::sync::OnceLock;

use chassis::config::{ConfigFile, Sources, load};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: (&str, &str, &str)| {
    let (file, name, value) = input;
    let path = path();
    std::fs::write(path, file).expect("the temporary folder can be written");
    let sources = Sources {
        file: ConfigFile::Required(path.clone()),
        environment: vec![(format!("APLOMB_{name}"), value.to_owned())],
        ..Sources::default()
    };
    match load(&sources) {
        Ok(config) => assert!(!config.show().is_empty()),
        Err(faults) => assert!(!faults.is_empty() && !faults.to_string().is_empty()),
    }
});

/// One file for each fuzzing process.
fn path() -> &'static PathBuf {
    static PATH: OnceLock<PathBuf> = OnceLock::new();
    PATH.get_or_init(|| std::env::temp_dir().join(format!("aplomb-fuzz-config-{}.toml", std::process::id())))
}
