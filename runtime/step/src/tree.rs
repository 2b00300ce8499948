//! Copying files and folders. Links are copied as what they lead to.

use std::io;
use std::path::Path;

/// Copies a file or a folder with all that is in it; folders on the way are made.
pub(crate) fn copy(source: &Path, target: &Path) -> io::Result<()> {
    if let Some(parent) = target.parent() {
        fs_err::create_dir_all(parent)?;
    }
    copy_below(source, target)
}

fn copy_below(source: &Path, target: &Path) -> io::Result<()> {
    if !fs_err::metadata(source)?.is_dir() {
        return fs_err::copy(source, target).map(drop);
    }
    fs_err::create_dir_all(target)?;
    for entry in fs_err::read_dir(source)? {
        let entry = entry?;
        copy_below(&entry.path(), &target.join(entry.file_name()))?;
    }
    Ok(())
}

/// Removes a file or a folder with all that is in it.
pub(crate) fn remove(path: &Path) -> io::Result<()> {
    if fs_err::symlink_metadata(path)?.is_dir() {
        fs_err::remove_dir_all(path)
    } else {
        fs_err::remove_file(path)
    }
}
