//! One checksum of a file, or of a folder with all that is in it.

use std::io;
use std::path::{Path, PathBuf};

use fs_err::File;
use sha2::{Digest as _, Sha256};

/// How many folders may stand inside each other: links may lead around in circles.
const DEEPEST: usize = 64;

/// The SHA-256 in hexadecimal of a file's bytes; of a folder, that of the lines that `sha256sum` writes of its files, in the order
/// of their paths. Links are what they lead to; empty folders and modes do not count.
///
/// # Errors
/// What cannot be read, is too deep, or has a name that is no text.
pub fn digest(path: &Path) -> io::Result<String> {
    let files = files(path)?;
    if let [(name, file)] = files.as_slice()
        && name.is_empty()
    {
        return Ok(checksum(file)?.1);
    }
    let mut lines = Sha256::new();
    for (name, file) in files {
        lines.update(format!("{}  {name}\n", checksum(&file)?.1));
    }
    Ok(hex::encode(lines.finalize()))
}

/// How many bytes a file has, and the SHA-256 of them in hexadecimal.
pub(crate) fn checksum(file: &Path) -> io::Result<(u64, String)> {
    let mut hasher = Sha256::new();
    let bytes = io::copy(&mut File::open(file)?, &mut hasher)?;
    Ok((bytes, hex::encode(hasher.finalize())))
}

/// The files at a path: itself, by an empty name, or those below it by their names from it on, in their order. Links are what they
/// lead to.
///
/// # Errors
/// What cannot be read, is too deep, or has a name that is no text.
pub fn files(path: &Path) -> io::Result<Vec<(String, PathBuf)>> {
    let mut found = Vec::new();
    gather(path, String::new(), DEEPEST, &mut found)?;
    found.sort();
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
        let path = path.display();
        let reason = format!("`{path}` is too deep, or leads back to itself");
        return Err(io::Error::other(reason));
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

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    /// SHA-256 of `abc`, from FIPS 180-2.
    const OF_ABC: &str = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";

    #[test]
    fn a_folder_is_its_files_and_their_names() {
        let folder = tempfile::tempdir().unwrap();
        let of = |name: &str| {
            let place = folder.path().join(name);
            fs_err::create_dir_all(place.join("b")).unwrap();
            fs_err::write(place.join("b/c"), "abc").unwrap();
            fs_err::write(place.join("a"), "abc").unwrap();
            place
        };
        let (one, other) = (of("one"), of("other"));
        assert_eq!(digest(&one.join("a")).unwrap(), OF_ABC);
        let lines = format!("{OF_ABC}  a\n{OF_ABC}  b/c\n");
        assert_eq!(digest(&one).unwrap(), hex::encode(Sha256::digest(lines)));
        fs_err::create_dir(other.join("empty")).unwrap();
        fs_err::remove_file(other.join("a")).unwrap();
        symlink("b/c", other.join("a")).unwrap();
        assert_eq!(digest(&one).unwrap(), digest(&other).unwrap());
        fs_err::rename(other.join("b/c"), other.join("b/d")).unwrap();
        assert!(digest(&other).is_err(), "the link leads nowhere");
        fs_err::remove_file(other.join("a")).unwrap();
        assert_ne!(digest(&one).unwrap(), digest(&other).unwrap());
    }

    #[test]
    fn links_in_a_circle_are_refused() {
        let folder = tempfile::tempdir().unwrap();
        symlink(".", folder.path().join("itself")).unwrap();
        assert!(digest(folder.path()).is_err());
    }
}
