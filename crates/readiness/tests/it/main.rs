//! The drills' own tests: on test servers and recorded files, without the product.

// Says to clippy that helpers here are test code too, and may unwrap.
#![cfg(test)]

mod load;
