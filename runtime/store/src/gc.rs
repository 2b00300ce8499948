//! What can be freed, and freeing it.
//!
//! Nothing is guessed: only directories that bear the id of a run that was removed are looked at, and in
//! them everything that an artifact of another run still needs is kept. The plan is data, so that it can be
//! shown before it is carried out; killed half way, the next plan has the rest.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::io;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};

use coracle_model::RunId;
use fs_err as fs;

use crate::error::StoreError;
use crate::home::Home;
use crate::store::Store;
use crate::table::RemovedRun;

/// What can be freed now.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Plan {
    /// Files and directories that nothing needs.
    pub garbage: Vec<Garbage>,
    /// Removed runs of which nothing will be left.
    cleared: Vec<RunId>,
}

/// A file or directory that nothing needs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Garbage {
    /// Where.
    pub path: PathBuf,
    /// What it was for.
    pub kind: GarbageKind,
    /// The removed run that left it.
    pub run: RunId,
    /// Bytes of the files in it.
    pub bytes: u64,
}

/// What a file or directory was for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum GarbageKind {
    /// Artifacts of a run.
    Artifacts,
    /// The folders and logs of a run's attempts.
    Attempts,
}

/// What was freed.
#[derive(Debug, Default)]
pub struct Freed {
    /// Bytes of the files that are gone.
    pub bytes: u64,
    /// What could not be removed.
    pub failures: Vec<StoreError>,
}

impl Plan {
    /// Bytes of everything in the plan.
    pub fn bytes(&self) -> u64 {
        self.garbage.iter().map(|garbage| garbage.bytes).sum()
    }
}

/// Finds what the removed runs left on disk.
///
/// # Errors
/// When the database or a directory cannot be read.
pub fn plan(store: &Store, home: &Home) -> Result<Plan, StoreError> {
    plan_of(store, home, store.removed_runs()?)
}

/// Finds what nothing needs any more since one run was removed: what it left on disk, and what runs that were removed
/// earlier had left to it.
///
/// # Errors
/// When the database or a directory cannot be read.
pub fn plan_run(store: &Store, home: &Home, gone: &RemovedRun) -> Result<Plan, StoreError> {
    let segments: HashSet<&str> = gone
        .unreferenced
        .iter()
        .flat_map(|uri| uri.as_str().split('/'))
        .collect();
    let mut removed = store.removed_runs()?;
    removed.retain(|run| *run == gone.run || segments.contains(run.to_string().as_str()));
    plan_of(store, home, removed)
}

fn plan_of(store: &Store, home: &Home, removed: Vec<RunId>) -> Result<Plan, StoreError> {
    let names: BTreeMap<String, RunId> =
        removed.iter().map(|run| (run.to_string(), *run)).collect();
    let mut found = Vec::new();
    let artifacts = home.artifacts();
    if !names.is_empty() {
        let stored = store.run_ids()?;
        find_named(&artifacts, &names, &stored, &mut found)
            .map_err(|error| StoreError::disk("search", &artifacts, error))?;
    }
    let needed = needed(store, home, &found)?;
    let mut plan = Plan::default();
    let mut kept = BTreeSet::new();
    for (directory, run) in &found {
        let inside = &needed[directory];
        let free = free_below(directory, inside)
            .map_err(|error| StoreError::disk("search", directory, error))?;
        plan.add(free, GarbageKind::Artifacts, *run)?;
        if !inside.is_empty() {
            kept.insert(*run);
        }
    }
    for run in removed {
        let directory = home.run_dir(run);
        plan.add(
            directory
                .exists()
                .then_some(directory)
                .into_iter()
                .collect(),
            GarbageKind::Attempts,
            run,
        )?;
        if !kept.contains(&run) {
            plan.cleared.push(run);
        }
    }
    Ok(plan)
}

/// Removes what is in a plan, and goes on when something cannot be removed.
///
/// # Errors
/// When the database cannot be written; what the file system refused is in the answer.
pub fn carry_out(store: &Store, plan: &Plan) -> Result<Freed, StoreError> {
    let mut freed = Freed::default();
    let mut left = BTreeSet::new();
    for garbage in &plan.garbage {
        match remove_tree(&garbage.path) {
            Ok(()) => freed.bytes += garbage.bytes,
            Err(error) => {
                left.insert(garbage.run);
                freed
                    .failures
                    .push(StoreError::disk("remove", &garbage.path, error));
            }
        }
    }
    for run in plan.cleared.iter().filter(|run| !left.contains(run)) {
        store.forget_removed_run(*run)?;
    }
    store.shrink()?;
    Ok(freed)
}

impl Plan {
    fn add(
        &mut self,
        paths: Vec<PathBuf>,
        kind: GarbageKind,
        run: RunId,
    ) -> Result<(), StoreError> {
        for path in paths {
            let bytes =
                tree_size(&path).map_err(|error| StoreError::disk("measure", &path, error))?;
            self.garbage.push(Garbage {
                path,
                kind,
                run,
                bytes,
            });
        }
        Ok(())
    }
}

