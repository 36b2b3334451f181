//! Load: what the system does under traffic that does not wait for it.
//!
//! * [`schedule`]: when requests are due; [`mix`]: what they are; `queue`: those that wait for a free connection
//! * [`connection`]: one keep-alive connection; [`generator`]: all of it together
//! * [`tally`]: what is counted while it runs; [`summary`]: what it amounts to; [`process`]: what it costs the server
//! * [`checks`]: the claims
//!
//! Visitors do not wait for each other: a request is due when it is due, and its latency counts from then on, whether the server, a
//! queue or a busy connection made it wait. A generator that sends the next request after the last answer leaves out just those
//! requests that a stall would have hit; that figure is given beside, as the service time.

pub mod checks;
pub mod connection;
pub mod generator;
pub mod mix;
pub mod process;
mod queue;
pub mod schedule;
pub mod summary;
pub mod tally;
