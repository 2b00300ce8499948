//! Containers that are processes of this machine: nothing can be mounted where they look for it.

use std::io;
use std::path::Path;

use coracle_host::{Mount, MountSource};
use coracle_plan::pod::StartContainer;
use fs_err::os::unix::fs::symlink;

/// Where the token of a pod's account is mounted, unasked.
const ACCOUNT: &str = "/var/run/secrets/kubernetes.io/serviceaccount";

/// What of the mounts was asked for by whoever described the pod. The rest, which Kubernetes adds to each, is left away:
/// the file for a last message, and the token of an account, which a process finds in its variables.
pub(super) fn asked_for(mounts: Vec<Mount>, start: &StartContainer) -> Vec<Mount> {
    let message = MountSource::Host(start.termination.file.clone());
    let is_asked_for = |mount: &Mount| mount.source != message && mount.target != ACCOUNT;
    mounts.into_iter().filter(is_asked_for).collect()
}

/// Has a process write its log where the pod's logs are: it writes it into its own directory.
pub(super) fn lead_log(directory: &Path, log: &Path) -> io::Result<()> {
    fs_err::create_dir_all(directory)?;
    fs_err::create_dir_all(log)?;
    match symlink(log, directory.join("log")) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => Err(error),
        Ok(()) | Err(_) => Ok(()),
    }
}
