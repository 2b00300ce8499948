//! A pod's volumes on the disk, and what its containers mount of them.
//!
//! A volume of files is exchanged as a whole, in the way of kubelets, so that nobody sees half of it: `..data` is a link
//! to the directory in which the files are, and each name at the top is a link below `..data`.

use std::collections::BTreeSet;
use std::io;
use std::os::unix::fs::{FileTypeExt, PermissionsExt, chown, symlink};
use std::path::{Path, PathBuf};

use coracle_host::{Mount, MountSource};
use coracle_plan::pod::{
    PodMount, PodMountSource, StartContainer, VolumeFile, VolumeKind, VolumeWork,
};
use coracle_spec::kind::pod::HostPathKind;
use coracle_store::Volumes;

use super::paths::{kind_at, part_of};

/// The link to the files of a volume.
const CURRENT: &str = "..data";

/// Makes a volume.
///
/// # Errors
/// In a kubelet's words.
pub(super) fn prepare_volume(claims: &Volumes, work: &VolumeWork) -> Result<(), String> {
    let made = match &work.what {
        VolumeKind::Empty { directory, .. } => open_directory(directory).and_then(|()| {
            work.fs_group
                .map_or(Ok(()), |group| give_to_group(directory, group))
        }),
        VolumeKind::Files { directory, files } => write_files(directory, files, work.fs_group),
        VolumeKind::Claim { claim } => {
            let directory = claim_directory(claims, claim)?;
            work.fs_group
                .map_or(Ok(()), |group| give_to_group(&directory, group))
        }
        VolumeKind::HostPath { path, kind } => return check_host_path(path, *kind),
    };
    made.map_err(|error| error.to_string())
}

/// What a container mounts, with what has to be there made.
///
/// # Errors
/// In a kubelet's words.
pub(super) fn mounts(claims: &Volumes, start: &StartContainer) -> Result<Vec<Mount>, String> {
    empty_message(&start.termination.file).map_err(|error| error.to_string())?;
    start
        .mounts
        .iter()
        .map(|mount| made(claims, start, mount))
        .collect()
}

fn made(claims: &Volumes, start: &StartContainer, mount: &PodMount) -> Result<Mount, String> {
    let whole = match &mount.source {
        PodMountSource::Memory { limit } => {
            return Ok(Mount {
                source: MountSource::Memory { limit: *limit },
                target: mount.target.clone(),
                read_only: mount.read_only,
            });
        }
        PodMountSource::Path(path) => path.clone(),
        PodMountSource::Claim(claim) => claim_directory(claims, claim)?,
    };
    let path = match &mount.sub_path {
        None => whole,
        Some(sub_path) => part_of(&whole, sub_path).map_err(|error| {
            let container = start.which.container.as_str();
            format!("failed to prepare subPath for volumeMount of container {container:?}: {error}")
        })?,
    };
    Ok(Mount {
        source: MountSource::Host(path),
        target: mount.target.clone(),
        read_only: mount.read_only,
    })
}

fn claim_directory(claims: &Volumes, claim: &str) -> Result<PathBuf, String> {
    let found = claims.path(claim);
    found.ok_or_else(|| format!("persistentvolumeclaim {claim:?} not found"))
}

/// A directory that whoever the container runs as may write to. The home around it is closed to others.
fn open_directory(path: &Path) -> io::Result<()> {
    if path.is_dir() {
        return Ok(());
    }
    fs_err::create_dir_all(path)?;
    fs_err::set_permissions(path, PermissionsExt::from_mode(0o777))
}

fn empty_message(file: &Path) -> io::Result<()> {
    if let Some(directory) = file.parent() {
        fs_err::create_dir_all(directory)?;
    }
    fs_err::write(file, "")?;
    fs_err::set_permissions(file, PermissionsExt::from_mode(0o666))
}

