//! Luna's API as a browser or a script meets it.

// Says to clippy that helpers here are test code too, and may unwrap.
#![cfg(test)]

mod api;
mod generate;
mod history;
mod kits;
mod once;
mod server;
