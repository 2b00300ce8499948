//! The `coracle` command: a workbench, and the client that talks to one.
//!
//! ```text
//!   arguments, surroundings ──► commands/ ──Call──► client/ ──► workbench/: one that runs, or this process
//!                                   └──► output/, follow/: data to stdout, the rest to stderr
//! ```
//!
//! It knows the workbench's own HTTP API and its view types, and of Kubernetes' what it takes to serve a model; nothing of
//! what is behind them: no store, no engine, no plan.
//!
//! A library, so that the desktop finds a workbench, or is one, in the same way; it is what stands behind `pub` here.
#![forbid(unsafe_code)]

mod arguments;
mod client;
mod command_error;
mod commands;
mod config;
mod context;
mod definition;
mod follow;
mod log;
mod model_files;
mod output;
mod workbench;

use std::ffi::OsString;
use std::process::ExitCode;

use clap::Parser;
use coracle_app::config::Flags;

use crate::arguments::{Arguments, Command};
use crate::command_error::Exit;
use crate::output::Output;

pub use crate::client::{Call, Client, Content, Events};
pub use crate::command_error::{CommandError, Report};
pub use crate::config::Surroundings;
pub use crate::context::Context;
pub use crate::definition::Definition;
pub use crate::follow::Interrupts;
pub use crate::log::{OF_A_WORKBENCH, begin as begin_log};
pub use crate::output::Format;
pub use crate::workbench::{Session, Wanted};

/// Threads that work on requests; what takes long runs on others.
pub const WORKERS: usize = 4;

/// The command, from its arguments to its exit code.
pub fn main() -> ExitCode {
    let arguments = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(error) => return not_understood(&error, std::env::args_os()),
    };
    // Before anything starts a thread.
    if let Command::Supervise(arguments) = &arguments.command {
        return commands::supervise::run(arguments).code().into();
    }
    let exit = match Surroundings::read() {
        Ok(surroundings) => command(arguments, surroundings),
        Err(error) => {
            let output =
                Output::of_process(arguments.output, true, None, jiff::Timestamp::UNIX_EPOCH);
            end(&output, &error)
        }
    };
    exit.code().into()
}

fn command(arguments: Arguments, surroundings: Surroundings) -> Exit {
    let Arguments {
        command,
        output,
        engine,
    } = arguments;
    let flags = Flags {
        engine,
        listen: None,
    };
    let context = Context::new(surroundings, flags, output);
    let done =
        log::begin(&context, log::usual(&command)).and_then(|()| carry_out(&context, command));
    match done {
        Ok(exit) => exit,
        Err(error) => end(&context.output, &error),
    }
}

fn carry_out(context: &Context, command: Command) -> Result<Exit, CommandError> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(WORKERS)
        .enable_all()
        .build()
        .map_err(|error| {
            CommandError::failed("runtime", format!("failed to start threads: {error}"))
        })?;
    let done = runtime.block_on(commands::dispatch(context, command));
    // What still blocks a thread, such as a look at a disk that hangs, is not worth waiting for.
    runtime.shutdown_background();
    done
}

fn end(output: &Output, error: &CommandError) -> Exit {
    if !error.report.unheard {
        output.error(&error.report);
    }
    error.exit
}

/// Help and the version are answers; everything else is a mistake on the command line.
fn not_understood(error: &clap::Error, words: impl Iterator<Item = OsString>) -> ExitCode {
    let told = if error.use_stderr() && wants_json(words) {
        let text = error.to_string();
        let message = text.trim_start_matches("error: ").trim_end();
        let error = CommandError::usage(message);
        let output = Output::of_process(Format::Json, true, None, jiff::Timestamp::UNIX_EPOCH);
        output.error(&error.report);
        Ok(())
    } else {
        error.print()
    };
    // Where nothing can be written there is nobody to tell.
    drop(told);
    if error.use_stderr() {
        Exit::Usage.code().into()
    } else {
        Exit::Fine.code().into()
    }
}

/// Whether programs read the answer, as far as a command line that is not understood can tell.
fn wants_json(words: impl Iterator<Item = OsString>) -> bool {
    let words: Vec<_> = words
        .map(|word| word.to_string_lossy().into_owned())
        .collect();
    let joined = words
        .iter()
        .any(|word| ["-ojson", "-o=json", "--output=json"].contains(&word.as_str()));
    joined
        || words
            .windows(2)
            .any(|pair| ["-o", "--output"].contains(&pair[0].as_str()) && pair[1] == "json")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn programs_get_json_also_for_a_mistake() {
        let wants = |line: &str| wants_json(line.split(' ').map(OsString::from));
        assert!(
            wants("coracle run -o json --nope")
                && wants("coracle --output=json nope")
                && wants("coracle -ojson x")
        );
        assert!(!wants("coracle run json -o text"));
    }
}