fn write_files(directory: &Path, files: &[VolumeFile], group: Option<u32>) -> io::Result<()> {
    fs_err::create_dir_all(directory)?;
    fs_err::set_permissions(directory, PermissionsExt::from_mode(0o755))?;
    let before = fs_err::read_link(directory.join(CURRENT)).ok();
    let fresh = unused(directory)?;
    for file in files {
        write_file(&directory.join(&fresh).join(&file.path), file, group)?;
    }
    let link = directory.join("..data_tmp");
    remove_if_there(&link)?;
    symlink(&fresh, &link)?;
    fs_err::rename(&link, directory.join(CURRENT))?;
    let names: BTreeSet<_> = files
        .iter()
        .filter_map(|file| Path::new(&file.path).components().next())
        .map(|first| first.as_os_str().to_owned())
        .collect();
    for name in &names {
        let top = directory.join(name);
        if fs_err::symlink_metadata(&top).is_err() {
            symlink(Path::new(CURRENT).join(name), top)?;
        }
    }
    for entry in fs_err::read_dir(directory)? {
        let name = entry?.file_name();
        if !names.contains(&name) && !name.as_encoded_bytes().starts_with(b"..") {
            fs_err::remove_file(directory.join(name))?;
        }
    }
    // Whoever has a file of the old ones open reads on.
    match before {
        Some(before) if before.components().count() == 1 => {
            fs_err::remove_dir_all(directory.join(before))
        }
        Some(_) | None => Ok(()),
    }
}

/// Makes a directory for files beside those that may be there.
fn unused(directory: &Path) -> io::Result<PathBuf> {
    for number in 0.. {
        let name = PathBuf::from(format!("..{number}"));
        match fs_err::create_dir(directory.join(&name)) {
            Ok(()) => {
                fs_err::set_permissions(directory.join(&name), PermissionsExt::from_mode(0o755))?;
                return Ok(name);
            }
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            Err(error) => return Err(error),
        }
    }
    Err(io::Error::other("no name is left"))
}

fn write_file(path: &Path, file: &VolumeFile, group: Option<u32>) -> io::Result<()> {
    if let Some(parent) = path.parent() {
        fs_err::create_dir_all(parent)?;
    }
    fs_err::write(path, &file.content)?;
    let mode = match group {
        None => file.mode,
        // The group may read what the owner may. Who cannot give files away lets all read them: the home around them is
        // closed to others.
        Some(group) => {
            let shared = file.mode | ((file.mode & 0o400) >> 3);
            match chown(path, None, Some(group)) {
                Ok(()) => shared,
                Err(_) => shared | ((shared & 0o040) >> 3),
            }
        }
    };
    fs_err::set_permissions(path, PermissionsExt::from_mode(mode))
}

/// Gives a directory and what is in it to a group, which may then write to it, as may what is made in it later.
fn give_to_group(path: &Path, group: u32) -> io::Result<()> {
    let found = fs_err::symlink_metadata(path)?;
    if found.file_type().is_symlink() {
        return Ok(());
    }
    let is_given = chown(path, None, Some(group)).is_ok();
    let mode = found.permissions().mode();
    let is_directory = found.is_dir();
    let shared = mode | 0o660 | if is_directory { 0o2110 } else { 0 };
    // Who cannot give files away lets all write to them instead.
    let mode = if is_given {
        shared
    } else {
        shared | ((shared & 0o070) >> 3)
    };
    if fs_err::set_permissions(path, PermissionsExt::from_mode(mode)).is_err() {
        // It belongs to a container's user, who made it so.
        return Ok(());
    }
    if is_directory {
        for entry in fs_err::read_dir(path)? {
            give_to_group(&entry?.path(), group)?;
        }
    }
    Ok(())
}

