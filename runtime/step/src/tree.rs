//! Copying files and folders. Links are copied as what they lead to, and everybody may use the copies: pods of a run need not all
//! be the same user.

use std::fs::Permissions;
use std::io;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

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
        let reason = format!(
            "`{}` is too deep, or leads back to itself",
            source.display()
        );
        return Err(io::Error::other(reason));
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
