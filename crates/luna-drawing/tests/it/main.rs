//! What Luna's marks promise, measured on their pixels and bytes.

mod export;
mod generator;
mod pixels;
mod quality;
mod requests;
mod round;
mod svg;
mod wordmark;
