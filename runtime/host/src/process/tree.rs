//! The processes of this machine as `/proc` shows them: who descends from whom, what they hold, and how to reach
//! one without hitting another that got its number.

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::ffi::OsStrExt;
use std::time::Duration;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde::{Deserialize, Serialize};

/// A process that is told apart from a later one with the same number by when it began.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Identity {
    pid: i32,
    /// Clock ticks since the machine came up.
    began: u64,
}

impl Identity {
    /// This process.
    pub(super) fn own() -> io::Result<Self> {
        let pid = Pid::this().as_raw();
        let stat = stat(pid)
            .ok_or_else(|| io::Error::other("`/proc` does not show this process; mount it"))?;
        Ok(Self {
            pid,
            began: stat.began,
        })
    }

    /// A handle to the process, when it lives. The handle becomes readable when the process ends.
    pub(super) fn open(self) -> io::Result<Option<OwnedFd>> {
        let Some(pid) = rustix::process::Pid::from_raw(self.pid) else {
            return Ok(None);
        };
        let handle = match rustix::process::pidfd_open(pid, rustix::process::PidfdFlags::NONBLOCK) {
            Ok(handle) => handle,
            Err(rustix::io::Errno::SRCH) => return Ok(None),
            Err(error) => return Err(error.into()),
        };
        // Looked at after the handle was made: when this is the right process, so is the handle's.
        let same =
            stat(self.pid).is_some_and(|stat| stat.began == self.began && stat.state != b'Z');
        Ok(same.then_some(handle))
    }
}

impl Identity {
    /// Of a supervisor: the process that it was started for, which is the first of its children.
    pub(super) fn first_child(self) -> Option<i32> {
        let began = |child: &i32| stat(*child).map_or(u64::MAX, |stat| stat.began);
        children(self.pid)
            .into_iter()
            .min_by_key(|child| (began(child), *child))
    }

    /// Every process that descends from this one.
    pub(super) fn descendants(self) -> BTreeSet<i32> {
        descendants_of(self.pid)
    }
}

struct Stat {
    state: u8,
    parent: i32,
    began: u64,
    /// CPU time of the process and of those of its children that it has outlived, in clock ticks.
    ticks: u64,
}

/// What `/proc/PID/stat` says; none once the process is gone.
fn stat(pid: i32) -> Option<Stat> {
    let text = fs_err::read(format!("/proc/{pid}/stat")).ok()?;
    // The name in the second field is free text in parentheses.
    let after_name = text.iter().rposition(|byte| *byte == b')')? + 1;
    let fields: Vec<&str> = std::str::from_utf8(&text[after_name..])
        .ok()?
        .split_ascii_whitespace()
        .collect();
    let field = |number: usize| fields.get(number - 3).copied();
    Some(Stat {
        state: *field(3)?.as_bytes().first()?,
        parent: field(4)?.parse().ok()?,
        began: field(22)?.parse().ok()?,
        ticks: (14..=17)
            .map(|number| field(number)?.parse::<u64>().ok())
            .sum::<Option<u64>>()?,
    })
}

/// Every process that descends from this one. Since this one is their reaper, none can leave.
pub(super) fn descendants() -> BTreeSet<i32> {
    descendants_of(Pid::this().as_raw())
}

fn descendants_of(ancestor: i32) -> BTreeSet<i32> {
    let mut found = BTreeSet::new();
    let mut open = vec![ancestor];
    while let Some(parent) = open.pop() {
        open.extend(
            children(parent)
                .into_iter()
                .filter(|child| found.insert(*child)),
        );
    }
    found
}

fn children(parent: i32) -> Vec<i32> {
    if fs_err::exists(format!("/proc/{parent}/task/{parent}/children")).unwrap_or(false) {
        children_listed(parent)
    } else {
        // A kernel without that list.
        children_searched(parent)
    }
}

fn children_listed(parent: i32) -> Vec<i32> {
    // Each thread has the list of those it started.
    let Ok(threads) = fs_err::read_dir(format!("/proc/{parent}/task")) else {
        return Vec::new();
    };
    let lists = threads
        .flatten()
        .filter_map(|thread| fs_err::read_to_string(thread.path().join("children")).ok());
    lists
        .flat_map(|list| {
            list.split_ascii_whitespace()
                .filter_map(|pid| pid.parse().ok())
                .collect::<Vec<_>>()
        })
        .collect()
}

