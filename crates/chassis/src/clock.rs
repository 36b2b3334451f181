//! Time, handed in.
pub use crate::data::{Clock, SystemClock, Timestamp};
