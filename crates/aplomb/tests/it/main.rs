//! The binary's integration tests and the house rules that no compiler checks. One program: one link, not one per file.

// Says to clippy that helpers here are test code too, and may unwrap.
#![cfg(test)]

mod audit;
mod commands;
mod floors;
mod hostile;
mod house;
mod kill;
mod kills;
mod matrix;
mod metrics;
mod nightscan;
mod outage;
mod people;
mod proof;
mod proof_api;
mod prove;
mod recordings_kills;
mod supply;
mod uploads;
mod webhook;
