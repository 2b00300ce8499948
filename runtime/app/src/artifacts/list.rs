//! Lists of artifacts, and one with everyone who made and read it.

use coracle_model::{ArtifactId, Lineage};
use coracle_store::{ArtifactFilter, Home, Store, StoredArtifact};

use crate::disk::size_of;
use crate::error::AppError;
use crate::runs::{artifact, find_run};
use crate::view::{ArtifactDetail, ArtifactList, ArtifactQuery, ArtifactUse};
use crate::workbench::Workbench;

/// More than a run can reasonably have; a bound all the same.
const MOST: usize = 100_000;

/// What one page holds when nobody says how much.
const USUAL_PAGE: usize = 100;

/// The most that one page holds.
const LARGEST_PAGE: usize = 1000;

impl Workbench {
    /// What a run made, imported, read or took from an earlier one, newest first.
    ///
    /// # Errors
    /// When there is no such run.
    pub async fn artifacts(&self, name: String) -> Result<ArtifactList, AppError> {
        let home = self.home().clone();
        self.ask_store(move |store| {
            let run = find_run(store, &name)?;
            let stored = store.artifacts(&ArtifactFilter {
                run: Some(run),
                limit: MOST,
                ..ArtifactFilter::default()
            })?;
            Ok(ArtifactList {
                artifacts: stored.iter().map(|stored| detail(&home, stored)).collect(),
                next: None,
            })
        })
        .await
    }

    /// A page of all artifacts, newest first.
    ///
    /// # Errors
    /// When the query names a run that is not there, or the database cannot be read.
    pub async fn artifact_list(&self, query: ArtifactQuery) -> Result<ArtifactList, AppError> {
        let home = self.home().clone();
        self.ask_store(move |store| page(store, &home, query)).await
    }

    /// One artifact with everyone who made and read it.
    ///
    /// # Errors
    /// When there is no such artifact.
    pub async fn artifact(&self, id: ArtifactId) -> Result<ArtifactDetail, AppError> {
        let home = self.home().clone();
        self.ask_store(move |store| with_lineage(store, &home, id))
            .await
    }
}

/// An artifact that has to be there.
pub(super) fn stored(store: &Store, id: ArtifactId) -> Result<StoredArtifact, AppError> {
    store.artifact(id)?.ok_or_else(|| AppError::NotFound {
        what: "artifact",
        name: id.to_string(),
        hint: "`coracle artifacts RUN` lists those of a run".to_owned(),
    })
}

fn page(store: &Store, home: &Home, query: ArtifactQuery) -> Result<ArtifactList, AppError> {
    let limit = query.limit.unwrap_or(USUAL_PAGE).clamp(1, LARGEST_PAGE);
    let run = query.run.map(|name| find_run(store, &name)).transpose()?;
    let mut stored = store.artifacts(&ArtifactFilter {
        run,
        schema_title: query.schema_title,
        name: query.name,
        words: query
            .text
            .unwrap_or_default()
            .split_whitespace()
            .map(str::to_owned)
            .collect(),
        before: query.after,
        // One more tells whether there is another page.
        limit: limit + 1,
    })?;
    let more = stored.len() > limit;
    stored.truncate(limit);
    Ok(ArtifactList {
        artifacts: stored.iter().map(|stored| detail(home, stored)).collect(),
        next: stored
            .last()
            .and_then(|last| last.artifact.id)
            .filter(|_| more),
    })
}

fn with_lineage(store: &Store, home: &Home, id: ArtifactId) -> Result<ArtifactDetail, AppError> {
    let stored = stored(store, id)?;
    let lineage = store.lineage(id)?;
    let uses = |list: Vec<Lineage>| list.into_iter().map(used).collect();
    Ok(ArtifactDetail {
        producers: uses(lineage.producers),
        consumers: uses(lineage.consumers),
        ..detail(home, &stored)
    })
}

fn detail(home: &Home, stored: &StoredArtifact) -> ArtifactDetail {
    let path = home.artifact_path(&stored.artifact.uri);
    // What cannot be measured has no size to show; reading it will say why.
    let size_bytes = path
        .as_deref()
        .and_then(|path| size_of(path).ok().flatten());
    ArtifactDetail {
        artifact: artifact(&stored.artifact),
        created_at: stored.created_at,
        path,
        // Whatever is there again was put there by hand.
        discarded_at: stored.discarded_at.filter(|_| size_bytes.is_none()),
        size_bytes,
        producers: stored.producer.clone().map(used).into_iter().collect(),
        consumers: Vec::new(),
    }
}

pub(super) fn used(lineage: Lineage) -> ArtifactUse {
    ArtifactUse {
        run_id: lineage.run,
        task: lineage.task,
        key: lineage.key,
    }
}
