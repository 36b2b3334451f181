//! The one TLS stack: rustls with ring.

/// Makes ring the process's cryptography. Called by everything that makes an HTTP client; more than once does no harm.
pub fn install() {
    // An error only says that it was done before.
    let _ = rustls::crypto::ring::default_provider().install_default();
}
