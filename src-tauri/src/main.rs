//! The workbench in a window of its own, with a sign in the tray. It runs a workbench in its process, or joins one that runs.
//!
//! ```text
//!   arguments ──► instance: the first goes on, a further one tells it what is wished
//!                    │
//!                    ├── Session (coracle): a workbench that runs, else one in this process
//!                    │      └── follow: GET /changes ──► activity ──► tray_menu, notices      what to show: pure
//!                    │                                      └──► tray, notify                showing it
//!                    └── window: the workbench's own pages, over HTTP like any browser's
//!                           └── hand_over: files that were opened or dropped
//! ```
//!
//! It decides about windows, and about nothing that the workbench does: it knows the HTTP API and its views.
#![forbid(unsafe_code)]

mod activity;
mod addresses;
mod arguments;
mod closing;
mod desktop;
mod dialog;
mod environment;
mod follow;
mod hand_over;
mod instance;
mod login;
mod notices;
mod notify;
mod opening;
mod places;
mod seen;
mod settings;
mod tray;
mod tray_menu;
mod window;

use std::ffi::OsString;
use std::io::Write;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::ExitCode;

use coracle_app::config::Flags;
use coracle_cli::{CommandError, Context, Format, Surroundings};

use crate::arguments::{Purpose, Wish};

/// What the kernel shows where NVIDIA's driver is at work.
const NVIDIA: &str = "/proc/driver/nvidia/version";

fn main() -> ExitCode {
    let words: Vec<OsString> = std::env::args_os().skip(1).collect();
    let surroundings = match Surroundings::read() {
        Ok(surroundings) => surroundings,
        Err(error) => return failed(&error),
    };
    match arguments::read(&words, &surroundings.path(Path::new(""))) {
        // Before anything starts a thread.
        Purpose::Supervise(workload) => match coracle_app::supervise(&workload) {
            0 => ExitCode::SUCCESS,
            _ => ExitCode::FAILURE,
        },
        Purpose::Tell(text) => match std::io::stdout().write_all(text.as_bytes()) {
            Ok(()) => ExitCode::SUCCESS,
            Err(_) => ExitCode::FAILURE,
        },
        Purpose::Mistaken(word) => {
            let error = CommandError::usage(format!("there is no option `{word}`"));
            failed(&error.with_hint("`coracle-desktop --help` has those there are"))
        }
        Purpose::Desktop(wishes) => match run(surroundings, &words, &wishes) {
            Ok(code) => code,
            Err(error) => failed(&error),
        },
    }
}

fn run(
    surroundings: Surroundings,
    words: &[OsString],
    wishes: &[Wish],
) -> Result<ExitCode, CommandError> {
    begin_in_fit_environment(&surroundings, words)?;
    let flags = Flags {
        engine: None,
        listen: None,
    };
    let context = Context::new(surroundings, flags, Format::Text);
    coracle_cli::begin_log(&context, coracle_cli::OF_A_WORKBENCH)?;
    desktop::run(context, wishes)
}

/// Becomes this program once more where its libraries need variables that are not set: they can only be set safely
/// before there is a process to read them.
fn begin_in_fit_environment(
    surroundings: &Surroundings,
    words: &[OsString],
) -> Result<(), CommandError> {
    let missing = environment::missing(
        |name| surroundings.variable(name).map(ToOwned::to_owned),
        Path::new(NVIDIA).exists(),
    );
    if missing.is_empty() {
        return Ok(());
    }
    #[expect(
        clippy::disallowed_methods,
        reason = "this process goes on as another; nothing is started beside it"
    )]
    let error = std::process::Command::new(surroundings.program())
        .args(words)
        .envs(missing)
        .exec();
    Err(CommandError::failed(
        "environment",
        format!("failed to begin anew with other variables: {error}"),
    ))
}

fn failed(error: &CommandError) -> ExitCode {
    let mut stderr = std::io::stderr().lock();
    // Nobody may be there to read it.
    let _ = writeln!(stderr, "error: {}", error.report.message);
    if let Some(hint) = &error.report.hint {
        let _ = writeln!(stderr, "hint: {hint}");
    }
    error.exit.code().into()
}
