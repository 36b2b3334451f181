//! Everything a service needs in production, once.

pub mod config;
pub mod data;
