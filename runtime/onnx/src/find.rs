//! Which file is the model that a path stands for.

use std::io;
use std::path::{Path, PathBuf};

use crate::load::LoadError;

/// The name that goes before all others, which is Triton's too.
const USUAL: &str = "model.onnx";

/// The version of a model whose place names none.
const FIRST_VERSION: u64 = 1;

/// A model's file.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Found {
    pub(crate) file: PathBuf,
    pub(crate) version: u64,
}

/// The model of a file, or of a directory: `model.onnx`, else the only `*.onnx`, else the newest version in Triton's layout.
pub(crate) fn find(path: &Path) -> Result<Found, LoadError> {
    let metadata = match fs_err::metadata(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            return Err(LoadError::Missing {
                path: path.to_owned(),
            });
        }
        answer => answer?,
    };
    if !metadata.is_dir() {
        return Ok(Found {
            file: path.to_owned(),
            version: FIRST_VERSION,
        });
    }
    if let Some(file) = in_directory(path)? {
        return Ok(Found {
            file,
            version: FIRST_VERSION,
        });
    }
    newest_version(path)?.ok_or_else(|| LoadError::NoModel {
        directory: path.to_owned(),
    })
}

fn in_directory(directory: &Path) -> Result<Option<PathBuf>, LoadError> {
    let mut files = Vec::new();
    for entry in fs_err::read_dir(directory)? {
        let path = entry?.path();
        if path
            .extension()
            .is_some_and(|extension| extension == "onnx")
            && path.is_file()
        {
            files.push(path);
        }
    }
    files.sort();
    if let Some(place) = files.iter().position(|file| file.ends_with(USUAL)) {
        return Ok(Some(files.swap_remove(place)));
    }
    if files.len() > 1 {
        return Err(LoadError::SeveralModels {
            directory: directory.to_owned(),
            names: files.iter().filter_map(|file| file_name(file)).collect(),
        });
    }
    Ok(files.pop())
}

/// The directory with the highest number that has a model.
fn newest_version(directory: &Path) -> Result<Option<Found>, LoadError> {
    let versions = versions(directory)?.into_iter();
    let found = versions.map(|(version, path)| Found {
        file: path.join(USUAL),
        version,
    });
    Ok(found
        .filter(|found| found.file.is_file())
        .max_by_key(|found| found.version))
}

/// The directories in one whose names are numbers, with or without a model.
pub(crate) fn versions(directory: &Path) -> io::Result<Vec<(u64, PathBuf)>> {
    let mut versions = Vec::new();
    for entry in fs_err::read_dir(directory)? {
        let path = entry?.path();
        let version = file_name(&path).and_then(|name| name.parse().ok());
        versions.extend(version.map(|version| (version, path)));
    }
    Ok(versions)
}

fn file_name(path: &Path) -> Option<String> {
    Some(path.file_name()?.to_string_lossy().into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is found in a directory with these files, below that directory.
    fn found(files: &[&str]) -> Result<(String, u64), String> {
        let directory = tempfile::tempdir().unwrap();
        for file in files {
            let path = directory.path().join(file);
            fs_err::create_dir_all(path.parent().unwrap()).unwrap();
            fs_err::write(path, "").unwrap();
        }
        let below = format!("{}/", directory.path().display());
        match find(directory.path()) {
            Ok(found) => {
                let file = found.file.to_string_lossy().replace(&below, "");
                Ok((file, found.version))
            }
            Err(error) => Err(error.to_string()),
        }
    }

    #[test]
    fn a_directory_has_one_model() {
        for (files, file, version) in [
            (&["digits.onnx", "labels.txt"][..], "digits.onnx", 1),
            (&["a.onnx", "model.onnx", "z.onnx"], "model.onnx", 1),
            (&["1/model.onnx"], "1/model.onnx", 1),
            (
                &["2/model.onnx", "10/model.onnx", "config.pbtxt"],
                "10/model.onnx",
                10,
            ),
            (&["1/model.onnx", "2/weights.bin"], "1/model.onnx", 1),
        ] {
            assert_eq!(found(files), Ok((file.to_owned(), version)), "{files:?}");
        }
    }

    #[test]
    fn why_there_is_none_is_told() {
        for (files, why) in [
            (&[][..], "there is no model in"),
            (&["weights.bin", "x/model.onnx"], "there is no model in"),
            (&["b.onnx", "a.onnx"], "several models: a.onnx, b.onnx"),
        ] {
            let told = found(files).unwrap_err();
            assert!(told.contains(why), "{files:?}: {told}");
        }
    }

    #[test]
    fn a_file_is_itself_whatever_its_name() {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("weights");
        fs_err::write(&file, "").unwrap();
        assert_eq!(find(&file).unwrap().file, file);
        let missing = find(&directory.path().join("nothing")).unwrap_err();
        assert!(matches!(missing, LoadError::Missing { .. }), "{missing}");
    }
}
