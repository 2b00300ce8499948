//! Secrets and config maps: one file each, readable by this user alone.
//!
//! A file is replaced as a whole, so a reader sees all keys of one moment. Values are never logged, and no
//! error carries one.

use std::collections::BTreeMap;
use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

use fs_err as fs;
use serde::{Deserialize, Serialize};

use crate::durable;
use crate::error::StoreError;
use crate::home::Home;
use crate::names::{KeyError, NameError, check_key, check_name};

/// The local secrets and config maps.
#[derive(Debug, Clone)]
pub struct Configs {
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

/// A secret or config map without its values.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConfigListing {
    /// Its name.
    pub name: String,
    /// Its keys, ordered.
    pub keys: Vec<String>,
}

/// Why a secret or config map could not be kept or read.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The name cannot be one.
    #[error("the {kind} cannot be kept under that name")]
    Name {
        /// Which of the two.
        kind: ConfigKind,
        /// What is wrong with it.
        source: NameError,
    },
    /// A key cannot be one.
    #[error("the {kind} `{name}` cannot have that key")]
    Key {
        /// Which of the two.
        kind: ConfigKind,
        /// Its name.
        name: String,
        /// What is wrong with the key.
        source: KeyError,
    },
    /// It is larger than a cluster would take.
    #[error(
        "the {kind} `{name}` has {bytes} bytes, and a cluster takes up to 1048576; keep large files in a volume"
    )]
    TooLarge {
        /// Which of the two.
        kind: ConfigKind,
        /// Its name.
        name: String,
        /// Bytes of all its values.
        bytes: usize,
    },
    /// The file is not one that this version wrote.
    #[error("the {kind} `{name}` cannot be read; put it again, or delete it")]
    Unreadable {
        /// Which of the two.
        kind: ConfigKind,
        /// Its name.
        name: String,
    },
    /// The file system refused.
    #[error(transparent)]
    Disk(#[from] StoreError),
}

/// The limit that Kubernetes sets on all values together.
const SIZE_LIMIT: usize = 1 << 20;

/// The form on disk. Values are hexadecimal: they may be any bytes, which JSON cannot hold.
#[derive(Serialize, Deserialize)]
struct StoredConfig {
    version: u32,
    values: BTreeMap<String, String>,
}

/// The version of [`StoredConfig`] that is written.
const VERSION: u32 = 1;

impl fmt::Display for ConfigKind {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Secret => "secret",
            Self::ConfigMap => "config map",
        })
    }
}

impl ConfigKind {
    fn directory(self) -> &'static str {
        match self {
            Self::Secret => "secret",
            Self::ConfigMap => "configmap",
        }
    }
}

impl Configs {
    /// Those of a home.
    pub fn new(home: &Home) -> Self {
        Self {
            directory: home.secrets(),
        }
    }

    /// Keeps a secret or config map; what had this name before is replaced as a whole.
    ///
    /// # Errors
    /// A name or key that Kubernetes does not take, more than 1 MiB, or what the file system said.
    pub fn put(
        &self,
        kind: ConfigKind,
        name: &str,
        data: &BTreeMap<String, Vec<u8>>,
    ) -> Result<(), ConfigError> {
        let path = self.path(kind, name)?;
        for key in data.keys() {
            check_key(key).map_err(|source| ConfigError::Key {
                kind,
                name: name.to_owned(),
                source,
            })?;
        }
        let bytes = data.values().map(Vec::len).sum();
        if bytes > SIZE_LIMIT {
            return Err(ConfigError::TooLarge {
                kind,
                name: name.to_owned(),
                bytes,
            });
        }
        let values = data
            .iter()
            .map(|(key, value)| (key.clone(), hex::encode(value)))
            .collect();
        let text = serde_json::to_vec(&StoredConfig {
            version: VERSION,
            values,
        })
        .expect("a map of texts can always be written as JSON");
        let directory = self.directory.join(kind.directory());
        durable::make_private_dir(&directory)
            .map_err(|error| StoreError::disk("make", &directory, error))?;
        durable::write(&path, &text).map_err(|error| StoreError::disk("write", &path, error))?;
        Ok(())
    }

    /// The keys and values of a secret or config map.
    ///
    /// # Errors
    /// A name that Kubernetes does not take, a file that is not one of ours, or what the file system said.
    pub fn get(
        &self,
        kind: ConfigKind,
        name: &str,
    ) -> Result<Option<BTreeMap<String, Vec<u8>>>, ConfigError> {
        let path = self.path(kind, name)?;
        let Some(text) = found(fs::read(&path), "read", &path)? else {
            return Ok(None);
        };
        let unreadable = || ConfigError::Unreadable {
            kind,
            name: name.to_owned(),
        };
        let stored: StoredConfig = serde_json::from_slice(&text).map_err(|_| unreadable())?;
        if stored.version != VERSION {
            return Err(unreadable());
        }
        let decode = |(key, value): (String, String)| Some((key, hex::decode(value).ok()?));
        let values: Option<BTreeMap<_, _>> = stored.values.into_iter().map(decode).collect();
        values.map(Some).ok_or_else(unreadable)
    }

    /// All secrets or config maps by name, with their keys and without their values.
    ///
    /// # Errors
    /// A file that is not one of ours, or what the file system said.
    pub fn list(&self, kind: ConfigKind) -> Result<Vec<ConfigListing>, ConfigError> {
        let directory = self.directory.join(kind.directory());
        let Some(entries) = found(fs::read_dir(&directory), "read", &directory)? else {
            return Ok(Vec::new());
        };
        let mut names = Vec::new();
        for entry in entries {
            let entry = entry.map_err(|error| StoreError::disk("read", &directory, error))?;
            // What is no name was left by a write that was cut short.
            names.extend(
                entry
                    .file_name()
                    .into_string()
                    .ok()
                    .filter(|name| check_name(name).is_ok()),
            );
        }
        names.sort();
        let mut listings = Vec::with_capacity(names.len());
        for name in names {
            // One that was deleted since the directory was read is not there.
            if let Some(data) = self.get(kind, &name)? {
                listings.push(ConfigListing {
                    name,
                    keys: data.into_keys().collect(),
                });
            }
        }
        Ok(listings)
    }

