//! Luna: brand marks from a name.

use chassis::service::Service;

/// The service.
pub struct Luna;

impl Service for Luna {
    fn name(&self) -> &'static str {
        "luna"
    }
}
