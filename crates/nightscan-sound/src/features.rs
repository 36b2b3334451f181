//! Samples to standardised log-mel pictures.
