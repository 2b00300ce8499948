//! What the end of a step's program means.

use std::io;

use coracle_model::{Failure, FailureCode};

use crate::execute::Exit;

/// The signal that ends what used more memory than it may.
const KILLED: i32 = 9;

/// Success, or the failure that the end of a program stands for.
pub(crate) fn judge(ended: io::Result<Exit>, command: &[String]) -> Result<(), Failure> {
    let name = command.first().map_or("", String::as_str);
    match ended {
        Ok(Exit::Code(0)) => Ok(()),
        Ok(Exit::Code(code)) => {
            let message = format!("exited with code {code}; the pod's log says more");
            Err(Failure::new(FailureCode::ExitCode, message))
        }
        Ok(Exit::Signal(KILLED)) => {
            let message =
                "was killed (SIGKILL), as happens to what uses more memory than its limit";
            let failure = Failure::new(FailureCode::OutOfMemory, message);
            Err(failure.with_hint("raise the limit with `.set_memory_limit(...)`"))
        }
        Ok(Exit::Signal(signal)) => {
            let message = format!("was ended by signal {signal}");
            Err(Failure::new(FailureCode::ExitCode, message))
        }
        Err(error) => {
            let message = format!("`{name}` cannot be started: {error}");
            Err(Failure::new(FailureCode::StartRefused, message))
        }
    }
}

/// A failure of the program's own surroundings.
pub(crate) fn fault(message: &dyn std::error::Error) -> Failure {
    let mut text = message.to_string();
    let mut source = message.source();
    while let Some(cause) = source {
        text = format!("{text}: {cause}");
        source = cause.source();
    }
    Failure::new(FailureCode::Internal, text)
}
