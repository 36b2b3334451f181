//! What is shown to strangers.

pub(crate) mod headers;
