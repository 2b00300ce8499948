//! What every command is given.

use coracle_app::config::{Config, Flags};

use crate::command_error::CommandError;
use crate::config::Surroundings;
use crate::output::{Format, Output};

/// What every command is given.
#[derive(Debug, Clone)]
pub struct Context {
    /// What is found around the process.
    pub surroundings: Surroundings,
    /// What the command line says of the workbench.
    pub(crate) flags: Flags,
    /// Where answers go.
    pub(crate) output: Output,
}

impl Context {
    /// With the process's own streams to answer on.
    pub fn new(surroundings: Surroundings, flags: Flags, format: Format) -> Self {
        let output = Output::of_process(
            format,
            surroundings.no_color(),
            surroundings.term(),
            surroundings.now,
        );
        Self {
            surroundings,
            flags,
            output,
        }
    }

    /// What the workbench is told.
    ///
    /// # Errors
    /// A setting that cannot be read.
    pub fn config(&self) -> Result<Config, CommandError> {
        self.surroundings.config(&self.flags)
    }
}
