//! What an engine's answers mean in the words of [`EngineError`].
//!
//! Docker has no error codes beyond HTTP's, so some reasons can only be told by their text. All such texts
//! stand here.

use std::future::Future;
use std::time::Duration;

use tokio::time::{Instant, sleep};

use crate::engine::EngineError;

/// What a request to the engine failed with.
pub(super) type Fault = bollard::errors::Error;

/// How long an engine may take over an ordinary request. Ordinary requests take milliseconds; on a machine that
/// is busy starting many containers at once a few seconds have been seen.
pub(super) const REQUEST_LIMIT: Duration = Duration::from_secs(60);

/// How long a container is given to come out of a state in which nothing can be asked of it.
const ASK_AGAIN: Duration = Duration::from_millis(20);

/// How this engine is called in messages.
const ENGINE: &str = "docker";

/// Awaits an ordinary request; an engine that hangs gives [`Fault::RequestTimeoutError`].
pub(super) async fn ask<T>(request: impl Future<Output = Result<T, Fault>>) -> Result<T, Fault> {
    within(REQUEST_LIMIT, request).await
}

/// Awaits a request that may take `limit`.
pub(super) async fn within<T>(
    limit: Duration,
    request: impl Future<Output = Result<T, Fault>>,
) -> Result<T, Fault> {
    tokio::time::timeout(limit, request)
        .await
        .unwrap_or(Err(Fault::RequestTimeoutError))
}

/// The HTTP status of an answer, when there was one.
pub(super) fn status(fault: &Fault) -> Option<u16> {
    match fault {
        Fault::DockerResponseServerError { status_code, .. } => Some(*status_code),
        _ => None,
    }
}

/// Whether the engine said that there is no such thing.
pub(super) fn is_missing(fault: &Fault) -> bool {
    status(fault) == Some(404)
}

/// Whether the engine said that the thing is there already or is busy. Podman 4 has no status of its own for it.
pub(super) fn is_conflict(fault: &Fault) -> bool {
    status(fault) == Some(409)
        || status(fault) == Some(500) && message(fault).contains("name is already in use")
}

/// Asks until a container has come out of the state `stopped`, which Docker does not have: Podman's containers are in
/// it from the end of their program until what they held is given back, are `exited` then, and can be neither
/// looked at nor removed before.
pub(super) async fn patiently<T, F>(request: impl Fn() -> F) -> Result<T, Fault>
where
    F: Future<Output = Result<T, Fault>>,
{
    let deadline = Instant::now() + REQUEST_LIMIT;
    loop {
        match request().await {
            Err(fault) if is_about_to_exit(&fault) && Instant::now() < deadline => {
                sleep(ASK_AGAIN).await;
            }
            answer => return answer,
        }
    }
}

fn is_about_to_exit(fault: &Fault) -> bool {
    match fault {
        Fault::JsonDataError { message, .. } => message.contains("unknown variant `stopped`"),
        Fault::DockerResponseServerError { message, .. } => {
            message.contains("container state improper")
        }
        _ => false,
    }
}

/// Whether the missing thing is an image.
pub(super) fn is_missing_image(fault: &Fault) -> bool {
    is_missing(fault) && message(fault).to_lowercase().contains("no such image")
}

/// An error for a request that was to do `action`, a fragment such as ``start `train` ``.
pub(super) fn refusal(action: impl Into<String>) -> impl FnOnce(Fault) -> EngineError {
    move |fault| translate(action.into(), &fault)
}

/// What a fault means when the engine was to do `action`.
pub(super) fn translate(action: String, fault: &Fault) -> EngineError {
    let message = message(fault);
    if is_connection(fault) {
        return EngineError::Unavailable {
            engine: ENGINE,
            message,
        };
    }
    if message.contains("no space left on device") || message.contains("disk quota exceeded") {
        return EngineError::DiskFull { message };
    }
    if message.contains("could not select device driver") {
        return EngineError::Unsupported {
            message: format!(
                "the docker engine cannot give GPUs to containers ({message}); install the NVIDIA Container Toolkit"
            ),
        };
    }
    EngineError::Refused { action, message }
}

/// An engine that cannot be reached, for a reason found on this side.
pub(super) fn unavailable(message: impl Into<String>) -> EngineError {
    EngineError::Unavailable {
        engine: ENGINE,
        message: message.into(),
    }
}

/// What a file of the workbench could not be written or read for.
pub(super) fn file_error(action: &str, error: &std::io::Error) -> EngineError {
    let message = error.to_string();
    match error.kind() {
        std::io::ErrorKind::StorageFull | std::io::ErrorKind::QuotaExceeded => {
            EngineError::DiskFull { message }
        }
        _ => EngineError::Refused {
            action: action.to_owned(),
            message,
        },
    }
}

/// Whether the fault is the connection's: nobody answered, or the answer broke off.
fn is_connection(fault: &Fault) -> bool {
    matches!(
        fault,
        Fault::RequestTimeoutError
            | Fault::IOError { .. }
            | Fault::HyperResponseError { .. }
            | Fault::HyperLegacyError { .. }
            | Fault::SocketNotFoundError(_)
    )
}

/// The engine's own words where there are some, without the wrapping of the libraries between.
pub(super) fn message(fault: &Fault) -> String {
    match fault {
        Fault::DockerResponseServerError { message, .. } => message.trim().to_owned(),
        Fault::DockerStreamError { error } => error.trim().to_owned(),
        Fault::RequestTimeoutError => "it did not answer in time".to_owned(),
        Fault::SocketNotFoundError(path) => format!("`{path}` is not there"),
        Fault::HyperLegacyError { err } => innermost(err),
        Fault::HyperResponseError { err } => innermost(err),
        other => other.to_string(),
    }
}

/// The last cause, which alone says something: `Connection refused (os error 111)`.
fn innermost(error: &dyn std::error::Error) -> String {
    let mut cause = error;
    while let Some(next) = cause.source() {
        cause = next;
    }
    cause.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(status_code: u16, message: &str) -> Fault {
        Fault::DockerResponseServerError {
            status_code,
            message: message.to_owned(),
        }
    }

    #[test]
    fn answers_are_told_apart_by_what_a_user_can_do() {
        let translated = |fault: &Fault| translate("start `a`".to_owned(), fault);
        let full = answer(500, "write /var/lib/docker/tmp/x: no space left on device");
        assert!(matches!(translated(&full), EngineError::DiskFull { .. }));
        let gpu = answer(
            500,
            "could not select device driver \"nvidia\" with capabilities: [[gpu]]",
        );
        assert!(matches!(translated(&gpu), EngineError::Unsupported { .. }));
        assert!(matches!(
            translated(&Fault::RequestTimeoutError),
            EngineError::Unavailable { .. }
        ));
        let other = answer(
            400,
            "OCI runtime create failed: exec: \"nosuch\": not found\n",
        );
        assert_eq!(
            translated(&other).to_string(),
            "failed to start `a`: OCI runtime create failed: exec: \"nosuch\": not found"
        );
    }

    #[test]
    fn a_missing_image_is_not_a_missing_container() {
        assert!(is_missing_image(&answer(404, "No such image: python:9")));
        assert!(!is_missing_image(&answer(404, "No such container: a")));
        assert!(is_missing(&answer(404, "No such container: a")));
    }
}
