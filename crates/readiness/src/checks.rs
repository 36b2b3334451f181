//! The list of all checks of the chassis. A new check is a unit struct in its area's folder and a line here.

use chassis::check::Checks;

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
        &crate::limits::per_address::PerAddress,
        &crate::limits::per_user::PerUser,
        &crate::limits::routes::Routes,
        &crate::limits::shared::Shared,
    ]
}
