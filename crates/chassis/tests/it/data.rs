//! The database, each test on SQLite and, where `APLOMB_TEST_POSTGRES` names a server, on PostgreSQL too.

#![expect(clippy::disallowed_methods, reason = "a test spawns and kills its own")]

mod durability;
mod migrations;
mod opening;
mod outages;
pub(crate) mod place;
mod starts;
mod writes;
