//! The list of all checks of the chassis. A new check is a unit struct in its area's folder and a line here.

use chassis::check::Checks;
use chassis::house::Services;

/// All checks of a house: the chassis' own, and those of its services.
pub fn of(services: &Services) -> Checks {
    let own = services.iter().flat_map(|service| service.checks());
    all().into_iter().chain(own).collect()
}

/// All checks of the chassis, in the order in which they run and are listed.
pub fn all() -> Checks {
    vec![
        &crate::access::matrix::Matrix,
        &crate::access::undocumented::Undocumented,
        &crate::access::password_hashing::PasswordHashing,
        &crate::access::lockout::Lockout,
        &crate::access::session_fixation::SessionFixation,
        &crate::access::csrf::Csrf,
        &crate::access::cors::Cors,
        &crate::access::revocation::Revocation,
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
        &crate::limits::per_address::PerAddress,
        &crate::limits::per_user::PerUser,
        &crate::limits::routes::Routes,
        &crate::limits::shared::Shared,
        &crate::durability::kill_writes::KillWrites,
        &crate::durability::sync::Synced,
        &crate::durability::queue::Queue,
        &crate::durability::disk_full::DiskFull,
        &crate::durability::restart::Restart,
        &crate::load::checks::objectives::Objectives,
        &crate::load::checks::cost::Cost,
        &crate::load::checks::overload::Overload,
        &crate::load::checks::soak::Soak,
        &crate::degradation::cache::Cache,
        &crate::degradation::object_store::ObjectStore,
        &crate::degradation::database::Database,
        &crate::degradation::upstream::Upstream,
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
