//! What called in the night: from a recording to classes, events and files.
//!
//! Pure: no clock, randomness, files, sockets or logging; bytes, seeds and times are handed in.
//!
//! * [`decode`]: recordings to samples, whatever their format and rate
//! * [`events`]: windows' probabilities to events, and how well they were found
//! * [`features`]: samples to standardised log-mel pictures
//! * [`metadata`]: when, where and with what it was recorded
//! * [`network`]: a small convolutional network; [`train`]: teaches it; [`model`]: it answers, and is a file
//! * [`score`]: how good a list of predictions is
//! * [`exports`]: detections as files for other programs
//! * [`picture`]: spectrograms as PNG, and the outline of the wave
//! * [`quality`]: level, noise, clipping, acoustic indices
//! * [`synth`]: sample recordings of our own making, with their truth
//! * [`wav`]: clips as files, and spans silenced

mod chance;
pub mod decode;
pub mod events;
pub mod exports;
pub mod features;
pub mod metadata;
pub mod model;
pub mod network;
pub mod picture;
pub mod quality;
mod riff;
pub mod score;
pub mod synth;
pub mod train;
pub mod wav;
