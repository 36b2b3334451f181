//! Drills that act on a running server, and the report they write.
//!
//! * [`checks`]: the list; one folder an area (`surface`, …)
//! * [`runner`]: checks to evidence; [`ground`]: instances of this binary for drills; [`actors`]: people and keys in them
//! * [`report`]: evidence to a score and a record
//! * [`target`]: systems of others, and their owners' leave
//! * [`settings`]: the configuration under proof, without what leads to the outside
//!
//! It works from outside, like an operator: HTTP, signals, files. It never reads the code that it judges.

pub mod actors;
pub mod checks;
pub mod ground;
pub mod report;
pub mod runner;
pub mod settings;
mod surface;
pub mod target;
