//! How much lies on disk.

use std::io;
use std::path::Path;

use fs_err as fs;

/// Bytes of a file, or of all files below a directory; none when there is nothing. Links count as nothing, and
/// what goes away while it is looked at does too.
pub(crate) fn size_of(path: &Path) -> io::Result<Option<u64>> {
    let metadata = match fs::symlink_metadata(path) {
        Ok(metadata) => metadata,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error),
    };
    if !metadata.is_dir() {
        return Ok(Some(if metadata.is_file() {
            metadata.len()
        } else {
            0
        }));
    }
    let mut bytes = 0;
    for entry in fs::read_dir(path)? {
        bytes += size_of(&entry?.path())?.unwrap_or_default();
    }
    Ok(Some(bytes))
}
