//! The crate from outside: files in, sounds and files out.

mod decode;
