//! The drills' own tests, without the product: on test servers, and on reports of runs and of others.

// Says to clippy that helpers here are test code too, and may unwrap.
#![cfg(test)]

#[path = "../bad/mod.rs"]
mod bad;
mod bad_server;
mod import;
mod load;
mod report;
