//! Running a step's own program.

use std::io;
use std::path::Path;

use coracle_plan::Launch;

use crate::arguments::variables;

/// What runs programs: the machine's own processes, or what a test has in their place.
pub trait Programs {
    /// Runs a command to its end. Its log is the pod's.
    ///
    /// # Errors
    /// When it cannot be started.
    fn run(&self, command: &[String], launch: &Launch, root: &Path) -> io::Result<Exit>;
}

/// How a program ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    /// By itself, with a code.
    Code(i32),
    /// By a signal.
    Signal(i32),
}

/// Processes, which have the pod's files, variables and log, but not the key of the store.
#[derive(Debug, Clone, Copy)]
pub struct Spawned;

impl Programs for Spawned {
    #[expect(
        clippy::disallowed_methods,
        reason = "this program is what starts a step where no engine can reach into the container"
    )]
    fn run(&self, command: &[String], _: &Launch, _: &Path) -> io::Result<Exit> {
        use std::os::unix::process::ExitStatusExt;
        let (program, arguments) = command
            .split_first()
            .ok_or_else(|| io::Error::new(io::ErrorKind::InvalidInput, "there is no command"))?;
        let mut process = std::process::Command::new(program);
        for name in variables::ALL {
            process.env_remove(name);
        }
        let status = process.args(arguments).status()?;
        let signal = || Exit::Signal(status.signal().unwrap_or_default());
        Ok(status.code().map_or_else(signal, Exit::Code))
    }
}
