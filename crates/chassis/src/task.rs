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

/// Runs `work`, which takes the processor for long, beside the threads that answer requests. Fails
/// where the work panicked.
pub async fn blocking<T, F>(work: F) -> Result<T, tokio::task::JoinError>
where
    F: FnOnce() -> T + Send + 'static,
    T: Send + 'static,
{
    tokio::task::spawn_blocking(work).await
}
