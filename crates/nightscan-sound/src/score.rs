//! How good a list of predictions is.
