//! Background tasks: the one place that spawns.

use tokio::task::JoinHandle;

/// Runs a future beside the others. A panic in it is logged by the panic hook and ends it alone.
#[expect(clippy::disallowed_methods, reason = "the one place that spawns")]
pub fn spawn<F>(future: F) -> JoinHandle<F::Output>
where
    F: Future + Send + 'static,
    F::Output: Send + 'static,
{
    tokio::spawn(future)
}
