//! `coracle secret`: what steps may know and logs may not.

use super::config_values::{self, Kind, Subcommand};
use crate::command_error::{CommandError, Exit};
use crate::context::Context;

#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    command: Subcommand,
}

pub(crate) async fn run(context: &Context, arguments: Arguments) -> Result<Exit, CommandError> {
    config_values::run(
        context,
        Kind {
            segment: "secrets",
            noun: "secret",
        },
        arguments.command,
    )
    .await
}
