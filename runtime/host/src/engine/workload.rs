//! Workloads: what is run, and how it ended.

use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use coracle_model::{
    AttemptUsage, Cpu, EnvironmentKey, GpuUuid, ImageDigest, ImageRef, Memory, Timestamp,
};
use serde::{Deserialize, Serialize};

use super::SandboxName;
use crate::log::Keep;

/// The name of a workload; unique on the machine, in letters, digits, `-`, `_` and `.`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct WorkloadName(pub String);

impl fmt::Display for WorkloadName {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

/// What a workload is started from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum WorkloadImage {
    /// An image as it is.
    Plain {
        /// The reference, as written.
        image: ImageRef,
        /// What it is.
        digest: ImageDigest,
    },
    /// A prepared environment.
    Prepared(EnvironmentKey),
}

/// One container or process tree to run, fully decided.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Workload {
    /// Its name.
    pub name: WorkloadName,
    /// Labels to find it by.
    pub labels: BTreeMap<String, String>,
    /// What it is started from.
    pub image: WorkloadImage,
    /// Replaces the image's entry point, as Kubernetes' `command` does, when not empty; the image's own default
    /// arguments then do not apply either.
    pub command: Vec<String>,
    /// The arguments. Given alone, they follow the image's own entry point.
    pub args: Vec<String>,
    /// Where it starts, when not where the image says.
    pub working_dir: Option<String>,
    /// Environment variables, added to the image's own.
    pub environment: BTreeMap<String, String>,
    /// What it sees of the machine's files.
    pub mounts: Vec<Mount>,
    /// The directory for the workload's own files on the machine: process state, logs of its supervisor.
    pub directory: PathBuf,
    /// The weight that it has when CPU is short.
    pub cpu_request: Option<Cpu>,
    /// CPU it may not go over.
    pub cpu_limit: Option<Cpu>,
    /// Memory it may not go over; more ends it.
    pub memory_limit: Option<Memory>,
    /// The GPUs leased to it.
    pub gpus: Vec<GpuUuid>,
    /// The size of `/dev/shm`, when not the engine's default.
    pub shared_memory: Option<Memory>,
    /// Who it runs as, and what it may do.
    pub security: SecurityContext,
    /// What it reads from.
    pub stdin: Stdin,
    /// Whether it has a terminal: then standard error comes on standard output, and lines end as a terminal ends them.
    pub tty: bool,
    /// How much of its output is kept.
    pub keep_log: Keep,
    /// The sandbox whose network it joins.
    pub sandbox: Option<SandboxName>,
}

/// Who a workload runs as, and what it may do; by default what the image and the engine say.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SecurityContext {
    /// The user to run as (`uid` or `uid:gid`), when not the image's.
    pub user: Option<String>,
    /// Groups that the user is in beside its own, by number or name.
    pub groups: Vec<String>,
    /// What changes in what the engine permits the user root inside.
    pub capabilities: Capabilities,
    /// Whether it may do what the machine's root may.
    pub privileged: bool,
    /// Whether nothing can be written but what is mounted.
    pub read_only_root: bool,
    /// Whether no program gives it more than it has, as `sudo` would.
    pub no_new_privileges: bool,
}

/// Linux' capabilities, by name with or without `CAP_`; `ALL` is all of them.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Capabilities {
    /// Those that it has beside the engine's usual ones.
    pub add: Vec<String>,
    /// Those of the usual ones that it has not.
    pub drop: Vec<String>,
}

/// What a workload's program reads from.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Stdin {
    /// Nothing: it is at its end from the beginning.
    #[default]
    Closed,
    /// Whoever attaches, one after another; it never ends.
    Open,
    /// The first who attaches; when that one has no more to say, it ends.
    Once,
}

/// Something mounted into a workload.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mount {
    /// What.
    pub source: MountSource,
    /// The absolute path inside.
    pub target: String,
    /// Whether it cannot be written to.
    pub read_only: bool,
}

/// What is mounted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum MountSource {
    /// A directory or file of the machine; it must exist.
    Host(PathBuf),
    /// An empty directory in memory.
    Memory {
        /// The most it may hold.
        limit: Option<Memory>,
    },
}

/// What the number of a signal is added to in an exit code.
const FIRST_SIGNAL_CODE: i32 = 128;
/// The last signal that Linux has.
const LAST_SIGNAL: i32 = 64;

/// How a workload ended.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Exit {
    /// The exit code; 128 + n when signal n ended it.
    pub code: i64,
    /// Whether the kernel ended it for its memory.
    pub out_of_memory: bool,
    /// When it began, by the engine.
    pub started_at: Option<Timestamp>,
    /// When it ended, by the engine.
    pub finished_at: Option<Timestamp>,
    /// What it used.
    pub usage: AttemptUsage,
}

impl Exit {
    /// The number of the signal that ended it, as far as the code tells: a program may end with such a code by itself.
    pub fn signal(&self) -> Option<i32> {
        let number = i32::try_from(self.code).ok()? - FIRST_SIGNAL_CODE;
        (1..=LAST_SIGNAL).contains(&number).then_some(number)
    }
}

/// What a workload uses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Usage {
    /// CPU time since it began.
    pub cpu: Duration,
    /// Memory that it holds now and that cannot simply be taken from it, in bytes: Kubernetes' working set.
    pub memory_bytes: u64,
}

/// Where a workload stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Phase {
    /// Made but not begun.
    Created,
    /// At work.
    Running,
    /// Ended.
    Exited,
}

/// A workload that the engine holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ObservedWorkload {
    /// Its name.
    pub name: WorkloadName,
    /// Its labels.
    pub labels: BTreeMap<String, String>,
    /// Where it stands.
    pub phase: Phase,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_signal_shows_in_the_code() {
        let signal = |code| {
            let exit = Exit {
                code,
                out_of_memory: false,
                started_at: None,
                finished_at: None,
                usage: AttemptUsage::default(),
            };
            exit.signal()
        };
        assert_eq!([137, 143].map(signal), [Some(9), Some(15)]);
        assert_eq!([0, 1, 127, 128, 193, 255, -1].map(signal), [None; 7]);
    }
}
