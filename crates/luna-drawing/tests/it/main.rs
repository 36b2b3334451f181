//! What Luna's marks promise, measured on their pixels and bytes.

// Says to clippy that helpers here are test code too, and may unwrap.
#![cfg(test)]

mod export;
mod generator;
mod guide;
mod kit;
mod pixels;
mod quality;
mod requests;
mod round;
mod straight;
mod svg;
mod wordmark;
