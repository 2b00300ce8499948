//! A layout written to a folder.

use std::io;
use std::path::{Path, PathBuf};

use fs_err as fs;

use super::layout::{KUSTOMIZATION, Layout, MARK};
use super::read;

/// Why a folder was not written.
#[derive(Debug, thiserror::Error)]
pub enum WriteError {
    /// The folder has files that no export wrote.
    #[error("`{}` is not empty, and no export wrote what is in it; name a folder that is empty or new", .0.display())]
    Foreign(PathBuf),
    /// A file could not be written.
    #[error(transparent)]
    Io(#[from] io::Error),
}

/// Writes a folder. One that an export wrote before is written again, and what it no longer has is removed.
pub fn write(directory: &Path, layout: &Layout) -> Result<(), WriteError> {
    fs::create_dir_all(directory)?;
    let stale = stale(directory, layout)?;
    // The kustomization comes last: while it is the old one, so is what it names.
    let (last, others): (Vec<_>, Vec<_>) = layout
        .files
        .iter()
        .partition(|(name, _)| *name == KUSTOMIZATION);
    for (name, bytes) in others.into_iter().chain(last) {
        let hidden = directory.join(format!(".{name}.part"));
        fs::write(&hidden, bytes)?;
        fs::rename(&hidden, directory.join(name))?;
    }
    for path in stale {
        fs::remove_file(path)?;
    }
    Ok(())
}

/// Files of an earlier export that this one does not have. An error where the folder is somebody else's.
fn stale(directory: &Path, layout: &Layout) -> Result<Vec<PathBuf>, WriteError> {
    let is_empty = fs::read_dir(directory)?.next().is_none();
    if is_empty {
        return Ok(Vec::new());
    }
    let foreign = || WriteError::Foreign(directory.to_owned());
    let kustomization = match fs::read_to_string(directory.join(KUSTOMIZATION)) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Err(foreign()),
        Err(error) => return Err(error.into()),
    };
    if !kustomization.starts_with(MARK) {
        return Err(foreign());
    }
    Ok(read::resources(&kustomization)
        .into_iter()
        .filter(|name| !layout.files.contains_key(name))
        .map(|name| directory.join(name))
        .filter(|path| path.is_file())
        .collect())
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;
    use serde_json::{Value, json};

    use super::*;
    use crate::files::{Secrets, lay_out, read as read_back};

    fn map(name: &str, value: &str) -> Value {
        json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name}, "data": {"k": value}})
    }

    fn layout(objects: &[Value]) -> Layout {
        lay_out(objects, &BTreeSet::new(), Secrets::Written).unwrap()
    }

    #[test]
    fn a_folder_of_others_is_left_alone() {
        let directory = tempfile::tempdir().unwrap();
        fs::write(directory.path().join("mine.txt"), "x").unwrap();
        let refused = write(directory.path(), &layout(&[map("a", "1")]));
        assert!(matches!(refused, Err(WriteError::Foreign(_))));
        fs::write(directory.path().join(KUSTOMIZATION), "resources: []\n").unwrap();
        let refused = write(directory.path(), &layout(&[map("a", "1")]));
        assert!(matches!(refused, Err(WriteError::Foreign(_))));
        assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 2);
    }

    #[test]
    fn the_next_export_leaves_nothing_of_the_one_before_but_keeps_what_is_not_its_own() {
        let directory = tempfile::tempdir().unwrap();
        let at = |name: &str| directory.path().join(name);
        write(directory.path(), &layout(&[map("a", "1"), map("b", "1")])).unwrap();
        fs::write(at("notes.txt"), "mine").unwrap();
        write(directory.path(), &layout(&[map("b", "2")])).unwrap();
        assert!(!at("configmap-a.yaml").exists());
        assert!(at("notes.txt").exists());
        assert_eq!(read_back(directory.path()).unwrap(), [map("b", "2")]);
    }

    #[test]
    fn no_file_outside_the_folder_is_removed() {
        let directory = tempfile::tempdir().unwrap();
        let inner = directory.path().join("inner");
        fs::create_dir(&inner).unwrap();
        fs::write(directory.path().join("precious"), "x").unwrap();
        fs::write(
            inner.join(KUSTOMIZATION),
            format!("{MARK}\nresources:\n- ../precious\n"),
        )
        .unwrap();
        write(&inner, &layout(&[])).unwrap();
        assert!(directory.path().join("precious").exists());
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(48))]
        #[test]
        fn what_is_exported_is_imported_as_it_was(values in prop::collection::vec(("[a-z]{1,3}", any::<String>()), 0..6)) {
            let objects: Vec<_> = values.iter().map(|(name, value)| map(name, value)).collect();
            let directory = tempfile::tempdir().unwrap();
            write(directory.path(), &layout(&objects)).unwrap();
            prop_assert_eq!(read_back(directory.path()).unwrap(), objects.clone());
            prop_assert_eq!(layout(&objects), layout(&objects));
        }
    }
}
