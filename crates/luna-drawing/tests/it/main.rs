//! What Luna's marks promise, measured on their pixels and bytes.

mod generator;
mod pixels;
mod quality;
mod requests;
mod svg;
mod wordmark;
