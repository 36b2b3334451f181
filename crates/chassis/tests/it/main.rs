//! One integration binary: one link, not one per file.

// Says to clippy that helpers here are test code too, and may unwrap.
#![cfg(test)]

mod access;
mod audit;
mod config;
mod console;
mod data;
mod events;
mod house;
mod http;
mod instances;
mod jobs;
mod limits;
mod notify;
mod objects;
mod outages;
mod outside;
mod overview;
mod own_postgres;
mod people;
mod redis;
mod set_up;
mod sign_in;
mod streams;
mod uploads;
mod upstream;
