//! The binary's integration tests and the house rules that no compiler checks. One program: one link, not one per file.

// Says to clippy that helpers here are test code too, and may unwrap.
#![cfg(test)]

mod audit;
mod commands;
mod floors;
mod house;
mod kill;
mod kills;
mod matrix;
mod people;
mod uploads;
mod webhook;
