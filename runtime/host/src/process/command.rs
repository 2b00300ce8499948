//! From a workload to a command of this machine: what a container would give it is made of what is here, and what
//! cannot be made is refused by name.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::io;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};

use fs_err::os::unix::fs::chown;
use nix::unistd::{Gid, Group, Uid, User};
use sha2::{Digest, Sha256};

use super::ProcessSettings;
use super::launch::{Credentials, Launch, MARKER};
use super::place::{Place, ignore_missing};
use super::python::Interpreter;
use crate::engine::{EngineError, Mount, MountSource, Stdin, Workload, WorkloadImage};

/// The directories that a workload has for itself.
///
/// They lie under the engine's root, by a short name, and not with the workload's other files: programs make
/// sockets in `TMPDIR`, and the path of a socket has at most 108 bytes.
#[derive(Debug, Clone)]
pub(super) struct Scratch(PathBuf);

impl Scratch {
    pub(super) fn of(root: &Path, place: &Place) -> Self {
        let digest = Sha256::digest(place.directory().as_os_str().as_encoded_bytes());
        Self(root.join("scratch").join(hex::encode(&digest[..6])))
    }

    pub(super) fn path(&self) -> &Path {
        &self.0
    }

    /// Where the workload starts.
    pub(super) fn work(&self) -> PathBuf {
        self.0.join("work")
    }

    pub(super) fn temporary(&self) -> PathBuf {
        self.0.join("tmp")
    }

    fn python(&self) -> PathBuf {
        self.0.join("python")
    }

    /// Makes the directories, when they are not there.
    pub(super) fn make(&self) -> io::Result<()> {
        fs_err::create_dir_all(self.work())?;
        fs_err::create_dir_all(self.temporary())
    }

    pub(super) fn remove(&self) -> io::Result<()> {
        ignore_missing(fs_err::remove_dir_all(&self.0))
    }
}

/// The Python that a workload sees.
#[derive(Debug, Clone, Copy)]
pub(super) struct Sight<'a> {
    pub(super) interpreter: &'a Interpreter,
    /// The virtual environment of a prepared environment.
    pub(super) prepared: Option<&'a Path>,
}

/// Makes the workload's directories and says what to run.
pub(super) fn resolve(
    settings: &ProcessSettings,
    workload: &Workload,
    place: &Place,
    sight: Option<Sight<'_>>,
) -> Result<Launch, EngineError> {
    let action = || format!("start `{}`", workload.name);
    let refused = |error: io::Error| EngineError::of_file(action(), &error);
    let command: Vec<String> = workload
        .command
        .iter()
        .chain(&workload.args)
        .cloned()
        .collect();
    if workload.command.is_empty() {
        return Err(without_entry_point(&workload.image));
    }
    workload.mounts.iter().try_for_each(check_mount)?;
    check_security(workload)?;
    let user = workload
        .security
        .user
        .as_deref()
        .map(credentials)
        .transpose()?
        .flatten();
    let scratch = Scratch::of(&settings.root, place);
    scratch.make().map_err(refused)?;
    let path = match sight {
        Some(sight) => python_path(settings, &scratch, sight).map_err(refused)?,
        None => settings.path.clone(),
    };
    let environment = environment(settings, workload, place, &scratch, path);
    let working_directory = working_directory(workload, &scratch)?;
    let Some(program) = find_program(&command[0], &environment["PATH"], &working_directory) else {
        let message = format!(
            "command `{}` is not on this machine; the process engine runs no image",
            command[0]
        );
        return Err(EngineError::Refused {
            action: action(),
            message,
        });
    };
    if let Some(user) = user {
        give_to(scratch.path(), user).map_err(refused)?;
    }
    Ok(Launch {
        program,
        command,
        environment,
        working_directory,
        log: place.log(),
        keep_log: workload.keep_log,
        memory_limit: workload.memory_limit.map(|memory| memory.0),
        user,
        groups: groups(&workload.security.groups)?,
        no_new_privileges: workload.security.no_new_privileges,
    })
}

fn python_path(
    settings: &ProcessSettings,
    scratch: &Scratch,
    sight: Sight<'_>,
) -> io::Result<OsString> {
    let packages = sight
        .prepared
        .map(|prepared| sight.interpreter.packages_in(prepared));
    sight
        .interpreter
        .make_view(&scratch.python(), packages.as_deref())?;
    let prepared = sight.prepared.map(|prepared| prepared.join("bin"));
    Ok(search_path(
        [scratch.python().join("bin")].into_iter().chain(prepared),
        &settings.path,
    ))
}

/// A search path with some directories in front.
pub(super) fn search_path(first: impl IntoIterator<Item = PathBuf>, rest: &OsStr) -> OsString {
    let mut path = OsString::new();
    for directory in first {
        path.push(directory);
        path.push(":");
    }
    path.push(rest);
    path
}

