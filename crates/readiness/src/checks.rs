//! The list of all checks of the chassis. A new check is a unit struct in its area's folder and a line here.

use chassis::check::Checks;

/// All checks of the chassis, in the order in which they run and are listed.
pub fn all() -> Checks {
    vec![
        &crate::surface::headers::Headers,
        &crate::load::checks::objectives::Objectives,
        &crate::load::checks::cost::Cost,
        &crate::load::checks::overload::Overload,
        &crate::load::checks::soak::Soak,
        &crate::observability::metrics::Metrics,
        &crate::observability::documented::Documented,
        &crate::observability::request_id::RequestId,
        &crate::observability::logs::Logs,
        &crate::observability::health::Health,
        &crate::supply::licences::Licences::OWN,
        &crate::supply::advisories::Advisories::OWN,
        &crate::supply::bom::Bom::OWN,
    ]
}
