//! `coracle supervise DIRECTORY`: looks after one process of a step, outlives the workbench that started it, and
//! tells how it ended. Started by the process engine, never by people.

use std::path::PathBuf;

use crate::command_error::Exit;

#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// The workload's directory
    directory: PathBuf,
}

/// Has to be called before the process has a second thread.
pub(crate) fn run(arguments: &Arguments) -> Exit {
    if coracle_app::supervise(&arguments.directory) == 0 {
        Exit::Fine
    } else {
        Exit::Failed
    }
}
