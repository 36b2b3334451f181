//! What called in the night: from a recording to classes, events and files.
//!
//! Pure: no clock, randomness, files, sockets or logging; bytes, seeds and times are handed in.
//!
//! * [`features`]: samples to standardised log-mel pictures
//! * [`score`]: how good a list of predictions is

pub mod features;
pub mod score;
