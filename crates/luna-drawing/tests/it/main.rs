//! What Luna's marks promise, measured on their pixels and bytes.

mod pixels;
mod quality;
mod straight;
mod wordmark;
