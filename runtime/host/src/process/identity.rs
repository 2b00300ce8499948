//! Becoming another user between fork and exec.

use std::io;

use nix::sys::prctl;
use nix::unistd::{Gid, Uid, setgid, setgroups, setuid};

use super::launch::{Credentials, Launch};

/// Who a process is to be.
#[derive(Debug, Clone, Default)]
pub(super) struct ProcessIdentity {
    user: Option<Credentials>,
    groups: Option<Vec<Gid>>,
    no_new_privileges: bool,
}

impl ProcessIdentity {
    pub(super) fn of_launch(launch: &Launch) -> Self {
        Self::new(
            launch.user,
            launch.groups.as_deref(),
            launch.no_new_privileges,
        )
    }

    /// Another user is in no further groups when none are given, and not in those of the workbench.
    pub(super) fn new(
        user: Option<Credentials>,
        groups: Option<&[u32]>,
        no_new_privileges: bool,
    ) -> Self {
        let groups = groups.or(user.map(|_| [].as_slice()));
        Self {
            user,
            groups: groups.map(|groups| groups.iter().copied().map(Gid::from_raw).collect()),
            no_new_privileges,
        }
    }

    /// Makes the calling process that one. System calls only: safe between fork and exec.
    pub(super) fn assume(&self) -> io::Result<()> {
        // The user comes last: the others take root.
        if let Some(groups) = &self.groups {
            setgroups(groups)?;
        }
        if let Some(user) = self.user {
            setgid(Gid::from_raw(user.group))?;
            setuid(Uid::from_raw(user.user))?;
        }
        if self.no_new_privileges {
            prctl::set_no_new_privs()?;
        }
        Ok(())
    }
}
