//! Copying what a workload left somewhere on the machine.
//!
//! A link is followed only where it stays inside of what is copied: a step must not make the workbench read a
//! file that it was never given.

use std::io;
use std::path::Path;

/// What became of a copy.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Copied {
    Whole,
    /// There is nothing at the source.
    Nothing,
    /// The source itself is a link.
    Link,
}

/// Copies a file or directory to a place that does not exist yet.
pub(super) fn copy_tree(source: &Path, destination: &Path) -> io::Result<Copied> {
    match fs_err::symlink_metadata(source) {
        Ok(found) if found.is_symlink() => return Ok(Copied::Link),
        Ok(_) => {}
        Err(error)
            if matches!(
                error.kind(),
                io::ErrorKind::NotFound | io::ErrorKind::NotADirectory
            ) =>
        {
            return Ok(Copied::Nothing);
        }
        Err(error) => return Err(error),
    }
    let root = fs_err::canonicalize(source)?;
    if let Some(parent) = destination.parent() {
        fs_err::create_dir_all(parent)?;
    }
    copy_entry(&root, &root, destination)?;
    Ok(Copied::Whole)
}

fn copy_entry(root: &Path, source: &Path, destination: &Path) -> io::Result<()> {
    let found = fs_err::symlink_metadata(source)?;
    if found.is_dir() {
        fs_err::create_dir_all(destination)?;
        for entry in fs_err::read_dir(source)? {
            let entry = entry?;
            copy_entry(root, &entry.path(), &destination.join(entry.file_name()))?;
        }
        Ok(())
    } else if found.is_file() {
        fs_err::copy(source, destination).map(drop)
    } else if found.is_symlink() {
        // Only files: a link to a directory above itself would never end.
        match fs_err::canonicalize(source) {
            Ok(target) if target.starts_with(root) && target.is_file() => {
                fs_err::copy(target, destination).map(drop)
            }
            Ok(_) | Err(_) => Ok(()),
        }
    } else {
        // A socket, pipe or device has no content of its own.
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use fs_err::os::unix::fs::symlink;

    use super::*;

    #[test]
    fn links_out_of_the_tree_are_left_behind() {
        let directory = tempfile::tempdir().unwrap();
        let (source, destination) = (
            directory.path().join("model"),
            directory.path().join("kept/model"),
        );
        fs_err::create_dir_all(source.join("weights")).unwrap();
        fs_err::write(source.join("weights/a"), "a").unwrap();
        fs_err::write(directory.path().join("secret"), "s").unwrap();
        symlink("weights/a", source.join("inside")).unwrap();
        symlink("../secret", source.join("outside")).unwrap();
        symlink("..", source.join("weights/up")).unwrap();
        symlink("nowhere", source.join("dangling")).unwrap();
        assert_eq!(copy_tree(&source, &destination).unwrap(), Copied::Whole);
        assert_eq!(
            fs_err::read_to_string(destination.join("weights/a")).unwrap(),
            "a"
        );
        assert_eq!(
            fs_err::read_to_string(destination.join("inside")).unwrap(),
            "a"
        );
        let mut names: Vec<_> = fs_err::read_dir(&destination)
            .unwrap()
            .map(|entry| entry.unwrap().file_name())
            .collect();
        names.sort();
        assert_eq!(names, ["inside", "weights"]);
    }

    #[test]
    fn what_is_not_there_and_what_is_a_link_are_told_apart() {
        let directory = tempfile::tempdir().unwrap();
        let (link, target) = (
            directory.path().join("link"),
            directory.path().join("target"),
        );
        symlink("/etc/passwd", &link).unwrap();
        assert_eq!(
            copy_tree(&directory.path().join("missing"), &target).unwrap(),
            Copied::Nothing
        );
        assert_eq!(copy_tree(&link, &target).unwrap(), Copied::Link);
        assert!(!target.exists());
    }
}
