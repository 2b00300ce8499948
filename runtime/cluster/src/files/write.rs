//! A layout written to a folder.

use std::io::{self, Read as _, Write as _};
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
        write_new(&hidden, bytes)?;
        fs::rename(&hidden, directory.join(name))?;
    }
    for path in stale {
        fs::remove_file(path)?;
    }
    Ok(())
}

/// Writes a file that is not there yet. That of a Secret is its owner's alone.
fn write_new(path: &Path, bytes: &[u8]) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let mut options = fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    if bytes
        .split(|byte| *byte == b'\n')
        .any(|line| line == b"kind: Secret")
    {
        fs_err::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    }
    options.open(path)?.write_all(bytes)
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
    let mut stale = Vec::new();
    for name in read::resources(&kustomization) {
        let path = directory.join(&name);
        if !layout.files.contains_key(&name) && is_ours(&path)? {
            stale.push(path);
        }
    }
    Ok(stale)
}

/// Whether an export wrote a file, rather than somebody who had the kustomization name it.
fn is_ours(path: &Path) -> io::Result<bool> {
    if !path.is_file() {
        return Ok(false);
    }
    let mut beginning = Vec::new();
    let mark = MARK.as_bytes();
    let file = fs::File::open(path)?;
    file.take(mark.len() as u64).read_to_end(&mut beginning)?;
    Ok(beginning == mark)
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
        // Somebody has the folder's kustomization name a file of theirs.
        fs::write(at("theirs.yaml"), "kind: ConfigMap\n").unwrap();
        let kustomization = fs::read_to_string(at(KUSTOMIZATION)).unwrap();
        let kustomization = kustomization.replace("resources:\n", "resources:\n- theirs.yaml\n");
        assert!(kustomization.contains("theirs"));
        fs::write(at(KUSTOMIZATION), kustomization).unwrap();
        write(directory.path(), &layout(&[map("b", "2")])).unwrap();
        assert!(!at("configmap-a.yaml").exists());
        assert!(at("notes.txt").exists() && at("theirs.yaml").exists());
        assert_eq!(read_back(directory.path()).unwrap(), [map("b", "2")]);
    }

    #[cfg(unix)]
    #[test]
    fn the_file_of_a_secret_is_its_owners_alone() {
        use std::os::unix::fs::PermissionsExt as _;
        let directory = tempfile::tempdir().unwrap();
        let secret = json!({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "s"}});
        let text = map("a", "one\nkind: Secret\n");
        write(directory.path(), &layout(&[secret, text])).unwrap();
        let mode = |name: &str| {
            let file = fs::metadata(directory.path().join(name)).unwrap();
            file.permissions().mode() & 0o077
        };
        assert_eq!(mode("secret-s.yaml"), 0);
        assert_ne!(mode("configmap-a.yaml"), 0);
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
