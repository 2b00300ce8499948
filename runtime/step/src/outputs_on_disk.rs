//! What a step left in its directories, read with suspicion: links may lead out, files may be no files.

use std::io::{self, Read};
use std::path::Path;

use coracle_model::{Failure, FailureCode};

/// The largest output parameter or executor output that is read, in bytes. A cluster's limit lies in the same
/// place: what its metadata store takes in one message.
const LARGEST: u64 = 100 << 20;

/// The most entries of an artifact directory that are looked through for links that lead out.
const MOST_ENTRIES: usize = 100_000;

/// The text of a file a step wrote, or nothing when it wrote none.
pub fn read_text(directory: &Path, file: &Path) -> Result<Option<String>, Failure> {
    let metadata = match fs_err::symlink_metadata(file) {
        Ok(metadata) => metadata,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(unreadable(file, &error)),
    };
    if metadata.is_symlink() {
        inside(directory, file)?;
    }
    let target = fs_err::metadata(file).map_err(|error| unreadable(file, &error))?;
    if !target.is_file() {
        return Err(bad(format!("output `{}` is not a file", name(file))));
    }
    if target.len() > LARGEST {
        return Err(bad(format!(
            "output `{}` has {} bytes, more than the {LARGEST} that are read",
            name(file),
            target.len()
        )));
    }
    let mut bytes = Vec::new();
    let opened = fs_err::File::open(file).map_err(|error| unreadable(file, &error))?;
    opened
        .take(LARGEST + 1)
        .read_to_end(&mut bytes)
        .map_err(|error| unreadable(file, &error))?;
    String::from_utf8(bytes)
        .map(Some)
        .map_err(|_| bad(format!("output `{}` is not UTF-8", name(file))))
}

/// Whether anything below belongs to another user than `user`.
pub fn foreign_files(directory: &Path, user: u32) -> bool {
    use std::os::unix::fs::MetadataExt;
    let mut found = false;
    let _ = walk(directory, &mut |_, metadata| {
        found |= metadata.uid() != user;
        Ok(())
    });
    found
}

/// Refuses an artifact in which a link leads out of the step's own directory: its target is not kept with it and
/// may be anything on the machine.
pub fn check_links(directory: &Path) -> Result<(), Failure> {
    if !directory.exists() {
        return Ok(());
    }
    walk(directory, &mut |path, metadata| {
        if metadata.is_symlink() {
            inside(directory, path)
        } else {
            Ok(())
        }
    })
}

fn walk(
    directory: &Path,
    visit: &mut impl FnMut(&Path, &std::fs::Metadata) -> Result<(), Failure>,
) -> Result<(), Failure> {
    let mut pending = vec![directory.to_path_buf()];
    let mut seen = 0;
    while let Some(directory) = pending.pop() {
        let entries =
            fs_err::read_dir(&directory).map_err(|error| unreadable(&directory, &error))?;
        for entry in entries.flatten() {
            seen += 1;
            if seen > MOST_ENTRIES {
                return Ok(());
            }
            let path = entry.path();
            let Ok(metadata) = fs_err::symlink_metadata(&path) else {
                continue;
            };
            visit(&path, &metadata)?;
            if metadata.is_dir() {
                pending.push(path);
            }
        }
    }
    Ok(())
}

fn inside(directory: &Path, link: &Path) -> Result<(), Failure> {
    let root = fs_err::canonicalize(directory).map_err(|error| unreadable(directory, &error))?;
    match fs_err::canonicalize(link) {
        Ok(target) if target.starts_with(&root) => Ok(()),
        Ok(_) | Err(_) => Err(bad(format!(
            "output `{}` is a link that leads out of the step's outputs",
            name(link)
        ))),
    }
}

fn name(path: &Path) -> String {
    path.file_name()
        .map(|name| name.to_string_lossy().into_owned())
        .unwrap_or_default()
}

fn bad(message: String) -> Failure {
    Failure::new(FailureCode::BadOutput, message)
}

fn unreadable(path: &Path, error: &io::Error) -> Failure {
    bad(format!("output `{}` cannot be read: {error}", name(path)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_plain_files_inside_are_read() {
        let root = tempfile::tempdir().unwrap();
        let directory = root.path().join("outputs");
        fs_err::create_dir(&directory).unwrap();
        fs_err::write(root.path().join("secret"), "hidden").unwrap();
        fs_err::write(directory.join("plain"), "a\n").unwrap();
        fs_err::write(directory.join("binary"), [0xff, 0xfe]).unwrap();
        fs_err::create_dir(directory.join("dir")).unwrap();
        let link =
            |to: &Path, at: &str| std::os::unix::fs::symlink(to, directory.join(at)).unwrap();
        link(&directory.join("plain"), "within");
        link(&root.path().join("secret"), "out");
        link(Path::new("/nowhere"), "dangling");
        let read = |at: &str| read_text(&directory, &directory.join(at));
        assert_eq!(read("plain"), Ok(Some("a\n".to_owned())));
        assert_eq!(read("within"), Ok(Some("a\n".to_owned())));
        assert_eq!(read("absent"), Ok(None));
        for at in ["out", "dangling", "dir", "binary"] {
            assert_eq!(read(at).unwrap_err().code, FailureCode::BadOutput, "{at}");
        }
        assert!(
            check_links(&directory)
                .unwrap_err()
                .message
                .contains("leads out")
        );
    }
}
