//! One integration binary: one link, not one per file.

// Says to clippy that helpers here are test code too, and may unwrap.
#![cfg(test)]

mod access;
mod config;
mod data;
mod house;
mod http;
mod objects;
mod uploads;
