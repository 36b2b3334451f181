//! The list of all checks of the chassis. A new check is a unit struct in its area's folder and a line here.

use chassis::check::Checks;

/// All checks of the chassis, in the order in which they run and are listed.
pub fn all() -> Checks {
    vec![
        &crate::surface::headers::Headers,
        &crate::durability::kill_writes::KillWrites,
        &crate::durability::sync::Synced,
        &crate::durability::queue::Queue,
        &crate::durability::disk_full::DiskFull,
        &crate::durability::restart::Restart,
        &crate::degradation::cache::Cache,
        &crate::degradation::object_store::ObjectStore,
        &crate::degradation::database::Database,
        &crate::degradation::upstream::Upstream,
    ]
}
