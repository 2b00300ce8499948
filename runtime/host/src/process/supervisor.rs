//! The workbench's side of a supervisor: starting one, waiting for what it tells, asking it to end its workload,
//! and cleaning up after one that was killed.

use std::ffi::OsString;
use std::io;
use std::os::fd::OwnedFd;
use std::process::Stdio;
use std::time::Duration;

use nix::sys::signal::Signal;
use tokio::io::unix::AsyncFd;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader, Interest};

use super::launch::{Answer, Launch, MARKER};
use super::place::{Outcome, Place, Standing};
use super::tree::{self, Identity};
use crate::off_runtime;

/// What a supervisor may take beyond the grace to kill a tree and write down how it ended.
const KILL_MARGIN: Duration = Duration::from_secs(2);

/// How often what a killed supervisor left is looked for again: somebody may have forked in between.
const SWEEPS: usize = 50;

/// How a wait for a workload ended.
#[derive(Debug)]
pub(super) enum Ending {
    /// As its supervisor tells.
    Told(Outcome),
    /// The supervisor was killed before it could tell; what was left of the tree is ended.
    Lost,
    /// Nothing was ever started.
    Unbegun,
}

/// Starts a supervisor, which starts the command, and returns its answer.
pub(super) async fn start(
    command_line: &[OsString],
    place: &Place,
    launch: &Launch,
) -> io::Result<Answer> {
    let (program, arguments) = command_line
        .split_first()
        .ok_or_else(|| io::Error::other("no supervisor is set"))?;
    #[expect(clippy::disallowed_methods, reason = "this is the process engine")]
    let mut command = tokio::process::Command::new(program);
    command.args(arguments).arg(place.directory()).env_clear();
    command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(fs_err::File::create(place.supervisor_log())?.into_file());
    // Dropped below while it runs: tokio reaps it when it ends.
    let mut supervisor = command.spawn().map_err(|error| {
        io::Error::new(
            error.kind(),
            format!(
                "the supervisor `{}` cannot be run: {error}",
                program.display()
            ),
        )
    })?;
    let (stdin, stdout) = supervisor
        .stdin
        .take()
        .zip(supervisor.stdout.take())
        .expect("both were asked to be pipes");
    let told = converse(stdin, stdout, &serde_json::to_vec(launch)?).await;
    match told {
        Ok(line) if !line.is_empty() => Ok(serde_json::from_str(&line)?),
        Ok(_) | Err(_) => {
            let said = fs_err::read_to_string(place.supervisor_log()).unwrap_or_default();
            Err(io::Error::other(format!(
                "the supervisor ended at once: {}",
                said.trim()
            )))
        }
    }
}

async fn converse(
    mut stdin: tokio::process::ChildStdin,
    stdout: tokio::process::ChildStdout,
    launch: &[u8],
) -> io::Result<String> {
    stdin.write_all(launch).await?;
    drop(stdin);
    let mut line = String::new();
    BufReader::new(stdout).read_line(&mut line).await?;
    Ok(line)
}

/// Waits until a workload has ended, and says how. Cancel-safe.
pub(super) async fn ending(place: &Place) -> io::Result<Ending> {
    let supervisor = match place.standing()? {
        Standing::Unbegun => return Ok(Ending::Unbegun),
        Standing::Ended(outcome) => return Ok(Ending::Told(outcome)),
        Standing::Begun(supervisor) => supervisor,
    };
    if let Some(handle) = supervisor.open()? {
        gone(&handle).await?;
    }
    match place.standing()? {
        Standing::Ended(outcome) => Ok(Ending::Told(outcome)),
        Standing::Begun(_) | Standing::Unbegun => {
            sweep(place).await?;
            Ok(Ending::Lost)
        }
    }
}

/// Ends a workload and waits until it has ended.
pub(super) async fn stop(place: &Place, grace: Duration) -> io::Result<()> {
    let Standing::Begun(supervisor) = place.standing()? else {
        return Ok(());
    };
    let Some(handle) = supervisor.open()? else {
        return sweep(place).await;
    };
    place.write_stop(grace)?;
    signal(&handle, rustix::process::Signal::TERM)?;
    if tokio::time::timeout(grace.saturating_add(KILL_MARGIN), gone(&handle))
        .await
        .is_err()
    {
        signal(&handle, rustix::process::Signal::KILL)?;
        gone(&handle).await?;
    }
    // Nothing to do after a supervisor that did its work.
    if matches!(place.standing()?, Standing::Ended(_)) {
        Ok(())
    } else {
        sweep(place).await
    }
}

/// Whether a supervisor is at work.
pub(super) fn is_alive(supervisor: Identity) -> io::Result<bool> {
    Ok(supervisor.open()?.is_some())
}

fn signal(handle: &OwnedFd, signal: rustix::process::Signal) -> io::Result<()> {
    match rustix::process::pidfd_send_signal(handle, signal) {
        Ok(()) | Err(rustix::io::Errno::SRCH) => Ok(()),
        Err(error) => Err(error.into()),
    }
}

/// Waits until the process behind a handle has ended. Cancel-safe.
async fn gone(handle: &OwnedFd) -> io::Result<()> {
    let handle = handle.try_clone()?;
    #[expect(
        unsafe_code,
        reason = "tokio asks for a promise that an owned handle keeps by itself"
    )]
    // SAFETY: an `OwnedFd` is open as long as it lives, is never another, and moves into the `AsyncFd`.
    let waiting = unsafe { AsyncFd::register_with_interest(handle, Interest::READABLE)? };
    waiting.readable().await?.retain_ready();
    Ok(())
}

/// Ends what a killed supervisor left behind, and the log that nobody goes on with.
async fn sweep(place: &Place) -> io::Result<()> {
    let place = place.clone();
    off_runtime(move || {
        for _ in 0..SWEEPS {
            let left = tree::marked(MARKER, place.directory().as_os_str());
            if left.is_empty() {
                break;
            }
            tree::signal_all(left, Signal::SIGKILL);
            std::thread::sleep(Duration::from_millis(5));
        }
        crate::log::seal(&place.log()).map_err(io::Error::other)
    })
    .await
}
