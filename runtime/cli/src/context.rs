//! What every command is given.

use coracle_app::config::{Config, Flags};

use crate::command_error::CommandError;
use crate::config::Surroundings;
use crate::output::Output;

/// What every command is given.
#[derive(Debug, Clone)]
pub(crate) struct Context {
    /// What is found around the process.
    pub(crate) surroundings: Surroundings,
    /// What the command line says of the workbench.
    pub(crate) flags: Flags,
    /// Where answers go.
    pub(crate) output: Output,
}

impl Context {
    /// What the workbench is told.
    pub(crate) fn config(&self) -> Result<Config, CommandError> {
        self.surroundings.config(&self.flags)
    }
}
