//! The console's files, as the binary carries them.

use chassis::http::console::{Asset, Console};

/// What `build.rs` found in `web/dist`.
const FILES: &[Asset] = include!(concat!(env!("OUT_DIR"), "/console.rs"));

/// The console, where it was built before this binary was.
pub(crate) fn embedded() -> Console {
    Console::new(FILES)
}
