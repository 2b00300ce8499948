//! Deleting the bytes of an artifact. What is known of it stays, with the runs that made and read it.

use std::path::PathBuf;

use coracle_model::{ArtifactId, ArtifactUri, RunId};
use coracle_store::gc::{remove_place, tree_size};
use coracle_store::{ArtifactBytes, Home, Store};

use super::list::stored;
use super::place::unreadable;
use crate::error::AppError;
use crate::view::{ArtifactName, ArtifactRemoval, ArtifactUser};
use crate::workbench::Workbench;

/// How many runs are named.
const NAMED_RUNS: usize = 20;

impl Workbench {
    /// What deleting the bytes of an artifact would free, and who would lose them.
    ///
    /// # Errors
    /// When there is no such artifact, nothing of it is on this machine, or its bytes are not the workbench's.
    pub async fn artifact_removal(&self, id: ArtifactId) -> Result<ArtifactRemoval, AppError> {
        let home = self.home().clone();
        self.ask_store(move |store| {
            let (_, size) = place(store, &home, id)?;
            let bytes = store.artifact_bytes(id)?.ok_or_else(|| gone(id))?;
            Ok(removal(id, size, bytes))
        })
        .await
    }

    /// Deletes the bytes of an artifact, which nothing brings back.
    ///
    /// # Errors
    /// As for [`Workbench::artifact_removal`]; while a run that uses them has not ended; what cannot be removed.
    pub async fn remove_artifact(&self, id: ArtifactId) -> Result<ArtifactRemoval, AppError> {
        let (home, now) = (self.home().clone(), self.inner.clock.now());
        self.ask_store(move |store| {
            let (path, size) = place(store, &home, id)?;
            // First nothing may come to need them.
            let bytes = store.discard_artifact(id, now)?;
            remove_place(&path)?;
            Ok(removal(id, size, bytes))
        })
        .await
    }
}

/// Where the bytes are, when steps have put them there, and how many.
fn place(store: &Store, home: &Home, id: ArtifactId) -> Result<(PathBuf, u64), AppError> {
    let uri = stored(store, id)?.artifact.uri;
    if !is_of_a_run(&uri) {
        return Err(AppError::request(
            format!("`{uri}` was imported, so its bytes are not the workbench's to delete"),
            "delete them where they came from",
        ));
    }
    let nothing = || AppError::Nothing {
        message: format!("nothing of the artifact `{id}` is on this machine"),
        hint: None,
    };
    let path = home.artifact_path(&uri).ok_or_else(nothing)?;
    if fs_err::symlink_metadata(&path).is_err() {
        return Err(nothing());
    }
    let size = tree_size(&path).map_err(|error| unreadable(&path, error))?;
    Ok((path, size))
}

/// Whether a place is below a directory that bears the id of a run, as all are that steps are given.
fn is_of_a_run(uri: &ArtifactUri) -> bool {
    uri.as_str()
        .split('/')
        .any(|segment| segment.parse::<RunId>().is_ok())
}

fn gone(id: ArtifactId) -> AppError {
    AppError::not_found("artifact", &id.to_string())
}

fn removal(id: ArtifactId, bytes: u64, found: ArtifactBytes) -> ArtifactRemoval {
    let names = found.shared_with.into_iter();
    ArtifactRemoval {
        id,
        bytes,
        shared_with: names.map(|(id, name)| ArtifactName { id, name }).collect(),
        user_count: found.used_by.len(),
        used_by: found
            .used_by
            .into_iter()
            .take(NAMED_RUNS)
            .map(|user| ArtifactUser {
                run_id: user.run,
                display_name: user.display_name,
                state: user.state,
            })
            .collect(),
    }
}
