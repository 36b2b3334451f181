//! One integration binary: one link, not one per file.

mod config;
mod data;