fn children_searched(parent: i32) -> Vec<i32> {
    all()
        .filter(|pid| stat(*pid).is_some_and(|stat| stat.parent == parent))
        .collect()
}

fn all() -> impl Iterator<Item = i32> {
    let entries = fs_err::read_dir("/proc").into_iter().flatten().flatten();
    entries.filter_map(|entry| entry.file_name().to_str()?.parse().ok())
}

/// Every process but this one whose environment has `variable=value`, whoever its parent is by now.
pub(super) fn marked(variable: &str, value: &OsStr) -> Vec<i32> {
    let wanted = [variable.as_bytes(), b"=", value.as_bytes()].concat();
    let own = Pid::this().as_raw();
    let carries = |pid: &i32| {
        let environment = fs_err::read(format!("/proc/{pid}/environ")).unwrap_or_default();
        *pid != own
            && environment
                .split(|byte| *byte == 0)
                .any(|entry| entry == wanted)
    };
    all().filter(carries).collect()
}

/// Sends a signal to each that is still there.
pub(super) fn signal_all(pids: impl IntoIterator<Item = i32>, signal: Signal) {
    for pid in pids {
        // Between the look at `/proc` and now it may have ended, which is what a signal is for.
        kill(Pid::from_raw(pid), signal).ok();
    }
}

/// Memory that processes hold, in bytes, pages that several share counted for each of them.
pub(super) fn resident(pids: &BTreeSet<i32>) -> u64 {
    let page = nix::unistd::sysconf(nix::unistd::SysconfVar::PAGE_SIZE)
        .ok()
        .flatten()
        .unwrap_or(4096);
    let pages = |pid: &i32| -> Option<u64> {
        fs_err::read_to_string(format!("/proc/{pid}/statm"))
            .ok()?
            .split(' ')
            .nth(1)?
            .parse()
            .ok()
    };
    pids.iter().filter_map(pages).sum::<u64>() * page.unsigned_abs()
}

/// CPU time that processes have used, with those that they have outlived.
pub(super) fn cpu_time(pids: &BTreeSet<i32>) -> Duration {
    let second = nix::unistd::sysconf(nix::unistd::SysconfVar::CLK_TCK)
        .ok()
        .flatten()
        .unwrap_or(100);
    let ticks: u64 = pids
        .iter()
        .filter_map(|pid| stat(*pid))
        .map(|stat| stat.ticks)
        .sum();
    Duration::from_secs_f64(ticks as f64 / second as f64)
}

/// Memory that processes hold, in bytes, shared pages divided among those who share them. Slow for large ones.
pub(super) fn proportional(pids: &BTreeSet<i32>) -> u64 {
    let kilobytes = |pid: &i32| -> Option<u64> {
        let text = fs_err::read_to_string(format!("/proc/{pid}/smaps_rollup")).ok()?;
        let line = text.lines().find_map(|line| line.strip_prefix("Pss:"))?;
        line.trim_start().split(' ').next()?.parse().ok()
    };
    pids.iter().filter_map(kilobytes).sum::<u64>() * 1024
}

/// How many processes the kernel has ended for want of memory since the machine came up.
pub(super) fn kernel_kills() -> u64 {
    let text = fs_err::read_to_string("/proc/vmstat").unwrap_or_default();
    text.lines()
        .find_map(|line| line.strip_prefix("oom_kill "))
        .and_then(|count| count.trim().parse().ok())
        .unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_identity_outlives_neither_its_process_nor_its_number() {
        let own = Identity::own().unwrap();
        assert!(own.open().unwrap().is_some());
        assert!(
            Identity {
                began: own.began + 1,
                ..own
            }
            .open()
            .unwrap()
            .is_none()
        );
        assert!(
            Identity {
                pid: i32::MAX,
                ..own
            }
            .open()
            .unwrap()
            .is_none()
        );
    }

    #[test]
    fn memory_is_measured() {
        let own = BTreeSet::from([Pid::this().as_raw()]);
        let (resident, proportional) = (resident(&own), proportional(&own));
        assert!(
            proportional > 0 && proportional <= resident,
            "{proportional} of {resident}"
        );
    }
}
