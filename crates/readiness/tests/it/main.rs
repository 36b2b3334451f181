//! Integration tests of the drills' tools and of the report. One program: one link, not one per file.

#![cfg(test)]

mod report;
