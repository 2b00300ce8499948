//! Sessions with processes: programs that run beside a workload, with its environment and where it runs.
//!
//! They are children of the workbench and not of the supervisor, which ends them with the workload all the same, by the
//! mark in their environment.

use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::{ExitStatus, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};

use async_trait::async_trait;
use futures_util::{StreamExt, TryStreamExt, stream};
use nix::errno::Errno;
use nix::sys::signal::{Signal, kill};
use nix::unistd::{Pid, setsid};
use rustix::termios::Winsize;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::process::{Child, Command};
use tokio::sync::Mutex;
use tokio_util::io::ReaderStream;

use super::command::{Scratch, credentials, find_program};
use super::identity::ProcessIdentity;
use super::place::Outcome;
use super::place::Place;
use super::supervisor::{self, Ending};
use super::surroundings::{Surroundings, surroundings};
use super::terminal::Terminal;
use crate::engine::{
    AttachRequest, EngineError, ExecRequest, Output, Session, SessionControl, TerminalSize,
    WorkloadName,
};
use crate::log::{LogReader, Only, Start, Stream, follow};
use crate::off_runtime;

/// Runs a program beside a workload whose scratch is given.
pub(super) async fn exec(
    name: &WorkloadName,
    place: &Place,
    scratch: &Scratch,
    request: &ExecRequest,
) -> Result<Session, EngineError> {
    let failed =
        |error: io::Error| EngineError::of_file(format!("run a program in `{name}`"), &error);
    let surroundings = surroundings(place, scratch, request)
        .await
        .map_err(failed)?
        .ok_or_else(|| EngineError::NotRunning { name: name.clone() })?;
    let user = request.user.as_deref().map(credentials).transpose()?;
    let user = user.unwrap_or(surroundings.user);
    let program = request.command.first().and_then(|program| {
        find_program(
            program,
            &surroundings.environment["PATH"],
            &surroundings.working_directory,
        )
    });
    let Some(program) = program else {
        let missing = request.command.first().map_or("", String::as_str);
        return Err(EngineError::NotExecuted {
            message: format!("command `{missing}` is not on this machine"),
        });
    };
    place.write_sessions().map_err(failed)?;
    let identity = ProcessIdentity::new(user, surroundings.groups.as_deref(), false);
    let mut command = command(&program, request, &surroundings);
    let session = match request.terminal {
        Some(size) => in_terminal(&mut command, identity, size),
        None => with_pipes(&mut command, identity, request.stdin),
    };
    let (child, terminal, input, output) = session.map_err(failed)?;
    let control = ProgramControl {
        group: child.id().map(u32::cast_signed).map(Pid::from_raw),
        child: Mutex::new(child),
        ended: AtomicBool::new(false),
        terminal,
        place: place.clone(),
    };
    Ok(Session {
        input: input.filter(|_| request.stdin),
        output: output.map_err(move |error| failed_reading(&error)).boxed(),
        control: Box::new(control),
    })
}

fn failed_reading(error: &io::Error) -> EngineError {
    EngineError::of_file("read what a program writes", error)
}

/// Joins the output of a workload from here on. Its standard input is closed, so what is written goes nowhere.
pub(super) async fn attach(
    name: &WorkloadName,
    place: &Place,
    request: AttachRequest,
) -> Result<Session, EngineError> {
    let log = place.log();
    let counting = off_runtime(move || {
        let mut reader = LogReader::open(&log).map_err(io::Error::other)?;
        reader.records().map_err(io::Error::other)
    });
    let records = counting
        .await
        .map_err(|error| EngineError::of_file(format!("listen to `{name}`"), &error))?;
    let following = follow(&place.log(), Start::Record(records), Only::Both);
    let output = following.map(|chunk| match chunk {
        Ok(chunk) => Ok(Output {
            stream: chunk.stream,
            bytes: chunk.bytes,
        }),
        Err(error) => Err(failed_reading(&io::Error::other(error))),
    });
    let input = request
        .stdin
        .then(|| -> Box<dyn AsyncWrite + Send + Unpin> { Box::new(tokio::io::sink()) });
    Ok(Session {
        input,
        output: output.boxed(),
        control: Box::new(WorkloadControl {
            name: name.clone(),
            place: place.clone(),
        }),
    })
}

fn command(program: &Path, request: &ExecRequest, surroundings: &Surroundings) -> Command {
    #[expect(clippy::disallowed_methods, reason = "this is the process engine")]
    let mut command = Command::new(program);
    command
        .arg0(&request.command[0])
        .args(&request.command[1..])
        .current_dir(&surroundings.working_directory)
        .env_clear()
        .envs(&surroundings.environment);
    command
}

type Parts = (
    Child,
    Option<OwnedFd>,
    Option<Box<dyn AsyncWrite + Send + Unpin>>,
    stream::BoxStream<'static, io::Result<Output>>,
);

fn with_pipes(command: &mut Command, identity: ProcessIdentity, stdin: bool) -> io::Result<Parts> {
    let input = if stdin { Stdio::piped() } else { Stdio::null() };
    command
        .stdin(input)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    before_exec(command, move || {
        setsid()?;
        identity.assume()
    });
    let mut child = command.spawn()?;
    let (stdout, stderr) = child
        .stdout
        .take()
        .zip(child.stderr.take())
        .expect("both were asked to be pipes");
    let output = stream::select(
        pieces(Stream::Stdout, stdout),
        pieces(Stream::Stderr, stderr),
    );
    let input = child
        .stdin
        .take()
        .map(|input| -> Box<dyn AsyncWrite + Send + Unpin> { Box::new(input) });
    Ok((child, None, input, output.boxed()))
}

