//! What came is put where artifacts of this workbench lie.

use std::io::{self, Read};
use std::path::Path;

use coracle_model::{ArtifactUri, RunId};
use coracle_store::gc::remove_place;
use coracle_store::{Home, StoreError};
use fs_err as fs;

use crate::error::AppError;

/// Bytes that are compared at once.
const PIECE: usize = 64 * 1024;

/// Puts an artifact in its place. What is there already has to be the same, unless an import of the same run left it.
///
/// # Errors
/// Other bytes that are there already, and a disk that does not do it.
pub(super) fn settle(
    home: &Home,
    run: RunId,
    uri: &ArtifactUri,
    came: &Path,
) -> Result<(), AppError> {
    let Some(place) = home.artifact_path(uri) else {
        return Ok(());
    };
    let failed = |error| StoreError::disk("put an artifact at", &place, error);
    if fs::symlink_metadata(&place).is_ok() {
        if is_same(came, &place).map_err(failed)? {
            return Ok(());
        }
        let is_left_over = uri.as_str().split('/').any(|part| part == run.to_string());
        if !is_left_over {
            return Err(AppError::request(
                format!("`{uri}` has other bytes here than where the run was"),
                format!("move `{}` away, and bring the run again", place.display()),
            ));
        }
        remove_place(&place)?;
    }
    if let Some(parent) = place.parent() {
        fs::create_dir_all(parent).map_err(failed)?;
    }
    Ok(fs::rename(came, &place).map_err(failed)?)
}

/// Whether two files are the same, or two folders hold the same ones.
fn is_same(one: &Path, other: &Path) -> io::Result<bool> {
    let (left, right) = (fs::symlink_metadata(one)?, fs::symlink_metadata(other)?);
    if left.is_dir() && right.is_dir() {
        let (left, right) = (names(one)?, names(other)?);
        if left != right {
            return Ok(false);
        }
        for name in left {
            if !is_same(&one.join(&name), &other.join(&name))? {
                return Ok(false);
            }
        }
        return Ok(true);
    }
    if !left.is_file() || !right.is_file() || left.len() != right.len() {
        return Ok(false);
    }
    let (mut left, mut right) = (fs::File::open(one)?, fs::File::open(other)?);
    let (mut first, mut second) = (vec![0; PIECE], vec![0; PIECE]);
    loop {
        let read = left.read(&mut first)?;
        if read == 0 {
            return Ok(true);
        }
        match right.read_exact(&mut second[..read]) {
            Ok(()) if first[..read] == second[..read] => {}
            Ok(()) => return Ok(false),
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(false),
            Err(error) => return Err(error),
        }
    }
}

fn names(folder: &Path) -> io::Result<Vec<std::ffi::OsString>> {
    let names: io::Result<Vec<_>> = fs::read_dir(folder)?
        .map(|entry| Ok(entry?.file_name()))
        .collect();
    let mut names = names?;
    names.sort();
    Ok(names)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn came(root: &Path, text: &str) -> std::path::PathBuf {
        let folder = root.join(format!("came-{text}"));
        fs::create_dir_all(folder.join("deep")).unwrap();
        fs::write(folder.join("deep/file"), text).unwrap();
        folder
    }

    #[test]
    fn what_is_there_is_kept_where_it_is_the_same_and_replaced_where_the_same_run_left_it() {
        let root = tempfile::tempdir().unwrap();
        let home = Home::at(root.path());
        let run = RunId::random();
        let uri = ArtifactUri::from(format!("minio://b/{run}/model"));
        let settled = |text: &str, uri: &ArtifactUri| {
            settle(&home, run, uri, &came(root.path(), text)).map(|()| {
                let place = home.artifact_path(uri).unwrap();
                fs::read_to_string(place.join("deep/file")).unwrap()
            })
        };
        for text in ["a", "a", "b"] {
            assert_eq!(settled(text, &uri).unwrap(), text);
        }
        // What another run may need is not replaced.
        let shared = ArtifactUri::from("minio://b/data");
        assert_eq!(settled("a", &shared).unwrap(), "a");
        assert_eq!(settled("a", &shared).unwrap(), "a");
        let error = settled("b", &shared).unwrap_err().to_string();
        assert!(error.contains("minio://b/data"), "{error}");
        let place = home.artifact_path(&shared).unwrap();
        assert_eq!(fs::read_to_string(place.join("deep/file")).unwrap(), "a");
    }
}
