//! What drills put around an instance: servers that it depends on, and connections to them that can be made bad.

pub(crate) mod redis;
