//! The binary's integration tests and the house rules that no compiler checks. One program: one link, not one per file.

mod floors;
mod house;
