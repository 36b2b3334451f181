//! The list of all checks of the chassis. A new check is a unit struct in its area's folder and a line here.

use chassis::check::Checks;

/// All checks of the chassis, in the order in which they run and are listed.
pub fn all() -> Checks {
    vec![
        &crate::surface::headers::Headers,
        &crate::surface::cookies::Cookies,
        &crate::surface::transport::Hsts,
        &crate::surface::transport::Redirect,
        &crate::surface::tls::Tls,
        &crate::surface::sizes::BodyLimit,
        &crate::surface::sizes::HeaderLimit,
        &crate::surface::slow_loris::SlowLoris,
        &crate::surface::traversal::Traversal,
        &crate::surface::injection::Injection,
        &crate::surface::error_bodies::ErrorBodies,
        &crate::surface::canaries::Canaries,
    ]
}
