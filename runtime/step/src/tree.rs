//! Copying files and folders. Links are copied as what they lead to, and everybody may use the copies: pods of a run need not all
//! be the same user.

use std::fs::Permissions;
use std::io;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

/// What everybody may do in a folder, and with a file beside what its owner let them.
const FOLDER_MODE: u32 = 0o777;
const FILE_MODE: u32 = 0o666;

/// How many folders may stand inside each other: links may lead around in circles.
const DEEPEST: usize = 64;

/// Copies a file or a folder with all that is in it; folders on the way are made. What is neither is passed over.
pub(crate) fn copy(source: &Path, target: &Path) -> io::Result<()> {
    if let Some(parent) = target.parent() {
        make(parent)?;
    }
    copy_below(source, target, DEEPEST)
}

fn copy_below(source: &Path, target: &Path, depth: usize) -> io::Result<()> {
    let metadata = fs_err::metadata(source)?;
    if metadata.is_file() {
        fs_err::copy(source, target)?;
        return open_to_all(target);
    }
    if !metadata.is_dir() {
        return Ok(());
    }
    if depth == 0 {
        return Err(too_deep(source));
    }
    make(target)?;
    for entry in fs_err::read_dir(source)? {
        let entry = entry?;
        copy_below(&entry.path(), &target.join(entry.file_name()), depth - 1)?;
    }
    Ok(())
}

/// Has everybody use a file.
pub(crate) fn open_to_all(file: &Path) -> io::Result<()> {
    let mode = fs_err::metadata(file)?.permissions().mode() | FILE_MODE;
    fs_err::set_permissions(file, Permissions::from_mode(mode))
}

/// The files at a path: itself, by an empty name, or those below it by their names from it on.
pub(crate) fn files(path: &Path) -> io::Result<Vec<(String, PathBuf)>> {
    let mut found = Vec::new();
    gather(path, String::new(), DEEPEST, &mut found)?;
    Ok(found)
}

fn gather(
    path: &Path,
    name: String,
    depth: usize,
    found: &mut Vec<(String, PathBuf)>,
) -> io::Result<()> {
    let metadata = fs_err::metadata(path)?;
    if metadata.is_file() {
        found.push((name, path.to_path_buf()));
        return Ok(());
    }
    if !metadata.is_dir() {
        return Ok(());
    }
    if depth == 0 {
        return Err(too_deep(path));
    }
    for entry in fs_err::read_dir(path)? {
        let entry = entry?;
        let last = entry.file_name();
        let last = last.to_str().ok_or_else(|| {
            let reason = format!("the name of `{}` is not UTF-8", entry.path().display());
            io::Error::new(io::ErrorKind::InvalidData, reason)
        })?;
        let name = match name.is_empty() {
            true => last.to_owned(),
            false => format!("{name}/{last}"),
        };
        gather(&entry.path(), name, depth - 1, found)?;
    }
    Ok(())
}

fn too_deep(path: &Path) -> io::Error {
    io::Error::other(format!(
        "`{}` is too deep, or leads back to itself",
        path.display()
    ))
}

/// Makes a folder, and those around it that are not there.
pub(crate) fn make(folder: &Path) -> io::Result<()> {
    if folder.is_dir() {
        return Ok(());
    }
    if let Some(parent) = folder.parent() {
        make(parent)?;
    }
    match fs_err::create_dir(folder) {
        Ok(()) => fs_err::set_permissions(folder, Permissions::from_mode(FOLDER_MODE)),
        // Another pod was faster.
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        Err(error) => Err(error),
    }
}

/// Removes a file or a folder with all that is in it.
pub(crate) fn remove(path: &Path) -> io::Result<()> {
    if fs_err::symlink_metadata(path)?.is_dir() {
        fs_err::remove_dir_all(path)
    } else {
        fs_err::remove_file(path)
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    #[test]
    fn everybody_may_use_a_copy() {
        let folder = tempfile::tempdir().unwrap();
        let source = folder.path().join("made");
        fs_err::create_dir(&source).unwrap();
        fs_err::write(source.join("file"), "bytes").unwrap();
        fs_err::set_permissions(source.join("file"), Permissions::from_mode(0o700)).unwrap();
        let target = folder.path().join("deep/kept");
        copy(&source, &target).unwrap();
        let mode = |path: &str| {
            let metadata = fs_err::metadata(folder.path().join(path)).unwrap();
            metadata.permissions().mode() & 0o777
        };
        assert_eq!([mode("deep"), mode("deep/kept")], [0o777; 2]);
        assert_eq!(mode("deep/kept/file"), 0o766);
    }

    #[test]
    fn links_in_a_circle_are_refused_and_what_is_no_file_is_passed_over() {
        let folder = tempfile::tempdir().unwrap();
        let source = folder.path().join("made");
        fs_err::create_dir(&source).unwrap();
        let socket = std::os::unix::net::UnixListener::bind(source.join("socket")).unwrap();
        copy(&source, &folder.path().join("one")).unwrap();
        assert_eq!(
            fs_err::read_dir(folder.path().join("one")).unwrap().count(),
            0
        );
        drop(socket);
        symlink(".", source.join("itself")).unwrap();
        assert!(copy(&source, &folder.path().join("two")).is_err());
    }
}