    /// Removes a secret or config map; false when there was none.
    ///
    /// # Errors
    /// A name that Kubernetes does not take, or what the file system said.
    pub fn delete(&self, kind: ConfigKind, name: &str) -> Result<bool, ConfigError> {
        let path = self.path(kind, name)?;
        Ok(found(fs::remove_file(&path), "delete", &path)?.is_some())
    }

    fn path(&self, kind: ConfigKind, name: &str) -> Result<PathBuf, ConfigError> {
        check_name(name).map_err(|source| ConfigError::Name { kind, source })?;
        Ok(self.directory.join(kind.directory()).join(name))
    }
}

/// None when what was asked for is not there.
fn found<T>(
    answer: io::Result<T>,
    doing: &'static str,
    path: &Path,
) -> Result<Option<T>, StoreError> {
    match answer {
        Ok(value) => Ok(Some(value)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(StoreError::disk(doing, path, error)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    fn with_configs(check: impl FnOnce(&Configs, &Home)) {
        let root = tempfile::tempdir().unwrap();
        let home = Home::at(root.path());
        check(&Configs::new(&home), &home);
    }

    fn values(pairs: &[(&str, &[u8])]) -> BTreeMap<String, Vec<u8>> {
        pairs
            .iter()
            .map(|(key, value)| ((*key).to_owned(), value.to_vec()))
            .collect()
    }

    #[test]
    fn any_bytes_come_back_and_a_put_replaces_all_keys() {
        with_configs(|configs, _| {
            let first = values(&[("a", b"\x00\xff\n"), ("b", b"")]);
            configs.put(ConfigKind::Secret, "token", &first).unwrap();
            assert_eq!(
                configs.get(ConfigKind::Secret, "token").unwrap(),
                Some(first)
            );
            let second = values(&[("c", b"x")]);
            configs.put(ConfigKind::Secret, "token", &second).unwrap();
            assert_eq!(
                configs.get(ConfigKind::Secret, "token").unwrap(),
                Some(second)
            );
        });
    }

    #[test]
    fn the_two_kinds_do_not_share_names() {
        with_configs(|configs, _| {
            configs
                .put(ConfigKind::ConfigMap, "settings", &values(&[("k", b"v")]))
                .unwrap();
            assert_eq!(configs.get(ConfigKind::Secret, "settings").unwrap(), None);
            assert!(!configs.delete(ConfigKind::Secret, "settings").unwrap());
            assert!(configs.delete(ConfigKind::ConfigMap, "settings").unwrap());
            assert!(!configs.delete(ConfigKind::ConfigMap, "settings").unwrap());
        });
    }

    #[test]
    fn lists_tell_names_and_keys_only() {
        with_configs(|configs, home| {
            assert_eq!(configs.list(ConfigKind::Secret).unwrap(), vec![]);
            configs
                .put(
                    ConfigKind::Secret,
                    "b",
                    &values(&[("z", b"hush"), ("y", b"hush")]),
                )
                .unwrap();
            configs.put(ConfigKind::Secret, "a", &values(&[])).unwrap();
            fs::write(
                home.secrets()
                    .join("secret")
                    .join(durable::unfinished_name()),
                "half",
            )
            .unwrap();
            let listings = configs.list(ConfigKind::Secret).unwrap();
            let named = |name: &str, keys: &[&str]| ConfigListing {
                name: name.to_owned(),
                keys: keys.iter().map(|key| (*key).to_owned()).collect(),
            };
            assert_eq!(listings, vec![named("a", &[]), named("b", &["y", "z"])]);
        });
    }

    #[test]
    fn files_are_private() {
        with_configs(|configs, home| {
            configs
                .put(ConfigKind::Secret, "token", &values(&[("k", b"v")]))
                .unwrap();
            let mode = |path: PathBuf| fs::metadata(path).unwrap().permissions().mode() & 0o777;
            assert_eq!(mode(home.secrets()), 0o700);
            assert_eq!(mode(home.secrets().join("secret")), 0o700);
            assert_eq!(mode(home.secrets().join("secret/token")), 0o600);
        });
    }

    #[test]
    fn what_a_cluster_refuses_is_refused() {
        with_configs(|configs, _| {
            let put = |name: &str, key: &str, size| {
                configs.put(
                    ConfigKind::Secret,
                    name,
                    &values(&[(key, &vec![b'x'; size])]),
                )
            };
            assert!(matches!(
                put("../up", "k", 1),
                Err(ConfigError::Name { .. })
            ));
            assert!(matches!(put("a", "../up", 1), Err(ConfigError::Key { .. })));
            assert!(matches!(
                put("a", "k", SIZE_LIMIT + 1),
                Err(ConfigError::TooLarge { .. })
            ));
            put("a", "k", SIZE_LIMIT).unwrap();
        });
    }

    #[test]
    fn a_damaged_file_is_told_without_its_content() {
        with_configs(|configs, home| {
            configs
                .put(ConfigKind::Secret, "token", &values(&[("k", b"v")]))
                .unwrap();
            fs::write(home.secrets().join("secret/token"), "hush").unwrap();
            let error = configs.get(ConfigKind::Secret, "token").unwrap_err();
            assert!(matches!(error, ConfigError::Unreadable { .. }));
            assert!(!format!("{error} {error:?}").contains("hush"));
        });
    }
}
