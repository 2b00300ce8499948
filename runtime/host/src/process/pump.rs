//! From the pipes of a command to its log.

use std::fs::File;
use std::io::{self, Read};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::path::Path;
use std::time::{Duration, Instant};

use nix::fcntl::{FcntlArg, OFlag, fcntl};

use crate::clock::Clock;
use crate::log::{Keep, LogWriter, MAX_PIECE, Stream};

/// What a pipe holds when the system allows it; the default of 64 KiB makes a fast writer wait.
const PIPE_BYTES: usize = 1 << 20;

/// How long what was read may wait for more before readers of the log see it.
const FLUSH_AFTER: Duration = Duration::from_millis(20);

struct Pipe {
    stream: Stream,
    file: File,
}

/// The open pipes of a command, and the log they flow into.
pub(super) struct Pump {
    pipes: Vec<Pipe>,
    log: LogWriter,
    buffer: Vec<u8>,
    flush_at: Option<Instant>,
    /// Why the log could not be kept. From then on what is read is dropped, so that nobody blocks.
    failure: Option<io::Error>,
}

impl Pump {
    pub(super) fn new(
        log: &Path,
        keep: Keep,
        stdout: impl Into<OwnedFd>,
        stderr: impl Into<OwnedFd>,
    ) -> io::Result<Self> {
        let pipe = |stream, end: OwnedFd| -> io::Result<Pipe> {
            fcntl(&end, FcntlArg::F_SETFL(OFlag::O_NONBLOCK))?;
            // Refused when the user has many pipes; then it is slower, and that is all.
            fcntl(&end, FcntlArg::F_SETPIPE_SZ(PIPE_BYTES as i32)).ok();
            Ok(Pipe {
                stream,
                file: File::from(end),
            })
        };
        let pipes = vec![
            pipe(Stream::Stdout, stdout.into())?,
            pipe(Stream::Stderr, stderr.into())?,
        ];
        let log = LogWriter::create(log)?.keeping(keep);
        Ok(Self {
            pipes,
            log,
            buffer: vec![0; MAX_PIECE],
            flush_at: None,
            failure: None,
        })
    }

    /// What to wait on for something to read.
    pub(super) fn sources(&self) -> impl Iterator<Item = BorrowedFd<'_>> {
        self.pipes.iter().map(|pipe| pipe.file.as_fd())
    }

    /// When [`Pump::flush_due`] wants to be called.
    pub(super) fn wake_at(&self) -> Option<Instant> {
        self.flush_at
    }

    /// Reads once from each pipe and appends; how many bytes there were.
    pub(super) fn read(&mut self, clock: &dyn Clock) -> usize {
        let mut closed = Vec::new();
        let mut moved = 0;
        for (number, pipe) in self.pipes.iter_mut().enumerate() {
            match pipe.file.read(&mut self.buffer) {
                Ok(0) => closed.push(number),
                Ok(count) => {
                    moved += count;
                    if self.failure.is_none() {
                        self.failure = self
                            .log
                            .append(pipe.stream, clock.now(), &self.buffer[..count])
                            .err();
                    }
                }
                Err(error)
                    if matches!(
                        error.kind(),
                        io::ErrorKind::WouldBlock | io::ErrorKind::Interrupted
                    ) => {}
                Err(_) => closed.push(number),
            }
        }
        for number in closed.into_iter().rev() {
            self.pipes.remove(number);
        }
        if moved > 0 && self.flush_at.is_none() {
            self.flush_at = Some(Instant::now() + FLUSH_AFTER);
        }
        moved
    }

    /// Shows readers of the log what was appended, when it has waited long enough.
    pub(super) fn flush_due(&mut self) {
        if self.flush_at.is_some_and(|at| at <= Instant::now()) {
            self.flush_at = None;
            if self.failure.is_none() {
                self.failure = self.log.flush().err();
            }
        }
    }

    pub(super) fn has_failed(&self) -> bool {
        self.failure.is_some()
    }

    /// Reads what is left once every process of the tree is gone, and ends the log.
    ///
    /// A pipe may still be held open by somebody outside the tree; what is in it now is taken, and no more is
    /// waited for.
    pub(super) fn finish(mut self, clock: &dyn Clock) -> io::Result<()> {
        let mut left = 2 * PIPE_BYTES;
        while left > 0 {
            match self.read(clock) {
                0 => break,
                count => left = left.saturating_sub(count),
            }
        }
        // The end is tried even so: what gathered may fit by now, and followers wait for it.
        let end = self.log.finish();
        self.failure.map_or(end, Err)
    }
}
