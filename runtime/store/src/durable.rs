//! Small files that are either the old one or the new one, whenever the process is killed.

use std::io::{self, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use fs_err as fs;
use fs_err::os::unix::fs::OpenOptionsExt;
use uuid::Uuid;

/// What the names of unfinished files and directories begin with; no name of a user may.
pub(crate) const UNFINISHED: &str = ".tmp-";

/// Makes a directory, and those above it that are missing, for this user alone.
pub(crate) fn make_private_dir(path: &Path) -> io::Result<()> {
    if path.is_dir() {
        return Ok(());
    }
    if let Some(parent) = path
        .parent()
        .filter(|parent| !parent.as_os_str().is_empty())
    {
        make_private_dir(parent)?;
    }
    match fs::create_dir(path) {
        // A mask may have taken rights from the one who makes it, too.
        Ok(()) => fs::set_permissions(path, PermissionsExt::from_mode(0o700)),
        // Another process made it in between.
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists && path.is_dir() => Ok(()),
        Err(error) => Err(error),
    }
}

/// Makes a file that is not there yet, and takes the group and others their rights to one that is. It is not opened, so
/// that whoever holds a lock on it keeps it.
pub(crate) fn make_private_file(path: &Path) -> io::Result<()> {
    let new = fs::OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path);
    match new {
        Ok(_) => Ok(()),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
            let mode = fs::metadata(path)?.permissions().mode();
            if mode & 0o077 == 0 {
                return Ok(());
            }
            fs::set_permissions(path, PermissionsExt::from_mode(mode & 0o700))
        }
        Err(error) => Err(error),
    }
}

/// Puts a file in place at once, for this user alone; on failure the old one stays.
pub(crate) fn write(path: &Path, content: &[u8]) -> io::Result<()> {
    let directory = path.parent().unwrap_or(Path::new("."));
    let unfinished = directory.join(unfinished_name());
    let written = write_new(&unfinished, content).and_then(|()| fs::rename(&unfinished, path));
    if written.is_err() {
        // The failure above is the one to tell; what is left over has a name that nobody reads.
        let _ = fs::remove_file(&unfinished);
    }
    written?;
    sync_dir(directory)
}

/// A name for something that is not in its place yet.
pub(crate) fn unfinished_name() -> String {
    format!("{UNFINISHED}{}", Uuid::new_v4().simple())
}

/// Makes sure that names made in or removed from a directory outlive a loss of power.
pub(crate) fn sync_dir(directory: &Path) -> io::Result<()> {
    fs::File::open(directory)?.sync_all()
}

fn write_new(path: &Path, content: &[u8]) -> io::Result<()> {
    let mut file = fs::OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path)?;
    file.write_all(content)?;
    file.sync_all()
}