fn in_terminal(
    command: &mut Command,
    identity: ProcessIdentity,
    size: TerminalSize,
) -> io::Result<Parts> {
    let terminal = Terminal::open(winsize(size))?;
    command
        .stdin(terminal.inside.try_clone()?)
        .stdout(terminal.inside.try_clone()?)
        .stderr(terminal.inside);
    before_exec(command, move || {
        setsid()?;
        rustix::process::ioctl_tiocsctty(rustix::stdio::stdin())?;
        identity.assume()
    });
    let child = command.spawn()?;
    // The terminal ends when nobody inside holds it any more.
    command
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    let writing =
        tokio::net::unix::pipe::Sender::from_owned_fd_unchecked(terminal.outside.try_clone()?)?;
    let reading =
        tokio::net::unix::pipe::Receiver::from_owned_fd_unchecked(terminal.outside.try_clone()?)?;
    // Linux tells the end of a terminal as an error.
    let over = |piece: &io::Result<Output>| {
        let error = piece.as_ref().err();
        let over = error.is_some_and(|error| error.raw_os_error() == Some(Errno::EIO as i32));
        std::future::ready(!over)
    };
    let output = pieces(Stream::Stdout, reading).take_while(over);
    Ok((
        child,
        Some(terminal.outside),
        Some(Box::new(writing)),
        output.boxed(),
    ))
}

fn before_exec(
    command: &mut Command,
    prepare: impl Fn() -> io::Result<()> + Send + Sync + 'static,
) {
    #[expect(
        unsafe_code,
        reason = "only system calls between fork and exec, none of which allocates or locks"
    )]
    // SAFETY: what is prepared makes system calls that are safe after a fork, and touches no memory that is not its own.
    unsafe {
        command.pre_exec(prepare);
    }
}

fn pieces(
    stream: Stream,
    from: impl AsyncRead + Send + 'static,
) -> impl stream::Stream<Item = io::Result<Output>> + Send {
    ReaderStream::new(from).map_ok(move |bytes| Output { stream, bytes })
}

fn winsize(size: TerminalSize) -> Winsize {
    Winsize {
        ws_row: size.rows,
        ws_col: size.columns,
        ws_xpixel: 0,
        ws_ypixel: 0,
    }
}

/// Hold of a program that was started beside a workload.
struct ProgramControl {
    child: Mutex<Child>,
    /// The program leads a group; none once it is known to have ended.
    group: Option<Pid>,
    ended: AtomicBool,
    terminal: Option<OwnedFd>,
    place: Place,
}

impl ProgramControl {
    fn kill(&self) {
        if let Some(group) = self.group.filter(|_| !self.ended.load(Ordering::Acquire)) {
            // It may have ended just now, which is what the signal is for.
            kill(Pid::from_raw(-group.as_raw()), Signal::SIGKILL).ok();
        }
    }

    async fn status(&self) -> io::Result<ExitStatus> {
        let status = self.child.lock().await.wait().await?;
        self.ended.store(true, Ordering::Release);
        Ok(status)
    }
}

#[async_trait]
impl SessionControl for ProgramControl {
    async fn resize(&self, size: TerminalSize) -> Result<(), EngineError> {
        match &self.terminal {
            Some(terminal) => rustix::termios::tcsetwinsize(terminal, winsize(size))
                .map_err(|error| EngineError::of_file("resize a terminal", &error.into())),
            None => Ok(()),
        }
    }

    async fn wait(&self) -> Result<i64, EngineError> {
        let failed = |error: io::Error| EngineError::of_file("wait for a program", &error);
        // Both only wait. As in a container, nothing outlives the workload.
        let status = tokio::select! {
            status = self.status() => status,
            _ = supervisor::ending(&self.place) => {
                self.kill();
                self.status().await
            }
        };
        let status = status.map_err(failed)?;
        let signalled = || status.signal().map_or(-1, |signal| 128 + signal);
        Ok(status.code().unwrap_or_else(signalled).into())
    }

    async fn end(&self) -> Result<(), EngineError> {
        self.kill();
        Ok(())
    }
}

impl Drop for ProgramControl {
    fn drop(&mut self) {
        self.kill();
    }
}

/// Hold of a workload's own program.
struct WorkloadControl {
    name: WorkloadName,
    place: Place,
}

#[async_trait]
impl SessionControl for WorkloadControl {
    async fn resize(&self, _size: TerminalSize) -> Result<(), EngineError> {
        Ok(())
    }

    async fn wait(&self) -> Result<i64, EngineError> {
        let failed =
            |error: io::Error| EngineError::of_file(format!("wait for `{}`", self.name), &error);
        match supervisor::ending(&self.place).await.map_err(failed)? {
            Ending::Told(Outcome::Exited(exit)) => Ok(exit.code),
            Ending::Told(Outcome::Refused { message } | Outcome::DiskFull { message }) => {
                Err(EngineError::Lost {
                    name: self.name.clone(),
                    message,
                })
            }
            Ending::Lost | Ending::Unbegun => Err(EngineError::Gone {
                name: self.name.clone(),
            }),
        }
    }

    async fn end(&self) -> Result<(), EngineError> {
        Ok(())
    }
}
