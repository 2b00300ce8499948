//! The program's own log, on standard error.

use tracing_subscriber::EnvFilter;

use crate::arguments::Command;
use crate::command_error::CommandError;
use crate::context::Context;

/// What is logged when `CORACLE_LOG` does not say it. What people should know of their runs is told as such.
const USUAL: &str = "error";

/// What a workbench that stays logs: also what it does.
pub const OF_A_WORKBENCH: &str = "warn,coracle=info";

/// What is never logged, whatever is asked for.
const QUIET: &str = "bollard=info";

/// What is logged of a command where nothing else is asked for.
pub(crate) fn usual(command: &Command) -> &'static str {
    if matches!(command, Command::Serve(_)) {
        OF_A_WORKBENCH
    } else {
        USUAL
    }
}

/// Begins logging: what `CORACLE_LOG` says, or else what is usual.
///
/// # Errors
/// A `CORACLE_LOG` that is no filter.
pub fn begin(context: &Context, usual: &str) -> Result<(), CommandError> {
    let filter = context.surroundings.log_filter().unwrap_or(usual);
    // The client of Docker's API logs whole requests at `debug`, and with them what secrets hold.
    let filter = format!("{filter},{QUIET}");
    let filter = EnvFilter::builder().parse(filter).map_err(|error| {
        CommandError::usage(format!("`CORACLE_LOG` cannot be used: {error}"))
            .with_hint("use `debug`, or a list such as `info,coracle_host=trace`")
    })?;
    let log = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr);
    log.with_ansi(context.output.stderr.colour).init();
    Ok(())
}
