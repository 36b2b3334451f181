//! Drills against servers of others.

#![cfg(test)]

#[path = "../bad/mod.rs"]
mod bad;
mod bad_server;
