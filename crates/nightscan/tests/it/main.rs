//! NightScan's API as a browser, a script or a sensor meets it.

// Says to clippy that helpers here are test code too, and may unwrap.
#![cfg(test)]

mod detections;
mod exports;
mod intake;
mod limits;
mod places;
mod privacy;
mod recordings;
mod server;
mod sound;
