//! What a supervisor is told to run, and what it answers.
//!
//! It travels through the supervisor's standard input and never lies on a disk: the environment may hold
//! secrets.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::PathBuf;

use nix::unistd::{Gid, Uid};
use serde::{Deserialize, Serialize};

use crate::log::Keep;

/// The variable that every process of a workload carries, with the workload's directory as its value. By it
/// what is left of a workload is found when its supervisor was killed.
pub(super) const MARKER: &str = "CORACLE_WORKLOAD";

/// A command to run, fully resolved.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Launch {
    /// The file to execute.
    pub(super) program: PathBuf,
    /// The command as it was written, its own name first.
    pub(super) command: Vec<String>,
    /// The whole environment.
    pub(super) environment: BTreeMap<String, OsString>,
    /// Where it starts.
    pub(super) working_directory: PathBuf,
    /// Where its log goes.
    pub(super) log: PathBuf,
    /// How much of that is kept.
    pub(super) keep_log: Keep,
    /// Memory the tree may hold, in bytes.
    pub(super) memory_limit: Option<u64>,
    /// Who it runs as, when not as the supervisor.
    pub(super) user: Option<Credentials>,
    /// The further groups that it is in, when not the supervisor's.
    pub(super) groups: Option<Vec<u32>>,
    /// Whether no program gives it more than it has.
    pub(super) no_new_privileges: bool,
}

/// A user and group other than the workbench's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Credentials {
    pub(super) user: u32,
    pub(super) group: u32,
}

impl Credentials {
    /// Those of this process.
    pub(super) fn own() -> Self {
        Self {
            user: Uid::effective().as_raw(),
            group: Gid::effective().as_raw(),
        }
    }
}

/// What a supervisor says, in one line on its standard output, once the command runs or cannot.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Answer {
    /// The command runs.
    Started,
    /// Another supervisor has, or had, this workload.
    Already,
    /// The command cannot run.
    Refused { message: String },
    /// No room is left for the files of a workload.
    DiskFull { message: String },
}
