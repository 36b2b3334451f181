//! The crate from outside: files in, sounds and files out.

mod data;
mod decode;
mod metadata;
mod night;
