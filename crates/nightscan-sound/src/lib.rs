//! What called in the night: from a recording to classes, events and files.
//!
//! Pure: no clock, randomness, files, sockets or logging; bytes, seeds and times are handed in.
//!
//! * [`decode`]: recordings to samples, whatever their format and rate
//! * [`features`]: samples to standardised log-mel pictures
//! * [`score`]: how good a list of predictions is

pub mod decode;
pub mod features;
mod riff;
pub mod score;
