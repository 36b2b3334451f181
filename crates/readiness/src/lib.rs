//! Drills that act on a running server, and the report they write.
//!
//! * [`checks`]: the list; one folder an area (`surface`, …)
//! * [`runner`]: checks to evidence; [`ground`]: instances of this binary for drills; [`actors`]: people and keys in them
//! * [`report`]: evidence to a score and a record
//! * [`import`]: somebody's Markdown report, each claim of it marked
//! * [`load`]: the load generator and the claims about load; [`objectives`]: what is promised
//! * [`prometheus`]: the text that is scraped, read strictly; [`supply`]: what the binary is made of
//! * [`settings`]: the configuration under proof, without what leads to the outside
//!
//! It works from outside, like an operator: HTTP, signals, files. It never reads the code that it judges.

pub mod actors;
pub mod checks;
pub mod ground;
pub mod import;
pub mod load;
pub mod objectives;
mod observability;
pub mod prometheus;
pub mod report;
pub mod runner;
pub mod settings;
pub mod supply;
mod surface;
