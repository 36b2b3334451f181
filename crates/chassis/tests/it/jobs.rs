//! Jobs, each test on SQLite and, where `APLOMB_TEST_POSTGRES` names a server, on PostgreSQL too.

mod queue;
mod shop;
