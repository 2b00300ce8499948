//! Work that waits for the disk or for a program, away from the threads that must not wait.

use tokio::task::JoinError;

/// Does blocking work off the runtime's threads.
///
/// # Errors
/// Those of the work, and that it ended without an answer.
pub async fn off_runtime<T, E>(work: impl FnOnce() -> Result<T, E> + Send + 'static) -> Result<T, E>
where
    T: Send + 'static,
    E: From<JoinError> + Send + 'static,
{
    tokio::task::spawn_blocking(work).await?
}
