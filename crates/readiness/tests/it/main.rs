//! Reports of runs and of others, as a person meets them.

// Says to clippy that helpers here are test code too, and may unwrap.
#![cfg(test)]

mod import;