/// The directories that bear the id of a removed run, wherever a pipeline root has put them. Those of runs
/// that are stored are not searched: nothing of another run is in them, and they hold most of the files.
fn find_named(
    directory: &Path,
    names: &BTreeMap<String, RunId>,
    stored: &HashSet<RunId>,
    found: &mut Vec<(PathBuf, RunId)>,
) -> io::Result<()> {
    for path in subdirectories(directory)? {
        let name = path
            .file_name()
            .and_then(|name| name.to_str())
            .unwrap_or_default();
        match names.get(name) {
            Some(run) => found.push((path, *run)),
            None if name.parse().is_ok_and(|run: RunId| stored.contains(&run)) => {}
            None => find_named(&path, names, stored, found)?,
        }
    }
    Ok(())
}

/// For each directory, what artifacts need of it: places in it, or the directory itself when an artifact
/// is all of it or something above it.
fn needed(
    store: &Store,
    home: &Home,
    found: &[(PathBuf, RunId)],
) -> Result<BTreeMap<PathBuf, BTreeSet<PathBuf>>, StoreError> {
    let directories = found.iter().map(|(directory, _)| directory.clone());
    let mut needed: BTreeMap<PathBuf, BTreeSet<PathBuf>> = directories
        .map(|directory| (directory, BTreeSet::new()))
        .collect();
    if found.is_empty() {
        return Ok(needed);
    }
    let above: HashSet<&Path> = found
        .iter()
        .flat_map(|(directory, _)| directory.ancestors())
        .collect();
    store.each_artifact_uri(|uri| {
        let Some(path) = home.artifact_path(&uri) else {
            return;
        };
        if above.contains(path.as_path()) {
            for (directory, places) in &mut needed {
                if directory.starts_with(&path) {
                    places.insert(directory.clone());
                }
            }
        } else if let Some(directory) = path.ancestors().find(|it| needed.contains_key(*it)) {
            let directory = directory.to_owned();
            needed.entry(directory).or_default().insert(path);
        }
    })?;
    Ok(needed)
}

/// The fewest paths that together are all of a directory but the places that are needed.
fn free_below(directory: &Path, needed: &BTreeSet<PathBuf>) -> io::Result<Vec<PathBuf>> {
    if needed.is_empty() {
        return Ok(vec![directory.to_owned()]);
    }
    if needed.contains(directory) {
        return Ok(Vec::new());
    }
    let mut free = Vec::new();
    let below = if directory.is_dir() {
        entries(directory)?
    } else {
        Vec::new()
    };
    for path in below {
        let inside: BTreeSet<PathBuf> = needed
            .iter()
            .filter(|place| place.starts_with(&path))
            .cloned()
            .collect();
        free.extend(free_below(&path, &inside)?);
    }
    free.sort();
    Ok(free)
}

/// Bytes of the files in a directory, or of a file; nothing when there is none. Links are not followed, and
/// a file with several names counts once.
///
/// # Errors
/// When a directory in it cannot be read.
pub fn tree_size(path: &Path) -> io::Result<u64> {
    let mut counted = HashSet::new();
    let mut bytes = 0;
    let mut open = vec![path.to_owned()];
    while let Some(path) = open.pop() {
        let metadata = match fs::symlink_metadata(&path) {
            Ok(metadata) => metadata,
            // It was removed meanwhile, or was never there.
            Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
            Err(error) => return Err(error),
        };
        if metadata.is_dir() {
            open.extend(entries(&path)?);
        } else if metadata.nlink() == 1 || counted.insert((metadata.dev(), metadata.ino())) {
            bytes += metadata.len();
        }
    }
    Ok(bytes)
}

/// Removes what is at a place, whole.
///
/// # Errors
/// What the file system refused.
pub fn remove_place(path: &Path) -> Result<(), StoreError> {
    remove_tree(path).map_err(|error| StoreError::disk("remove", path, error))
}

/// Removes a file or directory, also one with directories that a step has made read-only. What is not there
/// is removed already.
pub(crate) fn remove_tree(path: &Path) -> io::Result<()> {
    let remove = || match fs::symlink_metadata(path) {
        Ok(metadata) if metadata.is_dir() => fs::remove_dir_all(path),
        Ok(_) => fs::remove_file(path),
        Err(error) => Err(error),
    };
    match remove() {
        Err(error) if error.kind() == io::ErrorKind::PermissionDenied => {
            make_removable(path)?;
            remove()
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        answer => answer,
    }
}

fn make_removable(directory: &Path) -> io::Result<()> {
    if fs::symlink_metadata(directory)?.is_dir() {
        fs::set_permissions(directory, PermissionsExt::from_mode(0o700))?;
        subdirectories(directory)?
            .iter()
            .try_for_each(|below| make_removable(below))?;
    }
    Ok(())
}

fn subdirectories(directory: &Path) -> io::Result<Vec<PathBuf>> {
    let mut directories = entries(directory)?;
    directories.retain(|path| fs::symlink_metadata(path).is_ok_and(|metadata| metadata.is_dir()));
    Ok(directories)
}

/// What is in a directory; nothing when it is not there.
fn entries(directory: &Path) -> io::Result<Vec<PathBuf>> {
    match fs::read_dir(directory) {
        Ok(entries) => entries.map(|entry| Ok(entry?.path())).collect(),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Vec::new()),
        Err(error) => Err(error),
    }
}
