//! Jobs, each test on SQLite and, where `APLOMB_TEST_POSTGRES` names a server, on PostgreSQL too.

mod api;
mod chores;
mod ends;
mod idempotency;
mod notices;
mod queue;
mod shop;
mod steps;
mod workers;