fn check_host_path(path: &Path, kind: HostPathKind) -> Result<(), String> {
    let fault = |what: &str| {
        format!(
            "hostPath type check failed: {} is not {what}",
            path.display()
        )
    };
    let found = kind_at(path).map_err(|error| error.to_string())?;
    let is = |wanted: bool, what: &str| if wanted { Ok(()) } else { Err(fault(what)) };
    match (kind, found) {
        (HostPathKind::DirectoryOrCreate, None) => {
            fs_err::create_dir_all(path).map_err(|error| error.to_string())
        }
        (HostPathKind::FileOrCreate, None) => {
            fs_err::write(path, "").map_err(|error| error.to_string())
        }
        (HostPathKind::Unchecked, None) => {
            // Engines of containers make a directory where nothing is.
            fs_err::create_dir_all(path).map_err(|error| error.to_string())
        }
        (HostPathKind::Unchecked, Some(_)) => Ok(()),
        (HostPathKind::Directory | HostPathKind::DirectoryOrCreate, found) => {
            is(found.is_some_and(|found| found.is_dir()), "a directory")
        }
        (HostPathKind::File | HostPathKind::FileOrCreate, found) => {
            is(found.is_some_and(|found| found.is_file()), "a file")
        }
        (HostPathKind::Socket, found) => is(
            found.is_some_and(|found| found.is_socket()),
            "a socket file",
        ),
        (HostPathKind::CharDevice, found) => is(
            found.is_some_and(|found| found.is_char_device()),
            "a character device",
        ),
        (HostPathKind::BlockDevice, found) => is(
            found.is_some_and(|found| found.is_block_device()),
            "a block device",
        ),
    }
}

fn remove_if_there(path: &Path) -> io::Result<()> {
    match fs_err::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        Ok(()) | Err(_) => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(path: &str, content: &str) -> VolumeFile {
        VolumeFile {
            path: path.to_owned(),
            content: content.into(),
            mode: 0o400,
        }
    }

    #[test]
    fn files_are_exchanged_as_a_whole_and_what_is_gone_goes() {
        let directory = tempfile::tempdir().unwrap();
        let volume = directory.path().join("v");
        let read = |path: &str| fs_err::read_to_string(volume.join(path)).ok();
        write_files(&volume, &[file("a", "1"), file("deep/b", "2")], None).unwrap();
        assert_eq!(
            (read("a"), read("deep/b")),
            (Some("1".into()), Some("2".into()))
        );
        let mode = fs_err::metadata(volume.join("a"))
            .unwrap()
            .permissions()
            .mode();
        assert_eq!(mode & 0o777, 0o400);
        let seen_before = fs_err::canonicalize(volume.join("a")).unwrap();
        write_files(&volume, &[file("deep/b", "3"), file("c", "4")], Some(0)).unwrap();
        assert_eq!(
            (read("a"), read("deep/b"), read("c")),
            (None, Some("3".into()), Some("4".into()))
        );
        assert!(!seen_before.exists());
        let mode = fs_err::metadata(volume.join("c"))
            .unwrap()
            .permissions()
            .mode();
        assert_eq!(mode & 0o440, 0o440);
        write_files(&volume, &[], None).unwrap();
        let left = fs_err::read_dir(&volume)
            .unwrap()
            .map(|entry| entry.unwrap().file_name());
        let left: Vec<_> = left
            .filter(|name| !name.as_encoded_bytes().starts_with(b".."))
            .collect();
        assert!(left.is_empty(), "{left:?}");
    }

    #[test]
    fn a_path_of_the_machine_is_what_it_is_said_to_be() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("x");
        let told = check_host_path(&path, HostPathKind::Directory).unwrap_err();
        assert_eq!(
            told,
            format!(
                "hostPath type check failed: {} is not a directory",
                path.display()
            )
        );
        check_host_path(&path, HostPathKind::FileOrCreate).unwrap();
        check_host_path(&path, HostPathKind::File).unwrap();
        assert!(check_host_path(&path, HostPathKind::Socket).is_err());
        check_host_path(&directory.path().join("d"), HostPathKind::DirectoryOrCreate).unwrap();
    }
}