fn environment(
    settings: &ProcessSettings,
    workload: &Workload,
    place: &Place,
    scratch: &Scratch,
    path: OsString,
) -> BTreeMap<String, OsString> {
    let gpus: Vec<&str> = workload
        .gpus
        .iter()
        .map(coracle_model::GpuUuid::as_str)
        .collect();
    let mut environment = settings.environment.clone();
    environment.insert("PATH".to_owned(), path);
    environment.insert("TMPDIR".to_owned(), scratch.temporary().into());
    // Empty where none is leased, so that nobody takes a GPU that is somebody else's.
    environment.insert("CUDA_VISIBLE_DEVICES".to_owned(), gpus.join(",").into());
    environment.extend(
        workload
            .environment
            .iter()
            .map(|(name, value)| (name.clone(), value.into())),
    );
    environment.insert(MARKER.to_owned(), place.directory().into());
    environment
}

fn without_entry_point(image: &WorkloadImage) -> EngineError {
    let image = match image {
        WorkloadImage::Plain { image, .. } => format!("image `{image}`"),
        WorkloadImage::Prepared(_) => "the image".to_owned(),
    };
    let message = format!(
        "the step has no command and relies on the entry point of {image}, and the process engine runs no image; \
         give the step a command, or run it on Docker"
    );
    EngineError::Unsupported { message }
}

/// A mount asks for nothing when the path inside is the path outside.
fn check_mount(mount: &Mount) -> Result<(), EngineError> {
    let target = &mount.target;
    let reason = match &mount.source {
        MountSource::Host(source) if source == Path::new(target) => return Ok(()),
        MountSource::Host(source) => {
            format!("`{}` cannot be mounted at `{target}`", source.display())
        }
        MountSource::Memory { .. } => format!("no memory can be mounted at `{target}`"),
    };
    let message = format!("{reason} for a process of this machine; run the step on Docker");
    Err(EngineError::Unsupported { message })
}

/// Refuses what a process of this machine cannot be given.
fn check_security(workload: &Workload) -> Result<(), EngineError> {
    let security = &workload.security;
    let root = Uid::effective().is_root();
    let refused = [
        (workload.stdin != Stdin::Closed, "an open standard input"),
        (workload.tty, "a terminal"),
        (security.read_only_root, "a read-only root"),
        (security.privileged && !root, "the powers of root"),
        (
            !security.capabilities.add.is_empty() && !root,
            "capabilities",
        ),
        // Who is not root has none that could be taken.
        (
            !security.capabilities.drop.is_empty() && root,
            "fewer capabilities than root's",
        ),
    ];
    match refused.into_iter().find(|(asked, _)| *asked) {
        None => Ok(()),
        Some((_, what)) => Err(EngineError::Unsupported {
            message: format!(
                "`{}` asks for {what}, which the process engine cannot give; run it on Docker",
                workload.name
            ),
        }),
    }
}

/// Where a workload starts: a directory of its own, unless it names one.
fn working_directory(workload: &Workload, scratch: &Scratch) -> Result<PathBuf, EngineError> {
    let Some(named) = &workload.working_dir else {
        return Ok(scratch.work());
    };
    let directory = PathBuf::from(named);
    if directory.is_absolute() && directory.is_dir() {
        return Ok(directory);
    }
    let message = format!(
        "working directory `{named}` is not on this machine; the process engine runs no image"
    );
    Err(EngineError::Refused {
        action: format!("start `{}`", workload.name),
        message,
    })
}

/// Further groups by number; none when nothing has to change.
fn groups(names: &[String]) -> Result<Option<Vec<u32>>, EngineError> {
    let number = |name: &String| {
        let named = || {
            Group::from_name(name)
                .ok()
                .flatten()
                .map(|group| group.gid.as_raw())
        };
        let unknown = || EngineError::Unsupported {
            message: format!("group `{name}` is not known on this machine; give it as a number"),
        };
        name.parse().ok().or_else(named).ok_or_else(unknown)
    };
    let wanted: Vec<u32> = names.iter().map(number).collect::<Result<_, _>>()?;
    let own = nix::unistd::getgroups().unwrap_or_default();
    let own = |group: &u32| own.iter().any(|own| own.as_raw() == *group);
    if wanted.is_empty() || !Uid::effective().is_root() && wanted.iter().all(own) {
        return Ok(None);
    }
    if Uid::effective().is_root() {
        return Ok(Some(wanted));
    }
    let message = format!(
        "a process cannot be in the groups `{}` when the workbench is neither in them nor root; run it on Docker",
        names.join(", ")
    );
    Err(EngineError::Unsupported { message })
}

