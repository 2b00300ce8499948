//! Secrets and config maps as files, which is how versions before [`Objects`](crate::Objects) kept them: read once, and
//! removed when objects hold what they held.
//!
//! Values are never logged, and no error carries one.

use std::collections::BTreeMap;
use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

use fs_err as fs;
use serde::Deserialize;

use crate::durable;
use crate::error::StoreError;
use crate::home::Home;
use crate::names::check_name;

/// The files of a home.
#[derive(Debug, Clone)]
pub struct ConfigFiles {
    directory: PathBuf,
}

/// Which of the two.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ConfigKind {
    /// A Kubernetes `Secret`.
    Secret,
    /// A Kubernetes `ConfigMap`.
    ConfigMap,
}

/// A secret or config map that a file holds.
#[derive(PartialEq, Eq)]
pub struct ConfigFile {
    /// Which of the two.
    pub kind: ConfigKind,
    /// Its name.
    pub name: String,
    /// Its values; none when the file is not one that a version of this program wrote.
    pub data: Option<BTreeMap<String, Vec<u8>>>,
    /// The file.
    pub path: PathBuf,
}

/// The form on disk. Values are hexadecimal: they may be any bytes, which JSON cannot hold.
#[derive(Deserialize)]
struct StoredConfig {
    version: u32,
    values: BTreeMap<String, String>,
}

/// The one version of [`StoredConfig`] that there ever was.
const VERSION: u32 = 1;

/// Both.
const KINDS: [ConfigKind; 2] = [ConfigKind::Secret, ConfigKind::ConfigMap];

impl ConfigKind {
    fn directory(self) -> &'static str {
        match self {
            Self::Secret => "secret",
            Self::ConfigMap => "configmap",
        }
    }
}

impl fmt::Debug for ConfigFile {
    /// Without the values, which may be secret.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.path.display().to_string())
    }
}

impl ConfigFiles {
    /// Those of a home.
    pub fn new(home: &Home) -> Self {
        Self {
            directory: home.data().join("secrets"),
        }
    }

    /// All of them, by kind and name.
    ///
    /// # Errors
    /// What the file system said.
    pub fn read(&self) -> Result<Vec<ConfigFile>, StoreError> {
        let mut files = Vec::new();
        for kind in KINDS {
            for name in self.names(kind)? {
                // What is no name was left by a write that was cut short.
                if check_name(&name).is_err() {
                    continue;
                }
                let path = self.directory.join(kind.directory()).join(&name);
                let text = fs::read(&path);
                let text = text.map_err(|error| StoreError::disk("read", &path, error))?;
                let data = values(&text);
                files.push(ConfigFile {
                    kind,
                    name,
                    data,
                    path,
                });
            }
        }
        Ok(files)
    }

    /// Removes files that are not needed any more, with what writes that were cut short left beside them, and the
    /// directories when nothing else is in them.
    ///
    /// # Errors
    /// What the file system said.
    pub fn remove(&self, files: &[ConfigFile]) -> Result<(), StoreError> {
        let remove = |path: &Path| {
            let removed = fs::remove_file(path);
            removed.map_err(|error| StoreError::disk("remove", path, error))
        };
        files.iter().try_for_each(|file| remove(&file.path))?;
        for kind in KINDS {
            let directory = self.directory.join(kind.directory());
            for name in self.names(kind)? {
                if name.starts_with(durable::UNFINISHED) {
                    remove(&directory.join(name))?;
                }
            }
            remove_if_empty(&directory)?;
        }
        remove_if_empty(&self.directory)
    }

    fn names(&self, kind: ConfigKind) -> Result<Vec<String>, StoreError> {
        let directory = self.directory.join(kind.directory());
        let failed = |error| StoreError::disk("read", &directory, error);
        let entries = match fs::read_dir(&directory) {
            Ok(entries) => entries,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(failed(error)),
        };
        let mut names = Vec::new();
        for entry in entries {
            names.extend(entry.map_err(failed)?.file_name().into_string().ok());
        }
        names.sort();
        Ok(names)
    }
}

fn values(text: &[u8]) -> Option<BTreeMap<String, Vec<u8>>> {
    let stored: StoredConfig = serde_json::from_slice(text).ok()?;
    let decode = |(key, value): (String, String)| Some((key, hex::decode(value).ok()?));
    let values = stored.values.into_iter().map(decode).collect();
    if stored.version == VERSION {
        values
    } else {
        None
    }
}

fn remove_if_empty(directory: &Path) -> Result<(), StoreError> {
    match fs::remove_dir(directory) {
        Ok(()) => Ok(()),
        Err(error)
            if matches!(
                error.kind(),
                io::ErrorKind::NotFound | io::ErrorKind::DirectoryNotEmpty
            ) =>
        {
            Ok(())
        }
        Err(error) => Err(StoreError::disk("remove", directory, error)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn home_with(files: &[(&str, &str)]) -> (tempfile::TempDir, ConfigFiles) {
        let root = tempfile::tempdir().unwrap();
        let home = Home::at(root.path());
        for (path, text) in files {
            let path = home.data().join("secrets").join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        (root, ConfigFiles::new(&home))
    }

    #[test]
    fn what_older_versions_wrote_is_read_byte_for_byte() {
        let (_root, files) = home_with(&[
            (
                "secret/token",
                r#"{"version":1,"values":{"a":"00ff0a","b":""}}"#,
            ),
            ("secret/.tmp-0123", "hal"),
            ("configmap/token", r#"{"version":1,"values":{}}"#),
        ]);
        let read: Vec<_> = files
            .read()
            .unwrap()
            .into_iter()
            .map(|file| (file.kind, file.name, file.data.unwrap()))
            .collect();
        let values = [("a", &b"\x00\xff\n"[..]), ("b", b"")]
            .map(|(key, value)| (key.to_owned(), value.to_vec()));
        assert_eq!(
            read,
            [
                (ConfigKind::Secret, "token".to_owned(), values.into()),
                (ConfigKind::ConfigMap, "token".to_owned(), BTreeMap::new()),
            ]
        );
    }

    #[test]
    fn a_file_that_is_none_of_ours_has_no_values() {
        let (_root, files) = home_with(&[
            ("secret/a", "hush"),
            ("secret/b", r#"{"version":2,"values":{}}"#),
            ("secret/c", r#"{"version":1,"values":{"k":"xy"}}"#),
        ]);
        let read = files.read().unwrap();
        assert_eq!(read.len(), 3);
        assert!(read.iter().all(|file| file.data.is_none()));
    }

    #[test]
    fn what_is_left_stays_and_empty_directories_go() {
        let (root, files) = home_with(&[
            ("secret/a", r#"{"version":1,"values":{}}"#),
            ("secret/b", "hush"),
            ("secret/.tmp-0123", "hal"),
            ("configmap/a", r#"{"version":1,"values":{}}"#),
        ]);
        let directory = root.path().join("data/secrets");
        let (ours, others): (Vec<_>, Vec<_>) = files
            .read()
            .unwrap()
            .into_iter()
            .partition(|file| file.data.is_some());
        files.remove(&ours).unwrap();
        assert_eq!(files.read().unwrap(), others);
        assert_eq!(files.names(ConfigKind::Secret).unwrap(), ["b"]);
        assert!(!directory.join("configmap").exists());
        files.remove(&others).unwrap();
        assert!(!directory.exists());
        files.remove(&[]).unwrap();
        assert_eq!(files.read().unwrap(), []);
    }
}
