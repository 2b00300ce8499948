//! What must be on the disk before an attempt starts.

use std::collections::BTreeMap;
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::{Component, Path, PathBuf};

use coracle_host::{Mount, MountSource};
use coracle_model::{Failure, FailureCode, RunId};
use coracle_plan::{Launch, PlannedMount, PlannedSource, PlannedVariable};
use coracle_store::{Home, Volumes};

use crate::setting::Setting;
use crate::stored;

/// What a workload needs of the disk, made.
#[derive(Debug, Default)]
pub(crate) struct Prepared {
    pub(crate) environment: BTreeMap<String, String>,
    pub(crate) mounts: Vec<Mount>,
}

/// Makes an attempt's directories, once: an adopted attempt may have written to them already.
pub(crate) fn prepare_attempt(
    setting: &Setting,
    run: RunId,
    launch: &Launch,
) -> Result<Prepared, Failure> {
    let directory = setting.home.attempt_dir(run, &launch.task, launch.attempt);
    if !directory.exists() {
        empty_outputs(launch).map_err(|error| disk_failure(&error))?;
        // Its presence says that the others are ready, so it is made last.
        fs_err::create_dir_all(&directory).map_err(|error| disk_failure(&error))?;
    }
    prepare(setting, &directory, &launch.variables, &launch.mounts)
}

/// Variables and mounts of a container of an attempt.
pub(crate) fn prepare(
    setting: &Setting,
    directory: &Path,
    variables: &[PlannedVariable],
    mounts: &[PlannedMount],
) -> Result<Prepared, Failure> {
    let environment = stored::environment(&setting.api, variables)?;
    let mut made = Vec::new();
    for (index, mount) in mounts.iter().enumerate() {
        if let Some(source) = mount_source(
            setting,
            &directory.join("stored").join(index.to_string()),
            &mount.source,
        )? {
            made.push(Mount {
                source,
                target: mount.target.clone(),
                read_only: mount.read_only,
            });
        }
    }
    Ok(Prepared {
        environment,
        mounts: made,
    })
}

/// Removes the copies of secrets that were made for an attempt.
pub(crate) fn forget_stored(home: &Home, run: RunId, launch: &Launch) {
    let stored = home
        .attempt_dir(run, &launch.task, launch.attempt)
        .join("stored");
    if stored.exists()
        && let Err(error) = fs_err::remove_dir_all(&stored)
    {
        tracing::warn!(%error, "copies of secrets stay until the run is removed");
    }
}

/// Makes the directories that an attempt writes to, or makes them empty again.
pub(crate) fn empty_outputs(launch: &Launch) -> io::Result<()> {
    for directory in launch
        .layout
        .artifacts
        .iter()
        .chain([&launch.layout.outputs])
    {
        if directory.exists() {
            fs_err::remove_dir_all(directory)?;
        }
        open_directory(directory)?;
    }
    Ok(())
}

/// A directory that whoever the container runs as may write to. The home around it is closed to others.
fn open_directory(path: &Path) -> io::Result<()> {
    fs_err::create_dir_all(path)?;
    let mode = fs_err::metadata(path)?.permissions().mode();
    if mode & 0o777 == 0o777 {
        return Ok(());
    }
    fs_err::set_permissions(path, PermissionsExt::from_mode(0o777))
}

fn mount_source(
    setting: &Setting,
    scratch: &Path,
    source: &PlannedSource,
) -> Result<Option<MountSource>, Failure> {
    match source {
        PlannedSource::Directory(path) => {
            open_directory(path).map_err(|error| disk_failure(&error))?;
            Ok(Some(MountSource::Host(path.clone())))
        }
        PlannedSource::Existing(path) => Ok(Some(MountSource::Host(path.clone()))),
        PlannedSource::Memory { limit } => Ok(Some(MountSource::Memory { limit: *limit })),
        PlannedSource::Stored {
            secret,
            name,
            optional,
        } => {
            let there = stored::write_files(&setting.api, *secret, name, *optional, scratch)?;
            Ok(there.then(|| MountSource::Host(scratch.to_path_buf())))
        }
        PlannedSource::Volume { name, sub_path } => {
            volume(&setting.home, name, sub_path).map(|path| Some(MountSource::Host(path)))
        }
    }
}

fn volume(home: &Home, name: &str, sub_path: &str) -> Result<PathBuf, Failure> {
    if !Volumes::new(home).exists(name) {
        return Err(Failure::new(
            FailureCode::MissingResource,
            format!("there is no volume claim `{name}`"),
        )
        .with_hint(format!(
            "make it with `coracle volume create {name}`, or in the pipeline with CreatePVC"
        )));
    }
    let climbs = Path::new(sub_path)
        .components()
        .any(|part| !matches!(part, Component::Normal(_) | Component::CurDir));
    if climbs {
        return Err(Failure::new(
            FailureCode::BadInput,
            format!("the sub-path `{sub_path}` leads out of volume claim `{name}`"),
        ));
    }
    let path = home.volume(name).join(sub_path);
    open_directory(&path).map_err(|error| disk_failure(&error))?;
    Ok(path)
}

/// A failure of the disk, named.
pub(crate) fn disk_failure(error: &io::Error) -> Failure {
    let full = matches!(
        error.kind(),
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded
    );
    let code = if full {
        FailureCode::DiskFull
    } else {
        FailureCode::Internal
    };
    let failure = Failure::new(code, error.to_string());
    if full {
        failure.with_hint("`coracle gc --dry-run` shows what can be freed")
    } else {
        failure
    }
}
