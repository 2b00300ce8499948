//! What a model's file looks like from outside, to see whether it is still the one that was loaded.

use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use crate::find::{find, versions};

/// The file that a path stands for, as it was at one moment. Another file, or one that was written to since, has another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stamp {
    file: PathBuf,
    inode: (u64, u64),
    length: u64,
    /// When its content, its owner or who may read it was last changed: seconds and nanoseconds.
    changed: (i64, i64),
}

impl Stamp {
    /// The stamp of the model at a path; none where there is no model.
    pub fn of(path: &Path) -> Option<Self> {
        let file = find(path).ok()?.file;
        let metadata = fs_err::metadata(&file).ok()?;
        Some(Self {
            file,
            inode: (metadata.dev(), metadata.ino()),
            length: metadata.len(),
            changed: (metadata.ctime(), metadata.ctime_nsec()),
        })
    }
}

/// The directories in which something changes where the model at a path becomes another: that around it, itself, and those of its
/// versions. Some may not be there.
pub fn directories_of(path: &Path) -> Vec<PathBuf> {
    let around = path.parent().map(Path::to_owned);
    let inside = versions(path).unwrap_or_default();
    let inside = inside.into_iter().map(|(_, directory)| directory);
    around
        .into_iter()
        .chain([path.to_owned()])
        .chain(inside)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn another_file_or_another_content_has_another_stamp() {
        let directory = tempfile::tempdir().unwrap();
        let stamp = || Stamp::of(directory.path());
        let write = |name: &str, content: &str| {
            let file = directory.path().join(name);
            fs_err::create_dir_all(file.parent().unwrap()).unwrap();
            fs_err::write(file, content).unwrap();
        };
        assert_eq!(stamp(), None);
        write("1/model.onnx", "a");
        let first = stamp();
        assert!(first.is_some());
        write("2/labels.txt", "a");
        assert_eq!(stamp(), first, "a version without a model yet");
        let inside = [directory.path().join("1"), directory.path().join("2")];
        assert!(
            inside
                .iter()
                .all(|version| directories_of(directory.path()).contains(version))
        );
        write("2/model.onnx", "a");
        let second = stamp();
        assert_ne!(second, first);
        write("2/model.onnx", "longer");
        let third = stamp();
        assert_ne!(third, second);
        write("next", "longer");
        let (next, model) = ("next", "2/model.onnx");
        fs_err::rename(directory.path().join(next), directory.path().join(model)).unwrap();
        assert_ne!(stamp(), third);
    }
}
