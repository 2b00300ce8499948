//! Hold of a program in a container by its number on this machine.

use std::os::fd::{AsFd, OwnedFd};

use bollard::models::ExecInspectResponse;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::signal::{Signal, kill};
use nix::unistd::{Pid, getpgid};

/// A process of this machine that is a program in a container. The handle tells whether the number still means it.
#[derive(Debug)]
pub(super) struct Grip {
    pid: Pid,
    handle: OwnedFd,
}

impl Grip {
    /// Takes hold of a running program; none where the engine's processes are not this machine's.
    pub(super) fn take(program: &ExecInspectResponse) -> Option<Self> {
        let pid = i32::try_from(program.pid?).ok().filter(|pid| *pid > 0)?;
        let handle = rustix::process::pidfd_open(
            rustix::process::Pid::from_raw(pid)?,
            rustix::process::PidfdFlags::empty(),
        )
        .ok()?;
        // Looked at after the handle was made: when this is the right process, so is the handle's.
        let groups = fs_err::read_to_string(format!("/proc/{pid}/cgroup")).ok()?;
        groups
            .contains(program.container_id.as_deref()?)
            .then_some(Self {
                pid: Pid::from_raw(pid),
                handle,
            })
    }

    /// Ends the program and what it started, when that is permitted; whether it is ended.
    pub(super) fn kill(&self) -> bool {
        if !self.lives() {
            return true;
        }
        // A program in a container begins a session, and what it starts stays in its group unless it is a shell's job.
        let group = getpgid(Some(self.pid)).is_ok_and(|group| group == self.pid);
        let target = if group {
            Pid::from_raw(-self.pid.as_raw())
        } else {
            self.pid
        };
        kill(target, Signal::SIGKILL).is_ok()
    }

    /// The program's number inside the container.
    pub(super) fn number_inside(&self) -> Option<i32> {
        let status = fs_err::read_to_string(format!("/proc/{}/status", self.pid)).ok()?;
        let numbers = status
            .lines()
            .find_map(|line| line.strip_prefix("NSpid:"))?;
        let number = numbers.split_ascii_whitespace().last()?.parse().ok()?;
        self.lives().then_some(number)
    }

    fn lives(&self) -> bool {
        // A handle becomes readable when its process ends.
        let mut handles = [PollFd::new(self.handle.as_fd(), PollFlags::POLLIN)];
        poll(&mut handles, PollTimeout::ZERO) == Ok(0)
    }
}