/// Who `uid[:gid]` is; none when that is who runs the workbench.
pub(super) fn credentials(text: &str) -> Result<Option<Credentials>, EngineError> {
    let unsupported = |message: String| EngineError::Unsupported { message };
    let (user, group) = text
        .split_once(':')
        .map_or((text, None), |(user, group)| (user, Some(group)));
    let unknown = || {
        unsupported(format!(
            "user `{text}` is not known on this machine; give it as numbers"
        ))
    };
    let known = || User::from_name(user).ok().flatten();
    let id = user
        .parse()
        .ok()
        .or_else(|| known().map(|user| user.uid.as_raw()))
        .ok_or_else(unknown)?;
    let group_of_user = || {
        User::from_uid(Uid::from_raw(id))
            .ok()
            .flatten()
            .map_or(id, |user| user.gid.as_raw())
    };
    let group = match group {
        None if Uid::from_raw(id) == Uid::effective() => Gid::effective().as_raw(),
        None => group_of_user(),
        Some(text) => {
            let named = || {
                Group::from_name(text)
                    .ok()
                    .flatten()
                    .map(|group| group.gid.as_raw())
            };
            text.parse().ok().or_else(named).ok_or_else(unknown)?
        }
    };
    let wanted = Credentials { user: id, group };
    let own = Credentials::own();
    if wanted == own {
        Ok(None)
    } else if own.user == 0 {
        Ok(Some(wanted))
    } else {
        let message = format!(
            "a process cannot run as user `{text}` when the workbench is not root; run it on Docker"
        );
        Err(unsupported(message))
    }
}

/// Gives a file, or everything in a directory, to a user; links are left alone.
pub(super) fn give_to(path: &Path, user: Credentials) -> io::Result<()> {
    let found = fs_err::symlink_metadata(path)?;
    if found.is_symlink() {
        return Ok(());
    }
    if found.is_dir() {
        for entry in fs_err::read_dir(path)? {
            give_to(&entry?.path(), user)?;
        }
    }
    if (found.uid(), found.gid()) == (user.user, user.group) {
        return Ok(());
    }
    chown(path, Some(user.user), Some(user.group))
}

/// The file that a command name stands for, as a shell finds it.
pub(super) fn find_program(name: &str, path: &OsStr, working_directory: &Path) -> Option<PathBuf> {
    let runs = |file: &PathBuf| {
        fs_err::metadata(file)
            .is_ok_and(|found| found.is_file() && found.permissions().mode() & 0o111 != 0)
    };
    if name.contains('/') {
        return Some(working_directory.join(name)).filter(runs);
    }
    std::env::split_paths(path)
        .map(|directory| directory.join(name))
        .find(runs)
        .filter(|_| !name.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mount(source: &str, target: &str) -> Mount {
        Mount {
            source: MountSource::Host(source.into()),
            target: target.to_owned(),
            read_only: false,
        }
    }

    #[test]
    fn only_mounts_that_ask_for_nothing_are_taken() {
        assert!(check_mount(&mount("/data", "/data")).is_ok());
        let error = check_mount(&mount("/data", "/gcs/bucket"))
            .unwrap_err()
            .to_string();
        assert!(
            error.contains("`/gcs/bucket`") && error.contains("`/data`"),
            "{error}"
        );
        let memory = Mount {
            source: MountSource::Memory { limit: None },
            ..mount("", "/dev/shm")
        };
        assert!(
            check_mount(&memory)
                .unwrap_err()
                .to_string()
                .contains("`/dev/shm`")
        );
    }

    #[test]
    fn programs_are_found_as_a_shell_finds_them() {
        let path = OsStr::new("/nonexistent:/bin");
        assert_eq!(
            find_program("sh", path, Path::new("/")),
            Some("/bin/sh".into())
        );
        assert_eq!(
            find_program("/bin/sh", path, Path::new("/")),
            Some("/bin/sh".into())
        );
        assert_eq!(
            find_program("bin/sh", path, Path::new("/")),
            Some("/bin/sh".into())
        );
        for missing in ["", "no-such-program", "/bin", "/etc/passwd"] {
            assert_eq!(
                find_program(missing, path, Path::new("/")),
                None,
                "{missing}"
            );
        }
    }

    #[test]
    fn the_own_user_needs_no_change() {
        let (user, group) = (Uid::effective(), Gid::effective());
        assert_eq!(credentials(&user.to_string()).unwrap(), None);
        assert_eq!(credentials(&format!("{user}:{group}")).unwrap(), None);
        assert!(credentials("nobody-by-that-name").is_err());
        let other = credentials("54321:54322");
        if user.is_root() {
            assert_eq!(
                other.unwrap(),
                Some(Credentials {
                    user: 54321,
                    group: 54322
                })
            );
        } else {
            assert!(other.unwrap_err().to_string().contains("`54321:54322`"));
        }
    }
}
