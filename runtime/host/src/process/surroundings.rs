//! What a running workload has around it, for programs that join it.
//!
//! The environment is read from the workload's own process, since it lies on no disk.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::io;
use std::os::unix::ffi::OsStringExt;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use nix::errno::Errno;

use super::command::Scratch;
use super::launch::{Credentials, MARKER};
use super::place::{Place, Standing};
use super::supervisor;
use crate::engine::ExecRequest;
use crate::off_runtime;

/// What a session with a program begins from.
pub(super) struct Surroundings {
    pub(super) environment: BTreeMap<String, OsString>,
    pub(super) working_directory: PathBuf,
    pub(super) user: Option<Credentials>,
    pub(super) groups: Option<Vec<u32>>,
}

/// What a running workload sees; none when it does not run.
pub(super) async fn surroundings(
    place: &Place,
    scratch: &Scratch,
    request: &ExecRequest,
) -> io::Result<Option<Surroundings>> {
    let Standing::Begun(supervisor) = place.standing()? else {
        return Ok(None);
    };
    if !supervisor::is_alive(supervisor)? {
        return Ok(None);
    }
    let kept = place.kept()?.and_then(|kept| kept.working_dir);
    let working_directory = kept.unwrap_or_else(|| scratch.work());
    let working_directory = match &request.working_dir {
        Some(named) => working_directory.join(named),
        None => working_directory,
    };
    let given = request.environment.clone();
    let mark = place.directory().as_os_str().to_owned();
    off_runtime(move || {
        let Some(main) = supervisor.first_child() else {
            return Ok(None);
        };
        let process = PathBuf::from(format!("/proc/{main}"));
        let Some(mut environment) = environment_of(&process)? else {
            return Ok(None);
        };
        environment.extend(given.into_iter().map(|(name, value)| (name, value.into())));
        environment.entry("PATH".to_owned()).or_default();
        environment.insert(MARKER.to_owned(), mark);
        let (user, groups) = owner_of(&process)?;
        Ok(Some(Surroundings {
            environment,
            working_directory,
            user,
            groups,
        }))
    })
    .await
}

/// The environment that a process began with; none once it is gone.
fn environment_of(process: &Path) -> io::Result<Option<BTreeMap<String, OsString>>> {
    let bytes = match fs_err::read(process.join("environ")) {
        Ok(bytes) => bytes,
        Err(error)
            if error.kind() == io::ErrorKind::NotFound
                || error.raw_os_error() == Some(Errno::ESRCH as i32) =>
        {
            return Ok(None);
        }
        Err(error) => return Err(error),
    };
    let variables = bytes.split(|byte| *byte == 0).filter_map(|entry| {
        let at = entry.iter().position(|byte| *byte == b'=')?;
        let name = String::from_utf8(entry[..at].to_vec()).ok()?;
        Some((name, OsString::from_vec(entry[at + 1..].to_vec())))
    });
    Ok(Some(variables.collect()))
}

/// Who a process runs as, when that is somebody else, and the further groups that it is in, when they can be given.
fn owner_of(process: &Path) -> io::Result<(Option<Credentials>, Option<Vec<u32>>)> {
    let own = Credentials::own();
    if own.user != 0 {
        return Ok((None, None));
    }
    let found = fs_err::metadata(process)?;
    let user = Credentials {
        user: found.uid(),
        group: found.gid(),
    };
    let status = fs_err::read_to_string(process.join("status"))?;
    let groups = status.lines().find_map(|line| line.strip_prefix("Groups:"));
    let groups = groups.map(|groups| {
        let groups = groups.split_ascii_whitespace();
        groups.filter_map(|group| group.parse().ok()).collect()
    });
    Ok(((user != own).then_some(user), groups))
}
