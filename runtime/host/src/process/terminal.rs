//! A terminal that is no device: what a program inside writes is read outside, and the other way round.

use std::ffi::OsStr;
use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::ffi::OsStrExt;

use fs_err::OpenOptions;
use fs_err::os::unix::fs::OpenOptionsExt;
use nix::fcntl::{FcntlArg, OFlag, fcntl};
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{Winsize, tcsetwinsize};

/// Both ends of a terminal.
#[derive(Debug)]
pub(super) struct Terminal {
    /// The end that a person sits at; not blocking.
    pub(super) outside: OwnedFd,
    /// The end that a program has.
    pub(super) inside: OwnedFd,
}

impl Terminal {
    pub(super) fn open(size: Winsize) -> io::Result<Self> {
        // Neither end becomes the terminal of this process, or is left to programs that know nothing of it.
        let outside = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC)?;
        grantpt(&outside)?;
        unlockpt(&outside)?;
        let name = ptsname(&outside, Vec::new())?;
        let mut options = OpenOptions::new();
        let inside = options
            .read(true)
            .write(true)
            .custom_flags(OFlag::O_NOCTTY.bits())
            .open(OsStr::from_bytes(name.to_bytes()))?;
        tcsetwinsize(&inside, size)?;
        fcntl(&outside, FcntlArg::F_SETFL(OFlag::O_NONBLOCK))?;
        Ok(Self {
            outside,
            inside: inside.into_file().into(),
        })
    }
}
