//! Parts of volumes, found without leaving the volume.

use std::fs::FileType;
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::{Component, Path, PathBuf};

/// The place of a part of a volume, made as a directory when it is not there. Links are followed as long as they stay in
/// the volume.
///
/// A container could exchange a directory for a link between this look and the mount; the engine mounts what it finds
/// then. Kubelets close that gap by mounting what they hold open, which no engine's API offers.
///
/// # Errors
/// When the path leads out, or cannot be made.
pub(super) fn part_of(volume: &Path, sub_path: &str) -> io::Result<PathBuf> {
    let root = fs_err::canonicalize(volume)?;
    let mut place = root.clone();
    for part in Path::new(sub_path).components() {
        let name = match part {
            Component::Normal(name) => name,
            Component::CurDir => continue,
            Component::ParentDir | Component::RootDir | Component::Prefix(_) => {
                return Err(leads_out(sub_path));
            }
        };
        let next = place.join(name);
        match fs_err::symlink_metadata(&next) {
            Ok(found) if found.file_type().is_symlink() => {
                let target = fs_err::canonicalize(&next)?;
                if !target.starts_with(&root) {
                    return Err(leads_out(sub_path));
                }
                place = target;
            }
            Ok(_) => place = next,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                fs_err::create_dir(&next)?;
                // Whoever the container runs as may write to it; the home around it is closed to others.
                fs_err::set_permissions(&next, PermissionsExt::from_mode(0o777))?;
                place = next;
            }
            Err(error) => return Err(error),
        }
    }
    Ok(place)
}

/// What kind of thing is at a path; none when nothing is.
pub(super) fn kind_at(path: &Path) -> io::Result<Option<FileType>> {
    match fs_err::metadata(path) {
        Ok(found) => Ok(Some(found.file_type())),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

fn leads_out(sub_path: &str) -> io::Error {
    io::Error::other(format!("the path {sub_path:?} leads out of its volume"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_is_found_or_made_and_never_leads_out() {
        let directory = tempfile::tempdir().unwrap();
        let volume = directory.path().join("volume");
        fs_err::create_dir_all(volume.join("real")).unwrap();
        let link = |target: &str, name: &str| {
            std::os::unix::fs::symlink(target, volume.join(name)).unwrap();
        };
        link("real", "inside");
        link("../..", "outside");
        link("/etc", "absolute");
        let root = fs_err::canonicalize(&volume).unwrap();
        assert_eq!(
            part_of(&volume, "inside/new").unwrap(),
            root.join("real/new")
        );
        assert!(root.join("real/new").is_dir());
        assert_eq!(part_of(&volume, "a/b").unwrap(), root.join("a/b"));
        for bad in ["outside", "outside/x", "absolute/passwd", "../x", "/etc"] {
            assert!(part_of(&volume, bad).is_err(), "{bad}");
        }
    }
}
