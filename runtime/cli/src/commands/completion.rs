//! `coracle completion SHELL`: a script that lets a shell complete commands and options.

use clap::CommandFactory;
use clap_complete::Shell;

use crate::command_error::{CommandError, Exit};
use crate::context::Context;

#[derive(Debug, clap::Args)]
#[command(
    after_help = "For bash: coracle completion bash > ~/.local/share/bash-completion/completions/coracle"
)]
pub(crate) struct Arguments {
    /// The shell
    shell: Shell,
}

pub(crate) fn run(context: &Context, arguments: &Arguments) -> Result<Exit, CommandError> {
    let mut script = Vec::new();
    clap_complete::generate(
        arguments.shell,
        &mut crate::arguments::Arguments::command(),
        "coracle",
        &mut script,
    );
    context.output.raw(&script)?;
    Ok(Exit::Fine)
}
